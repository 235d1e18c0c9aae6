// SPDX-License-Identifier: MIT
/*
 * Memory groups: who is charged for what and gets it back, limits, reclaim, groups that go before
 * their objects, and that pages, stocks and objects add up (M1 and M2 of memcg.h, by slab_check();
 * M3 is what memory.stat prints).
 */
#include "common.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/exts.h"
#include "allocators/slab/fault.h"
#include "allocators/slab/memcontrol.h"
#include "lib/random.h"

#define PAGE	   4096u
#define NR_OBJECTS 1000u
#define FOR_EVER   UINT64_MAX

/* What one object of @s costs its group. */
static size_t cost(const struct kmem_cache *s)
{
	return s->geo.size + sizeof(void *);
}

static size_t round_pages(size_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* A line of memory.stat. */
static size_t stat_of(struct mem_cgroup *memcg, const char *name)
{
	char text[256], line[64];
	const char *p;

	assert_true(mem_cgroup_stat(memcg, text, sizeof(text)) < sizeof(text));
	snprintf(line, sizeof(line), "%s ", name);
	p = strstr(text, line);
	assert_non_null(p);
	return strtoull(p + strlen(line), NULL, 10);
}

static size_t settled_usage(struct mem_cgroup *memcg)
{
	mem_cgroup_drain_stocks();
	return mem_cgroup_usage(memcg);
}

static struct kmem_cache *make(const char *name, unsigned int size, slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create(name, size, 0, flags | SLAB_NO_MERGE, NULL);

	assert_non_null(s);
	return s;
}

static void take(struct kmem_cache *s, gfp_t gfp, void **p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		assert_non_null(p[i] = kmem_cache_alloc(s, gfp));
}

static void give(void **p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		kfree(p[i]);
}

/* The first test: until a group is made, an accounted cache works as any other. */
static void test_objects_from_before_the_first_group_are_nobody_s(void **state)
{
	struct kmem_cache *s = make("before", 100, SLAB_ACCOUNT);
	void *before[NR_OBJECTS], *after[NR_OBJECTS];
	struct mem_cgroup *m;

	(void)state;
	assert_false(memcg_online());
	take(s, GFP_KERNEL, before, NR_OBJECTS);
	give(before, NR_OBJECTS / 2);
	m = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	assert_null(set_active_memcg(m));
	take(s, GFP_KERNEL, after, NR_OBJECTS);
	assert_ptr_equal(set_active_memcg(NULL), m);
	assert_int_equal(stat_of(m, "slab"), NR_OBJECTS * cost(s));
	give(before + NR_OBJECTS / 2, NR_OBJECTS / 2);
	assert_int_equal(stat_of(m, "slab"), NR_OBJECTS * cost(s));
	assert_equations_hold();
	give(after, NR_OBJECTS);
	assert_int_equal(settled_usage(m), 0);
	assert_equations_hold();
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

static void test_an_object_costs_its_slot_and_a_pointer(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	struct kmem_cache *s = make("cost", 100, SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT);
	void *p[NR_OBJECTS];

	(void)state;
	set_active_memcg(m);
	take(s, GFP_KERNEL, p, NR_OBJECTS);
	set_active_memcg(NULL);
	assert_int_equal(stat_of(m, "slab_reclaimable"), NR_OBJECTS * (104 + 8));
	assert_int_equal(stat_of(m, "slab_unreclaimable"), 0);
	assert_int_equal(stat_of(m, "kernel"), round_pages(NR_OBJECTS * (104 + 8)));
	assert_int_equal(settled_usage(m), round_pages(NR_OBJECTS * (104 + 8)));
	give(p, NR_OBJECTS);
	assert_int_equal(stat_of(m, "slab"), 0);
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

static void test_the_flag_charges_what_the_cache_does_not(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	struct kmem_cache *s = make("by-flag", 64, 0);
	void *p[5];

	(void)state;
	set_active_memcg(m);
	p[0] = kmem_cache_alloc(s, GFP_KERNEL);
	p[1] = kmalloc(64, GFP_KERNEL);
	assert_int_equal(stat_of(m, "slab"), 0);
	p[2] = kmem_cache_alloc(s, GFP_KERNEL_ACCOUNT);
	assert_int_equal(stat_of(m, "slab"), 72);
	p[3] = kmalloc(60, GFP_KERNEL_ACCOUNT);
	assert_int_equal(stat_of(m, "slab_unreclaimable"), 2 * 72);
	p[4] = kmalloc(60, GFP_KERNEL_ACCOUNT | __GFP_RECLAIMABLE);
	assert_int_equal(stat_of(m, "slab_reclaimable"), 72);
	set_active_memcg(NULL);
	assert_equations_hold();
	kmem_cache_free(s, p[0]);
	kmem_cache_free(s, p[2]);
	kfree(p[1]);
	kfree(p[3]);
	kfree(p[4]);
	assert_int_equal(stat_of(m, "slab"), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

/* Each way in and out: the cache charges, the flag does, the slab has others' charges. */
static void test_bulks_are_charged_and_given_back(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, 30 * PAGE);
	struct kmem_cache *charged = make("bulk-charged", 200, SLAB_ACCOUNT);
	struct kmem_cache *plain = make("bulk-plain", 200, 0);
	void *p[NR_OBJECTS];

	(void)state;
	set_active_memcg(m);
	assert_true(kmem_cache_alloc_bulk(charged, GFP_KERNEL, 100, p));
	assert_int_equal(stat_of(m, "slab"), 100 * cost(charged));
	assert_true(kmem_cache_alloc_bulk(plain, GFP_KERNEL_ACCOUNT, 100, p + 100));
	assert_true(kmem_cache_alloc_bulk(plain, GFP_KERNEL, 100, p + 200));
	assert_int_equal(stat_of(m, "slab"), 100 * cost(charged) + 100 * cost(plain));
	assert_false(kmem_cache_alloc_bulk(charged, GFP_KERNEL, 700, p + 300));
	assert_int_equal(stat_of(m, "slab"), 100 * cost(charged) + 100 * cost(plain));
	set_active_memcg(NULL);
	assert_equations_hold();
	kmem_cache_free_bulk(charged, 100, p);
	assert_int_equal(stat_of(m, "slab"), 100 * cost(plain));
	kmem_cache_free_bulk(plain, 150, p + 100);
	assert_int_equal(stat_of(m, "slab"), 0);
	kfree_bulk(50, p + 250);
	assert_equations_hold();
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(charged);
	kmem_cache_destroy(plain);
}

static void test_large_blocks_are_charged_as_they_are(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, 30 * PAGE);
	void *p;

	(void)state;
	set_active_memcg(m);
	p = kmalloc(60000, GFP_KERNEL_ACCOUNT);
	assert_int_equal(stat_of(m, "slab_unreclaimable"), 65536);
	assert_int_equal(settled_usage(m), 65536);
	assert_null(kmalloc(60000, GFP_KERNEL_ACCOUNT));
	set_active_memcg(NULL);
	assert_equations_hold();
	kfree(p);
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
}

static void test_a_limit_refuses_and_recovers(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, 20 * PAGE + 100);
	struct kmem_cache *s = make("limited", 500, SLAB_ACCOUNT);
	void *p[NR_OBJECTS];
	unsigned int nr = 0;

	(void)state;
	set_active_memcg(m);
	while (nr < NR_OBJECTS && (p[nr] = kmem_cache_alloc(s, GFP_KERNEL)))
		nr++;
	assert_int_equal(nr, 20 * PAGE / cost(s));
	assert_int_equal(mem_cgroup_usage(m), 20 * PAGE);
	assert_int_equal(mem_cgroup_nr_refused(m), 1);
	assert_equations_hold();
	kfree(p[--nr]);
	assert_non_null(p[nr++] = kmem_cache_alloc(s, GFP_KERNEL));
	assert_null(kmem_cache_alloc(s, GFP_KERNEL));
	assert_non_null(p[nr++] = kmem_cache_alloc(s, GFP_KERNEL | __GFP_NOFAIL));
	assert_int_equal(mem_cgroup_usage(m), 21 * PAGE);
	mem_cgroup_resize_max(m, 40 * PAGE);
	assert_non_null(p[nr++] = kmem_cache_alloc(s, GFP_KERNEL));
	set_active_memcg(NULL);
	assert_equations_hold();
	give(p, nr);
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

static void test_a_parent_s_limit_holds_for_all_its_children(void **state)
{
	struct mem_cgroup *top = mem_cgroup_create(NULL, 10 * PAGE);
	struct mem_cgroup *a = mem_cgroup_create(top, MEM_CGROUP_UNLIMITED);
	struct mem_cgroup *b = mem_cgroup_create(top, MEM_CGROUP_UNLIMITED);
	struct kmem_cache *s = make("children", 1016, SLAB_ACCOUNT);
	void *p[64];
	unsigned int nr = 0;

	(void)state;
	for (;;) {
		set_active_memcg(nr % 2 ? a : b);
		p[nr] = kmem_cache_alloc(s, GFP_KERNEL);
		if (!p[nr])
			break;
		nr++;
	}
	set_active_memcg(NULL);
	assert_int_equal(nr, 10 * PAGE / cost(s));
	assert_int_equal(mem_cgroup_nr_refused(top), 1);
	assert_int_equal(mem_cgroup_nr_refused(a) + mem_cgroup_nr_refused(b), 0);
	assert_int_equal(settled_usage(a) + settled_usage(b), settled_usage(top));
	assert_int_equal(stat_of(top, "slab"), nr * cost(s));
	assert_equations_hold();
	give(p, nr);
	assert_int_equal(settled_usage(top), 0);
	mem_cgroup_put(a);
	mem_cgroup_put(top); /* b holds it */
	mem_cgroup_put(b);
	kmem_cache_destroy(s);
}

static struct {
	struct mem_cgroup *memcg;
	void *held[100];
	unsigned int nr;
	unsigned int nr_calls;
} reserve;

static bool reclaim(struct mem_cgroup *memcg, size_t bytes)
{
	assert_ptr_equal(memcg, reserve.memcg);
	assert_true(bytes > 0);
	reserve.nr_calls++;
	if (!reserve.nr)
		return false;
	kfree(reserve.held[--reserve.nr]);
	return true;
}

static void test_reclaim_is_asked_before_a_limit_refuses(void **state)
{
	struct kmem_cache *s = make("reclaim", 2040, SLAB_ACCOUNT);
	void *p[100];

	(void)state;
	reserve.memcg = mem_cgroup_create(NULL, 50 * PAGE);
	mem_cgroup_set_reclaim(reclaim);
	set_active_memcg(reserve.memcg);
	take(s, GFP_KERNEL, reserve.held, reserve.nr = 100);
	assert_int_equal(reserve.nr_calls, 0);
	assert_null(kmem_cache_alloc(s, GFP_NOWAIT));
	assert_int_equal(reserve.nr_calls, 0);
	take(s, GFP_KERNEL, p, 100);
	assert_int_equal(reserve.nr_calls, 100);
	assert_null(kmem_cache_alloc(s, GFP_KERNEL));
	assert_int_equal(reserve.nr_calls, 101);
	set_active_memcg(NULL);
	mem_cgroup_set_reclaim(NULL);
	give(p, 100);
	assert_int_equal(settled_usage(reserve.memcg), 0);
	mem_cgroup_put(reserve.memcg);
	kmem_cache_destroy(s);
}

static void test_an_object_may_be_charged_late(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	struct kmem_cache *s = make("late", 192, 0);
	void *p = kmem_cache_alloc(s, GFP_KERNEL), *q = kmalloc(192, GFP_KERNEL);
	void *large = kmalloc(20000, GFP_KERNEL);

	(void)state;
	assert_true(kmem_cache_charge(p, GFP_KERNEL)); /* to nobody */
	set_active_memcg(m);
	assert_true(kmem_cache_charge(p, GFP_KERNEL));
	assert_int_equal(stat_of(m, "slab"), 200);
	assert_true(kmem_cache_charge(p, GFP_KERNEL));
	assert_true(kmem_cache_charge(q, GFP_KERNEL));
	assert_int_equal(stat_of(m, "slab"), 200);
	assert_true(kmem_cache_charge(large, GFP_KERNEL));
	assert_true(kmem_cache_charge(large, GFP_KERNEL));
	assert_int_equal(stat_of(m, "slab"), 200 + 32768);
	kfree(large);
	mem_cgroup_resize_max(m, PAGE);
	mem_cgroup_drain_stocks(); /* which would serve it without asking the group */
	large = kmalloc(20000, GFP_KERNEL);
	assert_false(kmem_cache_charge(large, GFP_KERNEL));
	set_active_memcg(NULL);
	assert_equations_hold();
	kfree(p);
	kfree(q);
	kfree(large);
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

static void test_objects_outlive_their_group_at_its_parent(void **state)
{
	struct mem_cgroup *top = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	struct mem_cgroup *child = mem_cgroup_create(top, MEM_CGROUP_UNLIMITED);
	struct mem_cgroup *grandchild = mem_cgroup_create(child, MEM_CGROUP_UNLIMITED);
	struct kmem_cache *s = make("outlive", 300, SLAB_ACCOUNT);
	void *p[NR_OBJECTS], *q[NR_OBJECTS];

	(void)state;
	set_active_memcg(grandchild);
	take(s, GFP_KERNEL, p, NR_OBJECTS);
	set_active_memcg(child);
	take(s, GFP_KERNEL, q, NR_OBJECTS);
	set_active_memcg(NULL);
	mem_cgroup_put(grandchild);
	assert_int_equal(stat_of(child, "slab"), 2 * NR_OBJECTS * cost(s));
	mem_cgroup_put(child);
	assert_int_equal(stat_of(top, "slab"), 2 * NR_OBJECTS * cost(s));
	assert_equations_hold();
	give(p, NR_OBJECTS);
	assert_int_equal(stat_of(top, "slab"), NR_OBJECTS * cost(s));
	assert_int_equal(settled_usage(top), round_pages(NR_OBJECTS * cost(s)));
	mem_cgroup_put(top);
	assert_equations_hold();
	give(q, NR_OBJECTS); /* nobody pays for these any more */
	mem_cgroup_drain_stocks();
	assert_true(list_empty(&memcg_objcgs));
	assert_equations_hold();
	kmem_cache_destroy(s);
}

/* 8-byte objects fill their slab, and the vector of 512 needs a slab of 4 KiB objects. */
static void test_without_memory_for_a_vector_the_object_is_not_charged(void **state)
{
	struct mem_cgroup *m;
	struct kmem_cache *s = make("no-vector", 8, SLAB_NOLEAKTRACE);
	void *first = kmem_cache_alloc(s, GFP_KERNEL), *p[3];

	(void)state;
	m = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);
	set_active_memcg(m);
	slab_fault_arm(FAULT_PAGES, 1, FOR_EVER);
	take(s, GFP_KERNEL_ACCOUNT, p, 2);
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_int_equal(frame_of(p[0])->obj_exts, EXTS_VALID);
	assert_int_equal(stat_of(m, "slab"), 0);
	take(s, GFP_KERNEL_ACCOUNT, p + 2, 1); /* the next one finds memory */
	set_active_memcg(NULL);
	assert_ptr_equal(frame_of(p[2]), frame_of(first));
	assert_true(exts_present(frame_of(first)));
	assert_int_equal(stat_of(m, "slab"), 16);
	assert_equations_hold();
	kfree(first);
	give(p, 3);
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

static void test_a_group_that_gets_no_memory_is_null(void **state)
{
	struct mem_cgroup *m[200];
	unsigned int nr = 0;

	(void)state;
	slab_fault_arm(FAULT_PAGES, 1, FOR_EVER);
	while (nr < 200 && (m[nr] = mem_cgroup_create(NULL, PAGE)))
		nr++;
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_true(nr < 200);
	while (nr)
		mem_cgroup_put(m[--nr]);
	assert_true(list_empty(&memcg_objcgs));
	assert_equations_hold();
}

static void test_a_prefilled_sheaf_s_objects_are_charged_beyond_the_limit(void **state)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, 0);
	struct kmem_cache *s = make("prefilled", 64, SLAB_ACCOUNT);
	struct slab_sheaf *sheaf;
	void *p[10];

	(void)state;
	set_active_memcg(m);
	assert_null(kmem_cache_alloc(s, GFP_KERNEL));
	sheaf = kmem_cache_prefill_sheaf(s, GFP_KERNEL, 10);
	assert_non_null(sheaf);
	assert_int_equal(settled_usage(m), 0);
	for (int i = 0; i < 10; i++)
		assert_non_null(p[i] = kmem_cache_alloc_from_sheaf(s, 0, sheaf));
	set_active_memcg(NULL);
	assert_int_equal(stat_of(m, "slab"), 10 * 72);
	kmem_cache_return_sheaf(s, GFP_KERNEL, sheaf);
	give(p, 10);
	assert_int_equal(settled_usage(m), 0);
	mem_cgroup_put(m);
	kmem_cache_destroy(s);
}

/* Several threads allocate for groups of a tree and free what others allocated. */
#define NR_GROUPS  5
#define NR_THREADS 4
#define NR_STEPS   20000
#define NR_SHARED  256

static struct {
	struct mem_cgroup *groups[NR_GROUPS];
	struct kmem_cache *caches[3];
	void *shared[NR_SHARED];
	uint64_t seed;
} run;

static void *allocate_any(struct random *r)
{
	gfp_t gfp = random_below(r, 3) ? GFP_KERNEL_ACCOUNT : GFP_KERNEL;

	if (random_below(r, 2))
		return kmem_cache_alloc(run.caches[random_below(r, 3)], gfp);
	return kmalloc(random_range(r, 1, random_below(r, 50) ? 2000 : 30000), gfp);
}

static void *work(void *arg)
{
	struct random r;

	random_seed(&r, run.seed + (uintptr_t)arg);
	for (int i = 0; i < NR_STEPS; i++) {
		struct mem_cgroup *m = run.groups[random_below(&r, NR_GROUPS)];
		void **place = &run.shared[random_below(&r, NR_SHARED)];
		void *p = NULL;

		set_active_memcg(m);
		if (random_below(&r, 4))
			p = allocate_any(&r);
		set_active_memcg(NULL);
		kfree(__atomic_exchange_n(place, p, __ATOMIC_ACQ_REL));
		if (!random_below(&r, 1000))
			mem_cgroup_drain_stocks();
	}
	return NULL;
}

static void run_threads(void)
{
	pthread_t threads[NR_THREADS];

	for (uintptr_t i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* A tree: 1 and 2 below 0, 3 and 4 below 2, which has little room. */
static void make_tree(void)
{
	static const int parents[NR_GROUPS] = { -1, 0, 0, 2, 2 };

	for (int i = 0; i < NR_GROUPS; i++) {
		struct mem_cgroup *parent = i ? run.groups[parents[i]] : NULL;

		run.groups[i] = mem_cgroup_create(parent, i == 2 ? (size_t)20 * PAGE
								 : MEM_CGROUP_UNLIMITED);
	}
}

static size_t pages_through(const struct mem_cgroup *m)
{
	struct obj_cgroup *o;
	size_t nr = 0;

	list_for_each_entry (o, &m->objcgs, link)
		nr += o->nr_pages;
	return nr;
}

/* M2 for the tree above. */
static void assert_pages_add_up(void)
{
	struct mem_cgroup **g = run.groups;
	size_t in_2 = pages_through(g[2]) + pages_through(g[3]) + pages_through(g[4]);

	assert_int_equal(g[1]->nr_pages, pages_through(g[1]));
	assert_int_equal(g[2]->nr_pages, in_2);
	assert_int_equal(g[0]->nr_pages, pages_through(g[0]) + pages_through(g[1]) + in_2);
	assert_true(g[2]->nr_pages <= 20);
}

static void test_charges_add_up_after_random_work_of_many_threads(void **state)
{
	(void)state;
	run.seed = test_seed(7);
	run.caches[0] = make("random-0", 72, SLAB_ACCOUNT);
	run.caches[1] = make("random-1", 700, SLAB_ACCOUNT | SLAB_RECLAIM_ACCOUNT);
	run.caches[2] = make("random-2", 8, 0);
	make_tree();
	run_threads();
	assert_equations_hold();
	assert_pages_add_up();
	assert_true(mem_cgroup_nr_refused(run.groups[2]) > 0);
	mem_cgroup_put(run.groups[4]);
	mem_cgroup_put(run.groups[3]);
	assert_equations_hold();
	give(run.shared, NR_SHARED);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(stat_of(run.groups[i], "slab"), 0);
		assert_int_equal(settled_usage(run.groups[i]), 0);
	}
	mem_cgroup_put(run.groups[2]);
	mem_cgroup_put(run.groups[1]);
	mem_cgroup_put(run.groups[0]);
	assert_true(list_empty(&memcg_objcgs));
	assert_equations_hold();
	for (int i = 0; i < 3; i++)
		kmem_cache_destroy(run.caches[i]);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=256M,cpus=2");
}

static int boot_cpuslab(void **state)
{
	(void)state;
	return slab_boot("range=256M,cpus=2,engine=cpuslab");
}

/* Groups charge pages of 64 KiB; of the tests those whose numbers do not depend on that. */
static int boot_64k(void **state)
{
	(void)state;
	return slab_boot("range=2G,cpus=2,page_size=64K");
}

static int in_a_child(int (*group)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		exit(group());
	return waitpid(pid, &status, 0) != pid || status;
}

static int run_64k(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_from_before_the_first_group_are_nobody_s),
		cmocka_unit_test(test_the_flag_charges_what_the_cache_does_not),
		cmocka_unit_test(test_bulks_are_charged_and_given_back),
		cmocka_unit_test(test_charges_add_up_after_random_work_of_many_threads),
	};

	return cmocka_run_group_tests(tests, boot_64k, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_from_before_the_first_group_are_nobody_s),
		cmocka_unit_test(test_without_memory_for_a_vector_the_object_is_not_charged),
		cmocka_unit_test(test_an_object_costs_its_slot_and_a_pointer),
		cmocka_unit_test(test_the_flag_charges_what_the_cache_does_not),
		cmocka_unit_test(test_bulks_are_charged_and_given_back),
		cmocka_unit_test(test_large_blocks_are_charged_as_they_are),
		cmocka_unit_test(test_a_limit_refuses_and_recovers),
		cmocka_unit_test(test_a_parent_s_limit_holds_for_all_its_children),
		cmocka_unit_test(test_reclaim_is_asked_before_a_limit_refuses),
		cmocka_unit_test(test_an_object_may_be_charged_late),
		cmocka_unit_test(test_objects_outlive_their_group_at_its_parent),
		cmocka_unit_test(test_a_group_that_gets_no_memory_is_null),
		cmocka_unit_test(test_a_prefilled_sheaf_s_objects_are_charged_beyond_the_limit),
		cmocka_unit_test(test_charges_add_up_after_random_work_of_many_threads),
	};

	int failed = in_a_child(run_64k), status = 0;
	pid_t pid = fork(); /* a process has one engine */

	if (!pid)
		return cmocka_run_group_tests(tests, boot_cpuslab, NULL);
	waitpid(pid, &status, 0);
	return cmocka_run_group_tests(tests, boot, NULL) || status || failed;
}
