/* SPDX-License-Identifier: MIT */
/*
 * Stacks of return addresses, each kept once and named by a 32-bit handle, as the kernel's stack
 * depot: a debug cache has two handles an object, but a program has few places that allocate.
 * Nothing is ever removed. Memory is mapped when the first cache that needs it is made and takes
 * effect as it fills; when it is full, new stacks are lost (handle 0) and old ones still found.
 *
 * Any thread, any lock held: lookups take no lock; an insertion takes the depot's own, which is the
 * last of all.
 */
#ifndef SLAB_STACKDEPOT_H
#define SLAB_STACKDEPOT_H

#include <stddef.h>
#include <stdint.h>

/* The most frames that are kept of a stack (the kernel's TRACK_ADDRS_COUNT). */
#define STACKDEPOT_FRAMES 16u

/* Map the memory unless that was done. 0 or -ENOMEM, and then every handle is 0. */
int stackdepot_init(void);

/* Give everything back: for a boot that failed. No handle is in use. */
void stackdepot_exit(void);

/* The handle of a stack of @nr addresses (at most STACKDEPOT_FRAMES are kept); 0: not kept. */
uint32_t stackdepot_save(const uintptr_t *addresses, unsigned int nr);

/* The addresses of @handle and how many there are; 0 for handle 0. They stay for ever. */
unsigned int stackdepot_fetch(uint32_t handle, const uintptr_t **addresses);

/*
 * The stack of this thread, innermost first; returns how many addresses. What comes before @caller,
 * the return address of libslab's public function, is left out, unless @caller is not on the stack.
 *
 * Unwinds by the tables of the compiler (_Unwind_Backtrace of libgcc), so that code without frame
 * pointers is covered. backtrace() of the C library would load libgcc with dlopen(), which
 * allocates; and the unwinder's own first use may initialise tables, so stackdepot_init() walks one
 * stack before anyone holds a lock.
 */
unsigned int stackdepot_capture(uintptr_t *addresses, unsigned int max, const void *caller);

/* Stacks kept, and the bytes that they and the table take. */
size_t stackdepot_nr(void);
size_t stackdepot_bytes(void);

#endif
