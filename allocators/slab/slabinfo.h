/* SPDX-License-Identifier: MIT */
/*
 * What libslab says of itself: bytes and objects in use, the texts of the kernel's files below
 * /proc and /sys, errors found, reclaimable memory, fragmentation. Included by slab.h. Any thread,
 * but for slab_check(). The caller gives the buffer of a text.
 */
#ifndef SLAB_SLABINFO_H
#define SLAB_SLABINFO_H

#include "slab.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * How fragmented the free memory of a node is, in thousandths, by the kernel's formulas; @order in
 * pages, 0 to 10. Unusable: the part of free memory in blocks that are too small; 1000 if nothing
 * is free. Fragmentation: -1000 if an allocation would succeed; otherwise towards 0 it would fail
 * for lack of memory, towards 1000 for fragmentation. A node or an order that does not exist has
 * nothing free: 1000 and 0.
 */
SLAB_API int slab_unusable_index(unsigned int node, unsigned int order);
SLAB_API int slab_fragmentation_index(unsigned int node, unsigned int order);

/*
 * The texts of /proc/buddyinfo and /proc/pagetypeinfo: free blocks by order, and by migrate type.
 * Write at most @len bytes with a NUL and return the length of the whole text.
 */
SLAB_API size_t slab_buddyinfo(char *buf, size_t len);
SLAB_API size_t slab_pagetypeinfo(char *buf, size_t len);

/*
 * What libslab holds, in bytes and objects. Taken without stopping other threads: exact when they
 * are idle, an estimate while they run.
 * held = slab + large + page + vmalloc + free_dirty + metadata.
 */
struct slab_usage {
	size_t held_bytes;	  /* obtained from the system, not given back; an upper bound */
	size_t slab_bytes;	  /* in slabs */
	size_t reclaimable_bytes; /* the part of slab_bytes in SLAB_RECLAIM_ACCOUNT caches */
	size_t large_bytes;	  /* in kmalloc blocks above KMALLOC_MAX_CACHE_SIZE */
	size_t page_bytes;	  /* in pages of __get_free_pages() and alloc_pages_exact() */
	size_t vmalloc_bytes;	  /* in areas of vmalloc, without guard pages */
	size_t free_dirty_bytes;  /* free, written before, not given back */
	size_t metadata_bytes;	  /* page metadata, lanes and sheaves, an upper bound */
	/* Address space without memory, of option virtual; no part of held. */
	size_t stocked_bytes; /* only the cache that used it may use it again */
	size_t retired_bytes; /* nobody may: its cache was destroyed */
	/* Of what libslab keeps for itself (caches, sheaves, vectors) only the bytes count, not
	 * what follows. */
	size_t nr_slabs;
	size_t nr_objects;  /* object slots in all slabs */
	size_t nr_inuse;    /* objects that users hold */
	size_t nr_cached;   /* free objects in sheaves, or on freelists of CPUs (engine=cpuslab) */
	size_t inuse_bytes; /* nr_inuse weighted by object size with padding */
	/* Slabs by share of objects in use: [0] up to 10 % and empty, [9] above 90 %. */
	size_t decile[10];
};
SLAB_API void slab_usage(struct slab_usage *usage);

/*
 * The set of kmalloc caches (option partition) whose slab @p lies in, from 0; without the option
 * all is 0. -ENOENT: in no such slab, as a large block, an object of another cache or of kfence.
 * @p is a live object or nobody's.
 */
SLAB_API int slab_partition_of(const void *p);

/*
 * The text of /proc/slabinfo, version 2.1. Writes at most @len bytes with a NUL and returns the
 * length of the whole text. As in the kernel, objects in sheaves count as active.
 */
SLAB_API size_t slab_slabinfo(char *buf, size_t len);

/*
 * The text of /sys/kernel/slab/@cache/@attribute, e.g. "7 N0=7\n". @cache is the name of a cache,
 * of a later user of a shared one, or what a shared one is called after its properties
 * (":a-0000104"). Writes at most @len bytes with a NUL and returns the full length; -ENOENT if
 * there is no such cache or attribute. With the option stats each counter of CONFIG_SLUB_STATS is
 * one as well.
 */
SLAB_API int slab_attribute(const char *cache, const char *attribute, char *buf, size_t len);

/* The names of the attributes, NULL past the last. */
SLAB_API const char *slab_attribute_name(size_t index);

/*
 * Write @text to an attribute: min_partial takes a number, remote_node_defrag_ratio one up to 100
 * (how often, in percent, slabs of other nodes are used before a new one is made), shrink a 1
 * (kmem_cache_shrink), validate a 1 (kmem_cache_validate). 0; -ENOENT as above, -EACCES if it may
 * only be read, -EINVAL for another text, -ERANGE if too large.
 */
SLAB_API int slab_attribute_write(const char *cache, const char *attribute, const char *text);

/*
 * Which caches share slabs, as `slabinfo -a` shows it: ":a-0000104   <- first second", a line each.
 * As in the kernel a name stays until the last user is gone. Length and buffer as slab_slabinfo().
 */
SLAB_API size_t slab_aliases(char *buf, size_t len);

/*
 * Errors found and errors repaired, each one counted, since the program began or since the last
 * slab_errors_reset(): a damaged region is 2, its report and its repair.
 */
SLAB_API size_t slab_errors(void);
SLAB_API void slab_errors_reset(void);

/*
 * Check all slabs of a cache with debug flags as writing to its `validate` file in /sys does:
 * reports and repairs what is wrong. Returns the number of slabs, -EINVAL for a cache without debug
 * flags. Other threads wait for as long as it takes.
 */
SLAB_API long kmem_cache_validate(struct kmem_cache *s);

/*
 * Who allocated the objects in use of a cache with SLAB_STORE_USER, and who had freed them before:
 * the text of the kernel's slab/<cache>/alloc_traces and free_traces, an entry for each place, the
 * one with most objects first: count, symbol, waste=total/each (bytes beyond the size asked for),
 * age=min/avg/max in ms, pid, cpus, stack. "No data" without objects. Writes at most @len bytes
 * with a NUL and returns the length of the whole text; -EINVAL without SLAB_STORE_USER, -ENOMEM.
 */
SLAB_API long slab_alloc_traces(struct kmem_cache *s, char *buf, size_t len);
SLAB_API long slab_free_traces(struct kmem_cache *s, char *buf, size_t len);

/*
 * The text of the kernel's file kfence/stats: enabled, then how many objects are guarded, were, and
 * why others were not. Writes at most @len bytes with a NUL and returns the length of the text.
 */
SLAB_API size_t slab_kfence_stats(char *buf, size_t len);

/*
 * Reclaimable memory. Slabs of SLAB_RECLAIM_ACCOUNT caches and of kmalloc(.. | __GFP_RECLAIMABLE)
 * count as reclaimable, other slabs and large kmalloc blocks as unreclaimable: whole slabs, in
 * bytes. Memory from elsewhere that a shrinker of the program could free may be added as pages
 * (option page_size) of NR_KERNEL_MISC_RECLAIMABLE; the other two are libslab's to change. @nid
 * outside of 0 to 7 means node 0.
 */
enum node_stat_item {
	NR_SLAB_RECLAIMABLE_B,
	NR_SLAB_UNRECLAIMABLE_B,
	NR_KERNEL_MISC_RECLAIMABLE,
	NR_VM_NODE_STAT_ITEMS,
};
SLAB_API void mod_node_page_state(int nid, enum node_stat_item item, long delta);
SLAB_API unsigned long node_page_state(int nid, enum node_stat_item item);

/*
 * Pages that could be allocated without failing: what is left under the limit (or of the range)
 * less the high watermark, plus reclaimable memory less min(half of it, the low watermark). The
 * kernel's formula without a page cache. 0 if libslab cannot start.
 */
SLAB_API long si_mem_available(void);

/*
 * The lines MemTotal (limit or range), MemFree, MemAvailable, KReclaimable, Slab, SReclaimable and
 * SUnreclaim as /proc/meminfo prints them. Writes at most @len bytes with a NUL and returns the
 * length of the whole text.
 */
SLAB_API size_t slab_meminfo(char *buf, size_t len);

/*
 * Walk every structure and compare it with the equations in types.h. Each disagreement is one
 * sentence for @say (may be NULL). Returns how many there were. No other thread may be inside.
 */
SLAB_API size_t slab_check(void (*say)(void *ctx, const char *sentence), void *ctx);

#ifdef __cplusplus
}
#endif

#endif
