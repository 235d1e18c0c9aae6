/* SPDX-License-Identifier: MIT */
/*
 * How fragmented free memory is: the two indices of the kernel's debugfs folder extfrag and the
 * texts of /proc/buddyinfo and /proc/pagetypeinfo, declared in slab.h. With F free pages in B free
 * blocks, of which S pages lie in blocks of at least 2^order:
 *
 *   unusable(order)       1000 * (F - S) / F: the share of free memory that is too small; 1000 if
 *                         nothing is free
 *   fragmentation(order)  -1000 if a block is big enough; else how much of the failure is due to
 *                         fragmentation (towards 1000) rather than to lack of memory (towards 0):
 *                         1000 - (1000 + 1000 * F / 2^order) / B; 0 if nothing is free
 *
 * Divisions round down. Both are in thousandths; extfrag prints them with a decimal point. (Gorman
 * and Whitcroft, "The what, the why and the where to of anti-fragmentation", 2006.) Orders count
 * pages. Free is what the zone has on its lists: memory beyond the frontier of the range is not
 * counted.
 */
#ifndef SLAB_INDICES_H
#define SLAB_INDICES_H

#include "types.h"

/* Free blocks of one zone, by order in pages. */
struct free_blocks {
	size_t nr[MAX_PAGE_ORDER + 1];
};

/* As the formulas above, of any numbers: the tests know the kernel's answers. */
unsigned int indices_unusable(const struct free_blocks *b, unsigned int order);
int indices_fragmentation(const struct free_blocks *b, unsigned int order);

#endif
