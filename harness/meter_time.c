// SPDX-License-Identifier: MIT
/* The timing hooks: the clock is read before and after the real call, nothing else happens. */
#include "clock.h"
#include "meter.h"

static inline void record(struct meter *m, uint64_t begin)
{
	histogram_add(&m->latency, clock_end() - begin);
}

static void *time_alloc(size_t size, const struct alloc_site *site)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();
	void *p = m->real.alloc(size, site);

	record(m, begin);
	return p;
}

static void *time_zalloc(size_t size, const struct alloc_site *site)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();
	void *p = m->real.zalloc(size, site);

	record(m, begin);
	return p;
}

static void *time_realloc(void *p, size_t old_size, size_t size, const struct alloc_site *site)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();
	void *q = m->real.realloc(p, old_size, size, site);

	record(m, begin);
	return q;
}

static void time_free(void *p, size_t size)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();

	m->real.free(p, size);
	record(m, begin);
}

static void *time_cache_alloc(struct alloc_cache *cache)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();
	void *p = m->real.cache_alloc(cache);

	record(m, begin);
	return p;
}

static void *time_cache_zalloc(struct alloc_cache *cache)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();
	void *p = m->real.cache_zalloc(cache);

	record(m, begin);
	return p;
}

static void time_cache_free(struct alloc_cache *cache, void *p)
{
	struct meter *m = meter_self;
	uint64_t begin = clock_begin();

	m->real.cache_free(cache, p);
	record(m, begin);
}

size_t meter_usable(void *p, size_t size)
{
	return meter_self->real.usable(p, size);
}

void meter_time(struct alloc_ops *ops)
{
	*ops = (struct alloc_ops){
		.alloc = time_alloc,
		.zalloc = time_zalloc,
		.realloc = time_realloc,
		.free = time_free,
		.cache_alloc = time_cache_alloc,
		.cache_zalloc = time_cache_zalloc,
		.cache_free = time_cache_free,
		.usable = meter_usable,
	};
}
