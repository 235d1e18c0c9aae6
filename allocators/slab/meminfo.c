// SPDX-License-Identifier: MIT
/*
 * The counters as users see them: the lines of /proc/meminfo, MemAvailable, and the public way to
 * add to them. Reads without a lock; see slab.h.
 */
#include "boot.h"
#include "limit.h"
#include "text.h"
#include "vmstat.h"

/* NR_*_B items count bytes, the others pages. */
static unsigned int item_shift(enum node_stat_item item)
{
	return item == NR_KERNEL_MISC_RECLAIMABLE ? UNIT_SHIFT + slab_page_order : 0;
}

static unsigned int node_of(int nid)
{
	return nid < 0 || nid >= (int)SLAB_MAX_NODES ? 0 : (unsigned int)nid;
}

void mod_node_page_state(int nid, enum node_stat_item item, long delta)
{
	if (boot_ensure())
		vmstat_add(node_of(nid), item, delta * (1l << item_shift(item)));
}

unsigned long node_page_state(int nid, enum node_stat_item item)
{
	return vmstat_read(node_of(nid), item) >> item_shift(item);
}

static size_t reclaimable_bytes(void)
{
	return vmstat_sum(NR_SLAB_RECLAIMABLE_B) + vmstat_sum(NR_KERNEL_MISC_RECLAIMABLE);
}

static size_t available_bytes(void)
{
	size_t reclaimable = reclaimable_bytes();
	size_t gain = reclaimable - min_size(reclaimable / 2, slab_limit.low << UNIT_SHIFT);
	size_t left = (limit_left() << UNIT_SHIFT) + gain;
	size_t reserve = slab_limit.high << UNIT_SHIFT;

	return left > reserve ? left - reserve : 0;
}

long si_mem_available(void)
{
	return boot_ensure() ? (long)(available_bytes() / slab_page_bytes()) : 0;
}

static void line(struct text *t, const char *label, size_t bytes)
{
	text_str_left(t, label, 16);
	text_u64_right(t, bytes >> 10, 8);
	text_str(t, " kB\n");
}

size_t slab_meminfo(char *buf, size_t len)
{
	struct text t;

	text_init(&t, buf, len);
	if (!boot_ensure())
		return 0;
	line(&t, "MemTotal:", slab_limit.max << UNIT_SHIFT);
	line(&t, "MemFree:", limit_left() << UNIT_SHIFT);
	line(&t, "MemAvailable:", available_bytes());
	line(&t, "KReclaimable:", reclaimable_bytes());
	line(&t, "Slab:", vmstat_sum(NR_SLAB_RECLAIMABLE_B) + vmstat_sum(NR_SLAB_UNRECLAIMABLE_B));
	line(&t, "SReclaimable:", vmstat_sum(NR_SLAB_RECLAIMABLE_B));
	line(&t, "SUnreclaim:", vmstat_sum(NR_SLAB_UNRECLAIMABLE_B));
	return t.used;
}
