/* SPDX-License-Identifier: MIT */
/*
 * The files of /sys/kernel/slab/CACHE/ as texts, in the kernel's format (mm/slub.c of 7.2). One
 * table: name, how it is shown, how it is stored. The public functions are in slab.h. slab_mutex is
 * held while a cache is looked up and shown, node.lock while its slabs are counted; the counts of
 * several nodes are not of one moment.
 *
 * As in the kernel objects in sheaves count as used. cpu_partial, cpu_slabs and slabs_cpu_partial
 * are empty since 7.0; with engine=cpuslab they are not, and there are no sheaves. ctor is an
 * address, for a library has no table of symbols.
 */
#ifndef SLAB_SYSFS_H
#define SLAB_SYSFS_H

#include "text.h"
#include "types.h"

struct attribute {
	const char *name;
	void (*show)(struct text *t, struct kmem_cache *s); /* NULL: an empty file */
	/* @value: what was written, as a number. 0 or -errno. NULL: may not be written. */
	int (*store)(struct kmem_cache *s, unsigned long value);
};

/* In the order of their names; those behind the last are NULL. */
const struct attribute *sysfs_attribute(size_t index);

/* sysfs_cpu.c: what CPUs hold with engine=cpuslab. */
void sysfs_show_cpu_partial(struct text *t, struct kmem_cache *s);
void sysfs_show_slabs_cpu_partial(struct text *t, struct kmem_cache *s);
/* Slabs that CPUs hold, by node. */
void sysfs_count_cpu_slabs(struct kmem_cache *s, size_t nr[SLAB_MAX_NODES]);

#endif
