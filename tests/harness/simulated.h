/* SPDX-License-Identifier: MIT */
/*
 * Runs whose truth is known: the test says by how much each allocator differs, how noisy the
 * machine is and how it drifts, and gets a run in a database as if it had been measured.
 */
#ifndef TESTS_HARNESS_SIMULATED_H
#define TESTS_HARNESS_SIMULATED_H

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/run.h"
#include "harness/store.h"
#include "lib/random.h"

#define SIMULATED_BASE_NS    41.0
#define SIMULATED_NULL_NS    3.1
#define SIMULATED_BASE_BYTES (212.0 * 1024 * 1024)

struct simulated {
	struct run run;
	struct random rng;
	double time[RUN_MAX_ARMS];   /* true ratio to the baseline */
	double memory[RUN_MAX_ARMS]; /* the same of every RSS metric */
	double noise;		     /* sigma of the log of a trial */
	double drift;		     /* log change of the machine from one block to the next */
	double outliers;	     /* share of trials that take 20 % longer */
	struct trial trial[RUN_MAX_ARMS];
};

/* May change a trial before it is stored. */
typedef void simulated_spoil(struct trial *t);

static inline double simulated_uniform(struct simulated *y)
{
	return ((double)(random_u64(&y->rng) >> 11) + 0.5) / (double)(1ull << 53);
}

static inline double simulated_normal(struct simulated *y)
{
	return sqrt(-2 * log(simulated_uniform(y))) * cos(2 * M_PI * simulated_uniform(y));
}

static inline int simulated_add_arm(struct simulated *y, const char *label, enum arm_role role)
{
	int i = y->run.nr_arms++;
	struct arm *a = &y->run.arms[i];

	snprintf(a->label, sizeof(a->label), "%s", label);
	snprintf(a->allocator, sizeof(a->allocator), "%s", label);
	snprintf(a->path, sizeof(a->path), "/usr/lib/%s.so", label);
	snprintf(a->version, sizeof(a->version), "1.%d", i);
	a->role = role;
	a->position = i;
	y->time[i] = y->memory[i] = 1;
	return i;
}

static inline void simulated_add_cell(struct simulated *y, const char *workload,
				      unsigned int threads)
{
	struct cell *c = &y->run.cells[y->run.nr_cells];

	snprintf(c->workload, sizeof(c->workload), "%s", workload);
	snprintf(c->params_json, sizeof(c->params_json), "{\"threads\":%u,\"scale\":1}", threads);
	c->threads = threads;
	c->scale = 1;
	c->ops = 1200000;
	c->rounds = 5;
	c->position = y->run.nr_cells++;
}

/* null, libc and its control; the caller adds subjects and cells. */
static inline void simulated_start(struct simulated *y, uint64_t seed, int blocks)
{
	memset(y, 0, sizeof(*y));
	random_seed(&y->rng, seed);
	y->run.kind = "compare";
	y->run.seed = seed;
	y->run.blocks = blocks;
	snprintf(y->run.command, sizeof(y->run.command), "./runner compare --seed %llu",
		 (unsigned long long)seed);
	simulated_add_arm(y, "null", ARM_NULL);
	simulated_add_arm(y, "libc", ARM_BASELINE);
	simulated_add_arm(y, "libc (control)", ARM_CONTROL);
}

static inline double simulated_factor(struct simulated *y, int block)
{
	double slow = simulated_uniform(y) < y->outliers ? log(1.2) : 0;

	return exp(y->noise * simulated_normal(y) + y->drift * block + slow);
}

static inline void simulated_measure(struct simulated *y, struct trial *t, int arm, int block)
{
	bool null = y->run.arms[arm].role == ARM_NULL;
	double rss = SIMULATED_BASE_BYTES * y->memory[arm];

	trial_add(t, "ns_per_op",
		  (null ? SIMULATED_NULL_NS : SIMULATED_BASE_NS * y->time[arm]) *
			  simulated_factor(y, block));
	if (null)
		return;
	trial_add(t, "rss_peak_bytes", rss * exp(y->noise / 4 * simulated_normal(y)));
	trial_add(t, "rss_mean_bytes", 0.8 * rss * exp(y->noise / 4 * simulated_normal(y)));
	trial_add(t, "live_peak_bytes", 190.0 * 1024 * 1024);
	trial_add(t, "page_faults", 0);
}

/* One trial of @cell on @arm, ok, in y->trial[arm]. */
static inline struct trial *simulated_trial(struct simulated *y, int cell, int arm, int block)
{
	struct trial *t = &y->trial[arm];

	memset(t, 0, sizeof(*t));
	t->cell = &y->run.cells[cell];
	t->arm = &y->run.arms[arm];
	t->block = block;
	t->position = arm;
	t->status = TRIAL_OK;
	t->digest = 0x5eed;
	simulated_measure(y, t, arm, block);
	return t;
}

/* One block of each cell in turn. */
static inline void simulated_block(struct simulated *y, struct store *s, int block,
				   simulated_spoil *spoil)
{
	struct trial *list[RUN_MAX_ARMS];

	for (int cell = 0; cell < y->run.nr_cells; cell++) {
		for (int arm = 0; arm < y->run.nr_arms; arm++) {
			list[arm] = simulated_trial(y, cell, arm, block);
			if (spoil)
				spoil(list[arm]);
		}
		store_block(s, &y->run, list, y->run.nr_arms);
	}
}

/* The whole run; @spoil may be NULL. */
static inline void simulated_store(struct simulated *y, struct store *s, simulated_spoil *spoil)
{
	store_begin(s, &y->run);
	for (int block = 0; block < y->run.blocks; block++)
		simulated_block(y, s, block, spoil);
	store_end(s, &y->run, "complete");
}

/* A directory of the test's own; its name stays valid. */
static inline const char *simulated_directory(void)
{
	static char dir[256];
	const char *tmp = getenv("TMPDIR");

	if (!dir[0]) {
		snprintf(dir, sizeof(dir), "%.200s/slabbench-test-XXXXXX", tmp ? tmp : "/tmp");
		if (!mkdtemp(dir))
			abort();
	}
	return dir;
}

static inline void simulated_path(char *buf, size_t len, const char *name)
{
	snprintf(buf, len, "%s/%s", simulated_directory(), name);
}

static inline int simulated_cleanup(void **state)
{
	char command[512];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", simulated_directory());
	return system(command);
}

static inline uint64_t simulated_seed(void)
{
	const char *seed = getenv("SEED");
	uint64_t value = seed ? strtoull(seed, NULL, 0) : 20261121;

	printf("seed %llu (SEED=)\n", (unsigned long long)value);
	return value;
}

#endif
