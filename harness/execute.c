// SPDX-License-Identifier: MIT
/* Blocks, cells, arms; groups of trials that wait for their parked children; commits. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "execute.h"
#include "lib/die.h"
#include "lib/random.h"
#include "park.h"
#include "progress.h"
#include "watch.h"

#define PARK_ROOM 48 /* below park.c's table */

/* Measured on a 2-CPU machine: a process, its identity and its set-up; an operation in each round.
 */
#define TRIAL_S	      0.12
#define OP_S	      30e-9
#define WATCHED_ROUND 3 /* a watched or a latency round costs about that many timed ones */

/* The trials of one cell in one block. */
struct group {
	struct trial *trials;
	int nr;
	struct group *next;
};

struct execution {
	struct run *run;
	struct store *store;
	unsigned int timeout_s;
	struct group *waiting; /* of the first block: their children are parked */
	struct progress progress;
};

static void shuffle(int *order, int n, struct random *r)
{
	for (int i = 0; i < n; i++)
		order[i] = i;
	for (int i = n - 1; i > 0; i--) {
		int j = (int)random_below(r, i + 1), held = order[i];

		order[i] = order[j];
		order[j] = held;
	}
}

void execute_order(const struct run *run, int cell, int block, int *order)
{
	int n = run->nr_arms, drawn[RUN_MAX_ARMS];
	struct random r;

	random_seed(&r, run->seed ^ (uint64_t)cell << 32 ^ (uint64_t)(block / n) << 48);
	shuffle(drawn, n, &r);
	for (int i = 0; i < n; i++)
		order[i] = drawn[(i + block) % n];
}

static int arms_of(const struct run *run, const struct cell *c)
{
	int nr = 0;

	for (int i = 0; i < run->nr_arms; i++)
		nr += run_has(&run->arms[i], c);
	return nr;
}

double execute_estimate_s(const struct run *run)
{
	double s = 0;

	for (int i = 0; i < run->nr_cells; i++) {
		const struct cell *c = &run->cells[i];
		double rounds = c->rounds + 2 * WATCHED_ROUND;

		if (c->round_ns)
			s += arms_of(run, c) *
			     (TRIAL_S + 1e-9 * (double)c->round_ns * (c->rounds + 2));
		else
			s += arms_of(run, c) *
			     (TRIAL_S + (double)c->ops * OP_S * rounds / c->threads);
	}
	return s * run->blocks + 5;
}

static void commit(struct execution *e, struct group *g)
{
	struct trial *trials[RUN_MAX_ARMS];

	for (int i = 0; i < g->nr; i++)
		trials[i] = &g->trials[i];
	store_block(e->store, e->run, trials, g->nr);
	free(g->trials);
	free(g);
}

/* All groups wait for the last of them: a commit between trials, none during one. */
static void commit_waiting(struct execution *e)
{
	while (e->waiting) {
		struct group *g = e->waiting;

		e->waiting = g->next;
		commit(e, g);
	}
}

static void wait_for_parked(int room)
{
	while (park_count() > room && !watch_interrupted) {
		int ms = park_wait_ms();

		usleep((ms < 1 ? 1 : ms) * 1000);
		park_sample();
		park_release();
	}
}

static bool run_group(struct execution *e, int cell, int block, struct group *g)
{
	struct run *run = e->run;
	int order[RUN_MAX_ARMS];

	execute_order(run, cell, block, order);
	for (int i = 0; i < run->nr_arms; i++) {
		struct trial *t = &g->trials[g->nr];

		if (!run_has(&run->arms[order[i]], &run->cells[cell]))
			continue;
		wait_for_parked(PARK_ROOM);
		t->cell = &run->cells[cell];
		t->arm = &run->arms[order[i]];
		t->block = block;
		t->position = g->nr++;
		progress_trial(&e->progress, t);
		if (!watch_trial(run, t, block == 0, e->timeout_s))
			return false;
		progress_done(&e->progress, t);
		park_release();
	}
	return true;
}

static struct group *new_group(const struct run *run)
{
	struct group *g = calloc(1, sizeof(*g));

	if (g)
		g->trials = calloc(run->nr_arms, sizeof(*g->trials));
	if (!g || !g->trials)
		die(EXIT_FAILED, "out of memory for a block of %d trials", run->nr_arms);
	return g;
}

static bool run_block(struct execution *e, int block)
{
	for (int cell = 0; cell < e->run->nr_cells; cell++) {
		struct group *g = new_group(e->run);

		if (!run_group(e, cell, block, g)) {
			free(g->trials);
			free(g);
			return false;
		}
		if (block == 0) {
			g->next = e->waiting;
			e->waiting = g;
			continue;
		}
		wait_for_parked(0);
		commit(e, g);
	}
	wait_for_parked(0);
	if (watch_interrupted)
		return false;
	commit_waiting(e);
	return true;
}

static void abandon(struct execution *e)
{
	park_abandon();
	while (e->waiting) {
		struct group *g = e->waiting;

		e->waiting = g->next;
		free(g->trials);
		free(g);
	}
}

bool execute_run(struct run *run, struct store *store, unsigned int timeout_s)
{
	struct execution e = { .run = run, .store = store, .timeout_s = timeout_s };

	progress_start(&e.progress, run);
	for (int block = 0; block < run->blocks; block++)
		if (!run_block(&e, block)) {
			abandon(&e);
			progress_end(&e.progress);
			return false;
		}
	progress_end(&e.progress);
	return true;
}
