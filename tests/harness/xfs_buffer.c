// SPDX-License-Identifier: MIT
/*
 * The xfs-buffer workload: the same answer whatever the allocator does, no leak on any failure, and
 * alignment that shows in its counters and, where the file system is strict, as refused I/O.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* statx */
#endif
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "hostile.h"

#include "workloads/xbuf.h"

#define SCALE 0.02

extern const struct workload workload_xfs_buffer;

static const struct workload *const w = &workload_xfs_buffer;

static void test_one_thread_gives_one_digest_with_every_allocator(void **state)
{
	(void)state;
	check_digest(w, 1, SCALE, "");
	check_digest(w, 1, 5 * SCALE, "");
}

static void test_four_threads_give_one_digest_with_every_allocator(void **state)
{
	(void)state;
	check_digest(w, 4, 2 * SCALE, "");
}

static void test_null_at_any_allocation_is_reported_and_undone(void **state)
{
	(void)state;
	check_out_of_memory(w, 1, SCALE, "");
	check_out_of_memory(w, 4, SCALE, "");
}

static void test_a_seed_gives_one_plan_and_another_seed_another(void **state)
{
	(void)state;
	check_seeds(w, 3, SCALE, "");
}

static void test_an_argument_is_refused(void **state)
{
	(void)state;
	check_wrong_argument(w, "direct");
}

/* kmalloc's rule: naturally aligned if the size is a power of two. */
static void *natural_alloc(size_t size, const struct alloc_site *site)
{
	(void)site;
	return size & (size - 1) ? malloc(size) : aligned_alloc(size < 16 ? 16 : size, size);
}

static void test_natural_alignment_is_never_refused(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "", hostile_seed());
	struct drive_result r = { .rounds = 1 };
	struct alloc_ops ops = drive_ops;

	(void)state;
	ops.alloc = natural_alloc;
	drive_run(w, image, 1, &ops, &r);
	assert_null(r.error);
	assert_true(counter_of(w, &r, "buffer_count") > 0);
	assert_true(counter_of(w, &r, "read_count") > 0);
	assert_true(counter_of(w, &r, "write_count") > 0);
	assert_true(counter_of(w, &r, "hit_count") > counter_of(w, &r, "buffer_count"));
	assert_int_equal(counter_of(w, &r, "dio_einval_count"), 0);
	assert_int_equal(counter_of(w, &r, "sector_misaligned_count"), 0);
	assert_int_equal(counter_of(w, &r, "page_straddle_count"), 0);
	assert_int_equal(counter_of(w, &r, "page_misaligned_count"), 0);
	drive_release(image);
}

/* The alignment of memory that direct I/O in @dir asks for; 0: none, or not known. */
static unsigned int dio_alignment(const char *dir)
{
	unsigned int alignment = 0;
#ifdef STATX_DIOALIGN
	char path[512];
	struct statx st;
	int fd;

	snprintf(path, sizeof(path), "%s/probe", dir);
	fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
	if (fd < 0)
		return 0;
	if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) && st.stx_mask & STATX_DIOALIGN &&
	    st.stx_dio_offset_align <= 512)
		alignment = st.stx_dio_mem_align;
	close(fd);
#else
	(void)dir;
#endif
	return alignment;
}

/* Linux 6.18 lets a misaligned buffer pass that lies in one page, so not every transfer counts. */
static void test_misaligned_buffers_are_counted_and_refused_by_the_kernel(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "", hostile_seed());
	struct drive_result r = { .rounds = 1 };
	unsigned int alignment = dio_alignment(image->dir);
	uint64_t nr_io;

	(void)state;
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_run(w, image, 1, &hostile_ops, &r);
	nr_io = counter_of(w, &r, "read_count") + counter_of(w, &r, "write_count");
	assert_int_equal(counter_of(w, &r, "sector_misaligned_count"),
			 counter_of(w, &r, "buffer_count"));
	assert_true(counter_of(w, &r, "page_straddle_count") > 0);
	if (alignment > 8)
		assert_in_range(counter_of(w, &r, "dio_einval_count"), 1, nr_io);
	hostile_reset(HOSTILE_NOWHERE, 0);
	drive_release(image);
	if (alignment <= 8) {
		print_message("the file system takes any alignment: no transfer was refused\n");
		skip();
	}
}

static void test_a_note_says_how_the_file_was_opened(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "", hostile_seed());
	struct drive_result r = { .rounds = 1 };

	(void)state;
	drive_run(w, image, 1, &drive_ops, &r);
	assert_true(strstr(r.notes, "direct I/O; the file system") ||
		    strstr(r.notes, "refuses direct I/O"));
	drive_release(image);
}

static void test_another_content_of_the_file_is_noticed(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "", hostile_seed());
	struct drive_result r = { .rounds = 1 };
	char path[512];
	struct stat st;
	DIR *d = opendir(image->dir);
	int fd = -1;

	(void)state;
	for (struct dirent *e; (e = readdir(d));) {
		snprintf(path, sizeof(path), "%s/%.60s", image->dir, e->d_name);
		if (e->d_name[0] != '.')
			fd = open(path, O_RDWR);
	}
	closedir(d);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, st.st_size), 0);
	close(fd);
	drive_run(w, image, 1, &drive_ops, &r);
	assert_non_null(r.error);
	assert_non_null(strstr(r.error, "content"));
	drive_release(image);
}

static void test_a_missing_file_fails_the_setup(void **state)
{
	struct drive_image *image = drive_plan(w, 1, SCALE, "", hostile_seed());
	struct drive_result r = { .rounds = 1 };

	(void)state;
	drive_remove_dir(image->dir);
	assert_int_equal(drive_run(w, image, 1, &drive_ops, &r), -1);
	assert_non_null(strstr(r.error, "file"));
	drive_release(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_thread_gives_one_digest_with_every_allocator),
		cmocka_unit_test(test_four_threads_give_one_digest_with_every_allocator),
		cmocka_unit_test(test_null_at_any_allocation_is_reported_and_undone),
		cmocka_unit_test(test_a_seed_gives_one_plan_and_another_seed_another),
		cmocka_unit_test(test_an_argument_is_refused),
		cmocka_unit_test(test_natural_alignment_is_never_refused),
		cmocka_unit_test(test_misaligned_buffers_are_counted_and_refused_by_the_kernel),
		cmocka_unit_test(test_a_note_says_how_the_file_was_opened),
		cmocka_unit_test(test_another_content_of_the_file_is_noticed),
		cmocka_unit_test(test_a_missing_file_fails_the_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
