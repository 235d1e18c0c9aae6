// SPDX-License-Identifier: MIT
/* The scalable allocator of oneTBB, by its malloc proxy library. */
#include <dlfcn.h>
#include <stdio.h>

#include "allocator.h"

static void version(char *buf, size_t len)
{
	int (*runtime)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "TBB_runtime_interface_version");

	if (runtime)
		snprintf(buf, len, "interface %d", runtime());
}

ALLOCATOR(tbbmalloc) = {
	.name = "tbbmalloc",
	.summary = "the scalable allocator of oneTBB",
	.package = "libtbbmalloc2",
	.preload = { "libtbbmalloc_proxy.so.2" },
	.env = { "TBB_MALLOC_" },
	.version = version,
};
