// SPDX-License-Identifier: MIT
/* A suite's run as GitHub shows it: one table of all allocators, then a list for each subject. */
#include <stdio.h>

#include "report_suite.h"
#include "suite_text.h"

static void write_head(const struct report *r)
{
	fputs("\n| cell", r->out);
	for (int i = 0; i < r->suite->nr_columns; i++) {
		fputs(" | ", r->out);
		report_markdown_text(r->out, r->c->arms[r->suite->column[i]].label);
	}
	fputs(" |\n|---", r->out);
	for (int i = 0; i < r->suite->nr_columns; i++)
		fputs("|--:", r->out);
	fputs("|\n", r->out);
}

static void write_cell(const struct report *r, int cell)
{
	char text[192];

	suite_cell_name(&r->suite->view, cell, text, sizeof(text));
	fputs("| ", r->out);
	report_markdown_text(r->out, text);
	for (int i = 0; i < r->suite->nr_columns; i++) {
		report_suite_cell(suite_figure_at(r->suite, cell, i), text, sizeof(text));
		fprintf(r->out, " | %s", text);
	}
	fputs(" |\n", r->out);
}

static void write_line(FILE *out, const struct suite_line *l)
{
	char text[512];

	report_suite_line(l, text, sizeof(text));
	fprintf(out, "- %c ", l->part);
	report_markdown_text(out, text);
	if (*l->more) {
		fputs("\n  - ", out);
		report_markdown_text(out, l->more);
	}
	fputc('\n', out);
}

static void write_subject(const struct report *r, const struct suite_lines *lines)
{
	fputs("\n### ", r->out);
	report_markdown_text(r->out, r->c->arms[lines->arm].label);
	fputs(" against its targets\n\n", r->out);
	for (int i = 0; i < lines->nr; i++)
		write_line(r->out, &lines->line[i]);
}

void report_suite_markdown(const struct report *r)
{
	char legend[256];

	if (!r->suite)
		return;
	fputs("\n## suite ", r->out);
	report_markdown_text(r->out, r->suite->view.suite.name);
	fputs("\n\n", r->out);
	report_markdown_text(r->out, r->suite->view.suite.summary);
	fprintf(r->out, "; %d cells\n", r->c->nr_cells);
	write_head(r);
	for (int cell = 0; cell < r->c->nr_cells; cell++)
		write_cell(r, cell);
	report_suite_legend(r->suite, legend, sizeof(legend));
	fprintf(r->out, "\n%s\n", legend);
	for (int i = 0; i < r->suite->nr_subjects; i++)
		write_subject(r, &r->suite->subject[i]);
}
