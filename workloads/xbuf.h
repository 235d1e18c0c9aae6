/* SPDX-License-Identifier: MIT */
/*
 * A cache of metadata buffers over a file, as XFS keeps one over a disk: struct xbuf and the memory
 * it describes are separate objects, hashed by disk address, on an LRU with a target in bytes. A
 * buffer is read with pread() and written with pwrite() straight to and from its own memory; where
 * the kernel refuses that memory as misaligned (EINVAL), the refusal is counted and the transfer
 * goes through a bounce page, so that content stays right.
 *
 * A struct xcache is one thread's, over a region of the file of its own; only what it frees goes to
 * other threads (handover.h). Sizes are those recorded on Linux 6.18.
 *
 * Content: the first half of a block is a function of its address and never changes, so that a
 * round finds there what an earlier round left. Log writes go to the second half.
 */
#ifndef WORKLOADS_XBUF_H
#define WORKLOADS_XBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handover.h"
#include "hlist.h"
#include "lib/list.h"
#include "workload.h"

#define XBUF_SECTOR    512u   /* unit of disk addresses */
#define XBUF_CHUNK     128u   /* unit of logging within a buffer */
#define XBUF_BYTES_MAX 65536u /* largest buffer */
#define XBUF_PAGE      4096u  /* larger buffers are asked for as pages */
#define XBUF_MAP_WORDS (XBUF_BYTES_MAX / XBUF_CHUNK / 64)

/* 352 bytes, zeroed when allocated. */
struct xbuf {
	struct hlist_node b_hash;
	uint64_t b_daddr; /* in sectors */
	uint32_t b_bytes;
	uint32_t b_hold;
	struct list_head b_lru;
	unsigned char *b_addr;
	struct xbuf_item *b_item; /* while it is part of a transaction or dirty */
	uint64_t b_fields[36];	  /* locks, wait queues, I/O state: not used here */
};

/* Which parts of a buffer are logged, and its place among the dirty ones. 272 bytes, zeroed. */
struct xbuf_item {
	struct xbuf *bli_buf;
	struct list_head bli_trans; /* in the transaction */
	struct list_head bli_ail;   /* dirty, oldest first */
	struct xlog_vec *bli_lv;    /* in the current checkpoint, or NULL */
	uint64_t bli_map[XBUF_MAP_WORDS];
	uint64_t bli_fields[20];
};

/* What a deferred free is of (handover_entry.kind). */
enum xbuf_kind { XBUF_DATA, XBUF_BUF, XBUF_LOG_VECTOR, XBUF_CHECKPOINT };

enum xbuf_counter {
	XBUF_NR_EINVAL,
	XBUF_NR_SECTOR_MISALIGNED,
	XBUF_NR_PAGE_STRADDLE,
	XBUF_NR_PAGE_MISALIGNED,
	XBUF_NR_READS,
	XBUF_NR_WRITES,
	XBUF_NR_HITS,
	XBUF_NR_BUFFERS,
};

struct xcache {
	struct wl_thread *t;
	struct handover *handover;
	struct alloc_cache *buf_cache;
	struct alloc_cache *item_cache;
	const struct alloc_site *heap_site; /* buffers smaller than a page */
	const struct alloc_site *page_site;
	int fd;
	unsigned char *bounce;	   /* XBUF_BYTES_MAX, page-aligned */
	struct hlist_head *bucket; /* [1 << bucket_bits], all empty between rounds */
	unsigned int bucket_bits;
	struct list_head lru; /* the oldest last */
	struct list_head ail; /* dirty items, the oldest first */
	uint64_t bytes;	      /* of cached buffers */
	uint64_t target;
};

/* Word @i of the block at @daddr as it is when nothing was logged. */
static inline uint64_t xbuf_word(uint64_t daddr, uint64_t i)
{
	return (daddr + 1) * 0x9e3779b97f4a7c15u + i;
}

/*
 * The buffer at @daddr, held. Not cached: it is read, or set to xbuf_word() by xbuf_get_new(). NULL
 * after wl_fail(): out of memory, or the file did not give what was written to it.
 */
struct xbuf *xbuf_get(struct xcache *xc, uint64_t daddr, uint32_t bytes);
struct xbuf *xbuf_get_new(struct xcache *xc, uint64_t daddr, uint32_t bytes);
/* Give back the hold; the cache is brought back to its target. */
void xbuf_put(struct xcache *xc, struct xbuf *bp);
/* The block is free: @bp leaves the cache unwritten. The caller's hold goes with it. */
void xbuf_stale(struct xcache *xc, struct xbuf *bp);
/* Its item, made if it has none; NULL after wl_fail(). */
struct xbuf_item *xbuf_item_get(struct xcache *xc, struct xbuf *bp);
/* The item is neither dirty nor in a transaction any more. */
void xbuf_item_free(struct xcache *xc, struct xbuf_item *item);
/* Write the oldest dirty buffer that is in no checkpoint; false if there is none, or on failure. */
bool xbuf_write_oldest(struct xcache *xc);
/* The end: all buffers go, the dirty ones without being written. */
void xbuf_drop_all(struct xcache *xc);

/* handover_free of everything the cache and the log (xlog.h) hand over. */
void xbuf_release(struct wl_thread *t, const struct handover_entry *entry);

static inline void xbuf_defer(struct xcache *xc, void *p, size_t bytes, enum xbuf_kind kind)
{
	handover_put(xc->handover, xc->t->index,
		     (struct handover_entry){ p, (uint32_t)bytes, kind });
}

#endif
