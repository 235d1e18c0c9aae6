// SPDX-License-Identifier: MIT
/*
 * Which caches share slabs: each rule of merge.h alone, on caches that exist only as records; then
 * what a user of the library sees of it.
 */
#include "common.h"

#include <errno.h>

#include "allocators/slab/merge.h"

static struct machine machine;
static struct list_head caches;
static bool out_of_memory;
static int nr_names;

static void *test_alloc(size_t bytes)
{
	void *p = out_of_memory ? NULL : malloc(bytes);

	nr_names += p != NULL;
	return p;
}

static void test_release(const void *p)
{
	nr_names--;
	free((void *)(uintptr_t)p);
}

static struct layout sized(unsigned int size)
{
	return (struct layout){ .size = size };
}

/* A listed cache of @l, the newest. */
static void make(struct kmem_cache *s, const struct layout *l)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(geometry_calculate(&machine, l, &s->geo), 0);
	s->flags = geometry_flags(&machine, l);
	s->nr_users = 1;
	list_init(&s->aliases);
	list_add(&s->link, &caches);
}

static int fresh(void **state)
{
	(void)state;
	machine = machine_default(4096, 2);
	list_init(&caches);
	merge_init(test_alloc, test_release);
	out_of_memory = false;
	return 0;
}

static struct kmem_cache *find(struct layout l)
{
	return merge_find(&machine, &caches, &l);
}

static void test_sizes_within_a_word_share_a_cache(void **state)
{
	struct kmem_cache s;
	struct layout l = sized(104);

	(void)state;
	make(&s, &l);
	for (unsigned int size = 1; size <= 120; size++)
		assert_ptr_equal(find(sized(size)), size >= 97 && size <= 104 ? &s : NULL);
	assert_null(find(sized(0)));
	assert_null(find(sized(KMALLOC_MAX_SIZE + 1)));
}

static void test_the_alignment_must_fit(void **state)
{
	struct kmem_cache s;
	struct layout l = sized(192);

	(void)state;
	make(&s, &l);
	assert_ptr_equal(find((struct layout){ .size = 190, .align = 64 }), &s);
	assert_null(find((struct layout){ .size = 192, .align = 128 }));
	assert_ptr_equal(find((struct layout){ .size = 190, .flags = SLAB_HWCACHE_ALIGN }), &s);
	/* 130 is aligned to lines, so its slot would be 192 bytes as well */
	assert_ptr_equal(find((struct layout){ .size = 130, .flags = SLAB_HWCACHE_ALIGN }), &s);
	assert_null(find(sized(130)));
	assert_null(find((struct layout){ .size = 190, .align = 24 }));
}

static void test_the_oldest_cache_is_taken(void **state)
{
	struct kmem_cache old, young;
	struct layout l = sized(104);

	(void)state;
	make(&old, &l);
	make(&young, &l);
	assert_ptr_equal(find(sized(100)), &old);
	old.nr_users = 0;
	assert_ptr_equal(find(sized(100)), &young);
}

struct flag_rule {
	slab_flags_t flag;
	bool now, then; /* do two caches that both have it merge, by 7.2 and by 6.18? */
	bool must_match;
};

static const struct flag_rule rules[] = {
	{ SLAB_RED_ZONE, false, false, false },
	{ SLAB_POISON, false, false, false },
	{ SLAB_STORE_USER, false, false, false },
	{ SLAB_TRACE, false, false, false },
	{ SLAB_CONSISTENCY_CHECKS, false, true, false },
	{ SLAB_TYPESAFE_BY_RCU, false, false, false },
	{ SLAB_NOLEAKTRACE, false, false, false },
	{ SLAB_FAILSLAB, false, false, false },
	{ SLAB_NO_MERGE, false, false, false },
	{ SLAB_KMALLOC, false, false, false },
	{ SLAB_HUGE_BLOCKS, false, false, false },
	{ SLAB_RECLAIM_ACCOUNT, true, true, true },
	{ SLAB_ACCOUNT, true, true, true },
	{ SLAB_CACHE_DMA, true, true, true },
	{ SLAB_CACHE_DMA32, true, true, true },
	{ SLAB_PANIC, true, true, false },
	{ SLAB_NO_USER_FLAGS, true, true, false },
	{ SLAB_SKIP_KFENCE, true, true, false },
	{ SLAB_DEBUG_OBJECTS, true, true, false },
};

static void check_rule(const struct flag_rule *r, bool mergeable)
{
	struct kmem_cache with, without;
	struct layout plain = sized(104), flagged = { .size = 104, .flags = r->flag };

	list_init(&caches);
	make(&with, &flagged);
	assert_ptr_equal(find(flagged), mergeable ? &with : NULL);
	assert_ptr_equal(find(plain), mergeable && !r->must_match ? &with : NULL);
	list_init(&caches);
	make(&without, &plain);
	assert_ptr_equal(find(flagged), mergeable && !r->must_match ? &without : NULL);
}

static void test_each_flag_forbids_merging_or_must_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		machine.rules = RULES_7_2;
		check_rule(&rules[i], rules[i].now);
		machine.rules = RULES_6_18;
		check_rule(&rules[i], rules[i].then);
	}
}

static void test_what_is_special_never_merges(void **state)
{
	struct kmem_cache s;
	struct layout l = sized(104);

	(void)state;
	make(&s, &l);
	assert_null(find((struct layout){ .size = 104, .has_ctor = true }));
	assert_null(find((struct layout){ .size = 104, .usersize = 8 }));
	assert_null(find((struct layout){ .size = 104, .sheaf_capacity = 32 }));
	assert_null(find((struct layout){ .size = 104, .min_order = 1 }));
	s.ctor = (void (*)(void *))(uintptr_t)8;
	assert_null(find(l));
	s.ctor = NULL;
	s.usersize = 8;
	assert_null(find(l));
	s.usersize = 0;
	s.flags |= SLAB_OBJ_EXT_IN_OBJ;
	assert_null(find(l));
	s.flags = 0;
	assert_ptr_equal(find(l), &s);
	machine.nomerge = true;
	assert_null(find(l));
}

static void test_a_user_more_raises_the_size_and_is_remembered(void **state)
{
	struct kmem_cache s;
	struct layout first = sized(97), second = sized(101), third = sized(98);

	(void)state;
	make(&s, &first);
	assert_int_equal(merge_into(&s, "second", &second), 0);
	assert_int_equal(s.geo.object_size, 101);
	assert_int_equal(merge_into(&s, "third", &third), 0);
	assert_int_equal(s.geo.object_size, 101);
	assert_int_equal(s.geo.inuse, 104);
	assert_int_equal(s.nr_users, 3);
	assert_string_equal(list_first_entry(&s.aliases, struct alias, link)->name, "third");
	assert_string_equal(list_last_entry(&s.aliases, struct alias, link)->name, "second");
	assert_int_equal(nr_names, 2);
	merge_forget(&s);
	assert_int_equal(nr_names, 0);
	assert_true(list_empty(&s.aliases));
}

static void test_without_memory_for_the_name_nothing_changes(void **state)
{
	struct kmem_cache s;
	struct layout first = sized(97), second = sized(101);

	(void)state;
	make(&s, &first);
	out_of_memory = true;
	assert_int_equal(merge_into(&s, "second", &second), -ENOMEM);
	assert_int_equal(s.geo.object_size, 97);
	assert_int_equal(s.nr_users, 1);
	assert_true(list_empty(&s.aliases));
	merge_init(NULL, NULL);
	assert_null(find(second));
}

static void assert_id(unsigned int size, slab_flags_t flags, const char *id)
{
	struct kmem_cache s = { .flags = flags, .geo.size = size };
	struct text t;
	char buf[32];

	text_init(&t, buf, sizeof(buf));
	merge_print_id(&t, &s);
	assert_string_equal(buf, id);
}

static void test_names_made_from_what_a_cache_is(void **state)
{
	(void)state;
	assert_id(128, 0, ":0000128");
	assert_id(104, SLAB_RECLAIM_ACCOUNT, ":a-0000104");
	assert_id(8, SLAB_ACCOUNT | SLAB_PANIC, ":A-0000008");
	assert_id(4194304, SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, ":aA-4194304");
	assert_id(96, SLAB_CACHE_DMA | SLAB_CACHE_DMA32 | SLAB_CONSISTENCY_CHECKS, ":dDF-0000096");
	assert_id(12345678, 0, ":12345678");
}

/* The library itself. */

static void test_a_merged_cache_serves_all_its_users(void **state)
{
	struct kmem_cache *a, *b, *c;
	size_t before;
	void *p;

	(void)state;
	boot_or_fail("slab_merge=1");
	before = nr_inuse();
	a = kmem_cache_create("merge_a", 1000, 0, 0, NULL);
	b = kmem_cache_create("merge_b", 997, 0, 0, NULL);
	c = kmem_cache_create("merge_c", 997, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_string_equal(kmem_cache_name(b), "merge_a");
	assert_int_equal(kmem_cache_size(b), 1000);
	kmem_cache_destroy(a);
	p = kmem_cache_alloc(b, GFP_KERNEL);
	assert_non_null(p);
	kmem_cache_free(b, p);
	kmem_cache_destroy(b);
	kmem_cache_destroy(c);
	assert_int_equal(nr_inuse(), before);
	assert_equations_hold();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_sizes_within_a_word_share_a_cache, fresh),
		cmocka_unit_test_setup(test_the_alignment_must_fit, fresh),
		cmocka_unit_test_setup(test_the_oldest_cache_is_taken, fresh),
		cmocka_unit_test_setup(test_each_flag_forbids_merging_or_must_match, fresh),
		cmocka_unit_test_setup(test_what_is_special_never_merges, fresh),
		cmocka_unit_test_setup(test_a_user_more_raises_the_size_and_is_remembered, fresh),
		cmocka_unit_test_setup(test_without_memory_for_the_name_nothing_changes, fresh),
		cmocka_unit_test(test_names_made_from_what_a_cache_is),
		cmocka_unit_test(test_a_merged_cache_serves_all_its_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
