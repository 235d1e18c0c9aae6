/* SPDX-License-Identifier: MIT */
/*
 * Which events of a recording are replayed, and in which order.
 *
 * Left out are objects of the recorded allocator itself (the replayed one has its own) and their
 * frees. The rest is taken in slices of TRACE_SLICE_EVENTS, and within a slice every recorded
 * thread has its turn: it runs until it is through or until it would free what another thread has
 * yet to allocate. So the events of a thread keep their order, every object is allocated before it
 * is freed, and the result is one sequence that could have happened: on a machine whose processor
 * runs a thread for a while, where the recorded one had several processors that took turns from
 * event to event. The number of replay threads does not change the sequence.
 */
#ifndef WORKLOADS_TRACE_ORDER_H
#define WORKLOADS_TRACE_ORDER_H

#include <stdint.h>

#include "ktr.h"

/* A thread's turn is about a hundred events, the work of a few system calls. */
#define TRACE_SLICE_EVENTS 1024u

struct trace_order {
	uint32_t nr_events;
	uint32_t *event;     /* [nr_events] numbers in the recording, in the order of replay */
	uint32_t *object;    /* [nr_events] the object of each */
	uint64_t *events_of; /* [k->nr_threads] how many of them each recorded thread has */
	uint32_t nr_skipped; /* objects of the recorded allocator, in the whole recording */
};

/*
 * The first @share (0 to 1) of the events of @k, at least one. Returns 0, or -1 when memory is out;
 * trace_order_free() is due in both cases. No events at all is not an error here.
 */
int trace_order_make(struct trace_order *o, const struct ktr *k, double share);

void trace_order_free(struct trace_order *o);

#endif
