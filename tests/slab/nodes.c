// SPDX-License-Identifier: MIT
/*
 * Memory nodes: reading them from a system, their distances, whose memory a block is, and where a
 * request goes when its node has nothing left. Four nodes are simulated.
 */
#include "common.h"

#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allocators/slab/buddy.h"
#include "allocators/slab/nodes.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/pages.h"
#include "lib/random.h"

#define NR_NODES 4u

static void test_a_simulated_node_turns_to_its_neighbours_first(void **state)
{
	static const unsigned int expected[NR_NODES][NR_NODES] = {
		{ 0, 1, 2, 3 }, { 1, 2, 0, 3 }, { 2, 3, 1, 0 }, { 3, 2, 1, 0 }
	};

	(void)state;
	assert_int_equal(slab_nr_nodes, NR_NODES);
	for (unsigned int i = 0; i < NR_NODES; i++)
		for (unsigned int j = 0; j < NR_NODES; j++)
			assert_int_equal(nodes_fallback(i, j), expected[i][j]);
	assert_int_equal(nodes_distance(2, 2), LOCAL_DISTANCE);
	assert_int_equal(nodes_distance(0, 3), nodes_distance(3, 0));
	assert_true(nodes_distance(0, 3) > nodes_distance(0, 1));
}

static void test_a_thread_is_on_the_node_of_its_cpu(void **state)
{
	cpu_set_t allowed, one;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		assert_int_equal(nodes_here(), cpu % NR_NODES);
		assert_int_equal(nodes_of_cpu(cpu), cpu % NR_NODES);
	}
	assert_int_equal(sched_setaffinity(0, sizeof(allowed), &allowed), 0);
}

static struct frame *take(unsigned int order, gfp_t gfp, int node)
{
	struct frame *f = pages_alloc(order, gfp | __GFP_NORETRY | __GFP_NOWARN, node, NULL);

	if (f)
		pagemap_set(frame_page(f), f->order, PAGE_LARGE, 0);
	return f;
}

static void test_random_blocks_stay_on_their_nodes(void **state)
{
	static struct frame *held[256];
	static unsigned char node_of[1u << 6];
	struct random r;

	(void)state;
	memset(node_of, 0xff, sizeof(node_of));
	random_seed(&r, test_seed(51));
	for (unsigned int step = 0; step < 8000; step++) {
		size_t i = random_below(&r, 256), piece;
		int node = (int)random_below(&r, NR_NODES);

		if (held[i]) {
			pages_free(held[i]);
			held[i] = NULL;
			continue;
		}
		held[i] =
			take((unsigned int)random_below(&r, 6), GFP_KERNEL | __GFP_THISNODE, node);
		assert_non_null(held[i]);
		assert_int_equal(held[i]->node, node);
		piece = frame_page(held[i]) >> slab_block_order();
		if (node_of[piece] == 0xff)
			node_of[piece] = (unsigned char)node;
		assert_int_equal(node_of[piece], node);
		if (step % 200 == 0)
			assert_equations_hold();
	}
	for (size_t i = 0; i < 256; i++)
		if (held[i])
			pages_free(held[i]);
	assert_equations_hold();
}

static void test_objects_lie_on_the_node_that_was_asked_for(void **state)
{
	struct kmem_cache *s = kmem_cache_create("numa", 200, 0, SLAB_NO_MERGE, NULL);
	static void *objects[NR_NODES][300];

	(void)state;
	for (unsigned int i = 0; i < 300; i++)
		for (unsigned int node = 0; node < NR_NODES; node++) {
			objects[node][i] =
				kmem_cache_alloc_node(s, GFP_KERNEL | __GFP_THISNODE, (int)node);
			assert_non_null(objects[node][i]);
			assert_int_equal(frame_of(objects[node][i])->node, node);
		}
	assert_equations_hold();
	for (unsigned int i = 0; i < 300; i++)
		for (unsigned int node = 0; node < NR_NODES; node++)
			kmem_cache_free(s, objects[node][i]);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

/* Node numbers that a test has asked for stay true. */
static void stay_on_this_cpu(cpu_set_t *before)
{
	cpu_set_t one;

	assert_int_equal(sched_getaffinity(0, sizeof(*before), before), 0);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* The list of node 1 is all there is, so this CPU's sheaf is filled from it. */
static void test_thisnode_is_kept_although_a_sheaf_holds_others_objects(void **state)
{
	struct kmem_cache *s = kmem_cache_create("strangers", 200, 0, SLAB_NO_MERGE, NULL);
	unsigned int here, there;
	static void *objects[400];
	cpu_set_t cpus;
	void *stranger;

	(void)state;
	stay_on_this_cpu(&cpus);
	here = nodes_here();
	there = (here + 1) % NR_NODES;
	for (unsigned int i = 0; i < 400; i++)
		objects[i] = kmem_cache_alloc_node(s, GFP_KERNEL | __GFP_THISNODE, (int)there);
	for (unsigned int i = 0; i < 400; i += 10)
		kmem_cache_free(s, objects[i]);
	stranger = kmem_cache_alloc(s, GFP_KERNEL);
	for (unsigned int i = 0; i < 400; i += 10) {
		objects[i] = kmem_cache_alloc_node(s, GFP_KERNEL | __GFP_THISNODE, (int)here);
		assert_int_equal(frame_of(objects[i])->node, here);
	}
	assert_equations_hold();
	kmem_cache_free(s, stranger);
	kmem_cache_free_bulk(s, 400, objects);
	assert_equations_hold();
	kmem_cache_destroy(s);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

static unsigned int nr_from(struct kmem_cache *s, unsigned int node, unsigned int rounds)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		void *p = kmem_cache_alloc(s, GFP_KERNEL);

		nr += frame_of(p)->node == node;
		kmem_cache_free(s, p);
		kmem_cache_shrink(s);
	}
	return nr;
}

/* 1000 of 1024 looks by default, none with 0; the rest is chance. */
static void test_remote_node_defrag_ratio_says_how_often_others_slabs_are_used(void **state)
{
	struct kmem_cache *s = kmem_cache_create("ratio", 200, 0, SLAB_NO_MERGE, NULL);
	static void *objects[400];
	unsigned int there;
	cpu_set_t cpus;

	(void)state;
	stay_on_this_cpu(&cpus);
	there = (nodes_here() + 1) % NR_NODES;
	for (unsigned int i = 0; i < 400; i++)
		objects[i] = kmem_cache_alloc_node(s, GFP_KERNEL | __GFP_THISNODE, (int)there);
	for (unsigned int i = 0; i < 400; i += 10)
		kmem_cache_free(s, objects[i]);
	assert_true(nr_from(s, there, 200) > 100);
	assert_int_equal(slab_attribute_write("ratio", "remote_node_defrag_ratio", "0"), 0);
	assert_int_equal(nr_from(s, there, 200), 0);
	assert_int_equal(slab_attribute_write("ratio", "remote_node_defrag_ratio", "50"), 0);
	assert_in_range(nr_from(s, there, 200), 1, 199);
	for (unsigned int i = 0; i < 400; i++)
		if (i % 10)
			kmem_cache_free(s, objects[i]);
	kmem_cache_destroy(s);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}

/* Blocks of any node, while the others look on. */
static void *work(void *arg)
{
	struct frame *held[32] = { NULL };
	struct slab_usage u;
	struct random r;
	char text[4096];

	random_seed(&r, (uint64_t)(uintptr_t)arg);
	for (unsigned int step = 0; step < 4000; step++) {
		size_t i = random_below(&r, 32);

		if (held[i]) {
			pages_free(held[i]);
			held[i] = NULL;
		} else {
			held[i] = take((unsigned int)random_below(&r, 8),
				       GFP_KERNEL | (gfp_t)random_below(&r, 3) * __GFP_MOVABLE,
				       (int)random_below(&r, NR_NODES));
		}
		if (step % 500 == 0) {
			slab_usage(&u);
			slab_pagetypeinfo(text, sizeof(text));
		}
	}
	for (size_t i = 0; i < 32; i++)
		if (held[i])
			pages_free(held[i]);
	return NULL;
}

static void test_threads_on_all_nodes_keep_the_equations(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_equations_hold();
}

/* Take all that node 2 can have; returns how many blocks. */
static size_t exhaust(struct frame **blocks)
{
	size_t nr = 0;

	for (unsigned int order = MAX_PAGE_ORDER + 1; order--;)
		while ((blocks[nr] = take(order, GFP_KERNEL | __GFP_THISNODE, 2)))
			nr++;
	return nr;
}

static void assert_served(void *p, int node)
{
	assert_non_null(p);
	if (node >= 0)
		assert_int_equal(frame_of(p)->node, node);
	kfree(p);
}

/* With several nodes such a number was an index. */
static void test_a_node_that_does_not_exist_is_no_wish(void **state)
{
	static const int nodes[] = { -2, -1000000, NR_NODES, 100, INT32_MAX, INT32_MIN };
	struct kmem_cache *s = kmem_cache_create("nowhere", 64, 0, SLAB_POISON, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		assert_served(kmalloc_node(64, GFP_KERNEL, nodes[i]), NUMA_NO_NODE);
		assert_served(kmalloc_node(64, GFP_KERNEL | __GFP_THISNODE, nodes[i]), -1);
		assert_served(kmalloc_node(100000, GFP_KERNEL, nodes[i]), NUMA_NO_NODE);
		assert_served(kvmalloc_node(64, GFP_KERNEL, nodes[i]), NUMA_NO_NODE);
		assert_served(kmalloc_nolock(64, 0, nodes[i]), NUMA_NO_NODE);
		assert_served(kmem_cache_alloc_node(s, GFP_KERNEL, nodes[i]), NUMA_NO_NODE);
	}
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_large_blocks_lie_on_the_node_that_was_asked_for(void **state)
{
	(void)state;
	for (int node = 0; node < (int)NR_NODES; node++)
		assert_served(kmalloc_node(100000, GFP_KERNEL, node), node);
	assert_equations_hold();
}

static void test_a_full_node_is_helped_by_the_nearest_but_not_with_thisnode(void **state)
{
	static struct frame *blocks[1u << 14];
	struct frame *other = take(0, GFP_KERNEL | __GFP_THISNODE, 3), *mine;
	size_t nr = exhaust(blocks);

	(void)state;
	assert_true(pagemap_committed() == slab_range.nr_pages);
	assert_null(take(0, GFP_KERNEL | __GFP_THISNODE, 2));
	mine = take(0, GFP_KERNEL, 2);
	assert_non_null(mine);
	assert_int_equal(mine->node, 3);
	assert_equations_hold();
	pages_free(mine);
	pages_free(other);
	while (nr)
		pages_free(blocks[--nr]);
	assert_equations_hold();
}

static void put(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Nodes 0, 2 and 5 are online, 2 has no memory and is nearer to 5; CPU 9 does not exist. */
static void make_system(const char *root)
{
	static const char *const folders[] = { "node0", "node2", "node5" };
	char path[256];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	put(root, "online", "0,2,5\n");
	put(root, "has_memory", "0,5\n");
	put(root, "node0/cpulist", "0-1,6\n");
	put(root, "node2/cpulist", "4-5\n");
	put(root, "node5/cpulist", "2-3,7\n");
	put(root, "node0/distance", "10 31 21\n");
	put(root, "node2/distance", "31 10 12\n");
	put(root, "node5/distance", "21 12 10\n");
}

static void remove_system(const char *root)
{
	static const char *const names[] = {
		"node0/cpulist",  "node2/cpulist",  "node5/cpulist", "node0/distance",
		"node2/distance", "node5/distance", "online",	     "has_memory",
	};
	static const char *const folders[] = { "node0", "node2", "node5", "" };
	char path[256];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		unlink(path);
	}
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
		rmdir(path);
	}
}

static void test_a_system_with_gaps_and_a_node_without_memory_is_read(void **state)
{
	static const unsigned int node_of[] = { 0, 0, 1, 1, 1, 1, 0, 1 };
	char root[] = "/tmp/slab-nodes-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(root));
	make_system(root);
	nodes_read(root);
	assert_int_equal(slab_nr_nodes, 2);
	for (unsigned int cpu = 0; cpu < 8; cpu++)
		assert_int_equal(nodes_of_cpu(cpu), node_of[cpu]);
	assert_int_equal(nodes_distance(0, 1), 21);
	assert_int_equal(nodes_distance(1, 1), 10);
	assert_int_equal(nodes_fallback(1, 0), 1);
	assert_int_equal(nodes_fallback(1, 1), 0);
	remove_system(root);
	nodes_read(root);
	assert_int_equal(slab_nr_nodes, 1);
	assert_int_equal(nodes_of_cpu(7), 0);
	nodes_init(NR_NODES);
}

static void test_this_system_has_at_least_one_node(void **state)
{
	(void)state;
	nodes_init(0);
	assert_in_range(slab_nr_nodes, 1, SLAB_MAX_NODES);
	assert_true(nodes_here() < slab_nr_nodes);
	nodes_init(NR_NODES);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("nodes=4,range=64M,purge_thread=0"); /* nodes_init() is called again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_simulated_node_turns_to_its_neighbours_first),
		cmocka_unit_test(test_a_thread_is_on_the_node_of_its_cpu),
		cmocka_unit_test(test_random_blocks_stay_on_their_nodes),
		cmocka_unit_test(test_threads_on_all_nodes_keep_the_equations),
		cmocka_unit_test(test_objects_lie_on_the_node_that_was_asked_for),
		cmocka_unit_test(test_a_node_that_does_not_exist_is_no_wish),
		cmocka_unit_test(test_large_blocks_lie_on_the_node_that_was_asked_for),
		cmocka_unit_test(test_thisnode_is_kept_although_a_sheaf_holds_others_objects),
		cmocka_unit_test(
			test_remote_node_defrag_ratio_says_how_often_others_slabs_are_used),
		cmocka_unit_test(test_a_full_node_is_helped_by_the_nearest_but_not_with_thisnode),
		cmocka_unit_test(test_a_system_with_gaps_and_a_node_without_memory_is_read),
		cmocka_unit_test(test_this_system_has_at_least_one_node),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
