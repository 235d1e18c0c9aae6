/* SPDX-License-Identifier: MIT */
/*
 * For programs built with -fsanitize=alloc-token: each block is in the set of its type's token, and
 * no page holds blocks of two sets at once. NR_TOKENS is -falloc-token-max and partitions. Any
 * thread. A failure is a line on stderr and exit code 1.
 */
#ifndef TESTS_TOKENS_SHADOW_H
#define TESTS_TOKENS_SHADOW_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/slab/slabinfo.h"
#include "lib/lock.h"

#define TOKEN_OF(type)	((unsigned long)__builtin_infer_alloc_token(sizeof(type)))
#define NR_SHADOW_PAGES (1u << 18)

struct shadow_page {
	uintptr_t number; /* 0: an empty entry */
	int set;
	int nr_live;
};

static struct shadow_page shadow_pages[NR_SHADOW_PAGES];
static struct lock shadow_lock;
static unsigned long shadow_nr_checked; /* blocks in slabs */

static inline void shadow_require(bool condition, const char *what, const char *where, int line)
{
	if (condition)
		return;
	fprintf(stderr, "%s:%d: %s\n", where, line, what);
	_exit(1);
}

#define REQUIRE(condition, what) shadow_require(condition, what, __FILE__, __LINE__)

static inline struct shadow_page *shadow_page(const void *p)
{
	uintptr_t number = (uintptr_t)p >> 12;
	unsigned int i = (unsigned int)(number * 0x9e3779b97f4a7c15u >> 40) % NR_SHADOW_PAGES;

	while (shadow_pages[i].number && shadow_pages[i].number != number)
		i = (i + 1) % NR_SHADOW_PAGES;
	shadow_pages[i].number = number;
	return &shadow_pages[i];
}

/* A block that belongs in set @wanted. */
static inline void shadow_enter(const void *p, unsigned long wanted, const char *where, int line)
{
	int set = slab_partition_of(p);
	struct shadow_page *page;

	shadow_require(p, "no memory", where, line);
	if (set < 0)
		return;
	shadow_require((unsigned long)set == wanted, "not in its token's set", where, line);
	plain_acquire(&shadow_lock);
	page = shadow_page(p);
	shadow_require(!page->nr_live || page->set == set, "a page has two sets", where, line);
	page->set = set;
	page->nr_live++;
	shadow_nr_checked++;
	plain_release(&shadow_lock);
}

/* A block about to be freed, or given to realloc(). */
static inline void shadow_leave(const void *p)
{
	if (slab_partition_of(p) < 0)
		return;
	plain_acquire(&shadow_lock);
	shadow_page(p)->nr_live--;
	plain_release(&shadow_lock);
}

#define ENTER(p, token) shadow_enter((p), (token) % NR_TOKENS, __FILE__, __LINE__)
#define LEAVE(p)	shadow_leave(p)

#endif
