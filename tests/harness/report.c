// SPDX-License-Identifier: MIT
/* The terminal's table says what happened, within 100 columns, and the exit code says the worst. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>

#include "harness/report_text.h"
#include "lib/die.h"
#include "report_world.h"

static char *table(const char *id)
{
	return to_memory(report_table, id);
}

/* ---- numbers as text ------------------------------------------------------------------------- */

static void assert_value(double value, const char *unit, const char *expected)
{
	char buf[REPORT_TEXT];

	report_text_value(buf, value, unit);
	assert_string_equal(buf, expected);
}

static void test_values_have_three_digits_and_a_unit(void **state)
{
	(void)state;
	assert_value(41.23, "ns", "41.2 ns");
	assert_value(3.104, "ns", "3.10 ns");
	assert_value(999.6, "ns", "1.00 us");
	assert_value(1234, "ns", "1.23 us");
	assert_value(5e9, "ns", "5.00 s");
	assert_value(512, "bytes", "512 B");
	assert_value(212.4 * 1024 * 1024, "bytes", "212 MiB");
	assert_value(0.123, "ratio", "12.3%");
	assert_value(0, "ratio", "0%");
	assert_value(1, "ratio", "100%");
	assert_value(98304, "count", "98304");
	assert_value(1234567, "count", "1.23M");
	assert_value(12.5, "count", "12.5");
	assert_value(24.1e6, "1/s", "24.1M/s");
	assert_value(NAN, "ns", "-");
	assert_value(INFINITY, "bytes", "-");
}

static void assert_change(double ratio, const char *expected)
{
	char buf[REPORT_TEXT];

	report_text_change(buf, ratio);
	assert_string_equal(buf, expected);
}

static void test_ratios_are_told_as_changes(void **state)
{
	char range[REPORT_TEXT];

	(void)state;
	assert_change(0.896, "-10.4%");
	assert_change(1.184, "+18.4%");
	assert_change(1.0001, "0.0%");
	assert_change(2.5, "+150%");
	assert_change(12.34, "12.3x");
	assert_change(NAN, "-");
	report_text_range(range, 0.889, 0.902);
	assert_string_equal(range, "[-11.1% .. -9.8%]");
	report_text_range(range, NAN, 1);
	assert_string_equal(range, "");
}

static void test_reach_is_relative_but_for_shares(void **state)
{
	char reach[REPORT_TEXT];

	(void)state;
	report_text_reach(reach, 100, 98, 104, "ns");
	assert_string_equal(reach, " +-4%");
	report_text_reach(reach, 100, 99.9, 100.1, "ns");
	assert_string_equal(reach, "");
	report_text_reach(reach, 0.5, 0.49, 0.504, "ratio");
	assert_string_equal(reach, " +-1.0");
	report_text_reach(reach, 0, 0, 5, "count");
	assert_string_equal(reach, "");
	report_text_reach(reach, 5, NAN, NAN, "count");
	assert_string_equal(reach, "");
}

static void test_long_names_are_cut_in_the_middle(void **state)
{
	char buf[64];

	(void)state;
	report_text_cut(buf, sizeof(buf), "slab:partition=random,debug=FZPU", 20);
	assert_int_equal(strlen(buf), 20);
	assert_string_equal(buf, "slab:part..ebug=FZPU");
	report_text_cut(buf, sizeof(buf), "libc", 20);
	assert_string_equal(buf, "libc");
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Paths and commands are as long as they are, so that they can be copied. */
static bool may_be_long(const char *line)
{
	return !strncmp(line, "run ", 4) || !strncmp(line, "repeat: ", 8);
}

static void test_table_fits_100_columns_of_ascii(void **state)
{
	const char *line;

	(void)state;
	full_world(12);
	simulated_store(&world, store, add_quality);
	make_text(table);
	for (line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");

		if (len > 100 && !may_be_long(line))
			fail_msg("%zu columns: %.*s", len, (int)len, line);
		for (size_t i = 0; i < len; i++)
			assert_true(isprint((unsigned char)line[i]));
	}
}

static void test_table_tells_what_happened(void **state)
{
	(void)state;
	full_world(12);
	simulated_store(&world, store, add_quality);
	make_text(table);
	assert_says("dentry-name threads=1 scale=1, 1.20M operations x 5 rounds");
	assert_says("vs libc");
	assert_says("the harness alone");
	assert_says("baseline");
	assert_says("faster");
	assert_says("larger");
	assert_says("A/A control");
	assert_says("harness share of ns/op: libc 7.");
	assert_says("equal for all: live peak 190 MiB, internal waste 2.00%, page faults 0");
	assert_says("dio\n");
	assert_says("12.3M");
	assert_says("* 95% for the 24 comparisons of a workload together (Bonferroni)");
	assert_says("Least time per operation: slab, 0.80x that of libc at 1.10x its peak RSS.");
	assert_says("skipped: hoard: libhoard.so is not installed");
	assert_says(world.run.id);
	assert_says("report.db");
	assert_says("repeat: ./runner compare --seed");
	assert_null(strstr(text, "latency"));
	assert_null(strstr(text, "nan"));
}

static void test_quick_table_says_that_it_is_not_adjusted(void **state)
{
	(void)state;
	full_world(6);
	simulated_store(&world, store, NULL);
	make_text(table);
	assert_says("* 96.9% each, not adjusted for 24 comparisons: 6 blocks cannot carry it; use "
		    "--blocks 12");
}

static void test_few_blocks_are_called_invalid(void **state)
{
	(void)state;
	full_world(2);
	simulated_store(&world, store, NULL);
	make_text(table);
	assert_says("invalid (2 of 6 blocks)");
	assert_says("no intervals: 2 blocks are too few; use --blocks 12");
	assert_int_equal(report_exit_code(store, world.run.id), EXIT_UNRESOLVED);
}

static void test_baseline_alone_is_not_summed_up(void **state)
{
	(void)state;
	simulated_start(&world, seed, 12);
	simulated_add_cell(&world, "work", 1);
	simulated_store(&world, store, NULL);
	make_text(table);
	assert_says("* nothing is compared");
	assert_null(strstr(text, "Least time"));
	assert_int_equal(report_exit_code(store, world.run.id), EXIT_FINE);
}

static void test_failures_are_listed_with_their_reason(void **state)
{
	(void)state;
	full_world(12);
	simulated_store(&world, store, hostile);
	make_text(table);
	assert_says("failed: dentry-name threads=1 scale=1 on slab, 1 trials (first in block 0): "
		    "died | of");
	assert_says("invalid (1 of 12 failed)");
	assert_says("note: a \"note\"");
	make_text(markdown);
	assert_says("died \\| of \"signal\" 11, and more");
}

static void lose_null(struct trial *t)
{
	if (t->arm->role == ARM_NULL)
		t->status = TRIAL_OUTGROWN;
}

static void test_outgrown_null_is_a_note_and_no_failure(void **state)
{
	(void)state;
	full_world(12);
	simulated_store(&world, store, lose_null);
	make_text(table);
	assert_says("the null allocator's map was too small in 12 trials");
	assert_null(strstr(text, "outgrown:"));
	assert_null(strstr(text, "harness share of"));
	assert_int_equal(report_exit_code(store, world.run.id), EXIT_FINE);
}

/* The table as a terminal would get it. */
static char *table_on_a_terminal(const char *id)
{
	static char buf[1 << 16];
	int master = posix_openpt(O_RDWR | O_NOCTTY), at = 0;
	ssize_t got;
	FILE *out;

	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	out = fopen(ptsname(master), "w");
	assert_non_null(out);
	setvbuf(out, NULL, _IOFBF, 1 << 16);
	if (fork() == 0) {
		report_table(out, store, id);
		_exit(0);
	}
	for (int idle = 0; idle < 200; usleep(5000)) {
		got = read(master, buf + at, sizeof(buf) - 1 - (size_t)at);
		at += got > 0 ? (int)got : 0;
		idle = got > 0 ? 0 : idle + 1;
		if (at && strstr(buf, "repeat: "))
			break;
		buf[at] = '\0';
	}
	wait(NULL);
	fclose(out);
	close(master);
	return strdup(buf);
}

static void test_colour_only_on_a_terminal_that_wants_it(void **state)
{
	(void)state;
	simulated_start(&world, seed, 12);
	simulated_add_arm(&world, "slab", ARM_SUBJECT);
	simulated_add_cell(&world, "work", 1);
	world.time[SLAB] = 0.5;
	simulated_store(&world, store, NULL);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	make_text(table);
	assert_null(strchr(text, '\033'));
	make_text(table_on_a_terminal);
	assert_says("\033[32mfaster\033[0m");
	setenv("NO_COLOR", "1", 1);
	make_text(table_on_a_terminal);
	assert_null(strchr(text, '\033'));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	make_text(table_on_a_terminal);
	assert_null(strchr(text, '\033'));
}

/* ---- exit codes ------------------------------------------------------------------------------ */

static int exit_code_of(simulated_spoil *spoil)
{
	simulated_store(&world, store, spoil);
	return report_exit_code(store, world.run.id);
}

static enum trial_status bad_status;

static void spoil_one(struct trial *t)
{
	if (t->arm->position == SLAB && t->block == 2 && t->cell->position == 1)
		t->status = bad_status;
}

static void move_control_of_first_cell(struct trial *t)
{
	if (t->arm->position == CONTROL && t->cell->position == 0)
		t->metric[0].value *= 1.1;
}

static void move_every_control(struct trial *t)
{
	if (t->arm->position == CONTROL)
		t->metric[0].value *= 1.1;
}

static void test_exit_code_tells_the_worst(void **state)
{
	static const struct {
		enum trial_status status;
		int code;
	} expected[] = {
		{ TRIAL_OK, EXIT_FINE },	 { TRIAL_FAILED, EXIT_FAILED },
		{ TRIAL_TIMEOUT, EXIT_FAILED },	 { TRIAL_MISMATCH, EXIT_FAILED },
		{ TRIAL_OUTGROWN, EXIT_FAILED }, { TRIAL_INVALID, EXIT_UNRESOLVED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		full_world(6);
		bad_status = expected[i].status;
		assert_int_equal(exit_code_of(spoil_one), expected[i].code);
	}
}

static void test_run_is_unresolved_when_every_cell_is_contaminated(void **state)
{
	(void)state;
	full_world(6);
	assert_int_equal(exit_code_of(move_control_of_first_cell), EXIT_FINE);
	make_text(table);
	assert_says("contaminated: ");
	assert_says("not resolved (A/A moved)");
	full_world(6);
	assert_int_equal(exit_code_of(move_every_control), EXIT_UNRESOLVED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_have_three_digits_and_a_unit),
		cmocka_unit_test(test_ratios_are_told_as_changes),
		cmocka_unit_test(test_reach_is_relative_but_for_shares),
		cmocka_unit_test(test_long_names_are_cut_in_the_middle),
		cmocka_unit_test(test_table_fits_100_columns_of_ascii),
		cmocka_unit_test(test_table_tells_what_happened),
		cmocka_unit_test(test_quick_table_says_that_it_is_not_adjusted),
		cmocka_unit_test(test_few_blocks_are_called_invalid),
		cmocka_unit_test(test_baseline_alone_is_not_summed_up),
		cmocka_unit_test(test_failures_are_listed_with_their_reason),
		cmocka_unit_test(test_outgrown_null_is_a_note_and_no_failure),
		cmocka_unit_test(test_colour_only_on_a_terminal_that_wants_it),
		cmocka_unit_test(test_exit_code_tells_the_worst),
		cmocka_unit_test(test_run_is_unresolved_when_every_cell_is_contaminated),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, open_store, close_store);
}
