/* SPDX-License-Identifier: MIT */
/*
 * The option debug=, the kernel's slab_debug=, and what it makes of a cache's flags.
 *
 *   <letters>[+<name>...][;<letters>[+<name>...]]...
 *
 * The kernel has ',' where '+' or ':' stands here, because ',' separates the options of
 * slab_boot(). Letters, in either case: F consistency checks, Z red zones, P poison, U user
 * tracking, T trace, A failslab, O (leave F, T and A, but drop Z, P and U from caches whose order
 * they would raise), - (nothing). No letters mean FZPU. A name may end in '*'. A block with names
 * is for these caches alone, and the first block that names a cache decides; a block without names
 * is for all others, and the last such block decides.
 *
 * SLAB_NO_USER_FLAGS caches ignore the option. SLAB_NOLEAKTRACE caches do not get U unless they are
 * named.
 */
#ifndef SLAB_DEBUG_FLAGS_H
#define SLAB_DEBUG_FLAGS_H

#include "types.h"

/* The longest value of the option. */
#define DEBUG_TEXT_LEN 512

struct debug_policy {
	slab_flags_t flags; /* for caches that no block names */
	bool keeps_orders;  /* O was given: for who computes the order */
	char text[DEBUG_TEXT_LEN];
};

/* Read the @len bytes at @value. 0, or -EINVAL for an unknown letter or too long a value. */
int debug_policy_parse(struct debug_policy *p, const char *value, size_t len);

/* Put @p in effect: at boot, before the first cache is made. */
void debug_policy_set(const struct debug_policy *p);

/* The flags of a cache @name that asks for @flags (the kernel's kmem_cache_flags()). Any thread. */
slab_flags_t debug_flags_for(const char *name, slab_flags_t flags);

#endif
