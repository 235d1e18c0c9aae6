// SPDX-License-Identifier: MIT
/*
 * Which allocations are guarded, and what is checked when they are freed. All counters are relaxed
 * atomics; the objects belong to whoever took or claimed them (kfence_pool.h).
 */
#include "kfence.h"

#include <string.h>

#include "init.h"
#include "kfence_covered.h"
#include "kfence_fault.h"
#include "kfence_report.h"
#include "os.h"
#include "text.h"
#include "lib/random.h"

/* Above this share of the pool, covered sites are passed over (kfence.skip_covered_thresh). */
#define SKIP_COVERED_PERCENT 75u

/* GFP flags that ask for memory of a kind which the pool is not: GFP_ZONEMASK and a node. */
#define GFP_PLACED (__GFP_DMA | __GFP_HIGHMEM | __GFP_DMA32 | __GFP_MOVABLE | __GFP_THISNODE)

#define NS_PER_MS 1000000u

/* In the order of the kernel's file kfence/stats. */
enum counter {
	ALLOCATED,
	ALLOCS,
	FREES,
	ZOMBIES,
	BUGS,
	SKIP_INCOMPAT,
	SKIP_CAPACITY,
	SKIP_COVERED,
	NR_COUNTERS,
};

static size_t counters[NR_COUNTERS];

static struct {
	uint64_t interval_ns;
	int64_t burst;
	uint64_t opens_ns; /* of the coarse clock */
	int64_t tickets;   /* allocations that may still pass */
	uint64_t random;   /* state of the random numbers */
	uint64_t hash_seed;
} gate;

static void count(enum counter c, int by)
{
	__atomic_fetch_add(&counters[c], (size_t)by, __ATOMIC_RELAXED);
}

static size_t counted(enum counter c)
{
	return c == BUGS ? kfence_nr_reports() : __atomic_load_n(&counters[c], __ATOMIC_RELAXED);
}

/* The unwinder may set up tables when it is first used: not inside an allocation. */
static void warm_up(void)
{
	struct kfence_stack stack;

	kfence_stack_save(&stack, __builtin_return_address(0));
}

int kfence_init(const struct kfence_config *config)
{
	int err;

	if (!config->interval_ms)
		return 0;
	memset(counters, 0, sizeof(counters));
	gate.interval_ns = config->interval_ms * NS_PER_MS;
	gate.burst = (int64_t)config->burst;
	gate.opens_ns = 0;
	gate.tickets = 0;
	gate.random = config->seed;
	gate.hash_seed = random_shared(&gate.random);
	warm_up();
	err = kfence_pool_create(config->nr_objects);
	if (err)
		return err;
	err = kfence_covered_create(config->nr_objects);
	if (!err)
		err = kfence_fault_install();
	if (!err)
		return 0;
	kfence_covered_destroy();
	kfence_pool_destroy();
	return err;
}

void kfence_exit(void)
{
	if (!kfence_is_on())
		return;
	kfence_fault_restore();
	kfence_covered_destroy();
	kfence_pool_destroy();
}

/* One thread of those that come after the interval issues the tickets. */
static bool gate_is_open(void)
{
	uint64_t now = os_now_coarse_ns();
	uint64_t opens = __atomic_load_n(&gate.opens_ns, __ATOMIC_RELAXED);

	if (now >= opens &&
	    __atomic_compare_exchange_n(&gate.opens_ns, &opens, now + gate.interval_ns, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		__atomic_store_n(&gate.tickets, gate.burst + 1, __ATOMIC_RELAXED);
	return __atomic_load_n(&gate.tickets, __ATOMIC_RELAXED) > 0;
}

static bool take_ticket(void)
{
	return __atomic_fetch_sub(&gate.tickets, 1, __ATOMIC_RELAXED) > 0;
}

static bool is_compatible(const struct kmem_cache *s, size_t size, gfp_t gfp)
{
	return size && size <= slab_page_bytes() && s->geo.align <= slab_page_bytes() &&
	       !(gfp & GFP_PLACED) &&
	       !(s->flags & (SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_TYPESAFE_BY_RCU));
}

static bool must_save(void)
{
	return counted(ALLOCATED) > kfence_pool_nr() * SKIP_COVERED_PERCENT / 100;
}

/* The pages are open, and the object is nobody else's. */
static void *hand_out(struct kfence_object *o, struct kmem_cache *s, gfp_t gfp)
{
	kfence_canary_fill(o);
	if (init_want_alloc(gfp, s))
		memset(o->start, 0, o->size);
	if (s->ctor) {
		struct gate_pass *me = gate_suspend(GATE_AWAY);

		s->ctor(o->start);
		gate_resume(me);
	}
	__atomic_store_n(&o->state, KFENCE_ALLOCATED, __ATOMIC_RELEASE);
	kfence_covered_add(o->covered_hash);
	count(ALLOCATED, 1);
	count(ALLOCS, 1);
	return o->start;
}

static void *guard(struct kmem_cache *s, size_t size, gfp_t gfp, const struct kfence_track *track)
{
	struct kfence_object *o;
	uint64_t hash = kfence_stack_hash(&track->stack, gate.hash_seed);

	if (must_save() && kfence_covered_has(hash)) {
		count(SKIP_COVERED, 1);
		return NULL;
	}
	o = kfence_pool_get();
	if (!o) {
		count(SKIP_CAPACITY, 1);
		return NULL;
	}
	kfence_pool_place(o, size, s->geo.align, random_shared(&gate.random) & 1);
	__atomic_store_n(&o->cache, s, __ATOMIC_RELAXED);
	o->covered_hash = hash;
	o->allocated = *track;
	return hand_out(o, s, gfp);
}

void *kfence_sample(struct kmem_cache *s, size_t size, gfp_t gfp, const void *caller)
{
	struct kfence_track track;

	if ((s->flags & SLAB_SKIP_KFENCE) || !gate_is_open())
		return NULL;
	if (!is_compatible(s, size, gfp)) {
		count(SKIP_INCOMPAT, 1);
		return NULL;
	}
	if (!take_ticket())
		return NULL;
	kfence_track(&track, caller);
	return guard(s, size, gfp, &track);
}

static void report(enum kfence_error error, const struct kfence_object *o, const void *at,
		   const void *caller)
{
	struct kfence_finding found = { .error = error, .address = (uintptr_t)at, .o = o };

	kfence_stack_save(&found.stack, caller);
	kfence_report(&found);
}

/* Once for each side of the object that is damaged. */
static void check_canary(const struct kfence_object *o, const void *caller)
{
	const char *damaged = kfence_canary_check(o, o->page);

	if (damaged)
		report(KFENCE_CORRUPTION, o, damaged, caller);
	if (!damaged || damaged > o->start)
		return;
	damaged = kfence_canary_check(o, o->start + o->size);
	if (damaged)
		report(KFENCE_CORRUPTION, o, damaged, caller);
}

/* The caller has claimed @o. */
static void retire(struct kfence_object *o, const void *caller)
{
	kfence_track(&o->freed, caller);
	check_canary(o, caller);
	if (init_want_free(o->cache))
		memset(o->start, 0, o->size);
	kfence_covered_remove(o->covered_hash);
	count(ALLOCATED, -1);
}

bool kfence_free(void *p, const void *caller)
{
	struct kfence_object *o;

	if (!is_kfence_address(p))
		return false;
	o = kfence_pool_find((uintptr_t)p);
	if (!o || o->start != p || !kfence_pool_claim(o)) {
		report(KFENCE_INVALID_FREE, o, p, caller);
		return true;
	}
	retire(o, caller);
	count(FREES, 1);
	kfence_pool_put(o);
	return true;
}

static const struct kfence_object *find(const void *p)
{
	const struct kfence_object *o = kfence_pool_find((uintptr_t)p);

	return o && kfence_state(o) == KFENCE_ALLOCATED ? o : NULL;
}

size_t kfence_ksize(const void *p)
{
	const struct kfence_object *o = find(p);

	return o ? o->size : 0;
}

const void *kfence_object_start(const void *p)
{
	const struct kfence_object *o = find(p);

	return o ? o->start : NULL;
}

struct kmem_cache *kfence_cache(const void *p)
{
	const struct kfence_object *o = find(p);

	return o ? (struct kmem_cache *)(uintptr_t)o->cache : NULL;
}

/* The state is read first: an object in use that belongs to @s stays so, since nobody uses @s. */
static void forget_cache(struct kfence_object *o, const struct kmem_cache *s, const void *caller)
{
	bool in_use = kfence_state(o) == KFENCE_ALLOCATED;

	if (__atomic_load_n(&o->cache, __ATOMIC_RELAXED) != s)
		return;
	if (in_use && kfence_pool_claim(o)) {
		retire(o, caller);
		count(ZOMBIES, 1);
		kfence_pool_close(o);
	}
	__atomic_compare_exchange_n(&o->cache, &s, NULL, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void kfence_shutdown_cache(const struct kmem_cache *s)
{
	for (size_t i = 0; kfence_is_on() && i < kfence_pool_nr(); i++)
		forget_cache(kfence_pool_object(i), s, __builtin_return_address(0));
}

size_t kfence_bytes(void)
{
	return kfence_pool_bytes();
}

size_t slab_kfence_stats(char *buf, size_t len)
{
	static const char *const words[NR_COUNTERS] = {
		[ALLOCATED] = "\ncurrently allocated: ",
		[ALLOCS] = "\ntotal allocations: ",
		[FREES] = "\ntotal frees: ",
		[ZOMBIES] = "\nzombie allocations: ",
		[BUGS] = "\ntotal bugs: ",
		[SKIP_INCOMPAT] = "\nskipped allocations (incompatible): ",
		[SKIP_CAPACITY] = "\nskipped allocations (capacity): ",
		[SKIP_COVERED] = "\nskipped allocations (covered): ",
	};
	struct text t;

	text_init(&t, buf, len);
	text_str(&t, kfence_is_on() ? "enabled: 1" : "enabled: 0");
	for (unsigned int i = 0; i < NR_COUNTERS; i++) {
		text_str(&t, words[i]);
		text_u64(&t, counted(i));
	}
	text_str(&t, "\n");
	return t.used;
}
