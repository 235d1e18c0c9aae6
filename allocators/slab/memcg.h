/* SPDX-License-Identifier: MIT */
/*
 * The tree of memory control groups, in pages. memcontrol.h is what users see; objcg.h charges
 * bytes and keeps the stocks.
 *
 * A group pays through its obj_cgroup, which objects point at instead of the group, so that a group
 * can go while objects remain: its obj_cgroup then belongs to the parent. Each byte charged through
 * an obj_cgroup keeps it alive, and each stock that names it. That is the kernel's one reference an
 * object, without a counter that all CPUs write.
 *
 * Equations, when nobody is inside:
 *
 * M1. obj_cgroup.nr_pages * page == bytes charged to objects through it + its bytes in stocks +
 *     its rest_bytes, and rest_bytes < page
 * M2. mem_cgroup.nr_pages == the sum of nr_pages over the obj_cgroups that are its own or a
 *     descendant's
 * M3. mem_cgroup.stat_bytes[i], with what the stocks hold of it, == bytes of kind i charged to
 *     objects through those
 *
 * memcg_lock guards all fields but where they say otherwise. It is a leaf: nothing is locked and
 * no memory is taken or given back while it is held.
 */
#ifndef SLAB_MEMCG_H
#define SLAB_MEMCG_H

#include "memcontrol.h"
#include "types.h"

/* Pages charged at once, as in the kernel. */
#define MEMCG_CHARGE_BATCH 64u

enum memcg_stat {
	MEMCG_SLAB_RECLAIMABLE,
	MEMCG_SLAB_UNRECLAIMABLE,
	NR_MEMCG_STATS,
};

struct obj_cgroup {
	struct mem_cgroup *memcg; /* who pays; NULL: nobody any more */
	struct list_head link;	  /* memcg->objcgs; pointing at itself if nobody pays */
	struct list_head all;	  /* every obj_cgroup there is */
	size_t nr_pages;
	size_t rest_bytes;  /* of pages that are charged, and in no stock */
	size_t tally_bytes; /* scratch of objcg_check() */
	size_t nr_refs;	    /* atomic; raised without the lock by who has bytes of it in hand */
};

struct mem_cgroup {
	struct mem_cgroup *parent; /* constant, and held */
	struct obj_cgroup *objcg;  /* its own; constant */
	struct list_head objcgs;   /* those it pays for: its own, and those of children that went */
	size_t nr_pages;	   /* charged, with children; read without the lock by users */
	size_t max_pages;	   /* the limit */
	size_t nr_refused;
	int64_t stat_bytes[NR_MEMCG_STATS]; /* with children */
	size_t nr_refs;			    /* atomic */
};

extern struct lock memcg_lock;
extern struct list_head memcg_objcgs; /* obj_cgroup.all */

/* At boot: where the groups' own memory comes from. */
void memcg_init(const struct memory_source *source);

/* Has there ever been a group? Without one, nobody is charged. */
extern bool memcg_is_online;

static inline bool memcg_online(void)
{
	return unlikely(__atomic_load_n(&memcg_is_online, __ATOMIC_RELAXED));
}

void memcg_set_online(void);

/* Through whom this thread pays; NULL: nobody. */
struct obj_cgroup *memcg_current(void);

/* A group with one reference, NULL without memory; and its end, when the last one is gone. */
struct mem_cgroup *memcg_make(struct mem_cgroup *parent, size_t max_pages);
void memcg_unmake(struct mem_cgroup *memcg);

/*
 * Charge @bytes to the payers of @o, and as much more as makes a batch if there is room. Returns
 * how many bytes were charged; 0 if @blocked, one of the payers, has no room. memcg_force() charges
 * without looking at limits. The caller holds @o's group.
 */
size_t memcg_try_charge(struct obj_cgroup *o, size_t bytes, struct mem_cgroup **blocked);
size_t memcg_force(struct obj_cgroup *o, size_t bytes);

/* What an obj_cgroup gets back: bytes, and what changed of the kinds since. */
struct memcg_change {
	struct obj_cgroup *objcg; /* NULL: nothing */
	size_t bytes;
	int64_t stat_bytes[NR_MEMCG_STATS];
	size_t nr_refs; /* references given up: 0 or 1 */
};

/* Take it. Ends the obj_cgroup with its last byte and reference. */
void memcg_settle(const struct memcg_change *c);

#endif
