/* SPDX-License-Identifier: MIT */
/*
 * How many units may be in use, and the watermarks below that. A unit is in use from pages_alloc()
 * to pages_free(): slabs and large blocks, not free memory that is kept (option dirty), nor
 * metadata.
 *
 *     0                                         max - high  max - low  max - min     max
 *     |----------------- in use ------------------->|            |          |         |
 *
 * An allocation that finds less than `low` units left starts reclaim, which ends at `high`; one
 * that would leave less than `min` is refused unless its flags open the reserve (pages.h). The
 * sizes are the kernel's: min is the square root of 16 times the limit in kB, as kB, from 128 kB
 * (of min_free_kbytes), but at most a quarter of the limit; low is min plus the larger of a quarter
 * of min and a thousandth of the limit (watermark_scale_factor 10), high as much again.
 *
 * Without a limit max is the range and the watermarks are 0. Constant after boot but nr_used, which
 * is atomic; no lock.
 */
#ifndef SLAB_LIMIT_H
#define SLAB_LIMIT_H

#include "types.h"

struct limit {
	size_t max;
	size_t min;
	size_t low;
	size_t high;
	size_t nr_used; /* E11 of types.h */
};
extern struct limit slab_limit;

/* At boot, after the range is made. @bytes 0: no limit. */
void limit_init(size_t bytes);

/* Count @nr units as used if at least @keep are left then. */
bool limit_charge(size_t nr, size_t keep);
void limit_uncharge(size_t nr);

/* Units that are left, the reserve among them. */
size_t limit_left(void);

#endif
