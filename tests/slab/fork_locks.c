// SPDX-License-Identifier: MIT
/*
 * fork() and the locks of others: those of stdio, those that handlers of the program take, those
 * that functions of the program wait for which libslab calls, and libslab's own when a thread forks
 * that has one of them, as in a signal handler.
 */
#include "forks.h"

#include <errno.h>
#include <stdio.h>

#include "allocators/slab/cache.h"
#include "allocators/slab/kmalloc.h"
#include "allocators/slab/kvfree_block.h"
#include "allocators/slab/lock.h"
#include "allocators/slab/memcg.h"
#include "allocators/slab/pagemap.h"
#include "modes.h"

#define NR_THREADS 3

static bool stop;

static bool stopped(void)
{
	return __atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static uint32_t nr_started;

static void announce(void)
{
	__atomic_fetch_add(&nr_started, 1, __ATOMIC_RELEASE);
}

/* Each calls announce(): a sanitizer has locks of its own while threads and streams are made. */
static void start(pthread_t *threads, size_t nr, void *(*body)(void *arg))
{
	stop = false;
	nr_started = 0;
	for (uintptr_t i = 0; i < nr; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, (void *)i), 0);
	while (__atomic_load_n(&nr_started, __ATOMIC_ACQUIRE) < nr)
		usleep(100);
}

static void finish(pthread_t *threads, size_t nr)
{
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; i < nr; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_equations_hold();
}

static void fork_times(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		assert_int_equal(child_of(go_on, i % 8 == 0), CHILD_GOOD);
}

static void *give_back(void *block)
{
	announce();
	kfree_block_delete(block);
	return NULL;
}

/* E1 as a child would find it. */
static bool agree(const void *p)
{
	enum page_kind kind = entry_kind(pagemap_entry(pagemap_page(p)));

	return frame_of(p)->state != FRAME_USED || kind == PAGE_SLAB || kind == PAGE_LARGE;
}

/*
 * A page came out of the page map before its thread was inside the gate, and a child forked then
 * had a page that is in use and free.
 */
static void test_who_gives_pages_back_waits_at_the_gate_before(void **state)
{
	struct kfree_block *b = kfree_block_new();
	pthread_t thread;
	sigset_t all, old;
	bool agreed;

	(void)state;
	assert_non_null(b);
	nr_started = 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	gate_begin();
	assert_true(gate_close());
	assert_int_equal(pthread_create(&thread, NULL, give_back, b), 0);
	while (!__atomic_load_n(&nr_started, __ATOMIC_ACQUIRE))
		usleep(100);
	usleep(20000);
	agreed = agree(b);
	gate_open();
	gate_end();
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(agreed);
	assert_equations_hold();
}

static struct lock free_again;

static void *wait_for_it(void *arg)
{
	announce();
	lock_acquire(&free_again);
	lock_release(&free_again);
	return arg;
}

/* As if the wake-up had gone to the thread that forks, in a signal handler. */
static void test_who_sleeps_before_a_free_lock_is_woken_and_not_left_behind(void **state)
{
	pthread_t thread;

	(void)state;
	if (skip_forks())
		skip();
	assert_true(plain_try(&free_again));
	start(&thread, 1, wait_for_it);
	while (__atomic_load_n(&free_again.state, __ATOMIC_RELAXED) != LOCK_CONTENDED)
		usleep(100);
	usleep(10000);
	__atomic_store_n(&free_again.state, LOCK_FREE, __ATOMIC_RELEASE);
	assert_int_equal(child_of(is_complete, 0), CHILD_GOOD);
	finish(&thread, 1);
}

/* One has a stream and allocates, one has the list of streams and waits for that stream. */
static void *use_stdio(void *arg)
{
	FILE *f = fopen("/dev/null", "w");

	announce();
	for (unsigned int i = 0; !stopped(); i++) {
		if (arg) {
			flockfile(f);
			use_everything(i);
			funlockfile(f);
		} else {
			fflush(NULL);
		}
	}
	fclose(f);
	return NULL;
}

static void test_stdio_and_libslab_do_not_wait_for_each_other(void **state)
{
	size_t passed = gate_nr_passed();
	pthread_t threads[NR_THREADS];

	(void)state;
	if (skip_forks())
		skip();
	start(threads, NR_THREADS, use_stdio);
	fork_times(times(15));
	finish(threads, NR_THREADS);
	/* Without libslab's hold of the list nearly each fork needs somebody to pass. */
	if (!UNDER_ASAN)
		assert_true(gate_nr_passed() - passed < 20);
}

/* Of a handler that was registered before libslab's, so that it runs when the gate is closed. */
static pthread_mutex_t program = PTHREAD_MUTEX_INITIALIZER;
static bool handlers_lock; /* they do something */
static void (*while_closed)(void);

static void lock_program(void)
{
	if (handlers_lock)
		pthread_mutex_lock(&program);
	if (while_closed)
		while_closed();
}

static void unlock_program(void)
{
	if (handlers_lock)
		pthread_mutex_unlock(&program);
}

/* Libslab registers its own as it is loaded, by a constructor of no priority. */
static __attribute__((constructor(101))) void register_first(void)
{
	pthread_atfork(lock_program, unlock_program, unlock_program);
}

static void *allocate_with_mutex(void *arg)
{
	announce();
	for (unsigned int i = 0; !stopped(); i++) {
		pthread_mutex_lock(&program);
		use_everything(i);
		pthread_mutex_unlock(&program);
	}
	return arg;
}

/* It has what fork() wants next and waits at the closed gate: so it passes. */
static void test_who_has_a_lock_that_fork_wants_passes_the_gate(void **state)
{
	size_t passed = gate_nr_passed();
	pthread_t threads[NR_THREADS];

	(void)state;
	if (skip_forks())
		skip();
	start(threads, NR_THREADS, allocate_with_mutex);
	handlers_lock = true;
	for (unsigned int i = 0; i < times(1) || (gate_nr_passed() == passed && i < 1000); i++)
		fork_times(1);
	handlers_lock = false;
	finish(threads, NR_THREADS);
	assert_true(gate_nr_passed() > passed);
}

static unsigned int nr_tries;
static pid_t trying;

static void *try_often(void *arg)
{
	announce();
	while (!stopped()) {
		kfree_nolock(kmalloc_nolock(3000, 0, NUMA_NO_NODE));
		__atomic_fetch_add(&nr_tries, 1, __ATOMIC_RELEASE);
	}
	return arg;
}

static void wait_for_tries(void)
{
	unsigned int now = __atomic_load_n(&nr_tries, __ATOMIC_ACQUIRE);

	while (getpid() == trying && __atomic_load_n(&nr_tries, __ATOMIC_ACQUIRE) - now < 10)
		usleep(100);
}

static void test_kmalloc_nolock_does_not_wait_for_the_gate(void **state)
{
	pthread_t thread;

	(void)state;
	if (skip_forks())
		skip();
	start(&thread, 1, try_often);
	trying = getpid();
	while_closed = wait_for_tries;
	fork_times(10);
	while_closed = NULL;
	finish(&thread, 1);
}

static uint32_t constructing;

/* Waits for the mutex of who forks. */
static void construct(void *object)
{
	(void)object;
	if (__atomic_exchange_n(&constructing, 1, __ATOMIC_ACQ_REL))
		return;
	pthread_mutex_lock(&program);
	pthread_mutex_unlock(&program);
}

static void *use_constructor(void *arg)
{
	struct kmem_cache *s = kmem_cache_create("made", 100, 0, SLAB_NO_MERGE, construct);

	announce();
	kmem_cache_free(s, kmem_cache_alloc(s, GFP_KERNEL));
	kmem_cache_destroy(s);
	return arg;
}

static unsigned long count_none(struct shrinker *shrinker, struct shrink_control *sc)
{
	(void)sc;
	construct(shrinker);
	return 0;
}

static struct shrinker *shrinker;

static void *use_shrinker(void *arg)
{
	shrinker = shrinker_alloc(0, "waits");
	shrinker->count_objects = count_none;
	shrinker->scan_objects = count_none;
	shrinker_register(shrinker);
	announce();
	drop_slab();
	shrinker_free(shrinker);
	return arg;
}

/* The thread that was in its function is not there. */
static int free_shrinker(int arg)
{
	shrinker_free(shrinker);
	return go_on(arg);
}

static void fork_while_called(void *(*body)(void *arg))
{
	pthread_t thread;

	constructing = 0;
	pthread_mutex_lock(&program);
	start(&thread, 1, body);
	while (!__atomic_load_n(&constructing, __ATOMIC_ACQUIRE))
		usleep(100);
	fork_times(3);
	if (body == use_shrinker)
		assert_int_equal(child_of(free_shrinker, 1), CHILD_GOOD);
	pthread_mutex_unlock(&program);
	finish(&thread, 1);
}

static void test_functions_of_the_program_may_wait_for_who_forks(void **state)
{
	(void)state;
	if (skip_forks())
		skip();
	fork_while_called(use_constructor);
	fork_while_called(use_shrinker);
}

/* The locks that others wait for, as if a handler had interrupted this thread with one of them. */
static struct lock *lock_number(unsigned int i)
{
	struct kmem_cache *s = kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(1000));
	struct kmem_cache *internal = kmalloc_cache(KMALLOC_NO_OBJ_EXT, kmalloc_index(256));
	struct lock *locks[] = {
		&s->node[0].lock,	 &s->node[0].barn.lock, &slab_zones[0].lock,
		&internal->node[0].lock, &slab_mutex,		&memcg_lock,
	};

	return i < ARRAY_SIZE(locks) ? locks[i] : NULL;
}

static struct lock *held;

static int release_and_go_on(int depth)
{
	lock_release(held);
	return go_on(depth);
}

static void *use_without_end(void *arg)
{
	announce();
	for (unsigned int i = (unsigned int)(uintptr_t)arg * 1000; !stopped(); i++) {
		use_everything(i);
		drop_slab();
	}
	return arg;
}

static void test_a_child_goes_on_without_those_who_waited_for_its_thread(void **state)
{
	pthread_t threads[NR_THREADS];
	struct lock *l;

	(void)state;
	if (skip_forks())
		skip();
	start(threads, NR_THREADS, use_without_end);
	for (unsigned int i = 0; i < 120; i++) {
		l = lock_number(i % 6);
		lock_acquire(l);
		held = l;
		if (i % 3)
			usleep(i * 20); /* some wait already, or all */
		assert_int_equal(child_of(release_and_go_on, i % 4 == 0), CHILD_GOOD);
		lock_release(l);
	}
	finish(threads, NR_THREADS);
}

static struct lock own[NR_THREADS];

static int nothing(int arg)
{
	return arg;
}

/* As in handlers that interrupted libslab; one thread forks as usual. */
static void *fork_inside(void *arg)
{
	struct lock *l = &own[(uintptr_t)arg];

	announce();
	for (int i = 0; i < 100; i++) {
		int code;

		if (arg)
			lock_acquire(l);
		code = child_of(nothing, CHILD_GOOD);
		if (arg)
			lock_release(l);
		if (code != CHILD_GOOD)
			return NULL;
	}
	return &own;
}

static void test_threads_with_locks_fork_at_once(void **state)
{
	pthread_t threads[NR_THREADS];
	void *good;

	(void)state;
	if (skip_forks())
		skip();
	start(threads, NR_THREADS, fork_inside);
	for (size_t i = 0; i < NR_THREADS; i++) {
		pthread_join(threads[i], &good);
		assert_non_null(good);
	}
}

static int wait_for_callbacks(int arg)
{
	lock_release(held);
	kvfree_rcu_barrier();
	return go_on(arg);
}

/* What the worker had in hand is lost, but nobody waits for it. */
static void test_a_child_does_not_wait_for_a_callback_that_is_lost(void **state)
{
	struct reader r;

	(void)state;
	if (skip_forks())
		skip();
	reader_start(&r);
	for (int i = 0; i < 600; i++)
		kfree_rcu_mightsleep(kmalloc(20000, GFP_KERNEL));
	usleep(20000);
	held = &slab_zones[0].lock;
	lock_acquire(held);
	reader_stop(&r);
	usleep(20000);
	assert_int_equal(child_of(wait_for_callbacks, 1), CHILD_GOOD);
	lock_release(held);
	kvfree_rcu_barrier();
}

static struct kmem_cache *flushed;
static void *first;

static void *flush(void *arg)
{
	announce();
	kmem_cache_shrink(flushed);
	return arg;
}

/* The slab is neither lost nor left closed. */
static int flush_again(int arg)
{
	lock_release(held);
	kmem_cache_shrink(flushed);
	return frame_of(first)->on_cpu ? CHILD_LACKS : go_on(arg);
}

/* With a CPU's slab closed, as engine=cpuslab has them, and some of its objects given back. */
static void test_a_child_has_the_cpu_slab_that_was_being_flushed(void **state)
{
	void *p[12];
	pthread_t thread;

	(void)state;
	if (skip_forks())
		skip();
	flushed = kmem_cache_create("flushed", 300, 0, SLAB_NO_MERGE, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		p[i] = kmem_cache_alloc(flushed, GFP_KERNEL);
	first = p[0];
	for (size_t i = 1; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(flushed, p[i]);
	held = &flushed->node[0].lock;
	lock_acquire(held);
	start(&thread, 1, flush);
	usleep(20000);
	assert_int_equal(child_of(flush_again, 0), CHILD_GOOD);
	lock_release(held);
	finish(&thread, 1);
	kmem_cache_free(flushed, first);
	kmem_cache_destroy(flushed);
}

/* What it would leave half changed is for the one that was interrupted to finish first. */
static void *fork_half_way(void *arg)
{
	struct node *n = &kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(1000))->node[0];

	announce();
	for (int i = 0; i < 200; i++) {
		lock_acquire(&n->lock);
		n->nr_partial++;
		if (child_of(nothing, CHILD_GOOD) != CHILD_GOOD)
			arg = &own;
		n->nr_partial--;
		lock_release(&n->lock);
	}
	return arg;
}

static void test_who_forks_half_way_comes_first(void **state)
{
	pthread_t thread;
	void *bad;

	(void)state;
	if (skip_forks())
		skip();
	start(&thread, 1, fork_half_way);
	for (int i = 0; i < 100; i++)
		assert_int_equal(child_of(go_on, 0), CHILD_GOOD);
	pthread_join(thread, &bad);
	assert_null(bad);
}

#define NR_MANY 200

static void *wait_and_leave(void *arg)
{
	announce();
	lock_acquire(&own[0]);
	lock_release(&own[0]);
	return arg;
}

static int fork_with_many(int arg)
{
	lock_release(&own[0]);
	return go_on(arg);
}

/* More than there are passes at first. */
static void test_as_many_threads_as_there_are_may_be_inside(void **state)
{
	static pthread_t threads[NR_MANY];

	(void)state;
	if (skip_forks())
		skip();
	lock_acquire(&own[0]);
	start(threads, NR_MANY, wait_and_leave);
	usleep(20000);
	assert_int_equal(child_of(fork_with_many, 1), CHILD_GOOD);
	lock_release(&own[0]);
	finish(threads, NR_MANY);
}

static int run(const char *m)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_gives_pages_back_waits_at_the_gate_before),
		cmocka_unit_test(test_who_sleeps_before_a_free_lock_is_woken_and_not_left_behind),
		cmocka_unit_test(test_stdio_and_libslab_do_not_wait_for_each_other),
		cmocka_unit_test(test_who_has_a_lock_that_fork_wants_passes_the_gate),
		cmocka_unit_test(test_kmalloc_nolock_does_not_wait_for_the_gate),
		cmocka_unit_test(test_functions_of_the_program_may_wait_for_who_forks),
		cmocka_unit_test(test_a_child_goes_on_without_those_who_waited_for_its_thread),
		cmocka_unit_test(test_a_child_does_not_wait_for_a_callback_that_is_lost),
		cmocka_unit_test(test_a_child_has_the_cpu_slab_that_was_being_flushed),
		cmocka_unit_test(test_threads_with_locks_fork_at_once),
		cmocka_unit_test(test_who_forks_half_way_comes_first),
		cmocka_unit_test(test_as_many_threads_as_there_are_may_be_inside),
	};

	watchdog(UNDER_ASAN ? 400 : 200);
	boot_or_fail(m);
	print_message("%s\n", m);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	static const char *const modes[] = { "seed=1",
					     "engine=cpuslab,freelist_hardened=1,seed=1" };

	return run_modes(modes, ARRAY_SIZE(modes), run);
}
