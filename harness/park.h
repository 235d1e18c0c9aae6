/* SPDX-License-Identifier: MIT */
/*
 * Children that have freed everything and are kept to see what they hold 0.1 s later, in the first
 * block also 1 s and 5 s later. They sleep in a read, so they take no CPU from the trials that go
 * on meanwhile. Main thread only.
 */
#ifndef HARNESS_PARK_H
#define HARNESS_PARK_H

#include "child.h"
#include "rss.h"
#include "trial.h"

/*
 * Take over @child and @rss; its samples go into @t, which must live until they are taken. @nr is
 * PARK_SHORT or PARK_LONG.
 */
enum { PARK_SHORT = 1, PARK_LONG = 3 };
void park_child(const struct child *child, const struct rss *rss, struct trial *t,
		uint64_t drained_ns, int nr);
/* Take the samples that are due; cheap when none is. Call often, also while a trial runs. */
void park_sample(void);
/* Let those go whose last sample is taken. Only between trials: an exit takes CPU. */
void park_release(void);
/* Milliseconds until the next sample is due, -1 if nobody is parked. */
int park_wait_ms(void);
/* How many children are parked. */
int park_count(void);
/* Kill all (interrupted). */
void park_abandon(void);

#endif
