// SPDX-License-Identifier: MIT
/* Failures and defects on demand, for tests. See fault.h. No lock: all is atomic. */
#include "fault.h"

#include "lib/bits.h"

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

static bool defects[NR_DEFECTS];
static void (*in_window)(void);

void slab_defect_set(enum defect defect)
{
	__atomic_store_n(&defects[defect], true, __ATOMIC_RELAXED);
}

void slab_defect_clear(enum defect defect)
{
	__atomic_store_n(&defects[defect], false, __ATOMIC_RELAXED);
}

void slab_defect_window(void (*inside)(void))
{
	__atomic_store_n(&in_window, inside, __ATOMIC_RELEASE);
}

bool defect_on(enum defect defect)
{
	return unlikely(__atomic_load_n(&defects[defect], __ATOMIC_RELAXED));
}

void defect_window(void)
{
	void (*inside)(void) = __atomic_load_n(&in_window, __ATOMIC_ACQUIRE);

	if (inside)
		inside();
}
