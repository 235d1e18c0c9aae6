// SPDX-License-Identifier: MIT
/*
 * The kinds of kmalloc caches: their names, flags, order of creation, and which kind a request gets
 * (include/linux/slab.h and mm/slab_common.c, 7.2). A process has one partition mode, so each mode
 * has a child.
 */
#include "common.h"

#include <unistd.h>

#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"

#define NR_CLASSES 13

/* In the order in which the kernel makes them. */
static const char *const class_names[NR_CLASSES] = { "96",  "192", "8",	 "16", "32", "64", "128",
						     "256", "512", "1k", "2k", "4k", "8k" };

static unsigned int index_of(unsigned int nth)
{
	return nth + 1; /* 1 is 96, 2 is 192, then the powers of two from 8 */
}

/* How many caches of a type have the wrong name or not exactly these flags. */
static unsigned int nr_wrong(unsigned int type, const char *prefix, slab_flags_t flags)
{
	unsigned int wrong = 0;
	char name[64];

	for (unsigned int i = 0; i < NR_CLASSES; i++) {
		struct kmem_cache *s = kmalloc_cache(type, index_of(i));

		snprintf(name, sizeof(name), "%s%s", prefix, class_names[i]);
		if (!s || strcmp(kmem_cache_name(s), name) ||
		    (s->flags & SLAB_FLAGS_ALL) != (SLAB_KMALLOC | flags)) {
			fprintf(stderr, "expected %s with flags %#x\n", name, SLAB_KMALLOC | flags);
			wrong++;
		}
	}
	return wrong;
}

static struct kmem_cache *cache_of(size_t size, gfp_t gfp, unsigned long token)
{
	static const char site;
	void *p = kmalloc_token(size, gfp, (struct kmalloc_token){ &site, token });
	struct kmem_cache *s = frame_of(p)->cache;

	kfree(p);
	return s;
}

static unsigned int nr_misplaced(gfp_t gfp, unsigned long token, unsigned int type)
{
	static const size_t sizes[] = { 1, 8, 65, 96, 97, 129, 193, 1025, 8192 };
	unsigned int wrong = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		wrong += cache_of(sizes[i], GFP_KERNEL | gfp, token) !=
			 kmalloc_cache(type, kmalloc_index(sizes[i]));
	return wrong;
}

/* Run @body in a process of its own booted with @options; it returns how much was wrong. */
static void in_child(const char *options, unsigned int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		boot_or_fail(options);
		status = body() ? 1 : 0;
		_exit(slab_check(print_disagreement, NULL) ? 2 : status);
	}
	assert_int_equal(child_exit_code(pid), 0);
}

static unsigned int names_without_partitions(void)
{
	return nr_wrong(KMALLOC_NORMAL, "kmalloc-", SLAB_NO_MERGE) +
	       nr_wrong(KMALLOC_RECLAIM, "kmalloc-rcl-", SLAB_RECLAIM_ACCOUNT) +
	       nr_wrong(KMALLOC_CGROUP, "kmalloc-cg-", SLAB_ACCOUNT) +
	       (kmalloc_cache(1, 6) != NULL);
}

/* What libslab's own vectors and sheaves are made of must not need any itself. */
static unsigned int names_for_own_use(void)
{
	const slab_flags_t own = SLAB_NO_OBJ_EXT | SLAB_NO_SHEAVES;
	unsigned int wrong = nr_wrong(KMALLOC_NO_OBJ_EXT, "kmalloc-no-objext-", SLAB_NO_MERGE);

	for (unsigned int i = 0; i < NR_CLASSES; i++) {
		struct kmem_cache *s = kmalloc_cache(KMALLOC_NO_OBJ_EXT, index_of(i));

		wrong += (s->flags & own) != own || s->slot;
		wrong += (kmalloc_cache(KMALLOC_NORMAL, index_of(i))->flags & own) != 0;
	}
	return wrong;
}

static void test_names_and_flags_of_the_caches_for_own_use(void **state)
{
	(void)state;
	in_child("cpus=2", names_for_own_use);
}

static void test_names_and_flags_of_the_plain_types(void **state)
{
	(void)state;
	in_child("cpus=2", names_without_partitions);
}

static unsigned int names_of_the_sets(void)
{
	unsigned int wrong = nr_wrong(KMALLOC_NORMAL, "kmalloc-", SLAB_NO_MERGE);
	char prefix[32];

	for (unsigned int set = 1; set < NR_PARTITIONS; set++) {
		snprintf(prefix, sizeof(prefix), "kmalloc-part-%02u-", set);
		wrong += nr_wrong(set, prefix, SLAB_NO_MERGE);
	}
	return wrong;
}

static void test_names_and_flags_of_the_partition_sets(void **state)
{
	(void)state;
	in_child("cpus=2,partition=typed", names_of_the_sets);
	in_child("cpus=2,partition=random", names_of_the_sets);
}

static unsigned int selection(void)
{
	const gfp_t rcl = __GFP_RECLAIMABLE, acct = __GFP_ACCOUNT;
	unsigned int wrong = 0;

	wrong += nr_misplaced(0, 0, KMALLOC_NORMAL);
	wrong += nr_misplaced(__GFP_ZERO | __GFP_NOWARN, 11, 11);
	wrong += nr_misplaced(rcl, 11, KMALLOC_RECLAIM);
	wrong += nr_misplaced(acct, 11, KMALLOC_CGROUP);
	wrong += nr_misplaced(rcl | acct, 11, KMALLOC_RECLAIM);
	/* Without a zone for DMA its type is NORMAL, and it beats the others. */
	wrong += nr_misplaced(__GFP_DMA, 11, KMALLOC_NORMAL);
	wrong += nr_misplaced(__GFP_DMA | rcl | acct, 11, KMALLOC_NORMAL);
	return wrong;
}

static void test_flags_beat_the_set_and_dma_beats_the_flags(void **state)
{
	(void)state;
	in_child("cpus=2,partition=typed", selection);
}

/* "kmalloc-..." of the text of slabinfo, newest cache first; false at the end. */
static bool next_name(const char **text, char *name)
{
	const char *line = strstr(*text, "\nkmalloc-");

	*text = line ? line + 1 : NULL;
	return line && sscanf(line, "\n%63s", name) == 1;
}

static unsigned int order_of_creation(void)
{
	static char text[1 << 16];
	const char *rest = text;
	unsigned int nr = 0, wrong = 0;
	char name[64], expected[64];

	slab_slabinfo(text, sizeof(text));
	while (next_name(&rest, name)) {
		if (strchr("0123456789", name[8]) == NULL)
			continue;
		snprintf(expected, sizeof(expected), "kmalloc-%s",
			 class_names[NR_CLASSES - 1 - nr++ % NR_CLASSES]);
		wrong += strcmp(name, expected) != 0;
	}
	return wrong + (nr != NR_CLASSES);
}

static void test_classes_are_made_96_192_and_then_upwards(void **state)
{
	(void)state;
	in_child("cpus=2", order_of_creation);
}

static unsigned int usual_cache_does_not_join(void)
{
	struct kmem_cache *s = kmem_cache_create("user", 64, 64, 0, NULL);
	unsigned int wrong = 0;

	for (unsigned int type = KMALLOC_NORMAL; type <= KMALLOC_CGROUP; type++)
		wrong += s == kmalloc_cache(type, kmalloc_index(64));
	kmem_cache_destroy(s);
	return wrong;
}

static void test_no_cache_merges_into_the_normal_ones(void **state)
{
	(void)state;
	in_child("cpus=2,partition=typed", usual_cache_does_not_join);
}

static void test_overflowing_arrays_are_refused_in_every_form(void **state)
{
	volatile size_t n = SIZE_MAX / 4;

	(void)state;
	assert_null(kmalloc_array(n, 8, GFP_KERNEL));
	assert_null(kcalloc(n, 8, GFP_KERNEL));
	assert_null(kmalloc_array_node(n, 8, GFP_KERNEL, 0));
	assert_null(kcalloc_node(n, 8, GFP_KERNEL, 0));
	assert_null(krealloc_array(NULL, n, 8, GFP_KERNEL));
	assert_null(kmemdup_array("", n, 8, GFP_KERNEL));
	assert_null(kvmalloc_array(n, 8, GFP_KERNEL));
	assert_null(kvcalloc(n, 8, GFP_KERNEL));
	assert_null(kmalloc_objs(long, n));
	assert_null(kvzalloc_objs(long, n));
	assert_ptr_equal(kcalloc(0, SIZE_MAX, GFP_KERNEL), ZERO_SIZE_PTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_flags_of_the_plain_types),
		cmocka_unit_test(test_names_and_flags_of_the_partition_sets),
		cmocka_unit_test(test_names_and_flags_of_the_caches_for_own_use),
		cmocka_unit_test(test_flags_beat_the_set_and_dma_beats_the_flags),
		cmocka_unit_test(test_classes_are_made_96_192_and_then_upwards),
		cmocka_unit_test(test_no_cache_merges_into_the_normal_ones),
		cmocka_unit_test(test_overflowing_arrays_are_refused_in_every_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
