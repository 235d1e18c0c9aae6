// SPDX-License-Identifier: MIT
/*
 * The terminal's table, at most 100 columns, ASCII. A cell shows time, then memory, with interval
 * and verdict; then what is not judged, a line an allocator; the last lines of the run are a
 * summary over all cells and the command that repeats it. Verdicts are words; colour only repeats
 * them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report_suite.h"
#include "report_text.h"
#include "sql.h"

#define LABEL_WIDTH 23 /* at most */

static bool wants_colour(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return fileno(out) >= 0 && isatty(fileno(out)) && !(no_color && *no_color) && term &&
	       strcmp(term, "dumb");
}

static const char *colour_of(const struct report *r, const struct compare_metric *m,
			     enum verdict verdict)
{
	enum verdict good = m->better < 0 ? VERDICT_LESS : VERDICT_MORE;

	if (!wants_colour(r->out))
		return "";
	if (verdict == VERDICT_INVALID)
		return "\033[1;31m";
	if (verdict == VERDICT_LESS || verdict == VERDICT_MORE)
		return verdict == good ? "\033[32m" : "\033[31m";
	return "\033[2m";
}

static int label_width(const struct report *r)
{
	int width = 8;

	for (int arm = 0; arm < r->c->nr_arms; arm++) {
		int len = (int)strlen(r->c->arms[arm].label);

		if (r->c->arms[arm].role != ARM_CONTROL && len > width)
			width = len;
	}
	return width < LABEL_WIDTH ? width : LABEL_WIDTH;
}

static void print_head(const struct report *r)
{
	char kernel[128], governor[64], thp[64], range[REPORT_TEXT] = "none";
	double low, high;

	report_fact(r, "kernel", "unknown kernel", kernel, sizeof(kernel));
	report_fact(r, "governor", "not visible", governor, sizeof(governor));
	report_fact(r, "thp", "off", thp, sizeof(thp));
	if (report_control(r, compare_metric_index(r->c, "ns_per_op"), &low, &high))
		report_text_range(range, low, high);
	report_paragraph(r->out, 0, 2,
			 "host %s, %s, governor %s, THP %s, %d blocks%s, A/A control of ns/op %s",
			 r->c->host, kernel, governor, thp, r->c->blocks,
			 r->c->quick ? " (quick)" : "", range);
	if (strcmp(r->c->status, "complete"))
		fprintf(r->out, "this run is not complete: %s\n", r->c->status);
}

static void print_cell_head(const struct report *r, const struct compare_cell *cell, int width)
{
	char params[512], vs[64], ops[REPORT_TEXT];

	report_params(r, cell->params, params, sizeof(params));
	report_text_value(ops, (double)cell->ops, "count");
	fputc('\n', r->out);
	report_paragraph(r->out, 0, 2, "%s %s, %s operations x %u rounds", cell->workload, params,
			 ops, cell->rounds);
	snprintf(vs, sizeof(vs), "vs %.20s", r->c->baseline);
	fprintf(r->out, "%*s%10s  %9s  %-21s  %s\n", width + 4, "", "median", vs, "95% interval*",
		"verdict");
}

static void print_metric_head(const struct report *r, const struct compare_cell *cell, int metric,
			      int width)
{
	int control = compare_arm_index(r->c, ARM_CONTROL);
	const struct compare_row *row;
	char range[REPORT_TEXT] = "";

	if (control >= 0) {
		row = compare_row_at(r->c, cell, metric, control);
		report_text_range(range, row->ratio_interval.low, row->ratio_interval.high);
	}
	fprintf(r->out, "  %-*s", width + 2, r->c->metrics[metric].label);
	if (*range)
		fprintf(r->out, "%20s  %-21s  A/A control", "", range);
	fputc('\n', r->out);
}

/* The interval's column of an arm without a ratio tells how far its own median may be off. */
static void print_row(const struct report *r, const struct compare_cell *cell, int metric, int arm,
		      int width)
{
	const struct compare_metric *m = &r->c->metrics[metric];
	const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);
	const char *colour = colour_of(r, m, row->verdict);
	char label[128], median[REPORT_TEXT], change[REPORT_TEXT] = "", range[REPORT_TEXT];
	char verdict[96];

	report_text_cut(label, sizeof(label), r->c->arms[arm].label, width);
	report_text_value(median, row->median, m->unit);
	if (r->c->arms[arm].role == ARM_SUBJECT) {
		report_text_change(change, row->ratio);
		report_text_range(range, row->ratio_interval.low, row->ratio_interval.high);
	} else {
		report_text_reach(range, row->median, row->interval.low, row->interval.high,
				  m->unit);
	}
	report_verdict(r, row, metric, arm, verdict, sizeof(verdict));
	fprintf(r->out, "    %-*s%10s  %9s  %-21s", width, label, median, change,
		*range == ' ' ? range + 1 : range);
	fprintf(r->out, "  %s%s%s\n", colour, verdict, *colour ? "\033[0m" : "");
}

static bool has_values(const struct report *r, const struct compare_cell *cell, int metric)
{
	for (int arm = 0; arm < r->c->nr_arms; arm++)
		if (r->c->arms[arm].role != ARM_NULL && report_has_row(r, cell, metric, arm))
			return true;
	return false;
}

static void print_null(const struct report *r, const struct compare_cell *cell, int metric,
		       int width)
{
	int arm = compare_arm_index(r->c, ARM_NULL);

	if (arm >= 0 && !strcmp(r->c->metrics[metric].name, "ns_per_op") &&
	    report_has_row(r, cell, metric, arm))
		print_row(r, cell, metric, arm, width);
}

static void print_judged(const struct report *r, const struct compare_cell *cell, int metric,
			 int width)
{
	print_metric_head(r, cell, metric, width);
	print_null(r, cell, metric, width);
	for (int arm = 0; arm < r->c->nr_arms; arm++)
		if (r->c->arms[arm].role != ARM_NULL && report_has_row(r, cell, metric, arm))
			print_row(r, cell, metric, arm, width);
}

/* "  harness share: libc 7.5% +-0.2, ...": what of each time is not the allocator's. */
static void print_share(const struct report *r, const struct compare_cell *cell)
{
	int metric = compare_metric_index(r->c, "harness_share_ratio");
	char text[4096] = "", share[REPORT_TEXT], reach[REPORT_TEXT];
	size_t at = 0;

	for (int arm = 0; metric >= 0 && arm < r->c->nr_arms; arm++) {
		const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);

		if (!row->n || !report_has_row(r, cell, metric, arm))
			continue;
		report_text_value(share, row->median, "ratio");
		report_text_reach(reach, row->median, row->interval.low, row->interval.high,
				  "ratio");
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s %s%s", at ? ", " : "",
				       r->c->arms[arm].label, share, reach);
	}
	if (at)
		report_paragraph(r->out, 2, 4, "harness share of ns/op: %s", text);
}

static void print_notes(const struct report *r, const struct compare_cell *cell)
{
	int null = compare_arm_index(r->c, ARM_NULL);
	sqlite3_stmt *stmt = report_notes(r, cell);

	if (cell->contaminated)
		report_paragraph(
			r->out, 2, 4,
			"contaminated: the baseline against itself differs by more than the floor, "
			"so the machine changed during the run; run it again on a quiet machine");
	if (null >= 0 && cell->statuses[null][TRIAL_OUTGROWN])
		report_paragraph(r->out, 2, 4,
				 "note: the null allocator's map was too small in %d trials: no "
				 "harness share there",
				 cell->statuses[null][TRIAL_OUTGROWN]);
	if (*cell->note)
		report_paragraph(r->out, 2, 4, "note: %s", cell->note);
	while (sql_row(stmt)) {
		bool all = sqlite3_column_int(stmt, 1) >= r->c->nr_arms - (null >= 0);

		report_paragraph(r->out, 2, 4, "note: %s%s%s%s", sql_column(stmt, 0),
				 all ? "" : " (", all ? "" : sql_column(stmt, 2), all ? "" : ")");
	}
	sql_finish(stmt);
}

static void print_cell(const struct report *r, const struct compare_cell *cell, int width)
{
	print_cell_head(r, cell, width);
	for (int metric = 0; metric < r->c->nr_metrics; metric++)
		if (r->c->metrics[metric].judged && r->c->metrics[metric].shown &&
		    has_values(r, cell, metric))
			print_judged(r, cell, metric, width);
	report_matrix(r, cell, width);
	print_share(r, cell);
	print_notes(r, cell);
}

static void print_lists(const struct report *r)
{
	sqlite3_stmt *stmt = report_failed(r);
	char params[512];

	while (sql_row(stmt)) {
		if (!strcmp(sql_column(stmt, 4), "outgrown") &&
		    !strcmp(sql_column(stmt, 3), arm_role_name(ARM_NULL)))
			continue;
		report_params(r, sql_column(stmt, 1), params, sizeof(params));
		report_paragraph(r->out, 0, 4, "%s: %s %s on %s, %d trials (first in block %d): %s",
				 sql_column(stmt, 4), sql_column(stmt, 0), params,
				 sql_column(stmt, 2), sqlite3_column_int(stmt, 5),
				 sqlite3_column_int(stmt, 6), sql_column(stmt, 8));
	}
	sql_finish(stmt);
	stmt = report_skipped(r);
	while (sql_row(stmt))
		report_paragraph(r->out, 0, 4, "skipped: %s: %s", sql_column(stmt, 0),
				 sql_column(stmt, 1));
	sql_finish(stmt);
}

static void print_cells(const struct report *r)
{
	char adjustment[256];
	int width = label_width(r);

	for (int i = 0; i < r->c->nr_cells; i++)
		print_cell(r, &r->c->cells[i], width);
	fputc('\n', r->out);
	report_adjustment(r, adjustment, sizeof(adjustment));
	report_paragraph(r->out, 0, 2, "* %s", adjustment);
	fputs("  +-: how far the median's 95% interval reaches, left out where it rounds to 0\n",
	      r->out);
	report_summary(r, width);
}

void report_table(FILE *out, struct store *s, const char *run_id)
{
	struct report r;

	report_start(&r, out, s, run_id);
	print_head(&r);
	report_suite_text(&r);
	if (r.suite)
		fputs("\nmore of each cell: ./runner report --markdown, --csv or --json\n", out);
	else
		print_cells(&r);
	print_lists(&r);
	fprintf(out, "run %s  database %s\n", r.c->id, sqlite3_db_filename(r.db, "main"));
	fprintf(out, "repeat: %s\n", r.c->argv);
	report_end(&r);
}
