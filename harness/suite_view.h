/* SPDX-License-Identifier: MIT */
/*
 * A stored run of a suite as numbers: for each cell, allocator and block one value of each kind,
 * and ratios of them. A pair of values is always of the same block; a ratio is the median over the
 * blocks of the logarithm of such pairs, its interval the plain 95 % one between two order
 * statistics (stats.h). The mean of a suite is, in each block, the geometric mean over the cells;
 * then the median over the blocks. So its interval is that of n blocks, and a machine that drifts
 * takes all of a block with it.
 *
 * A value below its quantum counts as the quantum, because a ratio of such values says nothing; how
 * many did is told. It is that of the metric (metrics.h: 0.05 ns, 2 ns of a single call, 64 KiB);
 * of a time less the null row's at least SUITE_RESOLVED of the null row, which is what two runs of
 * the same thing may differ by on a machine that still counts as quiet (COMPARE_MAX_FLOOR).
 *
 * An own allocator is one whose row in suite_own says so; a peer is any other that is neither the
 * null row nor the control. Main thread only.
 */
#ifndef HARNESS_SUITE_VIEW_H
#define HARNESS_SUITE_VIEW_H

#include "compare.h"
#include "suite.h"

#define SUITE_RESOLVED COMPARE_MAX_FLOOR

enum suite_value {
	SUITE_TIME,  /* ns_per_op less the null row's of the same block */
	SUITE_WHOLE, /* ns_per_op */
	SUITE_RSS_PEAK,
	SUITE_RSS_DRAINED,
	SUITE_CALL_P999,
};

struct suite_arm {
	bool is_own, is_peer;
	char allocator[64], options[192]; /* of an own one */
};

struct suite_view {
	const struct compare *c;
	struct suite suite;
	struct suite_arm arm[RUN_MAX_ARMS]; /* as c->arms */
	int null_arm;			    /* -1: none, then SUITE_TIME has no values */
	int nr_blocks;
};

/* One allocator in one cell: indices into c->cells and c->arms; negative: none. */
struct suite_point {
	int cell, arm;
};

struct suite_ratio {
	int n;		/* blocks; 0: no ratio */
	int nr_cells;	/* of a mean */
	int nr_clamped; /* values that counted as the quantum, of both sides */
	double ratio;
	struct stats_interval interval;
};

/* False if @c is not a run of a suite. */
bool suite_view_open(struct suite_view *v, sqlite3 *db, const struct compare *c);

/* NAN if that trial gave none. */
double suite_sample(const struct suite_view *v, enum suite_value value, struct suite_point p,
		    int block);
/* Median over the blocks, NAN without any. */
double suite_median(const struct suite_view *v, enum suite_value value, struct suite_point p);

/* The peer with the least median in @cell; -1 if none has a value. */
int suite_best_peer(const struct suite_view *v, enum suite_value value, int cell);
/* The peer with the least geometric mean over the cells that every peer has; -1 if there is none.
 */
int suite_best_overall(const struct suite_view *v, enum suite_value value);

struct suite_ratio suite_ratio(const struct suite_view *v, enum suite_value value,
			       struct suite_point a, struct suite_point b);
/*
 * The mean over @nr pairs a[i] / b[i]. One without a value in every block, or that names none,
 * takes no part: nr_cells says how many did.
 */
struct suite_ratio suite_mean(const struct suite_view *v, enum suite_value value,
			      const struct suite_point *a, const struct suite_point *b, int nr);

#endif
