// SPDX-License-Identifier: MIT
/* Which caches and which bytes init_on_alloc and init_on_free wipe. */
#include "common.h"

#include <unistd.h>

#include "allocators/slab/init.h"

#define SLOT_BYTES 256u

/* A slot with everything in it: 64 bytes asked for out of 96, red zones, two tracks, a size word.
 */
static const struct geometry full = {
	.object_size = 96,
	.size = SLOT_BYTES,
	.inuse = 104,
	.offset = 104,
	.red_left_pad = 32,
	.track_offset = 112,
	.orig_offset = 176,
};

/* A plain slot, the free pointer in the middle. */
static const struct geometry plain = { .object_size = 96, .size = 96, .inuse = 96, .offset = 48 };

static unsigned char slot[SLOT_BYTES] __attribute__((aligned(64)));

static void *fill(const struct kmem_cache *s, unsigned long asked)
{
	unsigned char *object = slot + s->geo.red_left_pad;

	memset(slot, 0xee, sizeof(slot));
	if (s->geo.orig_offset)
		memcpy(object + s->geo.orig_offset, &asked, sizeof(asked));
	return object;
}

/* Bytes @from to @to of the slot are all @value. */
static void assert_bytes(size_t from, size_t to, unsigned char value)
{
	for (size_t i = from; i < to; i++)
		if (slot[i] != value)
			fail_msg("byte %zu is %02x, not %02x", i, slot[i], value);
}

static void set_options(bool on_alloc, bool on_free)
{
	slab_init = (struct init_policy){ on_alloc, on_free };
}

static void construct(void *object)
{
	(void)object;
}

static void test_without_options_only_gfp_zero_asks(void **state)
{
	struct kmem_cache s = { .geo = plain };

	(void)state;
	set_options(false, false);
	assert_false(init_want_alloc(GFP_KERNEL, &s));
	assert_true(init_want_alloc(GFP_KERNEL | __GFP_ZERO, &s));
	assert_false(init_want_free(&s));
	assert_false(init_needs_hooks(&s));
}

static void test_on_alloc_clears_all_but_constructed_objects(void **state)
{
	struct kmem_cache s = { .geo = plain }, made = { .geo = plain, .ctor = construct };

	(void)state;
	set_options(true, false);
	assert_true(init_want_alloc(GFP_KERNEL, &s));
	assert_true(init_needs_hooks(&s));
	assert_false(init_want_alloc(GFP_KERNEL, &made));
	assert_false(init_needs_hooks(&made));
}

static void test_rcu_and_poisoned_objects_are_cleared_on_request_only(void **state)
{
	static const slab_flags_t flags[] = { SLAB_TYPESAFE_BY_RCU, SLAB_POISON };

	(void)state;
	set_options(true, true);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kmem_cache s = { .geo = plain, .flags = flags[i] };

		assert_false(init_want_alloc(GFP_KERNEL, &s));
		assert_true(init_want_alloc(GFP_KERNEL | __GFP_ZERO, &s));
		assert_false(init_want_free(&s));
		assert_false(init_needs_hooks(&s));
	}
}

static void test_on_free_leaves_constructed_objects_alone(void **state)
{
	struct kmem_cache s = { .geo = plain }, made = { .geo = plain, .ctor = construct };

	(void)state;
	set_options(false, true);
	assert_true(init_want_free(&s));
	assert_true(init_needs_hooks(&s));
	assert_false(init_want_free(&made));
	assert_false(init_needs_hooks(&made));
}

static void test_a_freed_plain_object_is_wiped_whole(void **state)
{
	struct kmem_cache s = { .geo = plain };

	(void)state;
	init_object_on_free(&s, fill(&s, 0));
	assert_bytes(0, 96, 0);
	assert_bytes(96, SLOT_BYTES, 0xee);
}

static void test_padding_behind_a_freed_object_is_wiped(void **state)
{
	struct kmem_cache s = { .geo = plain };

	(void)state;
	s.geo.size = 128;
	init_object_on_free(&s, fill(&s, 0));
	assert_bytes(0, 128, 0);
	assert_bytes(128, SLOT_BYTES, 0xee);
}

/* Left: both red zones, the red zone behind the bytes asked for, the free pointer, the size. */
static void test_a_free_wipes_what_was_asked_for_and_the_tracks(void **state)
{
	struct kmem_cache s = { .geo = full, .flags = SLAB_RED_ZONE | SLAB_STORE_USER };
	unsigned long asked;
	unsigned char *object = fill(&s, 64);

	(void)state;
	init_object_on_free(&s, object);
	assert_bytes(0, 32, 0xee);
	assert_bytes(32, 32 + 64, 0);
	assert_bytes(32 + 64, 32 + 112, 0xee);
	assert_bytes(32 + 112, 32 + 176, 0);
	memcpy(&asked, object + 176, sizeof(asked));
	assert_int_equal(asked, 64);
	assert_bytes(32 + 184, SLOT_BYTES, 0);
}

/* A damaged size word must not make the wipe run into the next object. */
static void test_a_damaged_size_wipes_no_more_than_the_object(void **state)
{
	struct kmem_cache s = { .geo = full, .flags = SLAB_RED_ZONE | SLAB_STORE_USER };

	(void)state;
	init_object_on_free(&s, fill(&s, 1ul << 40));
	assert_bytes(32, 32 + 96, 0);
	assert_bytes(32 + 96, 32 + 112, 0xee);
}

static void test_an_allocation_clears_the_red_zone_only_without_one(void **state)
{
	struct kmem_cache zoned = { .geo = full, .flags = SLAB_RED_ZONE | SLAB_STORE_USER };
	struct kmem_cache tracked = { .geo = full, .flags = SLAB_STORE_USER };

	(void)state;
	init_object_on_alloc(&zoned, fill(&zoned, 64), 64);
	assert_bytes(32, 32 + 64, 0);
	assert_bytes(32 + 64, 32 + 96, 0xee);
	init_object_on_alloc(&tracked, fill(&tracked, 64), 64);
	assert_bytes(32, 32 + 96, 0);
}

static void test_the_free_pointer_inside_is_wiped_at_the_allocation(void **state)
{
	struct kmem_cache inside = { .geo = plain }, outside = { .geo = full };

	(void)state;
	init_wipe_freeptr(&inside, fill(&inside, 0));
	assert_bytes(0, 48, 0xee);
	assert_bytes(48, 56, 0);
	assert_bytes(56, 96, 0xee);
	init_wipe_freeptr(&outside, fill(&outside, 64));
	assert_bytes(32, 32 + 176, 0xee);
}

/* The rest in children, because libslab boots once a process. */
static bool is_filled(const unsigned char *p, size_t bytes, unsigned char value)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != value)
			return false;
	return true;
}

/* All classes, and a large block at the end. */
static size_t size_of(size_t i)
{
	return i < 299 ? 8 + i * 20 : 50000;
}

/* Objects of many sizes come back zero round after round, though every user fills them. */
static int reuse(const char *options)
{
	static unsigned char *p[300];

	if (slab_boot(options))
		return 1;
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = kmalloc(size_of(i), GFP_KERNEL);
			if (!p[i] || !is_filled(p[i], size_of(i), 0))
				return 2;
			memset(p[i], 0xee, size_of(i));
		}
		for (size_t i = 0; i < ARRAY_SIZE(p); i++)
			kfree(p[i]);
		if (slab_check(print_disagreement, NULL))
			return 3;
	}
	return 0;
}

/* A freed object holds nothing of its user's any more, but perhaps a free pointer. */
static int look_behind_a_free(const char *options)
{
	struct kmem_cache *s;
	unsigned char *p;

	if (slab_boot(options))
		return 1;
	s = kmem_cache_create("looked-at", 256, 0, SLAB_NO_MERGE, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	memset(p, 0xee, 256);
	kmem_cache_free(s, p);
	if (!is_filled(p, s->geo.offset, 0) ||
	    !is_filled(p + s->geo.offset + 8, 256 - s->geo.offset - 8, 0))
		return 2;
	return 0;
}

static void set_up(void *object)
{
	memset(object, 0x77, 64);
}

static int keep_constructed(const char *options)
{
	struct kmem_cache *s;

	if (slab_boot(options))
		return 1;
	s = kmem_cache_create("constructed", 64, 0, 0, set_up);
	for (int i = 0; i < 100; i++) {
		unsigned char *p = kmem_cache_alloc(s, GFP_KERNEL);

		if (!is_filled(p, 64, 0x77))
			return 2;
		kmem_cache_free(s, p);
	}
	return 0;
}

static void test_reused_objects_read_as_zero(void **state)
{
	(void)state;
	assert_child_returns_0(reuse, "init_on_alloc=1");
	assert_child_returns_0(reuse, "init_on_free=1");
	assert_child_returns_0(reuse, "init_on_free=1,debug=F");
	assert_child_returns_0(reuse, "init_on_alloc=1,init_on_free=1,freelist_hardened=1");
}

static void test_freed_objects_are_wiped_at_once(void **state)
{
	(void)state;
	assert_child_returns_0(look_behind_a_free, "init_on_free=1");
	assert_child_returns_0(look_behind_a_free, "init_on_free=1,debug=F");
}

/* The free pointer of such a cache lies inside the object: wiping it cut the freelist. */
static int free_twice(const char *options)
{
	struct kmem_cache *s;
	void *p[20];
	size_t errors;

	if (slab_boot(options))
		return 1;
	s = kmem_cache_create("twice", 64, 0, SLAB_NO_MERGE, NULL);
	for (int i = 0; i < 20; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 10; i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_free(s, p[9]);
	errors = slab_errors();
	kmem_cache_validate(s);
	return errors == 2 && slab_errors() == 2 && !slab_check(NULL, NULL) ? 0 : 2;
}

static void test_a_refused_free_wipes_nothing(void **state)
{
	(void)state;
	assert_child_returns_0(free_twice, "init_on_free=1,debug=F");
	assert_child_returns_0(free_twice, "init_on_free=1,debug=FU");
	assert_child_returns_0(free_twice, "init_on_free=1,debug=ZU");
	assert_child_returns_0(free_twice, "init_on_free=1,debug=FZPU");
}

static void test_constructed_objects_stay_as_they_were(void **state)
{
	(void)state;
	assert_child_returns_0(keep_constructed, "init_on_alloc=1,init_on_free=1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_options_only_gfp_zero_asks),
		cmocka_unit_test(test_on_alloc_clears_all_but_constructed_objects),
		cmocka_unit_test(test_rcu_and_poisoned_objects_are_cleared_on_request_only),
		cmocka_unit_test(test_on_free_leaves_constructed_objects_alone),
		cmocka_unit_test(test_a_freed_plain_object_is_wiped_whole),
		cmocka_unit_test(test_padding_behind_a_freed_object_is_wiped),
		cmocka_unit_test(test_a_free_wipes_what_was_asked_for_and_the_tracks),
		cmocka_unit_test(test_a_damaged_size_wipes_no_more_than_the_object),
		cmocka_unit_test(test_an_allocation_clears_the_red_zone_only_without_one),
		cmocka_unit_test(test_the_free_pointer_inside_is_wiped_at_the_allocation),
		cmocka_unit_test(test_reused_objects_read_as_zero),
		cmocka_unit_test(test_freed_objects_are_wiped_at_once),
		cmocka_unit_test(test_a_refused_free_wipes_nothing),
		cmocka_unit_test(test_constructed_objects_stay_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
