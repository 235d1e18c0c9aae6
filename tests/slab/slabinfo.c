// SPDX-License-Identifier: MIT
/* The text of /proc/slabinfo: every row is parsed back and compared with what is known. */
#include "common.h"

#include "allocators/slab/percpu.h"

#define TITLE                                                                                      \
	"slabinfo - version: 2.1\n"                                                                \
	"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : "      \
	"tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> "      \
	"<sharedavail>\n"

struct row {
	char name[64];
	unsigned long active, total, size, per_slab, pages, active_slabs, slabs;
};

static char text[1 << 16];

static void take_text(void)
{
	size_t len = slab_slabinfo(text, sizeof(text));

	assert_true(len < sizeof(text));
	assert_int_equal(strlen(text), len);
}

static const char *parse(const char *line, struct row *r)
{
	int end = 0;

	assert_int_equal(sscanf(line,
				"%63s %lu %lu %lu %lu %lu : tunables 0 0 0 : slabdata %lu %lu 0%n",
				r->name, &r->active, &r->total, &r->size, &r->per_slab, &r->pages,
				&r->active_slabs, &r->slabs, &end),
			 8);
	assert_true(end > 0 && line[end] == '\n');
	return line + end + 1;
}

static bool find(const char *name, struct row *r)
{
	const char *p = text + strlen(TITLE);

	while (*p) {
		p = parse(p, r);
		if (!strcmp(r->name, name))
			return true;
	}
	return false;
}

static void test_every_row_parses_and_adds_up(void **state)
{
	const char *p;
	unsigned int nr = 0;

	(void)state;
	take_text();
	assert_memory_equal(text, TITLE, strlen(TITLE));
	for (p = text + strlen(TITLE); *p; nr++) {
		struct row r;

		p = parse(p, &r);
		assert_true(r.active <= r.total);
		assert_true(r.total <= r.slabs * r.per_slab);
		assert_true(r.per_slab * r.size <= r.pages * 4096);
		assert_int_equal(r.active_slabs, r.slabs);
	}
	assert_int_equal(nr, 4 * 13 + 1); /* kmalloc, -rcl, -cg, -no-objext, and kmem_cache */
}

static void test_active_objects_follow_use(void **state)
{
	struct kmem_cache *s =
		kmem_cache_create("seen", 100, 0, SLAB_CONSISTENCY_CHECKS | SLAB_NO_MERGE, NULL);
	void *p[100];
	struct row r;

	(void)state;
	for (int i = 0; i < 100; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	take_text();
	assert_true(find("seen", &r));
	assert_int_equal(r.active, 100);
	assert_int_equal(r.size, 104);
	assert_int_equal(r.per_slab, 39);
	assert_int_equal(r.slabs, 3);
	assert_int_equal(r.total, 117);
	for (int i = 0; i < 100; i++)
		kmem_cache_free(s, p[i]);
	take_text();
	assert_true(find("seen", &r));
	assert_int_equal(r.active, 0);
	kmem_cache_destroy(s);
	take_text();
	assert_false(find("seen", &r));
}

static void test_newest_cache_comes_first_and_names_are_padded(void **state)
{
	struct kmem_cache *s = kmem_cache_create("newest", 100, 0, SLAB_NO_MERGE, NULL);

	(void)state;
	take_text();
	assert_memory_equal(text + strlen(TITLE),
			    "newest                 0      0    104   39    1 :", 50);
	kmem_cache_destroy(s);
}

static void test_a_short_buffer_is_filled_and_the_length_told(void **state)
{
	char small[40];
	size_t len = slab_slabinfo(NULL, 0);

	(void)state;
	assert_int_equal(slab_slabinfo(small, sizeof(small)), len);
	assert_int_equal(strlen(small), sizeof(small) - 1);
	assert_memory_equal(small, TITLE, sizeof(small) - 1);
}

static void test_options_read_back(void **state)
{
	char value[64];

	(void)state;
	assert_true(slab_option_get("cpus", value, sizeof(value)) > 0);
	assert_string_equal(value, "2");
	slab_option_get("partition", value, sizeof(value));
	assert_string_equal(value, "none");
	slab_option_get("cached_by", value, sizeof(value));
	assert_non_null(strstr(value, " sheaves"));
	assert_true(slab_option_get("no_such", value, sizeof(value)) < 0);
	assert_int_equal(slab_option_get("cached_by", value, 4), strlen(percpu_engine()));
	assert_string_equal(value, "per");
}

static void test_bad_options_are_named_with_the_remedy(void **state)
{
	(void)state;
	assert_true(slab_boot("cpus=2") < 0);
	assert_string_equal(slab_boot_error(),
			    "libslab already runs; boot it before the first allocation");
}

/* Before boot, so that the sentences can be seen. */
static int refuse_bad_options(void **state)
{
	static const struct {
		const char *options, *sentence;
	} bad[] = {
		{ "partition=maybe",
		  "option partition cannot be 'maybe'; give none, random or typed" },
		{ "cpus=0", "option cpus cannot be '0'; give a number from 1 to 65536" },
		{ "cpus", "option cpus cannot be ''; give a number from 1 to 65536" },
		{ "debug=FX", "option debug cannot be 'FX'; give letters of FZPUTAO or -, names "
			      "behind '+', blocks between ';'" },
		{ "panic_on_error=2", "option panic_on_error cannot be '2'; give 0 or 1" },
		{ "failslab=interval:0", "option failslab cannot be 'interval:0'; give "
					 "interval:N+probability:P+times:T, some of them, or -" },
		{ "slab_min_order=5", "slab_min_order is above slab_max_order; raise the one or "
				      "lower the other" },
		{ "range=65M",
		  "option range cannot be '65M'; give a power of two from 64M to 16384G" },
		{ "dirty=99999999999G",
		  "option dirty cannot be '99999999999G'; give a size such as 4M" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (slab_boot(bad[i].options) >= 0 || strcmp(slab_boot_error(), bad[i].sentence)) {
			print_error("%s: %s\n", bad[i].options, slab_boot_error());
			return -1;
		}
	}
	if (slab_boot("nothing=1") >= 0 ||
	    strncmp(slab_boot_error(), "unknown option 'nothing'; the options are partition, ", 52))
		return -1;
	(void)state;
	return slab_boot("cpus=2,partition=none,slab_merge=1,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_parses_and_adds_up),
		cmocka_unit_test(test_active_objects_follow_use),
		cmocka_unit_test(test_newest_cache_comes_first_and_names_are_padded),
		cmocka_unit_test(test_a_short_buffer_is_filled_and_the_length_told),
		cmocka_unit_test(test_options_read_back),
		cmocka_unit_test(test_bad_options_are_named_with_the_remedy),
	};

	return cmocka_run_group_tests(tests, refuse_bad_options, NULL);
}
