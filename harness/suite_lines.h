/* SPDX-License-Identifier: MIT */
/*
 * The lines that hold a suite's targets against a run, each for one own allocator as it is without
 * options. With "time" for time per operation less the null row's of the same block:
 *
 *  a  mean	time over that of each cell's fastest peer, mean over the cells; and over that of
 *		the one peer that is fastest over all cells
 *     worst	the same of the cell where it is largest
 *     each	the same of every cell of one workload: in how many it is at or below the target
 *  b  peak, drained
 *		RSS at its highest, and 0.1 s after the last free: over that of each cell's leanest
 *		peer, and over that of the one peer that is leanest over all cells; two lines each,
 *		with the same over the cells that have 1 MiB or more alive
 *  c  options	time with the options over that without, in the same cell
 *  d  p999	99.9 % of the calls are faster, over that of each cell's best peer
 *  e  crowd	RSS 0.1 s after the last free with many threads over that with few, of the workloads
 *		that have both cells
 *
 * The fastest, leanest or best peer of a cell is that with the least median over the blocks. It is
 * chosen from the same samples that it is then compared by, which favours it: a target that is met
 * is met against the luckiest.
 *
 * A line passes if its ratio is at or below its target, and is not resolved if the interval holds
 * values on both sides.
 */
#ifndef HARNESS_SUITE_LINES_H
#define HARNESS_SUITE_LINES_H

#include "suite_view.h"

struct suite_line {
	char part; /* 'a' to 'e' */
	char what[192];
	struct suite_ratio ratio; /* n 0: none, the run does not hold what it takes */
	int nr_met, nr_asked;	  /* of `each`: cells at or below the target; else 0 */
	double target;
	bool passed, resolved;
	char more[2048]; /* a sentence or a list, may be "" */
};

typedef void suite_emit(void *context, const struct suite_line *line);

/* All lines of the own allocator @arm, in the order of the suite's targets. */
void suite_lines(const struct suite_view *v, int arm, suite_emit *emit, void *context);

/* "batch:1x64", with " threads=64" where it is not 1. */
void suite_cell_name(const struct suite_view *v, int cell, char *buf, size_t len);
/* "1.04 [1.01 .. 1.08]"; the interval is left out where there is none. */
void suite_ratio_text(const struct suite_ratio *r, char *buf, size_t len);

#endif
