// SPDX-License-Identifier: MIT
/* The order of a block: each arm once, each arm in each place equally often, told by the seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "harness/execute.h"

static struct run run;

static void test_a_block_holds_each_arm_once(void **state)
{
	int order[RUN_MAX_ARMS];

	(void)state;
	run = (struct run){ .seed = 42, .nr_arms = 10 };
	for (int block = 0; block < 40; block++) {
		bool seen[10] = { false };

		execute_order(&run, 1, block, order);
		for (int i = 0; i < 10; i++) {
			assert_in_range(order[i], 0, 9);
			assert_false(seen[order[i]]);
			seen[order[i]] = true;
		}
	}
}

static void test_each_arm_is_in_each_place_once_in_n_blocks(void **state)
{
	int order[RUN_MAX_ARMS], place[9][9] = { 0 };

	(void)state;
	run = (struct run){ .seed = 7, .nr_arms = 9 };
	for (int block = 0; block < 9; block++) {
		execute_order(&run, 0, block, order);
		for (int i = 0; i < 9; i++)
			place[i][order[i]]++;
	}
	for (int i = 0; i < 9; i++)
		for (int arm = 0; arm < 9; arm++)
			assert_int_equal(place[i][arm], 1);
}

static void test_the_order_is_drawn_anew_after_n_blocks(void **state)
{
	int first[RUN_MAX_ARMS], later[RUN_MAX_ARMS];

	(void)state;
	run = (struct run){ .seed = 42, .nr_arms = 10 };
	execute_order(&run, 0, 0, first);
	execute_order(&run, 0, 10, later);
	assert_memory_not_equal(first, later, 10 * sizeof(int));
}

static void test_the_same_seed_gives_the_same_order_and_another_does_not(void **state)
{
	int a[RUN_MAX_ARMS], b[RUN_MAX_ARMS];

	(void)state;
	run = (struct run){ .seed = 42, .nr_arms = 10 };
	execute_order(&run, 2, 3, a);
	execute_order(&run, 2, 3, b);
	assert_memory_equal(a, b, 10 * sizeof(int));
	run.seed = 43;
	execute_order(&run, 2, 3, b);
	assert_memory_not_equal(a, b, 10 * sizeof(int));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_block_holds_each_arm_once),
		cmocka_unit_test(test_each_arm_is_in_each_place_once_in_n_blocks),
		cmocka_unit_test(test_the_order_is_drawn_anew_after_n_blocks),
		cmocka_unit_test(test_the_same_seed_gives_the_same_order_and_another_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
