/* SPDX-License-Identifier: MIT */
/*
 * What a run says: the terminal's table, CSV, Markdown and JSON, all read back from the database,
 * so that any stored run can be shown again. Main thread only.
 */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <stdio.h>

#include "store.h"

void report_table(FILE *out, struct store *s, const char *run_id);
void report_markdown(FILE *out, struct store *s, const char *run_id);
void report_csv(FILE *out, struct store *s, const char *run_id);
/* @plots: NULL-terminated list of picture paths. */
void report_json(FILE *out, struct store *s, const char *run_id, const char *db, char **plots);

/* EXIT_FINE, EXIT_UNRESOLVED (control contaminated or an arm invalid) or EXIT_FAILED. */
int report_exit_code(struct store *s, const char *run_id);

#endif
