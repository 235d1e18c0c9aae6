/* SPDX-License-Identifier: MIT */
/* What the files of the measured child share. Private to cell*.c. */
#ifndef HARNESS_CELL_STATE_H
#define HARNESS_CELL_STATE_H

#include <pthread.h>
#include <signal.h>

#include "allocators/allocator.h"
#include "channel.h"
#include "job.h"
#include "meter.h"

enum cell_round { ROUND_WATCHED, ROUND_LATENCY, ROUND_WARM, ROUND_TIMED, ROUND_QUIT };

#define CELL_WARM_NS	    50000000u
#define CELL_SLABINFO_BYTES 65536u

struct cell_thread {
	struct cell_state *cell;
	struct wl_thread *wl; /* what the workload sees, in run.thread */
	struct meter *meter;
	pthread_t id;
	uint64_t begin_ns, end_ns;
};

struct cell_state {
	struct job job;
	struct allocator allocator; /* completed copy */
	const struct workload *workload;
	struct wl_run run;
	struct cell_thread *thread;
	struct channel_shared *shared;
	enum cell_round round;
	unsigned int nr_rounds; /* of every kind, so far */
	pthread_barrier_t start, stop;
	uint64_t timed_ns; /* wall time of all timed rounds */
	uint64_t digest;   /* of each round, equal or the trial fails */
	bool have_digest;
	unsigned int nr_caches;
	struct wl_usage watched, timed; /* cpu and peak only of work elsewhere */
	struct alloc_slab_use use;	/* at the largest live set seen */
	int64_t use_live;
	bool use_busy;
	char *slabinfo; /* at the same moment; CELL_SLABINFO_BYTES, NULL: none offered */
};

/* cell_rounds.c */
void cell_start_threads(struct cell_state *c);
void cell_stop_threads(struct cell_state *c);
/* Run one round on every thread; dies with the reason if it is void. */
void cell_round(struct cell_state *c, enum cell_round round);

/* Rounds without hooks and clock, for CELL_WARM_NS but at least one. */
void cell_warm_up(struct cell_state *c);

/* cell_memory.c: memory of the harness, shared so that it is not counted as the allocator's. */
void *cell_map(size_t bytes);

/* cell_answer.c: the lines of a finished trial. */
void cell_answer_watched(struct cell_state *c);
void cell_answer_drained(struct cell_state *c);

/* Say why the trial is void and end it. */
__attribute__((noreturn)) void cell_fail(struct cell_state *c, const char *why);

#endif
