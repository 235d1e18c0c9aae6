/* SPDX-License-Identifier: MIT */
/*
 * The nightly judgement: tonight's ratio of each cell to the baseline against the last regime of
 * the same series. Stored first, judged after.
 *
 * A series is one workload with its parameters and its image (the same operations), one allocator
 * label, one judged metric with a direction, on one machine against one baseline. Its nights are
 * the complete runs of tonight's kind that are older than tonight and have an interval: the 95 %
 * order-statistic interval of the median ratio over blocks, so at least 6 blocks.
 *
 * A regime is what the series did before it moved. From the newest previous night backwards, a
 * night belongs to it while its interval, widened by the metric's floor, meets the hull of those
 * already in it; at most NIGHTLY_MAX_NIGHTS nights. Fewer than NIGHTLY_MIN_NIGHTS make no regime:
 * they are passed over and the search goes on behind them. So one bad night changes nothing, a
 * step alarms on its first NIGHTLY_MIN_NIGHTS nights, and then it is the new regime.
 *
 * The bounds of a regime: each is the outermost of its nights' medians and of one order statistic
 * of all its blocks pooled, the place-th from that end. The place is the largest for which tonight
 * would pass the bound with probability NIGHTLY_FALSE_ALARM or less if all blocks were exchangeable
 * (hypergeometric tail, whatever the distribution); three nights of 6 blocks give place 1, the
 * hull. A regime with more blocks so forgives more bad ones. The medians keep the bound wide where
 * whole nights differ more than their blocks do.
 *
 * Tonight moved if its interval lies wholly beyond a bound by more than the floor: the larger of
 * the metric's relative floor and its absolute floor over the baseline's value.
 *
 * Simulated with 6 blocks a night, 54000 judgements each (tests/harness/nightly.c does the same):
 * no alarm where all nights are alike; 1 in 5000 where nights scatter half as much as blocks; 1 in
 * 180 where they scatter as much. Found on the first night, blocks scattering by 1 %, after 3 (14)
 * nights: a step of 3 % in 9 % (18 %) of series, 5 % in 82 % (97 %), 10 % always.
 */
#ifndef HARNESS_NIGHTLY_H
#define HARNESS_NIGHTLY_H

#include <stdio.h>

#include "store.h"

#define NIGHTLY_MIN_NIGHTS  3
#define NIGHTLY_MAX_NIGHTS  14
#define NIGHTLY_LOOK_BACK   60 /* nights that are read at all */
#define NIGHTLY_FALSE_ALARM 1e-5

/*
 * Print every series that moved, one a line, what was there last night and is not tonight, and a
 * line of counts. EXIT_REGRESSION if a series moved to its worse side, else EXIT_FINE: an
 * improvement is no failure, and failed trials are report_exit_code()'s.
 */
int nightly_judge(FILE *out, struct store *s, const char *run_id);

#endif
