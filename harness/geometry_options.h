/* SPDX-License-Identifier: MIT */
/* The options of ./runner geometry, by argp. Dies with EXIT_USAGE on a mistake. */
#ifndef HARNESS_GEOMETRY_OPTIONS_H
#define HARNESS_GEOMETRY_OPTIONS_H

#include "allocators/slab/geometry.h"

struct geometry_options {
	struct machine machine; /* this one, but for what was said */
	struct layout layout;	/* size 0: none was asked for */
	bool kernel;		/* compare with sysfs */
	const char *sysfs;	/* its directory */
	const char *csv;	/* compare with this file; NULL: do not */
};

void geometry_options_parse(struct geometry_options *o, int argc, char **argv);

/* "HWCACHE_ALIGN,ACCOUNT" for flags that can be given; "-" for none. */
void geometry_options_flags(slab_flags_t flags, char *buf, size_t len);

#endif
