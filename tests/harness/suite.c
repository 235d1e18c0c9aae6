// SPDX-License-Identifier: MIT
/* Suites: what a file may say, every mistake in it, and the lines of a run whose truth is known. */
#include "compare_world.h"

#include "harness/suite_lines.h"
#include "lib/bits.h"
#include "suite_world.h"

static struct suite suite;
static struct suite_view view;
static char why[512];

static int parse(const char *text)
{
	why[0] = '\0';
	return suite_parse(&suite, "test", text, why, sizeof(why));
}

static void test_a_suite_is_read(void **state)
{
	(void)state;
	assert_int_equal(
		parse("# a comment\n\nsummary two words more, and so on, to the end of it\n"
		      "allocators libc,slab:partition=typed # behind it\n"
		      "rounds 7\nscale 0.5\n"
		      "cell batch:1x16\ncell bleed 2,64 quick\n"
		      "target mean 0.9\ntarget options partition=typed 1.01\n"
		      "target crowd 64:2 1.1"),
		0);
	assert_string_equal(suite.name, "test");
	assert_string_equal(suite.summary, "two words more, and so on, to the end of it");
	assert_string_equal(suite.allocators, "libc,slab:partition=typed");
	assert_int_equal(suite.rounds, 7);
	assert_true(suite.scale == 0.5);
	assert_int_equal(suite.nr_cells, 3);
	assert_string_equal(suite.cell[0].workload, "batch:1x16");
	assert_int_equal(suite.cell[0].threads, 1);
	assert_false(suite.cell[0].quick);
	assert_string_equal(suite.cell[2].workload, "bleed");
	assert_int_equal(suite.cell[2].threads, 64);
	assert_true(suite.cell[2].quick);
	assert_int_equal(suite.nr_targets, 3);
	assert_int_equal(suite.target[1].kind, SUITE_OPTIONS);
	assert_string_equal(suite.target[1].of, "partition=typed");
	assert_true(suite.target[1].ratio == 1.01);
	assert_int_equal(suite.target[2].many, 64);
	assert_int_equal(suite.target[2].few, 2);
}

static void test_every_mistake_is_told_with_its_line(void **state)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{ "sell batch:1x16", "'sell' is no key" },
		{ "summary again", "'summary' is said twice" },
		{ "allocators a b", "one word, separated by commas" },
		{ "rounds 0", "a number from 1 to 100" },
		{ "rounds", "a number from 1 to 100" },
		{ "rounds 2.5", "a number from 1 to 100" },
		{ "scale 0", "a number from 0.001 to 1000" },
		{ "scale x", "a number from 0.001 to 1000" },
		{ "scale nan", "a number from 0.001 to 1000" },
		{ "cell", "a cell is WORKLOAD" },
		{ "cell batch 1 slow", "a cell is WORKLOAD" },
		{ "cell batch 0", "no number of threads, 1 to 256" },
		{ "cell batch 257", "no number of threads" },
		{ "cell batch -1", "no number of threads" },
		{ "cell batch 1,1", "is there twice" },
		{ "target", "a target is mean" },
		{ "target fast 1", "a target is mean" },
		{ "target mean", "target mean takes a ratio" },
		{ "target mean 1 2", "target mean takes a ratio" },
		{ "target options 1", "target options takes two values" },
		{ "target mean 0", "is no ratio" },
		{ "target mean x", "is no ratio" },
		{ "target crowd 64 1", "MANY:FEW" },
		{ "target crowd 2:64 1", "MANY:FEW" },
		{ "target crowd 64:0 1", "MANY:FEW" },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(text, sizeof(text), HEAD "%s\n", wrong[i].line);
		assert_int_equal(parse(text), -1);
		if (!strstr(why, wrong[i].says) || !strstr(why, "suite 'test', line 3: "))
			fail_msg("'%s' is told as: %s", wrong[i].line, why);
	}
}

static void test_a_suite_without_its_parts_is_refused(void **state)
{
	(void)state;
	assert_int_equal(parse(""), -1);
	assert_string_equal(why, "suite 'test' has no line 'summary'");
	assert_int_equal(parse("summary x\ncell batch"), -1);
	assert_string_equal(why, "suite 'test' has no line 'allocators'");
	assert_int_equal(parse(HEAD), -1);
	assert_string_equal(why, "suite 'test' has no line 'cell'");
}

static void test_more_than_fits_is_refused(void **state)
{
	static char text[16384];
	size_t at = (size_t)snprintf(text, sizeof(text), HEAD);

	(void)state;
	for (int i = 0; i <= RUN_MAX_CELLS; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "cell c%d\n", i);
	assert_int_equal(parse(text), -1);
	assert_non_null(strstr(why, "more than 128 cells"));
	at = (size_t)snprintf(text, sizeof(text), HEAD);
	for (int i = 0; i <= SUITE_MAX_TARGETS; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "target mean 1\n");
	assert_int_equal(parse(text), -1);
	assert_non_null(strstr(why, "more than 16 targets"));
	memset(text, 'x', 2000);
	text[2000] = '\0';
	assert_int_equal(parse(text), -1);
	assert_non_null(strstr(why, "line 1: is longer than"));
}

static void test_the_shipped_suites_are_sound(void **state)
{
	static char text[SUITE_TEXT];
	char path[1024];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/workloads/suites/speed.suite",
		 getenv("SRCDIR") ? getenv("SRCDIR") : ".");
	f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	assert_int_equal(parse(text), 0);
	assert_true(suite.nr_cells >= 60);
	assert_int_equal(suite.nr_targets, 9);
}

/* ---- lines of a run -------------------------------------------------------------------------- */

static struct suite_lines lines;
static const struct suite_line *const line = lines.line;

static struct compare *known_lines(simulated_spoil *spoil)
{
	struct compare *c = run_world(spoil);

	assert_true(suite_view_open(&view, store_handle(store), c));
	suite_lines_free(&lines);
	suite_lines(&view, OWN, &lines);
	return c;
}

static void assert_line(int i, char part, double ratio, bool passed)
{
	assert_int_equal(line[i].part, part);
	assert_near(line[i].ratio.ratio, ratio);
	assert_int_equal(line[i].passed, passed);
	assert_true(line[i].resolved);
}

static void test_the_lines_tell_the_known_truth(void **state)
{
	struct compare *c;

	(void)state;
	known_world(&world, seed, 8);
	c = known_lines(known_truth);
	assert_int_equal(lines.nr, NR_LINES);
	assert_int_equal(line[EACH].nr_asked, 2);
	assert_int_equal(line[EACH].nr_met, 1);
	assert_false(line[EACH].passed);
	assert_non_null(strstr(line[EACH].more, "above: batch:b 1.200 [1.200 .. 1.200] to fast"));
	assert_line(MEAN, 'a', pow(0.8 * 1.2, 0.2), true);
	assert_non_null(strstr(line[MEAN_ONE].what, "the fastest peer over all"));
	assert_int_equal(line[MEAN].ratio.nr_cells, 5);
	assert_int_equal(line[MEAN].ratio.n, 8);
	assert_line(WORST, 'a', 1.2, false);
	assert_non_null(strstr(line[WORST].more, "batch:b, to fast"));
	/* Own 100 MiB; leanest 50 everywhere, but the one that is leanest overall has 90 in other.
	 */
	assert_line(PEAK, 'b', 2, false);
	assert_line(PEAK_ONE, 'b', 2 * pow(0.5 / 0.9, 0.2), false);
	assert_non_null(strstr(line[PEAK_ONE].what, "lean"));
	assert_non_null(strstr(line[PEAK].more, "over the 4 cells with 1 MiB or more alive 2.000"));
	assert_line(DRAINED, 'b', 2 * pow(1.05, 0.2), false);
	assert_line(OPTIONS, 'c', 1.02, false);
	/* The best peer's 0.5 ns count as the quantum of 2 ns. */
	assert_line(P999, 'd', 150, false);
	assert_non_null(strstr(line[P999].more, "below the quantum"));
	assert_line(CROWD, 'e', 1.05, true);
	assert_non_null(strstr(line[CROWD].more, "crowd 105 MiB to 100 MiB; peers: libc 1.00"));
	compare_free(c);
}

/* The null row as slow as the peer: what is left of it is no more than the machine's noise. */
static void hidden_peer(struct trial *t)
{
	known_truth(t);
	if (t->arm->position == FAST && is_cell(t, "other", 1))
		set_ns(t, -1);
}

static void test_a_time_that_the_harness_hides_counts_as_the_quantum(void **state)
{
	struct compare *c;

	(void)state;
	known_world(&world, seed + 1, 8);
	c = known_lines(hidden_peer);
	assert_line(WORST, 'a', 10 / (SUITE_RESOLVED * SIMULATED_NULL_NS), false);
	assert_int_equal(line[WORST].ratio.nr_clamped, 8);
	assert_non_null(strstr(line[MEAN].more, "8 values below the quantum count as it"));
	compare_free(c);
}

static void one_fails(struct trial *t)
{
	known_truth(t);
	if (t->arm->position == OWN && t->block == 3 && is_cell(t, "batch:b", 1))
		t->status = TRIAL_FAILED;
}

static void test_a_cell_with_a_hole_takes_no_part_in_a_mean(void **state)
{
	struct compare *c;

	(void)state;
	known_world(&world, seed + 2, 8);
	c = known_lines(one_fails);
	assert_int_equal(line[MEAN].ratio.nr_cells, 4);
	assert_near(line[MEAN].ratio.ratio, pow(0.8, 0.25));
	assert_non_null(strstr(line[MEAN].more, "4 of 5 cells"));
	assert_near(line[WORST].ratio.ratio, 1.2);
	assert_int_equal(line[WORST].ratio.n, 7);
	compare_free(c);
}

static void test_too_few_blocks_resolve_nothing(void **state)
{
	struct compare *c;

	(void)state;
	known_world(&world, seed + 3, 5);
	c = known_lines(known_truth);
	assert_near(line[MEAN].ratio.ratio, pow(0.8 * 1.2, 0.2));
	for (int i = 0; i < lines.nr; i++)
		assert_false(line[i].resolved);
	compare_free(c);
}

/* What a block does to all of its trials is in no ratio. */
static void drifting(struct trial *t)
{
	known_truth(t);
	t->metric[0].value *= 1 + 0.3 * t->block;
}

static void test_a_machine_that_drifts_moves_no_ratio(void **state)
{
	struct compare *c;

	(void)state;
	known_world(&world, seed + 4, 8);
	c = known_lines(drifting);
	assert_line(MEAN, 'a', pow(0.8 * 1.2, 0.2), true);
	assert_line(WORST, 'a', 1.2, false);
	compare_free(c);
}

/* Pictures read the view, the report computes: they are the same numbers. */
static void test_the_view_and_the_lines_agree(void **state)
{
	struct compare *c;
	sqlite3_stmt *stmt;
	int nr = 0;

	(void)state;
	known_world(&world, seed + 5, 9);
	c = known_lines(noisy);
	stmt = sql_for_run(store_handle(store),
			   "SELECT cell, arm, ratio, low, high, clamped, peer, attributable_ns "
			   "FROM v_suite WHERE run = ?",
			   c->id);
	for (; sql_row(stmt); nr++) {
		struct suite_point p = { 0, 0 };
		struct suite_ratio r;
		int peer;

		while (c->cells[p.cell].id != sqlite3_column_int64(stmt, 0))
			p.cell++;
		while (c->arms[p.arm].id != sqlite3_column_int64(stmt, 1))
			p.arm++;
		peer = suite_best_peer(&view, SUITE_TIME, p.cell);
		r = suite_ratio(&view, SUITE_TIME, p, (struct suite_point){ p.cell, peer });
		assert_string_equal(sql_column(stmt, 6), c->arms[peer].label);
		assert_near(sqlite3_column_double(stmt, 2), r.ratio);
		assert_near(sqlite3_column_double(stmt, 3), r.interval.low);
		assert_near(sqlite3_column_double(stmt, 4), r.interval.high);
		assert_near(sqlite3_column_double(stmt, 7), suite_median(&view, SUITE_TIME, p));
	}
	sql_finish(stmt);
	assert_int_equal(nr, 5 * 5);
	compare_free(c);
}

static void test_a_run_of_no_suite_has_no_view(void **state)
{
	struct compare *c;

	(void)state;
	quiet_world(seed + 6, 6);
	c = run_world(NULL);
	assert_false(suite_view_open(&view, store_handle(store), c));
	compare_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_suite_is_read),
		cmocka_unit_test(test_every_mistake_is_told_with_its_line),
		cmocka_unit_test(test_a_suite_without_its_parts_is_refused),
		cmocka_unit_test(test_more_than_fits_is_refused),
		cmocka_unit_test(test_the_shipped_suites_are_sound),
		cmocka_unit_test(test_the_lines_tell_the_known_truth),
		cmocka_unit_test(test_a_time_that_the_harness_hides_counts_as_the_quantum),
		cmocka_unit_test(test_a_cell_with_a_hole_takes_no_part_in_a_mean),
		cmocka_unit_test(test_too_few_blocks_resolve_nothing),
		cmocka_unit_test(test_a_machine_that_drifts_moves_no_ratio),
		cmocka_unit_test(test_the_view_and_the_lines_agree),
		cmocka_unit_test(test_a_run_of_no_suite_has_no_view),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, open_store, close_store);
}
