// SPDX-License-Identifier: MIT
/*
 * Many runs whose truth is known: what differs must be found, what does not must be left alone,
 * as often as the method promises, on machines that are noisy, drift and are disturbed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "compare_world.h"

struct counts {
	int less, same, more, unresolved, invalid;
};

static void count(struct counts *n, enum verdict verdict)
{
	n->less += verdict == VERDICT_LESS;
	n->same += verdict == VERDICT_SAME;
	n->more += verdict == VERDICT_MORE;
	n->unresolved += verdict == VERDICT_UNRESOLVED;
	n->invalid += verdict == VERDICT_INVALID;
}

/* Verdicts on slab's time over @runs runs in which it takes @effect times as long. */
static struct counts try_effect(double effect, int runs, int blocks, double noise, double drift)
{
	struct counts n = { 0 };

	for (int i = 0; i < runs; i++) {
		struct compare *c;

		quiet_world(seed + (uint64_t)i, blocks);
		world.time[SLAB] = effect;
		world.noise = noise;
		world.drift = drift;
		c = run_world(NULL);
		count(&n, row(c, "ns_per_op", SLAB)->verdict);
		compare_free(c);
	}
	print_message("x%.2f, %d blocks, noise %.1f%%, drift %.1f%%: %d faster %d same %d slower "
		      "%d open\n",
		      effect, blocks, 100 * noise, 100 * drift, n.less, n.same, n.more,
		      n.unresolved);
	return n;
}

static void test_five_percent_is_found(void **state)
{
	struct counts slower = try_effect(1.05, 50, 12, 0.006, 0);
	struct counts faster = try_effect(0.95, 50, 12, 0.006, 0);

	(void)state;
	assert_true(slower.more >= 48);
	assert_int_equal(slower.less + slower.same, 0);
	assert_true(faster.less >= 48);
	assert_int_equal(faster.more + faster.same, 0);
}

/* The floor is 1 %: a true difference of 1 % lies on it, so a verdict is right half the time. */
static void test_one_percent_is_not_called_slower(void **state)
{
	struct counts n = try_effect(1.01, 50, 12, 0.006, 0);

	(void)state;
	assert_int_equal(n.less, 0);
	assert_true(n.more <= 2);
}

static void test_no_difference_is_called_same_on_a_quiet_machine(void **state)
{
	struct counts n = try_effect(1, 50, 12, 0.002, 0);

	(void)state;
	assert_true(n.same >= 48);
	assert_int_equal(n.less + n.more, 0);
}

static void test_drift_of_the_machine_cancels(void **state)
{
	struct counts none = try_effect(1, 50, 12, 0.002, 0.02);
	struct counts five = try_effect(1.05, 50, 12, 0.006, 0.02);

	(void)state;
	assert_int_equal(none.less + none.more, 0);
	assert_true(five.more >= 48);
}

static void test_six_blocks_find_five_percent_without_adjustment(void **state)
{
	struct counts n = try_effect(1.05, 50, 6, 0.004, 0);
	struct compare *c;
	struct compare_row *r;

	(void)state;
	assert_true(n.more >= 45);
	quiet_world(seed, 6);
	world.noise = 0.004;
	c = run_world(NULL);
	r = row(c, "ns_per_op", SLAB);
	assert_false(r->adjusted);
	assert_near(r->ratio_interval.coverage, 31.0 / 32);
	compare_free(c);
}

static void count_excluding(const struct compare *c, int *plain, int *nr_plain, int *family)
{
	const char *const judged[] = { "ns_per_op", "rss_peak_bytes", "rss_mean_bytes" };
	bool any = false;

	for (int i = 0; i < 3; i++) {
		struct stats_interval *iv = &row(c, judged[i], CONTROL)->ratio_interval;

		*plain += iv->low > 1 || iv->high < 1;
		++*nr_plain;
		for (int arm = SLAB; arm <= PEER; arm++) {
			iv = &row(c, judged[i], arm)->ratio_interval;
			any |= iv->low > 1 || iv->high < 1;
		}
	}
	*family += any;
}

/*
 * 200 runs in which nothing differs, on a machine that drifts and is disturbed. The control's plain
 * intervals (96.1 %) must exclude 1 as often as they say, the adjusted ones of a run in at most
 * 5 % of runs, and no verdict may fall at all but by rarest chance, for there are floors as well.
 */
static void test_nothing_differs_in_200_runs(void **state)
{
	const int runs = 200;
	int plain = 0, nr_plain = 0, family = 0;
	struct counts n = { 0 };
	double expected, sigma;

	(void)state;
	for (int i = 0; i < runs; i++) {
		struct compare *c;

		quiet_world(seed * 1000 + (uint64_t)i, 12);
		world.noise = 0.01;
		world.drift = 0.01;
		world.outliers = 0.05;
		c = run_world(NULL);
		count_excluding(c, &plain, &nr_plain, &family);
		for (int arm = SLAB; arm <= PEER; arm++)
			count(&n, row(c, "ns_per_op", arm)->verdict);
		compare_free(c);
	}
	expected = nr_plain * (1 - 1969.0 / 2048);
	sigma = sqrt(expected * 1969 / 2048);
	print_message("plain intervals without 1: %d of %d, %.1f expected; runs with an adjusted "
		      "one: %d of %d; false verdicts: %d of %d\n",
		      plain, nr_plain, expected, family, runs, n.less + n.more, 2 * runs);
	assert_true(fabs(plain - expected) < 4 * sigma);
	assert_true(family <= 0.05 * runs + 3 * sqrt(0.05 * 0.95 * runs));
	assert_true(n.less + n.more <= 2);
	assert_int_equal(n.invalid, 0);
}

/* With the blocks that were asked for the same difference is resolved more often than not. */
static void test_blocks_that_are_said_to_be_needed_suffice(void **state)
{
	int unresolved = 0, resolved = 0;

	(void)state;
	for (uint64_t i = 0; i < 60 && unresolved < 15; i++) {
		struct compare *c;
		int needed;

		quiet_world(seed + i, 12);
		world.noise = 0.02;
		world.time[SLAB] = 1.06;
		c = run_world(NULL);
		needed = row(c, "ns_per_op", SLAB)->blocks_needed;
		assert_true(!needed || (needed > 12 && needed % 2 == 0 && needed < 1000));
		compare_free(c);
		if (!needed)
			continue;
		unresolved++;
		quiet_world(seed + 1000 + i, needed);
		world.noise = 0.02;
		world.time[SLAB] = 1.06;
		c = run_world(NULL);
		resolved += row(c, "ns_per_op", SLAB)->verdict == VERDICT_MORE;
		compare_free(c);
	}
	print_message("%d of %d resolved with the blocks asked for\n", resolved, unresolved);
	assert_int_equal(unresolved, 15);
	assert_true(resolved >= 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_five_percent_is_found),
		cmocka_unit_test(test_one_percent_is_not_called_slower),
		cmocka_unit_test(test_no_difference_is_called_same_on_a_quiet_machine),
		cmocka_unit_test(test_drift_of_the_machine_cancels),
		cmocka_unit_test(test_six_blocks_find_five_percent_without_adjustment),
		cmocka_unit_test(test_nothing_differs_in_200_runs),
		cmocka_unit_test(test_blocks_that_are_said_to_be_needed_suffice),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, open_store, close_store);
}
