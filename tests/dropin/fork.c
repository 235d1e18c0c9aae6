// SPDX-License-Identifier: MIT
/*
 * fork() by a program whose malloc this is: while other threads are inside malloc, hold stdio's
 * locks or fork themselves, and in a signal handler that interrupted malloc. A hang ends by
 * SIGALRM. The same on libslab's own API, in all its modes: tests/slab/fork*.c.
 */
#include "family.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

#include "lib/sanitizers.h"

#define NR_THREADS 3
#define NR_FORKS   30
#define HANG_S	   100

#if UNDER_ASAN
/* At the end of a child it would look for threads that only its parent has. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static bool stop;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

/* Blocks of every kind: of a class, of pages, a mapping. */
static bool allocate(unsigned int seed)
{
	void *p[200];
	bool good = true;

	for (unsigned int i = 0; i < 200; i++) {
		size_t size = i % 50 ? (i * 2654435761u + seed) % 5000 : (size_t)(i + 1) * 40000;

		p[i] = i % 7 ? malloc(size) : calloc(1, size);
		good = good && p[i];
	}
	for (unsigned int i = 0; i < 200; i++)
		free(p[i]);
	return good;
}

static void end_child(unsigned int seed)
{
	alarm(HANG_S);
	_exit(allocate(seed) && !slab_check(NULL, NULL) ? 0 : 1);
}

static int fork_and_wait(unsigned int seed)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		end_child(seed);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static void start(pthread_t *threads, void *(*body)(void *arg))
{
	alarm(HANG_S);
	stop = false;
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, (void *)i), 0);
}

static void finish(pthread_t *threads)
{
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	alarm(0);
}

/* One has the list of streams and waits for a stream, whose owner waits for malloc. */
static void *use_stdio(void *arg)
{
	FILE *f = fopen("/dev/null", "w");

	for (unsigned int i = 0; !stopped(); i++) {
		if (!arg) {
			fflush(NULL);
			continue;
		}
		flockfile(f);
		allocate(i);
		funlockfile(f);
	}
	fclose(f);
	return NULL;
}

static void test_fork_while_another_thread_holds_stdios_lock(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	start(threads, use_stdio);
	for (unsigned int i = 0; i < NR_FORKS; i++)
		assert_int_equal(fork_and_wait(i), 0);
	finish(threads);
}

static unsigned int nr_forks, nr_bad;

static void *fork_too(void *arg)
{
	for (unsigned int i = 0; !stopped(); i++) {
		allocate(i);
		if (i % 4)
			continue;
		__atomic_add_fetch(&nr_bad, fork_and_wait(i) != 0, __ATOMIC_RELAXED);
		__atomic_add_fetch(&nr_forks, 1, __ATOMIC_RELAXED);
	}
	return arg;
}

static void test_any_thread_may_fork_at_any_time(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	start(threads, fork_too);
	while (__atomic_load_n(&nr_forks, __ATOMIC_RELAXED) < NR_FORKS)
		allocate(1);
	finish(threads);
	assert_int_equal(nr_bad, 0);
}

static volatile sig_atomic_t nr_handled, nr_failed;

/*
 * The child ends here, or goes on with the malloc() that was interrupted, and then allocates. In
 * the handler nobody allocates: the lock that it would wait for may be its own thread's.
 */
static void fork_here(int sig)
{
	int saved = errno, status = -1;
	pid_t pid = fork();

	(void)sig;
	if (!pid) {
		alarm(HANG_S);
		if (nr_handled % 2)
			_exit(0);
		stop = true;
		return;
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		nr_failed++;
	nr_handled++;
	errno = saved;
}

static void interrupt(void)
{
	struct sigaction action = { .sa_handler = fork_here, .sa_flags = SA_RESTART };
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	pid_t parent = getpid();

	nr_handled = nr_failed = 0;
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &every, NULL);
	while (nr_handled < NR_FORKS && !stopped())
		allocate((unsigned int)nr_handled);
	setitimer(ITIMER_VIRTUAL, &never, NULL);
	if (getpid() != parent)
		end_child(1);
}

static void test_fork_in_a_handler_that_interrupted_malloc(void **state)
{
	(void)state;
	alarm(HANG_S);
	stop = false;
	interrupt();
	assert_int_equal(nr_failed, 0);
	alarm(0);
}

static void *allocate_on(void *arg)
{
	sigset_t timer;

	sigemptyset(&timer);
	sigaddset(&timer, SIGVTALRM);
	pthread_sigmask(SIG_BLOCK, &timer, NULL);
	for (unsigned int i = 0; !stopped(); i++)
		allocate(i);
	return arg;
}

static void test_the_same_beside_threads_that_allocate(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	start(threads, allocate_on);
	interrupt();
	assert_int_equal(nr_failed, 0);
	finish(threads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_while_another_thread_holds_stdios_lock),
		cmocka_unit_test(test_any_thread_may_fork_at_any_time),
		cmocka_unit_test(test_fork_in_a_handler_that_interrupted_malloc),
		cmocka_unit_test(test_the_same_beside_threads_that_allocate),
	};

	if (UNDER_TSAN) {
		printf("ThreadSanitizer does not let a child of several threads go on\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
