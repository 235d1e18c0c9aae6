// SPDX-License-Identifier: MIT
/*
 * xfs-buffer: threads run metadata transactions over a cache of buffers (xbuf.h, xlog.h) that are
 * read from and written to a file past the page cache, so that the alignment of a buffer decides
 * whether the kernel takes it. Each thread has its own region of the file; log vectors, checkpoints
 * and buffers are freed by the threads in turn, as completions and RCU callbacks are.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_DIRECT, statx */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "digest.h"
#include "xbuf.h"
#include "xfs_plan.h"
#include "xlog.h"

#define CHECKPOINT_OPS 256u /* transactions in a checkpoint */
#define POLL_OPS       32u  /* transactions between two looks at the deferred frees */

/* As recorded: GFP_KERNEL, and for the vectors an attempt that may not reclaim. */
#define GFP_NOFAIL	 0x8cc0
#define GFP_NOFAIL_ZERO	 0x8dc0
#define GFP_NOFAIL_QUIET 0xacc0
#define GFP_NOWAIT	 0x128c0

/* An extent of a directory block; xfs_dabuf_map() asks for eight at once. */
struct xfs_buf_map {
	uint64_t bm_daddr;
	uint64_t bm_bytes;
};

enum { SITE_HEAP, SITE_PAGES, SITE_VECTOR, SITE_CHECKPOINT, SITE_DABUF_MAP };

/* The kernel asks for a buffer's memory by size alone: no type, so token 0. */
static struct alloc_site sites[] = {
	[SITE_HEAP] = { .type = "void", .token = 0, .gfp = GFP_NOFAIL_QUIET },
	[SITE_PAGES] = { .type = "void", .token = 0, .gfp = GFP_NOFAIL_QUIET },
	[SITE_VECTOR] = ALLOC_SITE(struct xlog_vec, true, GFP_NOWAIT),
	[SITE_CHECKPOINT] = ALLOC_SITE(struct xlog_checkpoint, false, GFP_NOFAIL_ZERO),
	[SITE_DABUF_MAP] = ALLOC_SITE(struct xfs_buf_map, false, GFP_NOFAIL_ZERO),
};

#define DABUF_MAPS 8

enum {
	CACHE_BUF,
	CACHE_ITEM,
	CACHE_TICKET,
	CACHE_TRANS,
	CACHE_DA_STATE,
	CACHE_BNOBT,
	CACHE_CNTBT,
	CACHE_INOBT,
	CACHE_BMBT,
	NR_CACHES
};

/* Names and sizes as recorded. */
static const struct {
	const char *name;
	size_t size;
	unsigned int flags;
} caches[NR_CACHES] = {
	[CACHE_BUF] = { "xfs_buf", sizeof(struct xbuf), ALLOC_CACHE_HWALIGN },
	[CACHE_ITEM] = { "xfs_buf_item", sizeof(struct xbuf_item), 0 },
	[CACHE_TICKET] = { "xfs_log_ticket", sizeof(struct xlog_ticket), 0 },
	[CACHE_TRANS] = { "xfs_trans", sizeof(struct xfs_trans), 0 },
	[CACHE_DA_STATE] = { "xfs_da_state", 480, 0 },
	[CACHE_BNOBT] = { "xfs_bnobt_cur", 232, 0 },
	[CACHE_CNTBT] = { "xfs_cntbt_cur", 232, 0 },
	[CACHE_INOBT] = { "xfs_inobt_cur", 216, 0 },
	[CACHE_BMBT] = { "xfs_bmbt_cur", 344, 0 },
};

/* Objects that live for one transaction and remember which blocks it saw: bit of xfs_op.objects. */
static const struct {
	enum xfs_object object;
	unsigned int cache;
} cursors[] = { { XFS_DA_STATE, CACHE_DA_STATE },
		{ XFS_BNOBT_CURSOR, CACHE_BNOBT },
		{ XFS_CNTBT_CURSOR, CACHE_CNTBT },
		{ XFS_INOBT_CURSOR, CACHE_INOBT },
		{ XFS_BMBT_CURSOR, CACHE_BMBT } };

#define NR_CURSORS ARRAY_SIZE(cursors)

struct xfs_cursor {
	uint64_t bc_daddr[3]; /* the rest of the object is the kernel's, and zero */
};

struct xfs_run {
	int fd;
	struct alloc_cache *cache[NR_CACHES];
	struct handover handover;
};

struct xfs_thread {
	struct xcache cache; /* first: xbuf_release() finds it as t->state */
	struct xlog log;
	struct xfs_run *xr;
	const struct xfs_shard *shard;
	const struct xfs_op *ops;
	struct xfs_cursor *cursor[NR_CURSORS]; /* of the transaction; NULL: not used in it */
	uint64_t stamp;			       /* of the next change */
};

static int open_cursors(struct xfs_thread *xt, const struct xfs_op *op)
{
	struct wl_thread *t = xt->cache.t;

	for (unsigned int i = 0; i < NR_CURSORS; i++) {
		if (!(op->objects & cursors[i].object))
			continue;
		xt->cursor[i] = t->ops.cache_zalloc(xt->xr->cache[cursors[i].cache]);
		if (!xt->cursor[i]) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			return -1;
		}
	}
	return 0;
}

static void close_cursors(struct xfs_thread *xt)
{
	struct wl_thread *t = xt->cache.t;

	for (unsigned int i = 0; i < NR_CURSORS; i++) {
		struct xfs_cursor *cur = xt->cursor[i];

		if (!cur)
			continue;
		t->digest += digest_mix(cur->bc_daddr[0] + cur->bc_daddr[1] + cur->bc_daddr[2]);
		wl_cache_free(t, xt->xr->cache[cursors[i].cache], cur);
		xt->cursor[i] = NULL;
	}
}

static void advance_cursors(struct xfs_thread *xt, const struct xbuf *bp, unsigned int level)
{
	for (unsigned int i = 0; i < NR_CURSORS; i++)
		if (xt->cursor[i])
			xt->cursor[i]->bc_daddr[level] = bp->b_daddr;
}

/* Where the blocks of the transaction lie: written, read back and freed at once. */
static int map_blocks(struct xfs_thread *xt, const struct xfs_op *op)
{
	struct wl_thread *t = xt->cache.t;
	struct xfs_buf_map *map;

	if (!(op->objects & XFS_DABUF_MAP))
		return 0;
	map = wl_zalloc(t, DABUF_MAPS * sizeof(*map), &sites[SITE_DABUF_MAP]);
	if (!map) {
		wl_fail(t, WL_OUT_OF_MEMORY);
		return -1;
	}
	for (unsigned int i = 0; i < op->nr_accesses; i++)
		map[i] = (struct xfs_buf_map){ op->access[i].daddr, op->access[i].bytes };
	for (unsigned int i = 0; i < DABUF_MAPS; i++)
		t->digest += digest_mix(map[i].bm_daddr << 32 | map[i].bm_bytes);
	wl_free(t, map, DABUF_MAPS * sizeof(*map));
	return 0;
}

static int change_buffer(struct xfs_thread *xt, const struct xfs_access *access, struct xbuf *bp)
{
	xlog_change(bp, access->log_chunk, xt->stamp++);
	return xlog_format(&xt->log, bp, access->log_chunk, access->vector_bytes);
}

static int use_buffer(struct xfs_thread *xt, struct xfs_trans *tp, const struct xfs_access *access,
		      struct xbuf *bp)
{
	const unsigned char *chunk = bp->b_addr + access->read_chunk * XBUF_CHUNK;

	xt->cache.t->digest += digest_mix(digest_sum(chunk, XBUF_CHUNK));
	if (access->flags & XFS_JOIN && xlog_join(&xt->log, tp, bp))
		return -1;
	if (access->flags & XFS_LOG)
		return change_buffer(xt, access, bp);
	return 0;
}

static int access_block(struct xfs_thread *xt, struct xfs_trans *tp, const struct xfs_op *op,
			unsigned int i)
{
	const struct xfs_access *access = &op->access[i];
	struct xcache *xc = &xt->cache;
	struct xbuf *bp;
	int err;

	if (access->flags & XFS_NEW)
		bp = xbuf_get_new(xc, access->daddr, access->bytes);
	else
		bp = xbuf_get(xc, access->daddr, access->bytes);
	if (!bp)
		return -1;
	advance_cursors(xt, bp, i);
	err = use_buffer(xt, tp, access, bp);
	if (!err && access->flags & XFS_STALE)
		xbuf_stale(xc, bp);
	else
		xbuf_put(xc, bp);
	return err;
}

static int transact(struct xfs_thread *xt, const struct xfs_op *op)
{
	struct xfs_trans *tp = xlog_begin(&xt->log);
	int err;

	if (!tp)
		return -1;
	err = map_blocks(xt, op);
	if (!err)
		err = open_cursors(xt, op);
	for (unsigned int i = 0; !err && i < op->nr_accesses; i++)
		err = access_block(xt, tp, op, i);
	close_cursors(xt);
	xlog_commit(&xt->log, tp);
	return err;
}

/* A checkpoint of the log makes buffers writable; the oldest one is written. */
static int checkpoint(struct xfs_thread *xt)
{
	if (xlog_push(&xt->log))
		return -1;
	xbuf_write_oldest(&xt->cache);
	return xt->cache.t->error ? -1 : 0;
}

static void run_ops(struct xfs_thread *xt)
{
	const struct xfs_op *op = xt->ops;

	for (uint32_t i = 1; i <= xt->shard->nr_ops; i++) {
		if (transact(xt, op))
			return;
		if (i % CHECKPOINT_OPS == 0 && checkpoint(xt))
			return;
		if (i % POLL_OPS == 0)
			handover_poll(&xt->xr->handover, xt->cache.t, xbuf_release);
		op = (const void *)&op->access[op->nr_accesses];
	}
	if (xlog_push(&xt->log))
		return;
	while (xbuf_write_oldest(&xt->cache))
		;
}

static void xfs_round(struct wl_thread *t)
{
	struct xfs_thread *xt = t->state;

	handover_begin(&xt->xr->handover, t->index);
	xt->log.sequence = 0;
	xt->stamp = 1;
	run_ops(xt);
	xlog_drop(&xt->log);
	xbuf_drop_all(&xt->cache);
	handover_end(&xt->xr->handover, t, xbuf_release);
}

static void setup_log(struct xfs_thread *xt)
{
	xt->log = (struct xlog){
		.cache = &xt->cache,
		.ticket_cache = xt->xr->cache[CACHE_TICKET],
		.trans_cache = xt->xr->cache[CACHE_TRANS],
		.vector_site = &sites[SITE_VECTOR],
		.checkpoint_site = &sites[SITE_CHECKPOINT],
	};
	list_init(&xt->log.vectors);
}

static void setup_thread(struct wl_thread *t, struct xfs_run *xr)
{
	struct wl_run *run = t->run;
	const struct xfs_shard *shard = &((const struct xfs_image *)run->image)->shard[t->index];
	struct xfs_thread *xt = run->map(run, sizeof(*xt));

	t->state = xt;
	xt->xr = xr;
	xt->shard = shard;
	xt->ops = (const void *)((const char *)run->image + shard->ops_at);
	xt->cache = (struct xcache){
		.t = t,
		.handover = &xr->handover,
		.buf_cache = xr->cache[CACHE_BUF],
		.item_cache = xr->cache[CACHE_ITEM],
		.heap_site = &sites[SITE_HEAP],
		.page_site = &sites[SITE_PAGES],
		.fd = xr->fd,
		.bounce = run->map(run, XBUF_BYTES_MAX),
		.bucket = run->map(run, sizeof(struct hlist_head) << shard->bucket_bits),
		.bucket_bits = shard->bucket_bits,
		.target = shard->target,
	};
	list_init(&xt->cache.lru);
	list_init(&xt->cache.ail);
	setup_log(xt);
}

/* What the file system wants of direct I/O; 0 where it or the kernel does not say. */
static void ask_alignment(int fd, unsigned int *memory, unsigned int *offset)
{
	*memory = *offset = 0;
#ifdef STATX_DIOALIGN
	struct statx st;

	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) && st.stx_mask & STATX_DIOALIGN) {
		*memory = st.stx_dio_mem_align;
		*offset = st.stx_dio_offset_align;
	}
#else
	(void)fd;
#endif
}

static void note_alignment(struct wl_run *run, unsigned int memory)
{
	char text[80] = "direct I/O; the file system does not say what alignment it wants";

	if (memory)
		snprintf(text, sizeof(text), "direct I/O; the file system wants %u-byte alignment",
			 memory);
	run->note(run, text);
}

/* The file opened past the page cache, or through it with the reason in the notes. */
static int open_file(struct wl_run *run, const char *path)
{
	unsigned int memory, offset;
	int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0 && errno != EINVAL)
		return -1;
	ask_alignment(fd, &memory, &offset);
	if (fd >= 0 && offset <= XBUF_SECTOR) {
		note_alignment(run, memory);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	run->note(run,
		  "the file system refuses direct I/O of 512 bytes: buffers go through the page "
		  "cache and no misaligned one is refused");
	return open(path, O_RDWR | O_CLOEXEC);
}

static void xfs_teardown(struct wl_run *run)
{
	struct xfs_run *xr = run->state;

	for (unsigned int i = NR_CACHES; i-- > 0;)
		if (xr->cache[i])
			run->cache_destroy(xr->cache[i]);
	if (xr->fd >= 0)
		close(xr->fd);
}

static int setup_resources(struct wl_run *run, struct xfs_run *xr)
{
	const struct xfs_image *image = run->image;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", run->dir, image->file);
	xr->fd = open_file(run, path);
	if (xr->fd < 0) {
		wl_fail(&run->thread[0],
			"the workload's file cannot be opened for reading and writing");
		return -1;
	}
	for (unsigned int i = 0; i < NR_CACHES; i++) {
		xr->cache[i] =
			run->cache_create(caches[i].name, caches[i].size, 0, caches[i].flags);
		if (!xr->cache[i]) {
			wl_fail(&run->thread[0], "the allocator could not make the buffer caches");
			return -1;
		}
	}
	return 0;
}

static int xfs_setup(struct wl_run *run)
{
	const struct xfs_image *image = run->image;
	struct xfs_run *xr = run->map(run, sizeof(*xr));
	uint32_t *capacity = run->map(run, run->threads * sizeof(*capacity));

	run->state = xr;
	if (setup_resources(run, xr)) {
		xfs_teardown(run);
		return -1;
	}
	for (unsigned int i = 0; i < run->threads; i++)
		capacity[i] = image->shard[i].nr_objects;
	handover_setup(&xr->handover, run, capacity);
	for (unsigned int i = 0; i < run->threads; i++)
		setup_thread(&run->thread[i], xr);
	return 0;
}

WORKLOAD(xfs_buffer) = {
	.name = "xfs-buffer",
	.summary = "metadata buffers read and written past the page cache, with log vectors",
	.op = "a metadata transaction",
	.sites = sites,
	.nr_sites = ARRAY_SIZE(sites),
	.counters = {
		[XBUF_NR_EINVAL] = { "dio_einval_count", "count",
				     "transfers the kernel refused for the buffer's alignment" },
		[XBUF_NR_SECTOR_MISALIGNED] = { "sector_misaligned_count", "count",
						"buffers not aligned to 512 bytes" },
		[XBUF_NR_PAGE_STRADDLE] = { "page_straddle_count", "count",
					    "buffers of a page or less that lie in two" },
		[XBUF_NR_PAGE_MISALIGNED] = { "page_misaligned_count", "count",
					      "buffers of a page or more that begin within one" },
		[XBUF_NR_READS] = { "read_count", "count", "buffers read from the file" },
		[XBUF_NR_WRITES] = { "write_count", "count", "buffers written to the file" },
		[XBUF_NR_HITS] = { "hit_count", "count", "lookups of a cached buffer" },
		[XBUF_NR_BUFFERS] = { "buffer_count", "count", "buffers allocated" },
	},
	.prepare = xfs_plan,
	.setup = xfs_setup,
	.round = xfs_round,
	.teardown = xfs_teardown,
};
