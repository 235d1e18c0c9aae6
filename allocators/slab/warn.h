/* SPDX-License-Identifier: MIT */
/*
 * What is printed on fd 2, in the kernel's words, when pages cannot be had. With write(2) and no
 * memory; any thread, any lock.
 *
 * The failure warning is off unless the option warn=1 asks for it. The kernel prints it because its
 * log belongs to the administrator of the machine; here fd 2 belongs to the program, for which NULL
 * is an answer like any other, and the C library's malloc() is silent too. The two warnings about
 * NOFAIL are always on: they are about mistakes in the source, and each comes once.
 */
#ifndef SLAB_WARN_H
#define SLAB_WARN_H

#include "text.h"
#include "types.h"

/* The option, set at boot. */
extern bool slab_warn;

/* "NAME: page allocation failure: order:%u, mode:..." at most once in 10 s, not with NOWARN. */
void warn_alloc(unsigned int order, gfp_t gfp);

/* A request with __GFP_NOFAIL that cannot be promised: without DIRECT_RECLAIM, or order above 1. */
void warn_nofail(unsigned int order, gfp_t gfp);

/* Write a text to fd 2 at once; what it does not take is lost. errno stays. */
void warn_emit(const struct text *t);

#endif
