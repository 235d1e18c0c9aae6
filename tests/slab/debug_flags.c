// SPDX-License-Identifier: MIT
/* The option debug=: letters, names, blocks, as the kernel reads slab_debug=. No boot. */
#include "common.h"

#include <errno.h>

#include "allocators/slab/debug_flags.h"
#include "allocators/slab/failslab.h"

#define F SLAB_CONSISTENCY_CHECKS
#define Z SLAB_RED_ZONE
#define P SLAB_POISON
#define U SLAB_STORE_USER
#define T SLAB_TRACE
#define A SLAB_FAILSLAB

static struct debug_policy policy;

static int parse(const char *value)
{
	int err = debug_policy_parse(&policy, value, strlen(value));

	if (!err)
		debug_policy_set(&policy);
	return err;
}

static slab_flags_t flags_of(const char *value, const char *name, slab_flags_t flags)
{
	assert_int_equal(parse(value), 0);
	return debug_flags_for(name, flags);
}

static void test_letters(void **state)
{
	(void)state;
	assert_int_equal(flags_of("F", "any", 0), F);
	assert_int_equal(flags_of("z", "any", 0), Z);
	assert_int_equal(flags_of("FZPUTA", "any", 0), F | Z | P | U | T | A);
	assert_int_equal(flags_of("-", "any", 0), 0);
	assert_int_equal(flags_of("FZ-", "any", 0), 0);
	assert_int_equal(flags_of("-P", "any", 0), P);
	assert_int_equal(flags_of("P", "any", SLAB_HWCACHE_ALIGN), SLAB_HWCACHE_ALIGN | P);
}

static void test_no_letters_mean_fzpu(void **state)
{
	(void)state;
	assert_int_equal(flags_of("", "any", 0), F | Z | P | U);
	assert_int_equal(flags_of("+dentry", "dentry", 0), F | Z | P | U);
	assert_int_equal(flags_of("+dentry", "inode", 0), 0);
}

static void test_a_letter_that_means_nothing_is_refused(void **state)
{
	char longest[DEBUG_TEXT_LEN + 1];

	(void)state;
	assert_int_equal(parse("FX"), -EINVAL);
	assert_int_equal(parse("F;Q+dentry"), -EINVAL);
	assert_int_equal(parse("dentry"), -EINVAL);
	memset(longest, 'F', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(parse(longest), -EINVAL);
}

static void test_names_are_whole_or_end_in_a_star(void **state)
{
	(void)state;
	assert_int_equal(flags_of("Z+dentry", "dentry", 0), Z);
	assert_int_equal(flags_of("Z+dentry", "dentry_cache", 0), 0);
	assert_int_equal(flags_of("Z+dentry", "dent", 0), 0);
	assert_int_equal(flags_of("Z+kmalloc-*", "kmalloc-64", 0), Z);
	assert_int_equal(flags_of("Z+kmalloc-*", "kmalloc", 0), 0);
	assert_int_equal(flags_of("Z+*", "anything", 0), Z);
	assert_int_equal(flags_of("Z+a:b+c", "b", 0), Z);
	assert_int_equal(flags_of("Z:a:b", "b", 0), Z);
	assert_int_equal(flags_of("Z+a+b", "c", 0), 0);
}

static void test_the_first_block_that_names_a_cache_decides(void **state)
{
	static const char value[] = "Z+kmalloc-*;P+kmalloc-64+dentry;FU+dentry";

	(void)state;
	assert_int_equal(flags_of(value, "kmalloc-64", 0), Z);
	assert_int_equal(flags_of(value, "dentry", 0), P);
	assert_int_equal(flags_of(value, "inode", 0), 0);
}

static void test_a_block_with_names_leaves_the_default_alone(void **state)
{
	(void)state;
	assert_int_equal(flags_of("F;Z+dentry", "inode", 0), F);
	assert_int_equal(flags_of("F;Z+dentry", "dentry", 0), Z);
	assert_int_equal(flags_of("Z+dentry;F", "inode", 0), F);
	assert_int_equal(flags_of("Z+dentry;F;P", "inode", 0), P);
	assert_int_equal(flags_of("-+dentry;FZ", "dentry", 0), 0);
	assert_int_equal(flags_of("-+dentry;FZ", "inode", 0), F | Z);
}

static void test_a_cache_without_user_flags_ignores_the_option(void **state)
{
	slab_flags_t own = SLAB_NO_USER_FLAGS | Z;

	(void)state;
	assert_int_equal(flags_of("FZPU", "quiet", own), own);
	assert_int_equal(flags_of("FZPU+quiet", "quiet", own), own);
}

static void test_a_cache_of_the_leak_tracer_has_no_tracks_unless_named(void **state)
{
	(void)state;
	assert_int_equal(flags_of("FU", "traces", SLAB_NOLEAKTRACE), SLAB_NOLEAKTRACE | F);
	assert_int_equal(flags_of("FU+traces", "traces", SLAB_NOLEAKTRACE),
			 SLAB_NOLEAKTRACE | F | U);
}

static void test_the_letter_o_is_for_all_caches(void **state)
{
	(void)state;
	assert_int_equal(parse("FZ"), 0);
	assert_false(policy.keeps_orders);
	assert_int_equal(flags_of("FZO", "any", 0), F | Z);
	assert_true(policy.keeps_orders);
	assert_int_equal(flags_of("FZ;o+dentry", "any", 0), F | Z);
	assert_true(policy.keeps_orders);
}

static struct failslab parse_failslab(const char *value)
{
	struct failslab f;

	assert_int_equal(failslab_parse(&f, value, strlen(value)), 0);
	return f;
}

static void test_failslab_is_read_in_any_order(void **state)
{
	static const char *const bad[] = {
		"",	      "interval",	 "interval:",	   "often:1",
		"interval:0", "probability:101", "times:x",	   "interval:2+",
		"+times:1",   "times:-",	 "interval:2,x:3", "interval:99999999999999999999"
	};
	struct failslab f = parse_failslab("times:7+interval:5+probability:50");

	(void)state;
	assert_int_equal(f.interval, 5);
	assert_int_equal(f.probability, 50);
	assert_int_equal(f.times, 7);
	f = parse_failslab("interval:3");
	assert_int_equal(f.probability, 100);
	assert_true(f.times == UINT64_MAX);
	f = parse_failslab("-");
	assert_int_equal(f.interval, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(failslab_parse(&f, bad[i], strlen(bad[i])), -EINVAL);
}

static unsigned int failures(const char *value, slab_flags_t flags, gfp_t gfp, unsigned int n)
{
	static struct kmem_cache s;
	struct failslab f = parse_failslab(value);
	unsigned int nr = 0;

	failslab_set(&f, 1);
	s.flags = flags;
	for (unsigned int i = 0; i < n; i++)
		nr += failslab_hit(&s, gfp);
	return nr;
}

static void test_failslab_fails_as_often_as_it_was_told(void **state)
{
	unsigned int half;

	(void)state;
	assert_int_equal(failures("interval:5", A, GFP_KERNEL, 100), 20);
	assert_int_equal(failures("interval:1+times:3", A, GFP_KERNEL, 100), 3);
	assert_int_equal(failures("interval:1", 0, GFP_KERNEL, 100), 0);
	assert_int_equal(failures("interval:1", A, GFP_KERNEL | __GFP_NOFAIL, 100), 0);
	assert_int_equal(failures("-", A, GFP_KERNEL, 100), 0);
	assert_int_equal(failures("probability:0", A, GFP_KERNEL, 100), 0);
	half = failures("probability:50", A, GFP_KERNEL, 1000);
	assert_in_range(half, 400, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_no_letters_mean_fzpu),
		cmocka_unit_test(test_a_letter_that_means_nothing_is_refused),
		cmocka_unit_test(test_names_are_whole_or_end_in_a_star),
		cmocka_unit_test(test_the_first_block_that_names_a_cache_decides),
		cmocka_unit_test(test_a_block_with_names_leaves_the_default_alone),
		cmocka_unit_test(test_a_cache_without_user_flags_ignores_the_option),
		cmocka_unit_test(test_a_cache_of_the_leak_tracer_has_no_tracks_unless_named),
		cmocka_unit_test(test_the_letter_o_is_for_all_caches),
		cmocka_unit_test(test_failslab_is_read_in_any_order),
		cmocka_unit_test(test_failslab_fails_as_often_as_it_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
