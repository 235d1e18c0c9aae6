// SPDX-License-Identifier: MIT
/* jemalloc, as packaged. */
#include <dlfcn.h>
#include <stdio.h>

#include "allocator.h"

static void version(char *buf, size_t len)
{
	int (*mallctl)(const char *, void *, size_t *, void *, size_t) =
		(int (*)(const char *, void *, size_t *, void *, size_t))dlsym(RTLD_DEFAULT,
									       "mallctl");
	const char *text = NULL;
	size_t size = sizeof(text);

	if (mallctl && !mallctl("version", &text, &size, NULL, 0) && text)
		snprintf(buf, len, "%.40s", text);
}

ALLOCATOR(jemalloc) = {
	.name = "jemalloc",
	.summary = "jemalloc",
	.package = "libjemalloc-dev",
	.preload = { "libjemalloc.so.2", "libjemalloc.so" },
	.env = { "MALLOC_CONF=" },
	.version = version,
};
