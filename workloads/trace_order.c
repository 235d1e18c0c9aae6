// SPDX-License-Identifier: MIT
/* Choosing and ordering the events of a recording. Assumes a recording that ktr_open() accepted. */
#include <stdbool.h>
#include <stdlib.h>

#include "trace_order.h"

/* The part of a slice that belongs to one recorded thread: [next, end) of struct work's arrays. */
struct turn {
	uint32_t next, end;
};

struct work {
	const struct ktr *k;
	struct trace_order *out;
	uint32_t nr_kept;
	uint32_t *event; /* [nr_kept] in the order of the recording */
	uint32_t *object;
	uint8_t *skipped;  /* [k->nr_objects] */
	uint8_t *placed;   /* [k->nr_objects] allocated in @out already */
	uint32_t *turn_of; /* [k->nr_threads] in this slice, counted from 1; 0: none yet */
	struct turn turns[TRACE_SLICE_EVENTS];
	uint32_t nr_turns;
	uint32_t grouped[TRACE_SLICE_EVENTS]; /* the slice, thread by thread */
};

static void select_events(struct work *w)
{
	uint32_t nr_objects = 0;

	for (uint32_t i = 0; i < w->k->nr_events; i++) {
		uint32_t object = nr_objects - ktr_32(w->k->ref, i);

		if (ktr_allocates(w->k, i)) {
			object = nr_objects++;
			w->skipped[object] = !!(w->k->flags[i] & KTR_INTERNAL);
			w->out->nr_skipped += w->skipped[object];
		}
		if (w->skipped[object])
			continue;
		w->event[w->nr_kept] = i;
		w->object[w->nr_kept++] = object;
	}
}

static void take_share(struct work *w, double share)
{
	uint32_t nr = (uint32_t)(share * w->nr_kept);

	if (w->nr_kept)
		w->nr_kept = nr ? nr : 1;
	for (uint32_t n = 0; n < w->nr_kept; n++)
		w->out->events_of[ktr_16(w->k->thread, w->event[n])]++;
}

static struct turn *turn_of(struct work *w, uint32_t n)
{
	return &w->turns[w->turn_of[ktr_16(w->k->thread, w->event[n])] - 1];
}

/* Sort [first, last) of the kept events by thread, threads by their first event. */
static void group(struct work *w, uint32_t first, uint32_t last)
{
	uint32_t at = 0;

	w->nr_turns = 0;
	for (uint32_t n = first; n < last; n++) {
		uint32_t *turn = &w->turn_of[ktr_16(w->k->thread, w->event[n])];

		if (!*turn) {
			w->turns[w->nr_turns] = (struct turn){ 0, 0 };
			*turn = ++w->nr_turns;
		}
		w->turns[*turn - 1].end++;
	}
	for (uint32_t t = 0; t < w->nr_turns; t++) {
		uint32_t nr = w->turns[t].end;

		w->turns[t] = (struct turn){ at, at };
		at += nr;
	}
	for (uint32_t n = first; n < last; n++)
		w->grouped[turn_of(w, n)->end++] = n;
	for (uint32_t n = first; n < last; n++)
		w->turn_of[ktr_16(w->k->thread, w->event[n])] = 0;
}

/* Let one thread run as far as it can. */
static void run(struct work *w, struct turn *t)
{
	struct trace_order *out = w->out;

	for (; t->next < t->end; t->next++) {
		uint32_t n = w->grouped[t->next];
		uint32_t object = w->object[n];

		if (ktr_allocates(w->k, w->event[n]))
			w->placed[object] = true;
		else if (!w->placed[object])
			return;
		out->event[out->nr_events] = w->event[n];
		out->object[out->nr_events++] = object;
	}
}

/* Ends: the earliest event that is left frees nothing that is not placed, so its thread can run. */
static void order_slice(struct work *w, uint32_t first, uint32_t last)
{
	group(w, first, last);
	while (w->out->nr_events < last)
		for (uint32_t t = 0; t < w->nr_turns; t++)
			run(w, &w->turns[t]);
}

static void order_all(struct work *w)
{
	for (uint32_t first = 0; first < w->nr_kept; first += TRACE_SLICE_EVENTS) {
		uint32_t left = w->nr_kept - first;

		order_slice(w, first,
			    first + (left < TRACE_SLICE_EVENTS ? left : TRACE_SLICE_EVENTS));
	}
}

static int reserve(struct work *w, const struct ktr *k)
{
	w->event = calloc(k->nr_events, sizeof(*w->event));
	w->object = calloc(k->nr_events, sizeof(*w->object));
	w->skipped = calloc(k->nr_objects + 1, 1);
	w->placed = calloc(k->nr_objects + 1, 1);
	w->turn_of = calloc(k->nr_threads, sizeof(*w->turn_of));
	w->out->event = calloc(k->nr_events, sizeof(*w->out->event));
	w->out->object = calloc(k->nr_events, sizeof(*w->out->object));
	w->out->events_of = calloc(k->nr_threads, sizeof(*w->out->events_of));
	return w->event && w->object && w->skipped && w->placed && w->turn_of && w->out->event &&
			       w->out->object && w->out->events_of
		       ? 0
		       : -1;
}

static void release(struct work *w)
{
	free(w->event);
	free(w->object);
	free(w->skipped);
	free(w->placed);
	free(w->turn_of);
	free(w);
}

int trace_order_make(struct trace_order *o, const struct ktr *k, double share)
{
	struct work *w = calloc(1, sizeof(*w));
	int err;

	*o = (struct trace_order){ 0 };
	if (!w)
		return -1;
	w->k = k;
	w->out = o;
	err = reserve(w, k);
	if (!err) {
		select_events(w);
		take_share(w, share);
		order_all(w);
	}
	release(w);
	return err;
}

void trace_order_free(struct trace_order *o)
{
	free(o->event);
	free(o->object);
	free(o->events_of);
	*o = (struct trace_order){ 0 };
}
