// SPDX-License-Identifier: MIT
/* Counters a node, each node on cache lines of its own. See vmstat.h. */
#include "vmstat.h"

#include <string.h>

static struct counters {
	long bytes[NR_VM_NODE_STAT_ITEMS];
} __attribute__((aligned(64))) counters[SLAB_MAX_NODES];

void vmstat_init(void)
{
	memset(counters, 0, sizeof(counters));
}

void vmstat_add(unsigned int node, enum node_stat_item item, long bytes)
{
	__atomic_fetch_add(&counters[node].bytes[item], bytes, __ATOMIC_RELAXED);
}

void vmstat_set(unsigned int node, enum node_stat_item item, long bytes)
{
	__atomic_store_n(&counters[node].bytes[item], bytes, __ATOMIC_RELAXED);
}

/* A decrement may be seen before the increment of another thread that it undoes. */
size_t vmstat_read(unsigned int node, enum node_stat_item item)
{
	long bytes = __atomic_load_n(&counters[node].bytes[item], __ATOMIC_RELAXED);

	return bytes > 0 ? (size_t)bytes : 0;
}

size_t vmstat_sum(enum node_stat_item item)
{
	size_t bytes = 0;

	for (unsigned int node = 0; node < SLAB_MAX_NODES; node++)
		bytes += vmstat_read(node, item);
	return bytes;
}
