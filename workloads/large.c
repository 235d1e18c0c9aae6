// SPDX-License-Identifier: MIT
/*
 * large: blocks of 32 KiB to 32 MiB, each doubling as likely as the next, and one of 64 MiB; a
 * dozen live at once, short lives and long ones mixed. A word in each 16 KiB is written, the first
 * and the last are read: whoever gives memory back at once pays for it in page faults, whoever
 * keeps it shows it in the memory columns.
 */
#include "digest.h"
#include "plan.h"
#include "workload.h"

#define STRIDE	    16384u
#define NR_SLOTS    12u
#define NR_SHORT    4u /* slots that take two thirds of the blocks */
#define LEAST_BITS  15u
#define NR_BITS	    10u /* 32 KiB to 32 MiB */
#define ROUND_BYTES (256.0 * (1 << 20))
#define HUGE_BYTES  (64u << 20) /* one in a round, if it has room for four */

struct large_block {
	uint64_t word;
};

static struct alloc_site sites[] = { ALLOC_SITE(struct large_block, false, SITE_GFP_KERNEL) };

struct large_op {
	uint32_t slot, bytes;
};

struct large_image {
	uint64_t word;
	uint64_t ops_at;
	uint32_t nr_ops; /* of each thread: all do the same */
};

struct large_slot {
	char *p;
	uint64_t bytes;
};

static uint32_t draw_bytes(struct random *r)
{
	uint32_t low = 1u << (LEAST_BITS + random_below(r, NR_BITS));

	return low + (uint32_t)random_below(r, low) / 16 * 16;
}

static uint32_t draw_slot(struct random *r)
{
	if (random_below(r, 3))
		return (uint32_t)random_below(r, NR_SHORT);
	return NR_SHORT + (uint32_t)random_below(r, NR_SLOTS - NR_SHORT);
}

/* The plan is full when it has given out so many bytes; the huge block comes half way. */
static uint64_t draw_ops(struct plan_list *list, struct random *r, uint64_t limit)
{
	bool huge = limit >= 4 * (uint64_t)HUGE_BYTES;
	uint64_t bytes = 0;

	while (!list->bytes || bytes < limit) {
		struct large_op *op = plan_append(list, sizeof(*op));

		op->slot = draw_slot(r);
		op->bytes = draw_bytes(r);
		if (huge && bytes > limit / 2) {
			op->bytes = HUGE_BYTES;
			huge = false;
		}
		if (op->bytes > limit)
			op->bytes = 1u << LEAST_BITS;
		bytes += plan_rounded(op->bytes);
	}
	return bytes;
}

static int prepare(struct wl_plan *plan)
{
	struct large_image *image = plan->piece(plan, sizeof(*image));
	struct plan_list list = { 0 };
	struct random r;

	plan_random(&r, plan, 0);
	image->word = random_u64(&r) >> 1;
	plan->alloc_bytes =
		draw_ops(&list, &r, (uint64_t)(ROUND_BYTES * plan->scale / plan->threads)) *
		plan->threads;
	image->nr_ops = (uint32_t)(list.bytes / sizeof(struct large_op));
	plan->ops = (uint64_t)image->nr_ops * plan->threads;
	image->ops_at = plan_store(plan, &list);
	return 0;
}

static int setup(struct wl_run *run)
{
	for (unsigned int i = 0; i < run->threads; i++)
		run->thread[i].state = run->map(run, NR_SLOTS * sizeof(struct large_slot));
	return 0;
}

static void release(struct wl_thread *t, struct large_slot *s)
{
	if (!s->p)
		return;
	t->digest += digest_load(s->p) + digest_load(s->p + (s->bytes - 8) / STRIDE * STRIDE);
	wl_free(t, s->p, s->bytes);
	s->p = NULL;
}

static void touch(char *p, uint64_t bytes, uint64_t word)
{
	for (uint64_t at = 0; at + 8 <= bytes; at += STRIDE)
		digest_store(p + at, word + at);
}

static void round_of(struct wl_thread *t)
{
	const struct large_image *image = t->run->image;
	const struct large_op *op = (const void *)((const char *)image + image->ops_at);
	struct large_slot *slots = t->state;

	for (uint32_t i = 0; i < image->nr_ops; i++) {
		struct large_slot *s = &slots[op[i].slot];

		release(t, s);
		s->p = wl_alloc(t, op[i].bytes, &sites[0]);
		if (unlikely(!s->p)) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			break;
		}
		s->bytes = op[i].bytes;
		touch(s->p, s->bytes, image->word + i);
	}
	for (uint32_t i = 0; i < NR_SLOTS; i++)
		release(t, &slots[i]);
}

WORKLOAD(large) = {
	.name = "large",
	.summary = "blocks of 32 KiB to 32 MiB and one of 64, short and long lives",
	.op = "a block allocated, a word of each 16 KiB written, and freed",
	.on_request = true,
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
