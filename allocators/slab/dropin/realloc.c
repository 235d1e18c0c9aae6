// SPDX-License-Identifier: MIT
/*
 * Blocks that change their size: where one may stay, what it is moved to. The fast way knows only
 * objects of kmalloc of which nothing is recorded, and calls nothing but memcpy(). No lock here.
 * See dropin.h.
 */
#include "dropin.h"

#include <errno.h>
#include <string.h>

#include "allocators/slab/free.h"
#include "allocators/slab/kfence.h"
#include "allocators/slab/owner.h"
#include "block.h"
#include "home.h"
#include "huge.h"
#include "start.h"
#include "token_stats.h"

/* A block with less of it in use than half is left for a smaller one, if it is larger than this. */
#define WORTH_MOVING 64u

/* Unlike ksize(), this is no promise that all of it will be used: red zones stay as they are. */
static size_t slab_bytes(const void *p)
{
	struct frame *f;
	struct kmem_cache *s;

	if (is_kfence_address(p))
		return kfence_ksize(p);
	s = free_owner(p, &f);
	return s ? cache_object_size(s) : frame_bytes(f);
}

/* Never of size 0. */
static inline bool suffices(size_t bytes, size_t size)
{
	return size - 1 < bytes && (bytes <= WORTH_MOVING || size >= bytes / 2);
}

/* A block that shrinks can stay, unless it would be among objects of another type. */
static void *move(void *p, size_t bytes, size_t size, struct kmalloc_token t)
{
	int saved = errno;
	void *new = dropin_alloc(size, t);

	if (!new && (size > bytes || !home_is(p, t)))
		return NULL;
	errno = saved;
	if (!new)
		return p;
	memcpy(new, p, min_size(bytes, size));
	dropin_free(p);
	return new;
}

/* A block that stays, or a mapping that moves as a whole. */
static void *resize_counted(void *resize(void *p, size_t size), void *p, size_t size)
{
	struct token_note note;
	void *new;

	if (likely(!token_stats_on))
		return resize(p, size);
	note = token_stats_take(p);
	new = resize(p, size);
	token_stats_put(new ? new : p, new ? size : note.size, note);
	return new;
}

static void *resize_in_place(void *p, size_t size)
{
	return krealloc_token(p, size, GFP_KERNEL, (struct kmalloc_token){ 0 });
}

static void *resize_slab(void *p, size_t size, struct kmalloc_token t)
{
	size_t bytes = slab_bytes(p);

	if (suffices(bytes, size) && home_is(p, t))
		return resize_counted(resize_in_place, p, size);
	return move(p, bytes, size, home_of(p, t));
}

static void *resize_other(void *p, size_t size, struct kmalloc_token t)
{
	int saved = errno;
	size_t bytes = block_other_bytes(p);
	void *new = NULL;

	if (!bytes)
		return resize_slab(p, size, t); /* ends in a report */
	if (size > KMALLOC_MAX_SIZE && !start_bytes(p))
		new = resize_counted(huge_resize, p, size);
	errno = saved;
	return new ? new : move(p, bytes, size, t);
}

/* Nothing at hand, or more to do than to copy an object from lane to lane. */
static __attribute__((noinline)) void *realloc_slow(void *p, size_t size, struct kmalloc_token t)
{
	if (!p)
		return dropin_alloc(size, t);
	if (!size) {
		dropin_free(p);
		return NULL;
	}
	return block_is_slab(p) ? resize_slab(p, size, t) : resize_other(p, size, t);
}

/* The lane of @slot takes the old object. */
static inline void *replace(void *new, void *p, size_t slot, size_t bytes)
{
	memcpy(new, p, bytes);
	if (unlikely(!percpu_push(slot, p)))
		dropin_free_slow(p);
	return new;
}

/* The usual move: to an object that this CPU has at hand. */
static __attribute__((noinline)) void *move_object(void *p, size_t slot, size_t bytes, size_t size,
						   struct kmalloc_token t)
{
	void *new = kmalloc_try(size, t);

	return likely(new) ? replace(new, p, slot, min_size(bytes, size))
			   : realloc_slow(p, size, t);
}

/* A block that grows by less than a quarter will grow again, and gets a quarter at once. */
static inline bool grows_by_little(size_t bytes, size_t size)
{
	return size - bytes - 1 < bytes / 4;
}

static inline size_t with_room(size_t bytes)
{
	return bytes + bytes / 4;
}

/* Where there is no class or no memory for as much, as much as is needed. */
static __attribute__((noinline)) void *grow_slow(void *p, size_t bytes, size_t size,
						 struct kmalloc_token t)
{
	bool has_class = with_room(bytes) <= kmalloc_max_cache_size();
	int saved = errno;
	void *new = has_class ? move(p, bytes, with_room(bytes), t) : NULL;

	if (likely(new))
		return new;
	errno = saved;
	return realloc_slow(p, size, t);
}

static __attribute__((noinline)) void *grow_object(void *p, size_t slot, size_t bytes, size_t size,
						   struct kmalloc_token t)
{
	void *new = kmalloc_try(with_room(bytes), t);

	return likely(new) ? replace(new, p, slot, bytes) : grow_slow(p, bytes, size, t);
}

static inline void *resize_object(void *p, size_t slot, size_t bytes, size_t size,
				  struct kmalloc_token t)
{
	if (grows_by_little(bytes, size))
		return grow_object(p, slot, bytes, size, t);
	return move_object(p, slot, bytes, size, t);
}

/* Where the block's set is not the token's, who knows the set is asked. */
static __attribute__((noinline)) void *realloc_typed(void *p, uint32_t entry, size_t size,
						     struct kmalloc_token t)
{
	size_t bytes = kmalloc_class_bytes(entry_class(entry));
	bool is_home = true;
	int set;

	if (unlikely(!kmalloc_is_in_set(entry, t))) {
		set = owner_set(frame_of(p)->cache);
		is_home = home_is_set(set, t);
		t = home_of_set(set, t);
	}
	if (suffices(bytes, size) && is_home)
		return p;
	return resize_object(p, entry_slot(entry), bytes, size, t);
}

/*
 * The class is there for objects of which nothing is recorded, so nothing has to be changed when
 * one stays. All that calls is apart, so that such a one costs no saving of registers.
 */
void *dropin_realloc(void *p, size_t size, struct kmalloc_token t)
{
	size_t page = pagemap_page(p), bytes;
	uint32_t entry = likely(page < pagemap_nr_pages()) ? pagemap_entry(page) : 0;

	if (unlikely(!entry_class(entry)))
		return realloc_slow(p, size, t);
	if (unlikely(home_counts()))
		return realloc_typed(p, entry, size, t);
	bytes = kmalloc_class_bytes(entry_class(entry));
	return suffices(bytes, size) ? p : resize_object(p, entry_slot(entry), bytes, size, t);
}

void *dropin_reallocarray(void *p, size_t n, size_t size, struct kmalloc_token t)
{
	size_t bytes;

	if (!__builtin_mul_overflow(n, size, &bytes))
		return dropin_realloc(p, bytes, t);
	errno = ENOMEM;
	return NULL;
}
