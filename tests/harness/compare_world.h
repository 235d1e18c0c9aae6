/* SPDX-License-Identifier: MIT */
/* What the tests of comparing share: one database for all cases, and runs of five allocators. */
#ifndef TESTS_HARNESS_COMPARE_WORLD_H
#define TESTS_HARNESS_COMPARE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "harness/compare.h"
#include "harness/sql.h"
#include "simulated.h"

static struct simulated world;
static struct store *store;
static uint64_t seed;

enum { NULL_ARM, BASELINE, CONTROL, SLAB, PEER };

static inline int open_store(void **state)
{
	char path[512];

	(void)state;
	simulated_path(path, sizeof(path), "compare.db");
	store = store_open(path);
	sql_exec(store_handle(store), "PRAGMA synchronous = OFF");
	return 0;
}

static inline int close_store(void **state)
{
	store_close(store);
	return simulated_cleanup(state);
}

/* null, libc, control, slab and a peer on one cell; nothing differs and nothing varies. */
static inline void quiet_world(uint64_t run_seed, int blocks)
{
	simulated_start(&world, run_seed, blocks);
	simulated_add_arm(&world, "slab", ARM_SUBJECT);
	simulated_add_arm(&world, "peer", ARM_SUBJECT);
	simulated_add_cell(&world, "work", 1);
}

static inline struct compare *run_world(simulated_spoil *spoil)
{
	simulated_store(&world, store, spoil);
	return compare_run(store_handle(store), world.run.id);
}

static inline struct compare_row *row(const struct compare *c, const char *metric, int arm)
{
	return compare_row_at(c, &c->cells[0], compare_metric_index(c, metric), arm);
}

static inline void assert_near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-9 * fabs(b)))
		fail_msg("%.17g is not %.17g", a, b);
}

#endif
