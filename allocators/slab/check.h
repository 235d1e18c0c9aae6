/* SPDX-License-Identifier: MIT */
/*
 * What the parts of slab_check() share. slab_mutex is held and nobody else is inside libslab, so
 * nothing here takes a lock.
 */
#ifndef SLAB_CHECK_H
#define SLAB_CHECK_H

#include "types.h"

/* What the walk of the page map finds of one zone. */
struct zone_tally {
	size_t nr_committed;
	size_t nr_used;
	size_t nr_free;
	size_t nr_dirty;
	size_t nr_stocked;
	size_t nr_retired;
};

struct checker {
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
	size_t nr; /* disagreements */
	/* What else holds of a slab or large block in use, which is in order; check.c is above. */
	void (*block)(struct checker *c, struct frame *f, uint32_t entry);
	struct zone_tally zones[SLAB_MAX_NODES];
};

/* "E4: on_list, cache kmalloc-64, at 0x7f.."; @s and @where may be NULL. */
void check_disagree(struct checker *c, const char *equation, const struct kmem_cache *s,
		    const void *where);

/* The same with " is 3, should be 4" if @is and @should differ. */
void check_equal(struct checker *c, const char *equation, const struct kmem_cache *s,
		 const void *where, size_t is, size_t should);

/* E1, E5 to E7, E13 and E14: walk the page map and the free lists of every zone. */
void check_zones(struct checker *c);

#endif
