// SPDX-License-Identifier: MIT
/* The naive double free: the object that heads the chain of its slab is freed again. */
#include "child.h"

#define HARDENED "freelist_hardened=1,slab_merge=0"

/* A cache without arrays, so that what is freed is chained at once. */
static void free_the_head_again(void)
{
	struct kmem_cache *s = kmem_cache_create("twice", 64, 0, SLAB_NOLEAKTRACE, NULL);
	void *live = kmem_cache_alloc(s, GFP_KERNEL), *p = kmem_cache_alloc(s, GFP_KERNEL);

	kmem_cache_free(s, p);
	kmem_cache_free(s, p);
	(void)live;
}

static void test_a_naive_double_free_is_a_bug(void **state)
{
	(void)state;
	assert_reported(HARDENED, free_the_head_again, "twice: Object already free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_naive_double_free_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
