/* SPDX-License-Identifier: MIT */
/*
 * Transactions over the buffer cache, as XFS logs metadata: a transaction joins buffers, changes
 * some, and at commit copies the changed parts into log vectors, which wait for the checkpoint they
 * belong to. When a checkpoint is pushed its vectors go to whichever thread completes log writes,
 * and the buffers they came from are dirty until written in place.
 *
 * One thread's, like the cache below it. The log itself is not written to the file.
 */
#ifndef WORKLOADS_XLOG_H
#define WORKLOADS_XLOG_H

#include <stdint.h>

#include "lib/list.h"
#include "xbuf.h"

/* 48 bytes. */
struct xlog_ticket {
	uint64_t t_fields[6];
};

/* 232 bytes. */
struct xfs_trans {
	struct xlog_ticket *t_ticket;
	struct list_head t_items;
	uint64_t t_sequence;
	uint64_t t_fields[25];
};

/* One allocation: this and the copied regions behind it, together xlog_vec.lv_bytes. */
struct xlog_vec {
	struct list_head lv_list;  /* in the checkpoint */
	struct xbuf_item *lv_item; /* NULL when the buffer was invalidated since */
	uint32_t lv_bytes;
	uint32_t lv_used; /* of lv_data */
	unsigned char lv_data[];
};

/* A checkpoint's context, 248 bytes. */
struct xlog_checkpoint {
	uint64_t c_sequence;
	uint64_t c_nr_vectors;
	uint64_t c_fields[29];
};

struct xlog {
	struct xcache *cache;
	struct alloc_cache *ticket_cache;
	struct alloc_cache *trans_cache;
	const struct alloc_site *vector_site;
	const struct alloc_site *checkpoint_site;
	struct list_head vectors; /* of the current checkpoint */
	uint64_t sequence;
	uint64_t nr_vectors;
};

/* All return NULL or -1 after wl_fail(). */
struct xfs_trans *xlog_begin(struct xlog *log);
/* Make @bp part of @tp: its item is made if it has none. */
int xlog_join(struct xlog *log, struct xfs_trans *tp, struct xbuf *bp);
/* Change chunk @chunk of a joined buffer; what is written is a function of @stamp. */
void xlog_change(struct xbuf *bp, uint32_t chunk, uint64_t stamp);
/* Copy what changed in joined @bp to a vector of @bytes, at least sizeof(struct xlog_vec) + 8. */
int xlog_format(struct xlog *log, struct xbuf *bp, uint32_t chunk, uint32_t bytes);
/* End of the transaction: items of unchanged buffers go. */
void xlog_commit(struct xlog *log, struct xfs_trans *tp);
/* Close the checkpoint: its vectors and context are handed over. */
int xlog_push(struct xlog *log);
/* The same without a context, when memory is out or the round ends. */
void xlog_drop(struct xlog *log);

#endif
