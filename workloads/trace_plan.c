// SPDX-License-Identifier: MIT
/*
 * Compiling a recording, in passes over its events: what becomes of each object, how much room each
 * replay thread's stream and slots need, and the streams themselves. Assumes a recording that
 * ktr_open() accepted, so no index is checked again.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/bits.h"
#include "trace_dict.h"
#include "trace_image.h"
#include "trace_order.h"
#include "trace_plan.h"

#define NOBODY	   UINT16_MAX
#define SLOT_GROUP 16 /* slots of two threads never share 128 bytes */
#define NR_WINDOWS 64 /* of the replay, for the balance of threads that run at the same time */

/* What becomes of one recorded object. */
struct object {
	uint32_t class;
	uint32_t slot;
	uint16_t owner; /* a replay thread; NOBODY: the object is not replayed */
	uint16_t freer; /* NOBODY: alive at the end */
	uint8_t kind;	/* of its allocation */
};

/* A replay thread while its stream grows. Counts are of one repetition. */
struct lane {
	uint64_t nr_events;	   /* recorded ones, for the balance */
	uint64_t busy[NR_WINDOWS]; /* the same, by window */
	uint64_t nr_ops, nr_left;
	uint32_t nr_shared; /* objects that it hands over */
	uint32_t nr_live, nr_slots;
	uint32_t first_slot, next_shared;
	uint32_t *free_slots; /* a stack */
	uint32_t nr_free;
	uint64_t *first, *next; /* operation */
};

struct compile {
	struct wl_plan *plan;
	const struct ktr *k;
	struct trace_order order;
	struct trace_dict dict;
	struct object *objects;	      /* [k->nr_objects] */
	uint16_t *replayer;	      /* [k->nr_threads] */
	uint32_t (*busy)[NR_WINDOWS]; /* [k->nr_threads] events in each window */
	struct lane *lanes;	      /* [plan->threads] */
	uint32_t nr_repeats;
	uint32_t nr_objects;  /* replayed, of one repetition */
	uint32_t nr_recorded; /* recorded threads that have an event */
};

__attribute__((format(printf, 2, 3))) static int refuse(struct wl_plan *plan, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(plan->why, sizeof(plan->why), fmt, ap);
	va_end(ap);
	return -1;
}

struct rank {
	uint64_t nr_events;
	uint32_t thread;
};

static int busiest_first(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->nr_events != y->nr_events)
		return x->nr_events > y->nr_events ? -1 : 1;
	return x->thread < y->thread ? -1 : 1;
}

static void count_windows(struct compile *c)
{
	for (uint32_t n = 0; n < c->order.nr_events; n++) {
		uint32_t thread = ktr_16(c->k->thread, c->order.event[n]);

		c->busy[thread][(uint64_t)n * NR_WINDOWS / c->order.nr_events]++;
	}
}

/* How much @lane already has to do while recorded thread @thread is busy. */
static uint64_t conflict(const struct compile *c, const struct lane *lane, uint32_t thread)
{
	uint64_t sum = 0;

	for (unsigned int w = 0; w < NR_WINDOWS; w++)
		sum += lane->busy[w] * c->busy[thread][w];
	return sum;
}

/* The lane with which @thread is least in conflict; of several, the one with the fewest events. */
static unsigned int best_lane(const struct compile *c, uint32_t thread)
{
	uint64_t least = UINT64_MAX;
	unsigned int best = 0;

	for (unsigned int t = 0; t < c->plan->threads; t++) {
		uint64_t sum = conflict(c, &c->lanes[t], thread);

		if (sum > least ||
		    (sum == least && c->lanes[t].nr_events >= c->lanes[best].nr_events))
			continue;
		least = sum;
		best = t;
	}
	return best;
}

static void assign_thread(struct compile *c, uint32_t thread)
{
	unsigned int t = best_lane(c, thread);

	c->replayer[thread] = (uint16_t)t;
	c->lanes[t].nr_events += c->order.events_of[thread];
	for (unsigned int w = 0; w < NR_WINDOWS; w++)
		c->lanes[t].busy[w] += c->busy[thread][w];
}

static int assign_threads(struct compile *c)
{
	uint32_t nr = c->k->nr_threads;
	struct rank *ranks = calloc(nr, sizeof(*ranks));

	if (!ranks)
		return refuse(c->plan, "the trace does not fit into memory");
	for (uint32_t i = 0; i < nr; i++)
		ranks[i] = (struct rank){ c->order.events_of[i], i };
	qsort(ranks, nr, sizeof(*ranks), busiest_first);
	count_windows(c);
	for (; c->nr_recorded < nr && ranks[c->nr_recorded].nr_events; c->nr_recorded++)
		assign_thread(c, ranks[c->nr_recorded].thread);
	free(ranks);
	return 0;
}

static uint8_t alloc_kind(const struct ktr *k, uint32_t i)
{
	uint32_t size = ktr_32(k->size, i);
	unsigned int kind = k->op[i] == KTR_KMALLOC ? TRACE_ALLOC : TRACE_CACHE_ALLOC;

	if (k->gfps[k->gfp[i]] & SITE_GFP_ZERO)
		kind += TRACE_ZALLOC - TRACE_ALLOC;
	if (size < sizeof(uint64_t) || size > TRACE_PAGE_BYTES)
		kind += TRACE_ODD;
	return (uint8_t)kind;
}

/* Who allocates and frees each object, and with which call. */
static int describe_objects(struct compile *c)
{
	for (uint32_t i = 0; i < c->k->nr_objects; i++)
		c->objects[i].owner = c->objects[i].freer = NOBODY;
	for (uint32_t n = 0; n < c->order.nr_events; n++) {
		uint32_t i = c->order.event[n];
		uint16_t lane = c->replayer[ktr_16(c->k->thread, i)];
		struct object *o = &c->objects[c->order.object[n]];

		if (!ktr_allocates(c->k, i)) {
			o->freer = lane;
			continue;
		}
		o->owner = lane;
		o->kind = alloc_kind(c->k, i);
		o->class = trace_dict_class(&c->dict, i);
		if (o->class == UINT32_MAX)
			return refuse(c->plan, "the trace has more than %u different allocations",
				      TRACE_MAX_CLASS);
		c->plan->alloc_bytes += align_up(ktr_32(c->k->size, i), 64);
		c->nr_objects++;
	}
	return 0;
}

static bool is_shared(const struct object *o)
{
	return o->freer != NOBODY && o->freer != o->owner;
}

static void measure_alloc(struct lane *l, const struct object *o)
{
	l->nr_ops++;
	if (is_shared(o)) {
		l->nr_shared++;
		return;
	}
	l->nr_live++;
	l->nr_slots = l->nr_live > l->nr_slots ? l->nr_live : l->nr_slots;
	if (o->freer == NOBODY) {
		l->nr_ops++;
		l->nr_left++;
	}
}

static void measure_free(struct lane *l, const struct object *o)
{
	l->nr_ops++;
	if (!is_shared(o))
		l->nr_live--;
}

/* How many operations and slots each replay thread needs. */
static void measure_lanes(struct compile *c)
{
	for (uint32_t n = 0; n < c->order.nr_events; n++) {
		const struct object *o = &c->objects[c->order.object[n]];

		if (ktr_allocates(c->k, c->order.event[n]))
			measure_alloc(&c->lanes[o->owner], o);
		else
			measure_free(&c->lanes[o->freer], o);
	}
}

static int count_ops(struct compile *c)
{
	uint64_t nr = 0;

	for (unsigned int t = 0; t < c->plan->threads; t++)
		nr += c->lanes[t].nr_ops;
	if (!nr)
		return refuse(c->plan, "the trace has no event that a replay keeps");
	if (c->nr_repeats > TRACE_MAX_OPS / nr)
		return refuse(c->plan, "scale %g is too large for this trace: it can be at most %u",
			      c->plan->scale, (unsigned int)(TRACE_MAX_OPS / nr));
	c->plan->ops = nr * c->nr_repeats;
	c->plan->alloc_bytes *= c->nr_repeats;
	return 0;
}

/* Slots: first those of handed-over objects, thread by thread, then each thread's own. */
static void place_slots(struct compile *c, struct trace_image *image)
{
	uint64_t at = 0;

	for (unsigned int t = 0; t < c->plan->threads; t++) {
		uint32_t nr = c->lanes[t].nr_shared * c->nr_repeats;

		c->lanes[t].next_shared = (uint32_t)at;
		at = align_up(at + nr, SLOT_GROUP);
		image->nr_shared += nr;
	}
	for (unsigned int t = 0; t < c->plan->threads; t++) {
		c->lanes[t].first_slot = (uint32_t)at;
		at = align_up(at + c->lanes[t].nr_slots, SLOT_GROUP);
	}
	image->nr_slots = (uint32_t)at;
}

static int begin_lane(struct compile *c, struct trace_stream *s, struct lane *l)
{
	uint64_t most = l->nr_ops * c->nr_repeats + 1;

	s->nr_left = l->nr_left * c->nr_repeats;
	l->first = l->next = c->plan->piece(c->plan, most * sizeof(*l->next));
	s->ops_at = (uint64_t)((char *)l->first - (char *)c->plan->image);
	l->free_slots = calloc(l->nr_slots + 1, sizeof(*l->free_slots));
	if (!l->free_slots)
		return refuse(c->plan, "the trace does not fit into memory");
	for (; l->nr_free < l->nr_slots; l->nr_free++)
		l->free_slots[l->nr_free] = l->first_slot + l->nr_slots - 1 - l->nr_free;
	return 0;
}

static void end_lane(struct trace_stream *s, struct lane *l)
{
	s->nr_ops = (uint64_t)(l->next - l->first);
	*l->next = trace_op(TRACE_END, 0, 0);
}

static void emit_alloc(struct compile *c, struct object *o)
{
	struct lane *l = &c->lanes[o->owner];

	o->slot = is_shared(o) ? l->next_shared++ : l->free_slots[--l->nr_free];
	*l->next++ = trace_op(o->kind, o->class, o->slot);
}

static void emit_take(struct lane *l, const struct object *o, unsigned int call)
{
	unsigned int kind = call < TRACE_CACHE_ALLOC ? TRACE_TAKE : TRACE_CACHE_TAKE;

	*l->next++ = trace_op(kind | (o->kind & TRACE_ODD), o->class, o->slot);
}

static void emit_free(struct lane *l, const struct object *o)
{
	unsigned int call = o->kind & ~(unsigned int)TRACE_ODD;
	unsigned int kind = call < TRACE_CACHE_ALLOC ? TRACE_FREE : TRACE_CACHE_FREE;

	if (is_shared(o)) {
		emit_take(l, o, call);
		return;
	}
	l->free_slots[l->nr_free++] = o->slot;
	/* Of two objects with one slot, only the later one can have been allocated last. */
	if (l->next > l->first && l->next[-1] == trace_op(call, o->class, o->slot))
		l->next[-1] = trace_op(call + TRACE_BRIEF, o->class, o->slot);
	else
		*l->next++ = trace_op(kind | (o->kind & TRACE_ODD), o->class, o->slot);
}

static void emit_recording(struct compile *c)
{
	for (uint32_t n = 0; n < c->order.nr_events; n++) {
		struct object *o = &c->objects[c->order.object[n]];

		if (ktr_allocates(c->k, c->order.event[n]))
			emit_alloc(c, o);
		else
			emit_free(&c->lanes[o->freer], o);
	}
	for (uint32_t i = 0; i < c->k->nr_objects; i++)
		if (c->objects[i].owner != NOBODY && c->objects[i].freer == NOBODY)
			emit_free(&c->lanes[c->objects[i].owner], &c->objects[i]);
}

static int write_image(struct compile *c)
{
	struct trace_image *image = c->plan->piece(c->plan, sizeof(*image));
	struct trace_stream *streams;

	image->nr_threads = c->plan->threads;
	trace_dict_write(&c->dict, c->plan, image);
	place_slots(c, image);
	streams = c->plan->piece(c->plan, c->plan->threads * sizeof(*streams));
	image->streams_at = (uint64_t)((char *)streams - (char *)image);
	for (unsigned int t = 0; t < c->plan->threads; t++)
		if (begin_lane(c, &streams[t], &c->lanes[t]))
			return -1;
	for (uint32_t r = 0; r < c->nr_repeats; r++)
		emit_recording(c);
	for (unsigned int t = 0; t < c->plan->threads; t++)
		end_lane(&streams[t], &c->lanes[t]);
	return 0;
}

static void describe(const struct compile *c)
{
	struct wl_plan *plan = c->plan;
	uint64_t nr_left = 0;
	char repeats[32] = "";

	for (unsigned int t = 0; t < plan->threads; t++)
		nr_left += c->lanes[t].nr_left;
	if (c->nr_repeats > 1)
		snprintf(repeats, sizeof(repeats), " repeats=%u", c->nr_repeats);
	snprintf(plan->params, sizeof(plan->params),
		 "events=%llu objects=%llu threads-recorded=%u%s", (unsigned long long)plan->ops,
		 (unsigned long long)c->nr_objects * c->nr_repeats, c->nr_recorded, repeats);
	snprintf(
		plan->note, sizeof(plan->note),
		"%u objects of the recorded allocator itself are left out; %llu that the recording "
		"leaves alive are freed at the end",
		c->order.nr_skipped, (unsigned long long)nr_left);
}

static int reserve(struct compile *c)
{
	double share = c->plan->scale < 1 ? c->plan->scale : 1;

	c->objects = calloc(c->k->nr_objects + 1, sizeof(*c->objects));
	c->replayer = calloc(c->k->nr_threads, sizeof(*c->replayer));
	c->busy = calloc(c->k->nr_threads, sizeof(*c->busy));
	c->lanes = calloc(c->plan->threads, sizeof(*c->lanes));
	if (trace_dict_init(&c->dict, c->k) || trace_order_make(&c->order, c->k, share) ||
	    !c->objects || !c->replayer || !c->busy || !c->lanes)
		return refuse(c->plan, "the trace does not fit into memory");
	return 0;
}

static void release(struct compile *c)
{
	for (unsigned int t = 0; c->lanes && t < c->plan->threads; t++)
		free(c->lanes[t].free_slots);
	free(c->lanes);
	free(c->busy);
	free(c->replayer);
	free(c->objects);
	trace_dict_free(&c->dict);
	trace_order_free(&c->order);
}

static int compile(struct compile *c)
{
	if (reserve(c) || assign_threads(c) || describe_objects(c))
		return -1;
	measure_lanes(c);
	if (count_ops(c) || write_image(c))
		return -1;
	describe(c);
	return 0;
}

int trace_plan(struct wl_plan *plan, const struct ktr *k)
{
	struct compile c = { .plan = plan, .k = k, .nr_repeats = 1 };
	int err;

	if (!(plan->scale > 0) || plan->threads == 0 || plan->threads >= NOBODY)
		return refuse(plan, "a trace needs a scale above 0 and 1 to %u threads",
			      NOBODY - 1);
	if (plan->scale > TRACE_MAX_OPS)
		return refuse(plan, "scale %g is too large for any trace", plan->scale);
	if (plan->scale >= 1)
		c.nr_repeats = (uint32_t)(plan->scale + 0.5);
	plan->alloc_bytes = 0;
	err = compile(&c);
	release(&c);
	return err;
}
