// SPDX-License-Identifier: MIT
/*
 * The queue of works and the thread that runs them. worker.lock guards the queue, which is short
 * (two works a CPU and one more at most) and therefore not sorted. The thread sleeps on a word that
 * counts news. See worker.h.
 */
#include "worker.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "lock.h"
#include "lib/bits.h"

#define NEVER	   UINT64_MAX
#define NS_PER_SEC 1000000000ull
#define NAP_NS	   1000000
#define NR_NAPS	   1000u

static struct worker {
	struct lock lock;
	struct work *works;
	uint32_t news;	  /* counts what the thread has to look at */
	uint32_t running; /* 1: there is a thread, or one is being made */
	struct lock door; /* worker_enter() */
	bool forking;	  /* the forking thread has the door */
} worker;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_SEC + (uint64_t)t.tv_nsec;
}

/* A work that is due, off the queue; else NULL and @next_ns is when one will be. */
static struct work *take_due(uint64_t now, uint64_t *next_ns)
{
	*next_ns = NEVER;
	for (struct work **at = &worker.works; *at; at = &(*at)->next) {
		struct work *w = *at;

		if (w->due_ns <= now) {
			*at = w->next;
			w->queued = false;
			return w;
		}
		if (w->due_ns < *next_ns)
			*next_ns = w->due_ns;
	}
	return NULL;
}

/* Until there are news since @seen, or so long. */
static void wait(uint32_t seen, uint64_t ns)
{
	struct timespec t = { (time_t)(ns / NS_PER_SEC), (long)(ns % NS_PER_SEC) };

	syscall(SYS_futex, &worker.news, FUTEX_WAIT_PRIVATE, seen, &t, NULL, 0);
}

/* Nothing to do for long: may the thread end? Who queues a work after this sees that there is none.
 */
static bool retire(uint32_t seen)
{
	bool done;

	lock_acquire(&worker.lock);
	done = !worker.works && seen == __atomic_load_n(&worker.news, __ATOMIC_ACQUIRE);
	if (done)
		__atomic_store_n(&worker.running, 0, __ATOMIC_RELEASE);
	lock_release(&worker.lock);
	return done;
}

static void *run(void *arg)
{
	pthread_setname_np(pthread_self(), "slab-worker");
	for (;;) {
		uint32_t seen = __atomic_load_n(&worker.news, __ATOMIC_ACQUIRE);
		uint64_t now = now_ns(), next;
		struct work *w;

		lock_acquire(&worker.lock);
		w = take_due(now, &next);
		lock_release(&worker.lock);
		if (w) {
			w->fn(w);
			continue;
		}
		wait(seen, next == NEVER ? WORKER_LINGER_NS : next - now);
		if (next == NEVER && retire(seen))
			return arg;
	}
}

/* The new thread inherits the mask, so no signal of the program ever runs on it. */
static int create_thread(void)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = fault_hit(FAULT_SYSCALL) ? EAGAIN : pthread_create(&thread, &attr, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return err;
}

static void start(void)
{
	if (__atomic_exchange_n(&worker.running, 1, __ATOMIC_ACQ_REL))
		return;
	if (create_thread())
		__atomic_store_n(&worker.running, 0, __ATOMIC_RELEASE);
}

void worker_poke(void)
{
	if (unlikely(!__atomic_load_n(&worker.running, __ATOMIC_RELAXED)))
		start();
}

static void tell(void)
{
	__atomic_fetch_add(&worker.news, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &worker.news, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* True if the thread has to wake up earlier than it would without @w. */
static bool enqueue(struct work *w, uint64_t due)
{
	if (w->queued && w->due_ns <= due)
		return false;
	w->due_ns = due;
	if (!w->queued) {
		w->queued = true;
		w->next = worker.works;
		worker.works = w;
	}
	return true;
}

void worker_queue(struct work *w, uint64_t delay_ns)
{
	uint64_t due = now_ns() + delay_ns;
	bool news;

	lock_acquire(&worker.lock);
	news = enqueue(w, due);
	lock_release(&worker.lock);
	worker_poke();
	if (news)
		tell();
}

void worker_enter(void)
{
	lock_acquire(&worker.door);
}

void worker_leave(void)
{
	lock_release(&worker.door);
}

void worker_settle(void)
{
	worker_enter();
	worker_leave();
}

/* Who waits inside of libslab for what a handler interrupted cannot leave the door to it. */
static bool enter_soon(void)
{
	struct timespec nap = { .tv_nsec = NAP_NS };

	for (unsigned int i = 0; i < NR_NAPS; i++) {
		if (lock_try(&worker.door))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

void worker_fork_prepare(void)
{
	worker.forking = !gate_holds(&worker.door);
	if (!worker.forking)
		return;
	if (gate_is_inside())
		worker.forking = enter_soon();
	else
		worker_enter();
}

void worker_fork_parent(void)
{
	if (worker.forking)
		worker_leave();
}

void worker_fork_child(void)
{
	__atomic_store_n(&worker.running, 0, __ATOMIC_RELAXED);
	worker_fork_parent();
}
