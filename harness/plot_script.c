// SPDX-License-Identifier: MIT
/*
 * The script beside the data: whoever has the two files and gnuplot has the picture. All paths in
 * it are relative. Main thread only, no lock.
 */
#include <string.h>

#include "lib/die.h"
#include "plot_view.h"

/* In single quotes gnuplot reads everything as it stands; a quote is written twice. */
static void put_quoted(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		fputc((unsigned char)*text < ' ' ? ' ' : *text, f);
		if (*text == '\'')
			fputc('\'', f);
	}
	fputc('\'', f);
}

static void put_fact(FILE *f, sqlite3_stmt *stmt, int column)
{
	int type = sqlite3_column_type(stmt, column);
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	fprintf(f, "%s = ", sqlite3_column_name(stmt, column));
	if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
		fputs(text, f);
	else
		put_quoted(f, text ? text : "");
	fputc('\n', f);
}

static bool put_facts(FILE *f, const struct plot_job *job)
{
	sqlite3_stmt *stmt = plot_prepare(job, "style", "SELECT * FROM facts");
	bool found;

	if (!stmt)
		return false;
	found = sqlite3_step(stmt) == SQLITE_ROW;
	for (int i = 0; found && i < sqlite3_column_count(stmt); i++)
		put_fact(f, stmt, i);
	sqlite3_finalize(stmt);
	return found;
}

static void put_names(FILE *f, const char *array, char *const *text, int nr)
{
	if (!nr) { /* an array has at least one element */
		fprintf(f, "array %s[1]\n", array);
		return;
	}
	fprintf(f, "array %s[%d] = [", array, nr);
	for (int i = 1; i <= nr; i++) {
		fputs(i > 1 ? ", \\\n\t" : " \\\n\t", f);
		put_quoted(f, text[i] ? text[i] : "");
	}
	fputs(" ]\n", f);
}

static bool put_parameters(FILE *f, const struct plot_job *job, const char *name,
			   const struct plot_data *d)
{
	fprintf(f, "name = '%s'\ndata = '%s.dat'\n", name, name);
	if (!put_facts(f, job)) {
		warn("no picture %s: the run is not in the database", name);
		return false;
	}
	for (int i = 0; i < d->nr_columns; i++)
		fprintf(f, "col_%s = %d\n", d->column[i], i + 1);
	fprintf(f, "nr_panels = %d\nnr_series = %d\n", d->nr_panels, d->nr_series);
	put_names(f, "panel", d->panel, d->nr_panels);
	put_names(f, "series", d->series, d->nr_series);
	return true;
}

bool plot_script_write(const struct plot_job *job, const char *name, const char *body,
		       const struct plot_data *d)
{
	char path[PATH_MAX];
	bool fine;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.gp", job->dir, name);
	f = fopen(path, "we");
	if (!f) {
		warn("no picture %s: cannot write %s: %m", name, path);
		return false;
	}
	fprintf(f,
		"# Draws %s.svg and %s.png from %s.dat: `gnuplot %s.gp` in this directory.\n"
		"if (!exists('format')) format = 'svg'\n",
		name, name, name, name);
	fine = put_parameters(f, job, name, d);
	fprintf(f, "\n%s\n%s\n", job->style, body);
	fprintf(f, "unset output\nif (format eq 'svg') format = 'png'; load '%s.gp'\n", name);
	if (fclose(f)) {
		warn("no picture %s: cannot write %s: %m", name, path);
		return false;
	}
	return fine;
}
