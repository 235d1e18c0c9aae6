// SPDX-License-Identifier: MIT
/* The four measures of fragmentation on curves whose answers can be worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "harness/timeline.h"

#define MIB 1048576.0

static struct trial t;
static struct timeline tl;

static void add(double t_ms, double live_mib, double rss_mib)
{
	timeline_add(&tl, (struct trial_point){ (uint64_t)(t_ms * 1e6), (uint64_t)(live_mib * MIB),
						(uint64_t)(rss_mib * MIB) });
}

static int clear(void **state)
{
	(void)state;
	timeline_free(&tl);
	t = (struct trial){ 0 };
	return 0;
}

static void near(const char *name, double want)
{
	double got = trial_metric(&t, name);

	if (!(fabs(got - want) < 1e-9))
		fail_msg("%s is %g, not %g", name, got, want);
}

/* live 10 20 10, resident 15 25 30: the peaks lie apart. */
static void test_measures_of_a_hand_made_curve(void **state)
{
	(void)state;
	add(0, 10, 15);
	add(10, 20, 25);
	add(20, 10, 30);
	add(30, 10, 30);
	trial_add(&t, "rss_peak_bytes", 32 * MIB);
	timeline_finish(&tl, &t);
	near("rss_mean_bytes", (15 + 25 + 30) * MIB / 3);
	near("live_peak_bytes", 20 * MIB);
	near("frag_jw1", (1.5 + 1.25 + 3.0) / 3 - 1);
	near("frag_jw2", 25.0 / 20 - 1);
	near("frag_jw3", 30.0 / 10 - 1);
	near("frag_jw4", 32.0 / 20 - 1);
}

static void test_an_exact_live_peak_of_the_child_is_kept(void **state)
{
	(void)state;
	add(0, 5, 10);
	add(10, 8, 10);
	trial_add(&t, "live_peak_bytes", 16 * MIB);
	trial_add(&t, "rss_peak_bytes", 24 * MIB);
	timeline_finish(&tl, &t);
	near("live_peak_bytes", 16 * MIB);
	near("frag_jw4", 0.5);
}

static void test_a_small_live_set_has_no_fragmentation(void **state)
{
	(void)state;
	add(0, 0.5, 10);
	add(10, 0.9, 10);
	trial_add(&t, "rss_peak_bytes", 10 * MIB);
	timeline_finish(&tl, &t);
	assert_true(isnan(trial_metric(&t, "frag_jw1")));
	assert_true(isnan(trial_metric(&t, "frag_jw4")));
	near("rss_mean_bytes", 10 * MIB);
}

static void test_the_stored_points_keep_the_peak(void **state)
{
	uint64_t peak = 0;

	(void)state;
	for (int i = 0; i < 10000; i++)
		add(i, 2, i == 7777 ? 99 : 3);
	timeline_finish(&tl, &t);
	assert_true(t.nr_points > 0 && t.nr_points <= TRIAL_MAX_POINTS);
	for (int i = 0; i < t.nr_points; i++)
		if (t.point[i].rss_bytes > peak)
			peak = t.point[i].rss_bytes;
	assert_true(peak == (uint64_t)(99 * MIB));
}

static void test_no_sample_gives_no_number(void **state)
{
	(void)state;
	timeline_finish(&tl, &t);
	assert_int_equal(t.nr_metrics, 0);
	assert_int_equal(t.nr_points, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_measures_of_a_hand_made_curve, clear),
		cmocka_unit_test_setup(test_an_exact_live_peak_of_the_child_is_kept, clear),
		cmocka_unit_test_setup(test_a_small_live_set_has_no_fragmentation, clear),
		cmocka_unit_test_setup(test_the_stored_points_keep_the_peak, clear),
		cmocka_unit_test_setup(test_no_sample_gives_no_number, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
