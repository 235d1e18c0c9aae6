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
 * values on both sides. One without an interval, of too few blocks, is never resolved.
 */
#ifndef HARNESS_SUITE_LINES_H
#define HARNESS_SUITE_LINES_H

#include "suite_view.h"

#define SUITE_MAX_LINES (2 * SUITE_MAX_TARGETS) /* no target has more than two */

/* A cell that a line names. */
struct suite_spot {
	int cell, peer; /* indices; peer -1: no peer has a value */
	struct suite_ratio ratio;
};

struct suite_line {
	char part; /* 'a' to 'e' */
	char what[192];
	const struct suite_target *target; /* of the view's suite */
	struct suite_ratio ratio;	   /* n 0: none, the run does not hold what it takes */
	int nr_met, nr_asked;		   /* of `each`: cells at or below the target; else 0 */
	bool measured, passed, resolved;
	int nr_spots;
	struct suite_spot *spot; /* of `worst`: that cell; of `each`: those above the target */
	char why[96];		 /* few words on what is missing, ratio or interval; "" */
	char *more;		 /* a sentence or a list, may be "" */
};

struct suite_lines {
	int arm, nr;
	struct suite_line line[SUITE_MAX_LINES];
};

/*
 * All lines of the own allocator @arm, in the order of the suite's targets; they point into @v.
 * Dies if memory is out.
 */
void suite_lines(const struct suite_view *v, int arm, struct suite_lines *to);
void suite_lines_free(struct suite_lines *lines);

#endif
