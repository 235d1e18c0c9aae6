/* SPDX-License-Identifier: MIT */
/*
 * What libslab says of itself, in the words of allocator.h: for the adapter of its own API and for
 * the malloc that is made of it.
 */
#ifndef ALLOCATORS_SLAB_STATE_H
#define ALLOCATORS_SLAB_STATE_H

#include "allocator.h"

void slab_state_version(char *buf, size_t len);
void slab_state_mode(char *buf, size_t len);
bool slab_state_use(struct alloc_slab_use *use);

#endif
