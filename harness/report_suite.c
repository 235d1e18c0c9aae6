// SPDX-License-Identifier: MIT
/*
 * A suite's run on the terminal: a line a cell, as many allocators as fit, then the next band; then
 * the lines that hold the targets. It stands in the place of the cells' own tables.
 */
#include <stdio.h>
#include <string.h>

#include "report_suite.h"
#include "report_text.h"
#include "suite_text.h"

#define NAME_WIDTH   24 /* of a cell */
#define COLUMN_WIDTH 19

static const char *label(const struct suite_figures *f, int column)
{
	return f->view.c->arms[f->column[column]].label;
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

static void print_head(const struct report *r, int from, int to)
{
	char text[128], cut[128];

	for (int line = 0; line < 2; line++) {
		fprintf(r->out, "%-*s", NAME_WIDTH, line ? "cell" : "");
		for (int i = from; i < to; i++) {
			head_text(label(r->suite, i), line, text, sizeof(text));
			report_text_cut(cut, sizeof(cut), text, COLUMN_WIDTH - 2);
			fprintf(r->out, "  %*s", COLUMN_WIDTH - 2, cut);
		}
		fputc('\n', r->out);
	}
}

static void print_band(const struct report *r, int from, int to)
{
	char name[192], cut[192], text[128];

	fputc('\n', r->out);
	print_head(r, from, to);
	for (int cell = 0; cell < r->c->nr_cells; cell++) {
		suite_cell_name(&r->suite->view, cell, name, sizeof(name));
		report_text_cut(cut, sizeof(cut), name, NAME_WIDTH);
		fprintf(r->out, "%-*s", NAME_WIDTH, cut);
		for (int i = from; i < to; i++) {
			report_suite_cell(suite_figure_at(r->suite, cell, i), text, sizeof(text));
			fprintf(r->out, "  %*s", COLUMN_WIDTH - 2, text);
		}
		fputc('\n', r->out);
	}
}

static void print_cells(const struct report *r)
{
	int fit = (REPORT_WIDTH - NAME_WIDTH) / COLUMN_WIDTH, nr = r->suite->nr_columns;
	char legend[256];

	for (int from = 0; from < nr; from += fit)
		print_band(r, from, from + fit < nr ? from + fit : nr);
	report_suite_legend(r->suite, legend, sizeof(legend));
	report_paragraph(r->out, 2, 4, "%s", legend);
}

static void print_line(FILE *out, const struct suite_line *l)
{
	char text[512];

	report_suite_line(l, text, sizeof(text));
	report_paragraph(out, 2, 6, "%c  %s", l->part, text);
	if (*l->more)
		report_paragraph(out, 6, 6, "%s", l->more);
}

static void print_subject(const struct report *r, const struct suite_lines *lines)
{
	fprintf(r->out, "\n%s against its targets\n", r->c->arms[lines->arm].label);
	for (int i = 0; i < lines->nr; i++)
		print_line(r->out, &lines->line[i]);
}

void report_suite_text(const struct report *r)
{
	if (!r->suite)
		return;
	fputc('\n', r->out);
	report_paragraph(r->out, 0, 2, "suite %s: %s; %d cells", r->suite->view.suite.name,
			 r->suite->view.suite.summary, r->c->nr_cells);
	print_cells(r);
	for (int i = 0; i < r->suite->nr_subjects; i++)
		print_subject(r, &r->suite->subject[i]);
}
