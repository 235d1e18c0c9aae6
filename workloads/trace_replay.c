// SPDX-License-Identifier: MIT
/*
 * The loop has one piece of code for each kind of operation, and each jumps to the next one's
 * itself: which call comes next is what the processor has to guess, and it guesses better with less
 * in between. Where to jump is looked up before the call, so that a wrong guess is found out early.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "lib/lock.h"
#include "trace_replay.h"

#define SPINS 128 /* pauses before a waiting thread offers its processor to the others */

static inline void **slot_of(struct trace_state *s, uint64_t op)
{
	return &s->slots[trace_op_slot(op)];
}

static inline struct trace_target *target_of(struct trace_state *s, uint64_t op)
{
	return &s->targets[trace_op_class(op)];
}

static inline uint64_t read_tag(const void *p)
{
	uint64_t tag;

	memcpy(&tag, p, sizeof(tag));
	return tag;
}

/* Tag and publish a new object. False: there is none. */
static inline bool place(void **slots, uint64_t op, void *p)
{
	uint64_t tag = trace_op_tag(op);

	if (unlikely(!p))
		return false;
	memcpy(p, &tag, sizeof(tag));
	__atomic_store_n(&slots[trace_op_slot(op)], p, __ATOMIC_RELEASE);
	return true;
}

/* For the next round. Atomic, for other threads may look ahead at it. */
static inline void clear(void **slot)
{
	__atomic_store_n(slot, NULL, __ATOMIC_RELAXED);
}

/* False: the object was overwritten. */
static inline bool check(const void *p, uint64_t op, uint64_t *digest)
{
	uint64_t tag = read_tag(p);

	*digest += trace_tag_class(tag);
	return likely(tag == trace_op_tag(op));
}

/* The object is not there yet. NULL: another thread has failed. */
static __attribute__((noinline)) void *wait_for(struct wl_thread *t, void **slot)
{
	struct trace_state *s = t->run->state;
	void *p = NULL;

	t->counters[TRACE_HANDOFF_WAITS]++;
	for (unsigned int i = 0; !p; i++) {
		if (__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
			s->workers[t->index].gave_up = true;
			return NULL;
		}
		if (i < SPINS)
			lock_pause();
		else
			sched_yield();
		p = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
	}
	return p;
}

static inline void *receive(struct wl_thread *t, void **slot)
{
	void *p = __atomic_load_n(slot, __ATOMIC_ACQUIRE);

	return likely(p) ? p : wait_for(t, slot);
}

static void *allocate(struct wl_thread *t, uint64_t op)
{
	struct trace_target *to = target_of(t->run->state, op);

	switch (trace_op_kind(op) & ~(unsigned int)TRACE_ODD) {
	case TRACE_ALLOC:
		return wl_alloc(t, to->size, to->site);
	case TRACE_ZALLOC:
		return wl_zalloc(t, to->size, to->site);
	case TRACE_CACHE_ALLOC:
		return wl_cache_alloc(t, to->cache);
	}
	return t->ops.cache_zalloc(to->cache);
}

static void release(struct wl_thread *t, uint64_t op, void *p)
{
	struct trace_state *s = t->run->state;
	const struct trace_class *class = trace_at(s->image, s->image->classes_at);
	struct trace_target *to = target_of(s, op);

	if (class[trace_op_class(op)].from_cache)
		wl_cache_free(t, to->cache, p);
	else
		wl_free(t, p, to->size);
}

/* Small: as much as fits, the slot first. Large: a whole tag in every page. */
static __attribute__((noinline)) bool place_odd(struct wl_thread *t, uint64_t op)
{
	struct trace_state *s = t->run->state;
	size_t size = target_of(s, op)->size;
	uint64_t tag = size < sizeof(tag) ? op : trace_op_tag(op);
	char *p = allocate(t, op);

	if (!p)
		return false;
	for (size_t at = 0; at < size; at += TRACE_PAGE_BYTES)
		memcpy(p + at, &tag, size - at < sizeof(tag) ? size - at : sizeof(tag));
	__atomic_store_n(slot_of(s, op), p, __ATOMIC_RELEASE);
	return true;
}

static bool holds_tag(const char *p, size_t size, uint64_t tag)
{
	return !memcmp(p, &tag, size < sizeof(tag) ? size : sizeof(tag));
}

/* The first and the last tag. Of a small object's the kind is no part: it differs by operation. */
static bool check_odd(const char *p, size_t size, uint64_t op, uint64_t *digest)
{
	uint64_t tag = size < sizeof(tag) ? op : trace_op_tag(op);
	size_t last = (size - 1) / TRACE_PAGE_BYTES * TRACE_PAGE_BYTES;

	if (!holds_tag(p, size, tag) || !holds_tag(p + last, size - last, tag))
		return false;
	*digest += size < sizeof(tag) ? trace_op_class(op) : trace_tag_class(read_tag(p));
	return true;
}

static __attribute__((noinline)) bool free_odd(struct wl_thread *t, uint64_t op, uint64_t *digest)
{
	struct trace_state *s = t->run->state;
	void *p = receive(t, slot_of(s, op));

	if (!p || !check_odd(p, target_of(s, op)->size, op, digest))
		return false;
	clear(slot_of(s, op));
	release(t, op, p);
	return true;
}

static inline bool put(struct wl_thread *t, uint64_t op, const struct trace_target *to, void *p,
		       uint64_t *digest)
{
	if (!check(p, op, digest))
		return false;
	wl_free(t, p, to->size);
	return true;
}

static inline bool cache_put(struct wl_thread *t, uint64_t op, const struct trace_target *to,
			     void *p, uint64_t *digest)
{
	if (!check(p, op, digest))
		return false;
	wl_cache_free(t, to->cache, p);
	return true;
}

static inline bool take(struct wl_thread *t, uint64_t op, const struct trace_target *to,
			void **slot, uint64_t *digest)
{
	void *p = receive(t, slot);

	if (!p || !check(p, op, digest))
		return false;
	clear(slot);
	wl_free(t, p, to->size);
	return true;
}

static inline bool cache_take(struct wl_thread *t, uint64_t op, const struct trace_target *to,
			      void **slot, uint64_t *digest)
{
	void *p = receive(t, slot);

	if (!p || !check(p, op, digest))
		return false;
	clear(slot);
	wl_cache_free(t, to->cache, p);
	return true;
}

/* An object that is freed right after its allocation needs no slot. */
static inline bool touch(struct wl_thread *t, uint64_t op, void *p, uint64_t *digest)
{
	uint64_t tag = trace_op_tag(op);
	struct trace_state *s = t->run->state;

	memcpy(p, &tag, sizeof(tag));
	__asm__ volatile("" : : "r"(p) : "memory"); /* it is read from where it was written */
	if (likely(check(p, op, digest)))
		return true;
	s->workers[t->index].lost = true;
	return false;
}

static inline bool brief(struct wl_thread *t, uint64_t op, const struct trace_target *to, void *p,
			 uint64_t *digest)
{
	bool whole;

	if (unlikely(!p))
		return false;
	whole = touch(t, op, p, digest);
	wl_free(t, p, to->size);
	return whole;
}

static inline bool cache_brief(struct wl_thread *t, uint64_t op, const struct trace_target *to,
			       void *p, uint64_t *digest)
{
	bool whole;

	if (unlikely(!p))
		return false;
	whole = touch(t, op, p, digest);
	wl_cache_free(t, to->cache, p);
	return whole;
}

/* One kind's piece of code: @did is false if the operation failed. */
#define CODE(kind, did)                                                                            \
kind:                                                                                              \
	next = code[trace_op_kind(op[1])];                                                         \
	to = &targets[trace_op_class(*op)];                                                        \
	if (unlikely(!(did)))                                                                      \
		goto stop;                                                                         \
	op++;                                                                                      \
	goto *next

#define SLOT slots[trace_op_slot(*op)]

/* Do operations up to TRACE_END, or up to one that fails; returns where it stopped. */
static const uint64_t *follow(struct wl_thread *t, const uint64_t *op)
{
	static const void *const code[TRACE_NR_KINDS] = {
		[TRACE_ALLOC] = &&alloc,
		[TRACE_ZALLOC] = &&zalloc,
		[TRACE_CACHE_ALLOC] = &&cache_alloc,
		[TRACE_CACHE_ZALLOC] = &&cache_zalloc,
		[TRACE_FREE] = &&free,
		[TRACE_CACHE_FREE] = &&cache_free,
		[TRACE_TAKE] = &&take,
		[TRACE_CACHE_TAKE] = &&cache_take,
		[TRACE_ODD + TRACE_ALLOC... TRACE_ODD + TRACE_CACHE_ZALLOC] = &&odd_alloc,
		[TRACE_ODD + TRACE_FREE... TRACE_ODD + TRACE_CACHE_TAKE] = &&odd_free,
		[TRACE_BRIEF + TRACE_ALLOC] = &&brief_alloc,
		[TRACE_BRIEF + TRACE_ZALLOC] = &&brief_zalloc,
		[TRACE_BRIEF + TRACE_CACHE_ALLOC] = &&brief_cache_alloc,
		[TRACE_BRIEF + TRACE_CACHE_ZALLOC] = &&brief_cache_zalloc,
		[TRACE_END] = &&stop,
	};
	const struct trace_state *s = t->run->state;
	const struct trace_target *const targets = s->targets, *to;
	void **const slots = s->slots;
	uint64_t digest = 0;
	const void *next;

	goto *code[trace_op_kind(*op)];
	CODE(alloc, place(slots, *op, wl_alloc(t, to->size, to->site)));
	CODE(zalloc, place(slots, *op, wl_zalloc(t, to->size, to->site)));
	CODE(cache_alloc, place(slots, *op, wl_cache_alloc(t, to->cache)));
	CODE(cache_zalloc, place(slots, *op, t->ops.cache_zalloc(to->cache)));
	CODE(free, put(t, *op, to, SLOT, &digest));
	CODE(cache_free, cache_put(t, *op, to, SLOT, &digest));
	CODE(take, take(t, *op, to, &SLOT, &digest));
	CODE(cache_take, cache_take(t, *op, to, &SLOT, &digest));
	CODE(brief_alloc, brief(t, *op, to, wl_alloc(t, to->size, to->site), &digest));
	CODE(brief_zalloc, brief(t, *op, to, wl_zalloc(t, to->size, to->site), &digest));
	CODE(brief_cache_alloc, cache_brief(t, *op, to, wl_cache_alloc(t, to->cache), &digest));
	CODE(brief_cache_zalloc, cache_brief(t, *op, to, t->ops.cache_zalloc(to->cache), &digest));
	CODE(odd_alloc, place_odd(t, *op));
	CODE(odd_free, free_odd(t, *op, &digest));
stop:
	t->digest += digest;
	return op;
}

/* Outlives the trial's memory. The first thread to find something describes it. */
static char message[112];

static void say_overwritten(struct wl_thread *t, uint64_t op, uint64_t position)
{
	const struct trace_state *s = t->run->state;
	const struct trace_class *class = trace_at(s->image, s->image->classes_at);
	const struct trace_cache *caches = trace_at(s->image, s->image->caches_at);
	const struct trace_site *sites = trace_at(s->image, s->image->sites_at);
	static unsigned int nr_said;

	if (__atomic_fetch_add(&nr_said, 1, __ATOMIC_RELAXED)) {
		wl_fail(t, "an object was overwritten");
		return;
	}
	class += trace_op_class(op);
	snprintf(message, sizeof(message),
		 "an object of %u bytes from %.32s was overwritten (operation %llu of thread %u)",
		 class->size,
		 (const char *)trace_at(s->image, class->from_cache ? caches[class->index].name_at
								    : sites[class->index].name_at),
		 (unsigned long long)position, t->index);
	wl_fail(t, message);
}

/* What the last of all threads does if one of them failed: take back whatever is allocated. */
static void unwind(struct wl_thread *t)
{
	struct trace_state *s = t->run->state;
	const struct trace_stream *streams = trace_at(s->image, s->image->streams_at);

	for (unsigned int i = 0; i < s->image->nr_threads; i++) {
		const uint64_t *ops = trace_at(s->image, streams[i].ops_at);

		for (uint64_t n = s->workers[i].nr_done; n--;) {
			void **slot = slot_of(s, ops[n]);
			unsigned int call = trace_op_kind(ops[n]) & ~(unsigned int)TRACE_ODD;

			/* Backwards, a slot's last operation tells whether an object is in it. */
			if (call < TRACE_FREE && *slot)
				release(t, ops[n], *slot);
			if (call < TRACE_TAKE)
				*slot = NULL;
		}
	}
}

/* What went wrong at @op, on which this thread has stopped. */
static void explain(struct wl_thread *t, uint64_t op, uint64_t position)
{
	const struct trace_state *s = t->run->state;
	const struct trace_worker *self = &s->workers[t->index];
	unsigned int kind = trace_op_kind(op);
	bool allocates = kind >= TRACE_BRIEF || (kind & ~(unsigned int)TRACE_ODD) < TRACE_FREE;

	if (kind == TRACE_END || self->gave_up)
		return;
	if (allocates && !self->lost)
		wl_fail(t, WL_OUT_OF_MEMORY);
	else
		say_overwritten(t, op, position);
}

static void finish(struct wl_thread *t, uint64_t nr_done, bool failed)
{
	struct trace_state *s = t->run->state;

	s->workers[t->index] = (struct trace_worker){ .nr_done = nr_done };
	if (failed)
		__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&s->nr_finished, 1, __ATOMIC_ACQ_REL) < s->image->nr_threads)
		return;
	if (__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		unwind(t);
	__atomic_store_n(&s->stop, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->nr_finished, 0, __ATOMIC_RELEASE);
}

void trace_replay(struct wl_thread *t)
{
	const struct trace_state *s = t->run->state;
	const struct trace_stream *stream = trace_at(s->image, s->image->streams_at);
	const uint64_t *ops, *op;

	stream += t->index;
	ops = trace_at(s->image, stream->ops_at);
	op = follow(t, ops);
	explain(t, *op, (uint64_t)(op - ops));
	t->counters[TRACE_LEFT] += stream->nr_left;
	finish(t, (uint64_t)(op - ops), t->error != NULL);
}
