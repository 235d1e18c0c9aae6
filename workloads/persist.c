// SPDX-License-Identifier: MIT
/*
 * The write-back instructions of persist.h. Which one a CPU has is cpuid leaf 7 (clwb: EBX bit 24,
 * clflushopt: bit 23) and leaf 1 (clflush: EDX bit 19); Intel SDM volume 2, CPUID. Any thread.
 */
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "persist.h"

const char *persist_name(enum persist_kind kind)
{
	static const char *const name[] = { "fences only", "clflush", "clflushopt", "clwb" };

	return name[kind];
}

#if defined(__x86_64__) || defined(__i386__)

enum persist_kind persist_best(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
		if (ebx & 1u << 24)
			return PERSIST_CLWB;
		if (ebx & 1u << 23)
			return PERSIST_CLFLUSHOPT;
	}
	if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) && edx & 1u << 19)
		return PERSIST_CLFLUSH;
	return PERSIST_FENCE_ONLY;
}

#define FLUSH(instruction)                                                                         \
	for (; p < end; p += PERSIST_LINE)                                                         \
	__asm__ __volatile__(instruction " %0" : "+m"(*(volatile char *)p))

static void flush_clwb(uintptr_t p, uintptr_t end)
{
	FLUSH("clwb");
}

static void flush_clflushopt(uintptr_t p, uintptr_t end)
{
	FLUSH("clflushopt");
}

static void flush_clflush(uintptr_t p, uintptr_t end)
{
	FLUSH("clflush");
}

void persist_flush(enum persist_kind kind, const void *p, size_t bytes)
{
	uintptr_t first = (uintptr_t)p & ~(uintptr_t)(PERSIST_LINE - 1);
	uintptr_t end = (uintptr_t)p + bytes;

	switch (kind) {
	case PERSIST_CLWB:
		return flush_clwb(first, end);
	case PERSIST_CLFLUSHOPT:
		return flush_clflushopt(first, end);
	case PERSIST_CLFLUSH:
		return flush_clflush(first, end);
	case PERSIST_FENCE_ONLY:
		return;
	}
}

#else

enum persist_kind persist_best(void)
{
	return PERSIST_FENCE_ONLY;
}

void persist_flush(enum persist_kind kind, const void *p, size_t bytes)
{
	(void)kind;
	(void)p;
	(void)bytes;
}

#endif
