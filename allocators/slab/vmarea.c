// SPDX-License-Identifier: MIT
/* Two trees, of areas free and in use, over one reserved range. See vmarea.h for the lock. */
#include "vmarea.h"

#include "boot.h"
#include "os.h"

#define RANGE_MIN_BYTES ((size_t)16 << 20)

struct vmrange slab_vmrange;

static struct lock vmarea_lock;
static struct lock start_lock; /* held while the cache and the range are made */
static size_t wanted_bytes;
static size_t lost_bytes; /* abandoned */
static size_t taken_bytes;
static struct kmem_cache *area_cache;
static struct vmarea *free_areas, *used_areas;

void vmarea_init(size_t bytes)
{
	wanted_bytes = bytes;
}

static struct vmarea *new_area(void)
{
	return kmem_cache_zalloc(area_cache, GFP_KERNEL);
}

static void delete_area(struct vmarea *a)
{
	kmem_cache_free(area_cache, a);
}

/* Areas that are left over, chained through right. */
static void delete_chain(struct vmarea *a)
{
	while (a) {
		struct vmarea *next = a->right;

		delete_area(a);
		a = next;
	}
}

static void *reserve(size_t *bytes)
{
	void *base = NULL;

	for (*bytes = wanted_bytes; *bytes >= RANGE_MIN_BYTES; *bytes /= 2)
		if ((base = os_reserve(*bytes, slab_page_bytes())))
			break;
	return base;
}

/* start_lock is held. */
static bool start(void)
{
	struct vmarea *all;
	size_t bytes;
	void *base;

	if (!area_cache)
		area_cache = kmem_cache_create("vmap_area", sizeof(struct vmarea), 0,
					       SLAB_NO_MERGE | SLAB_NO_USER_FLAGS, NULL);
	all = area_cache ? new_area() : NULL;
	if (!all)
		return false;
	base = reserve(&bytes);
	if (!base) {
		delete_area(all);
		return false;
	}
	all->start = (uintptr_t)base;
	all->bytes = bytes;
	vmtree_insert(&free_areas, all);
	slab_vmrange.base = (uintptr_t)base;
	__atomic_store_n(&slab_vmrange.bytes, bytes, __ATOMIC_RELEASE);
	return true;
}

static bool ensure_started(void)
{
	bool started;

	if (__atomic_load_n(&slab_vmrange.bytes, __ATOMIC_ACQUIRE))
		return true;
	if (!boot_ensure())
		return false;
	lock_acquire(&start_lock);
	started = slab_vmrange.bytes || start();
	lock_release(&start_lock);
	return started;
}

static void chain(struct vmarea **spare, struct vmarea *a)
{
	a->right = *spare;
	*spare = a;
}

/* Put [@start, @end) into the tree, described by a spare area; nothing if it is empty. */
static struct vmarea *describe(struct vmarea **root, struct vmarea **spare, uintptr_t start,
			       uintptr_t end)
{
	struct vmarea *a = *spare;

	if (start == end)
		return NULL;
	*spare = a->right;
	a->start = start;
	a->bytes = end - start;
	vmtree_insert(root, a);
	return a;
}

/* Cut @bytes out of the lowest free area; what stays free of it may need two more descriptions. */
static struct vmarea *carve(struct vmarea **spare, size_t bytes, size_t align)
{
	struct vmarea *from = vmtree_first_fit(free_areas, bytes, align);
	uintptr_t start, end, at;

	if (!from)
		return NULL;
	start = from->start;
	end = vmarea_end(from);
	at = align_up(start, align);
	chain(spare, vmtree_remove(&free_areas, start));
	describe(&free_areas, spare, start, at);
	describe(&free_areas, spare, at + bytes, end);
	return describe(&used_areas, spare, at, at + bytes);
}

static bool stock(struct vmarea **spare)
{
	for (int i = 0; i < 2; i++) {
		struct vmarea *a = new_area();

		if (!a)
			return false;
		chain(spare, a);
	}
	return true;
}

struct vmarea *vmarea_take(size_t bytes, size_t align, size_t requested)
{
	struct vmarea *spare = NULL, *a = NULL;

	if (!ensure_started())
		return NULL;
	if (stock(&spare)) {
		lock_acquire(&vmarea_lock);
		a = carve(&spare, bytes, align);
		if (a) {
			a->requested = requested;
			__atomic_fetch_add(&taken_bytes, vmarea_usable(a), __ATOMIC_RELAXED);
		}
		lock_release(&vmarea_lock);
	}
	delete_chain(spare);
	return a;
}

struct vmarea *vmarea_find(const void *p)
{
	struct vmarea *a;

	lock_acquire(&vmarea_lock);
	a = vmtree_find(used_areas, (uintptr_t)p);
	lock_release(&vmarea_lock);
	return a;
}

struct vmarea *vmarea_remove(const void *p)
{
	struct vmarea *a;

	lock_acquire(&vmarea_lock);
	a = vmtree_remove(&used_areas, (uintptr_t)p);
	lock_release(&vmarea_lock);
	return a;
}

/* Make @a as large as it and its free neighbours; they go to @spare. */
static void join(struct vmarea *a, struct vmarea **spare)
{
	struct vmarea *before = vmtree_before(free_areas, a->start);
	struct vmarea *after = vmtree_find(free_areas, vmarea_end(a));

	if (after) {
		chain(spare, vmtree_remove(&free_areas, after->start));
		a->bytes += after->bytes;
	}
	if (before && vmarea_end(before) == a->start) {
		chain(spare, vmtree_remove(&free_areas, before->start));
		a->start = before->start;
		a->bytes += before->bytes;
	}
}

void vmarea_put(struct vmarea *a)
{
	struct vmarea *spare = NULL;

	__atomic_fetch_sub(&taken_bytes, vmarea_usable(a), __ATOMIC_RELAXED);
	lock_acquire(&vmarea_lock);
	join(a, &spare);
	vmtree_insert(&free_areas, a);
	lock_release(&vmarea_lock);
	delete_chain(spare);
}

void vmarea_abandon(struct vmarea *a)
{
	__atomic_fetch_sub(&taken_bytes, vmarea_usable(a), __ATOMIC_RELAXED);
	__atomic_fetch_add(&lost_bytes, a->bytes, __ATOMIC_RELAXED);
	delete_area(a);
}

size_t vmarea_bytes(void)
{
	return __atomic_load_n(&taken_bytes, __ATOMIC_RELAXED);
}

static size_t sum(const struct vmarea *root)
{
	return root ? root->bytes + sum(root->left) + sum(root->right) : 0;
}

/* No free area begins where another one ends. */
static bool is_joined(const struct vmarea *root)
{
	if (!root)
		return true;
	return !vmtree_find(free_areas, vmarea_end(root)) && is_joined(root->left) &&
	       is_joined(root->right);
}

bool vmarea_is_sound(void)
{
	bool sound;

	lock_acquire(&vmarea_lock);
	sound = vmtree_is_sound(free_areas) && vmtree_is_sound(used_areas) &&
		is_joined(free_areas) &&
		sum(free_areas) + sum(used_areas) + lost_bytes == slab_vmrange.bytes;
	lock_release(&vmarea_lock);
	return sound;
}
