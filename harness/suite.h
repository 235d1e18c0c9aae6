/* SPDX-License-Identifier: MIT */
/*
 * A suite: a named selection of cells, in a file workloads/suites/NAME.suite. A line is a key and
 * its values; # begins a comment:
 *
 *	summary TEXT              what the suite asks
 *	allocators LIST           as -a; one that is absent is left out with the reason
 *	rounds N                  timed rounds in a trial (optional)
 *	scale X                   amount of work (optional)
 *	cell WORKLOAD [T,...] [quick]
 *	                          one cell for each thread count (default 1); quick: in --quick too
 *	target WHAT [OF] RATIO    what a ratio of the report is to stay at or below:
 *	    mean R                time of an own allocator, geometric mean over the cells
 *	    worst R               the same in the worst cell
 *	    each WORKLOAD R       the same in every cell of that workload
 *	    peak R, drained R     memory, geometric means
 *	    options TEXT R        time with these options over that without
 *	    p999 R                the time that 99.9 % of the calls stay below
 *	    crowd MANY:FEW R      memory left after MANY threads over that after FEW
 *
 * A run stores the text of its suite, so that its report can be made again. What a target means in
 * full is in suite_lines.h.
 */
#ifndef HARNESS_SUITE_H
#define HARNESS_SUITE_H

#include <stdbool.h>
#include <stddef.h>

#include "run.h"

#define SUITE_MAX_TARGETS 16
#define SUITE_TEXT	  16384

enum suite_kind {
	SUITE_MEAN,
	SUITE_WORST,
	SUITE_EACH,
	SUITE_PEAK,
	SUITE_DRAINED,
	SUITE_OPTIONS,
	SUITE_P999,
	SUITE_CROWD,
	SUITE_NR_KINDS
};

struct suite_target {
	enum suite_kind kind;
	char of[96];		/* the workload or the options */
	unsigned int many, few; /* threads of SUITE_CROWD */
	double ratio;
};

struct suite_cell {
	char workload[128];
	unsigned int threads;
	bool quick;
};

struct suite {
	char name[64];
	char summary[256];
	char allocators[1024];
	unsigned int rounds; /* 0: not said */
	double scale;	     /* 0: not said */
	int nr_cells, nr_targets;
	struct suite_cell cell[RUN_MAX_CELLS];
	struct suite_target target[SUITE_MAX_TARGETS];
};

/* Read @text; -1 with a sentence that names the line in @why. */
int suite_parse(struct suite *s, const char *name, const char *text, char *why, size_t why_len);

/*
 * Find the suite @name, or read the file if there is a slash in it. Its text goes to @text. Dies
 * with EXIT_USAGE.
 */
void suite_load(struct suite *s, const char *name, char text[SUITE_TEXT]);

/* "mean", as a suite's file says it. */
const char *suite_kind_name(enum suite_kind kind);

/* The names of the shipped suites, NULL-terminated, sorted; suite_free_names() releases them. */
char **suite_names(void);
void suite_free_names(char **names);

#endif
