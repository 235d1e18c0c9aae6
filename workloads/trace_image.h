/* SPDX-License-Identifier: MIT */
/*
 * A compiled trace: what trace_plan() writes into the image and trace_replay() follows.
 *
 * A replay thread has one stream of operations. An object that one thread allocates and frees lives
 * in a slot of that thread, recycled last in first out, so that the table stays as small as the
 * number of objects alive. An object that another thread frees has a slot of its own, used once a
 * round: the allocating thread publishes it there, the freeing one takes it.
 *
 * The image is flat and holds offsets in bytes from its start. Thread rule: plain data.
 */
#ifndef WORKLOADS_TRACE_IMAGE_H
#define WORKLOADS_TRACE_IMAGE_H

#include <stdint.h>

/* What an operation does. TRACE_ODD is added for objects that cannot hold one tag at their start.
 */
enum trace_kind {
	TRACE_ALLOC,
	TRACE_ZALLOC,
	TRACE_CACHE_ALLOC,
	TRACE_CACHE_ZALLOC,
	TRACE_FREE, /* of an object of this thread */
	TRACE_CACHE_FREE,
	TRACE_TAKE, /* free of an object of another thread: wait for it if need be */
	TRACE_CACHE_TAKE,
	/* Added to the kinds above: the object is smaller than a tag, or larger than a page. */
	TRACE_ODD = 8,
	/* Added to the four allocations: the next thing that happens to the thread is the free. */
	TRACE_BRIEF = 16,
	TRACE_END = 20,
	TRACE_NR_KINDS
};

#define TRACE_PAGE_BYTES 4096u	   /* an object holds one tag in each so many of its bytes */
#define TRACE_MAX_CLASS	 0xffffffu /* what an operation has bits for */

/*
 * One operation is a number of 64 bits: kind (8 bits), class (24), slot (32), from the top. The
 * slot is an index into one table of all threads; the class says what is allocated.
 */
static inline uint64_t trace_op(enum trace_kind kind, uint32_t class, uint32_t slot)
{
	return (uint64_t)kind << 56 | (uint64_t) class << 32 | slot;
}

static inline unsigned int trace_op_kind(uint64_t op)
{
	return (unsigned int)(op >> 56);
}

static inline uint32_t trace_op_class(uint64_t op)
{
	return (uint32_t)(op >> 32) & TRACE_MAX_CLASS;
}

static inline uint32_t trace_op_slot(uint64_t op)
{
	return (uint32_t)op;
}

/*
 * What is written into an object and has to be there when it is freed. No two objects that are
 * alive have the same one, for no two have the same slot. One instruction from the allocation's
 * operation as well as from the free's.
 */
static inline uint64_t trace_op_tag(uint64_t op)
{
	return op << 8;
}

/*
 * The number of the class in a tag: its sum is the digest. The classes are numbered without regard
 * to threads, so it is the same for any number of them.
 */
static inline uint64_t trace_tag_class(uint64_t tag)
{
	return tag >> 40;
}

/* A size from a site, or a cache. */
struct trace_class {
	uint32_t size; /* bytes asked for */
	uint32_t from_cache;
	uint32_t index; /* of the site or the cache */
};

struct trace_cache {
	uint64_t name_at;
	uint32_t size;
	uint32_t align; /* 0: the default */
	uint32_t flags; /* enum alloc_cache_flags */
};

/* A recorded call site with one set of flags. */
struct trace_site {
	uint64_t name_at;
	uint32_t gfp;
	uint32_t has_pointers;
};

/* One replay thread's part; a TRACE_END follows the last operation. */
struct trace_stream {
	uint64_t ops_at;
	uint64_t nr_ops;
	uint64_t nr_left; /* freed at the end because the recording did not */
};

/* The image begins with this. */
struct trace_image {
	uint32_t nr_threads;
	uint32_t nr_slots;  /* of all threads and of objects handed over */
	uint32_t nr_shared; /* objects handed over in one round */
	uint32_t nr_classes, nr_caches, nr_sites;
	uint64_t classes_at, caches_at, sites_at;
	uint64_t streams_at; /* struct trace_stream[nr_threads] */
};

static inline const void *trace_at(const struct trace_image *image, uint64_t offset)
{
	return (const char *)image + offset;
}

#endif
