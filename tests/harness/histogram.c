// SPDX-License-Identifier: MIT
/* The histogram's buckets tile the numbers, and its percentiles are those of a sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "harness/histogram.h"
#include "lib/random.h"

static struct histogram h, other;

static int clear(void **state)
{
	(void)state;
	h = other = (struct histogram){ 0 };
	return 0;
}

static void test_every_value_lies_in_its_bucket(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, 7);
	for (int i = 0; i < 200000; i++) {
		uint64_t v = random_u64(&r) >> random_below(&r, 64);
		unsigned int b = histogram_index(v);

		assert_true(b < HISTOGRAM_BUCKETS);
		assert_true(histogram_low(b) <= v);
		if (b + 1 < HISTOGRAM_BUCKETS)
			assert_true(v < histogram_low(b + 1));
	}
}

static void test_a_bucket_is_at_most_a_32nd_wide(void **state)
{
	(void)state;
	for (unsigned int b = 1; b + 1 < HISTOGRAM_BUCKETS; b++) {
		uint64_t low = histogram_low(b), width = histogram_low(b + 1) - low;

		assert_true(width == 1 || width * 32 <= low);
	}
}

static int compare(const void *x, const void *y)
{
	uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

	return a < b ? -1 : a > b;
}

static void test_percentiles_agree_with_a_sorted_list(void **state)
{
	static const double shares[] = { 0.001, 0.5, 0.9, 0.99, 0.999, 0.9999 };
	static uint64_t list[50000];
	struct random r;

	(void)state;
	random_seed(&r, 11);
	for (int i = 0; i < 50000; i++) {
		list[i] = 20 + random_below(&r, 1u << (4 + random_below(&r, 14)));
		histogram_add(&h, list[i]);
	}
	qsort(list, 50000, sizeof(list[0]), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
		uint64_t rank = (uint64_t)(shares[i] * 50000 + 0.999999);
		double exact = (double)list[rank - 1], got = histogram_percentile(&h, shares[i]);

		assert_true(got >= exact * (1 - 1.0 / 32) - 1 && got <= exact * (1 + 1.0 / 32) + 1);
	}
	assert_true(histogram_percentile(&h, 1) == (double)list[49999]);
}

static void test_an_empty_histogram_gives_zero(void **state)
{
	(void)state;
	assert_true(histogram_percentile(&h, 0.5) == 0);
}

static void test_merging_is_adding_all_to_one(void **state)
{
	static struct histogram whole;

	(void)state;
	whole = (struct histogram){ 0 };
	for (uint64_t v = 1; v < 5000; v++) {
		histogram_add(v & 1 ? &h : &other, v * v);
		histogram_add(&whole, v * v);
	}
	histogram_merge(&h, &other);
	assert_memory_equal(&h, &whole, sizeof(h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_every_value_lies_in_its_bucket, clear),
		cmocka_unit_test_setup(test_a_bucket_is_at_most_a_32nd_wide, clear),
		cmocka_unit_test_setup(test_percentiles_agree_with_a_sorted_list, clear),
		cmocka_unit_test_setup(test_an_empty_histogram_gives_zero, clear),
		cmocka_unit_test_setup(test_merging_is_adding_all_to_one, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
