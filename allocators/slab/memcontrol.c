// SPDX-License-Identifier: MIT
/* Memory groups as users see them. See memcontrol.h. */
#include "memcontrol.h"

#include "boot.h"
#include "cache.h"
#include "objcg.h"
#include "text.h"

static size_t pages_of(size_t bytes)
{
	return bytes / slab_page_bytes();
}

struct mem_cgroup *mem_cgroup_create(struct mem_cgroup *parent, size_t limit_bytes)
{
	struct mem_cgroup *memcg;

	if (!boot_ensure())
		return NULL;
	memcg = memcg_make(parent, pages_of(limit_bytes));
	if (!memcg)
		return NULL;
	if (parent)
		mem_cgroup_get(parent);
	memcg_set_online();
	cache_leave_fast_paths();
	return memcg;
}

void mem_cgroup_get(struct mem_cgroup *memcg)
{
	__atomic_fetch_add(&memcg->nr_refs, 1, __ATOMIC_RELAXED);
}

/* What the stocks hold goes back first, so that only objects outlive the group. */
void mem_cgroup_put(struct mem_cgroup *memcg)
{
	while (memcg && __atomic_fetch_sub(&memcg->nr_refs, 1, __ATOMIC_ACQ_REL) == 1) {
		struct mem_cgroup *parent = memcg->parent;

		objcg_drain();
		memcg_unmake(memcg);
		memcg = parent;
	}
}

void mem_cgroup_resize_max(struct mem_cgroup *memcg, size_t limit_bytes)
{
	lock_acquire(&memcg_lock);
	memcg->max_pages = pages_of(limit_bytes);
	lock_release(&memcg_lock);
}

size_t mem_cgroup_usage(const struct mem_cgroup *memcg)
{
	return __atomic_load_n(&memcg->nr_pages, __ATOMIC_RELAXED) * slab_page_bytes();
}

size_t mem_cgroup_nr_refused(const struct mem_cgroup *memcg)
{
	return __atomic_load_n(&memcg->nr_refused, __ATOMIC_RELAXED);
}

void mem_cgroup_set_reclaim(bool (*reclaim)(struct mem_cgroup *memcg, size_t bytes))
{
	objcg_set_reclaim(reclaim);
}

void mem_cgroup_drain_stocks(void)
{
	objcg_drain();
}

/* A kind may be below zero for a moment: a free is settled before its allocation. */
static void print(struct text *t, const char *name, int64_t bytes)
{
	text_str(t, name);
	text_str(t, " ");
	text_u64(t, bytes > 0 ? (uint64_t)bytes : 0);
	text_str(t, "\n");
}

size_t mem_cgroup_stat(struct mem_cgroup *memcg, char *buf, size_t len)
{
	int64_t reclaimable, unreclaimable, kernel;
	struct text t;

	objcg_drain();
	lock_acquire(&memcg_lock);
	reclaimable = memcg->stat_bytes[MEMCG_SLAB_RECLAIMABLE];
	unreclaimable = memcg->stat_bytes[MEMCG_SLAB_UNRECLAIMABLE];
	kernel = (int64_t)mem_cgroup_usage(memcg);
	lock_release(&memcg_lock);
	text_init(&t, buf, len);
	print(&t, "kernel", kernel);
	print(&t, "slab_reclaimable", reclaimable);
	print(&t, "slab_unreclaimable", unreclaimable);
	print(&t, "slab", reclaimable + unreclaimable);
	return t.used;
}
