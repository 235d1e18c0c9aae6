/* SPDX-License-Identifier: MIT */
/*
 * The image of the dentry-name workload: for each thread the calls to make on a tree of its own.
 * The plan plays the part of the file system: each call says which inode is found under its name,
 * so that a round can check what its cache tells.
 *
 * Image: struct dentry_image, then each shard's calls, one behind the other, names included, as
 * system calls bring theirs.
 */
#ifndef WORKLOADS_DENTRY_PLAN_H
#define WORKLOADS_DENTRY_PLAN_H

#include <stdint.h>

#include "workload.h"

enum dentry_op_kind {
	DENTRY_MKDIR,  /* name[0] becomes directory @made, held open from here on */
	DENTRY_STAT,   /* look name[0] up; ino 0: it is not on the disk either */
	DENTRY_CREATE, /* name[0] does not exist, the new file gets @ino */
	DENTRY_RENAME, /* name[0] to name[1], whose file is overwritten if its ino is not 0 */
	DENTRY_UNLINK,
};

/* A name in a directory, as a system call gets it. */
struct dentry_path {
	uint32_t ino; /* what the file system finds there, 0 if nothing */
	uint16_t dir; /* 0 is the root */
	uint16_t len;
};

/* One call. Its one or two names follow, each with zeros up to a multiple of 8 bytes. */
struct dentry_op {
	uint16_t kind;
	uint16_t bytes; /* from this call to the next */
	uint32_t made;	/* directory number (MKDIR) or inode number (CREATE) */
	struct dentry_path path[2];
	unsigned char names[];
};

struct dentry_shard {
	uint64_t ops_at;
	uint64_t target;      /* bytes of dentries and names above which the shrinker runs */
	uint32_t nr_ops;      /* with the MKDIRs */
	uint32_t nr_dirs;     /* with the root */
	uint32_t nr_files;    /* names that a file can have */
	uint32_t bucket_bits; /* of the hash table */
	uint32_t nr_objects;  /* upper bound of what a round allocates */
	uint32_t pad;
};

struct dentry_image {
	uint32_t threads;
	uint32_t pad;
	struct dentry_shard shard[];
};

/* The workload's prepare(). Takes "", "tree" or "long" as plan->arg. */
int dentry_plan(struct wl_plan *plan);

#endif
