// SPDX-License-Identifier: MIT
/* One slab's objects. See frame.h for who may call, types.h for the equations. */
#include "frame.h"

#include "debug.h"
#include "exts.h"
#include "freelist.h"
#include "geometry.h"
#include "init.h"
#include "pagemap.h"
#include "pages.h"
#include "rcu_slab.h"
#include "report.h"
#include "vmstat.h"

static void *object_at(const struct kmem_cache *s, const struct frame *f, unsigned int index)
{
	return (char *)frame_address(f) + s->geo.red_left_pad + (size_t)index * s->geo.size;
}

/* How far into its slab @object, which lies in it, is: blocks are aligned to their size. */
static size_t bytes_into(const struct frame *f, const void *object)
{
	return (uintptr_t)object & (frame_bytes(f) - 1);
}

static unsigned int index_of(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	return geometry_index(&s->geo, bytes_into(f, object));
}

/* What memory a slab takes is the cache's to say, not the request's (the kernel's allocflags). */
static gfp_t block_flags(const struct kmem_cache *s, gfp_t gfp)
{
	gfp &= ~(__GFP_RECLAIMABLE | __GFP_MOVABLE);
	return s->flags & SLAB_RECLAIM_ACCOUNT ? gfp | __GFP_RECLAIMABLE : gfp;
}

/* The usual order is a wish: it is asked for without effort, without noise and not for ever. */
static gfp_t try_gfp(gfp_t gfp)
{
	gfp = (gfp | __GFP_NOWARN | __GFP_NORETRY) & ~__GFP_NOFAIL;
	if (gfp & __GFP_DIRECT_RECLAIM)
		gfp = (gfp | __GFP_NOMEMALLOC) & ~__GFP_RECLAIM;
	return gfp;
}

static struct frame *get_block(struct kmem_cache *s, gfp_t gfp, int node)
{
	struct frame *f = NULL;

	gfp = block_flags(s, gfp);
	if (s->geo.min_order < s->geo.order)
		f = pages_alloc_owned(s, s->geo.order, try_gfp(gfp), node, NULL);
	return f ? f : pages_alloc_owned(s, s->geo.min_order, gfp, node, NULL);
}

static void count(const struct kmem_cache *s, const struct frame *f, long bytes)
{
	vmstat_add(f->node, vmstat_slab_item(s->flags), bytes);
}

static void construct(const struct kmem_cache *s, const struct frame *f)
{
	struct gate_pass *me;

	if (!s->ctor)
		return;
	me = gate_suspend(GATE_AWAY);
	for (unsigned int i = 0; i < f->objects; i++)
		s->ctor(object_at(s, f, i));
	gate_resume(me);
}

/* Make a slab of a new block. */
static void adopt(struct kmem_cache *s, struct frame *f)
{
	__atomic_store_n(&f->cache, s, __ATOMIC_RELAXED); /* usage.c looks from elsewhere */
	f->freelist = NULL;
	f->inuse = 0;
	f->objects = (uint16_t)(f->order == s->geo.order + slab_page_order ? s->geo.objects
									   : s->geo.min_objects);
	f->nr_fresh = f->objects;
	f->on_list = false;
	f->on_cpu = false;
	f->frozen = false;
	pagemap_set_slab(frame_page(f), f->order, s->free_slot,
			 s->free_slot ? s->kmalloc_class : 0);
	count(s, f, (long)frame_bytes(f));
}

struct frame *frame_create(struct kmem_cache *s, gfp_t gfp, int node)
{
	struct frame *f = get_block(s, gfp, node);

	if (!f)
		return NULL;
	adopt(s, f);
	if (debug_is_on(s))
		debug_init_slab(s, f);
	else
		construct(s, f);
	freelist_build_random(s, f);
	exts_slab_new(s, f, gfp);
	return f;
}

struct frame *frame_try_create(struct kmem_cache *s, int node)
{
	struct frame *f = pages_try_alloc(s->geo.order, node);

	if (!f)
		return NULL;
	adopt(s, f);
	freelist_build_random(s, f);
	return f;
}

static void release(struct frame *f)
{
	struct kmem_cache *s = f->cache;

	if (debug_is_on(s))
		debug_check_gone(s, f);
	count(s, f, -(long)frame_bytes(f));
	__atomic_store_n(&f->cache, NULL, __ATOMIC_RELAXED);
	init_block_on_free(frame_address(f), frame_bytes(f));
	exts_slab_gone(f);
	pages_free_owned(s, f);
}

static void release_after_readers(void *head)
{
	release(rcu_slab_arrived(head));
}

void frame_destroy(struct frame *f)
{
	if (f->cache->flags & SLAB_TYPESAFE_BY_RCU)
		rcu_free_slab(f, release_after_readers);
	else
		release(f);
}

static unsigned int take_fresh(struct kmem_cache *s, struct frame *f, void **batch, unsigned int n)
{
	unsigned int got = (unsigned int)min_size(n, f->nr_fresh);
	unsigned int first = (unsigned int)f->objects - f->nr_fresh;

	for (unsigned int i = 0; i < got; i++)
		__atomic_store_n(&batch[got - 1 - i], object_at(s, f, first + i), __ATOMIC_RELAXED);
	f->nr_fresh = (uint16_t)(f->nr_fresh - got);
	return got;
}

unsigned int frame_take(struct kmem_cache *s, struct frame *f, void **batch, unsigned int n)
{
	unsigned int got = freelist_take(s, f, batch, n);

	got += take_fresh(s, f, batch + got, n - got);
	f->inuse = (uint16_t)(f->inuse + got);
	return got;
}

void *frame_take_chain(struct kmem_cache *s, struct frame *f)
{
	void *chain;

	/* From the last to the first, so that the chain begins with the lowest address. */
	for (unsigned int i = f->objects; f->nr_fresh; f->nr_fresh--)
		freelist_push(s, f, object_at(s, f, --i));
	chain = f->freelist;
	f->freelist = NULL;
	f->inuse = f->objects;
	return chain;
}

void frame_put(struct kmem_cache *s, struct frame *f, void *object)
{
	if (unlikely(!frame_is_object(s, f, object)))
		report_object(s, f, object, "Invalid object pointer");
	if (unlikely(object == f->freelist || !f->inuse))
		report_object(s, f, object, "Object already free");
	freelist_push(s, f, object);
	f->inuse--;
}

bool frame_is_object(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	unsigned int index = index_of(s, f, object);

	return index < f->objects &&
	       bytes_into(f, object) == (size_t)index * s->geo.size + s->geo.red_left_pad;
}

bool frame_is_free(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	if (index_of(s, f, object) >= (unsigned int)f->objects - f->nr_fresh)
		return true;
	return freelist_has(s, f, object);
}
