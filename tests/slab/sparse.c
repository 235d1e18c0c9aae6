// SPDX-License-Identifier: MIT
/* A range of which nothing is reserved (option reserve=0), alone and under RLIMIT_AS. */
#include "common.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/pagemap.h"
#include "lib/sanitizers.h"

#define BLOCK KMALLOC_MAX_SIZE

static void run_booted(const char *options, void (*body)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		boot_or_fail(options);
		body();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void run_in_child(void (*body)(void))
{
	run_booted("reserve=0", body);
}

static void skip_unless_sparse(void)
{
	char value[8];

	slab_option_get("reserve", value, sizeof(value));
	if (strcmp(value, "0")) {
		print_message("no part of the address space is free here\n");
		_exit(0);
	}
}

static void limit_address_space(size_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static size_t mapped_bytes(void)
{
	size_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu", &pages), 1);
	fclose(f);
	return pages * (size_t)getpagesize();
}

static void use_pieces(void)
{
	void *blocks[40];

	for (size_t i = 0; i < 40; i++) {
		blocks[i] = kmalloc(BLOCK, GFP_KERNEL);
		assert_non_null(blocks[i]);
		memset(blocks[i], 1, BLOCK);
	}
	assert_equations_hold();
	for (size_t i = 0; i < 40; i++)
		kfree(blocks[i]);
	assert_equations_hold();
}

static void test_many_pieces_are_mapped_as_they_are_used(void **state)
{
	(void)state;
	run_in_child(use_pieces);
}

static void boot_takes_little(void)
{
	size_t before = mapped_bytes();

	skip_unless_sparse();
	kfree(kmalloc(8, GFP_KERNEL));
	assert_true(mapped_bytes() - before < 16u << 20);
}

static void test_the_first_object_maps_no_more_than_a_piece(void **state)
{
	(void)state;
	run_in_child(boot_takes_little);
}

static void free_beyond_the_frontier(void)
{
	char *p = kmalloc(8, GFP_KERNEL);

	kfree(p + ((size_t)1 << 34));
	assert_int_equal(slab_errors(), 1);
	kfree(p);
}

static void test_an_address_beyond_the_frontier_is_foreign(void **state)
{
	(void)state;
	run_in_child(free_beyond_the_frontier);
}

static void *alloc_all(void)
{
	void *chain = NULL, **p;

	while ((p = kmalloc(1024, GFP_KERNEL))) {
		*p = chain;
		chain = p;
	}
	return chain;
}

static void free_all(void *chain)
{
	while (chain) {
		void *next = *(void **)chain;

		kfree(chain);
		chain = next;
	}
}

static void meet_a_mapping(void)
{
	void *ahead, *chain;

	skip_unless_sparse();
	kfree(kmalloc(8, GFP_KERNEL));
	ahead = pagemap_address(align_up(pagemap_committed(), BLOCK / UNIT_BYTES) +
				2 * BLOCK / UNIT_BYTES);
	assert_ptr_equal(mmap(ahead, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ahead);
	chain = alloc_all();
	assert_true(chain != NULL);
	assert_ptr_equal(pagemap_address(pagemap_committed()), ahead);
	assert_equations_hold();
	free_all(chain);
	assert_equations_hold();
}

static void test_the_range_ends_where_something_else_is_mapped(void **state)
{
	(void)state;
	run_in_child(meet_a_mapping);
}

static void *nothing(void *arg)
{
	return arg;
}

static void exhaust_and_start_a_thread(void)
{
	pthread_t thread;
	void *chain;

	skip_unless_sparse();
	limit_address_space(mapped_bytes() + (128u << 20));
	chain = alloc_all();
	assert_true(chain != NULL);
	assert_equations_hold();
	free_all(chain);
	assert_int_equal(pthread_create(&thread, NULL, nothing, NULL), 0);
	pthread_join(thread, NULL);
	assert_non_null(kmalloc(1024, GFP_KERNEL));
}

static void test_a_limit_set_later_leaves_room_for_a_thread(void **state)
{
	(void)state;
	if (UNDER_ASAN || UNDER_TSAN) {
		print_message("the sanitizer's own mappings exceed the limit\n");
		skip();
	}
	run_in_child(exhaust_and_start_a_thread);
}

/* A new piece takes one call, and three when its metadata is mapped too. */
static void fail_each_call(void)
{
	for (uint64_t n = 0; n < 200; n++) {
		char *p;

		slab_fault_arm(FAULT_SYSCALL, n % 4 + 1, 1);
		p = kmalloc(BLOCK, GFP_KERNEL);
		slab_fault_arm(FAULT_SYSCALL, 0, 0);
		if (p)
			*p = 1;
		assert_equations_hold();
	}
}

static void test_no_failed_mapping_breaks_an_equation(void **state)
{
	(void)state;
	run_in_child(fail_each_call);
}

static void small_range(void)
{
	char *p;

	skip_unless_sparse();
	for (size_t size = 4096; size <= KMALLOC_MAX_SIZE; size *= 2) {
		p = kmalloc(size, GFP_KERNEL);
		assert_int_equal((uintptr_t)p % size, 0);
		kfree(p);
	}
}

/* Below 4 GiB the page map, which is before the range, once moved it off its alignment. */
static void test_blocks_of_a_small_range_are_aligned_to_their_size(void **state)
{
	(void)state;
	run_booted("reserve=0,range=256M", small_range);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_pieces_are_mapped_as_they_are_used),
		cmocka_unit_test(test_the_first_object_maps_no_more_than_a_piece),
		cmocka_unit_test(test_an_address_beyond_the_frontier_is_foreign),
		cmocka_unit_test(test_the_range_ends_where_something_else_is_mapped),
		cmocka_unit_test(test_a_limit_set_later_leaves_room_for_a_thread),
		cmocka_unit_test(test_no_failed_mapping_breaks_an_equation),
		cmocka_unit_test(test_blocks_of_a_small_range_are_aligned_to_their_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
