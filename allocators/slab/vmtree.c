// SPDX-License-Identifier: MIT
/* The treap behind vmtree.h: every change is a split at an address and a merge of two trees. */
#include "vmtree.h"

#include "lib/bits.h"

/* Another bit pattern for each address, the same in each run: equal runs build equal trees. */
static uint64_t priority_of(uintptr_t start)
{
	uint64_t x = start * 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u; /* after Degski, 2018 */
	return x ^ x >> 32;
}

static size_t largest(const struct vmarea *a)
{
	return a ? a->largest : 0;
}

static void update(struct vmarea *a)
{
	a->largest = max_size(a->bytes, max_size(largest(a->left), largest(a->right)));
}

/* Areas that start below @start to @below, the others to @above. */
static void split(struct vmarea *root, uintptr_t start, struct vmarea **below,
		  struct vmarea **above)
{
	if (!root) {
		*below = *above = NULL;
		return;
	}
	if (root->start < start) {
		split(root->right, start, &root->right, above);
		*below = root;
	} else {
		split(root->left, start, below, &root->left);
		*above = root;
	}
	update(root);
}

/* All of @below lies before all of @above. */
static struct vmarea *merge(struct vmarea *below, struct vmarea *above)
{
	if (!below || !above)
		return below ? below : above;
	if (below->priority > above->priority) {
		below->right = merge(below->right, above);
		update(below);
		return below;
	}
	above->left = merge(below, above->left);
	update(above);
	return above;
}

void vmtree_insert(struct vmarea **root, struct vmarea *a)
{
	struct vmarea *below, *above;

	a->left = a->right = NULL;
	a->priority = priority_of(a->start);
	update(a);
	split(*root, a->start, &below, &above);
	*root = merge(merge(below, a), above);
}

struct vmarea *vmtree_remove(struct vmarea **root, uintptr_t start)
{
	struct vmarea *below, *one, *above;

	split(*root, start, &below, &above);
	split(above, start + 1, &one, &above);
	*root = merge(below, above);
	return one;
}

struct vmarea *vmtree_find(struct vmarea *root, uintptr_t start)
{
	while (root && root->start != start)
		root = start < root->start ? root->left : root->right;
	return root;
}

struct vmarea *vmtree_before(struct vmarea *root, uintptr_t start)
{
	struct vmarea *best = NULL;

	while (root) {
		if (root->start < start) {
			best = root;
			root = root->right;
		} else {
			root = root->left;
		}
	}
	return best;
}

static bool fits(const struct vmarea *a, size_t bytes, size_t align)
{
	size_t skip = align_up(a->start, align) - a->start;

	return a->bytes >= skip && a->bytes - skip >= bytes;
}

struct vmarea *vmtree_first_fit(struct vmarea *root, size_t bytes, size_t align)
{
	struct vmarea *found;

	if (largest(root) < bytes)
		return NULL;
	found = vmtree_first_fit(root->left, bytes, align);
	if (found)
		return found;
	return fits(root, bytes, align) ? root : vmtree_first_fit(root->right, bytes, align);
}

static bool is_child(const struct vmarea *parent, const struct vmarea *child)
{
	if (!child)
		return true;
	return child->priority <= parent->priority &&
	       (child == parent->left ? vmarea_end(child) <= parent->start
				      : child->start >= vmarea_end(parent));
}

bool vmtree_is_sound(const struct vmarea *root)
{
	if (!root)
		return true;
	if (!is_child(root, root->left) || !is_child(root, root->right))
		return false;
	if (root->largest !=
	    max_size(root->bytes, max_size(largest(root->left), largest(root->right))))
		return false;
	return vmtree_is_sound(root->left) && vmtree_is_sound(root->right);
}
