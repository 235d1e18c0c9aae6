// SPDX-License-Identifier: MIT
/*
 * The files of /sys/kernel/slab as the library shows them: format, values that are known, names
 * that lead to a cache, and the few that may be written. Orders of a cache's own, which they show.
 */
#include "common.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/fault.h"

#define MANY 200

static char text[256];

static const char *show(const char *cache, const char *attribute)
{
	int len = slab_attribute(cache, attribute, text, sizeof(text));

	if (len < 0)
		fail_msg("%s/%s: %d", cache, attribute, len);
	assert_int_equal(strlen(text), len);
	return text;
}

static unsigned long number(const char *cache, const char *attribute)
{
	return strtoul(show(cache, attribute), NULL, 10);
}

/* "7", "7 N0=7" or, of two nodes, "9 N0=7 N1=2"; a line end last. */
static bool is_sum_over_nodes(const char *s)
{
	unsigned long sum = strtoul(s, (char **)&s, 10), parts = 0;

	while (!strncmp(s, " N", 2)) {
		strtoul(s + 2, (char **)&s, 10);
		if (*s++ != '=')
			return false;
		parts += strtoul(s, (char **)&s, 10);
	}
	return sum == parts && !strcmp(s, "\n");
}

static void test_every_attribute_has_one_line_or_none(void **state)
{
	const char *name;
	size_t nr = 0;

	(void)state;
	for (; (name = slab_attribute_name(nr)); nr++) {
		const char *line = show("kmalloc-64", name), *end = strchr(line, '\n');

		if (!*line) {
			assert_true(!strcmp(name, "ctor") || !strcmp(name, "shrink") ||
				    !strcmp(name, "validate"));
			continue;
		}
		assert_non_null(end);
		assert_string_equal(end, "\n");
		assert_true(line[0] >= '0' && line[0] <= '9');
	}
	assert_int_equal(nr, 30);
	assert_null(slab_attribute_name(nr + 1));
}

static void test_validate_takes_a_one_for_caches_with_debug_flags(void **state)
{
	struct kmem_cache *s = kmem_cache_create("validated", 64, 0, SLAB_RED_ZONE, NULL);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_int_equal(slab_attribute_write("validated", "validate", "1"), 0);
	assert_int_equal(slab_attribute_write("validated", "validate", "2"), -EINVAL);
	assert_int_equal(slab_attribute_write("kmalloc-64", "validate", "1"), -EINVAL);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

struct expectation {
	const char *attribute, *line;
};

static void assert_lines(const char *cache, const struct expectation *e, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (strcmp(show(cache, e[i].attribute), e[i].line) != 0)
			fail_msg("%s/%s is %s, not %s", cache, e[i].attribute, text, e[i].line);
}

#define ASSERT_LINES(cache, list) assert_lines(cache, list, sizeof(list) / sizeof((list)[0]))

static void nothing(void *object)
{
	(void)object;
}

static void test_what_was_asked_for_is_shown(void **state)
{
	static const struct expectation shown[] = {
		{ "aliases", "0\n" },	      { "align", "64\n" },
		{ "cache_dma", "0\n" },	      { "cpu_partial", "0\n" },
		{ "cpu_slabs", "0\n" },	      { "destroy_by_rcu", "1\n" },
		{ "hwcache_align", "1\n" },   { "min_partial", "5\n" },
		{ "object_size", "100\n" },   { "objs_per_slab", "32\n" },
		{ "order", "0\n" },	      { "poison", "0\n" },
		{ "reclaim_account", "1\n" }, { "red_zone", "0\n" },
		{ "sanity_checks", "0\n" },   { "sheaf_capacity", "60\n" },
		{ "slab_size", "128\n" },     { "slabs_cpu_partial", "0(0)\n" },
		{ "store_user", "0\n" },      { "trace", "0\n" },
		{ "usersize", "0\n" },	      { "remote_node_defrag_ratio", "100\n" },
		{ "slabs", "0\n" },	      { "objects", "0\n" },
	};
	struct kmem_cache *s = kmem_cache_create(
		"shown", 100, 0, SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU | SLAB_RECLAIM_ACCOUNT,
		nothing);

	(void)state;
	assert_non_null(s);
	ASSERT_LINES("shown", shown);
	assert_memory_equal(show("shown", "ctor"), "0x", 2);
	kmem_cache_destroy(s);
	assert_int_equal(slab_attribute("shown", "align", text, sizeof(text)), -ENOENT);
}

static void test_counts_follow_use(void **state)
{
	struct kmem_cache *s = kmem_cache_create("counted", 100, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	static const char *const counts[] = { "objects", "objects_partial", "partial", "slabs",
					      "total_objects" };
	void *p[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	assert_int_equal(number("counted", "objects"), MANY);
	assert_int_equal(number("counted", "slabs"), 6); /* of 39 */
	assert_int_equal(number("counted", "total_objects"), 6 * 39);
	assert_int_equal(number("counted", "partial"), 1);
	assert_int_equal(number("counted", "objects_partial"), MANY - 5 * 39);
	assert_int_equal(number("counted", "sheaf_capacity"), 0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		assert_true(is_sum_over_nodes(show("counted", counts[i])));
	for (int i = 0; i < MANY; i++)
		kmem_cache_free(s, p[i]);
	assert_int_equal(number("counted", "objects"), 0);
	assert_string_equal(show("counted", "objects"), "0\n");
	kmem_cache_destroy(s);
}

static void test_min_partial_decides_how_many_empty_slabs_stay(void **state)
{
	struct kmem_cache *s = kmem_cache_create("keeps", 1000, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	void *p[MANY];

	(void)state;
	assert_int_equal(slab_attribute_write("keeps", "min_partial", "3\n"), 0);
	assert_string_equal(show("keeps", "min_partial"), "3\n");
	for (int i = 0; i < MANY; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < MANY; i++)
		kmem_cache_free(s, p[i]);
	assert_int_equal(number("keeps", "slabs"), 2); /* the third listed one goes */
	assert_int_equal(slab_attribute_write("keeps", "shrink", "1"), 0);
	assert_int_equal(number("keeps", "slabs"), 0);
	kmem_cache_destroy(s);
}

static void test_the_ratio_of_looks_at_other_nodes_can_be_set(void **state)
{
	(void)state;
	assert_int_equal(slab_attribute_write("kmalloc-64", "remote_node_defrag_ratio", "37\n"), 0);
	assert_string_equal(show("kmalloc-64", "remote_node_defrag_ratio"), "37\n");
	assert_int_equal(slab_attribute_write("kmalloc-64", "remote_node_defrag_ratio", "101"),
			 -ERANGE);
	assert_int_equal(slab_attribute_write("kmalloc-64", "remote_node_defrag_ratio", "100"), 0);
	assert_string_equal(show("kmalloc-64", "remote_node_defrag_ratio"), "100\n");
}

static void test_bad_writes_are_refused(void **state)
{
	static const char *const bad[] = { "", "x", "-1", "1x", "99999999999999999999", "\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(slab_attribute_write("kmalloc-64", "min_partial", bad[i]),
				 -EINVAL);
	assert_int_equal(slab_attribute_write("kmalloc-64", "min_partial", "4294967296"), -EINVAL);
	assert_int_equal(slab_attribute_write("kmalloc-64", "shrink", "2"), -EINVAL);
	assert_int_equal(slab_attribute_write("kmalloc-64", "order", "1"), -EACCES);
	assert_int_equal(slab_attribute_write("kmalloc-64", "nothing", "1"), -ENOENT);
	assert_int_equal(slab_attribute_write("nobody", "shrink", "1"), -ENOENT);
	assert_int_equal(slab_attribute("kmalloc-64", "nothing", text, sizeof(text)), -ENOENT);
	assert_int_equal(slab_attribute("nobody", "order", text, sizeof(text)), -ENOENT);
	assert_int_equal(slab_attribute("kmalloc-64", "alloc_fastpath", text, sizeof(text)),
			 -ENOENT); /* without the option stats */
	assert_string_equal(show("kmalloc-64", "min_partial"), "5\n");
}

static void test_a_short_buffer_is_filled_and_the_length_told(void **state)
{
	char small[3];

	(void)state;
	assert_int_equal(slab_attribute("kmalloc-2k", "object_size", small, sizeof(small)), 5);
	assert_string_equal(small, "20");
	assert_int_equal(slab_attribute("kmalloc-2k", "object_size", NULL, 0), 5);
}

static bool lists(const char *line)
{
	static char all[4096];

	assert_true(slab_aliases(all, sizeof(all)) < sizeof(all));
	return strstr(all, line) != NULL;
}

static void test_a_shared_cache_has_all_its_names(void **state)
{
	struct kmem_cache *a = kmem_cache_create("first", 1203, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	struct kmem_cache *b = kmem_cache_create("second", 1208, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	struct kmem_cache *c = kmem_cache_create("third", 1201, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	static const char *const names[] = { "first", "second", "third", ":a-0001208" };

	(void)state;
	assert_true(a == b && b == c);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_string_equal(show(names[i], "aliases"), "2\n");
		assert_string_equal(show(names[i], "object_size"), "1208\n");
	}
	assert_true(lists(":a-0001208   <- first second third\n"));
	kmem_cache_destroy(b);
	assert_string_equal(show("second", "aliases"), "1\n"); /* as in the kernel */
	kmem_cache_destroy(a);
	kmem_cache_destroy(c);
	assert_false(lists("first"));
	assert_int_equal(slab_attribute("second", "aliases", text, sizeof(text)), -ENOENT);
	assert_int_equal(slab_attribute(":a-0001208", "align", text, sizeof(text)), -ENOENT);
}

static void test_a_cache_s_own_order_does_not_fall_back(void **state)
{
	struct kmem_cache_args own = { .min_order = 4 };
	struct kmem_cache *s = __kmem_cache_create_args("high", 3000, &own, SLAB_NOLEAKTRACE);
	struct kmem_cache *usual = kmem_cache_create("usual", 3000, 0, SLAB_NOLEAKTRACE, NULL);
	void *p;

	(void)state;
	assert_string_equal(show("high", "order"), "4\n");
	assert_int_equal(number("high", "objs_per_slab"), 65536 / 3000);
	slab_fault_arm(FAULT_PAGES, 1, 1);
	assert_null(kmem_cache_alloc(s, GFP_NOWAIT)); /* without reclaim, so one request */
	slab_fault_arm(FAULT_PAGES, 1, 1);
	p = kmem_cache_alloc(usual, GFP_NOWAIT);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_non_null(p);
	kmem_cache_free(usual, p);
	kmem_cache_destroy(usual);
	kmem_cache_destroy(s);
}

static void test_huge_blocks_hold_three_objects_of_640_kib(void **state)
{
	struct kmem_cache *s = kmem_cache_create("buffers", 640 << 10, 0, SLAB_HUGE_BLOCKS, NULL);
	uintptr_t block;
	char *p[3];

	(void)state;
	assert_string_equal(show("buffers", "order"), "9\n");
	assert_string_equal(show("buffers", "objs_per_slab"), "3\n");
	for (int i = 0; i < 3; i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		assert_non_null(p[i]);
		memset(p[i], i, 640 << 10);
	}
	block = (uintptr_t)p[0] & ~(((uintptr_t)2 << 20) - 1);
	for (int i = 0; i < 3; i++) {
		assert_true((uintptr_t)p[i] >= block &&
			    (uintptr_t)p[i] + (640 << 10) <= block + (2 << 20));
		assert_int_equal(p[i][(640 << 10) - 1], i);
	}
	for (int i = 0; i < 3; i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
}

static void test_sheaves_are_as_large_as_asked(void **state)
{
	struct kmem_cache_args args = { .sheaf_capacity = 32 };
	struct kmem_cache *s = __kmem_cache_create_args("nodes", 256, &args, 0);
	void *p[100];

	(void)state;
	assert_string_equal(show("nodes", "sheaf_capacity"), "32\n");
	for (int i = 0; i < 100; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 100; i++)
		kmem_cache_free(s, p[i]);
	assert_equations_hold();
	kmem_cache_destroy(s);
	args.sheaf_capacity = 65536;
	assert_null(__kmem_cache_create_args("nodes", 256, &args, 0));
	assert_int_equal(errno, EINVAL);
}

/* A library with counters; exit code 0 if they are files and count. */
static int with_stats(void)
{
	struct kmem_cache *s;
	bool listed = false;
	void *p;

	if (slab_boot("stats=1"))
		return 1;
	s = kmem_cache_create("watched", 100, 0, SLAB_NO_MERGE, NULL);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	kmem_cache_free(s, p);
	for (size_t i = 0; slab_attribute_name(i); i++)
		listed |= !strcmp(slab_attribute_name(i), "alloc_slab");
	if (!listed || slab_attribute("watched", "alloc_slab", text, sizeof(text)) < 0)
		return 2;
	if (strncmp(text, "1 C", 3) != 0 || !strstr(text, "=1\n"))
		return 3;
	return slab_attribute_write("watched", "alloc_slab", "0") == -EACCES ? 0 : 4;
}

/* engine=cpuslab; exit code 0 if what CPUs hold is shown. */
static int with_cpu_slabs(void)
{
	struct kmem_cache *s;
	static void *p[1024];

	if (slab_boot("engine=cpuslab"))
		return 1;
	s = kmem_cache_create("held", 1024, 0, SLAB_NO_MERGE, NULL);
	for (size_t i = 0; i < 1024; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	if (number("held", "cpu_partial") != 24 || number("held", "sheaf_capacity"))
		return 2;
	if (number("held", "cpu_slabs") < 1 || !is_sum_over_nodes(show("held", "cpu_slabs")))
		return 3;
	if (strcmp(show("held", "slabs_cpu_partial"), "0(0)\n") != 0)
		return 4;
	for (size_t i = 0; i < 1024; i += 16)
		kmem_cache_free(s, p[i]);
	if (!strstr(show("held", "slabs_cpu_partial"), ") C"))
		return 5;
	return number("held", "slabs_cpu_partial") ? 0 : 6;
}

static bool child_is_fine(const char *what, int (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status)
		return true;
	print_error("with %s: status %x\n", what, (unsigned int)status);
	return false;
}

/* libslab boots once a process, so other options have one of their own, before this one boots. */
static int boot(void **state)
{
	(void)state;
	if (!child_is_fine("stats=1", with_stats) ||
	    !child_is_fine("engine=cpuslab", with_cpu_slabs))
		return -1;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_attribute_has_one_line_or_none),
		cmocka_unit_test(test_what_was_asked_for_is_shown),
		cmocka_unit_test(test_counts_follow_use),
		cmocka_unit_test(test_validate_takes_a_one_for_caches_with_debug_flags),
		cmocka_unit_test(test_min_partial_decides_how_many_empty_slabs_stay),
		cmocka_unit_test(test_the_ratio_of_looks_at_other_nodes_can_be_set),
		cmocka_unit_test(test_bad_writes_are_refused),
		cmocka_unit_test(test_a_short_buffer_is_filled_and_the_length_told),
		cmocka_unit_test(test_a_shared_cache_has_all_its_names),
		cmocka_unit_test(test_a_cache_s_own_order_does_not_fall_back),
		cmocka_unit_test(test_huge_blocks_hold_three_objects_of_640_kib),
		cmocka_unit_test(test_sheaves_are_as_large_as_asked),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
