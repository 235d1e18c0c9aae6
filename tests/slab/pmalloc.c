// SPDX-License-Identifier: MIT
/*
 * pmalloc: where objects lie, when each mode protects, what rare writes do, and that every refused
 * system call leaves nothing behind. What a stray write meets is in tests/misuse/pmalloc_write.c.
 */
#include "common.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "allocators/slab/fault.h"
#include "allocators/slab/pmalloc.h"

#define PAGE 4096u

static const unsigned int modes[] = { PMALLOC_MODE_RO, PMALLOC_MODE_WR, PMALLOC_MODE_AUTO_RO,
				      PMALLOC_MODE_AUTO_WR, PMALLOC_MODE_START_WR };

static struct pmalloc_pool *make(unsigned int mode)
{
	struct pmalloc_pool *pool = pmalloc_create_pool(mode);

	assert_non_null(pool);
	return pool;
}

/* May this byte be written? Asked of the system, which answers EFAULT instead of a signal. */
static bool writable(void *p)
{
	char byte = *(volatile char *)p;
	int fds[2];
	bool yes;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], &byte, 1), 1);
	yes = read(fds[0], p, 1) == 1;
	if (!yes)
		assert_int_equal(errno, EFAULT);
	close(fds[0]);
	close(fds[1]);
	return yes;
}

static int nr_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	int nr = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		nr += strstr(line, "memfd:pmalloc") != NULL;
	fclose(f);
	return nr;
}

static int nr_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int nr = 0;

	assert_non_null(d);
	while (readdir(d))
		nr++;
	closedir(d);
	return nr;
}

static void test_other_modes_and_alignments_are_refused(void **state)
{
	static const unsigned int bad[] = { PMALLOC_START, PMALLOC_START | PMALLOC_AUTO, 7, 8,
					    ~0u };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		assert_null(pmalloc_create_pool(bad[i]));
		assert_int_equal(errno, EINVAL);
	}
	assert_null(pmalloc_create_custom_pool(0, PMALLOC_ALIGN_ORDER_MAX + 1, PMALLOC_MODE_RO));
	pmalloc_destroy_pool(NULL);
}

static void test_objects_go_downwards_aligned_and_zero(void **state)
{
	struct pmalloc_pool *pool = pmalloc_create_custom_pool(2 * PAGE, 5, PMALLOC_MODE_WR);
	char *first = pmalloc(pool, 100), *p, *last = first;

	(void)state;
	assert_int_equal((uintptr_t)(first + 128) % PAGE, 0); /* 100 bytes down, then to 32 */
	for (int i = 1; i < 64; i++) {
		p = pzalloc(pool, 100);
		assert_ptr_equal(p, last - 128);
		for (int j = 0; j < 100; j++)
			assert_int_equal(p[j], 0);
		memset(p, 1, 100);
		last = p;
	}
	assert_int_equal((uintptr_t)last % PAGE, 0); /* 64 objects of 128 fill both pages */
	p = pmalloc(pool, 100);
	assert_true(p < last - 100 || p >= first + 128);
	pmalloc_destroy_pool(pool);
}

static void test_large_objects_get_areas_of_their_own_size(void **state)
{
	struct pmalloc_pool *pool = make(PMALLOC_MODE_RO);
	char *p = pmalloc(pool, 3 * PAGE + 1);

	(void)state;
	memset(p, 7, 3 * PAGE + 1);
	assert_true(is_pmalloc_object(p, 3 * PAGE + 1));
	assert_null(pmalloc(pool, 0));
	assert_null(pmalloc(pool, SIZE_MAX));
	assert_null(pmalloc(pool, SIZE_MAX - PAGE));
	assert_null(pmalloc_array(pool, SIZE_MAX / 2, 3));
	assert_non_null(pcalloc(pool, 10, 10));
	pmalloc_destroy_pool(pool);
}

static void test_is_pmalloc_object_knows_what_was_handed_out(void **state)
{
	struct pmalloc_pool *pool = make(PMALLOC_MODE_RO), *other = make(PMALLOC_MODE_WR);
	char *p = pmalloc(pool, 64), *q = pmalloc(other, 64), *heap = malloc(64);

	(void)state;
	assert_true(is_pmalloc_object(p, 64) && is_pmalloc_object(p + 63, 1));
	assert_true(is_pmalloc_object(q, 64));
	assert_false(is_pmalloc_object(p, 65));
	assert_false(is_pmalloc_object(p - 1, 1));
	assert_false(is_pmalloc_object(p, 0));
	assert_false(is_pmalloc_object(p, SIZE_MAX));
	assert_false(is_pmalloc_object(heap, 1));
	assert_false(is_pmalloc_object(NULL, 1));
	pmalloc_destroy_pool(pool);
	assert_false(is_pmalloc_object(p, 1));
	assert_true(is_pmalloc_object(q, 64));
	pmalloc_destroy_pool(other);
	free(heap);
}

static void test_areas_are_protected_when_the_mode_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct pmalloc_pool *pool = make(modes[i]);
		char *first = pmalloc(pool, 3000), *second = pmalloc(pool, 3000), *third;

		assert_int_equal(writable(first), !(modes[i] & (PMALLOC_AUTO | PMALLOC_START)));
		assert_int_equal(writable(second), !(modes[i] & PMALLOC_START));
		assert_int_equal(pmalloc_protect_pool(pool), 0);
		assert_false(writable(first) || writable(second));
		third = pmalloc(pool, 8);
		assert_int_equal(writable(third), !(modes[i] & PMALLOC_START));
		/* What was left of the second area is given up, unless it still can be used. */
		assert_int_equal(third == second - 8, modes[i] == PMALLOC_MODE_START_WR);
		pmalloc_destroy_pool(pool);
	}
}

struct policy {
	int level;
	const char *name;
	struct policy *next;
};

static void test_rare_writes_change_protected_memory(void **state)
{
	static const unsigned int with[] = { PMALLOC_MODE_WR, PMALLOC_MODE_AUTO_WR,
					     PMALLOC_MODE_START_WR };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct pmalloc_pool *pool = make(with[i]);
		struct policy *p = pzalloc(pool, sizeof(*p));

		assert_int_equal(pmalloc_protect_pool(pool), 0);
		assert_int_equal(wr_assign(p->level, 3), 0);
		assert_int_equal(wr_ptr(p->name, "strict"), 0);
		assert_int_equal(wr_ptr(p->next, p), 0);
		assert_int_equal(p->level, 3);
		assert_string_equal(p->name, "strict");
		assert_ptr_equal(p->next, p);
		assert_false(writable(p));
		pmalloc_destroy_pool(pool);
	}
}

static void test_rare_writes_of_any_length_and_place(void **state)
{
	struct pmalloc_pool *pool = pmalloc_create_custom_pool(4 * PAGE, 3, PMALLOC_MODE_START_WR);
	static char model[4 * PAGE], source[4 * PAGE];
	char *p = pmalloc(pool, 4 * PAGE);

	(void)state;
	for (unsigned int i = 0; i < sizeof(source); i++)
		source[i] = (char)(i * 31 + i / 256);
	for (unsigned int i = 0; i < 400; i++) {
		size_t at = i * 2654435761u % (4 * PAGE);
		size_t n = i % 3 ? i % 17 : i * 40503u % (4 * PAGE);

		n = n < 4 * PAGE - at ? n : 4 * PAGE - at;
		if (i % 2) {
			assert_int_equal(wr_memcpy(p + at, source + n % 100, n), 0);
			memcpy(model + at, source + n % 100, n);
		} else {
			assert_int_equal(wr_memset(p + at, (int)i, n), 0);
			memset(model + at, (int)i, n);
		}
		assert_memory_equal(p, model, 4 * PAGE);
	}
	pmalloc_destroy_pool(pool);
}

static void test_pstrdup_copies_in_every_mode(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct pmalloc_pool *pool = make(modes[i]);

		assert_string_equal(pstrdup(pool, "a name"), "a name");
		assert_string_equal(pstrdup(pool, ""), "");
		pmalloc_destroy_pool(pool);
	}
}

/* Protected data stays: an area protected as rare-write can still become read-only. */
static void test_a_pool_made_read_only_takes_no_more_rare_writes(void **state)
{
	struct pmalloc_pool *pool = make(PMALLOC_MODE_WR);
	int *p = pmalloc(pool, sizeof(*p)), *q;

	(void)state;
	*p = 1;
	assert_int_equal(pmalloc_protect_pool(pool), 0);
	assert_int_equal(wr_assign(*p, 2), 0);
	assert_int_equal(pmalloc_make_pool_ro(pool), 0);
	assert_int_equal(*p, 2);
	q = pmalloc(pool, sizeof(*q)); /* a RO pool from now on */
	*q = 5;
	assert_int_equal(pmalloc_protect_pool(pool), 0);
	assert_false(writable(p) || writable(q));
	pmalloc_destroy_pool(pool);
}

static void test_pools_leave_no_mapping_and_no_file(void **state)
{
	int files = nr_files();
	struct pmalloc_pool *pool;

	(void)state;
	assert_int_equal(nr_mappings(), 0);
	pool = make(PMALLOC_MODE_START_WR);
	for (int i = 0; i < 100; i++)
		assert_int_equal(wr_memset(pmalloc(pool, 2500), i, 2500), 0);
	assert_int_equal(nr_mappings(), 100);
	assert_int_equal(nr_files(), files);
	pmalloc_destroy_pool(pool);
	assert_int_equal(nr_mappings(), 0);
}

/* The life of a pool; returns how many of its steps failed. */
static int live(unsigned int mode)
{
	struct pmalloc_pool *pool = make(mode);
	int failed = 0;
	int *p, *q;

	p = pmalloc(pool, 3000);
	q = pmalloc(pool, 3000);
	failed += !p + !q;
	if (pmalloc_protect_pool(pool)) {
		failed++;
		assert_int_equal(pmalloc_protect_pool(pool), 0);
	}
	for (int i = 1; p && i <= 2; i++) {
		int before = *p, err = wr_assign(*p, i);

		assert_true(!err || err == -ENOMEM);
		assert_int_equal(*p, err ? before : i);
		failed += err != 0;
	}
	assert_false((p && writable(p)) || (q && writable(q)));
	pmalloc_destroy_pool(pool);
	return failed;
}

static void test_each_refused_system_call_is_undone(void **state)
{
	static const unsigned int with[] = { PMALLOC_MODE_WR, PMALLOC_MODE_AUTO_WR,
					     PMALLOC_MODE_START_WR };
	int files = nr_files();

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		unsigned int nr = 0;
		uint64_t calls;

		slab_fault_arm(FAULT_SYSCALL, 0, 0);
		assert_int_equal(live(with[i]), 0);
		calls = slab_fault_requests(FAULT_SYSCALL);
		for (uint64_t n = 1; n <= calls; n++) {
			slab_fault_arm(FAULT_SYSCALL, n, 1);
			nr += live(with[i]) == 1;
			assert_int_equal(nr_mappings(), 0);
			assert_int_equal(nr_files(), files);
		}
		slab_fault_arm(FAULT_SYSCALL, 0, 0);
		print_message("mode %u: %u of %llu refusals were noticed\n", with[i], nr,
			      (unsigned long long)calls);
		assert_true(calls >= 3 + 3 + 2 + 2 * 3); /* two areas, protected, two writes */
		assert_int_equal(nr, calls);
	}
	assert_equations_hold();
}

static void test_no_memory_for_an_area_is_null(void **state)
{
	struct pmalloc_pool *pool = make(PMALLOC_MODE_RO);

	(void)state;
	slab_fault_arm(FAULT_PAGES, 1, UINT64_MAX);
	for (int i = 0; i < 20000; i++)
		if (!pmalloc(pool, 3000))
			break;
	slab_fault_arm(FAULT_PAGES, 0, 0);
	assert_non_null(pmalloc(pool, 3000));
	pmalloc_destroy_pool(pool);
	assert_int_equal(nr_mappings(), 0);
	assert_equations_hold();
}

struct shared {
	struct pmalloc_pool *pool;
	uint64_t *word;
	int nr_torn;
};

static void *write_words(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 500; i++) {
		uint64_t *own = pmalloc(s->pool, sizeof(*own));

		wr_assign(*own, (uint64_t)i);
		wr_assign(*s->word, i % 2 ? ~0ull : 0);
		if (*own != (uint64_t)i)
			__atomic_fetch_add(&s->nr_torn, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *read_words(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < 100000; i++) {
		uint64_t x = __atomic_load_n(s->word, __ATOMIC_ACQUIRE);

		if (x && ~x)
			__atomic_fetch_add(&s->nr_torn, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void test_threads_share_a_pool(void **state)
{
	struct shared s = { .pool = make(PMALLOC_MODE_START_WR) };
	pthread_t t[4];

	(void)state;
	s.word = pzalloc(s.pool, sizeof(*s.word));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, i < 3 ? write_words : read_words, &s),
				 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(s.nr_torn, 0);
	pmalloc_destroy_pool(s.pool);
}

static int boot(void **state)
{
	(void)state;
	return slab_boot("range=64M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_modes_and_alignments_are_refused),
		cmocka_unit_test(test_objects_go_downwards_aligned_and_zero),
		cmocka_unit_test(test_large_objects_get_areas_of_their_own_size),
		cmocka_unit_test(test_is_pmalloc_object_knows_what_was_handed_out),
		cmocka_unit_test(test_areas_are_protected_when_the_mode_says),
		cmocka_unit_test(test_rare_writes_change_protected_memory),
		cmocka_unit_test(test_rare_writes_of_any_length_and_place),
		cmocka_unit_test(test_pstrdup_copies_in_every_mode),
		cmocka_unit_test(test_a_pool_made_read_only_takes_no_more_rare_writes),
		cmocka_unit_test(test_pools_leave_no_mapping_and_no_file),
		cmocka_unit_test(test_each_refused_system_call_is_undone),
		cmocka_unit_test(test_no_memory_for_an_area_is_null),
		cmocka_unit_test(test_threads_share_a_pool),
	};

	if (sysconf(_SC_PAGESIZE) != PAGE) {
		print_message("the system's pages are not 4 KiB\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, boot, NULL);
}
