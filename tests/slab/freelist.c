// SPDX-License-Identifier: MIT
/* How free objects are chained: mixed pointers, random orders, and what a damaged chain costs. */
#include "common.h"

#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/frame.h"
#include "allocators/slab/freelist.h"
#include "allocators/slab/pagemap.h"
#include "lib/random.h"

#define OPTIONS "freelist_hardened=1,freelist_random=1,seed=42,cpus=2"

/* Critical values of chi-square at 0.1 %; the seed is fixed, so a pass is a pass for ever. */
#define CHI_23 49.73
#define CHI_15 37.70

static double chi_square(const unsigned int *seen, unsigned int cells, unsigned int draws)
{
	double expected = (double)draws / cells, sum = 0;

	for (unsigned int i = 0; i < cells; i++) {
		double d = seen[i] - expected;

		sum += d * d / expected;
	}
	return sum;
}

static struct kmem_cache *make(unsigned int size)
{
	struct kmem_cache *s = kmem_cache_create("chain", size, 0, SLAB_NO_MERGE, NULL);

	assert_non_null(s);
	return s;
}

static unsigned int index_in(const struct kmem_cache *s, const struct frame *f, const void *p)
{
	return (unsigned int)(((uintptr_t)p - (uintptr_t)frame_address(f)) / s->geo.size);
}

/* The chain of a new slab holds each of its objects once. */
static void assert_whole(struct kmem_cache *s, const struct frame *f)
{
	bool seen[MAX_OBJS_PER_PAGE] = { false };
	unsigned int nr = 0;

	assert_int_equal(f->nr_fresh, 0);
	for (void *p = f->freelist; p; p = freelist_next(s, p), nr++) {
		assert_true(frame_is_object(s, f, p));
		assert_false(seen[index_in(s, f, p)]);
		seen[index_in(s, f, p)] = true;
	}
	assert_int_equal(nr, f->objects);
}

static void test_a_new_slab_chains_each_object_once(void **state)
{
	static const unsigned int sizes[] = { 8, 24, 64, 96, 256, 700, 1024, 4096, 8192 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *s = make(sizes[i]);

		for (int round = 0; round < 20; round++) {
			struct frame *f = frame_create(s, GFP_KERNEL, 0);

			assert_whole(s, f);
			frame_destroy(f);
		}
		kmem_cache_destroy(s);
	}
	assert_equations_hold();
}

static void test_a_slab_of_a_lower_order_skips_what_it_has_no_room_for(void **state)
{
	struct kmem_cache *s = make(700);

	(void)state;
	assert_true(s->geo.min_objects < s->geo.objects);
	for (int round = 0; round < 50; round++) {
		struct frame *f;

		slab_fault_arm(FAULT_PAGES, 1, 1);
		f = frame_create(s, GFP_KERNEL, 0);
		slab_fault_arm(FAULT_PAGES, 0, 0);
		assert_non_null(f);
		assert_int_equal(f->objects, s->geo.min_objects);
		assert_whole(s, f);
		frame_destroy(f);
	}
	kmem_cache_destroy(s);
}

/* Which of the 24 orders of 4 things this is (Lehmer code). */
static unsigned int order_number(const uint32_t *sequence)
{
	unsigned int number = 0;

	for (int i = 0; i < 4; i++) {
		unsigned int smaller = 0;

		for (int j = i + 1; j < 4; j++)
			smaller += sequence[j] < sequence[i];
		number = number * (unsigned int)(4 - i) + smaller;
	}
	return number;
}

static void test_all_permutations_are_equally_likely(void **state)
{
	struct kmem_cache s = { .geo = { .objects = 4, .size = 64 } };
	unsigned int seen[24] = { 0 };

	(void)state;
	for (int i = 0; i < 4800; i++) {
		assert_int_equal(freelist_setup(&s), 0);
		seen[order_number(s.sequence)]++;
		freelist_teardown(&s);
	}
	assert_true(chi_square(seen, 24, 4800) < CHI_23);
}

static void test_slabs_start_anywhere_in_the_permutation(void **state)
{
	struct kmem_cache *s = make(256);
	unsigned int seen[16] = { 0 };

	(void)state;
	assert_int_equal(s->geo.objects, 16);
	for (int i = 0; i < 3200; i++) {
		struct frame *f = frame_create(s, GFP_KERNEL, 0);

		seen[index_in(s, f, f->freelist)]++;
		frame_destroy(f);
	}
	assert_true(chi_square(seen, 16, 3200) < CHI_15);
	kmem_cache_destroy(s);
}

static unsigned int place(const struct kmem_cache *s, uint32_t at)
{
	unsigned int i = 0;

	while (s->sequence[i] != at)
		i++;
	return i;
}

static void test_the_first_batch_follows_the_permutation(void **state)
{
	struct kmem_cache *s = make(256);
	struct frame *f = frame_create(s, GFP_KERNEL, 0);
	unsigned int start;
	void *p[16];

	(void)state;
	assert_int_equal(frame_take(s, f, p, 5), 5);
	assert_int_equal(frame_take(s, f, p + 5, 20), 11);
	assert_int_equal(f->inuse, 16);
	start = place(s, index_in(s, f, p[0]) * 256);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(index_in(s, f, p[i]) * 256, s->sequence[(start + i) % 16]);
	for (int i = 0; i < 16; i++)
		frame_put(s, f, p[i]);
	frame_destroy(f);
	kmem_cache_destroy(s);
}

static void test_a_slab_of_one_object_has_no_permutation(void **state)
{
	struct kmem_cache *s = make(51472);
	size_t bytes = freelist_bytes();
	void *p = kmem_cache_alloc(s, GFP_KERNEL);

	(void)state;
	assert_int_equal(s->geo.objects, 1);
	assert_null(s->sequence);
	assert_non_null(p);
	kmem_cache_free(s, p);
	kmem_cache_destroy(s);
	assert_int_equal(freelist_bytes(), bytes);
}

static void test_a_destroyed_cache_gives_its_permutation_back(void **state)
{
	size_t bytes = freelist_bytes();
	struct kmem_cache *s = make(64);

	(void)state;
	assert_true(freelist_bytes() > bytes);
	kmem_cache_destroy(s);
	assert_int_equal(freelist_bytes(), bytes);
}

static void test_a_cache_that_gets_no_permutation_is_not_made(void **state)
{
	size_t bytes = freelist_bytes();

	(void)state;
	slab_fault_arm(FAULT_SYSCALL, 1, 1);
	assert_null(kmem_cache_create("refused", 64, 0, SLAB_NO_MERGE, NULL));
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
	assert_int_equal(freelist_bytes(), bytes);
	assert_equations_hold();
}

static void test_stored_pointers_are_mixed_with_a_number_of_the_cache(void **state)
{
	struct kmem_cache *s = make(64), *other = make(64);
	struct frame *f = frame_create(s, GFP_KERNEL, 0);
	unsigned int plain = 0;

	(void)state;
	assert_true(s->random && other->random && s->random != other->random);
	for (void *p = f->freelist; p; p = freelist_next(s, p))
		plain += freelist_ptr(s, p)->stored == (uintptr_t)freelist_next(s, p);
	assert_int_equal(plain, 0);
	frame_destroy(f);
	kmem_cache_destroy(other);
	kmem_cache_destroy(s);
}

/* The same next address is stored differently in each object. */
static void test_a_stored_pointer_depends_on_where_it_lies(void **state)
{
	struct kmem_cache *s = make(64);
	struct frame *f = frame_create(s, GFP_KERNEL, 0);
	void *a = f->freelist, *b = freelist_next(s, a);

	(void)state;
	freelist_set_next(s, a, f);
	freelist_set_next(s, b, f);
	assert_true(freelist_ptr(s, a)->stored != freelist_ptr(s, b)->stored);
	assert_ptr_equal(freelist_next(s, a), f);
	assert_ptr_equal(freelist_next(s, b), f);
	frame_destroy(f);
	kmem_cache_destroy(s);
}

/* Returns how many equations do not hold. */
static size_t come_and_go(uint64_t seed)
{
	static void *p[4000];
	struct random r;
	size_t wrong = 0;

	random_seed(&r, seed);
	for (int i = 0; i < 100000; i++) {
		size_t at = random_below(&r, ARRAY_SIZE(p));

		if (p[at])
			kfree(p[at]);
		p[at] = p[at] ? NULL : kmalloc(1 + random_below(&r, 3000), GFP_KERNEL);
		if (i % 20000 == 0)
			wrong += slab_check(print_disagreement, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	return wrong + slab_check(print_disagreement, NULL);
}

/* Slabs with chains of 1, 2, 3 ... objects; what they hold in the order it will be taken. */
struct chains {
	struct kmem_cache *s;
	struct frame *slabs[FREELIST_ABREAST];
	void *objects[FREELIST_ABREAST * FREELIST_ABREAST];
	unsigned int nr_objects;
};

static void chain(struct chains *c)
{
	void *all[64];

	c->s = make(200);
	c->nr_objects = 0;
	for (unsigned int i = 0; i < FREELIST_ABREAST; i++) {
		struct frame *f = c->slabs[i] = frame_create(c->s, GFP_KERNEL, 0);
		unsigned int nr = frame_take(c->s, f, all, ARRAY_SIZE(all));

		assert_true(nr > FREELIST_ABREAST);
		for (unsigned int k = 0; k <= i; k++)
			frame_put(c->s, f, all[k * 7 % nr]);
		for (void *p = f->freelist; p; p = freelist_next(c->s, p))
			c->objects[c->nr_objects++] = p;
	}
}

static void unchain(struct chains *c)
{
	void *rest[64];

	for (unsigned int i = 0; i < FREELIST_ABREAST; i++) {
		frame_take(c->s, c->slabs[i], rest, ARRAY_SIZE(rest));
		c->slabs[i]->inuse = 0;
		c->slabs[i]->freelist = NULL;
		c->slabs[i]->nr_fresh = c->slabs[i]->objects;
		frame_destroy(c->slabs[i]);
	}
	kmem_cache_destroy(c->s);
}

static void test_fetching_changes_nothing_of_what_is_taken(void **state)
{
	struct chains c;
	void *taken[64];
	unsigned int nr = 0;

	(void)state;
	chain(&c);
	for (unsigned int n = 0; n < 40; n++)
		freelist_fetch(c.s, c.slabs, FREELIST_ABREAST, n);
	for (unsigned int i = 0; i < FREELIST_ABREAST; i++)
		nr += frame_take(c.s, c.slabs[i], taken + nr, i + 1);
	assert_int_equal(nr, c.nr_objects);
	assert_memory_equal(taken, c.objects, nr * sizeof(taken[0]));
	unchain(&c);
	assert_equations_hold();
}

/* Whoever damaged the chain chose an address that nobody may touch. */
static void test_fetching_ends_where_a_hardened_chain_is_damaged(void **state)
{
	struct chains c;
	struct freeptr *at;
	uintptr_t kept;

	(void)state;
	chain(&c);
	assert_true(c.s->random);
	at = freelist_ptr(c.s, c.slabs[5]->freelist);
	kept = at->stored;
	at->stored = 0x4141414141414141u;
	freelist_fetch(c.s, c.slabs, FREELIST_ABREAST, c.nr_objects);
	at->stored = kept;
	unchain(&c);
}

static void test_many_objects_come_and_go(void **state)
{
	(void)state;
	assert_int_equal(come_and_go(test_seed(3)), 0);
}

/* In a child, because libslab boots once a process. */
static void test_many_objects_come_and_go_on_cpu_slabs(void **state)
{
	uint64_t seed = test_seed(4);
	pid_t pid = fork();

	(void)state;
	if (!pid) {
		if (slab_boot("engine=cpuslab," OPTIONS))
			_exit(2);
		_exit(come_and_go(seed) != 0);
	}
	assert_int_equal(child_exit_code(pid), 0);
}

static void test_boot(void **state)
{
	(void)state;
	boot_or_fail(OPTIONS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_objects_come_and_go_on_cpu_slabs),
		cmocka_unit_test(test_boot),
		cmocka_unit_test(test_a_new_slab_chains_each_object_once),
		cmocka_unit_test(test_a_slab_of_a_lower_order_skips_what_it_has_no_room_for),
		cmocka_unit_test(test_all_permutations_are_equally_likely),
		cmocka_unit_test(test_slabs_start_anywhere_in_the_permutation),
		cmocka_unit_test(test_the_first_batch_follows_the_permutation),
		cmocka_unit_test(test_a_slab_of_one_object_has_no_permutation),
		cmocka_unit_test(test_a_destroyed_cache_gives_its_permutation_back),
		cmocka_unit_test(test_a_cache_that_gets_no_permutation_is_not_made),
		cmocka_unit_test(test_stored_pointers_are_mixed_with_a_number_of_the_cache),
		cmocka_unit_test(test_a_stored_pointer_depends_on_where_it_lies),
		cmocka_unit_test(test_fetching_changes_nothing_of_what_is_taken),
		cmocka_unit_test(test_fetching_ends_where_a_hardened_chain_is_damaged),
		cmocka_unit_test(test_many_objects_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
