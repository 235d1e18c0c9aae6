// SPDX-License-Identifier: MIT
/* mimalloc, as packaged. */
#include <dlfcn.h>
#include <stdio.h>

#include "allocator.h"

static void version(char *buf, size_t len)
{
	int (*mi_version)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "mi_version");
	int v = mi_version ? mi_version() : 0;

	if (v)
		snprintf(buf, len, "%d.%d.%d", v / 100, v / 10 % 10, v % 10);
}

ALLOCATOR(mimalloc) = {
	.name = "mimalloc",
	.summary = "Microsoft's mimalloc",
	.package = "libmimalloc-dev",
	.preload = { "libmimalloc.so", "libmimalloc.so.2" },
	.env = { "MIMALLOC_" },
	.version = version,
};
