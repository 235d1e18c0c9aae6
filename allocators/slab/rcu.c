// SPDX-License-Identifier: MIT
/*
 * Callbacks in one queue, first in first out. A round takes the whole queue, waits for a grace
 * period and runs what it took. Rounds are serialised by rcu.round, which is held across the wait;
 * rcu.lock guards the queue. Whoever waits performs rounds itself, so progress needs no thread.
 * See rcu.h.
 */
#include "rcu.h"

#include <urcu/urcu-bp.h>
#include <urcu/static/urcu-bp.h>

#include "lock.h"
#include "report.h"
#include "worker.h"
#include "lib/bits.h"
#include "lib/sanitizers.h"

char rcu_tsan_readers;

#if UNDER_TSAN
void __tsan_acquire(void *addr);
#else
static inline void __tsan_acquire(void *addr)
{
	(void)addr;
}
#endif

_Static_assert(sizeof(struct rcu_head) == RCU_HEAD_BYTES, "liburcu's rcu_head is the kernel's");

struct callback {
	struct callback *next;
	void (*done)(void *head);
};
_Static_assert(sizeof(struct callback) == RCU_HEAD_BYTES, "a callback fits an rcu_head");

static struct rcu {
	struct lock round;
	struct lock lock;
	struct callback *pending, **tail;
	struct callback *waiting; /* of the round under way; owned by rcu.round and the door */
	uint64_t nr_called, nr_ran;
	uint64_t seq; /* odd while a round waits for a grace period */
	bool watched; /* liburcu has to be told of forks */
	bool forking; /* and was, of the one under way */
} rcu = { .tail = &rcu.pending };

/* Rounds alone call this, under rcu.round. */
static void wait_for_readers(void)
{
	struct gate_pass *me;

	__atomic_fetch_add(&rcu.seq, 1, __ATOMIC_SEQ_CST);
	me = gate_suspend(GATE_PARKED);
	urcu_bp_synchronize_rcu();
	gate_resume(me);
	__tsan_acquire(&rcu_tsan_readers);
	__atomic_fetch_add(&rcu.seq, 1, __ATOMIC_SEQ_CST);
}

/* In a child: what an unfinished round had taken goes back before what came later. */
static void requeue_waiting(void)
{
	struct callback **end = &rcu.waiting;

	while (*end)
		end = &(*end)->next;
	if (end == &rcu.waiting)
		return;
	*end = rcu.pending;
	if (!rcu.pending)
		rcu.tail = end;
	rcu.pending = rcu.waiting;
}

/* With an empty queue all that was called has run, or was lost in a fork. */
static bool take_pending(void)
{
	worker_enter();
	lock_acquire(&rcu.lock);
	requeue_waiting();
	if (!rcu.pending)
		__atomic_store_n(&rcu.nr_ran, rcu.nr_called, __ATOMIC_RELEASE);
	rcu.waiting = rcu.pending;
	rcu.pending = NULL;
	rcu.tail = &rcu.pending;
	lock_release(&rcu.lock);
	worker_leave();
	return rcu.waiting;
}

static void run_waiting(void)
{
	worker_enter();
	while (rcu.waiting) {
		struct callback *cb = rcu.waiting;

		rcu.waiting = cb->next;
		cb->done(cb);
		__atomic_fetch_add(&rcu.nr_ran, 1, __ATOMIC_RELEASE);
	}
	worker_leave();
}

static void perform_round(void)
{
	if (!take_pending())
		return;
	wait_for_readers();
	run_waiting();
}

static void round_fn(struct work *w)
{
	(void)w;
	lock_acquire(&rcu.round);
	perform_round();
	lock_release(&rcu.round);
}

static struct work round_work = { .fn = round_fn };

/* The question alone would make a reader of every thread that asks. */
static bool in_reader(void)
{
	return URCU_TLS(urcu_bp_reader) && urcu_bp_read_ongoing();
}

void rcu_forbid_readers(const char *caller)
{
	if (unlikely(in_reader()))
		report_mistake(caller, " was called inside rcu_read_lock() and would wait for "
				       "itself; call rcu_read_unlock() first");
}

/*
 * The door first: a callback may be its thread's first reader, and liburcu takes none in once it
 * has been told. It also waits for a grace period under way, so what readers may need comes last.
 */
void rcu_fork_prepare(void)
{
	rcu.forking = __atomic_load_n(&rcu.watched, __ATOMIC_ACQUIRE);
	if (!rcu.forking)
		return;
	rcu_forbid_readers("fork()");
	worker_fork_prepare();
	urcu_bp_before_fork();
}

void rcu_fork_parent(void)
{
	if (!rcu.forking)
		return;
	urcu_bp_after_fork_parent();
	worker_fork_parent();
}

/* The threads of the other rounds are gone, and so is the grace period they were in. */
void rcu_fork_child(void)
{
	if (!gate_holds(&rcu.round))
		rcu.seq &= ~1ull;
	if (!rcu.forking)
		return;
	urcu_bp_after_fork_child();
	worker_fork_child();
}

void rcu_watch_forks(void)
{
	if (!__atomic_load_n(&rcu.watched, __ATOMIC_RELAXED))
		__atomic_store_n(&rcu.watched, true, __ATOMIC_RELEASE);
}

void rcu_call(void *head, void (*done)(void *head))
{
	struct callback *cb = head;

	rcu_watch_forks();
	cb->next = NULL;
	cb->done = done;
	lock_acquire(&rcu.lock);
	*rcu.tail = cb;
	rcu.tail = &cb->next;
	__atomic_store_n(&rcu.nr_called, rcu.nr_called + 1, __ATOMIC_RELEASE);
	lock_release(&rcu.lock);
	worker_queue(&round_work, 0);
}

static bool have_run(uint64_t nr)
{
	return __atomic_load_n(&rcu.nr_ran, __ATOMIC_ACQUIRE) >= nr;
}

void rcu_barrier_all(const char *caller)
{
	uint64_t nr = __atomic_load_n(&rcu.nr_called, __ATOMIC_ACQUIRE);

	if (have_run(nr))
		return;
	rcu_forbid_readers(caller);
	while (!have_run(nr)) {
		lock_acquire(&rcu.round);
		if (!have_run(nr))
			perform_round();
		lock_release(&rcu.round);
	}
}

void rcu_quiesce(void)
{
	urcu_bp_synchronize_rcu();
	__tsan_acquire(&rcu_tsan_readers);
}

/* A read-modify-write, so that a round whose start it does not see starts after it. */
uint64_t rcu_snapshot(void)
{
	return (__atomic_fetch_add(&rcu.seq, 0, __ATOMIC_SEQ_CST) + 3) & ~1ull;
}

bool rcu_elapsed(uint64_t snapshot)
{
	return (int64_t)(__atomic_load_n(&rcu.seq, __ATOMIC_ACQUIRE) - snapshot) >= 0;
}

size_t rcu_nr_waiting(void)
{
	uint64_t ran = __atomic_load_n(&rcu.nr_ran, __ATOMIC_ACQUIRE);

	return (size_t)(__atomic_load_n(&rcu.nr_called, __ATOMIC_RELAXED) - ran);
}

static bool has(const struct callback *cb, const void *head)
{
	while (cb && cb != head)
		cb = cb->next;
	return cb;
}

bool rcu_is_called(const void *head)
{
	return has(rcu.pending, head) || has(rcu.waiting, head);
}
