// SPDX-License-Identifier: MIT
/*
 * The null allocator keeps the contract although it reuses memory: in recorded and in answered
 * rounds no two live objects overlap, zeroed ones are zero, and a round that departs from the
 * record gets other memory.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "allocators/allocator.h"
#include "lib/random.h"

#define SLOTS 512
#define CALLS 20000

static struct allocator a;
static const struct alloc_site site = { .type = "test" };
static uint64_t seed;

struct object {
	unsigned char *p;
	size_t size;
	unsigned char tag;
};

static void assert_tagged(const struct object *o)
{
	for (size_t i = 0; i < o->size; i++)
		assert_int_equal(o->p[i], o->tag);
}

static void assert_zero(const unsigned char *p, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(p[i], 0);
}

/* One thread's round: the same calls for the same @stream. */
static void live(uint64_t stream, unsigned int nr_calls)
{
	static __thread struct object object[SLOTS];
	struct random r;

	random_seed(&r, stream);
	for (unsigned int i = 0; i < nr_calls; i++) {
		struct object *o = &object[random_below(&r, SLOTS)];
		size_t size = 1 + random_below(&r, random_below(&r, 16) ? 700 : 70000);
		bool zero = random_below(&r, 3) == 0;

		if (o->p) {
			assert_tagged(o);
			a.ops.free(o->p, o->size);
			o->p = NULL;
			continue;
		}
		*o = (struct object){ zero ? a.ops.zalloc(size, &site) : a.ops.alloc(size, &site),
				      size, (unsigned char)i };
		assert_non_null(o->p);
		assert_int_equal((uintptr_t)o->p % 16, 0);
		if (zero)
			assert_zero(o->p, size);
		memset(o->p, o->tag, size);
	}
	for (struct object *o = object; o < object + SLOTS; o++)
		if (o->p) {
			assert_tagged(o);
			a.ops.free(o->p, o->size);
			o->p = NULL;
		}
}

/* Objects of the slots grow and shrink; what they hold stays, and no two overlap. */
static void resize(uint64_t stream, unsigned int nr_calls, bool expect_in_place)
{
	struct object object[64] = { 0 };
	unsigned int moved = 0;
	struct random r;

	random_seed(&r, stream);
	for (unsigned int i = 0; i < nr_calls; i++) {
		struct object *o = &object[random_below(&r, 64)];
		size_t size = 1 + random_below(&r, 5000);
		unsigned char *p =
			o->p ? a.ops.realloc(o->p, o->size, size, &site) : a.ops.alloc(size, &site);

		assert_non_null(p);
		for (size_t b = 0; o->p && b < o->size && b < size; b++)
			assert_int_equal(p[b], o->tag);
		moved += o->p && p != o->p;
		*o = (struct object){ p, size, (unsigned char)i };
		memset(p, o->tag, size);
		if (random_below(&r, 8) == 0) {
			a.ops.free(o->p, o->size);
			o->p = NULL;
		}
	}
	for (struct object *o = object; o < object + 64; o++)
		if (o->p)
			a.ops.free(o->p, o->size);
	if (expect_in_place)
		assert_int_equal(moved, 0);
}

static void test_rounds_alike_never_overlap_and_resize_in_place(void **state)
{
	(void)state;
	for (int round = 0; round < 5; round++) {
		a.round();
		live(seed, CALLS);
		resize(seed, CALLS, round > 0);
	}
	assert_null(a.exhausted());
}

static void test_a_round_that_departs_gets_other_memory(void **state)
{
	(void)state;
	a.round();
	live(seed + 1, CALLS);
	a.round();
	live(seed, 2 * CALLS);
	a.round();
	live(seed, CALLS / 2);
	assert_null(a.exhausted());
}

static void *thread(void *arg)
{
	live(seed + (uintptr_t)arg, CALLS / 4);
	return NULL;
}

static void test_threads_never_overlap(void **state)
{
	pthread_t id[4];

	(void)state;
	for (int round = 0; round < 3; round++) {
		a.round();
		for (uintptr_t i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&id[i], NULL, thread, (void *)i), 0);
		for (int i = 0; i < 4; i++)
			pthread_join(id[i], NULL);
	}
	assert_null(a.exhausted());
}

static void test_a_map_that_is_too_small_is_said(void **state)
{
	void *p = NULL;

	(void)state;
	a.round();
	for (int i = 0; i < 1000000 && (p = a.ops.alloc(1 << 20, &site)); i++)
		;
	assert_null(p);
	assert_non_null(strstr(a.exhausted(), "outgrew the null map"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rounds_alike_never_overlap_and_resize_in_place),
		cmocka_unit_test(test_a_round_that_departs_gets_other_memory),
		cmocka_unit_test(test_threads_never_overlap),
		cmocka_unit_test(test_a_map_that_is_too_small_is_said),
	};
	const char *text = getenv("SEED");
	char why[256];

	seed = text ? strtoull(text, NULL, 0) : 20261121;
	printf("SEED=%llu\n", (unsigned long long)seed);
	a = *allocator_find("null", 4);
	allocator_complete(&a);
	if (a.init("", 1ul << 30, why, sizeof(why))) {
		puts(why);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
