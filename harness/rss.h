/* SPDX-License-Identifier: MIT */
/*
 * What a process holds, read from outside. The harness's own memory in the child is mapped shared
 *and resident before the clock starts, so
 *
 *	held(t) = resident(t) - min(shared at the start, shared(t))
 *
 * counts private pages, and whatever shared memory the allocator makes later. Linux 6.17 and later
 * give exact counts in statm; from 6.2 to 6.16 a count may be off by 64 pages per CPU.
 */
#ifndef HARNESS_RSS_H
#define HARNESS_RSS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rss {
	pid_t pid;
	int statm; /* descriptor, kept open */
	uint64_t shared_bytes;
};

/* Open and take the shared bytes as the harness's own; restart the high-water mark. 0 or -errno. */
int rss_open(struct rss *r, pid_t pid);
/* Bytes held now; 0 if the process is gone. */
uint64_t rss_held(const struct rss *r);
/* The most that was held since rss_open(), by the kernel's high-water mark. */
uint64_t rss_peak(const struct rss *r);
void rss_close(struct rss *r);

#endif
