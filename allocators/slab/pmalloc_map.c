// SPDX-License-Identifier: MIT
/* The system calls behind pmalloc_map.h. */
#include "pmalloc_map.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "os.h"

/* Where aliases are wished for: 2^28 pages below the usual place of libraries and stacks. */
#define ALIAS_BASE    0x100000000000ull
#define ALIAS_PAGES   28
#define RESERVE_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

size_t pmalloc_map_page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int create_file(size_t bytes)
{
	int fd = fault_hit(FAULT_SYSCALL) ? -1 : memfd_create("pmalloc", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (!fault_hit(FAULT_SYSCALL) && !ftruncate(fd, (off_t)bytes))
		return fd;
	close(fd);
	return -1;
}

static void *map_file(int fd, size_t bytes)
{
	void *p = MAP_FAILED;

	if (!fault_hit(FAULT_SYSCALL))
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

void *pmalloc_map_create(size_t bytes)
{
	int fd = create_file(bytes);
	void *p;

	if (fd < 0)
		return NULL;
	p = map_file(fd, bytes);
	close(fd);
	return p;
}

void pmalloc_map_destroy(void *p, size_t bytes)
{
	munmap(p, bytes);
}

int pmalloc_map_protect(void *p, size_t bytes)
{
	if (fault_hit(FAULT_SYSCALL) || mprotect(p, bytes, PROT_READ))
		return -ENOMEM;
	return 0;
}

/* Address space for the alias: the system chooses another place if this one is taken. */
static void *reserve(size_t bytes)
{
	uint64_t at = ALIAS_BASE + (os_random() >> (64 - ALIAS_PAGES)) * pmalloc_map_page();
	void *p = MAP_FAILED;

	if (!fault_hit(FAULT_SYSCALL))
		p = mmap((void *)(uintptr_t)at, bytes, PROT_NONE, RESERVE_FLAGS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

/* The same pages of the file once more, in place of the reservation, as readable as @p is. */
static int double_map(void *p, size_t bytes, void *alias)
{
	if (fault_hit(FAULT_SYSCALL) ||
	    mremap(p, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, alias) == MAP_FAILED)
		return -ENOMEM;
	return 0;
}

static int make_writable(void *alias, size_t bytes)
{
	if (fault_hit(FAULT_SYSCALL) || mprotect(alias, bytes, PROT_READ | PROT_WRITE))
		return -ENOMEM;
	return 0;
}

void *pmalloc_map_alias(void *p, size_t bytes)
{
	void *alias = reserve(bytes);

	if (!alias)
		return NULL;
	if (!double_map(p, bytes, alias) && !make_writable(alias, bytes))
		return alias;
	munmap(alias, bytes);
	return NULL;
}

void pmalloc_map_unalias(void *alias, size_t bytes)
{
	munmap(alias, bytes);
}
