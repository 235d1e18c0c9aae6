// SPDX-License-Identifier: MIT
/*
 * A user's workload that goes wrong on purpose: -DCRASH in its round, -DPREPARE_CRASH in prepare(),
 * -DREFUSE says why it cannot, -DWANDER gives another digest in each round, -DHANG never ends.
 */
#include "workloads/workload.h"

static int prepare(struct wl_plan *plan)
{
	uint64_t *n = plan->piece(plan, sizeof(*n));

	*n = 1000;
	plan->ops = 2000;
	plan->alloc_bytes = 64 * 1000;
#ifdef PREPARE_CRASH
	*(volatile int *)8 = 1;
#endif
#ifdef REFUSE
	static const char why[] = "it does not feel like it";

	for (unsigned int i = 0; i < sizeof(why); i++)
		plan->why[i] = why[i];
	return -1;
#endif
	return 0;
}

static int setup(struct wl_run *run)
{
	(void)run;
	return 0;
}

static void work(struct wl_thread *t)
{
	static const struct alloc_site site = ALLOC_SITE(char, false, SITE_GFP_KERNEL);
	static uint64_t wandering;

	for (int i = 0; i < 1000; i++) {
		char *p = wl_zalloc(t, 64, &site);

		if (!p) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			return;
		}
		p[0] = (char)i;
		t->digest += (unsigned char)p[0] + (unsigned char)p[9];
		wl_free(t, p, 64);
	}
	(void)wandering;
#ifdef CRASH
	*(volatile int *)8 = 1;
#endif
#ifdef HANG
	for (volatile int i = 0;; i++)
		;
#endif
#ifdef WANDER
	t->digest += wandering++;
#endif
}

WORKLOAD(script) = {
	.name = "bad",
	.summary = "goes wrong on purpose",
	.op = "an allocator call",
	.prepare = prepare,
	.setup = setup,
	.round = work,
};
