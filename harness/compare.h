/* SPDX-License-Identifier: MIT */
/*
 * From the samples of a stored run to estimates and verdicts. Every allocator is paired with the
 * baseline block by block; the estimate is the median over blocks of ln(allocator / baseline), so a
 * ratio below 1 means less. Trials that were not ok take no part.
 *
 * Judged metrics (metrics.h) get a verdict. The family of comparisons is all of them times the
 * subjects of one cell. Intervals are Bonferroni's (level 1 - 0.05 / family), p-values exact sign
 * tests with Holm's adjustment. Where the blocks cannot carry the adjusted interval the plain 95 %
 * one stands in and the row says so.
 *
 * The floor below which a difference does not matter is the largest of the metric's relative floor,
 * its absolute floor over the baseline's median, and the farther end of the A/A control's plain
 * interval (at most 5 %). An interval beyond the floor: less or more. Within it: same. Otherwise
 * not resolved. An A/A interval that lies beyond the metric's own floor shows that the machine
 * moved: no verdict on that metric, and if the metric is time the cell is contaminated.
 *
 * Main thread only.
 */
#ifndef HARNESS_COMPARE_H
#define HARNESS_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "stats.h"
#include "trial.h"

#define COMPARE_LEVEL	   0.95
#define COMPARE_MIN_BLOCKS 6	/* stats_min_n(COMPARE_LEVEL) */
#define COMPARE_MAX_FLOOR  0.05 /* the control raises a floor no higher */
#define COMPARE_MAX_BLOCKS 999	/* more are not worth asking for */

enum verdict {
	VERDICT_NONE, /* not a judged metric, or not a subject */
	VERDICT_LESS,
	VERDICT_MORE,
	VERDICT_SAME,
	VERDICT_UNRESOLVED,
	VERDICT_INVALID,
};

struct compare_metric {
	char name[48];
	char unit[16];
	char label[48]; /* of a known metric as in metrics.h, of a counter its name */
	int better;
	double rel_floor, abs_floor;
	bool judged, shown;
	bool counter; /* a workload's own: not in metrics.h */
};

struct compare_arm {
	int64_t id;
	char label[96];
	enum arm_role role;
	char path[512], build_id[64], version[64], mode[192], token[16];
};

/* One metric of one allocator in one cell. */
struct compare_row {
	int n;	       /* ok trials that measured it; 0: absent */
	double *value; /* [n], by block */
	int *block;
	double median;
	struct stats_interval interval; /* of the median, plain 95 % */

	int nr_pairs; /* 0: no ratio, the four fields below are NAN */
	double ratio;
	struct stats_interval ratio_interval;
	bool adjusted; /* the interval is for the whole family */
	double p, p_holm;

	double floor; /* relative, 0.01 is 1 % */
	enum verdict verdict;
	int blocks_needed; /* not resolved: an estimate; 0: more blocks are not the remedy */
	char why[32]; /* few words behind invalid, and behind not resolved without an estimate */
};

struct compare_cell {
	int64_t id;
	char workload[256], params[512], note[256];
	char image_hash[40];
	unsigned int threads;
	uint64_t ops;
	unsigned int rounds;
	struct compare_row *rows;	     /* [nr_metrics * nr_arms]: compare_row_at() */
	int (*statuses)[TRIAL_OUTGROWN + 1]; /* [nr_arms]: trials by status */
	int family;			     /* comparisons that were adjusted for */
	bool contaminated;
};

struct compare {
	char id[40], status[16], kind[16], argv[2048], baseline[96];
	char host[128], factors[1024], tool_commit[48];
	char *facts; /* JSON, env.facts */
	bool tool_dirty, quick;
	int64_t started_at;
	uint64_t seed;
	int blocks; /* planned */
	int nr_arms, nr_metrics, nr_cells;
	struct compare_arm *arms; /* in order of display */
	struct compare_metric
		*metrics; /* those measured, in the order of metrics.h, then counters */
	struct compare_cell *cells;
};

/* Read and judge the run; ends the program with EXIT_USAGE if there is no such run. */
struct compare *compare_run(sqlite3 *db, const char *run_id);
void compare_free(struct compare *c);

struct compare_row *compare_row_at(const struct compare *c, const struct compare_cell *cell,
				   int metric, int arm);
/* Index, or -1. */
int compare_metric_index(const struct compare *c, const char *name);
int compare_arm_index(const struct compare *c, enum arm_role role);

/* "faster", "larger", "same", "not resolved", "invalid"; "" for VERDICT_NONE. */
const char *compare_verdict_name(const struct compare_metric *m, enum verdict verdict);

/* compare_read.c: the samples without any judgement. */
struct compare *compare_read(sqlite3 *db, const char *run_id);

#endif
