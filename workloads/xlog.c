// SPDX-License-Identifier: MIT
/*
 * The transactions of xlog.h. Everything belongs to one thread until a checkpoint hands its vectors
 * over.
 */
#include <string.h>

#include "digest.h"
#include "lib/bits.h"
#include "xlog.h"

_Static_assert(sizeof(struct xlog_ticket) == 48, "as recorded");
_Static_assert(sizeof(struct xfs_trans) == 232, "as recorded");
_Static_assert(sizeof(struct xlog_checkpoint) == 248, "as recorded");

struct xfs_trans *xlog_begin(struct xlog *log)
{
	struct wl_thread *t = log->cache->t;
	struct xlog_ticket *ticket = t->ops.cache_zalloc(log->ticket_cache);
	struct xfs_trans *tp;

	if (!ticket)
		goto fail;
	tp = t->ops.cache_zalloc(log->trans_cache);
	if (!tp)
		goto fail_ticket;
	ticket->t_fields[0] = log->sequence;
	tp->t_ticket = ticket;
	tp->t_sequence = log->sequence++;
	list_init(&tp->t_items);
	return tp;

fail_ticket:
	wl_cache_free(t, log->ticket_cache, ticket);
fail:
	wl_fail(t, WL_OUT_OF_MEMORY);
	return NULL;
}

int xlog_join(struct xlog *log, struct xfs_trans *tp, struct xbuf *bp)
{
	struct xbuf_item *item = xbuf_item_get(log->cache, bp);

	if (!item)
		return -1;
	list_move(&item->bli_trans, &tp->t_items);
	return 0;
}

void xlog_change(struct xbuf *bp, uint32_t chunk, uint64_t stamp)
{
	unsigned char *p = bp->b_addr + chunk * XBUF_CHUNK;

	for (uint32_t i = 0; i < XBUF_CHUNK / 8; i++)
		digest_store(p + 8 * i, stamp * 0xff51afd7ed558ccdu + i);
	bp->b_item->bli_map[chunk / 64] |= 1ull << chunk % 64;
}

/* The changed chunk, then the buffer's unchanging half as often as it takes. */
static void copy_regions(struct xlog_vec *lv, const struct xbuf *bp, uint32_t chunk)
{
	uint32_t at = (uint32_t)min_size(XBUF_CHUNK, lv->lv_used);

	memcpy(lv->lv_data, bp->b_addr + chunk * XBUF_CHUNK, at);
	while (at < lv->lv_used) {
		uint32_t bytes = (uint32_t)min_size(lv->lv_used - at, bp->b_bytes / 2);

		memcpy(lv->lv_data + at, bp->b_addr, bytes);
		at += bytes;
	}
}

/* Room for @bytes in the item's vector: the one it has if that is large enough. */
static struct xlog_vec *vector_room(struct xlog *log, struct xbuf_item *item, uint32_t bytes)
{
	struct xlog_vec *old = item->bli_lv, *lv;

	if (old && old->lv_bytes >= bytes)
		return old;
	lv = wl_alloc(log->cache->t, bytes, log->vector_site);
	if (!lv) {
		wl_fail(log->cache->t, WL_OUT_OF_MEMORY);
		return NULL;
	}
	lv->lv_bytes = bytes;
	lv->lv_item = item;
	item->bli_lv = lv;
	list_add(&lv->lv_list, &log->vectors);
	if (old) {
		list_del(&old->lv_list);
		wl_free(log->cache->t, old, old->lv_bytes);
	}
	return lv;
}

int xlog_format(struct xlog *log, struct xbuf *bp, uint32_t chunk, uint32_t bytes)
{
	struct xlog_vec *lv = vector_room(log, bp->b_item, bytes);

	if (!lv)
		return -1;
	lv->lv_used = bytes - (uint32_t)sizeof(*lv);
	copy_regions(lv, bp, chunk);
	return 0;
}

static bool is_clean(const struct xbuf_item *item)
{
	return !item->bli_lv && list_empty(&item->bli_ail);
}

void xlog_commit(struct xlog *log, struct xfs_trans *tp)
{
	struct xcache *xc = log->cache;

	while (!list_empty(&tp->t_items)) {
		struct xbuf_item *item =
			list_first_entry(&tp->t_items, struct xbuf_item, bli_trans);

		list_del(&item->bli_trans);
		if (is_clean(item))
			xbuf_item_free(xc, item);
	}
	xc->t->digest += digest_mix(tp->t_sequence + tp->t_ticket->t_fields[0]);
	wl_cache_free(xc->t, log->ticket_cache, tp->t_ticket);
	wl_cache_free(xc->t, log->trans_cache, tp);
}

/* The buffer of a vector is dirty from now on; one that was so already keeps its place. */
static void unpin(struct xcache *xc, struct xbuf_item *item)
{
	item->bli_lv = NULL;
	if (list_empty(&item->bli_ail))
		list_add_tail(&item->bli_ail, &xc->ail);
}

void xlog_drop(struct xlog *log)
{
	while (!list_empty(&log->vectors)) {
		struct xlog_vec *lv = list_last_entry(&log->vectors, struct xlog_vec, lv_list);

		list_del(&lv->lv_list);
		if (lv->lv_item)
			unpin(log->cache, lv->lv_item);
		log->nr_vectors++;
		xbuf_defer(log->cache, lv, lv->lv_bytes, XBUF_LOG_VECTOR);
	}
}

int xlog_push(struct xlog *log)
{
	struct wl_thread *t = log->cache->t;
	struct xlog_checkpoint *checkpoint;

	checkpoint = wl_zalloc(t, sizeof(*checkpoint), log->checkpoint_site);
	if (!checkpoint) {
		wl_fail(t, WL_OUT_OF_MEMORY);
		return -1;
	}
	log->nr_vectors = 0;
	xlog_drop(log);
	checkpoint->c_sequence = log->sequence;
	checkpoint->c_nr_vectors = log->nr_vectors;
	xbuf_defer(log->cache, checkpoint, sizeof(*checkpoint), XBUF_CHECKPOINT);
	return 0;
}
