/* SPDX-License-Identifier: MIT */
/*
 * How far the run is, on stderr: one line that is rewritten on a terminal, a plain line per cell of
 * the first block and every ten seconds elsewhere, so that neither a log is flooded nor a job that
 * watches for silence gives up.
 */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include "run.h"

struct progress {
	const struct run *run;
	uint64_t begin_ns, last_ns;
	int done, total, failed;
	bool tty;
};

void progress_start(struct progress *p, const struct run *run);
void progress_trial(struct progress *p, const struct trial *t);
void progress_done(struct progress *p, const struct trial *t);
void progress_end(struct progress *p);

#endif
