// SPDX-License-Identifier: MIT
/*
 * Pictures: from a stored run to files, with the views of the source tree and with small ones made
 * here to go wrong. Run from the root of the tree or with SLABBENCH_PLOTS set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "harness/plot.h"
#include "harness/plot_view.h"
#include "lib/die.h"
#include "stored.h"

static char views[PATH_MAX]; /* the real ones */

/* ---- a run with everything a view asks for ---- */

static void measure(struct trial *t, void *context)
{
	double level = 1 + 0.1 * t->arm->position + 0.01 * t->block;

	(void)context;
	if (!strcmp(t->arm->label, "crashes")) {
		t->status = TRIAL_FAILED;
		return;
	}
	trial_add(t, "ns_per_op", t->arm->role == ARM_NULL ? 5 : 40 * level);
	trial_add(t, "rss_peak_bytes", 3e7 / level);
	trial_add(t, "rss_drained_bytes", 1e6 * level);
	for (t->nr_points = 0; t->nr_points < 20; t->nr_points++)
		t->point[t->nr_points] = (struct trial_point){
			.t_ns = 1000000u * (unsigned)t->nr_points,
			.live_bytes = 1000000u * (unsigned)(10 - abs(t->nr_points - 10)),
			.rss_bytes = 1500000u * (unsigned)(10 - abs(t->nr_points - 10)),
		};
	for (uint32_t size = 8; size <= 8192; size *= 4)
		t->alignment[t->nr_alignment++] =
			(struct trial_alignment){ size, size < 4096 ? size : 4096, 100 };
}

static void store_one(struct stored *s, const char *kind, char *id, size_t len)
{
	struct run *run = stored_run(s, kind, 6);

	stored_arm(run, "it's the base", ARM_BASELINE);
	stored_arm(run, "other\tone_1", ARM_SUBJECT);
	stored_arm(run, "crashes", ARM_SUBJECT);
	stored_arm(run, "third", ARM_SUBJECT);
	stored_arm(run, "it's the base (control)", ARM_CONTROL);
	stored_arm(run, "nothing", ARM_NULL);
	stored_cell(run, "work%d", "{\"threads\":1,\"scale\":1}");
	stored_cell(run, "work%d", "{\"threads\":2,\"scale\":1,\"files\":\"a'b\"}");
	stored_store(s, run, measure, NULL);
	snprintf(id, len, "%s", run->id);
	free(run);
}

struct fixture {
	struct stored *s;
	char id[40], out[128], folder[128];
};

static int make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->s = stored_open();
	store_one(f->s, "compare", f->id, sizeof(f->id));
	snprintf(f->out, sizeof(f->out), "%s/out", f->s->dir);
	snprintf(f->folder, sizeof(f->folder), "%s/plots", f->s->dir);
	setenv("SLABBENCH_PLOTS", views, 1);
	*state = f;
	return 0;
}

static int drop_fixture(void **state)
{
	struct fixture *f = *state;

	paths_remove_dir(f->folder);
	stored_close(f->s);
	free(f);
	return 0;
}

static int count(char **list)
{
	int nr = 0;

	while (list[nr])
		nr++;
	return nr;
}

static char *text_of(const struct fixture *f, const char *file)
{
	char path[256];
	char *text;

	snprintf(path, sizeof(path), "%s/%s", f->out, file);
	text = plot_read(path);
	if (!text)
		fail_msg("%s is missing", path);
	return text;
}

static bool have_gnuplot(void)
{
	return !system("gnuplot --version >/dev/null 2>&1");
}

#define NEED_GNUPLOT()                                                                             \
	do {                                                                                       \
		if (!have_gnuplot()) {                                                             \
			print_message("skipped: gnuplot is not installed\n");                      \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* What plot_run() says on stderr goes to @said. */
static char **plot_quietly(const struct fixture *f, char *said, size_t len)
{
	char path[160];
	int saved = dup(2), fd;
	ssize_t n;
	char **list;

	snprintf(path, sizeof(path), "%s/said", f->s->dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	dup2(fd, 2);
	list = plot_run(f->s->store, f->id, f->out);
	fflush(stderr);
	dup2(saved, 2);
	n = pread(fd, said, len - 1, 0);
	said[n < 0 ? 0 : n] = '\0';
	close(fd);
	close(saved);
	return list;
}

static int count_lines(const char *text)
{
	int nr = 0;

	for (; (text = strchr(text, '\n')); text++)
		nr++;
	return nr;
}

static void write_view(const struct fixture *f, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	mkdir(f->folder, 0777);
	snprintf(path, sizeof(path), "%s/%s.gp", f->folder, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

/* A folder of its own, with facts and nothing else. */
static void use_own_folder(const struct fixture *f)
{
	write_view(f, "style",
		   "#! with\n# facts AS (SELECT id AS run_id, 7 AS number FROM run WHERE id = "
		   ":run)\n#! end\n");
	setenv("SLABBENCH_PLOTS", f->folder, 1);
}

#define TWO_GROUPS                                                                                 \
	"#! sql\n# SELECT column1 AS panel, column2 AS series, 'p''' || column1 AS panel_name,\n"  \
	"# column3 AS y FROM (VALUES (1, 1, 0.5), (1, 1, NULL), (1, 3, 2), (2, 1, 'a\tb'))\n#! "   \
	"end\n"

/* ---- the tests ---- */

static void test_every_view_of_a_run_becomes_data_script_and_two_pictures(void **state)
{
	static const char *const view[] = { "alignment", "fragmentation", "pareto", "throughput" };
	struct fixture *f = *state;
	char said[4096], path[256], **list;

	NEED_GNUPLOT();
	list = plot_quietly(f, said, sizeof(said));
	assert_string_equal(said, "");
	assert_int_equal(count(list) % 2, 0);
	for (size_t i = 0; i < sizeof(view) / sizeof(view[0]); i++) {
		static const char *const extension[] = { "dat", "gp", "svg", "png" };

		for (int e = 0; e < 4; e++) {
			snprintf(path, sizeof(path), "%s/%s.%s", f->out, view[i], extension[e]);
			assert_int_equal(access(path, R_OK), 0);
		}
		snprintf(path, sizeof(path), "%s/%s.svg", f->out, view[i]);
		assert_string_equal(list[2 * i], path);
	}
	plot_free(list);
}

static void test_a_view_of_the_history_is_drawn_for_the_history_only(void **state)
{
	struct fixture *f = *state;
	char id[40], path[256], *data;
	char **list;

	NEED_GNUPLOT();
	for (int i = 0; i < 3; i++)
		store_one(f->s, "nightly", id, sizeof(id));
	list = plot_history(f->s->store, "nightly", f->out);
	assert_int_equal(count(list), 2);
	snprintf(path, sizeof(path), "%s/history.png", f->out);
	assert_string_equal(list[1], path);
	snprintf(path, sizeof(path), "%s/throughput.dat", f->out);
	assert_int_not_equal(access(path, R_OK), 0);
	/* Three nights of two cells, two metrics, two allocators that work; and the nights. */
	data = text_of(f, "history.dat");
	assert_non_null(strstr(data, "\n\n\n# [4 4]\n4\t4\twork%d  threads=2 files=a'b  |  peak"));
	free(data);
	plot_free(list);
}

static void test_a_kind_without_runs_has_no_history(void **state)
{
	struct fixture *f = *state;
	char **list = plot_history(f->s->store, "nightly", f->out);

	assert_non_null(list);
	assert_int_equal(count(list), 0);
	plot_free(list);
}

static void test_a_change_of_panel_or_series_begins_an_index(void **state)
{
	struct fixture *f = *state;
	char said[4096], *data, *script;

	use_own_folder(f);
	write_view(f, "two", TWO_GROUPS "set terminal svg\nset output 'two.svg'\nplot 1\n");
	plot_free(plot_quietly(f, said, sizeof(said)));
	data = text_of(f, "two.dat");
	assert_string_equal(data, "panel\tseries\tpanel_name\ty\n"
				  "\n\n# [1 1]\n1\t1\tp'1\t0.5\n1\t1\tp'1\tNaN\n"
				  "\n\n# [1 3]\n1\t3\tp'1\t2\n"
				  "\n\n# [2 1]\n2\t1\tp'2\ta b\n");
	script = text_of(f, "two.gp");
	assert_non_null(strstr(script, "number = 7\n"));
	assert_non_null(strstr(script, "col_y = 4\n"));
	assert_non_null(strstr(script, "nr_panels = 2\nnr_series = 3\n"));
	assert_non_null(strstr(script, "array panel[2] = [ \\\n\t'p''1', \\\n\t'p''2' ]\n"));
	free(data);
	free(script);
}

static void test_the_same_run_gives_the_same_bytes(void **state)
{
	static const char *const file[] = {
		"throughput.dat", "throughput.gp", "throughput.svg",
		"alignment.svg",  "pareto.svg",	   "fragmentation.svg"
	};
	struct fixture *f = *state;
	char *first[6], said[4096];

	NEED_GNUPLOT();
	plot_free(plot_quietly(f, said, sizeof(said)));
	for (int i = 0; i < 6; i++)
		first[i] = text_of(f, file[i]);
	plot_free(plot_quietly(f, said, sizeof(said)));
	for (int i = 0; i < 6; i++) {
		char *again = text_of(f, file[i]);

		assert_string_equal(first[i], again);
		free(first[i]);
		free(again);
	}
}

static void test_data_and_script_alone_draw_the_picture_again(void **state)
{
	struct fixture *f = *state;
	char said[4096], command[512], *first, *again;

	NEED_GNUPLOT();
	plot_free(plot_quietly(f, said, sizeof(said)));
	first = text_of(f, "pareto.svg");
	snprintf(
		command, sizeof(command),
		"mkdir %s/plots && cd %s/out && mv pareto.gp pareto.dat ../plots && cd ../plots && "
		"gnuplot -d pareto.gp 2>/dev/null && mv pareto.svg pareto.png ../out",
		f->s->dir, f->s->dir);
	assert_int_equal(system(command), 0);
	again = text_of(f, "pareto.svg");
	assert_string_equal(first, again);
	free(first);
	free(again);
}

static void test_without_gnuplot_data_and_scripts_are_left_and_one_warning(void **state)
{
	struct fixture *f = *state;
	char *path = strdup(getenv("PATH")), said[4096], **list;

	setenv("PATH", "/nonexistent", 1);
	list = plot_quietly(f, said, sizeof(said));
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(count(list), 0);
	assert_int_equal(count_lines(said), 1);
	assert_non_null(strstr(said, "apt-get install gnuplot-nox"));
	free(text_of(f, "alignment.gp"));
	free(text_of(f, "throughput.gp"));
	free(text_of(f, "throughput.dat"));
	plot_free(list);
}

static void test_a_view_that_fails_is_one_warning_and_the_others_go_on(void **state)
{
	struct fixture *f = *state;
	char said[4096], **list;

	NEED_GNUPLOT();
	use_own_folder(f);
	write_view(f, "bad_script", TWO_GROUPS "set terminal svg\nplot undefined_thing\n");
	write_view(f, "bad_sql", "#! sql\n# SELECT nonsense\n#! end\n");
	write_view(f, "columns", "#! sql\n# SELECT 1 AS series, 2 AS panel\n#! end\n");
	write_view(f, "empty", "#! sql\n# SELECT 1 AS panel, 2 AS series WHERE 0\n#! end\n");
	write_view(f, "good", TWO_GROUPS "set terminal svg\nset output name . '.svg'\nplot 1\n");
	write_view(f, "no_sql", "plot 1\n");
	list = plot_quietly(f, said, sizeof(said));
	assert_int_equal(count(list), 1);
	assert_non_null(strstr(list[0], "/good.svg"));
	assert_int_equal(count_lines(said), 5);
	assert_non_null(strstr(said, "bad_script: gnuplot: \"bad_script.gp\" line "));
	assert_non_null(strstr(said, "undefined variable: undefined_thing"));
	assert_non_null(strstr(said, "bad_sql.gp: no such column: nonsense"));
	assert_non_null(strstr(said, "must begin with the columns panel and series"));
	assert_non_null(strstr(said, "empty: the run has no data for it"));
	assert_non_null(strstr(said, "no_sql.gp has no block '#! sql'"));
	plot_free(list);
}

static void test_a_failed_view_leaves_no_old_picture(void **state)
{
	struct fixture *f = *state;
	char said[4096], path[256];

	NEED_GNUPLOT();
	use_own_folder(f);
	write_view(f, "turns", TWO_GROUPS "set terminal svg\nset output 'turns.svg'\nplot 1\n");
	plot_free(plot_quietly(f, said, sizeof(said)));
	snprintf(path, sizeof(path), "%s/turns.svg", f->out);
	assert_int_equal(access(path, R_OK), 0);
	write_view(f, "turns", TWO_GROUPS "plot undefined_thing\n");
	plot_free(plot_quietly(f, said, sizeof(said)));
	assert_int_not_equal(access(path, R_OK), 0);
}

static void test_a_failed_allocator_is_shown_as_such(void **state)
{
	struct fixture *f = *state;
	char said[4096], *data, *svg;

	NEED_GNUPLOT();
	plot_free(plot_quietly(f, said, sizeof(said)));
	data = text_of(f, "throughput.dat");
	assert_non_null(
		strstr(data, "# [1 3]\n1\t3\twork%d  threads=1\tcrashes\t2\tNaN\tNaN\tNaN"));
	svg = text_of(f, "throughput.svg");
	assert_non_null(strstr(svg, "no ratio"));
	assert_non_null(strstr(svg, "other one_1"));
	free(data);
	free(svg);
}

static void test_a_folder_without_style_is_named(void **state)
{
	struct fixture *f = *state;
	char said[4096], **list;

	setenv("SLABBENCH_PLOTS", "/nonexistent/plots", 1);
	list = plot_quietly(f, said, sizeof(said));
	assert_int_equal(count(list), 0);
	assert_non_null(strstr(said, "SLABBENCH_PLOTS is '/nonexistent/plots'"));
	plot_free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, drop_fixture)
		TEST(test_every_view_of_a_run_becomes_data_script_and_two_pictures),
		TEST(test_a_view_of_the_history_is_drawn_for_the_history_only),
		TEST(test_a_kind_without_runs_has_no_history),
		TEST(test_a_change_of_panel_or_series_begins_an_index),
		TEST(test_the_same_run_gives_the_same_bytes),
		TEST(test_data_and_script_alone_draw_the_picture_again),
		TEST(test_without_gnuplot_data_and_scripts_are_left_and_one_warning),
		TEST(test_a_view_that_fails_is_one_warning_and_the_others_go_on),
		TEST(test_a_failed_view_leaves_no_old_picture),
		TEST(test_a_failed_allocator_is_shown_as_such),
		TEST(test_a_folder_without_style_is_named),
	};
	const char *env = getenv("SLABBENCH_PLOTS");

	if (!realpath(env && *env ? env : "plots", views)) {
		printf("skipped: run it from the root of the tree, or set SLABBENCH_PLOTS\n");
		return EXIT_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
