// SPDX-License-Identifier: MIT
/* __GFP_NOFAIL where it cannot be promised, and what is printed when pages cannot be had. */
#include "child.h"

#include <sys/prctl.h>

static void ask_for_a_large_block(void)
{
	for (int i = 0; i < 3; i++)
		kfree(kmalloc(32768, GFP_KERNEL | __GFP_NOFAIL));
}

static void ask_without_reclaim(void)
{
	for (int i = 0; i < 3; i++)
		while (kmalloc(8192, GFP_NOWAIT | __GFP_NOFAIL))
			;
}

static void ask_for_too_much(gfp_t gfp)
{
	prctl(PR_SET_NAME, "greedy");
	while (kmalloc(1 << 20, gfp))
		;
	kmalloc(1 << 20, gfp);
}

static void fail_silently(void)
{
	ask_for_too_much(GFP_KERNEL | __GFP_NOWARN);
}

static void fail_aloud(void)
{
	ask_for_too_much(GFP_KERNEL | __GFP_NORETRY);
}

/* What the child prints begins with @expected and has @nr_lines lines; it ends well. */
static void assert_prints(const char *options, void (*misuse)(void), const char *expected,
			  int nr_lines)
{
	char text[8192];
	int status = child_wait(options, misuse, text, sizeof(text)), lines = 0;

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	if (strncmp(text, expected, strlen(expected)) || lines != nr_lines)
		fail_msg("expected %d lines:\n%s\ngot:\n%s", nr_lines, expected, text);
}

/* A block that is there is given without a word, as in the kernel's slow path. */
static void test_nofail_for_a_large_block_is_silent_while_there_is_memory(void **state)
{
	(void)state;
	assert_prints("limit=16M", ask_for_a_large_block, "", 0);
}

static void fill_and_ask(void)
{
	static void *p[64];
	int nr = 0;

	while ((p[nr] = kmalloc(1 << 20, GFP_NOWAIT)))
		nr++;
	while (kmalloc(4096, GFP_NOWAIT))
		;
	/* Below the low watermark it takes the slow path; there is room above the reserve. */
	kfree(p[0]);
	while (kmalloc(65536, GFP_NOWAIT))
		;
	kfree(p[1]);
	for (int i = 0; i < 16; i++)
		kmalloc(65536, GFP_KERNEL | __GFP_NOFAIL);
}

static void test_nofail_for_a_large_block_warns_once(void **state)
{
	(void)state;
	assert_prints("limit=16M", fill_and_ask,
		      "WARNING: page allocation: order:4, mode:0x8cc0(GFP_KERNEL|__GFP_NOFAIL): "
		      "__GFP_NOFAIL promises orders 0 and 1 only; use kvmalloc() for more\n",
		      1);
}

static void test_nofail_without_reclaim_warns_once_and_may_fail(void **state)
{
	(void)state;
	assert_prints("limit=16M", ask_without_reclaim,
		      "WARNING: page allocation: order:1, mode:0xa800(GFP_NOWAIT|__GFP_NOFAIL): "
		      "__GFP_NOFAIL cannot be kept without __GFP_DIRECT_RECLAIM; use GFP_KERNEL | "
		      "__GFP_NOFAIL\n",
		      1);
}

static void test_a_failure_is_silent_by_default_and_with_nowarn(void **state)
{
	(void)state;
	assert_prints("limit=16M", fail_aloud, "", 0);
	assert_prints("limit=16M,warn=1", fail_silently, "", 0);
}

static void test_a_failure_is_reported_once_if_wanted(void **state)
{
	(void)state;
	assert_prints("limit=16M,warn=1", fail_aloud,
		      "greedy: page allocation failure: order:8, "
		      "mode:0x10cc0(GFP_KERNEL|__GFP_NORETRY), nodemask=(null)\n"
		      "Mem-Info: free:",
		      2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nofail_for_a_large_block_is_silent_while_there_is_memory),
		cmocka_unit_test(test_nofail_for_a_large_block_warns_once),
		cmocka_unit_test(test_nofail_without_reclaim_warns_once_and_may_fail),
		cmocka_unit_test(test_a_failure_is_silent_by_default_and_with_nowarn),
		cmocka_unit_test(test_a_failure_is_reported_once_if_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
