// SPDX-License-Identifier: MIT
/*
 * The cases of the kernel's suite slub_test (lib/tests/slub_kunit.c), with its counts of errors: an
 * object is damaged on purpose, kmem_cache_validate() finds it. The cases of kfree_rcu() and of
 * kmalloc_nolock() are elsewhere.
 */
#include "common.h"

#include "allocators/slab/alloc.h"

#define KMALLOC_ZONES (SLAB_KMALLOC | SLAB_STORE_USER | SLAB_RED_ZONE)

static struct kmem_cache *make(const char *name, unsigned int size, slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create(
		name, size, 0, flags | SLAB_NO_USER_FLAGS | SLAB_SKIP_KFENCE, NULL);

	assert_non_null(s);
	slab_errors_reset();
	return s;
}

/* The kernel's __kmalloc_cache(): an object of @s for @size bytes. */
static uint8_t *take(struct kmem_cache *s, gfp_t gfp, size_t size)
{
	struct alloc_request r = {
		.gfp = gfp,
		.node = NUMA_NO_NODE,
		.size = size,
		.caller = __builtin_return_address(0),
	};

	return alloc_general(s, &r);
}

static void validate_finds(struct kmem_cache *s, size_t errors)
{
	slab_errors_reset();
	assert_true(kmem_cache_validate(s) > 0);
	assert_int_equal(slab_errors(), errors);
}

static void test_clobber_zone(void **state)
{
	struct kmem_cache *s = make("TestSlub_RZ_alloc", 64, SLAB_RED_ZONE);
	uint8_t *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	p[64] = 0x12;
	validate_finds(s, 2);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void test_next_pointer(void **state)
{
	struct kmem_cache *s = make("TestSlub_next_ptr_free", 64, SLAB_POISON);
	uint8_t *p = kmem_cache_alloc(s, GFP_KERNEL);
	uint8_t saved[8];

	(void)state;
	kmem_cache_free(s, p);
	memcpy(saved, p + s->geo.offset, sizeof(saved));
	p[s->geo.offset] = (uint8_t)~p[s->geo.offset];
	/* Three: the chain is cut; the count is then wrong, and adjusted. */
	validate_finds(s, 3);
	/* With the chain whole again the count is wrong the other way. */
	memcpy(p + s->geo.offset, saved, sizeof(saved));
	validate_finds(s, 2);
	validate_finds(s, 0);
	kmem_cache_destroy(s);
}

static void test_first_word(void **state)
{
	struct kmem_cache *s = make("TestSlub_1th_word_free", 64, SLAB_POISON);
	uint8_t *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	kmem_cache_free(s, p);
	*p = 0x78;
	validate_finds(s, 2);
	kmem_cache_destroy(s);
}

static void test_clobber_50th_byte(void **state)
{
	struct kmem_cache *s = make("TestSlub_50th_word_free", 64, SLAB_POISON);
	uint8_t *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	kmem_cache_free(s, p);
	p[50] = 0x9a;
	validate_finds(s, 2);
	kmem_cache_destroy(s);
}

static void test_clobber_redzone_free(void **state)
{
	struct kmem_cache *s = make("TestSlub_RZ_free", 64, SLAB_RED_ZONE);
	uint8_t *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	kmem_cache_free(s, p);
	p[64] = 0xab;
	validate_finds(s, 2);
	kmem_cache_destroy(s);
}

static void test_kmalloc_redzone_access(void **state)
{
	struct kmem_cache *s = make("TestSlub_RZ_kmalloc", 32, KMALLOC_ZONES);
	uint8_t *p = take(s, GFP_KERNEL, 18);

	(void)state;
	p[18] = 0xab;
	p[19] = 0xab;
	validate_finds(s, 2);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void test_leak_destroy(void **state)
{
	struct kmem_cache *s = make("TestSlub_leak_destroy", 64, SLAB_NO_MERGE);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_non_null(p);
	kmem_cache_destroy(s);
	assert_int_equal(slab_errors(), 2);
}

static void assert_all(const uint8_t *p, size_t from, size_t to, uint8_t value)
{
	for (size_t i = from; i < to; i++)
		assert_int_equal(p[i], value);
}

static void test_krealloc_redzone_zeroing(void **state)
{
	struct kmem_cache *s = make("TestSlub_krealloc", 64, KMALLOC_ZONES);
	uint8_t *p = take(s, GFP_KERNEL | __GFP_ZERO, 48);

	(void)state;
	memset(p, 0xff, 48);
	p = krealloc(p, 40, GFP_KERNEL | __GFP_ZERO);
	assert_all(p, 40, 64, 0xcc);
	p = krealloc(p, 56, GFP_KERNEL | __GFP_ZERO);
	assert_all(p, 40, 56, 0);
	assert_all(p, 56, 64, 0xcc);
	validate_finds(s, 0);
	memset(p, 0xff, 56);
	p = krealloc(p, 112, GFP_KERNEL | __GFP_ZERO);
	assert_all(p, 0, 56, 0xff);
	assert_all(p, 56, 112, 0);
	validate_finds(s, 0);
	kfree(p);
	kmem_cache_destroy(s);
	assert_int_equal(slab_errors(), 0);
}

static int boot(void **state)
{
	(void)state;
	boot_or_fail("");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clobber_zone),
		cmocka_unit_test(test_next_pointer),
		cmocka_unit_test(test_first_word),
		cmocka_unit_test(test_clobber_50th_byte),
		cmocka_unit_test(test_clobber_redzone_free),
		cmocka_unit_test(test_kmalloc_redzone_access),
		cmocka_unit_test(test_leak_destroy),
		cmocka_unit_test(test_krealloc_redzone_zeroing),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
