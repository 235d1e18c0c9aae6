// SPDX-License-Identifier: MIT
/*
 * The option single_thread: sequences in a process without a kernel that restarts them. The program
 * runs itself again with glibc's registration turned off by a tunable and rseq(2) refused by a
 * filter, which is what valgrind shows to a program.
 */
#include "common.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/percpu.h"
#include "modes.h"

#define NR_OBJECTS 3000
#define MOST_CALLS 40 /* of a boot, and some more */
#define ALONE	   "one thread's sheaves (rseq)"

static struct kmem_cache *cache;

static size_t nr_cached(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.nr_cached;
}

/* More than sheaves and barn hold. NULL, or @arg if an object was given twice. */
static void *work(void *arg)
{
	static _Thread_local uint64_t *objects[NR_OBJECTS];

	for (uint64_t i = 0; i < NR_OBJECTS; i++) {
		objects[i] = kmem_cache_alloc(cache, GFP_KERNEL);
		if (!objects[i])
			return arg;
		*objects[i] = i;
	}
	for (uint64_t i = 0; i < NR_OBJECTS; i++) {
		if (*objects[i] != i)
			return arg;
		kmem_cache_free(cache, objects[i]);
	}
	return NULL;
}

static void make_cache(const char *options)
{
	boot_or_fail(options);
	cache = kmem_cache_create("alone", 96, 0, SLAB_NO_MERGE, NULL);
	assert_non_null(cache);
}

static void assert_engine(const char *expected)
{
	char engine[64];

	slab_option_get("cached_by", engine, sizeof(engine));
	assert_string_equal(engine, expected);
}

static void test_without_the_option_lanes_belong_to_threads(void **state)
{
	(void)state;
	boot_or_fail("");
	assert_engine("per-thread sheaves");
	assert_int_equal(percpu_nr_cpus(), 0);
}

static void test_with_it_the_sequences_are_used(void **state)
{
	void *object;

	(void)state;
	make_cache("single_thread=1");
	assert_engine(ALONE);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, object);
	assert_ptr_equal(percpu_pop(cache->slot), object);
	assert_true(percpu_push(cache->slot, object));
	assert_null(work(cache));
	assert_equations_hold();
	assert_true(nr_cached() > 0);
	kmem_cache_shrink(cache);
	assert_equations_hold();
	kmem_cache_destroy(cache);
}

static void *work_and_flush(void *arg)
{
	void *bad = work(arg);

	kmem_cache_shrink(cache);
	return bad;
}

/* It neither uses nor takes what the first thread has at hand. */
static void second_thread(const char *options)
{
	pthread_t thread;
	void *bad, *object;

	make_cache(options);
	assert_null(work(cache));
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, object);
	assert_int_equal(pthread_create(&thread, NULL, work_and_flush, cache), 0);
	assert_int_equal(pthread_join(thread, &bad), 0);
	assert_null(bad);
	assert_ptr_equal(kmem_cache_alloc(cache, GFP_KERNEL), object);
	kmem_cache_free(cache, object);
	assert_null(work(cache));
	assert_equations_hold();
	kmem_cache_destroy(cache);
}

static void test_a_second_thread_works_without_lanes(void **state)
{
	(void)state;
	second_thread("single_thread=1");
}

static void test_a_second_thread_works_without_cpu_slabs(void **state)
{
	(void)state;
	second_thread("single_thread=1,engine=cpuslab");
}

static void test_a_child_goes_on(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	make_cache("single_thread=1");
	assert_null(work(cache));
	pid = fork();
	if (!pid)
		_exit(percpu_nr_cpus() != 1 || work(cache) || slab_check(print_disagreement, NULL));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Nobody would restart what a handler has interrupted in a lane, so it keeps out of it. */
static void test_a_handler_finds_no_lane(void **state)
{
	void *object, *other;

	(void)state;
	boot_or_fail("single_thread=1");
	object = kmalloc(64, GFP_KERNEL);
	kfree(object);
	other = kmalloc_nolock(64, 0, NUMA_NO_NODE);
	assert_ptr_not_equal(other, object);
	kfree_nolock(other);
	assert_ptr_equal(kmalloc(64, GFP_KERNEL), object);
	kfree(object);
	assert_equations_hold();
}

static void *wait_for_end(void *arg)
{
	pthread_barrier_wait(arg);
	return NULL;
}

static void test_it_is_refused_beside_other_threads(void **state)
{
	pthread_barrier_t end;
	pthread_t thread;

	(void)state;
	pthread_barrier_init(&end, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, wait_for_end, &end), 0);
	assert_int_equal(slab_boot("single_thread=1"), -EINVAL);
	assert_string_equal(slab_boot_error(),
			    "single_thread=1 is for a process with one thread, this one has 2; "
			    "boot before it starts others, or leave the option out");
	pthread_barrier_wait(&end);
	pthread_join(thread, NULL);
	boot_or_fail("");
	assert_engine("per-thread sheaves");
}

/* Calls from @n on fail. 0 if it failed and the next one finds lanes of threads, 1 if it did not
 * fail, else 2. */
static int boot_without_calls(uint64_t n)
{
	char engine[64] = "";
	bool up;

	slab_fault_arm(FAULT_SYSCALL, n, UINT64_MAX);
	up = !slab_boot("single_thread=1");
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	if (up)
		return 1;
	if (percpu_nr_cpus() || slab_boot(""))
		return 2;
	slab_option_get("cached_by", engine, sizeof(engine));
	return strcmp(engine, "per-thread sheaves") ? 2 : 0;
}

/* What it pretended is forgotten, whatever failed. */
static void test_a_boot_that_failed_leaves_no_sequences(void **state)
{
	int nr_failed = 0;

	(void)state;
	for (uint64_t n = 1; n <= MOST_CALLS; n++) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(boot_without_calls(n));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		nr_failed += !WEXITSTATUS(status);
	}
	assert_true(nr_failed > 0);
}

static void test_a_build_without_sequences_says_so(void **state)
{
	(void)state;
	if (RSEQ_POSSIBLE)
		skip();
	assert_int_equal(slab_boot("single_thread=1"), -EINVAL);
	assert_non_null(strstr(slab_boot_error(), "; leave it out"));
	boot_or_fail("single_thread=0");
}

/* 0 or -errno. */
static int refuse_rseq(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rseq, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -errno;
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_without_the_option_lanes_belong_to_threads),
	cmocka_unit_test(test_with_it_the_sequences_are_used),
	cmocka_unit_test(test_a_second_thread_works_without_lanes),
	cmocka_unit_test(test_a_second_thread_works_without_cpu_slabs),
	cmocka_unit_test(test_a_child_goes_on),
	cmocka_unit_test(test_a_handler_finds_no_lane),
	cmocka_unit_test(test_it_is_refused_beside_other_threads),
	cmocka_unit_test(test_a_boot_that_failed_leaves_no_sequences),
	cmocka_unit_test(test_a_build_without_sequences_says_so),
};

/* libslab boots once a process, so each has its own. */
static int run_one(const char *name)
{
	cmocka_set_test_filter(name);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	const char *names[ARRAY_SIZE(tests)];
	int err;

	if (argc < 2) {
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execl("/proc/self/exe", argv[0], "again", (char *)NULL);
		return 1;
	}
	err = refuse_rseq();
	if (err) {
		printf("no filter for system calls: %s\n", strerror(-err));
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		names[i] = tests[i].name;
	if (!RSEQ_POSSIBLE)
		return run_one("test_a_build_without_sequences_says_so");
	return run_modes(names, ARRAY_SIZE(names), run_one);
}
