// SPDX-License-Identifier: MIT
/* rseq(2) and membarrier(2), which the C library does not wrap. See membarrier.h. */
#include "membarrier.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <linux/rseq.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fault.h"
#include "report.h"

/* What the kernel checks before it goes to an abort address; rseq.h writes the same bytes. */
#if defined(__aarch64__)
#define SIGNATURE 0xd428bc00u
#else
#define SIGNATURE 0x53053053u
#endif

/* Of the C library, if it registers threads. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

/* For threads of a C library that does not. */
static __thread struct rseq own __attribute__((tls_model("initial-exec"))) = {
	.cpu_id = (uint32_t)RSEQ_CPU_ID_UNINITIALIZED,
};

static bool pretending;

static bool library_registers(void)
{
	return &__rseq_size && __rseq_size;
}

ptrdiff_t membarrier_rseq_offset(void)
{
	if (library_registers())
		return __rseq_offset;
	return (char *)&own - (char *)__builtin_thread_pointer();
}

bool membarrier_rseq_register(void)
{
	int saved = errno;
	bool done;

	if (library_registers() || pretending || own.cpu_id != (uint32_t)RSEQ_CPU_ID_UNINITIALIZED)
		return false;
	done = !syscall(SYS_rseq, &own, sizeof(own), 0, SIGNATURE);
	if (!done)
		own.cpu_id = (uint32_t)RSEQ_CPU_ID_REGISTRATION_FAILED;
	errno = saved;
	return done;
}

static bool has_rseq(void)
{
	const struct rseq *r;

	r = (const void *)((char *)__builtin_thread_pointer() + membarrier_rseq_offset());
	return membarrier_rseq_register() || r->cpu_id <= INT32_MAX;
}

bool membarrier_pretend_cpu_0(void)
{
	if (has_rseq())
		return false;
	own.cpu_id = 0;
	pretending = true;
	return true;
}

void membarrier_pretend_no_more(void)
{
	if (pretending)
		own.cpu_id = (uint32_t)RSEQ_CPU_ID_UNINITIALIZED;
	pretending = false;
}

static bool register_fence(void)
{
	int saved = errno;
	bool done = !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0);

	errno = saved;
	return done;
}

bool membarrier_available(void)
{
	return !fault_hit(FAULT_SYSCALL) && has_rseq() && register_fence();
}

static bool fence(unsigned int cpu)
{
	int saved = errno;
	bool done = !syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
			     MEMBARRIER_CMD_FLAG_CPU, cpu);

	errno = saved;
	return done;
}

/* The kernel's limit is 8192 CPUs. */
struct cpus {
	unsigned long bits[8192 / (8 * sizeof(long))];
};

/* Who runs on a CPU has interrupted the sequence of who ran there before. */
static bool visit(unsigned int cpu)
{
	const unsigned int word = 8 * sizeof(long);
	int saved = errno;
	struct cpus all, one = { { 0 } };
	long len = syscall(SYS_sched_getaffinity, 0, sizeof(all), &all);
	bool done = false;

	if (len > 0 && cpu / 8 < sizeof(one)) {
		one.bits[cpu / word] = 1ul << cpu % word;
		done = !syscall(SYS_sched_setaffinity, 0, sizeof(one), &one);
		syscall(SYS_sched_setaffinity, 0, len, &all);
	}
	errno = saved;
	return done;
}

/* The registration may be lost (an odd fork), or the call be forbidden since (a sandbox). */
void membarrier_fence(unsigned int cpu)
{
	if (fence(cpu) || (register_fence() && fence(cpu)) || visit(cpu))
		return;
	report_mistake("membarrier(2)", " was allowed when libslab started and is not now, nor "
					"sched_setaffinity(2); allow one of them in the sandbox");
}
