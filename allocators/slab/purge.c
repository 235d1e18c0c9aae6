// SPDX-License-Identifier: MIT
/*
 * One work for all zones. `queued` spares a free the lock of the worker; the work clears it before
 * it looks, so that who frees meanwhile queues again. See purge.h.
 */
#include "purge.h"

#include "buddy.h"
#include "os.h"
#include "rcu.h"
#include "worker.h"

static uint64_t step_ns;
static bool queued;

static void end_steps(struct work *w);
static struct work work = { .fn = end_steps };

static void queue(void)
{
	if (__atomic_exchange_n(&queued, true, __ATOMIC_ACQ_REL))
		worker_poke();
	else
		worker_queue(&work, step_ns);
}

static void end_steps(struct work *w)
{
	bool more = false;

	(void)w;
	__atomic_store_n(&queued, false, __ATOMIC_RELEASE);
	worker_enter();
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		more |= zone_step(&slab_zones[i], os_now_ns());
	worker_leave();
	if (more)
		queue();
}

static void on_dirty(void)
{
	if (__atomic_load_n(&queued, __ATOMIC_RELAXED)) {
		worker_poke();
		return;
	}
	rcu_watch_forks();
	queue();
}

void purge_init(uint64_t purge_ns, bool thread)
{
	step_ns = purge_ns / 2;
	zones_on_dirty(thread && step_ns ? on_dirty : NULL);
}
