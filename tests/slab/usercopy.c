// SPDX-License-Identifier: MIT
/* Which copies to and from the user are let through, and the sentence about one that is not. */
#include "common.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/pagemap.h"
#include "allocators/slab/usercopy.h"

static struct kmem_cache *offering(unsigned int size, unsigned int offset, unsigned int bytes)
{
	struct kmem_cache *s =
		kmem_cache_create_usercopy("window", size, 0, 0, offset, bytes, NULL);

	assert_non_null(s);
	return s;
}

/* What check_heap_object() answers and writes on fd 2. */
static bool check(const void *p, size_t n, bool to_user, char *text, size_t len)
{
	int fds[2], saved = dup(2);
	ssize_t used;
	bool ok;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], 2);
	ok = check_heap_object(p, n, to_user);
	dup2(saved, 2);
	close(saved);
	close(fds[1]);
	used = read(fds[0], text, len - 1);
	close(fds[0]);
	text[used > 0 ? used : 0] = '\0';
	return ok;
}

static void assert_allowed(const void *p, size_t n)
{
	char text[256];

	assert_true(check(p, n, true, text, sizeof(text)));
	assert_string_equal(text, "");
}

static void assert_refused(const void *p, size_t n, bool to_user, const char *sentence)
{
	char text[256];

	assert_false(check(p, n, to_user, text, sizeof(text)));
	assert_string_equal(text, sentence);
}

static void test_only_the_offered_part_may_be_copied(void **state)
{
	struct kmem_cache *s = offering(192, 40, 64);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_allowed(p + 40, 64);
	assert_allowed(p + 103, 1);
	assert_allowed(p + 60, 20);
	assert_refused(p, 64, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object "
		       "'window' (offset 0, size 64)!\n");
	assert_refused(p + 39, 2, false,
		       "usercopy: Kernel memory overwrite attempt detected to SLUB object "
		       "'window' (offset 39, size 2)!\n");
	assert_refused(p + 41, 64, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object "
		       "'window' (offset 41, size 64)!\n");
	assert_refused(p + 105, 1, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object "
		       "'window' (offset 105, size 1)!\n");
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

/* Every place and length of an object of 24 bytes that offers 8 from 8 on. */
static void test_every_copy_of_a_small_object(void **state)
{
	struct kmem_cache *s = offering(24, 8, 8);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);
	char text[256];

	(void)state;
	for (size_t at = 0; at < 24; at++)
		for (size_t n = 1; n <= 24; n++)
			assert_int_equal(check(p + at, n, true, text, sizeof(text)),
					 at >= 8 && at + n <= 16);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void test_offsets_are_within_the_object_anywhere_in_the_slab(void **state)
{
	struct kmem_cache *s = offering(88, 16, 8);
	char *p[60];

	(void)state;
	for (int i = 0; i < 60; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 60; i++) {
		char text[256];

		assert_allowed(p[i] + 16, 8);
		assert_false(check(p[i] + 24, 1, true, text, sizeof(text)));
	}
	for (int i = 0; i < 60; i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
}

static void test_a_cache_offers_nothing_unless_it_says(void **state)
{
	struct kmem_cache *s = kmem_cache_create("closed", 64, 0, SLAB_NO_MERGE, NULL);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_refused(p, 1, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object "
		       "'closed' (offset 0, size 1)!\n");
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void test_all_of_a_kmalloc_object_is_offered(void **state)
{
	char *p = kmalloc(100, GFP_KERNEL);

	(void)state;
	assert_allowed(p, 128);
	assert_refused(p, 129, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object "
		       "'kmalloc-128' (offset 0, size 129)!\n");
	kfree(p);
}

static void test_a_copy_stays_in_its_large_block(void **state)
{
	char *p = kmalloc(20000, GFP_KERNEL);

	(void)state;
	assert_allowed(p, 32768);
	assert_allowed(p + 32767, 1);
	assert_refused(p + 20000, 12769, false,
		       "usercopy: Kernel memory overwrite attempt detected to page alloc "
		       "(offset 20000, size 12769)!\n");
	kfree(p);
}

static void test_the_red_zone_before_an_object_is_no_part_of_it(void **state)
{
	struct kmem_cache *s = offering(64, 0, 64);
	struct geometry before = s->geo;
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	s->geo.red_left_pad = 8; /* as if the slab had been laid out with red zones */
	assert_refused(p + 4, 1, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object in left "
		       "red zone 'window' (offset 4, size 1)!\n");
	assert_allowed(p + 8, 56);
	s->geo = before;
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void test_free_pages_hold_no_object(void **state)
{
	char *p = kmalloc(1 << 20, GFP_KERNEL);

	(void)state;
	kfree(p);
	assert_refused(p, 8, true,
		       "usercopy: Kernel memory exposure attempt detected from SLUB object not in "
		       "SLUB page?! (offset 0, size 8)!\n");
}

static void test_foreign_memory_is_not_judged(void **state)
{
	int here = 0;

	(void)state;
	assert_allowed(&here, sizeof(here));
	check_object_size(&here, sizeof(here), true);
	check_object_size(NULL, 0, true);
}

static void test_a_part_beyond_the_object_is_none(void **state)
{
	struct kmem_cache *s = offering(64, 60, 8), *none = offering(64, 8, 0);

	(void)state;
	assert_int_equal(s->usersize, 0);
	assert_int_equal(none->useroffset, 0);
	kmem_cache_destroy(none);
	kmem_cache_destroy(s);
}

static void test_caches_with_a_part_are_not_merged(void **state)
{
	struct kmem_cache *a = offering(72, 0, 8), *b = offering(72, 0, 8);
	struct kmem_cache *c = kmem_cache_create("plain", 72, 0, 0, NULL);

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(a, c);
	assert_ptr_not_equal(b, c);
	kmem_cache_destroy(c);
	kmem_cache_destroy(b);
	kmem_cache_destroy(a);
	assert_equations_hold();
}

/* The signal that ends a child which checks. */
static int ends_with(const void *p, size_t n)
{
	struct rlimit no_core = { 0, 0 };
	int status;
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		close(2);
		check_object_size(p, n, true);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void test_the_whole_check_ends_the_program(void **state)
{
	char *p = kmalloc(64, GFP_KERNEL);

	(void)state;
	assert_int_equal(ends_with(p, 64), 0);
	assert_int_equal(ends_with(p, 65), SIGABRT);
	assert_int_equal(ends_with(NULL, 1), SIGABRT);
	assert_int_equal(ends_with(ZERO_SIZE_PTR, 1), SIGABRT);
	assert_int_equal(ends_with((void *)(UINTPTR_MAX - 3), 4), 0);
	assert_int_equal(ends_with((void *)(UINTPTR_MAX - 3), 5), SIGABRT);
	kfree(p);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_the_offered_part_may_be_copied),
		cmocka_unit_test(test_every_copy_of_a_small_object),
		cmocka_unit_test(test_offsets_are_within_the_object_anywhere_in_the_slab),
		cmocka_unit_test(test_a_cache_offers_nothing_unless_it_says),
		cmocka_unit_test(test_all_of_a_kmalloc_object_is_offered),
		cmocka_unit_test(test_a_copy_stays_in_its_large_block),
		cmocka_unit_test(test_the_red_zone_before_an_object_is_no_part_of_it),
		cmocka_unit_test(test_free_pages_hold_no_object),
		cmocka_unit_test(test_foreign_memory_is_not_judged),
		cmocka_unit_test(test_a_part_beyond_the_object_is_none),
		cmocka_unit_test(test_caches_with_a_part_are_not_merged),
		cmocka_unit_test(test_the_whole_check_ends_the_program),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
