// SPDX-License-Identifier: MIT
/*
 * The buffer cache of xbuf.h. Every function belongs to the thread that owns the cache. Buffers
 * that are dirty stay cached until written; of the others the least recently used go first.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "lib/bits.h"
#include "xbuf.h"
#include "xlog.h"

#define LRU_SCAN 32 /* buffers looked at in one attempt to get below the target */

_Static_assert(sizeof(struct xbuf) == 352, "as recorded");
_Static_assert(sizeof(struct xbuf_item) == 272, "as recorded");

static struct hlist_head *bucket(struct xcache *xc, uint64_t daddr)
{
	return &xc->bucket[hash_64(daddr, xc->bucket_bits)];
}

static struct xbuf *find(struct xcache *xc, uint64_t daddr)
{
	struct hlist_node *node;

	for (node = bucket(xc, daddr)->first; node; node = node->next) {
		struct xbuf *bp = container_of(node, struct xbuf, b_hash);

		if (bp->b_daddr == daddr)
			return bp;
	}
	return NULL;
}

/* What the kernel's drivers and file systems trip over, whether or not this machine's do. */
static void count_alignment(struct xcache *xc, const void *p, uint32_t bytes)
{
	uint64_t *nr = xc->t->counters;
	uintptr_t at = (uintptr_t)p;

	nr[XBUF_NR_BUFFERS]++;
	nr[XBUF_NR_SECTOR_MISALIGNED] += at % XBUF_SECTOR != 0;
	if (bytes <= XBUF_PAGE)
		nr[XBUF_NR_PAGE_STRADDLE] += at / XBUF_PAGE != (at + bytes - 1) / XBUF_PAGE;
	if (bytes >= XBUF_PAGE)
		nr[XBUF_NR_PAGE_MISALIGNED] += at % XBUF_PAGE != 0;
}

static struct xbuf *alloc_buf(struct xcache *xc, uint64_t daddr, uint32_t bytes)
{
	struct xbuf *bp = xc->t->ops.cache_zalloc(xc->buf_cache);

	if (!bp)
		goto fail;
	bp->b_addr = wl_alloc(xc->t, bytes, bytes < XBUF_PAGE ? xc->heap_site : xc->page_site);
	if (!bp->b_addr)
		goto fail_buf;
	count_alignment(xc, bp->b_addr, bytes);
	bp->b_daddr = daddr;
	bp->b_bytes = bytes;
	bp->b_hold = 1;
	list_init(&bp->b_lru);
	return bp;

fail_buf:
	wl_cache_free(xc->t, xc->buf_cache, bp);
fail:
	wl_fail(xc->t, WL_OUT_OF_MEMORY);
	return NULL;
}

static void free_buf(struct xcache *xc, struct xbuf *bp)
{
	xbuf_defer(xc, bp->b_addr, bp->b_bytes, XBUF_DATA);
	xbuf_defer(xc, bp, sizeof(*bp), XBUF_BUF);
}

static ssize_t transfer(struct xcache *xc, struct xbuf *bp, void *p, bool out)
{
	off_t at = (off_t)(bp->b_daddr * XBUF_SECTOR);

	return out ? pwrite(xc->fd, p, bp->b_bytes, at) : pread(xc->fd, p, bp->b_bytes, at);
}

/* The block through memory that every file system accepts. */
static ssize_t bounce(struct xcache *xc, struct xbuf *bp, bool out)
{
	ssize_t done;

	xc->t->counters[XBUF_NR_EINVAL]++;
	if (out)
		memcpy(xc->bounce, bp->b_addr, bp->b_bytes);
	done = transfer(xc, bp, xc->bounce, out);
	if (!out)
		memcpy(bp->b_addr, xc->bounce, bp->b_bytes);
	return done;
}

static int do_io(struct xcache *xc, struct xbuf *bp, bool out)
{
	ssize_t done = transfer(xc, bp, bp->b_addr, out);

	if (done < 0 && errno == EINVAL)
		done = bounce(xc, bp, out);
	if (done == (ssize_t)bp->b_bytes)
		return 0;
	wl_fail(xc->t, out ? "a buffer could not be written to the workload's file"
			   : "a buffer could not be read from the workload's file");
	return -1;
}

static int read_buf(struct xcache *xc, struct xbuf *bp)
{
	xc->t->counters[XBUF_NR_READS]++;
	if (do_io(xc, bp, false))
		return -1;
	if (digest_load(bp->b_addr) == xbuf_word(bp->b_daddr, 0))
		return 0;
	wl_fail(xc->t, "a block came back from the file with other content");
	return -1;
}

static void insert(struct xcache *xc, struct xbuf *bp)
{
	hlist_add_head(&bp->b_hash, bucket(xc, bp->b_daddr));
	list_add(&bp->b_lru, &xc->lru);
	xc->bytes += bp->b_bytes;
}

static void remove_buf(struct xcache *xc, struct xbuf *bp)
{
	hlist_del(&bp->b_hash);
	list_del(&bp->b_lru);
	xc->bytes -= bp->b_bytes;
}

struct xbuf *xbuf_get(struct xcache *xc, uint64_t daddr, uint32_t bytes)
{
	struct xbuf *bp = find(xc, daddr);

	if (bp) {
		bp->b_hold++;
		list_move(&bp->b_lru, &xc->lru);
		xc->t->counters[XBUF_NR_HITS]++;
		return bp;
	}
	bp = alloc_buf(xc, daddr, bytes);
	if (!bp)
		return NULL;
	if (read_buf(xc, bp)) {
		wl_free(xc->t, bp->b_addr, bp->b_bytes);
		wl_cache_free(xc->t, xc->buf_cache, bp);
		return NULL;
	}
	insert(xc, bp);
	return bp;
}

struct xbuf *xbuf_get_new(struct xcache *xc, uint64_t daddr, uint32_t bytes)
{
	struct xbuf *bp = alloc_buf(xc, daddr, bytes);

	if (!bp)
		return NULL;
	for (uint32_t i = 0; i < bytes / 8; i++)
		digest_store(bp->b_addr + 8 * i, xbuf_word(daddr, i));
	insert(xc, bp);
	return bp;
}

static void evict(struct xcache *xc, struct xbuf *bp)
{
	remove_buf(xc, bp);
	free_buf(xc, bp);
}

static void shrink(struct xcache *xc)
{
	for (int i = 0; i < LRU_SCAN && xc->bytes > xc->target && !list_empty(&xc->lru); i++) {
		struct xbuf *bp = list_last_entry(&xc->lru, struct xbuf, b_lru);

		if (bp->b_hold || bp->b_item)
			list_move(&bp->b_lru, &xc->lru);
		else
			evict(xc, bp);
	}
}

void xbuf_put(struct xcache *xc, struct xbuf *bp)
{
	bp->b_hold--;
	if (unlikely(xc->bytes > xc->target))
		shrink(xc);
}

void xbuf_stale(struct xcache *xc, struct xbuf *bp)
{
	if (bp->b_item)
		xbuf_item_free(xc, bp->b_item);
	evict(xc, bp);
}

struct xbuf_item *xbuf_item_get(struct xcache *xc, struct xbuf *bp)
{
	struct xbuf_item *item = bp->b_item;

	if (item)
		return item;
	item = xc->t->ops.cache_zalloc(xc->item_cache);
	if (!item) {
		wl_fail(xc->t, WL_OUT_OF_MEMORY);
		return NULL;
	}
	list_init(&item->bli_trans);
	list_init(&item->bli_ail);
	item->bli_buf = bp;
	bp->b_item = item;
	return item;
}

void xbuf_item_free(struct xcache *xc, struct xbuf_item *item)
{
	item->bli_buf->b_item = NULL;
	if (item->bli_lv)
		item->bli_lv->lv_item = NULL;
	list_del(&item->bli_trans);
	list_del(&item->bli_ail);
	wl_cache_free(xc->t, xc->item_cache, item);
}

static struct xbuf_item *oldest_writable(struct xcache *xc)
{
	struct xbuf_item *item;

	list_for_each_entry (item, &xc->ail, bli_ail) {
		if (!item->bli_lv)
			return item;
	}
	return NULL;
}

bool xbuf_write_oldest(struct xcache *xc)
{
	struct xbuf_item *item = oldest_writable(xc);

	if (!item)
		return false;
	xc->t->counters[XBUF_NR_WRITES]++;
	if (do_io(xc, item->bli_buf, true))
		return false;
	xbuf_item_free(xc, item);
	return true;
}

void xbuf_drop_all(struct xcache *xc)
{
	while (!list_empty(&xc->lru))
		xbuf_stale(xc, list_last_entry(&xc->lru, struct xbuf, b_lru));
}

static void release_vector(struct wl_thread *t, struct xlog_vec *lv)
{
	t->digest += digest_mix(digest_sum(lv->lv_data, lv->lv_used));
	wl_free(t, lv, lv->lv_bytes);
}

void xbuf_release(struct wl_thread *t, const struct handover_entry *entry)
{
	const struct xcache *xc = t->state;
	const struct xlog_checkpoint *checkpoint = entry->p;
	const struct xbuf *bp = entry->p;

	switch ((enum xbuf_kind)entry->kind) {
	case XBUF_DATA:
		t->digest += digest_mix(digest_load(entry->p));
		wl_free(t, entry->p, entry->bytes);
		break;
	case XBUF_BUF:
		t->digest += digest_mix(bp->b_daddr + bp->b_bytes);
		wl_cache_free(t, xc->buf_cache, entry->p);
		break;
	case XBUF_LOG_VECTOR:
		release_vector(t, entry->p);
		break;
	case XBUF_CHECKPOINT:
		t->digest += digest_mix(checkpoint->c_sequence + checkpoint->c_nr_vectors);
		wl_free(t, entry->p, entry->bytes);
		break;
	}
}
