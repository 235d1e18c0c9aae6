/* SPDX-License-Identifier: MIT */
/*
 * The sheaves of one cache and node that no CPU has at hand: full ones to hand out, empty ones to
 * fill. Both lists are LIFO. Every function takes barn.lock once. Any thread.
 */
#ifndef SLAB_BARN_H
#define SLAB_BARN_H

#include "nodes.h"
#include "types.h"

void barn_init(struct barn *b);

/* That of the node that this thread is on. */
static inline struct barn *barn_here(struct kmem_cache *s)
{
	return &s->node[nodes_here()].barn;
}

/* A full sheaf for @empty (which may be NULL), or NULL and @empty stays the caller's. */
struct slab_sheaf *barn_replace_empty(struct barn *b, struct slab_sheaf *empty);

/*
 * An empty sheaf for @full. -E2BIG: there are MAX_FULL_SHEAVES already; -ENOMEM: no empty one; then
 * @full stays the caller's.
 */
int barn_replace_full(struct barn *b, struct slab_sheaf *full, struct slab_sheaf **empty);

struct slab_sheaf *barn_get_full(struct barn *b);
struct slab_sheaf *barn_get_empty(struct barn *b);

/* False if the limit is reached: the sheaf stays the caller's. */
bool barn_put_full(struct barn *b, struct slab_sheaf *sheaf);
bool barn_put_empty(struct barn *b, struct slab_sheaf *sheaf);

/* Take all sheaves; each is on the list @sheaves by its link. */
void barn_empty(struct barn *b, struct list_head *sheaves);

#endif
