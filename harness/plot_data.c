// SPDX-License-Identifier: MIT
/*
 * From a view's SQL to its data file. Nine digits a number, rows in the order of the query: the
 * same database gives the same bytes. Main thread only, no lock.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/die.h"
#include "plot_view.h"

static void bind_text(sqlite3_stmt *stmt, const char *name, const char *value)
{
	int i = sqlite3_bind_parameter_index(stmt, name);

	if (i)
		sqlite3_bind_text(stmt, i, value, -1, SQLITE_TRANSIENT);
}

sqlite3_stmt *plot_prepare(const struct plot_job *job, const char *name, const char *sql)
{
	char *whole = sqlite3_mprintf("WITH %s %s", job->with, sql);
	sqlite3_stmt *stmt = NULL;

	if (whole && sqlite3_prepare_v2(job->db, whole, -1, &stmt, NULL))
		warn("no picture %s: the SQL of %s/%s.gp: %s", name, job->folder, name,
		     sqlite3_errmsg(job->db));
	sqlite3_free(whole);
	if (stmt) {
		bind_text(stmt, ":run", job->run_id);
		bind_text(stmt, ":kind", job->kind);
		bind_text(stmt, ":suite", job->suite);
	}
	return stmt;
}

/* A tab or a line end inside a text would break the row. */
static void put_text(FILE *f, const char *text)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' ? ' ' : *text, f);
}

static void put_value(FILE *f, sqlite3_stmt *stmt, int column)
{
	switch (sqlite3_column_type(stmt, column)) {
	case SQLITE_NULL:
		fputs("NaN", f);
		break;
	case SQLITE_INTEGER:
		fprintf(f, "%lld", (long long)sqlite3_column_int64(stmt, column));
		break;
	case SQLITE_FLOAT:
		fprintf(f, "%.9g", sqlite3_column_double(stmt, column));
		break;
	default:
		put_text(f, (const char *)sqlite3_column_text(stmt, column));
	}
}

static int column_named(const struct plot_data *d, const char *name)
{
	for (int i = 0; i < d->nr_columns; i++)
		if (!strcmp(d->column[i], name))
			return i;
	return -1;
}

static bool read_columns(sqlite3_stmt *stmt, const char *name, struct plot_data *d)
{
	int nr = sqlite3_column_count(stmt);

	if (nr > PLOT_MAX_COLUMNS) {
		warn("no picture %s: %d columns, at most %d are possible", name, nr,
		     PLOT_MAX_COLUMNS);
		return false;
	}
	for (; d->nr_columns < nr; d->nr_columns++)
		d->column[d->nr_columns] = strdup(sqlite3_column_name(stmt, d->nr_columns));
	if (column_named(d, "panel") == 0 && column_named(d, "series") == 1)
		return true;
	warn("no picture %s: its SQL must begin with the columns panel and series", name);
	return false;
}

static void put_header(FILE *f, const struct plot_data *d)
{
	for (int i = 0; i < d->nr_columns; i++)
		fprintf(f, "%s%c", d->column[i], i + 1 < d->nr_columns ? '\t' : '\n');
}

/* Remember the name of group @number if the row carries one in @column. */
static void keep_name(sqlite3_stmt *stmt, char **names, int *nr, int number, int column)
{
	const char *text = column < 0 ? "" : (const char *)sqlite3_column_text(stmt, column);

	if (number < 1 || number > PLOT_MAX_GROUPS)
		return;
	if (number > *nr)
		*nr = number;
	if (!names[number])
		names[number] = strdup(text ? text : "");
}

static void put_row(FILE *f, sqlite3_stmt *stmt, int nr_columns)
{
	for (int i = 0; i < nr_columns; i++) {
		put_value(f, stmt, i);
		fputc(i + 1 < nr_columns ? '\t' : '\n', f);
	}
}

static int put_rows(FILE *f, sqlite3_stmt *stmt, struct plot_data *d)
{
	int panel_name = column_named(d, "panel_name");
	int series_name = column_named(d, "series_name");
	int last_panel = 0, last_series = 0, rc;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int panel = sqlite3_column_int(stmt, 0);
		int series = sqlite3_column_int(stmt, 1);

		if (!d->nr_rows++ || panel != last_panel || series != last_series)
			fprintf(f, "\n\n# [%d %d]\n", panel, series);
		keep_name(stmt, d->panel, &d->nr_panels, panel, panel_name);
		keep_name(stmt, d->series, &d->nr_series, series, series_name);
		put_row(f, stmt, d->nr_columns);
		last_panel = panel;
		last_series = series;
	}
	return rc;
}

bool plot_data_write(sqlite3_stmt *stmt, const char *name, const char *path, struct plot_data *d)
{
	FILE *f;
	int rc;

	if (!read_columns(stmt, name, d))
		return false;
	f = fopen(path, "we");
	if (!f) {
		warn("no picture %s: cannot write %s: %m", name, path);
		return false;
	}
	put_header(f, d);
	rc = put_rows(f, stmt, d);
	if (rc != SQLITE_DONE)
		warn("no picture %s: its SQL stopped: %s", name,
		     sqlite3_errmsg(sqlite3_db_handle(stmt)));
	if (fclose(f)) {
		warn("no picture %s: cannot write %s: %m", name, path);
		return false;
	}
	return rc == SQLITE_DONE;
}

void plot_data_free(struct plot_data *d)
{
	for (int i = 0; i < d->nr_columns; i++)
		free(d->column[i]);
	for (int i = 0; i <= PLOT_MAX_GROUPS; i++) {
		free(d->panel[i]);
		free(d->series[i]);
	}
}
