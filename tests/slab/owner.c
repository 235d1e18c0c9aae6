// SPDX-License-Identifier: MIT
/*
 * slab_partition_of() against the page map: what it says of an object is the set whose cache the
 * object's frame names. And the bits of a call site that are no token.
 */
#include "common.h"

#include <errno.h>

#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "modes.h"

static char sites[1024];

static const struct kmem_cache *frame_cache(const void *p)
{
	return frame_of(p)->cache;
}

static void an_object_is_of_the_set_that_the_page_map_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(sites); i++) {
		struct kmalloc_token t = { &sites[i], i };
		size_t size = 1 + i * 8 % KMALLOC_MAX_CACHE_SIZE;
		void *p = kmalloc_token(size, GFP_KERNEL, t);
		int set = slab_partition_of(p);

		assert_int_equal(set, partition_set(t));
		assert_ptr_equal(kmalloc_cache((unsigned int)set, kmalloc_index(size)),
				 frame_cache(p));
		assert_int_equal(slab_partition_of((char *)p + size - 1), set);
		kfree(p);
	}
}

static void other_memory_is_of_no_set(void **state)
{
	struct kmem_cache *s = kmem_cache_create("other", 64, 0, SLAB_NO_MERGE, NULL);
	void *object = kmem_cache_alloc(s, GFP_KERNEL), *large = kmalloc(1 << 20, GFP_KERNEL);
	void *reclaimable = kmalloc(64, GFP_KERNEL | __GFP_RECLAIMABLE);

	(void)state;
	assert_int_equal(slab_partition_of(object), -ENOENT);
	assert_int_equal(slab_partition_of(large), -ENOENT);
	assert_int_equal(slab_partition_of(reclaimable), -ENOENT);
	assert_int_equal(slab_partition_of(NULL), -ENOENT);
	assert_int_equal(slab_partition_of(&object), -ENOENT);
	kfree(reclaimable);
	kfree(large);
	kmem_cache_free(s, object);
	kmem_cache_destroy(s);
}

/* With more than 16 sets the mark of a codetag once was a bit of the token. */
static void the_mark_of_a_call_site_is_no_part_of_its_token(void **state)
{
	void *p = kmalloc(64, GFP_KERNEL);

	(void)state;
	assert_int_equal(KMALLOC_TOKEN_TAGGED & (MAX_PARTITIONS - 1), 0);
	if (slab_partition.mode == PARTITION_TYPED)
		assert_int_equal(slab_partition_of(p), SLAB_INFER_TOKEN(64) % partition_nr_used());
	kfree(p);
}

static const char *const modes[] = {
	"partition=none",
	"partition=typed,partitions=2",
	"partition=typed",
	"partition=typed,partitions=64,classes=fine",
	"partition=typed,partitions=256,minalign=16",
	"partition=random,partitions=256",
	"partition=typed,partitions=64,debug=FZPU",
	"partition=typed,partitions=256,engine=cpuslab",
	"partition=typed,page_size=64K",
};

static int run(const char *mode)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_of_the_set_that_the_page_map_names),
		cmocka_unit_test(other_memory_is_of_no_set),
		cmocka_unit_test(the_mark_of_a_call_site_is_no_part_of_its_token),
	};

	boot_or_fail(mode);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	return run_modes(modes, sizeof(modes) / sizeof(modes[0]), run);
}
