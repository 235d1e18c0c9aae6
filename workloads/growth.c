// SPDX-License-Identifier: MIT
/*
 * growth: objects that grow by realloc, many at once, each to a size of its own and then freed.
 * `vectors` double from 64 bytes; `strings` grow by a few bytes at a time. Where an object cannot
 * grow in place the allocator copies it, so the words at its begin and its old end are written and
 * read back.
 */
#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "plan.h"
#include "workload.h"

struct growth_kind {
	const char *name;
	uint32_t nr_slots; /* growing at once, in all threads */
	double round_steps;
	uint32_t first, most; /* bytes */
	uint32_t step;	      /* up to so many bytes more; 0: twice as many */
};

static const struct growth_kind kinds[] = {
	{ "vectors", 512, 60000, 64, 65536, 0 },
	{ "strings", 2048, 200000, 16, 1024, 40 },
};

struct growth_text {
	uint64_t word;
};

static struct alloc_site sites[] = { ALLOC_SITE(struct growth_text, false, SITE_GFP_KERNEL) };

struct growth_op {
	uint32_t slot;
	uint32_t bytes; /* 0: free it */
};

struct growth_image {
	uint32_t nr_slots; /* of each thread */
	uint32_t nr_ops;
	uint64_t word;
	struct growth_op op[]; /* [thread][nr_ops] */
};

struct growth_slot {
	char *p;
	uint64_t bytes;
};

struct growth_draw {
	const struct growth_kind *kind;
	struct random r;
	uint32_t *bytes, *goal; /* [nr_slots] */
};

static uint32_t grown(struct growth_draw *d, uint32_t bytes)
{
	if (!bytes)
		return d->kind->first;
	return d->kind->step ? bytes + (uint32_t)random_range(&d->r, 8, d->kind->step) : 2 * bytes;
}

/* Goals are drawn so that each doubling is as likely as the next. */
static uint32_t new_goal(struct growth_draw *d)
{
	uint32_t goal = d->kind->first * 2;

	while (goal < d->kind->most && random_below(&d->r, 4))
		goal *= 2;
	return goal;
}

static struct growth_op next_op(struct growth_draw *d, uint32_t nr_slots)
{
	uint32_t slot = (uint32_t)random_below(&d->r, nr_slots);

	if (!d->bytes[slot])
		d->goal[slot] = new_goal(d);
	d->bytes[slot] = d->bytes[slot] >= d->goal[slot] ? 0 : grown(d, d->bytes[slot]);
	return (struct growth_op){ slot, d->bytes[slot] };
}

static void draw(struct wl_plan *plan, struct growth_image *image, unsigned int thread,
		 const struct growth_kind *kind)
{
	struct growth_op *op = image->op + (size_t)thread * image->nr_ops;
	struct growth_draw d = { .kind = kind,
				 .bytes = plan_alloc(image->nr_slots, sizeof(*d.bytes)),
				 .goal = plan_alloc(image->nr_slots, sizeof(*d.goal)) };

	plan_random(&d.r, plan, thread);
	for (uint32_t i = 0; i < image->nr_ops; i++) {
		op[i] = next_op(&d, image->nr_slots);
		plan->alloc_bytes += plan_rounded(op[i].bytes);
	}
	free(d.bytes);
	free(d.goal);
}

static const struct growth_kind *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!*name || !strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static int prepare(struct wl_plan *plan)
{
	const struct growth_kind *kind = find(plan->arg);
	struct growth_image *image;
	uint32_t nr_ops;

	if (!kind) {
		snprintf(plan->why, sizeof(plan->why),
			 "what grows is 'vectors' or 'strings', not '%.64s'", plan->arg);
		return -1;
	}
	nr_ops = plan_share(kind->round_steps * plan->scale, plan->threads, 0, 1);
	image = plan->piece(plan,
			    sizeof(*image) + (size_t)nr_ops * plan->threads * sizeof(*image->op));
	image->nr_slots = plan_share(kind->nr_slots, plan->threads, 0, 1);
	image->nr_ops = nr_ops;
	image->word = plan->seed + 1;
	for (unsigned int i = 0; i < plan->threads; i++)
		draw(plan, image, i, kind);
	plan->ops = (uint64_t)nr_ops * plan->threads;
	return 0;
}

static int setup(struct wl_run *run)
{
	const struct growth_image *image = run->image;

	for (unsigned int i = 0; i < run->threads; i++)
		run->thread[i].state = run->map(run, image->nr_slots * sizeof(struct growth_slot));
	return 0;
}

/* First and last word of what the slot holds, before it changes. */
static uint64_t read_back(const struct growth_slot *s)
{
	return digest_load(s->p) + digest_load(s->p + s->bytes - 8);
}

static uint64_t release(struct wl_thread *t, struct growth_slot *s)
{
	uint64_t sum;

	if (!s->p)
		return 0;
	sum = read_back(s);
	wl_free(t, s->p, s->bytes);
	*s = (struct growth_slot){ 0 };
	return sum;
}

/* The old end is read where it lies now. -1 without memory: the object is as it was. */
static int grow(struct wl_thread *t, struct growth_slot *s, uint32_t bytes, uint64_t word)
{
	char *p = s->p ? t->ops.realloc(s->p, s->bytes, bytes, &sites[0])
		       : wl_alloc(t, bytes, &sites[0]);

	if (unlikely(!p)) {
		wl_fail(t, WL_OUT_OF_MEMORY);
		return -1;
	}
	if (s->p)
		t->digest += digest_mix(digest_load(p) + digest_load(p + s->bytes - 8));
	else
		digest_store(p, word);
	*s = (struct growth_slot){ p, bytes };
	digest_store(p + bytes - 8, word);
	return 0;
}

static void round_of(struct wl_thread *t)
{
	const struct growth_image *image = t->run->image;
	const struct growth_op *op = image->op + (size_t)t->index * image->nr_ops;
	struct growth_slot *slots = t->state;

	for (uint32_t i = 0; i < image->nr_ops; i++) {
		if (!op[i].bytes)
			t->digest += release(t, &slots[op[i].slot]);
		else if (grow(t, &slots[op[i].slot], op[i].bytes, image->word + i))
			break;
	}
	for (uint32_t i = 0; i < image->nr_slots; i++)
		t->digest += release(t, &slots[i]);
}

WORKLOAD(growth) = {
	.name = "growth",
	.summary = "vectors or strings that grow by realloc, many at once",
	.op = "an object made, grown or freed",
	.takes = "vectors (doubling, to 64 KiB) or strings (by small steps, to 1 KiB)",
	.on_request = true,
	.sites = sites,
	.nr_sites = 1,
	.prepare = prepare,
	.setup = setup,
	.round = round_of,
};
