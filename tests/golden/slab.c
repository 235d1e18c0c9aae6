// SPDX-License-Identifier: MIT
/*
 * Cells of libslab's API; the options of slab_boot() are in SLAB_OPTIONS.
 *
 *   usage: slab [CELL...]
 *
 * Without a CELL it runs all. With "?" it prints what the counts depend on besides: machine,
 * compiler and its flags, C library.
 */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/slab/slab.h"
#include "cells.h"
#include "version.h"

static struct kmem_cache *cache;

CELL(kmalloc_8, kmalloc(8, GFP_KERNEL), kfree(p))
CELL(kmalloc_64, kmalloc(64, GFP_KERNEL), kfree(p))
CELL(kmalloc_96, kmalloc(96, GFP_KERNEL), kfree(p))
CELL(kmalloc_1024, kmalloc(1024, GFP_KERNEL), kfree(p))
CELL(kmalloc_8192, kmalloc(8192, GFP_KERNEL), kfree(p))
CELL(kmalloc_16384, kmalloc(16384, GFP_KERNEL), kfree(p))
CELL(kzalloc_64, kzalloc(64, GFP_KERNEL), kfree(p))
CELL(cache_96, kmem_cache_alloc(cache, GFP_KERNEL), kmem_cache_free(cache, p))
CELL_BATCH(batch_10x64, 10, kmalloc(64, GFP_KERNEL), kfree(p))
CELL_BATCH(batch_100x64, 100, kmalloc(64, GFP_KERNEL), kfree(p))
CELL_BATCH(batch_1000x64, 1000, kmalloc(64, GFP_KERNEL), kfree(p))
CELL_BATCH(batch_10x1024, 10, kmalloc(1024, GFP_KERNEL), kfree(p))
CELL_BATCH(batch_100x1024, 100, kmalloc(1024, GFP_KERNEL), kfree(p))
CELL_BATCH(batch_1000x1024, 1000, kmalloc(1024, GFP_KERNEL), kfree(p))

static const struct cell cells[] = {
	CELL_ROW(kmalloc_8),	  CELL_ROW(kmalloc_64),	     CELL_ROW(kmalloc_96),
	CELL_ROW(kmalloc_1024),	  CELL_ROW(kmalloc_8192),    CELL_ROW(kmalloc_16384),
	CELL_ROW(kzalloc_64),	  CELL_ROW(cache_96),	     CELL_ROW(batch_10x64),
	CELL_ROW(batch_100x64),	  CELL_ROW(batch_1000x64),   CELL_ROW(batch_10x1024),
	CELL_ROW(batch_100x1024), CELL_ROW(batch_1000x1024),
};

#define WORD(x)	 #x
#define MAJOR(x) WORD(x)

#if defined(__clang__)
#define COMPILER "clang-" MAJOR(__clang_major__)
#else
#define COMPILER "gcc-" MAJOR(__GNUC__)
#endif

#if defined(__x86_64__)
#define MACHINE "x86_64"
#else
#define MACHINE "aarch64"
#endif

static int describe(void)
{
	printf("%s %s glibc-%s %s\n", MACHINE, COMPILER, gnu_get_libc_version(), SLABBENCH_CFLAGS);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "?"))
		return describe();
	if (slab_boot(getenv("SLAB_OPTIONS"))) {
		fprintf(stderr, "%s\n", slab_boot_error());
		return 2;
	}
	cache = kmem_cache_create("golden", 96, 0, SLAB_NO_MERGE, NULL);
	cells_run(cells, ARRAY_SIZE(cells), argv + 1);
	return 0;
}
