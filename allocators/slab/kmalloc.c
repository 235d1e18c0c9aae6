// SPDX-License-Identifier: MIT
/*
 * kmalloc: from a size and a call site to a cache. The fast path reads two small tables: the class
 * of a size, and the array slot of a class in a set. See kmalloc.h.
 */
#include "kmalloc.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "boot.h"
#include "cache.h"
#include "cpuslab.h"
#include "debug_flags.h"
#include "exts.h"
#include "large.h"
#include "nodes.h"
#include "percpu.h"
#include "text.h"

/* Flags that the fast path leaves to kmalloc_general(). */
#define GFP_GENERAL (__GFP_ZERO | __GFP_RECLAIMABLE | __GFP_ACCOUNT | __GFP_DMA)

#define MIN_INDEX	3u /* 8 bytes */
#define STEP_SHIFT	3u /* classes are told apart by multiples of 8 */
#define NR_STEPS	(KMALLOC_MAX_CACHE_SIZE >> STEP_SHIFT)
#define INDEX_ALIGNMENT 16u /* entries of a set in the slot table: a shift instead of a product */

/* What the fast path reads, in one object, so that one address reaches all of it. */
static struct {
	/* The array of a class in a set; 0 before boot. */
	uint32_t slots[NR_PARTITIONS][INDEX_ALIGNMENT];
	/* The class of a size, by (size - 1) / 8: a load instead of a comparison and a count. */
	uint8_t index[NR_STEPS];
} fast = {
	.index = {
		[0] = 3,
		[1] = 4,
		[2 ... 3] = 5,
		[4 ... 7] = 6,
		[8 ... 11] = 1,
		[12 ... 15] = 7,
		[16 ... 23] = 2,
		[24 ... 31] = 8,
		[32 ... 63] = 9,
		[64 ... 127] = 10,
		[128 ... 255] = 11,
		[256 ... 511] = 12,
		[512 ... 1023] = 13,
	},
};

/* Creation order within a type, as in the kernel: 96, 192, then the powers of two. Those above
 * KMALLOC_MAX_CACHE_SIZE exist with larger pages only.
 */
static const uint8_t class_order[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };

static struct kmem_cache *caches[NR_KMALLOC_TYPES][NR_KMALLOC_INDEXES];

size_t kmalloc_max_cache_size(void)
{
	return 2 * slab_page_bytes();
}

unsigned int kmalloc_index(size_t size)
{
	if (likely(size <= KMALLOC_MAX_CACHE_SIZE))
		return fast.index[(size - 1) >> STEP_SHIFT];
	return bits_fls(size - 1);
}

unsigned int kmalloc_class_bytes(unsigned int index)
{
	if (index < MIN_INDEX)
		return index * 96;
	return 1u << index;
}

unsigned int kmalloc_type(gfp_t gfp, struct kmalloc_token token)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_RECLAIMABLE | __GFP_ACCOUNT))))
		return partition_set(token);
	if (gfp & __GFP_DMA)
		return KMALLOC_NORMAL;
	return gfp & __GFP_RECLAIMABLE ? KMALLOC_RECLAIM : KMALLOC_CGROUP;
}

void *kmalloc_internal(size_t bytes, gfp_t gfp)
{
	if (bytes > kmalloc_max_cache_size())
		return large_alloc(bytes, gfp, NUMA_NO_NODE);
	return alloc_object(caches[KMALLOC_NO_OBJ_EXT][kmalloc_index(bytes)], gfp);
}

struct kmem_cache *kmalloc_cache(unsigned int type, unsigned int index)
{
	return caches[type][index];
}

static void *large(const struct alloc_request *r)
{
	void *p = large_alloc(r->size, r->gfp, r->node);

	if (!p || exts_large_alloc(frame_of(p), r->gfp, r->site))
		return p;
	kfree(p);
	return NULL;
}

/* Everything that the fast path is not made for: other sizes, flags, an empty array, no boot yet.
 */
static __attribute__((noinline)) void *
kmalloc_general(size_t size, gfp_t gfp, int node, struct kmalloc_token token, const void *caller)
{
	struct alloc_request r = {
		.gfp = gfp, .node = node, .size = size, .site = token, .caller = caller
	};

	if (slab_cpuslab && size - 1 < KMALLOC_MAX_CACHE_SIZE && !(gfp & GFP_GENERAL) &&
	    node == NUMA_NO_NODE) {
		void *object = cpuslab_pop(caches[partition_set(token)][kmalloc_index(size)]);

		if (likely(object))
			return object;
	}
	if (!size)
		return ZERO_SIZE_PTR;
	if (!boot_ensure())
		return NULL;
	if (size > kmalloc_max_cache_size())
		return large(&r);
	return alloc_general(caches[kmalloc_type(gfp, token)][kmalloc_index(size)], &r);
}

void *kmalloc_token(size_t size, gfp_t gfp, struct kmalloc_token token)
{
	size_t step = (size - 1) >> STEP_SHIFT; /* size 0 becomes the largest */
	void *object;

	if (unlikely(step >= NR_STEPS || (gfp & GFP_GENERAL)))
		return kmalloc_general(size, gfp, NUMA_NO_NODE, token, __builtin_return_address(0));
	object = percpu_pop(__atomic_load_n(&fast.slots[partition_set(token)][fast.index[step]],
					    __ATOMIC_RELAXED));
	if (likely(object))
		return object;
	return kmalloc_general(size, gfp, NUMA_NO_NODE, token, __builtin_return_address(0));
}

void *kmalloc_node_token(size_t size, gfp_t gfp, int node, struct kmalloc_token token)
{
	if (node == NUMA_NO_NODE || slab_nr_nodes == 1)
		return kmalloc_token(size, gfp, token);
	return kmalloc_general(size, gfp, nodes_wish(node), token, __builtin_return_address(0));
}

size_t kmalloc_size_roundup(size_t size)
{
	if (size - 1 < kmalloc_max_cache_size())
		return kmalloc_class_bytes(kmalloc_index(size));
	if (!size || size > KMALLOC_MAX_SIZE)
		return size;
	return slab_page_bytes() << geometry_get_order(size, slab_page_bytes());
}

/* "64", "1k" */
static void name_bytes(struct text *t, unsigned int bytes)
{
	text_u64(t, bytes < 1024 ? bytes : bytes / 1024);
	if (bytes >= 1024)
		text_str(t, "k");
}

static void name_cache(struct text *t, unsigned int type, unsigned int bytes)
{
	text_str(t, "kmalloc-");
	if (type == KMALLOC_RECLAIM) {
		text_str(t, "rcl-");
	} else if (type == KMALLOC_CGROUP) {
		text_str(t, "cg-");
	} else if (type == KMALLOC_NO_OBJ_EXT) {
		text_str(t, "no-objext-");
	} else if (type != KMALLOC_NORMAL) {
		text_str(t, type < 10 ? "part-0" : "part-");
		text_u64(t, type);
		text_str(t, "-");
	}
	name_bytes(t, bytes);
}

static slab_flags_t type_flags(unsigned int type)
{
	if (type == KMALLOC_RECLAIM)
		return SLAB_KMALLOC | SLAB_RECLAIM_ACCOUNT;
	if (type == KMALLOC_CGROUP)
		return SLAB_KMALLOC | SLAB_ACCOUNT;
	if (type == KMALLOC_NO_OBJ_EXT)
		return SLAB_KMALLOC | SLAB_NO_MERGE | SLAB_NO_OBJ_EXT | SLAB_NO_SHEAVES;
	return SLAB_KMALLOC | SLAB_NO_MERGE;
}

static int create(unsigned int type, unsigned int index)
{
	unsigned int bytes = kmalloc_class_bytes(index);
	char name[SLAB_NAME_LEN];
	struct text t;
	struct layout l = {
		.size = bytes,
		.align = 1u << (bits_ffs(bytes) - 1), /* the largest power of two that divides it */
		.usersize = bytes,
	};
	struct kmem_cache *s;

	text_init(&t, name, sizeof(name));
	name_cache(&t, type, bytes);
	l.flags = debug_flags_for(name, type_flags(type));
	s = cache_create(name, &l, NULL);
	if (!s)
		return -errno;
	caches[type][index] = s;
	if (type < NR_PARTITIONS && index < INDEX_ALIGNMENT)
		__atomic_store_n(&fast.slots[type][index], s->alloc_slot, __ATOMIC_RELAXED);
	return 0;
}

static bool type_exists(unsigned int type)
{
	return type == KMALLOC_NORMAL || type >= KMALLOC_RECLAIM ||
	       slab_partition.mode != PARTITION_NONE;
}

static int create_type(unsigned int type)
{
	for (size_t i = 0; i < ARRAY_SIZE(class_order); i++) {
		int err = 0;

		if (kmalloc_class_bytes(class_order[i]) <= kmalloc_max_cache_size())
			err = create(type, class_order[i]);
		if (err)
			return err;
	}
	return 0;
}

int kmalloc_init(void)
{
	/* Sheaves are made of these, so they come first. */
	int err = create_type(KMALLOC_NO_OBJ_EXT);

	for (unsigned int type = 0; !err && type < KMALLOC_NO_OBJ_EXT; type++)
		if (type_exists(type))
			err = create_type(type);
	return err;
}

void kmalloc_exit(void)
{
	memset(fast.slots, 0, sizeof(fast.slots));
	memset(caches, 0, sizeof(caches));
}
