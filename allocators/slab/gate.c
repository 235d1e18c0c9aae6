// SPDX-License-Identifier: MIT
/*
 * Passes, and closing the gate on them. A thread stores "inside" and then looks whether the gate is
 * closed; who closes stores that and then looks who is inside; all four in one order (SEQ_CST), so
 * one of them sees the other. See gate.h.
 */
#include "gate.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/mman.h>
#include <time.h>

#include "os.h"
#include "lib/bits.h"
#include "lib/lock.h"

#define NR_PASSES  64u
#define AWAY_NS	   100000000ull /* so long a function of the program is waited for */
#define PASS_NS	   100000000ull /* so long a gate stays closed before anybody passes */
#define PAUSE_NS   1000000ull	/* after each that passed; between two looks of who may */
#define NAP_NS	   100000	/* between two looks */
#define NR_QUICK   50u		/* looks before the first nap */
#define NS_PER_MS  1000000ull
#define NS_PER_SEC 1000000000ull

/* closing: nobody enters, who is inside goes on; shut: who is suspended stays so, too. */
enum shut { OPEN, CLOSING, SHUT };

/* Passes of which there are always enough: another chunk is made when all are taken. */
struct chunk {
	struct gate_pass passes[NR_PASSES];
	struct chunk *next;
};

__thread struct gate_pass *gate_mine __attribute__((tls_model("initial-exec")));
static __thread struct gate_pass *last_used __attribute__((tls_model("initial-exec")));

static SPARSE struct chunk first_chunk;

static struct gate {
	uint32_t shut;		       /* enum shut; threads sleep on it */
	uint32_t passing;	       /* 1: somebody passes the closed gate */
	uint64_t next_pass_ns;	       /* nobody else before */
	const void *forker;	       /* whose turn it is, once the gate is closed */
	struct lock turn;	       /* one fork at a time */
	bool urgent;		       /* it is inside, so it cannot give way */
	uint32_t nr_urgent;	       /* threads inside that want to fork */
	struct gate_pass *interrupted; /* of a thread that waits for its turn, its own */
	size_t nr_passed;
	size_t nr_lost;
	void (*when_outside)(void);
	const void *child; /* the thread that has to be */
} gate __attribute__((aligned(64)));

static const void *self(void)
{
	return &gate_mine;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

static bool try_claim(struct gate_pass *p)
{
	const void *none = NULL;

	return !__atomic_load_n(&p->owner, __ATOMIC_RELAXED) &&
	       __atomic_compare_exchange_n(&p->owner, &none, self(), false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static struct chunk *next_chunk(const struct chunk *c)
{
	return __atomic_load_n(&c->next, __ATOMIC_ACQUIRE);
}

/* Where a thread looks first: apart from others, by the address of its variables. */
static unsigned int first_guess(void)
{
	return hash_64((uintptr_t)self(), bits_ilog2(NR_PASSES));
}

static struct gate_pass *claim_in(struct chunk *c)
{
	unsigned int guess = first_guess();

	for (unsigned int i = 0; i < NR_PASSES; i++) {
		struct gate_pass *p = &c->passes[(guess + i) % NR_PASSES];

		if (try_claim(p))
			return p;
	}
	return NULL;
}

/* Without memory somebody has to leave first. */
static void add_chunk(void)
{
	int saved = errno;
	struct chunk *new = os_map(sizeof(*new)), *none = NULL, *last = &first_chunk;

	while (next_chunk(last))
		last = next_chunk(last);
	if (!new)
		sched_yield();
	else if (!__atomic_compare_exchange_n(&last->next, &none, new, false, __ATOMIC_RELEASE,
					      __ATOMIC_RELAXED))
		os_unmap(new, sizeof(*new));
	errno = saved;
}

static __attribute__((noinline)) struct gate_pass *claim_other(void)
{
	struct gate_pass *p = NULL;

	for (struct chunk *c = &first_chunk; c && !p; c = next_chunk(c))
		p = claim_in(c);
	last_used = p;
	return p;
}

static struct gate_pass *claim_free(void)
{
	struct gate_pass *p = last_used;

	return likely(p && try_claim(p)) ? p : claim_other();
}

static __attribute__((noinline)) struct gate_pass *claim_new(void)
{
	struct gate_pass *p;

	do {
		add_chunk();
		p = claim_free();
	} while (!p);
	return p;
}

static struct gate_pass *claim(void)
{
	struct gate_pass *p = claim_free();

	return likely(p) ? p : claim_new();
}

static void give_back(struct gate_pass *p)
{
	__atomic_store_n(&p->owner, NULL, __ATOMIC_RELEASE);
}

static uint32_t how_shut(void)
{
	return __atomic_load_n(&gate.shut, __ATOMIC_SEQ_CST);
}

static bool is_forker(void)
{
	return __atomic_load_n(&gate.forker, __ATOMIC_RELAXED) == self();
}

static void sleep_while(uint32_t shut)
{
	struct timespec t = { .tv_nsec = PAUSE_NS };

	syscall(SYS_futex, &gate.shut, FUTEX_WAIT_PRIVATE, shut, &t, NULL, 0);
}

/* The kernel holds the lock of the address space while it copies it; so does this for a moment. */
static void wait_for_copying(void)
{
	void *p = mmap(NULL, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p != MAP_FAILED)
		munmap(p, 1);
}

static bool is_passers_turn(void)
{
	return now_ns() >= __atomic_load_n(&gate.next_pass_ns, __ATOMIC_RELAXED);
}

static void end_passing(void)
{
	__atomic_store_n(&gate.next_pass_ns, now_ns() + PAUSE_NS, __ATOMIC_RELAXED);
	__atomic_store_n(&gate.passing, 0, __ATOMIC_RELEASE);
}

/* May this thread pass? If so, end_passing() follows. */
static bool begin_passing(void)
{
	if (!is_passers_turn() || __atomic_exchange_n(&gate.passing, 1, __ATOMIC_ACQUIRE))
		return false;
	wait_for_copying();
	if (how_shut() == OPEN) {
		end_passing();
		return false;
	}
	__atomic_fetch_add(&gate.nr_passed, 1, __ATOMIC_RELAXED);
	return true;
}

/* Until the gate is open, or this thread may pass it as it is: that is the answer. */
static bool wait_outside(void)
{
	bool passes = false;
	int saved = errno;
	uint32_t shut;

	while ((shut = how_shut()) != OPEN && !passes) {
		sleep_while(shut);
		passes = begin_passing();
	}
	errno = saved;
	return passes;
}

/* A handler that finds gate_mine set finds the depth set, too. */
static struct gate_pass *begin(struct gate_pass *me, bool passing)
{
	me->passing = passing;
	me->depth = 1;
	__atomic_store_n(&me->state, GATE_RUNNING, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	gate_mine = me;
	return me;
}

/* @me is claimed, but the gate was closed. */
static __attribute__((noinline)) struct gate_pass *enter_closed(struct gate_pass *me)
{
	bool passes = false;

	while (how_shut() != OPEN && !passes && !is_forker()) {
		give_back(me);
		passes = wait_outside();
		me = claim();
	}
	return begin(me, passes);
}

struct gate_pass *gate_enter_first(void)
{
	struct gate_pass *me = claim();

	return likely(how_shut() == OPEN) ? begin(me, false) : enter_closed(me);
}

struct gate_pass *gate_try_enter_first(void)
{
	struct gate_pass *me = claim_free();

	if (!me)
		return NULL;
	if (likely(how_shut() == OPEN) || is_forker())
		return begin(me, false);
	give_back(me);
	return NULL;
}

static __attribute__((noinline)) void do_when_outside(void)
{
	void (*fn)(void) = gate.when_outside;

	if (gate.child == self())
		gate_when_outside(fn);
}

/* gate_mine first, so that a handler that comes later takes a pass of its own. */
void gate_leave_last(struct gate_pass *me)
{
	uint32_t passing = me->passing;

	gate_mine = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	me->depth = 0;
	give_back(me);
	if (unlikely(passing))
		end_passing();
	if (unlikely(gate.when_outside))
		do_when_outside();
}

void gate_forget_inner(struct gate_pass *me, const struct lock *l)
{
	uint32_t end = me->nr_held < GATE_MAX_HELD ? me->nr_held : GATE_MAX_HELD, i = end;

	while (i && me->held[i - 1] != l)
		i--;
	for (; i && i < end; i++)
		__atomic_store_n(&me->held[i - 1], me->held[i], __ATOMIC_RELAXED);
	if (i)
		__atomic_store_n(&me->held[end - 1], NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&me->nr_held, me->nr_held - 1, __ATOMIC_RELAXED);
}

/* A thread that passes and then waits lets the next one pass. */
struct gate_pass *gate_suspend(enum gate_state why)
{
	struct gate_pass *me = gate_mine;

	if (!me)
		return NULL;
	gate_mine = NULL;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&me->state, why, __ATOMIC_RELEASE);
	if (unlikely(me->passing)) {
		me->passing = false;
		end_passing();
	}
	return me;
}

static const struct lock *awaited(const struct gate_pass *p)
{
	uint32_t nr = __atomic_load_n(&p->nr_held, __ATOMIC_RELAXED);

	return nr && nr <= GATE_MAX_HELD ? __atomic_load_n(&p->held[nr - 1], __ATOMIC_RELAXED)
					 : NULL;
}

/* False while it waits for a lock that somebody has. */
static bool could_go_on(const struct gate_pass *p, uint32_t state)
{
	const struct lock *l = state == GATE_WAITING ? awaited(p) : NULL;

	return !l || __atomic_load_n(&l->state, __ATOMIC_RELAXED) == LOCK_FREE;
}

/* The gate is shut: until it is not, or this thread may go on as it is. */
static __attribute__((noinline)) void wait_suspended(struct gate_pass *me, uint32_t why)
{
	int saved = errno;

	do {
		__atomic_store_n(&me->state, why, __ATOMIC_RELEASE);
		while (how_shut() == SHUT && !me->passing) {
			sleep_while(SHUT);
			me->passing = could_go_on(me, why) && begin_passing();
		}
		__atomic_store_n(&me->state, GATE_RUNNING, __ATOMIC_SEQ_CST);
	} while (how_shut() == SHUT && !me->passing);
	errno = saved;
}

void gate_resume(struct gate_pass *me)
{
	uint32_t why;

	if (!me)
		return;
	why = me->state;
	__atomic_store_n(&me->state, GATE_RUNNING, __ATOMIC_SEQ_CST);
	if (unlikely(how_shut() == SHUT) && !is_forker())
		wait_suspended(me, why);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	gate_mine = me;
}

#define for_each_pass(p)                                                                           \
	for (struct chunk *c_ = &first_chunk; c_; c_ = next_chunk(c_))                             \
		for (struct gate_pass *p = c_->passes; p < c_->passes + NR_PASSES; p++)

static const void *owner_of(const struct gate_pass *p)
{
	return __atomic_load_n(&p->owner, __ATOMIC_SEQ_CST);
}

static bool is_anothers(const struct gate_pass *p)
{
	const void *owner = owner_of(p);

	return owner && owner != self();
}

bool gate_is_inside(void)
{
	for_each_pass (p)
		if (owner_of(p) == self() && p->depth)
			return true;
	return false;
}

static bool notes(const struct gate_pass *p, const struct lock *l)
{
	for (uint32_t i = 0; i < GATE_MAX_HELD && i < p->nr_held; i++)
		if (p->held[i] == l)
			return true;
	return false;
}

bool gate_holds(const struct lock *l)
{
	for_each_pass (p)
		if (owner_of(p) == self() && notes(p, l))
			return true;
	return false;
}

/* Will @p change nothing as long as the gate is shut? @patient: functions of the program end. */
static bool is_still(const struct gate_pass *p, bool patient)
{
	uint32_t state = __atomic_load_n(&p->state, __ATOMIC_SEQ_CST);

	if (state == GATE_FORKING)
		return gate.urgent;
	return state != GATE_RUNNING && !(patient && state == GATE_AWAY);
}

static bool all_still(bool patient)
{
	for_each_pass (p)
		if (is_anothers(p) && !is_still(p, patient))
			return false;
	return true;
}

static bool is_stuck(const struct gate_pass *p)
{
	uint32_t state = __atomic_load_n(&p->state, __ATOMIC_RELAXED);

	return state != GATE_WAITING || !could_go_on(p, state);
}

/* Once the gate is shut: does everybody who waits do so for a lock that somebody has? */
static bool all_stuck(void)
{
	for_each_pass (p)
		if (is_anothers(p) && !is_stuck(p))
			return false;
	return true;
}

/*
 * A lock that is given back wakes one of those who wait for it. If that one is in the signal
 * handler that forks, the others sleep before a free lock.
 */
static void wake_waiting(void)
{
	for_each_pass (p) {
		uint32_t state = __atomic_load_n(&p->state, __ATOMIC_RELAXED);
		const struct lock *l = state == GATE_WAITING ? awaited(p) : NULL;

		if (l && is_anothers(p) && could_go_on(p, state))
			plain_wake((struct lock *)(uintptr_t)l);
	}
}

static void wake_all(void)
{
	syscall(SYS_futex, &gate.shut, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void set_shut(uint32_t shut)
{
	__atomic_store_n(&gate.shut, shut, __ATOMIC_SEQ_CST);
}

/* Nobody can go on, whatever they wait for; and then nobody does. */
static bool try_shut(bool patient)
{
	if (!all_still(patient))
		return false;
	set_shut(SHUT);
	if (all_still(patient) && all_stuck())
		return true;
	set_shut(CLOSING);
	wake_all();
	return false;
}

static void nap(unsigned int nr)
{
	struct timespec t = { .tv_nsec = NAP_NS };

	if (nr < NR_QUICK)
		sched_yield();
	else
		nanosleep(&t, NULL);
}

static uint32_t nr_urgent(void)
{
	return __atomic_load_n(&gate.nr_urgent, __ATOMIC_SEQ_CST);
}

void gate_begin(void)
{
	uint32_t inside = gate_is_inside();
	struct gate_pass *me = gate_suspend(GATE_FORKING);

	__atomic_fetch_add(&gate.nr_urgent, inside, __ATOMIC_SEQ_CST);
	plain_acquire(&gate.turn);
	__atomic_fetch_sub(&gate.nr_urgent, inside, __ATOMIC_SEQ_CST);
	gate.urgent = inside;
	gate.interrupted = me;
	__atomic_store_n(&gate.forker, self(), __ATOMIC_RELAXED);
}

bool gate_close(void)
{
	uint64_t since = now_ns(), waited = 0;

	gate.nr_lost = 0;
	__atomic_store_n(&gate.next_pass_ns, since + PASS_NS, __ATOMIC_RELAXED);
	set_shut(CLOSING);
	for (unsigned int nr = 0; waited < GATE_PATIENCE_MS * NS_PER_MS; nr++) {
		if (try_shut(waited < AWAY_NS))
			return true;
		if (nr_urgent() && !gate.urgent) {
			gate_open();
			return false;
		}
		wake_waiting();
		nap(nr);
		waited = now_ns() - since;
	}
	set_shut(SHUT);
	return true;
}

void gate_open(void)
{
	set_shut(OPEN);
	wake_all();
}

void gate_end(void)
{
	__atomic_store_n(&gate.forker, NULL, __ATOMIC_RELAXED);
	gate_resume(gate.interrupted);
	plain_release(&gate.turn);
}

void gate_give_way(void)
{
	gate_end();
	for (unsigned int nr = 0; nr_urgent(); nr++)
		nap(nr);
	gate_begin();
}

/* Of a pass that may be anywhere, the last lock may be one that this thread has. */
static bool is_taken(const struct gate_pass *p, uint32_t i)
{
	if (i + 1 < p->nr_held)
		return true;
	return p->state != GATE_WAITING && !gate_holds(p->held[i]);
}

static void release_locks(struct gate_pass *p)
{
	for (uint32_t i = 0; i < GATE_MAX_HELD && i < p->nr_held; i++)
		if (p->held[i] && is_taken(p, i))
			__atomic_store_n(&p->held[i]->state, LOCK_FREE, __ATOMIC_RELAXED);
}

static void forget(struct gate_pass *p)
{
	gate.nr_lost += p->state != GATE_PARKED;
	release_locks(p);
	*p = (struct gate_pass){ .owner = NULL };
}

void gate_forget_others(void)
{
	for_each_pass (p)
		if (is_anothers(p))
			forget(p);
	gate.passing = 0;
	gate.next_pass_ns = 0;
	gate.nr_urgent = 0;
}

size_t gate_nr_passed(void)
{
	return __atomic_load_n(&gate.nr_passed, __ATOMIC_RELAXED);
}

size_t gate_nr_lost(void)
{
	return gate.nr_lost;
}

void gate_when_outside(void (*fn)(void))
{
	bool inside = gate_is_inside();

	gate.child = self();
	__atomic_store_n(&gate.when_outside, inside ? fn : NULL, __ATOMIC_RELAXED);
	if (!inside)
		fn();
}
