// SPDX-License-Identifier: MIT
/*
 * Programs that forbid themselves system calls while they run (seccomp): what libslab can do
 * without, it does without.
 */
#include "family.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define NR_THREADS 3
#define NR_BLOCKS  5000

/* From now on @nr is EPERM, as in most sandboxes, for this process. */
static void forbid(unsigned int nr)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		_exit(77);
}

static void *take_and_give(void *arg)
{
	void **blocks = arg;

	for (size_t round = 0; round < 20; round++) {
		for (size_t i = 0; i < NR_BLOCKS; i++)
			blocks[i] = malloc(i % 2000 + 1);
		for (size_t i = 0; i < NR_BLOCKS; i++)
			free(blocks[i]);
		free(malloc(HUGE + 1));
	}
	return NULL;
}

/* malloc_trim() reaches into the lanes of other CPUs, which the threads leave filled. */
static void use_all(void)
{
	static void *blocks[NR_THREADS][NR_BLOCKS];
	pthread_t threads[NR_THREADS];

	for (size_t i = 0; i < NR_THREADS; i++)
		if (pthread_create(&threads[i], NULL, take_and_give, blocks[i]))
			_exit(2);
	for (int i = 0; i < 50; i++)
		malloc_trim(0);
	for (size_t i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	malloc_trim(0);
	if (slab_check(NULL, NULL))
		_exit(3);
}

static unsigned int forbidden[2], nr_forbidden;

static void use_all_without(void)
{
	free(malloc(1));
	for (unsigned int i = 0; i < nr_forbidden; i++)
		forbid(forbidden[i]);
	use_all();
}

/* Returns the wait status. */
static int run_without(unsigned int first, unsigned int second, char *text, size_t len)
{
	int status;

	if (UNDER_TSAN) {
		print_message("without restartable sequences no fence is needed\n");
		skip();
	}
	forbidden[0] = first;
	forbidden[1] = second;
	nr_forbidden = second ? 2 : 1;
	status = run_in_child(use_all_without, text, len);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 77)
		return status;
	print_message("no seccomp filter can be set here\n");
	skip();
	return status;
}

static void test_memory_that_cannot_be_given_back_stays(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(run_without(SYS_madvise, 0, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void test_other_cpus_are_visited_where_membarrier_is_forbidden(void **state)
{
	char text[4096];

	(void)state;
	assert_int_equal(run_without(SYS_membarrier, 0, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

/* Where there is one CPU, or no restartable sequences, no fence is needed. */
static void test_without_a_way_to_other_cpus_it_is_one_sentence(void **state)
{
	char text[4096];
	int status;

	(void)state;
	status = run_without(SYS_membarrier, SYS_sched_setaffinity, text, sizeof(text));
	if (status)
		assert_non_null(strstr(text, "allow one of them in the sandbox"));
	else
		assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_that_cannot_be_given_back_stays),
		cmocka_unit_test(test_other_cpus_are_visited_where_membarrier_is_forbidden),
		cmocka_unit_test(test_without_a_way_to_other_cpus_it_is_one_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, check_equations);
}
