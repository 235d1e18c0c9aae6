// SPDX-License-Identifier: MIT
/*
 * larson: the server of Larson and Krishnan (ISMM 1998). Each thread replaces objects of random
 * size in random places of its table; after each of several phases the tables move on by one
 * thread, which inherits the objects. So most objects are freed by another thread than the one that
 * asked for them, at no particular time. All tables together hold the same number of objects.
 */
#include "churn.h"
#include "pace.h"

#define NR_SLOTS 16384u
/*
 * What another thread frees the null allocator never reuses: a round gives out no more than a last
 * cache holds, so that its row stays the harness's own cost.
 */
#define ROUND_OBJECTS 100000.0
#define NR_PHASES     8u
#define LEAST_BYTES   8u
#define MOST_BYTES    256u

struct larson_image {
	uint32_t nr_slots; /* of each table */
	uint32_t nr_ops;   /* of each thread in a phase */
	uint64_t word;
	struct churn_op op[]; /* [thread][phase][nr_ops] */
};

struct larson_run {
	struct pace met;
	struct churn_slot **table; /* [threads] */
};

static int prepare(struct wl_plan *plan)
{
	double per_phase = ROUND_OBJECTS * plan->scale / NR_PHASES;
	uint32_t nr_ops = plan_share(per_phase, plan->threads, 0, 1);
	size_t nr = (size_t)nr_ops * NR_PHASES * plan->threads;
	struct larson_image *image = plan->piece(plan, sizeof(*image) + nr * sizeof(*image->op));
	struct random r;

	plan_random(&r, plan, 0);
	image->nr_slots = plan_share(NR_SLOTS, plan->threads, 0, 1);
	image->nr_ops = nr_ops;
	image->word = random_u64(&r) >> 1;
	for (size_t i = 0; i < nr; i++) {
		image->op[i].slot = (uint32_t)random_below(&r, image->nr_slots);
		image->op[i].bytes = (uint32_t)random_range(&r, LEAST_BYTES, MOST_BYTES);
		plan->alloc_bytes += plan_rounded(image->op[i].bytes);
	}
	plan->ops = nr;
	return 0;
}

static int setup(struct wl_run *run)
{
	const struct larson_image *image = run->image;
	struct larson_run *l = run->map(run, sizeof(*l));

	l->table = run->map(run, run->threads * sizeof(*l->table));
	for (unsigned int i = 0; i < run->threads; i++) {
		l->table[i] = run->map(run, image->nr_slots * sizeof(**l->table));
		run->thread[i].state = run->map(run, sizeof(uint64_t));
	}
	run->state = l;
	return 0;
}

/* Wait until all have done this phase; a thread counts its meetings from the trial's begin. */
static void meet(struct wl_thread *t, struct larson_run *l)
{
	uint64_t *turn = t->state;

	pace_meet(&l->met, t->run->threads, ++*turn);
}

static void round_of(struct wl_thread *t)
{
	const struct larson_image *image = t->run->image;
	struct larson_run *l = t->run->state;
	size_t at = (size_t)t->index * NR_PHASES * image->nr_ops;
	unsigned int table = t->index;

	for (uint32_t phase = 0; phase < NR_PHASES; phase++, at += image->nr_ops) {
		table = (t->index + phase) % t->run->threads;
		if (!t->error)
			churn_run(t, image->op + at, image->nr_ops, l->table[table],
				  image->word + at);
		meet(t, l);
	}
	churn_end(t, l->table[(table + 1) % t->run->threads], image->nr_slots);
	meet(t, l);
}

WORKLOAD(larson) = {
	.name = "larson",
	.summary = "random replacement in tables that threads inherit from one another",
	.op = "an object allocated, its first word written and read, and freed",
	.on_request = true,
	.sites = churn_sites,
	.nr_sites = CHURN_NR_SITES,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
