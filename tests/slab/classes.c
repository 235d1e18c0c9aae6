// SPDX-License-Identifier: MIT
/*
 * The schemes of size classes, the least alignment, and the number of partitions: which cache an
 * object really lies in, how much of it is unused, and that caches made late are made once.
 */
#include "common.h"

#include <pthread.h>

#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/shrinker.h"

#define NR_THREADS 4

static struct kmalloc_token token_of(unsigned long token)
{
	return (struct kmalloc_token){ &token_of, token };
}

static struct kmem_cache *cache_of(const void *p)
{
	return frame_of(p)->cache;
}

/* The least class that holds @size, by the definition and not by the table. */
static size_t kernel_class(size_t size, size_t min_align)
{
	size_t bytes = min_align;

	while (bytes < size)
		bytes *= 2;
	if (size > 64 && size <= 96)
		return 96;
	return size > 128 && size <= 192 ? 192 : bytes;
}

static size_t fine_class(size_t size, size_t min_align)
{
	size_t step = 16;

	if (size <= min_align)
		return min_align;
	while (step * 16 < size)
		step *= 2;
	return (size + step - 1) / step * step;
}

static int check_sizes(size_t (*class_of)(size_t size, size_t min_align), size_t min_align)
{
	int wrong = 0;

	for (size_t size = 1; size <= kmalloc_max_cache_size(); size += 1 + size / 8192 * 100) {
		char *p = kmalloc(size, GFP_KERNEL);
		size_t bytes = kmem_cache_size(cache_of(p));

		wrong += bytes != class_of(size, min_align) || kmalloc_max_cache_size() < 8192 ||
			 (uintptr_t)p % min_align || (uintptr_t)p % (bytes & (~bytes + 1)) ||
			 ksize(p) < size || kmalloc_size_roundup(size) != bytes;
		memset(p, (int)size, size);
		kfree(p);
	}
	return wrong;
}

static void kernel(void)
{
	assert_int_equal(check_sizes(kernel_class, 8), 0);
}

static void kernel_16(void)
{
	assert_int_equal(check_sizes(kernel_class, 16), 0);
	assert_null(kmalloc_cache(KMALLOC_NORMAL, 3));
}

static void fine(void)
{
	assert_int_equal(check_sizes(fine_class, 8), 0);
}

static void fine_16(void)
{
	assert_int_equal(check_sizes(fine_class, 16), 0);
	assert_int_equal(kmalloc_max_cache_size(), 65536);
	for (size_t size = 113; size <= 65536; size++)
		assert_true((fine_class(size, 16) - size) * 8 < fine_class(size, 16));
}

static void classes_serve_every_size(void **state)
{
	(void)state;
	run_in_mode("classes=kernel", kernel);
	run_in_mode("classes=kernel,minalign=16", kernel_16);
	run_in_mode("classes=fine", fine);
	run_in_mode("classes=fine,minalign=16", fine_16);
	run_in_mode("classes=fine,minalign=16,debug=FZPU", fine_16);
	run_in_mode("classes=fine,engine=cpuslab", fine);
	run_in_mode("classes=kernel,partitions=64", kernel);
}

static void large_pages(void)
{
	assert_int_equal(kmalloc_max_cache_size(), 2 * slab_page_bytes());
	assert_int_equal(check_sizes(kernel_class, 8), 0);
}

static void classes_go_on_with_larger_pages(void **state)
{
	(void)state;
	run_in_mode("classes=fine,page_size=64K", fine);
	run_in_mode("classes=kernel,page_size=64K,partitions=2", large_pages);
	run_in_mode("classes=kernel,page_size=16K", large_pages);
}

static void check_tokens(unsigned int nr)
{
	struct kmem_cache *of[256] = { NULL };

	for (unsigned long token = 0; token < 1024; token++) {
		void *p = kmalloc_token(100, GFP_KERNEL, token_of(token));
		struct kmem_cache **s = &of[token % nr];

		assert_true(!*s || *s == cache_of(p));
		*s = cache_of(p);
		kfree(p);
	}
	for (unsigned int i = 0; i < nr; i++)
		for (unsigned int j = 0; j < i; j++)
			assert_ptr_not_equal(of[i], of[j]);
}

static void two(void)
{
	check_tokens(2);
}

static void sixteen(void)
{
	check_tokens(16);
}

static void sixty_four(void)
{
	check_tokens(64);
}

static void all_256(void)
{
	check_tokens(256);
	assert_string_equal(kmem_cache_name(cache_of(kmalloc_token(64, GFP_KERNEL, token_of(200)))),
			    "kmalloc-part-200-64");
}

static void each_token_has_its_set(void **state)
{
	(void)state;
	run_in_mode("partition=typed,partitions=2", two);
	run_in_mode("partition=typed", sixteen);
	run_in_mode("partition=typed,partitions=64,classes=fine", sixty_four);
	run_in_mode("partition=typed,partitions=256", all_256);
	run_in_mode("partition=typed,partitions=256,engine=cpuslab", all_256);
}

static char sites[4096];

/* Every set of the random mode is used, none much more than others. */
static void spread(unsigned int nr)
{
	unsigned int count[256] = { 0 };

	for (unsigned int i = 0; i < sizeof(sites); i++)
		count[partition_set((struct kmalloc_token){ &sites[i], 0 })]++;
	for (unsigned int i = 0; i < 256; i++)
		assert_true(i < nr ? count[i] > 0 && count[i] < 4 * sizeof(sites) / nr : !count[i]);
}

static void hashed_2(void)
{
	spread(2);
}

static void hashed_256(void)
{
	spread(256);
}

static void random_mode_uses_all_sets(void **state)
{
	(void)state;
	run_in_mode("partition=random,partitions=2,seed=1", hashed_2);
	run_in_mode("partition=random,partitions=256,seed=1", hashed_256);
}

static pthread_barrier_t start;

/* All threads ask for each cache at the same moment. */
static void *ask(void *arg)
{
	struct kmem_cache **seen = arg;

	for (unsigned int i = 0; i < 256; i++) {
		void *p;

		pthread_barrier_wait(&start);
		p = kmalloc_token(32, GFP_KERNEL, token_of(i));
		seen[i] = cache_of(p);
		kfree(p);
	}
	return NULL;
}

static void race(void)
{
	static struct kmem_cache *seen[NR_THREADS][256];
	pthread_t threads[NR_THREADS];

	pthread_barrier_init(&start, NULL, NR_THREADS);
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, seen[i]), 0);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < NR_THREADS; i++)
		assert_memory_equal(seen[i], seen[0], sizeof(seen[0]));
}

static void late_caches_are_made_once(void **state)
{
	(void)state;
	run_in_mode("partition=typed,partitions=256", race);
	run_in_mode("partition=typed,partitions=256,engine=cpuslab", race);
}

/* A set of buckets has the scheme's classes. */
static void buckets(void)
{
	kmem_buckets *b = kmem_buckets_create("own", 0, 0, 0, NULL);
	void *p = kmem_buckets_alloc(b, 150, GFP_KERNEL);

	assert_string_equal(kmem_cache_name(cache_of(p)), "own-160");
	kfree(p);
	kmem_buckets_destroy(b);
}

static void buckets_follow_the_scheme(void **state)
{
	(void)state;
	run_in_mode("classes=fine,slab_buckets=1", buckets);
}

/* Blocks up to the limit, of which a shrinker gives back one a time. */
#define NR_BLOCKS 8192

static void *blocks[NR_BLOCKS];
static unsigned int nr_blocks, nr_asked, nr_shrunk;

static void *next_class(void)
{
	unsigned int i = nr_asked++;

	return kmalloc_token(32 + i / 64 * 16, GFP_KERNEL, token_of(i % 64));
}

static void use_up(void)
{
	while (nr_blocks < NR_BLOCKS) {
		void *p = kmalloc(4u << 10, __GFP_NOWARN);

		if (!p)
			break;
		blocks[nr_blocks++] = p;
	}
}

static unsigned long count_blocks(struct shrinker *s, struct shrink_control *sc)
{
	(void)s;
	(void)sc;
	return nr_blocks;
}

/* What it asks for nobody has used, and who called may be about to make such a cache. */
static unsigned long free_and_ask(struct shrinker *s, struct shrink_control *sc)
{
	void *p;

	(void)s;
	(void)sc;
	if (!nr_blocks)
		return SHRINK_STOP;
	p = next_class();
	nr_shrunk++;
	kfree(p);
	kfree(blocks[--nr_blocks]);
	return 1;
}

static void shrink(void)
{
	struct shrinker *s = shrinker_alloc(0, "asks");

	alarm(60);
	s->count_objects = count_blocks;
	s->scan_objects = free_and_ask;
	s->batch = 1;
	shrinker_register(s);
	while (nr_asked < 64 * 50) {
		use_up();
		kfree(next_class());
	}
	assert_true(nr_shrunk > 0);
	shrinker_free(s);
	while (nr_blocks)
		kfree(blocks[--nr_blocks]);
}

static unsigned int index_of(size_t size)
{
	unsigned int index = kmalloc_index(size);

	assert_int_equal(index, classes_find(size));
	return index;
}

/* Before a size is asked for its class is found by a search, then by a load. */
static void open_one_by_one(void)
{
	size_t max;

	kfree(kmalloc(100, GFP_KERNEL));
	max = min_size(kmalloc_max_cache_size(), CLASS_STEPS_MAX);
	for (size_t size = 1; size <= max; size += 1 + size / 16) {
		unsigned int index = index_of(size), open;
		void *p = kmalloc(size, GFP_KERNEL);

		open = classes_of_step((size - 1) >> CLASS_STEP_SHIFT);
		assert_int_equal(index, open);
		assert_int_equal(kmem_cache_size(cache_of(p)), kmalloc_class_bytes(open));
		kfree(p);
	}
	for (size_t size = 1; size <= max; size++)
		index_of(size);
}

static void a_class_is_the_same_before_and_after_it_is_opened(void **state)
{
	(void)state;
	run_in_mode("classes=fine", open_one_by_one);
	run_in_mode("classes=fine,minalign=16", open_one_by_one);
	run_in_mode("classes=kernel,page_size=64K", open_one_by_one);
	run_in_mode("classes=kernel,minalign=16,partition=typed,partitions=64", open_one_by_one);
}

static void what_is_not_asked_for_is_not_open(void **state)
{
	(void)state;
	assert_int_equal(slab_boot("classes=fine,minalign=16"), 0);
	for (size_t step = 0; step < NR_CLASS_STEPS; step++)
		assert_int_equal(classes_of_step(step), 0);
	kfree(kmalloc(100, GFP_KERNEL));
	for (size_t step = 0; step < NR_CLASS_STEPS; step++)
		assert_int_equal(classes_of_step(step) != 0, step >= 12 && step < 14);
}

static void a_shrinker_may_ask_for_a_class_that_nobody_used(void **state)
{
	(void)state;
	run_in_mode("limit=32M,partition=typed,partitions=64,classes=fine", shrink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes_serve_every_size),
		cmocka_unit_test(classes_go_on_with_larger_pages),
		cmocka_unit_test(each_token_has_its_set),
		cmocka_unit_test(random_mode_uses_all_sets),
		cmocka_unit_test(late_caches_are_made_once),
		cmocka_unit_test(buckets_follow_the_scheme),
		cmocka_unit_test(a_shrinker_may_ask_for_a_class_that_nobody_used),
		cmocka_unit_test(a_class_is_the_same_before_and_after_it_is_opened),
		cmocka_unit_test(what_is_not_asked_for_is_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
