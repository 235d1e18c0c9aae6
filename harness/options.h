/* SPDX-License-Identifier: MIT */
/* The options that compare, nightly and run share, by argp; defaults are in one table. */
#ifndef HARNESS_OPTIONS_H
#define HARNESS_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

enum output { OUTPUT_TABLE, OUTPUT_CSV, OUTPUT_MARKDOWN, OUTPUT_JSON };

struct options {
	const char *allocators; /* -a, NULL: all that are installed */
	const char *workloads;	/* -w, NULL: the default ones */
	const char *threads;	/* -t, NULL: 1 and the number of CPUs; --quick: 1 */
	const char *suite;	/* a selection of cells, NULL: none */
	const char *baseline;
	const char *db;	     /* NULL: results/slabbench.db beside the program */
	const char *out;     /* NULL: results/runs/ID beside the program */
	const char *file;    /* the argument of `run` */
	double scale;	     /* 0: 1, or 0.25 with --quick; of a suite its own */
	int blocks;	     /* 0: 12, or 6 with --quick */
	unsigned int rounds; /* 0: 2, of a suite its own */
	unsigned int timeout_s;
	uint64_t seed;
	bool quick, dry_run;
	enum output output;
};

/* @verb: the subcommand, for messages. Dies with EXIT_USAGE on a mistake. */
void options_parse(struct options *o, const char *verb, int argc, char **argv);

/*
 * For commands with a table of their own: read @argv by it, in order. A mistake dies with
 * EXIT_USAGE; an option that the table does not have, with the nearest that it has.
 */
void options_read(const struct argp *argp, const char *verb, int argc, char **argv, void *input);

/* The whole number @text of option @name, or die with what is allowed. */
unsigned long options_count(const char *name, const char *text, unsigned long low,
			    unsigned long high);

#endif
