// SPDX-License-Identifier: MIT
/*
 * The C++ operators of token_table.h. Compiled with -fexceptions like new.c: a handler may throw
 * through these frames. See token_abi.h, new.h.
 */
#include "token_abi.h"

#if !DROPIN_RENAMED

#include "new.h"

/* What the forms that tell the size return: the address and the bytes that may be used. */
struct sized {
	void *p;
	size_t bytes;
};

/* new and new[] differ in name only. */
#define BOTH(suffix, parameters, body)                                                             \
	void *token__Znwm##suffix parameters;                                                      \
	void *token__Znam##suffix parameters;                                                      \
	void *token__Znwm##suffix parameters                                                       \
	{                                                                                          \
		return body;                                                                       \
	}                                                                                          \
	void *token__Znam##suffix parameters                                                       \
	{                                                                                          \
		return body;                                                                       \
	}

/* A std::nothrow_t or a __hot_cold_t says nothing beyond its type. */
#define UNUSED	__attribute__((unused))
#define NOTHROW UNUSED const void *nothrow
#define HOTNESS UNUSED unsigned char hotness

BOTH(, (size_t size, size_t token), dropin_new(size, TOKEN_HERE(token)))
BOTH(RKSt9nothrow_t, (size_t size, NOTHROW, size_t token),
     dropin_new_nothrow(size, TOKEN_HERE(token)))
BOTH(St11align_val_t, (size_t size, size_t align, size_t token),
     dropin_new_aligned(align, size, TOKEN_HERE(token)))
BOTH(St11align_val_tRKSt9nothrow_t, (size_t size, size_t align, NOTHROW, size_t token),
     dropin_new_aligned_nothrow(align, size, TOKEN_HERE(token)))
BOTH(12__hot_cold_t, (size_t size, HOTNESS, size_t token), dropin_new(size, TOKEN_HERE(token)))
BOTH(RKSt9nothrow_t12__hot_cold_t, (size_t size, NOTHROW, HOTNESS, size_t token),
     dropin_new_nothrow(size, TOKEN_HERE(token)))
BOTH(St11align_val_t12__hot_cold_t, (size_t size, size_t align, HOTNESS, size_t token),
     dropin_new_aligned(align, size, TOKEN_HERE(token)))
BOTH(St11align_val_tRKSt9nothrow_t12__hot_cold_t,
     (size_t size, size_t align, NOTHROW, HOTNESS, size_t token),
     dropin_new_aligned_nothrow(align, size, TOKEN_HERE(token)))

static struct sized sized(void *p)
{
	return (struct sized){ p, dropin_usable(p) };
}

struct sized token___size_returning_new(size_t size, size_t token);
struct sized token___size_returning_new_hot_cold(size_t size, HOTNESS, size_t token);
struct sized token___size_returning_new_aligned(size_t size, size_t align, size_t token);
struct sized token___size_returning_new_aligned_hot_cold(size_t size, size_t align, HOTNESS,
							 size_t token);

struct sized token___size_returning_new(size_t size, size_t token)
{
	return sized(dropin_new(size, TOKEN_HERE(token)));
}

struct sized token___size_returning_new_hot_cold(size_t size, HOTNESS, size_t token)
{
	return sized(dropin_new(size, TOKEN_HERE(token)));
}

struct sized token___size_returning_new_aligned(size_t size, size_t align, size_t token)
{
	return sized(dropin_new_aligned(align, size, TOKEN_HERE(token)));
}

struct sized token___size_returning_new_aligned_hot_cold(size_t size, size_t align, HOTNESS,
							 size_t token)
{
	return sized(dropin_new_aligned(align, size, TOKEN_HERE(token)));
}

#define TOKEN_ENTRY(name, nr) TOKEN_EXPORT(name);
#include "token_table.h"
TOKEN_TABLE_NEW
TOKEN_TABLE_HINTED

#endif
