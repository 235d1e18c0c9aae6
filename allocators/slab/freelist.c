// SPDX-License-Identifier: MIT
/*
 * Hardened chains and random orders. The permutations come from the system page by page, not from a
 * cache: the first ones are needed before there is any, and one is at most 2 KiB in the usual
 * orders. See freelist.h.
 */
#include "freelist.h"

#include <errno.h>

#include "geometry.h"
#include "os.h"
#include "pagemap.h"
#include "report.h"
#include "lib/random.h"

static struct freelist_policy policy;
static uint64_t state; /* of the random numbers; shared between threads */
static size_t nr_bytes;

void freelist_init(const struct freelist_policy *p)
{
	policy = *p;
	state = p->seed;
}

bool freelist_may_hold(const struct kmem_cache *s, const struct frame *f, const void *p)
{
	size_t bytes = (uintptr_t)p - (uintptr_t)frame_address(f);
	unsigned int index;

	if (bytes >= frame_bytes(f))
		return false;
	index = geometry_index(&s->geo, bytes);
	return index < (unsigned int)f->objects - f->nr_fresh &&
	       bytes == (size_t)index * s->geo.size + s->geo.red_left_pad;
}

bool freelist_has(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	for (void *p = f->freelist; p; p = freelist_next(s, p)) {
		if (unlikely(s->random) && !freelist_may_hold(s, f, p))
			return false;
		if (p == object)
			return true;
	}
	return false;
}

void freelist_push_hardened(const struct kmem_cache *s, struct frame *f, void *object)
{
	if (unlikely(object == f->freelist))
		report_object(s, f, object, "Object already free");
	freelist_set_next(s, object, f->freelist);
	f->freelist = object;
}

static void report_damage(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	report_bug(s, "Freepointer corrupt");
	report_slab(f);
	report_line("Object %p @offset=%zu", object,
		    (uintptr_t)object - (uintptr_t)frame_address(f));
	report_end();
}

/* What follows @object, behind which @left objects should come; NULL if it names none of them. */
static void *follow(const struct kmem_cache *s, const struct frame *f, void *object,
		    unsigned int left)
{
	void *next = freelist_next(s, object);

	if (likely(left ? freelist_may_hold(s, f, next) : !next))
		return next;
	report_damage(s, f, object);
	return NULL;
}

void *freelist_follow(const struct kmem_cache *s, const struct frame *f, void *object)
{
	void *next = freelist_next(s, object);

	if (likely(!s->random || !next || freelist_may_hold(s, f, next)))
		return next;
	report_damage(s, f, object);
	return NULL;
}

unsigned int freelist_take_hardened(const struct kmem_cache *s, struct frame *f, void **batch,
				    unsigned int n)
{
	unsigned int left = (unsigned int)f->objects - f->nr_fresh - f->inuse;
	unsigned int got = 0;

	while (got < n && f->freelist) {
		__atomic_store_n(&batch[got++], f->freelist, __ATOMIC_RELAXED);
		f->freelist = follow(s, f, f->freelist, --left);
	}
	if (!f->freelist)
		f->inuse = (uint16_t)(f->inuse + left);
	return got;
}

/* Places on chains, and how many objects are to be seen from each on. */
struct readers {
	const struct frame *slab[FREELIST_ABREAST];
	void *at[FREELIST_ABREAST];
	unsigned int left[FREELIST_ABREAST];
	unsigned int nr;
};

static unsigned int start(struct readers *r, const struct frame *f, unsigned int n)
{
	n = (unsigned int)min_size(n, (size_t)f->objects - f->inuse - f->nr_fresh);
	if (!n || !f->freelist)
		return 0;
	r->slab[r->nr] = f;
	r->at[r->nr] = f->freelist;
	r->left[r->nr++] = n;
	return n;
}

/* The read is what counts, also where nobody uses what it finds. */
static void *look(const struct kmem_cache *s, const struct frame *f, void *object)
{
	const volatile uintptr_t *at = &freelist_ptr(s, object)->stored;
	void *next = (void *)*at;

	if (likely(!s->random))
		return next;
	next = freelist_next(s, object);
	return freelist_may_hold(s, f, next) ? next : NULL;
}

/* All go on by as many objects as each has. */
static unsigned int go_on(const struct kmem_cache *s, struct readers *r)
{
	unsigned int steps = r->left[0];

	for (unsigned int i = 1; i < r->nr; i++)
		steps = (unsigned int)min_size(steps, r->left[i]);
	for (unsigned int n = 0; n < steps; n++)
		for (unsigned int i = 0; i < r->nr; i++)
			if (likely(r->at[i]))
				r->at[i] = look(s, r->slab[i], r->at[i]);
	return steps;
}

static void drop_finished(struct readers *r, unsigned int steps)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < r->nr; i++) {
		r->slab[kept] = r->slab[i];
		r->at[kept] = r->at[i];
		r->left[kept] = r->left[i] - steps;
		kept += r->left[kept] > 0;
	}
	r->nr = kept;
}

void freelist_fetch(const struct kmem_cache *s, struct frame *const *slabs, unsigned int nr,
		    unsigned int n)
{
	struct readers r = { .nr = 0 };

	for (unsigned int i = 0; i < nr; i++)
		n -= start(&r, slabs[i], n);
	while (r.nr)
		drop_finished(&r, go_on(s, &r));
}

static uint64_t draw(void)
{
	uint64_t secret = policy.reproducible ? 0 : os_random();

	return secret ^ random_shared(&state);
}

/* Fisher and Yates: every order is equally likely. */
static void shuffle(uint32_t *sequence, const struct geometry *geo)
{
	struct random r;

	random_seed(&r, draw());
	for (unsigned int i = 0; i < geo->objects; i++) {
		unsigned int j = (unsigned int)random_below(&r, i + 1);

		sequence[i] = sequence[j];
		sequence[j] = i * geo->size;
	}
}

static size_t sequence_bytes(const struct kmem_cache *s)
{
	return align_up(s->geo.objects * sizeof(*s->sequence), UNIT_BYTES);
}

int freelist_setup(struct kmem_cache *s)
{
	s->random = 0;
	s->sequence = NULL;
	if (policy.shuffled && s->geo.objects >= 2) {
		s->sequence = os_map(sequence_bytes(s));
		if (!s->sequence)
			return -ENOMEM;
		shuffle(s->sequence, &s->geo);
		__atomic_fetch_add(&nr_bytes, sequence_bytes(s), __ATOMIC_RELAXED);
	}
	while (policy.hardened && !s->random)
		s->random = draw();
	return 0;
}

void freelist_teardown(struct kmem_cache *s)
{
	if (!s->sequence)
		return;
	__atomic_fetch_sub(&nr_bytes, sequence_bytes(s), __ATOMIC_RELAXED);
	os_unmap(s->sequence, sequence_bytes(s));
	s->sequence = NULL;
}

void freelist_build_random(const struct kmem_cache *s, struct frame *f)
{
	size_t limit = (size_t)f->objects * s->geo.size;
	unsigned int count = s->geo.objects;
	uint64_t turn = (uint32_t)random_shared(&state);
	unsigned int start = (unsigned int)(turn * count >> 32);
	char *first = (char *)frame_address(f) + s->geo.red_left_pad;
	void *last = NULL;

	if (!s->sequence || f->objects < 2)
		return;
	for (unsigned int i = 0; i < count; i++) {
		size_t at = s->sequence[(start + i) % count];

		if (at >= limit)
			continue;
		if (last)
			freelist_set_next(s, last, first + at);
		else
			f->freelist = first + at;
		last = first + at;
	}
	freelist_set_next(s, last, NULL);
	f->nr_fresh = 0;
}

size_t freelist_bytes(void)
{
	return __atomic_load_n(&nr_bytes, __ATOMIC_RELAXED);
}
