// SPDX-License-Identifier: MIT
/*
 * The harness's own cost: allocation hands out addresses without any work, free does nothing.
 *
 * The first round of a trial is served by a bump pointer and recorded. Between rounds the record is
 * turned into places (null_placement.h) that are resident before the clock starts; from then on the
 * k-th allocation of a thread is the k-th entry of its table. So what a cell takes on this row is
 * the work around the allocator, on memory that is about as warm as a real allocator would make it;
 * only zeroed objects, which are cleared between rounds, and objects that other threads free lie in
 * memory that is not reused. A round that departs from the record gets bump memory again, and is
 * slower.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "allocator.h"
#include "null_placement.h"

#define CHUNK_BYTES (1ul << 20)
#define MAX_THREADS 256
#define HUGE_BYTES  (2ul << 20)
#define MAX_MAP	    (24ul << 30) /* an answer's place has 32 bits of NULL_UNIT for two maps */

/* In front of each object of the recorded round. */
struct header {
	struct null_record *owner;
	uint64_t index;
};

static char *map;    /* of the recorded round, and of rounds that depart from it */
static char *places; /* of all other rounds: reused in the lower half, zeroed in the upper */
static size_t map_bytes;
static size_t map_used; /* atomic */
static struct null_extent extent;
static struct null_record *records; /* of all threads; atomic push */
static unsigned int epoch;	    /* the number of the round, from 1 */
static bool recording, outgrown;

static struct null_answer no_answer[1 + NULL_AHEAD] = { { 0, NULL_NO_SIZE } };
static struct null_record nobody = { .cursor = no_answer };

static __thread struct null_record *self __attribute__((tls_model("initial-exec"))) = &nobody;

/* Of the bump pointer; void when the round is another one. */
static __thread struct {
	char *next, *end;
	unsigned int epoch;
} chunk __attribute__((tls_model("initial-exec")));

struct alloc_cache {
	size_t size;
};

static struct alloc_cache caches[512];
static unsigned int nr_caches;

static char *take(size_t bytes)
{
	size_t at = __atomic_fetch_add(&map_used, bytes, __ATOMIC_RELAXED);

	if (at + bytes <= map_bytes)
		return map + at;
	__atomic_store_n(&outgrown, true, __ATOMIC_RELAXED);
	return NULL;
}

static char *bump(size_t size)
{
	size_t bytes = size > CHUNK_BYTES ? (size + 4095) & ~4095ul : CHUNK_BYTES;
	char *p = chunk.next;

	size = (size + 15) & ~15ul;
	if (chunk.epoch != epoch || size > (size_t)(chunk.end - p)) {
		p = take(bytes);
		if (!p || bytes != CHUNK_BYTES)
			return p;
		chunk.epoch = epoch;
		chunk.end = p + bytes;
	}
	chunk.next = p + size;
	return p;
}

static void push_record(struct null_record *r)
{
	r->next = __atomic_load_n(&records, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&records, &r->next, r, false, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
}

static bool become_recorder(void)
{
	struct null_record *r = null_record_new();

	if (!r)
		return false;
	r->cursor = no_answer;
	push_record(r);
	self = r;
	return true;
}

/* Memory with a header that names the object as this thread's next. */
static void *new_object(size_t size)
{
	struct header *h;

	if (self == &nobody && !become_recorder())
		return NULL;
	h = (struct header *)(void *)bump(size + sizeof(*h));
	if (!h)
		return NULL;
	*h = (struct header){ self, self->nr_answers };
	return h + 1;
}

static void *record(size_t size, bool zero)
{
	void *p = new_object(size);

	if (p)
		null_record_alloc(self, size, zero);
	return p;
}

/* Recorded, or departed from the record: then there is no answer for the rest of the round. */
static __attribute__((noinline)) void *answer_slowly(size_t size, bool zero)
{
	void *p;

	if (recording)
		return record(size, zero);
	if (self != &nobody)
		self->cursor = no_answer;
	p = bump(size);
	return p && zero ? memset(p, 0, size) : p;
}

static inline void *answer(size_t size, bool zero)
{
	struct null_record *r = self;
	struct null_answer *a = r->cursor;

	if (__builtin_expect(a->size != size, 0))
		return answer_slowly(size, zero);
	__builtin_prefetch(places + (size_t)a[NULL_AHEAD].at * NULL_UNIT, 1);
	r->cursor = a + 1;
	return places + (size_t)a->at * NULL_UNIT;
}

/* Only the owner's frees make places free: those of others come at another time in each round. */
static __attribute__((noinline)) void record_free(void *p)
{
	const struct header *h = (const struct header *)p - 1;

	if (p && h->owner == self)
		null_record_free(self, h->index);
}

static inline void release(void *p)
{
	if (__builtin_expect(recording, 0))
		record_free(p);
}

static void *null_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return answer(size, false);
}

static void *null_zalloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return answer(size, true);
}

/* Another thread's object is not in this thread's record: a new one, and that one is left. */
static __attribute__((noinline)) void *record_realloc(void *p, size_t old_size, size_t size)
{
	const struct header *h = (const struct header *)p - 1;
	void *q;

	q = h->owner == self ? new_object(size) : record(size, false);
	if (!q)
		return NULL;
	if (h->owner == self)
		null_record_realloc(self, h->index, size);
	return memcpy(q, p, old_size < size ? old_size : size);
}

/* In its place, if the record says so. */
static void *null_realloc(void *p, size_t old_size, size_t size, const struct alloc_site *site)
{
	void *q;

	(void)site;
	if (__builtin_expect(recording && p, 0))
		return record_realloc(p, old_size, size);
	q = answer(size, false);
	if (q && p && q != p)
		memcpy(q, p, old_size < size ? old_size : size);
	return q;
}

static void null_free(void *p, size_t size)
{
	(void)size;
	release(p);
}

static void *null_cache_alloc(struct alloc_cache *cache)
{
	return answer(cache->size, false);
}

static void *null_cache_zalloc(struct alloc_cache *cache)
{
	return answer(cache->size, true);
}

static void null_cache_free(struct alloc_cache *cache, void *p)
{
	(void)cache;
	release(p);
}

static size_t null_usable(void *p, size_t size)
{
	(void)p;
	return size;
}

static struct alloc_cache *null_cache_create(const char *name, size_t size, size_t align,
					     unsigned int flags)
{
	(void)name;
	(void)align;
	(void)flags;
	if (nr_caches == sizeof(caches) / sizeof(caches[0]))
		return NULL;
	caches[nr_caches].size = size;
	return &caches[nr_caches++];
}

static void null_cache_destroy(struct alloc_cache *cache)
{
	(void)cache;
}

/* Half of the machine's memory, less what a user asks for. */
static size_t limit(void)
{
	struct sysinfo info;

	if (sysinfo(&info))
		return 1ul << 30;
	return info.totalram / 2 * info.mem_unit < MAX_MAP ? info.totalram / 2 * info.mem_unit
							   : MAX_MAP;
}

static char *reserve(size_t bytes)
{
	char *p = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	p = (char *)(((uintptr_t)p + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

/* @bytes counts objects rounded up to 64; the recorded round puts 16 in front of each. */
static int init(const char *options, size_t bytes, char *why, size_t why_len)
{
	size_t want = bytes + bytes / 4 + MAX_THREADS * CHUNK_BYTES / 4 + HUGE_BYTES;

	if (*options) {
		snprintf(why, why_len, "null takes no options, not '%s'", options);
		return -1;
	}
	map_bytes = (want < limit() ? want : limit()) & ~(HUGE_BYTES - 1);
	map = reserve(map_bytes);
	places = reserve(2 * map_bytes);
	if (map && places)
		return 0;
	snprintf(why, why_len, "null could not map %zu MiB: %m", map_bytes >> 20);
	return -1;
}

/* The recorded round's memory is given back; the answers' is made resident. */
static void prepare_answers(void)
{
	madvise(map, map_bytes, MADV_DONTNEED);
	if (!null_place(records, 2 * map_bytes, &extent)) {
		outgrown = true;
		for (struct null_record *r = records; r; r = r->next)
			r->answer = no_answer;
		return;
	}
	memset(places, 0, extent.warm_bytes);
}

/* Outside the clock. Round 1 is recorded. */
static void start_round(void)
{
	recording = ++epoch == 1;
	map_used = 0;
	if (epoch == 2)
		prepare_answers();
	if (recording)
		return;
	memset(places + map_bytes, 0, extent.zeroed_bytes);
	for (struct null_record *r = records; r; r = r->next)
		r->cursor = r->answer;
}

static const char *exhausted(void)
{
	static char why[96];

	if (!outgrown)
		return NULL;
	snprintf(why, sizeof(why), "the round outgrew the null map of %zu MiB", map_bytes >> 20);
	return why;
}

ALLOCATOR(null) = {
	.name = "null",
	.summary = "places from a table made before, free does nothing: the harness's own cost",
	.init = init,
	.round = start_round,
	.cache_create = null_cache_create,
	.cache_destroy = null_cache_destroy,
	.exhausted = exhausted,
	.is_null = true,
	.ops = {
		.alloc = null_alloc,
		.zalloc = null_zalloc,
		.realloc = null_realloc,
		.free = null_free,
		.cache_alloc = null_cache_alloc,
		.cache_zalloc = null_cache_zalloc,
		.cache_free = null_cache_free,
		.usable = null_usable,
	},
};
