// SPDX-License-Identifier: MIT
/*
 * Caches: kmem_cache_create() and kmem_cache_destroy(). Their structures are objects of the cache
 * "kmem_cache", which is static and has no sheaves. See cache.h for the lock.
 */
#include "cache.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "boot.h"
#include "cpuslab.h"
#include "debug_flags.h"
#include "freelist.h"
#include "grow.h"
#include "hooks.h"
#include "kfence.h"
#include "kvfree_rcu.h"
#include "merge.h"
#include "partial.h"
#include "percpu.h"
#include "rcu.h"
#include "rcu_sheaf.h"
#include "rcupdate.h"
#include "report.h"
#include "sheaf.h"
#include "shutdown.h"
#include "slabs.h"
#include "stackdepot.h"
#include "stat.h"
#include "virtual.h"

struct lock slab_mutex;
struct list_head slab_caches;
struct cache_policy slab_policy;

/* The cache of caches, with room for the nodes behind it. */
static char boot_memory[sizeof(struct kmem_cache) + SLAB_MAX_NODES * sizeof(struct node)]
	__attribute__((aligned(64)));
static struct kmem_cache *const boot_cache = (void *)boot_memory;

static size_t cache_bytes(void)
{
	return sizeof(struct kmem_cache) + slab_nr_nodes * sizeof(struct node);
}

/* What the fast paths may do: see types.h. */
static void set_slots(struct kmem_cache *s)
{
	bool plain;

	hooks_decide(s);
	plain = !hooks_needed(s);
	__atomic_store_n(&s->alloc_slot, plain ? s->slot : 0, __ATOMIC_RELAXED);
	s->free_slot = plain && slab_nr_nodes == 1 ? s->slot : 0;
}

/* Fill in @s and list it. 0 or -errno. slab_mutex is held. */
static int setup(struct kmem_cache *s, const char *name, const struct layout *l,
		 void (*ctor)(void *object))
{
	int err;

	memset(s, 0, cache_bytes());
	err = geometry_calculate(&slab_policy.machine, l, &s->geo);
	if (err)
		return err;
	err = freelist_setup(s);
	if (err)
		return err;
	s->flags = geometry_flags(&slab_policy.machine, l);
	/* Without memory for stacks the cache works all the same: reports then lack them. */
	if (s->flags & SLAB_STORE_USER)
		(void)stackdepot_init();
	s->ctor = ctor;
	s->useroffset = l->useroffset;
	s->usersize = l->usersize;
	s->align_request = l->align;
	s->nr_users = 1;
	s->remote_ratio = SLABS_REMOTE_RATIO;
	strcpy(s->name, name);
	list_init(&s->aliases);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		partial_init(&s->node[i]);
	virtual_attach(s);
	stat_attach(s);
	percpu_attach(s);
	grow_attach(s);
	s->slot = slab_cpuslab ? 0 : s->lane;
	set_slots(s);
	list_add(&s->link, &slab_caches);
	return 0;
}

void cache_leave_fast_paths(void)
{
	struct kmem_cache *s;

	lock_acquire(&slab_mutex);
	list_for_each_entry (s, &slab_caches, link) {
		hooks_decide(s);
		if (hooks_needed(s))
			__atomic_store_n(&s->alloc_slot, 0, __ATOMIC_RELAXED);
	}
	lock_release(&slab_mutex);
}

int cache_init(const struct cache_policy *policy)
{
	struct layout l = {
		.size = (unsigned int)cache_bytes(),
		.align = _Alignof(struct node),
		.flags = debug_flags_for("kmem_cache", SLAB_NO_MERGE | SLAB_NOLEAKTRACE |
							       SLAB_SKIP_KFENCE | SLAB_NO_OBJ_EXT),
	};

	slab_policy = *policy;
	list_init(&slab_caches);
	return setup(boot_cache, "kmem_cache", &l, NULL);
}

void cache_exit(void)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, link) {
		stat_detach(s);
		freelist_teardown(s);
	}
	list_init(&slab_caches);
}

/* slab_mutex is held. */
static struct kmem_cache *create_locked(const char *name, const struct layout *l,
					void (*ctor)(void *object))
{
	struct kmem_cache *s = alloc_object(boot_cache, GFP_KERNEL);
	int err;

	if (!s) {
		errno = ENOMEM;
		return NULL;
	}
	err = setup(s, name, l, ctor);
	if (!err)
		return s;
	kmem_cache_free(boot_cache, s);
	errno = -err;
	return NULL;
}

struct kmem_cache *cache_create(const char *name, const struct layout *l,
				void (*ctor)(void *object))
{
	struct kmem_cache *s;

	lock_acquire(&slab_mutex);
	s = create_locked(name, l, ctor);
	lock_release(&slab_mutex);
	return s;
}

static struct kmem_cache *create_or_merge(const char *name, const struct layout *l,
					  void (*ctor)(void *object))
{
	struct kmem_cache *s;

	lock_acquire(&slab_mutex);
	s = merge_find(&slab_policy.machine, &slab_caches, l);
	if (!s)
		s = create_locked(name, l, ctor);
	else if (merge_into(s, name, l)) {
		errno = ENOMEM;
		s = NULL;
	}
	lock_release(&slab_mutex);
	return s;
}

static int check_request(const char *name, slab_flags_t flags)
{
	if (!name || !*name || (flags & ~SLAB_FLAGS_ALL))
		return EINVAL;
	return strlen(name) < SLAB_NAME_LEN ? 0 : ENAMETOOLONG;
}

/* The part for usercopy, unless it does not lie in the object. */
static void set_part(struct layout *l, const struct kmem_cache_args *args)
{
	if (!args->usersize || args->usersize > l->size ||
	    args->useroffset > l->size - args->usersize)
		return;
	l->useroffset = args->useroffset;
	l->usersize = args->usersize;
}

struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
					    const struct kmem_cache_args *args, slab_flags_t flags)
{
	static const struct kmem_cache_args defaults;
	struct kmem_cache *s = NULL;
	int err = boot_ensure() ? check_request(name, flags) : ENOMEM;
	struct layout l;

	args = args ? args : &defaults;
	l = (struct layout){
		.size = size,
		.align = args->align,
		.flags = err ? flags : debug_flags_for(name, flags),
		.has_ctor = args->ctor != NULL,
		.has_freeptr_offset = args->use_freeptr_offset,
		.freeptr_offset = args->freeptr_offset,
		.sheaf_capacity = args->sheaf_capacity,
		.min_order = args->min_order,
	};
	set_part(&l, args);
	if (err)
		errno = err;
	else
		s = create_or_merge(name, &l, args->ctor);
	if (!s && (flags & SLAB_PANIC))
		report_panic(name ? name : "(null)", -errno);
	return s;
}

/* In parentheses, since slab.h has a macro of that name. */
struct kmem_cache *(kmem_cache_create)(const char *name, unsigned int size, unsigned int align,
				       slab_flags_t flags, void (*ctor)(void *object))
{
	struct kmem_cache_args args = { .align = align, .ctor = ctor };

	return __kmem_cache_create_args(name, size, &args, flags);
}

struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      unsigned int useroffset, unsigned int usersize,
					      void (*ctor)(void *object))
{
	struct kmem_cache_args args = {
		.align = align,
		.ctor = ctor,
		.useroffset = useroffset,
		.usersize = usersize,
	};

	return __kmem_cache_create_args(name, size, &args, flags);
}

static void drain(struct kmem_cache *s)
{
	if (slab_cpuslab)
		cpuslab_drain(s);
	else
		sheaf_drain(s);
}

/* No user is left: false if objects are, and then the cache stays with its slot. */
static bool unmake(struct kmem_cache *s)
{
	drain(s);
	if (partial_release(s)) {
		shutdown_report(s);
		return false;
	}
	percpu_detach(s);
	stat_detach(s);
	merge_forget(s);
	list_del(&s->link);
	kfence_shutdown_cache(s);
	return true;
}

/*
 * What its last slabs need on their way back stays until they are there. Without slab_mutex, since
 * a reader may make a cache.
 */
static void bury(struct kmem_cache *s)
{
	if (s->flags & SLAB_TYPESAFE_BY_RCU)
		rcu_barrier_all("kmem_cache_destroy()");
	virtual_retire(s);
	freelist_teardown(s);
	kmem_cache_free(boot_cache, s);
}

void kmem_cache_destroy(struct kmem_cache *s)
{
	bool gone = false;

	if (!s)
		return;
	kvfree_rcu_barrier_on_cache(s);
	gate_enter();
	lock_acquire(&slab_mutex);
	if (--s->nr_users == 0)
		gone = unmake(s);
	lock_release(&slab_mutex);
	if (gone)
		bury(s);
	gate_leave();
}

void cache_flush_rcu(void)
{
	struct kmem_cache *s;

	lock_acquire(&slab_mutex);
	list_for_each_entry (s, &slab_caches, link)
		rcu_sheaf_flush(s);
	lock_release(&slab_mutex);
}

int kmem_cache_shrink(struct kmem_cache *s)
{
	size_t left;

	gate_enter();
	rcu_sheaf_flush(s);
	if (slab_cpuslab)
		cpuslab_flush_all(s);
	else
		sheaf_flush_all(s);
	left = partial_shrink(s);
	gate_leave();
	return left > 0;
}

void cache_shrink_all(void)
{
	struct kmem_cache *s;

	if (!lock_try(&slab_mutex))
		return;
	list_for_each_entry (s, &slab_caches, link)
		kmem_cache_shrink(s);
	lock_release(&slab_mutex);
}

unsigned int kmem_cache_size(const struct kmem_cache *s)
{
	return cache_object_size(s);
}

const char *kmem_cache_name(const struct kmem_cache *s)
{
	return s->name;
}
