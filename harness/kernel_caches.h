/* SPDX-License-Identifier: MIT */
/*
 * The caches of a real kernel: those of this machine, read from /sys/kernel/slab (root may), or
 * those of another one, recorded in a CSV file with a line of names first. A symlink (an alias of a
 * merged cache) is a row like the others. Main thread only; a mistake ends the program with
 * EXIT_USAGE and one sentence.
 */
#ifndef HARNESS_KERNEL_CACHES_H
#define HARNESS_KERNEL_CACHES_H

#include <stdbool.h>
#include <stddef.h>

/* The files of a cache's directory that say how it was asked for or how it came out. */
enum kernel_attribute {
	KERNEL_OBJECT_SIZE,
	KERNEL_SLAB_SIZE,
	KERNEL_OBJS_PER_SLAB,
	KERNEL_ORDER,
	KERNEL_ALIGN,
	KERNEL_MIN_PARTIAL,
	KERNEL_CPU_PARTIAL,
	KERNEL_SHEAF_CAPACITY,
	KERNEL_ALIASES,
	KERNEL_RECLAIM_ACCOUNT,
	KERNEL_HWCACHE_ALIGN,
	KERNEL_DESTROY_BY_RCU,
	KERNEL_USERSIZE,
	KERNEL_CACHE_DMA,
	KERNEL_POISON,
	KERNEL_RED_ZONE,
	KERNEL_SANITY_CHECKS,
	KERNEL_STORE_USER,
	KERNEL_TRACE,
	NR_KERNEL_ATTRIBUTES,
};

#define KERNEL_UNKNOWN (-1) /* this kernel or this file does not tell */

struct kernel_cache {
	char name[128];
	char alias_of[128]; /* the directory that the symlink leads to; "": none */
	bool has_ctor;
	long value[NR_KERNEL_ATTRIBUTES];
};

struct kernel_caches {
	struct kernel_cache *cache;
	size_t nr;
	bool knows_aliases; /* alias rows are there */
};

/* The file's name in sysfs and the column's in a CSV file. */
const char *kernel_attribute_name(enum kernel_attribute a);

void kernel_caches_read(struct kernel_caches *all, const char *dir);
void kernel_caches_read_csv(struct kernel_caches *all, const char *file);
void kernel_caches_free(struct kernel_caches *all);

/* What the kernel's num_present_cpus() says, or the highest possible number if that is one. */
unsigned int kernel_cpus(void);
/* Is the kernel that runs older than 7.0? */
bool kernel_is_before_7(void);
/* The value of the boot parameter slab_@name or slub_@name, or @usual. */
unsigned int kernel_parameter(const char *name, unsigned int usual);
/* Was the kernel booted with slab_nomerge or slub_nomerge? */
bool kernel_nomerge(void);

#endif
