// SPDX-License-Identifier: MIT
/*
 * Does geometry.c compute what a Linux 6.18 kernel computed? Compared with a table by CPU count and
 * with every entry of /sys/kernel/slab recorded on a machine with 2 CPUs (data/geometry-6.18.csv).
 */
#include "common.h"

#include <errno.h>

#include "allocators/slab/geometry.h"

static const unsigned int sizes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192
};

#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

struct expectation {
	unsigned int cpus;
	unsigned int min_objects;
	struct {
		unsigned int order, objects;
	} slab[NR_SIZES];
};

#define SMALL                                                                                      \
	{ 0, 512 }, { 0, 256 }, { 0, 128 }, { 0, 64 },                                             \
	{                                                                                          \
		0, 42                                                                              \
	}
#define FEW_CPUS(n, min)                                                                           \
	{                                                                                          \
		n, min,                                                                            \
		{                                                                                  \
			SMALL, { 0, 32 }, { 0, 21 }, { 0, 16 }, { 1, 16 }, { 2, 16 }, { 3, 16 },   \
				{ 3, 8 },                                                          \
			{                                                                          \
				3, 4                                                               \
			}                                                                          \
		}                                                                                  \
	}
#define MANY_CPUS(n, min)                                                                          \
	{                                                                                          \
		n, min,                                                                            \
		{                                                                                  \
			SMALL, { 0, 32 }, { 1, 42 }, { 1, 32 }, { 2, 32 }, { 3, 32 }, { 3, 16 },   \
				{ 3, 8 },                                                          \
			{                                                                          \
				3, 4                                                               \
			}                                                                          \
		}                                                                                  \
	}
#define MOST_CPUS(n, min)                                                                          \
	{                                                                                          \
		n, min,                                                                            \
		{                                                                                  \
			SMALL, { 1, 64 }, { 1, 42 }, { 2, 64 }, { 3, 64 }, { 3, 32 }, { 3, 16 },   \
				{ 3, 8 },                                                          \
			{                                                                          \
				3, 4                                                               \
			}                                                                          \
		}                                                                                  \
	}

static const struct expectation expectations[] = {
	{ 1,
	  8,
	  { SMALL,
	    { 0, 32 },
	    { 0, 21 },
	    { 0, 16 },
	    { 0, 8 },
	    { 1, 8 },
	    { 2, 8 },
	    { 3, 8 },
	    { 3, 4 } } },
	FEW_CPUS(2, 12),
	FEW_CPUS(4, 16),
	{ 8,
	  20,
	  { SMALL,
	    { 0, 32 },
	    { 0, 21 },
	    { 1, 32 },
	    { 2, 32 },
	    { 3, 32 },
	    { 3, 16 },
	    { 3, 8 },
	    { 3, 4 } } },
	MANY_CPUS(16, 24),
	MANY_CPUS(32, 28),
	MANY_CPUS(64, 32),
	MOST_CPUS(128, 36),
	MOST_CPUS(256, 40),
};

static void test_orders_follow_the_number_of_cpus(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expectation *e = &expectations[i];
		struct machine m = machine_default(4096, e->cpus);

		assert_int_equal(geometry_min_objects(&m), e->min_objects);
		for (size_t j = 0; j < NR_SIZES; j++) {
			struct layout l = { .size = sizes[j] };
			struct geometry g;

			assert_int_equal(geometry_calculate(&m, &l, &g), 0);
			assert_int_equal(g.order, e->slab[j].order);
			assert_int_equal(g.objects, e->slab[j].objects);
		}
	}
}

/* The size of a kmalloc object's slot with debug letters FZPU, Z alone, P alone and U alone. */
static const unsigned int debug_bytes[NR_SIZES][4] = {
	{ 112, 32, 16, 80 },
	{ 128, 48, 32, 96 },
	{ 160, 96, 64, 128 },
	{ 256, 192, 128, 192 },
	{ 224, 160, 128, 192 },
	{ 384, 384, 256, 256 },
	{ 384, 320, 256, 320 },
	{ 768, 768, 512, 512 },
	{ 1536, 1536, 1024, 1024 },
	{ 3072, 3072, 2048, 2048 },
	{ 6144, 6144, 4096, 4096 },
	{ 12288, 12288, 8192, 8192 },
	{ 24576, 24576, 16384, 16384 },
};

static void test_debug_layouts_have_the_kernel_s_sizes(void **state)
{
	static const slab_flags_t letters[4] = { SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER,
						 SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER };
	struct machine m = machine_default(4096, 2);

	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		for (size_t j = 0; j < 4; j++) {
			unsigned int align = sizes[i] & (0u - sizes[i]);
			struct layout l = { .size = sizes[i],
					    .align = align,
					    .flags = SLAB_KMALLOC | letters[j] };
			struct geometry g;

			assert_int_equal(geometry_calculate(&m, &l, &g), 0);
			assert_int_equal(g.size, debug_bytes[i][j]);
		}
	}
}

static void test_capacities_are_60_28_12_and_4(void **state)
{
	(void)state;
	assert_int_equal(geometry_capacity(8), 60);
	assert_int_equal(geometry_capacity(255), 60);
	assert_int_equal(geometry_capacity(256), 28);
	assert_int_equal(geometry_capacity(1023), 28);
	assert_int_equal(geometry_capacity(1024), 12);
	assert_int_equal(geometry_capacity(4095), 12);
	assert_int_equal(geometry_capacity(4096), 4);
}

static void test_free_pointer_goes_outside_for_constructors_and_rcu(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct geometry g;
	struct layout plain = { .size = 96 };
	struct layout ctor = { .size = 96, .has_ctor = true };
	struct layout rcu = { .size = 96, .flags = SLAB_TYPESAFE_BY_RCU };
	struct layout own = { .size = 192,
			      .flags = SLAB_TYPESAFE_BY_RCU,
			      .has_freeptr_offset = true,
			      .freeptr_offset = 40 };

	(void)state;
	assert_int_equal(geometry_calculate(&m, &plain, &g), 0);
	assert_int_equal(g.offset, 48);
	assert_int_equal(g.size, 96);
	assert_int_equal(geometry_calculate(&m, &ctor, &g), 0);
	assert_int_equal(g.offset, 96);
	assert_int_equal(g.size, 104);
	assert_int_equal(geometry_calculate(&m, &rcu, &g), 0);
	assert_int_equal(g.offset, 96);
	assert_int_equal(geometry_calculate(&m, &own, &g), 0);
	assert_int_equal(g.offset, 40);
	assert_int_equal(g.size, 192);
}

static void test_bad_requests_are_refused(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct geometry g;
	struct layout none = { .size = 0 };
	struct layout huge = { .size = KMALLOC_MAX_SIZE + 1 };
	struct layout odd = { .size = 64, .align = 24 };
	struct layout freeptr = { .size = 64, .has_freeptr_offset = true };

	(void)state;
	assert_true(geometry_calculate(&m, &none, &g) < 0);
	assert_true(geometry_calculate(&m, &huge, &g) < 0);
	assert_true(geometry_calculate(&m, &odd, &g) < 0);
	assert_true(geometry_calculate(&m, &freeptr, &g) < 0);
}

/* The left red zone is as wide as the alignment: two of 2^31 bytes made a slot of none. */
static void test_an_alignment_beyond_the_largest_block_is_refused(void **state)
{
	(void)state;
	for (size_t page = 4096; page <= 65536; page *= 4) {
		struct machine m = machine_default(page, 2);
		struct geometry g;

		for (unsigned int shift = 3; shift < 32; shift++) {
			struct layout l = {
				.size = 64,
				.align = 1u << shift,
				.flags = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER,
			};
			int err = geometry_calculate(&m, &l, &g);

			assert_true(l.align <= page << MAX_PAGE_ORDER || err == -EINVAL);
			assert_true(err || g.size > l.align);
		}
	}
}

static void test_index_divides_without_division(void **state)
{
	struct machine m = machine_default(4096, 2);

	(void)state;
	for (unsigned int size = 8; size <= 8192; size += 8) {
		struct layout l = { .size = size };
		struct geometry g;

		assert_int_equal(geometry_calculate(&m, &l, &g), 0);
		for (size_t x = 0; x < (4096u << g.order); x += 7)
			assert_int_equal(geometry_index(&g, x), x / g.size);
	}
}

/* The recorded kernel. */

enum column {
	CACHE,
	ALIAS_OF,
	OBJECT_SIZE,
	SLAB_SIZE,
	OBJS_PER_SLAB,
	ORDER,
	ALIGN,
	MIN_PARTIAL,
	CPU_PARTIAL,
	SHEAF_CAPACITY,
	ALIASES,
	RECLAIM,
	HWCACHE,
	BY_RCU,
	CTOR,
	NR_COLUMNS
};

struct row {
	char *text[NR_COLUMNS];
};

static unsigned int number(const struct row *r, enum column c)
{
	return (unsigned int)strtoul(r->text[c], NULL, 10);
}

static void split(char *line, struct row *r)
{
	for (int i = 0; i < NR_COLUMNS; i++) {
		r->text[i] = strsep(&line, ",");
		if (!r->text[i])
			r->text[i] = (char *)"";
	}
}

/*
 * The request as far as the row tells it. The alignment asked for is not recorded, only the
 * outcome; asking for the outcome must give it again.
 */
static struct layout request(const struct row *r)
{
	struct layout l = { .size = number(r, OBJECT_SIZE), .align = number(r, ALIGN) };

	if (number(r, HWCACHE))
		l.flags |= SLAB_HWCACHE_ALIGN;
	if (number(r, BY_RCU))
		l.flags |= SLAB_TYPESAFE_BY_RCU;
	l.has_ctor = *r->text[CTOR] != '\0';
	/* The one cache of 6.18 that puts its free pointer where it likes; sysfs does not show it.
	 */
	if (strstr(r->text[CACHE], "vm_area_struct"))
		l.has_freeptr_offset = true;
	return l;
}

static bool row_agrees(const struct row *r, const struct geometry *g)
{
	return g->size == number(r, SLAB_SIZE) && g->order == number(r, ORDER) &&
	       g->objects == number(r, OBJS_PER_SLAB) && g->align == number(r, ALIGN) &&
	       g->min_partial == number(r, MIN_PARTIAL);
}

static void test_every_recorded_cache_has_the_same_geometry(void **state)
{
	struct machine m = machine_default(4096, 2);
	FILE *f = fopen("tests/slab/data/geometry-6.18.csv", "r");
	unsigned int compared = 0, skipped = 0, differ = 0, line_aligned = 0, hwcache = 0;
	char line[4096];

	(void)state;
	if (!f) {
		print_message("tests/slab/data/geometry-6.18.csv is not here; run from the root\n");
		skip();
	}
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgets(line, sizeof(line), f)) {
		struct row r;
		struct layout l;
		struct geometry g;

		split(line, &r);
		if (!number(&r, OBJECT_SIZE)) {
			print_message("skipped %s: no size recorded\n", r.text[CACHE]);
			skipped++;
			continue;
		}
		l = request(&r);
		assert_int_equal(geometry_calculate(&m, &l, &g), 0);
		if (!row_agrees(&r, &g)) {
			print_message("%s: size %u order %u objects %u align %u\n", r.text[CACHE],
				      g.size, g.order, g.objects, g.align);
			differ++;
		}
		compared++;
		hwcache += number(&r, HWCACHE);
		l.align = 0;
		line_aligned += number(&r, HWCACHE) &&
				geometry_alignment(&m, l.flags, 0, l.size) == number(&r, ALIGN);
	}
	fclose(f);
	print_message("%u rows compared, %u skipped, %u differ\n", compared, skipped, differ);
	print_message("align follows from size and HWCACHE_ALIGN alone in %u of %u such rows\n",
		      line_aligned, hwcache);
	assert_int_equal(compared, 430);
	assert_int_equal(differ, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_follow_the_number_of_cpus),
		cmocka_unit_test(test_debug_layouts_have_the_kernel_s_sizes),
		cmocka_unit_test(test_capacities_are_60_28_12_and_4),
		cmocka_unit_test(test_free_pointer_goes_outside_for_constructors_and_rcu),
		cmocka_unit_test(test_bad_requests_are_refused),
		cmocka_unit_test(test_an_alignment_beyond_the_largest_block_is_refused),
		cmocka_unit_test(test_index_divides_without_division),
		cmocka_unit_test(test_every_recorded_cache_has_the_same_geometry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
