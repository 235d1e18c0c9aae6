// SPDX-License-Identifier: MIT
/*
 * The machine's name must not change by itself: golden ids, and machines made of a few files. And
 * the ids of runs: UUIDv7 with the bits where RFC 9562 wants them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sqlite3.h>

#include "harness/json.h"
#include "harness/machine.h"
#include "harness/uuid.h"
#include "simulated.h"

/* Write @content to @name under the test's directory, with the directories it needs. */
static void put(const char *name, const char *content)
{
	char command[1024], path[512];
	FILE *f;

	simulated_path(path, sizeof(path), name);
	snprintf(command, sizeof(command), "mkdir -p \"$(dirname '%s')\"", path);
	assert_int_equal(system(command), 0);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(content, f);
	fclose(f);
}

static int clear(void **state)
{
	simulated_cleanup(state);
	put("empty", "");
	return 0;
}

static void put_x86(void)
{
	put("proc/cpuinfo", "processor\t: 0\nmodel name\t: Core 10\nflags\t\t: fpu hypervisor sse\n"
			    "microcode\t: 0x2b\n\n"
			    "processor\t: 1\nmodel name\t: Core 1\n\n"
			    "processor\t: 2\nmodel name\t: Core 10\n\n");
	put("proc/meminfo", "MemTotal:       24607744 kB\nMemFree: 1 kB\nSwapTotal:  0 kB\n");
	put("sys/devices/system/cpu/present", "0-3\n");
	put("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,2\n");
	put("sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1,3\n");
	put("sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "0,2\n");
	put("sys/devices/system/cpu/cpu3/topology/thread_siblings_list", "1,3\n");
	put("sys/devices/system/node/online", "0-1\n");
}

static void test_factors_are_read_from_the_kernel(void **state)
{
	struct machine m;

	(void)state;
	put_x86();
	machine_probe(&m, simulated_directory());
	assert_string_equal(m.cpu, "Core 10 + Core 1");
	assert_int_equal(m.cpus, 4);
	assert_int_equal(m.cores, 2);
	assert_int_equal(m.nodes, 2);
	assert_int_equal(m.ram_gib, 24); /* 23.47 GiB are told of 24 */
	assert_true(m.virtual);
}

static void test_arm_tells_implementer_and_part(void **state)
{
	struct machine m;

	(void)state;
	put("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n"
			    "processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n");
	machine_probe(&m, simulated_directory());
	assert_string_equal(m.cpu, "implementer 0x41 part 0xd0c");
	assert_false(m.virtual);
}

static void test_what_cannot_be_read_has_a_default(void **state)
{
	struct machine m;

	(void)state;
	machine_probe(&m, simulated_directory());
	assert_string_equal(m.cpu, "unknown");
	assert_true(m.cpus >= 1 && m.cores >= 1);
	assert_int_equal(m.nodes, 1);
}

static void test_a_little_memory_more_or_less_is_the_same_machine(void **state)
{
	static const struct {
		const char *meminfo;
		int gib;
	} expected[] = {
		{ "MemTotal: 16300000 kB\n", 16 }, { "MemTotal: 15100000 kB\n", 16 },
		{ "MemTotal: 16777216 kB\n", 16 }, { "MemTotal: 16777217 kB\n", 24 },
		{ "MemTotal: 3900000 kB\n", 4 },   { "MemTotal: 500000 kB\n", 1 },
	};
	struct machine m;

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		put("proc/meminfo", expected[i].meminfo);
		machine_probe(&m, simulated_directory());
		assert_int_equal(m.ram_gib, expected[i].gib);
	}
}

/*
 * XXH3-128 of "machine 1\narch=x86_64\ncpu=Core 10\ncpus=4\ncores=2\nnodes=1\nram_gib=24\nvm=1\n".
 * Another value here would part every stored machine from its history.
 */
static void test_id_of_a_machine_never_changes(void **state)
{
	struct machine m = { .cpu = "Core 10",
			     .arch = "x86_64",
			     .cpus = 4,
			     .cores = 2,
			     .nodes = 1,
			     .ram_gib = 24,
			     .virtual = true };
	char id[MACHINE_ID];

	(void)state;
	machine_id(&m, id);
	assert_string_equal(id, "ed557c9ed5b24e080a733891f727264e");
}

static void test_condition_of_the_machine_is_no_part_of_its_id(void **state)
{
	struct machine m;
	char before[MACHINE_ID], after[MACHINE_ID];
	char *facts;

	(void)state;
	put_x86();
	put("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	machine_probe(&m, simulated_directory());
	machine_id(&m, before);
	facts = machine_env(simulated_directory());
	assert_non_null(strstr(facts, "\"thp\":\"madvise\""));
	free(facts);
	put("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
	put("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
	machine_probe(&m, simulated_directory());
	machine_id(&m, after);
	assert_string_equal(before, after);
	facts = machine_env(simulated_directory());
	assert_non_null(strstr(facts, "\"thp\":\"always\""));
	assert_non_null(strstr(facts, "\"governor\":\"performance\""));
	assert_non_null(strstr(facts, "\"microcode\":\"0x2b\""));
	free(facts);
}

static void test_facts_of_this_machine_are_the_same_twice(void **state)
{
	char *first = machine_env(""), *second = machine_env("");
	char a[MACHINE_ID], b[MACHINE_ID];

	(void)state;
	machine_env_id(first, a);
	machine_env_id(second, b);
	assert_string_equal(a, b);
	assert_non_null(strstr(first, "\"kernel\":\""));
	free(first);
	free(second);
}

static void test_lists_of_processors_are_counted(void **state)
{
	(void)state;
	assert_int_equal(machine_list_count("0-3"), 4);
	assert_int_equal(machine_list_count("0-1,4,6-7\n"), 5);
	assert_int_equal(machine_list_count("0"), 1);
	assert_int_equal(machine_list_count(""), 0);
}

/* ---- uuid ------------------------------------------------------------------------------------ */

/* The example of RFC 9562, appendix A.6. */
static void test_uuid_of_the_rfc(void **state)
{
	const uint8_t random[10] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };
	char id[UUID_TEXT];

	(void)state;
	uuid_format(id, 0x017f22e279b0, random);
	assert_string_equal(id, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void test_uuids_sort_by_time_and_differ(void **state)
{
	const struct timespec pause = { 0, 2000000 };
	char last[UUID_TEXT] = "", id[UUID_TEXT];

	(void)state;
	for (int i = 0; i < 50; i++) {
		uuid_make(id);
		assert_int_equal(strlen(id), 36);
		assert_int_equal(id[14], '7');
		assert_non_null(strchr("89ab", id[19]));
		assert_true(strcmp(id, last) > 0);
		strcpy(last, id);
		nanosleep(&pause, NULL);
	}
}

/* ---- json ------------------------------------------------------------------------------------ */

static void assert_json_number(double value, const char *expected)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct json j;

	json_start(&j, out);
	json_number(&j, NULL, value);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_json_numbers_read_back_as_they_were(void **state)
{
	(void)state;
	assert_json_number(1, "1");
	assert_json_number(0.1, "0.1");
	assert_json_number(1.0 / 3, "0.3333333333333333");
	assert_json_number(1e300, "1e+300");
	assert_json_number(-0.25, "-0.25");
	assert_json_number(0.0 / 0.0, "null");
	assert_json_number(1.0 / 0.0, "null");
}

static void assert_json_text(const char *value, const char *expected)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct json j;

	json_start(&j, out);
	json_text(&j, NULL, value);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
}

static void test_json_text_is_always_valid(void **state)
{
	(void)state;
	assert_json_text("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
	assert_json_text("\n\t\x01\x7f", "\"\\u000a\\u0009\\u0001\\u007f\"");
	assert_json_text("\xe2\x82\xac", "\"\xe2\x82\xac\"");
	assert_json_text("\xe2\x82", "\"\\ufffd\\ufffd\"");	       /* cut short */
	assert_json_text("\xc0\xaf", "\"\\ufffd\\ufffd\"");	       /* not the shortest form */
	assert_json_text("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* a surrogate */
	assert_json_text("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void test_json_puts_commas_between_members_only(void **state)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct json j;

	(void)state;
	json_start(&j, out);
	json_object(&j, NULL);
	json_array(&j, "empty");
	json_array_end(&j);
	json_int(&j, "least", INT64_MIN);
	json_array(&j, "list");
	json_uint(&j, NULL, UINT64_MAX);
	json_object(&j, NULL);
	json_object_end(&j);
	json_bool(&j, NULL, false);
	json_array_end(&j);
	json_null(&j, "none");
	json_object_end(&j);
	fclose(out);
	assert_string_equal(text, "{\"empty\":[],\"least\":-9223372036854775808,"
				  "\"list\":[18446744073709551615,{},false],\"none\":null}");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_factors_are_read_from_the_kernel, clear),
		cmocka_unit_test_setup(test_arm_tells_implementer_and_part, clear),
		cmocka_unit_test_setup(test_what_cannot_be_read_has_a_default, clear),
		cmocka_unit_test_setup(test_a_little_memory_more_or_less_is_the_same_machine,
				       clear),
		cmocka_unit_test(test_id_of_a_machine_never_changes),
		cmocka_unit_test_setup(test_condition_of_the_machine_is_no_part_of_its_id, clear),
		cmocka_unit_test(test_facts_of_this_machine_are_the_same_twice),
		cmocka_unit_test(test_lists_of_processors_are_counted),
		cmocka_unit_test(test_uuid_of_the_rfc),
		cmocka_unit_test(test_uuids_sort_by_time_and_differ),
		cmocka_unit_test(test_json_numbers_read_back_as_they_were),
		cmocka_unit_test(test_json_text_is_always_valid),
		cmocka_unit_test(test_json_puts_commas_between_members_only),
	};

	return cmocka_run_group_tests(tests, NULL, simulated_cleanup);
}
