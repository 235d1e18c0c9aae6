/* SPDX-License-Identifier: MIT */
/*
 * For tests: make the n-th page allocation or system call fail. Always compiled in, off by default,
 * asked only on paths that take a block or enter the kernel. One arming at a time per kind; any
 * thread.
 */
#ifndef SLAB_FAULT_H
#define SLAB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_PAGES,   /* zone_alloc() */
	FAULT_SYSCALL, /* a system call of os.c or pmalloc_map.c that asks for memory */
	NR_FAULT_KINDS,
};

/* Let the @first-th request from now (1 is the next) fail, and @count - 1 after it; 0 is never. */
void slab_fault_arm(enum fault_kind kind, uint64_t first, uint64_t count);

/* Requests of this kind since it was armed. */
uint64_t slab_fault_requests(enum fault_kind kind);

/* libslab asks at each request: must this one fail? */
bool fault_hit(enum fault_kind kind);

#endif
