/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on bits and powers of two. Every function is pure; those that need an argument above
 * zero or a power of two say so and do not check it.
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/*
 * For large tables that begin as zero and of which a process uses little, or, HEAD, the beginning.
 * They lie behind all other variables that begin as zero (the linker sorts sections by name), so
 * that the others share a few pages, where each table would part them.
 */
#define SPARSE	    __attribute__((section(".bss.sparse")))
#define SPARSE_HEAD __attribute__((section(".bss.head")))

/* Position of the highest set bit counted from 1; 0 for 0. */
static inline unsigned bits_fls(uint64_t x)
{
	return x ? 64 - (unsigned)__builtin_clzll(x) : 0;
}

/* Position of the lowest set bit counted from 1; 0 for 0. */
static inline unsigned bits_ffs(uint64_t x)
{
	return (unsigned)__builtin_ffsll((long long)x);
}

/* Floor of the base-2 logarithm; @x > 0. */
static inline unsigned bits_ilog2(uint64_t x)
{
	return bits_fls(x) - 1;
}

static inline bool bits_is_pow2(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* @align is a power of two in both. */
static inline size_t align_up(size_t x, size_t align)
{
	return (x + align - 1) & ~(align - 1);
}

static inline size_t align_down(size_t x, size_t align)
{
	return x & ~(align - 1);
}

static inline size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* Fibonacci hash: the top @bits (1 to 63) of the product with 2^64 / golden ratio (Knuth, 6.4). */
static inline unsigned hash_64(uint64_t x, unsigned bits)
{
	return (unsigned)((x * 0x61C8864680B583EBull) >> (64 - bits));
}

#endif
