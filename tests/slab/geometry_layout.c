// SPDX-License-Identifier: MIT
/*
 * What lies where in a slot: for every combination of the debug flags with every way to place the
 * free pointer, on several page sizes and by both sets of rules, no two regions may overlap and
 * every promise of alignment must hold. And what is decided from the layout: extensions, sheaves,
 * letter O, orders of a cache's own.
 */
#include "common.h"

#include <errno.h>

#include "allocators/slab/geometry.h"

struct region {
	const char *what;
	size_t begin, end; /* from the slot */
};

struct regions {
	struct region r[8];
	int nr;
};

static void add(struct regions *all, const char *what, size_t begin, size_t bytes)
{
	all->r[all->nr++] = (struct region){ what, begin, begin + bytes };
}

/* A free pointer inside the object shares its bytes: it counts as a region only outside. */
static void collect(struct regions *all, const struct machine *m, const struct layout *l,
		    const struct geometry *g)
{
	size_t object = g->red_left_pad;

	add(all, "left red zone", 0, g->red_left_pad);
	add(all, "object", object, g->object_size);
	if (g->offset >= g->object_size)
		add(all, "free pointer", object + g->offset, 8);
	if (l->flags & SLAB_STORE_USER)
		add(all, "tracks", object + g->track_offset, 64);
	if (g->orig_offset)
		add(all, "size asked for", object + g->orig_offset, m->rules == RULES_6_18 ? 4 : 8);
	if (g->ext_offset)
		add(all, "extension", g->ext_offset, m->ext_bytes);
}

static void assert_apart(const struct regions *all, const struct geometry *g)
{
	for (int i = 0; i < all->nr; i++) {
		assert_true(all->r[i].end <= g->size);
		for (int j = 0; j < i; j++)
			if (all->r[i].begin < all->r[j].end && all->r[j].begin < all->r[i].end)
				fail_msg("%s and %s overlap, object of %u bytes", all->r[i].what,
					 all->r[j].what, g->object_size);
	}
}

static void assert_aligned(const struct layout *l, const struct geometry *g)
{
	assert_true(g->align >= 8 && g->align >= l->align && bits_is_pow2(g->align));
	assert_int_equal(g->size % g->align, 0);
	assert_int_equal(g->red_left_pad % g->align, 0);
	assert_int_equal(g->offset % 8, 0);
	assert_int_equal(g->track_offset % 8, 0);
	assert_int_equal(g->ext_offset % 8, 0);
}

/* The zones that the checks write and read: at least a byte on either side, and a word at the end.
 */
static void assert_zones(const struct layout *l, const struct geometry *g, size_t used)
{
	assert_true(g->inuse >= g->object_size && g->inuse - g->object_size <= 8);
	if (!(l->flags & SLAB_RED_ZONE)) {
		assert_int_equal(g->red_left_pad, 0);
		return;
	}
	assert_true(g->inuse > g->object_size && g->red_left_pad >= 8);
	assert_true(g->size - used >= 8);
}

static void assert_slab(const struct machine *m, const struct geometry *g)
{
	size_t bytes = m->page_size << g->order;

	assert_int_equal(g->objects, bytes / g->size);
	assert_true(g->objects >= 1 && g->objects <= MAX_OBJS_PER_PAGE);
	assert_true(g->min_order <= g->order && g->min_objects >= 1);
	for (unsigned int i = 0; i < g->objects; i += 1 + g->objects / 16) {
		size_t at = (size_t)i * g->size;

		assert_int_equal(geometry_index(g, at), i);
		assert_int_equal(geometry_index(g, at + g->size - 1), i);
	}
}

static void check(const struct machine *m, const struct layout *l)
{
	struct regions all = { .nr = 0 };
	struct geometry g;
	size_t used = 0;
	int err = geometry_calculate(m, l, &g);

	if (err == -ENOSYS || err == -EINVAL)
		fail_msg("object of %u, align %u, flags %x: %d", l->size, l->align, l->flags, err);
	collect(&all, m, l, &g);
	assert_apart(&all, &g);
	for (int i = 0; i < all.nr; i++)
		if (all.r[i].end > used && strcmp(all.r[i].what, "extension") != 0)
			used = all.r[i].end;
	assert_aligned(l, &g);
	assert_zones(l, &g, used);
	assert_slab(m, &g);
}

static const slab_flags_t letters[] = { SLAB_RED_ZONE, SLAB_POISON, SLAB_STORE_USER,
					SLAB_CONSISTENCY_CHECKS, SLAB_TRACE };

/* The ways to place the free pointer. */
static const struct layout shapes[] = {
	{ .size = 0 },
	{ .flags = SLAB_KMALLOC },
	{ .flags = SLAB_HWCACHE_ALIGN },
	{ .has_ctor = true },
	{ .flags = SLAB_TYPESAFE_BY_RCU },
	{ .flags = SLAB_TYPESAFE_BY_RCU, .has_freeptr_offset = true },
	{ .flags = SLAB_TYPESAFE_BY_RCU | SLAB_HWCACHE_ALIGN, .has_ctor = true },
	{ .flags = SLAB_NO_MERGE, .min_order = 1 },
	{ .flags = SLAB_HUGE_BLOCKS },
};

static unsigned int check_sizes(const struct machine *m, struct layout l)
{
	static const unsigned int sizes[] = { 1,   2,	 7,    8,    9,	   24,	 33,	96,   100,
					      192, 1000, 1024, 4095, 8192, 5000, 51472, 70000 };
	static const unsigned int aligns[] = { 0, 8, 64, 256 };
	unsigned int nr = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		l.size = sizes[i];
		if (l.has_freeptr_offset && l.size < 8)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(aligns); j++, nr++) {
			l.align = aligns[j];
			check(m, &l);
		}
	}
	return nr;
}

static unsigned int check_every_flag(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int set = 0; set < 1u << ARRAY_SIZE(letters); set++) {
		for (size_t s = 0; s < ARRAY_SIZE(shapes); s++) {
			struct layout l = shapes[s];

			for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
				l.flags |= set >> i & 1 ? letters[i] : 0;
			nr += check_sizes(m, l);
		}
	}
	return nr;
}

static void test_no_combination_of_flags_overlaps(void **state)
{
	static const size_t pages[] = { 4096, 16384, 65536 };
	unsigned int nr = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		for (unsigned int ext = 0; ext <= 16; ext += 8) {
			struct machine m = machine_default(pages[i], 2);

			m.ext_bytes = ext;
			nr += check_every_flag(&m);
			m.rules = RULES_6_18;
			nr += check_every_flag(&m);
		}
	}
	print_message("%u layouts\n", nr);
	assert_true(nr > 100000);
}

static struct geometry calculate(const struct machine *m, struct layout l)
{
	struct geometry g;

	assert_int_equal(geometry_calculate(m, &l, &g), 0);
	return g;
}

static void test_letter_o_drops_what_raises_the_order(void **state)
{
	slab_flags_t zpu = SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;
	struct machine m = machine_default(4096, 2);
	struct layout page = { .size = 4096, .flags = zpu | SLAB_CONSISTENCY_CHECKS };
	struct layout small = { .size = 64, .flags = zpu };

	(void)state;
	assert_int_equal(geometry_flags(&m, &page) & SLAB_DEBUG_FLAGS, page.flags);
	m.debug_keeps_orders = true;
	assert_int_equal(geometry_flags(&m, &page), SLAB_CONSISTENCY_CHECKS);
	assert_int_equal(calculate(&m, page).size, 4096);
	assert_int_equal(geometry_flags(&m, &small) & zpu, zpu);
	assert_int_equal(calculate(&m, small).size, 160);
}

static void test_contents_are_poisoned_unless_rcu_or_constructed(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct layout plain = { .size = 64, .flags = SLAB_POISON };
	struct layout rcu = { .size = 64, .flags = SLAB_POISON | SLAB_TYPESAFE_BY_RCU };
	struct layout ctor = { .size = 64, .flags = SLAB_POISON, .has_ctor = true };
	struct layout clean = { .size = 64 };

	(void)state;
	assert_true(geometry_flags(&m, &plain) & SLAB_OBJECT_POISON);
	assert_false(geometry_flags(&m, &rcu) & SLAB_OBJECT_POISON);
	assert_false(geometry_flags(&m, &ctor) & SLAB_OBJECT_POISON);
	assert_false(geometry_flags(&m, &clean) & SLAB_OBJECT_POISON);
}

static void test_extensions_lie_in_the_padding_of_unmergeable_caches(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct layout own = { .size = 100, .align = 64, .flags = SLAB_NO_MERGE };
	struct layout shared = { .size = 100, .align = 64 };
	struct layout full = { .size = 128, .align = 64, .flags = SLAB_NO_MERGE };

	(void)state;
	assert_int_equal(calculate(&m, own).ext_offset, 0);
	m.ext_bytes = 16;
	assert_int_equal(calculate(&m, own).ext_offset, 104);
	assert_true(geometry_flags(&m, &own) & SLAB_OBJ_EXT_IN_OBJ);
	assert_int_equal(calculate(&m, shared).ext_offset, 0);
	assert_int_equal(calculate(&m, full).ext_offset, 0);
	own.size = 112;
	assert_int_equal(calculate(&m, own).ext_offset, 112);
	own.size = 113;
	assert_int_equal(calculate(&m, own).ext_offset, 0);
	m.ext_bytes = 8;
	assert_int_equal(calculate(&m, own).ext_offset, 120);
	m.nomerge = true;
	assert_int_equal(calculate(&m, shared).ext_offset, 104);
	m.rules = RULES_6_18;
	assert_int_equal(calculate(&m, shared).ext_offset, 0);
}

static void test_extensions_lie_behind_the_last_object_if_they_fit(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct geometry g = calculate(&m, (struct layout){ .size = 192 });

	(void)state;
	assert_int_equal(g.objects, 21); /* 64 bytes are left */
	assert_int_equal(geometry_ext_leftover(&m, &g, 4096, 21), 0);
	m.ext_bytes = 8;
	assert_int_equal(geometry_ext_leftover(&m, &g, 4096, 21), 0);
	assert_int_equal(geometry_ext_leftover(&m, &g, 4096, 20), 3840);
	g = calculate(&m, (struct layout){ .size = 1016 });
	assert_int_equal(geometry_ext_leftover(&m, &g, 4096, 4), 4064);
	assert_int_equal(geometry_ext_leftover(&m, &g, 4095, 4), 0);
	m.rules = RULES_6_18;
	assert_int_equal(geometry_ext_leftover(&m, &g, 4096, 4), 0);
}

static void test_sheaves_by_size_wish_and_rules(void **state)
{
	struct machine now = machine_default(4096, 2), then = now;
	struct layout wish = { .size = 256, .sheaf_capacity = 32 };

	(void)state;
	then.rules = RULES_6_18;
	assert_int_equal(calculate(&now, wish).capacity, 32);
	assert_int_equal(calculate(&then, wish).capacity, 32);
	assert_true(geometry_flags(&now, &wish) & SLAB_NO_MERGE);
	wish.sheaf_capacity = 8;
	assert_int_equal(calculate(&now, wish).capacity, 28);
	assert_int_equal(calculate(&then, wish).capacity, 8);
	wish.sheaf_capacity = 0;
	assert_int_equal(calculate(&now, wish).capacity, 28);
	assert_int_equal(calculate(&then, wish).capacity, 0);
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		wish.flags = letters[i];
		assert_int_equal(calculate(&now, wish).capacity, 0);
	}
	wish.flags = SLAB_NOLEAKTRACE;
	assert_int_equal(calculate(&now, wish).capacity, 0);
	wish.flags = SLAB_NO_SHEAVES;
	assert_int_equal(calculate(&now, wish).capacity, 0);
}

static void test_a_cache_s_own_order_is_never_undercut(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct geometry g = calculate(&m, (struct layout){ .size = 5000, .min_order = 5 });
	struct layout tiny = { .size = 8, .min_order = 10 };
	struct layout high = { .size = 8, .min_order = 11 };

	(void)state;
	assert_int_equal(g.order, 5);
	assert_int_equal(g.min_order, 5);
	assert_int_equal(g.objects, (4096 << 5) / g.size);
	g = calculate(&m, (struct layout){ .size = 5000 });
	assert_true(g.order <= 3 && g.min_order == 1);
	assert_int_equal(geometry_calculate(&m, &tiny, &g), -EINVAL); /* 524288 objects */
	assert_int_equal(geometry_calculate(&m, &high, &g), -EINVAL);
}

/* Bytes that an object costs in a block of @order. */
static double cost(const struct machine *m, unsigned int size, unsigned int order)
{
	size_t bytes = m->page_size << order;

	return (double)bytes / (double)(bytes / size);
}

static void assert_best(const struct machine *m, unsigned int size)
{
	struct geometry g =
		calculate(m, (struct layout){ .size = size, .flags = SLAB_HUGE_BLOCKS });
	double own = cost(m, g.size, g.order);

	assert_int_equal(g.min_order, g.order);
	for (unsigned int o = geometry_get_order(g.size, m->page_size);
	     m->page_size << o <= HUGE_BLOCK_BYTES; o++)
		assert_true(o < g.order ? cost(m, g.size, o) > own : cost(m, g.size, o) >= own);
}

static void test_huge_blocks_waste_least(void **state)
{
	static const size_t pages[] = { 4096, 16384, 65536 };
	struct machine m = machine_default(4096, 2);
	struct layout l = { .size = 640 << 10, .flags = SLAB_HUGE_BLOCKS };

	(void)state;
	assert_int_equal(calculate(&m, l).order, 9); /* 3 in 2 MiB; the kernel: 1 in 1 MiB */
	assert_int_equal(calculate(&m, l).objects, 3);
	l.size = 1 << 20;
	assert_int_equal(calculate(&m, l).order, 8);
	l.size = 3 << 20;
	assert_int_equal(calculate(&m, l).order, 10);
	l.size = 100;
	assert_int_equal(calculate(&m, l).order, 0);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		m.page_size = pages[i];
		for (unsigned int size = 5000; size < HUGE_BLOCK_BYTES; size += 12344)
			assert_best(&m, size > pages[i] ? size : (unsigned int)pages[i] + 8);
	}
}

static void test_user_regions_lie_in_the_object(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct layout good = { .size = 100, .useroffset = 60, .usersize = 40 };
	struct layout beyond = { .size = 100, .useroffset = 61, .usersize = 40 };
	struct layout large = { .size = 100, .usersize = 101 };
	struct layout empty = { .size = 100, .useroffset = 1 };
	struct geometry g;

	(void)state;
	assert_int_equal(geometry_calculate(&m, &good, &g), 0);
	assert_true(geometry_unmergeable(&m, &good, 0));
	assert_int_equal(geometry_calculate(&m, &beyond, &g), -EINVAL);
	assert_int_equal(geometry_calculate(&m, &large, &g), -EINVAL);
	assert_int_equal(geometry_calculate(&m, &empty, &g), -EINVAL);
}

static void test_a_free_pointer_may_be_placed_by_rcu_and_later_by_constructors(void **state)
{
	struct machine m = machine_default(4096, 2);
	struct layout l = {
		.size = 100, .has_ctor = true, .has_freeptr_offset = true, .freeptr_offset = 92
	};
	struct geometry g;

	(void)state;
	assert_int_equal(geometry_calculate(&m, &l, &g), -EINVAL);
	l.freeptr_offset = 88;
	assert_int_equal(calculate(&m, l).offset, 88);
	l.freeptr_offset = 96;
	assert_int_equal(geometry_calculate(&m, &l, &g), -EINVAL);
	l.freeptr_offset = 8;
	m.rules = RULES_6_18;
	assert_int_equal(geometry_calculate(&m, &l, &g), -EINVAL);
	l.flags = SLAB_TYPESAFE_BY_RCU;
	assert_int_equal(calculate(&m, l).offset, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_combination_of_flags_overlaps),
		cmocka_unit_test(test_letter_o_drops_what_raises_the_order),
		cmocka_unit_test(test_contents_are_poisoned_unless_rcu_or_constructed),
		cmocka_unit_test(test_extensions_lie_in_the_padding_of_unmergeable_caches),
		cmocka_unit_test(test_extensions_lie_behind_the_last_object_if_they_fit),
		cmocka_unit_test(test_sheaves_by_size_wish_and_rules),
		cmocka_unit_test(test_a_cache_s_own_order_is_never_undercut),
		cmocka_unit_test(test_huge_blocks_waste_least),
		cmocka_unit_test(test_user_regions_lie_in_the_object),
		cmocka_unit_test(
			test_a_free_pointer_may_be_placed_by_rcu_and_later_by_constructors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
