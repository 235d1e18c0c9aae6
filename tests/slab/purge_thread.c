// SPDX-License-Identifier: MIT
/*
 * Memory goes back to the system although the program makes no calls: libslab's own thread, in a
 * process, in its forked children, and where the system gives no thread. Nothing is given a time: a
 * test that hangs ends with the limit that all tests have.
 */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/buddy.h"
#include "readers.h"

#define NR_OBJECTS   32
#define OBJECT_BYTES ((size_t)1 << 20)
#define FLOOR_PAGES  ((size_t)(512u << 10) >> UNIT_SHIFT)

static struct zone *const zone = &slab_zones[0];

static void fill_and_free(void)
{
	void *p[NR_OBJECTS];

	for (int i = 0; i < NR_OBJECTS; i++) {
		p[i] = kmalloc(OBJECT_BYTES, GFP_KERNEL);
		assert_non_null(p[i]);
		memset(p[i], 1, OBJECT_BYTES);
	}
	for (int i = 0; i < NR_OBJECTS; i++)
		kfree(p[i]);
}

static unsigned int nr_workers(void)
{
	DIR *d = opendir("/proc/self/task");
	char path[300], name[32];
	unsigned int nr = 0;
	struct dirent *e;
	FILE *f;

	while ((e = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", e->d_name);
		f = fopen(path, "r");
		nr += f && fgets(name, sizeof(name), f) && !strcmp(name, "slab-worker\n");
		if (f)
			fclose(f);
	}
	closedir(d);
	return nr;
}

static size_t dirty_pages(void)
{
	size_t nr;

	lock_acquire(&zone->lock);
	nr = zone->nr_dirty;
	lock_release(&zone->lock);
	return nr;
}

static void await_drained(void)
{
	while (dirty_pages() > FLOOR_PAGES)
		usleep(1000);
}

/* In this order: a thread that has just been made has no name yet. */
static void await_end(void)
{
	await_drained();
	while (nr_workers())
		usleep(10000);
}

static int in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(60);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int drain_by_calls(void)
{
	if (slab_boot("dirty=512K,nodes=1,purge=2,purge_thread=0"))
		return 1;
	fill_and_free();
	while (dirty_pages() > FLOOR_PAGES) {
		usleep(1000);
		kfree(kmalloc(64u << 10, GFP_KERNEL));
	}
	return nr_workers() ? 2 : 70;
}

/* Before libslab is booted here. */
static void test_without_the_thread_memory_goes_back_inside_calls(void **state)
{
	(void)state;
	assert_int_equal(in_child(drain_by_calls), 70);
}

static void test_without_a_call_the_thread_gives_memory_back_and_ends(void **state)
{
	(void)state;
	assert_int_equal(nr_workers(), 0);
	fill_and_free();
	await_end();
	assert_equations_hold();
}

/* The address space is used up: no stack for a thread. */
static int free_without_a_thread(void)
{
	struct rlimit limit = { 0, 0 };
	void *p;

	p = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);
	setrlimit(RLIMIT_AS, &limit);
	errno = 12345;
	kfree(p);
	return errno == 12345 ? 70 : 1;
}

static void test_a_free_keeps_errno_when_there_can_be_no_thread(void **state)
{
	(void)state;
	if (UNDER_TSAN || UNDER_ASAN) {
		print_message("a sanitizer does not live under a limit of address space\n");
		skip();
	}
	boot_or_fail("dirty=512K,nodes=1,purge=2");
	assert_int_equal(in_child(free_without_a_thread), 70);
}

static size_t nr_cached(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.nr_cached;
}

static void fill_and_free_small(size_t nr)
{
	static void *objects[1 << 16];

	for (size_t i = 0; i < nr; i++) {
		objects[i] = kmalloc(512, GFP_KERNEL);
		assert_non_null(objects[i]);
		memset(objects[i], 1, 512);
	}
	for (size_t i = 0; i < nr; i++)
		kfree(objects[i]);
}

static bool is_per_cpu(void)
{
	char text[64];

	slab_option_get("cached_by", text, sizeof(text));
	return !strncmp(text, "per-CPU", 7);
}

/*
 * 32 MiB; some hundred objects would stay, and each of their slabs with them. More than once,
 * because on a busy machine a part may be drained before the rest is freed.
 */
static void test_a_program_that_drains_keeps_nothing_in_sheaves(void **state)
{
	(void)state;
	if (!is_per_cpu()) {
		print_message("the sheaves of a thread cannot be taken from it\n");
		skip();
	}
	do {
		fill_and_free_small(1 << 16);
		await_end();
	} while (nr_cached());
	assert_equations_hold();
}

/* 64 MiB stay in use, 4 MiB are freed. */
static void test_a_program_that_shrinks_a_little_keeps_its_sheaves(void **state)
{
	void *p[16];

	(void)state;
	for (int i = 0; i < 16; i++)
		p[i] = kmalloc(KMALLOC_MAX_SIZE, GFP_KERNEL);
	fill_and_free_small(1 << 13);
	await_end();
	assert_true(nr_cached() > 0);
	for (int i = 0; i < 16; i++)
		kfree(p[i]);
}

static int drain_without_calls(void)
{
	fill_and_free();
	await_drained();
	return 70;
}

static void test_a_forked_child_gets_a_thread_of_its_own(void **state)
{
	(void)state;
	if (UNDER_TSAN) {
		print_message("ThreadSanitizer allows no new threads after the fork of many\n");
		skip();
	}
	for (unsigned int i = 0; i < 20; i++) {
		fill_and_free();
		usleep(100 * i);
		assert_int_equal(in_child(drain_without_calls), 70);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_the_thread_memory_goes_back_inside_calls),
		cmocka_unit_test(test_a_free_keeps_errno_when_there_can_be_no_thread),
		cmocka_unit_test(test_without_a_call_the_thread_gives_memory_back_and_ends),
		cmocka_unit_test(test_a_program_that_drains_keeps_nothing_in_sheaves),
		cmocka_unit_test(test_a_program_that_shrinks_a_little_keeps_its_sheaves),
		cmocka_unit_test(test_a_forked_child_gets_a_thread_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
