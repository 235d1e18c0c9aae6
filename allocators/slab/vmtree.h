/* SPDX-License-Identifier: MIT */
/*
 * Areas of address space in order of address: a treap (Seidel and Aragon, 1996), so that finding,
 * inserting and removing cost the logarithm of the number of areas whatever the order of the calls,
 * with the largest area below each node kept for the search of a fit. Nothing is allocated and
 * nothing locked: the caller owns the areas and the tree.
 */
#ifndef SLAB_VMTREE_H
#define SLAB_VMTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmarea {
	uintptr_t start;
	size_t bytes;	  /* of address space; a used one's with its guard page */
	size_t requested; /* of a used one: what the user asked for */
	size_t largest;	  /* the most bytes of any area of the subtree */
	struct vmarea *left, *right;
	uint64_t priority; /* no area's is above its parent's */
};

static inline uintptr_t vmarea_end(const struct vmarea *a)
{
	return a->start + a->bytes;
}

/* Put @a, in no tree and overlapping no area, into the tree. */
void vmtree_insert(struct vmarea **root, struct vmarea *a);

/* Take the area that starts at @start out of the tree; NULL if there is none. */
struct vmarea *vmtree_remove(struct vmarea **root, uintptr_t start);

/* The area that starts at @start; the last one that starts below it. NULL if there is none. */
struct vmarea *vmtree_find(struct vmarea *root, uintptr_t start);
struct vmarea *vmtree_before(struct vmarea *root, uintptr_t start);

/* The area of lowest address in which @bytes fit at a multiple of @align, or NULL. */
struct vmarea *vmtree_first_fit(struct vmarea *root, size_t bytes, size_t align);

/* Is the subtree in order, with every priority and every largest right? */
bool vmtree_is_sound(const struct vmarea *root);

#endif
