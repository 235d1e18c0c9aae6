// SPDX-License-Identifier: MIT
/*
 * chain: each step waits for the one before. The word that a new object gets is read back through
 * its address, and only it tells the size of the next object and the slot whose object is freed.
 * So the processor cannot begin an allocation before the last one has answered: the time is that of
 * latency, where `batch` shows throughput. One word of each object is touched.
 */
#include "digest.h"
#include "plan.h"
#include "workload.h"

#define NR_SLOTS    256u /* live objects of a thread */
#define ROUND_STEPS 500000.0
#define MIN_BYTES   16u
#define STEP_BYTES  16u
#define NR_SIZES    64u /* 16 to 1024 bytes */

struct chain_link {
	uint64_t word;
};

static struct alloc_site sites[] = { ALLOC_SITE(struct chain_link, true, SITE_GFP_KERNEL) };

struct chain_image {
	uint32_t nr_steps; /* of each thread */
	uint32_t first;	   /* size of the first object, as in a word */
	uint8_t word[];	   /* of step i of every thread: two bytes, slot and size of the next */
};

struct chain_slot {
	void *p;
	uint64_t bytes;
};

static int prepare(struct wl_plan *plan)
{
	uint32_t nr = plan_share(ROUND_STEPS * plan->scale, plan->threads, 0, 1);
	struct chain_image *image = plan->piece(plan, sizeof(*image) + 2 * (size_t)nr);
	struct random r;

	plan_random(&r, plan, 0);
	image->nr_steps = nr;
	image->first = (uint32_t)random_below(&r, NR_SIZES);
	for (uint32_t i = 0; i < nr; i++) {
		image->word[2 * i] = (uint8_t)random_below(&r, NR_SLOTS);
		image->word[2 * i + 1] = (uint8_t)random_below(&r, NR_SIZES);
	}
	plan->ops = (uint64_t)nr * plan->threads;
	plan->alloc_bytes = plan->ops * plan_rounded(MIN_BYTES + (NR_SIZES - 1) * STEP_BYTES);
	return 0;
}

static int setup(struct wl_run *run)
{
	for (unsigned int i = 0; i < run->threads; i++)
		run->thread[i].state = run->map(run, NR_SLOTS * sizeof(struct chain_slot));
	return 0;
}

/* Through memory, and not through what the compiler knows to be there. */
static inline uint64_t echo(void *p, uint64_t word)
{
	digest_store(p, word);
	__asm__ volatile("" : "+r"(p)::"memory");
	return digest_load(p);
}

static inline uint64_t release(struct wl_thread *t, struct chain_slot *s)
{
	uint64_t word;

	if (!s->p)
		return 0;
	word = digest_load(s->p);
	wl_free(t, s->p, s->bytes);
	s->p = NULL;
	return digest_mix(word);
}

static void round_of(struct wl_thread *t)
{
	const struct chain_image *image = t->run->image;
	struct chain_slot *slots = t->state;
	uint64_t size = image->first, sum = 0;

	for (uint32_t i = 0; i < image->nr_steps; i++) {
		uint64_t bytes = MIN_BYTES + size * STEP_BYTES, word;
		void *p = wl_alloc(t, bytes, &sites[0]);
		struct chain_slot *s;

		if (unlikely(!p)) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			break;
		}
		word = echo(p, image->word[2 * i] | (uint64_t)image->word[2 * i + 1] << 8);
		s = &slots[word & 0xff];
		size = word >> 8;
		sum += release(t, s);
		*s = (struct chain_slot){ p, bytes };
	}
	for (uint32_t i = 0; i < NR_SLOTS; i++)
		sum += release(t, &slots[i]);
	t->digest += sum;
}

WORKLOAD(chain) = {
	.name = "chain",
	.summary = "each allocation waits for what the last one's object says",
	.op = "an object allocated, its word written and read, and another freed",
	.on_request = true,
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
