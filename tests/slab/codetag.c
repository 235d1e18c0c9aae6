// SPDX-License-Identifier: MIT
/*
 * Allocation profiling: each call site's bytes and objects, its name, and that nothing is counted
 * when it is off. A process has it or not, so each way has a group of its own, one in a child.
 */
#include "common.h"

#include <gnu/libc-version.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/codetag.h"
#include "lib/bits.h"
#include "lib/random.h"

#define NR_OBJECTS 1000

static void assert_site(const void *location, uint64_t bytes, uint64_t calls)
{
	uint64_t is_bytes = 0, is_calls = 0;

	slab_allocinfo_site(location, &is_bytes, &is_calls);
	assert_int_equal(is_bytes, bytes);
	assert_int_equal(is_calls, calls);
}

static void test_a_site_counts_slots_and_objects(void **state)
{
	struct kmalloc_token here = KMALLOC_TOKEN(sizeof(char[100]));
	void *p[NR_OBJECTS];

	(void)state;
	for (int i = 0; i < NR_OBJECTS; i++)
		assert_non_null(p[i] = kmalloc_token(100, GFP_KERNEL, here));
	assert_site(here.location, NR_OBJECTS * 128, NR_OBJECTS);
	for (int i = 0; i < NR_OBJECTS / 2; i++)
		kfree(p[i]);
	assert_site(here.location, NR_OBJECTS / 2 * 128, NR_OBJECTS / 2);
	for (int i = NR_OBJECTS / 2; i < NR_OBJECTS; i++)
		kfree(p[i]);
	assert_site(here.location, 0, 0);
	assert_equations_hold();
}

static char *allocinfo(void)
{
	size_t len = slab_allocinfo(NULL, 0);
	char *text = malloc(len + 4096);

	assert_non_null(text);
	slab_allocinfo(text, len + 4096);
	return text;
}

/* There is a line with exactly these columns. */
static void assert_line(uint64_t bytes, uint64_t calls, const char *tag)
{
	char *text = allocinfo(), line[512];

	snprintf(line, sizeof(line), "\n%12llu %8llu %s\n", (unsigned long long)bytes,
		 (unsigned long long)calls, tag);
	if (!strstr(text, line))
		fail_msg("no line %s in\n%s", line, text);
	free(text);
}

static void test_a_site_is_named_by_file_line_and_function(void **state)
{
	void *p = kmalloc(5000, GFP_KERNEL);
	char tag[256];

	(void)state;
	snprintf(tag, sizeof(tag), "%s:%d func:%s", __FILE__, __LINE__ - 4, __func__);
	assert_line(8192, 1, tag);
	kfree(p);
	assert_line(0, 0, tag);
}

static void test_a_large_block_is_counted_by_its_pages(void **state)
{
	struct kmalloc_token here = KMALLOC_TOKEN(sizeof(char));
	void *p = kmalloc_token(20000, GFP_KERNEL, here);

	(void)state;
	assert_site(here.location, 32768, 1);
	kfree(p);
	assert_site(here.location, 0, 0);
}

static void test_a_growing_object_moves_to_the_site_that_grew_it(void **state)
{
	struct kmalloc_token first = KMALLOC_TOKEN(sizeof(char)),
			     second = KMALLOC_TOKEN(sizeof(char));
	void *p = kmalloc_token(10, GFP_KERNEL, first);

	(void)state;
	p = krealloc_token(p, 12, GFP_KERNEL, second);
	assert_site(first.location, 16, 1);
	p = krealloc_token(p, 1000, GFP_KERNEL, second);
	assert_site(first.location, 0, 0);
	assert_site(second.location, 1024, 1);
	kfree(p);
	assert_site(second.location, 0, 0);
}

static void test_a_location_without_a_tag_is_named_by_its_symbol(void **state)
{
	/* The start of a function that the dynamic linker knows, and an address of nobody. */
	struct kmalloc_token known = { (const void *)(uintptr_t)&gnu_get_libc_version, 0 };
	struct kmalloc_token unknown = { (const void *)0x1234, 0 };
	void *p = kmalloc_token(8, GFP_KERNEL, known);
	void *q = kmalloc_token(8, GFP_KERNEL, unknown);
	char *text = allocinfo();

	(void)state;
	assert_non_null(strstr(text, "func:gnu_get_libc_version+0x0\n"));
	free(text);
	assert_line(8, 1, "0x1234 func:?");
	kfree(p);
	kfree(q);
}

/* The line of a site says where the allocation is, not the object: a function of this program. */
static __attribute__((noinline)) void *allocate_from(struct kmem_cache *s)
{
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	__asm__ volatile("" : : "r"(p) : "memory"); /* no tail call: the return address is here */
	return p;
}

/* The site of the last line. */
static uint64_t last_bytes(void)
{
	char *text = allocinfo(), *line;
	uint64_t bytes;

	text[strlen(text) - 1] = '\0';
	line = strrchr(text, '\n');
	bytes = strtoull(line, NULL, 10);
	free(text);
	return bytes;
}

static void test_a_cache_s_objects_are_counted_where_they_are_allocated(void **state)
{
	struct kmem_cache *s = kmem_cache_create("counted", 200, 0, SLAB_NO_MERGE, NULL);
	void *p[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		p[i] = allocate_from(s);
	assert_int_equal(last_bytes(), 600);
	for (int i = 0; i < 3; i++)
		kmem_cache_free(s, p[i]);
	assert_int_equal(last_bytes(), 0);
	kmem_cache_destroy(s);
}

/* Threads allocate at their own sites and free what others allocated. */
#define NR_THREADS 4
#define NR_STEPS   30000
#define NR_SHARED  64

static char sites[NR_THREADS];
static void *shared[NR_SHARED];
static uint64_t seed;

struct tagged {
	unsigned int owner;
	unsigned int bytes;
};

static void *work(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;
	struct kmalloc_token here = { &sites[me], 0 };
	struct random r;

	random_seed(&r, seed + me);
	for (int i = 0; i < NR_STEPS; i++) {
		unsigned int bytes = 8u << random_below(&r, 12);
		struct tagged *t = kmalloc_token(bytes, GFP_KERNEL, here);

		*t = (struct tagged){ me, bytes };
		kfree(__atomic_exchange_n(&shared[random_below(&r, NR_SHARED)], t,
					  __ATOMIC_ACQ_REL));
	}
	return NULL;
}

static void test_sums_are_exact_when_threads_are_done(void **state)
{
	uint64_t bytes[NR_THREADS] = { 0 }, calls[NR_THREADS] = { 0 };
	pthread_t threads[NR_THREADS];

	(void)state;
	seed = test_seed(3);
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < NR_SHARED; i++) {
		struct tagged *t = shared[i];

		bytes[t->owner] += t->bytes;
		calls[t->owner]++;
	}
	for (int i = 0; i < NR_THREADS; i++)
		assert_site(&sites[i], bytes[i], calls[i]);
	for (int i = 0; i < NR_SHARED; i++)
		kfree(shared[i]);
	for (int i = 0; i < NR_THREADS; i++)
		assert_site(&sites[i], 0, 0);
	assert_equations_hold();
}

static void test_more_sites_than_buckets_are_told_apart(void **state)
{
	static char many[10000];
	static void *p[10000];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++)
		p[i] = kmalloc_token(8, GFP_KERNEL, (struct kmalloc_token){ &many[i], 0 });
	for (unsigned int i = 0; i < ARRAY_SIZE(many); i += 97)
		assert_site(&many[i], 8, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(many); i++)
		kfree(p[i]);
}

static void test_a_short_buffer_gets_the_beginning(void **state)
{
	char text[40];
	size_t len = slab_allocinfo(text, sizeof(text));

	(void)state;
	assert_true(len > sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
	assert_memory_equal(text, "allocinfo - version: 1.0\n#", 26);
}

static int without_profiling(void)
{
	struct kmalloc_token here = KMALLOC_TOKEN(sizeof(char));
	uint64_t bytes, calls;
	char text[256];

	if (slab_boot(""))
		return 1;
	kfree(kmalloc_token(64, GFP_KERNEL, here));
	if (slab_allocinfo(text, sizeof(text)) >= sizeof(text) || !strstr(text, "<tag info>\n"))
		return 2;
	if (strcmp(strstr(text, "<tag info>\n"), "<tag info>\n"))
		return 3;
	return slab_allocinfo_site(here.location, &bytes, &calls) ? 4 : 0;
}

static void test_nothing_is_counted_when_it_is_off(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(without_profiling());
	assert_int_equal(child_exit_code(pid), 0);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("profiling=1,range=256M");
}

int main(void)
{
	const struct CMUnitTest off[] = {
		cmocka_unit_test(test_nothing_is_counted_when_it_is_off),
	};
	const struct CMUnitTest on[] = {
		cmocka_unit_test(test_a_site_counts_slots_and_objects),
		cmocka_unit_test(test_a_site_is_named_by_file_line_and_function),
		cmocka_unit_test(test_a_large_block_is_counted_by_its_pages),
		cmocka_unit_test(test_a_growing_object_moves_to_the_site_that_grew_it),
		cmocka_unit_test(test_a_location_without_a_tag_is_named_by_its_symbol),
		cmocka_unit_test(test_a_cache_s_objects_are_counted_where_they_are_allocated),
		cmocka_unit_test(test_sums_are_exact_when_threads_are_done),
		cmocka_unit_test(test_a_short_buffer_gets_the_beginning),
		cmocka_unit_test(test_more_sites_than_buckets_are_told_apart),
	};
	int failed = cmocka_run_group_tests(off, NULL, NULL);

	return failed ? failed : cmocka_run_group_tests(on, boot, NULL);
}
