// SPDX-License-Identifier: MIT
/* A stored run as arrays: arms, cells, metrics, and for each triple the samples by block. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "lib/die.h"
#include "metrics.h"
#include "sql.h"

static void *zeroed(int nr, size_t size)
{
	void *p = calloc(nr ? (size_t)nr : 1, size);

	if (!p)
		die(EXIT_FAILED, "out of memory");
	return p;
}

static void read_header(struct compare *c, sqlite3 *db, const char *run_id)
{
	sqlite3_stmt *stmt = sql_for_run(
		db,
		"SELECT run, status, kind, argv, baseline, host, factors, tool_commit, "
		"tool_dirty, quick, started_at, seed, blocks, facts FROM v_run WHERE run = ?",
		run_id);

	if (!sql_row(stmt))
		die(EXIT_USAGE, "there is no run '%s' in %s", run_id,
		    sqlite3_db_filename(db, "main"));
	sql_copy(stmt, 0, c->id, sizeof(c->id));
	sql_copy(stmt, 1, c->status, sizeof(c->status));
	sql_copy(stmt, 2, c->kind, sizeof(c->kind));
	sql_copy(stmt, 3, c->argv, sizeof(c->argv));
	sql_copy(stmt, 4, c->baseline, sizeof(c->baseline));
	sql_copy(stmt, 5, c->host, sizeof(c->host));
	sql_copy(stmt, 6, c->factors, sizeof(c->factors));
	sql_copy(stmt, 7, c->tool_commit, sizeof(c->tool_commit));
	c->tool_dirty = sqlite3_column_int(stmt, 8);
	c->quick = sqlite3_column_int(stmt, 9);
	c->started_at = sqlite3_column_int64(stmt, 10);
	c->seed = (uint64_t)sqlite3_column_int64(stmt, 11);
	c->blocks = sqlite3_column_int(stmt, 12);
	c->facts = strdup(sql_column(stmt, 13));
	if (!c->facts)
		die(EXIT_FAILED, "out of memory");
	sql_finish(stmt);
}

static int count_rows(sqlite3 *db, const char *statement, const char *run_id)
{
	sqlite3_stmt *stmt = sql_for_run(db, statement, run_id);
	int nr = sql_row(stmt) ? sqlite3_column_int(stmt, 0) : 0;

	sql_finish(stmt);
	return nr;
}

static enum arm_role role_of(const char *name)
{
	for (enum arm_role role = ARM_SUBJECT; role < ARM_NULL; role++)
		if (!strcmp(name, arm_role_name(role)))
			return role;
	return ARM_NULL;
}

static void read_arms(struct compare *c, sqlite3 *db)
{
	sqlite3_stmt *stmt;

	c->arms = zeroed(count_rows(db, "SELECT count(*) FROM arm WHERE run = ?", c->id),
			 sizeof(*c->arms));
	stmt = sql_for_run(db,
			   "SELECT id, label, role, path, build_id, version, mode, token "
			   "FROM arm WHERE run = ? ORDER BY position, id",
			   c->id);
	while (sql_row(stmt)) {
		struct compare_arm *a = &c->arms[c->nr_arms++];

		a->id = sqlite3_column_int64(stmt, 0);
		sql_copy(stmt, 1, a->label, sizeof(a->label));
		a->role = role_of(sql_column(stmt, 2));
		sql_copy(stmt, 3, a->path, sizeof(a->path));
		sql_copy(stmt, 4, a->build_id, sizeof(a->build_id));
		sql_copy(stmt, 5, a->version, sizeof(a->version));
		sql_copy(stmt, 6, a->mode, sizeof(a->mode));
		sql_copy(stmt, 7, a->token, sizeof(a->token));
	}
	sql_finish(stmt);
}

static void read_cell(struct compare_cell *cell, sqlite3_stmt *stmt)
{
	cell->id = sqlite3_column_int64(stmt, 0);
	sql_copy(stmt, 1, cell->workload, sizeof(cell->workload));
	sql_copy(stmt, 2, cell->params, sizeof(cell->params));
	sql_copy(stmt, 3, cell->note, sizeof(cell->note));
	sql_copy(stmt, 4, cell->image_hash, sizeof(cell->image_hash));
	cell->threads = (unsigned int)sqlite3_column_int(stmt, 5);
	cell->ops = (uint64_t)sqlite3_column_int64(stmt, 6);
	cell->rounds = (unsigned int)sqlite3_column_int(stmt, 7);
}

static void read_cells(struct compare *c, sqlite3 *db)
{
	sqlite3_stmt *stmt;

	c->cells = zeroed(count_rows(db, "SELECT count(*) FROM cell WHERE run = ?", c->id),
			  sizeof(*c->cells));
	stmt = sql_for_run(db,
			   "SELECT id, workload, params, note, image_hash, threads, ops, "
			   "rounds FROM cell WHERE run = ? ORDER BY position, id",
			   c->id);
	while (sql_row(stmt)) {
		struct compare_cell *cell = &c->cells[c->nr_cells++];

		read_cell(cell, stmt);
		cell->rows = zeroed(c->nr_metrics * c->nr_arms, sizeof(*cell->rows));
		cell->statuses = zeroed(c->nr_arms, sizeof(*cell->statuses));
	}
	sql_finish(stmt);
}

static int metric_order(const char *name)
{
	const struct metric *known = metric_find(name);

	return known ? (int)(known - metrics) : 1 << 20;
}

static int by_order(const void *a, const void *b)
{
	const struct compare_metric *x = a, *y = b;
	int order = metric_order(x->name) - metric_order(y->name);

	return order ? order : strcmp(x->name, y->name);
}

/* A counter's label is its name in words: "dio_einval_count" is "dio einval". */
static void label_counter(struct compare_metric *m)
{
	static const char *const suffixes[] = { "_count", "_bytes", "_ns", "_ratio" };
	size_t len = strlen(m->name);

	for (int i = 0; i < 4; i++) {
		size_t suffix = strlen(suffixes[i]);

		if (len > suffix && !strcmp(m->name + len - suffix, suffixes[i]))
			len -= suffix;
	}
	snprintf(m->label, sizeof(m->label), "%.*s", (int)len, m->name);
	for (char *s = m->label; *s; s++)
		if (*s == '_')
			*s = ' ';
}

static void describe(struct compare_metric *m)
{
	const struct metric *known = metric_find(m->name);

	if (!known) {
		m->counter = m->shown = true;
		label_counter(m);
		return;
	}
	snprintf(m->label, sizeof(m->label), "%s", known->label);
	m->rel_floor = known->rel_floor;
	m->abs_floor = known->abs_floor;
	m->judged = known->judged;
	m->shown = known->shown;
}

static void read_metrics(struct compare *c, sqlite3 *db)
{
	sqlite3_stmt *stmt;

	c->metrics = zeroed(count_rows(db,
				       "SELECT count(DISTINCT metric) FROM v_sample "
				       "WHERE run = ?",
				       c->id),
			    sizeof(*c->metrics));
	stmt = sql_for_run(db, "SELECT DISTINCT metric, unit, better FROM v_sample WHERE run = ?",
			   c->id);
	while (sql_row(stmt)) {
		struct compare_metric *m = &c->metrics[c->nr_metrics++];

		sql_copy(stmt, 0, m->name, sizeof(m->name));
		sql_copy(stmt, 1, m->unit, sizeof(m->unit));
		m->better = sqlite3_column_int(stmt, 2);
		describe(m);
	}
	sql_finish(stmt);
	qsort(c->metrics, (size_t)c->nr_metrics, sizeof(*c->metrics), by_order);
}

static struct compare_cell *cell_with(struct compare *c, int64_t id)
{
	for (int i = 0; i < c->nr_cells; i++)
		if (c->cells[i].id == id)
			return &c->cells[i];
	die(EXIT_STORAGE, "run %s has a trial of a cell of another run", c->id);
}

static int arm_with(const struct compare *c, int64_t id)
{
	for (int i = 0; i < c->nr_arms; i++)
		if (c->arms[i].id == id)
			return i;
	die(EXIT_STORAGE, "run %s has a trial of an arm of another run", c->id);
}

static void read_statuses(struct compare *c, sqlite3 *db)
{
	sqlite3_stmt *stmt = sql_for_run(db,
					 "SELECT cell, arm, status, count(*) FROM v_trial "
					 "WHERE run = ? GROUP BY cell, arm, status",
					 c->id);

	while (sql_row(stmt)) {
		struct compare_cell *cell = cell_with(c, sqlite3_column_int64(stmt, 0));
		int *counts = cell->statuses[arm_with(c, sqlite3_column_int64(stmt, 1))];

		for (enum trial_status s = TRIAL_OK; s <= TRIAL_OUTGROWN; s++)
			if (!strcmp(sql_column(stmt, 2), trial_status_name(s)))
				counts[s] = sqlite3_column_int(stmt, 3);
	}
	sql_finish(stmt);
}

/* Room for one sample more; grown by doubling. */
static void make_room(struct compare_row *row)
{
	int nr = row->n ? 2 * row->n : 8;

	if (row->n && (row->n < 8 || (row->n & (row->n - 1))))
		return;
	row->value = realloc(row->value, (size_t)nr * sizeof(*row->value));
	row->block = realloc(row->block, (size_t)nr * sizeof(*row->block));
	if (!row->value || !row->block)
		die(EXIT_FAILED, "out of memory");
}

static void read_samples(struct compare *c, sqlite3 *db)
{
	sqlite3_stmt *stmt = sql_for_run(db,
					 "SELECT cell, arm, metric, block, value FROM v_sample "
					 "WHERE run = ? ORDER BY cell, arm, metric, block",
					 c->id);

	while (sql_row(stmt)) {
		struct compare_cell *cell = cell_with(c, sqlite3_column_int64(stmt, 0));
		int arm = arm_with(c, sqlite3_column_int64(stmt, 1));
		int metric = compare_metric_index(c, sql_column(stmt, 2));
		struct compare_row *row = compare_row_at(c, cell, metric, arm);

		make_room(row);
		row->block[row->n] = sqlite3_column_int(stmt, 3);
		row->value[row->n++] = sqlite3_column_double(stmt, 4);
	}
	sql_finish(stmt);
}

struct compare *compare_read(sqlite3 *db, const char *run_id)
{
	struct compare *c = zeroed(1, sizeof(*c));

	/* One snapshot: a run that is still being written does not change between the questions. */
	sql_exec(db, "SAVEPOINT compare_read");
	read_header(c, db, run_id);
	read_arms(c, db);
	read_metrics(c, db);
	read_cells(c, db);
	read_statuses(c, db);
	read_samples(c, db);
	sql_exec(db, "RELEASE compare_read");
	return c;
}

void compare_free(struct compare *c)
{
	for (int i = 0; i < c->nr_cells; i++) {
		for (int j = 0; j < c->nr_metrics * c->nr_arms; j++) {
			free(c->cells[i].rows[j].value);
			free(c->cells[i].rows[j].block);
		}
		free(c->cells[i].rows);
		free(c->cells[i].statuses);
	}
	free(c->cells);
	free(c->arms);
	free(c->metrics);
	free(c->facts);
	free(c);
}

struct compare_row *compare_row_at(const struct compare *c, const struct compare_cell *cell,
				   int metric, int arm)
{
	return &cell->rows[metric * c->nr_arms + arm];
}

int compare_metric_index(const struct compare *c, const char *name)
{
	for (int i = 0; i < c->nr_metrics; i++)
		if (!strcmp(c->metrics[i].name, name))
			return i;
	return -1;
}

int compare_arm_index(const struct compare *c, enum arm_role role)
{
	for (int i = 0; i < c->nr_arms; i++)
		if (c->arms[i].role == role)
			return i;
	return -1;
}
