// SPDX-License-Identifier: MIT
/*
 * A workload of your own, with every hook and a word about each. Copy this file, change what it
 *does and run it beside any allocators:
 *
 *	./runner run my.c -a libc,jemalloc,slab
 *
 * This one allocates objects of mixed sizes, writes to all of each, reads it back and frees the
 * objects in another order. Nothing but workload.h is needed; the C library is there too, but not
 * inside round(), where only the allocator under test may be called.
 */
#include "workloads/workload.h"

/*
 * One line for each place that allocates: the type, whether it contains pointers, and the kernel's
 * flags. libslab partitions by these; other allocators ignore them. Required if round() calls
 * wl_alloc(), wl_zalloc() or realloc.
 */
static struct alloc_site sites[] = {
	ALLOC_SITE(uint64_t, false, SITE_GFP_KERNEL),
};

/* What prepare() writes and round() follows. Offsets, no pointers: the image moves. */
struct image {
	uint32_t nr_objects; /* of each thread */
	uint32_t size[];     /* of each object, in bytes */
};

/* splitmix64: draw in prepare(), never in round(). */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/*
 * Plan the work: runs once, before and outside everything that is measured. Draws random numbers
 * from plan->seed alone, so that the plan can be made again; sets plan->ops (what the time is
 * divided by) and plan->alloc_bytes (an upper bound, each object rounded up to 64). For a mistake
 * of the user it writes a sentence to plan->why and returns -1. Required.
 */
static int prepare(struct wl_plan *plan)
{
	uint32_t n = (uint32_t)(200000 * plan->scale / plan->threads) + 1;
	struct image *image = plan->piece(plan, sizeof(*image) + n * sizeof(uint32_t));
	uint64_t state = plan->seed;

	image->nr_objects = n;
	for (uint32_t i = 0; i < n; i++) {
		image->size[i] = 8 + (uint32_t)(draw(&state) % 500);
		plan->alloc_bytes += (image->size[i] + 63) / 64 * 64;
	}
	plan->alloc_bytes *= plan->threads;
	plan->ops = (uint64_t)n * plan->threads;
	return 0;
}

/*
 * Make what the rounds need, in the measured process: memory of your own from run->map() (it is not
 * counted as the allocator's), caches, open files. t->state and run->state are yours. Required.
 */
static int setup(struct wl_run *run)
{
	const struct image *image = run->image;

	for (unsigned int i = 0; i < run->threads; i++)
		run->thread[i].state = run->map(run, image->nr_objects * sizeof(void *));
	return 0;
}

/* An object freed: its content goes into the digest, which is compared between allocators. */
static void release(struct wl_thread *t, uint64_t *p, uint32_t size)
{
	for (uint32_t i = 0; i < size / 8; i++)
		t->digest += p[i];
	wl_free(t, p, size);
}

/*
 * One round, in all threads at once, many times in a trial. Begins and ends with nothing allocated,
 * does the same work each time, and adds the same to t->digest. If an allocation returns NULL it
 * calls wl_fail(), frees what it has and returns. Required.
 */
static void round_of(struct wl_thread *t)
{
	const struct image *image = t->run->image;
	uint64_t **object = t->state;
	uint32_t n = 0;

	for (; n < image->nr_objects; n++) {
		object[n] = wl_alloc(t, image->size[n], &sites[0]);
		if (!object[n]) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			break;
		}
		for (uint32_t i = 0; i < image->size[n] / 8; i++)
			object[n][i] = n + i;
	}
	t->counters[0] += n;
	for (uint32_t i = 0; i < n; i += 2)
		release(t, object[i], image->size[i]);
	for (uint32_t i = 1; i < n; i += 2)
		release(t, object[i], image->size[i]);
}

/* Undo setup(): destroy caches, close files. Memory from run->map() goes by itself. Not required.
 */
static void teardown(struct wl_run *run)
{
	(void)run;
}

/* The identifier is always `script`; the name is what the tables show. Required. */
WORKLOAD(script) = {
	.name = "skeleton",
	.summary = "objects of 8 to 507 bytes, the even ones freed first",
	.op = "an object allocated, written, read and freed",
	.takes = NULL, /* what may follow a colon behind the name, it comes as plan->arg */
	.sites = sites,
	.nr_sites = sizeof(sites) / sizeof(sites[0]),
	/* Up to eight numbers of your own, stored beside the time of each trial. Not required. */
	.counters = { { "object_count", "count", "objects allocated" } },
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
	.teardown = teardown,
};
