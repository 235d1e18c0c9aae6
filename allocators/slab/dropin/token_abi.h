/* SPDX-License-Identifier: MIT */
/*
 * AllocToken (Clang 22, -fsanitize=alloc-token): the compiler numbers each allocation by the type
 * that it is for, and calls token_table.h's functions with that number. The functions here are
 * hidden; token_fast.c jumps to them, and each is exported as __alloc_token_NAME.
 *
 * The number is taken modulo the count of sets (option partitions), so -falloc-token-max has to be
 * that count: only then the lower half is of types without pointers (and of unknown ones, 0).
 * With partition=random it is the caller's address that counts, with none nothing. Threads and
 * errors as of the plain function.
 */
#ifndef SLAB_DROPIN_TOKEN_ABI_H
#define SLAB_DROPIN_TOKEN_ABI_H

#include "dropin.h"
#include "names.h"

/* In an entry point's body, as DROPIN_HERE. */
#define TOKEN_HERE(token)                                                                          \
	((struct kmalloc_token){ __builtin_return_address(0),                                      \
				 ((token)&KMALLOC_TOKEN_TYPE) | DROPIN_TOKEN_GIVEN })

/* Export token_NAME under the name that the compiler calls. */
#define TOKEN_EXPORT(name)                                                                         \
	DROPIN_API extern __typeof__(token_##name) __alloc_token_##name                            \
		__attribute__((alias("token_" #name)))

#endif
