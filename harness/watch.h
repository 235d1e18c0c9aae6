/* SPDX-License-Identifier: MIT */
/*
 * One trial from the runner's side: start the child, check whose allocator it has, sample its
 * memory while the watched round runs, collect its answers, and look again after the last free. A
 * child that is told to stay is parked: it idles while other trials go on, and is sampled 1 s and
 * 5 s after its last free.
 */
#ifndef HARNESS_WATCH_H
#define HARNESS_WATCH_H

#include <signal.h>

#include "run.h"

/* Set by the SIGINT handler: the trial under way is given up. */
extern volatile sig_atomic_t watch_interrupted;

/*
 * Run @t (its cell, arm, block and position are set). Returns when its result is complete but for
 * the samples of its parked child; @stay parks it for long. False if interrupted.
 */
bool watch_trial(const struct run *run, struct trial *t, bool stay, unsigned int timeout_s);

#endif
