/* SPDX-License-Identifier: MIT */
/*
 * What a trace does not record but its replay has to know: how the kernel created the caches that a
 * trace names, and which call sites allocate memory without pointers. Facts about Linux 6.18,
 * gathered from /sys/kernel/slab of the recorded machines (caches) and from its source (sites).
 * Pure functions over constant tables; any thread.
 */
#ifndef WORKLOADS_TRACE_NAMES_H
#define WORKLOADS_TRACE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct trace_cache_facts {
	unsigned int align; /* demanded at creation, 0: the default */
	unsigned int flags; /* enum alloc_cache_flags */
};

/* All zero for a name that is not known. */
struct trace_cache_facts trace_cache_facts(const char *name);

/*
 * The function's name in a recorded site, into @name (@len bytes): "ext4_find_extent+0x30c" and
 * "ifs_alloc.isra.0+0x8d" without offset and without what the compiler appended.
 */
void trace_site_symbol(const char *site, char *name, size_t len);

/* Does the function @symbol allocate bytes only: names, texts, disk blocks, copies from users? */
bool trace_site_is_plain(const char *symbol);

#endif
