/* SPDX-License-Identifier: MIT */
/*
 * The parts of plot.c. A view is one file plots/NAME.gp: gnuplot commands, and in comments the SQL
 * that feeds them:
 *
 *	#! sql
 *	# SELECT panel, series, ... FROM ...
 *	#! end
 *
 * plots/style.gp holds what all views share: a block `with` of common table expressions that stands
 * before every view's SQL, among them `facts`, whose single row becomes gnuplot variables. The SQL
 * may use :run, :kind and :suite; a view that uses :kind is a history, any other is the picture of
 *one run: one that uses :suite of a suite's run, the others of other runs. plots/README.md states
 *the rules for the columns. Main thread only.
 */
#ifndef HARNESS_PLOT_VIEW_H
#define HARNESS_PLOT_VIEW_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sqlite3.h>

#define PLOT_MAX_COLUMNS 32
#define PLOT_MAX_GROUPS	 256 /* panels, and series, that one view can name */

/* What is drawn, from where and to where. */
struct plot_job {
	sqlite3 *db;
	const char *run_id; /* :run */
	const char *kind;   /* :kind */
	const char *suite;  /* :suite, NULL: the run is of none */
	const char *dir;    /* receives the files; exists */
	char folder[PATH_MAX];
	char *style; /* text of style.gp */
	char *with;  /* its block */
	bool no_gnuplot;
};

/* What the data file holds: names by number, from 1; a number that does not occur has no name. */
struct plot_data {
	int nr_rows, nr_columns, nr_panels, nr_series;
	char *column[PLOT_MAX_COLUMNS];
	char *panel[PLOT_MAX_GROUPS + 1];
	char *series[PLOT_MAX_GROUPS + 1];
};

/* ---- plot_view.c: the files of the folder ---- */

/*
 * Find the folder that holds style.gp: $SLABBENCH_PLOTS, or below paths_root() plots/ (the
 * checkout) or share/slabbench/plots/ (installed). False, with a warning, if there is none.
 */
bool plot_folder(char *folder, size_t len);
/* The names of the views in @folder without ".gp", sorted, style left out; NULL-terminated. */
char **plot_names(const char *folder);
/* The whole of a text file, or NULL. */
char *plot_read(const char *path);
/* The lines between `#! KEYWORD` and `#! end` without their leading '#', or NULL. */
char *plot_block(const char *text, const char *keyword);

/* ---- plot_data.c: rows ---- */

/* Compile the job's with block and @sql, :run, :kind and :suite bound; NULL, with a warning, on
 * error. */
sqlite3_stmt *plot_prepare(const struct plot_job *job, const char *name, const char *sql);
/*
 * Write the rows of @stmt to @path: tab separated, a first line of column names, NaN for NULL.
 * The first two columns are the numbers `panel` and `series`; when either changes, two empty lines
 * and a line `# [PANEL SERIES]` begin a new gnuplot index. False, with a warning, on error.
 */
bool plot_data_write(sqlite3_stmt *stmt, const char *name, const char *path, struct plot_data *d);
void plot_data_free(struct plot_data *d);

/* ---- plot_script.c: the script beside the data ---- */

/*
 * Write DIR/NAME.gp: the facts, the columns' numbers, the names of panels and series, the style and
 * @body, then the loop that draws NAME.svg and NAME.png.
 */
bool plot_script_write(const struct plot_job *job, const char *name, const char *body,
		       const struct plot_data *d);

/* ---- plot_gnuplot.c: the child ---- */

/*
 * Run gnuplot on NAME.gp in @dir. 0; -ENOENT if there is no gnuplot; -EIO with the first line of
 * its complaint in @error if it failed.
 */
int plot_gnuplot(const char *dir, const char *name, char *error, size_t len);

#endif
