// SPDX-License-Identifier: MIT
/* Writes beside a guarded object that stay in its page: found by the canary when it is freed. */
#include "kfence_child.h"

/* 73 bytes in kmalloc-96: the object ends 23 bytes before its page, or far before. */
static void write_behind(void)
{
	volatile char *p = kmalloc(73, GFP_KERNEL);

	p[73] = (char)0xac;
	kfree((void *)p);
}

static void write_before(void)
{
	volatile char *p = kfence_at(64, true);

	p[-2] = 0x01;
	kfree((void *)p);
}

/* In the middle of the page both sides are canary: 73 bytes at the end of a page of kmalloc-96. */
static void write_on_both_sides(void)
{
	volatile char *p;

	do
		p = kmalloc(73, GFP_KERNEL);
	while (!((uintptr_t)p & 4095));
	p[-1] = 0x02;
	p[73 + 22] = 0x03;
	kfree((void *)p);
}

#define REPORT(bytes, object)                                                                      \
	REPORT_HEAD("memory corruption", "^Corrupted memory at 0x[0-9a-f]+ \\[" bytes              \
					 " \\] \\(in kfence-#[0-9]+\\):$"),                        \
		REPORT_FREED(object), REPORT_END

static void test_a_write_behind_the_object_is_found_at_the_free(void **state)
{
	static const char *const lines[] = {
		REPORT(" 0xac( \\.){15}", "size=73, cache=kmalloc-96$"),
		NULL,
	};

	(void)state;
	assert_guarded(write_behind, lines);
}

/* What is shown ends where the object begins. */
static void test_a_write_before_the_object_is_found_at_the_free(void **state)
{
	static const char *const lines[] = {
		REPORT(" 0x01 \\.", "size=64, cache=kmalloc-64$"),
		NULL,
	};

	(void)state;
	assert_guarded(write_before, lines);
}

static void test_both_sides_are_looked_at(void **state)
{
	static const char *const lines[] = {
		REPORT(" 0x02", "size=73, cache=kmalloc-96$"),
		REPORT(" 0x03", "size=73, cache=kmalloc-96$"),
		NULL,
	};

	(void)state;
	assert_guarded(write_on_both_sides, lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_write_behind_the_object_is_found_at_the_free),
		cmocka_unit_test(test_a_write_before_the_object_is_found_at_the_free),
		cmocka_unit_test(test_both_sides_are_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
