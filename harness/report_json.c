// SPDX-License-Identifier: MIT
/*
 * One object on one stream, schema_version 1. Keys may be added, none changes its meaning. What is
 * absent is null; the control's rows stand apart from the cells. docs/METHOD.md tells the members
 * of a suite.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report_suite.h"
#include "sql.h"

#define SCHEMA_VERSION 1

static void write_run(struct json *j, const struct compare *c, const char *db, char **plots)
{
	json_object(j, "run");
	json_text(j, "id", c->id);
	json_text(j, "database", db);
	json_array(j, "plots");
	for (; plots && *plots; plots++)
		json_text(j, NULL, *plots);
	json_array_end(j);
	json_int(j, "blocks", c->blocks);
	json_uint(j, "seed", c->seed);
	json_text(j, "argv", c->argv);
	json_text(j, "kind", c->kind);
	json_text(j, "status", c->status);
	json_bool(j, "quick", c->quick);
	json_int(j, "started_at", c->started_at);
	json_text(j, "baseline", c->baseline);
	json_text(j, "tool_commit", c->tool_commit);
	json_bool(j, "tool_dirty", c->tool_dirty);
	json_text(j, "host", c->host);
	json_raw(j, "machine", c->factors);
	json_raw(j, "env", c->facts);
	json_object_end(j);
}

static void write_arms(struct json *j, const struct compare *c)
{
	json_array(j, "allocators");
	for (int i = 0; i < c->nr_arms; i++) {
		const struct compare_arm *a = &c->arms[i];

		json_object(j, NULL);
		json_text(j, "allocator", a->label);
		json_text(j, "role", arm_role_name(a->role));
		json_text(j, "version", a->version);
		json_text(j, "mode", a->mode);
		json_text(j, "path", a->path);
		json_text(j, "build_id", a->build_id);
		json_text(j, "token", a->token);
		json_object_end(j);
	}
	json_array_end(j);
}

static void write_samples(struct json *j, const struct compare_row *row)
{
	json_array(j, "samples");
	for (int i = 0; i < row->n; i++)
		json_number(j, NULL, row->value[i]);
	json_array_end(j);
	json_array(j, "sample_blocks");
	for (int i = 0; i < row->n; i++)
		json_int(j, NULL, row->block[i]);
	json_array_end(j);
}

static void write_judgement(struct json *j, const struct compare_metric *m,
			    const struct compare_row *row)
{
	if (row->verdict == VERDICT_NONE)
		json_null(j, "verdict");
	else
		json_text(j, "verdict", compare_verdict_name(m, row->verdict));
	json_number(j, "coverage", row->ratio_interval.coverage);
	json_bool(j, "adjusted", row->adjusted);
	json_number(j, "p", row->p);
	json_number(j, "p_holm", row->p_holm);
	json_number(j, "floor", row->floor);
	if (row->blocks_needed)
		json_int(j, "blocks_needed", row->blocks_needed);
	if (row->why[0])
		json_text(j, "why", row->why);
}

static void write_row(struct json *j, const struct compare *c, const struct compare_cell *cell,
		      int metric, int arm)
{
	const struct compare_metric *m = &c->metrics[metric];
	const struct compare_row *row = compare_row_at(c, cell, metric, arm);

	json_object(j, NULL);
	json_text(j, "workload", cell->workload);
	json_raw(j, "params", cell->params);
	json_text(j, "allocator", c->arms[arm].label);
	json_text(j, "metric", m->name);
	json_text(j, "unit", m->unit);
	json_int(j, "n", row->n);
	json_number(j, "median", row->median);
	json_number(j, "low", row->interval.low);
	json_number(j, "high", row->interval.high);
	json_number(j, "ratio", row->ratio);
	json_number(j, "ratio_low", row->ratio_interval.low);
	json_number(j, "ratio_high", row->ratio_interval.high);
	write_judgement(j, m, row);
	json_text(j, "baseline", c->baseline);
	json_text(j, "role", arm_role_name(c->arms[arm].role));
	json_bool(j, "contaminated", cell->contaminated);
	write_samples(j, row);
	json_object_end(j);
}

static bool belongs(const struct report *r, const struct compare_cell *cell, int metric, int arm,
		    const char *key)
{
	if (!strcmp(key, "cells"))
		return report_has_row(r, cell, metric, arm);
	return r->c->arms[arm].role == ARM_CONTROL && compare_row_at(r->c, cell, metric, arm)->n;
}

static void write_rows(struct json *j, const struct report *r, const char *key)
{
	json_array(j, key);
	for (int i = 0; i < r->c->nr_cells; i++)
		for (int metric = 0; metric < r->c->nr_metrics; metric++)
			for (int arm = 0; arm < r->c->nr_arms; arm++)
				if (belongs(r, &r->c->cells[i], metric, arm, key))
					write_row(j, r->c, &r->c->cells[i], metric, arm);
	json_array_end(j);
}

static void write_notes(struct json *j, const struct report *r)
{
	json_array(j, "notes");
	for (int i = 0; i < r->c->nr_cells; i++) {
		const struct compare_cell *cell = &r->c->cells[i];
		sqlite3_stmt *stmt = report_notes(r, cell);

		if (*cell->note) {
			json_object(j, NULL);
			json_text(j, "workload", cell->workload);
			json_text(j, "note", cell->note);
			json_object_end(j);
		}
		while (sql_row(stmt)) {
			json_object(j, NULL);
			json_text(j, "workload", cell->workload);
			json_text(j, "allocators", sql_column(stmt, 2));
			json_text(j, "note", sql_column(stmt, 0));
			json_object_end(j);
		}
		sql_finish(stmt);
	}
	json_array_end(j);
}

static void write_skipped(struct json *j, const struct report *r)
{
	sqlite3_stmt *stmt = report_skipped(r);

	json_array(j, "skipped");
	while (sql_row(stmt)) {
		json_object(j, NULL);
		json_text(j, "name", sql_column(stmt, 0));
		json_text(j, "reason", sql_column(stmt, 1));
		json_object_end(j);
	}
	json_array_end(j);
	sql_finish(stmt);
}

static void write_failed(struct json *j, const struct report *r)
{
	sqlite3_stmt *stmt = report_failed(r);

	json_array(j, "failed");
	while (sql_row(stmt)) {
		json_object(j, NULL);
		json_text(j, "workload", sql_column(stmt, 0));
		json_raw(j, "params", sql_column(stmt, 1));
		json_text(j, "allocator", sql_column(stmt, 2));
		json_text(j, "status", sql_column(stmt, 4));
		json_int(j, "trials", sqlite3_column_int(stmt, 5));
		json_int(j, "first_block", sqlite3_column_int(stmt, 6));
		json_int(j, "exit_status", sqlite3_column_int(stmt, 7));
		json_text(j, "reason", sql_column(stmt, 8));
		json_object_end(j);
	}
	json_array_end(j);
	sql_finish(stmt);
}

void report_json(FILE *out, struct store *s, const char *run_id, const char *db, char **plots)
{
	struct report r;
	struct json j;

	report_start(&r, out, s, run_id);
	json_start(&j, out);
	j.lines = true;
	json_object(&j, NULL);
	json_int(&j, "schema_version", SCHEMA_VERSION);
	write_run(&j, r.c, db, plots);
	write_arms(&j, r.c);
	write_rows(&j, &r, "cells");
	write_rows(&j, &r, "control");
	report_suite_json(&r, &j);
	write_notes(&j, &r);
	write_skipped(&j, &r);
	write_failed(&j, &r);
	json_object_end(&j);
	report_end(&r);
}
