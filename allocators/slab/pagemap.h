/* SPDX-License-Identifier: MIT */
/*
 * From an address to its page, from a page to what it is, in one load. The map is an array of
 * 32-bit entries (types.h) beside the range, not a header in the pages, so that a page's bytes are
 * all the user's and a foreign pointer is recognised without being followed.
 *
 * Threads: entries are read with relaxed atomics by anyone who holds an object of the page; they
 * are written by the thread that takes or returns the block, when nobody else can hold such an
 * object.
 */
#ifndef SLAB_PAGEMAP_H
#define SLAB_PAGEMAP_H

#include "types.h"

/*
 * The smallest range: 16 largest blocks, so that each of SLAB_MAX_NODES nodes can have one and
 * grow. 64 MiB with pages of 4 KiB, 1 GiB with pages of 64 KiB.
 */
static inline size_t pagemap_min_bytes(void)
{
	return 2 * SLAB_MAX_NODES * UNIT_BYTES << slab_block_order();
}

/*
 * Reserve @bytes (a power of two from pagemap_min_bytes()) and the metadata for it; halves @bytes
 * until the system agrees. slab_page_order is set. 0 or -ENOMEM. pagemap_destroy() gives all of it
 * back.
 */
int pagemap_create(size_t bytes);

/*
 * The same without reserving anything, so that RLIMIT_AS counts no more than is used: a range at a
 * random place where the system maps nothing unasked, and whose every piece is mapped, with its
 * metadata, when the frontier comes to it. The range ends early where something else is mapped
 * then. -ENOMEM also if the address space has no such place.
 */
int pagemap_create_sparse(size_t bytes);
void pagemap_destroy(void);

/*
 * Make @nr pages from the frontier @page on accessible. In a sparse range also -ENOMEM if too
 * little room would be left under RLIMIT_AS. frontier_lock is held, or nobody else is there.
 */
int pagemap_commit(size_t page, size_t nr);

/* Write the same entry for all pages of the block that starts at @page. */
void pagemap_set(size_t page, unsigned int order, enum page_kind kind, unsigned int slot);

/* Of a slab; @class is 0 where @slot is (types.h). */
void pagemap_set_slab(size_t page, unsigned int order, unsigned int slot, unsigned int class);

/* The same for pages that a user holds without a slab (exact.h). */
void pagemap_set_pages(size_t page, unsigned int order);

/* The page of any address; not below pagemap_nr_pages() for an address outside. */
static inline size_t pagemap_page(const void *p)
{
	return ((uintptr_t)p - __atomic_load_n(&slab_range.base, __ATOMIC_RELAXED)) >> UNIT_SHIFT;
}

/*
 * Pages that can be anybody's, those below the frontier; 0 before boot. Whoever holds an object has
 * seen the frontier that it lies below.
 */
static inline size_t pagemap_nr_pages(void)
{
	return __atomic_load_n(&slab_range.nr_committed, __ATOMIC_RELAXED);
}

static inline void *pagemap_address(size_t page)
{
	return (void *)(slab_range.base + (page << UNIT_SHIFT));
}

/* Pages below this one are committed; others have no frame yet. Only grows. */
static inline size_t pagemap_committed(void)
{
	return __atomic_load_n(&slab_range.nr_committed, __ATOMIC_ACQUIRE);
}

/* @page < pagemap_nr_pages(). */
static inline uint32_t pagemap_entry(size_t page)
{
	return __atomic_load_n(&slab_range.map[page], __ATOMIC_RELAXED);
}

static inline unsigned int entry_slot(uint32_t entry)
{
	return entry & ENTRY_SLOT_MASK;
}

static inline unsigned int entry_order(uint32_t entry)
{
	return entry & ENTRY_ORDER_MASK;
}

static inline enum page_kind entry_kind(uint32_t entry)
{
	return (enum page_kind)(entry >> ENTRY_KIND_SHIFT & 0x3);
}

static inline unsigned int entry_class(uint32_t entry)
{
	return entry >> ENTRY_CLASS_SHIFT;
}

static inline size_t frame_page(const struct frame *f)
{
	return (size_t)(f - slab_range.frames);
}

static inline void *frame_address(const struct frame *f)
{
	return pagemap_address(frame_page(f));
}

static inline size_t frame_bytes(const struct frame *f)
{
	return UNIT_BYTES << f->order;
}

/* The frame of the block in use that @page, with entry @entry, belongs to. */
static inline struct frame *pagemap_frame(size_t page, uint32_t entry)
{
	return &slab_range.frames[align_down(page, (size_t)1 << entry_order(entry))];
}

/* The frame of the slab that holds @object, which is known to be an object of libslab. */
static inline struct frame *frame_of(const void *object)
{
	size_t page = pagemap_page(object);

	return pagemap_frame(page, pagemap_entry(page));
}

#endif
