// SPDX-License-Identifier: MIT
/*
 * A suite's run as an object: cells, each with its allocators, and subjects, each with its targets.
 * A number that is missing is null and "why" says why; otherwise "why" is null.
 */
#include "report_suite.h"
#include "suite_text.h"

static void label(struct json *j, const struct report *r, const char *key, int arm)
{
	if (arm < 0)
		json_null(j, key);
	else
		json_text(j, key, r->c->arms[arm].label);
}

static void why(struct json *j, const char *words)
{
	if (*words)
		json_text(j, "why", words);
	else
		json_null(j, "why");
}

static void write_ratio(struct json *j, const struct suite_ratio *r)
{
	json_number(j, "ratio", r->ratio);
	json_number(j, "low", r->interval.low);
	json_number(j, "high", r->interval.high);
	json_number(j, "coverage", r->interval.coverage);
	json_int(j, "n", r->n);
	json_int(j, "at_quantum", r->nr_clamped);
}

static void write_where(struct json *j, const struct report *r, int cell, int peer)
{
	json_text(j, "workload", r->c->cells[cell].workload);
	json_int(j, "threads", r->c->cells[cell].threads);
	label(j, r, "peer", peer);
}

static void write_figure(struct json *j, const struct report *r, int cell, int column)
{
	const struct suite_figure *f = suite_figure_at(r->suite, cell, column);
	int arm = r->suite->column[column];

	json_object(j, NULL);
	json_text(j, "allocator", r->c->arms[arm].label);
	json_bool(j, "own", r->suite->view.arm[arm].is_own);
	json_number(j, "ns", f->ns);
	write_ratio(j, &f->ratio);
	why(j, f->why);
	json_object_end(j);
}

static void write_cells(struct json *j, const struct report *r)
{
	json_array(j, "cells");
	for (int cell = 0; cell < r->c->nr_cells; cell++) {
		json_object(j, NULL);
		write_where(j, r, cell, r->suite->best[cell]);
		json_raw(j, "params", r->c->cells[cell].params);
		json_array(j, "allocators");
		for (int i = 0; i < r->suite->nr_columns; i++)
			write_figure(j, r, cell, i);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
}

/* The worst cell, or those above the target; other lines name none. */
static void write_spots(struct json *j, const struct report *r, const struct suite_line *l)
{
	json_array(j, "named");
	for (int i = 0; i < l->nr_spots; i++) {
		const struct suite_spot *s = &l->spot[i];
		char words[96];

		suite_why(&s->ratio, words, sizeof(words));
		json_object(j, NULL);
		write_where(j, r, s->cell, s->peer);
		write_ratio(j, &s->ratio);
		why(j, words);
		json_object_end(j);
	}
	json_array_end(j);
}

static void write_verdict(struct json *j, const struct suite_line *l)
{
	if (l->measured)
		json_text(j, "verdict", l->passed ? "pass" : "miss");
	else
		json_null(j, "verdict");
	json_bool(j, "resolved", l->resolved);
	why(j, l->why);
}

static void write_line(struct json *j, const struct report *r, const struct suite_line *l)
{
	const char part[] = { l->part, '\0' };

	json_object(j, NULL);
	json_text(j, "part", part);
	json_text(j, "target", suite_kind_name(l->target->kind));
	json_text(j, "of", l->target->of);
	json_text(j, "what", l->what);
	json_number(j, "at_most", l->target->ratio);
	if (l->target->kind == SUITE_EACH) {
		json_int(j, "met", l->nr_met);
		json_int(j, "asked", l->nr_asked);
	} else {
		write_ratio(j, &l->ratio);
		json_int(j, "cells", l->ratio.nr_cells);
	}
	write_verdict(j, l);
	write_spots(j, r, l);
	json_text(j, "note", l->more);
	json_object_end(j);
}

static void write_subjects(struct json *j, const struct report *r)
{
	json_array(j, "subjects");
	for (int i = 0; i < r->suite->nr_subjects; i++) {
		const struct suite_lines *lines = &r->suite->subject[i];

		json_object(j, NULL);
		json_text(j, "allocator", r->c->arms[lines->arm].label);
		json_array(j, "targets");
		for (int k = 0; k < lines->nr; k++)
			write_line(j, r, &lines->line[k]);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
}

void report_suite_json(const struct report *r, struct json *j)
{
	if (!r->suite) {
		json_null(j, "suite");
		return;
	}
	json_object(j, "suite");
	json_text(j, "name", r->suite->view.suite.name);
	json_text(j, "summary", r->suite->view.suite.summary);
	json_int(j, "blocks", r->suite->view.nr_blocks);
	write_cells(j, r);
	write_subjects(j, r);
	json_object_end(j);
}
