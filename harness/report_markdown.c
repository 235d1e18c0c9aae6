// SPDX-License-Identifier: MIT
/* The table as GitHub shows it: for each cell what is judged, then what is not. */
#include <stdio.h>
#include <string.h>

#include "report_suite.h"
#include "report_text.h"
#include "sql.h"

void report_markdown_text(FILE *out, const char *s)
{
	for (; *s; s++)
		fprintf(out, *s == '|' ? "\\|" : *s == '\n' ? " " : "%c", *s);
}

static void write_judged(const struct report *r, const struct compare_cell *cell, int metric,
			 int arm)
{
	const struct compare_metric *m = &r->c->metrics[metric];
	const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);
	char median[REPORT_TEXT], change[REPORT_TEXT] = "", range[REPORT_TEXT], verdict[96];

	report_text_value(median, row->median, m->unit);
	if (r->c->arms[arm].role == ARM_SUBJECT)
		report_text_change(change, row->ratio);
	report_text_range(range, row->ratio_interval.low, row->ratio_interval.high);
	report_verdict(r, row, metric, arm, verdict, sizeof(verdict));
	fprintf(r->out, "| %s | ", m->label);
	report_markdown_text(r->out, r->c->arms[arm].label);
	fprintf(r->out, " | %s | %s | %s | %s |\n", median, change,
		r->c->arms[arm].role == ARM_BASELINE ? "" : range, verdict);
}

static void write_judged_table(const struct report *r, const struct compare_cell *cell)
{
	fprintf(r->out,
		"\n| metric | allocator | median | vs %s | 95%% interval* | verdict |\n"
		"|---|---|--:|--:|---|---|\n",
		r->c->baseline);
	for (int metric = 0; metric < r->c->nr_metrics; metric++)
		for (int arm = 0; arm < r->c->nr_arms; arm++)
			if (r->c->metrics[metric].judged && r->c->metrics[metric].shown &&
			    report_has_row(r, cell, metric, arm))
				write_judged(r, cell, metric, arm);
}

static bool is_column(const struct report *r, const struct compare_cell *cell, int metric)
{
	const struct compare_metric *m = &r->c->metrics[metric];

	if (m->judged || !m->shown)
		return false;
	for (int arm = 0; arm < r->c->nr_arms; arm++)
		if (report_has_row(r, cell, metric, arm))
			return true;
	return false;
}

static void write_quality_row(const struct report *r, const struct compare_cell *cell, int arm)
{
	char value[REPORT_TEXT], reach[REPORT_TEXT];

	fputs("| ", r->out);
	report_markdown_text(r->out, r->c->arms[arm].label);
	for (int metric = 0; metric < r->c->nr_metrics; metric++) {
		const struct compare_row *row = compare_row_at(r->c, cell, metric, arm);
		const char *unit = r->c->metrics[metric].unit;

		if (!is_column(r, cell, metric))
			continue;
		report_text_value(value, row->median, unit);
		report_text_reach(reach, row->median, row->interval.low, row->interval.high, unit);
		fprintf(r->out, " | %s%s", value, reach);
	}
	fputs(" |\n", r->out);
}

static void write_quality_table(const struct report *r, const struct compare_cell *cell)
{
	int nr = 0;

	fputs("\n| allocator", r->out);
	for (int metric = 0; metric < r->c->nr_metrics; metric++) {
		if (!is_column(r, cell, metric))
			continue;
		fprintf(r->out, " | %s", r->c->metrics[metric].label);
		nr++;
	}
	fputs(" |\n|---", r->out);
	while (nr--)
		fputs("|--:", r->out);
	fputs("|\n", r->out);
	for (int arm = 0; arm < r->c->nr_arms; arm++)
		if (r->c->arms[arm].role == ARM_SUBJECT || r->c->arms[arm].role == ARM_BASELINE)
			write_quality_row(r, cell, arm);
}

static void write_cell(const struct report *r, const struct compare_cell *cell)
{
	char params[512];

	report_params(r, cell->params, params, sizeof(params));
	fputs("\n## ", r->out);
	report_markdown_text(r->out, cell->workload);
	fprintf(r->out, " %s\n", params);
	if (*cell->note)
		fprintf(r->out, "\n%s\n", cell->note);
	if (cell->contaminated)
		fprintf(r->out, "\n**Contaminated**: the A/A control moved by more than the "
				"floor.\n");
	write_judged_table(r, cell);
	write_quality_table(r, cell);
}

static void write_head(const struct report *r)
{
	char kernel[128], governor[64], thp[64], range[REPORT_TEXT] = "none";
	double low, high;

	report_fact(r, "kernel", "unknown kernel", kernel, sizeof(kernel));
	report_fact(r, "governor", "not visible", governor, sizeof(governor));
	report_fact(r, "thp", "off", thp, sizeof(thp));
	if (report_control(r, compare_metric_index(r->c, "ns_per_op"), &low, &high))
		report_text_range(range, low, high);
	fprintf(r->out, "host %s, %s, governor %s, THP %s, A/A control %s, %d blocks, run %s %s\n",
		r->c->host, kernel, governor, thp, range, r->c->blocks, r->c->id, r->c->status);
}

static void write_lists(const struct report *r)
{
	sqlite3_stmt *stmt = report_failed(r);

	fputc('\n', r->out);
	while (sql_row(stmt)) {
		fprintf(r->out, "- %s: %s on %s, %d trials: ", sql_column(stmt, 4),
			sql_column(stmt, 0), sql_column(stmt, 2), sqlite3_column_int(stmt, 5));
		report_markdown_text(r->out, sql_column(stmt, 8));
		fputc('\n', r->out);
	}
	sql_finish(stmt);
	stmt = report_skipped(r);
	while (sql_row(stmt)) {
		fprintf(r->out, "- skipped: %s: ", sql_column(stmt, 0));
		report_markdown_text(r->out, sql_column(stmt, 1));
		fputc('\n', r->out);
	}
	sql_finish(stmt);
}

void report_markdown(FILE *out, struct store *s, const char *run_id)
{
	struct report r;
	char adjustment[256];

	report_start(&r, out, s, run_id);
	write_head(&r);
	report_suite_markdown(&r);
	for (int i = 0; i < r.c->nr_cells; i++)
		write_cell(&r, &r.c->cells[i]);
	report_adjustment(&r, adjustment, sizeof(adjustment));
	fprintf(out, "\n\\* %s; +-: how far the median's 95%% interval reaches\n", adjustment);
	write_lists(&r);
	fprintf(out, "\nRepeat: `%s`\n", r.c->argv);
	report_end(&r);
}
