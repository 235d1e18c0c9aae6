// SPDX-License-Identifier: MIT
/*
 * The list of shrinkers and a pass over it. shrinker_lock guards the list, nr_users and dying; it
 * is not held while a shrinker's functions run. A shrinker with users stays on the list, so a walk
 * finds its next from it; shrinker_free() takes the last reference itself, under the lock.
 */
#include "shrinker.h"

#include <limits.h>

#include "os.h"
#include "task.h"
#include "types.h"

static struct lock shrinker_lock;
static struct shrinker *first, **last = &first;
static uint32_t nr_put; /* counts references given back; shrinker_free() sleeps on it */

static size_t shrinker_bytes(void)
{
	return sizeof(struct shrinker) + SLAB_MAX_NODES * sizeof(long);
}

struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	struct shrinker *s = os_map(shrinker_bytes());

	if (!s)
		return NULL;
	s->name = name;
	s->seeks = DEFAULT_SEEKS;
	s->flags = (flags & ~SHRINKER_MEMCG_AWARE) | SHRINKER_ALLOCATED;
	return s;
}

void shrinker_register(struct shrinker *s)
{
	lock_acquire(&shrinker_lock);
	s->flags |= SHRINKER_REGISTERED;
	*last = s;
	last = &s->next;
	lock_release(&shrinker_lock);
}

/* shrinker_lock is held. */
static void unlist(struct shrinker *s)
{
	struct shrinker **link = &first;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	if (last == &s->next)
		last = link;
}

/* Called with the lock, returns with it; sleeps without it until a reference is given back. */
static void wait_for_put(void)
{
	uint32_t seen = __atomic_load_n(&nr_put, __ATOMIC_RELAXED);

	lock_release(&shrinker_lock);
	syscall(SYS_futex, &nr_put, FUTEX_WAIT_PRIVATE, seen, 0, 0, 0);
	lock_acquire(&shrinker_lock);
}

static void unregister(struct shrinker *s)
{
	lock_acquire(&shrinker_lock);
	s->dying = true;
	while (s->nr_users)
		wait_for_put();
	unlist(s);
	lock_release(&shrinker_lock);
}

void shrinker_free(struct shrinker *s)
{
	if (!s)
		return;
	if (s->flags & SHRINKER_REGISTERED)
		unregister(s);
	os_unmap(s, shrinker_bytes());
}

/* The next shrinker from @s on that is not dying, with a reference. shrinker_lock is held. */
static struct shrinker *get_from(struct shrinker *s)
{
	while (s && s->dying)
		s = s->next;
	if (s)
		s->nr_users++;
	return s;
}

/* shrinker_lock is held. */
static void put(struct shrinker *s)
{
	s->nr_users--;
	if (!s->dying)
		return;
	__atomic_fetch_add(&nr_put, 1, __ATOMIC_RELAXED);
	syscall(SYS_futex, &nr_put, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

static struct shrinker *get_first(void)
{
	struct shrinker *s;

	lock_acquire(&shrinker_lock);
	s = get_from(first);
	lock_release(&shrinker_lock);
	return s;
}

static struct shrinker *put_and_get_next(struct shrinker *s)
{
	struct shrinker *next;

	lock_acquire(&shrinker_lock);
	next = get_from(s->next);
	put(s);
	lock_release(&shrinker_lock);
	return next;
}

static long min_long(long a, long b)
{
	return a < b ? a : b;
}

static long *deferred(struct shrinker *s, int nid)
{
	return &s->nr_deferred[s->flags & SHRINKER_NUMA_AWARE ? nid : 0];
}

static long share(const struct shrinker *s, long freeable, int priority)
{
	return s->seeks ? (freeable >> priority) * 4 / s->seeks : freeable / 2;
}

static unsigned long count_objects(struct shrinker *s, struct shrink_control *sc)
{
	struct gate_pass *me = gate_suspend(GATE_AWAY);
	unsigned long nr = s->count_objects(s, sc);

	gate_resume(me);
	return nr;
}

/* One call of scan_objects(); false when the shrinker wants to stop. */
static bool scan(struct shrinker *s, struct shrink_control *sc, long nr, unsigned long *freed)
{
	struct gate_pass *me;
	unsigned long n;

	sc->nr_to_scan = (unsigned long)nr;
	sc->nr_scanned = sc->nr_to_scan;
	me = gate_suspend(GATE_AWAY);
	n = s->scan_objects(s, sc);
	gate_resume(me);
	if (n == SHRINK_STOP)
		return false;
	*freed += n;
	return true;
}

/* As written in shrinker.h. Returns the objects freed. */
static unsigned long shrink_one(struct shrinker *s, struct shrink_control *sc, int priority)
{
	long batch = s->batch ? s->batch : SHRINK_BATCH;
	unsigned long freed = 0, count = count_objects(s, sc);
	long freeable, delta, before, total, scanned = 0;

	if (!count || count == SHRINK_EMPTY)
		return 0;
	freeable = (long)count;
	slab_task.nr_freeable += count;
	before = __atomic_exchange_n(deferred(s, sc->nid), 0, __ATOMIC_RELAXED);
	delta = share(s, freeable, priority);
	total = min_long((before >> priority) + delta, 2 * freeable);
	while (total >= batch || total >= freeable) {
		if (!scan(s, sc, min_long(batch, total), &freed))
			break;
		total -= (long)sc->nr_scanned;
		scanned += (long)sc->nr_scanned;
	}
	before = min_long(before + delta - scanned, 2 * freeable);
	if (before > 0)
		__atomic_fetch_add(deferred(s, sc->nid), before, __ATOMIC_RELAXED);
	return freed;
}

unsigned long slab_shrink_all(gfp_t gfp, int nid, int priority)
{
	unsigned long freed = 0;

	if (slab_task.in_shrinker || nid < 0 || nid >= (int)SLAB_MAX_NODES)
		return 0;
	slab_task.in_shrinker = true;
	for (struct shrinker *s = get_first(); s; s = put_and_get_next(s)) {
		struct shrink_control sc = { .gfp_mask = gfp, .nid = nid };

		slab_task.shrinker = s;
		freed += shrink_one(s, &sc, priority);
	}
	slab_task.shrinker = NULL;
	slab_task.in_shrinker = false;
	return freed;
}

/* The list can be walked at any moment: it is changed by single stores. */
void shrinker_fork_child(void)
{
	for (struct shrinker *s = first; s && !gate_holds(&shrinker_lock); s = s->next)
		s->nr_users = s == slab_task.shrinker;
}
