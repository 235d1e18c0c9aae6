// SPDX-License-Identifier: MIT
/*
 * From malloc's rules to kmalloc's: sizes that are too small or too large, zero, alignment. No lock
 * here. See dropin.h.
 */
#include "dropin.h"

#include <errno.h>
#include <string.h>

#include "allocators/slab/free.h"
#include "allocators/slab/kfence.h"
#include "allocators/slab/owner.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/percpu.h"
#include "home.h"
#include "huge.h"
#include "start.h"
#include "token_stats.h"

/* What malloc promises for any size: alignof(max_align_t). */
#define MIN_ALIGN 16u

/* A block with less of it in use than half is left for a smaller one, if it is larger than this. */
#define WORTH_MOVING 64u

struct request {
	size_t size;
	size_t align;
	gfp_t gfp;
	struct kmalloc_token token;
};

static void *out_of_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

/*
 * kmalloc aligns to the largest power of two that divides the size, and to minalign whatever the
 * size is, which then is the one that a debug cache guards.
 */
static size_t padded_bytes(const struct request *r)
{
	size_t size = max_size(r->size, 1);

	return r->align > MIN_ALIGN ? align_up(size, r->align) : size;
}

/* Address space that freed blocks still have is given up for a new one. */
static void *from_kmalloc(size_t size, const struct request *r)
{
	void *p = kmalloc_token(size, r->gfp, r->token);

	return p || !huge_trim() ? p : kmalloc_token(size, r->gfp, r->token);
}

/* As kvmalloc() does: a page that kmalloc has not got, the system has not got either. */
static void *from_somewhere(const struct request *r)
{
	size_t size = padded_bytes(r);
	void *p = size <= KMALLOC_MAX_SIZE ? from_kmalloc(size, r) : NULL;

	if (p || size <= slab_page_bytes())
		return p;
	return r->gfp & __GFP_ZERO ? huge_zalloc(r->size, r->align) : huge_alloc(r->size, r->align);
}

static void *find(const struct request *r)
{
	if (r->size > PTRDIFF_MAX - r->align)
		return NULL;
	if (unlikely(!start_ensure()))
		return r->align == MIN_ALIGN ? start_alloc(r->size) : NULL;
	return from_somewhere(r);
}

static void *alloc(const struct request *r)
{
	int saved = errno;
	void *p;

	huge_expire();
	p = find(r);
	if (!p)
		return out_of_memory();
	if (unlikely(token_stats_on))
		token_stats_add(p, r->size, r->token);
	errno = saved;
	return p;
}

void *dropin_alloc_slow(size_t size, struct kmalloc_token t)
{
	return alloc(&(struct request){ size, MIN_ALIGN, GFP_KERNEL, t });
}

/* Large blocks may be known to be zero, so there it is left to who knows. */
void *dropin_zalloc_slow(size_t n, size_t size, struct kmalloc_token t)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		return out_of_memory();
	if (bytes > KMALLOC_MAX_CACHE_SIZE)
		return alloc(&(struct request){ bytes, MIN_ALIGN, GFP_KERNEL | __GFP_ZERO, t });
	p = dropin_alloc(bytes, t);
	return p ? memset(p, 0, bytes) : NULL;
}

void *dropin_aligned(size_t align, size_t size, struct kmalloc_token t)
{
	if (align <= MIN_ALIGN)
		return dropin_alloc(size, t);
	if (align > PTRDIFF_MAX)
		return out_of_memory();
	return alloc(&(struct request){ size, align, GFP_KERNEL, t });
}

/* Is @p in a slab, a large block or between guard pages? */
static bool is_slab_memory(const void *p)
{
	return is_kfence_address(p) || free_frame(p);
}

void dropin_free_slow(void *p)
{
	int saved = errno;

	if (unlikely(token_stats_on))
		token_stats_remove(p);
	if (is_slab_memory(p) || (p && !huge_free(p) && !start_bytes(p)))
		kfree(p); /* which also reports what is nobody's */
	errno = saved;
}

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

/* Of a block that is no slab memory; 0 if it is nobody's. */
static size_t other_bytes(const void *p)
{
	size_t bytes = start_bytes(p);

	return bytes ? bytes : huge_bytes(p);
}

size_t dropin_usable(const void *p)
{
	size_t bytes = p && !is_slab_memory(p) ? other_bytes(p) : 0;

	return bytes ? bytes : ksize(p);
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
	size_t bytes = other_bytes(p);
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
	return is_slab_memory(p) ? resize_slab(p, size, t) : resize_other(p, size, t);
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

	if (__builtin_mul_overflow(n, size, &bytes))
		return out_of_memory();
	return dropin_realloc(p, bytes, t);
}
