// SPDX-License-Identifier: MIT
/*
 * The nightly judge: its arithmetic against exact values and simulation, its alarm rates over
 * simulated series, and the whole of it against databases with a known history.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "harness/nightly_parts.h"
#include "lib/die.h"
#include "lib/random.h"
#include "stored.h"

#define FLOOR	  0.00995 /* ln 1.01 */
#define BLOCKS	  6
#define MAX_BLOCK 24

static struct random rng;

static double uniform(void)
{
	return ((double)(random_u64(&rng) >> 11) + 0.5) * 0x1p-53;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* ---- the arithmetic ---- */

static void test_false_alarm_of_three_nights_is_one_in_134596(void **state)
{
	(void)state;
	/* All six of tonight above all eighteen: 1 / C(24, 6). */
	assert_true(fabs(nightly_false_alarm(18, 6, 1, 1) * 134596 - 1) < 1e-9);
	/* All six among the seven largest of 24: C(7, 6) / C(24, 6). */
	assert_true(fabs(nightly_false_alarm(18, 6, 1, 2) * 134596 - 7) < 1e-9);
	assert_true(nightly_false_alarm(18, 6, 1, 1) < NIGHTLY_FALSE_ALARM);
}

static bool beyond(int pooled, int n, int rank, int place)
{
	double old[64], new[64];

	for (int i = 0; i < pooled; i++)
		old[i] = uniform();
	for (int i = 0; i < n; i++)
		new[i] = uniform();
	stats_sort(old, pooled);
	stats_sort(new, n);
	return new[rank - 1] > old[pooled - place];
}

static void test_false_alarm_agrees_with_drawing_lots(void **state)
{
	static const int cases[][4] = {
		{ 4, 6, 1, 2 }, { 8, 12, 3, 3 }, { 12, 12, 3, 6 }, { 30, 9, 2, 15 }
	};
	const int draws = 200000;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int *c = cases[i];
		double p = nightly_false_alarm(c[0], c[1], c[2], c[3]);
		int hits = 0;

		for (int d = 0; d < draws; d++)
			hits += beyond(c[0], c[1], c[2], c[3]);
		/* Five standard deviations. */
		assert_true(fabs(hits - p * draws) < 5 * sqrt(p * (1 - p) * draws) + 1);
	}
}

/* ---- simulated series, newest night first ---- */

struct series {
	double value[NIGHTLY_LOOK_BACK][MAX_BLOCK];
	struct nightly_night night[NIGHTLY_LOOK_BACK];
	int nr;
};

/* One more night of six blocks around @level; blocks and nights scatter by their own. */
static void add_night(struct series *s, double level, double block_sd, double night_sd)
{
	double *v;

	memmove(s->value[1], s->value[0], sizeof(s->value[0]) * (NIGHTLY_LOOK_BACK - 1));
	v = s->value[0];
	level += night_sd * normal();
	for (int b = 0; b < BLOCKS; b++)
		v[b] = level + block_sd * normal();
	stats_sort(v, BLOCKS);
	s->nr += s->nr < NIGHTLY_LOOK_BACK;
	for (int i = 0; i < s->nr; i++)
		s->night[i] = nightly_night(s->value[i], BLOCKS);
}

/* The newest night against those before it; 2 if there is no regime. */
static int judge_newest(const struct series *s)
{
	struct nightly_regime r;

	if (!nightly_regime(s->night + 1, s->nr - 1, &s->night[0], FLOOR, &r))
		return 2;
	return nightly_moved(&r, &s->night[0], FLOOR);
}

/* Alarms among 200 series of 30 nights without any change: 27 judgements each. */
static int alarms_of_noise(double block_sd, double night_sd)
{
	int alarms = 0;

	for (int i = 0; i < 200; i++) {
		struct series s = { .nr = 0 };

		for (int night = 0; night < 30; night++) {
			add_night(&s, 0, block_sd, night_sd);
			alarms += night >= NIGHTLY_MIN_NIGHTS && abs(judge_newest(&s)) == 1;
		}
	}
	return alarms;
}

static void test_steady_noise_alarms_at_most_once_in_5400_judgements(void **state)
{
	(void)state;
	/* Nominal: 2 sides x 1e-5 x 5400 = 0.1. */
	assert_in_range(alarms_of_noise(0.01, 0), 0, 1);
	assert_in_range(alarms_of_noise(0.05, 0), 0, 2);
}

static void
test_nights_that_scatter_half_as_much_as_blocks_alarm_in_less_than_1_in_1000(void **state)
{
	(void)state;
	assert_in_range(alarms_of_noise(0.01, 0.005), 0, 5);
	assert_in_range(alarms_of_noise(0.03, 0.015), 0, 5);
}

/* Of 200 series with a step after @nights nights: how many alarm on the first night of it. */
static int found_on_first_night(int nights, double step, double block_sd)
{
	int found = 0;

	for (int i = 0; i < 200; i++) {
		struct series s = { .nr = 0 };

		for (int night = 0; night < nights; night++)
			add_night(&s, 0, block_sd, 0);
		add_night(&s, step, block_sd, 0);
		found += judge_newest(&s) == (step > 0 ? 1 : -1);
	}
	return found;
}

static void test_step_of_10_percent_alarms_on_its_first_night(void **state)
{
	(void)state;
	assert_in_range(found_on_first_night(3, log(1.1), 0.01), 198, 200);
	assert_in_range(found_on_first_night(20, log(1.1), 0.01), 198, 200);
	assert_in_range(found_on_first_night(20, -log(1.1), 0.01), 198, 200);
}

static void test_step_alarms_three_nights_and_then_is_the_regime(void **state)
{
	struct series s = { .nr = 0 };

	(void)state;
	for (int night = 0; night < 10; night++)
		add_night(&s, 0, 0.01, 0);
	for (int night = 0; night < NIGHTLY_MIN_NIGHTS; night++) {
		add_night(&s, 0.2, 0.01, 0);
		assert_int_equal(judge_newest(&s), 1);
	}
	add_night(&s, 0.2, 0.01, 0);
	assert_int_equal(judge_newest(&s), 0);
	/* The old level would now be an improvement. */
	add_night(&s, 0, 0.01, 0);
	assert_int_equal(judge_newest(&s), -1);
}

static void test_one_bad_night_is_passed_over(void **state)
{
	struct series s = { .nr = 0 };

	(void)state;
	for (int night = 0; night < 5; night++)
		add_night(&s, 0, 0.01, 0);
	add_night(&s, 0.5, 0.01, 0);
	assert_int_equal(judge_newest(&s), 1);
	add_night(&s, 0, 0.01, 0);
	assert_int_equal(judge_newest(&s), 0);
}

static void test_two_nights_are_no_history(void **state)
{
	struct series s = { .nr = 0 };

	(void)state;
	for (int night = 0; night < 3; night++)
		add_night(&s, 0, 0.01, 0);
	assert_int_equal(judge_newest(&s), 2);
	add_night(&s, 0, 0.01, 0);
	assert_int_not_equal(judge_newest(&s), 2);
}

static void test_bad_blocks_do_not_widen_a_long_regime(void **state)
{
	struct series s = { .nr = 0 };
	struct nightly_regime r;

	(void)state;
	for (int night = 0; night < NIGHTLY_MAX_NIGHTS; night++) {
		add_night(&s, 0, 0.01, 0);
		if (night % 3 == 0)
			s.value[0][BLOCKS - 1] = 0.5;
	}
	for (int i = 0; i < s.nr; i++)
		s.night[i] = nightly_night(s.value[i], BLOCKS);
	add_night(&s, 0, 0.01, 0);
	assert_true(nightly_regime(s.night + 1, s.nr - 1, &s.night[0], FLOOR, &r));
	assert_int_equal(r.nr_nights, NIGHTLY_MAX_NIGHTS);
	assert_true(r.high < 0.04);
}

static void test_exact_values_need_more_than_the_floor(void **state)
{
	struct series s = { .nr = 0 };

	(void)state;
	for (int night = 0; night < 5; night++)
		add_night(&s, 0, 0, 0);
	add_night(&s, 0.9 * FLOOR, 0, 0);
	assert_int_equal(judge_newest(&s), 0);
	add_night(&s, 2.5 * FLOOR, 0, 0);
	assert_int_equal(judge_newest(&s), 1);
}

/* ---- whole databases ---- */

struct night {
	double ns, rss; /* of the subject, over the baseline's */
	bool fails;	/* the second subject, tonight */
	const char *hash;
};

/* A little scatter, the same in every run: no series is exact. */
static double scatter(int block)
{
	return 1 + 0.002 * ((block * 5) % 6 - 2.5);
}

static void measure(struct trial *t, void *context)
{
	const struct night *n = context;
	bool moves = !strcmp(t->arm->label, "mover");
	double drift = 1 + 0.02 * t->block;

	if (n->fails && !strcmp(t->arm->label, "second")) {
		t->status = TRIAL_FAILED;
		t->exit_status = 139;
		strcpy(t->reason, "died by signal 11");
		return;
	}
	trial_add(t, "ns_per_op", 50 * drift * scatter(t->block) * (moves ? n->ns : 1));
	trial_add(t, "rss_peak_bytes", 5e7 * scatter(t->block + 1) * (moves ? n->rss : 1));
	/* Not judged, and so free to move. */
	trial_add(t, "page_faults_warm", moves ? 1000 * n->ns : 1000);
}

static void store_night(struct stored *s, const struct night *n, char *id, size_t len)
{
	struct run *run = stored_run(s, "nightly", BLOCKS);

	stored_arm(run, "base", ARM_BASELINE);
	stored_arm(run, "mover", ARM_SUBJECT);
	stored_arm(run, "second", ARM_SUBJECT);
	stored_arm(run, "base (control)", ARM_CONTROL);
	stored_cell(run, "work", "{\"threads\":2,\"scale\":1,\"files\":\"9\"}");
	if (n->hash)
		strcpy(run->cells[0].image_hash, n->hash);
	stored_store(s, run, measure, (void *)n);
	snprintf(id, len, "%s", run->id);
	free(run);
}

/* What the judge prints about @tonight after @nr steady nights; the caller frees. */
static char *judge_after(int nr, struct night tonight, int *code)
{
	struct stored *s = stored_open();
	struct night steady = { 1, 1, false, NULL };
	char id[40], *text;
	size_t len;
	FILE *out;

	for (int i = 0; i < nr; i++)
		store_night(s, &steady, id, sizeof(id));
	store_night(s, &tonight, id, sizeof(id));
	out = open_memstream(&text, &len);
	*code = nightly_judge(out, s->store, id);
	fclose(out);
	stored_close(s);
	return text;
}

static void expect(char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void expect_not(char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

static void test_regression_is_one_line_and_exit_1(void **state)
{
	int code;
	char *text = judge_after(3, (struct night){ 1.1, 1, false, NULL }, &code);

	(void)state;
	assert_int_equal(code, EXIT_REGRESSION);
	expect(text, "regression   work threads=2 files=9  mover  ns_per_op  1 [");
	expect(text, "-> 1.1 [1.1 .. 1.1]  +10.0 %\n");
	expect(text, "4 series, 1 regressions, 0 improvements, 0 without history\n");
	expect_not(text, "page_faults");
	free(text);
}

static void test_improvement_is_no_failure(void **state)
{
	int code;
	char *text = judge_after(4, (struct night){ 1, 0.9, false, NULL }, &code);

	(void)state;
	assert_int_equal(code, EXIT_FINE);
	expect(text, "improvement  work threads=2 files=9  mover  rss_peak_bytes  1 [");
	expect(text, "4 series, 0 regressions, 1 improvements, 0 without history\n");
	free(text);
}

static void test_steady_night_says_only_the_counts(void **state)
{
	int code;
	char *text = judge_after(3, (struct night){ 1.005, 1, false, NULL }, &code);

	(void)state;
	assert_int_equal(code, EXIT_FINE);
	assert_string_equal(text, "4 series, 0 regressions, 0 improvements, 0 without history\n");
	free(text);
}

static void test_first_nights_say_how_many_are_there(void **state)
{
	int code;
	char *text = judge_after(1, (struct night){ 2, 2, false, NULL }, &code);

	(void)state;
	assert_int_equal(code, EXIT_FINE);
	expect(text, "no history yet (1 of 3 nights) for 4 series\n");
	expect(text, "4 series, 0 regressions, 0 improvements, 4 without history\n");
	free(text);
}

static void test_other_operations_have_no_history(void **state)
{
	int code;
	char *text = judge_after(5, (struct night){ 2, 2, false, "another image" }, &code);

	(void)state;
	assert_int_equal(code, EXIT_FINE);
	expect(text, "no history yet (0 of 3 nights) for 4 series\n");
	free(text);
}

static void test_what_failed_tonight_is_listed(void **state)
{
	int code;
	char *text = judge_after(3, (struct night){ 1, 1, true, NULL }, &code);

	(void)state;
	assert_int_equal(code, EXIT_FINE);
	expect(text, "missing      work threads=2 files=9  second  failed: died by signal 11\n");
	expect(text, "2 series, 0 regressions");
	free(text);
}

static void test_nights_of_another_machine_do_not_count(void **state)
{
	struct stored *s = stored_open();
	struct night steady = { 1, 1, false, NULL }, slow = { 1.5, 1, false, NULL };
	char id[40], *text;
	size_t len;
	FILE *out;

	(void)state;
	for (int i = 0; i < 4; i++)
		store_night(s, &steady, id, sizeof(id));
	stored_sql(s, "INSERT INTO machine VALUES ('other', '{}', %Q)", "elsewhere");
	stored_sql(s, "UPDATE run SET machine = %Q", "other");
	store_night(s, &slow, id, sizeof(id));
	out = open_memstream(&text, &len);
	assert_int_equal(nightly_judge(out, s->store, id), EXIT_FINE);
	fclose(out);
	expect(text, "no history yet (0 of 3 nights) for 4 series\n");
	expect_not(text, "missing");
	free(text);
	stored_close(s);
}

static int seed_random(void **state)
{
	const char *env = getenv("SEED");
	uint64_t seed = env ? strtoull(env, NULL, 0) : 20261121;

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	random_seed(&rng, seed);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_false_alarm_of_three_nights_is_one_in_134596),
		cmocka_unit_test(test_false_alarm_agrees_with_drawing_lots),
		cmocka_unit_test(test_steady_noise_alarms_at_most_once_in_5400_judgements),
		cmocka_unit_test(
			test_nights_that_scatter_half_as_much_as_blocks_alarm_in_less_than_1_in_1000),
		cmocka_unit_test(test_step_of_10_percent_alarms_on_its_first_night),
		cmocka_unit_test(test_step_alarms_three_nights_and_then_is_the_regime),
		cmocka_unit_test(test_one_bad_night_is_passed_over),
		cmocka_unit_test(test_two_nights_are_no_history),
		cmocka_unit_test(test_bad_blocks_do_not_widen_a_long_regime),
		cmocka_unit_test(test_exact_values_need_more_than_the_floor),
		cmocka_unit_test(test_regression_is_one_line_and_exit_1),
		cmocka_unit_test(test_improvement_is_no_failure),
		cmocka_unit_test(test_steady_night_says_only_the_counts),
		cmocka_unit_test(test_first_nights_say_how_many_are_there),
		cmocka_unit_test(test_other_operations_have_no_history),
		cmocka_unit_test(test_what_failed_tonight_is_listed),
		cmocka_unit_test(test_nights_of_another_machine_do_not_count),
	};

	return cmocka_run_group_tests(tests, seed_random, NULL);
}
