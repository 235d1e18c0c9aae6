// SPDX-License-Identifier: MIT
/* Which caches and which bytes init_on_alloc and init_on_free wipe. */
#include "common.h"

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
