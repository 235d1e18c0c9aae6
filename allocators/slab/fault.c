// SPDX-License-Identifier: MIT
/* Failures on demand, for tests. See fault.h. No lock: the counters are atomic. */
#include "fault.h"

static struct fault {
	uint64_t requests;
	uint64_t first;
	uint64_t count;
} faults[NR_FAULT_KINDS];

void slab_fault_arm(enum fault_kind kind, uint64_t first, uint64_t count)
{
	struct fault *f = &faults[kind];

	__atomic_store_n(&f->first, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->requests, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&f->count, count, __ATOMIC_RELAXED);
	__atomic_store_n(&f->first, first, __ATOMIC_RELEASE);
}

uint64_t slab_fault_requests(enum fault_kind kind)
{
	return __atomic_load_n(&faults[kind].requests, __ATOMIC_RELAXED);
}

bool fault_hit(enum fault_kind kind)
{
	struct fault *f = &faults[kind];
	uint64_t now = __atomic_add_fetch(&f->requests, 1, __ATOMIC_RELAXED);
	uint64_t first = __atomic_load_n(&f->first, __ATOMIC_ACQUIRE);

	return first && now >= first && now - first < __atomic_load_n(&f->count, __ATOMIC_RELAXED);
}
