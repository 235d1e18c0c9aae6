/* SPDX-License-Identifier: MIT */
/*
 * Who called: the return addresses on the stack, and what to call them. Any thread. Neither
 * allocates; both may wait for the dynamic loader's lock, which is recursive. In a signal handler
 * only for a fault of the program's own making (it interrupted the program, not the loader).
 */
#ifndef SLAB_KFENCE_STACK_H
#define SLAB_KFENCE_STACK_H

#include <stdint.h>

#include "text.h"

#define KFENCE_STACK_DEPTH 16u

struct kfence_stack {
	uint32_t nr;
	uintptr_t frames[KFENCE_STACK_DEPTH]; /* the innermost first */
};

/*
 * This thread's stack from @from on: the return address of a function on it, or where the signal
 * being handled struck. @from alone if the unwinder does not come across it.
 */
void kfence_stack_save(struct kfence_stack *stack, const void *from);

/* Of the innermost 8 frames (the kernel's UNIQUE_ALLOC_STACK_DEPTH). */
uint64_t kfence_stack_hash(const struct kfence_stack *stack, uint64_t seed);

/* "name+0x12", "file+0x1234" (an argument for addr2line) or "0x1234", the best that is known. */
void kfence_stack_symbol(struct text *t, uintptr_t address);

#endif
