/* SPDX-License-Identifier: MIT */
/*
 * How the objects of a cache lie in its slabs: the kernel's calculate_alignment, calculate_sizes
 * and calculate_order (mm/slub.c, mm/slab_common.c, 6.12 to 7.3) as pure functions of the request
 * and of a machine that need not be this one. No state, no lock, no error but the return value.
 * tests/slab/geometry.c compares them with recorded kernels, `runner geometry --kernel` with the
 * one that runs.
 *
 * A slot, from its start; what a cache does not have takes no bytes:
 *
 *   red_left_pad   left red zone, a multiple of align
 *   object_size    the object; pointers point here
 *   .. inuse       right red zone, or padding to a word
 *   8              the free pointer, if it lies outside the object
 *   2 * 32         who allocated, who freed			(track_offset)
 *   8              the size asked for: kmalloc with tracks	(orig_offset)
 *   8              one word more of red zone
 *   .. size        padding to a multiple of align; may hold the extension (ext_offset)
 */
#ifndef SLAB_GEOMETRY_H
#define SLAB_GEOMETRY_H

#include "types.h"

/* struct track: return address, stack handle, cpu, pid (padded), time; 64-bit with stack depot. */
#define TRACK_BYTES 32u

/* The block that SLAB_HUGE_BLOCKS fills: a huge page of x86-64. */
#define HUGE_BLOCK_BYTES ((size_t)2 << 20)

/* Whose rules are followed. They agree but for what is said here and in merge.h. */
enum slab_rules {
	RULES_7_2,
	RULES_6_18, /* sheaves only for who asks, cpu partial lists, a 4-byte word with the size
		       asked for, no extensions in slabs */
};

/* The machine whose slab is asked for, and how it was booted. */
struct machine {
	size_t page_size;	       /* bytes, a power of two */
	unsigned int cpus;	       /* CPUs present */
	unsigned int slab_min_order;   /* 0 */
	unsigned int slab_max_order;   /* 3 (PAGE_ALLOC_COSTLY_ORDER) */
	unsigned int slab_min_objects; /* 0: follows the CPUs */
	unsigned int cache_line;       /* bytes */
	unsigned int minalign;	       /* ARCH_SLAB_MINALIGN: 8 on x86-64 */
	enum slab_rules rules;
	unsigned int ext_bytes;	 /* of one slabobj_ext: 8 or 16; 0: extensions are off */
	bool nomerge;		 /* slab_nomerge */
	bool debug_keeps_orders; /* debug letter O */
};

/* What a cache asks for. */
struct layout {
	unsigned int size;
	unsigned int align;
	slab_flags_t flags; /* with those of the debug option */
	bool has_ctor;
	bool has_freeptr_offset;
	unsigned int freeptr_offset;
	unsigned int useroffset, usersize; /* usersize 0: no copies to or from users */
	unsigned int sheaf_capacity;	   /* at least; 0: no wish */
	unsigned int min_order;		   /* in pages; no slab of this cache is smaller */
};

/* @page_size with the kernel's defaults for everything else. */
struct machine machine_default(size_t page_size, unsigned int cpus);

/* The order of the smallest block of @page_size pages that holds @bytes; @bytes > 0. */
unsigned int geometry_get_order(size_t bytes, size_t page_size);

/* 4 * (fls(cpus) + 1) unless the machine says. */
unsigned int geometry_min_objects(const struct machine *m);

/* The order of a slab of @size-byte slots, or -ENOSYS if one does not fit the largest block. */
int geometry_order(const struct machine *m, unsigned int size);

unsigned int geometry_alignment(const struct machine *m, slab_flags_t flags, unsigned int align,
				unsigned int size);

/* The usual capacity of a sheaf of @size-byte slots: 60, 28, 12 or 4. */
unsigned int geometry_capacity(unsigned int size);

/*
 * The flags that a cache of layout @l has in the end. Beside its own: SLAB_NO_MERGE if it asks for
 * sheaves or orders of its own, SLAB_OBJECT_POISON, SLAB_OBJ_EXT_IN_OBJ; without Z, P and U if
 * those raised the order of one object and the machine keeps orders.
 */
slab_flags_t geometry_flags(const struct machine *m, const struct layout *l);

/*
 * Can a cache of @l never share slabs? @flags are those it has in the end. As in a kernel with
 * HARDENED_USERCOPY, copies to users make a cache unmergeable, and so all of kmalloc.
 */
bool geometry_unmergeable(const struct machine *m, const struct layout *l, slab_flags_t flags);

/*
 * Fill @geo. 0; -EINVAL for a bad request: no size or one above KMALLOC_MAX_SIZE, an alignment that
 * is no power of two, a sheaf of more than 65535 objects, a free pointer offset outside the object
 * or without RCU or constructor, a user region outside the object, more than 32767 objects in the
 * smallest order allowed; -ENOSYS if no block is large enough.
 *
 * SLAB_HUGE_BLOCKS: slots beyond a page get the order within 2 MiB that wastes least for each, the
 * lowest that does so, and as with min_order a slab is never smaller.
 */
int geometry_calculate(const struct machine *m, const struct layout *l, struct geometry *geo);

/*
 * Where in a slab of @bytes with @objects objects the vector of extensions begins when it fits
 * behind the last object, in bytes from the slab's start; 0 if it does not fit or none is kept.
 * Asked before the padding of the objects.
 */
size_t geometry_ext_leftover(const struct machine *m, const struct geometry *geo, size_t bytes,
			     unsigned int objects);

/* 6.18: free objects that a CPU keeps on its partial list (cpu_partial); with 7.2 rules 0. */
unsigned int geometry_cpu_partial(const struct machine *m, const struct geometry *geo,
				  slab_flags_t flags);

/* The number of the object that lies @bytes into a slab. */
static inline unsigned int geometry_index(const struct geometry *geo, size_t bytes)
{
	return (unsigned int)((unsigned __int128)geo->reciprocal * bytes >> 64);
}

#endif
