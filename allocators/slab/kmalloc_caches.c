// SPDX-License-Identifier: MIT
/* The caches of kmalloc: their names and flags, which are made at boot, which later. See kmalloc.h.
 */
#include "kmalloc.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "boot.h"
#include "cache.h"
#include "debug_flags.h"
#include "geometry.h"
#include "kmalloc_fast.h"
#include "large.h"
#include "task.h"
#include "text.h"

#define NR_OTHER_TYPES (NR_KMALLOC_TYPES - MAX_PARTITIONS)

/* The sets last, so that what most programs use is one page: NO_OBJ_EXT and set 0. */
static SPARSE struct kmem_cache *caches[NR_KMALLOC_TYPES][NR_KMALLOC_INDEXES]
	__attribute__((aligned(UNIT_BYTES / 2)));
static bool is_lazy; /* caches are made when they are first asked for */

/*
 * Sheaves and what belongs to caches: of many classes the powers of two between will do, which take
 * one page of caches. A larger block is as many pages as its class would have taken.
 */
#define INTERNAL_MIN 128u
#define INTERNAL_MAX 16384u

static struct kmem_cache **row(unsigned int type)
{
	return caches[type < MAX_PARTITIONS ? type + NR_OTHER_TYPES : type - MAX_PARTITIONS];
}

struct kmem_cache *kmalloc_cache(unsigned int type, unsigned int index)
{
	return __atomic_load_n(&row(type)[index], __ATOMIC_ACQUIRE);
}

void *kmalloc_internal(size_t bytes, gfp_t gfp)
{
	struct kmem_cache *s;

	if (bytes > (is_lazy ? INTERNAL_MAX : kmalloc_max_cache_size()))
		return large_alloc(bytes, gfp, NUMA_NO_NODE);
	bytes = is_lazy ? max_size(1ul << bits_fls(bytes - 1), INTERNAL_MIN) : bytes;
	s = row(KMALLOC_NO_OBJ_EXT)[kmalloc_index(bytes)];
	return alloc_object(s, gfp);
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

/* Classes that the kernel does not have: several blocks a slab, so that its end is a small part. */
#define BLOCKS_A_SLAB 8u

static bool is_beyond_kernel(unsigned int bytes)
{
	return bytes > 2 * slab_page_bytes();
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
	if (is_beyond_kernel(bytes))
		l.min_order = geometry_get_order(BLOCKS_A_SLAB * bytes, slab_page_bytes());
	s = cache_create(name, &l, NULL);
	if (!s)
		return -errno;
	s->kmalloc_class = (uint8_t)index;
	s->kmalloc_type = (uint16_t)type;
	if (is_beyond_kernel(bytes))
		/* An empty slab is up to 512 KiB. */
		__atomic_store_n(&s->geo.min_partial, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&row(type)[index], s, __ATOMIC_RELEASE);
	return 0;
}

/* The kernel's order: 96, 192, then the powers of two; fine classes from the smallest. */
static int create_type(unsigned int type)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < NR_KMALLOC_INDEXES; i++)
		if (kmalloc_class_bytes(i))
			err = create(type, i);
	return err;
}

static bool is_internal(unsigned int bytes)
{
	if (!is_lazy)
		return bytes;
	return bits_is_pow2(bytes) && bytes >= INTERNAL_MIN && bytes <= INTERNAL_MAX;
}

static int create_internal(void)
{
	int err = 0;

	for (unsigned int i = 0; !err && i < NR_KMALLOC_INDEXES; i++) {
		if (is_internal(kmalloc_class_bytes(i)))
			err = create(KMALLOC_NO_OBJ_EXT, i);
	}
	return err;
}

static int create_all(void)
{
	int err = 0;

	for (unsigned int set = 0; !err && set < partition_nr_used(); set++)
		err = create_type(set);
	if (!err)
		err = create_type(KMALLOC_RECLAIM);
	return err ? err : create_type(KMALLOC_CGROUP);
}

int kmalloc_init(enum class_scheme scheme, unsigned int min_align)
{
	int err;

	classes_init(scheme, min_align);
	is_lazy = scheme != CLASSES_KERNEL || slab_partition.nr != NR_PARTITIONS;
	err = create_internal(); /* the sheaves of all others are made of these */
	if (!err && !is_lazy)
		err = create_all();
	return err;
}

static void open_slot(unsigned int set, unsigned int index)
{
	const struct kmem_cache *s = row(set)[index];

	if (s)
		__atomic_store_n(&slab_classes.slots[(set << NR_CLASSES_SHIFT) + index],
				 s->alloc_slot, __ATOMIC_RELEASE);
}

void kmalloc_open(void)
{
	for (unsigned int i = 0; i < NR_KMALLOC_INDEXES; i++)
		if (row(KMALLOC_NORMAL)[i])
			classes_open(i);
	for (unsigned int set = 0; set < partition_nr_used(); set++)
		for (unsigned int i = 0; i < NR_KMALLOC_INDEXES; i++)
			open_slot(set, i);
	partition_open();
}

/* Somebody else may have been faster. slab_boot_lock is held. */
static struct kmem_cache *make(unsigned int type, unsigned int index)
{
	if (!row(type)[index] && create(type, index))
		return NULL;
	classes_open(index);
	if (type < partition_nr_used())
		open_slot(type, index);
	return row(type)[index];
}

/* What a larger class of the type has. */
static struct kmem_cache *find_larger(unsigned int type, unsigned int index)
{
	size_t max = kmalloc_max_cache_size(), bytes = kmalloc_class_bytes(index);
	struct kmem_cache *s = NULL;

	while (!s && bytes < max) {
		index = kmalloc_index(bytes + 1);
		bytes = kmalloc_class_bytes(index);
		s = kmalloc_cache(type, index);
	}
	return s;
}

struct kmem_cache *kmalloc_cache_for(unsigned int type, unsigned int index)
{
	struct kmem_cache *s = kmalloc_cache(type, index);

	if (likely(s))
		return s;
	if (slab_task.in_shrinker) /* this thread may be in make() or in kmem_cache_create() */
		return find_larger(type, index);
	boot_lock();
	s = make(type, index);
	boot_unlock();
	return s;
}

void kmalloc_exit(void)
{
	memset(caches, 0, sizeof(caches));
	classes_exit();
}
