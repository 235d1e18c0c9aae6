// SPDX-License-Identifier: MIT
/*
 * The order in which a slab gets its extensions (kernel 7.0, February and March 2026): what was
 * suspected, a vector published before its stride, and what it was, a stride of 16 bits. Each
 * defect can be brought back (fault.h) and then charges go wrong; without it they do not. x86
 * keeps stores in order, so the suspicion is tested with the stores in the wrong order; that a
 * weaker machine reorders the right ones unless they are release and acquire is for the model,
 * tests/models/stride.pml.
 *
 * And the contract of slab.h, that an object is handed to another thread with release and acquire:
 * under ThreadSanitizer a program that does not is told so. libslab is not annotated for that, nor
 * is anything here: the race is on the object's own bytes, which both threads touch.
 */
#include "common.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/exts.h"
#include "allocators/slab/fault.h"
#include "allocators/slab/memcontrol.h"
#include "lib/sanitizers.h"

#define PAGE 4096u

/* What is charged to @memcg although it has no objects any more: exit code of the children below.
 */
enum verdict { RIGHT = 0, WRONG = 70, BROKEN };

static int run(const char *options, int (*body)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(slab_boot(options) ? BROKEN : body());
	return child_exit_code(pid);
}

static size_t still_charged(struct mem_cgroup *m)
{
	mem_cgroup_drain_stocks();
	return mem_cgroup_usage(m);
}

/* No sheaves: whichever CPU a thread runs on, the objects come from the one slab in order. */
static struct {
	struct kmem_cache *cache;
	struct mem_cgroup *first, *second;
	void *from_window;
} late;

static void *charge_second(void *arg)
{
	set_active_memcg(late.second);
	late.from_window = kmem_cache_alloc(late.cache, GFP_KERNEL_ACCOUNT);
	return arg;
}

/* Between the two stores of the first thread, a second one charges an object of the same slab. */
static void in_window(void)
{
	pthread_t thread;

	slab_defect_window(NULL);
	if (!pthread_create(&thread, NULL, charge_second, NULL))
		pthread_join(thread, NULL);
}

static int charge_in_the_window(void)
{
	void *uncharged, *charged;
	enum verdict verdict;

	late.cache = kmem_cache_create("late", 64, 0, SLAB_NOLEAKTRACE | SLAB_NO_MERGE, NULL);
	late.first = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	late.second = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	uncharged = kmem_cache_alloc(late.cache, GFP_KERNEL);
	slab_defect_window(in_window);
	set_active_memcg(late.first);
	charged = kmem_cache_alloc(late.cache, GFP_KERNEL_ACCOUNT);
	set_active_memcg(NULL);
	if (!late.from_window || frame_of(late.from_window) != frame_of(uncharged))
		return BROKEN;
	kfree(charged);
	kfree(late.from_window);
	/* A charge that went to another object's extension comes back when that one is freed. */
	verdict = still_charged(late.first) || still_charged(late.second) ? WRONG : RIGHT;
	kfree(uncharged);
	return verdict;
}

static int charge_with_the_stride_late(void)
{
	slab_defect_set(DEFECT_STRIDE_LATE);
	return charge_in_the_window();
}

static void test_a_vector_published_before_its_stride_loses_charges(void **state)
{
	(void)state;
	assert_int_equal(run("", charge_with_the_stride_late), WRONG);
	assert_int_equal(run("", charge_in_the_window), RIGHT);
}

/*
 * Pages of 64 KiB make slots of 64 and 128 KiB with their extensions in the padding, so that the
 * stride is the slot. A slab_max_order of 9 makes the same slots with pages of 4 KiB.
 */
static int charge_wide_slots(unsigned int slot)
{
	struct kmem_cache *s =
		kmem_cache_create("wide", slot - 16, slot, SLAB_ACCOUNT | SLAB_NO_MERGE, NULL);
	struct mem_cgroup *a = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	struct mem_cgroup *b = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	void *p, *q;

	if (!(s->flags & SLAB_OBJ_EXT_IN_OBJ) || s->geo.size != slot)
		return BROKEN;
	set_active_memcg(a);
	p = kmem_cache_alloc(s, GFP_KERNEL);
	set_active_memcg(b);
	q = kmem_cache_alloc(s, GFP_KERNEL);
	set_active_memcg(NULL);
	if (!p || !q || frame_of(p) != frame_of(q))
		return BROKEN;
	kmem_cache_free(s, p);
	kmem_cache_free(s, q);
	return still_charged(a) || still_charged(b) ? WRONG : RIGHT;
}

static int charge_64k(void)
{
	return charge_wide_slots(65536);
}

static int charge_128k(void)
{
	return charge_wide_slots(131072);
}

static int charge_64k_with_16_bits(void)
{
	slab_defect_set(DEFECT_STRIDE_16);
	return charge_64k();
}

static int charge_128k_with_16_bits(void)
{
	slab_defect_set(DEFECT_STRIDE_16);
	return charge_128k();
}

static int charge_32k_with_16_bits(void)
{
	slab_defect_set(DEFECT_STRIDE_16);
	return charge_wide_slots(32768);
}

static void test_a_stride_of_16_bits_makes_wide_slots_share_one_extension(void **state)
{
	(void)state;
	assert_int_equal(run("slab_max_order=9", charge_64k_with_16_bits), WRONG);
	assert_int_equal(run("slab_max_order=9", charge_128k_with_16_bits), WRONG);
	assert_int_equal(run("slab_max_order=9", charge_32k_with_16_bits), RIGHT);
	assert_int_equal(run("slab_max_order=9", charge_64k), RIGHT);
	assert_int_equal(run("slab_max_order=9", charge_128k), RIGHT);
	assert_int_equal(run("page_size=64K,range=2G", charge_128k_with_16_bits), WRONG);
	assert_int_equal(run("page_size=64K,range=2G", charge_64k), RIGHT);
	assert_int_equal(run("page_size=64K,range=2G", charge_128k), RIGHT);
}

/* Objects go from one thread to the other through one place, stored and loaded in this order. */
#define NR_HANDED 1000

static struct {
	int store_order, load_order;
	uint64_t *place;
} hand;

static uint64_t *load_place(void)
{
	return hand.load_order == __ATOMIC_ACQUIRE ? __atomic_load_n(&hand.place, __ATOMIC_ACQUIRE)
						   : __atomic_load_n(&hand.place, __ATOMIC_RELAXED);
}

static void store_place(uint64_t *p)
{
	if (hand.store_order == __ATOMIC_RELEASE)
		__atomic_store_n(&hand.place, p, __ATOMIC_RELEASE);
	else
		__atomic_store_n(&hand.place, p, __ATOMIC_RELAXED);
}

static void *receive(void *arg)
{
	uint64_t sum = 0;

	for (int i = 0; i < NR_HANDED; i++) {
		uint64_t *p;

		while (!(p = load_place()))
			sched_yield();
		sum += p[0];
		p[0] = 0;
		kfree(p);
		store_place(NULL);
	}
	return sum == NR_HANDED ? arg : NULL;
}

static int hand_over(int store_order, int load_order)
{
	pthread_t thread;
	void *all;

	hand.store_order = store_order;
	hand.load_order = load_order;
	if (slab_boot("") || pthread_create(&thread, NULL, receive, &hand))
		return BROKEN;
	for (int i = 0; i < NR_HANDED; i++) {
		uint64_t *p = kmalloc(64, GFP_KERNEL);

		p[0] = 1;
		store_place(p);
		while (load_place())
			sched_yield();
	}
	pthread_join(thread, &all);
	return all ? RIGHT : BROKEN;
}

#define TSAN_SAYS 66

/* This program again, as main() below takes it; its report is what is asked for, so not shown. */
static int run_again(const char *how)
{
	pid_t pid = fork();

	if (!pid) {
		setenv("TSAN_OPTIONS", "exitcode=66 halt_on_error=1", 1);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execl("/proc/self/exe", "ordering", how, (char *)NULL);
		_exit(BROKEN);
	}
	return child_exit_code(pid);
}

static void test_an_object_handed_over_without_release_and_acquire_is_a_race(void **state)
{
	(void)state;
	if (!UNDER_TSAN) {
		print_message("only ThreadSanitizer sees it: make SAN=thread unit\n");
		skip();
	}
	assert_int_equal(run_again("relaxed"), TSAN_SAYS);
	assert_int_equal(run_again("release-only"), TSAN_SAYS);
	assert_int_equal(run_again("ordered"), RIGHT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_vector_published_before_its_stride_loses_charges),
		cmocka_unit_test(test_a_stride_of_16_bits_makes_wide_slots_share_one_extension),
		cmocka_unit_test(test_an_object_handed_over_without_release_and_acquire_is_a_race),
	};

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	if (!strcmp(argv[1], "ordered"))
		return hand_over(__ATOMIC_RELEASE, __ATOMIC_ACQUIRE);
	if (!strcmp(argv[1], "release-only"))
		return hand_over(__ATOMIC_RELEASE, __ATOMIC_RELAXED);
	return hand_over(__ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
