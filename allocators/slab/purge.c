// SPDX-License-Identifier: MIT
/*
 * One work for all zones. A free while it is queued does not take the lock of the worker; it is
 * queued no more before it looks, so that who frees meanwhile queues again. See purge.h.
 */
#include "purge.h"

#include <errno.h>

#include "buddy.h"
#include "os.h"
#include "rcu.h"
#include "worker.h"

static uint64_t step_ns;
static void (*shrink_caches)(void);
static uint64_t nr_settled; /* of the pages given back, those before the caches were shrunk */

static void run(struct work *w);
static struct work work = { .fn = run };

static void queue(void)
{
	if (work_is_queued(&work))
		worker_poke();
	else
		worker_queue(&work, step_ns);
}

static bool end_steps(void)
{
	bool more = false;

	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		more |= zone_step(&slab_zones[i], os_now_ns());
	return more;
}

/* Units in all zones; dirty ones by zone. */
struct pages {
	size_t nr_used;
	uint64_t nr_purged;
	size_t nr_dirty[SLAB_MAX_NODES];
};

static void look(struct pages *p)
{
	*p = (struct pages){ .nr_used = 0 };
	for (unsigned int i = 0; i < slab_nr_nodes; i++) {
		struct zone *z = &slab_zones[i];

		lock_acquire(&z->lock);
		p->nr_used += z->nr_used;
		p->nr_purged += z->nr_purged;
		p->nr_dirty[i] = z->nr_dirty;
		lock_release(&z->lock);
	}
}

static bool has_drained(const struct pages *p)
{
	uint64_t nr = p->nr_purged - nr_settled;

	return nr && nr >= p->nr_used;
}

/* What the caches give up goes back at once; what was dirty before may still be needed. */
static void shrink(struct pages *p)
{
	shrink_caches();
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		zone_trim(&slab_zones[i], p->nr_dirty[i]);
	look(p);
	nr_settled = p->nr_purged;
}

static void run(struct work *w)
{
	struct pages p;
	bool more;

	(void)w;
	worker_enter();
	more = end_steps();
	look(&p);
	if (has_drained(&p))
		shrink(&p);
	worker_leave();
	if (more)
		queue();
}

/* A free keeps errno, whatever a thread that cannot be made has to say. */
static void on_dirty(void)
{
	int saved = errno;

	rcu_watch_forks();
	queue();
	errno = saved;
}

void purge_init(uint64_t purge_ns, bool thread, void (*caches)(void))
{
	shrink_caches = caches;
	step_ns = purge_ns / 2;
	zones_on_dirty(thread && step_ns ? on_dirty : NULL);
}
