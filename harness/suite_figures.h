/* SPDX-License-Identifier: MIT */
/*
 * All numbers of a suite's report, computed once; text, Markdown, JSON and CSV print them. The
 * table has a row for each cell and a column for each own allocator, then for each peer; the
 * subjects, each with its lines, are the own allocators as they are without options. Main thread
 * only.
 */
#ifndef HARNESS_SUITE_FIGURES_H
#define HARNESS_SUITE_FIGURES_H

#include "suite_lines.h"

/* One allocator in one cell. */
struct suite_figure {
	double ns; /* time less the null row's of the same block, median over the blocks; or NAN */
	struct suite_ratio ratio; /* to the cell's fastest peer; n 0: none */
	char why[96];		  /* few words on what is missing; "" if nothing is */
};

struct suite_figures {
	struct suite_view view;
	int nr_columns, nr_subjects;
	int column[RUN_MAX_ARMS]; /* arms in the order of display */
	int *best;		  /* [nr_cells]: arm of the fastest peer, -1: none */
	struct suite_figure *figure;
	struct suite_lines *subject;
};

/* NULL if @c is not a run of a suite; dies if memory is out. The figures point into @c. */
struct suite_figures *suite_figures(sqlite3 *db, const struct compare *c);
/* @f may be NULL. */
void suite_figures_free(struct suite_figures *f);

/* @column: index into f->column. */
const struct suite_figure *suite_figure_at(const struct suite_figures *f, int cell, int column);

#endif
