// SPDX-License-Identifier: MIT
/* The C library's own malloc: nothing is preloaded. */
#include <gnu/libc-version.h>
#include <stdio.h>

#include "allocator.h"

static void version(char *buf, size_t len)
{
	snprintf(buf, len, "glibc %s", gnu_get_libc_version());
}

ALLOCATOR(libc) = {
	.name = "libc",
	.summary = "the C library's malloc",
	.env = { "GLIBC_TUNABLES=", "MALLOC_" },
	.is_baseline = true,
	.version = version,
};
