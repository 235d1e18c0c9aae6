/* SPDX-License-Identifier: MIT */
/*
 * A directory entry cache as the kernel keeps it: dentries of 192 bytes that hold names of up to 39
 * characters themselves and longer ones in an object of their own, a hash table by parent and name,
 * child lists, an LRU of the unused with a second chance, negative entries, and a shrinker that
 * keeps dentries and names under a number of bytes. Rename shares long names by reference count.
 *
 * A struct dcache is one thread's; only what it frees goes to other threads (handover.h). Layout
 * and sizes are those of Linux 6.18 on 64 bits. Hashes are salted with a directory's number where
 * the kernel takes its address, so that each allocator meets the same collisions.
 */
#ifndef WORKLOADS_DCACHE_H
#define WORKLOADS_DCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "handover.h"
#include "hlist.h"
#include "workload.h"

#define DNAME_INLINE_LEN 40u  /* with the NUL */
#define DCACHE_BATCH	 128u /* dentries a pass of the shrinker looks at */

enum dentry_flags {
	DENTRY_ON_LRU = 1,
	DENTRY_REFERENCED = 2, /* used since the shrinker last came by */
};

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

/* A name of 40 characters or more. Recorded kernels ask for 25 bytes more than the name has. */
struct external_name {
	uint32_t count;
	struct rcu_head head;
	unsigned char name[]; /* len + 1 bytes */
};

static inline uint32_t external_name_bytes(uint32_t len)
{
	return (uint32_t)offsetof(struct external_name, name[1]) + len;
}

struct qstr {
	uint32_t hash;
	uint32_t len;
	const unsigned char *name;
};

/* The kernel's order of members; 192 bytes. */
struct dentry {
	uint32_t d_flags;
	uint32_t d_seq;
	struct hlist_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;	/* ->name is d_shortname or an external_name's */
	struct dinode *d_inode; /* NULL: known not to exist */
	unsigned char d_shortname[DNAME_INLINE_LEN];
	const void *d_op;
	struct dcache *d_sb;
	uint64_t d_time;
	uint64_t d_fsdata; /* number of the directory, 0 for other files */
	uint32_t d_lock;
	uint32_t d_count;
	struct list_head d_lru;
	struct hlist_node d_sib;
	struct hlist_head d_children;
	struct hlist_node d_alias; /* kernel: a union with the rcu_head */
};

/*
 * An inode of 32 bytes, the size of the security blob that comes with each inode in the recorded
 * traces. The 984 of an xfs_inode would make nine bytes in ten of this cache inodes.
 */
struct dinode {
	uint64_t i_ino;
	uint32_t i_count;
	uint32_t i_nlink;
	struct hlist_head i_dentry;
	uint64_t i_check; /* a function of i_ino */
};

/* What a deferred free is of (handover_entry.kind). */
enum dcache_kind { DCACHE_DENTRY, DCACHE_INODE, DCACHE_NAME };

enum dcache_counter {
	DCACHE_NR_HITS,
	DCACHE_NR_NEGATIVE_HITS,
	DCACHE_NR_LOADS,
	DCACHE_NR_SHRUNK,
	DCACHE_NR_NAMES_SHARED,
	DCACHE_NR_COUNTERS,
};

struct dcache {
	struct wl_thread *t;
	struct handover *handover;
	struct alloc_cache *dentry_cache;
	struct alloc_cache *inode_cache;
	const struct alloc_site *name_site;
	struct hlist_head *bucket; /* [1 << bucket_bits], all empty between rounds */
	unsigned int bucket_bits;
	struct list_head lru; /* the oldest last */
	uint64_t bytes;	      /* asked for by live dentries and names */
	uint64_t target;      /* the shrinker starts above it */
	uint64_t nr[DCACHE_NR_COUNTERS];
};

/*
 * A name to look up, padded with zeros to a multiple of 8 bytes; what the file system would find
 * there is @ino, 0 if nothing.
 */
struct dcache_name {
	struct dentry *parent;
	const unsigned char *name;
	uint32_t len;
	uint64_t ino;
};

/*
 * All of these return NULL or -1 after wl_fail(): out of memory, or an entry that does not hold
 * what was put into it. What they return is held by one reference; dcache_put() gives it back.
 */

/* A directory that is its own parent: the root. */
struct dentry *dcache_root(struct dcache *dc, uint64_t ino);
/* The entry of @name, from the hash table or read in; negative if name->ino is 0. */
struct dentry *dcache_lookup(struct dcache *dc, const struct dcache_name *name);
/* Give the negative @dentry an inode: the file was made. */
int dcache_instantiate(struct dcache *dc, struct dentry *dentry, uint64_t ino);
/* The file is gone: its inode goes, the entry stays as a negative one. */
void dcache_delete(struct dcache *dc, struct dentry *dentry);
/*
 * @dentry takes the name and place of @target, which leaves the table (and loses its inode, if it
 * had one, when the caller puts it). The digest takes in the old name, held by a snapshot.
 */
void dcache_move(struct dcache *dc, struct dentry *dentry, struct dentry *target);
void dcache_put(struct dcache *dc, struct dentry *dentry);
/* Walk the LRU until dentries and names fit the target or nothing more can go. */
void dcache_shrink(struct dcache *dc);
/* The end: drop every unused entry whatever the target. The caller then puts its directories. */
void dcache_prune_all(struct dcache *dc);

/* handover_free of a dcache's objects: adds what it reads in them to t->digest. */
void dcache_release(struct wl_thread *t, const struct handover_entry *entry);

#endif
