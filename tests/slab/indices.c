// SPDX-License-Identifier: MIT
/* The indices of fragmentation against numbers worked out by hand, and the texts against /proc. */
#include "common.h"

#include "allocators/slab/indices.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/pages.h"

static void test_memory_in_single_pages_is_unusable_for_more(void **state)
{
	struct free_blocks b = { .nr = { [0] = 1000 } };

	(void)state;
	assert_int_equal(indices_unusable(&b, 0), 0);
	assert_int_equal(indices_unusable(&b, 3), 1000);
	assert_int_equal(indices_fragmentation(&b, 0), -1000);
	/* 1000 - (1000 + 1000 * 1000 / 8) / 1000 */
	assert_int_equal(indices_fragmentation(&b, 3), 874);
	/* 1000 - (1000 + 1000 * 1000 / 1024) / 1000: nearly all of it is fragmentation */
	assert_int_equal(indices_fragmentation(&b, 10), 999);
}

static void test_too_little_memory_is_no_fragmentation(void **state)
{
	struct free_blocks few = { .nr = { [0] = 1 } }, none = { .nr = { 0 } };

	(void)state;
	/* 1000 - (1000 + 500) / 1 */
	assert_int_equal(indices_fragmentation(&few, 1), -500);
	assert_int_equal(indices_fragmentation(&none, 1), 0);
	assert_int_equal(indices_unusable(&none, 0), 1000);
}

static void test_a_part_of_memory_is_in_blocks_large_enough(void **state)
{
	struct free_blocks b = { .nr = { [0] = 10, [1] = 5, [4] = 2, [9] = 1 } };

	(void)state;
	/* 10 + 10 + 32 + 512 = 564 pages */
	assert_int_equal(indices_unusable(&b, 1), 10 * 1000 / 564);
	assert_int_equal(indices_unusable(&b, 4), 20 * 1000 / 564);
	assert_int_equal(indices_unusable(&b, 9), 52 * 1000 / 564);
	assert_int_equal(indices_unusable(&b, 10), 1000);
	assert_int_equal(indices_fragmentation(&b, 9), -1000);
	/* 1000 - (1000 + 564000 / 1024) / 18 */
	assert_int_equal(indices_fragmentation(&b, 10), 1000 - (1000 + 550) / 18);
}

static void test_the_indices_of_a_node_follow_what_is_free(void **state)
{
	struct frame *held[256];

	(void)state;
	for (int i = 0; i < 256; i++) {
		held[i] = pages_alloc(0, GFP_KERNEL | __GFP_THISNODE, 0, NULL);
		assert_non_null(held[i]);
		pagemap_set(frame_page(held[i]), 0, PAGE_LARGE, 0);
	}
	for (int i = 0; i < 256; i += 2)
		pages_free(held[i]);
	assert_true(slab_unusable_index(0, 1) > 0);
	assert_true(slab_unusable_index(0, 10) >= slab_unusable_index(0, 1));
	assert_int_equal(slab_fragmentation_index(0, 0), -1000);
	for (int i = 1; i < 256; i += 2)
		pages_free(held[i]);
	assert_int_equal(slab_unusable_index(0, 0), 0);
	assert_int_equal(slab_unusable_index(7, 0), 1000);
	assert_int_equal(slab_fragmentation_index(7, 0), 0);
	assert_int_equal(slab_fragmentation_index(0, 11), 0);
}

static void test_buddyinfo_counts_the_free_blocks(void **state)
{
	char text[4096];
	unsigned long nr, pages[2] = { 0, 0 };
	const char *p = text;
	size_t len;

	(void)state;
	len = slab_buddyinfo(text, sizeof(text));
	assert_int_equal(len, strlen(text));
	assert_int_equal(slab_buddyinfo(NULL, 0), len);
	for (int node = 0; node < 2; node++) {
		int n = 0, which;

		assert_int_equal(sscanf(p, "Node %d, zone   Normal%n", &which, &n), 1);
		assert_int_equal(which, node);
		p += n;
		for (unsigned int order = 0; order <= MAX_PAGE_ORDER; order++, p += n) {
			assert_int_equal(sscanf(p, "%lu%n", &nr, &n), 1);
			pages[node] += nr << order;
		}
		p = strchr(p, '\n') + 1;
		assert_int_equal(pages[node], slab_zones[node].nr_free);
	}
	assert_int_equal(*p, '\0');
}

/* The line of /proc's text that starts with @start, or NULL. */
static char *line_of(FILE *f, const char *start, char *line, int len)
{
	rewind(f);
	while (fgets(line, len, f))
		if (!strncmp(line, start, strlen(start)))
			return line;
	return NULL;
}

static void test_pagetypeinfo_has_the_lines_of_the_kernel(void **state)
{
	static const char *const starts[] = { "Page block order:", "Pages per block:",
					      "Free pages" };
	char text[8192], line[512];
	size_t len;
	FILE *f = fopen("/proc/pagetypeinfo", "r");

	(void)state;
	if (!f || !line_of(f, "Page block order: 9", line, sizeof(line))) {
		print_message("/proc/pagetypeinfo is not readable or of other pageblocks\n");
		if (f)
			fclose(f);
		skip();
	}
	len = slab_pagetypeinfo(text, sizeof(text));
	assert_int_equal(len, strlen(text));
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		assert_non_null(line_of(f, starts[i], line, sizeof(line)));
		assert_non_null(strstr(text, line));
	}
	fclose(f);
}

static void test_pagetypeinfo_counts_all_pageblocks(void **state)
{
	char text[8192];
	unsigned long nr[2][3];
	const char *p;

	(void)state;
	slab_pagetypeinfo(text, sizeof(text));
	p = strstr(text, "Number of blocks type ");
	assert_non_null(p);
	for (int node = 0; node < 2; node++) {
		p = strchr(p, '\n') + 1;
		assert_int_equal(sscanf(p, "Node %*d, zone Normal %lu %lu %lu", &nr[node][0],
					&nr[node][1], &nr[node][2]),
				 3);
		assert_int_equal(nr[node][0] + nr[node][1] + nr[node][2],
				 slab_zones[node].nr_committed >> PAGEBLOCK_ORDER);
	}
	assert_non_null(strstr(text, "Node    1, zone   Normal, type  Reclaimable"));
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=64M,nodes=2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_in_single_pages_is_unusable_for_more),
		cmocka_unit_test(test_too_little_memory_is_no_fragmentation),
		cmocka_unit_test(test_a_part_of_memory_is_in_blocks_large_enough),
		cmocka_unit_test(test_the_indices_of_a_node_follow_what_is_free),
		cmocka_unit_test(test_buddyinfo_counts_the_free_blocks),
		cmocka_unit_test(test_pagetypeinfo_has_the_lines_of_the_kernel),
		cmocka_unit_test(test_pagetypeinfo_counts_all_pageblocks),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
