// SPDX-License-Identifier: MIT
/* One block of trials, all or nothing: one IMMEDIATE transaction, each statement prepared once. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "metrics.h"
#include "sql.h"
#include "store_parts.h"

enum {
	INSERT_TRIAL,
	INSERT_METRIC,
	INSERT_SAMPLE,
	INSERT_POINT,
	INSERT_BUCKET,
	INSERT_ALIGNMENT,
	INSERT_SLAB_USE,
	INSERT_SLABINFO,
	UPDATE_ARM,
	NR_STATEMENTS,
};

static const char *const text[NR_STATEMENTS] = {
	[INSERT_TRIAL] = "INSERT INTO trial (run, cell, arm, block, position, started_ns, status, "
			 "exit_status, digest, reason, note) "
			 "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[INSERT_METRIC] = "INSERT INTO metric (name, unit, better, rel_floor, abs_floor, summary) "
			  "VALUES (?, ?, 0, 0, 0, 'counted by the workload') "
			  "ON CONFLICT (name) DO NOTHING",
	[INSERT_SAMPLE] = "INSERT INTO sample (trial, metric, value) VALUES (?, ?, ?)",
	/* Two points of one nanosecond are one: the later. */
	[INSERT_POINT] = "INSERT OR REPLACE INTO timeline (trial, t_ns, live_bytes, rss_bytes) "
			 "VALUES (?, ?, ?, ?)",
	[INSERT_BUCKET] = "INSERT INTO latency (trial, low_ns, calls) VALUES (?, ?, ?)",
	[INSERT_ALIGNMENT] = "INSERT INTO alignment (trial, size_class, divisor, requests) "
			     "VALUES (?, ?, ?, ?)",
	[INSERT_SLAB_USE] = "INSERT INTO slab_use (trial, tenth, nr_slabs) VALUES (?, ?, ?)",
	[INSERT_SLABINFO] = "INSERT INTO slabinfo (trial, text) VALUES (?, ?)",
	[UPDATE_ARM] = "UPDATE arm SET path = ?, build_id = ?, version = ?, mode = ?, token = ? "
		       "WHERE id = ?",
};

struct block {
	sqlite3 *db;
	sqlite3_stmt *stmt[NR_STATEMENTS];
};

/* A workload's counter says its unit in its name. */
static const char *unit_of(const char *name)
{
	static const struct {
		const char *suffix, *unit;
	} units[] = {
		{ "_ns", "ns" },       { "_bytes", "bytes" },	 { "_ratio", "ratio" },
		{ "_count", "count" }, { "_per_second", "1/s" },
	};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		size_t suffix = strlen(units[i].suffix);

		if (len > suffix && !strcmp(name + len - suffix, units[i].suffix))
			return units[i].unit;
	}
	return "count";
}

static void write_trial_row(struct block *b, const struct run *run, const struct trial *t)
{
	sqlite3_stmt *stmt = b->stmt[INSERT_TRIAL];
	char digest[17] = "";

	if (t->status == TRIAL_OK || t->status == TRIAL_MISMATCH)
		snprintf(digest, sizeof(digest), "%016llx", (unsigned long long)t->digest);
	sql_text(stmt, 1, run->id);
	sql_int(stmt, 2, t->cell->store_id);
	sql_int(stmt, 3, t->arm->store_id);
	sql_int(stmt, 4, t->block);
	sql_int(stmt, 5, t->position);
	sql_int(stmt, 6, (int64_t)t->started_ns);
	sql_text(stmt, 7, trial_status_name(t->status));
	sql_int(stmt, 8, t->exit_status);
	sql_text(stmt, 9, digest);
	sql_text(stmt, 10, t->reason);
	sql_text(stmt, 11, t->note);
	sql_run(stmt);
}

/* A value that could not be measured is absent, not a number. */
static void write_samples(struct block *b, const struct trial *t, int64_t id)
{
	for (int i = 0; i < t->nr_metrics; i++) {
		const struct trial_metric *m = &t->metric[i];

		if (!isfinite(m->value))
			continue;
		if (!metric_find(m->name)) {
			sql_text(b->stmt[INSERT_METRIC], 1, m->name);
			sql_text(b->stmt[INSERT_METRIC], 2, unit_of(m->name));
			sql_run(b->stmt[INSERT_METRIC]);
		}
		sql_int(b->stmt[INSERT_SAMPLE], 1, id);
		sql_text(b->stmt[INSERT_SAMPLE], 2, m->name);
		sql_real(b->stmt[INSERT_SAMPLE], 3, m->value);
		sql_run(b->stmt[INSERT_SAMPLE]);
	}
}

static void write_points(struct block *b, const struct trial *t, int64_t id)
{
	sqlite3_stmt *stmt = b->stmt[INSERT_POINT];

	for (int i = 0; i < t->nr_points; i++) {
		sql_int(stmt, 1, id);
		sql_int(stmt, 2, (int64_t)t->point[i].t_ns);
		sql_int(stmt, 3, (int64_t)t->point[i].live_bytes);
		sql_int(stmt, 4, (int64_t)t->point[i].rss_bytes);
		sql_run(stmt);
	}
}

static void write_buckets(struct block *b, const struct trial *t, int64_t id)
{
	sqlite3_stmt *stmt = b->stmt[INSERT_BUCKET];

	for (int i = 0; i < t->nr_buckets; i++) {
		sql_int(stmt, 1, id);
		sql_real(stmt, 2, t->bucket[i].low_ns);
		sql_int(stmt, 3, (int64_t)t->bucket[i].calls);
		sql_run(stmt);
	}
}

static void write_alignment(struct block *b, const struct trial *t, int64_t id)
{
	sqlite3_stmt *stmt = b->stmt[INSERT_ALIGNMENT];

	for (int i = 0; i < t->nr_alignment; i++) {
		sql_int(stmt, 1, id);
		sql_int(stmt, 2, t->alignment[i].size_class);
		sql_int(stmt, 3, t->alignment[i].divisor);
		sql_int(stmt, 4, (int64_t)t->alignment[i].requests);
		sql_run(stmt);
	}
}

static void write_slab_use(struct block *b, const struct trial *t, int64_t id)
{
	sqlite3_stmt *stmt = b->stmt[INSERT_SLAB_USE];

	for (int tenth = 0; t->have_slab_use && tenth < (int)ARRAY_SIZE(t->slab_use); tenth++) {
		sql_int(stmt, 1, id);
		sql_int(stmt, 2, tenth);
		sql_int(stmt, 3, (int64_t)t->slab_use[tenth]);
		sql_run(stmt);
	}
}

/* Of the first block alone: the others are of the same ops in the same order. */
static void write_slabinfo(struct block *b, const struct trial *t, int64_t id)
{
	sqlite3_stmt *stmt = b->stmt[INSERT_SLABINFO];

	if (t->block || !*t->slabinfo)
		return;
	sql_int(stmt, 1, id);
	sql_text(stmt, 2, t->slabinfo);
	sql_run(stmt);
}

static void write_arm(struct block *b, const struct arm *a)
{
	sqlite3_stmt *stmt = b->stmt[UPDATE_ARM];

	sql_text(stmt, 1, a->path);
	sql_text(stmt, 2, a->build_id);
	sql_text(stmt, 3, a->version);
	sql_text(stmt, 4, a->mode);
	sql_text(stmt, 5, a->token);
	sql_int(stmt, 6, a->store_id);
	sql_run(stmt);
}

static void write_trial(struct block *b, const struct run *run, const struct trial *t)
{
	int64_t id;

	write_trial_row(b, run, t);
	id = sqlite3_last_insert_rowid(b->db);
	write_samples(b, t, id);
	write_points(b, t, id);
	write_buckets(b, t, id);
	write_alignment(b, t, id);
	write_slab_use(b, t, id);
	write_slabinfo(b, t, id);
}

void store_block(struct store *s, struct run *run, struct trial **trials, int nr)
{
	struct block b = { .db = s->db };

	for (int i = 0; i < NR_STATEMENTS; i++)
		b.stmt[i] = sql_prepare(s->db, text[i]);
	sql_exec(s->db, "BEGIN IMMEDIATE");
	for (int i = 0; i < nr; i++)
		write_trial(&b, run, trials[i]);
	for (int i = 0; i < run->nr_arms; i++)
		write_arm(&b, &run->arms[i]);
	sql_exec(s->db, "COMMIT");
	for (int i = 0; i < NR_STATEMENTS; i++)
		sql_finish(b.stmt[i]);
}
