/* SPDX-License-Identifier: MIT */
/*
 * A free block and its buddies. The buddy of a block is the other half of the block of the next
 * order; a block that is free joins it if that is free in one piece, up to the largest block.
 * zone.lock is held.
 */
#ifndef SLAB_COALESCE_H
#define SLAB_COALESCE_H

#include "types.h"

/*
 * Put a block that is on no list on the list of what it makes with its buddies; whole pageblocks
 * take the type of its own. With the option shuffle the largest ones go to a random end.
 */
void coalesce_add(struct zone *z, struct frame *f);

#endif
