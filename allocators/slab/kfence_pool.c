// SPDX-License-Identifier: MIT
/* Pages and notes of the pool. The lock guards the free list alone. See kfence_pool.h. */
#include "kfence_pool.h"

#include <errno.h>

#include "os.h"

struct kfence_range kfence_range;

static struct {
	struct lock lock;
	struct list_head free;
	struct kfence_object *objects;
	size_t nr;
	size_t nr_touched; /* objects that were ever used */
	size_t page_bytes;
} pool;

static size_t notes_bytes(void)
{
	return align_up(pool.nr * sizeof(struct kfence_object), UNIT_BYTES);
}

static size_t pool_bytes(void)
{
	return (pool.nr + 1) * 2 * pool.page_bytes;
}

int kfence_pool_create(size_t nr_objects)
{
	char *base;

	pool.nr = nr_objects;
	pool.nr_touched = 0;
	pool.page_bytes = slab_page_bytes();
	list_init(&pool.free);
	pool.objects = os_map(notes_bytes());
	if (!pool.objects)
		return -ENOMEM;
	base = os_reserve(pool_bytes(), pool.page_bytes);
	if (!base) {
		os_unmap(pool.objects, notes_bytes());
		return -ENOMEM;
	}
	for (size_t i = 0; i < nr_objects; i++) {
		pool.objects[i].page = base + (i + 1) * 2 * pool.page_bytes;
		list_add_tail(&pool.objects[i].link, &pool.free);
	}
	kfence_range = (struct kfence_range){ (uintptr_t)base, pool_bytes() };
	return 0;
}

void kfence_pool_destroy(void)
{
	if (!kfence_range.bytes)
		return;
	os_unmap((void *)kfence_range.base, kfence_range.bytes);
	os_unmap(pool.objects, notes_bytes());
	kfence_range = (struct kfence_range){ 0 };
}

static void list_again(struct kfence_object *o)
{
	lock_acquire(&pool.lock);
	list_add_tail(&o->link, &pool.free);
	lock_release(&pool.lock);
}

static struct kfence_object *take(void)
{
	struct kfence_object *o = NULL;

	lock_acquire(&pool.lock);
	if (!list_empty(&pool.free)) {
		o = list_first_entry(&pool.free, struct kfence_object, link);
		list_del(&o->link);
		pool.nr_touched += o->state == KFENCE_UNUSED;
	}
	lock_release(&pool.lock);
	return o;
}

struct kfence_object *kfence_pool_get(void)
{
	struct kfence_object *o = take();

	if (!o || !os_commit(o->page, pool.page_bytes))
		return o;
	list_again(o);
	return NULL;
}

/* A guard page may have been written to: the next who looks there sees zeroes. */
static void close_guard(char *page)
{
	os_purge(page, pool.page_bytes);
	os_protect(page, pool.page_bytes);
}

void kfence_pool_close(struct kfence_object *o)
{
	if (__atomic_exchange_n(&o->guard_open, false, __ATOMIC_RELAXED)) {
		close_guard(o->page - pool.page_bytes);
		close_guard(o->page + pool.page_bytes);
	}
	os_protect(o->page, pool.page_bytes);
}

void kfence_pool_put(struct kfence_object *o)
{
	kfence_pool_close(o);
	list_again(o);
}

/* The number of the page in the pool that holds @address. */
static size_t page_of(uintptr_t address)
{
	return (address - kfence_range.base) / pool.page_bytes;
}

struct kfence_object *kfence_pool_find(uintptr_t address)
{
	size_t page = page_of(address);

	return page >= 2 && page % 2 == 0 ? &pool.objects[page / 2 - 1] : NULL;
}

static struct kfence_object *find_used(uintptr_t address)
{
	struct kfence_object *o = NULL;

	if (address - kfence_range.base < kfence_range.bytes)
		o = kfence_pool_find(address);
	return o && kfence_state(o) == KFENCE_ALLOCATED ? o : NULL;
}

struct kfence_object *kfence_pool_nearest(uintptr_t address)
{
	struct kfence_object *left = find_used(address - pool.page_bytes);
	struct kfence_object *right = find_used(address + pool.page_bytes);

	if (!left || !right)
		return left ? left : right;
	return address - (uintptr_t)(left->start + left->size) <= (uintptr_t)right->start - address
		       ? left
		       : right;
}

void kfence_pool_open(uintptr_t address)
{
	os_commit((void *)align_down(address, pool.page_bytes), pool.page_bytes);
}

size_t kfence_pool_index(const struct kfence_object *o)
{
	return (size_t)(o - pool.objects);
}

struct kfence_object *kfence_pool_object(size_t index)
{
	return &pool.objects[index];
}

size_t kfence_pool_nr(void)
{
	return pool.nr;
}

void kfence_pool_place(struct kfence_object *o, size_t size, size_t align, bool right)
{
	size_t at = right ? align_down(pool.page_bytes - size, align) : 0;

	o->start = o->page + at;
	o->size = size;
}

bool kfence_pool_claim(struct kfence_object *o)
{
	enum kfence_state expected = KFENCE_ALLOCATED;

	return __atomic_compare_exchange_n(&o->state, &expected, KFENCE_FREED, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void kfence_canary_fill(const struct kfence_object *o)
{
	for (char *p = o->page; p < o->start; p++)
		*p = (char)kfence_canary(p);
	for (char *p = o->start + o->size; p < o->page + pool.page_bytes; p++)
		*p = (char)kfence_canary(p);
}

const char *kfence_canary_check(const struct kfence_object *o, const char *from)
{
	for (const char *p = from; p < o->page + pool.page_bytes; p++) {
		if (p == o->start)
			p += o->size;
		if (p == o->page + pool.page_bytes)
			break;
		if ((unsigned char)*p != kfence_canary(p))
			return p;
	}
	return NULL;
}

void kfence_track(struct kfence_track *track, const void *caller)
{
	track->tid = os_tid();
	track->cpu = os_cpu();
	track->ns = os_now_ns();
	kfence_stack_save(&track->stack, caller);
}

size_t kfence_pool_bytes(void)
{
	size_t nr;

	if (!kfence_range.bytes)
		return 0;
	lock_acquire(&pool.lock);
	nr = pool.nr_touched;
	lock_release(&pool.lock);
	return nr * pool.page_bytes + notes_bytes();
}
