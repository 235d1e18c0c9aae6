// SPDX-License-Identifier: MIT
/*
 * From malloc's rules to kmalloc's: sizes that are too small or too large, zero, alignment. No lock
 * here. See dropin.h.
 */
#include "dropin.h"

#include <errno.h>
#include <string.h>

#include "block.h"
#include "huge.h"
#include "start.h"
#include "token_stats.h"

/* What malloc promises for any size: alignof(max_align_t). */
#define MIN_ALIGN 16u

struct request {
	size_t size;
	size_t align;
	gfp_t gfp;
	struct kmalloc_token token;
};

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/*
 * kmalloc aligns to the largest power of two that divides the size, and to minalign whatever the
 * size is, which then is the one that a debug cache guards.
 */
static size_t padded_bytes(const struct request *r)
{
	size_t size = max_size(r->size, 1);

	return r->align > MIN_ALIGN ? align_up(size, r->align) : size;
}

/* Address space that freed blocks still have is given up for a new one. */
static void *from_kmalloc(size_t size, const struct request *r)
{
	void *p = kmalloc_token(size, r->gfp, r->token);

	return p || !huge_trim() ? p : kmalloc_token(size, r->gfp, r->token);
}

/* As kvmalloc() does: a page that kmalloc has not got, the system has not got either. */
static void *from_somewhere(const struct request *r)
{
	size_t size = padded_bytes(r);
	void *p = size <= KMALLOC_MAX_SIZE ? from_kmalloc(size, r) : NULL;

	if (p || size <= slab_page_bytes())
		return p;
	return r->gfp & __GFP_ZERO ? huge_zalloc(r->size, r->align) : huge_alloc(r->size, r->align);
}

static void *find(const struct request *r)
{
	if (r->size > PTRDIFF_MAX - r->align)
		return NULL;
	if (unlikely(!start_ensure()))
		return r->align == MIN_ALIGN ? start_alloc(r->size) : NULL;
	return from_somewhere(r);
}

static void *alloc(const struct request *r)
{
	int saved = errno;
	void *p;

	huge_expire();
	p = find(r);
	if (!p)
		return out_of_memory();
	if (unlikely(token_stats_on))
		token_stats_add(p, r->size, r->token);
	errno = saved;
	return p;
}

void *dropin_alloc_slow(size_t size, struct kmalloc_token t)
{
	return alloc(&(struct request){ size, MIN_ALIGN, GFP_KERNEL, t });
}

/* Large blocks may be known to be zero, so there it is left to who knows. */
void *dropin_zalloc_slow(size_t n, size_t size, struct kmalloc_token t)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		return out_of_memory();
	if (bytes > KMALLOC_MAX_CACHE_SIZE)
		return alloc(&(struct request){ bytes, MIN_ALIGN, GFP_KERNEL | __GFP_ZERO, t });
	p = dropin_alloc(bytes, t);
	return p ? memset(p, 0, bytes) : NULL;
}

void *dropin_aligned(size_t align, size_t size, struct kmalloc_token t)
{
	if (align <= MIN_ALIGN)
		return dropin_alloc(size, t);
	if (align > PTRDIFF_MAX)
		return out_of_memory();
	return alloc(&(struct request){ size, align, GFP_KERNEL, t });
}

void dropin_free_slow(void *p)
{
	int saved = errno;

	if (unlikely(token_stats_on))
		token_stats_remove(p);
	if (block_is_slab(p) || (p && !huge_free(p) && !start_bytes(p)))
		kfree(p); /* which also reports what is nobody's */
	errno = saved;
}

size_t dropin_usable(const void *p)
{
	size_t bytes = p && !block_is_slab(p) ? block_other_bytes(p) : 0;

	return bytes ? bytes : ksize(p);
}
