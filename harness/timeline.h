/* SPDX-License-Identifier: MIT */
/*
 * Live and resident bytes over the watched round, and the measures of fragmentation that follow
 * from them (Johnstone and Wilson, ISMM 1998): U is what the program asked for, H what the process
 * holds. Not reported where the live set never reaches TIMELINE_MIN_LIVE: H/U of a few KiB means
 * nothing.
 */
#ifndef HARNESS_TIMELINE_H
#define HARNESS_TIMELINE_H

#include "trial.h"

#define TIMELINE_MIN_LIVE (1u << 20)
/* The first measure averages over samples whose live set is at least this share of its peak. */
#define TIMELINE_MIN_SHARE 0.05

struct timeline {
	struct trial_point *point;
	size_t nr, room;
};

void timeline_add(struct timeline *tl, struct trial_point p);
/* rss_mean, frag_jw1..4 and the stored points into @t, which has rss_peak_bytes already. */
void timeline_finish(struct timeline *tl, struct trial *t);
void timeline_free(struct timeline *tl);

#endif
