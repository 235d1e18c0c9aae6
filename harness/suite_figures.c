// SPDX-License-Identifier: MIT
/* Columns, then cells, then lines. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/die.h"
#include "suite_figures.h"
#include "suite_text.h"

static void *allocate(int nr, size_t size)
{
	void *p = calloc(nr ? (size_t)nr : 1, size);

	if (!p)
		die(EXIT_FAILED, "out of memory");
	return p;
}

static void add_columns(struct suite_figures *f, bool own)
{
	const struct suite_view *v = &f->view;

	for (int arm = 0; arm < v->c->nr_arms; arm++)
		if (own ? v->arm[arm].is_own : v->arm[arm].is_peer)
			f->column[f->nr_columns++] = arm;
}

static const char *why_no_ratio(const struct suite_view *v, const struct suite_figure *f, int peer)
{
	if (v->null_arm < 0)
		return "no null row";
	return isnan(f->ns) ? "no time" : peer < 0 ? "no peer has a time" : NULL;
}

static void fill(const struct suite_view *v, struct suite_figure *f, struct suite_point at,
		 int peer)
{
	const char *why;

	f->ns = suite_median(v, SUITE_TIME, at);
	f->ratio = suite_ratio(v, SUITE_TIME, at, (struct suite_point){ at.cell, peer });
	why = why_no_ratio(v, f, peer);
	if (why)
		snprintf(f->why, sizeof(f->why), "%s", why);
	else
		suite_why(&f->ratio, f->why, sizeof(f->why));
}

static void fill_cells(struct suite_figures *f)
{
	int nr = f->view.c->nr_cells;

	f->best = allocate(nr, sizeof(*f->best));
	f->figure = allocate(nr * f->nr_columns, sizeof(*f->figure));
	for (int cell = 0; cell < nr; cell++) {
		f->best[cell] = suite_best_peer(&f->view, SUITE_TIME, cell);
		for (int i = 0; i < f->nr_columns; i++)
			fill(&f->view, &f->figure[cell * f->nr_columns + i],
			     (struct suite_point){ cell, f->column[i] }, f->best[cell]);
	}
}

static void fill_lines(struct suite_figures *f)
{
	f->subject = allocate(f->view.c->nr_arms, sizeof(*f->subject));
	for (int arm = 0; arm < f->view.c->nr_arms; arm++)
		if (f->view.arm[arm].is_own && !*f->view.arm[arm].options)
			suite_lines(&f->view, arm, &f->subject[f->nr_subjects++]);
}

struct suite_figures *suite_figures(sqlite3 *db, const struct compare *c)
{
	struct suite_figures *f = allocate(1, sizeof(*f));

	if (!suite_view_open(&f->view, db, c)) {
		free(f);
		return NULL;
	}
	add_columns(f, true);
	add_columns(f, false);
	fill_cells(f);
	fill_lines(f);
	return f;
}

void suite_figures_free(struct suite_figures *f)
{
	if (!f)
		return;
	for (int i = 0; i < f->nr_subjects; i++)
		suite_lines_free(&f->subject[i]);
	free(f->subject);
	free(f->figure);
	free(f->best);
	free(f);
}

const struct suite_figure *suite_figure_at(const struct suite_figures *f, int cell, int column)
{
	return &f->figure[cell * f->nr_columns + column];
}
