// SPDX-License-Identifier: MIT
/* vmalloc: an area of address space (vmarea.h) and memory for it. No lock here. */
#include "vmalloc.h"

#include <string.h>

#include "os.h"
#include "report.h"
#include "vmarea.h"

static struct vmarea *take(size_t bytes, size_t align, size_t requested)
{
	struct vmarea *a = vmarea_take(bytes, align, requested);

	if (!a || !os_commit((void *)a->start, vmarea_usable(a)))
		return a;
	vmarea_put(vmarea_remove((void *)a->start));
	return NULL;
}

void *__vmalloc_align(size_t size, size_t align, gfp_t gfp)
{
	size_t page = slab_page_bytes();
	struct vmarea *a;

	(void)gfp;
	if (!size || size > SIZE_MAX / 2)
		return NULL;
	gate_enter();
	a = take(align_up(size, page) + page, max_size(align, page), size);
	gate_leave();
	return a ? (void *)a->start : NULL;
}

void *__vmalloc(size_t size, gfp_t gfp)
{
	return __vmalloc_align(size, 1, gfp);
}

void *vmalloc(size_t size)
{
	return __vmalloc(size, GFP_KERNEL);
}

void *vzalloc(size_t size)
{
	return __vmalloc(size, GFP_KERNEL | __GFP_ZERO);
}

/* Its addresses and its memory go; the memory also when the addresses cannot. */
static void release(struct vmarea *a)
{
	if (!os_decommit((void *)a->start, vmarea_usable(a))) {
		vmarea_put(a);
		return;
	}
	os_purge((void *)a->start, vmarea_usable(a));
	vmarea_abandon(a);
}

void vfree(const void *p)
{
	struct vmarea *a;

	gate_enter();
	a = vmarea_remove(p);
	if (a)
		release(a);
	gate_leave();
	if (!a && p)
		report_foreign(p, (uintptr_t)p & (slab_page_bytes() - 1)
					  ? "Trying to vfree() bad address"
					  : "Trying to vfree() nonexistent vm area");
}

static void *move(const struct vmarea *a, size_t size, size_t align, gfp_t gfp)
{
	const void *old = (const void *)a->start;
	void *new = __vmalloc_align(size, align, gfp);

	if (!new)
		return NULL;
	memcpy(new, old, min_size(size, a->requested));
	vfree(old);
	return new;
}

void *vrealloc_align(const void *p, size_t size, size_t align, gfp_t gfp)
{
	struct vmarea *a;

	if (!size) {
		vfree(p);
		return NULL;
	}
	if (!p)
		return __vmalloc_align(size, align, gfp);
	a = vmarea_find(p);
	if (!a) {
		report_foreign(p, "Trying to vrealloc() nonexistent vm area");
		return NULL;
	}
	if (size > vmarea_usable(a) || (a->start & (align - 1)))
		return move(a, size, align, gfp);
	/* Cleared here, so that a later growth in place reads as zero. */
	if ((gfp & __GFP_ZERO) && size < a->requested)
		memset((char *)a->start + size, 0, a->requested - size);
	a->requested = size;
	return (void *)a->start;
}

void *vrealloc(const void *p, size_t size, gfp_t gfp)
{
	return vrealloc_align(p, size, 1, gfp);
}

bool is_vmalloc_addr(const void *p)
{
	return vmarea_owns(p);
}
