// SPDX-License-Identifier: MIT
/*
 * tcmalloc of gperftools, as packaged; the minimal library (no heap profiler) where there is one.
 * Google's other tcmalloc, per-CPU by rseq, has no Debian package: run it as NAME=PATH.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "allocator.h"

static void version(char *buf, size_t len)
{
	const char *(*tc_version)(int *, int *, const char **) =
		(const char *(*)(int *, int *, const char **))dlsym(RTLD_DEFAULT, "tc_version");
	int major = 0, minor = 0;

	if (!tc_version)
		return;
	tc_version(&major, &minor, NULL);
	snprintf(buf, len, "gperftools %d.%d", major, minor);
}

ALLOCATOR(tcmalloc) = {
	.name = "tcmalloc",
	.summary = "tcmalloc of gperftools",
	.package = "libgoogle-perftools-dev",
	.preload = { "libtcmalloc_minimal.so.4", "libtcmalloc.so.4" },
	.env = { "TCMALLOC_" },
	.version = version,
};
