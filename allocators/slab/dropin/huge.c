// SPDX-License-Identifier: MIT
/* A tree of mappings. Who holds a block alone may change it, so system calls need no lock. */
#include "huge.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocators/slab/os.h"
#include "allocators/slab/slab.h"
#include "allocators/slab/types.h"
#include "allocators/slab/vmtree.h"

static struct lock huge_lock;
static struct vmarea *blocks;
static struct huge_usage usage;

struct huge_usage huge_usage(void)
{
	struct huge_usage u;

	lock_acquire(&huge_lock);
	u = usage;
	lock_release(&huge_lock);
	return u;
}

static void add(struct vmarea *a)
{
	lock_acquire(&huge_lock);
	vmtree_insert(&blocks, a);
	usage.nr_blocks++;
	usage.bytes += a->bytes;
	lock_release(&huge_lock);
}

static struct vmarea *take(const void *p)
{
	struct vmarea *a;

	lock_acquire(&huge_lock);
	a = vmtree_remove(&blocks, (uintptr_t)p);
	if (a) {
		usage.nr_blocks--;
		usage.bytes -= a->bytes;
	}
	lock_release(&huge_lock);
	return a;
}

/* The machine's; what libslab takes for a page (option page_size) does not matter here. */
static size_t page_bytes(void)
{
	return (size_t)getpagesize();
}

static size_t whole_pages(size_t size)
{
	return align_up(size, page_bytes());
}

/* Without huge pages' ban of os_map(): such a block is what they are for. */
static char *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap(char *from, char *to)
{
	if (from < to)
		os_unmap(from, (size_t)(to - from));
}

/* More than wanted, cut off at both ends. */
static char *map_aligned(size_t bytes, size_t align)
{
	size_t extra = align - page_bytes();
	char *raw = map(bytes + extra), *p;

	if (!raw)
		return NULL;
	p = (char *)align_up((uintptr_t)raw, align);
	unmap(raw, p);
	unmap(p + bytes, raw + bytes + extra);
	return p;
}

void *huge_alloc(size_t size, size_t align)
{
	struct vmarea *a;
	size_t bytes;
	char *p;

	if (size > PTRDIFF_MAX - page_bytes() || align > PTRDIFF_MAX - whole_pages(size))
		return NULL;
	a = kmalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return NULL;
	bytes = whole_pages(max_size(size, 1));
	p = align <= page_bytes() ? map(bytes) : map_aligned(bytes, align);
	if (!p) {
		kfree(a);
		return NULL;
	}
	*a = (struct vmarea){ .start = (uintptr_t)p, .bytes = bytes, .requested = size };
	add(a);
	return p;
}

size_t huge_bytes(const void *p)
{
	struct vmarea *a;
	size_t bytes;

	lock_acquire(&huge_lock);
	a = vmtree_find(blocks, (uintptr_t)p);
	bytes = a ? a->bytes : 0;
	lock_release(&huge_lock);
	return bytes;
}

void *huge_resize(void *p, size_t size)
{
	struct vmarea *a;
	void *new;

	if (size > PTRDIFF_MAX - page_bytes())
		return NULL;
	a = take(p);
	new = mremap(p, a->bytes, whole_pages(size), MREMAP_MAYMOVE);
	if (new != MAP_FAILED) {
		a->start = (uintptr_t) new;
		a->bytes = whole_pages(size);
		a->requested = size;
	}
	add(a);
	return new == MAP_FAILED ? NULL : new;
}

/* The system cuts no mapping in two when it has its most; then the memory goes, at least. */
static void give_back(const struct vmarea *a)
{
	if (munmap((void *)a->start, a->bytes))
		os_purge((void *)a->start, a->bytes);
}

bool huge_free(void *p)
{
	struct vmarea *a = take(p);

	if (!a)
		return false;
	give_back(a);
	kfree(a);
	return true;
}
