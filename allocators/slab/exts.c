// SPDX-License-Identifier: MIT
/* Where extensions lie, and what is written into them. See exts.h. */
#include "exts.h"

#include <string.h>

#include "fault.h"
#include "geometry.h"
#include "objcg.h"

/* Flags that say where or how the object is allocated, not what it is described by. */
#define GFP_OBJECT_ONLY                                                                            \
	(__GFP_ACCOUNT | __GFP_RECLAIMABLE | __GFP_DMA | __GFP_DMA32 | __GFP_NOFAIL | __GFP_ZERO)

static struct memory_source memory;

void exts_init(const struct memory_source *source)
{
	memory = *source;
}

static uintptr_t load_exts(const struct frame *f)
{
	return __atomic_load_n(&f->obj_exts, __ATOMIC_ACQUIRE);
}

static void store_stride(struct frame *f, uint32_t stride)
{
	if (defect_on(DEFECT_STRIDE_16))
		stride = (uint16_t)stride;
	__atomic_store_n(&f->stride, stride, __ATOMIC_RELAXED);
}

static struct slabobj_ext *ext_at(const struct frame *f, uintptr_t exts, size_t index)
{
	size_t stride = __atomic_load_n(&f->stride, __ATOMIC_RELAXED);

	return (void *)((exts & ~EXTS_VALID) + index * stride);
}

struct slabobj_ext *exts_of(const struct kmem_cache *s, const struct frame *f, const void *object)
{
	size_t bytes = (uintptr_t)object & (frame_bytes(f) - 1);
	uintptr_t exts = load_exts(f);

	return exts & ~EXTS_VALID ? ext_at(f, exts, geometry_index(&s->geo, bytes)) : NULL;
}

/* An extension's owner may be read by usage and check; who writes it is alone. */
static struct obj_cgroup *swap_objcg(struct slabobj_ext *ext, struct obj_cgroup *objcg)
{
	struct obj_cgroup *old = __atomic_load_n(&ext->objcg, __ATOMIC_RELAXED);

	__atomic_store_n(&ext->objcg, objcg, __ATOMIC_RELAXED);
	return old;
}

static struct alloc_tag *swap_tag(struct slabobj_ext *ext, struct alloc_tag *tag)
{
	struct alloc_tag *old = __atomic_load_n(&ext->tag, __ATOMIC_RELAXED);

	__atomic_store_n(&ext->tag, tag, __ATOMIC_RELAXED);
	return old;
}

static size_t leftover_offset(const struct kmem_cache *s, const struct frame *f)
{
	return align_up((size_t)f->objects * s->geo.size, _Alignof(struct slabobj_ext));
}

static bool fits_leftover(const struct kmem_cache *s, const struct frame *f)
{
	return leftover_offset(s, f) + (size_t)f->objects * exts_bytes() <= frame_bytes(f);
}

static bool in_slab(const struct frame *f, uintptr_t exts)
{
	return exts - (uintptr_t)frame_address(f) < frame_bytes(f);
}

/* Place 1. */
static uintptr_t use_leftover(const struct kmem_cache *s, struct frame *f)
{
	char *vector = (char *)frame_address(f) + leftover_offset(s, f);

	store_stride(f, exts_bytes());
	memset(vector, 0, (size_t)f->objects * exts_bytes());
	return (uintptr_t)vector;
}

/* Place 2. */
static uintptr_t use_padding(const struct kmem_cache *s, struct frame *f)
{
	char *first = (char *)frame_address(f) + s->geo.ext_offset;

	store_stride(f, s->geo.size);
	for (size_t i = 0; i < f->objects; i++)
		memset(first + i * s->geo.size, 0, exts_bytes());
	return (uintptr_t)first;
}

/* Place 3. */
static uintptr_t new_vector(const struct frame *f, gfp_t gfp)
{
	return (uintptr_t)memory.alloc((size_t)f->objects * exts_bytes(), gfp & ~GFP_OBJECT_ONLY);
}

/* From now on frees from the slab, which others may see already, come to exts_free(). */
static void leave_fast_path(const struct frame *f)
{
	pagemap_set(frame_page(f), f->order, PAGE_SLAB, 0);
}

/* Of two threads that come with a vector the first wins. */
static bool publish(struct frame *f, uintptr_t vector)
{
	uintptr_t old = 0;

	while (!__atomic_compare_exchange_n(&f->obj_exts, &old, vector | EXTS_VALID, false,
					    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		if (old & ~EXTS_VALID)
			return false;
	return true;
}

static bool publish_before_stride(struct frame *f, uintptr_t vector)
{
	bool first = publish(f, vector);

	defect_window();
	store_stride(f, exts_bytes());
	return first;
}

static void give_late_vector(struct frame *f, gfp_t gfp)
{
	uintptr_t vector = new_vector(f, gfp), none = 0;
	bool first;

	if (!vector) {
		__atomic_compare_exchange_n(&f->obj_exts, &none, EXTS_VALID, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
		return;
	}
	leave_fast_path(f);
	if (defect_on(DEFECT_STRIDE_LATE)) {
		first = publish_before_stride(f, vector);
	} else {
		store_stride(f, exts_bytes());
		defect_window();
		first = publish(f, vector);
	}
	if (!first)
		memory.free((void *)vector);
}

void exts_slab_new(const struct kmem_cache *s, struct frame *f, gfp_t gfp)
{
	uintptr_t vector;

	store_stride(f, 0);
	f->obj_exts = 0;
	if (!exts_wanted(s))
		return;
	if (fits_leftover(s, f)) {
		vector = use_leftover(s, f);
	} else if (s->flags & SLAB_OBJ_EXT_IN_OBJ) {
		vector = use_padding(s, f);
	} else {
		vector = new_vector(f, gfp);
		store_stride(f, exts_bytes());
	}
	if (vector)
		leave_fast_path(f);
	__atomic_store_n(&f->obj_exts, vector | EXTS_VALID, __ATOMIC_RELEASE);
}

void exts_slab_gone(struct frame *f)
{
	uintptr_t vector = load_exts(f) & ~EXTS_VALID;

	__atomic_store_n(&f->obj_exts, 0, __ATOMIC_RELAXED);
	if (vector && !in_slab(f, vector))
		memory.free((void *)vector);
}

static struct slabobj_ext *ext_or_new(struct kmem_cache *s, const void *object, gfp_t gfp)
{
	struct frame *f = frame_of(object);
	struct slabobj_ext *ext = exts_of(s, f, object);

	if (unlikely(!ext)) {
		give_late_vector(f, gfp);
		ext = exts_of(s, f, object);
	}
	return ext;
}

static enum memcg_stat stat_of(const struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? MEMCG_SLAB_RECLAIMABLE : MEMCG_SLAB_UNRECLAIMABLE;
}

static size_t charge_bytes(const struct kmem_cache *s)
{
	return s->geo.size + EXTS_CHARGE_BYTES;
}

/* Through whom @gfp's objects of @s are paid; NULL: nobody. */
static struct obj_cgroup *payer(slab_flags_t flags, gfp_t gfp)
{
	if (!(flags & SLAB_ACCOUNT) && !(gfp & __GFP_ACCOUNT))
		return NULL;
	return memcg_current();
}

static void count(struct slabobj_ext *ext, size_t bytes, struct kmalloc_token site)
{
	struct alloc_tag *tag = alloc_tag_of(site);

	if (tag)
		alloc_tag_add(tag, bytes);
	swap_tag(ext, tag);
}

/* False if the object has no extension: it is neither charged nor counted. */
static bool describe(struct kmem_cache *s, gfp_t gfp, const void *object, struct obj_cgroup *objcg,
		     struct kmalloc_token site)
{
	struct slabobj_ext *ext = ext_or_new(s, object, gfp);

	if (!ext)
		return false;
	if (objcg)
		swap_objcg(ext, objcg);
	if (alloc_tag_enabled())
		count(ext, s->geo.size, site);
	return true;
}

bool exts_alloc(struct kmem_cache *s, gfp_t gfp, void *const *objects, unsigned int n,
		struct kmalloc_token site)
{
	struct obj_cgroup *objcg = payer(s->flags, gfp);
	size_t undescribed = 0;

	if (objcg && !objcg_charge(objcg, gfp, n * charge_bytes(s), stat_of(s)))
		return false;
	if (!objcg && !alloc_tag_enabled())
		return true;
	for (unsigned int i = 0; i < n; i++)
		undescribed += !describe(s, gfp, objects[i], objcg, site);
	if (objcg && undescribed)
		objcg_uncharge(objcg, undescribed * charge_bytes(s), stat_of(s));
	return true;
}

/* Nothing is known of the object afterwards. */
static void forget(struct slabobj_ext *ext, size_t charged, size_t counted, enum memcg_stat stat)
{
	struct obj_cgroup *objcg = swap_objcg(ext, NULL);
	struct alloc_tag *tag = alloc_tag_enabled() ? swap_tag(ext, NULL) : NULL;

	if (objcg)
		objcg_uncharge(objcg, charged, stat);
	if (tag)
		alloc_tag_sub(tag, counted);
}

void exts_free(const struct kmem_cache *s, struct frame *f, const void *object)
{
	struct slabobj_ext *ext = exts_of(s, f, object);

	if (ext)
		forget(ext, charge_bytes(s), s->geo.size, stat_of(s));
}

/* A large block has an extension of its own, always in place 3. */
static struct slabobj_ext *large_ext(struct frame *f, gfp_t gfp)
{
	if (!exts_present(f))
		f->obj_exts = (uintptr_t)memory.alloc(exts_bytes(), gfp & ~GFP_OBJECT_ONLY);
	return (void *)(f->obj_exts & ~EXTS_VALID);
}

static bool charge_large(struct frame *f, struct obj_cgroup *objcg, gfp_t gfp)
{
	struct slabobj_ext *ext;

	if (!objcg_charge(objcg, gfp, frame_bytes(f), MEMCG_SLAB_UNRECLAIMABLE))
		return false;
	ext = large_ext(f, gfp);
	if (ext)
		swap_objcg(ext, objcg);
	else
		objcg_uncharge(objcg, frame_bytes(f), MEMCG_SLAB_UNRECLAIMABLE);
	return true;
}

static bool describe_large(struct frame *f, gfp_t gfp, struct kmalloc_token site)
{
	struct obj_cgroup *objcg = payer(0, gfp);
	struct slabobj_ext *ext;

	if (objcg && !charge_large(f, objcg, gfp))
		return false;
	ext = alloc_tag_enabled() ? large_ext(f, gfp) : NULL;
	if (ext)
		count(ext, frame_bytes(f), site);
	return true;
}

bool exts_large_alloc(struct frame *f, gfp_t gfp, struct kmalloc_token site)
{
	bool good;

	if (!memcg_online() && !alloc_tag_enabled())
		return true;
	gate_enter();
	good = describe_large(f, gfp, site);
	gate_leave();
	return good;
}

void exts_large_free(struct frame *f)
{
	uintptr_t vector = f->obj_exts & ~EXTS_VALID;

	if (!vector)
		return;
	forget((void *)vector, frame_bytes(f), frame_bytes(f), MEMCG_SLAB_UNRECLAIMABLE);
	f->obj_exts = 0;
	memory.free((void *)vector);
}

/* The kmalloc caches without a word on who pays: charging late would charge vectors in a circle. */
static bool is_kmalloc_normal(const struct kmem_cache *s)
{
	return (s->flags & (SLAB_KMALLOC | SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT)) == SLAB_KMALLOC;
}

static bool is_charged(const struct slabobj_ext *ext)
{
	return ext && __atomic_load_n(&ext->objcg, __ATOMIC_RELAXED);
}

static bool charge_late(struct kmem_cache *s, void *object, struct obj_cgroup *objcg, gfp_t gfp)
{
	struct slabobj_ext *ext;

	if (is_kmalloc_normal(s) || is_charged(exts_of(s, frame_of(object), object)))
		return true;
	if (!objcg_charge(objcg, gfp, charge_bytes(s), stat_of(s)))
		return false;
	ext = ext_or_new(s, object, gfp);
	if (ext)
		swap_objcg(ext, objcg);
	else
		objcg_uncharge(objcg, charge_bytes(s), stat_of(s));
	return true;
}

static bool charge_any(void *object, struct obj_cgroup *objcg, gfp_t gfp)
{
	struct frame *f = frame_of(object);

	if (entry_kind(pagemap_entry(pagemap_page(object))) == PAGE_SLAB)
		return charge_late(f->cache, object, objcg, gfp);
	return is_charged((void *)(f->obj_exts & ~EXTS_VALID)) || charge_large(f, objcg, gfp);
}

bool kmem_cache_charge(void *object, gfp_t gfp)
{
	struct obj_cgroup *objcg = memcg_current();
	bool good;

	/* Objects of kfence.h lie outside of the range and are nobody's. */
	if (!objcg || pagemap_page(object) >= pagemap_nr_pages())
		return true;
	gate_enter();
	good = charge_any(object, objcg, gfp);
	gate_leave();
	return good;
}

static void tally(const struct slabobj_ext *ext, size_t bytes)
{
	if (is_charged(ext))
		objcg_tally(ext->objcg, bytes);
}

void exts_tally(const struct kmem_cache *s, const struct frame *f)
{
	uintptr_t exts = load_exts(f);

	for (size_t i = 0; (exts & ~EXTS_VALID) && i < f->objects; i++)
		tally(ext_at(f, exts, i), charge_bytes(s));
}

void exts_large_tally(const struct frame *f)
{
	tally((void *)(f->obj_exts & ~EXTS_VALID), frame_bytes(f));
}
