// SPDX-License-Identifier: MIT
/*
 * Comma-separated (RFC 4180): one row a cell, allocator and metric, the control's too. A run of a
 * suite has a row attributable_ns more for each cell and allocator, whose baseline is the cell's
 * fastest peer.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_suite.h"

static void text(FILE *out, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fputs(s, out);
		return;
	}
	fputc('"', out);
	for (; *s; s++)
		fprintf(out, *s == '"' ? "\"\"" : "%c", *s);
	fputc('"', out);
}

/* An absent number is an empty field. */
static void number(FILE *out, double v)
{
	if (isfinite(v))
		fprintf(out, "%.10g", v);
	fputc(',', out);
}

/* The first three fields. */
static void write_subject(const struct report *r, const struct compare_cell *cell, int arm)
{
	char params[512];

	report_params(r, cell->params, params, sizeof(params));
	text(r->out, cell->workload);
	fputc(',', r->out);
	text(r->out, params);
	fputc(',', r->out);
	text(r->out, r->c->arms[arm].label);
}

static void write_row(const struct report *r, const struct compare_cell *cell, int metric, int arm)
{
	const struct compare_metric *m = &r->c->metrics[metric];
	const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);

	write_subject(r, cell, arm);
	fprintf(r->out, ",%s,%s,%d,", m->name, m->unit, row->n);
	number(r->out, row->median);
	number(r->out, row->interval.low);
	number(r->out, row->interval.high);
	number(r->out, row->ratio);
	number(r->out, row->ratio_interval.low);
	number(r->out, row->ratio_interval.high);
	fprintf(r->out, "%s,", compare_verdict_name(m, row->verdict));
	text(r->out, r->c->baseline);
	fputc('\n', r->out);
}

static void write_cell(const struct report *r, const struct compare_cell *cell)
{
	for (int metric = 0; metric < r->c->nr_metrics; metric++)
		for (int arm = 0; arm < r->c->nr_arms; arm++)
			if (report_has_row(r, cell, metric, arm) ||
			    compare_row_at(r->c, cell, metric, arm)->n)
				write_row(r, cell, metric, arm);
}

static void write_figure(const struct report *r, int cell, int column)
{
	const struct suite_figure *f = suite_figure_at(r->suite, cell, column);
	int best = r->suite->best[cell];

	write_subject(r, &r->c->cells[cell], r->suite->column[column]);
	fprintf(r->out, ",attributable_ns,ns,%d,", f->ratio.n);
	number(r->out, f->ns);
	fputs(",,", r->out); /* the median's own interval is not asked for */
	number(r->out, f->ratio.ratio);
	number(r->out, f->ratio.interval.low);
	number(r->out, f->ratio.interval.high);
	fputc(',', r->out);
	text(r->out, best < 0 ? "" : r->c->arms[best].label);
	fputc('\n', r->out);
}

static void write_suite(const struct report *r)
{
	for (int cell = 0; r->suite && cell < r->c->nr_cells; cell++)
		for (int i = 0; i < r->suite->nr_columns; i++)
			write_figure(r, cell, i);
}

void report_csv(FILE *out, struct store *s, const char *run_id)
{
	struct report r;

	report_start(&r, out, s, run_id);
	fputs("workload,params,allocator,metric,unit,n,median,low,high,ratio,ratio_low,ratio_high,"
	      "verdict,baseline\n",
	      out);
	for (int i = 0; i < r.c->nr_cells; i++)
		write_cell(&r, &r.c->cells[i]);
	write_suite(&r);
	report_end(&r);
}
