/* SPDX-License-Identifier: MIT */
/* What the reports share: the judged run, and the small questions that all of them ask. */
#ifndef HARNESS_REPORT_PARTS_H
#define HARNESS_REPORT_PARTS_H

#include "compare.h"
#include "report.h"

struct suite_figures;

/* The order of metrics in a cell: time first, then memory, then quality. */
struct report {
	FILE *out;
	sqlite3 *db;
	struct compare *c;
	struct suite_figures *suite; /* NULL: not a run of a suite */
};

void report_start(struct report *r, FILE *out, struct store *s, const char *run_id);
void report_end(struct report *r);

/* {"threads":2,"scale":1} as "threads=2 scale=1". */
void report_params(const struct report *r, const char *json, char *buf, size_t len);
/* A member of the environment's facts, or @otherwise. */
void report_fact(const struct report *r, const char *name, const char *otherwise, char *buf,
		 size_t len);

/* A row that a reader is shown: measured, or invalid with the reason. The control never is. */
bool report_has_row(const struct report *r, const struct compare_cell *cell, int metric, int arm);
/* "faster", "same (within 3.1%)", "not resolved (~40 blocks)", "baseline", ... */
void report_verdict(const struct report *r, const struct compare_row *row, int metric, int arm,
		    char *buf, size_t len);
/* The widest A/A interval of @metric over all cells; false if there is none. */
bool report_control(const struct report *r, int metric, double *low, double *high);
/* One sentence on what the intervals are adjusted for. */
void report_adjustment(const struct report *r, char *buf, size_t len);

/*
 * Trials that were not ok, one row for a cell, allocator and status:
 * workload, params, allocator, role, status, trials, first block, exit_status, reason of that one.
 */
sqlite3_stmt *report_failed(const struct report *r);
/* name, reason */
sqlite3_stmt *report_skipped(const struct report *r);
/* Up to 8 notes of the trials of a cell: note, number of allocators (null apart), their names. */
sqlite3_stmt *report_notes(const struct report *r, const struct compare_cell *cell);

/* report_table_matrix.c: the shown metrics that are not judged, a line an allocator. */
void report_matrix(const struct report *r, const struct compare_cell *cell, int label_width);
/* report_markdown.c: text of a user inside a table, where a bar would end the column. */
void report_markdown_text(FILE *out, const char *s);
/* report_table_summary.c: each allocator over all cells. */
void report_summary(const struct report *r, int label_width);

#endif
