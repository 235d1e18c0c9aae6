// SPDX-License-Identifier: MIT
/* What is in a run and what is left out of it, with the reason. */
#include <stdio.h>
#include <string.h>

#include "run.h"

void run_skip(struct run *run, const char *name, const char *reason)
{
	struct run_skipped *s = &run->skipped[run->nr_skipped];

	for (int i = 0; i < run->nr_skipped; i++)
		if (!strcmp(run->skipped[i].name, name) && !strcmp(run->skipped[i].reason, reason))
			return;
	if (run->nr_skipped == RUN_MAX_SKIPPED)
		return;
	run->nr_skipped++;
	snprintf(s->name, sizeof(s->name), "%s", name);
	snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

bool run_has(const struct arm *arm, const struct cell *cell)
{
	return arm->preloadable || !cell->elsewhere;
}

int run_nr_trials(const struct run *run)
{
	int nr = 0;

	for (int cell = 0; cell < run->nr_cells; cell++)
		for (int arm = 0; arm < run->nr_arms; arm++)
			nr += run_has(&run->arms[arm], &run->cells[cell]);
	return nr * run->blocks;
}
