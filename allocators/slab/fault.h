/* SPDX-License-Identifier: MIT */
/*
 * For tests: make the n-th page allocation or system call fail, or bring a historic defect back.
 * Always compiled in, off by default, asked only on paths that take a block, enter the kernel or
 * give a slab its extensions. One arming at a time per kind; any thread.
 */
#ifndef SLAB_FAULT_H
#define SLAB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
	FAULT_PAGES,   /* zone_alloc() */
	FAULT_SYSCALL, /* a system call, or a thread or key, whose refusal somebody could notice */
	NR_FAULT_KINDS,
};

/* Let the @first-th request from now (1 is the next) fail, and @count - 1 after it; 0 is never. */
void slab_fault_arm(enum fault_kind kind, uint64_t first, uint64_t count);

/* Requests of this kind since it was armed. */
uint64_t slab_fault_requests(enum fault_kind kind);

/* libslab asks at each request: must this one fail? */
bool fault_hit(enum fault_kind kind);

/*
 * Defects that Linux had, to show that the tests of their fixes can fail.
 *
 *   DEFECT_STRIDE_LATE  a slab's extensions are published before their stride (the hypothesis of
 *			 Feb 2026, e9217ca77dc3)
 *   DEFECT_STRIDE_16    the stride has 16 bits (7.0-rc1; fixed by 6432f15c818c in 7.0-rc3)
 */
enum defect {
	DEFECT_STRIDE_LATE,
	DEFECT_STRIDE_16,
	NR_DEFECTS,
};

/* From now on libslab has, or has not, the defect; set and clear while nobody is inside. */
void slab_defect_set(enum defect defect);
void slab_defect_clear(enum defect defect);

/*
 * Called by the thread that gives a slab its extensions late, between stride and publication (with
 * DEFECT_STRIDE_LATE: between publication and stride). NULL: nobody.
 */
void slab_defect_window(void (*inside)(void));

/* libslab asks. */
bool defect_on(enum defect defect);
void defect_window(void);

#endif
