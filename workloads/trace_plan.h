/* SPDX-License-Identifier: MIT */
/*
 * The compiler of recorded traces.
 *
 * Every recorded thread is given whole to one replay thread: the busiest first, each to the one
 * that has the least to do while the recorded thread was busy, so that what ran at the same time
 * can do so again. What the recording leaves alive is freed behind the last event by the thread
 * that allocated it, in the order of allocation, so that a round ends with nothing allocated. Runs
 * on one thread.
 */
#ifndef WORKLOADS_TRACE_PLAN_H
#define WORKLOADS_TRACE_PLAN_H

#include "ktr.h"
#include "workload.h"

#define TRACE_MAX_OPS (1u << 28) /* of one round: streams of 2 GiB */

/*
 * Compile @k into plan->image and fill plan->ops, alloc_bytes, params and note. plan->scale up to 1
 * is the share of the events that are replayed, from the first on; above, the whole trace is
 * repeated, rounded to a whole number of times. Returns 0, or -1 with plan->why.
 */
int trace_plan(struct wl_plan *plan, const struct ktr *k);

#endif
