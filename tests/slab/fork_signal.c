// SPDX-License-Identifier: MIT
/*
 * fork() in a signal handler that interrupted libslab anywhere, also with locks taken: by a timer,
 * and by another process that sends signals as fast as it can. The child either ends in the handler
 * or returns into what was interrupted, finishes it, and finds all equations true.
 */
#include "forks.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "modes.h"

#define NR_THREADS 3

static const char *mode;
static bool returns;		     /* the child, from the handler */
static __thread volatile bool child; /* it has */
static uint32_t forking;	     /* by one thread at a time, as slab.h asks */
static unsigned int nr_forks, nr_bad, nr_inside;
static unsigned int *nr_lossy; /* shared: children without what others had in their hands */

/* Steps of this thread; it is left alone until it has come further. */
static __thread volatile unsigned int nr_steps, forked_at;
static __thread volatile bool working;

static void count(unsigned int *nr, bool what)
{
	__atomic_fetch_add(nr, what, __ATOMIC_RELAXED);
}

static void fork_here(int sig)
{
	int saved = errno;
	pid_t pid;

	(void)sig;
	if (!working || child || nr_steps - forked_at < 3 ||
	    __atomic_exchange_n(&forking, 1, __ATOMIC_ACQUIRE))
		return;
	forked_at = nr_steps;
	count(&nr_inside, gate_is_inside());
	pid = fork();
	if (!pid) {
		watchdog(30);
		count(nr_lossy, gate_nr_lost());
		if (!returns)
			_exit(CHILD_GOOD);
		child = true;
	} else {
		count(&nr_forks, true);
		count(&nr_bad, reap(pid) != CHILD_GOOD);
		__atomic_store_n(&forking, 0, __ATOMIC_RELEASE);
	}
	errno = saved;
}

/* What reaches all locks often; in the child it ends with what it found. */
static void work_until(unsigned int enough)
{
	void *p[300];

	working = true;
	for (unsigned int n = 0; child || __atomic_load_n(&nr_forks, __ATOMIC_RELAXED) < enough;
	     n++) {
		for (size_t i = 0; i < ARRAY_SIZE(p); i++, nr_steps++)
			p[i] = kmalloc(n % 4 ? 900 : i % 40 ? 4000 : 40000, GFP_KERNEL);
		for (size_t i = 0; i < ARRAY_SIZE(p); i++, nr_steps++)
			kfree(p[i]);
		if (n % 4 == 0)
			drop_slab();
		if (n % 16 == 0)
			use_everything(n);
		if (child)
			_exit(go_on(n % 8 == 0));
	}
	working = false;
	if (child)
		_exit(go_on(0));
}

static unsigned int enough(void)
{
	unsigned int nr = strstr(mode, "debug") ? 10 : 20;

	return times(UNDER_ASAN ? nr / 2 : nr);
}

static void *work(void *arg)
{
	work_until(enough());
	return arg;
}

static void handle(int sig, bool child_returns)
{
	struct sigaction action = { .sa_handler = fork_here, .sa_flags = SA_RESTART };

	sigaction(sig, &action, NULL);
	returns = child_returns;
	nr_forks = nr_bad = nr_inside = *nr_lossy = 0;
}

static void assert_all_good(void)
{
	print_message("%u forks, %u of them inside, %u with loss\n", nr_forks, nr_inside,
		      *nr_lossy);
	assert_int_equal(nr_bad, 0);
	assert_equations_hold();
}

static void with_timer(bool child_returns)
{
	struct itimerval every = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };

	handle(SIGALRM, child_returns);
	setitimer(ITIMER_REAL, &every, NULL);
	work_until(enough() / 4);
	setitimer(ITIMER_REAL, &never, NULL);
	assert_all_good();
}

/* The sender sleeps at random between its signals, so that they fall anywhere. */
static pid_t send_signals(void)
{
	pid_t target = getpid(), pid = fork();
	unsigned int x = 1;

	if (pid)
		return pid;
	watchdog(200);
	while (!kill(target, SIGUSR1)) {
		x = x * 1103515245 + 12345;
		usleep(x >> 16 & 127);
	}
	_exit(0);
}

static void with_signals(bool child_returns, size_t nr)
{
	pthread_t threads[NR_THREADS];
	pid_t sender;

	handle(SIGUSR1, child_returns);
	sender = send_signals();
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, NULL), 0);
	work_until(enough());
	for (size_t i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	kill(sender, SIGKILL);
	reap(sender);
	assert_all_good();
}

static void test_a_child_may_end_in_the_handler_of_a_timer(void **state)
{
	(void)state;
	with_timer(false);
}

static void test_a_child_may_return_from_the_handler_of_a_timer(void **state)
{
	(void)state;
	with_timer(true);
}

static void test_a_child_may_return_to_where_one_thread_was(void **state)
{
	(void)state;
	with_signals(true, 0);
}

static void test_a_child_may_end_where_one_of_several_threads_was(void **state)
{
	(void)state;
	if (skip_forks())
		skip();
	with_signals(false, NR_THREADS);
}

static void test_a_child_may_return_to_where_one_of_several_threads_was(void **state)
{
	(void)state;
	if (skip_forks())
		skip();
	with_signals(true, NR_THREADS);
}

static int run(const char *m)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_child_may_end_in_the_handler_of_a_timer),
		cmocka_unit_test(test_a_child_may_return_from_the_handler_of_a_timer),
		cmocka_unit_test(test_a_child_may_return_to_where_one_thread_was),
		cmocka_unit_test(test_a_child_may_end_where_one_of_several_threads_was),
		cmocka_unit_test(test_a_child_may_return_to_where_one_of_several_threads_was),
	};

	watchdog(UNDER_ASAN ? 400 : 200);
	mode = m;
	nr_lossy = mmap(NULL, sizeof(*nr_lossy), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	assert_true(nr_lossy != MAP_FAILED);
	boot_or_fail(m);
	print_message("%s\n", m);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	static const char *const modes[] = {
		"seed=1",
		"engine=cpuslab,seed=1",
		"partition=random,nodes=2,seed=1",
		"debug=FZPU,seed=1",
	};

	if (UNDER_TSAN) {
		print_message("ThreadSanitizer keeps signals back until they interrupt nothing\n");
		return 77;
	}
	return run_modes(modes, ARRAY_SIZE(modes), run);
}
