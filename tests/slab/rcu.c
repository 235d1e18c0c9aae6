// SPDX-License-Identifier: MIT
/* Grace periods, callbacks, the worker, fork(). */
#include "readers.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "allocators/slab/worker.h"
#include "lib/bits.h"

#define NR_CALLBACKS 10000

struct counted {
	char head[RCU_HEAD_BYTES] __attribute__((aligned(8)));
	unsigned int number;
};

static unsigned int nr_done;
static bool out_of_order;

static void count(void *head)
{
	struct counted *c = head;

	if (c->number != __atomic_load_n(&nr_done, __ATOMIC_RELAXED))
		out_of_order = true;
	__atomic_fetch_add(&nr_done, 1, __ATOMIC_RELEASE);
}

static unsigned int done(void)
{
	return __atomic_load_n(&nr_done, __ATOMIC_ACQUIRE);
}

static void reset(void)
{
	rcu_barrier_all("test");
	__atomic_store_n(&nr_done, 0, __ATOMIC_RELAXED);
	out_of_order = false;
}

/* First in the list of tests. */
static void test_without_rcu_there_is_no_thread(void **state)
{
	unsigned int before = nr_threads();
	struct kmem_cache *s;

	(void)state;
	assert_true(before > 0);
	boot_or_fail("cpus=2");
	s = kmem_cache_create("plain", 100, 0, SLAB_NO_MERGE, NULL);
	kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
	kmem_cache_shrink(s);
	kmem_cache_destroy(s);
	kfree(kmalloc(100000, GFP_KERNEL));
	kvfree_rcu_barrier();
	kfree_rcu_mightsleep(NULL);
	assert_int_equal(nr_threads(), before);
}

static void test_a_callback_waits_for_the_reader(void **state)
{
	struct counted c = { .number = 0 };
	struct reader r;

	(void)state;
	reset();
	reader_start(&r);
	rcu_call(&c, count);
	usleep(20000);
	assert_int_equal(done(), 0);
	assert_int_equal(rcu_nr_waiting(), 1);
	reader_stop(&r);
	rcu_barrier_all("test");
	assert_int_equal(done(), 1);
	assert_int_equal(rcu_nr_waiting(), 0);
}

static void test_callbacks_run_once_and_in_order(void **state)
{
	struct counted *c = calloc(NR_CALLBACKS, sizeof(*c));

	(void)state;
	reset();
	for (unsigned int i = 0; i < NR_CALLBACKS; i++) {
		c[i].number = i;
		rcu_call(&c[i], count);
	}
	rcu_barrier_all("test");
	assert_int_equal(done(), NR_CALLBACKS);
	assert_false(out_of_order);
	free(c);
}

/* Nobody waits for it; the test as a whole has a limit. */
static void test_the_worker_needs_nobody_who_waits(void **state)
{
	struct counted c = { .number = 0 };

	(void)state;
	reset();
	rcu_call(&c, count);
	while (!done())
		usleep(1000);
	rcu_barrier_all("test");
}

static void test_a_snapshot_elapses_after_its_readers(void **state)
{
	struct counted c[2] = { { .number = 0 }, { .number = 1 } };
	uint64_t before, within;
	struct reader r;

	(void)state;
	reset();
	before = rcu_snapshot();
	assert_true(before > 0);
	assert_false(rcu_elapsed(before));
	reader_start(&r);
	rcu_call(&c[0], count);
	usleep(20000);
	within = rcu_snapshot();
	assert_false(rcu_elapsed(before));
	reader_stop(&r);
	rcu_barrier_all("test");
	assert_true(rcu_elapsed(before));
	rcu_call(&c[1], count);
	rcu_barrier_all("test");
	assert_true(rcu_elapsed(within));
	assert_false(rcu_elapsed(rcu_snapshot()));
}

static unsigned int nr_works;

static void work_fn(struct work *w)
{
	(void)w;
	__atomic_fetch_add(&nr_works, 1, __ATOMIC_RELEASE);
}

static void await_works(unsigned int nr)
{
	while (__atomic_load_n(&nr_works, __ATOMIC_ACQUIRE) < nr)
		usleep(1000);
}

static void test_a_work_queued_twice_runs_once_at_the_earlier_time(void **state)
{
	static struct work w = { .fn = work_fn }, hours = { .fn = work_fn };

	(void)state;
	worker_queue(&hours, 3600ull * 1000000000);
	worker_queue(&w, 3600ull * 1000000000);
	worker_queue(&w, 1000000);
	await_works(1);
	usleep(10000);
	assert_int_equal(__atomic_load_n(&nr_works, __ATOMIC_ACQUIRE), 1);
	worker_queue(&hours, 0);
	await_works(2);
	worker_queue(&w, 0);
	await_works(3);
}

/* The line of /proc/self/task/@tid/status that starts with @key. */
static bool task_line(const char *tid, const char *key, char *line, int len)
{
	char path[300];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
	f = fopen(path, "r");
	while (f && !found && fgets(line, len, f))
		found = !strncmp(line, key, strlen(key));
	if (f)
		fclose(f);
	return found;
}

static void test_the_worker_has_a_name_and_blocks_signals(void **state)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	char line[256];
	unsigned int nr = 0;

	(void)state;
	worker_poke();
	usleep(10000);
	while ((e = readdir(d))) {
		if (!task_line(e->d_name, "Name:", line, sizeof(line)) ||
		    strcmp(line, "Name:\tslab-worker\n"))
			continue;
		nr++;
		assert_true(task_line(e->d_name, "SigBlk:", line, sizeof(line)));
		/* all but KILL, STOP and the two that glibc keeps for itself */
		assert_int_equal(strtoull(line + 8, NULL, 16) | 0x180040100ull,
				 0xffffffffffffffffull);
	}
	closedir(d);
	assert_int_equal(nr, 1);
}

/* In a child: its exit code. 70 is good. */
static int in_child(int (*body)(void *), void *arg)
{
	pid_t pid = fork();

	if (!pid) {
		alarm(60);
		_exit(body(arg));
	}
	return child_exit_code(pid);
}

/*
 * Without address space there is no stack for a thread, unless one that has ended left its own: the
 * tests that want no thread come first.
 */
static void limit_threads(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_AS, &limit);
}

static int barrier_without_threads(void *arg)
{
	struct counted c = { .number = 0 };

	(void)arg;
	limit_threads(0);
	rcu_call(&c, count);
	usleep(20000);
	if (nr_threads() != 1 || done())
		return 1;
	rcu_barrier_all("test");
	return done() == 1 ? 70 : 2;
}

static int wait_inherited(void *arg)
{
	(void)arg;
	rcu_barrier_all("test");
	return done() == 1 && nr_threads() == 1 && !out_of_order ? 70 : 3;
}

static int defer_more(void *arg)
{
	static struct counted more = { .number = 1 };

	(void)arg;
	rcu_call(&more, count);
	while (done() < 2)
		usleep(1000);
	return nr_threads() == 2 && !out_of_order ? 70 : 4;
}

/* A callback that cannot run waits when @arg is called in a child of this child. */
static int inherit(void *arg)
{
	static struct counted c = { .number = 0 };
	int (*const *body)(void *) = arg;

	limit_threads(0);
	rcu_call(&c, count);
	limit_threads(RLIM_INFINITY);
	if (done() || in_child(*body, NULL) != 70 || done())
		return 1;
	rcu_barrier_all("test");
	return done() == 1 ? 70 : 2;
}

static void skip_limits(void)
{
	if (!UNDER_ASAN && !UNDER_TSAN)
		return;
	print_message("a sanitizer does not live under a limit of address space\n");
	skip();
}

static void test_a_barrier_needs_no_worker(void **state)
{
	(void)state;
	skip_limits();
	reset();
	assert_int_equal(in_child(barrier_without_threads, NULL), 70);
}

static void test_a_child_runs_what_it_inherited(void **state)
{
	int (*bodies[])(void *) = { wait_inherited, defer_more };

	(void)state;
	skip_limits();
	reset();
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_int_equal(in_child(inherit, &bodies[i]), 70);
}

static bool skip_forks(void)
{
	if (UNDER_TSAN)
		print_message("ThreadSanitizer allows no new threads after the fork of many\n");
	return UNDER_TSAN;
}

struct delayed_stop {
	struct reader *r;
	pthread_t thread;
};

static void *stop_later(void *arg)
{
	struct delayed_stop *d = arg;

	usleep(20000);
	reader_stop(d->r);
	return NULL;
}

static void test_fork_waits_for_a_grace_period_under_way(void **state)
{
	struct counted c = { .number = 0 };
	struct delayed_stop d;
	struct reader r;

	(void)state;
	if (skip_forks())
		skip();
	reset();
	reader_start(&r);
	rcu_call(&c, count);
	usleep(5000); /* the worker waits for the reader */
	d.r = &r;
	assert_int_equal(pthread_create(&d.thread, NULL, stop_later, &d), 0);
	assert_int_equal(in_child(wait_inherited, NULL), 70);
	pthread_join(d.thread, NULL);
	rcu_barrier_all("test");
	assert_int_equal(done(), 1);
}

static uint32_t forking; /* 1: the callback runs, 2: fork() begins */

/* The first reader of its thread: liburcu has to be told of it, under a lock of its own. */
static void read_while_forking(void *head)
{
	__atomic_store_n(&forking, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&forking, __ATOMIC_ACQUIRE) == 1)
		usleep(100);
	usleep(20000);
	rcu_read_lock();
	reader_unlock();
	count(head);
}

static int nothing(void *arg)
{
	(void)arg;
	return 70;
}

static int fork_during_callback(void *arg)
{
	static struct counted c = { .number = 0 };

	(void)arg;
	rcu_call(&c, read_while_forking);
	while (!__atomic_load_n(&forking, __ATOMIC_ACQUIRE))
		usleep(100);
	__atomic_store_n(&forking, 2, __ATOMIC_RELEASE);
	return in_child(nothing, NULL) == 70 && done() == 1 ? 70 : 1;
}

/* As in_child(), for a body that may hang with all signals blocked. */
static int in_patient_child(int (*body)(void *))
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(body(NULL));
	for (int i = 0; i < 2000 && !waitpid(pid, &status, WNOHANG); i++)
		usleep(10000);
	if (status == -1)
		kill(pid, SIGKILL);
	if (status == -1)
		waitpid(pid, NULL, 0);
	return status == -1 ? -1 : WEXITSTATUS(status);
}

static void test_fork_waits_for_a_callback_that_becomes_a_reader(void **state)
{
	(void)state;
	if (skip_forks())
		skip();
	reset();
	assert_int_equal(in_patient_child(fork_during_callback), 70);
}

struct object {
	struct rcu_head rcu;
	char bytes[100];
};

static void defer_some(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct object *p = kmalloc(sizeof(*p), GFP_KERNEL);

		kfree_rcu(p, rcu);
	}
}

static int defer_and_wait(void *arg)
{
	size_t before = *(size_t *)arg;

	defer_some(1000);
	kvfree_rcu_barrier();
	return nr_inuse() == before ? 70 : 1;
}

/* The worker is busy with sheaves and blocks all the time; no child may inherit its locks. */
static void test_many_forks_while_the_worker_works(void **state)
{
	size_t before;

	(void)state;
	if (skip_forks())
		skip();
	kvfree_rcu_barrier();
	before = nr_inuse();
	for (int i = 0; i < 40; i++) {
		defer_some(2000);
		assert_int_equal(in_child(defer_and_wait, &before), 70);
	}
	kvfree_rcu_barrier();
	assert_int_equal(nr_inuse(), before);
	assert_equations_hold();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_rcu_there_is_no_thread),
		cmocka_unit_test(test_a_barrier_needs_no_worker),
		cmocka_unit_test(test_a_child_runs_what_it_inherited),
		cmocka_unit_test(test_a_callback_waits_for_the_reader),
		cmocka_unit_test(test_callbacks_run_once_and_in_order),
		cmocka_unit_test(test_the_worker_needs_nobody_who_waits),
		cmocka_unit_test(test_a_snapshot_elapses_after_its_readers),
		cmocka_unit_test(test_a_work_queued_twice_runs_once_at_the_earlier_time),
		cmocka_unit_test(test_the_worker_has_a_name_and_blocks_signals),
		cmocka_unit_test(test_fork_waits_for_a_grace_period_under_way),
		cmocka_unit_test(test_fork_waits_for_a_callback_that_becomes_a_reader),
		cmocka_unit_test(test_many_forks_while_the_worker_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
