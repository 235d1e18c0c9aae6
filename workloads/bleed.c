// SPDX-License-Identifier: MIT
/*
 * bleed: in each turn a thread fills a box with objects and frees those in the box of its
 * neighbour, so every object is freed by another thread than the one that asked for it, and all
 * threads do both. What an allocator caches per thread wanders from one to the next. All boxes
 * together hold the same number of objects, however many threads there are.
 */
#include "digest.h"
#include "pace.h"
#include "plan.h"
#include "workload.h"

/*
 * What another thread frees the null allocator never reuses: a round gives out no more than a last
 * cache holds, so that its row stays the harness's own cost.
 */
#define ROUND_OBJECTS 100000.0
#define NR_IN_BOXES   8192u /* of all threads, in one turn */
#define MIN_BYTES     16u
#define NR_SIZES      16u /* 16 to 256 bytes */

struct bleed_item {
	uint64_t word;
};

static struct alloc_site sites[] = { ALLOC_SITE(struct bleed_item, true, SITE_GFP_KERNEL) };

struct bleed_image {
	uint32_t box;	   /* objects of a box */
	uint32_t nr_turns; /* of a round */
	uint64_t word;
	uint8_t size[]; /* [box]: bytes / 16 - 1 */
};

/* Two boxes, so that one can be filled while the neighbour empties the other. */
struct bleed_thread {
	struct pace filled, emptied; /* turns; emptied by the neighbour */
	_Alignas(64) void **box[2];
	uint64_t turn; /* begun by its thread since the trial began */
};

static uint32_t bytes_of(const struct bleed_image *image, uint32_t i)
{
	return (image->size[i] + 1u) * MIN_BYTES;
}

static int prepare(struct wl_plan *plan)
{
	uint32_t box = plan_share(NR_IN_BOXES, plan->threads, 0, 1);
	struct bleed_image *image = plan->piece(plan, sizeof(*image) + box);
	double turns = ROUND_OBJECTS * plan->scale / box / plan->threads;
	uint64_t bytes = 0;
	struct random r;

	plan_random(&r, plan, 0);
	image->box = box;
	image->nr_turns = turns > 2 ? (uint32_t)turns : 2;
	image->word = random_u64(&r) >> 1;
	for (uint32_t i = 0; i < box; i++) {
		image->size[i] = (uint8_t)random_below(&r, NR_SIZES);
		bytes += plan_rounded(bytes_of(image, i));
	}
	plan->ops = (uint64_t)box * image->nr_turns * plan->threads;
	plan->alloc_bytes = bytes * image->nr_turns * plan->threads;
	return 0;
}

static int setup(struct wl_run *run)
{
	const struct bleed_image *image = run->image;
	struct bleed_thread *b = run->map(run, run->threads * sizeof(*b));

	for (unsigned int i = 0; i < run->threads; i++) {
		b[i].box[0] = run->map(run, image->box * sizeof(void *));
		b[i].box[1] = run->map(run, image->box * sizeof(void *));
	}
	run->state = b;
	return 0;
}

/* After a failure the box is filled with NULL, so that the neighbour's turn comes. */
static void fill(struct wl_thread *t, void **box)
{
	const struct bleed_image *image = t->run->image;

	for (uint32_t i = 0; i < image->box; i++) {
		box[i] = t->error ? NULL : wl_alloc(t, bytes_of(image, i), &sites[0]);
		if (likely(box[i]))
			digest_store(box[i], image->word + i);
		else
			wl_fail(t, WL_OUT_OF_MEMORY);
	}
}

static void empty(struct wl_thread *t, void **box)
{
	const struct bleed_image *image = t->run->image;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < image->box; i++) {
		if (unlikely(!box[i]))
			continue;
		sum += digest_load(box[i]);
		wl_free(t, box[i], bytes_of(image, i));
	}
	t->digest += sum;
}

static void round_of(struct wl_thread *t)
{
	const struct bleed_image *image = t->run->image;
	struct bleed_thread *all = t->run->state, *own = &all[t->index];
	struct bleed_thread *other = &all[(t->index + 1) % t->run->threads];

	for (uint32_t i = 0; i < image->nr_turns; i++) {
		uint64_t turn = ++own->turn;

		if (turn > 2)
			pace_wait(&own->emptied, turn - 2);
		fill(t, own->box[turn % 2]);
		pace_set(&own->filled, turn);
		pace_wait(&other->filled, turn);
		empty(t, other->box[turn % 2]);
		pace_set(&other->emptied, turn);
	}
}

WORKLOAD(bleed) = {
	.name = "bleed",
	.summary = "each thread frees what its neighbour allocated, in turns",
	.op = "an object allocated, written, read by the neighbour and freed",
	.on_request = true,
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
