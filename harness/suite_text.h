/* SPDX-License-Identifier: MIT */
/* Cells and ratios of a suite in words, the same in every report. Thread-safe. */
#ifndef HARNESS_SUITE_TEXT_H
#define HARNESS_SUITE_TEXT_H

#include "suite_view.h"

/* "batch:1x64", with " threads=64" where it is not 1. */
void suite_cell_name(const struct suite_view *v, int cell, char *buf, size_t len);
/* "1.040 [1.010 .. 1.080]"; the interval is left out where there is none, "-" without a ratio. */
void suite_ratio_text(const struct suite_ratio *r, char *buf, size_t len);
/* Why a ratio or its interval is missing: "5 blocks, an interval takes 6"; "" if both are there. */
void suite_why(const struct suite_ratio *r, char *buf, size_t len);

#endif
