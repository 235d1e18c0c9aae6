/* SPDX-License-Identifier: MIT */
/*
 * How the workloads turn what they read back from allocated memory into the number that must be the
 * same for every allocator. Terms are added, so that neither the order of threads nor the address
 * of an object counts; each term is mixed first, so that two errors do not cancel.
 */
#ifndef WORKLOADS_DIGEST_H
#define WORKLOADS_DIGEST_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The finalizer of MurmurHash3 (Appleby): a bijection of 64 bits. */
static inline uint64_t digest_mix(uint64_t x)
{
	x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdu;
	x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53u;
	return x ^ (x >> 33);
}

/* A word at any address: allocators under test may return any alignment. */
static inline uint64_t digest_load(const void *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

static inline void digest_store(void *p, uint64_t word)
{
	memcpy(p, &word, sizeof(word));
}

/* The last bytes of a buffer that are no whole word, as one. */
static inline uint64_t digest_tail(const unsigned char *p, size_t bytes)
{
	uint64_t word = 0;

	memcpy(&word, p, bytes);
	return word;
}

/* Sum of all words of a buffer, the odd bytes at its end included. */
static inline uint64_t digest_sum(const void *p, size_t bytes)
{
	const unsigned char *at = p;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i + 8 <= bytes; i += 8)
		sum += digest_load(at + i);
	return sum + digest_tail(at + i, bytes - i);
}

#endif
