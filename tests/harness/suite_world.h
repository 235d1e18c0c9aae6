/* SPDX-License-Identifier: MIT */
/*
 * What the tests of suites share: a run of eleven lines whose truth is known. The null row takes
 * 3.1 ns and libc 41, so 37.9 ns are libc's own.
 */
#ifndef TESTS_HARNESS_SUITE_WORLD_H
#define TESTS_HARNESS_SUITE_WORLD_H

#include "simulated.h"

#define HEAD "summary test\nallocators libc\n"

#define LIBC 37.9

static uint64_t noise_seed; /* that of the last known_world() */

enum { OWN = 3, OWN_TYPED, FAST, LEAN };

static const char lines_text[] = HEAD "cell batch:a\ncell batch:b\ncell other\ncell crowd 2,64\n"
				      "target each batch 1.00\ntarget mean 1.05\n"
				      "target worst 1.10\ntarget peak 1.00\ntarget drained 1.00\n"
				      "target options partition=typed 1.01\ntarget p999 1.00\n"
				      "target crowd 64:2 1.10\n";

/* @ns: what is the allocator's own of a time. */
static inline void set_ns(struct trial *t, double ns)
{
	t->metric[0].value = SIMULATED_NULL_NS + ns;
}

static inline bool is_cell(const struct trial *t, const char *workload, unsigned int threads)
{
	return !strcmp(t->cell->workload, workload) && t->cell->threads == threads;
}

/* The own one: 0.8 of FAST in batch:a, 1.2 in batch:b, as fast elsewhere; typed is 2 % slower. */
static inline void known_truth(struct trial *t)
{
	int arm = t->arm->position;
	double ns = arm == FAST ? 10 : arm == LEAN ? 20 : LIBC, bytes = 100 << 20;

	if (t->arm->role == ARM_NULL)
		return;
	if (arm == OWN || arm == OWN_TYPED)
		ns = is_cell(t, "batch:a", 1) ? 8 : is_cell(t, "batch:b", 1) ? 12 : 10;
	if (arm == OWN_TYPED)
		ns *= 1.02;
	set_ns(t, ns);
	if (arm == LEAN)
		bytes *= is_cell(t, "other", 1) ? 0.9 : 0.5;
	if (arm == FAST)
		bytes *= is_cell(t, "other", 1) ? 0.5 : 2;
	for (int i = 0; i < t->nr_metrics; i++)
		if (!strcmp(t->metric[i].name, "rss_peak_bytes"))
			t->metric[i].value = bytes;
		else if (!strcmp(t->metric[i].name, "live_peak_bytes") && is_cell(t, "other", 1))
			t->metric[i].value = 1000;
	trial_add(t, "rss_drained_bytes",
		  arm == OWN && is_cell(t, "crowd", 64) ? 1.05 * bytes : bytes);
	trial_add(t, "latency_p999_ns", arm == OWN ? 300 : arm == FAST ? 200 : 0.5);
}

static inline void known_world(struct simulated *world, uint64_t run_seed, int blocks)
{
	noise_seed = run_seed;
	simulated_start(world, run_seed, blocks);
	simulated_add_arm(world, "slab", ARM_SUBJECT);
	simulated_add_arm(world, "slab:partition=typed", ARM_SUBJECT);
	simulated_add_arm(world, "fast", ARM_SUBJECT);
	simulated_add_arm(world, "lean", ARM_SUBJECT);
	for (int i = OWN; i <= OWN_TYPED; i++) {
		world->run.arms[i].is_own = true;
		strcpy(world->run.arms[i].allocator, "slab");
	}
	strcpy(world->run.arms[OWN_TYPED].options, "partition=typed");
	simulated_add_cell(world, "batch:a", 1);
	simulated_add_cell(world, "batch:b", 1);
	simulated_add_cell(world, "other", 1);
	simulated_add_cell(world, "crowd", 2);
	simulated_add_cell(world, "crowd", 64);
	strcpy(world->run.suite, "test");
	world->run.suite_text = lines_text;
}

enum {
	EACH,
	MEAN,
	MEAN_ONE,
	WORST,
	PEAK,
	PEAK_ONE,
	DRAINED,
	DRAINED_ONE,
	OPTIONS,
	P999,
	CROWD,
	NR_LINES
};

static inline void noisy(struct trial *t)
{
	struct random r;

	known_truth(t);
	random_seed(&r, noise_seed + (uint64_t)t->block * 1000 + (uint64_t)t->position * 31 +
				(uint64_t)t->cell->position);
	t->metric[0].value *= 0.9 + (double)random_below(&r, 200) / 1000;
}

#endif
