// SPDX-License-Identifier: MIT
/*
 * libslab by its own API: kmalloc with the site's location and token, kmem_caches for objects of
 * one type. The option string goes to slab_boot() as it is.
 */
#include <stdio.h>

#include "allocator.h"
#include "allocators/slab/slab.h"
#include "slab_state.h"

/*
 * libslab merges similar caches, as the kernel does; the harness tells caches apart by their
 * address. So the low bits of a handle number the aliases of one kmem_cache, which is aligned
 * to 64.
 */
#define MAX_HANDLES 1024
#define ALIAS_MASK  63ul

static struct alloc_cache *handles[MAX_HANDLES];
static size_t nr_handles;

static inline struct kmem_cache *cache_of(struct alloc_cache *cache)
{
	return (struct kmem_cache *)((uintptr_t)cache & ~ALIAS_MASK);
}

static struct kmalloc_token token_of(const struct alloc_site *site)
{
	return (struct kmalloc_token){ site, site->token };
}

/* Where kmalloc ends, callers in the kernel ask kvmalloc; the size tells which it was at the free.
 */
static inline bool is_huge(size_t size)
{
	return __builtin_expect(size > KMALLOC_MAX_SIZE, 0);
}

static __attribute__((noinline)) void *huge_alloc(size_t size, gfp_t gfp,
						  const struct alloc_site *site)
{
	return kvmalloc_token(size, gfp, token_of(site));
}

static void *slab_alloc(size_t size, const struct alloc_site *site)
{
	if (is_huge(size))
		return huge_alloc(size, site->gfp, site);
	return kmalloc_token(size, site->gfp, token_of(site));
}

static void *slab_zalloc(size_t size, const struct alloc_site *site)
{
	if (is_huge(size))
		return huge_alloc(size, site->gfp | __GFP_ZERO, site);
	return kmalloc_token(size, site->gfp | __GFP_ZERO, token_of(site));
}

static void *slab_realloc(void *p, size_t old_size, size_t size, const struct alloc_site *site)
{
	if (is_huge(old_size) || is_huge(size))
		return kvrealloc_node_align_token(p, size, 1, site->gfp, NUMA_NO_NODE,
						  token_of(site));
	return krealloc_token(p, size, site->gfp, token_of(site));
}

static void slab_free(void *p, size_t size)
{
	if (is_huge(size))
		kvfree(p);
	else
		kfree(p);
}

static void *slab_cache_alloc(struct alloc_cache *cache)
{
	return kmem_cache_alloc(cache_of(cache), GFP_KERNEL);
}

static void *slab_cache_zalloc(struct alloc_cache *cache)
{
	return kmem_cache_alloc(cache_of(cache), GFP_KERNEL | __GFP_ZERO);
}

static void slab_cache_free(struct alloc_cache *cache, void *p)
{
	kmem_cache_free(cache_of(cache), p);
}

static size_t slab_usable(void *p, size_t size)
{
	return is_huge(size) ? size : ksize(p);
}

static struct alloc_cache *handle_of(struct kmem_cache *cache)
{
	uintptr_t alias = 0;

	for (size_t i = 0; i < nr_handles; i++)
		alias += cache_of(handles[i]) == cache;
	if (alias > ALIAS_MASK || nr_handles == MAX_HANDLES)
		return NULL;
	handles[nr_handles] = (struct alloc_cache *)((uintptr_t)cache | alias);
	return handles[nr_handles++];
}

static struct alloc_cache *slab_cache_create(const char *name, size_t size, size_t align,
					     unsigned int flags)
{
	struct alloc_cache *handle;
	struct kmem_cache *cache;
	slab_flags_t f = 0;

	f |= flags & ALLOC_CACHE_HWALIGN ? SLAB_HWCACHE_ALIGN : 0;
	f |= flags & ALLOC_CACHE_RECLAIMABLE ? SLAB_RECLAIM_ACCOUNT : 0;
	f |= flags & ALLOC_CACHE_ACCOUNT ? SLAB_ACCOUNT : 0;
	cache = kmem_cache_create(name, size, align, f, NULL);
	handle = cache ? handle_of(cache) : NULL;
	if (cache && !handle)
		kmem_cache_destroy(cache);
	return handle;
}

/* A handle is not used again: its number may be that of an alias that still lives. */
static void slab_cache_destroy(struct alloc_cache *cache)
{
	kmem_cache_destroy(cache_of(cache));
}

static int init(const char *options, size_t map_bytes, char *why, size_t why_len)
{
	(void)map_bytes;
	if (!slab_boot(options))
		return 0;
	snprintf(why, why_len, "%s", slab_boot_error());
	return -1;
}

ALLOCATOR(slab) = {
	.name = "slab",
	.summary = "libslab, the Linux slab in user space; options as slab:partition=typed",
	.symbol = "kmalloc_token",
	.is_own = true,
	.variants = { "", "partition=random", "partition=typed" },
	.init = init,
	.version = slab_state_version,
	.mode = slab_state_mode,
	.slab_use = slab_state_use,
	.slabinfo = slab_slabinfo,
	.cache_create = slab_cache_create,
	.cache_destroy = slab_cache_destroy,
	.ops = {
		.alloc = slab_alloc,
		.zalloc = slab_zalloc,
		.realloc = slab_realloc,
		.free = slab_free,
		.cache_alloc = slab_cache_alloc,
		.cache_zalloc = slab_cache_zalloc,
		.cache_free = slab_cache_free,
		.usable = slab_usable,
	},
};
