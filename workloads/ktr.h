/* SPDX-License-Identifier: MIT */
/*
 * Reader of recorded kernel allocation traces (NAME.ktr, or NAME.ktr.zst as zstd packs it). The
 * layout is described in traces/README.md.
 *
 * ktr_open() reads the whole file, checks everything that the layout promises, and only then
 * returns: whoever holds a struct ktr may index its tables with its columns and follow every free
 * to its object without a check. A file that is cut, damaged or made to harm ends in one sentence
 * that says what is wrong and where. Memory grows with the bytes that really arrive, never with
 * what a header claims, and is bounded by the limits below.
 *
 * Thread rule: a struct ktr belongs to one thread until it is filled; then anyone may read it.
 */
#ifndef WORKLOADS_KTR_H
#define WORKLOADS_KTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KTR_TICK_NS    64u
#define KTR_MAX_EVENTS (1u << 25) /* 22 bytes each: 704 MiB */
#define KTR_MAX_TABLES (1u << 25) /* bytes of the five string tables together */
#define KTR_MAX_SIZE   (1u << 29) /* bytes of one object: order 13 of 64 KiB pages */

enum ktr_op {
	KTR_KMALLOC,
	KTR_CACHE_ALLOC,
	KTR_KFREE,
	KTR_CACHE_FREE,
	KTR_IMPLIED_FREE, /* not seen; the address was given out again right after */
	KTR_RCU_QUEUED,	  /* kfree_rcu(): the object's only free event */
	KTR_BULK_FREE,
	KTR_NR_OPS
};

enum ktr_flags {
	KTR_CONTEXT = 3,  /* mask: 0 task, 1 softirq, 2 hardirq */
	KTR_LARGE = 4,	  /* kmalloc from the page allocator */
	KTR_INTERNAL = 8, /* the allocator's own memory, not a user's */
			  /* bits 4 to 7: log2 of the address's alignment, at most 15 */
};

struct ktr_cache {
	const char *name;
	uint32_t stride;      /* bytes from one object to the next in a slab */
	uint32_t object_size; /* bytes asked for at creation; 0: a kmalloc size class */
};

struct ktr {
	uint32_t nr_events, nr_objects, nr_cpus;
	uint32_t nr_caches, nr_sites, nr_gfps, nr_threads, nr_info;
	uint64_t span_ns; /* from the first event to the last */

	struct ktr_cache *caches;
	const char **sites;   /* "symbol+0xoffset" */
	uint32_t *gfps;	      /* the kernel's bits */
	const char **threads; /* "class\tpid\tname" */
	const char **info;    /* "key=value" */

	/* One entry an event, in the order of time. Wider ones are unaligned: use ktr_16/ktr_32. */
	const uint8_t *op, *flags, *cpu, *gfp;
	const uint8_t *thread, *cache, *site;
	const uint8_t *size, *ref, *dt;

	unsigned char *bytes; /* all of the file, unpacked */
	size_t nr_bytes;
};

/* Entry @i of a column of little-endian 16-bit numbers. */
static inline uint32_t ktr_16(const uint8_t *column, uint32_t i)
{
	const uint8_t *p = column + (size_t)i * 2;

	return p[0] | (uint32_t)p[1] << 8;
}

/* Entry @i of a column of little-endian 32-bit numbers. */
static inline uint32_t ktr_32(const uint8_t *column, uint32_t i)
{
	const uint8_t *p = column + (size_t)i * 4;

	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Does event @i give an object out? If not it takes one back. */
static inline bool ktr_allocates(const struct ktr *k, uint32_t i)
{
	return k->op[i] <= KTR_CACHE_ALLOC;
}

/*
 * Fill @k from the file at @path. Returns 0; or -1 with a sentence in @why (@why_len bytes) and
 * nothing to close.
 */
int ktr_open(struct ktr *k, const char *path, char *why, size_t why_len);

void ktr_close(struct ktr *k);

#endif
