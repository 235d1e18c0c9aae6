/* SPDX-License-Identifier: MIT */
/*
 * The areas of all pools, found by address. A sorted array under a lock of its own, which may be
 * taken with a pool's mutex held; base, bytes and pool of an area are constant while it is in
 * there.
 */
#ifndef SLAB_PMALLOC_AREA_H
#define SLAB_PMALLOC_AREA_H

#include "pmalloc.h"
#include "lock.h"

enum area_state {
	AREA_OPEN,
	AREA_RARE_WRITE,
	AREA_READ_ONLY,
};

/* Guarded by the pool's mutex; offset is also read without it. */
struct pmalloc_area {
	struct pmalloc_area *next; /* of the pool, an older one */
	struct pmalloc_pool *pool;
	char *base;
	size_t bytes;
	size_t offset; /* what is above was handed out */
	enum area_state state;
};

struct pmalloc_pool {
	struct lock mutex;
	struct pmalloc_area *areas;   /* the newest first */
	struct pmalloc_area *current; /* that objects are taken from; NULL: the next makes one */
	size_t refill;
	size_t align;
	unsigned int mode; /* written under the mutex */
};

/* 0 or -ENOMEM. */
int pmalloc_area_add(struct pmalloc_area *a);
void pmalloc_area_remove(const struct pmalloc_area *a);

/* The area in which @p lies, or NULL. It stays as long as its pool. */
struct pmalloc_area *pmalloc_area_find(const void *p);

#endif
