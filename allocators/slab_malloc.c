// SPDX-License-Identifier: MIT
/*
 * libslab as the malloc of a program that knows nothing of it: measured by the default hooks and
 * through the same preload as the peers. Its options go into the child's environment, because it
 * starts before main().
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "allocator.h"
#include "allocators/slab/slab.h"
#include "slab_state.h"

/* It has said so on fd 2, and would go on with its defaults. */
static int init(const char *options, size_t map_bytes, char *why, size_t why_len)
{
	const char *(*refused)(void);
	void *volatile first = malloc(1); /* starts it, if nothing has */

	(void)options;
	(void)map_bytes;
	free(first);
	*(void **)&refused = dlsym(RTLD_DEFAULT, "slab_malloc_error");
	if (!refused || !*refused())
		return 0;
	snprintf(why, why_len, "%s", refused());
	return -1;
}

ALLOCATOR(slab_malloc) = {
	.name = "slab-malloc",
	.summary = "libslab in front as malloc; options as slab-malloc:partition=random",
	.preload = { "libslab-malloc.so", "libslab-malloc.so.0" },
	.env = { "SLAB_OPTIONS=" },
	.options_variable = "SLAB_OPTIONS",
	.is_own = true,
	.counts_tokens = true,
	.init = init,
	.version = slab_state_version,
	.mode = slab_state_mode,
	.slab_use = slab_state_use,
	.slabinfo = slab_slabinfo,
};
