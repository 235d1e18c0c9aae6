/* SPDX-License-Identifier: MIT */
/*
 * What the prepare() functions share: lists that grow while a plan is drawn and then become a piece
 * of the image, places in the image as offsets, and the division of a total among threads. Runs
 * before the clock only. Out of memory ends the process with a sentence.
 */
#ifndef WORKLOADS_PLAN_H
#define WORKLOADS_PLAN_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/die.h"
#include "lib/random.h"
#include "workload.h"

/* A list of bytes; the owner knows of what. All zero is an empty one. */
struct plan_list {
	char *p;
	size_t bytes;
	size_t room;
};

/* @bytes more at the end of the list, not initialised; good until the next call. */
static inline void *plan_append(struct plan_list *list, size_t bytes)
{
	if (list->bytes + bytes > list->room) {
		list->room = 2 * (list->bytes + bytes) + 4096;
		list->p = realloc(list->p, list->room);
		if (!list->p)
			die(EXIT_FAILED, "out of memory while a plan of work was drawn; use a "
					 "smaller --scale");
	}
	list->bytes += bytes;
	return list->p + list->bytes - bytes;
}

static inline void *plan_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size);

	if (!p)
		die(EXIT_FAILED, "out of memory while a plan of work was drawn; use a smaller "
				 "--scale");
	return p;
}

static inline uint64_t plan_offset(const struct wl_plan *plan, const void *p)
{
	return (uint64_t)((const char *)p - (const char *)plan->image);
}

/* Make the list a piece of the image; returns its offset. The list is empty again. */
static inline uint64_t plan_store(struct wl_plan *plan, struct plan_list *list)
{
	void *p = plan->piece(plan, list->bytes ? list->bytes : 1);

	if (list->bytes)
		memcpy(p, list->p, list->bytes);
	free(list->p);
	*list = (struct plan_list){ 0 };
	return plan_offset(plan, p);
}

/* Thread @index's part of @total, at least @least. */
static inline uint32_t plan_share(double total, unsigned int threads, unsigned int index,
				  uint32_t least)
{
	uint64_t whole = (uint64_t)total;
	uint64_t part = whole / threads + (index < whole % threads);

	return (uint32_t)(part > least ? part : least);
}

/* A generator of its own for each thread of a plan. */
static inline void plan_random(struct random *random, const struct wl_plan *plan,
			       unsigned int index)
{
	random_seed(random, plan->seed * 0x9e3779b97f4a7c15u + index + 1);
}

/* True @percent times in a hundred. */
static inline bool plan_chance(struct random *random, unsigned int percent)
{
	return random_below(random, 100) < percent;
}

/* What an object of @bytes takes of the null allocator: see wl_plan.alloc_bytes. */
static inline uint64_t plan_rounded(uint64_t bytes)
{
	return (bytes + 63) & ~(uint64_t)63;
}

/* The sentence for a file of the run that failed, with errno as it stands. Returns -1. */
static inline int plan_refuse_file(struct wl_plan *plan, const char *name)
{
	snprintf(plan->why, sizeof(plan->why),
		 "%.64s cannot be made in %.100s (%s); give the run a directory with room", name,
		 plan->dir, strerror(errno));
	return -1;
}

/* A new file of the run, open for reading and writing; -1 with a sentence. */
static inline int plan_make_file(struct wl_plan *plan, const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", plan->dir, name);
	fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
	return fd < 0 ? plan_refuse_file(plan, name) : fd;
}

#endif
