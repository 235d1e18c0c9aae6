/* SPDX-License-Identifier: MIT */
/*
 * Extensions: what libslab knows of an object beside the object, who pays for it (memcontrol.h) and
 * which call site allocated it (codetag.h). Only slabs that need them have them, in one of three
 * places, the first that fits (Linux 7.0):
 *
 *   1. behind the last object, where a new slab's leftover bytes hold all extensions
 *   2. in each object's last alignment padding (SLAB_OBJ_EXT_IN_OBJ, geometry.ext_offset)
 *   3. in a vector of their own, also for a slab that gets its first extension late
 *
 * frame.obj_exts is the vector's address with EXTS_VALID; EXTS_VALID alone: there was no memory for
 * one; 0: none needed so far. frame.stride is from one extension to the next: their size, or the
 * slot's in place 2. A slab with extensions has slot 0 in the page map, so that each of its frees
 * comes by the slow path, and hooks; other slabs of the cache keep theirs.
 *
 * Publication: stride and page map entry are written before obj_exts, which is stored with release
 * and read with acquire. Who sees a vector therefore steps through it rightly.
 *
 * An extension belongs to who owns the object. Vectors come from caches that have none
 * (KMALLOC_NO_OBJ_EXT), so that freeing a slab frees at most one more object and no vector
 * (CVE-2026-74576). Functions: any thread, no lock held beyond percpu_lock (types.h).
 */
#ifndef SLAB_EXTS_H
#define SLAB_EXTS_H

#include "alloc_tag.h"
#include "memcg.h"
#include "pagemap.h"
#include "types.h"

struct slabobj_ext {
	struct obj_cgroup *objcg; /* who pays; NULL: nobody */
	struct alloc_tag *tag;	  /* not there without profiling: then 8 bytes are all */
};

#define EXTS_VALID ((uintptr_t)1)

/* What an object costs beyond its slot: the kernel's sizeof(struct obj_cgroup *). */
#define EXTS_CHARGE_BYTES sizeof(struct obj_cgroup *)

/* At boot, after alloc_tag_init(): where vectors come from. */
void exts_init(const struct memory_source *source);

/* Of one extension: 8, or 16 with profiling. */
static inline unsigned int exts_bytes_with(bool profiling)
{
	return profiling ? sizeof(struct slabobj_ext) : sizeof(struct obj_cgroup *);
}

/* As it is here; constant after boot. */
static inline unsigned int exts_bytes(void)
{
	return exts_bytes_with(alloc_tag_enabled());
}

/* Are all objects of @s to have extensions? It changes once, when the first group is made. */
static inline bool exts_wanted(const struct kmem_cache *s)
{
	if (s->flags & SLAB_NO_OBJ_EXT)
		return false;
	return alloc_tag_enabled() || ((s->flags & SLAB_ACCOUNT) && memcg_online());
}

/* Does an allocation with @gfp need one? */
static inline bool exts_needed(const struct kmem_cache *s, gfp_t gfp)
{
	return exts_wanted(s) || ((gfp & __GFP_ACCOUNT) && memcg_online());
}

/* Has the slab, or large block, extensions now? */
static inline bool exts_present(const struct frame *f)
{
	return __atomic_load_n(&f->obj_exts, __ATOMIC_RELAXED) & ~EXTS_VALID;
}

/* The extension of an object of @f; NULL if the slab has none. */
struct slabobj_ext *exts_of(const struct kmem_cache *s, const struct frame *f, const void *object);

/*
 * A new slab that only the caller sees, its page map entries written and its objects made: give it
 * extensions if its cache wants them. And its end, before the block goes back.
 */
void exts_slab_new(const struct kmem_cache *s, struct frame *f, gfp_t gfp);
void exts_slab_gone(struct frame *f);

/*
 * Charge and count @n objects of @s that were just taken. False if a limit refused: then nothing is
 * charged or counted and the caller puts the objects back. An object whose slab gets no vector is
 * neither charged nor counted.
 */
bool exts_alloc(struct kmem_cache *s, gfp_t gfp, void *const *objects, unsigned int n,
		struct kmalloc_token site);

/* Undo it for an object that is about to be freed. */
void exts_free(const struct kmem_cache *s, struct frame *f, const void *object);

/* The same for a block of large kmalloc: it is charged as it is, in pages. */
bool exts_large_alloc(struct frame *f, gfp_t gfp, struct kmalloc_token site);
void exts_large_free(struct frame *f);

/* For slab_check(): tell objcg_tally() of each charged object of a slab or large block. */
void exts_tally(const struct kmem_cache *s, const struct frame *f);
void exts_large_tally(const struct frame *f);

#endif
