// SPDX-License-Identifier: MIT
/*
 * Memory runs out: under RLIMIT_AS, set when the program already runs, alone and with threads, and
 * when the process may have no more mappings.
 */
#include "family.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define NR_THREADS 4

static size_t mapped_bytes(void)
{
	char text[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return strtoull(text, NULL, 10) * (size_t)getpagesize();
}

static void limit_more_bytes(size_t bytes)
{
	struct rlimit limit = { mapped_bytes() + bytes, mapped_bytes() + bytes };

	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

/* A chain of blocks of @size bytes until there is no more; errno is what the last one said. */
static void *take_all(size_t size)
{
	void *chain = NULL, **p;

	errno = 0;
	while ((p = malloc(size))) {
		*p = chain;
		chain = p;
	}
	return chain;
}

static void free_all(void *chain)
{
	while (chain) {
		void *next = *(void **)chain;

		free(chain);
		chain = next;
	}
}

static void *take_and_free(void *arg)
{
	static const size_t sizes[] = { 16, 200, 3000, 70000, HUGE + 1 };
	const size_t *size = arg ? arg : &sizes[0];
	void *chain = take_all(*size);

	if (errno != ENOMEM)
		return (void *)1;
	free_all(chain);
	return NULL;
}

static void start_one_thread(void)
{
	static size_t size = 64;
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, take_and_free, &size) || pthread_join(thread, &result) ||
	    result)
		_exit(3);
}

static void exhaust(void)
{
	static size_t sizes[] = { 16, 200, 3000, 9000, 70000, MiB, HUGE + 1 };

	limit_more_bytes(128 * MiB);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		void *chain = take_all(sizes[i]);

		if (!chain || errno != ENOMEM)
			_exit(2);
		free_all(chain);
		start_one_thread();
	}
	if (slab_check(NULL, NULL))
		_exit(4);
}

static void need_a_limit(void)
{
	if (!DROPIN_RENAMED)
		return;
	print_message("the sanitizer needs all of the address space\n");
	skip();
}

static void test_a_limit_gives_enomem_and_a_thread_starts_after_the_free(void **state)
{
	char text[4096];

	(void)state;
	need_a_limit();
	assert_int_equal(run_in_child(exhaust, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void exhaust_in_threads(void)
{
	static size_t sizes[NR_THREADS] = { 16, 3000, 70000, HUGE + 1 };
	pthread_t threads[NR_THREADS];
	void *result;

	limit_more_bytes(256 * MiB);
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < NR_THREADS; i++)
			if (pthread_create(&threads[i], NULL, take_and_free, &sizes[i]))
				_exit(5);
		for (int i = 0; i < NR_THREADS; i++)
			if (pthread_join(threads[i], &result) || result)
				_exit(6);
	}
	if (slab_check(NULL, NULL))
		_exit(7);
}

static void test_threads_run_out_of_memory_together(void **state)
{
	char text[4096];

	(void)state;
	need_a_limit();
	assert_int_equal(run_in_child(exhaust_in_threads, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void shrink_without_memory(void)
{
	char *p = malloc(HUGE), *q = malloc(3 * HUGE);
	void *small, *large;

	limit_more_bytes(16 * MiB);
	small = take_all(16);
	large = take_all(5000);
	if (realloc(p, 5000) != p || realloc(q, 5000) != q)
		_exit(2);
	free_all(small);
	free_all(large);
}

static void test_a_block_shrinks_although_no_memory_is_left(void **state)
{
	char text[4096];

	(void)state;
	need_a_limit();
	assert_int_equal(run_in_child(shrink_without_memory, text, sizeof(text)), 0);
}

/* A quarter more than 2048 has a class that has nothing left; that of 2200 has a slab. */
static void grow_by_little_without_memory(void)
{
	char *p = malloc(2048), *kept = malloc(2048), *q = malloc(2200);
	void *room, *full, *small;

	limit_more_bytes(16 * MiB);
	room = take_all(2560);
	full = take_all(4000);
	small = take_all(16);
	p[0] = 1;
	errno = ERRNO_BEFORE;
	p = realloc(p, 2200);
	if (!p || p[0] != 1 || errno != ERRNO_BEFORE || malloc_usable_size(p) >= 2560)
		_exit(2);
	errno = 0;
	if (realloc(p, 4000) || errno != ENOMEM || p[0] != 1)
		_exit(3);
	free(p);
	free(kept);
	free(q);
	free_all(room);
	free_all(full);
	free_all(small);
}

static void test_a_block_grows_by_what_is_needed_where_no_more_is_left(void **state)
{
	char text[4096];

	(void)state;
	need_a_limit();
	assert_int_equal(run_in_child(grow_by_little_without_memory, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

/* So often that they are kept (huge_stash.h), unless that is forbidden. */
static void free_often(size_t size)
{
	void *p, *q;

	for (int i = 0; i < 20; i++) {
		p = malloc(size);
		q = malloc(size);
		free(p);
		free(q);
	}
}

static void run_out_with_kept_blocks(void)
{
	void *chain;

	free_often(30 * MiB);
	if (mallinfo2().keepcost < 30 * MiB)
		_exit(2);
	limit_more_bytes(0);
	chain = take_all(16);
	if (mallinfo2().keepcost > MiB)
		_exit(3);
	free_all(chain);
}

static void test_kept_blocks_go_before_small_ones_fail(void **state)
{
	char text[4096];

	(void)state;
	need_a_limit();
	assert_int_equal(run_in_child(run_out_with_kept_blocks, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void keep_with_little_room(void)
{
	struct rlimit limit;

	limit_more_bytes(70 * MiB);
	free_often(30 * MiB);
	getrlimit(RLIMIT_AS, &limit);
	if (mmap(NULL, limit.rlim_cur / 4, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED)
		_exit(2);
}

static void test_what_is_kept_leaves_a_quarter_of_a_limit(void **state)
{
	char text[4096];

	(void)state;
	need_a_limit();
	assert_int_equal(run_in_child(keep_with_little_room, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

/* Each page of its own kind, so that each is a mapping, until the system allows no more. */
static void use_up_the_mappings(void)
{
	size_t page = (size_t)getpagesize(), nr = (size_t)1 << 20;
	char *p = mmap(NULL, nr * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		       0);

	if (p == MAP_FAILED)
		_exit(77);
	for (size_t i = 0; i < nr; i += 2)
		if (mprotect(p + i * page, page, PROT_READ))
			return;
	_exit(77);
}

static void allocate_without_mappings(void)
{
	void *before[16], *chain[16];

	for (size_t i = 0; i < 16; i++)
		before[i] = malloc(HUGE + MiB);
	use_up_the_mappings();
	for (size_t i = 0; i < 16; i++) {
		errno = 0;
		chain[i] = malloc(HUGE + i * MiB + 1);
		if (!chain[i] && errno != ENOMEM)
			_exit(2);
		errno = 0;
		free(before[i]);
		if (errno)
			_exit(3);
	}
	for (size_t i = 0; i < 16; i++)
		free(chain[i]);
	if (slab_check(NULL, NULL))
		_exit(4);
}

static void test_no_mapping_left_is_enomem(void **state)
{
	char text[4096];
	int status;

	(void)state;
	need_a_limit();
	status = run_in_child(allocate_without_mappings, text, sizeof(text));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("this process may have more than a million mappings\n");
		skip();
	}
	assert_int_equal(status, 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_limit_gives_enomem_and_a_thread_starts_after_the_free),
		cmocka_unit_test(test_threads_run_out_of_memory_together),
		cmocka_unit_test(test_a_block_shrinks_although_no_memory_is_left),
		cmocka_unit_test(test_a_block_grows_by_what_is_needed_where_no_more_is_left),
		cmocka_unit_test(test_kept_blocks_go_before_small_ones_fail),
		cmocka_unit_test(test_what_is_kept_leaves_a_quarter_of_a_limit),
		cmocka_unit_test(test_no_mapping_left_is_enomem),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}
