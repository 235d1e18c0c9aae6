// SPDX-License-Identifier: MIT
/*
 * thread-ends: threads that start, allocate, free three quarters of it and end; the rest is freed
 * by others. Each thread of the round starts one after the other, waits for it, and frees what
 * the one before left. What an allocator keeps per thread has to be made and to be given up. The
 * time has the making of the threads in it; the null allocator's row shows how much that is.
 */
#include <pthread.h>

#include "churn.h"

#define ROUND_STARTS 64.0
#define NR_OBJECTS   1024u /* of a short-lived thread */
#define LEFT_EVERY   4u	   /* one of so many outlives its thread */
#define NR_LEFT	     (NR_OBJECTS / LEFT_EVERY)
#define LEAST_BYTES  16u
#define MOST_BYTES   128u
#define STACK_BYTES  (256ul << 10)
#define NULL_CHUNK   (1ul << 20) /* that a new thread takes of the null allocator's map */

struct ends_image {
	uint32_t nr_starts; /* of each thread of the round */
	uint32_t bytes[NR_OBJECTS];
	uint64_t word;
};

/* Of one thread of the round; the short-lived one works in it while its starter waits. */
struct ends_thread {
	struct wl_thread *t;
	struct churn_slot object[NR_OBJECTS];
	struct churn_slot left[2][NR_LEFT];
	uint32_t turn;
	pthread_attr_t attr;
};

static int prepare(struct wl_plan *plan)
{
	struct ends_image *image = plan->piece(plan, sizeof(*image));
	uint64_t bytes = 0;
	struct random r;

	plan_random(&r, plan, 0);
	image->nr_starts = plan_share(ROUND_STARTS * plan->scale, plan->threads, 0, 2);
	image->word = random_u64(&r) >> 1;
	for (uint32_t i = 0; i < NR_OBJECTS; i++) {
		image->bytes[i] = (uint32_t)random_range(&r, LEAST_BYTES, MOST_BYTES);
		bytes += plan_rounded(image->bytes[i]);
	}
	plan->ops = (uint64_t)image->nr_starts * NR_OBJECTS * plan->threads;
	plan->alloc_bytes = (uint64_t)image->nr_starts * plan->threads * (bytes + NULL_CHUNK);
	return 0;
}

static int setup(struct wl_run *run)
{
	for (unsigned int i = 0; i < run->threads; i++) {
		struct ends_thread *e = run->map(run, sizeof(*e));

		e->t = &run->thread[i];
		pthread_attr_init(&e->attr);
		pthread_attr_setstacksize(&e->attr, STACK_BYTES);
		run->thread[i].state = e;
	}
	return 0;
}

static void allocate(struct ends_thread *e)
{
	const struct ends_image *image = e->t->run->image;

	for (uint32_t i = 0; i < NR_OBJECTS; i++) {
		struct churn_slot *s = &e->object[i];

		s->p = wl_alloc(e->t, image->bytes[i], &churn_sites[i % CHURN_NR_SITES]);
		if (unlikely(!s->p)) {
			wl_fail(e->t, WL_OUT_OF_MEMORY);
			return;
		}
		s->bytes = image->bytes[i];
		digest_store(s->p, image->word + i);
	}
}

static void *live(void *arg)
{
	struct ends_thread *e = arg;

	e->t->run->adopt(e->t);
	allocate(e);
	for (uint32_t i = 0; i < NR_OBJECTS; i++) {
		if (i % LEFT_EVERY)
			e->t->digest += churn_empty(e->t, &e->object[i]);
		else
			e->left[e->turn % 2][i / LEFT_EVERY] = e->object[i];
		e->object[i].p = NULL;
	}
	return NULL;
}

static void round_of(struct wl_thread *t)
{
	const struct ends_image *image = t->run->image;
	struct ends_thread *e = t->state;
	pthread_t id;

	for (e->turn = 0; e->turn < image->nr_starts && !t->error; e->turn++) {
		if (pthread_create(&id, &e->attr, live, e)) {
			wl_fail(t, "a thread could not be created");
			break;
		}
		pthread_join(id, NULL);
		churn_end(t, e->left[(e->turn + 1) % 2], NR_LEFT);
	}
	churn_end(t, e->left[0], NR_LEFT);
	churn_end(t, e->left[1], NR_LEFT);
}

static void teardown(struct wl_run *run)
{
	for (unsigned int i = 0; i < run->threads; i++) {
		struct ends_thread *e = run->thread[i].state;

		pthread_attr_destroy(&e->attr);
	}
}

WORKLOAD(thread_ends) = {
	.name = "thread-ends",
	.summary = "threads that start, allocate, free most of it and end",
	.op = "an object allocated, written, read and freed; 1024 of them a thread",
	.on_request = true,
	.sites = churn_sites,
	.nr_sites = CHURN_NR_SITES,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
	.teardown = teardown,
};
