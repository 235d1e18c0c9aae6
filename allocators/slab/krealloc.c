// SPDX-License-Identifier: MIT
/*
 * Changing the size of a kmalloc object, and asking for it: the rules of krealloc() and ksize(). An
 * object stays where it is as long as the new size fits, so it never moves when it shrinks.
 */
#include <string.h>

#include "cache.h"
#include "free.h"
#include "init.h"
#include "kfence.h"
#include "pagemap.h"

size_t ksize(const void *p)
{
	struct kmem_cache *s;
	struct frame *f;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	if (is_kfence_address(p))
		return kfence_ksize(p);
	s = free_owner(p, &f);
	if (!s)
		return frame_bytes(f);
	/* Readers under RCU may look at the free pointer behind the object. */
	return s->flags & SLAB_TYPESAFE_BY_RCU ? s->geo.inuse : s->geo.size;
}

/* What krealloc may use in place: the object without its padding, or the whole block. */
static size_t capacity(const void *p)
{
	struct frame *f;
	struct kmem_cache *s;

	if (is_kfence_address(p))
		return kfence_ksize(p);
	s = free_owner(p, &f);
	return s ? cache_object_size(s) : frame_bytes(f);
}

static void *move(const void *p, size_t old, size_t size, gfp_t gfp, struct kmalloc_token token)
{
	void *bigger = kmalloc_token(size, gfp, token);

	if (!bigger)
		return NULL;
	memcpy(bigger, p, old);
	kfree(p);
	return bigger;
}

void *krealloc_token(const void *p, size_t size, gfp_t gfp, struct kmalloc_token token)
{
	char *object = (char *)(uintptr_t)p;
	size_t old;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (ZERO_OR_NULL_PTR(p))
		return kmalloc_token(size, gfp, token);
	old = capacity(p);
	if (size > old)
		return move(p, old, size, gfp, token);
	/* Cleared here, so that a later growth in place reads as zero. */
	if (init_want_alloc_block(gfp))
		memset(object + size, 0, old - size);
	return object;
}
