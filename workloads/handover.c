// SPDX-License-Identifier: MIT
/*
 * handover: half of the threads allocate, the other half free, in pairs with a ring between them.
 * An allocator that gives objects back to where they came from, or keeps what a thread frees for
 * that thread, shows what that costs. A thread without a partner does both. All rings together hold
 * the same number of objects, however many threads there are. (Not handover.h, where each thread
 * does both.)
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
#define NR_IN_RINGS   16384u
#define STRIDE	      32u /* objects that are handed over at once */
#define MIN_BYTES     16u
#define NR_SIZES      16u /* 16 to 256 bytes */

struct handover_item {
	uint64_t word;
};

static struct alloc_site sites[] = { ALLOC_SITE(struct handover_item, true, SITE_GFP_KERNEL) };

struct handover_image {
	uint32_t nr;   /* objects of a pair in a round, in whole strides */
	uint32_t ring; /* objects that a ring holds, in whole strides */
	uint64_t word;
	uint8_t size[]; /* of object i of every pair: bytes / 16 - 1 */
};

struct handover_ring {
	struct pace put, taken; /* by one thread each */
	_Alignas(64) void **object;
};

static uint32_t whole_strides(double nr)
{
	uint32_t strides = (uint32_t)(nr / STRIDE);

	return (strides ? strides : 1) * STRIDE;
}

static uint32_t bytes_of(const struct handover_image *image, uint64_t i)
{
	return (image->size[i] + 1u) * MIN_BYTES;
}

static int prepare(struct wl_plan *plan)
{
	unsigned int pairs = (plan->threads + 1) / 2;
	uint32_t nr = whole_strides(ROUND_OBJECTS * plan->scale / pairs);
	struct handover_image *image = plan->piece(plan, sizeof(*image) + nr);
	struct random r;

	plan_random(&r, plan, 0);
	image->nr = nr;
	image->ring = whole_strides(NR_IN_RINGS / pairs);
	image->word = random_u64(&r) >> 1;
	for (uint32_t i = 0; i < nr; i++) {
		image->size[i] = (uint8_t)random_below(&r, NR_SIZES);
		plan->alloc_bytes += plan_rounded(bytes_of(image, i)) * pairs;
	}
	plan->ops = (uint64_t)nr * pairs;
	return 0;
}

static int setup(struct wl_run *run)
{
	const struct handover_image *image = run->image;
	unsigned int pairs = (run->threads + 1) / 2;
	struct handover_ring *rings = run->map(run, pairs * sizeof(*rings));

	for (unsigned int i = 0; i < pairs; i++)
		rings[i].object = run->map(run, image->ring * sizeof(void *));
	run->state = rings;
	return 0;
}

/* After a failure NULL is handed over, so that the partner's count comes out. */
static void put(struct wl_thread *t, void **object, uint32_t i)
{
	const struct handover_image *image = t->run->image;

	for (uint32_t end = i + STRIDE; i < end; i++, object++) {
		*object = t->error ? NULL : wl_alloc(t, bytes_of(image, i), &sites[0]);
		if (likely(*object))
			digest_store(*object, image->word + i);
		else
			wl_fail(t, WL_OUT_OF_MEMORY);
	}
}

static void take(struct wl_thread *t, void **object, uint32_t i)
{
	const struct handover_image *image = t->run->image;
	uint64_t sum = 0;

	for (uint32_t end = i + STRIDE; i < end; i++, object++) {
		if (unlikely(!*object))
			continue;
		sum += digest_load(*object);
		wl_free(t, *object, bytes_of(image, i));
	}
	t->digest += sum;
}

static void produce(struct wl_thread *t, struct handover_ring *r)
{
	const struct handover_image *image = t->run->image;
	uint64_t begin = r->put.count;

	for (uint32_t i = 0; i < image->nr; i += STRIDE) {
		uint64_t at = begin + i;

		if (at + STRIDE > image->ring)
			pace_wait(&r->taken, at + STRIDE - image->ring);
		put(t, r->object + at % image->ring, i);
		pace_set(&r->put, at + STRIDE);
	}
}

static void consume(struct wl_thread *t, struct handover_ring *r)
{
	const struct handover_image *image = t->run->image;
	uint64_t begin = r->taken.count;

	for (uint32_t i = 0; i < image->nr; i += STRIDE) {
		uint64_t at = begin + i;

		pace_wait(&r->put, at + STRIDE);
		take(t, r->object + at % image->ring, i);
		pace_set(&r->taken, at + STRIDE);
	}
}

/* As many as a ring holds are allocated, then freed. */
static void do_both(struct wl_thread *t, struct handover_ring *r)
{
	const struct handover_image *image = t->run->image;

	for (uint32_t i = 0; i < image->nr; i += image->ring) {
		uint32_t left = image->nr - i;
		uint32_t nr = left < image->ring ? left : image->ring;

		for (uint32_t k = 0; k < nr; k += STRIDE)
			put(t, r->object + k, i + k);
		for (uint32_t k = 0; k < nr; k += STRIDE)
			take(t, r->object + k, i + k);
	}
}

static void round_of(struct wl_thread *t)
{
	struct handover_ring *r = (struct handover_ring *)t->run->state + t->index / 2;

	if (t->index % 2)
		consume(t, r);
	else if (t->index + 1 < t->run->threads)
		produce(t, r);
	else
		do_both(t, r);
}

WORKLOAD(handover) = {
	.name = "handover",
	.summary = "pairs of threads: one allocates, the other frees",
	.op = "an object allocated, written, handed over, read and freed",
	.on_request = true,
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
