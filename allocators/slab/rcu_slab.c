// SPDX-License-Identifier: MIT
/* Slabs that wait for a grace period. The counters are atomic; no lock here. See rcu_slab.h. */
#include "rcu_slab.h"

#include "pagemap.h"
#include "rcu.h"

static size_t nr_slabs, nr_bytes;

_Static_assert(sizeof(struct list_head) == RCU_HEAD_BYTES, "the head fits the link");

/* Slot 0, so that no free of a freed object finds a lane: free.c reports it. */
void rcu_free_slab(struct frame *f, void (*done)(void *head))
{
	__atomic_fetch_add(&nr_slabs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	pagemap_set(frame_page(f), f->order, PAGE_SLAB, 0);
	f->waiting = true;
	rcu_call(&f->link, done);
}

struct frame *rcu_slab_arrived(void *head)
{
	struct frame *f = container_of(head, struct frame, link);

	__atomic_fetch_sub(&nr_slabs, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&nr_bytes, frame_bytes(f), __ATOMIC_RELAXED);
	f->waiting = false;
	return f;
}

size_t rcu_nr_slabs(void)
{
	return __atomic_load_n(&nr_slabs, __ATOMIC_RELAXED);
}

size_t rcu_slab_bytes(void)
{
	return __atomic_load_n(&nr_bytes, __ATOMIC_RELAXED);
}
