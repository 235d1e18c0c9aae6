// SPDX-License-Identifier: MIT
/* The third sheaf of a lane. See rcu_sheaf.h. */
#include "rcu_sheaf.h"

#include "hooks.h"
#include "pagemap.h"
#include "percpu.h"
#include "sheaf.h"
#include "stat.h"

static void (*call)(void *head, void (*done)(void *head));

void rcu_sheaf_init(void (*c)(void *head, void (*done)(void *head)))
{
	call = c;
}

/* The objects become free only now, so what a free entails is done now. */
static void run_hooks(struct slab_sheaf *sheaf)
{
	struct kmem_cache *s = sheaf->cache;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < sheaf->size; i++) {
		struct frame *f = frame_of(sheaf->objects[i]);

		if (!hooks_needed_to_free(s, f) || hooks_free(s, f, sheaf->objects[i]))
			sheaf->objects[kept++] = sheaf->objects[i];
	}
	sheaf->size = kept;
}

static void done(void *head)
{
	struct slab_sheaf *sheaf = head;

	run_hooks(sheaf);
	sheaf_put_away_on(sheaf, sheaf->node);
}

static struct slab_sheaf *take(struct lane *lane)
{
	return __atomic_exchange_n(&lane->rcu_free, NULL, __ATOMIC_ACQUIRE);
}

/* The sheaf's rcu_head is its first member. */
static void submit(struct slab_sheaf *sheaf)
{
	call(sheaf, done);
}

static void put_back(struct lane *lane, struct slab_sheaf *sheaf)
{
	if (sheaf->size == sheaf->capacity || !sheaf_settle(&lane->rcu_free, sheaf))
		submit(sheaf);
}

/* The lane's sheaf with room for an object of @node, or a new one; NULL: neither. */
static struct slab_sheaf *take_or_get(struct kmem_cache *s, struct lane *lane, uint16_t node)
{
	struct slab_sheaf *sheaf = take(lane);

	if (!sheaf) {
		sheaf = sheaf_get_empty(s, GFP_NOWAIT);
		if (sheaf)
			sheaf->node = (uint8_t)node;
	} else if (sheaf->node != node) {
		put_back(lane, sheaf); /* the thread has come from another node meanwhile */
		sheaf = NULL;
	}
	return sheaf;
}

bool rcu_sheaf_free(struct kmem_cache *s, void *object)
{
	struct lane *lane = call ? percpu_lane(s->slot) : NULL;
	struct slab_sheaf *sheaf;

	if (!s->slot || !lane)
		return false;
	sheaf = take_or_get(s, lane, frame_of(object)->node);
	if (!sheaf) {
		stat_inc(s, STAT_FREE_RCU_SHEAF_FAIL);
		return false;
	}
	sheaf_push(sheaf, object);
	stat_inc(s, STAT_FREE_RCU_SHEAF);
	put_back(lane, sheaf);
	return true;
}

void rcu_sheaf_end_lane(struct lane *lane)
{
	struct slab_sheaf *sheaf = take(lane);

	if (sheaf)
		submit(sheaf);
}

static void flush_lane(struct kmem_cache *s, struct lane *lane, void *ctx)
{
	(void)s;
	(void)ctx;
	rcu_sheaf_end_lane(lane);
}

void rcu_sheaf_flush(struct kmem_cache *s)
{
	if (s->slot)
		percpu_visit(s, flush_lane, NULL);
}
