/* SPDX-License-Identifier: MIT */
/*
 * Who is inside libslab, so that fork() can wait until nobody is: then no lock is held, no list
 * half linked and nothing in anybody's hands, and the child has all that the parent had. Inside is
 * who holds a lock (lock.h) or stands between gate_enter() and gate_leave(), as the slow paths do
 * for as long as they have something in hand that is not counted or listed anywhere. The fast paths
 * of lanes are not inside: the kernel undoes or has finished them.
 *
 * A thread inside has a pass. Its depth counts what it is inside of, its notes are the locks that
 * it has taken or is about to take. Taking a pass is one compare and exchange on a cache line that
 * is usually this thread's, once for the outermost lock or bracket; what is nested costs no atomic.
 *
 * States of a pass:
 *
 *   running    it may change something at any moment
 *   waiting    it sleeps for the last lock of its notes
 *   away       it calls a function of the program, or naps: all is consistent, but things may be
 *              in its hands
 *   parked     it waits for a grace period: all is consistent and nothing is in its hands
 *   forking    it forks in a signal handler that interrupted libslab, and waits for its turn
 *
 * Closing. gate_close() keeps everybody else out and lets those inside come out. It ends when no
 * pass is taken but those that cannot go on: parked; away for longer than 100 ms; waiting for a
 * lock that one of these or the forking thread itself has. From then on these stay where they are.
 * The forking thread passes as if the gate were open.
 *
 * Passing a closed gate. Between libslab's handler and the fork itself the C library takes locks
 * (slab.h). Whoever has one of these and waits at the gate would wait for ever; so after 100 ms
 * those who wait pass, one at a time, with a pause of 1 ms after each that lets the forking thread
 * go on if it was that one, and not while the kernel copies the address space. Likewise
 * gate_close() gives up after GATE_PATIENCE_MS.
 *
 * The child. What others held is released. gate_nr_lost() tells how many others were inside other
 * than parked; 0 is the rule, and mend.h is for the rest.
 *
 * Any thread, also in a signal handler: gate_try_enter() never waits, the others may. errno is
 * kept.
 */
#ifndef SLAB_GATE_H
#define SLAB_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lock;

enum gate_state { GATE_RUNNING, GATE_WAITING, GATE_AWAY, GATE_PARKED, GATE_FORKING };

/* The order of types.h has 26 locks, and none is taken twice. */
#define GATE_MAX_HELD 27u

#define GATE_PATIENCE_MS 5000u

struct gate_pass {
	const void *owner; /* the thread, by the address of its gate_mine; NULL: nobody's */
	uint32_t depth;
	uint32_t state;
	uint32_t nr_held;
	uint32_t passing; /* the gate was closed when it was taken */
	struct lock *held[GATE_MAX_HELD];
} __attribute__((aligned(64)));

/* This thread's pass; NULL: it is outside, or suspended. */
extern __thread struct gate_pass *gate_mine __attribute__((tls_model("initial-exec")));

struct gate_pass *gate_enter_first(void);
struct gate_pass *gate_try_enter_first(void);
void gate_leave_last(struct gate_pass *me);
void gate_forget_inner(struct gate_pass *me, const struct lock *l);

/* Go inside, or deeper. gate_try_enter() returns NULL if it would have to wait. */
static inline struct gate_pass *gate_enter(void)
{
	struct gate_pass *me = gate_mine;

	if (!me)
		return gate_enter_first();
	me->depth++;
	return me;
}

static inline struct gate_pass *gate_try_enter(void)
{
	return gate_mine ? gate_enter() : gate_try_enter_first();
}

static inline void gate_leave(void)
{
	struct gate_pass *me = gate_mine;

	if (me->depth > 1)
		me->depth--;
	else
		gate_leave_last(me);
}

/* The place is counted before it is filled: a handler in between uses the one above. */
static inline void gate_note(struct gate_pass *me, struct lock *l)
{
	uint32_t i = me->nr_held;

	__atomic_store_n(&me->nr_held, i + 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (i < GATE_MAX_HELD)
		__atomic_store_n(&me->held[i], l, __ATOMIC_RELAXED);
}

static inline void gate_forget(struct gate_pass *me, const struct lock *l)
{
	uint32_t i = me->nr_held - 1;

	if (i >= GATE_MAX_HELD || me->held[i] != l) {
		gate_forget_inner(me, l);
		return;
	}
	__atomic_store_n(&me->held[i], NULL, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&me->nr_held, i, __ATOMIC_RELAXED);
}

/*
 * Around what waits for others or calls the program: this thread keeps its locks and changes
 * nothing until gate_resume(), which gets what gate_suspend() returned (NULL: it was outside). In
 * between it may go inside anew.
 */
struct gate_pass *gate_suspend(enum gate_state why);
void gate_resume(struct gate_pass *me);

/* Is this thread inside, suspended or not? */
bool gate_is_inside(void);

/* Has this thread @l, or is it about to take it? */
bool gate_holds(const struct lock *l);

/*
 * For fork.c and mend.c, in this order, all signals blocked. gate_begin() waits until no other
 * thread forks. gate_close() is false, and the gate open, if a thread that forks in a signal
 * handler has to come first: then gate_give_way() and again.
 */
void gate_begin(void);
bool gate_close(void);
void gate_give_way(void);
void gate_open(void);
void gate_end(void);

/* In the child, before gate_open(): release what the others held. */
void gate_forget_others(void);
size_t gate_nr_lost(void);

/* How often somebody passed the closed gate, in this process and its parents. */
size_t gate_nr_passed(void);

/* In the child: call @fn once, as soon as this thread is outside; at once if it is. */
void gate_when_outside(void (*fn)(void));

#endif
