/* SPDX-License-Identifier: MIT */
/*
 * What passes between the runner and the measured child.
 *
 * The job goes down as words on the child's command line, so that `ps` shows it and anyone can run
 * it by hand. Answers come up as lines of text over a socket: "KEY VALUE..." in any order, each
 * stage closed by a line of one word: ready, watched, drained. After each of them the child waits
 * for one byte. The shared page carries the live bytes, which the runner reads while the child
 * runs.
 */
#ifndef HARNESS_CHANNEL_H
#define HARNESS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHANNEL_MAX_THREADS 256

/* Descriptors of a child, after spawn_child() has moved them there. */
enum channel_fd { CHANNEL_SOCKET = 3, CHANNEL_IMAGE = 4, CHANNEL_SHARED = 5 };

/* A line of 64 bytes each, so that threads do not share one. */
struct channel_live {
	_Alignas(64) int64_t bytes; /* allocated less freed by this thread; may be negative */
};

struct channel_shared {
	uint32_t watching; /* 1 while the watched round runs; release/acquire */
	struct channel_live live[CHANNEL_MAX_THREADS];
};

/* Sum over threads: what the program has asked for and not given back. */
static inline int64_t channel_live_bytes(const struct channel_shared *s, unsigned int threads)
{
	int64_t sum = 0;

	for (unsigned int i = 0; i < threads; i++)
		sum += __atomic_load_n(&s->live[i].bytes, __ATOMIC_RELAXED);
	return sum;
}

/* There is no runner: print the lines on stdout and wait for nobody. */
void channel_alone(void);
/* The child's side: send one line; ends the process if the runner is gone. */
__attribute__((format(printf, 1, 2))) void channel_say(const char *fmt, ...);
/* Send the closing word of a stage and wait for the runner's byte. */
void channel_stage(const char *word);

#endif
