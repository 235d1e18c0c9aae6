// SPDX-License-Identifier: MIT
/* Nothing is printed while a trial runs: only before and after. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "progress.h"

#define QUIET_NS 10000000000u

static bool interactive(void)
{
	const char *term = getenv("TERM"), *ci = getenv("CI");

	return isatty(STDERR_FILENO) && !(ci && *ci) && !(term && !strcmp(term, "dumb"));
}

void progress_start(struct progress *p, const struct run *run)
{
	*p = (struct progress){ .run = run,
				.begin_ns = clock_ns(),
				.total = run_nr_trials(run),
				.tty = interactive() };
}

static int eta_s(const struct progress *p)
{
	double spent = (double)(clock_ns() - p->begin_ns) * 1e-9;

	return p->done ? (int)(spent / p->done * (p->total - p->done)) : -1;
}

static void line(struct progress *p, const struct trial *t, const char *end)
{
	int eta = eta_s(p);

	fprintf(stderr, "[%d/%d block %d/%d] %s threads=%u %s", p->done, p->total, t->block + 1,
		p->run->blocks, t->cell->workload, t->cell->threads, t->arm->label);
	if (eta >= 0)
		fprintf(stderr, "  eta %dm%02ds", eta / 60, eta % 60);
	fputs(end, stderr);
	p->last_ns = clock_ns();
}

void progress_trial(struct progress *p, const struct trial *t)
{
	if (p->tty) {
		fputs("\r\033[K", stderr);
		line(p, t, "");
		fflush(stderr);
	} else if ((t->block == 0 && t->position == 0) || clock_ns() - p->last_ns > QUIET_NS) {
		line(p, t, "\n");
	}
}

/* A failure is told at once, once per cell and arm: the run goes on. */
void progress_done(struct progress *p, const struct trial *t)
{
	p->done++;
	if (t->status == TRIAL_OK || t->block > 0)
		return;
	p->failed++;
	fprintf(stderr, "%s%s threads=%u %s: %s: %s\n", p->tty ? "\r\033[K" : "", t->cell->workload,
		t->cell->threads, t->arm->label, trial_status_name(t->status), t->reason);
}

void progress_end(struct progress *p)
{
	if (p->tty)
		fputs("\r\033[K", stderr);
}
