/* SPDX-License-Identifier: MIT */
/*
 * Who allocated an object and who freed it last: two tracks behind each object of a cache with
 * SLAB_STORE_USER, at geometry.track_offset, the alloc track first. Written under node.lock, or on
 * a slab that only the caller sees.
 */
#ifndef SLAB_TRACK_H
#define SLAB_TRACK_H

#include "text.h"
#include "types.h"

/* The kernel's struct track with a stack depot: 32 bytes (TRACK_BYTES of geometry.c). */
struct track {
	uintptr_t address; /* where the public function was called from; 0: never happened */
	uint32_t stack;	   /* handle of the depot; 0: not kept */
	int32_t cpu;
	int32_t pid;	  /* of the thread */
	uint64_t when_ms; /* of the monotonic clock */
};
_Static_assert(sizeof(struct track) == 32, "the layout of debug objects counts on it");

enum track_kind { TRACK_ALLOC, TRACK_FREE };

/*
 * What a track will say, prepared before node.lock is taken: unwinding takes longer than anything
 * done under that lock and may wait for the dynamic loader.
 */
struct track_site {
	const void *caller; /* __builtin_return_address(0) of the public function */
	uint32_t stack;
};

/* For an operation on @s that was called from @caller; unwinds only for SLAB_STORE_USER. */
struct track_site track_prepare(const struct kmem_cache *s, const void *caller);

/* Both tracks of @object say that nothing happened yet. */
void track_clear(const struct kmem_cache *s, void *object);

/* Write one track of @object. No effect without SLAB_STORE_USER; nor have the functions below. */
void track_set(const struct kmem_cache *s, void *object, enum track_kind kind,
	       const struct track_site *site);

struct track *track_of(const struct kmem_cache *s, const void *object, enum track_kind kind);

/* Milliseconds of the clock that tracks use. */
uint64_t track_now_ms(void);

/* "Allocated in symbol age= cpu= pid=" and the stack, then "Freed in ...", to fd 2. */
void track_print(const struct kmem_cache *s, const void *object);

/*
 * "symbol+0x1f", or "0x5581f [file+0x81f]" (what addr2line -e file takes) where the file exports no
 * symbol near. By dladdr(), which does not allocate but waits for the dynamic loader's lock.
 */
void track_symbol(struct text *t, uintptr_t address);

#endif
