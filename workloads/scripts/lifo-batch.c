// SPDX-License-Identifier: MIT
/*
 * One idea: how deep is an allocator's cache of free objects? Batches of equal objects are
 *allocated and freed in reverse order. As long as a batch fits the cache, each object costs the
 *same; beyond it, every batch goes to the shared lists and back.
 *
 *	./runner run workloads/scripts/lifo-batch.c -a libc,mimalloc,slab
 *
 * The batch doubles from 1 to 4096, each size for the same number of objects, so one number sums
 *the ladder up. To look at one rung, change FIRST_BATCH and LAST_BATCH to it.
 */
#include "workloads/workload.h"

#define OBJECT_BYTES 256
#define FIRST_BATCH  1
#define LAST_BATCH   4096

struct item {
	struct item *next; /* the batch is a stack: what came last goes first */
	uint64_t number;
	unsigned char payload[OBJECT_BYTES - 16];
};

static struct alloc_site sites[] = { ALLOC_SITE(struct item, true, SITE_GFP_KERNEL) };

struct image {
	uint32_t nr_objects; /* allocated at each batch size, by each thread */
};

static int prepare(struct wl_plan *plan)
{
	struct image *image = plan->piece(plan, sizeof(*image));
	uint32_t per_thread = (uint32_t)(100000 * plan->scale / plan->threads);

	/* Whole batches only: every size then allocates the same number. */
	image->nr_objects = (per_thread / LAST_BATCH + 1) * LAST_BATCH;
	for (uint32_t batch = FIRST_BATCH; batch <= LAST_BATCH; batch *= 2)
		plan->ops += (uint64_t)image->nr_objects * plan->threads;
	plan->alloc_bytes = plan->ops * sizeof(struct item);
	return 0;
}

static int setup(struct wl_run *run)
{
	(void)run; /* the batches are lists through the objects: no memory of our own */
	return 0;
}

static struct item *push(struct wl_thread *t, struct item *top, uint64_t number)
{
	struct item *item = wl_alloc(t, sizeof(*item), &sites[0]);

	if (!item) {
		wl_fail(t, WL_OUT_OF_MEMORY);
		return top;
	}
	item->next = top;
	item->number = number;
	item->payload[0] = (unsigned char)number; /* a kernel object's user fills it later */
	return item;
}

static struct item *pop(struct wl_thread *t, struct item *top)
{
	struct item *next = top->next;

	t->digest += top->number ^ top->payload[0];
	wl_free(t, top, sizeof(*top));
	return next;
}

static void round_of(struct wl_thread *t)
{
	const struct image *image = t->run->image;
	struct item *top = NULL;

	for (uint32_t batch = FIRST_BATCH; batch <= LAST_BATCH; batch *= 2) {
		for (uint32_t done = 0; done < image->nr_objects && !t->error; done += batch) {
			for (uint32_t i = 0; i < batch && !t->error; i++)
				top = push(t, top, done + i);
			while (top)
				top = pop(t, top);
		}
	}
}

WORKLOAD(script) = {
	.name = "lifo-batch",
	.summary = "256-byte objects in batches of 1 to 4096, freed last in first out",
	.op = "an object allocated and freed",
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
