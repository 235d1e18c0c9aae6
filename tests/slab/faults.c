// SPDX-License-Identifier: MIT
/*
 * Out of memory anywhere: the whole API once, in a child for each n, with the n-th page allocation
 * or system call refused, alone and with all that follow. Answers are NULL or -ENOMEM, every
 * equation holds after each operation, nothing is left behind, and afterwards the same operations
 * succeed. Every n up to EVERY, then each STRIDE-th. MODE in the environment selects one set of
 * options.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/cache.h"
#include "allocators/slab/fault.h"
#include "allocators/slab/memcontrol.h"
#include "allocators/slab/percpu.h"
#include "allocators/slab/rcupdate.h"
#include "lib/bits.h"
#include "lib/sanitizers.h"
#include "whole_api.h"

#define FOR_EVER   UINT64_MAX
#define MOST_HOLES 8u  /* areas lost in a run */
#define MOST_CALLS 40u /* boot makes fewer */
#define SECONDS	   60u /* no child takes as long, unless it hangs */

/* A child takes ten times as long with sanitizers. */
#define EVERY  (UNDER_ASAN ? 5u : 40u)
#define STRIDE (UNDER_ASAN ? 7u : 3u)

static void arm(enum fault_kind kind, uint64_t n, uint64_t count)
{
	failing = n;
	slab_fault_arm(kind, n, count);
}

static void disarm(enum fault_kind kind)
{
	progress->requests = slab_fault_requests(kind);
	arm(kind, 0, 0);
}

/* An area whose addresses the system did not take back splits those that are free. */
static size_t nr_areas(void)
{
	char buf[128] = "0";

	slab_attribute("vmap_area", "objects", buf, sizeof(buf));
	return strtoull(buf, NULL, 10);
}

/*
 * Caches that are made late may lie in slabs of the least order, made when one of the usual order
 * was refused: those hold fewer, so that there may be so many more, which are not counted.
 */
static void forget_small(struct slab_usage *u)
{
	struct kmem_cache *s;

	list_for_each_entry (s, &slab_caches, link) {
		if (strcmp(s->name, "kmem_cache") != 0)
			continue;
		u->nr_slabs -= s->node[0].nr_fallbacks;
		u->slab_bytes -= s->node[0].nr_fallbacks * (slab_page_bytes() << s->geo.min_order);
	}
}

/* What is in use when nobody uses anything. */
static void settle(struct slab_usage *u)
{
	progress->operation = "settle";
	kvfree_rcu_barrier();
	mem_cgroup_drain_stocks();
	cache_shrink_all();
	check();
	slab_usage(u);
	forget_small(u);
	if (percpu_nr_cpus())
		u->nr_inuse -= nr_areas();
}

/* In lanes of threads the worker keeps what only it can give back, areas too. */
static void assert_nothing_in_use(const struct slab_usage *u, const struct slab_usage *usual)
{
	require(!u->large_bytes, "large blocks in use");
	require(!u->page_bytes, "pages in use");
	require(!u->vmalloc_bytes, "areas in use");
	if (!percpu_nr_cpus()) {
		require(u->nr_inuse <= usual->nr_inuse + MOST_HOLES, "objects in use");
		return;
	}
	require(u->nr_inuse == usual->nr_inuse, "objects in use");
	require(u->nr_cached == usual->nr_cached, "objects in sheaves");
	/* Less, if a slab that libslab keeps for itself is one of the least order. */
	require(u->nr_slabs <= usual->nr_slabs, "slabs left");
	require(u->slab_bytes <= usual->slab_bytes, "bytes in slabs");
}

/* In a child: once with failures, once without; then as little is left as after two good runs. */
static void live(enum fault_kind kind, uint64_t n, uint64_t count, struct slab_usage *usual)
{
	struct slab_usage u;

	slab_errors_reset();
	arm(kind, n, count);
	run_once();
	disarm(kind);
	run_once();
	settle(&u);
	if (n)
		assert_nothing_in_use(&u, usual);
	else
		*usual = u;
}

struct trial {
	const char *options;
	enum fault_kind kind;
	uint64_t n, count;
	struct slab_usage *usual; /* shared with the children */
};

/* True if a child that does @body ends well; else the trial in words. */
static bool in_child(const struct trial *t, void (*body)(const struct trial *t))
{
	int status = 0;
	pid_t pid;

	*progress = (struct progress){ .operation = "start" };
	pid = fork();
	if (!pid) {
		alarm(SECONDS);
		body(t);
		_exit(FINE);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == FINE)
		return true;
	print_error("\"%s\": %s %llu%s: status %#x in %s\n", t->options,
		    t->kind == FAULT_PAGES ? "page allocation" : "system call",
		    (unsigned long long)t->n, t->count == 1 ? "" : " and all behind it", status,
		    progress->operation);
	return false;
}

static uint64_t next(uint64_t n)
{
	return n < EVERY ? n + 1 : n + STRIDE;
}

/* For n = 1, 2, ... until a child made fewer requests; returns the last n, 0 after a failure. */
static uint64_t each_request(struct trial t, void (*body)(const struct trial *t))
{
	for (t.n = 1;; t.n = next(t.n)) {
		if (!in_child(&t, body))
			return 0;
		if (progress->requests < t.n)
			return t.n;
	}
}

/* Each kind of request, refused alone and with all behind it. */
static bool each_failure(struct trial t, void (*body)(const struct trial *t))
{
	static const uint64_t counts[] = { 1, FOR_EVER };
	uint64_t nr[NR_FAULT_KINDS];

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		for (unsigned int kind = 0; kind < NR_FAULT_KINDS; kind++) {
			t.kind = (enum fault_kind)kind;
			t.count = counts[i];
			nr[kind] = each_request(t, body);
			if (!nr[kind])
				return false;
		}
	print_message("\"%s\": %llu page allocations, %llu system calls\n", t.options,
		      (unsigned long long)nr[FAULT_PAGES], (unsigned long long)nr[FAULT_SYSCALL]);
	return true;
}

static void live_body(const struct trial *t)
{
	live(t->kind, t->n, t->count, t->usual);
}

/* libslab boots once a process, and each child is a copy of one that has just booted. */
static bool each_failure_once_booted(struct trial t)
{
	return in_child(&t, live_body) && each_failure(t, live_body); /* first nothing fails */
}

/* Address space of this process, in pages; without stdio, which allocates. */
static size_t mapped_pages(void)
{
	char buf[64] = "";
	int fd = open("/proc/self/statm", O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf) - 1);

	close(fd);
	require(n > 0, "no /proc/self/statm");
	return strtoull(buf, NULL, 10);
}

/* A refused boot leaves nothing; the next one succeeds. */
static void boot_body(const struct trial *t)
{
	size_t before, after;
	int err;

	progress->operation = "boot";
	before = mapped_pages();
	arm(t->kind, t->n, t->count);
	err = slab_boot(t->options);
	disarm(t->kind);
	after = mapped_pages();
	if (err) {
		require(err == -ENOMEM && *slab_boot_error(), "an answer other than -ENOMEM");
		require(after == before, "a refused boot leaves memory mapped");
		require(!slab_boot(t->options), "the second boot fails");
	}
	run_once();
	check();
}

static struct trial new_trial(const char *options)
{
	return (struct trial){ .options = options, .usual = (struct slab_usage *)(progress + 1) };
}

static void test_each_request_may_fail(void **state)
{
	struct trial t = new_trial(*state);
	pid_t pid = fork();

	if (!pid)
		_exit(!slab_boot(t.options) && each_failure_once_booted(t) ? FINE : WRONG);
	assert_int_equal(child_exit_code(pid), FINE);
}

/* Boot without system call @n; UNLIKE if lanes belong to CPUs all the same. */
static enum verdict live_without_call(struct trial t, uint64_t n)
{
	bool up;

	slab_fault_arm(FAULT_SYSCALL, n, 1);
	up = !slab_boot(t.options);
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	if (!up || percpu_nr_cpus())
		return UNLIKE;
	return each_failure_once_booted(t) ? FINE : WRONG;
}

/* What a system without restartable sequences, or without memory for them, has. */
static void test_each_request_may_fail_with_lanes_of_threads(void **state)
{
	int verdict = UNLIKE;

	for (uint64_t n = 1; n <= MOST_CALLS && verdict == UNLIKE; n++) {
		pid_t pid = fork();

		if (!pid)
			_exit(live_without_call(new_trial(*state), n));
		verdict = child_exit_code(pid);
	}
	assert_int_equal(verdict, FINE);
}

static void test_each_request_of_boot_may_fail(void **state)
{
	assert_true(each_failure(new_trial(*state), boot_body));
}

static char *modes[] = {
	"",
	"engine=cpuslab",
	"debug=FZPU",
	"nodes=2",
	"virtual=1",
	"freelist_random=1,freelist_hardened=1",
	"profiling=1",
	"limit=64M",
	"classes=fine,sheaves=grow,partition=typed,partitions=64",
	"sheaves=grow,reserve=0,purge=1,purge_thread=0",
};

static char *boots[] = {
	"",
	"engine=cpuslab",
	"debug=FZPU",
	"nodes=2",
	"virtual=1",
	"freelist_random=1,freelist_hardened=1,slab_buckets=1",
	"profiling=1",
	"limit=64M",
	"stats=1",
	"kfence=1,partition=random",
	"reserve=0,classes=fine",
};

static int run(const char *what, CMUnitTestFunction test, char *options)
{
	const char *only = getenv("MODE");
	char name[128];
	struct CMUnitTest one = { name, test, NULL, NULL, options };

	if (only && strcmp(only, options) != 0)
		return 0;
	snprintf(name, sizeof(name), "test_each_request_%s_may_fail [%s]", what, options);
	return _cmocka_run_group_tests(name, &one, 1, NULL, NULL);
}

/* One CPU, so that the same requests are made each time whatever the nodes and lanes are. */
static void stay_here(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
}

int main(void)
{
	int failed = 0;

	if (UNDER_TSAN) {
		/* Thousands of forks would each copy the sanitizer's shadow. */
		puts("one thread: nothing for ThreadSanitizer to see");
		return 77;
	}
	stay_here();
	progress = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++)
		failed += run("of_boot", test_each_request_of_boot_may_fail, boots[i]);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		failed += run("of_all_operations", test_each_request_may_fail, modes[i]);
	failed += run("with_lanes_of_threads", test_each_request_may_fail_with_lanes_of_threads,
		      "range=256M");
	return failed;
}
