/* SPDX-License-Identifier: MIT */
/*
 * What every entry point of libslab-malloc.so is made of: malloc's rules on libslab. Up to
 * KMALLOC_MAX_SIZE a block is a kmalloc object, above that, or where kmalloc has no block so large
 * left, a mapping of its own (huge.h). Any block is at a multiple of 16.
 *
 * Any thread. Where there is no memory, or a size is beyond PTRDIFF_MAX, the answer is NULL and
 * errno is ENOMEM; else errno is not touched. The token's location is the caller of the public
 * entry point (what partition=random hashes), its token the type's or 0.
 */
#ifndef SLAB_DROPIN_DROPIN_H
#define SLAB_DROPIN_DROPIN_H

#include <string.h>

#include "allocators/slab/kmalloc_fast.h"
#include "allocators/slab/pagemap.h"

/* The token of a plain entry point; to be used in its body, not in a function that it calls. */
#define DROPIN_HERE ((struct kmalloc_token){ __builtin_return_address(0), 0 })

/*
 * In a token: it came with the call, by AllocToken, and is not merely 0 because nobody knows. Above
 * what partition.h looks at.
 */
#define DROPIN_TOKEN_GIVEN 0x10000ul

/* What the three fast paths below leave over. */
void *dropin_alloc_slow(size_t size, struct kmalloc_token t);
void *dropin_zalloc_slow(size_t n, size_t size, struct kmalloc_token t);
void dropin_free_slow(void *p);

/* Size 0 gives a block of its own. */
static inline void *dropin_alloc(size_t size, struct kmalloc_token t)
{
	void *p = kmalloc_try(size, t);

	return likely(p) ? p : dropin_alloc_slow(size, t);
}

/*
 * Clear 1 to 64 bytes of an object without a call, by stores that overlap. That may be up to 15
 * more: an object has whole 16s (minalign=16, start.h).
 */
#define DROPIN_CLEAR_MAX 64u

static inline void *dropin_clear(void *p, size_t bytes)
{
	char *begin = p, *end = begin + align_up(bytes, 16);

	memset(begin, 0, 16);
	memset(end - 16, 0, 16);
	if (bytes > 32) {
		memset(begin + 16, 0, 16);
		memset(end - 32, 0, 16);
	}
	__asm__("" : "+r"(p)); /* or clang keeps p over the call of memset() in place of a jump */
	return p;
}

/* @n * @size bytes that read as zero; an overflow is NULL. */
static inline void *dropin_zalloc(size_t n, size_t size, struct kmalloc_token t)
{
	size_t bytes;
	void *p = NULL;

	if (likely(!__builtin_mul_overflow(n, size, &bytes)))
		p = kmalloc_try(bytes, t);
	if (unlikely(!p))
		return dropin_zalloc_slow(n, size, t);
	return bytes > DROPIN_CLEAR_MAX ? memset(p, 0, bytes) : dropin_clear(p, bytes);
}

/*
 * @p NULL is an allocation; size 0 frees @p and gives NULL. In place while the block suffices and
 * at least half of it stays in use and it is at home (home.h); else a copy, with room for a quarter
 * more than @p has if @size is less than that. NULL leaves @p as it was; a block that shrinks and
 * is at home always succeeds.
 */
void *dropin_realloc(void *p, size_t size, struct kmalloc_token t);

/* The same for @n * @size bytes; an overflow is NULL and leaves @p as it was. */
void *dropin_reallocarray(void *p, size_t n, size_t size, struct kmalloc_token t);

/* At a multiple of @align, a power of two. */
void *dropin_aligned(size_t align, size_t size, struct kmalloc_token t);

/* Any block of the above, or of kmalloc(). NULL does nothing. Keeps errno. */
static inline void dropin_free(void *p)
{
	size_t page = pagemap_page(p);

	if (likely(page < pagemap_nr_pages()) &&
	    likely(percpu_push(entry_slot(pagemap_entry(page)), p)))
		return;
	dropin_free_slow(p);
}

/* Bytes that may be used, 0 for NULL. */
size_t dropin_usable(const void *p);

#endif
