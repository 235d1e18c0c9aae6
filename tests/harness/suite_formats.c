// SPDX-License-Identifier: MIT
/*
 * A suite's run as text, Markdown, JSON and CSV: the same numbers in all of them, every one that is
 * missing with its reason, and nothing that is cut. JSON is read back with SQLite's parser.
 */
#include "report_world.h"

#include "harness/report_suite.h"
#include "harness/suite_text.h"
#include "suite_world.h"

static struct compare *compared;
static struct suite_figures *figures;

static void json_alone(FILE *out, struct store *s, const char *id)
{
	report_json(out, s, id, "results/x.db", NULL);
}

static char *json(const char *id)
{
	return to_memory(json_alone, id);
}

static char *table(const char *id)
{
	return to_memory(report_table, id);
}

static char *csv(const char *id)
{
	return to_memory(report_csv, id);
}

static void forget(void)
{
	suite_figures_free(figures);
	if (compared)
		compare_free(compared);
}

static void run(simulated_spoil *spoil)
{
	forget();
	simulated_store(&world, store, spoil);
	compared = compare_run(store_handle(store), world.run.id);
	figures = suite_figures(store_handle(store), compared);
}

static int teardown(void **state)
{
	forget();
	return close_store(state);
}

/* ---- what JSON has at a path ----------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static sqlite3_stmt *extract(const char *what,
								   const char *fmt, ...)
{
	char path[128], sql[64];
	sqlite3_stmt *stmt;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	snprintf(sql, sizeof(sql), "SELECT %s(?, ?)", what);
	stmt = sql_for_run(store_handle(store), sql, text);
	sql_text(stmt, 2, path);
	assert_true(sql_row(stmt));
	return stmt;
}

/* Absent would read like null. */
static void assert_null_there(const char *at, const char *key)
{
	sqlite3_stmt *stmt = extract("json_type", "$.suite.%s.%s", at, key);

	assert_string_equal(sql_column(stmt, 0), "null");
	sql_finish(stmt);
}

static void assert_number(const char *at, const char *key, double value)
{
	sqlite3_stmt *stmt;
	double got;

	if (isnan(value)) {
		assert_null_there(at, key);
		return;
	}
	stmt = extract("json_extract", "$.suite.%s.%s", at, key);
	assert_int_not_equal(sqlite3_column_type(stmt, 0), SQLITE_NULL);
	got = sqlite3_column_double(stmt, 0);
	sql_finish(stmt);
	if (!(fabs(got - value) <= 1e-14 * fabs(value)))
		fail_msg("%s.%s is %.17g, not %.17g", at, key, got, value);
}

static void assert_text(const char *at, const char *key, const char *value)
{
	sqlite3_stmt *stmt = extract("json_extract", "$.suite.%s.%s", at, key);
	char got[4096];

	sql_copy(stmt, 0, got, sizeof(got));
	sql_finish(stmt);
	assert_string_equal(got, value);
}

static void assert_why(const char *at, const char *why)
{
	if (*why)
		assert_text(at, "why", why);
	else
		assert_null_there(at, "why");
}

static void assert_ratio(const char *at, const struct suite_ratio *r)
{
	assert_number(at, "ratio", r->ratio);
	assert_number(at, "low", r->interval.low);
	assert_number(at, "high", r->interval.high);
	assert_number(at, "coverage", r->interval.coverage);
	assert_number(at, "n", r->n);
	assert_number(at, "at_quantum", r->nr_clamped);
}

static const char *label(int arm)
{
	return arm < 0 ? "" : compared->arms[arm].label;
}

static void assert_figure(int cell, int column)
{
	const struct suite_figure *f = suite_figure_at(figures, cell, column);
	char at[64];

	snprintf(at, sizeof(at), "cells[%d]", cell);
	assert_text(at, "workload", compared->cells[cell].workload);
	assert_number(at, "threads", compared->cells[cell].threads);
	assert_text(at, "peer", label(figures->best[cell]));
	snprintf(at, sizeof(at), "cells[%d].allocators[%d]", cell, column);
	assert_text(at, "allocator", label(figures->column[column]));
	assert_number(at, "ns", f->ns);
	assert_ratio(at, &f->ratio);
	assert_why(at, f->why);
}

static void assert_spots(const char *line, const struct suite_line *l)
{
	char at[128];

	for (int i = 0; i < l->nr_spots; i++) {
		snprintf(at, sizeof(at), "%s.named[%d]", line, i);
		assert_text(at, "workload", compared->cells[l->spot[i].cell].workload);
		assert_text(at, "peer", label(l->spot[i].peer));
		assert_ratio(at, &l->spot[i].ratio);
	}
}

static void assert_json_line(int i, const struct suite_line *l)
{
	char at[64];

	snprintf(at, sizeof(at), "subjects[0].targets[%d]", i);
	assert_text(at, "what", l->what);
	assert_text(at, "target", suite_kind_name(l->target->kind));
	assert_text(at, "of", l->target->of);
	assert_number(at, "at_most", l->target->ratio);
	assert_number(at, "resolved", l->resolved);
	assert_text(at, "note", l->more);
	assert_why(at, l->why);
	if (l->measured)
		assert_text(at, "verdict", l->passed ? "pass" : "miss");
	else
		assert_null_there(at, "verdict");
	if (l->target->kind == SUITE_EACH) {
		assert_number(at, "met", l->nr_met);
		assert_number(at, "asked", l->nr_asked);
	} else {
		assert_ratio(at, &l->ratio);
		assert_number(at, "cells", l->ratio.nr_cells);
	}
	assert_spots(at, l);
}

static void assert_name(const char *name)
{
	sqlite3_stmt *stmt = extract("json_extract", "$.suite.name");

	assert_string_equal(sql_column(stmt, 0), name);
	sql_finish(stmt);
}

static void assert_json_has_all(void)
{
	make_text(json);
	assert_name("test");
	for (int cell = 0; cell < compared->nr_cells; cell++)
		for (int i = 0; i < figures->nr_columns; i++)
			assert_figure(cell, i);
	for (int i = 0; i < figures->subject[0].nr; i++)
		assert_json_line(i, &figures->subject[0].line[i]);
}

/* ---- what text and Markdown have ------------------------------------------------------------- */

/* A cell's row: its name, then all that its columns say, with @between them. */
static void assert_row(int cell, const char *between)
{
	char row[1024], words[128], name[192];
	size_t at;

	suite_cell_name(&figures->view, cell, name, sizeof(name));
	at = (size_t)snprintf(row, sizeof(row), "%s%s", name, between);
	for (int i = 0; i < figures->nr_columns && at < sizeof(row); i++) {
		report_suite_cell(suite_figure_at(figures, cell, i), words, sizeof(words));
		at += (size_t)snprintf(row + at, sizeof(row) - at, "%s%s", i ? between : "", words);
	}
	assert_true(at < sizeof(row));
	assert_says(row);
}

/* The terminal's rows are in bands, so each column is asked for alone. */
static void assert_cells(void)
{
	char words[128];

	for (int cell = 0; cell < compared->nr_cells; cell++)
		for (int i = 0; i < figures->nr_columns; i++) {
			report_suite_cell(suite_figure_at(figures, cell, i), words, sizeof(words));
			assert_says(words);
		}
}

static void assert_lines(const char *before_more)
{
	char words[512], whole[16384];

	for (int i = 0; i < figures->subject[0].nr; i++) {
		const struct suite_line *l = &figures->subject[0].line[i];

		report_suite_line(l, words, sizeof(words));
		snprintf(whole, sizeof(whole), "%c %s%s%s", l->part, words,
			 *l->more ? before_more : "", l->more);
		assert_says(whole);
	}
}

static void assert_all_formats(void)
{
	assert_non_null(figures);
	assert_int_equal(figures->nr_columns, 5);
	assert_int_equal(figures->nr_subjects, 1);
	assert_json_has_all();
	make_text(markdown);
	for (int cell = 0; cell < compared->nr_cells; cell++)
		assert_row(cell, " | ");
	assert_lines(" - ");
	make_text(table);
	assert_cells();
	assert_lines(" ");
}

static void test_all_formats_have_the_same_numbers(void **state)
{
	(void)state;
	known_world(&world, seed, 9);
	run(noisy);
	assert_all_formats();
	assert_int_equal(figures->subject[0].nr, NR_LINES);
	make_text(markdown);
	assert_says("## suite test\n\ntest; 5 cells\n");
	assert_says("### slab against its targets\n\n- a time in each cell of batch, ");
}

static void test_the_numbers_are_the_known_truth(void **state)
{
	(void)state;
	known_world(&world, seed + 1, 8);
	run(known_truth);
	make_text(json);
	assert_text("cells[0]", "peer", "fast");
	assert_text("subjects[0].targets[3]", "named[0].workload", "batch:b");
	make_text(csv);
	assert_says("batch:b,threads=1 scale=1,slab,attributable_ns,ns,8,12,,,1.2,1.2,1.2,,fast\n");
	make_text(markdown);
	assert_says("| batch:b | 12.0 ns 1.20 | 12.2 ns 1.22 | 37.9 ns 3.79 | 10.0 ns 1.00 | "
		    "20.0 ns 2.00 |\n");
	assert_says("above: batch:b 1.200 [1.200 .. 1.200] to fast\n");
}

/* ---- what is missing ------------------------------------------------------------------------- */

static void test_too_few_blocks_have_no_interval_and_say_so(void **state)
{
	static const char few[] = "5 blocks, an interval takes 6";

	(void)state;
	known_world(&world, seed + 2, 5);
	run(known_truth);
	assert_all_formats();
	assert_says("target 1.05: pass, not resolved (5 blocks, an interval takes 6)");
	make_text(json);
	assert_null_there("cells[0].allocators[0]", "low");
	assert_text("cells[0].allocators[0]", "why", few);
	assert_null_there("subjects[0].targets[1]", "low");
	for (int i = 0; i < NR_LINES; i++)
		assert_string_equal(figures->subject[0].line[i].why, few);
}

/* No peer takes part in batch:a, and the own one with options nowhere. */
static void lonely(struct trial *t)
{
	known_truth(t);
	if (t->arm->position == OWN_TYPED ||
	    (is_cell(t, "batch:a", 1) && t->arm->role != ARM_NULL && t->arm->position != OWN))
		t->status = TRIAL_FAILED;
}

static void test_a_cell_without_a_peer_has_a_time_and_no_ratio(void **state)
{
	(void)state;
	known_world(&world, seed + 3, 8);
	run(lonely);
	assert_all_formats();
	assert_says("8.00 ns -");
	make_text(json);
	assert_null_there("cells[0]", "peer");
	assert_number("cells[0].allocators[0]", "ns", 8);
	assert_null_there("cells[0].allocators[0]", "ratio");
	assert_text("cells[0].allocators[0]", "why", "no peer has a time");
	assert_null_there("cells[0].allocators[1]", "ns");
	assert_text("cells[0].allocators[1]", "why", "no time");
	assert_text("subjects[0].targets[8]", "why", "no cell has both in every block");
	make_text(csv);
	assert_says("batch:a,threads=1 scale=1,slab,attributable_ns,ns,0,8,,,,,,,\n");
}

static void test_a_target_that_nothing_answers_says_what_is_missing(void **state)
{
	(void)state;
	known_world(&world, seed + 4, 8);
	world.run.suite_text = HEAD "cell batch:a\ntarget options partition=random 1.03\n"
				    "target each no-such 1.00\ntarget crowd 64:3 1.10\n";
	run(known_truth);
	assert_all_formats();
	assert_says("partition=random to without: -, target 1.03: not measured (no allocator ran "
		    "with them)");
	assert_says("no-such, to its fastest peer: -, target 1.00: not measured (no cell of it in "
		    "this run)");
	assert_says("after 3: -, target 1.10: not measured (no workload ran with both)");
	make_text(json);
	assert_null_there("subjects[0].targets[0]", "ratio");
	assert_null_there("subjects[0].targets[0]", "verdict");
}

static void no_null_row(struct trial *t)
{
	known_truth(t);
	if (t->arm->role == ARM_NULL)
		t->status = TRIAL_FAILED;
}

static void test_without_the_null_row_there_is_no_time(void **state)
{
	(void)state;
	known_world(&world, seed + 5, 8);
	run(no_null_row);
	assert_all_formats();
	assert_string_equal(suite_figure_at(figures, 0, 0)->why, "no time");
	assert_false(figures->subject[0].line[MEAN].measured);
	assert_string_equal(figures->subject[0].line[WORST].why, "no cell has a ratio");
	assert_string_equal(figures->subject[0].line[EACH].why, "no block has both");
	assert_true(figures->subject[0].line[PEAK].measured);
}

static void test_a_suite_without_blocks_can_be_shown(void **state)
{
	(void)state;
	known_world(&world, seed + 6, 0);
	run(NULL);
	assert_all_formats();
}

/* ---- text of a user, and a lot of it --------------------------------------------------------- */

static void slower(struct trial *t)
{
	known_truth(t);
	if (t->arm->position == OWN)
		set_ns(t, 15);
}

static void test_a_long_list_of_cells_is_not_cut(void **state)
{
	const struct suite_line *each;
	char name[64];

	(void)state;
	known_world(&world, seed + 7, 6);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "batch:with-a-long-name-%d", i);
		simulated_add_cell(&world, name, 1);
	}
	run(slower);
	each = &figures->subject[0].line[EACH];
	assert_int_equal(each->nr_spots, 102);
	assert_true(strlen(each->more) > 4096);
	assert_non_null(strstr(each->more, "batch:with-a-long-name-99 1.500 [1.500 .. 1.500] to fa"
					   "st"));
	make_text(markdown);
	assert_says(each->more);
	make_text(table);
	assert_says(each->more);
}

static void test_a_bar_in_a_name_ends_no_column(void **state)
{
	(void)state;
	known_world(&world, seed + 8, 6);
	strcpy(world.run.cells[0].workload, "batch:a|b");
	strcpy(world.run.arms[FAST].label, "fa|st");
	run(known_truth);
	make_text(markdown);
	assert_says("| cell | slab | slab:partition=typed | libc | fa\\|st | lean |\n");
	assert_says("| batch:a\\|b | 10.0 ns 1.00 | ");
	assert_says("time, mean over the cells, to fa\\|st, the fastest");
	make_text(json);
	assert_text("cells[0]", "peer", "fa|st");
}

static void test_a_run_of_no_suite_has_no_part_of_one(void **state)
{
	(void)state;
	full_world(6);
	run(NULL);
	assert_null(figures);
	make_text(json);
	assert_says("\"suite\":null");
	make_text(markdown);
	assert_null(strstr(text, "## suite"));
	make_text(csv);
	assert_null(strstr(text, "attributable_ns"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_formats_have_the_same_numbers),
		cmocka_unit_test(test_the_numbers_are_the_known_truth),
		cmocka_unit_test(test_too_few_blocks_have_no_interval_and_say_so),
		cmocka_unit_test(test_a_cell_without_a_peer_has_a_time_and_no_ratio),
		cmocka_unit_test(test_a_target_that_nothing_answers_says_what_is_missing),
		cmocka_unit_test(test_without_the_null_row_there_is_no_time),
		cmocka_unit_test(test_a_suite_without_blocks_can_be_shown),
		cmocka_unit_test(test_a_long_list_of_cells_is_not_cut),
		cmocka_unit_test(test_a_bar_in_a_name_ends_no_column),
		cmocka_unit_test(test_a_run_of_no_suite_has_no_part_of_one),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, open_store, teardown);
}
