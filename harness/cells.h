/* SPDX-License-Identifier: MIT */
/*
 * From the texts of `-w` and `-t` to the cells of a run: each workload with each thread count, its
 * image made and hashed.
 */
#ifndef HARNESS_CELLS_H
#define HARNESS_CELLS_H

#include "run.h"
#include "suite.h"

struct cells_request {
	const char *workloads; /* comma-separated NAME or NAME:ARG; NULL: the default ones */
	const char *threads;   /* comma-separated counts; NULL: 1 and the number of CPUs */
	double scale;
	unsigned int rounds;
	const struct suite *suite; /* instead of workloads and threads; NULL: none */
	bool quick;		   /* only the suite's cells for --quick */
};

/* Dies with EXIT_USAGE if a name in the comma-separated @workloads (NULL: none) does not exist. */
void cells_check(const char *workloads);

/* Dies with EXIT_USAGE for what does not exist; a default workload that cannot run is skipped. */
void cells_resolve(struct run *run, const struct cells_request *request);
void cells_release(struct run *run);

#endif
