// SPDX-License-Identifier: MIT
/* Writing to protected memory faults; a rare write where it is not allowed is refused in words. */
#include "child.h"

#include <errno.h>

#include "allocators/slab/pmalloc.h"

static int *protected_int(unsigned int mode)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(mode);
	int *p = pmalloc(pool, sizeof(*p));

	/* A sanitizer would turn the signal into an exit. */
	signal(SIGSEGV, SIG_DFL);
	pmalloc_protect_pool(pool);
	return p;
}

static void write_to_ro(void)
{
	*(volatile int *)protected_int(PMALLOC_MODE_RO) = 1;
}

static void write_to_wr(void)
{
	*(volatile int *)protected_int(PMALLOC_MODE_WR) = 1;
}

static void write_to_start_wr(void)
{
	*(volatile int *)protected_int(PMALLOC_MODE_START_WR) = 1;
}

static void write_after_a_rare_write(void)
{
	int *p = protected_int(PMALLOC_MODE_WR);

	if (wr_assign(*p, 5) || *p != 5)
		_exit(99);
	*(volatile int *)p = 1;
}

static void write_to_the_area_before(void)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(PMALLOC_MODE_AUTO_RO);
	volatile char *p = pmalloc(pool, 3000);

	signal(SIGSEGV, SIG_DFL);
	*p = 1;
	pmalloc(pool, 3000);
	*p = 2;
}

static void test_a_write_to_protected_memory_faults(void **state)
{
	static void (*const misuses[])(void) = { write_to_ro, write_to_wr, write_to_start_wr,
						 write_after_a_rare_write,
						 write_to_the_area_before };
	char text[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
		int status = child_wait("", misuses[i], text, sizeof(text));

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSEGV);
		assert_string_equal(text, "");
	}
}

/* Exit 99 if a rare write that is not allowed does not answer -EPERM or changes something. */
static void expect_refused(int *p)
{
	int before = *p;

	if (wr_assign(*p, before + 1) != -EPERM || *p != before)
		_exit(99);
}

static void rare_write_to_ro(void)
{
	expect_refused(protected_int(PMALLOC_MODE_RO));
}

static void rare_write_after_make_ro(void)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(PMALLOC_MODE_START_WR);
	int *p = pmalloc(pool, sizeof(*p));

	if (wr_assign(*p, 1))
		_exit(98);
	pmalloc_make_pool_ro(pool);
	expect_refused(p);
}

static void rare_write_to_open(void)
{
	expect_refused(pmalloc(pmalloc_create_pool(PMALLOC_MODE_WR), sizeof(int)));
}

static void rare_write_to_foreign(void)
{
	int on_stack = 0;

	expect_refused(&on_stack);
}

static void rare_write_beyond_the_area(void)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(PMALLOC_MODE_START_WR);
	char *p = pmalloc(pool, 16);

	if (wr_memset(p, 1, 17) != -EPERM || *p)
		_exit(99);
}

static void rare_write_below_what_was_handed_out(void)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(PMALLOC_MODE_START_WR);
	char *p = pmalloc(pool, 16);

	if (wr_memset(p - 8, 1, 16) != -EPERM || *p)
		_exit(99);
}

/* @misuse survives and prints one sentence: which function, how much, and @why. */
static void assert_refused(void (*misuse)(void), const char *what, const char *why)
{
	char text[8192];
	int status = child_wait("", misuse, text, sizeof(text));

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (strncmp(text, what, strlen(what)) || !strstr(text, why) ||
	    strchr(text, '\n') != text + strlen(text) - 1)
		fail_msg("expected:\n%s ..%s\ngot:\n%s", what, why, text);
}

static void test_a_rare_write_to_read_only_memory_is_refused(void **state)
{
	(void)state;
	assert_refused(rare_write_to_ro, "WARNING: wr_memcpy of 4 bytes at 0x",
		       ": it is read-only for good; make the pool with PMALLOC_MODE_WR\n");
	assert_refused(rare_write_after_make_ro, "WARNING: wr_memcpy of 4 bytes at 0x",
		       ": it is read-only for good;");
}

static void test_a_rare_write_to_other_memory_is_refused(void **state)
{
	(void)state;
	assert_refused(rare_write_to_open, "WARNING: wr_memcpy of 4 bytes at 0x",
		       ": the pool is not protected; write directly or call "
		       "pmalloc_protect_pool()\n");
	assert_refused(rare_write_to_foreign, "WARNING: wr_memcpy of 4 bytes at 0x",
		       ": it is in no pool; allocate it with pmalloc()\n");
}

static void test_a_rare_write_beyond_an_object_of_the_pool_is_refused(void **state)
{
	(void)state;
	assert_refused(rare_write_beyond_the_area, "WARNING: wr_memset of 17 bytes at 0x",
		       ": it goes beyond what the pool handed out; check address and length\n");
	assert_refused(rare_write_below_what_was_handed_out, "WARNING: wr_memset of 16 bytes at 0x",
		       ": it goes beyond");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_write_to_protected_memory_faults),
		cmocka_unit_test(test_a_rare_write_to_read_only_memory_is_refused),
		cmocka_unit_test(test_a_rare_write_to_other_memory_is_refused),
		cmocka_unit_test(test_a_rare_write_beyond_an_object_of_the_pool_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
