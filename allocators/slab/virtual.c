// SPDX-License-Identifier: MIT
/*
 * Stocks of address ranges. virtual_lock guards their lists; the zone's counts are changed under
 * zone.lock, never with both held. A range is owned by who moved its frame. See virtual.h.
 */
#include "virtual.h"

#include "buddy.h"
#include "os.h"
#include "pagemap.h"

bool slab_virtual;

static struct lock virtual_lock;
static struct list_head large_stock[NR_UNIT_ORDERS];

void virtual_init(void)
{
	for (unsigned int i = 0; i < NR_UNIT_ORDERS; i++)
		list_init(&large_stock[i]);
}

void virtual_attach(struct kmem_cache *s)
{
	list_init(&s->stock[0]);
	list_init(&s->stock[1]);
}

/* A cache has slabs of its usual and of its least order. */
static struct list_head *stock_of(struct kmem_cache *s, unsigned int order)
{
	if (!s)
		return &large_stock[order];
	return &s->stock[order != s->geo.order + slab_page_order];
}

static struct frame *take_from_stock(struct kmem_cache *s, unsigned int node, unsigned int order)
{
	struct frame *f, *found = NULL;

	lock_acquire(&virtual_lock);
	list_for_each_entry (f, stock_of(s, order), link)
		if (f->node == node) {
			found = f;
			break;
		}
	if (found)
		list_del(&found->link);
	lock_release(&virtual_lock);
	return found;
}

struct frame *virtual_alloc(struct kmem_cache *s, struct zone *z, unsigned int order,
			    enum migrate_type type, bool *clean)
{
	struct frame *f = slab_virtual ? take_from_stock(s, z->node, order) : NULL;

	if (!f)
		return zone_alloc(z, order, type, clean);
	lock_acquire(&z->lock);
	f->state = FRAME_USED;
	f->mobility = (uint8_t)type;
	z->nr_stocked -= (size_t)1 << order;
	z->nr_used += (size_t)1 << order;
	lock_release(&z->lock);
	if (clean)
		*clean = f->nr_dirty == 0;
	return f;
}

/* The memory of a block that nobody can reach any more. */
static void give_back(struct frame *f)
{
	bool gone = !os_purge(frame_address(f), frame_bytes(f));

	pagemap_set(frame_page(f), f->order, gone ? PAGE_CLEAN : PAGE_DIRTY, 0);
	f->nr_dirty = gone ? 0 : 1u << f->order;
}

void virtual_free(struct kmem_cache *s, struct frame *f)
{
	struct zone *z = zone_of(f);

	if (!slab_virtual) {
		zone_free(z, f);
		return;
	}
	give_back(f);
	lock_acquire(&z->lock);
	f->state = FRAME_STOCKED;
	z->nr_used -= (size_t)1 << f->order;
	z->nr_stocked += (size_t)1 << f->order;
	lock_release(&z->lock);
	lock_acquire(&virtual_lock);
	list_add(&f->link, stock_of(s, f->order));
	lock_release(&virtual_lock);
}

static void retire(struct frame *f, size_t *nr_before)
{
	struct zone *z = zone_of(f);

	lock_acquire(&z->lock);
	f->state = FRAME_RETIRED;
	*nr_before -= (size_t)1 << f->order;
	z->nr_retired += (size_t)1 << f->order;
	lock_release(&z->lock);
}

void virtual_abandon(struct frame *f)
{
	struct zone *z = zone_of(f);

	if (!slab_virtual) {
		zone_free(z, f);
		return;
	}
	give_back(f);
	retire(f, &z->nr_used);
}

/* Nobody else knows the cache any more, so its lists need no lock. */
void virtual_retire(struct kmem_cache *s)
{
	struct frame *f, *next;

	for (unsigned int i = 0; i < ARRAY_SIZE(s->stock); i++)
		list_for_each_entry_safe (f, next, &s->stock[i], link) {
			list_del(&f->link);
			retire(f, &zone_of(f)->nr_stocked);
		}
}

static size_t pages_on(const struct list_head *stock)
{
	const struct frame *f;
	size_t nr = 0;

	list_for_each_entry (f, stock, link)
		nr += f->state == FRAME_STOCKED ? (size_t)1 << f->order : 0;
	return nr;
}

size_t virtual_stocked(const struct kmem_cache *s)
{
	size_t nr = 0;

	if (s)
		return pages_on(&s->stock[0]) + pages_on(&s->stock[1]);
	for (unsigned int i = 0; i < NR_UNIT_ORDERS; i++)
		nr += pages_on(&large_stock[i]);
	return nr;
}
