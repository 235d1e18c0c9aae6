// SPDX-License-Identifier: MIT
/*
 * Option virtual: a shadow of the address space remembers who was the first to use each page, and
 * nobody else ever may, while caches come and go. Memory that is not in use is given back.
 */
#include "common.h"

#include <pthread.h>
#include <sys/mman.h>

#include "allocators/slab/pagemap.h"
#include "lib/random.h"

#define NR_CACHES  24
#define NR_OBJECTS 200
#define NR_LARGE   32
#define NR_STEPS   60000

struct owner {
	struct kmem_cache *cache;
	uint32_t id; /* of this life of the cache */
	unsigned int size;
	unsigned int nr;
	void *objects[NR_OBJECTS];
};

static struct owner owners[NR_CACHES];
static uint32_t *shadow; /* by page: the id of its owner, 0 before the first */
static uint32_t next_id = 1000;

static void assert_mine(uint32_t id, const void *p, size_t bytes)
{
	size_t last = pagemap_page((const char *)p + bytes - 1);

	for (size_t page = pagemap_page(p); page <= last; page++) {
		if (!shadow[page])
			shadow[page] = id;
		assert_int_equal(shadow[page], id);
	}
}

static void make(struct owner *o, struct random *r)
{
	char name[32];

	snprintf(name, sizeof(name), "virtual-%u", next_id);
	o->size = 8 + (unsigned int)random_below(r, random_below(r, 8) ? 1000 : 20000);
	o->cache = kmem_cache_create(name, o->size, 0, SLAB_NO_MERGE, NULL);
	assert_non_null(o->cache);
	o->id = next_id++;
	o->nr = 0;
}

static void put_all(struct owner *o)
{
	while (o->nr)
		kmem_cache_free(o->cache, o->objects[--o->nr]);
}

static void unmake(struct owner *o)
{
	put_all(o);
	kmem_cache_destroy(o->cache);
	o->cache = NULL;
}

static void take_or_put(struct owner *o, struct random *r)
{
	size_t i;

	if (o->nr < NR_OBJECTS && random_below(r, 5) < 3) {
		void *p = kmem_cache_alloc(o->cache, GFP_KERNEL);

		assert_non_null(p);
		assert_mine(o->id, p, o->size);
		memset(p, (int)o->id, o->size);
		o->objects[o->nr++] = p;
	} else if (o->nr) {
		i = random_below(r, o->nr);
		kmem_cache_free(o->cache, o->objects[i]);
		o->objects[i] = o->objects[--o->nr];
	}
}

/* Large blocks of one order are one owner: its id is the order plus 1. */
static void step_large(void **held, struct random *r)
{
	size_t i = random_below(r, NR_LARGE);
	unsigned int order = 2 + (unsigned int)random_below(r, 4);

	if (held[i]) {
		kfree(held[i]);
		held[i] = NULL;
		return;
	}
	held[i] = kmalloc(UNIT_BYTES << order, GFP_KERNEL);
	assert_non_null(held[i]);
	assert_mine(order + 1, held[i], UNIT_BYTES << order);
	memset(held[i], 0x77, UNIT_BYTES << order);
}

static void test_an_address_never_changes_its_cache(void **state)
{
	static void *large[NR_LARGE];
	struct random r;

	(void)state;
	random_seed(&r, test_seed(61));
	for (unsigned int step = 0; step < NR_STEPS; step++) {
		struct owner *o = &owners[random_below(&r, NR_CACHES)];

		if (!o->cache)
			make(o, &r);
		else if (random_below(&r, 600) == 0)
			unmake(o);
		else if (random_below(&r, 300) == 0)
			put_all(o);
		else
			take_or_put(o, &r);
		if (step % 4 == 0)
			step_large(large, &r);
		if (step % 2000 == 0)
			assert_equations_hold();
	}
	for (int i = 0; i < NR_LARGE; i++)
		kfree(large[i]);
	for (int i = 0; i < NR_CACHES; i++)
		if (owners[i].cache)
			unmake(&owners[i]);
	assert_true(next_id > 1000 + 2 * NR_CACHES);
	assert_equations_hold();
}

/* Each thread has a cache of its own and one that all share. */
static void *work(void *arg)
{
	struct kmem_cache *shared = arg, *own;
	void *p[64];

	for (int round = 0; round < 60; round++) {
		own = kmem_cache_create("own", 300, 0, SLAB_NO_MERGE, NULL);
		for (int i = 0; i < 64; i++) {
			p[i] = kmem_cache_alloc(i % 2 ? shared : own, GFP_KERNEL);
			memset(p[i], round, 300);
		}
		for (int i = 0; i < 64; i++)
			kmem_cache_free(i % 2 ? shared : own, p[i]);
		kmem_cache_destroy(own);
		kfree(kmalloc(20000, GFP_KERNEL));
	}
	return NULL;
}

static void test_threads_share_a_stock(void **state)
{
	struct kmem_cache *shared = kmem_cache_create("shared", 300, 0, SLAB_NO_MERGE, NULL);
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, shared), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	kmem_cache_destroy(shared);
	assert_equations_hold();
}

static size_t resident(size_t first, size_t nr)
{
	unsigned char vec[64];
	size_t pages = 0;

	assert_true(nr <= sizeof(vec));
	assert_int_equal(mincore(pagemap_address(first), nr << UNIT_SHIFT, vec), 0);
	for (size_t i = 0; i < nr; i++)
		pages += vec[i] & 1;
	return pages;
}

static void test_the_memory_of_a_free_block_goes_back_at_once(void **state)
{
	struct slab_usage before, after;
	size_t page, bytes = 64 << 10;
	char *p, *again;

	(void)state;
	p = kmalloc(bytes, GFP_KERNEL);
	memset(p, 1, bytes);
	page = pagemap_page(p);
	assert_int_equal(resident(page, 16), 16);
	slab_usage(&before);
	kfree(p);
	slab_usage(&after);
	assert_int_equal(resident(page, 16), 0);
	assert_int_equal(after.stocked_bytes - before.stocked_bytes, bytes);
	assert_int_equal(before.held_bytes - after.held_bytes, bytes);
	again = kmalloc(bytes, GFP_KERNEL);
	assert_ptr_equal(again, p);
	assert_int_equal(again[bytes / 2], 0);
	kfree(again);
	assert_equations_hold();
}

static void test_a_destroyed_caches_addresses_are_retired_for_ever(void **state)
{
	struct kmem_cache *s = kmem_cache_create("gone", 512, 0, SLAB_NO_MERGE, NULL);
	struct slab_usage before, after;
	static void *p[500];

	(void)state;
	slab_usage(&before);
	for (int i = 0; i < 500; i++)
		p[i] = kmem_cache_alloc(s, GFP_KERNEL);
	for (int i = 0; i < 500; i++)
		kmem_cache_free(s, p[i]);
	kmem_cache_destroy(s);
	slab_usage(&after);
	assert_true(after.retired_bytes - before.retired_bytes >= 500 * 512);
	assert_true(after.held_bytes < before.held_bytes + 500 * 512);
	for (int i = 0; i < 500; i++)
		assert_int_equal(slab_range.frames[pagemap_page(p[i])].state == FRAME_USED, 0);
	assert_equations_hold();
}

static int boot(void **state)
{
	(void)state;
	if (slab_boot("virtual=1,range=1G,nodes=1"))
		return -1;
	shadow = calloc(slab_range.nr_pages, sizeof(*shadow));
	return shadow ? 0 : -1;
}

static int finish(void **state)
{
	(void)state;
	free(shadow);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_address_never_changes_its_cache),
		cmocka_unit_test(test_threads_share_a_stock),
		cmocka_unit_test(test_the_memory_of_a_free_block_goes_back_at_once),
		cmocka_unit_test(test_a_destroyed_caches_addresses_are_retired_for_ever),
	};

	return cmocka_run_group_tests(tests, boot, finish);
}
