// SPDX-License-Identifier: MIT
/*
 * Counting around each allocator call. The live counter is written relaxed by its own thread and
 * read by the runner: a sum a few calls old is what a sample is.
 */
#include <string.h>

#include "meter.h"

#define GROWTH_CALLS 4096 /* how often a thread looks whether the live set has grown */
#define CACHE_SLOTS  1024

__thread struct meter *meter_self __attribute__((tls_model("initial-exec")));
static void (*on_growth)(void);

static struct {
	const struct alloc_cache *cache;
	size_t size;
} cache_slot[CACHE_SLOTS];

static unsigned int slot_of(const struct alloc_cache *cache)
{
	unsigned int i = ((uintptr_t)cache >> 4) * 0x9e3779b1u % CACHE_SLOTS;

	while (cache_slot[i].cache && cache_slot[i].cache != cache)
		i = (i + 1) % CACHE_SLOTS;
	return i;
}

void meter_cache(const struct alloc_cache *cache, size_t size)
{
	unsigned int i = slot_of(cache);

	cache_slot[i].cache = cache;
	cache_slot[i].size = size;
}

static size_t size_of(const struct alloc_cache *cache)
{
	return cache_slot[slot_of(cache)].size;
}

void meter_bind(struct meter *m)
{
	meter_self = m;
}

void meter_on_growth(void (*hook)(void))
{
	on_growth = hook;
}

static void count_live(struct meter *m, int64_t bytes)
{
	int64_t now = *m->live + bytes;

	__atomic_store_n(m->live, now, __ATOMIC_RELAXED);
	if (now > m->live_peak)
		m->live_peak = now;
}

static unsigned int class_of(size_t size)
{
	unsigned int class = size <= 1 ? 0 : 64 - __builtin_clzll(size - 1);

	return class < METER_CLASSES ? class : METER_CLASSES - 1;
}

static unsigned int divisor_of(uintptr_t value)
{
	unsigned int bits = value ? __builtin_ctzll(value) : METER_DIVISORS;

	return bits < METER_DIVISORS ? bits : METER_DIVISORS - 1;
}

/* malloc promises 16; what the kernel promises beyond that (6.12) is what is counted here. */
static void count_natural(struct meter *m, uintptr_t address, size_t size)
{
	unsigned int promised = divisor_of(size);

	if (promised < 5)
		return;
	m->nr_promised++;
	m->nr_natural += divisor_of(address) >= promised;
}

static void count_crossing(struct meter *m, uintptr_t address, size_t size)
{
	uintptr_t last = address + size - 1;

	if (size > 4096 || !size)
		return;
	m->nr_page_fit++;
	m->nr_page_cross += (address ^ last) >> 12 != 0;
	if (size > 64)
		return;
	m->nr_line_fit++;
	m->nr_line_cross += (address ^ last) >> 6 != 0;
}

static void *note(void *p, size_t size)
{
	struct meter *m = meter_self;

	if (!p)
		return p;
	count_live(m, size);
	m->requested_bytes += size;
	m->usable_bytes += m->real.usable(p, size);
	m->align[class_of(size)][divisor_of((uintptr_t)p)]++;
	count_natural(m, (uintptr_t)p, size);
	count_crossing(m, (uintptr_t)p, size);
	if (++m->nr_allocs % GROWTH_CALLS == 0 && on_growth)
		on_growth();
	return p;
}

static void *watch_alloc(size_t size, const struct alloc_site *site)
{
	return note(meter_self->real.alloc(size, site), size);
}

static void *watch_zalloc(size_t size, const struct alloc_site *site)
{
	return note(meter_self->real.zalloc(size, site), size);
}

static void *watch_realloc(void *p, size_t old_size, size_t size, const struct alloc_site *site)
{
	void *q = meter_self->real.realloc(p, old_size, size, site);

	if (q && p)
		count_live(meter_self, -(int64_t)old_size);
	return note(q, size);
}

static void watch_free(void *p, size_t size)
{
	meter_self->real.free(p, size);
	if (p)
		count_live(meter_self, -(int64_t)size);
}

static void *watch_cache_alloc(struct alloc_cache *cache)
{
	return note(meter_self->real.cache_alloc(cache), size_of(cache));
}

static void *watch_cache_zalloc(struct alloc_cache *cache)
{
	return note(meter_self->real.cache_zalloc(cache), size_of(cache));
}

static void watch_cache_free(struct alloc_cache *cache, void *p)
{
	meter_self->real.cache_free(cache, p);
	if (p)
		count_live(meter_self, -(int64_t)size_of(cache));
}

void meter_watch(struct alloc_ops *ops)
{
	*ops = (struct alloc_ops){
		.alloc = watch_alloc,
		.zalloc = watch_zalloc,
		.realloc = watch_realloc,
		.free = watch_free,
		.cache_alloc = watch_cache_alloc,
		.cache_zalloc = watch_cache_zalloc,
		.cache_free = watch_cache_free,
		.usable = meter_usable,
	};
}

void meter_merge(struct meter *into, const struct meter *from)
{
	into->nr_allocs += from->nr_allocs;
	into->requested_bytes += from->requested_bytes;
	into->usable_bytes += from->usable_bytes;
	into->nr_promised += from->nr_promised;
	into->nr_natural += from->nr_natural;
	into->nr_page_fit += from->nr_page_fit;
	into->nr_page_cross += from->nr_page_cross;
	into->nr_line_fit += from->nr_line_fit;
	into->nr_line_cross += from->nr_line_cross;
	for (int c = 0; c < METER_CLASSES; c++)
		for (int d = 0; d < METER_DIVISORS; d++)
			into->align[c][d] += from->align[c][d];
	histogram_merge(&into->latency, &from->latency);
}
