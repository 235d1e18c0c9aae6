// SPDX-License-Identifier: MIT
/*
 * Extensions: each object of a slab has its own, in each of the three places; vectors come and go
 * with their slabs, from caches that have none themselves. A process has one size of extension, so
 * profiling has a child.
 */
#include "common.h"

#include <unistd.h>

#include "allocators/slab/exts.h"
#include "allocators/slab/fault.h"
#include "allocators/slab/kmalloc.h"
#include "allocators/slab/memcontrol.h"

#define MANY	 512u
#define FOR_EVER UINT64_MAX

/* How a body in a child says no: the line of the condition, for the exit code is too small. */
#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void in_child(const char *options, void (*body)(void))
{
	pid_t pid = fork();

	if (!pid) {
		REQUIRE(!slab_boot(options));
		body();
		REQUIRE(!slab_check(print_disagreement, NULL));
		_exit(0);
	}
	assert_int_equal(child_exit_code(pid), 0);
}

static struct kmem_cache *make(unsigned int size, unsigned int align, slab_flags_t flags)
{
	struct kmem_cache *s = kmem_cache_create("exts", size, align, flags | SLAB_NO_MERGE, NULL);

	REQUIRE(s);
	return s;
}

/* Fill one slab, and a bit of the next, with charged objects. */
static unsigned int fill(struct kmem_cache *s, void **p)
{
	unsigned int n = s->geo.objects + 1;

	REQUIRE(n <= MANY);
	for (unsigned int i = 0; i < n; i++) {
		REQUIRE(p[i] = kmem_cache_alloc(s, GFP_KERNEL));
		memset(p[i], 0xff, s->geo.object_size);
	}
	return n;
}

static uintptr_t ext_of(struct kmem_cache *s, void *p)
{
	return (uintptr_t)exts_of(s, frame_of(p), p);
}

/* Distinct, apart by the stride, untouched by who fills the objects, and charged. */
static void require_own_extensions(struct kmem_cache *s, void **p, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		uintptr_t a = ext_of(s, p[i]);

		REQUIRE(a && a % 8 == 0);
		REQUIRE(((struct slabobj_ext *)a)->objcg == memcg_current());
		for (unsigned int j = 0; j < i; j++) {
			uintptr_t b = ext_of(s, p[j]);

			REQUIRE(a >= b + exts_bytes() || b >= a + exts_bytes());
		}
	}
}

static bool lies_in_slab(struct kmem_cache *s, void *p)
{
	struct frame *f = frame_of(p);

	return ext_of(s, p) - (uintptr_t)frame_address(f) < frame_bytes(f);
}

static void put_back(struct kmem_cache *s, void **p, unsigned int n)
{
	REQUIRE(!slab_check(print_disagreement, NULL));
	for (unsigned int i = 0; i < n; i++)
		kmem_cache_free(s, p[i]);
	mem_cgroup_drain_stocks();
	REQUIRE(memcg_current()->nr_pages == 0);
	REQUIRE(!slab_check(print_disagreement, NULL));
	kmem_cache_destroy(s);
}

static void start_charging(void)
{
	struct mem_cgroup *m = mem_cgroup_create(NULL, MEM_CGROUP_UNLIMITED);

	REQUIRE(m);
	set_active_memcg(m);
}

/* 22 slots of 720 bytes in 16 KiB leave 544. */
static void leftover(void)
{
	struct kmem_cache *s;
	void *p[MANY];
	unsigned int n;

	start_charging();
	s = make(720, 0, SLAB_ACCOUNT);
	n = fill(s, p);
	require_own_extensions(s, p, n);
	REQUIRE(lies_in_slab(s, p[0]));
	REQUIRE(frame_of(p[0])->stride == exts_bytes());
	REQUIRE(ext_of(s, p[0]) >= (uintptr_t)p[s->geo.objects - 1] + s->geo.size);
	put_back(s, p, n);
}

static void padding(void)
{
	struct kmem_cache *s;
	void *p[MANY];
	unsigned int n;

	start_charging();
	s = make(40, 64, SLAB_ACCOUNT);
	REQUIRE(s->flags & SLAB_OBJ_EXT_IN_OBJ);
	n = fill(s, p);
	require_own_extensions(s, p, n);
	REQUIRE(lies_in_slab(s, p[0]));
	REQUIRE(frame_of(p[0])->stride == 64);
	REQUIRE(ext_of(s, p[5]) == (uintptr_t)p[5] + s->geo.ext_offset);
	put_back(s, p, n);
}

/* 64-byte slots leave nothing. */
static void vector(void)
{
	struct kmem_cache *s;
	void *p[MANY], *vector;
	unsigned int n;

	start_charging();
	s = make(64, 0, SLAB_ACCOUNT);
	n = fill(s, p);
	require_own_extensions(s, p, n);
	REQUIRE(!lies_in_slab(s, p[0]));
	vector = (void *)(frame_of(p[0])->obj_exts & ~EXTS_VALID);
	REQUIRE(frame_of(vector)->cache->flags & SLAB_NO_OBJ_EXT);
	REQUIRE(!exts_present(frame_of(vector)));
	put_back(s, p, n);
}

static void test_extensions_lie_in_leftover_bytes(void **state)
{
	(void)state;
	in_child("cpus=2", leftover);
	in_child("cpus=2,profiling=1", leftover);
}

static void test_extensions_lie_in_the_padding_of_their_objects(void **state)
{
	(void)state;
	in_child("", padding);
	in_child("profiling=1", padding);
}

static void test_extensions_lie_in_a_vector_of_their_own(void **state)
{
	(void)state;
	in_child("", vector);
	in_child("profiling=1", vector);
}

/* Red zones, poison and tracks around the same objects; every free checks all of it. */
static void with_debug(void)
{
	static const unsigned int sizes[] = { 40, 64, 720, 2000 };
	void *p[MANY];

	start_charging();
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct kmem_cache *s = make(sizes[i], 0, SLAB_ACCOUNT);
		unsigned int n = fill(s, p);

		REQUIRE(s->flags & SLAB_POISON);
		require_own_extensions(s, p, n);
		put_back(s, p, n);
	}
}

static void test_extensions_and_debug_regions_do_not_touch(void **state)
{
	(void)state;
	in_child("cpus=2,debug=FZPU", with_debug);
	in_child("cpus=2,debug=FZPU,profiling=1", with_debug);
	in_child("cpus=2,debug=P,profiling=1", with_debug);
}

static void bytes_follow_the_option(void)
{
	char text[8];

	REQUIRE(slab_option_get("profiling", text, sizeof(text)) == 1);
	REQUIRE(exts_bytes() == (*text == '1' ? 16 : 8));
}

static void test_an_extension_has_8_bytes_and_16_with_profiling(void **state)
{
	(void)state;
	in_child("", bytes_follow_the_option);
	in_child("profiling=1", bytes_follow_the_option);
}

/* Vectors that are out: counted by the source that exts.c is given. */
static struct {
	long nr;
	unsigned int depth, deepest, limit;
	void *(*get)(size_t bytes, gfp_t gfp);
} source;

static void enter(void)
{
	if (++source.depth > source.deepest)
		source.deepest = source.depth;
}

static void *counted_alloc(size_t bytes, gfp_t gfp)
{
	void *p = NULL;

	enter();
	if (source.depth <= source.limit)
		p = source.get(bytes, gfp);
	if (p)
		memset(p, 0, bytes);
	source.nr += p != NULL;
	source.depth--;
	return p;
}

static void counted_free(void *p)
{
	enter();
	source.nr--;
	kfree(p);
	source.depth--;
}

static void count_vectors(void *(*get)(size_t bytes, gfp_t gfp), unsigned int limit)
{
	static const struct memory_source counted = { counted_alloc, counted_free };

	source.get = get;
	source.limit = limit;
	exts_init(&counted);
}

static void vectors_come_and_go(void)
{
	struct kmem_cache *s;
	void *p[20 * 64];

	start_charging();
	count_vectors(kmalloc_internal, 100);
	s = make(64, 0, SLAB_ACCOUNT);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		REQUIRE(p[i] = kmem_cache_alloc(s, GFP_KERNEL));
	REQUIRE(source.nr >= 20);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_shrink(s);
	kmem_cache_destroy(s);
	REQUIRE(source.nr == 0);
}

static void test_a_slab_takes_its_vector_with_it(void **state)
{
	(void)state;
	in_child("", vectors_come_and_go);
	in_child("profiling=1", vectors_come_and_go);
}

/*
 * CVE-2026-74576. With 128 CPUs a slab of kmalloc-512 has 64 objects, whose vector has 1024 bytes;
 * one of kmalloc-1k has 32, whose vector has 512.
 */
static void use_both_classes(void)
{
	static void *p[2000];

	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		REQUIRE(p[i] = kmalloc(i % 2 ? 512 : 1024, GFP_KERNEL));
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		kfree(p[i]);
	kmem_cache_shrink(kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(512)));
	kmem_cache_shrink(kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(1024)));
}

static void require_the_pair(void)
{
	struct kmem_cache *small = kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(512));
	struct kmem_cache *big = kmalloc_cache(KMALLOC_NORMAL, kmalloc_index(1024));

	REQUIRE(small->geo.objects * exts_bytes() == 1024);
	REQUIRE(big->geo.objects * exts_bytes() == 512);
}

static void *ordinary(size_t bytes, gfp_t gfp)
{
	return kmalloc(bytes, gfp);
}

#define DEEP 50u

static void ordinary_vectors_nest(void)
{
	require_the_pair();
	count_vectors(ordinary, DEEP);
	use_both_classes();
	REQUIRE(source.deepest > DEEP);
}

static void own_vectors_do_not_nest(void)
{
	require_the_pair();
	count_vectors(kmalloc_internal, DEEP);
	use_both_classes();
	REQUIRE(source.deepest == 1);
}

static void test_vectors_from_ordinary_caches_would_hold_each_other(void **state)
{
	(void)state;
	in_child("profiling=1,cpus=128", ordinary_vectors_nest);
}

static void test_vectors_hold_no_slab_that_has_a_vector(void **state)
{
	(void)state;
	in_child("profiling=1,cpus=128", own_vectors_do_not_nest);
}

/* A slab that got its vector late leaves the fast path, its neighbours do not. */
static void late_vector(void)
{
	struct kmem_cache *s = make(64, 0, 0);
	void *p[MANY];
	unsigned int n = fill(s, p);
	struct frame *f = frame_of(p[0]), *other = frame_of(p[n - 1]);

	REQUIRE(f != other);
	REQUIRE(entry_slot(pagemap_entry(frame_page(f))) == s->free_slot);
	start_charging();
	kmem_cache_free(s, p[0]);
	REQUIRE(p[0] = kmem_cache_alloc(s, GFP_KERNEL_ACCOUNT));
	REQUIRE(frame_of(p[0]) == f && exts_present(f) && !exts_present(other));
	REQUIRE(entry_slot(pagemap_entry(frame_page(f))) == 0);
	REQUIRE(entry_slot(pagemap_entry(frame_page(other))) == s->free_slot);
	REQUIRE(((struct slabobj_ext *)ext_of(s, p[0]))->objcg == memcg_current());
	REQUIRE(((struct slabobj_ext *)ext_of(s, p[1]))->objcg == NULL);
	put_back(s, p, n);
}

static void test_only_slabs_with_extensions_leave_the_fast_path(void **state)
{
	(void)state;
	in_child("", late_vector);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_extension_has_8_bytes_and_16_with_profiling),
		cmocka_unit_test(test_extensions_lie_in_leftover_bytes),
		cmocka_unit_test(test_extensions_lie_in_the_padding_of_their_objects),
		cmocka_unit_test(test_extensions_lie_in_a_vector_of_their_own),
		cmocka_unit_test(test_extensions_and_debug_regions_do_not_touch),
		cmocka_unit_test(test_a_slab_takes_its_vector_with_it),
		cmocka_unit_test(test_vectors_from_ordinary_caches_would_hold_each_other),
		cmocka_unit_test(test_vectors_hold_no_slab_that_has_a_vector),
		cmocka_unit_test(test_only_slabs_with_extensions_leave_the_fast_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
