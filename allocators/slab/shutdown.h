/* SPDX-License-Identifier: MIT */
/* What a cache still holds when it is destroyed, reported in the kernel's words. */
#ifndef SLAB_SHUTDOWN_H
#define SLAB_SHUTDOWN_H

#include "types.h"

/* Print the slabs of @s and the objects in use. Nobody uses the cache; its arrays are drained. */
void shutdown_report(struct kmem_cache *s);

#endif
