// SPDX-License-Identifier: MIT
/* The system calls behind os.h. No state, no lock. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "lib/bits.h"

static void *map(size_t bytes, int prot)
{
	void *p;

	if (fault_hit(FAULT_SYSCALL)) {
		errno = ENOMEM;
		return NULL;
	}
	p = mmap(NULL, bytes, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

void *os_reserve(size_t bytes, size_t align)
{
	char *raw = map(bytes + align, PROT_NONE);
	char *start;

	if (!raw)
		return NULL;
	start = (char *)align_up((uintptr_t)raw, align);
	if (start > raw)
		os_unmap(raw, (size_t)(start - raw));
	if (start < raw + align)
		os_unmap(start + bytes, (size_t)(raw + align - start));
	return start;
}

int os_commit(void *addr, size_t bytes)
{
	if (fault_hit(FAULT_SYSCALL) || mprotect(addr, bytes, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	return 0;
}

void *os_map(size_t bytes)
{
	void *p = map(bytes, PROT_READ | PROT_WRITE);
	int saved = errno;

	if (p && madvise(p, bytes, MADV_NOHUGEPAGE))
		errno = saved; /* a kernel without huge pages */
	return p;
}

void os_unmap(void *addr, size_t bytes)
{
	munmap(addr, bytes);
}

int os_purge(void *addr, size_t bytes)
{
	int saved = errno;

	if (!madvise(addr, bytes, MADV_DONTNEED))
		return 0;
	errno = saved;
	return -EAGAIN;
}

int os_protect(void *addr, size_t bytes)
{
	return mprotect(addr, bytes, PROT_NONE) ? -ENOMEM : 0;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t os_now_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

uint64_t os_now_coarse_ns(void)
{
	return now_ns(CLOCK_MONOTONIC_COARSE);
}

int os_tid(void)
{
	return (int)syscall(SYS_gettid);
}

unsigned int os_cpu(void)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (unsigned int)cpu;
}

/* One call that both frees and protects; mprotect and madvise would be two. */
int os_decommit(void *addr, size_t bytes)
{
	int saved = errno;

	if (mmap(addr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		 -1, 0) != MAP_FAILED)
		return 0;
	errno = saved;
	return -ENOMEM;
}

uint64_t os_random(void)
{
	uint64_t x;
	struct timespec now;

	if (getrandom(&x, sizeof(x), GRND_NONBLOCK) == (ssize_t)sizeof(x))
		return x;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uintptr_t)&x;
}

/* "0-3,8-11" names 8 CPUs. */
static unsigned int count_cpus(const char *s)
{
	unsigned int nr = 0, first = 0, x = 0;
	int in_range = 0;

	for (;; s++) {
		if (*s >= '0' && *s <= '9') {
			x = x * 10 + (unsigned int)(*s - '0');
		} else if (*s == '-') {
			first = x;
			in_range = 1;
			x = 0;
		} else {
			nr += in_range ? x - first + 1 : 1;
			in_range = 0;
			x = 0;
			if (*s != ',')
				return nr;
		}
	}
}

/* The text of a CPU list of the system in @buf, or false. By hand: sysconf() of older C libraries
 * allocates.
 */
static int read_cpus(const char *path, char *buf, size_t len)
{
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = read(fd, buf, len - 1);
		close(fd);
	}
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

unsigned int os_present_cpus(void)
{
	char buf[256];

	if (!read_cpus("/sys/devices/system/cpu/present", buf, sizeof(buf)))
		return (unsigned int)max_size((size_t)sysconf(_SC_NPROCESSORS_ONLN), 1);
	return count_cpus(buf);
}

/* The last number of the list "0-3,8-11". */
static unsigned int last_cpu(const char *s)
{
	unsigned int x = 0;

	for (; *s; s++)
		if (*s >= '0' && *s <= '9')
			x = x * 10 + (unsigned int)(*s - '0');
		else if (*s == '-' || *s == ',')
			x = 0;
	return x;
}

unsigned int os_possible_cpus(void)
{
	static unsigned int nr; /* the same whoever reads it first */
	char buf[256];

	if (__atomic_load_n(&nr, __ATOMIC_RELAXED))
		return nr;
	if (read_cpus("/sys/devices/system/cpu/possible", buf, sizeof(buf)))
		__atomic_store_n(&nr, last_cpu(buf) + 1, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&nr, os_present_cpus(), __ATOMIC_RELAXED);
	return nr;
}
