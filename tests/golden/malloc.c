// SPDX-License-Identifier: MIT
/*
 * Cells of the drop-in malloc, which run.sh preloads; its options are in SLAB_OPTIONS.
 *
 *   usage: malloc [CELL...]
 *
 * Without a CELL it runs all of which the drop-in has the functions.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "cells.h"

typedef void *take_fn(size_t size);
typedef void *take_token_fn(size_t size, size_t token);
typedef void *resize_token_fn(void *p, size_t size, size_t token);
typedef void give_fn(void *p);
typedef void give_sized_fn(void *p, size_t size);

/* Of C++ and of the two ways in which Clang passes tokens; no header has them for C. */
static take_fn *new, *fast_malloc, *fast_new;
static take_token_fn *token_malloc, *token_new;
static resize_token_fn *token_realloc;
static give_fn *delete;
static give_sized_fn *sized_delete, *sized_free;

#define TOKEN 3u

/* One block, resized by one expression and the other in turn; p is the block. */
#define CELL_RESIZE(name, one, other)                                                              \
	static void cell_##name(void)                                                              \
	{                                                                                          \
		static void *p;                                                                    \
                                                                                                   \
		for (unsigned int i = 0; i < NR_OPERATIONS; i++)                                   \
			p = i & 1 ? (one) : (other);                                               \
	}

CELL(malloc_8, malloc(8), free(p))
CELL(malloc_64, malloc(64), free(p))
CELL(malloc_1000, malloc(1000), free(p))
CELL(malloc_100000, malloc(100000), free(p))
CELL(calloc_64, calloc(1, 64), free(p))
CELL(calloc_1000, calloc(10, 100), free(p))
CELL(realloc_64, realloc(NULL, 64), free(p))
CELL(aligned_64, aligned_alloc(64, 64), free(p))
CELL(sized_64, malloc(64), sized_free(p, 64))
CELL(new_64, new (64), delete (p))
CELL(new_sized_64, new (64), sized_delete(p, 64))
CELL(token_malloc_64, token_malloc(64, TOKEN), free(p))
CELL(token_new_64, token_new(64, TOKEN), sized_delete(p, 64))
CELL(fast_token_malloc_64, fast_malloc(64), free(p))
CELL(fast_token_new_64, fast_new(64), sized_delete(p, 64))
CELL_BATCH(malloc_batch_1000x64, 1000, malloc(64), free(p))
CELL_BATCH(malloc_batch_1000x1024, 1000, malloc(1024), free(p))
CELL_RESIZE(realloc_stays_60_64, realloc(p, 60), realloc(p, 64))
CELL_RESIZE(realloc_moves_64_256, realloc(p, 64), realloc(p, 256))
CELL_RESIZE(token_realloc_moves_64_256, token_realloc(p, 64, TOKEN), token_realloc(p, 256, TOKEN))

static const struct cell plain[] = {
	CELL_ROW(malloc_8),
	CELL_ROW(malloc_64),
	CELL_ROW(malloc_1000),
	CELL_ROW(malloc_100000),
	CELL_ROW(calloc_64),
	CELL_ROW(calloc_1000),
	CELL_ROW(realloc_64),
	CELL_ROW(realloc_stays_60_64),
	CELL_ROW(realloc_moves_64_256),
	CELL_ROW(aligned_64),
	CELL_ROW(malloc_batch_1000x64),
	CELL_ROW(malloc_batch_1000x1024),
};

static const struct cell sized = CELL_ROW(sized_64);
static const struct cell plus[] = { CELL_ROW(new_64), CELL_ROW(new_sized_64) };
static const struct cell tokens[] = {
	CELL_ROW(token_malloc_64),
	CELL_ROW(token_new_64),
	CELL_ROW(token_realloc_moves_64_256),
};
static const struct cell fast[] = { CELL_ROW(fast_token_malloc_64), CELL_ROW(fast_token_new_64) };

/* POSIX has it that a pointer from dlsym() may be one to a function. */
static bool find(const char *name, void *function)
{
	void *p = dlsym(RTLD_DEFAULT, name);

	memcpy(function, &p, sizeof(p));
	return p;
}

static bool has_plus(void)
{
	return find("_Znwm", &new) && find("_ZdlPv", &delete) && find("_ZdlPvm", &sized_delete);
}

static bool has_tokens(void)
{
	return find("__alloc_token_malloc", &token_malloc) &&
	       find("__alloc_token_realloc", &token_realloc) &&
	       find("__alloc_token__Znwm", &token_new);
}

static bool has_fast_tokens(void)
{
	return find("__alloc_token_3_malloc", &fast_malloc) &&
	       find("__alloc_token_3__Znwm", &fast_new);
}

int main(int argc, char **argv)
{
	bool is_plus = has_plus();

	(void)argc;
	if (!dlsym(RTLD_DEFAULT, "kmalloc_token")) {
		fprintf(stderr, "libslab-malloc.so is not in front of this program\n");
		return 2;
	}
	cells_run(plain, ARRAY_SIZE(plain), argv + 1);
	if (find("free_sized", &sized_free))
		cells_run(&sized, 1, argv + 1);
	if (is_plus)
		cells_run(plus, ARRAY_SIZE(plus), argv + 1);
	if (is_plus && has_tokens())
		cells_run(tokens, ARRAY_SIZE(tokens), argv + 1);
	if (is_plus && has_fast_tokens())
		cells_run(fast, ARRAY_SIZE(fast), argv + 1);
	return 0;
}
