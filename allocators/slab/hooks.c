// SPDX-License-Identifier: MIT
/* The order in which the parts are called. See hooks.h. */
#include "hooks.h"

#include "debug.h"
#include "exts.h"
#include "failslab.h"
#include "frame.h"
#include "init.h"
#include "kfence.h"
#include "stat.h"

void hooks_decide(struct kmem_cache *s)
{
	bool hooked = s->stats || (s->flags & SLAB_FAILSLAB) || init_needs_hooks(s) ||
		      (kfence_is_on() && !(s->flags & SLAB_SKIP_KFENCE)) || exts_wanted(s);

	__atomic_store_n(&s->hooked, hooked, __ATOMIC_RELAXED);
}

bool hooks_are_optional(const struct kmem_cache *s)
{
	return !(s->flags & SLAB_DEBUG_FLAGS);
}

bool hooks_before_alloc(struct kmem_cache *s, const struct alloc_request *r)
{
	return !failslab_hit(s, r->gfp);
}

bool hooks_after_alloc(struct kmem_cache *s, const struct alloc_request *r, void **objects,
		       unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		init_after_alloc(s, r->gfp, objects[i], r->size);
	return !exts_needed(s, r->gfp) || exts_alloc(s, r->gfp, objects, n, r->site);
}

bool hooks_free(struct kmem_cache *s, struct frame *f, void *object)
{
	/* What is no object is reported when its slab takes it back; wiping it would do harm. */
	if (!frame_is_object(s, f, object))
		return true;
	exts_free(s, f, object);
	if (init_want_free(s) && !debug_is_on(s))
		init_object_on_free(s, object);
	return true;
}
