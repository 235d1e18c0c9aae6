// SPDX-License-Identifier: MIT
/* The lock that all of libslab uses: one owner at a time, sleepers wake up, errno is kept. */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "lib/bits.h"
#include "allocators/slab/lock.h"

#define NR_THREADS 4
#define NR_STEPS   20000
#define ODD_ERRNO  4711

static struct lock lock;

static void *take_once(void *arg)
{
	int *seen = arg;

	errno = ODD_ERRNO;
	lock_acquire(&lock);
	*seen = errno;
	lock_release(&lock);
	return NULL;
}

static void ignore(int signal)
{
	(void)signal;
}

/* A signal ends the system call that the waiter sleeps in, with EINTR. */
static void test_a_wait_that_is_interrupted_keeps_errno(void **state)
{
	struct sigaction action = { .sa_handler = ignore };
	pthread_t thread;
	int seen = 0;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	lock_acquire(&lock);
	assert_int_equal(pthread_create(&thread, NULL, take_once, &seen), 0);
	while (__atomic_load_n(&lock.state, __ATOMIC_RELAXED) != LOCK_CONTENDED)
		usleep(100);
	usleep(20000);
	pthread_kill(thread, SIGUSR1);
	usleep(20000);
	lock_release(&lock);
	pthread_join(thread, NULL);
	assert_int_equal(seen, ODD_ERRNO);
}

static unsigned int nr_inside, nr_taken;

static void *count(void *arg)
{
	unsigned int *wrong = arg;

	for (int i = 0; i < NR_STEPS; i++) {
		if (i % 3) {
			lock_acquire(&lock);
		} else if (!lock_try(&lock)) {
			continue;
		}
		*wrong += nr_inside++ != 0;
		nr_taken++;
		nr_inside--;
		lock_release(&lock);
	}
	return NULL;
}

static void test_one_thread_at_a_time_is_inside(void **state)
{
	unsigned int wrong[NR_THREADS] = { 0 };
	pthread_t threads[NR_THREADS];

	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &wrong[i]), 0);
	for (int i = 0; i < NR_THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(wrong[i], 0);
	}
	assert_in_range(nr_taken, NR_THREADS * (NR_STEPS / 3 * 2), NR_THREADS * NR_STEPS);
	assert_int_equal(lock.state, LOCK_FREE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_wait_that_is_interrupted_keeps_errno),
		cmocka_unit_test(test_one_thread_at_a_time_is_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
