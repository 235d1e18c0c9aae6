// SPDX-License-Identifier: MIT
/* The rows a run begins with, in one transaction, and the one that ends it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/die.h"
#include "machine.h"
#include "metrics.h"
#include "sql.h"
#include "store_parts.h"
#include "uuid.h"
#include "version.h"

static void insert_machine(sqlite3 *db, char id[MACHINE_ID])
{
	sqlite3_stmt *stmt =
		sql_prepare(db, "INSERT INTO machine (id, factors, label) VALUES (?, ?, ?) "
				"ON CONFLICT (id) DO NOTHING");
	struct machine m;
	char host[128] = "";
	char *factors;

	machine_probe(&m, "");
	machine_id(&m, id);
	factors = machine_factors(&m);
	gethostname(host, sizeof(host) - 1);
	sql_text(stmt, 1, id);
	sql_text(stmt, 2, factors);
	sql_text(stmt, 3, *host ? host : "unnamed");
	sql_run(stmt);
	sql_finish(stmt);
	free(factors);
}

static void insert_env(sqlite3 *db, char id[MACHINE_ID])
{
	sqlite3_stmt *stmt = sql_prepare(
		db, "INSERT INTO env (id, facts) VALUES (?, ?) ON CONFLICT (id) DO NOTHING");
	char *facts = machine_env("");

	machine_env_id(facts, id);
	sql_text(stmt, 1, id);
	sql_text(stmt, 2, facts);
	sql_run(stmt);
	sql_finish(stmt);
	free(facts);
}

/* The newest build's words for a metric; numbers already stored are not touched. */
static void upsert_metrics(sqlite3 *db)
{
	sqlite3_stmt *stmt = sql_prepare(
		db, "INSERT INTO metric (name, unit, better, rel_floor, abs_floor, summary) "
		    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
		    "unit = excluded.unit, better = excluded.better, "
		    "rel_floor = excluded.rel_floor, abs_floor = excluded.abs_floor, "
		    "summary = excluded.summary");

	for (const struct metric *m = metrics; m->name; m++) {
		sql_text(stmt, 1, m->name);
		sql_text(stmt, 2, m->unit);
		sql_int(stmt, 3, m->better);
		sql_real(stmt, 4, m->rel_floor);
		sql_real(stmt, 5, m->abs_floor);
		sql_text(stmt, 6, m->summary);
		sql_run(stmt);
	}
	sql_finish(stmt);
}

static const char *baseline_label(const struct run *run)
{
	for (int i = 0; i < run->nr_arms; i++)
		if (run->arms[i].role == ARM_BASELINE)
			return run->arms[i].label;
	return "";
}

static void insert_run(sqlite3 *db, const struct run *run, const char *machine, const char *env)
{
	sqlite3_stmt *stmt = sql_prepare(
		db, "INSERT INTO run (id, started_at, status, kind, machine, env, tool_commit, "
		    "tool_dirty, argv, seed, blocks, quick, baseline, pid, boot_id) "
		    "VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
	char boot_id[64];

	store_stale_boot_id(boot_id, sizeof(boot_id));
	sql_text(stmt, 1, run->id);
	sql_int(stmt, 2, time(NULL));
	sql_text(stmt, 3, run->kind);
	sql_text(stmt, 4, machine);
	sql_text(stmt, 5, env);
	sql_text(stmt, 6, SLABBENCH_COMMIT);
	sql_int(stmt, 7, SLABBENCH_DIRTY);
	sql_text(stmt, 8, run->command);
	sql_int(stmt, 9, (int64_t)run->seed);
	sql_int(stmt, 10, run->blocks);
	sql_int(stmt, 11, run->quick);
	sql_text(stmt, 12, baseline_label(run));
	sql_int(stmt, 13, getpid());
	sql_text(stmt, 14, boot_id);
	sql_run(stmt);
	sql_finish(stmt);
}

static void insert_arms(sqlite3 *db, struct run *run)
{
	sqlite3_stmt *stmt = sql_for_run(
		db,
		"INSERT INTO arm (run, label, role, position, path, build_id, version, mode, "
		"token) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		run->id);

	for (int i = 0; i < run->nr_arms; i++) {
		struct arm *a = &run->arms[i];

		sql_text(stmt, 2, a->label);
		sql_text(stmt, 3, arm_role_name(a->role));
		sql_int(stmt, 4, a->position);
		sql_text(stmt, 5, a->path);
		sql_text(stmt, 6, a->build_id);
		sql_text(stmt, 7, a->version);
		sql_text(stmt, 8, a->mode);
		sql_text(stmt, 9, a->token);
		sql_run(stmt);
		a->store_id = sqlite3_last_insert_rowid(db);
	}
	sql_finish(stmt);
}

static void insert_cells(sqlite3 *db, struct run *run)
{
	sqlite3_stmt *stmt = sql_for_run(
		db,
		"INSERT INTO cell (run, workload, params, threads, image_hash, image_bytes, "
		"ops, rounds, note, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		run->id);

	for (int i = 0; i < run->nr_cells; i++) {
		struct cell *c = &run->cells[i];

		sql_text(stmt, 2, c->workload);
		sql_text(stmt, 3, c->params_json);
		sql_int(stmt, 4, c->threads);
		sql_text(stmt, 5, c->image_hash);
		sql_int(stmt, 6, (int64_t)c->image_bytes);
		sql_int(stmt, 7, (int64_t)c->ops);
		sql_int(stmt, 8, c->rounds);
		sql_text(stmt, 9, c->note);
		sql_int(stmt, 10, c->position);
		sql_run(stmt);
		c->store_id = sqlite3_last_insert_rowid(db);
	}
	sql_finish(stmt);
}

/* The same name may be left out twice, as an allocator and as a workload: the reasons are joined.
 */
static void insert_skipped(sqlite3 *db, const struct run *run)
{
	sqlite3_stmt *stmt =
		sql_for_run(db,
			    "INSERT INTO skipped (run, name, reason) VALUES (?, ?, ?) "
			    "ON CONFLICT (run, name) DO UPDATE SET reason = reason || '; ' || "
			    "excluded.reason",
			    run->id);

	for (int i = 0; i < run->nr_skipped; i++) {
		sql_text(stmt, 2, run->skipped[i].name);
		sql_text(stmt, 3, run->skipped[i].reason);
		sql_run(stmt);
	}
	sql_finish(stmt);
}

static void insert_own(sqlite3 *db, const struct arm *a)
{
	sqlite3_stmt *stmt =
		sql_prepare(db, "INSERT INTO suite_own (arm, allocator, options) VALUES (?, ?, ?)");

	sql_int(stmt, 1, a->store_id);
	sql_text(stmt, 2, a->allocator);
	sql_text(stmt, 3, a->options);
	sql_run(stmt);
	sql_finish(stmt);
}

static void insert_suite(sqlite3 *db, const struct run *run)
{
	sqlite3_stmt *stmt;

	if (!*run->suite)
		return;
	stmt = sql_for_run(db, "INSERT INTO suite (run, name, text) VALUES (?, ?, ?)", run->id);
	sql_text(stmt, 2, run->suite);
	sql_text(stmt, 3, run->suite_text);
	sql_run(stmt);
	sql_finish(stmt);
	for (int i = 0; i < run->nr_arms; i++)
		if (run->arms[i].is_own && run->arms[i].role != ARM_CONTROL)
			insert_own(db, &run->arms[i]);
}

void store_begin(struct store *s, struct run *run)
{
	char machine[MACHINE_ID], env[MACHINE_ID];

	uuid_make(run->id);
	sql_exec(s->db, "BEGIN IMMEDIATE");
	insert_machine(s->db, machine);
	insert_env(s->db, env);
	upsert_metrics(s->db);
	insert_run(s->db, run, machine, env);
	insert_arms(s->db, run);
	insert_cells(s->db, run);
	insert_skipped(s->db, run);
	insert_suite(s->db, run);
	sql_exec(s->db, "COMMIT");
}

void store_end(struct store *s, struct run *run, const char *status)
{
	sqlite3_stmt *stmt =
		sql_prepare(s->db, "UPDATE run SET status = ?, ended_at = ? WHERE id = ?");

	sql_text(stmt, 1, status);
	sql_int(stmt, 2, time(NULL));
	sql_text(stmt, 3, run->id);
	sql_run(stmt);
	sql_finish(stmt);
}
