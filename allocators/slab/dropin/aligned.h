/* SPDX-License-Identifier: MIT */
/*
 * The allocations at a multiple of something, each with its own rule for what is no alignment; for
 * the plain entry points and those with a token. Any thread.
 */
#ifndef SLAB_DROPIN_ALIGNED_H
#define SLAB_DROPIN_ALIGNED_H

#include "dropin.h"

/* POSIX: the answer is the error, errno and @out stay. */
int aligned_posix(void **out, size_t align, size_t size, struct kmalloc_token t);

/* C23: any power of two, and the size need not be its multiple. Else NULL and EINVAL. */
void *aligned_c23(size_t align, size_t size, struct kmalloc_token t);

/* glibc's memalign(): the next power of two. */
void *aligned_glibc(size_t align, size_t size, struct kmalloc_token t);

/* valloc(): at a page; pvalloc(): and whole pages, at least one. */
void *aligned_page(size_t size, struct kmalloc_token t);
void *aligned_pages(size_t size, struct kmalloc_token t);

#endif
