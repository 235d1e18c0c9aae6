/* SPDX-License-Identifier: MIT */
/*
 * Counting allocations by the set of caches that their token chose (token_record.h), with the
 * option token_stats=FILE. An ordinary run has none of it: only the slow paths look, and counting
 * boots libslab with stats=1, under which every operation takes the slow path.
 *
 * Which block is whose is kept in a table beside, so blocks lie as they would without. A child of
 * fork() begins with nothing: it counts what it allocates itself in a record of its own. Any
 * thread; a lock for each part of the table, and no other lock is taken under it.
 */
#ifndef SLAB_DROPIN_TOKEN_STATS_H
#define SLAB_DROPIN_TOKEN_STATS_H

#include <stdbool.h>
#include <stddef.h>

#include "allocators/slab/slab.h"

/* Set once, while libslab starts. */
extern bool token_stats_on;

/*
 * Cut token_stats=FILE out of the option string; FILE goes to @path ("" if it is not there). False:
 * it does not fit.
 */
bool token_stats_option(char *options, char *path, size_t len);

/* Make or open the file, and count from now on. 0 or -errno. */
int token_stats_open(const char *path);

/* What is known of a block. */
struct token_note {
	size_t size; /* as asked for */
	unsigned int slot;
	bool tokened;
	bool known; /* false: allocated before counting began, or by the parent process */
};

/* A block that was allocated. */
void token_stats_add(const void *p, size_t size, struct kmalloc_token t);

/* A block about to be freed: before anyone else can get the address. */
void token_stats_remove(const void *p);

/* A block about to change its size, maybe with its address; and when it has. */
struct token_note token_stats_take(const void *p);
void token_stats_put(const void *p, size_t size, struct token_note note);

#endif
