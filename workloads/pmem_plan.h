/* SPDX-License-Identifier: MIT */
/*
 * The image of the pmem workload, and the file it maps. Each thread appends, updates and deletes
 * records in a region of its own, through the phases W0 to W9 of PMDK's obj_fragmentation2, which
 * follow Rumble et al., "Log-structured memory for DRAM-based storage" (FAST '14), table 2. A phase
 * starts its log at the region's beginning, when nothing is live.
 *
 * Image: struct pmem_image, then each shard's calls.
 */
#ifndef WORKLOADS_PMEM_PLAN_H
#define WORKLOADS_PMEM_PLAN_H

#include <stdint.h>

#include "workload.h"

enum pmem_op_kind {
	PMEM_APPEND, /* @bytes at line @at of the region */
	PMEM_UPDATE, /* @bytes of the record, from its byte @at on */
	PMEM_DELETE,
};

struct pmem_op {
	uint32_t kind : 2;
	uint32_t key : 30;
	uint32_t bytes;
	uint32_t at;
};

struct pmem_shard {
	uint64_t ops_at;
	uint64_t region; /* first byte in the file, a multiple of a page */
	uint32_t nr_ops;
	uint32_t bucket_bits; /* of the index */
};

struct pmem_image {
	char file[64]; /* name in the run's directory */
	uint64_t file_bytes;
	uint32_t threads;
	uint32_t pad;
	struct pmem_shard shard[];
};

#define PMEM_ENTRY_BYTES 64u /* struct pmem_entry of pmem.c, for the plan's bound */

/* The workload's prepare(): draws the plan and makes the file. Takes "" or one of w0 to w9. */
int pmem_plan(struct wl_plan *plan);

#endif
