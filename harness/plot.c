// SPDX-License-Identifier: MIT
/*
 * Every view of the folder, one after the other: data, script, gnuplot. A view that fails is one
 * warning and the next goes on. Reads only. Main thread only, no lock.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/die.h"
#include "paths.h"
#include "plot.h"
#include "plot_view.h"
#include "sql.h"

static bool open_job(struct plot_job *job)
{
	char path[PATH_MAX + 16];

	if (!plot_folder(job->folder, sizeof(job->folder)))
		return false;
	paths_make_dir(job->dir);
	snprintf(path, sizeof(path), "%s/style.gp", job->folder);
	job->style = plot_read(path);
	job->with = job->style ? plot_block(job->style, "with") : NULL;
	if (!job->with)
		warn("no pictures: %s has no block '#! with'", path);
	return job->with;
}

static void close_job(struct plot_job *job)
{
	free(job->style);
	free(job->with);
}

/* Append DIR/NAME.EXT to the list if the file is there; the list grows in place. */
static void keep_picture(const struct plot_job *job, const char *name, const char *extension,
			 char ***list, int *nr)
{
	char path[PATH_MAX];
	char **grown;

	snprintf(path, sizeof(path), "%s/%s.%s", job->dir, name, extension);
	if (access(path, R_OK))
		return;
	grown = realloc(*list, (size_t)(*nr + 2) * sizeof(*grown));
	if (!grown)
		return;
	*list = grown;
	grown[*nr] = strdup(path);
	grown[++*nr] = NULL;
}

static void remove_old(const struct plot_job *job, const char *name, const char *extension)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s.%s", job->dir, name, extension);
	unlink(path);
}

/* Data and script of one view; false if there is nothing to draw. */
static bool write_view(const struct plot_job *job, const char *name, const char *body,
		       sqlite3_stmt *stmt)
{
	struct plot_data d = { 0 };
	char path[PATH_MAX];
	bool fine;

	snprintf(path, sizeof(path), "%s/%s.dat", job->dir, name);
	fine = plot_data_write(stmt, name, path, &d);
	if (fine && !d.nr_rows) {
		warn("no picture %s: the run has no data for it", name);
		fine = false;
	}
	fine = fine && plot_script_write(job, name, body, &d);
	plot_data_free(&d);
	return fine;
}

static bool draw(struct plot_job *job, const char *name)
{
	char error[512];
	int rc;

	if (job->no_gnuplot)
		return false;
	rc = plot_gnuplot(job->dir, name, error, sizeof(error));
	if (rc == -ENOENT) {
		job->no_gnuplot = true;
		warn("gnuplot is missing, so %s holds data and scripts but no pictures "
		     "(apt-get install gnuplot-nox)",
		     job->dir);
	} else if (rc) {
		warn("no picture %s: gnuplot: %s", name, error[0] ? error : strerror(-rc));
	}
	return !rc;
}

/* Does the view belong here: to the history of a kind, or to one run? */
static bool wanted(sqlite3_stmt *stmt, bool history)
{
	return (sqlite3_bind_parameter_index(stmt, ":kind") != 0) == history;
}

/* Asked of the text, because an older database has not what a suite's view reads. */
static bool is_for(const struct plot_job *job, const char *sql)
{
	return !strstr(sql, ":suite") == !job->suite;
}

/* True if the pictures of view @name were drawn. */
static bool draw_view(struct plot_job *job, const char *name, bool history)
{
	char path[PATH_MAX + 256];
	sqlite3_stmt *stmt;
	char *body, *sql;
	bool drawn = false;

	snprintf(path, sizeof(path), "%s/%s.gp", job->folder, name);
	body = plot_read(path);
	sql = body ? plot_block(body, "sql") : NULL;
	if (!sql)
		warn("no picture %s: %s has no block '#! sql'", name, path);
	stmt = sql && is_for(job, sql) ? plot_prepare(job, name, sql) : NULL;
	if (stmt && wanted(stmt, history)) {
		remove_old(job, name, "svg");
		remove_old(job, name, "png");
		drawn = write_view(job, name, body, stmt) && draw(job, name);
	}
	sqlite3_finalize(stmt);
	free(sql);
	free(body);
	return drawn;
}

static char **draw_all(struct plot_job *job, bool history)
{
	char **list = calloc(1, sizeof(*list));
	char **names = NULL;
	int nr = 0;

	if (open_job(job))
		names = plot_names(job->folder);
	for (char **name = names; name && *name; name++)
		if (draw_view(job, *name, history)) {
			keep_picture(job, *name, "svg", &list, &nr);
			keep_picture(job, *name, "png", &list, &nr);
		}
	plot_free(names);
	close_job(job);
	return list;
}

/* The suite that @run_id is a run of, into @name; false if it is of none. */
static bool find_suite(sqlite3 *db, const char *run_id, char *name, size_t len)
{
	sqlite3_stmt *stmt;
	bool found;

	if (sql_value(db, "PRAGMA user_version") < 3)
		return false;
	stmt = sql_for_run(db, "SELECT name FROM suite WHERE run = ?", run_id);
	found = sql_row(stmt);
	if (found)
		sql_copy(stmt, 0, name, len);
	sql_finish(stmt);
	return found;
}

char **plot_run(struct store *s, const char *run_id, const char *dir)
{
	struct plot_job job = { .db = store_handle(s), .run_id = run_id, .dir = dir };
	char suite[64];

	if (find_suite(job.db, run_id, suite, sizeof(suite)))
		job.suite = suite;
	return draw_all(&job, false);
}

char **plot_history(struct store *s, const char *kind, const char *dir)
{
	struct plot_job job = { .db = store_handle(s), .kind = kind, .dir = dir };
	char run_id[64];

	if (!store_latest(s, kind, run_id, sizeof(run_id))) {
		warn("no history: the database holds no complete run of kind '%s'", kind);
		return calloc(1, sizeof(char *));
	}
	job.run_id = run_id;
	return draw_all(&job, true);
}

void plot_free(char **pictures)
{
	for (char **p = pictures; p && *p; p++)
		free(*p);
	free(pictures);
}
