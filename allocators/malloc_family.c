// SPDX-License-Identifier: MIT
/*
 * The default of every hook: the process's own malloc family. Which library that is was decided by
 * the dynamic linker before main(); the harness proves it by address. Thread rule: malloc's.
 */
#include <malloc.h>
#include <stdlib.h>

#include "allocator.h"

/* The default's kmem_cache: a size and an alignment to ask malloc for. */
struct alloc_cache {
	size_t size;
	size_t align;
};

static void *family_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return malloc(size);
}

static void *family_zalloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return calloc(1, size);
}

static void *family_realloc(void *p, size_t old_size, size_t size, const struct alloc_site *site)
{
	(void)old_size;
	(void)site;
	return realloc(p, size);
}

static void family_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static size_t family_usable(void *p, size_t size)
{
	(void)size;
	return malloc_usable_size(p);
}

static void *aligned(const struct alloc_cache *cache)
{
	void *p;

	return posix_memalign(&p, cache->align, cache->size) ? NULL : p;
}

static void *family_cache_alloc(struct alloc_cache *cache)
{
	if (__builtin_expect(cache->align > _Alignof(max_align_t), 0))
		return aligned(cache);
	return malloc(cache->size);
}

static void *family_cache_zalloc(struct alloc_cache *cache)
{
	void *p;

	if (__builtin_expect(cache->align <= _Alignof(max_align_t), 1))
		return calloc(1, cache->size);
	p = aligned(cache);
	return p ? __builtin_memset(p, 0, cache->size) : NULL;
}

static void family_cache_free(struct alloc_cache *cache, void *p)
{
	(void)cache;
	free(p);
}

/* HWCACHE_ALIGN is a wish for speed that malloc has no word for; a demanded @align is kept. */
static struct alloc_cache *family_cache_create(const char *name, size_t size, size_t align,
					       unsigned int flags)
{
	struct alloc_cache *cache = malloc(sizeof(*cache));

	(void)name;
	(void)flags;
	if (cache)
		*cache = (struct alloc_cache){ .size = size, .align = align };
	return cache;
}

static void family_cache_destroy(struct alloc_cache *cache)
{
	free(cache);
}

static const struct alloc_ops family_ops = {
	.alloc = family_alloc,
	.zalloc = family_zalloc,
	.realloc = family_realloc,
	.free = family_free,
	.cache_alloc = family_cache_alloc,
	.cache_zalloc = family_cache_zalloc,
	.cache_free = family_cache_free,
	.usable = family_usable,
};

/* All or nothing: half a family would free with one allocator what another one gave out. */
void allocator_complete(struct allocator *a)
{
	if (!a->ops.alloc) {
		a->ops = family_ops;
		a->symbol = "malloc";
	}
	if (!a->cache_create) {
		a->cache_create = family_cache_create;
		a->cache_destroy = family_cache_destroy;
	}
}
