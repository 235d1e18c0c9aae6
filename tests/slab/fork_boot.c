// SPDX-License-Identifier: MIT
/* fork() before libslab has booted, and while another thread boots it. */
#include "forks.h"

#define NR_FORKS 40

static int use(int unused)
{
	void *p = kmalloc(100, GFP_KERNEL);

	(void)unused;
	kfree(p);
	if (!p)
		return CHILD_LACKS;
	return slab_check(say, "after boot") ? CHILD_DISAGREES : CHILD_GOOD;
}

static uint32_t begun;

static void *boot(void *arg)
{
	__atomic_store_n(&begun, 1, __ATOMIC_RELEASE);
	kfree(kmalloc(100, GFP_KERNEL));
	return arg;
}

/* In a process of its own, which has not booted: its child is forked while a thread does. */
static int fork_beside_boot(int unused)
{
	pthread_t thread;
	int found;

	(void)unused;
	if (pthread_create(&thread, NULL, boot, NULL))
		return CHILD_LACKS;
	while (!__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
		;
	found = child_of(use, 0);
	pthread_join(thread, NULL);
	return found;
}

static void test_a_child_that_is_forked_before_boot_boots(void **state)
{
	(void)state;
	assert_int_equal(child_of(use, 0), CHILD_GOOD);
}

/* The child had the lock of a boot that nobody went on with. */
static void test_a_fork_waits_for_the_boot_of_another_thread(void **state)
{
	(void)state;
	if (skip_forks())
		skip();
	for (unsigned int i = 0; i < times(NR_FORKS); i++)
		assert_int_equal(child_of(fork_beside_boot, 0), CHILD_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_that_is_forked_before_boot_boots),
		cmocka_unit_test(test_a_fork_waits_for_the_boot_of_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
