// SPDX-License-Identifier: MIT
/*
 * CSV, Markdown and JSON for other programs: well formed whatever the text in them, complete, and
 * nothing in them that was not measured. JSON is read back with SQLite's parser, and python's
 * where there is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report_world.h"

static char *table(const char *id)
{
	return to_memory(report_table, id);
}

static char *csv(const char *id)
{
	return to_memory(report_csv, id);
}

static void json_with_plots(FILE *out, struct store *s, const char *id)
{
	char a[] = "plots/a.svg", b[] = "plots/b \"quoted\".png";
	char *plots[] = { a, b, NULL };

	report_json(out, s, id, "results/x.db", plots);
}

static char *json(const char *id)
{
	return to_memory(json_with_plots, id);
}

/* ---- csv and markdown ------------------------------------------------------------------------ */

/* Fields of the line at @s, which ends behind it (RFC 4180). */
static int fields(const char *s, const char **end)
{
	bool quoted = false;
	int nr = 1;

	for (; *s && (quoted || *s != '\n'); s++) {
		if (*s == '"')
			quoted = !quoted;
		nr += !quoted && *s == ',';
	}
	*end = *s ? s + 1 : s;
	return nr;
}

static void test_csv_has_14_fields_in_every_row(void **state)
{
	const char *line, *end;
	int rows = 0;

	(void)state;
	full_world(6);
	simulated_store(&world, store, add_quality);
	make_text(csv);
	for (line = text; *line; line = end, rows++)
		assert_int_equal(fields(line, &end), 14);
	/* Each cell: ns_per_op of 11; ten arms with 4 + 7 more; the share of ten. */
	assert_int_equal(rows, 1 + 3 * (11 + 10 * 11 + 10));
	assert_says("\"mine:with=a,very=long,list=of,options=1\"");
	assert_says("dentry-name,threads=1 scale=1,libc,page_faults,count,6,0,0,0,,,,,libc\n");
	assert_null(strstr(text, "nan"));
}

static void test_csv_of_the_baseline_has_ratio_one(void **state)
{
	(void)state;
	simulated_start(&world, seed, 6);
	simulated_add_cell(&world, "work", 1);
	simulated_store(&world, store, NULL);
	make_text(csv);
	assert_says("work,threads=1 scale=1,libc,ns_per_op,ns,6,41,41,41,1,1,1,,libc\n");
	assert_says("work,threads=1 scale=1,null,ns_per_op,ns,6,3.1,3.1,3.1,,,,,libc\n");
}

static void test_markdown_tables_have_equal_columns(void **state)
{
	const char *line;
	int columns = 0;

	(void)state;
	full_world(12);
	simulated_store(&world, store, add_quality);
	make_text(markdown);
	for (line = text; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "\n");
		int bars = 0;

		for (size_t i = 0; i < len; i++)
			bars += line[i] == '|';
		if (*line != '|')
			columns = 0;
		else if (!columns)
			columns = bars;
		else
			assert_int_equal(bars, columns);
	}
	assert_says("| ns/op | slab | ");
	assert_says("harness share");
}

/* ---- json ------------------------------------------------------------------------------------ */

/* What SQLite reads at @path of the JSON text. */
static const char *at(const char *path)
{
	static char value[512];
	sqlite3_stmt *stmt = sql_for_run(store_handle(store), "SELECT json_extract(?, ?)", text);

	sql_text(stmt, 2, path);
	assert_true(sql_row(stmt));
	sql_copy(stmt, 0, value, sizeof(value));
	sql_finish(stmt);
	return value;
}

static int64_t count_in(const char *statement)
{
	sqlite3_stmt *stmt = sql_for_run(store_handle(store), statement, text);
	int64_t value;

	assert_true(sql_row(stmt));
	value = sqlite3_column_int64(stmt, 0);
	sql_finish(stmt);
	return value;
}

static void assert_python_reads_it(void)
{
	FILE *python;

	if (system("python3 -c 0 >/dev/null 2>&1"))
		return;
	python = popen("python3 -m json.tool >/dev/null", "w");
	assert_non_null(python);
	fputs(text, python);
	assert_int_equal(pclose(python), 0);
}

static void test_json_is_one_object_with_what_was_promised(void **state)
{
	(void)state;
	full_world(12);
	simulated_store(&world, store, add_quality);
	make_text(json);
	assert_int_equal(count_in("SELECT json_valid(?)"), 1);
	assert_python_reads_it();
	assert_string_equal(at("$.schema_version"), "1");
	assert_string_equal(at("$.run.id"), world.run.id);
	assert_string_equal(at("$.run.database"), "results/x.db");
	assert_string_equal(at("$.run.plots[1]"), "plots/b \"quoted\".png");
	assert_string_equal(at("$.run.blocks"), "12");
	assert_string_equal(at("$.run.argv"), world.run.command);
	assert_string_equal(at("$.cells[0].workload"), "dentry-name");
	assert_string_equal(at("$.cells[0].params.threads"), "1");
	assert_string_equal(at("$.cells[0].allocator"), "null");
	assert_string_equal(at("$.cells[0].metric"), "ns_per_op");
	assert_string_equal(at("$.cells[0].ratio"), "");
	assert_string_equal(at("$.cells[1].ratio"), "1");
	assert_string_equal(at("$.cells[2].verdict"), "faster");
	assert_string_equal(at("$.cells[2].baseline"), "libc");
	assert_string_equal(at("$.skipped[0].name"), "hoard");
	assert_string_equal(at("$.failed"), "[]");
}

static void test_json_has_every_sample_and_keeps_the_control_apart(void **state)
{
	(void)state;
	full_world(12);
	simulated_store(&world, store, NULL);
	make_text(json);
	assert_int_equal(count_in("SELECT count(*) FROM json_each(?, '$.cells') WHERE "
				  "json_array_length(value, '$.samples') <> 12"),
			 0);
	assert_int_equal(count_in("SELECT count(*) FROM json_each(?, '$.cells') WHERE "
				  "json_extract(value, '$.allocator') LIKE '%control%'"),
			 0);
	assert_int_equal(count_in("SELECT count(*) FROM json_each(?, '$.control') WHERE "
				  "json_extract(value, '$.metric') = 'ns_per_op'"),
			 3);
	assert_int_equal(count_in("SELECT count(*) FROM json_each(?, '$.cells') WHERE "
				  "json_extract(value, '$.metric') = 'harness_share_ratio' AND "
				  "json_extract(value, '$.low') > 0"),
			 3 * 9);
}

static void test_json_survives_any_text(void **state)
{
	(void)state;
	full_world(6);
	simulated_store(&world, store, hostile);
	make_text(json);
	assert_int_equal(count_in("SELECT json_valid(?)"), 1);
	assert_python_reads_it();
	assert_string_equal(at("$.failed[0].reason"), "died | of \"signal\" 11,\nand more");
	assert_string_equal(at("$.failed[0].status"), "failed");
	assert_string_equal(at("$.notes[0].note"),
			    "a \"note\" with \\ and \t and \xef\xbf\xbd and \xc3\xa9");
}

static void test_json_keeps_a_seed_of_64_bits(void **state)
{
	(void)state;
	simulated_start(&world, 0xfedcba9876543210u, 6);
	simulated_add_cell(&world, "work", 1);
	simulated_store(&world, store, NULL);
	make_text(json);
	assert_says("\"seed\":18364758544493064720,");
}

static void test_run_without_blocks_can_be_shown(void **state)
{
	(void)state;
	full_world(12);
	store_begin(store, &world.run);
	store_end(store, &world.run, "interrupted");
	make_text(table);
	assert_says("this run is not complete: interrupted");
	make_text(json);
	assert_python_reads_it();
	assert_string_equal(at("$.cells"), "[]");
	make_text(csv);
	make_text(markdown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv_has_14_fields_in_every_row),
		cmocka_unit_test(test_csv_of_the_baseline_has_ratio_one),
		cmocka_unit_test(test_markdown_tables_have_equal_columns),
		cmocka_unit_test(test_json_is_one_object_with_what_was_promised),
		cmocka_unit_test(test_json_has_every_sample_and_keeps_the_control_apart),
		cmocka_unit_test(test_json_survives_any_text),
		cmocka_unit_test(test_json_keeps_a_seed_of_64_bits),
		cmocka_unit_test(test_run_without_blocks_can_be_shown),
	};

	seed = simulated_seed();
	return cmocka_run_group_tests(tests, open_store, close_store);
}
