/* SPDX-License-Identifier: MIT */
/*
 * ./runner tokens: the options, the program under the drop-in, what was counted (token_record.h),
 * and how it is shown. Main thread only.
 */
#ifndef HARNESS_TOKENS_H
#define HARNESS_TOKENS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "allocators/slab/dropin/token_record.h"
#include "options.h"

struct tokens_options {
	char **program;	       /* and its arguments; NULL with @read */
	const char *options;   /* of libslab */
	unsigned int nr_slots; /* 0: as @options say */
	const char *out;  /* file for the report; NULL: stdout, and the program's goes to stderr */
	const char *read; /* show this file of an earlier run */
	bool each;	  /* a table for each process, too */
	enum output output;
};

/* Dies with EXIT_USAGE on a mistake. */
void tokens_options_parse(struct tokens_options *o, int argc, char **argv);

/*
 * Run the program with the counters in @file, a descriptor. The exit status as a shell has it: that
 * of the program, or 128 and the signal's number. Dies if it cannot be started.
 */
int tokens_run(const struct tokens_options *o, int file);

/* What was counted. */
struct tokens {
	struct token_file *file; /* a copy of its own */
	int nr_images;		 /* records in it that are written */
	uint64_t nr_lost;	 /* processes for which there was no record */
	struct token_record sum; /* peaks: the sum of the processes' peaks, which may be earlier */
	int status;		 /* what tokens_run() said; -1: nothing was run */
};

/* The records of @file. Dies if it is no such file. */
void tokens_read(struct tokens *t, int file, const char *name);

/*
 * How unevenly the tokened objects lie in the slots: the fullest one's share and how many times the
 * mean that is, and Gini's coefficient (0: all slots have the same, towards 1: one has all). NAN
 * where nothing was tokened.
 */
struct tokens_skew {
	unsigned int fullest;
	double share, max_over_mean, gini;
	unsigned int nr_unused;
};
struct tokens_skew tokens_skew(const struct token_record *r);

void tokens_table(FILE *out, const struct tokens *t, const struct tokens_options *o);
void tokens_csv(FILE *out, const struct tokens *t);
void tokens_json(FILE *out, const struct tokens *t, const struct tokens_options *o);

#endif
