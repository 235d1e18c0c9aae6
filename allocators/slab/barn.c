// SPDX-License-Identifier: MIT
/* Two lists and their counts under one lock. See barn.h. */
#include "barn.h"

#include <errno.h>

void barn_init(struct barn *b)
{
	*b = (struct barn){ .nr_full = 0 };
	list_init(&b->full);
	list_init(&b->empty);
}

static void add(struct slab_sheaf *sheaf, struct list_head *list, unsigned int *nr)
{
	list_add(&sheaf->link, list);
	__atomic_store_n(nr, *nr + 1, __ATOMIC_RELAXED);
}

static struct slab_sheaf *take(struct list_head *list, unsigned int *nr)
{
	struct slab_sheaf *sheaf;

	if (list_empty(list))
		return NULL;
	sheaf = list_first_entry(list, struct slab_sheaf, link);
	list_del(&sheaf->link);
	__atomic_store_n(nr, *nr - 1, __ATOMIC_RELAXED);
	return sheaf;
}

struct slab_sheaf *barn_replace_empty(struct barn *b, struct slab_sheaf *empty)
{
	struct slab_sheaf *full;

	if (!__atomic_load_n(&b->nr_full, __ATOMIC_RELAXED))
		return NULL;
	lock_acquire(&b->lock);
	full = take(&b->full, &b->nr_full);
	if (full && empty)
		add(empty, &b->empty, &b->nr_empty);
	lock_release(&b->lock);
	return full;
}

int barn_replace_full(struct barn *b, struct slab_sheaf *full, struct slab_sheaf **empty)
{
	int err = 0;

	lock_acquire(&b->lock);
	if (b->nr_full >= MAX_FULL_SHEAVES)
		err = -E2BIG;
	else if (!(*empty = take(&b->empty, &b->nr_empty)))
		err = -ENOMEM;
	else
		add(full, &b->full, &b->nr_full);
	lock_release(&b->lock);
	return err;
}

struct slab_sheaf *barn_get_full(struct barn *b)
{
	return barn_replace_empty(b, NULL);
}

struct slab_sheaf *barn_get_empty(struct barn *b)
{
	struct slab_sheaf *sheaf;

	if (!__atomic_load_n(&b->nr_empty, __ATOMIC_RELAXED))
		return NULL;
	lock_acquire(&b->lock);
	sheaf = take(&b->empty, &b->nr_empty);
	lock_release(&b->lock);
	return sheaf;
}

bool barn_put_full(struct barn *b, struct slab_sheaf *sheaf)
{
	bool room;

	lock_acquire(&b->lock);
	room = b->nr_full < MAX_FULL_SHEAVES;
	if (room)
		add(sheaf, &b->full, &b->nr_full);
	lock_release(&b->lock);
	return room;
}

bool barn_put_empty(struct barn *b, struct slab_sheaf *sheaf)
{
	bool room;

	lock_acquire(&b->lock);
	room = b->nr_empty < MAX_EMPTY_SHEAVES;
	if (room)
		add(sheaf, &b->empty, &b->nr_empty);
	lock_release(&b->lock);
	return room;
}

void barn_empty(struct barn *b, struct list_head *sheaves)
{
	struct slab_sheaf *sheaf;

	lock_acquire(&b->lock);
	while ((sheaf = take(&b->full, &b->nr_full)) || (sheaf = take(&b->empty, &b->nr_empty)))
		list_add(&sheaf->link, sheaves);
	lock_release(&b->lock);
}
