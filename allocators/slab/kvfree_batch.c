// SPDX-License-Identifier: MIT
/*
 * Gathering, moving into batches, freeing. Each CPU's state has a lock, under which nothing is
 * allocated or freed. Works and batches run inside worker_enter(). See kvfree_batch.h.
 */
#include "kvfree_batch.h"

#include <sched.h>

#include "free.h"
#include "kvfree_block.h"
#include "rcu.h"
#include "report.h"
#include "trailer.h"
#include "worker.h"

/* What the list channel writes over an rcu_head. */
struct link {
	struct link *next;
	void *ptr;
};
_Static_assert(sizeof(struct link) == RCU_HEAD_BYTES, "a link fits an rcu_head");

struct gathered {
	struct kfree_block *blocks[NR_KFREE_CHANNELS];
	struct link *list;
};

struct kfree_cpu;

/* Busy from its rcu_call() until its contents are taken for freeing. */
struct batch {
	void *rcu[2]; /* first: rcu_call()'s head */
	struct kfree_cpu *cpu;
	struct gathered objects;
	bool busy;
};

/* When the monitor is to run. */
enum urgency { MONITOR_OFF, MONITOR_DRAIN, MONITOR_TICK };

struct kfree_cpu {
	struct lock lock;
	bool ready; /* was used; until then nothing of it is touched */
	enum urgency urgency;
	struct gathered objects;
	size_t nr; /* of objects */
	struct batch batches[KFREE_N_BATCHES];
	struct kfree_store store;
	bool refilling;
	bool backoff; /* memory was short: do not fill the store at once */
	struct work monitor;
	struct work refill;
	struct kvfree_batch_stat stat;
} __attribute__((aligned(64)));

static SPARSE struct kfree_cpu cpus[KFREE_NR_CPUS];
static void (*free_object)(void *ptr);

static void monitor_fn(struct work *w);
static void refill_fn(struct work *w);

static struct kfree_cpu *this_cpu(void)
{
	int cpu = sched_getcpu();

	return &cpus[cpu > 0 ? (unsigned int)cpu % KFREE_NR_CPUS : 0];
}

/* The lock is held. */
static void prepare(struct kfree_cpu *c)
{
	c->monitor.fn = monitor_fn;
	c->refill.fn = refill_fn;
	for (unsigned int i = 0; i < KFREE_N_BATCHES; i++)
		c->batches[i].cpu = c;
	__atomic_store_n(&c->ready, true, __ATOMIC_RELEASE);
}

/* The first one in use from @c on; NULL: none. */
static struct kfree_cpu *next_ready(struct kfree_cpu *c)
{
	for (; c < cpus + KFREE_NR_CPUS; c++)
		if (__atomic_load_n(&c->ready, __ATOMIC_ACQUIRE))
			return c;
	return NULL;
}

static void report_twice(void *ptr)
{
	const struct frame *f = free_frame(ptr);

	if (f && free_cache(f))
		trailer_report(free_cache(f), f, ptr, "Object already free");
	else
		report_foreign(ptr, "Object already free");
}

/* An empty block: into the store if that is to have @want, else back to the pages. */
static bool recycle(struct kfree_cpu *c, struct kfree_block *b, unsigned int want)
{
	bool kept;

	lock_acquire(&c->lock);
	kept = kfree_store_put(&c->store, b, want);
	lock_release(&c->lock);
	if (!kept)
		kfree_block_delete(b);
	return kept;
}

static void free_blocks(struct kfree_cpu *c, struct kfree_block *b)
{
	struct kfree_block *next;

	for (; b; b = next) {
		next = b->next;
		for (size_t i = 0; i < b->nr; i++)
			free_object(b->records[i]);
		recycle(c, b, KFREE_MIN_CACHED);
	}
}

static void free_list(struct link *l)
{
	struct link *next;

	for (; l; l = next) {
		next = l->next;
		free_object(l->ptr);
	}
}

static void free_gathered(struct kfree_cpu *c, const struct gathered *g)
{
	for (unsigned int i = 0; i < NR_KFREE_CHANNELS; i++)
		free_blocks(c, g->blocks[i]);
	free_list(g->list);
}

static void batch_done(void *head)
{
	struct batch *b = head;
	struct gathered g;

	lock_acquire(&b->cpu->lock);
	g = b->objects;
	b->busy = false;
	lock_release(&b->cpu->lock);
	free_gathered(b->cpu, &g);
}

static struct batch *idle_batch(struct kfree_cpu *c)
{
	for (unsigned int i = 0; i < KFREE_N_BATCHES; i++)
		if (!c->batches[i].busy)
			return &c->batches[i];
	return NULL;
}

/* Let a batch have all that was gathered. False if all batches wait. The lock is held. */
static bool move_to_batch(struct kfree_cpu *c)
{
	struct batch *b = idle_batch(c);

	if (!b)
		return false;
	b->busy = true;
	b->objects = c->objects;
	c->objects = (struct gathered){ .list = NULL };
	c->nr = 0;
	rcu_call(b, batch_done);
	return true;
}

/* Full blocks of one channel whose grace period has passed, off their list. The lock is held. */
static struct kfree_block *take_elapsed(struct kfree_cpu *c, enum kfree_channel channel)
{
	struct kfree_block *taken = NULL, **at = &c->objects.blocks[channel];

	while (*at) {
		struct kfree_block *b = *at;

		if (!b->gp || !rcu_elapsed(b->gp)) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		b->next = taken;
		taken = b;
		c->nr -= b->nr;
		c->stat.nr_early += b->nr;
	}
	return taken;
}

/* Have the monitor run in time for what was gathered. The lock is held. */
static void schedule(struct kfree_cpu *c)
{
	bool full = c->nr >= kfree_block_capacity();
	enum urgency urgency = full ? MONITOR_TICK : MONITOR_DRAIN;

	if (urgency <= c->urgency)
		return;
	c->urgency = urgency;
	worker_queue(&c->monitor, full ? KFREE_TICK_NS : KFREE_DRAIN_NS);
}

static void monitor(struct kfree_cpu *c)
{
	struct gathered elapsed = { .list = NULL };

	lock_acquire(&c->lock);
	c->urgency = MONITOR_OFF;
	for (unsigned int i = 0; i < NR_KFREE_CHANNELS; i++)
		elapsed.blocks[i] = take_elapsed(c, i);
	if (c->nr && !move_to_batch(c))
		schedule(c);
	lock_release(&c->lock);
	free_gathered(c, &elapsed);
}

static void monitor_fn(struct work *w)
{
	worker_enter();
	monitor(container_of(w, struct kfree_cpu, monitor));
	worker_leave();
}

/* How many blocks the store is to have: after a shortage one has to do. */
static unsigned int wanted(struct kfree_cpu *c)
{
	unsigned int nr;

	lock_acquire(&c->lock);
	nr = c->backoff ? 1 : KFREE_MIN_CACHED;
	c->backoff = false;
	c->refilling = false;
	lock_release(&c->lock);
	return nr;
}

static void refill(struct kfree_cpu *c)
{
	unsigned int want = wanted(c);
	struct kfree_block *b;

	do {
		b = kfree_block_new();
	} while (b && recycle(c, b, want));
}

static void refill_fn(struct work *w)
{
	worker_enter();
	refill(container_of(w, struct kfree_cpu, refill));
	worker_leave();
}

/* The lock is held. */
static void schedule_refill(struct kfree_cpu *c)
{
	if (c->refilling)
		return;
	c->refilling = true;
	worker_queue(&c->refill, c->backoff ? KFREE_REFILL_NS : 0);
}

/* The lock is held, but not while a block is allocated, which only callers that may sleep do. */
static struct kfree_block *get_block(struct kfree_cpu *c, bool may_sleep)
{
	struct kfree_block *b = kfree_store_get(&c->store);

	if (b || !may_sleep)
		return b;
	lock_release(&c->lock);
	b = kfree_block_new();
	lock_acquire(&c->lock);
	return b;
}

static bool has_room(const struct kfree_block *b)
{
	return b && b->nr < kfree_block_capacity();
}

/* The first block is the one that is being filled. The lock is held. */
static bool add_to_block(struct kfree_cpu *c, enum kfree_channel channel, void *ptr, bool may_sleep)
{
	struct kfree_block **blocks = &c->objects.blocks[channel];
	struct kfree_block *b;

	if (!has_room(*blocks)) {
		b = get_block(c, may_sleep);
		if (!b)
			return false;
		b->next = *blocks;
		*blocks = b;
	}
	b = *blocks;
	b->records[b->nr++] = ptr;
	if (!has_room(b))
		b->gp = rcu_snapshot();
	c->stat.nr_block++;
	return true;
}

static bool add_to_list(struct kfree_cpu *c, struct link *l, void *ptr)
{
	if (!l)
		return false;
	l->ptr = ptr;
	l->next = c->objects.list;
	c->objects.list = l;
	c->stat.nr_list++;
	return true;
}

/* Given twice in a row; other double frees show when they happen. The lock is held. */
static bool is_last(const struct kfree_cpu *c, enum kfree_channel channel, const void *ptr)
{
	const struct kfree_block *b = c->objects.blocks[channel];
	const struct link *l = c->objects.list;

	return unlikely((b && b->nr && b->records[b->nr - 1] == ptr) || (l && l->ptr == ptr));
}

bool kvfree_batch_add(enum kfree_channel channel, void *head, void *ptr)
{
	struct kfree_cpu *c = this_cpu();
	bool done;

	worker_poke();
	lock_acquire(&c->lock);
	if (unlikely(!c->ready))
		prepare(c);
	if (is_last(c, channel, ptr)) {
		lock_release(&c->lock);
		report_twice(ptr);
		return true;
	}
	done = add_to_block(c, channel, ptr, !head);
	if (!done) {
		schedule_refill(c);
		done = add_to_list(c, head, ptr);
	}
	if (done) {
		c->nr++;
		schedule(c);
	} else {
		c->stat.nr_inline++;
	}
	lock_release(&c->lock);
	return done;
}

/* Everything gathered so far into batches; waits for one to come free where all wait. */
static void flush_cpu(struct kfree_cpu *c, const char *caller)
{
	lock_acquire(&c->lock);
	while (c->nr && !move_to_batch(c)) {
		lock_release(&c->lock);
		rcu_barrier_all(caller);
		lock_acquire(&c->lock);
	}
	lock_release(&c->lock);
}

/* The monitor may be freeing what it has taken from everybody's sight: hence the last line. */
void kvfree_batch_flush(const char *caller)
{
	struct kfree_cpu *c;

	for (c = next_ready(cpus); c; c = next_ready(c + 1))
		flush_cpu(c, caller);
	rcu_barrier_all(caller);
	worker_settle();
}

static size_t nr_gathered(const struct gathered *g)
{
	size_t nr = 0;

	for (unsigned int i = 0; i < NR_KFREE_CHANNELS; i++)
		for (const struct kfree_block *b = g->blocks[i]; b; b = b->next)
			nr += b->nr;
	for (const struct link *l = g->list; l; l = l->next)
		nr++;
	return nr;
}

/* A thread that is gone had moved everything into @b, but not yet called rcu_call(). */
static void take_back(struct kfree_cpu *c, struct batch *b)
{
	c->objects = b->objects;
	c->nr = nr_gathered(&c->objects);
	b->busy = false;
}

/* The works that were about to run are gone: the next free queues them. The lock is held. */
static void forget_works(struct kfree_cpu *c)
{
	c->urgency = MONITOR_OFF;
	c->refilling = false;
	for (unsigned int i = 0; i < KFREE_N_BATCHES; i++)
		if (c->batches[i].busy && !c->nr && !rcu_is_called(&c->batches[i]))
			take_back(c, &c->batches[i]);
}

void kvfree_batch_fork_child(void)
{
	struct kfree_cpu *c;

	for (c = next_ready(cpus); c; c = next_ready(c + 1))
		if (!gate_holds(&c->lock))
			forget_works(c);
}

void kvfree_batch_init(void (*free_fn)(void *ptr))
{
	free_object = free_fn;
}

size_t kvfree_batch_nr_cached(void)
{
	struct kfree_cpu *c;
	size_t nr = 0;

	for (c = next_ready(cpus); c; c = next_ready(c + 1)) {
		lock_acquire(&c->lock);
		nr += c->store.nr;
		lock_release(&c->lock);
	}
	return nr;
}

static size_t shrink_cpu(struct kfree_cpu *c)
{
	struct kfree_block *all, *next;
	size_t nr = 0;

	lock_acquire(&c->lock);
	all = c->store.first;
	c->store = (struct kfree_store){ .nr = 0 };
	c->backoff = true;
	lock_release(&c->lock);
	for (; all; all = next, nr++) {
		next = all->next;
		kfree_block_delete(all);
	}
	return nr;
}

size_t kvfree_batch_shrink(void)
{
	struct kfree_cpu *c;
	size_t nr = 0;

	for (c = next_ready(cpus); c; c = next_ready(c + 1))
		nr += shrink_cpu(c);
	return nr;
}

void kvfree_batch_stat(struct kvfree_batch_stat *sum)
{
	struct kfree_cpu *c;

	*sum = (struct kvfree_batch_stat){ 0 };
	for (c = next_ready(cpus); c; c = next_ready(c + 1)) {
		lock_acquire(&c->lock);
		sum->nr_block += c->stat.nr_block;
		sum->nr_list += c->stat.nr_list;
		sum->nr_inline += c->stat.nr_inline;
		sum->nr_early += c->stat.nr_early;
		lock_release(&c->lock);
	}
}
