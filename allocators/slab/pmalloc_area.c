// SPDX-License-Identifier: MIT
/* The sorted array of areas, in memory of kmalloc. See pmalloc_area.h. */
#include "pmalloc_area.h"

#include <errno.h>
#include <string.h>

static struct lock area_lock;
static struct pmalloc_area **areas;
static size_t nr_areas;
static size_t capacity;

/* How many areas begin at or below @p. area_lock is held. */
static size_t rank(const char *p)
{
	size_t low = 0, high = nr_areas;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (areas[middle]->base <= p)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* area_lock is held. */
static int make_room(void)
{
	size_t more = capacity ? 2 * capacity : 8;
	struct pmalloc_area **p;

	if (nr_areas < capacity)
		return 0;
	p = krealloc(areas, more * sizeof(struct pmalloc_area *), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	areas = p;
	capacity = more;
	return 0;
}

/* area_lock is held, and there is room. */
static void insert(struct pmalloc_area *a)
{
	size_t i = rank(a->base);

	memmove(areas + i + 1, areas + i, (nr_areas - i) * sizeof(struct pmalloc_area *));
	areas[i] = a;
	nr_areas++;
}

int pmalloc_area_add(struct pmalloc_area *a)
{
	int err;

	lock_acquire(&area_lock);
	err = make_room();
	if (!err)
		insert(a);
	lock_release(&area_lock);
	return err;
}

void pmalloc_area_remove(const struct pmalloc_area *a)
{
	size_t i;

	lock_acquire(&area_lock);
	i = rank(a->base) - 1;
	nr_areas--;
	memmove(areas + i, areas + i + 1, (nr_areas - i) * sizeof(struct pmalloc_area *));
	lock_release(&area_lock);
}

struct pmalloc_area *pmalloc_area_find(const void *p)
{
	struct pmalloc_area *a = NULL;
	size_t i;

	lock_acquire(&area_lock);
	i = rank(p);
	if (i && (size_t)((const char *)p - areas[i - 1]->base) < areas[i - 1]->bytes)
		a = areas[i - 1];
	lock_release(&area_lock);
	return a;
}
