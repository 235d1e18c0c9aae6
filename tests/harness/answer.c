// SPDX-License-Identifier: MIT
/* Lines of a child become its record; a line that is not understood fails the trial. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "harness/answer.h"
#include "harness/suggest.h"

static struct arm arm;
static struct trial t;

static int clear(void **state)
{
	(void)state;
	arm = (struct arm){ 0 };
	t = (struct trial){ .arm = &arm };
	return 0;
}

static void test_every_kind_of_line_lands_in_its_field(void **state)
{
	(void)state;
	assert_true(answer_line(&t, "path /usr/lib/libx.so"));
	assert_true(answer_line(&t, "build-id 00ff"));
	assert_true(answer_line(&t, "version "));
	assert_true(answer_line(&t, "metric ns_per_op 12.5"));
	assert_true(answer_line(&t, "bucket 3.5 17"));
	assert_true(answer_line(&t, "align 64 32 9"));
	assert_true(answer_line(&t, "slab 9 4"));
	assert_true(answer_line(&t, "slabinfo kmalloc-8   1"));
	assert_true(answer_line(&t, "slabinfo "));
	assert_true(answer_line(&t, "slabinfo end"));
	assert_true(answer_line(&t, "digest 00000000000000ff"));
	assert_true(answer_line(&t, "note one"));
	assert_true(answer_line(&t, "note two"));
	assert_string_equal(arm.path, "/usr/lib/libx.so");
	assert_string_equal(arm.build_id, "00ff");
	assert_true(trial_metric(&t, "ns_per_op") == 12.5);
	assert_true(t.bucket[0].low_ns == 3.5 && t.bucket[0].calls == 17);
	assert_true(t.alignment[0].size_class == 64 && t.alignment[0].divisor == 32);
	assert_true(t.have_slab_use && t.slab_use[9] == 4);
	assert_string_equal(t.slabinfo, "kmalloc-8   1\n\nend\n");
	assert_true(t.digest == 0xff);
	assert_string_equal(t.note, "one; two");
	assert_int_equal(t.status, TRIAL_OK);
}

static void test_a_long_slabinfo_keeps_whole_lines(void **state)
{
	char line[512] = "slabinfo ";

	(void)state;
	memset(line + strlen(line), 'x', 400);
	for (int i = 0; i < 1000; i++)
		assert_true(answer_line(&t, line));
	assert_int_equal(strlen(t.slabinfo), t.slabinfo_len);
	assert_int_equal(t.slabinfo_len % 401, 0);
	assert_int_equal(t.slabinfo_len / 401, (TRIAL_MAX_SLABINFO - 1) / 401);
}

static void test_the_first_error_is_the_reason(void **state)
{
	(void)state;
	assert_true(answer_line(&t, "error the allocator returned NULL"));
	assert_true(answer_line(&t, "error another"));
	assert_false(answer_line(&t, "failed"));
	assert_int_equal(t.status, TRIAL_FAILED);
	assert_string_equal(t.reason, "the allocator returned NULL");
}

static void test_an_outgrown_map_is_told_apart(void **state)
{
	(void)state;
	assert_true(answer_line(&t, "outgrown the map"));
	assert_true(answer_line(&t, "error the allocator returned NULL"));
	assert_int_equal(t.status, TRIAL_OUTGROWN);
}

static void test_garbage_fails_the_trial(void **state)
{
	static const char *const bad[] = { "",		 "metric",    "metric x",
					   "bucket a b", "slab 10 1", "slab -1 1",
					   "digest zz",	 "align 1 2", "hello" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		clear(state);
		assert_false(answer_line(&t, bad[i]));
		assert_int_equal(t.status, TRIAL_FAILED);
	}
}

static void test_too_many_buckets_fail_the_trial(void **state)
{
	(void)state;
	for (int i = 0; i < TRIAL_MAX_BUCKETS; i++)
		assert_true(answer_line(&t, "bucket 1 1"));
	assert_false(answer_line(&t, "bucket 1 1"));
}

static void test_the_nearest_word_is_suggested(void **state)
{
	struct suggest s = { .word = "jemaloc" };

	(void)state;
	suggest_offer(&s, "mimalloc");
	suggest_offer(&s, "jemalloc");
	suggest_offer(&s, "libc");
	assert_string_equal(suggest_text(&s), "; did you mean 'jemalloc'?");
	s = (struct suggest){ .word = "xyz" };
	suggest_offer(&s, "jemalloc");
	assert_string_equal(suggest_text(&s), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_kind_of_line_lands_in_its_field, clear),
		cmocka_unit_test_setup(test_a_long_slabinfo_keeps_whole_lines, clear),
		cmocka_unit_test_setup(test_the_first_error_is_the_reason, clear),
		cmocka_unit_test_setup(test_an_outgrown_map_is_told_apart, clear),
		cmocka_unit_test_setup(test_garbage_fails_the_trial, clear),
		cmocka_unit_test_setup(test_too_many_buckets_fail_the_trial, clear),
		cmocka_unit_test_setup(test_the_nearest_word_is_suggested, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
