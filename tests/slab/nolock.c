// SPDX-License-Identifier: MIT
/*
 * kmalloc_nolock() and kfree_nolock() in signal handlers: at a thousand ticks a second, by signals
 * from another thread, and after every single instruction of ordinary calls (the processor's trap
 * flag). The numbers of the first are those of the kernel's test_kmalloc_kfree_nolock.
 */
#include "common.h"

#include <errno.h>
#include <linux/rseq.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "allocators/slab/defer.h"
#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/lock.h"
#include "lib/sanitizers.h"

#define NR_OBJECTS 1000
#define NR_ROUNDS  (UNDER_TSAN ? 100 : 1000)
#define NR_KEPT	   32

/* Of the C library; 32 bytes are registered, with the signature of the architecture. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

/* What the handlers did. Only handlers of one signal run at a time, on one thread. */
static struct {
	unsigned long calls;
	unsigned long served;
	unsigned long refused;
	unsigned long deferred;
	unsigned long wrong;
	unsigned int next;
	unsigned char *kept[NR_KEPT];
	size_t bytes[NR_KEPT];
} seen;

static bool is_filled(const unsigned char *p, size_t bytes, int value)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void release_one(unsigned int i)
{
	if (!seen.kept[i])
		return;
	seen.wrong += !is_filled(seen.kept[i], seen.bytes[i], (int)i + 1);
	kfree_nolock(seen.kept[i]);
	seen.deferred += __atomic_load_n(&slab_deferred, __ATOMIC_RELAXED) == seen.kept[i];
	seen.kept[i] = NULL;
}

/* Free the object of 32 calls ago and take another; every object is written to its end. */
static void use_nolock(int sig)
{
	static const size_t sizes[] = { 64, 40, 64, 8, 64, 200, 64, 96 };
	unsigned int i = seen.next++ % NR_KEPT;
	size_t bytes = sizes[i % 8];
	int before = errno;

	(void)sig;
	seen.calls++;
	release_one(i);
	errno = 1234;
	seen.kept[i] = kmalloc_nolock(bytes, i & 1 ? __GFP_ZERO : 0, NUMA_NO_NODE);
	seen.wrong += errno != 1234;
	errno = before;
	seen.bytes[i] = bytes;
	if (!seen.kept[i]) {
		seen.refused++;
		return;
	}
	seen.served++;
	seen.wrong += (i & 1) && !is_filled(seen.kept[i], bytes, 0);
	memset(seen.kept[i], (int)i + 1, bytes);
}

static void handle(int sig, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	memset(&seen, 0, sizeof(seen));
	sigfillset(&action.sa_mask);
	assert_int_equal(sigaction(sig, &action, NULL), 0);
}

/* No handler runs any more: free what they kept, half of it by kfree(). */
static void release_all(int sig)
{
	signal(sig, SIG_IGN);
	for (unsigned int i = 0; i < NR_KEPT; i++) {
		if (!seen.kept[i] || i % 2) {
			release_one(i);
			continue;
		}
		seen.wrong += !is_filled(seen.kept[i], seen.bytes[i], (int)i + 1);
		kfree(seen.kept[i]);
		seen.kept[i] = NULL;
	}
	print_message("%lu calls: %lu served, %lu refused, %lu frees deferred\n", seen.calls,
		      seen.served, seen.refused, seen.deferred);
}

static void finish(int sig)
{
	release_all(sig);
	assert_int_equal(seen.wrong, 0);
	assert_equations_hold();
	assert_null(slab_deferred);
}

/* Returns how many objects did not hold what was written. */
static unsigned int allocate_and_free(unsigned int n)
{
	unsigned char *p[NR_OBJECTS];
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < n; i++) {
		p[i] = kmalloc(64, GFP_KERNEL);
		if (p[i])
			memset(p[i], (int)(i & 0xff), 64);
	}
	for (unsigned int i = 0; i < n; i++) {
		wrong += !p[i] || p[i][0] != (i & 0xff) || p[i][63] != (i & 0xff);
		kfree(p[i]);
	}
	return wrong;
}

static void run_timer(suseconds_t us)
{
	struct itimerval every = { { 0, us }, { 0, us } };

	assert_int_equal(setitimer(ITIMER_REAL, &every, NULL), 0);
}

static void test_a_timer_interrupts_a_million_allocations(void **state)
{
	size_t before = nr_inuse();
	unsigned int wrong = 0;

	(void)state;
	handle(SIGALRM, use_nolock);
	run_timer(1000);
	for (int round = 0; round < NR_ROUNDS; round++)
		wrong += allocate_and_free(NR_OBJECTS);
	while (seen.calls < 100) /* few ticks fall into the loop of a fast machine */
		wrong += allocate_and_free(NR_OBJECTS);
	run_timer(0);
	finish(SIGALRM);
	assert_int_equal(wrong, 0);
	assert_int_equal(nr_inuse(), before);
}

static bool stop;

static void *contend(void *arg)
{
	unsigned int wrong = 0;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		wrong += allocate_and_free(NR_OBJECTS);
	*(unsigned int *)arg += wrong;
	return NULL;
}

static void *signal_main(void *arg)
{
	pthread_t target = *(pthread_t *)arg;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
		pthread_kill(target, SIGUSR1);
	return NULL;
}

static void test_signals_at_any_time_while_other_threads_contend(void **state)
{
	pthread_t self = pthread_self(), threads[3];
	unsigned int wrong[3] = { 0 };
	size_t before = nr_inuse();
	sigset_t usr1;

	(void)state;
	handle(SIGUSR1, use_nolock);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, contend, &wrong[i]), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, signal_main, &self), 0);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	for (int round = 0; round < 200 || seen.calls < 2000; round++)
		wrong[2] += allocate_and_free(NR_OBJECTS);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	finish(SIGUSR1);
	assert_int_equal(wrong[0] + wrong[1] + wrong[2], 0);
	assert_int_equal(nr_inuse(), before);
}

#if defined(__x86_64__) && !UNDER_TSAN
#define CAN_STEP 1

/* The trap flag: from here on a SIGTRAP after each instruction, until it is cleared. */
static void step_on(void)
{
	__asm__ volatile("sub $128, %%rsp\n\tpushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\t"
			 "add $128, %%rsp" ::
				 : "memory", "cc");
}

static void step_off(void)
{
	__asm__ volatile("sub $128, %%rsp\n\tpushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq\n\t"
			 "add $128, %%rsp" ::
				 : "memory", "cc");
}
#else
#define CAN_STEP 0
static void step_on(void)
{
}
static void step_off(void)
{
}
#endif

/*
 * A restartable sequence that is interrupted at each instruction begins again for ever, so this
 * thread gives its registration up; lanes then belong to threads.
 */
static bool give_up_sequences(void)
{
	char *self = __builtin_thread_pointer();

	if (!&__rseq_size || !__rseq_size)
		return false;
	return !syscall(SYS_rseq, self + __rseq_offset, 32, RSEQ_FLAG_UNREGISTER, 0x53053053);
}

/* Exit codes of the child. */
enum { STEPPED = 70, NO_WAY, WRONG };

static int step(void)
{
	static void *p[200];
	char engine[64];
	size_t before;

	if (!give_up_sequences())
		return NO_WAY;
	boot_or_fail("cpus=2");
	slab_option_get("cached_by", engine, sizeof(engine));
	if (strcmp(engine, "per-thread sheaves"))
		return WRONG;
	before = nr_inuse();
	handle(SIGTRAP, use_nolock);
	step_on();
	for (int i = 0; i < 200; i++)
		p[i] = kmalloc(i % 2 ? 64 : 2000, GFP_KERNEL);
	for (int i = 0; i < 200; i++)
		kfree(p[i]);
	step_off();
	release_all(SIGTRAP);
	/* frees are deferred only when it was inside a lock */
	if (seen.calls < 5000 || !seen.served || !seen.deferred || seen.wrong)
		return WRONG;
	return slab_check(print_disagreement, NULL) || nr_inuse() != before ? WRONG : STEPPED;
}

static void test_a_signal_after_every_instruction(void **state)
{
	int code;
	pid_t pid;

	(void)state;
	if (!CAN_STEP) {
		print_message("needs the trap flag of x86-64, and no thread sanitizer\n");
		skip();
	}
	pid = fork();
	if (!pid)
		_exit(step());
	code = child_exit_code(pid);
	if (code == NO_WAY) {
		print_message("the C library registers no restartable sequences that could be "
			      "given up\n");
		skip();
	}
	assert_int_equal(code, STEPPED);
}

/* What CPUs hold of their slabs counts as in use until they give it back. */
static void shrink_all(void)
{
	for (unsigned int type = 0; type < NR_PARTITIONS; type++)
		for (unsigned int i = 1; i <= kmalloc_index(KMALLOC_MAX_CACHE_SIZE); i++)
			if (kmalloc_cache(type, i))
				kmem_cache_shrink(kmalloc_cache(type, i));
}

/* In a process of its own: what the first test below does, under @options. 0 if all was right. */
static int timed_run(const char *options)
{
	unsigned int wrong = 0;
	size_t before;

	boot_or_fail(options);
	before = nr_inuse();
	handle(SIGALRM, use_nolock);
	run_timer(1000);
	while (seen.calls < 50)
		wrong += allocate_and_free(NR_OBJECTS);
	run_timer(0);
	release_all(SIGALRM);
	shrink_all();
	if (seen.wrong || wrong || slab_errors() || nr_inuse() != before)
		return 1;
	return slab_check(print_disagreement, NULL) ? 2 : 0;
}

static void test_every_engine_and_all_letters_bear_it(void **state)
{
	static const char *const options[] = { "engine=cpuslab",
					       "debug=FZPU",
					       "debug=F",
					       "stats=1",
					       "partition=random",
					       "init_on_alloc=1,init_on_free=1",
					       "freelist_hardened=1,freelist_random=1",
					       "kfence=1",
					       "limit=64M" };

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		assert_child_returns_0(timed_run, options[i]);
}

static void test_before_boot_nothing_is_served(void **state)
{
	(void)state;
	assert_null(kmalloc_nolock(64, 0, NUMA_NO_NODE));
}

static void test_what_cannot_be_served_is_null(void **state)
{
	(void)state;
	assert_null(kmalloc_nolock(KMALLOC_MAX_CACHE_SIZE + 1, 0, NUMA_NO_NODE));
	assert_null(kmalloc_nolock(64, GFP_KERNEL, NUMA_NO_NODE));
	assert_null(kmalloc_nolock(64, GFP_NOWAIT, NUMA_NO_NODE));
	assert_null(kmalloc_nolock(64, __GFP_RECLAIMABLE, NUMA_NO_NODE));
	assert_ptr_equal(kmalloc_nolock(0, 0, NUMA_NO_NODE), ZERO_SIZE_PTR);
	kfree_nolock(ZERO_SIZE_PTR);
	kfree_nolock(NULL);
}

static void test_every_class_is_served_and_kfree_takes_it(void **state)
{
	(void)state;
	for (size_t size = 1; size <= KMALLOC_MAX_CACHE_SIZE; size = size * 5 / 4 + 1) {
		void *p = kmalloc_nolock(size, __GFP_ZERO | __GFP_NOWARN, NUMA_NO_NODE);
		void *q = kmalloc_nolock(size, __GFP_ACCOUNT, NUMA_NO_NODE);

		assert_non_null(p);
		assert_non_null(q);
		assert_int_equal(ksize(p), kmalloc_size_roundup(size));
		memset(p, 0xff, size);
		memset(q, 0xff, size);
		kfree(p);
		kfree_nolock(q);
	}
	assert_equations_hold();
}

/* What an interrupted holder of the lock looks like from the handler. */
static void test_under_a_taken_lock_the_next_class_serves_and_frees_wait(void **state)
{
	struct kmem_cache *s = kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(64));
	struct kmem_cache *larger = kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(96));
	void *early = kmalloc_nolock(64, 0, NUMA_NO_NODE), *p;
	size_t before = nr_inuse();

	(void)state;
	assert_non_null(early);
	kmem_cache_shrink(s); /* no sheaf serves or takes it */
	kmem_cache_shrink(larger);
	lock_acquire(&s->node[0].lock);
	p = kmalloc_nolock(64, 0, NUMA_NO_NODE);
	assert_non_null(p);
	assert_int_equal(ksize(p), 96);
	lock_acquire(&larger->node[0].lock);
	assert_null(kmalloc_nolock(64, 0, NUMA_NO_NODE));
	lock_release(&larger->node[0].lock);
	kfree_nolock(early);
	assert_ptr_equal(slab_deferred, early);
	lock_release(&s->node[0].lock);
	assert_int_equal(nr_inuse(), before); /* it drains: one object less, one more */
	assert_null(slab_deferred);
	kfree_nolock(p);
	assert_equations_hold();
}

/* Empty slabs beyond min_partial must go back to the buddy, which only an ordinary call may do. */
static void test_slabs_that_fall_empty_go_back_all_the_same(void **state)
{
	static void *p[20000];
	struct slab_usage before, after;

	(void)state;
	slab_usage(&before);
	for (int i = 0; i < 20000; i++)
		p[i] = kmalloc_nolock(512, 0, NUMA_NO_NODE);
	for (int i = 0; i < 20000; i++)
		kfree_nolock(p[i]);
	assert_equations_hold();
	/* The last objects of many slabs are in sheaves now. */
	kmem_cache_shrink(kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(512)));
	slab_usage(&after);
	assert_int_equal(after.nr_inuse, before.nr_inuse);
	assert_in_range(after.nr_slabs, 0, before.nr_slabs);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest not_booted[] = {
		cmocka_unit_test(test_before_boot_nothing_is_served),
		cmocka_unit_test(test_a_signal_after_every_instruction),
		cmocka_unit_test(test_every_engine_and_all_letters_bear_it),
	};
	const struct CMUnitTest booted[] = {
		cmocka_unit_test(test_what_cannot_be_served_is_null),
		cmocka_unit_test(test_every_class_is_served_and_kfree_takes_it),
		cmocka_unit_test(test_under_a_taken_lock_the_next_class_serves_and_frees_wait),
		cmocka_unit_test(test_slabs_that_fall_empty_go_back_all_the_same),
		cmocka_unit_test(test_a_timer_interrupts_a_million_allocations),
		cmocka_unit_test(test_signals_at_any_time_while_other_threads_contend),
	};
	int failed = cmocka_run_group_tests(not_booted, NULL, NULL);

	return failed ? failed : cmocka_run_group_tests(booted, boot, NULL);
}
