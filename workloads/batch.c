// SPDX-License-Identifier: MIT
/*
 * batch: the loop of the kernel's slab benchmark. So many objects of one size are allocated, then
 * all are freed, in the order they came or in a drawn one; over and over. The first word of each
 * is written when it comes and read before it goes. A batch that fits an allocator's cache of free
 * objects costs the same for each object; a larger one goes to the shared lists and back.
 */
#include <stdio.h>

#include "digest.h"
#include "plan.h"
#include "workload.h"

#define MAX_BATCH   65536ul
#define MAX_BYTES   (1ul << 20)
#define ROUND_PAIRS 1000000.0
#define ROUND_BYTES (192.0 * (1 << 20)) /* given out in a round: the null allocator reuses none */
#define NR_ORDER    16384u /* entries of all orders together: 32 KiB, less than a first cache */

struct batch_item {
	uint64_t word;
};

static struct alloc_site sites[] = { ALLOC_SITE(struct batch_item, false, SITE_GFP_KERNEL) };

struct batch_image {
	uint32_t batch, bytes;
	uint32_t nr_batches; /* of each thread */
	uint32_t nr_orders;  /* of @batch entries each, used in turn */
	uint64_t word;	     /* of the first object of a batch */
	uint16_t order[];
};

struct batch_arg {
	unsigned long batch, bytes;
	bool shuffled;
};

static int refuse(struct wl_plan *plan, const char *what)
{
	snprintf(plan->why, sizeof(plan->why),
		 "'%.64s' %s; write BATCHxBYTES as in 100x256, with an s behind it to free in a "
		 "drawn order",
		 plan->arg, what);
	return -1;
}

static bool parse_number(const char **at, unsigned long high, unsigned long *value)
{
	char *end;

	if (**at < '0' || **at > '9')
		return false;
	*value = strtoul(*at, &end, 10);
	*at = end;
	return *value <= high;
}

static int parse(struct wl_plan *plan, struct batch_arg *a)
{
	const char *at = *plan->arg ? plan->arg : "100x256";

	if (!parse_number(&at, MAX_BATCH, &a->batch) || !a->batch)
		return refuse(plan, "has no batch of 1 to 65536 objects");
	if (*at++ != 'x' || !parse_number(&at, MAX_BYTES, &a->bytes) ||
	    a->bytes < sizeof(struct batch_item))
		return refuse(plan, "has no size of 8 bytes to 1 MiB");
	a->shuffled = *at == 's';
	at += a->shuffled;
	if (*at)
		return refuse(plan, "ends in something else than a size or s");
	if (a->shuffled && a->batch == 1)
		return refuse(plan, "has one object, whose order cannot be drawn");
	return 0;
}

static void draw_order(uint16_t *order, uint32_t nr, bool shuffled, struct random *r)
{
	for (uint32_t i = 0; i < nr; i++)
		order[i] = (uint16_t)i;
	for (uint32_t i = nr - 1; shuffled && i > 0; i--) {
		uint32_t j = (uint32_t)random_below(r, i + 1);
		uint16_t held = order[i];

		order[i] = order[j];
		order[j] = held;
	}
}

static int prepare(struct wl_plan *plan)
{
	struct batch_arg a = { .batch = 0 };
	struct batch_image *image;
	uint32_t nr_orders;
	struct random r;
	double pairs;

	if (parse(plan, &a))
		return -1;
	nr_orders = a.batch < NR_ORDER ? NR_ORDER / (uint32_t)a.batch : 1;
	image = plan->piece(plan, sizeof(*image) + nr_orders * a.batch * sizeof(*image->order));
	plan_random(&r, plan, 0);
	pairs = ROUND_BYTES / (double)plan_rounded(a.bytes);
	pairs = (pairs < ROUND_PAIRS ? pairs : ROUND_PAIRS) * plan->scale;
	*image = (struct batch_image){
		.batch = (uint32_t)a.batch,
		.bytes = (uint32_t)a.bytes,
		.nr_batches = plan_share(pairs / (double)a.batch, plan->threads, 0, 1),
		.nr_orders = nr_orders,
		.word = random_u64(&r) >> 1,
	};
	for (uint32_t i = 0; i < nr_orders; i++)
		draw_order(image->order + i * a.batch, image->batch, a.shuffled, &r);
	plan->ops = (uint64_t)image->nr_batches * image->batch * plan->threads;
	plan->alloc_bytes = plan->ops * plan_rounded(a.bytes);
	return 0;
}

static int setup(struct wl_run *run)
{
	const struct batch_image *image = run->image;

	for (unsigned int i = 0; i < run->threads; i++)
		run->thread[i].state = run->map(run, image->batch * sizeof(void *));
	return 0;
}

/* The number of objects that came. */
static uint32_t fill(struct wl_thread *t, void **slot, uint32_t nr, size_t bytes, uint64_t word)
{
	for (uint32_t i = 0; i < nr; i++) {
		void *p = wl_alloc(t, bytes, &sites[0]);

		if (unlikely(!p)) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			return i;
		}
		digest_store(p, word + i);
		slot[i] = p;
	}
	return nr;
}

static uint64_t drain(struct wl_thread *t, void **slot, const uint16_t *order, uint32_t nr,
		      size_t bytes)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < nr; i++) {
		void *p = slot[order[i]];

		sum += digest_load(p);
		wl_free(t, p, bytes);
	}
	return sum;
}

/* A batch that is not whole goes in the order it came. */
static void drain_part(struct wl_thread *t, void **slot, uint32_t nr, size_t bytes)
{
	while (nr)
		wl_free(t, slot[--nr], bytes);
}

static void round_of(struct wl_thread *t)
{
	const struct batch_image *image = t->run->image;
	const uint16_t *end = image->order + (size_t)image->nr_orders * image->batch;
	const uint16_t *order = image->order;
	uint32_t batch = image->batch, bytes = image->bytes;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < image->nr_batches; i++) {
		uint32_t nr = fill(t, t->state, batch, bytes, image->word);

		if (unlikely(nr < batch)) {
			drain_part(t, t->state, nr, bytes);
			return;
		}
		sum += drain(t, t->state, order, batch, bytes);
		order = order + batch < end ? order + batch : image->order;
	}
	t->digest += digest_mix(sum);
}

WORKLOAD(batch) = {
	.name = "batch",
	.summary = "objects of one size, allocated and freed in batches",
	.op = "an object allocated, its first word written and read, and freed",
	.takes = "BATCHxBYTES as 100x256; 100x256s frees in a drawn order",
	.on_request = true,
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
