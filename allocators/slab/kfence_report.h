/* SPDX-License-Identifier: MIT */
/*
 * The reports of KFENCE on fd 2, in the words of Documentation/dev-tools/kfence.rst: what happened
 * where, the stack that did it, the object with the stacks that allocated and freed it. No lock and
 * no memory, so also from the handler of SIGSEGV; lines of two threads may alternate.
 */
#ifndef SLAB_KFENCE_REPORT_H
#define SLAB_KFENCE_REPORT_H

#include "kfence_pool.h"

enum kfence_error {
	KFENCE_OUT_OF_BOUNDS,
	KFENCE_USE_AFTER_FREE,
	KFENCE_CORRUPTION,
	KFENCE_INVALID,	     /* a guard page with no object beside it */
	KFENCE_INVALID_FREE, /* twice, or not the start of an object */
};

struct kfence_finding {
	enum kfence_error error;
	uintptr_t address;
	const char *access; /* "read" or "write" */
	const struct kfence_object
		*o;		   /* NULL with KFENCE_INVALID, and may be with an invalid free */
	struct kfence_stack stack; /* of whoever did it */
};

void kfence_report(const struct kfence_finding *finding);

/* Reports so far. */
size_t kfence_nr_reports(void);

#endif
