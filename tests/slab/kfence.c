// SPDX-License-Identifier: MIT
/* Guarded objects: which allocations get one, where it lies, what becomes of it. */
#include "common.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/kfence.h"
#include "allocators/slab/kfence_covered.h"
#include "allocators/slab/kfence_pool.h"
#include "allocators/slab/usercopy.h"
#include "lib/random.h"

#define NR_GUARDED 64u

/* The pool of this program: every allocation asks for an object of it, and gets one if it may. */
#define OPTIONS "kfence=1,kfence_burst=1000000,kfence_objects=64,seed=1,slab_merge=0"

/* More than 75 % full, allocations from a site that has an object are passed over. */
#define COVERED_LIMIT (NR_GUARDED * 75 / 100 + 1)

static size_t stat_of(const char *name)
{
	char text[1024];
	const char *line;

	assert_true(slab_kfence_stats(text, sizeof(text)) < sizeof(text));
	line = strstr(text, name);
	assert_non_null(line);
	return strtoull(line + strlen(name) + 2, NULL, 10);
}

static void *guarded(size_t size, gfp_t gfp)
{
	void *p = kmalloc(size, gfp);

	assert_true(is_kfence_address(p));
	return p;
}

static void test_an_object_has_the_bytes_asked_for(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 4096; size += 123) {
		unsigned char *p = guarded(size, GFP_KERNEL);

		assert_int_equal(ksize(p), size);
		assert_ptr_equal(kfence_object_start(p + size / 2), p);
		memset(p, 0xee, size);
		kfree(p);
	}
	assert_int_equal(stat_of("total bugs"), 0);
}

/* At the start or, aligned as its cache promises, at the end; both about as often. */
static void test_objects_lie_at_either_end_of_their_page(void **state)
{
	unsigned int right = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		uintptr_t p = (uintptr_t)guarded(40, GFP_KERNEL); /* of kmalloc-64 */

		assert_true(p % 4096 == 0 || p % 4096 == 4096 - 64);
		right += p % 4096 != 0;
		kfree((void *)p);
	}
	assert_in_range(right, 150, 250);
}

static void test_the_canary_surrounds_the_object(void **state)
{
	char *p = guarded(100, GFP_KERNEL | __GFP_ZERO);
	struct kfence_object *o = kfence_pool_find((uintptr_t)p);

	(void)state;
	assert_null(kfence_canary_check(o, o->page));
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	for (char *q = o->page; q < o->page + 4096; q++)
		if (q < p || q >= p + 100)
			assert_int_equal((unsigned char)*q, 0xaa ^ ((uintptr_t)q & 7));
	kfree(p);
}

static void test_a_freed_object_waits_its_turn(void **state)
{
	void *first = guarded(64, GFP_KERNEL);

	(void)state;
	kfree(first);
	for (unsigned int i = 1; i < NR_GUARDED; i++) {
		void *p = guarded(64, GFP_KERNEL);

		assert_ptr_not_equal(kfence_pool_find((uintptr_t)p),
				     kfence_pool_find((uintptr_t)first));
		kfree(p);
	}
	first = kfence_pool_find((uintptr_t)first);
	assert_ptr_equal(kfence_pool_find((uintptr_t)guarded(64, GFP_KERNEL)), first);
	kfree(((struct kfence_object *)first)->start);
}

static void construct(void *object)
{
	memset(object, 0x55, 24);
}

static void test_a_cache_s_objects_are_constructed_and_go_home(void **state)
{
	struct kmem_cache *s = kmem_cache_create("made", 24, 0, 0, construct);
	unsigned char *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_true(is_kfence_address(p));
	assert_ptr_equal(kfence_cache(p), s);
	for (int i = 0; i < 24; i++)
		assert_int_equal(p[i], 0x55);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
}

static void refuse(struct kmem_cache *s, gfp_t gfp)
{
	size_t skipped = stat_of("skipped allocations (incompatible)");
	void *p = kmem_cache_alloc(s, gfp);

	assert_non_null(p);
	assert_false(is_kfence_address(p));
	assert_int_equal(stat_of("skipped allocations (incompatible)"), skipped + 1);
	kmem_cache_free(s, p);
}

static void test_what_the_pool_is_not_made_for_is_left_alone(void **state)
{
	struct kmem_cache *plain = kmem_cache_create("plain", 64, 0, 0, NULL);
	struct kmem_cache *rcu = kmem_cache_create("rcu", 64, 0, SLAB_TYPESAFE_BY_RCU, NULL);
	struct kmem_cache *dma = kmem_cache_create("dma", 64, 0, SLAB_CACHE_DMA, NULL);
	struct kmem_cache *wide = kmem_cache_create("wide", 64, 8192, 0, NULL);
	struct kmem_cache *skip = kmem_cache_create("skip", 64, 0, SLAB_SKIP_KFENCE, NULL);
	void *p = kmalloc(4097, GFP_KERNEL), *q = kmem_cache_alloc(skip, GFP_KERNEL);

	(void)state;
	refuse(plain, GFP_KERNEL | __GFP_DMA);
	refuse(plain, GFP_KERNEL | __GFP_THISNODE);
	refuse(rcu, GFP_KERNEL);
	refuse(dma, GFP_KERNEL);
	refuse(wide, GFP_KERNEL);
	assert_false(is_kfence_address(p));
	assert_false(is_kfence_address(q));
	kfree(p);
	kmem_cache_free(skip, q);
	kmem_cache_destroy(skip);
	kmem_cache_destroy(wide);
	kmem_cache_destroy(dma);
	kmem_cache_destroy(rcu);
	kmem_cache_destroy(plain);
}

static __attribute__((noinline)) void *one_site(void)
{
	return kmalloc(32, GFP_KERNEL);
}

static __attribute__((noinline)) void *another_site(void)
{
	return kmalloc(32, GFP_KERNEL);
}

static void test_a_site_that_is_covered_leaves_room_for_others(void **state)
{
	void *p[NR_GUARDED], *q;
	size_t skipped = stat_of("skipped allocations (covered)");
	unsigned int nr = 0;

	(void)state;
	for (unsigned int i = 0; i < NR_GUARDED; i++) {
		p[i] = one_site();
		nr += is_kfence_address(p[i]);
	}
	assert_int_equal(nr, COVERED_LIMIT);
	assert_int_equal(stat_of("skipped allocations (covered)"), skipped + NR_GUARDED - nr);
	q = another_site();
	assert_true(is_kfence_address(q));
	kfree(q);
	for (unsigned int i = 0; i < NR_GUARDED; i++)
		kfree(p[i]);
	assert_int_equal(stat_of("currently allocated"), 0);
}

/* The filter forgets what was taken out, and has seldom what was never in. */
static void test_the_filter_counts(void **state)
{
	struct random r;
	uint64_t hash[NR_GUARDED];
	unsigned int wrong = 0;

	(void)state;
	random_seed(&r, 9);
	for (unsigned int i = 0; i < NR_GUARDED; i++) {
		hash[i] = random_u64(&r);
		kfence_covered_add(hash[i]);
	}
	for (unsigned int i = 0; i < NR_GUARDED; i++)
		assert_true(kfence_covered_has(hash[i]));
	for (unsigned int i = 0; i < 1000; i++)
		wrong += kfence_covered_has(random_u64(&r));
	assert_in_range(wrong, 0, 300); /* (1 - exp(-2 * 64 / 256))^2 is 15 % */
	for (unsigned int i = 0; i < NR_GUARDED; i++)
		kfence_covered_remove(hash[i]);
	for (unsigned int i = 0; i < NR_GUARDED; i++)
		assert_false(kfence_covered_has(hash[i]));
}

static void test_an_empty_pool_is_counted(void **state)
{
	struct kfence_object *o[NR_GUARDED];
	size_t skipped = stat_of("skipped allocations (capacity)");
	void *p;

	(void)state;
	for (unsigned int i = 0; i < NR_GUARDED; i++)
		assert_non_null(o[i] = kfence_pool_get());
	assert_null(kfence_pool_get());
	p = kmalloc(32, GFP_KERNEL);
	assert_false(is_kfence_address(p));
	assert_int_equal(stat_of("skipped allocations (capacity)"), skipped + 1);
	for (unsigned int i = 0; i < NR_GUARDED; i++)
		kfence_pool_put(o[i]);
	kfree(p);
}

static void test_krealloc_stays_within_the_object_and_leaves_it_to_grow(void **state)
{
	unsigned char *p = guarded(100, GFP_KERNEL), *q;

	(void)state;
	memset(p, 0x11, 100);
	assert_ptr_equal(krealloc(p, 50, GFP_KERNEL), p);
	assert_ptr_equal(krealloc(p, 100, GFP_KERNEL), p);
	q = krealloc(p, 101, GFP_KERNEL);
	assert_ptr_not_equal(q, p);
	for (int i = 0; i < 100; i++)
		assert_int_equal(q[i], 0x11);
	kfree(q);
	assert_int_equal(stat_of("currently allocated"), 0);
}

static void test_the_equations_know_nothing_of_guarded_objects(void **state)
{
	struct slab_usage usage;
	void *p[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		p[i] = guarded(48, GFP_KERNEL);
	assert_equations_hold();
	slab_usage(&usage);
	assert_true(usage.metadata_bytes >= kfence_bytes());
	assert_true(kfence_bytes() >= 20 * 4096);
	for (int i = 0; i < 20; i++)
		kfree(p[i]);
	assert_equations_hold();
}

static void test_a_destroyed_cache_leaves_zombies(void **state)
{
	struct kmem_cache *s = kmem_cache_create("doomed", 64, 0, 0, NULL);
	void *p = kmem_cache_alloc(s, GFP_KERNEL), *q = kmem_cache_alloc(s, GFP_KERNEL);
	size_t zombies = stat_of("zombie allocations");

	(void)state;
	kmem_cache_free(s, q);
	kmem_cache_destroy(s);
	assert_int_equal(stat_of("zombie allocations"), zombies + 1);
	assert_int_equal(stat_of("currently allocated"), 0);
	assert_null(kfence_object_start(p));
	assert_null(kfence_pool_find((uintptr_t)q)->cache);
}

static void test_copies_to_the_user_stay_in_the_offered_part(void **state)
{
	struct kmem_cache *s = kmem_cache_create_usercopy("window", 64, 0, 0, 16, 8, NULL);
	char *p = kmem_cache_alloc(s, GFP_KERNEL);
	int saved = dup(2);

	(void)state;
	assert_true(is_kfence_address(p));
	assert_true(check_heap_object(p + 16, 8, true));
	close(2);
	assert_false(check_heap_object(p + 16, 9, true));
	kmem_cache_free(s, p);
	assert_false(check_heap_object(p + 16, 8, true));
	dup2(saved, 2);
	close(saved);
	kmem_cache_destroy(s);
}

static void *trade(void *arg)
{
	struct random r;
	unsigned char *p[8] = { NULL };

	random_seed(&r, (uintptr_t)arg);
	for (int i = 0; i < 3000; i++) {
		size_t at = random_below(&r, 8), size = 1 + random_below(&r, 600);

		if (p[at]) {
			if (p[at][0] != (unsigned char)at)
				abort();
			kfree(p[at]);
		}
		p[at] = kmalloc(size, GFP_KERNEL);
		memset(p[at], (int)at, size);
	}
	for (int i = 0; i < 8; i++)
		kfree(p[i]);
	return NULL;
}

static void test_threads_share_the_pool(void **state)
{
	pthread_t threads[4];
	size_t bugs = stat_of("total bugs");

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, trade, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(stat_of("total bugs"), bugs);
	assert_int_equal(stat_of("currently allocated"), 0);
	assert_equations_hold();
}

/* The rest in children, because libslab boots once a process. */
static void assert_returns_0(int (*run)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	assert_int_equal(child_exit_code(pid), 0);
}

static int count_guarded(unsigned int n)
{
	int nr = 0;

	for (unsigned int i = 0; i < n; i++)
		nr += is_kfence_address(kmalloc(64, GFP_KERNEL));
	return nr;
}

/* An hour's interval: the gate opens once, for one and four more. */
static int pass_the_gate(void)
{
	if (slab_boot("kfence=3600000,kfence_burst=4"))
		return 1;
	if (count_guarded(100) != 5)
		return 2;
	return slab_check(print_disagreement, NULL) ? 3 : 0;
}

/* A tick of the coarse clock is at most 10 ms. */
static int wait_for_the_gate(void)
{
	struct timespec pause = { 0, 25000000 };

	if (slab_boot("kfence=1"))
		return 1;
	count_guarded(100);
	for (int i = 0; i < 3; i++) {
		nanosleep(&pause, NULL);
		if (!count_guarded(1))
			return 2;
	}
	return 0;
}

static int stay_off(void)
{
	static const char off[] = "enabled: 0\n"
				  "currently allocated: 0\n"
				  "total allocations: 0\n"
				  "total frees: 0\n"
				  "zombie allocations: 0\n"
				  "total bugs: 0\n"
				  "skipped allocations (incompatible): 0\n"
				  "skipped allocations (capacity): 0\n"
				  "skipped allocations (covered): 0\n";
	struct sigaction action;
	char text[1024];

	if (slab_boot("") || count_guarded(1000) || kfence_bytes())
		return 1;
	if (slab_kfence_stats(text, sizeof(text)) != strlen(off) || strcmp(text, off))
		return 2;
	sigaction(SIGSEGV, NULL, &action);
	return action.sa_flags & SA_SIGINFO ? 3 : 0;
}

static void test_the_gate_lets_so_many_pass(void **state)
{
	(void)state;
	assert_returns_0(pass_the_gate);
	assert_returns_0(wait_for_the_gate);
}

static void reset_segv(void)
{
	signal(SIGSEGV, SIG_DFL);
}

static int stay_off_with_default_handler(void)
{
	reset_segv();
	return stay_off();
}

static void test_off_means_off(void **state)
{
	(void)state;
	assert_returns_0(stay_off_with_default_handler);
}

/* Each system call of boot fails in turn; the same boot succeeds afterwards. */
static int boot_with_fault(uint64_t n)
{
	int err;

	slab_fault_arm(FAULT_SYSCALL, n, UINT64_MAX);
	err = slab_boot("kfence=1,range=64M");
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	if (!err)
		return 0;
	if (err != -ENOMEM || !*slab_boot_error() || kfence_is_on())
		return 2;
	if (slab_boot("kfence=1,range=64M") || !count_guarded(1))
		return 3;
	return 1;
}

static void test_without_memory_boot_is_undone(void **state)
{
	int refused = 0;

	(void)state;
	for (uint64_t n = 1; n < 30; n++) {
		pid_t pid = fork();
		int code;

		if (!pid)
			_exit(boot_with_fault(n));
		code = child_exit_code(pid);
		assert_in_range(code, 0, 1);
		refused += code;
	}
	assert_true(refused >= 4);
}

static sigjmp_buf back;

static void jump(int signo)
{
	siglongjmp(back, signo);
}

static volatile char *no_access(void)
{
	return mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A fault that is not the pool's reaches the handler that was there before. */
static int fault_elsewhere(void)
{
	volatile char *p = no_access();

	signal(SIGSEGV, jump);
	if (slab_boot(OPTIONS))
		return 1;
	if (sigsetjmp(back, 1))
		return 0;
	*p = 1;
	return 2;
}

static int die_elsewhere(void)
{
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	reset_segv();
	if (slab_boot(OPTIONS))
		return 1;
	*no_access() = 1;
	return 2;
}

static int die_of_a_signal(void)
{
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	reset_segv();
	if (slab_boot(OPTIONS))
		return 1;
	raise(SIGSEGV);
	return 2;
}

static void assert_dies(int (*run)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_other_faults_end_as_they_did_before(void **state)
{
	(void)state;
	assert_returns_0(fault_elsewhere);
	assert_dies(die_elsewhere);
	assert_dies(die_of_a_signal);
}

static void test_boot(void **state)
{
	(void)state;
	boot_or_fail(OPTIONS);
	assert_int_equal(stat_of("enabled"), 1);
	assert_int_equal(kfence_range.bytes, (NR_GUARDED + 1) * 2 * 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_gate_lets_so_many_pass),
		cmocka_unit_test(test_off_means_off),
		cmocka_unit_test(test_without_memory_boot_is_undone),
		cmocka_unit_test(test_other_faults_end_as_they_did_before),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_an_object_has_the_bytes_asked_for),
		cmocka_unit_test(test_objects_lie_at_either_end_of_their_page),
		cmocka_unit_test(test_the_canary_surrounds_the_object),
		cmocka_unit_test(test_a_freed_object_waits_its_turn),
		cmocka_unit_test(test_a_cache_s_objects_are_constructed_and_go_home),
		cmocka_unit_test(test_what_the_pool_is_not_made_for_is_left_alone),
		cmocka_unit_test(test_a_site_that_is_covered_leaves_room_for_others),
		cmocka_unit_test(test_the_filter_counts),
		cmocka_unit_test(test_an_empty_pool_is_counted),
		cmocka_unit_test(test_krealloc_stays_within_the_object_and_leaves_it_to_grow),
		cmocka_unit_test(test_the_equations_know_nothing_of_guarded_objects),
		cmocka_unit_test(test_a_destroyed_cache_leaves_zombies),
		cmocka_unit_test(test_copies_to_the_user_stay_in_the_offered_part),
		cmocka_unit_test(test_threads_share_the_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
