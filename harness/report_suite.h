/* SPDX-License-Identifier: MIT */
/*
 * The suite's part of the reports. They print the same figures (suite_figures.h) in the same words;
 * JSON and CSV have all digits, and what the words leave out. None does anything if the run is none
 * of a suite, but for JSON's null. Main thread only.
 */
#ifndef HARNESS_REPORT_SUITE_H
#define HARNESS_REPORT_SUITE_H

#include "json.h"
#include "report_parts.h"
#include "suite_figures.h"

/* "12.3 ns 1.04 +-3%": time, its ratio, how far the interval reaches; "-" where there is none. */
void report_suite_cell(const struct suite_figure *f, char *buf, size_t len);
/* "time, worst cell, to its fastest peer: 1.200 [1.100 .. 1.300], n = 12, target 1.10: miss". */
void report_suite_line(const struct suite_line *l, char *buf, size_t len);
/* What the numbers of the cells are. */
void report_suite_legend(const struct suite_figures *f, char *buf, size_t len);

void report_suite_text(const struct report *r);
void report_suite_markdown(const struct report *r);
/* The member "suite" of the outermost object. */
void report_suite_json(const struct report *r, struct json *j);

#endif
