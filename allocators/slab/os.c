// SPDX-License-Identifier: MIT
/* The system calls behind os.h. No state, no lock. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
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

/* A kernel that does not know the flag takes the address as a hint, and keeps to it if it can. */
int os_claim(void *addr, size_t bytes)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
	void *p;

	if (fault_hit(FAULT_SYSCALL))
		return -ENOMEM;
	p = mmap(addr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == addr)
		return 0;
	if (p != MAP_FAILED)
		os_unmap(p, bytes);
	return -ENOMEM;
}

#define ROOM_BYTES ((size_t)64 << 20)

bool os_leaves_room(size_t bytes)
{
	int saved = errno;
	struct rlimit limit;
	void *p;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return true;
	bytes += min_size((size_t)limit.rlim_cur / 4, ROOM_BYTES);
	p = map(bytes, PROT_NONE);
	if (p)
		os_unmap(p, bytes);
	errno = saved;
	return p;
}

static void forbid_huge_pages(void *addr, size_t bytes)
{
	int saved = errno;

	if (madvise(addr, bytes, MADV_NOHUGEPAGE))
		errno = saved; /* a kernel without huge pages */
}

void *os_map(size_t bytes)
{
	void *p = map(bytes, PROT_READ | PROT_WRITE);

	if (p)
		forbid_huge_pages(p, bytes);
	return p;
}

int os_map_at(void *addr, size_t bytes)
{
	int err = os_claim(addr, bytes);

	if (!err)
		forbid_huge_pages(addr, bytes);
	return err;
}

void os_unmap(void *addr, size_t bytes)
{
	munmap(addr, bytes);
}

int os_purge(void *addr, size_t bytes)
{
	int saved = errno;

	if (!fault_hit(FAULT_SYSCALL) && !madvise(addr, bytes, MADV_DONTNEED))
		return 0;
	errno = saved;
	return -EAGAIN;
}

void os_bind(void *addr, size_t bytes, unsigned int system_node)
{
	unsigned long mask[16] = { 0 };
	int saved = errno;

	if (system_node >= sizeof(mask) * 8)
		return;
	mask[system_node / (sizeof(long) * 8)] = 1ul << system_node % (sizeof(long) * 8);
	if (syscall(SYS_mbind, addr, bytes, MPOL_PREFERRED, mask, sizeof(mask) * 8 + 1, 0u))
		errno = saved; /* a kernel without NUMA, or a container that forbids it */
}

int os_protect(void *addr, size_t bytes)
{
	if (fault_hit(FAULT_SYSCALL) || mprotect(addr, bytes, PROT_NONE))
		return -ENOMEM;
	return 0;
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

/* The directory of a process's threads has a link for each, beside the two of any directory. */
unsigned int os_nr_threads(void)
{
	struct stat st;
	int saved = errno;

	if (stat("/proc/self/task", &st)) {
		errno = saved;
		return 0;
	}
	return (unsigned int)st.st_nlink - 2;
}

/* One call that both frees and protects; mprotect and madvise would be two. */
int os_decommit(void *addr, size_t bytes)
{
	int saved = errno;

	if (!fault_hit(FAULT_SYSCALL) &&
	    mmap(addr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
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

int os_read_text(const char *path, char *buf, size_t len)
{
	int saved = errno;
	int fd = fault_hit(FAULT_SYSCALL) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, len - 1);
	int err = n < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	errno = saved;
	return err ? err : (int)n;
}

static const char *read_number(const char *s, unsigned int *x)
{
	for (*x = 0; *s >= '0' && *s <= '9'; s++)
		*x = *x * 10 + (unsigned int)(*s - '0');
	return s;
}

const char *os_next_range(const char *list, struct os_range *r)
{
	const char *s = list + (*list == ',');

	if (*s < '0' || *s > '9')
		return NULL;
	s = read_number(s, &r->first);
	r->last = r->first;
	if (*s == '-')
		s = read_number(s + 1, &r->last);
	return s;
}

unsigned int os_cpu(void)
{
	int cpu = sched_getcpu();

	return cpu < 0 ? 0 : (unsigned int)cpu;
}

/* Read by hand: sysconf() of older C libraries allocates. */
unsigned int os_present_cpus(void)
{
	struct os_range r;
	char buf[256];
	unsigned int nr = 0;

	if (os_read_text("/sys/devices/system/cpu/present", buf, sizeof(buf)) <= 0)
		return (unsigned int)max_size((size_t)sysconf(_SC_NPROCESSORS_ONLN), 1);
	for (const char *s = buf; (s = os_next_range(s, &r));)
		nr += r.last - r.first + 1;
	return nr;
}

static unsigned int read_possible_cpus(void)
{
	struct os_range r = { 0, 0 };
	char buf[256];

	if (os_read_text("/sys/devices/system/cpu/possible", buf, sizeof(buf)) <= 0)
		return os_present_cpus();
	for (const char *s = buf; (s = os_next_range(s, &r));)
		;
	return r.last + 1;
}

unsigned int os_possible_cpus(void)
{
	static unsigned int nr; /* the same whoever reads it first */
	unsigned int known = __atomic_load_n(&nr, __ATOMIC_RELAXED);

	if (!known) {
		known = read_possible_cpus();
		__atomic_store_n(&nr, known, __ATOMIC_RELAXED);
	}
	return known;
}
