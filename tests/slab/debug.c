// SPDX-License-Identifier: MIT
/*
 * Debug caches: each region and each repair with the kernel's words, what validation counts, tracks
 * and traces, and that a debug cache is a cache: constructors, RCU, threads, random use. What the
 * kernel's own suite tests is in kunit.c, what a program does wrong in tests/misuse.
 */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/alloc.h"
#include "allocators/slab/freelist.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/track.h"
#include "lib/random.h"

#define SIZE 60 /* four bytes of padding up to a word */
#define FZPU (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static char text[1 << 17];

static struct kmem_cache *make(slab_flags_t flags)
{
	struct kmem_cache *s =
		kmem_cache_create("debugged", SIZE, 0, flags | SLAB_NO_USER_FLAGS, NULL);

	assert_non_null(s);
	slab_errors_reset();
	return s;
}

static void validate(void *s)
{
	assert_true(kmem_cache_validate(s) > 0);
}

/* What @run writes on fd 2 goes to text. */
static void capture(void (*run)(void *arg), void *arg)
{
	FILE *f = tmpfile();
	int saved = dup(2);
	size_t n;

	assert_non_null(f);
	fflush(stderr);
	dup2(fileno(f), 2);
	run(arg);
	dup2(saved, 2);
	close(saved);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
}

static void assert_says(const char *words)
{
	if (!strstr(text, words))
		fail_msg("\"%s\" is missing in:\n%s", words, text);
}

/* Validation says @words, counts @errors, and finds nothing more the second time. */
static void assert_found(struct kmem_cache *s, const char *words, size_t errors)
{
	slab_errors_reset();
	capture(validate, s);
	assert_says(words);
	assert_int_equal(slab_errors(), errors);
	slab_errors_reset();
	capture(validate, s);
	assert_string_equal(text, "");
	assert_int_equal(slab_errors(), 0);
}

static const struct {
	slab_flags_t flags;
	bool is_free;
	int at; /* from the object */
	const char *words;
} regions[] = {
	{ SLAB_RED_ZONE, false, -1, "Left Redzone overwritten\n" },
	{ SLAB_RED_ZONE, true, -8, "Left Redzone overwritten\n" },
	{ SLAB_RED_ZONE, false, SIZE, "Right Redzone overwritten\n" },
	{ SLAB_RED_ZONE, true, SIZE + 3, "Right Redzone overwritten\n" },
	{ SLAB_POISON, false, SIZE, "Alignment padding overwritten\n" },
	{ SLAB_POISON, true, SIZE + 3, "Alignment padding overwritten\n" },
	{ SLAB_POISON, true, 0, "Poison overwritten\n" },
	{ SLAB_POISON, true, SIZE - 2, "Poison overwritten\n" },
	{ SLAB_POISON, true, SIZE - 1, "End Poison overwritten\n" },
	{ SLAB_POISON | SLAB_RED_ZONE, false, SIZE + 4 + 8, "Object padding overwritten\n" },
};

static void test_each_region_is_reported_and_restored(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		struct kmem_cache *s = make(regions[i].flags);
		unsigned char *p = kmem_cache_alloc(s, GFP_KERNEL);

		if (regions[i].is_free)
			kmem_cache_free(s, p);
		p[regions[i].at] ^= 0xff;
		assert_found(s, regions[i].words, 2);
		assert_says("");
		if (!regions[i].is_free)
			kmem_cache_free(s, p);
		assert_equations_hold();
		kmem_cache_destroy(s);
	}
}

static void test_the_end_of_a_slab_is_watched(void **state)
{
	struct kmem_cache *s = make(SLAB_POISON);
	unsigned char *p = kmem_cache_alloc(s, GFP_KERNEL);
	struct frame *f = frame_of(p);
	unsigned char *end = (unsigned char *)frame_address(f) + frame_bytes(f);

	(void)state;
	assert_true((size_t)f->objects * s->geo.size < frame_bytes(f));
	end[-1] = 1;
	assert_found(s, "Padding overwritten. 0x", 2);
	assert_int_equal(end[-1], 0x5a);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

/*
 * Each damages the frame of a slab with one object in use. Without red zones, because the objects
 * that are lost with a chain count as in use, and theirs would be the wrong ones.
 */
static void point_head_elsewhere(struct frame *f)
{
	f->freelist = (char *)f->freelist + 4;
}

static void close_a_cycle(struct frame *f)
{
	freelist_set_next(f->cache, freelist_next(f->cache, f->freelist), f->freelist);
}

static void cut_the_chain(struct frame *f)
{
	freelist_set_next(f->cache, f->freelist, (char *)f->freelist + 1);
}

static void drop_an_object(struct frame *f)
{
	f->objects--;
}

static void miscount(struct frame *f)
{
	f->inuse += 3;
}

static const struct {
	void (*damage)(struct frame *f);
	const char *words, *fix;
	size_t errors;
} repairs[] = {
	{ point_head_elsewhere, ": Freepointer corrupt\n", ": Freelist cleared\n", 2 },
	{ close_a_cycle, ": Freelist cycle detected\n", ": Freelist cleared\n", 2 },
	{ cut_the_chain, ": Freechain corrupt\n", ": Object count adjusted\n", 3 },
	{ drop_an_object, ": Wrong number of objects. Found ", ": Number of objects adjusted\n",
	  5 },
	{ miscount, ": Wrong object count. Counter is 4 but counted were 1\n",
	  ": Object count adjusted\n", 2 },
};

static void test_freelists_and_counts_are_repaired(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(repairs); i++) {
		struct kmem_cache *s = make(SLAB_POISON);
		void *p = kmem_cache_alloc(s, GFP_KERNEL), *q;

		repairs[i].damage(frame_of(p));
		slab_errors_reset();
		capture(validate, s);
		assert_says(repairs[i].words);
		assert_says(repairs[i].fix);
		assert_int_equal(slab_errors(), repairs[i].errors);
		assert_equations_hold();
		q = kmem_cache_alloc(s, GFP_KERNEL);
		assert_non_null(q);
		assert_ptr_not_equal(p, q);
		kmem_cache_free(s, q);
		kmem_cache_free(s, p);
		assert_int_equal(slab_errors(), repairs[i].errors);
	}
}

static void test_impossible_counts_are_only_reported(void **state)
{
	struct kmem_cache *s = make(SLAB_RED_ZONE);
	void *p = kmem_cache_alloc(s, GFP_KERNEL);
	struct frame *f = frame_of(p);
	uint16_t objects = f->objects;

	(void)state;
	f->objects = 30000;
	capture(validate, s);
	assert_says("objects 30000 > max ");
	f->objects = objects;
	f->inuse = (uint16_t)(objects + 1);
	capture(validate, s);
	assert_says("inuse ");
	assert_says(" > max ");
	f->inuse = 1;
	/* A slab with such numbers belongs on no list. */
	assert_int_equal(kmem_cache_validate(s), 1);
	assert_equations_hold();
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void test_validation_counts_full_and_partial_slabs(void **state)
{
	struct kmem_cache *s = make(SLAB_POISON), *plain;
	void *p[500];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	assert_int_equal(kmem_cache_validate(s),
			 (ARRAY_SIZE(p) + s->geo.objects - 1) / s->geo.objects);
	assert_equations_hold();
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(s, p[i]);
	assert_equations_hold();
	kmem_cache_destroy(s);
	plain = kmem_cache_create("plain", SIZE, 0, SLAB_NO_MERGE, NULL);
	assert_int_equal(kmem_cache_validate(plain), -EINVAL);
	kmem_cache_destroy(plain);
}

/* Damage in one slab does not hide the slabs behind it. */
static void test_damage_in_many_slabs_is_found_in_each(void **state)
{
	struct kmem_cache *s = make(SLAB_RED_ZONE);
	unsigned char *p[500];
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (size_t i = 0; i < ARRAY_SIZE(p); i += s->geo.objects, nr++)
		p[i][SIZE] = 0;
	slab_errors_reset();
	capture(validate, s);
	assert_int_equal(slab_errors(), 2 * nr);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
}

static void fill(void *object)
{
	memset(object, 'c', SIZE);
}

static void test_constructed_objects_stay_constructed(void **state)
{
	struct kmem_cache *s = kmem_cache_create("built", SIZE, 0, FZPU, fill);
	char *p[100];

	(void)state;
	slab_errors_reset();
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			for (int j = 0; j < SIZE; j++)
				assert_int_equal(p[i][j], 'c');
		}
		for (size_t i = 0; i < ARRAY_SIZE(p); i++)
			kmem_cache_free(s, p[i]);
	}
	validate(s);
	assert_int_equal(slab_errors(), 0);
	kmem_cache_destroy(s);
}

static void test_objects_that_readers_may_hold_are_not_poisoned(void **state)
{
	struct kmem_cache *s =
		kmem_cache_create("readers", SIZE, 0, FZPU | SLAB_TYPESAFE_BY_RCU, NULL);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	slab_errors_reset();
	memset(p, 'r', SIZE);
	kmem_cache_free(s, p);
	for (int j = 0; j < SIZE; j++)
		assert_int_equal(p[j], 'r');
	validate(s);
	assert_int_equal(slab_errors(), 0);
	kmem_cache_destroy(s);
}

static void test_zeroed_objects_are_zero_and_zones_are_not(void **state)
{
	struct kmem_cache *s = make(FZPU);
	char *p = kmem_cache_zalloc(s, GFP_KERNEL);

	(void)state;
	for (int j = 0; j < SIZE; j++)
		assert_int_equal(p[j], 0);
	validate(s);
	kmem_cache_free(s, p);
	assert_int_equal(slab_errors(), 0);
	kmem_cache_destroy(s);
}

/* The larger half of the sizes are of kmalloc: SLAB_KMALLOC keeps the size asked for. */
static void test_random_use_finds_no_damage_and_loses_nothing(void **state)
{
	struct kmem_cache *s[] = { make(FZPU), make(SLAB_RED_ZONE), make(SLAB_POISON),
				   make(SLAB_STORE_USER), make(FZPU | SLAB_KMALLOC) };
	struct {
		struct kmem_cache *s;
		unsigned char *p;
	} held[400] = { 0 };
	struct random r;

	(void)state;
	random_seed(&r, test_seed(11));
	for (int i = 0; i < 20000; i++) {
		size_t at = random_below(&r, ARRAY_SIZE(held));

		if (held[at].p) {
			for (int j = 0; j < SIZE; j++)
				assert_int_equal(held[at].p[j], (unsigned char)at);
			kmem_cache_free(held[at].s, held[at].p);
			held[at].p = NULL;
			continue;
		}
		held[at].s = s[random_below(&r, ARRAY_SIZE(s))];
		held[at].p = kmem_cache_alloc(held[at].s, GFP_KERNEL);
		memset(held[at].p, (int)at, SIZE);
	}
	assert_equations_hold();
	for (size_t i = 0; i < ARRAY_SIZE(held); i++)
		if (held[i].p)
			kmem_cache_free(held[i].s, held[i].p);
	for (size_t i = 0; i < ARRAY_SIZE(s); i++) {
		validate(s[i]);
		kmem_cache_destroy(s[i]);
	}
	assert_int_equal(slab_errors(), 0);
	assert_equations_hold();
}

static void *churn(void *arg)
{
	struct kmem_cache *s = arg;
	void *p[40];

	for (int round = 0; round < 100; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++)
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		for (size_t i = 0; i < ARRAY_SIZE(p); i++)
			kmem_cache_free(s, p[i]);
	}
	return NULL;
}

static void test_threads_and_a_validation_at_the_same_time(void **state)
{
	struct kmem_cache *s = make(FZPU);
	pthread_t threads[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, s), 0);
	for (int i = 0; i < 50; i++)
		assert_true(kmem_cache_validate(s) >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	validate(s);
	assert_int_equal(slab_errors(), 0);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

/* As kmalloc does, from a place of its own. */
static __attribute__((noinline)) void *take_small(struct kmem_cache *s)
{
	struct alloc_request r = { .gfp = GFP_KERNEL,
				   .node = NUMA_NO_NODE,
				   .size = 20,
				   .caller = (char *)(uintptr_t)strtoull + 4 };

	return alloc_general(s, &r);
}

static void test_traces_count_the_objects_of_each_place(void **state)
{
	struct kmem_cache *s = make(SLAB_STORE_USER | SLAB_KMALLOC), *plain = make(SLAB_POISON);
	void *p[30];
	long n;

	(void)state;
	assert_int_equal(slab_alloc_traces(plain, text, sizeof(text)), -EINVAL);
	assert_true(slab_alloc_traces(s, text, sizeof(text)) > 0);
	assert_string_equal(text, "No data\n");
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = i < 10 ? kmem_cache_alloc(s, GFP_KERNEL) : take_small(s);
	n = slab_alloc_traces(s, text, sizeof(text));
	assert_int_equal(n, strlen(text));
	assert_int_equal(strncmp(text, "     20 strto", 13), 0);
	assert_says(" waste=800/40 age=");
	assert_says("\n     10 ");
	assert_says(" pid=");
	assert_says(" cpus=");
	assert_says("\n        ");
	assert_true(slab_alloc_traces(s, NULL, 0) > 0); /* ages may have changed its length */
	slab_free_traces(s, text, sizeof(text));
	assert_int_equal(strncmp(text, "     20 <not-available>", 22), 0);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
	kmem_cache_destroy(plain);
}

static void allocate_and_free(void *s)
{
	kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
}

static void test_traced_caches_say_what_they_do(void **state)
{
	struct kmem_cache *s = make(SLAB_TRACE);

	(void)state;
	capture(allocate_and_free, s);
	assert_int_equal(strncmp(text, "TRACE debugged alloc 0x", 23), 0);
	assert_says(" inuse=1 fp=0x");
	assert_says("\nTRACE debugged free 0x");
	assert_says("\nObject   0");
	assert_int_equal(slab_errors(), 0);
	kmem_cache_destroy(s);
}

static void test_allocations_fail_on_purpose(void **state)
{
	struct kmem_cache *s = make(SLAB_FAILSLAB);
	void *p[30];
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		nr += !p[i];
	}
	assert_int_equal(nr, ARRAY_SIZE(p) / 3);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		if (p[i])
			kmem_cache_free(s, p[i]);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void test_symbols_name_a_function_or_a_file(void **state)
{
	char buf[256];
	struct text t;

	(void)state;
	text_init(&t, buf, sizeof(buf));
	track_symbol(&t, (uintptr_t)strtoull + 4);
	assert_non_null(strstr(buf, "strto"));
	assert_non_null(strstr(buf, "+0x4"));
	text_init(&t, buf, sizeof(buf));
	track_symbol(&t, (uintptr_t)validate + 1);
	assert_true(strstr(buf, "debug+0x") || strstr(buf, "validate"));
	text_init(&t, buf, sizeof(buf));
	track_symbol(&t, 16);
	assert_string_equal(buf, "0x10");
}

static int boot(void **state)
{
	(void)state;
	boot_or_fail("failslab=interval:3");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_region_is_reported_and_restored),
		cmocka_unit_test(test_the_end_of_a_slab_is_watched),
		cmocka_unit_test(test_freelists_and_counts_are_repaired),
		cmocka_unit_test(test_impossible_counts_are_only_reported),
		cmocka_unit_test(test_validation_counts_full_and_partial_slabs),
		cmocka_unit_test(test_damage_in_many_slabs_is_found_in_each),
		cmocka_unit_test(test_constructed_objects_stay_constructed),
		cmocka_unit_test(test_objects_that_readers_may_hold_are_not_poisoned),
		cmocka_unit_test(test_zeroed_objects_are_zero_and_zones_are_not),
		cmocka_unit_test(test_random_use_finds_no_damage_and_loses_nothing),
		cmocka_unit_test(test_threads_and_a_validation_at_the_same_time),
		cmocka_unit_test(test_traces_count_the_objects_of_each_place),
		cmocka_unit_test(test_symbols_name_a_function_or_a_file),
		cmocka_unit_test(test_traced_caches_say_what_they_do),
		cmocka_unit_test(test_allocations_fail_on_purpose),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
