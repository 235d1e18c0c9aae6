// SPDX-License-Identifier: MIT
/* The order in which the parts are called. See hooks.h. */
#include "hooks.h"

#include "failslab.h"
#include "stat.h"

bool hooks_needed(const struct kmem_cache *s)
{
	return s->stats || (s->flags & SLAB_FAILSLAB);
}

bool hooks_before_alloc(struct kmem_cache *s, const struct alloc_request *r)
{
	return !failslab_hit(s, r->gfp);
}

bool hooks_after_alloc(struct kmem_cache *s, const struct alloc_request *r, void **objects,
		       unsigned int n)
{
	(void)s;
	(void)r;
	(void)objects;
	(void)n;
	return true;
}

bool hooks_free(struct kmem_cache *s, struct frame *f, void *object)
{
	(void)s;
	(void)f;
	(void)object;
	return true;
}
