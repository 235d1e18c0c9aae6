// SPDX-License-Identifier: MIT
/*
 * Changing the size of a kmalloc object, and asking for it: the rules of krealloc() and ksize(). An
 * object stays where it is as long as the new size fits, so it never moves when it shrinks.
 */
#include <string.h>

#include "debug.h"
#include "free.h"
#include "init.h"
#include "kfence.h"
#include "pagemap.h"

/* ksize() lets the owner use all of the object: from now on none of it is red zone. */
static size_t ksize_of_slab(struct kmem_cache *s, void *object)
{
	debug_set_orig_bytes(s, object, s->geo.object_size);
	if (s->flags & (SLAB_RED_ZONE | SLAB_POISON))
		return s->geo.object_size;
	/* Behind the object: what readers under RCU look at, tracks, or an extension. */
	return s->flags & (SLAB_TYPESAFE_BY_RCU | SLAB_STORE_USER | SLAB_OBJ_EXT_IN_OBJ)
		       ? s->geo.inuse
		       : s->geo.size;
}

size_t ksize(const void *p)
{
	struct frame *f;
	struct kmem_cache *s;

	if (ZERO_OR_NULL_PTR(p))
		return 0;
	if (is_kfence_address(p))
		return kfence_ksize(p);
	s = free_owner(p, &f);
	return s ? ksize_of_slab(s, (void *)(uintptr_t)p) : frame_bytes(f);
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

/* Cleared is what the owner may see later without having written it. */
static void clear(char *object, size_t orig, size_t size, size_t capacity)
{
	if (orig < size)
		memset(object + orig, 0, size - orig);
	else
		memset(object + size, 0, capacity - size);
}

static void *resize(struct kmem_cache *s, char *object, size_t size, gfp_t gfp,
		    struct kmalloc_token token)
{
	size_t capacity = cache_object_size(s), orig = debug_orig_bytes(s, object);

	if (size > capacity)
		return move(object, orig, size, gfp, token);
	if (gfp & __GFP_ZERO)
		clear(object, s->geo.orig_offset ? orig : capacity, size, capacity);
	debug_resize(s, object, size);
	return object;
}

static void *resize_large(char *object, size_t old, size_t size, gfp_t gfp,
			  struct kmalloc_token token)
{
	if (size > old)
		return move(object, old, size, gfp, token);
	if (gfp & __GFP_ZERO)
		memset(object + size, 0, old - size);
	return object;
}

void *krealloc_token(const void *p, size_t size, gfp_t gfp, struct kmalloc_token token)
{
	void *object = (void *)(uintptr_t)p;
	struct kmem_cache *s;
	struct frame *f;

	if (!size) {
		kfree(p);
		return ZERO_SIZE_PTR;
	}
	if (ZERO_OR_NULL_PTR(p))
		return kmalloc_token(size, gfp, token);
	if (is_kfence_address(p))
		return resize_large(object, kfence_ksize(p), size, gfp, token);
	s = free_owner(p, &f);
	if (!s)
		return resize_large(object, frame_bytes(f), size, gfp, token);
	return resize(s, object, size, gfp, token);
}
