/* SPDX-License-Identifier: MIT */
/*
 * The frontier of the range: below it memory is committed (readable and writable), above it is
 * address space. It moves up in pieces of the largest block, each for the zone that asks.
 *
 * The first largest block comes in pieces of its own, of 256 KiB and then of as much as there is
 * already: to split a largest block touches a frame in each of five pages, which is a lot for a
 * small program. Not with several nodes, where each largest block is of one, and not with shuffle.
 *
 * When largest blocks are to be shuffled (option shuffle), a zone asks for 16 pieces at once and
 * lists them in random order (Fisher and Yates): the kernel shuffles all memory at boot, but here
 * memory that nobody asked for has no block to list. 16 pieces have 16! orders, 44 bits: more than
 * the 28 by which Linux places a mapping on x86-64. To list a piece costs one page of frames, so
 * that 16 cost no more than 64 KiB. Not more than a fair share of what is left goes to one node, so
 * that a small range still serves all.
 */
#ifndef SLAB_FRONTIER_H
#define SLAB_FRONTIER_H

#include "types.h"

#define FRONTIER_SHUFFLED    16u
#define FRONTIER_FIRST_ORDER 6u /* units whose frames fill a page */

/*
 * Add one piece or more to @z, with pageblocks of @type: the kernel has all its memory listed as
 * MOVABLE from the start, and the first request converts it whole. False without memory or when the
 * range ends. zone.lock is held.
 */
bool frontier_grow(struct zone *z, enum migrate_type type);

/* The same without waiting: false too if another node's zone is growing. Async-signal-safe. */
bool frontier_try_grow(struct zone *z, enum migrate_type type);

#endif
