// SPDX-License-Identifier: MIT
/*
 * A write behind a free: the free pointer of an object in a hardened slab is overwritten. The
 * damage is reported when the chain is followed, and what lay behind it is never handed out.
 */
#include "child.h"

#include <sched.h>

#include "allocators/slab/freelist.h"
#include "allocators/slab/pagemap.h"

#define HARDENED "freelist_hardened=1,slab_merge=0"

/* A cache without arrays, so that what is freed is chained at once. */
static struct kmem_cache *chained(void)
{
	return kmem_cache_create("chained", 64, 0, SLAB_NOLEAKTRACE, NULL);
}

static void *victims[3];

/* Free three objects, the last of which heads the chain, and damage the middle one with @stored. */
static struct kmem_cache *damage(uintptr_t stored)
{
	struct kmem_cache *s = chained();

	for (int i = 0; i < 3; i++)
		victims[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 3; i++)
		kmem_cache_free(s, victims[i]);
	freelist_ptr(s, victims[1])->stored = stored;
	return s;
}

/* 0 if a hundred more objects are none of those lost and the equations hold. */
static int go_on(struct kmem_cache *s)
{
	if (kmem_cache_alloc(s, GFP_KERNEL) != victims[2])
		return 1;
	if (kmem_cache_alloc(s, GFP_KERNEL) != victims[1])
		return 2;
	for (int i = 0; i < 100; i++) {
		void *p = kmem_cache_alloc(s, GFP_KERNEL);

		if (!p || p == victims[0])
			return 3;
	}
	if (frame_of(victims[0])->inuse != frame_of(victims[0])->objects)
		return 4;
	return slab_check(NULL, NULL) ? 5 : 0;
}

static void overwrite_with_text(void)
{
	_exit(go_on(damage(0x4141414141414141u)));
}

/* What an attacker would write into a plain chain: the address that should come next. */
static void overwrite_with_an_object(void)
{
	struct kmem_cache *s = chained();
	void *target = kmem_cache_alloc(s, GFP_KERNEL);

	_exit(go_on(damage((uintptr_t)target)));
}

static void overwrite_with_null(void)
{
	_exit(go_on(damage(0)));
}

/* The chain of a CPU's slab; the thread stays on that CPU. */
static void overwrite_on_a_cpu_slab(void)
{
	struct kmem_cache *s;
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
	s = kmem_cache_create("chained", 64, 0, SLAB_NO_MERGE, NULL);
	for (int i = 0; i < 3; i++)
		victims[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 3; i++)
		kmem_cache_free(s, victims[i]);
	freelist_ptr(s, victims[1])->stored = 0x4141414141414141u;
	_exit(go_on(s));
}

static void assert_cut_with(const char *options, void (*misuse)(void))
{
	static const char expected[] =
		RULE_DOUBLE "BUG chained (Not tainted): Freepointer corrupt\n" RULE_SINGLE;
	char text[8192];
	int status = child_wait(options, misuse, text, sizeof(text));

	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	assert_null(strstr(text + strlen(expected), "BUG"));
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void assert_cut(void (*misuse)(void))
{
	assert_cut_with(HARDENED, misuse);
}

static void test_a_chain_is_cut_at_a_damaged_pointer(void **state)
{
	(void)state;
	assert_cut(overwrite_with_text);
	assert_cut(overwrite_with_null);
}

static void test_a_forged_pointer_is_not_followed(void **state)
{
	(void)state;
	assert_cut(overwrite_with_an_object);
}

static void test_the_chain_of_a_cpu_slab_is_cut(void **state)
{
	(void)state;
	assert_cut_with(HARDENED ",engine=cpuslab", overwrite_on_a_cpu_slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_chain_is_cut_at_a_damaged_pointer),
		cmocka_unit_test(test_a_forged_pointer_is_not_followed),
		cmocka_unit_test(test_the_chain_of_a_cpu_slab_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
