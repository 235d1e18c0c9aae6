/* SPDX-License-Identifier: MIT */
/*
 * The pictures of a run: for each plots/NAME.gp a data file, a script, an SVG and a PNG in @dir.
 * Reads the database's views only. Without gnuplot the data and scripts are written all the same
 * and a warning says what is missing.
 */
#ifndef HARNESS_PLOT_H
#define HARNESS_PLOT_H

#include "store.h"

/* Returns a NULL-terminated list of the pictures made; plot_free() releases it. */
char **plot_run(struct store *s, const char *run_id, const char *dir);
/* The history of each cell's ratio to the baseline, one point a run of @kind. */
char **plot_history(struct store *s, const char *kind, const char *dir);
void plot_free(char **pictures);

#endif
