// SPDX-License-Identifier: MIT
/* A tree of mappings. Who holds a block alone may change it, so system calls need no lock. */
#include "huge.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocators/slab/os.h"
#include "allocators/slab/slab.h"
#include "allocators/slab/types.h"
#include "allocators/slab/vmtree.h"
#include "huge_stash.h"

static struct lock huge_lock;
static struct vmarea *blocks;
static struct huge_usage usage;

struct huge_usage huge_usage(void)
{
	struct huge_usage u;

	lock_acquire(&huge_lock);
	u = usage;
	u.kept_bytes = huge_stash_bytes();
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
	return align_up(max_size(size, 1), page_bytes());
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

/* @bytes that read as zero, or NULL. */
static char *map_at(size_t bytes, size_t align)
{
	return align <= page_bytes() ? map(bytes) : map_aligned(bytes, align);
}

/* Larger or smaller, maybe elsewhere; @a is in no tree. */
static bool remap(struct vmarea *a, size_t bytes)
{
	void *new = mremap((void *)a->start, a->bytes, bytes, MREMAP_MAYMOVE);

	if (new == MAP_FAILED)
		return false;
	a->start = (uintptr_t) new;
	a->bytes = bytes;
	return true;
}

/* The system cuts no mapping in two when it has its most; then the memory goes, at least. */
static void give_back(struct vmarea *a)
{
	if (munmap((void *)a->start, a->bytes))
		os_purge((void *)a->start, a->bytes);
	kfree(a);
}

static struct vmarea *make(size_t bytes, size_t align)
{
	struct vmarea *a = kmalloc(sizeof(*a), GFP_KERNEL);
	char *p;

	if (!a)
		return NULL;
	p = map_at(bytes, align);
	if (!p && huge_trim())
		p = map_at(bytes, align);
	if (!p) {
		kfree(a);
		return NULL;
	}
	*a = (struct vmarea){ .start = (uintptr_t)p, .bytes = bytes };
	return a;
}

/* Blocks that nobody has wanted for a while. */
static void expire(uint64_t now_ns)
{
	struct vmarea *a;

	do {
		lock_acquire(&huge_lock);
		a = huge_stash_expire(now_ns);
		lock_release(&huge_lock);
		if (a)
			give_back(a);
	} while (a);
}

void huge_expire(void)
{
	if (unlikely(huge_stash_bytes()))
		expire(os_now_ns());
}

bool huge_trim(void)
{
	bool any = false;
	struct vmarea *a;

	do {
		lock_acquire(&huge_lock);
		a = huge_stash_drop();
		lock_release(&huge_lock);
		if (a)
			give_back(a);
		any |= a != NULL;
	} while (a);
	return any;
}

static struct vmarea *in_the_way_of(const struct vmarea *a)
{
	struct vmarea *old;

	lock_acquire(&huge_lock);
	old = huge_stash_make_room(a->bytes);
	lock_release(&huge_lock);
	return old;
}

static bool keep(struct vmarea *a, uint64_t now_ns)
{
	struct vmarea *old;
	bool kept;

	while ((old = in_the_way_of(a)))
		give_back(old);
	lock_acquire(&huge_lock);
	kept = huge_stash_put(a, now_ns);
	lock_release(&huge_lock);
	return kept;
}

/* What is behind @bytes of @a is kept as a block of its own. Without memory for that it goes back.
 */
static void cut(struct vmarea *a, size_t bytes, uint64_t now_ns)
{
	struct vmarea *rest = kmalloc(sizeof(*rest), GFP_KERNEL);
	uintptr_t end = vmarea_end(a);

	a->bytes = bytes;
	if (!rest) {
		os_unmap((void *)vmarea_end(a), end - vmarea_end(a));
		return;
	}
	*rest = (struct vmarea){ .start = vmarea_end(a), .bytes = end - vmarea_end(a) };
	if (!keep(rest, now_ns))
		give_back(rest);
}

/* A kept block, made to be of @bytes; up to an eighth more does no harm. */
static struct vmarea *fit(struct vmarea *a, size_t bytes, uint64_t now_ns)
{
	if (a->bytes > bytes + bytes / 8)
		cut(a, bytes, now_ns);
	if (a->bytes >= bytes || remap(a, bytes))
		return a;
	give_back(a);
	return NULL;
}

static struct vmarea *find_kept(size_t bytes, size_t align)
{
	uint64_t now_ns = os_now_ns();
	struct vmarea *a;

	lock_acquire(&huge_lock);
	a = huge_stash_take(bytes, align <= page_bytes() ? 1 : align, now_ns);
	lock_release(&huge_lock);
	expire(now_ns);
	return a ? fit(a, bytes, now_ns) : NULL;
}

/* Sets @kept if what lies in the block is not known to be zero. */
static void *obtain(size_t size, size_t align, bool *kept)
{
	struct vmarea *a;

	if (size > PTRDIFF_MAX - page_bytes() || align > PTRDIFF_MAX - whole_pages(size))
		return NULL;
	a = find_kept(whole_pages(size), align);
	*kept = a;
	if (!a)
		a = make(whole_pages(size), align);
	if (!a)
		return NULL;
	a->requested = size;
	add(a);
	return (void *)a->start;
}

void *huge_alloc(size_t size, size_t align)
{
	bool kept;

	return obtain(size, align, &kept);
}

void *huge_zalloc(size_t size, size_t align)
{
	bool kept;
	void *p = obtain(size, align, &kept);

	return p && kept ? memset(p, 0, size) : p;
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
	void *new = NULL;

	if (size > PTRDIFF_MAX - page_bytes())
		return NULL;
	a = take(p);
	if (remap(a, whole_pages(size))) {
		a->requested = size;
		new = (void *)a->start;
	}
	add(a);
	return new;
}

/* Where address space is scarce nothing is kept: the stack of a thread may need it. */
bool huge_free(void *p)
{
	struct vmarea *a = take(p);
	bool scarce;
	uint64_t now_ns;

	if (!a)
		return false;
	now_ns = os_now_ns();
	scarce = !os_leaves_room(0);
	if (scarce || !keep(a, now_ns))
		give_back(a);
	if (scarce)
		huge_trim();
	expire(now_ns);
	return true;
}
