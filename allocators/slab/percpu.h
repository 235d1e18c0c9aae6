/* SPDX-License-Identifier: MIT */
/*
 * Lanes: where each CPU keeps the sheaves of each cache, and the three things that can be done with
 * a lane: pop, push, take. Two engines, chosen at boot. With restartable sequences (rseq.h) a lane
 * belongs to a CPU, so that cached memory does not grow with threads. Where the system has none
 * (before Linux 5.10, some sandboxes, valgrind, ThreadSanitizer) a lane belongs to a thread; a
 * flush then does not reach what other threads have in their main sheaves. With the option
 * single_thread such a process works as if it had one CPU, whose lanes belong to the thread that
 * booted: its sequences are never interrupted by a thread that would see them. Threads that come
 * all the same find no lane and work on slabs, and flush these as those of another thread.
 *
 * Threads: pop, push and take by any; the rest as said.
 */
#ifndef SLAB_PERCPU_H
#define SLAB_PERCPU_H

#include "rseq.h"
#include "types.h"

#define PERCPU_SLOT_BYTES 64u
#define PERCPU_AREA_BYTES ((size_t)1 << RSEQ_AREA_SHIFT)

/* This thread's area where lanes belong to threads or to one; NULL: none, or lanes of CPUs. */
extern __thread char *percpu_base __attribute__((tls_model("initial-exec")));

void *percpu_pop_thread(size_t slot);
bool percpu_push_thread(size_t slot, void *object);

/*
 * The object freed last, or NULL if nothing is at hand. @slot 0 is a lane that stays empty. Not
 * before boot: nobody knows then where the thread's struct rseq is.
 */
static inline void *percpu_pop(size_t slot)
{
#if RSEQ_POSSIBLE
	return rseq_pop(slot);
#else
	return percpu_pop_thread(slot);
#endif
}

/* False if there is no lane or no room. */
static inline bool percpu_push(size_t slot, void *object)
{
#if RSEQ_POSSIBLE
	return rseq_push(slot, object);
#else
	return percpu_push_thread(slot, object);
#endif
}

/* As above, also where lanes belong to threads: the fast paths leave those to the slow ones. */
static inline void *percpu_pop_slow(size_t slot)
{
	return slab_rseq.nr_cpus ? percpu_pop(slot) : percpu_pop_thread(slot);
}

static inline bool percpu_push_slow(size_t slot, void *object)
{
	return slab_rseq.nr_cpus ? percpu_push(slot, object) : percpu_push_thread(slot, object);
}

/*
 * This CPU's (thread's) lane with @slot > 0, its main sheaf taken out: the caller owns @main, which
 * may be NULL. NULL if this thread has no lanes: then it works on slabs.
 */
struct lane *percpu_take(size_t slot, struct slab_sheaf **main);

/* The lane without taking anything; its thread may be elsewhere at once. For exchanges only. */
struct lane *percpu_lane(size_t slot);

/* "per-CPU sheaves (rseq)", "per-thread sheaves" or "one thread's sheaves (rseq)" */
const char *percpu_engine(void);

/* CPUs that have an area, or 0 where lanes belong to threads. */
static inline unsigned int percpu_nr_cpus(void)
{
	return slab_rseq.nr_cpus;
}

/*
 * At boot, alone. percpu_init() is 0 or -errno; percpu_exit() undoes it. percpu_init_alone() is for
 * the option single_thread, and only where RSEQ_POSSIBLE: where the system has what sequences need
 * it does the same as percpu_init().
 */
int percpu_init(void);
int percpu_init_alone(void);
void percpu_exit(void);

/* What to do with a thread's lanes when it ends (percpu_lock is held); at boot. */
void percpu_on_thread_end(void (*empty)(struct kmem_cache *s, struct lane *lane));

/* Give @s a slot (0 if slots have run out: it then works without sheaves). Takes percpu_lock. */
void percpu_attach(struct kmem_cache *s);

/* Take the slot back; its lanes are empty and no slab of @s is left. */
void percpu_detach(struct kmem_cache *s);

/* Show every lane of @s to @visit, under percpu_lock. */
void percpu_visit(struct kmem_cache *s,
		  void (*visit)(struct kmem_cache *s, struct lane *lane, void *ctx), void *ctx);

/*
 * As percpu_visit(), but with the main sheaf of each lane taken out first and owned by @visit.
 * Where lanes belong to threads the main sheaves of other threads stay, unless percpu_drain(), or
 * unless the thread was left behind by fork().
 */
void percpu_visit_taken(struct kmem_cache *s, void (*visit)(struct kmem_cache *s, struct lane *lane,
							    struct slab_sheaf *main));

/* As percpu_visit_taken() of all lanes; the caller guarantees that nobody uses the cache. */
void percpu_drain(struct kmem_cache *s,
		  void (*visit)(struct kmem_cache *s, struct lane *lane, struct slab_sheaf *main));

/* As percpu_visit(), with the CPU, or whose thread's lane it is: OWN is nobody's, too. */
#define PERCPU_OWN   (-1)
#define PERCPU_OTHER (-2)
void percpu_visit_cpus(struct kmem_cache *s,
		       void (*visit)(struct kmem_cache *s, struct lane *lane, int cpu, void *ctx),
		       void *ctx);

/* In a forked child: other threads' lanes are nobody's, and whoever comes may have them. */
void percpu_fork_child(void);

/* Bytes of areas that may have been touched: an upper bound. */
size_t percpu_bytes(void);

#endif
