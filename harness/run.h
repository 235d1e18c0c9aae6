/* SPDX-License-Identifier: MIT */
/*
 * One run: what the command line asked for, resolved. Built by options.c and plan.c, then constant
 * but for what the trials prove about the arms. Owned by the parent's main thread.
 */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

#include "trial.h"

#define RUN_MAX_ARMS	32
#define RUN_MAX_CELLS	128
#define RUN_MAX_SKIPPED 64
#define RUN_REASON	512

struct run_skipped {
	char name[256];
	char reason[RUN_REASON];
};

struct run {
	char id[40];	    /* UUIDv7, made by store_begin() */
	const char *kind;   /* "compare", "nightly", "script" */
	char command[2048]; /* repeats the run: "./runner compare -a libc,slab --seed 42" */
	uint64_t seed;
	int blocks;
	bool quick;
	char suite[64]; /* name of the suite that chose the cells, "" if none */
	const char *suite_text;
	char script[512]; /* shared object of a user's workload, "" if none */
	char dir[512];	  /* for files of the workloads, removed at the end */
	char db[4096];	  /* path of the database */
	char out[4096];	  /* directory of pictures and reports of this run */
	int nr_arms, nr_cells, nr_skipped;
	struct arm arms[RUN_MAX_ARMS];
	struct cell cells[RUN_MAX_CELLS];
	struct run_skipped skipped[RUN_MAX_SKIPPED];
};

/* Note once that @name is left out of the run; what does not fit into the table is not noted. */
void run_skip(struct run *run, const char *name, const char *reason);

/* Does the run have trials of @arm on @cell? */
bool run_has(const struct arm *arm, const struct cell *cell);

/* All trials that are planned. */
int run_nr_trials(const struct run *run);

#endif
