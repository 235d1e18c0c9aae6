// SPDX-License-Identifier: MIT
/*
 * One row of counters a CPU, so that CPUs do not share lines; relaxed atomics, because a thread may
 * move between reading the CPU and counting. See stat.h.
 */
#include "stat.h"

#include <sched.h>

#include "os.h"

#define ROW_ITEMS 32u /* a row is 256 bytes */
_Static_assert(NR_STAT_ITEMS <= ROW_ITEMS, "a row holds every item");

bool slab_stats;
static size_t nr_tables;

static const char *const names[] = {
#define X(item, name) [STAT_##item] = #name,
	STAT_ITEMS(X)
#undef X
};

unsigned int stat_nr_cpus(void)
{
	return os_possible_cpus();
}

static size_t table_bytes(void)
{
	return stat_nr_cpus() * ROW_ITEMS * sizeof(uint64_t);
}

size_t stat_bytes(void)
{
	return __atomic_load_n(&nr_tables, __ATOMIC_RELAXED) * align_up(table_bytes(), UNIT_BYTES);
}

void stat_attach(struct kmem_cache *s)
{
	s->stats = slab_stats ? os_map(table_bytes()) : NULL;
	if (s->stats)
		__atomic_fetch_add(&nr_tables, 1, __ATOMIC_RELAXED);
}

void stat_detach(struct kmem_cache *s)
{
	if (!s->stats)
		return;
	os_unmap(s->stats, table_bytes());
	__atomic_fetch_sub(&nr_tables, 1, __ATOMIC_RELAXED);
	s->stats = NULL;
}

static uint64_t *counter(const struct kmem_cache *s, unsigned int cpu, enum stat_item item)
{
	return &s->stats[cpu % stat_nr_cpus() * ROW_ITEMS + item];
}

void stat_count(const struct kmem_cache *s, enum stat_item item, uint64_t n)
{
	int cpu = sched_getcpu();

	__atomic_fetch_add(counter(s, cpu < 0 ? 0 : (unsigned int)cpu, item), n, __ATOMIC_RELAXED);
}

const char *stat_name(enum stat_item item)
{
	return names[item];
}

uint64_t stat_read(const struct kmem_cache *s, unsigned int cpu, enum stat_item item)
{
	return s->stats ? __atomic_load_n(counter(s, cpu, item), __ATOMIC_RELAXED) : 0;
}
