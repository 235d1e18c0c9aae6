/* SPDX-License-Identifier: MIT */
/*
 * Deferred frees: each thread writes what it no longer needs into a log of its own and publishes it
 * in batches; the threads take turns at the batches, so that with N threads (N - 1) / N of all
 * deferred objects are freed by another thread than the one that owned them, and always by the same
 * one. It stands for the kernel's RCU callbacks and I/O completions.
 *
 * A batch is published by a release and taken by an acquire, which is the hand-over the allocator's
 * contract asks for. A log holds all entries of a round, so that putting never waits. Every round
 * has a number, kept by each thread for itself; an older number in a log means that its thread has
 * not published in this round. The memory is from run->map.
 */
#ifndef WORKLOADS_HANDOVER_H
#define WORKLOADS_HANDOVER_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/bits.h"
#include "lib/lock.h"
#include "workload.h"

#define HANDOVER_BATCH 128u /* entries: the callbacks of one grace period */
#define HANDOVER_DONE  (1u << 31)

struct handover_entry {
	void *p;
	uint32_t bytes; /* as asked for */
	uint32_t kind;	/* the workload's own */
};

/* Written by one thread; the others read ->word and the entries below it. */
struct handover_log {
	_Alignas(64) uint64_t word; /* round << 32 | HANDOVER_DONE | entries published; atomic */
	_Alignas(64) struct handover_entry *entry;
	uint32_t nr;
	uint32_t capacity;
	uint32_t round;
	uint32_t *next_batch; /* [threads]: first batch of each log not looked at */
};

struct handover {
	unsigned int threads;
	struct handover_log *log; /* [threads] */
};

/* Room for @capacity[i] entries of thread i a round. For setup(). */
static inline void handover_setup(struct handover *h, struct wl_run *run, const uint32_t *capacity)
{
	size_t stride = align_up(run->threads * sizeof(*h->log->next_batch), 64);
	char *cursors = run->map(run, run->threads * stride);

	h->threads = run->threads;
	h->log = run->map(run, run->threads * sizeof(*h->log));
	for (unsigned int i = 0; i < h->threads; i++) {
		struct handover_log *log = &h->log[i];

		log->capacity = capacity[i];
		log->entry = run->map(run, capacity[i] * sizeof(*log->entry));
		log->next_batch = (uint32_t *)(void *)(cursors + i * stride);
	}
}

/* Start of a round, by each thread for itself. */
static inline void handover_begin(struct handover *h, unsigned int self)
{
	struct handover_log *log = &h->log[self];

	log->nr = 0;
	log->round++;
	for (unsigned int i = 0; i < h->threads; i++)
		log->next_batch[i] = 0;
}

static inline void handover_publish(struct handover_log *log, uint32_t done)
{
	uint64_t word = (uint64_t)log->round << 32 | done | log->nr;

	__atomic_store_n(&log->word, word, __ATOMIC_RELEASE);
}

/* Thread @self gives up @p. More entries than setup() was told of are a bug of the workload. */
static inline void handover_put(struct handover *h, unsigned int self, struct handover_entry entry)
{
	struct handover_log *log = &h->log[self];

	if (unlikely(log->nr == log->capacity))
		abort();
	log->entry[log->nr++] = entry;
	if (log->nr % HANDOVER_BATCH == 0)
		handover_publish(log, 0);
}

typedef void handover_free(struct wl_thread *t, const struct handover_entry *entry);

/* Free what is ready of @from's batches and falls to @t. True when @from will publish no more. */
static inline bool handover_take(struct handover *h, struct wl_thread *t, unsigned int from,
				 handover_free *release)
{
	struct handover_log *self = &h->log[t->index], *log = &h->log[from];
	uint64_t word = __atomic_load_n(&log->word, __ATOMIC_ACQUIRE);
	uint32_t nr = (uint32_t)word & ~HANDOVER_DONE;
	bool done = (uint32_t)word & HANDOVER_DONE;
	uint32_t k = self->next_batch[from];

	if (word >> 32 != self->round)
		return false;
	for (; k * HANDOVER_BATCH < nr; k++) {
		uint32_t end = (k + 1) * HANDOVER_BATCH;

		if (end > nr && !done)
			break;
		if ((from + k) % h->threads != t->index)
			continue;
		for (uint32_t i = k * HANDOVER_BATCH; i < end && i < nr; i++)
			release(t, &log->entry[i]);
	}
	self->next_batch[from] = k;
	return done;
}

/* Free what is ready for @t, without waiting. */
static inline void handover_poll(struct handover *h, struct wl_thread *t, handover_free *release)
{
	for (unsigned int i = 0; i < h->threads; i++)
		handover_take(h, t, i, release);
}

/*
 * End of a round: say that @t gives up nothing more, and free the rest of what falls to it. Waits
 * for the other threads' last batches, so each thread has to come here, after a failure too.
 */
static inline void handover_end(struct handover *h, struct wl_thread *t, handover_free *release)
{
	handover_publish(&h->log[t->index], HANDOVER_DONE);
	for (unsigned int i = 0; i < h->threads; i++) {
		for (unsigned int spins = 1; !handover_take(h, t, i, release); spins++) {
			lock_pause();
			if (spins % LOCK_SPINS == 0)
				sched_yield();
		}
	}
}

#endif
