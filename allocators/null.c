// SPDX-License-Identifier: MIT
/*
 * The harness's own cost: a bump pointer over memory that is resident before the clock starts, and
 * a free that does nothing. Each thread bumps through chunks of its own; a chunk is taken from the
 * map by one atomic add. Nothing is ever reused within a round, so what a cell takes on this row is
 * the work around the allocator, with colder memory than a real allocator would give.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "allocator.h"

#define CHUNK_BYTES (1ul << 20)
#define MAX_THREADS 256
#define HUGE_BYTES  (2ul << 20)

static char *map;
static size_t map_bytes;
static size_t map_used;	   /* atomic */
static unsigned int epoch; /* a chunk of an older round is void */
static bool outgrown;

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

static __attribute__((noinline)) void *refill(size_t size)
{
	size_t bytes = size > CHUNK_BYTES ? (size + 4095) & ~4095ul : CHUNK_BYTES;
	char *p = take(bytes);

	if (p && bytes == CHUNK_BYTES) {
		chunk.epoch = epoch;
		chunk.next = p + size;
		chunk.end = p + bytes;
	}
	return p;
}

static inline void *bump(size_t size)
{
	char *p = chunk.next;

	size = (size + 15) & ~15ul;
	if (__builtin_expect(size > (size_t)(chunk.end - p) || chunk.epoch != epoch, 0))
		return refill(size);
	chunk.next = p + size;
	return p;
}

static void *null_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return bump(size);
}

static void *null_zalloc(size_t size, const struct alloc_site *site)
{
	void *p = bump(size);

	(void)site;
	return p ? memset(p, 0, size) : NULL;
}

static void *null_realloc(void *p, size_t old_size, size_t size, const struct alloc_site *site)
{
	void *q = bump(size);

	(void)site;
	return q && p ? memcpy(q, p, old_size < size ? old_size : size) : q;
}

static void null_free(void *p, size_t size)
{
	(void)p;
	(void)size;
}

static void *null_cache_alloc(struct alloc_cache *cache)
{
	return bump(cache->size);
}

static void *null_cache_zalloc(struct alloc_cache *cache)
{
	void *p = bump(cache->size);

	return p ? memset(p, 0, cache->size) : NULL;
}

static void null_cache_free(struct alloc_cache *cache, void *p)
{
	(void)cache;
	(void)p;
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

	return sysinfo(&info) ? 1ul << 30 : info.totalram / 2 * info.mem_unit;
}

/* Each thread wastes at most a chunk's end; large objects take whole pages. */
static int init(const char *options, size_t bytes, char *why, size_t why_len)
{
	size_t want = bytes + bytes / 64 + MAX_THREADS * CHUNK_BYTES / 4 + HUGE_BYTES;

	if (*options) {
		snprintf(why, why_len, "null takes no options, not '%s'", options);
		return -1;
	}
	map_bytes = want < limit() ? want : limit();
	map_bytes &= ~(HUGE_BYTES - 1);
	map = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED) {
		snprintf(why, why_len, "null could not map %zu MiB: %m", map_bytes >> 20);
		return -1;
	}
	madvise(map, map_bytes, MADV_HUGEPAGE);
	memset(map, 1, map_bytes);
	return 0;
}

static void start_round(void)
{
	map_used = 0;
	epoch++;
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
	.summary = "a bump pointer whose free does nothing: the harness's own cost",
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
