// SPDX-License-Identifier: MIT
/*
 * One idea: fragmentation comes from objects that outlive their neighbours. In each of ten waves
 *many objects are allocated; at its end all but one in LONG_LIVED are freed. What stays is little,
 *but lies in nearly every page, so an allocator that gives all places of a page to whoever comes
 *next cannot return any. Watch the memory, not the time: live bytes fall after each wave, RSS may
 *not.
 *
 *	./runner run workloads/scripts/mixed-lifetimes.c -a libc,jemalloc,slab
 *
 * Each wave has larger objects than the one before, so that the holes left behind do not fit.
 */
#include "workloads/workload.h"

#define NR_WAVES   10
#define LONG_LIVED 32 /* one object in so many survives its wave */
#define FIRST_SIZE 64 /* of wave 0; each wave adds as much */

static struct alloc_site sites[] = { ALLOC_SITE(uint64_t, false, SITE_GFP_KERNEL) };

/* How many each wave allocates: the bytes of a wave are the same, the sizes are not. */
struct image {
	uint32_t nr[NR_WAVES];
};

/* What a thread holds; the table itself is not the allocator's. */
struct table {
	uint64_t **wave[NR_WAVES];
	uint32_t nr[NR_WAVES]; /* allocated so far */
};

static uint32_t wave_size(uint32_t wave)
{
	return FIRST_SIZE * (wave + 1);
}

static int prepare(struct wl_plan *plan)
{
	struct image *image = plan->piece(plan, sizeof(*image));
	double bytes = 16000000 * plan->scale / plan->threads;

	for (uint32_t w = 0; w < NR_WAVES; w++) {
		image->nr[w] = (uint32_t)(bytes / wave_size(w)) + LONG_LIVED;
		plan->ops += (uint64_t)image->nr[w] * plan->threads;
		plan->alloc_bytes += (uint64_t)image->nr[w] * wave_size(w) * plan->threads;
	}
	return 0;
}

static int setup(struct wl_run *run)
{
	const struct image *image = run->image;

	for (unsigned int i = 0; i < run->threads; i++) {
		struct table *table = run->map(run, sizeof(*table));

		run->thread[i].state = table;
		for (uint32_t w = 0; w < NR_WAVES; w++)
			table->wave[w] = run->map(run, image->nr[w] * sizeof(uint64_t *));
	}
	return 0;
}

/* Every byte is written: memory that is never touched does not show in RSS. */
static void grow(struct wl_thread *t, struct table *table, uint32_t w, uint32_t nr)
{
	for (table->nr[w] = 0; table->nr[w] < nr; table->nr[w]++) {
		uint64_t *p = wl_alloc(t, wave_size(w), &sites[0]);

		if (!p) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			return;
		}
		for (uint32_t i = 0; i < wave_size(w) / 8; i++)
			p[i] = table->nr[w] + i;
		table->wave[w][table->nr[w]] = p;
	}
}

static void release(struct wl_thread *t, struct table *table, uint32_t w, uint32_t i)
{
	uint64_t *p = table->wave[w][i];

	for (uint32_t k = 0; k < wave_size(w) / 8; k++)
		t->digest += p[k];
	wl_free(t, p, wave_size(w));
}

static void free_short_lived(struct wl_thread *t, struct table *table, uint32_t w)
{
	for (uint32_t i = 0; i < table->nr[w]; i++)
		if (i % LONG_LIVED)
			release(t, table, w, i);
}

static void free_long_lived(struct wl_thread *t, struct table *table, uint32_t w)
{
	for (uint32_t i = 0; i < table->nr[w]; i += LONG_LIVED)
		release(t, table, w, i);
}

static void round_of(struct wl_thread *t)
{
	const struct image *image = t->run->image;
	struct table *table = t->state;
	uint32_t w;

	for (w = 0; w < NR_WAVES && !t->error; w++) {
		grow(t, table, w, image->nr[w]);
		free_short_lived(t, table, w);
	}
	while (w-- > 0)
		free_long_lived(t, table, w);
}

WORKLOAD(script) = {
	.name = "mixed-lifetimes",
	.summary = "waves of growing objects of which one in 32 stays to the end",
	.op = "an object allocated, written, read and freed",
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
