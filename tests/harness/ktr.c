// SPDX-License-Identifier: MIT
/*
 * The reader of recorded traces: the shipped ones decode to what is known about them, and no file,
 * however it is cut, damaged or made up, does anything but end in a sentence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "lib/random.h"
#include "ktr_build.h"

static char dir[] = "/tmp/slabbench-ktr-XXXXXX";
static char path[4096], why[256];
static struct build b; /* a small trace, made anew for each test */

static const char *source_dir(void)
{
	const char *named = getenv("SRCDIR");

	return named ? named : ".";
}

/* Three objects of two threads: one freed by its owner, one by the other, one never. */
static int make_small(void **state)
{
	uint32_t first, second;

	(void)state;
	b = (struct build){ 0 };
	first = build_kmalloc(&b, 0, SITE_POINTERS, GFP_KERNEL, 100);
	second = build_cache_alloc(&b, 1, CACHE_DENTRY, GFP_ZERO);
	build_kmalloc(&b, 1, SITE_PLAIN, GFP_ZERO, 3);
	build_free(&b, 0, KTR_KFREE, first);
	build_free(&b, 0, KTR_CACHE_FREE, second);
	return 0;
}

static int try(struct ktr *k)
{
	why[0] = 0;
	return ktr_open(k, path, why, sizeof(why));
}

static void assert_refused(const char *text)
{
	struct ktr k;

	assert_int_equal(try(&k), -1);
	if (!strstr(why, text))
		fail_msg("'%s' does not say '%s'", why, text);
	assert_null(strchr(why, '\n'));
}

static void assert_bytes_refused(const unsigned char *bytes, size_t len, const char *text)
{
	build_write(path, bytes, len);
	assert_refused(text);
}

/* Use everything that an accepted trace promises; a sanitizer would tell. */
static uint64_t walk(const struct ktr *k)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < k->nr_events; i++) {
		sum += strlen(k->sites[ktr_16(k->site, i)]) + k->gfps[k->gfp[i]];
		sum += strlen(k->caches[ktr_16(k->cache, i)].name);
		sum += strlen(k->threads[ktr_16(k->thread, i)]);
	}
	for (uint32_t i = 0; i < k->nr_info; i++)
		sum += strlen(k->info[i]);
	return sum;
}

static void test_a_small_trace_reads_back_as_it_was_made(void **state)
{
	struct ktr k;

	(void)state;
	build_save(&b, path);
	assert_int_equal(try(&k), 0);
	assert_int_equal(k.nr_events, 5);
	assert_int_equal(k.nr_objects, 3);
	assert_int_equal(k.nr_cpus, 2);
	assert_int_equal(k.span_ns, 4 * BUILD_TICKS * KTR_TICK_NS);
	assert_string_equal(k.caches[CACHE_DENTRY].name, "dentry");
	assert_int_equal(k.caches[CACHE_LARGE].stride, 12352);
	assert_int_equal(k.caches[CACHE_LARGE].object_size, 12300);
	assert_string_equal(k.sites[SITE_PLAIN], "ifs_alloc.isra.0+0x8d");
	assert_int_equal(k.gfps[GFP_RECLAIMABLE], 0x400cd0);
	assert_string_equal(k.info[0], "name=built");
	assert_true(ktr_allocates(&k, 0) && ktr_allocates(&k, 2) && !ktr_allocates(&k, 3));
	assert_int_equal(ktr_32(k.size, 0), 100);
	assert_int_equal(ktr_32(k.ref, 3), 3);
	assert_int_equal(ktr_16(k.thread, 2), 1);
	assert_true(walk(&k) > 0);
	ktr_close(&k);
}

struct shipped {
	const char *name;
	uint32_t nr_events, nr_objects;
	uint32_t nr_of_op[KTR_NR_OPS];
	uint32_t nr_caches, nr_sites, nr_gfps, nr_threads;
	uint32_t nr_internal, nr_live;
};

/* From the files' own description; counted by another program than ours. */
static const struct shipped shipped[] = {
	{ "dentry-xfs",
	  1519852,
	  760633,
	  { 198780, 561853, 198417, 560786, 16, 0, 0 },
	  68,
	  210,
	  26,
	  25,
	  4700,
	  1414 },
	{ "dentry-reclaim",
	  1582446,
	  812045,
	  { 231279, 580766, 223773, 546583, 45, 0, 0 },
	  60,
	  148,
	  22,
	  16,
	  13453,
	  41644 },
	{ "xfs-buffer",
	  1942864,
	  973193,
	  { 330649, 642544, 330595, 630842, 8234, 0, 0 },
	  89,
	  446,
	  39,
	  297,
	  2454,
	  3522 },
	{ "pmem-xfs1k",
	  1199626,
	  599869,
	  { 235342, 364527, 234634, 363952, 1, 1124, 46 },
	  73,
	  349,
	  28,
	  59,
	  4,
	  112 },
};

static void check_shipped(const struct shipped *s)
{
	uint32_t nr_of_op[KTR_NR_OPS] = { 0 }, nr_internal = 0, nr_freed = 0;
	struct ktr k;

	if (try(&k))
		fail_msg("%s", why);
	for (uint32_t i = 0; i < k.nr_events; i++) {
		nr_of_op[k.op[i]]++;
		nr_freed += !ktr_allocates(&k, i);
		nr_internal += ktr_allocates(&k, i) && k.flags[i] & KTR_INTERNAL;
	}
	assert_int_equal(k.nr_events, s->nr_events);
	assert_int_equal(k.nr_objects, s->nr_objects);
	assert_memory_equal(nr_of_op, s->nr_of_op, sizeof(nr_of_op));
	assert_int_equal(k.nr_caches, s->nr_caches);
	assert_int_equal(k.nr_sites, s->nr_sites);
	assert_int_equal(k.nr_gfps, s->nr_gfps);
	assert_int_equal(k.nr_threads, s->nr_threads);
	assert_int_equal(nr_internal, s->nr_internal);
	assert_int_equal(k.nr_objects - nr_freed, s->nr_live);
	ktr_close(&k);
}

static void test_the_shipped_traces_hold_what_is_known_about_them(void **state)
{
	char own[sizeof(path)];

	(void)state;
	memcpy(own, path, sizeof(own));
	for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
		assert_true(snprintf(path, sizeof(path), "%.3000s/workloads/traces/%s.ktr.zst",
				     source_dir(), shipped[i].name) < (int)sizeof(path));
		check_shipped(&shipped[i]);
	}
	memcpy(path, own, sizeof(own));
}

static void test_a_plain_file_cut_anywhere_is_refused(void **state)
{
	size_t len;
	unsigned char *bytes = build_bytes(&b, &len);

	(void)state;
	for (size_t cut = 0; cut < len; cut++)
		assert_bytes_refused(bytes, cut, "is cut");
	free(bytes);
}

static void *packed(const void *bytes, size_t len, size_t *packed_len)
{
	size_t room = ZSTD_compressBound(len);
	void *out = malloc(room);

	*packed_len = ZSTD_compress(out, room, bytes, len, 3);
	assert_false(ZSTD_isError(*packed_len));
	return out;
}

static void test_a_packed_file_cut_anywhere_is_refused(void **state)
{
	size_t len, packed_len;
	unsigned char *bytes = build_bytes(&b, &len);
	unsigned char *out = packed(bytes, len, &packed_len);

	(void)state;
	for (size_t cut = 0; cut < packed_len; cut++)
		assert_bytes_refused(out, cut, "is cut");
	free(out);
	free(bytes);
}

static void test_frames_in_a_row_and_skipped_ones_are_read_as_one(void **state)
{
	size_t len, first_len, second_len;
	unsigned char *bytes = build_bytes(&b, &len);
	void *first = packed(bytes, 80, &first_len), *second;
	unsigned char skip[12] = { 0x51, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4 };
	FILE *f = fopen(path, "wb");
	struct ktr k;

	(void)state;
	second = packed(bytes + 80, len - 80, &second_len);
	assert_non_null(f);
	fwrite(skip, 1, sizeof(skip), f);
	fwrite(first, 1, first_len, f);
	fwrite(skip, 1, sizeof(skip), f);
	fwrite(second, 1, second_len, f);
	fclose(f);
	if (try(&k))
		fail_msg("%s", why);
	assert_int_equal(k.nr_events, 5);
	ktr_close(&k);
	free(first);
	free(second);
	free(bytes);
}

static void test_more_memory_than_the_recorder_needs_is_refused(void **state)
{
	size_t len, room = 1 << 16;
	unsigned char *bytes = build_bytes(&b, &len), *out = malloc(room);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = { bytes, len, 0 };
	ZSTD_outBuffer to = { out, room, 0 };

	(void)state;
	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 28);
	while (in.pos < in.size)
		assert_false(ZSTD_isError(ZSTD_compressStream2(c, &to, &in, ZSTD_e_flush)));
	assert_int_equal(ZSTD_compressStream2(c, &to, &in, ZSTD_e_end), 0);
	assert_bytes_refused(out, to.pos, "too much memory");
	ZSTD_freeCCtx(c);
	free(out);
	free(bytes);
}

static void test_bytes_behind_the_last_column_are_refused(void **state)
{
	size_t len, packed_len;
	unsigned char *bytes = build_bytes(&b, &len), *out;

	(void)state;
	bytes = realloc(bytes, len + 1);
	bytes[len] = 0;
	assert_bytes_refused(bytes, len + 1, "goes on behind its last column");
	out = packed(bytes, len + 1, &packed_len);
	assert_bytes_refused(out, packed_len, "goes on behind its last column");
	free(out);
	free(bytes);
}

static void test_what_is_no_file_is_refused(void **state)
{
	char own[sizeof(path)];

	(void)state;
	memcpy(own, path, sizeof(own));
	unlink(path);
	assert_refused("cannot be opened: No such file");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused("is not a regular file");
	unlink(path);
	strcpy(path, dir);
	assert_refused("is not a regular file");
	memcpy(path, own, sizeof(own));
}

static void patch_header(size_t at, uint32_t value, const char *text)
{
	size_t len;
	unsigned char *bytes = build_bytes(&b, &len);

	build_32(bytes + at, value);
	assert_bytes_refused(bytes, len, text);
	free(bytes);
}

static void test_each_wrong_field_of_the_header_is_named(void **state)
{
	(void)state;
	patch_header(0, 0x20202020, "does not begin with KTRACE1");
	patch_header(8, 72, "has a header of 72 bytes");
	patch_header(12, 0, "claims 0 events");
	patch_header(12, 6, "is cut");
	patch_header(12, KTR_MAX_EVENTS, "is cut");
	patch_header(12, UINT32_MAX, "claims 4294967295 events");
	patch_header(16, 6, "claims 6 objects in 5 events");
	patch_header(16, 2, "its header says 2 objects, its events allocate 3");
	patch_header(20, 32, "has ticks of 32 ns");
	patch_header(24, 9, "has 9 columns");
	patch_header(28, 0, "claims 0 CPUs");
	patch_header(28, 1, "event 1 ran on CPU 1 of 1");
	patch_header(32, UINT32_MAX, "claims 4294967295 bytes of tables");
	patch_header(32, KTR_MAX_TABLES, "is cut");
	patch_header(36, 1, "whose byte 36 is not 0");
	patch_header(40, 1000000, "its header says 1000000 ns, its events take 768");
	patch_header(60, 1 << 24, "whose byte 63 is not 0");
}

static void test_each_flipped_bit_of_the_header_is_refused(void **state)
{
	size_t len;
	unsigned char *bytes = build_bytes(&b, &len);

	(void)state;
	for (unsigned int bit = 0; bit < BUILD_HEADER * 8; bit++) {
		/* The number of CPUs is a bound and nothing more, the time is exact to a tick. */
		if (bit / 32 == 7 || (bit >= 40 * 8 && bit < 40 * 8 + 6))
			continue;
		bytes[bit / 8] ^= 1 << bit % 8;
		assert_bytes_refused(bytes, len, "trace '");
		bytes[bit / 8] ^= 1 << bit % 8;
	}
	free(bytes);
}

/* Replace the first @from in the tables with @to, of the same length. */
static void patch_tables(const char *from, const char *to, size_t n, const char *text)
{
	size_t len;
	unsigned char *bytes = build_bytes(&b, &len);
	unsigned char *at = memmem(bytes + BUILD_HEADER, len - BUILD_HEADER, from, n);

	assert_non_null(at);
	memcpy(at, to, n);
	assert_bytes_refused(bytes, len, text);
	free(bytes);
}

static void test_damaged_tables_are_refused(void **state)
{
	(void)state;
	patch_tables("\5\0\0\0", "\6\0\0\0", 4, "table");
	patch_tables("\5\0\0\0", "\377\377\377\377", 4, "claims 4294967295 entries of the cache");
	patch_tables("\16\0dentry", "\377\377dentry", 8, "entry 1 of the cache table lies behind");
	patch_tables("dentry", "den\nry", 6, "entry 1 of the cache table has control characters");
	patch_tables("dentry\t192", "dentry\t19x", 10, "cache 1 is 'dentry\t19x\t192'");
	patch_tables("dentry\t192\t192", "dentry\t192\t193", 14, "cache 1 is");
	patch_tables("kmalloc-64\t64\t0", "kmalloc-64\t64\t-", 15, "cache 0 is");
	patch_tables("KERNEL\t0xcc0", "KERNEL\tzxcc0", 12, "gfp 0 is 'KERNEL\tzxcc0'");
	patch_tables("\1\0\0\0\n\0name", "\2\0\0\0\n\0name", 10, "info table");
	patch_tables("\1\0\0\0\n\0name", "\0\0\0\0\n\0name", 10, "belong to none");
}

static void spoil(uint32_t event, struct build_event e, const char *text)
{
	struct build_event kept = b.event[event];

	b.event[event] = e;
	build_save(&b, path);
	assert_refused(text);
	b.event[event] = kept;
}

#define SPOIL(i, field, value, text)                                                               \
	do {                                                                                       \
		struct build_event e = b.event[i];                                                 \
                                                                                                   \
		e.field = value;                                                                   \
		spoil(i, e, text);                                                                 \
	} while (0)

static void test_each_impossible_event_is_named(void **state)
{
	(void)state;
	SPOIL(3, op, 7, "event 3 has the unknown kind 7");
	SPOIL(2, cpu, 2, "event 2 ran on CPU 2 of 2");
	SPOIL(2, gfp, NR_GFPS, "event 2 names gfp 3 of 3");
	SPOIL(2, thread, BUILD_THREADS, "event 2 names thread 12 of 12");
	SPOIL(1, cache, NR_CACHES, "event 1 names cache 5 of 5");
	SPOIL(4, site, 0xffff, "event 4 names site 65535 of 3");
	SPOIL(0, size, 0, "event 0 allocates 0 bytes");
	SPOIL(0, size, KTR_MAX_SIZE + 1, "event 0 allocates 536870913 bytes");
	SPOIL(1, size, 191, "event 1 allocates 191 bytes from dentry, whose objects have 192");
	SPOIL(0, ref, 1, "event 0 allocates and names an older object");
	SPOIL(4, ref, 3, "event 4 frees object 0 a second time");
	SPOIL(4, ref, 0, "event 4 frees object 3, which is not allocated yet");
	SPOIL(4, ref, 4, "event 4 frees an object from before the first");
	SPOIL(4, ref, UINT32_MAX, "event 4 frees an object from before the first");
	SPOIL(4, size, 8, "event 4 frees and has a size");
}

static unsigned int rounds(void)
{
	const char *named = getenv("ROUNDS");

	return named ? (unsigned int)strtoul(named, NULL, 0) : 2000;
}

static struct random seeded(void)
{
	const char *named = getenv("SEED");
	uint64_t seed = named ? strtoull(named, NULL, 0) : 20261121;
	struct random r;

	printf("SEED=%llu\n", (unsigned long long)seed);
	random_seed(&r, seed);
	return r;
}

/* One to four bytes become others, of the kinds that matter in counts and indices. */
static void mutate(struct random *r, unsigned char *bytes, size_t len)
{
	static const unsigned char likely[] = { 0, 1, 0x7f, 0x80, 0xff, 4, 16 };

	for (uint64_t n = random_range(r, 1, 4); n; n--) {
		/* The header and the tables are few bytes among many, and worth half of it. */
		uint64_t at = random_below(r, random_below(r, 2) && len > 300 ? 300 : len);

		if (random_below(r, 2))
			bytes[at] ^= 1 << random_below(r, 8);
		else
			bytes[at] = likely[random_below(r, sizeof(likely))];
	}
}

/* Accepted or refused, but never anything else. Returns 1 for accepted. */
static unsigned int digest_mutant(struct random *r, unsigned char *bytes, size_t len)
{
	unsigned char *copy = malloc(len);
	struct ktr k;
	unsigned int accepted;

	memcpy(copy, bytes, len);
	mutate(r, copy, len);
	build_write(path, copy, random_below(r, 20) ? len : random_below(r, len));
	free(copy);
	accepted = !try(&k);
	if (!accepted) {
		assert_int_equal(strncmp(why, "trace '", 7), 0);
		return 0;
	}
	assert_true(walk(&k) > 0);
	ktr_close(&k);
	return 1;
}

static void test_random_damage_is_accepted_or_refused_and_nothing_else(void **state)
{
	struct random r = seeded();
	size_t len, packed_len;
	unsigned char *bytes, *out;
	unsigned int nr_accepted = 0;

	(void)state;
	for (uint32_t i = 0; i < 50; i++)
		build_free(&b, i % BUILD_THREADS, KTR_KFREE,
			   build_kmalloc(&b, i % 7, SITE_POINTERS, GFP_KERNEL, i + 1));
	bytes = build_bytes(&b, &len);
	out = packed(bytes, len, &packed_len);
	for (unsigned int i = 0; i < rounds(); i++) {
		nr_accepted += digest_mutant(&r, bytes, len);
		nr_accepted += digest_mutant(&r, out, packed_len);
	}
	printf("%u of %u damaged files were still traces\n", nr_accepted, 2 * rounds());
	free(out);
	free(bytes);
}

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/trace", dir);
	return 0;
}

static int end(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

#define CASE(name) cmocka_unit_test_setup(name, make_small)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(test_a_small_trace_reads_back_as_it_was_made),
		CASE(test_the_shipped_traces_hold_what_is_known_about_them),
		CASE(test_a_plain_file_cut_anywhere_is_refused),
		CASE(test_a_packed_file_cut_anywhere_is_refused),
		CASE(test_frames_in_a_row_and_skipped_ones_are_read_as_one),
		CASE(test_more_memory_than_the_recorder_needs_is_refused),
		CASE(test_bytes_behind_the_last_column_are_refused),
		CASE(test_what_is_no_file_is_refused),
		CASE(test_each_wrong_field_of_the_header_is_named),
		CASE(test_each_flipped_bit_of_the_header_is_refused),
		CASE(test_damaged_tables_are_refused),
		CASE(test_each_impossible_event_is_named),
		CASE(test_random_damage_is_accepted_or_refused_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
