/* SPDX-License-Identifier: MIT */
/*
 * Sizes that cannot wrap around, under the kernel's names. What does not fit a size_t becomes
 * SIZE_MAX, which every allocator of libslab refuses: a product that overflowed is a NULL and never
 * a block that is too small. Pure; any thread. The macros evaluate each argument once; pointers and
 * types are only looked at, never followed. C and C++.
 */
#ifndef SLAB_OVERFLOW_H
#define SLAB_OVERFLOW_H

#include <stddef.h>
#include <stdint.h>

static inline size_t size_mul(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

/* SIZE_MAX also if an operand already is, so that a chain of sums and differences stays refused. */
static inline size_t size_sub(size_t a, size_t b)
{
	return a == SIZE_MAX || b == SIZE_MAX || a < b ? SIZE_MAX : a - b;
}

/* Bytes of an array of @n elements of @size bytes; of an array of @n such arrays of @m. */
#define array_size(n, size)	size_mul(n, size)
#define array3_size(n, m, size) size_mul(size_mul(n, m), size)

/* Bytes of the @n elements of the flexible array @member of *@p. */
#define flex_array_size(p, member, n) size_mul(n, sizeof(*(p)->member))

/* Bytes of a @type, or of what @p points at, whose flexible array @member has @n elements. */
#define struct_size_t(type, member, n)                                                             \
	size_add(sizeof(type), size_mul(n, sizeof(*((type *)NULL)->member)))
#define struct_size(p, member, n) struct_size_t(__typeof__(*(p)), member, n)

#endif
