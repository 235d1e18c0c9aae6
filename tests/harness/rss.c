// SPDX-License-Identifier: MIT
/* What a child holds, read from outside, while it maps, touches and gives back memory. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/rss.h"

#define MIB 1048576ul

static int up[2], down[2]; /* the child's steps, the test's answers */

/* In the child: tell that a step is done, wait until it was looked at. */
static void step(void)
{
	char c = 's';

	if (write(up[1], &c, 1) != 1 || read(down[0], &c, 1) != 1)
		_exit(1);
}

static void *touch(size_t bytes, int flags, int fd)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, bytes);
	return p;
}

static void live(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	void *file, *held;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ftruncate(fd, 12 * MIB))
		_exit(1);
	file = touch(12 * MIB, MAP_SHARED, fd);
	step(); /* opened here */
	held = touch(16 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	step();
	munmap(file, 12 * MIB);
	step();
	munmap(held, 16 * MIB);
	step();
	_exit(0);
}

static void next(void)
{
	char c = 'g';

	assert_int_equal(write(down[1], &c, 1), 1);
	assert_int_equal(read(up[0], &c, 1), 1);
}

static void assert_about(uint64_t bytes, uint64_t mib)
{
	if (bytes < mib * MIB || bytes > (mib + 2) * MIB)
		fail_msg("%llu KiB, not about %llu MiB", (unsigned long long)bytes / 1024,
			 (unsigned long long)mib);
}

static void test_unmapping_a_shared_file_is_not_memory_given_back(void **state)
{
	struct rss r;
	uint64_t start;
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(up) | pipe(down), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		live();
	assert_int_equal(read(up[0], &c, 1), 1);
	assert_int_equal(rss_open(&r, pid), 0);
	start = rss_held(&r);
	next();
	assert_about(rss_held(&r) - start, 16);
	next(); /* the file is gone */
	assert_about(rss_held(&r) - start, 16);
	next(); /* so is the private memory */
	assert_true(rss_held(&r) < start + 2 * MIB);
	/* The kernel keeps the mark by a counter that may be some pages per CPU behind. */
	assert_true(rss_peak(&r) >= 15 * MIB);
	assert_int_equal(write(down[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rss_held(&r), 0);
	rss_close(&r);
}

static void test_a_process_that_is_gone_cannot_be_opened(void **state)
{
	struct rss r;
	pid_t pid = fork();

	(void)state;
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(rss_open(&r, pid) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unmapping_a_shared_file_is_not_memory_given_back),
		cmocka_unit_test(test_a_process_that_is_gone_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
