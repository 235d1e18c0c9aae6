// SPDX-License-Identifier: MIT
/* Sets of caches of one's own. See buckets.h. */
#include "buckets.h"

#include <errno.h>
#include <string.h>

#include "alloc.h"
#include "boot.h"
#include "cache.h"
#include "kmalloc.h"
#include "percpu.h"
#include "text.h"

_Static_assert(sizeof(kmem_buckets) == NR_KMALLOC_INDEXES * sizeof(struct kmem_cache *),
	       "a set has the classes of kmalloc");

static struct kmem_cache *sets; /* NULL: slab_buckets=0 */

int buckets_init(void)
{
	struct layout l = { .size = sizeof(kmem_buckets),
			    .flags = SLAB_NO_MERGE | SLAB_SKIP_KFENCE };

	sets = cache_create("kmalloc_buckets", &l, NULL);
	return sets ? 0 : -errno;
}

void buckets_exit(void)
{
	sets = NULL;
}

/* "name-1k", as the ordinary cache of the class is called. -ENAMETOOLONG if that does not fit. */
static int name_class(char *buf, const char *name, const struct kmem_cache *ordinary)
{
	struct text t;

	text_init(&t, buf, SLAB_NAME_LEN);
	text_str(&t, name);
	text_str(&t, strchr(ordinary->name, '-'));
	return t.used < SLAB_NAME_LEN ? 0 : -ENAMETOOLONG;
}

static struct kmem_cache *create_class(const char *name, unsigned int index, slab_flags_t flags,
				       const struct kmem_cache_args *part)
{
	struct kmem_cache_args args = { .ctor = part->ctor };
	unsigned int bytes = kmalloc_class_bytes(index);
	char full[SLAB_NAME_LEN];
	const struct kmem_cache *ordinary = kmalloc_cache_for(KMALLOC_NORMAL, index);
	int err = ordinary ? name_class(full, name, ordinary) : -ENOMEM;

	if (err) {
		errno = -err;
		return NULL;
	}
	if (part->useroffset < bytes) {
		args.useroffset = part->useroffset;
		args.usersize = (unsigned int)min_size(part->usersize, bytes - part->useroffset);
	}
	return __kmem_cache_create_args(full, bytes, &args, flags | SLAB_NO_MERGE);
}

static bool create_classes(kmem_buckets *b, const char *name, slab_flags_t flags,
			   const struct kmem_cache_args *part)
{
	for (unsigned int i = 0; i < NR_KMALLOC_INDEXES; i++) {
		if (!kmalloc_class_bytes(i))
			continue;
		(*b)[i] = create_class(name, i, flags, part);
		if (!(*b)[i])
			return false;
	}
	return true;
}

kmem_buckets *kmem_buckets_create(const char *name, slab_flags_t flags, unsigned int useroffset,
				  unsigned int usersize, void (*ctor)(void *object))
{
	struct kmem_cache_args part = {
		.useroffset = useroffset,
		.usersize = usersize,
		.ctor = ctor,
	};
	kmem_buckets *b;
	int err = ENOMEM;

	if (!name) {
		errno = EINVAL;
		return NULL;
	}
	if (boot_ensure() && !sets)
		return ZERO_SIZE_PTR;
	b = sets ? kmem_cache_zalloc(sets, GFP_KERNEL) : NULL;
	if (b && create_classes(b, name, flags, &part))
		return b;
	if (b)
		err = errno;
	kmem_buckets_destroy(b);
	errno = err;
	return NULL;
}

void kmem_buckets_destroy(kmem_buckets *b)
{
	if (ZERO_OR_NULL_PTR(b))
		return;
	for (unsigned int i = 0; i < NR_KMALLOC_INDEXES; i++)
		kmem_cache_destroy((*b)[i]);
	kmem_cache_free(sets, b);
}

void *kmem_buckets_alloc_token(kmem_buckets *b, size_t size, gfp_t gfp, struct kmalloc_token token)
{
	struct alloc_request r = {
		.gfp = gfp,
		.node = NUMA_NO_NODE,
		.size = size,
		.site = token,
		.caller = __builtin_return_address(0),
	};
	struct kmem_cache *s;
	void *object = NULL;

	if (ZERO_OR_NULL_PTR(b) || size - 1 >= kmalloc_max_cache_size())
		return kmalloc_token(size, gfp, token);
	s = (*b)[kmalloc_index(size)];
	if (likely(!(gfp & __GFP_ZERO)))
		object = percpu_pop(__atomic_load_n(&s->alloc_slot, __ATOMIC_RELAXED));
	return likely(object) ? object : alloc_general(s, &r);
}
