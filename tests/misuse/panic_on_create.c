// SPDX-License-Identifier: MIT
/* SLAB_PANIC: a cache that cannot be made ends the program instead of answering NULL. */
#include "child.h"

#include "allocators/slab/fault.h"

#define PANIC "Kernel panic - not syncing: __kmem_cache_create_args: Failed to create slab "

static void create_with_an_odd_alignment(void)
{
	kmem_cache_create("vital", 64, 24, SLAB_PANIC, NULL);
}

static void create_without_memory(void)
{
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	for (int i = 0; i < 1000; i++)
		kmem_cache_create("vital", 64, 0, SLAB_PANIC | SLAB_NO_MERGE, NULL);
}

/* The kernel's one line, then the end. */
static void assert_panic(void (*misuse)(void), const char *line)
{
	char text[1024];
	int status = child_wait("", misuse, text, sizeof(text));

	assert_string_equal(text, line);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_creation_with_panic_ends_in_the_kernels_sentence(void **state)
{
	(void)state;
	assert_panic(create_with_an_odd_alignment, PANIC "'vital'. Error -22\n");
}

static void test_creation_with_panic_and_no_memory_ends_in_the_kernels_sentence(void **state)
{
	(void)state;
	assert_panic(create_without_memory, PANIC "'vital'. Error -12\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creation_with_panic_ends_in_the_kernels_sentence),
		cmocka_unit_test(
			test_creation_with_panic_and_no_memory_ends_in_the_kernels_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
