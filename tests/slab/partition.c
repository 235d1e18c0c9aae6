// SPDX-License-Identifier: MIT
/*
 * The partition modes: which set a call site gets, how evenly sites spread over the sets, and that
 * two sets never have an object in the same slab. A process has one mode, so each mode has a child.
 */
#include "common.h"

#include <unistd.h>

#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/partition.h"
#include "lib/random.h"

#define NR_SITES 4096

static char sites[NR_SITES];

static struct kmalloc_token token_of(unsigned int site, unsigned long token)
{
	return (struct kmalloc_token){ &sites[site], token };
}

/* Run @body in a process of its own booted with @options; its exit code is the verdict. */
static void in_child(const char *options, int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		if (slab_boot(options)) {
			fprintf(stderr, "%s: %s\n", options, slab_boot_error());
			_exit(100);
		}
		status = body();
		_exit(slab_check(print_disagreement, NULL) ? 101 : status);
	}
	assert_int_equal(child_exit_code(pid), 0);
}

static struct kmem_cache *cache_of(const void *p)
{
	return frame_of(p)->cache;
}

static int none_uses_one_set(void)
{
	for (unsigned int i = 0; i < NR_SITES; i++) {
		void *p = kmalloc_token(64, GFP_KERNEL, token_of(i, i));

		if (cache_of(p) != kmalloc_cache(0, kmalloc_index(64)))
			return 1;
		kfree(p);
	}
	return strstr(kmem_cache_name(kmalloc_cache(0, kmalloc_index(64))), "part") != NULL;
}

static void test_without_partitions_all_sites_share_one_cache(void **state)
{
	(void)state;
	in_child("partition=none", none_uses_one_set);
}

static int typed_follows_the_token(void)
{
	for (unsigned long token = 0; token < 64; token++) {
		void *p = kmalloc_token(200, GFP_KERNEL, token_of((unsigned int)token, token));

		if (cache_of(p) != kmalloc_cache(token & 15, kmalloc_index(200)))
			return 1;
		kfree(p);
	}
	if (strcmp(kmem_cache_name(kmalloc_cache(0, 8)), "kmalloc-256"))
		return 2;
	if (strcmp(kmem_cache_name(kmalloc_cache(3, 6)), "kmalloc-part-03-64"))
		return 3;
	return strcmp(kmem_cache_name(kmalloc_cache(15, 13)), "kmalloc-part-15-8k") ? 4 : 0;
}

static void test_typed_takes_the_set_of_the_token(void **state)
{
	(void)state;
	in_child("partition=typed", typed_follows_the_token);
}

static int random_follows_the_location(void)
{
	char text[32];
	uint64_t seed = 42;

	if (slab_option_get("seed", text, sizeof(text)) < 0 || strcmp(text, "42"))
		return 1;
	for (unsigned int i = 0; i < NR_SITES; i++) {
		void *p = kmalloc_token(64, GFP_KERNEL, token_of(i, 0));

		if (cache_of(p) != kmalloc_cache(partition_hash(&sites[i], seed, 4), 6))
			return 2;
		kfree(p);
	}
	return 0;
}

static void test_random_takes_the_set_of_the_hashed_location(void **state)
{
	(void)state;
	in_child("partition=random,seed=42", random_follows_the_location);
}

/* Allocate in all sets at once and look whether any page serves two sets. */
static int sets_share_no_page(void)
{
	static void *objects[NR_SITES];
	static const size_t sizes[] = { 8, 64, 96, 500, 4096 };
	bool clash = false;

	for (unsigned int i = 0; i < NR_SITES; i++)
		objects[i] = kmalloc_token(sizes[i % 5], GFP_KERNEL, token_of(i, i / 5));
	for (unsigned int i = 0; i < NR_SITES; i++) {
		unsigned int set = partition_set(token_of(i, i / 5));
		struct kmem_cache *s = kmalloc_cache(set, kmalloc_index(sizes[i % 5]));
		struct frame *f = frame_of(objects[i]);

		clash |= f->cache != s || entry_slot(pagemap_entry(frame_page(f))) != s->free_slot;
	}
	for (unsigned int i = 0; i < NR_SITES; i++)
		kfree(objects[i]);
	return clash;
}

static void test_two_sets_never_share_a_slab(void **state)
{
	(void)state;
	in_child("partition=typed", sets_share_no_page);
	in_child("partition=random", sets_share_no_page);
}

static int flags_leave_the_sets(void)
{
	struct kmalloc_token t = token_of(1, 9);
	void *rcl = kmalloc_token(64, GFP_KERNEL | __GFP_RECLAIMABLE, t);
	void *cg = kmalloc_token(64, GFP_KERNEL | __GFP_ACCOUNT, t);
	void *dma = kmalloc_token(64, GFP_KERNEL | __GFP_DMA | __GFP_RECLAIMABLE, t);
	void *zero = kmalloc_token(64, GFP_KERNEL | __GFP_ZERO, t);
	bool right = cache_of(rcl) == kmalloc_cache(KMALLOC_RECLAIM, 6) &&
		     cache_of(cg) == kmalloc_cache(KMALLOC_CGROUP, 6) &&
		     cache_of(dma) == kmalloc_cache(KMALLOC_NORMAL, 6) &&
		     cache_of(zero) == kmalloc_cache(9, 6);

	kfree(rcl);
	kfree(cg);
	kfree(dma);
	kfree(zero);
	return !right;
}

static void test_reclaimable_and_accounted_memory_is_not_partitioned(void **state)
{
	(void)state;
	in_child("partition=typed", flags_leave_the_sets);
}

/*
 * Chi-square of NR_SITES neighbouring addresses over 16 sets. With 15 degrees of freedom a uniform
 * hash exceeds 44.3 once in 10 000; a Fibonacci hash of neighbours is more even than chance, so the
 * bound holds for every seed unless the hash is broken.
 */
static void test_sites_spread_evenly_whatever_the_seed(void **state)
{
	struct random r;

	(void)state;
	random_seed(&r, test_seed(5));
	for (int round = 0; round < 200; round++) {
		uint64_t seed = random_u64(&r);
		double expected = (double)NR_SITES / NR_PARTITIONS, chi = 0;
		unsigned int count[NR_PARTITIONS] = { 0 };

		for (unsigned int i = 0; i < NR_SITES; i++)
			count[partition_hash(&sites[i], seed, 4)]++;
		for (unsigned int i = 0; i < NR_PARTITIONS; i++)
			chi += (count[i] - expected) * (count[i] - expected) / expected;
		assert_true(chi < 44.3);
	}
}

/*
 * Which sites share a set must change from seed to seed: that is the point of the seed. Pairs of
 * random places in 16 MiB of code. (For two places that differ in one bit the hash differs by a
 * constant, so such a pair may be apart under every seed; the kernel's function has this too.)
 */
static void test_another_seed_groups_sites_differently(void **state)
{
	unsigned int together = 0, changing = 0;
	struct random r;

	(void)state;
	random_seed(&r, test_seed(6));
	for (int pair = 0; pair < 100; pair++) {
		const void *a = (void *)((uintptr_t)sites + random_below(&r, 1 << 24));
		const void *b = (void *)((uintptr_t)sites + random_below(&r, 1 << 24));
		unsigned int nr = 0;

		for (int i = 0; i < 400; i++) {
			uint64_t seed = random_u64(&r);

			nr += partition_hash(a, seed, 4) == partition_hash(b, seed, 4);
		}
		together += nr;
		changing += nr > 0 && nr < 400;
	}
	print_message("%u of 40000 pairs in one set; %u of 100 pairs change with the seed\n",
		      together, changing);
	assert_in_range(together, 40000 / 32, 40000 / 8);
	assert_true(changing > 80);
}

static int token_at_one_place(void)
{
	struct kmalloc_token a[2], b = KMALLOC_TOKEN(sizeof(int));

	for (int i = 0; i < 2; i++)
		a[i] = KMALLOC_TOKEN(sizeof(int));
	return a[0].location != a[1].location || a[0].location == b.location;
}

static void test_each_call_site_has_its_own_location(void **state)
{
	(void)state;
	assert_int_equal(token_at_one_place(), 0);
}

struct without {
	int a;
	long b;
};
struct with {
	int a;
	void *b;
};

static void test_the_compiler_s_tokens_tell_pointers_apart(void **state)
{
	unsigned long data = KMALLOC_TOKEN(sizeof(struct without)).token & ~KMALLOC_TOKEN_TAGGED;
	unsigned long pointers = KMALLOC_TOKEN(sizeof(struct with)).token & ~KMALLOC_TOKEN_TAGGED;

	(void)state;
	if (!pointers) {
		print_message("this compiler infers no tokens (Clang 22 does)\n");
		skip();
	}
	if (pointers >= NR_PARTITIONS)
		fail_msg("token %lu: compile with -falloc-token-max=16", pointers);
	assert_true(data < 8);
	assert_true(pointers >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_partitions_all_sites_share_one_cache),
		cmocka_unit_test(test_typed_takes_the_set_of_the_token),
		cmocka_unit_test(test_random_takes_the_set_of_the_hashed_location),
		cmocka_unit_test(test_two_sets_never_share_a_slab),
		cmocka_unit_test(test_reclaimable_and_accounted_memory_is_not_partitioned),
		cmocka_unit_test(test_sites_spread_evenly_whatever_the_seed),
		cmocka_unit_test(test_another_seed_groups_sites_differently),
		cmocka_unit_test(test_each_call_site_has_its_own_location),
		cmocka_unit_test(test_the_compiler_s_tokens_tell_pointers_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
