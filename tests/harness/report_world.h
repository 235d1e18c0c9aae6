/* SPDX-License-Identifier: MIT */
/* What the tests of the reports share: runs as large as real ones, and the text of a report. */
#ifndef TESTS_HARNESS_REPORT_WORLD_H
#define TESTS_HARNESS_REPORT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>

#include "harness/report.h"
#include "harness/sql.h"
#include "lib/bits.h"
#include "simulated.h"

static struct simulated world;
static struct store *store;
static uint64_t seed;
static char *text; /* of the last report */

enum { NULL_ARM, BASELINE, CONTROL, SLAB };

static inline int open_store(void **state)
{
	char path[512];

	(void)state;
	simulated_path(path, sizeof(path), "report.db");
	store = store_open(path);
	sql_exec(store_handle(store), "PRAGMA synchronous = OFF");
	return 0;
}

static inline int close_store(void **state)
{
	free(text);
	store_close(store);
	return simulated_cleanup(state);
}

/* What a full run looks like: nine allocators, three cells, most metrics. */
static inline void full_world(int blocks)
{
	static const char *const peers[] = { "slab",
					     "slab:partition=random",
					     "slab:partition=typed",
					     "mimalloc",
					     "jemalloc",
					     "tcmalloc",
					     "tbbmalloc",
					     "mine:with=a,very=long,list=of,options=1" };

	simulated_start(&world, seed, blocks);
	for (size_t i = 0; i < ARRAY_SIZE(peers); i++)
		simulated_add_arm(&world, peers[i], ARM_SUBJECT);
	simulated_add_cell(&world, "dentry-name", 1);
	simulated_add_cell(&world, "xfs-buffer", 2);
	simulated_add_cell(&world, "trace:a/long/path/to/some/recording/of/a/kernel.ktr.zst", 64);
	strcpy(world.run.skipped[0].name, "hoard");
	strcpy(world.run.skipped[0].reason, "libhoard.so is not installed: apt-get install it");
	world.run.nr_skipped = 1;
	world.noise = 0.004;
	world.time[SLAB] = 0.8;
	world.memory[SLAB] = 1.1;
}

static inline void add_quality(struct trial *t)
{
	double own = 1 + t->arm->position;

	if (t->arm->role == ARM_NULL)
		return;
	trial_add(t, "latency_p50_ns", 20 * own + t->block % 3);
	trial_add(t, "latency_p99_ns", 2e3 * own + 50 * t->block);
	trial_add(t, "latency_p999_ns", 2e6 * own + 1000 * t->block);
	trial_add(t, "frag_jw4", 0.01 * own);
	trial_add(t, "waste_internal_ratio", 0.02);
	trial_add(t, "aligned_natural_ratio", 0.1 * own);
	trial_add(t, "dio_einval_count", 1234567 * own);
}

static inline void make_text(char *(*report)(const char *id))
{
	free(text);
	text = report(world.run.id);
}

static inline char *to_memory(void (*report)(FILE *out, struct store *s, const char *id),
			      const char *id)
{
	char *buf;
	size_t len;
	FILE *out = open_memstream(&buf, &len);

	report(out, store, id);
	fclose(out);
	return buf;
}

/* A copy in which all white space between two words is one space: lines may break anywhere. */
static inline char *squeezed(const char *s)
{
	char *copy = malloc(strlen(s) + 1), *end = copy;

	assert_non_null(copy);
	for (; *s; s++)
		if (!isspace((unsigned char)*s))
			*end++ = *s;
		else if (end == copy || end[-1] != ' ')
			*end++ = ' ';
	*end = '\0';
	return copy;
}

static inline void assert_says(const char *words)
{
	char *all = squeezed(text), *part = squeezed(words);

	if (!strstr(all, part))
		fail_msg("'%s' is not in:\n%s", words, text);
	free(all);
	free(part);
}

static inline void hostile(struct trial *t)
{
	if (t->arm->role != ARM_NULL)
		strcpy(t->note, "a \"note\" with \\ and \t and \xff and \xc3\xa9");
	if (t->arm->position != SLAB || t->block)
		return;
	t->status = TRIAL_FAILED;
	t->exit_status = 139;
	strcpy(t->reason, "died | of \"signal\" 11,\nand more");
}

static inline char *markdown(const char *id)
{
	return to_memory(report_markdown, id);
}

#endif
