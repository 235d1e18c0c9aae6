// SPDX-License-Identifier: MIT
/* Caches of one's own: creation, constructors, merging, slab states, destruction, the leak report.
 */
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/frame.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/percpu.h"

static void test_a_cache_serves_objects_of_its_size(void **state)
{
	struct kmem_cache *s = kmem_cache_create("own", 200, 0, SLAB_NO_MERGE, NULL);
	unsigned char *p[300];

	(void)state;
	assert_non_null(s);
	assert_int_equal(kmem_cache_size(s), 200);
	assert_string_equal(kmem_cache_name(s), "own");
	for (int i = 0; i < 300; i++) {
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		assert_non_null(p[i]);
		memset(p[i], i & 0xff, 200);
	}
	for (int i = 0; i < 300; i++) {
		assert_int_equal(p[i][0], i & 0xff);
		assert_int_equal(p[i][199], i & 0xff);
		if (i % 2)
			kmem_cache_free(s, p[i]);
		else
			kfree(p[i]);
	}
	assert_equations_hold();
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_declared_alignment_holds(void **state)
{
	(void)state;
	for (unsigned int align = 8; align <= 65536; align *= 2) {
		struct kmem_cache *s = kmem_cache_create("aligned", 24, align, SLAB_NO_MERGE, NULL);
		void *p[10];

		assert_non_null(s);
		for (int i = 0; i < 10; i++) {
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
			assert_int_equal((uintptr_t)p[i] % align, 0);
		}
		for (int i = 0; i < 10; i++)
			kmem_cache_free(s, p[i]);
		kmem_cache_destroy(s);
	}
	assert_equations_hold();
}

#define MAGIC 0x1234567890abcdefull

static unsigned int nr_constructed;

static void construct(void *object)
{
	*(uint64_t *)object = MAGIC;
	nr_constructed++;
}

static void test_constructor_runs_once_per_object_and_slab(void **state)
{
	struct kmem_cache *s = kmem_cache_create("ctor", 256, 0, 0, construct);
	unsigned int after_first;

	(void)state;
	nr_constructed = 0;
	for (int round = 0; round < 100; round++) {
		uint64_t *p = kmem_cache_alloc(s, GFP_KERNEL);

		assert_true(*p == MAGIC);
		if (!round)
			after_first = nr_constructed;
		kmem_cache_free(s, p);
	}
	assert_true(after_first > 0);
	assert_int_equal(nr_constructed, after_first);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

static void test_zalloc_clears_a_used_object(void **state)
{
	struct kmem_cache *s = kmem_cache_create("zalloc", 128, 0, SLAB_NO_MERGE, NULL);

	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned char *p = kmem_cache_zalloc(s, GFP_KERNEL);

		for (int i = 0; i < 128; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 128);
		kmem_cache_free(s, p);
	}
	kmem_cache_destroy(s);
}

static void test_bad_requests_set_errno(void **state)
{
	char long_name[80];

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_null(kmem_cache_create(long_name, 8, 0, 0, NULL));
	assert_int_equal(errno, ENAMETOOLONG);
	assert_null(kmem_cache_create("zero", 0, 0, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kmem_cache_create("odd", 64, 24, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kmem_cache_create("far", 64, 1u << 23, 0, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kmem_cache_create("flag", 64, 0, 0x80000000u, NULL));
	assert_int_equal(errno, EINVAL);
	assert_null(kmem_cache_create(NULL, 64, 0, 0, NULL));
	assert_int_equal(errno, EINVAL);
	kmem_cache_destroy(NULL);
}

static void test_arguments_may_be_a_struct_or_missing(void **state)
{
	struct point {
		long x, y;
	};
	struct kmem_cache_args args = { .align = 128, .usersize = 8 };
	struct kmem_cache *s[] = {
		kmem_cache_create("struct", 64, &args, SLAB_NO_MERGE),
		kmem_cache_create("none", 64, NULL, SLAB_NO_MERGE),
		__kmem_cache_create_args("missing", 64, NULL, SLAB_NO_MERGE),
		KMEM_CACHE(point, SLAB_NO_MERGE),
		KMEM_CACHE_USERCOPY(point, 0, y),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		assert_non_null(s[i]);
	assert_int_equal(s[0]->geo.size, 128);
	assert_int_equal(s[0]->usersize, 8);
	assert_int_equal(s[1]->geo.size, 64);
	assert_int_equal(s[2]->geo.size, 64);
	assert_int_equal(kmem_cache_size(s[3]), sizeof(struct point));
	assert_string_equal(kmem_cache_name(s[3]), "point");
	assert_int_equal(s[4]->useroffset, 8);
	assert_int_equal(s[4]->usersize, 8);
	for (size_t i = 0; i < ARRAY_SIZE(s); i++)
		kmem_cache_destroy(s[i]);
	assert_equations_hold();
}

static void test_like_caches_share_slabs_and_unlike_ones_do_not(void **state)
{
	struct kmem_cache *a = kmem_cache_create("a", 1000, 0, 0, NULL);
	struct kmem_cache *b = kmem_cache_create("b", 996, 0, 0, NULL);
	struct kmem_cache *smaller = kmem_cache_create("smaller", 984, 0, 0, NULL);
	struct kmem_cache *aligned = kmem_cache_create("aligned", 1000, 64, 0, NULL);
	struct kmem_cache *alone = kmem_cache_create("alone", 1000, 0, SLAB_NO_MERGE, NULL);
	struct kmem_cache *account = kmem_cache_create("account", 1000, 0, SLAB_ACCOUNT, NULL);
	struct kmem_cache *ctor = kmem_cache_create("ctor", 992, 0, 0, construct);
	void *p;

	(void)state;
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, smaller);
	assert_ptr_not_equal(a, aligned);
	assert_ptr_not_equal(a, alone);
	assert_ptr_not_equal(a, account);
	assert_ptr_not_equal(a, ctor);
	p = kmem_cache_alloc(b, GFP_KERNEL);
	kmem_cache_destroy(a);
	kmem_cache_free(b, p);
	kmem_cache_destroy(b);
	kmem_cache_destroy(smaller);
	kmem_cache_destroy(aligned);
	kmem_cache_destroy(alone);
	kmem_cache_destroy(account);
	kmem_cache_destroy(ctor);
	assert_equations_hold();
}

/* SLAB_CONSISTENCY_CHECKS keeps objects out of sheaves, so the states of the slabs can be seen. */
static void test_slabs_move_between_the_states(void **state)
{
	struct kmem_cache *s = kmem_cache_create("states", 1024, 0, SLAB_CONSISTENCY_CHECKS, NULL);
	unsigned int per_slab = s->geo.objects, keep = s->geo.min_partial;
	void *p[64 * 32];
	struct frame *first, *second;

	(void)state;
	assert_true(per_slab <= 32);
	for (unsigned int i = 0; i < 64 * per_slab; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	assert_int_equal(s->node[0].nr_slabs, 64);
	assert_int_equal(s->node[0].nr_partial, 0); /* full slabs are on no list */

	first = frame_of(p[0]);
	second = frame_of(p[per_slab]);
	kmem_cache_free(s, p[0]);
	kmem_cache_free(s, p[per_slab]); /* a first free lists the slab at the tail */
	assert_int_equal(s->node[0].nr_partial, 2);
	assert_ptr_equal(list_first_entry(&s->node[0].partial, struct frame, link), first);
	assert_ptr_equal(list_last_entry(&s->node[0].partial, struct frame, link), second);

	assert_ptr_equal(kmem_cache_alloc(s, GFP_KERNEL), p[0]); /* taken from the head */
	assert_ptr_equal(kmem_cache_alloc(s, GFP_KERNEL), p[per_slab]);
	for (unsigned int i = 0; i < 64 * per_slab; i++)
		kmem_cache_free(s, p[i]);
	/* The rule counts the slab in question itself, so one less than min_partial stays. */
	assert_int_equal(s->node[0].nr_partial, keep - 1);
	assert_int_equal(s->node[0].nr_slabs, keep - 1);
	assert_equations_hold();
	kmem_cache_destroy(s);
}

static void *hold_objects_in_a_sheaf(void *arg)
{
	void *p[20];

	for (int i = 0; i < 20; i++)
		p[i] = kmem_cache_alloc(arg, GFP_KERNEL);
	for (int i = 0; i < 20; i++)
		kmem_cache_free(arg, p[i]);
	return NULL;
}

static void test_destroy_empties_the_sheaves_of_all_threads(void **state)
{
	struct kmem_cache *s = kmem_cache_create("threads", 320, 0, SLAB_NO_MERGE, NULL);
	pthread_t thread;

	(void)state;
	hold_objects_in_a_sheaf(s);
	assert_int_equal(pthread_create(&thread, NULL, hold_objects_in_a_sheaf, s), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	kmem_cache_destroy(s);
	assert_equations_hold();
}

/* A later cache gets the slot of a destroyed one; no sheaf may still hold old objects. */
static void test_many_generations_of_caches(void **state)
{
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct kmem_cache *s = kmem_cache_create("generation", 8u + (unsigned)round * 8, 0,
							 SLAB_NO_MERGE, NULL);
		void *p[50];

		assert_non_null(s);
		for (int i = 0; i < 50; i++)
			p[i] = kmem_cache_alloc(s, GFP_KERNEL);
		for (int i = 0; i < 50; i++)
			kmem_cache_free(s, p[i]);
		kmem_cache_destroy(s);
	}
	assert_equations_hold();
}

/* fd 2 goes to @path while @body runs. */
static void capture_stderr(char *text, size_t len, void (*body)(void *), void *arg)
{
	FILE *f = tmpfile();
	int saved = dup(2);
	size_t n;

	assert_non_null(f);
	dup2(fileno(f), 2);
	body(arg);
	dup2(saved, 2);
	close(saved);
	rewind(f);
	n = fread(text, 1, len - 1, f);
	text[n] = '\0';
	fclose(f);
}

static void destroy(void *s)
{
	kmem_cache_destroy(s);
}

static void test_a_leaked_object_is_reported_and_the_cache_stays(void **state)
{
	struct kmem_cache *s = kmem_cache_create("leaky", 64, 0, SLAB_NO_MERGE, NULL);
	void *kept = kmem_cache_alloc(s, GFP_KERNEL);
	void *other = kmem_cache_alloc(s, GFP_KERNEL);
	static char text[65536];
	char line[64];

	(void)state;
	kmem_cache_free(s, other);
	capture_stderr(text, sizeof(text), destroy, s);
	assert_non_null(strstr(
		text, "BUG leaky (Not tainted): Objects remaining on __kmem_cache_shutdown()\n"));
	snprintf(line, sizeof(line), "Object 0x%zx @offset=", (size_t)(uintptr_t)kept);
	assert_non_null(strstr(text, line));
	snprintf(line, sizeof(line), "Object 0x%zx @offset=", (size_t)(uintptr_t)other);
	assert_null(strstr(text, line));
	kfree(kept);
	assert_equations_hold();
}

static void *allocate_and_exit(void *arg)
{
	return kmem_cache_alloc(arg, GFP_KERNEL);
}

static void test_a_thread_s_sheaves_are_flushed_when_it_ends(void **state)
{
	struct kmem_cache *s = kmem_cache_create("exit", 64, 0, SLAB_NO_MERGE, NULL);
	pthread_t thread;
	void *p;

	(void)state;
	if (percpu_nr_cpus()) {
		print_message("lanes belong to CPUs here, not to threads\n");
		kmem_cache_destroy(s);
		skip();
	}
	for (int i = 0; i < 10; i++) {
		assert_int_equal(pthread_create(&thread, NULL, allocate_and_exit, s), 0);
		assert_int_equal(pthread_join(thread, &p), 0);
		assert_int_equal(frame_of(p)->inuse, 1);
		kfree(p);
		hold_objects_in_a_sheaf(s);
		assert_equations_hold();
		kmem_cache_destroy(s);
		s = kmem_cache_create("exit", 64, 0, SLAB_NO_MERGE, NULL);
	}
	kmem_cache_destroy(s);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("cpus=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_cache_serves_objects_of_its_size),
		cmocka_unit_test(test_declared_alignment_holds),
		cmocka_unit_test(test_constructor_runs_once_per_object_and_slab),
		cmocka_unit_test(test_zalloc_clears_a_used_object),
		cmocka_unit_test(test_bad_requests_set_errno),
		cmocka_unit_test(test_arguments_may_be_a_struct_or_missing),
		cmocka_unit_test(test_like_caches_share_slabs_and_unlike_ones_do_not),
		cmocka_unit_test(test_slabs_move_between_the_states),
		cmocka_unit_test(test_destroy_empties_the_sheaves_of_all_threads),
		cmocka_unit_test(test_many_generations_of_caches),
		cmocka_unit_test(test_a_thread_s_sheaves_are_flushed_when_it_ends),
		cmocka_unit_test(test_a_leaked_object_is_reported_and_the_cache_stays),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
