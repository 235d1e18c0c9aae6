// SPDX-License-Identifier: MIT
/* A table of parked children with the time of their last free. */
#include <stdio.h>

#include "clock.h"
#include "lib/die.h"
#include "park.h"

#define MAX_PARKED 64

static struct parked {
	struct child child;
	struct rss rss;
	struct trial *trial;
	uint64_t drained_ns;
	int taken, wanted; /* samples */
} parked[MAX_PARKED];
static int nr_parked;

static const struct {
	uint64_t after_ns;
	const char *metric;
} late[PARK_LONG] = {
	{ 100000000u, "rss_drained_bytes" },
	{ 1000000000u, "rss_drained_1s_bytes" },
	{ 5000000000u, "rss_drained_5s_bytes" },
};

void park_child(const struct child *child, const struct rss *rss, struct trial *t,
		uint64_t drained_ns, int nr)
{
	if (nr_parked == MAX_PARKED)
		die(EXIT_FAILED, "more than %d children are parked", MAX_PARKED);
	parked[nr_parked++] = (struct parked){ *child, *rss, t, drained_ns, 0, nr };
}

void park_sample(void)
{
	uint64_t now = clock_ns();

	for (struct parked *p = parked; p < parked + nr_parked; p++) {
		if (p->taken == p->wanted || now < p->drained_ns + late[p->taken].after_ns)
			continue;
		trial_add(p->trial, late[p->taken].metric, (double)rss_held(&p->rss));
		p->taken++;
	}
}

static void release(struct parked *p)
{
	struct trial *t = p->trial;

	child_go(&p->child);
	rss_close(&p->rss);
	t->exit_status = child_reap(&p->child);
	if (t->exit_status && t->status == TRIAL_OK) {
		t->status = TRIAL_FAILED;
		snprintf(t->reason, sizeof(t->reason), "failed after its last answer");
	}
	*p = parked[--nr_parked];
}

void park_release(void)
{
	for (int i = nr_parked - 1; i >= 0; i--)
		if (parked[i].taken == parked[i].wanted)
			release(&parked[i]);
}

int park_wait_ms(void)
{
	uint64_t now = clock_ns(), next = UINT64_MAX;

	for (struct parked *p = parked; p < parked + nr_parked; p++) {
		uint64_t due =
			p->taken == p->wanted ? now : p->drained_ns + late[p->taken].after_ns;

		next = due < next ? due : next;
	}
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / 1000000 + 1);
}

int park_count(void)
{
	return nr_parked;
}

void park_abandon(void)
{
	while (nr_parked) {
		child_kill(&parked[nr_parked - 1].child);
		release(&parked[nr_parked - 1]);
	}
}
