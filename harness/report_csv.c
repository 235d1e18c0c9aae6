// SPDX-License-Identifier: MIT
/* Comma-separated (RFC 4180): one row a cell, allocator and metric, the control's too. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_parts.h"

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

static void write_row(const struct report *r, const struct compare_cell *cell, int metric, int arm)
{
	const struct compare_metric *m = &r->c->metrics[metric];
	const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);
	char params[512];

	report_params(r, cell->params, params, sizeof(params));
	text(r->out, cell->workload);
	fputc(',', r->out);
	text(r->out, params);
	fputc(',', r->out);
	text(r->out, r->c->arms[arm].label);
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

void report_csv(FILE *out, struct store *s, const char *run_id)
{
	struct report r;

	report_start(&r, out, s, run_id);
	fputs("workload,params,allocator,metric,unit,n,median,low,high,ratio,ratio_low,ratio_high,"
	      "verdict,baseline\n",
	      out);
	for (int i = 0; i < r.c->nr_cells; i++)
		write_cell(&r, &r.c->cells[i]);
	report_end(&r);
}
