// SPDX-License-Identifier: MIT
/* What is left out of a run, with the reason. */
#include <stdio.h>

#include "run.h"

void run_skip(struct run *run, const char *name, const char *reason)
{
	struct run_skipped *s = &run->skipped[run->nr_skipped];

	if (run->nr_skipped == RUN_MAX_SKIPPED)
		return;
	run->nr_skipped++;
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
}
