// SPDX-License-Identifier: MIT
/* Accesses beside a guarded object: into the guard page, found at once; the program goes on. */
#include "kfence_child.h"

static volatile char sink;

static void read_before(void)
{
	volatile char *p = kfence_at(64, false);

	sink = p[-1];
}

static void write_behind(void)
{
	volatile char *p = kfence_at(64, true);

	p[67] = 1;
}

static const char *const left[] = {
	REPORT_HEAD("out-of-bounds read",
		    "^Out-of-bounds read at 0x[0-9a-f]+fff \\(1B left of kfence-#[0-9]+\\):$"),
	REPORT_LIVE("size=64, cache=kmalloc-64$"),
	REPORT_END,
	NULL,
};

static const char *const right[] = {
	REPORT_HEAD("out-of-bounds write",
		    "^Out-of-bounds write at 0x[0-9a-f]+003 \\(67B right of kfence-#[0-9]+\\):$"),
	REPORT_LIVE("size=64, cache=kmalloc-64$"),
	REPORT_END,
	NULL,
};

/* Once reported the page is open; a free closes it again, and the next access is reported anew. */
static void hit_it_again(void)
{
	volatile char *p = kfence_at(64, true);

	p[64] = 1;
	p[65] = 2;
	if (p[65] != 2)
		_exit(1);
	kfree((void *)p);
	sink = p[64];
	if (sink)
		_exit(2);
}

/* After the free nobody is beside the guard page. */
static const char *const again[] = {
	REPORT_HEAD("out-of-bounds write",
		    "^Out-of-bounds write at 0x[0-9a-f]+000 \\(64B right of kfence-#[0-9]+\\):$"),
	REPORT_LIVE("size=64, cache=kmalloc-64$"),
	REPORT_END,
	REPORT_HEAD("invalid read", "^Invalid read at 0x[0-9a-f]+000:$"),
	REPORT_END,
	NULL,
};

static void test_a_read_before_the_object_is_reported(void **state)
{
	(void)state;
	assert_guarded(read_before, left);
}

static void test_a_write_behind_the_object_is_reported(void **state)
{
	(void)state;
	assert_guarded(write_behind, right);
}

static void test_the_guard_is_open_until_the_object_is_freed(void **state)
{
	(void)state;
	assert_guarded(hit_it_again, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_read_before_the_object_is_reported),
		cmocka_unit_test(test_a_write_behind_the_object_is_reported),
		cmocka_unit_test(test_the_guard_is_open_until_the_object_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
