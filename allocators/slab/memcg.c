// SPDX-License-Identifier: MIT
/*
 * The tree of groups and its arithmetic. All under memcg_lock, which the fast paths meet once in
 * MEMCG_CHARGE_BATCH pages. See memcg.h.
 */
#include "memcg.h"

struct lock memcg_lock;
struct list_head memcg_objcgs = { &memcg_objcgs, &memcg_objcgs };

static struct memory_source memory;
bool memcg_is_online;

static __thread struct mem_cgroup *active __attribute__((tls_model("initial-exec")));

void memcg_init(const struct memory_source *source)
{
	memory = *source;
}

void memcg_set_online(void)
{
	__atomic_store_n(&memcg_is_online, true, __ATOMIC_RELAXED);
}

struct obj_cgroup *memcg_current(void)
{
	return active ? active->objcg : NULL;
}

struct mem_cgroup *set_active_memcg(struct mem_cgroup *memcg)
{
	struct mem_cgroup *old = active;

	active = memcg;
	return old;
}

static void change_pages(struct mem_cgroup *memcg, size_t delta)
{
	__atomic_store_n(&memcg->nr_pages, memcg->nr_pages + delta, __ATOMIC_RELAXED);
}

/* @delta is modulo 2^64. */
static void add_pages(struct obj_cgroup *o, size_t delta)
{
	o->nr_pages += delta;
	for (struct mem_cgroup *m = o->memcg; m; m = m->parent)
		change_pages(m, delta);
}

static bool has_room(const struct mem_cgroup *m, size_t nr_pages)
{
	return m->nr_pages <= m->max_pages && nr_pages <= m->max_pages - m->nr_pages;
}

/* The payer nearest to @o without room for @nr_pages. */
static struct mem_cgroup *find_blocked(struct obj_cgroup *o, size_t nr_pages)
{
	struct mem_cgroup *m = o->memcg;

	while (m && has_room(m, nr_pages))
		m = m->parent;
	return m;
}

/* Pages that @bytes need beyond what is left of those charged before. */
static size_t pages_for(const struct obj_cgroup *o, size_t bytes)
{
	if (bytes <= o->rest_bytes)
		return 0;
	return (bytes - o->rest_bytes + slab_page_bytes() - 1) / slab_page_bytes();
}

static size_t take(struct obj_cgroup *o, size_t nr_pages)
{
	size_t bytes = nr_pages * slab_page_bytes() + o->rest_bytes;

	add_pages(o, nr_pages);
	o->rest_bytes = 0;
	return bytes;
}

size_t memcg_try_charge(struct obj_cgroup *o, size_t bytes, struct mem_cgroup **blocked)
{
	size_t need, got = 0;

	lock_acquire(&memcg_lock);
	need = pages_for(o, bytes);
	*blocked = find_blocked(o, need);
	if (!*blocked) {
		size_t batch = max_size(need, MEMCG_CHARGE_BATCH);

		got = take(o, find_blocked(o, batch) ? need : batch);
	}
	lock_release(&memcg_lock);
	return got;
}

size_t memcg_force(struct obj_cgroup *o, size_t bytes)
{
	size_t got;

	lock_acquire(&memcg_lock);
	got = take(o, pages_for(o, bytes));
	lock_release(&memcg_lock);
	return got;
}

/* Unlists and returns @o if nothing refers to it any more. */
static struct obj_cgroup *end_if_idle(struct obj_cgroup *o)
{
	if (o->nr_pages || __atomic_load_n(&o->nr_refs, __ATOMIC_RELAXED))
		return NULL;
	list_del(&o->link);
	list_del(&o->all);
	return o;
}

static void add_stats(struct obj_cgroup *o, const int64_t *stat_bytes)
{
	for (struct mem_cgroup *m = o->memcg; m; m = m->parent)
		for (unsigned int i = 0; i < NR_MEMCG_STATS; i++)
			m->stat_bytes[i] += stat_bytes[i];
}

void memcg_settle(const struct memcg_change *c)
{
	struct obj_cgroup *o = c->objcg, *idle;

	if (!o)
		return;
	lock_acquire(&memcg_lock);
	add_stats(o, c->stat_bytes);
	o->rest_bytes += c->bytes;
	add_pages(o, -(o->rest_bytes / slab_page_bytes()));
	o->rest_bytes %= slab_page_bytes();
	__atomic_fetch_sub(&o->nr_refs, c->nr_refs, __ATOMIC_RELAXED);
	idle = end_if_idle(o);
	lock_release(&memcg_lock);
	if (idle)
		memory.free(idle);
}

static void list_group(struct mem_cgroup *m)
{
	lock_acquire(&memcg_lock);
	list_add(&m->objcg->link, &m->objcgs);
	list_add(&m->objcg->all, &memcg_objcgs);
	lock_release(&memcg_lock);
}

struct mem_cgroup *memcg_make(struct mem_cgroup *parent, size_t max_pages)
{
	struct mem_cgroup *m = memory.alloc(sizeof(*m), GFP_KERNEL);
	struct obj_cgroup *o = memory.alloc(sizeof(*o), GFP_KERNEL);

	if (!m || !o) {
		memory.free(m);
		memory.free(o);
		return NULL;
	}
	*o = (struct obj_cgroup){ .memcg = m, .nr_refs = 1 };
	*m = (struct mem_cgroup){
		.parent = parent, .objcg = o, .max_pages = max_pages, .nr_refs = 1
	};
	list_init(&m->objcgs);
	list_group(m);
	return m;
}

/* The parent already counts these pages, so only who is asked changes. */
static void reparent(struct mem_cgroup *m)
{
	struct obj_cgroup *o, *next;

	list_for_each_entry_safe (o, next, &m->objcgs, link) {
		list_del(&o->link);
		o->memcg = m->parent;
		if (m->parent)
			list_add(&o->link, &m->parent->objcgs);
	}
}

void memcg_unmake(struct mem_cgroup *m)
{
	struct obj_cgroup *idle;

	lock_acquire(&memcg_lock);
	reparent(m);
	__atomic_fetch_sub(&m->objcg->nr_refs, 1, __ATOMIC_RELAXED);
	idle = end_if_idle(m->objcg);
	lock_release(&memcg_lock);
	if (idle)
		memory.free(idle);
	memory.free(m);
}
