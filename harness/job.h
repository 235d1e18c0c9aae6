/* SPDX-License-Identifier: MIT */
/*
 * The job of a child as words on its command line, "key=value". The same words serve prepare and
 * cell, so that a row of the database can be run again by hand under a debugger or a profiler:
 *
 *	build/runner cell workload=trace:dentry-xfs allocator=slab options=partition=typed threads=1
 */
#ifndef HARNESS_JOB_H
#define HARNESS_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/workload.h"

struct job {
	char workload[256]; /* "NAME" or "NAME:ARG" */
	char script[512];   /* shared object with workload_script, "" if the workload is ours */
	char allocator[64]; /* registry name, or "external" */
	char options[192];
	char dir[512];
	unsigned int threads, rounds;
	uint64_t seed, image_bytes, alloc_bytes, ops;
	double scale;
	bool alone; /* no runner on the other end: prepare here, print the answers */
};

#define JOB_MAX_WORDS 20

/* Words for argv, in one static buffer: valid until the next call. NULL-terminated. */
char **job_words(const struct job *job, const char *verb);
/* Read words back. A word that is unknown ends the program with EXIT_USAGE. */
void job_parse(struct job *job, int argc, char **argv);

/* The workload and what stands behind its colon; dies if it does not exist. */
const struct workload *job_workload(const struct job *job, const char **arg);

#endif
