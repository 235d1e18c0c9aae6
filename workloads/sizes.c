// SPDX-License-Identifier: MIT
/*
 * sizes: objects of the sizes that a real program asked for, in the shares it asked for them. Which
 * object goes is drawn, so lifetimes say nothing of the program; order and lifetimes are those of
 * the `trace` workload. One word of each object is touched.
 */
#include <stdio.h>
#include <stdlib.h>

#include "churn.h"
#include "size_table.h"

#define NR_SLOTS      8192u /* live objects of all threads */
#define MOST_BYTES    65536u
#define ROUND_OBJECTS 400000.0
#define ROUND_BYTES   (96.0 * (1 << 20))
#define DEFAULT_NAME  "python"

struct sizes_image {
	uint32_t nr_slots; /* of each thread */
	uint32_t nr_ops;
	uint64_t word;
	struct churn_op op[]; /* [nr_ops] of thread 0, then of thread 1, ... */
};

static double mean_bytes(const struct size_table *table)
{
	double sum = 0;

	for (uint32_t i = 0; i < table->nr; i++) {
		uint64_t nr = table->below[i] - (i ? table->below[i - 1] : 0);

		sum += (double)nr * (double)plan_rounded(table->bytes[i]);
	}
	return sum / (double)table->total;
}

static void draw_ops(struct wl_plan *plan, struct sizes_image *image, unsigned int thread,
		     const struct size_table *table)
{
	struct churn_op *op = image->op + (size_t)thread * image->nr_ops;
	struct random r;

	plan_random(&r, plan, thread);
	for (uint32_t i = 0; i < image->nr_ops; i++) {
		op[i].slot = (uint32_t)random_below(&r, image->nr_slots);
		op[i].bytes = size_table_draw(table, &r);
		plan->alloc_bytes += plan_rounded(op[i].bytes);
	}
}

static void draw(struct wl_plan *plan, const struct size_table *table)
{
	double nr = ROUND_BYTES / mean_bytes(table);
	struct sizes_image *image;
	uint32_t nr_ops;

	nr = (nr < ROUND_OBJECTS ? nr : ROUND_OBJECTS) * plan->scale;
	nr_ops = plan_share(nr, plan->threads, 0, 1);
	image = plan->piece(plan,
			    sizeof(*image) + (size_t)nr_ops * plan->threads * sizeof(*image->op));
	image->nr_slots = plan_share(NR_SLOTS, plan->threads, 0, 1);
	image->nr_ops = nr_ops;
	image->word = plan->seed + 1;
	for (unsigned int i = 0; i < plan->threads; i++)
		draw_ops(plan, image, i, table);
	plan->ops = (uint64_t)nr_ops * plan->threads;
	snprintf(plan->params, sizeof(plan->params), "mean=%.0f", mean_bytes(table));
}

static int prepare(struct wl_plan *plan)
{
	const char *name = *plan->arg ? plan->arg : DEFAULT_NAME;
	struct size_table *table = plan_alloc(1, sizeof(*table));
	int err = size_table_read(table, name, CHURN_MIN_BYTES, MOST_BYTES, plan->why,
				  sizeof(plan->why));

	if (!err)
		draw(plan, table);
	free(table);
	return err;
}

static int setup(struct wl_run *run)
{
	const struct sizes_image *image = run->image;

	for (unsigned int i = 0; i < run->threads; i++)
		run->thread[i].state = run->map(run, image->nr_slots * sizeof(struct churn_slot));
	return 0;
}

static void round_of(struct wl_thread *t)
{
	const struct sizes_image *image = t->run->image;

	churn_run(t, image->op + (size_t)t->index * image->nr_ops, image->nr_ops, t->state,
		  image->word);
	churn_end(t, t->state, image->nr_slots);
}

WORKLOAD(sizes) = {
	.name = "sizes",
	.summary = "objects of the sizes that a real program asked for, replaced at random",
	.op = "an object allocated, its first word written and read, and freed",
	.takes = "NAME of shipped sizes (workloads/data/NAME.sizes), or FILE with a slash",
	.on_request = true,
	.sites = churn_sites,
	.nr_sites = CHURN_NR_SITES,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
