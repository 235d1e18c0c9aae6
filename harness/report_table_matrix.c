// SPDX-License-Identifier: MIT
/*
 * The metrics without a verdict: a line an allocator, a column a metric, as many columns as fit,
 * then the next band. A metric that says the same of every allocator is told once, below.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_parts.h"
#include "report_text.h"

#define MAX_COLUMNS 64

struct column {
	int metric, width;
	char head[2][48]; /* the label on two lines */
};

struct matrix {
	const struct report *r;
	const struct compare_cell *cell;
	int label_width, nr;
	struct column column[MAX_COLUMNS];
};

static bool is_line(const struct matrix *x, int metric, int arm)
{
	return x->r->c->arms[arm].role != ARM_NULL && report_has_row(x->r, x->cell, metric, arm);
}

static void cell_text(const struct matrix *x, int metric, int arm, char buf[2 * REPORT_TEXT])
{
	const struct compare_row *row = compare_row_at(x->r->c, x->cell, metric, arm);
	const char *unit = x->r->c->metrics[metric].unit;
	char value[REPORT_TEXT], reach[REPORT_TEXT];

	report_text_value(value, row->median, unit);
	report_text_reach(reach, row->median, row->interval.low, row->interval.high, unit);
	snprintf(buf, 2 * REPORT_TEXT, "%s%s", value, reach);
}

/* The text that every allocator with a value has, in @same; false if they differ. */
static bool all_same(const struct matrix *x, int metric, char same[2 * REPORT_TEXT])
{
	char text[2 * REPORT_TEXT];
	int nr = 0;

	for (int arm = 0; arm < x->r->c->nr_arms; arm++) {
		if (!is_line(x, metric, arm))
			continue;
		cell_text(x, metric, arm, text);
		if (nr++ && strcmp(same, text))
			return false;
		strcpy(same, text);
	}
	return nr > 0;
}

static bool is_listed(const struct matrix *x, int metric)
{
	const struct compare_metric *m = &x->r->c->metrics[metric];
	int nr = 0;

	if (m->judged || !m->shown || !strcmp(m->name, "harness_share_ratio"))
		return false;
	for (int arm = 0; arm < x->r->c->nr_arms; arm++)
		nr += is_line(x, metric, arm);
	return nr > 0;
}

static int longest(const struct matrix *x, const struct column *col)
{
	size_t width = strlen(col->head[0]);
	char text[2 * REPORT_TEXT];

	if (strlen(col->head[1]) > width)
		width = strlen(col->head[1]);
	for (int arm = 0; arm < x->r->c->nr_arms; arm++) {
		if (!is_line(x, col->metric, arm))
			continue;
		cell_text(x, col->metric, arm, text);
		if (strlen(text) > width)
			width = strlen(text);
	}
	return (int)width + 2;
}

static void add_column(struct matrix *x, int metric)
{
	struct column *col = &x->column[x->nr++];
	const char *label = x->r->c->metrics[metric].label, *space = strrchr(label, ' ');
	int head = space ? (int)(space - label) : 0;

	col->metric = metric;
	snprintf(col->head[0], sizeof(col->head[0]), "%.*s", head, label);
	snprintf(col->head[1], sizeof(col->head[1]), "%s", space ? space + 1 : label);
	col->width = longest(x, col);
}

static void print_band(const struct matrix *x, int from, int to)
{
	FILE *out = x->r->out;
	char label[128], text[2 * REPORT_TEXT];

	for (int line = 0; line < 2; line++) {
		fprintf(out, "%*s", x->label_width + 4, "");
		for (int i = from; i < to; i++)
			fprintf(out, "%*s", x->column[i].width, x->column[i].head[line]);
		fputc('\n', out);
	}
	for (int arm = 0; arm < x->r->c->nr_arms; arm++) {
		if (x->r->c->arms[arm].role == ARM_NULL || x->r->c->arms[arm].role == ARM_CONTROL)
			continue;
		report_text_cut(label, sizeof(label), x->r->c->arms[arm].label, x->label_width);
		fprintf(out, "    %-*s", x->label_width, label);
		for (int i = from; i < to; i++) {
			cell_text(x, x->column[i].metric, arm, text);
			fprintf(out, "%*s", x->column[i].width, text);
		}
		fputc('\n', out);
	}
}

static void print_bands(const struct matrix *x)
{
	int from = 0;

	while (from < x->nr) {
		int to = from, width = x->label_width + 4;

		while (to < x->nr && (to == from || width + x->column[to].width <= REPORT_WIDTH))
			width += x->column[to++].width;
		print_band(x, from, to);
		from = to;
	}
}

void report_matrix(const struct report *r, const struct compare_cell *cell, int label_width)
{
	struct matrix x = { .r = r, .cell = cell, .label_width = label_width };
	char same[2 * REPORT_TEXT], list[2048] = "";
	size_t at = 0;

	for (int metric = 0; metric < r->c->nr_metrics && x.nr < MAX_COLUMNS; metric++) {
		if (!is_listed(&x, metric))
			continue;
		if (!all_same(&x, metric, same))
			add_column(&x, metric);
		else if (at < sizeof(list))
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s %s",
					       at ? ", " : "", r->c->metrics[metric].label, same);
	}
	print_bands(&x);
	if (at)
		report_paragraph(r->out, 2, 4, "equal for all: %s", list);
}
