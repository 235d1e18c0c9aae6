// SPDX-License-Identifier: MIT
/*
 * A CPU's slab. The gate is cpu_slab.slab: while it is NULL no sequence changes the freelist, so
 * who holds cpu_slab.lock and has closed it owns both. See cpuslab.h, types.h and rseq.h.
 */
#include "cpuslab.h"

#include "exts.h"
#include "frame.h"
#include "freelist.h"
#include "hooks.h"
#include "membarrier.h"
#include "nodes.h"
#include "pagemap.h"
#include "partial.h"
#include "percpu.h"
#include "slabs.h"
#include "stat.h"

bool slab_cpuslab;

static struct cpu_slab *here(struct kmem_cache *s)
{
	return (struct cpu_slab *)(void *)percpu_lane(s->lane);
}

unsigned int cpuslab_partial_objects(const struct geometry *geo)
{
	if (geo->size >= 4096)
		return 6;
	if (geo->size >= 1024)
		return 24;
	return geo->size >= 256 ? 52 : 120;
}

unsigned int cpuslab_partial_slabs(const struct geometry *geo)
{
	return (2 * cpuslab_partial_objects(geo) + geo->objects - 1) / geo->objects;
}

/* Mixed free pointers are decoded in C, by cpuslab_alloc(). */
static bool is_plain(const struct kmem_cache *s)
{
	return s->lane && !s->random && !hooks_needed(s);
}

void *cpuslab_pop(struct kmem_cache *s)
{
	return likely(is_plain(s)) ? rseq_pop_chain(s->lane, s->geo.offset) : NULL;
}

bool cpuslab_push(const struct kmem_cache *expected, void *p)
{
	size_t page = pagemap_page(p);
	uint32_t entry;
	struct frame *f;

	if (unlikely(page >= pagemap_nr_pages()))
		return false;
	entry = pagemap_entry(page);
	if (unlikely(entry_kind(entry) != PAGE_SLAB))
		return false;
	f = pagemap_frame(page, entry);
	if (unlikely(expected && expected != f->cache) || unlikely(!is_plain(f->cache)) ||
	    unlikely(exts_present(f)))
		return false;
	return rseq_push_chain(f->cache->lane, f, p, f->cache->geo.offset);
}

/* Where lanes belong to threads nobody else is inside. */
static bool change(struct kmem_cache *s, const struct rseq_change *c)
{
	if (percpu_nr_cpus())
		return rseq_change(s->lane, c);
	__atomic_store_n(&c->where->freelist, c->new_freelist, __ATOMIC_RELAXED);
	return true;
}

/* What is there now. tid first: what changes while the rest is read then moves it. */
static struct rseq_change look(struct cpu_slab *c)
{
	struct rseq_change now = { .where = c };

	now.tid = __atomic_load_n(&c->tid, __ATOMIC_ACQUIRE);
	now.slab = __atomic_load_n(&c->slab, __ATOMIC_ACQUIRE);
	now.freelist = __atomic_load_n(&c->freelist, __ATOMIC_RELAXED);
	return now;
}

/* The slab to take away; or who closed the gate was lost in a fork, which left it closed. */
static struct frame *slab_in(const struct cpu_slab *c)
{
	return c->slab ? c->slab : c->closed;
}

/* Take the gate's slab away. False: this thread has moved to another CPU. The lock is held. */
static bool close_gate(struct kmem_cache *s, struct cpu_slab *c)
{
	c->closed = slab_in(c);
	if (percpu_nr_cpus())
		return rseq_close(s->lane, c);
	__atomic_store_n(&c->slab, NULL, __ATOMIC_RELAXED);
	return true;
}

static void open_gate(struct cpu_slab *c, struct frame *slab, void *freelist)
{
	c->closed = NULL;
	__atomic_store_n(&c->tid, c->tid + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->freelist, freelist, __ATOMIC_RELAXED);
	__atomic_store_n(&c->slab, slab, __ATOMIC_RELEASE);
}

/* The partial list is a stack through the frames' links. The lock is held. */
static void push_partial(struct cpu_slab *c, struct frame *f)
{
	f->link.next = c->partial ? &c->partial->link : NULL;
	c->partial = f;
	c->nr_partial++;
}

static struct frame *next_partial(const struct frame *f)
{
	return f->link.next ? list_entry(f->link.next, struct frame, link) : NULL;
}

static struct frame *pop_partial(struct cpu_slab *c)
{
	struct frame *f = c->partial;

	if (!f)
		return NULL;
	c->partial = next_partial(f);
	c->nr_partial--;
	return f;
}

static void drain_partial(struct kmem_cache *s, struct cpu_slab *c)
{
	struct frame *f;

	if (c->partial)
		stat_inc(s, STAT_CPU_PARTIAL_DRAIN);
	while ((f = pop_partial(c)))
		partial_return(s, f);
}

static struct frame *claim_elsewhere(struct kmem_cache *s)
{
	struct frame *f = NULL;

	for (unsigned int i = 1; i < slab_nr_nodes && !f; i++) {
		unsigned int node = nodes_fallback(nodes_here(), i);

		if (partial_has_many(s, node))
			f = partial_claim(s, node);
	}
	return f;
}

/* The node's first slab to work on, and half a list's worth behind it; else another node's. */
static struct frame *claim(struct kmem_cache *s, struct cpu_slab *c)
{
	unsigned int more = cpuslab_partial_slabs(&s->geo) / 2;
	struct frame *f = partial_claim(s, nodes_here()), *next;

	if (!f && slabs_look_elsewhere(s))
		f = claim_elsewhere(s);
	if (!f)
		return NULL;
	stat_inc(s, STAT_ALLOC_FROM_PARTIAL);
	while (c->nr_partial <= more && (next = partial_claim(s, nodes_here())))
		push_partial(c, next);
	return f;
}

static struct frame *next_slab(struct kmem_cache *s, struct cpu_slab *c)
{
	struct frame *f = pop_partial(c);

	if (!f)
		return claim(s, c);
	stat_inc(s, STAT_CPU_PARTIAL_ALLOC);
	return f;
}

/* The closed slab's free objects; if it has none it is given up. */
static void *chain_of_closed(struct kmem_cache *s, struct cpu_slab *c)
{
	struct frame *slab = c->closed;
	void *chain = partial_take_chain(s, slab);

	if (chain)
		return chain;
	c->closed = NULL;
	partial_return(s, slab);
	return NULL;
}

/* A slab with free objects and their chain, from what this CPU had, its list or the node. */
static void *refill(struct kmem_cache *s, struct cpu_slab *c)
{
	void *chain = c->closed ? chain_of_closed(s, c) : NULL;

	if (chain)
		stat_inc(s, STAT_ALLOC_REFILL);
	while (!chain) {
		c->closed = next_slab(s, c);
		if (!c->closed)
			return NULL;
		chain = chain_of_closed(s, c);
	}
	return chain;
}

/* With the gate closed: one object and the gate open again. */
static void *take_closed(struct kmem_cache *s, struct cpu_slab *c)
{
	void *chain = c->freelist, *rest = NULL;

	if (!chain)
		chain = refill(s, c);
	if (chain)
		rest = freelist_follow(s, c->closed, chain);
	open_gate(c, c->closed, rest);
	return chain;
}

static void *alloc_listed(struct kmem_cache *s)
{
	struct cpu_slab *c;
	void *object;

	while ((c = here(s))) {
		lock_acquire(&c->lock);
		if (close_gate(s, c)) {
			object = take_closed(s, c);
			lock_release(&c->lock);
			return object;
		}
		lock_release(&c->lock);
	}
	return NULL;
}

/* The slab was full and is on no list: it goes to this CPU's. */
static void put_partial(struct kmem_cache *s, struct frame *f)
{
	struct cpu_slab *c = here(s);

	if (!c) {
		partial_return(s, f);
		return;
	}
	lock_acquire(&c->lock);
	if (c->nr_partial >= cpuslab_partial_slabs(&s->geo))
		drain_partial(s, c);
	push_partial(c, f);
	lock_release(&c->lock);
	stat_inc(s, STAT_CPU_PARTIAL_FREE);
}

/* Without the lock: a constructor may run, memory may be reclaimed. */
static void *alloc_from_new(struct kmem_cache *s, gfp_t gfp)
{
	struct frame *f = frame_create(s, gfp, NUMA_NO_NODE);
	void *object;

	if (!f)
		return NULL;
	stat_inc(s, STAT_ALLOC_SLAB);
	frame_take(s, f, &object, 1);
	if (f->inuse == f->objects) {
		partial_add_new(s, f);
	} else {
		partial_count_new(s, f);
		put_partial(s, f);
	}
	return object;
}

void *cpuslab_alloc(struct kmem_cache *s, gfp_t gfp)
{
	struct cpu_slab *c;
	void *object;

	while ((c = here(s))) {
		struct rseq_change now = look(c);

		if (!now.freelist || !now.slab)
			break;
		now.new_freelist = freelist_next(s, now.freelist);
		/* Somebody else's by now, or damaged: with the gate closed it can be told. */
		if (s->random && now.new_freelist &&
		    !freelist_may_hold(s, now.slab, now.new_freelist))
			break;
		if (change(s, &now))
			return now.freelist;
	}
	object = alloc_listed(s);
	return object ? object : alloc_from_new(s, gfp);
}

void cpuslab_free(struct kmem_cache *s, struct frame *f, void *object)
{
	struct cpu_slab *c;

	while ((c = here(s))) {
		struct rseq_change now = look(c);

		if (now.slab != f)
			break;
		freelist_set_next(s, object, now.freelist);
		now.new_freelist = object;
		if (change(s, &now)) {
			stat_inc(s, STAT_FREE_FASTPATH);
			return;
		}
	}
	stat_inc(s, STAT_FREE_SLOWPATH);
	if (partial_give_one(s, f, object))
		put_partial(s, f);
}

/* The gate is closed: what the CPU had goes back. The lock is held. */
static void give_up(struct kmem_cache *s, struct cpu_slab *c, struct frame *slab)
{
	void *object = c->freelist, *next;

	if (slab || c->partial)
		stat_inc(s, STAT_CPUSLAB_FLUSH);
	for (; object; object = next) {
		next = freelist_follow(s, slab, object);
		__atomic_store_n(&c->freelist, next, __ATOMIC_RELAXED);
		partial_give_one(s, slab, object);
	}
	c->closed = NULL;
	if (slab)
		partial_return(s, slab);
	drain_partial(s, c);
}

/* Take the gate's slab away from where another CPU may be inside. The lock is held. */
static struct frame *close_remote(struct cpu_slab *c, int cpu)
{
	struct frame *slab = slab_in(c);

	c->closed = slab;
	__atomic_store_n(&c->slab, NULL, __ATOMIC_RELAXED);
	if (slab && cpu >= 0)
		membarrier_fence((unsigned int)cpu);
	return slab;
}

static void flush(struct kmem_cache *s, struct cpu_slab *c, int cpu)
{
	lock_acquire(&c->lock);
	give_up(s, c, close_remote(c, cpu));
	lock_release(&c->lock);
}

static struct cpu_slab *of_lane(struct lane *lane)
{
	return (struct cpu_slab *)(void *)lane;
}

static void flush_reachable(struct kmem_cache *s, struct lane *lane, int cpu, void *ctx)
{
	(void)ctx;
	if (cpu != PERCPU_OTHER)
		flush(s, of_lane(lane), cpu);
}

static void flush_any(struct kmem_cache *s, struct lane *lane, int cpu, void *ctx)
{
	(void)ctx;
	flush(s, of_lane(lane), cpu);
}

void cpuslab_flush_all(struct kmem_cache *s)
{
	percpu_visit_cpus(s, flush_reachable, NULL);
}

void cpuslab_drain(struct kmem_cache *s)
{
	percpu_visit_cpus(s, flush_any, NULL);
}

void cpuslab_end_lane(struct kmem_cache *s, struct lane *lane)
{
	flush(s, of_lane(lane), PERCPU_OWN);
}

struct visit {
	bool (*visit)(struct kmem_cache *s, void *object, void *ctx);
	void *ctx;
};

static void visit_lane(struct kmem_cache *s, struct lane *lane, void *ctx)
{
	const struct visit *v = ctx;
	void *object = of_lane(lane)->freelist;

	while (object && v->visit(s, object, v->ctx))
		object = freelist_next(s, object);
}

void cpuslab_visit(struct kmem_cache *s,
		   bool (*visit)(struct kmem_cache *s, void *object, void *ctx), void *ctx)
{
	struct visit v = { visit, ctx };

	percpu_visit(s, visit_lane, &v);
}

struct slab_visit {
	void (*visit)(struct kmem_cache *s, struct frame *f, size_t nr_free, void *ctx);
	void *ctx;
};

static size_t chain_length(struct kmem_cache *s, const struct frame *slab, void *object)
{
	size_t nr = 0;

	for (; object && nr < slab->objects; object = freelist_follow(s, slab, object))
		nr++;
	return nr;
}

/* The chain can be followed while the gate is closed; another thread's cannot be closed. */
static void visit_slabs(struct kmem_cache *s, struct lane *lane, int cpu, void *ctx)
{
	struct cpu_slab *c = of_lane(lane);
	const struct slab_visit *v = ctx;
	struct frame *slab, *f;

	lock_acquire(&c->lock);
	slab = cpu == PERCPU_OTHER ? NULL : close_remote(c, cpu);
	if (slab) {
		v->visit(s, slab, chain_length(s, slab, c->freelist), v->ctx);
		open_gate(c, slab, c->freelist);
	}
	for (f = c->partial; f; f = next_partial(f))
		v->visit(s, f, 0, v->ctx);
	lock_release(&c->lock);
}

void cpuslab_visit_slabs(struct kmem_cache *s,
			 void (*visit)(struct kmem_cache *s, struct frame *f, size_t nr_free,
				       void *ctx),
			 void *ctx)
{
	struct slab_visit v = { visit, ctx };

	percpu_visit_cpus(s, visit_slabs, &v);
}
