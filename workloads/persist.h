/* SPDX-License-Identifier: MIT */
/*
 * Writing cache lines back to memory, as programs on persistent memory do: the best instruction the
 * CPU has (clwb keeps the line, clflushopt evicts it, clflush does so in program order), and the
 * fence that waits for it. On a machine that is not x86 there is only the fence.
 */
#ifndef WORKLOADS_PERSIST_H
#define WORKLOADS_PERSIST_H

#include <stddef.h>
#include <stdint.h>

#define PERSIST_LINE 64u

enum persist_kind { PERSIST_FENCE_ONLY, PERSIST_CLFLUSH, PERSIST_CLFLUSHOPT, PERSIST_CLWB };

/* What this CPU has. */
enum persist_kind persist_best(void);
/* "clwb" and so on, for notes. */
const char *persist_name(enum persist_kind kind);

/* Cache lines that @bytes > 0 at @p lie in. */
static inline uint64_t persist_lines(const void *p, size_t bytes)
{
	return ((uintptr_t)p % PERSIST_LINE + bytes + PERSIST_LINE - 1) / PERSIST_LINE;
}

/* Start the write-back of the lines of @bytes > 0 at @p. */
void persist_flush(enum persist_kind kind, const void *p, size_t bytes);

/* Wait until what was flushed before is done. */
static inline void persist_fence(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__asm__ __volatile__("sfence" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

#endif
