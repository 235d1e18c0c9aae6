/* SPDX-License-Identifier: MIT */
/*
 * A stored run made of numbers instead of trials: a test says what each trial measured, the real
 * store writes it. One program has one temporary directory with one database in it.
 *
 *	struct stored *s = stored_open();
 *	struct run *run = stored_run(s, "nightly", 6);
 *	stored_arm(run, "base", ARM_BASELINE);
 *	stored_cell(run, "work", "{\"threads\":1,\"scale\":1}");
 *	stored_store(s, run, measure, &context);
 *	stored_close(s);
 */
#ifndef TESTS_HARNESS_STORED_H
#define TESTS_HARNESS_STORED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/paths.h"
#include "harness/store.h"

struct stored {
	char dir[64];
	char db[128];
	struct store *store;
	int nr_runs;
};

/* Fill @t, whose cell, arm and block are set and whose status is TRIAL_OK. */
typedef void stored_measure(struct trial *t, void *context);

static inline struct stored *stored_open(void)
{
	struct stored *s = calloc(1, sizeof(*s));

	strcpy(s->dir, "/tmp/slabbench-test-XXXXXX");
	if (!mkdtemp(s->dir))
		abort();
	snprintf(s->db, sizeof(s->db), "%s/test.db", s->dir);
	s->store = store_open(s->db);
	return s;
}

static inline void stored_close(struct stored *s)
{
	char out[128];

	store_close(s->store);
	snprintf(out, sizeof(out), "%s/out", s->dir);
	paths_remove_dir(out);
	paths_remove_dir(s->dir);
	free(s);
}

static inline struct run *stored_run(struct stored *s, const char *kind, int blocks)
{
	struct run *run = calloc(1, sizeof(*run));

	run->kind = kind;
	run->blocks = blocks;
	run->seed = 1;
	snprintf(run->command, sizeof(run->command), "./runner %s --seed 1", kind);
	snprintf(run->db, sizeof(run->db), "%s", s->db);
	return run;
}

static inline struct arm *stored_arm(struct run *run, const char *label, enum arm_role role)
{
	struct arm *a = &run->arms[run->nr_arms];

	snprintf(a->label, sizeof(a->label), "%s", label);
	a->role = role;
	a->position = run->nr_arms++;
	return a;
}

static inline struct cell *stored_cell(struct run *run, const char *workload, const char *params)
{
	struct cell *c = &run->cells[run->nr_cells];

	snprintf(c->workload, sizeof(c->workload), "%s", workload);
	snprintf(c->params_json, sizeof(c->params_json), "%s", params);
	snprintf(c->image_hash, sizeof(c->image_hash), "%032d", run->nr_cells);
	c->threads = 1;
	c->rounds = 1;
	c->position = run->nr_cells++;
	return c;
}

static inline void stored_block(struct stored *s, struct run *run, int block,
				stored_measure *measure, void *context)
{
	int nr = run->nr_cells * run->nr_arms;
	struct trial *all = calloc((size_t)nr, sizeof(*all));
	struct trial **list = calloc((size_t)nr, sizeof(*list));

	for (int i = 0; i < nr; i++) {
		list[i] = &all[i];
		all[i].cell = &run->cells[i / run->nr_arms];
		all[i].arm = &run->arms[i % run->nr_arms];
		all[i].block = block;
		all[i].position = i % run->nr_arms;
		all[i].status = TRIAL_OK;
		measure(&all[i], context);
	}
	store_block(s->store, run, list, nr);
	free(list);
	free(all);
}

static inline void stored_sql(struct stored *s, const char *format, const char *argument)
{
	char *sql = sqlite3_mprintf(format, argument);

	if (sqlite3_exec(store_handle(s->store), sql, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(store_handle(s->store)));
		abort();
	}
	sqlite3_free(sql);
}

/* Store the run, one day after the one before it. run->id is its id; the caller frees @run. */
static inline void stored_store(struct stored *s, struct run *run, stored_measure *measure,
				void *context)
{
	char day[96];

	store_begin(s->store, run);
	for (int block = 0; block < run->blocks; block++)
		stored_block(s, run, block, measure, context);
	store_end(s->store, run, "complete");
	snprintf(day, sizeof(day), "UPDATE run SET started_at = %d WHERE id = %%Q",
		 1700000000 + 86400 * s->nr_runs++);
	stored_sql(s, day, run->id);
}

#endif
