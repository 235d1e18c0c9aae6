// SPDX-License-Identifier: MIT
/*
 * The trace workload: the allocations and frees of a real kernel, recorded, and given to the
 * allocator under test thread by thread. ktr.h reads the recording, trace_order.h and trace_plan.h
 * compile it, trace_replay.h follows it; this file ties them to the contract of workload.h.
 */
#include <limits.h>
#include <stdio.h>

#include "ktr.h"
#include "trace_find.h"
#include "trace_plan.h"
#include "trace_replay.h"
#include "workload.h"

static int prepare(struct wl_plan *plan)
{
	char path[PATH_MAX];
	struct ktr k;
	int err;

	if (trace_find(plan->arg, path, sizeof(path), plan->why, sizeof(plan->why)) ||
	    ktr_open(&k, path, plan->why, sizeof(plan->why)))
		return -1;
	err = trace_plan(plan, &k);
	ktr_close(&k);
	return err;
}

static void make_sites(struct trace_state *s)
{
	const struct trace_site *from = trace_at(s->image, s->image->sites_at);

	for (uint32_t i = 0; i < s->image->nr_sites; i++) {
		s->sites[i] = (struct alloc_site){
			.type = trace_at(s->image, from[i].name_at),
			.token = SITE_TOKEN_UNSET,
			.gfp = from[i].gfp,
			.has_pointers = from[i].has_pointers,
		};
		alloc_site_resolve(&s->sites[i]);
	}
}

static int make_caches(struct wl_run *run, struct trace_state *s)
{
	const struct trace_cache *from = trace_at(s->image, s->image->caches_at);
	static char why[96];

	for (uint32_t i = 0; i < s->image->nr_caches; i++) {
		const char *name = trace_at(s->image, from[i].name_at);

		s->caches[i] = run->cache_create(name, from[i].size, from[i].align, from[i].flags);
		if (s->caches[i])
			continue;
		snprintf(why, sizeof(why), "the allocator could not create the cache '%.32s'",
			 name);
		wl_fail(&run->thread[0], why);
		return -1;
	}
	return 0;
}

static void make_targets(struct trace_state *s)
{
	const struct trace_class *from = trace_at(s->image, s->image->classes_at);

	for (uint32_t i = 0; i < s->image->nr_classes; i++) {
		s->targets[i].size = from[i].size;
		if (from[i].from_cache)
			s->targets[i].cache = s->caches[from[i].index];
		else
			s->targets[i].site = &s->sites[from[i].index];
	}
}

static void teardown(struct wl_run *run)
{
	struct trace_state *s = run->state;

	for (uint32_t i = 0; i < s->image->nr_caches; i++)
		if (s->caches[i])
			run->cache_destroy(s->caches[i]);
}

static int setup(struct wl_run *run)
{
	const struct trace_image *image = run->image;
	struct trace_state *s = run->map(run, sizeof(*s));

	s->image = image;
	s->slots = run->map(run, (image->nr_slots + 1) * sizeof(*s->slots));
	s->targets = run->map(run, (image->nr_classes + 1) * sizeof(*s->targets));
	s->workers = run->map(run, (image->nr_threads + 1) * sizeof(*s->workers));
	s->sites = run->map(run, (image->nr_sites + 1) * sizeof(*s->sites));
	s->caches = run->map(run, (image->nr_caches + 1) * sizeof(*s->caches));
	run->state = s;
	make_sites(s);
	if (make_caches(run, s)) {
		teardown(run);
		return -1;
	}
	make_targets(s);
	return 0;
}

WORKLOAD(trace) = {
	.name = "trace",
	.summary = "replay of a recorded kernel's allocations",
	.op = "an allocation or a free",
	.takes = "NAME of a shipped trace, or FILE.ktr.zst",
	.variants = { "dentry-xfs", "xfs-buffer" },
	.counters = {
		[TRACE_HANDOFF_WAITS] = { "handoff_wait_count", "count",
					  "objects that their freeing thread had to wait for" },
		[TRACE_LEFT] = { "live_at_end_count", "count",
				 "objects freed only because the recording ended" },
	},
	.prepare = prepare,
	.setup = setup,
	.round = trace_replay,
	.teardown = teardown,
};
