// SPDX-License-Identifier: MIT
/*
 * Allocation by type: the type of the answer, the size, the flags, the counter of a flexible array,
 * overflow, and with Clang 22 the token, which decides the set of kmalloc caches.
 */
#include "common.h"

#include "allocators/slab/kmalloc.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/vmalloc.h"

#define IS_TYPE(expression, type) __builtin_types_compatible_p(__typeof__(expression), type)

struct point {
	int x, y;
};

struct linked {
	struct linked *next;
	long value;
};

/* The counter is named only where the compiler knows both the attribute and the builtin. */
#ifdef SLAB_FLEX_COUNTER
#define COUNTED_BY(counter) __attribute__((counted_by(counter)))
#define HAS_COUNTER	    1
#else
#define COUNTED_BY(counter)
#define HAS_COUNTER 0
#endif

struct message {
	void *owner;
	unsigned char length;
	char text[] COUNTED_BY(length);
};

struct row {
	int id;
	long cells[];
};

static void assert_zero(const void *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(((const unsigned char *)p)[i], 0);
}

static void test_sums_and_products_saturate(void **state)
{
	struct row *r = NULL;

	(void)state;
	assert_int_equal(size_mul(6, 7), 42);
	assert_int_equal(size_mul(SIZE_MAX, 2), SIZE_MAX);
	assert_int_equal(size_mul(SIZE_MAX, 0), 0);
	assert_int_equal(size_add(40, 2), 42);
	assert_int_equal(size_add(SIZE_MAX, 1), SIZE_MAX);
	assert_int_equal(size_sub(44, 2), 42);
	assert_int_equal(size_sub(1, 2), SIZE_MAX);
	assert_int_equal(size_sub(SIZE_MAX, 2), SIZE_MAX);
	assert_int_equal(array_size(3, 14), 42);
	assert_int_equal(array3_size(2, 3, 7), 42);
	assert_int_equal(array3_size(SIZE_MAX, 2, 0), 0);
	assert_int_equal(struct_size(r, cells, 3), sizeof(struct row) + 3 * sizeof(long));
	assert_int_equal(struct_size(r, cells, SIZE_MAX / 4), SIZE_MAX);
	assert_int_equal(flex_array_size(r, cells, 5), 5 * sizeof(long));
}

static void test_the_answer_has_the_type_and_its_size(void **state)
{
	struct point *p = kmalloc_obj(*p), *q = kmalloc_obj(struct point, GFP_NOWAIT);
	long *many = kmalloc_objs(*many, 10);
	struct row *r = kmalloc_flex(*r, cells, 4, GFP_KERNEL);

	(void)state;
	assert_true(IS_TYPE(kmalloc_obj(*p), struct point *));
	assert_true(IS_TYPE(kmalloc_objs(struct point, 2), struct point *));
	assert_true(IS_TYPE(kvzalloc_flex(struct row, cells, 2), struct row *));
	assert_int_equal(ksize(p), 8);
	assert_int_equal(ksize(q), 8);
	assert_int_equal(ksize(many), 96);
	assert_int_equal(ksize(r), 64);
	kfree(p);
	kfree(q);
	kfree(many);
	kfree(r);
}

static void test_z_clears_and_kv_is_freed_by_kvfree(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		struct point *p = kzalloc_obj(*p), *ps = kzalloc_objs(*ps, 100);
		struct row *r = kzalloc_flex(*r, cells, 20), *vr = kvzalloc_flex(*vr, cells, 20);
		struct point *v = kvzalloc_obj(struct point), *vs = kvzalloc_objs(*vs, 700000);

		assert_zero(p, sizeof(*p));
		assert_zero(ps, 100 * sizeof(*ps));
		assert_zero(r->cells, 20 * sizeof(long));
		assert_zero(vr->cells, 20 * sizeof(long));
		assert_zero(v, sizeof(*v));
		assert_zero(vs, 700000 * sizeof(*vs));
		assert_true(is_vmalloc_addr(vs)); /* 5.6 MB */
		memset(p, 0xff, sizeof(*p));
		memset(ps, 0xff, 100 * sizeof(*ps));
		memset(r->cells, 0xff, 20 * sizeof(long));
		memset(vr->cells, 0xff, 20 * sizeof(long));
		kfree(p);
		kfree(ps);
		kfree(r);
		kvfree(vr);
		kvfree(v);
		kvfree(vs);
	}
}

static void test_kv_forms_without_z_give_memory_too(void **state)
{
	struct point *p = kvmalloc_obj(*p), *ps = kvmalloc_objs(*ps, 3);
	struct row *r = kvmalloc_flex(*r, cells, 3, GFP_KERNEL | __GFP_NOWARN);

	(void)state;
	assert_non_null(p);
	assert_non_null(ps);
	assert_non_null(r);
	kvfree(p);
	kvfree(ps);
	kvfree(r);
}

static void test_sizes_that_overflow_are_null(void **state)
{
	volatile size_t huge = SIZE_MAX / 2;

	(void)state;
	assert_null(kmalloc_objs(long, huge));
	assert_null(kzalloc_objs(long, huge));
	assert_null(kvmalloc_objs(long, huge));
	assert_null(kvzalloc_objs(long, huge));
	assert_null(kmalloc_flex(struct row, cells, huge));
	assert_null(kzalloc_flex(struct row, cells, huge));
	assert_null(kvmalloc_flex(struct row, cells, huge));
	assert_null(kvzalloc_flex(struct row, cells, huge));
}

static void test_arguments_are_evaluated_once(void **state)
{
	size_t n = 3;
	struct row *r = kmalloc_flex(*r, cells, n++);
	long *p = kmalloc_objs(*p, n++);
	gfp_t flags = 0;
	void *q = kmalloc_obj(long, flags++ ? __GFP_ZERO : GFP_KERNEL);

	(void)state;
	assert_int_equal(n, 5);
	assert_int_equal(flags, 1);
	kfree(r);
	kfree(p);
	kfree(q);
}

static void test_flex_sets_the_counter_and_refuses_what_does_not_fit_it(void **state)
{
	struct message *m;
	struct row *r = kmalloc_flex(*r, cells, 2);

	(void)state;
	kfree(r); /* an array without a counter needs none */
	if (!HAS_COUNTER) {
		print_message("this compiler has no __builtin_counted_by_ref (Clang 22, GCC 15)\n");
		skip();
	}
	for (unsigned int n = 0; n <= 255; n += 51) {
		m = kmalloc_flex(*m, text, n);
		assert_non_null(m);
		assert_int_equal(m->length, n);
		kfree(m);
	}
	m = kzalloc_flex(*m, text, 200);
	assert_int_equal(m->length, 200);
	kfree(m);
	m = kvzalloc_flex(*m, text, 255);
	assert_int_equal(m->length, 255);
	kvfree(m);
	assert_null(kmalloc_flex(*m, text, 256));
	assert_null(kvmalloc_flex(*m, text, SIZE_MAX));
}

static unsigned int set_of(void *p)
{
	struct kmem_cache *s = frame_of(p)->cache;
	unsigned int set = NR_PARTITIONS;

	while (set-- > 0)
		if (kmalloc_cache(set, kmalloc_index(s->geo.object_size)) == s)
			break;
	kfree(p);
	return set;
}

static void test_types_with_pointers_and_types_without_part(void **state)
{
	struct linked *l;
	struct message *m;
	char **names;

	(void)state;
	if (!SLAB_INFER_TOKEN(sizeof(struct linked))) {
		print_message("this compiler infers no tokens (Clang 22 does)\n");
		skip();
	}
	assert_in_range(set_of(kmalloc_obj(*l)), 8, 15);
	assert_in_range(set_of(kzalloc_obj(struct linked)), 8, 15);
	assert_in_range(set_of(kmalloc_objs(*names, 5)), 8, 15);
	assert_in_range(set_of(kmalloc_flex(*m, text, 9)), 8, 15);
	assert_in_range(set_of(kvmalloc_obj(struct linked)), 8, 15);
	assert_in_range(set_of(kmalloc(sizeof(struct linked), GFP_KERNEL)), 8, 15);
	assert_in_range(set_of(kmalloc_node(sizeof(struct linked), GFP_KERNEL, 0)), 8, 15);
	assert_in_range(set_of(kvzalloc(sizeof(struct linked), GFP_KERNEL)), 8, 15);
	assert_in_range(set_of(kcalloc(4, sizeof(char *), GFP_KERNEL)), 8, 15);
	assert_in_range(set_of(krealloc_array(NULL, 4, sizeof(char *), GFP_KERNEL)), 8, 15);
	assert_in_range(set_of(kmalloc_objs(int, 5)), 0, 7);
	assert_in_range(set_of(kmalloc_obj(struct point)), 0, 7);
	assert_in_range(set_of(kzalloc_flex(struct row, cells, 5)), 0, 7);
	assert_in_range(set_of(kvzalloc_objs(long, 5)), 0, 7);
	assert_in_range(set_of(kstrdup("data", GFP_KERNEL)), 0, 7);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("partition=typed,cpus=2,vmalloc=1G");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_and_products_saturate),
		cmocka_unit_test(test_the_answer_has_the_type_and_its_size),
		cmocka_unit_test(test_z_clears_and_kv_is_freed_by_kvfree),
		cmocka_unit_test(test_kv_forms_without_z_give_memory_too),
		cmocka_unit_test(test_sizes_that_overflow_are_null),
		cmocka_unit_test(test_arguments_are_evaluated_once),
		cmocka_unit_test(test_flex_sets_the_counter_and_refuses_what_does_not_fit_it),
		cmocka_unit_test(test_types_with_pointers_and_types_without_part),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
