// SPDX-License-Identifier: MIT
/* From a pointer to the way it goes. No lock here; used is atomic. See kvfree_rcu.h. */
#include "kvfree_rcu.h"

#include "boot.h"
#include "free.h"
#include "kfence.h"
#include "kvfree_batch.h"
#include "nodes.h"
#include "pagemap.h"
#include "rcu.h"
#include "rcu_sheaf.h"
#include "rcupdate.h"
#include "report.h"
#include "shrinker.h"

static bool used; /* kvfree_call_rcu() was called */
static const struct kvfree_rcu_ops *ops;

/* An object of libslab, as far as the address tells. */
static bool in_range(const void *p)
{
	return pagemap_page(p) < pagemap_nr_pages() || is_kfence_address(p);
}

static bool is_vmalloc(const void *ptr)
{
	return ops->is_vmalloc && ops->is_vmalloc(ptr);
}

static void free_one(void *ptr)
{
	if (in_range(ptr))
		kfree(ptr);
	else if (is_vmalloc(ptr))
		ops->vfree(ptr);
	else
		report_foreign(ptr, "Not a valid slab page"); /* somebody wrote over a link */
}

/* Looked at now and not when it is freed, so that a report shows who gave a wrong pointer. */
static bool check_owner(const void *ptr)
{
	const struct frame *f = free_frame(ptr);

	if (f ? !f->waiting : is_kfence_address(ptr) || is_vmalloc(ptr))
		return true;
	report_foreign(ptr, f ? "Object already free" : "Not a valid slab page");
	return false;
}

/* Sheaves hold objects of their CPU's node only. */
static bool free_to_sheaf(void *ptr)
{
	const struct frame *f = free_frame(ptr);
	struct kmem_cache *s = f ? free_cache(f) : NULL;

	return s && nodes_is_here(f->node) && rcu_sheaf_free(s, ptr);
}

static unsigned long count_cached(struct shrinker *shrinker, struct shrink_control *sc)
{
	(void)shrinker;
	(void)sc;
	return kvfree_batch_nr_cached();
}

static unsigned long give_cached(struct shrinker *shrinker, struct shrink_control *sc)
{
	(void)shrinker;
	(void)sc;
	return kvfree_batch_shrink();
}

/* Without memory for it nothing is shrunk, which is no reason to fail. */
static void make_shrinker(void)
{
	struct shrinker *shrinker = shrinker_alloc(0, "slab-kvfree-rcu");

	if (!shrinker)
		return;
	shrinker->count_objects = count_cached;
	shrinker->scan_objects = give_cached;
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker_register(shrinker);
}

static void begin_use(void)
{
	rcu_watch_forks();
	if (!__atomic_exchange_n(&used, true, __ATOMIC_ACQ_REL))
		make_shrinker();
}

void kvfree_call_rcu(struct rcu_head *head, void *ptr)
{
	bool kept;

	if (ZERO_OR_NULL_PTR(ptr))
		return;
	if (!head)
		rcu_forbid_readers("kvfree_rcu_mightsleep()");
	if (!boot_ensure() || !check_owner(ptr))
		return;
	if (unlikely(!__atomic_load_n(&used, __ATOMIC_RELAXED)))
		begin_use();
	gate_enter();
	kept = free_to_sheaf(ptr) ||
	       kvfree_batch_add(in_range(ptr) ? CHANNEL_SLAB : CHANNEL_VMALLOC, head, ptr);
	gate_leave();
	if (kept)
		return;
	rcu_quiesce();
	free_one(ptr);
}

void kvfree_rcu_barrier(void)
{
	if (!__atomic_load_n(&used, __ATOMIC_RELAXED))
		return;
	ops->flush_sheaves();
	kvfree_batch_flush("kvfree_rcu_barrier()");
}

void kvfree_rcu_barrier_on_cache(struct kmem_cache *s)
{
	if (!__atomic_load_n(&used, __ATOMIC_RELAXED))
		return;
	rcu_sheaf_flush(s);
	kvfree_batch_flush("kmem_cache_destroy()");
}

void kvfree_rcu_init(const struct kvfree_rcu_ops *o)
{
	ops = o;
	rcu_sheaf_init(rcu_call);
	kvfree_batch_init(free_one);
}
