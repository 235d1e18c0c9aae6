/* SPDX-License-Identifier: MIT */
/*
 * Freed blocks of huge.h that are kept with their memory for a while: a program that frees 8 MiB
 * and allocates them again would pay 2048 page faults each time. A block is kept only if that has
 * happened: a request came within 50 ms of giving back a block that would have served it, or a
 * quarter of it. Then blocks up to 64 MiB are kept, 128 MiB together, each for 50 ms; one that
 * nobody wanted in that time goes back at the next call that is not the shortest way, and keeping
 * ends with it. Under RLIMIT_AS none is kept unless a quarter of the limit (64 MiB at most) is free
 * beside. glibc does it by moving its mmap threshold, up to 32 MiB, for ever.
 *
 * The caller holds huge_lock. The areas are in no tree.
 */
#ifndef SLAB_DROPIN_HUGE_STASH_H
#define SLAB_DROPIN_HUGE_STASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allocators/slab/vmtree.h"

/*
 * The smallest kept block of at least @bytes at a multiple of @align, else the largest of at least
 * a quarter of them if any page will do (@align 1), for the caller to cut or to let grow; NULL:
 * none.
 */
struct vmarea *huge_stash_take(size_t bytes, size_t align, uint64_t now_ns);

/* Take out the oldest block if one of @bytes could be kept in its place; NULL if not, or no need.
 */
struct vmarea *huge_stash_make_room(size_t bytes);

/* Keep @a. False: the caller gives it back to the system. */
bool huge_stash_put(struct vmarea *a, uint64_t now_ns);

/* Take out a block that was kept too long; any block. The caller gives it back. NULL: none. */
struct vmarea *huge_stash_expire(uint64_t now_ns);
struct vmarea *huge_stash_drop(void);

/* Bytes kept; also without the lock. */
size_t huge_stash_bytes(void);

#endif
