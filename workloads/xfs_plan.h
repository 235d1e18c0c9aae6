/* SPDX-License-Identifier: MIT */
/*
 * The image of the xfs-buffer workload, and the file it works on. Each thread has transactions of
 * its own on a region of its own, in which lie: hot blocks, used all the time; cold blocks, read
 * now and then; and room for blocks that are made and freed again.
 *
 * Image: struct xfs_image, then each shard's transactions, one behind the other.
 */
#ifndef WORKLOADS_XFS_PLAN_H
#define WORKLOADS_XFS_PLAN_H

#include <stdint.h>

#include "workload.h"

/* Short-lived objects of a transaction, bits of xfs_op.objects. */
enum xfs_object {
	XFS_DABUF_MAP = 1,
	XFS_DA_STATE = 2,
	XFS_BNOBT_CURSOR = 4,
	XFS_CNTBT_CURSOR = 8,
	XFS_INOBT_CURSOR = 16,
	XFS_BMBT_CURSOR = 32,
};

enum xfs_access_flags {
	XFS_NEW = 1,   /* the block was just allocated: nothing to read */
	XFS_JOIN = 2,  /* part of the transaction */
	XFS_LOG = 4,   /* chunk @log_chunk is changed and logged */
	XFS_STALE = 8, /* the block is freed */
};

/* A buffer a transaction looks at. */
struct xfs_access {
	uint32_t daddr; /* in sectors of the file */
	uint32_t bytes;
	uint16_t flags;
	uint16_t read_chunk; /* its content is known: it never changes, or was logged this round */
	uint16_t log_chunk;
	uint16_t vector_bytes; /* of the log vector */
};

struct xfs_op {
	uint16_t objects;
	uint16_t nr_accesses;
	struct xfs_access access[];
};

struct xfs_shard {
	uint64_t ops_at;
	uint64_t target; /* bytes of cached buffers */
	uint32_t nr_ops;
	uint32_t bucket_bits; /* of the hash table */
	uint32_t nr_objects;  /* upper bound of the deferred frees of a round */
	uint32_t pad;
};

struct xfs_image {
	char file[64]; /* name in the run's directory */
	uint32_t threads;
	uint32_t pad;
	struct xfs_shard shard[];
};

/* The workload's prepare(): draws the plan and writes the file. Takes no argument. */
int xfs_plan(struct wl_plan *plan);

#endif
