// SPDX-License-Identifier: MIT
/* fork() before libslab has booted, and while another thread boots it. */
#include "common.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/sanitizers.h"

#define NR_FORKS 40
#define HANG_S	 20

static int status_of(pid_t pid)
{
	int status = -1;

	return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static void use_and_end(void)
{
	void *p;

	alarm(HANG_S);
	p = kmalloc(100, GFP_KERNEL);
	kfree(p);
	_exit(p && !slab_check(NULL, NULL) ? 0 : 1);
}

static uint32_t begun;

static void *boot(void *arg)
{
	__atomic_store_n(&begun, 1, __ATOMIC_RELEASE);
	kfree(kmalloc(100, GFP_KERNEL));
	return arg;
}

/* In a process of its own, which has not booted: its child is forked while a thread does. */
static void fork_beside_boot(void)
{
	pthread_t thread;
	pid_t pid;
	int status;

	if (pthread_create(&thread, NULL, boot, NULL))
		_exit(2);
	while (!__atomic_load_n(&begun, __ATOMIC_ACQUIRE))
		;
	pid = fork();
	if (!pid)
		use_and_end();
	status = status_of(pid);
	pthread_join(thread, NULL);
	_exit(status ? 3 : 0);
}

static void test_a_child_that_is_forked_before_boot_boots(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (!pid)
		use_and_end();
	assert_int_equal(status_of(pid), 0);
}

/* The child had the lock of a boot that nobody went on with. */
static void test_a_fork_waits_for_the_boot_of_another_thread(void **state)
{
	(void)state;
	if (UNDER_TSAN) {
		print_message("ThreadSanitizer does not let a child of several threads go on\n");
		skip();
	}
	for (int i = 0; i < NR_FORKS; i++) {
		pid_t pid = fork();

		if (!pid)
			fork_beside_boot();
		assert_int_equal(status_of(pid), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_that_is_forked_before_boot_boots),
		cmocka_unit_test(test_a_fork_waits_for_the_boot_of_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
