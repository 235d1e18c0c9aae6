// SPDX-License-Identifier: MIT
/*
 * Draws the transactions of xfs-buffer and lays its file out. Shares and sizes are those of the
 * recorded xfs-buffer trace: per transaction 1.0 cursors of the free space trees, 0.45 of the inode
 * trees, 0.2 of the extent tree, 0.7 directory maps, 0.46 buffer items, 1.3 log vectors.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "digest.h"
#include "plan.h"
#include "xbuf.h"
#include "xfs_plan.h"
#include "xlog.h"

#define NR_OPS	     60000
#define NR_HOT	     160 /* blocks: each is read once a round */
#define NR_COLD	     900
#define NR_COLD_READ 100 /* visits to cold blocks: at most as many reads */
#define NR_FRESH     160 /* places for blocks that come and go */
#define TARGET_BYTES (3 << 19)
#define ACCESSES_MAX 3

/* Sizes of the recorded xfs_buf_alloc() calls; the pages above 4 KiB in shares of our own. */
static const struct {
	unsigned int permille;
	uint32_t bytes;
} buffer_sizes[] = { { 40, 512 },  { 340, 1024 }, { 110, 2048 }, { 410, 4096 },
		     { 50, 8192 }, { 30, 16384 }, { 15, 32768 }, { 5, 65536 } };

/* Sizes of the recorded xlog_cil_commit() calls: count, smallest, median, largest. */
static const struct {
	unsigned int count;
	uint16_t low, median, high;
} vector_sizes[] = { { 288, 64, 64, 64 },	 { 955, 120, 120, 128 },
		     { 8316, 136, 152, 184 },	 { 19256, 368, 368, 512 },
		     { 33317, 520, 648, 936 },	 { 8359, 1064, 1200, 2032 },
		     { 3012, 2088, 2696, 3976 }, { 3103, 4272, 4744, 7344 } };

struct block {
	uint32_t daddr;
	uint32_t bytes;
	uint16_t logged; /* chunk last logged in this round, 0 if none */
	bool live;	 /* fresh blocks: made and not yet freed */
};

struct draw {
	struct random random;
	struct wl_plan *plan;
	struct xfs_shard *shard;
	struct block *hot, *cold, *fresh;
	uint32_t nr_hot, nr_cold, nr_fresh, nr_live;
	uint32_t cold_left; /* visits to cold blocks not made yet */
	uint32_t ops_left;
	struct plan_list ops;
	struct plan_list *file; /* what the file will hold */
};

static uint32_t draw_buffer_bytes(struct draw *d)
{
	uint64_t k = random_below(&d->random, 1000);
	unsigned int i = 0;

	while (k >= buffer_sizes[i].permille)
		k -= buffer_sizes[i++].permille;
	return buffer_sizes[i].bytes;
}

/* Half of a class lies below its median, half above; log vectors come in multiples of 8. */
static uint16_t draw_vector_bytes(struct draw *d)
{
	uint64_t total = 0, k, bytes;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vector_sizes); i++)
		total += vector_sizes[i].count;
	k = random_below(&d->random, total);
	for (i = 0; k >= vector_sizes[i].count; i++)
		k -= vector_sizes[i].count;
	if (plan_chance(&d->random, 50))
		bytes = random_range(&d->random, vector_sizes[i].low, vector_sizes[i].median);
	else
		bytes = random_range(&d->random, vector_sizes[i].median, vector_sizes[i].high);
	return (uint16_t)(bytes & ~7u);
}

/* The block in the file as if nothing was ever logged. */
static void add_block(struct draw *d, struct block *block, uint32_t bytes)
{
	uint64_t daddr = d->file->bytes / XBUF_SECTOR;
	unsigned char *p = plan_append(d->file, bytes);

	for (uint32_t i = 0; i < bytes / 8; i++)
		digest_store(p + 8 * i, xbuf_word(daddr, i));
	*block = (struct block){ .daddr = (uint32_t)daddr, .bytes = bytes };
}

static struct block *draw_blocks(struct draw *d, uint32_t nr, uint32_t bytes_max)
{
	struct block *block = plan_alloc(nr, sizeof(*block));

	for (uint32_t i = 0; i < nr; i++)
		add_block(d, &block[i], (uint32_t)min_size(draw_buffer_bytes(d), bytes_max));
	return block;
}

/* A chunk of the half that never changes, or the one that was last logged. */
static uint16_t draw_read_chunk(struct draw *d, const struct block *block)
{
	if (block->logged && plan_chance(&d->random, 50))
		return block->logged;
	return (uint16_t)random_below(&d->random, block->bytes / XBUF_CHUNK / 2);
}

static struct xfs_access access_to(struct draw *d, struct block *block, unsigned int flags)
{
	struct xfs_access access = { .daddr = block->daddr,
				     .bytes = block->bytes,
				     .flags = (uint16_t)flags,
				     .read_chunk = draw_read_chunk(d, block) };
	uint32_t chunks = block->bytes / XBUF_CHUNK;

	if (flags & XFS_LOG) {
		access.log_chunk = (uint16_t)random_range(&d->random, chunks / 2, chunks - 1);
		access.vector_bytes = draw_vector_bytes(d);
		block->logged = access.log_chunk;
	}
	return access;
}

/* A block no transaction knows: a new one is made where the drawn place is free. */
static struct xfs_access draw_fresh(struct draw *d)
{
	struct block *block = &d->fresh[random_below(&d->random, d->nr_fresh)];
	unsigned int flags = XFS_JOIN | XFS_LOG;

	if (!block->live) {
		block->live = true;
		block->logged = 0;
		flags |= XFS_NEW;
	} else if (plan_chance(&d->random, 55)) {
		block->live = false;
		flags = XFS_JOIN | XFS_STALE;
	}
	return access_to(d, block, flags);
}

/* The first quarter of the hot blocks, heads and roots, are those that are logged. */
static struct xfs_access draw_hot(struct draw *d)
{
	uint32_t roots = d->nr_hot / 4 + 1;

	if (plan_chance(&d->random, 70))
		return access_to(d, &d->hot[random_below(&d->random, roots)], XFS_JOIN | XFS_LOG);
	return access_to(d, &d->hot[random_below(&d->random, d->nr_hot)], 0);
}

static struct xfs_access draw_cold(struct draw *d)
{
	d->cold_left--;
	return access_to(d, &d->cold[random_below(&d->random, d->nr_cold)],
			 plan_chance(&d->random, 30) ? XFS_JOIN : 0);
}

static struct xfs_access draw_access(struct draw *d)
{
	if (random_below(&d->random, d->ops_left) < d->cold_left)
		return draw_cold(d);
	return plan_chance(&d->random, 15) ? draw_fresh(d) : draw_hot(d);
}

/* Shares in per cent of the transactions, as recorded. */
static uint16_t draw_objects(struct draw *d)
{
	static const struct {
		enum xfs_object object;
		unsigned int percent;
		unsigned int bytes;
	} share[] = { { XFS_DABUF_MAP, 72, 128 },    { XFS_DA_STATE, 6, 480 },
		      { XFS_BNOBT_CURSOR, 63, 232 }, { XFS_CNTBT_CURSOR, 37, 232 },
		      { XFS_INOBT_CURSOR, 45, 216 }, { XFS_BMBT_CURSOR, 21, 344 } };
	unsigned int objects = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(share); i++) {
		if (!plan_chance(&d->random, share[i].percent))
			continue;
		objects |= share[i].object;
		d->plan->alloc_bytes += plan_rounded(share[i].bytes);
	}
	return (uint16_t)objects;
}

/* The bound counts each access as a miss. */
static void bound_access(struct draw *d, const struct xfs_access *access)
{
	d->plan->alloc_bytes += plan_rounded(sizeof(struct xbuf)) + plan_rounded(access->bytes) +
				plan_rounded(sizeof(struct xbuf_item)) +
				plan_rounded(access->vector_bytes);
	d->shard->nr_objects += 3;
}

/* What each transaction has, and a checkpoint although only every 256th closes one. */
#define OP_BYTES                                                                                   \
	(plan_rounded(sizeof(struct xlog_ticket)) + plan_rounded(sizeof(struct xfs_trans)) +       \
	 plan_rounded(sizeof(struct xlog_checkpoint)))

static void draw_op(struct draw *d)
{
	uint32_t nr = 1 + (uint32_t)random_below(&d->random, ACCESSES_MAX);
	struct xfs_op *op = plan_append(&d->ops, sizeof(*op) + nr * sizeof(op->access[0]));

	op->objects = draw_objects(d);
	op->nr_accesses = (uint16_t)nr;
	for (uint32_t i = 0; i < nr; i++) {
		op->access[i] = draw_access(d);
		bound_access(d, &op->access[i]);
	}
	d->plan->alloc_bytes += OP_BYTES;
	d->shard->nr_objects++;
	d->ops_left--;
}

static void draw_shard(struct draw *d, unsigned int index)
{
	double size = d->plan->scale < 1 ? d->plan->scale : 1;
	unsigned int threads = d->plan->threads;

	plan_random(&d->random, d->plan, index);
	d->nr_hot = plan_share(NR_HOT * size, threads, index, 8);
	d->nr_cold = plan_share(NR_COLD * size, threads, index, 16);
	d->nr_fresh = plan_share(NR_FRESH * size, threads, index, 8);
	d->cold_left = plan_share(NR_COLD_READ * d->plan->scale, threads, index, 4);
	d->ops_left = plan_share(NR_OPS * d->plan->scale, threads, index, 64);
	d->hot = draw_blocks(d, d->nr_hot, XBUF_PAGE); /* headers and tree nodes */
	d->cold = draw_blocks(d, d->nr_cold, XBUF_BYTES_MAX);
	d->fresh = draw_blocks(d, d->nr_fresh, XBUF_BYTES_MAX);
	d->shard->nr_ops = d->ops_left;
	d->shard->target = plan_share(TARGET_BYTES * size, threads, index, 65536);
	d->shard->bucket_bits = bits_fls(d->nr_hot + d->nr_cold + d->nr_fresh);
	d->shard->nr_objects = 2;
	while (d->ops_left)
		draw_op(d);
	d->shard->ops_at = plan_store(d->plan, &d->ops);
	d->plan->ops += d->shard->nr_ops;
	free(d->hot);
	free(d->cold);
	free(d->fresh);
}

/* To the disk and out of the page cache, so that direct reads find nothing to flush. */
static bool write_out(int fd, const struct plan_list *file)
{
	for (size_t at = 0; at < file->bytes;) {
		ssize_t done = write(fd, file->p + at, file->bytes - at);

		if (done < 0)
			return false;
		at += (size_t)done;
	}
	return !fsync(fd) && !posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int write_file(struct wl_plan *plan, const char *name, struct plan_list *file)
{
	int fd = plan_make_file(plan, name);
	bool good;

	if (fd < 0)
		return -1;
	good = write_out(fd, file);
	free(file->p);
	return close(fd) || !good ? plan_refuse_file(plan, name) : 0;
}

int xfs_plan(struct wl_plan *plan)
{
	struct xfs_image *image;
	struct plan_list file = { 0 };
	size_t bytes;

	if (plan->arg[0]) {
		snprintf(plan->why, sizeof(plan->why),
			 "xfs-buffer takes nothing behind a colon, not '%s'", plan->arg);
		return -1;
	}
	image = plan->piece(plan, sizeof(*image) + plan->threads * sizeof(image->shard[0]));
	image->threads = plan->threads;
	snprintf(image->file, sizeof(image->file), "xfs-buffer-%u-%016llx.data", plan->threads,
		 (unsigned long long)plan->seed);
	for (unsigned int i = 0; i < plan->threads; i++) {
		struct draw d = { .plan = plan, .shard = &image->shard[i], .file = &file };

		draw_shard(&d, i);
	}
	bytes = file.bytes;
	snprintf(plan->params, sizeof(plan->params), "file=%zuK cache=%lluK", bytes / 1024,
		 (unsigned long long)image->shard[0].target * plan->threads / 1024);
	return write_file(plan, image->file, &file);
}
