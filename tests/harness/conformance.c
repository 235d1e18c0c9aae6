// SPDX-License-Identifier: MIT
/*
 * Every allocator that is found keeps the contract of allocators/allocator.h: run in a process of
 * its own with its library in front, as a trial does. `conformance NAME[:OPTIONS]` checks one.
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "allocators/allocator.h"
#include "harness/identity.h"
#include "lib/random.h"

static struct allocator a;
static struct alloc_site sites[] = {
	ALLOC_SITE(char, false, SITE_GFP_KERNEL),
	ALLOC_SITE(struct allocator, true, SITE_GFP_KERNEL),
	ALLOC_SITE(struct alloc_ops, true, SITE_GFP_KERNEL | SITE_GFP_RECLAIMABLE),
};

static const size_t sizes[] = { 1,    7,    8,	   9,	  16,	 24,	 31,	 32,
				48,   64,   65,	   96,	  100,	 128,	 192,	 256,
				400,  512,  1000,  1024,  2048,	 3000,	 4096,	 5000,
				8192, 8193, 16384, 40000, 65536, 262144, 1048576 };

#define NR_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static void fill(unsigned char *p, size_t size, unsigned int tag)
{
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)(tag + i * 7);
}

static void assert_filled(const unsigned char *p, size_t size, unsigned int tag)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != (unsigned char)(tag + i * 7))
			fail_msg("byte %zu of %zu changed", i, size);
}

static void assert_aligned(const void *p, size_t size)
{
	size_t want = size >= 16 ? 16 : 8;

	if (a.is_null)
		want = 16;
	if ((uintptr_t)p % want)
		fail_msg("%zu bytes at %p: not a multiple of %zu", size, p, want);
}

static void test_objects_are_aligned_and_usable_to_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_SIZES; i++) {
		unsigned char *p = a.ops.alloc(sizes[i], &sites[i % 3]);

		assert_non_null(p);
		assert_aligned(p, sizes[i]);
		assert_true(a.ops.usable(p, sizes[i]) >= sizes[i]);
		fill(p, sizes[i], 1);
		assert_filled(p, sizes[i], 1);
		a.ops.free(p, sizes[i]);
	}
}

static void test_zeroed_memory_is_zero_after_dirty_use(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < NR_SIZES; i++) {
			unsigned char *p = a.ops.zalloc(sizes[i], &sites[0]);

			assert_non_null(p);
			for (size_t b = 0; b < sizes[i]; b++)
				assert_int_equal(p[b], 0);
			memset(p, 0xa5, sizes[i]);
			a.ops.free(p, sizes[i]);
		}
}

static void test_realloc_keeps_content_up_and_down(void **state)
{
	unsigned char *p = a.ops.alloc(sizes[0], &sites[0]);
	size_t size = sizes[0];

	(void)state;
	fill(p, size, 3);
	for (size_t i = 1; i < 2 * NR_SIZES; i++) {
		size_t next = sizes[i < NR_SIZES ? i : 2 * NR_SIZES - 1 - i];

		p = a.ops.realloc(p, size, next, &sites[0]);
		assert_non_null(p);
		assert_filled(p, size < next ? size : next, 3);
		fill(p, next, 3);
		size = next;
	}
	a.ops.free(p, size);
}

static void test_caches_keep_their_alignment(void **state)
{
	static const size_t aligns[] = { 0, 8, 32, 64, 256, 4096 };

	(void)state;
	for (size_t i = 0; i < sizeof(aligns) / sizeof(aligns[0]); i++) {
		struct alloc_cache *c = a.cache_create("conformance", 200, aligns[i], 0);
		unsigned char *p[100];

		assert_non_null(c);
		for (int k = 0; k < 100; k++) {
			p[k] = k & 1 ? a.ops.cache_zalloc(c) : a.ops.cache_alloc(c);
			assert_non_null(p[k]);
			if (aligns[i] && !a.is_null)
				assert_int_equal((uintptr_t)p[k] % aligns[i], 0);
			fill(p[k], 200, k);
		}
		for (int k = 0; k < 100; k++) {
			assert_filled(p[k], 200, k);
			a.ops.cache_free(c, p[k]);
		}
		a.cache_destroy(c);
	}
}

/* libslab merges similar caches: a handle that both shared would lose one of the sizes. */
static void test_two_similar_caches_have_two_handles(void **state)
{
	struct alloc_cache *one = a.cache_create("similar-one", 184, 0, 0);
	struct alloc_cache *two = a.cache_create("similar-two", 192, 0, 0);
	void *p, *q;

	(void)state;
	assert_non_null(one);
	assert_non_null(two);
	assert_ptr_not_equal(one, two);
	p = a.ops.cache_alloc(one);
	q = a.ops.cache_alloc(two);
	assert_non_null(p);
	assert_non_null(q);
	a.ops.cache_free(two, q);
	a.ops.cache_free(one, p);
	a.cache_destroy(one);
	a.cache_destroy(two);
}

struct live {
	unsigned char *p;
	size_t size;
	unsigned int tag;
};

static void test_random_lives_do_not_overlap(void **state)
{
	static struct live live[2000];
	const char *text = getenv("SEED");
	uint64_t seed = text ? strtoull(text, NULL, 0) : 20261121;
	struct random r;

	(void)state;
	print_message("SEED=%llu\n", (unsigned long long)seed);
	random_seed(&r, seed);
	for (unsigned int i = 0; i < 60000; i++) {
		struct live *l = &live[random_below(&r, 2000)];

		if (l->p) {
			assert_filled(l->p, l->size, l->tag);
			a.ops.free(l->p, l->size);
			l->p = NULL;
			continue;
		}
		*l = (struct live){ NULL, 1 + random_below(&r, random_below(&r, 8) ? 600 : 9000),
				    i };
		l->p = a.ops.alloc(l->size, &sites[i % 3]);
		assert_non_null(l->p);
		fill(l->p, l->size, l->tag);
	}
	for (unsigned int i = 0; i < 2000; i++)
		if (live[i].p) {
			assert_filled(live[i].p, live[i].size, live[i].tag);
			a.ops.free(live[i].p, live[i].size);
			live[i].p = NULL;
		}
}

#define RING   1024
#define PASSED 200000

static void *ring[RING]; /* by __atomic builtins only */

static void *consume(void *arg)
{
	uintptr_t wrong = 0;

	(void)arg;
	for (unsigned int i = 0; i < PASSED; i++) {
		unsigned int *p;

		while (!(p = __atomic_load_n(&ring[i % RING], __ATOMIC_ACQUIRE)))
			;
		wrong += *p != i;
		__atomic_store_n(&ring[i % RING], NULL, __ATOMIC_RELEASE);
		a.ops.free(p, 16 + i % 500);
	}
	return (void *)wrong;
}

static void test_objects_are_freed_by_another_thread(void **state)
{
	pthread_t t;
	void *wrong;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, consume, NULL), 0);
	for (unsigned int i = 0; i < PASSED; i++) {
		unsigned int *p = a.ops.alloc(16 + i % 500, &sites[i % 3]);

		assert_non_null(p);
		*p = i;
		while (__atomic_load_n(&ring[i % RING], __ATOMIC_ACQUIRE))
			;
		__atomic_store_n(&ring[i % RING], p, __ATOMIC_RELEASE);
	}
	pthread_join(t, &wrong);
	assert_null(wrong);
}

static void test_the_entry_point_lies_in_the_library_that_was_asked_for(void **state)
{
	const char *wanted = getenv("CONFORMANCE_LIBRARY");
	char resolved[4096];
	struct identity id;

	(void)state;
	assert_true(identity_of(&a, &id));
	assert_true(id.path[0] == '/');
	if (wanted && *wanted) {
		assert_non_null(realpath(wanted, resolved));
		assert_string_equal(id.path, resolved);
	}
}

static int check_one(const char *word)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_entry_point_lies_in_the_library_that_was_asked_for),
		cmocka_unit_test(test_objects_are_aligned_and_usable_to_the_end),
		cmocka_unit_test(test_zeroed_memory_is_zero_after_dirty_use),
		cmocka_unit_test(test_realloc_keeps_content_up_and_down),
		cmocka_unit_test(test_caches_keep_their_alignment),
		cmocka_unit_test(test_two_similar_caches_have_two_handles),
		cmocka_unit_test(test_random_lives_do_not_overlap),
		cmocka_unit_test(test_objects_are_freed_by_another_thread),
	};
	size_t n = strcspn(word, ":");
	char why[256];

	a = *allocator_find(word, n);
	allocator_complete(&a);
	if (a.init && a.init(word[n] ? word + n + 1 : "", 1ul << 30, why, sizeof(why))) {
		fprintf(stderr, "%s: %s\n", word, why);
		return 1;
	}
	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		alloc_site_resolve(&sites[i]);
	return cmocka_run_group_tests_name(word, tests, NULL, NULL);
}

extern char **environ;

static int spawn_one(char *word, const char *path)
{
	char *argv[] = { (char *)"conformance", word, NULL };
	int status = 1;
	pid_t pid;

	setenv("CONFORMANCE_LIBRARY", path, 1);
	if (*path)
		setenv("LD_PRELOAD", path, 1);
	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ))
		return 1;
	unsetenv("LD_PRELOAD");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int check_all(void)
{
	const struct allocator *at;
	char path[512], word[256];
	int failed = 0;

	for (size_t i = 0; (at = allocator_at(i)); i++) {
		if (!allocator_locate(at, path, sizeof(path))) {
			fprintf(stderr, "skipped %s: %s\n", at->name, path);
			continue;
		}
		for (int v = 0; v < 4 && (!v || at->variants[v]); v++) {
			const char *options = at->variants[v] ? at->variants[v] : "";

			snprintf(word, sizeof(word), "%s%s%s", at->name, *options ? ":" : "",
				 options);
			if (spawn_one(word, path)) {
				fprintf(stderr, "FAILED %s\n", word);
				failed++;
			}
		}
	}
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	return argc > 1 ? check_one(argv[1]) : check_all();
}
