// SPDX-License-Identifier: MIT
/*
 * The statistics against values computed another way: exact fractions of binomial coefficients,
 * written as such, and properties that must hold for any input.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "lib/bits.h"
#include "lib/random.h"

static uint64_t seed;

static void assert_close(double a, double b)
{
	if (!(fabs(a - b) <= 1e-12 * fmax(1, fabs(b))))
		fail_msg("%.17g is not %.17g", a, b);
}

static void test_median_of_odd_even_and_nothing(void **state)
{
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };

	(void)state;
	stats_sort(odd, 3);
	stats_sort(even, 4);
	assert_close(stats_median(odd, 3), 2);
	assert_close(stats_median(even, 4), 2.5);
	assert_true(isnan(stats_median(NULL, 0)));
}

static void test_coverage_is_the_binomial_sum(void **state)
{
	(void)state;
	assert_close(stats_coverage(6, 1), 31.0 / 32);
	assert_close(stats_coverage(9, 2), 123.0 / 128);
	assert_close(stats_coverage(12, 1), 2047.0 / 2048);
	assert_close(stats_coverage(12, 2), 2035.0 / 2048);
	assert_close(stats_coverage(12, 3), 1969.0 / 2048);
	assert_close(stats_coverage(20, 6), 125647.0 / 131072);
	assert_close(stats_coverage(24, 7), 8198557.0 / 8388608);
	assert_close(stats_coverage(48, 17), 68306591878747.0 / 70368744177664.0);
	assert_close(stats_coverage(256, 112), 0.9610481658376859);
}

static void test_rank_is_the_largest_that_covers(void **state)
{
	(void)state;
	assert_int_equal(stats_rank(0, 0.95), 0);
	assert_int_equal(stats_rank(1, 0.95), 0);
	assert_int_equal(stats_rank(5, 0.95), 0);
	assert_int_equal(stats_rank(6, 0.95), 1);
	assert_int_equal(stats_rank(12, 0.95), 3);
	assert_int_equal(stats_rank(24, 0.95), 7);
	assert_int_equal(stats_rank(100, 0.99), 37);
	assert_int_equal(stats_rank(2000, 0.95), 956);
}

/* Bonferroni levels 1 - 0.05 / m: 7 comparisons leave one block to spare at 12, 8 do not. */
static void test_rank_at_adjusted_levels(void **state)
{
	(void)state;
	assert_int_equal(stats_rank(12, 1 - 0.05 / 7), 2);
	assert_int_equal(stats_rank(12, 1 - 0.05 / 8), 1);
	assert_int_equal(stats_rank(10, 1 - 0.05 / 28), 0);
	assert_int_equal(stats_rank(11, 1 - 0.05 / 28), 1);
	assert_int_equal(stats_rank(14, 1 - 0.05 / 28), 1);
	assert_int_equal(stats_rank(15, 1 - 0.05 / 28), 2);
}

static void test_smallest_n_of_an_interval(void **state)
{
	static const int comparisons[] = { 1, 5, 20, 28, 100, 300 };
	static const int least[] = { 6, 8, 10, 11, 12, 14 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(least); i++) {
		double level = 1 - 0.05 / comparisons[i];

		assert_int_equal(stats_min_n(level), least[i]);
		assert_int_equal(stats_rank(least[i], level), 1);
		assert_int_equal(stats_rank(least[i] - 1, level), 0);
	}
}

static void test_level_met_exactly_is_met(void **state)
{
	(void)state;
	assert_int_equal(stats_rank(6, 0.96875), 1);
	assert_int_equal(stats_min_n(0.96875), 6);
}

static void test_interval_takes_the_ranked_values(void **state)
{
	double v[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	struct stats_interval iv = stats_median_interval(v, 12, 0.95);

	(void)state;
	assert_int_equal(iv.rank, 3);
	assert_close(iv.low, 3);
	assert_close(iv.high, 10);
	assert_close(iv.coverage, 1969.0 / 2048);
}

static void test_too_few_values_have_no_interval(void **state)
{
	double v[] = { 1, 2, 3, 4, 5 };
	struct stats_interval iv = stats_median_interval(v, 5, 0.95);

	(void)state;
	assert_int_equal(iv.rank, 0);
	assert_true(isnan(iv.low) && isnan(iv.high) && isnan(iv.coverage));
}

static void test_sign_test_is_the_binomial_tail(void **state)
{
	(void)state;
	assert_close(stats_sign_test(0, 6), 1.0 / 32);
	assert_close(stats_sign_test(9, 1), 11.0 / 512);
	assert_close(stats_sign_test(0, 12), 1.0 / 2048);
	assert_close(stats_sign_test(2, 10), 79.0 / 2048);
	assert_close(stats_sign_test(3, 21), 2325.0 / 8388608);
	assert_close(stats_sign_test(6, 6), 1);
	assert_close(stats_sign_test(5, 6), 1);
	assert_close(stats_sign_test(0, 0), 1);
}

/* 0.01 x 4, 0.02 x 3, then 0.03 x 2 = 0.06 again, and 0.04 x 1 may not fall below it. */
static void test_holm_of_a_worked_example(void **state)
{
	double p[] = { 0.04, 0.01, 0.03, 0.02 };

	(void)state;
	stats_holm(p, 4);
	assert_close(p[0], 0.06);
	assert_close(p[1], 0.04);
	assert_close(p[2], 0.06);
	assert_close(p[3], 0.06);
}

static double uniform(struct random *r)
{
	return ((double)(random_u64(r) >> 11) + 0.5) / (double)(1ull << 53);
}

static void assert_holm(const double *raw, const double *adjusted, int n)
{
	for (int i = 0; i < n; i++) {
		assert_true(adjusted[i] >= raw[i] && adjusted[i] <= 1);
		for (int j = 0; j < n; j++)
			if (raw[i] < raw[j])
				assert_true(adjusted[i] <= adjusted[j]);
	}
}

static void test_holm_keeps_order_and_never_lowers(void **state)
{
	double raw[32], adjusted[32];
	struct random r;

	(void)state;
	random_seed(&r, seed);
	for (int round = 0; round < 2000; round++) {
		int n = (int)random_range(&r, 1, 32);

		for (int i = 0; i < n; i++)
			raw[i] = random_below(&r, 3) ? pow(uniform(&r), 4) : 0.03125;
		memcpy(adjusted, raw, sizeof(raw));
		stats_holm(adjusted, n);
		assert_holm(raw, adjusted, n);
	}
	stats_holm(raw, 0);
}

/* Holm rejects at least what Bonferroni rejects, and the smallest p-value is the same in both. */
static void test_holm_is_never_stricter_than_bonferroni(void **state)
{
	double raw[16], adjusted[16];
	struct random r;

	(void)state;
	random_seed(&r, seed);
	for (int round = 0; round < 500; round++) {
		for (int i = 0; i < 16; i++)
			adjusted[i] = raw[i] = pow(uniform(&r), 3);
		stats_holm(adjusted, 16);
		for (int i = 0; i < 16; i++)
			assert_true(adjusted[i] <= fmin(1, 16 * raw[i]) + 1e-15);
		stats_sort(raw, 16);
		stats_sort(adjusted, 16);
		assert_close(adjusted[0], fmin(1, 16 * raw[0]));
	}
}

static void test_geometric_mean(void **state)
{
	double v[] = { 0.8, 1.25, 2 }, bad[] = { 1, 0 };

	(void)state;
	assert_close(stats_geomean(v, 3), cbrt(2));
	assert_true(isnan(stats_geomean(bad, 2)));
	assert_true(isnan(stats_geomean(v, 0)));
}

static void test_normal_quantile(void **state)
{
	(void)state;
	assert_true(fabs(stats_normal_quantile(0.5)) < 1e-12);
	assert_true(fabs(stats_normal_quantile(0.975) - 1.9599639845400536) < 1e-10);
	assert_true(fabs(stats_normal_quantile(0.025) + 1.9599639845400536) < 1e-10);
	assert_true(fabs(stats_normal_quantile(1 - 0.05 / 56) - 3.123734630323846) < 1e-9);
}

/* A skewed distribution, whose median is ln 2: the interval must hold it as often as it says. */
static void test_interval_covers_as_often_as_it_says(void **state)
{
	const int rounds = 20000, n = 12;
	struct stats_interval iv = { 0 };
	struct random r;
	double v[12], sigma;
	int hit = 0;

	(void)state;
	random_seed(&r, seed);
	for (int round = 0; round < rounds; round++) {
		for (int i = 0; i < n; i++)
			v[i] = -log(uniform(&r));
		stats_sort(v, n);
		iv = stats_median_interval(v, n, 0.95);
		hit += iv.low <= M_LN2 && M_LN2 <= iv.high;
	}
	sigma = sqrt(iv.coverage * (1 - iv.coverage) / rounds);
	assert_true(fabs((double)hit / rounds - iv.coverage) < 5 * sigma);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median_of_odd_even_and_nothing),
		cmocka_unit_test(test_coverage_is_the_binomial_sum),
		cmocka_unit_test(test_rank_is_the_largest_that_covers),
		cmocka_unit_test(test_rank_at_adjusted_levels),
		cmocka_unit_test(test_smallest_n_of_an_interval),
		cmocka_unit_test(test_level_met_exactly_is_met),
		cmocka_unit_test(test_interval_takes_the_ranked_values),
		cmocka_unit_test(test_too_few_values_have_no_interval),
		cmocka_unit_test(test_sign_test_is_the_binomial_tail),
		cmocka_unit_test(test_holm_of_a_worked_example),
		cmocka_unit_test(test_holm_keeps_order_and_never_lowers),
		cmocka_unit_test(test_holm_is_never_stricter_than_bonferroni),
		cmocka_unit_test(test_geometric_mean),
		cmocka_unit_test(test_normal_quantile),
		cmocka_unit_test(test_interval_covers_as_often_as_it_says),
	};

	seed = getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : 20261121;
	printf("seed %llu (SEED=)\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
