// SPDX-License-Identifier: MIT
/*
 * A suite's run on the terminal: a line a cell, as many allocators as fit, then the next band; then
 * the lines that hold the targets. It stands in the place of the cells' own tables.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_parts.h"
#include "report_text.h"
#include "suite_lines.h"

#define NAME_WIDTH   24 /* of a cell */
#define COLUMN_WIDTH 19

struct page {
	FILE *out;
	const struct suite_view *v;
	int nr_columns;
	int column[RUN_MAX_ARMS]; /* arms in the order of display */
	int best[RUN_MAX_CELLS];  /* fastest peers */
};

/* "12.3 ns 1.04 +-3%": time, then its ratio to the fastest peer's and how far the interval reaches.
 */
static void cell_text(const struct page *p, int cell, int arm, char *buf, size_t len)
{
	struct suite_point at = { cell, arm };
	struct suite_ratio r =
		suite_ratio(p->v, SUITE_TIME, at, (struct suite_point){ cell, p->best[cell] });
	char ns[REPORT_TEXT], reach[REPORT_TEXT];

	report_text_value(ns, suite_median(p->v, SUITE_TIME, at), "ns");
	report_text_reach(reach, r.ratio, r.interval.low, r.interval.high, "");
	if (!r.n)
		snprintf(buf, len, "-");
	else
		snprintf(buf, len, r.ratio < 9.995 ? "%s %.2f%s" : "%s %.3g%s", ns, r.ratio, reach);
}

/* The two halves of "name:options", on two lines. */
static void head_text(const char *label, int line, char *buf, size_t len)
{
	size_t n = strcspn(label, ":");

	if (label[n] == ':')
		snprintf(buf, len, "%.*s", line ? (int)len - 1 : (int)n,
			 line ? label + n + 1 : label);
	else
		snprintf(buf, len, "%s", line ? label : "");
}

static void print_head(const struct page *p, int from, int to)
{
	char text[128], cut[128];

	for (int line = 0; line < 2; line++) {
		fprintf(p->out, "%-*s", NAME_WIDTH, line ? "cell" : "");
		for (int i = from; i < to; i++) {
			head_text(p->v->c->arms[p->column[i]].label, line, text, sizeof(text));
			report_text_cut(cut, sizeof(cut), text, COLUMN_WIDTH - 2);
			fprintf(p->out, "  %*s", COLUMN_WIDTH - 2, cut);
		}
		fputc('\n', p->out);
	}
}

static void print_band(const struct page *p, int from, int to)
{
	char name[192], cut[192], text[128];

	fputc('\n', p->out);
	print_head(p, from, to);
	for (int cell = 0; cell < p->v->c->nr_cells; cell++) {
		suite_cell_name(p->v, cell, name, sizeof(name));
		report_text_cut(cut, sizeof(cut), name, NAME_WIDTH);
		fprintf(p->out, "%-*s", NAME_WIDTH, cut);
		for (int i = from; i < to; i++) {
			cell_text(p, cell, p->column[i], text, sizeof(text));
			fprintf(p->out, "  %*s", COLUMN_WIDTH - 2, text);
		}
		fputc('\n', p->out);
	}
}

static void add_columns(struct page *p, bool own)
{
	for (int arm = 0; arm < p->v->c->nr_arms; arm++)
		if (own ? p->v->arm[arm].is_own : p->v->arm[arm].is_peer)
			p->column[p->nr_columns++] = arm;
}

static void print_cells(struct page *p)
{
	int fit = (REPORT_WIDTH - NAME_WIDTH) / COLUMN_WIDTH;

	for (int cell = 0; cell < p->v->c->nr_cells && cell < RUN_MAX_CELLS; cell++)
		p->best[cell] = suite_best_peer(p->v, SUITE_TIME, cell);
	add_columns(p, true);
	add_columns(p, false);
	for (int from = 0; from < p->nr_columns; from += fit)
		print_band(p, from, from + fit < p->nr_columns ? from + fit : p->nr_columns);
	report_paragraph(
		p->out, 2, 4,
		"time per operation less the null row's of the same block, and its ratio to "
		"the cell's fastest peer with the reach of its 95%% interval, n = %d blocks",
		p->v->nr_blocks);
}

static const char *verdict(const struct suite_line *l)
{
	if (!l->ratio.n && !l->nr_asked)
		return "not measured";
	if (l->resolved)
		return l->passed ? "pass" : "miss";
	return l->passed ? "pass, not resolved" : "miss, not resolved";
}

static void outcome_text(const struct suite_line *l, char *buf, size_t len)
{
	char ratio[96];

	suite_ratio_text(&l->ratio, ratio, sizeof(ratio));
	if (l->nr_asked)
		snprintf(buf, len, "%d of %d at or below", l->nr_met, l->nr_asked);
	else if (l->ratio.n)
		snprintf(buf, len, "%s, n = %d", ratio, l->ratio.n);
	else
		snprintf(buf, len, "-");
}

static void print_line(void *context, const struct suite_line *l)
{
	FILE *out = context;
	char text[128];

	outcome_text(l, text, sizeof(text));
	report_paragraph(out, 2, 6, "%c  %s: %s, target %.2f: %s", l->part, l->what, text,
			 l->target, verdict(l));
	if (*l->more)
		report_paragraph(out, 6, 6, "%s", l->more);
}

static void print_lines(FILE *out, const struct suite_view *v)
{
	for (int arm = 0; arm < v->c->nr_arms; arm++) {
		if (!v->arm[arm].is_own || *v->arm[arm].options)
			continue;
		fprintf(out, "\n%s against its targets\n", v->c->arms[arm].label);
		suite_lines(v, arm, print_line, out);
	}
}

bool report_suite(const struct report *r)
{
	static struct suite_view v;
	struct page p = { .out = r->out, .v = &v };

	if (!suite_view_open(&v, r->db, r->c))
		return false;
	fputc('\n', r->out);
	report_paragraph(r->out, 0, 2, "suite %s: %s; %d cells", v.suite.name, v.suite.summary,
			 r->c->nr_cells);
	print_cells(&p);
	print_lines(r->out, &v);
	return true;
}
