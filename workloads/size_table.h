/* SPDX-License-Identifier: MIT */
/*
 * Sizes that a real program asked for, by how often: workloads/data/NAME.sizes, lines of "BYTES
 * COUNT" in rising order, with comments that say what was recorded. For prepare() only.
 */
#ifndef WORKLOADS_SIZE_TABLE_H
#define WORKLOADS_SIZE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/random.h"

#define SIZE_TABLE_MAX 4096u /* lines */

struct size_table {
	uint32_t nr;
	uint64_t total; /* requests */
	uint32_t bytes[SIZE_TABLE_MAX];
	uint64_t below[SIZE_TABLE_MAX]; /* requests of this size or less */
};

/*
 * Read the table @name: a shipped one, or a file if it has a slash. Sizes above @most are left out,
 * those below @least count as @least. 0, or -1 with a sentence in @why.
 */
int size_table_read(struct size_table *table, const char *name, uint32_t least, uint32_t most,
		    char *why, size_t why_len);

uint32_t size_table_draw(const struct size_table *table, struct random *r);

#endif
