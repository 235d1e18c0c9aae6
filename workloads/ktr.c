// SPDX-License-Identifier: MIT
/*
 * Reading a recorded trace: get the bytes (plain or zstd), cut them into tables and columns, check
 * all of it. Nothing from the file is used before the check that it lies inside what was read.
 * Single-threaded; the memory is malloc's, for prepare() runs in a process that measures nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "ktr.h"
#include "ktr_file.h"

#define HEADER_BYTES 64
#define NR_COLUMNS   10
#define EVENT_BYTES  22	      /* of all columns */
#define NR_STRINGS   0x10000u /* what a column's 16 bits can name */

/* The header's 32-bit words; 0 and 1 are the magic, 9 and 12 to 15 are 0. */
enum header {
	HEADER_LEN = 2,
	EVENTS,
	OBJECTS,
	TICK,
	COLUMNS,
	CPUS,
	TABLES_LEN,
	SPAN_LOW = 10,
	SPAN_HIGH,
};

enum table { CACHES, SITES, GFPS, THREADS, INFO, NR_TABLES };

static const char *const table_names[NR_TABLES] = { "cache", "site", "gfp", "thread", "info" };

static int check_header(const struct ktr_file *f, const unsigned char *h)
{
	if (memcmp(h, "KTRACE1", 8))
		return ktr_file_refuse(f,
				       "is not a recorded trace: it does not begin with KTRACE1");
	if (ktr_32(h, HEADER_LEN) != HEADER_BYTES)
		return ktr_file_refuse(f, "has a header of %u bytes, not %u", ktr_32(h, HEADER_LEN),
				       HEADER_BYTES);
	if (ktr_32(h, COLUMNS) != NR_COLUMNS)
		return ktr_file_refuse(f, "has %u columns, not %u", ktr_32(h, COLUMNS), NR_COLUMNS);
	if (ktr_32(h, TICK) != KTR_TICK_NS)
		return ktr_file_refuse(f, "has ticks of %u ns, not %u", ktr_32(h, TICK),
				       KTR_TICK_NS);
	if (ktr_32(h, EVENTS) == 0 || ktr_32(h, EVENTS) > KTR_MAX_EVENTS)
		return ktr_file_refuse(f, "claims %u events, and 1 to %u are possible",
				       ktr_32(h, EVENTS), KTR_MAX_EVENTS);
	if (ktr_32(h, OBJECTS) > ktr_32(h, EVENTS))
		return ktr_file_refuse(f, "claims %u objects in %u events", ktr_32(h, OBJECTS),
				       ktr_32(h, EVENTS));
	if (ktr_32(h, CPUS) == 0 || ktr_32(h, CPUS) > 256)
		return ktr_file_refuse(f, "claims %u CPUs, and 1 to 256 are possible",
				       ktr_32(h, CPUS));
	if (ktr_32(h, TABLES_LEN) > KTR_MAX_TABLES)
		return ktr_file_refuse(f, "claims %u bytes of tables, and %u are possible",
				       ktr_32(h, TABLES_LEN), KTR_MAX_TABLES);
	for (int i = 0; i < HEADER_BYTES; i++)
		if (h[i] && ((i >= 36 && i < 40) || i >= 48))
			return ktr_file_refuse(f, "has a header whose byte %d is not 0", i);
	return 0;
}

/* All bytes behind the header, in a buffer that doubles as they arrive. */
static int read_body(struct ktr_file *f, struct ktr *k, size_t whole)
{
	unsigned char more;

	for (size_t room = HEADER_BYTES; k->nr_bytes < whole;) {
		unsigned char *grown;
		ssize_t got;

		room = room < 1u << 20 ? 1u << 20 : room * 2;
		room = room < whole ? room : whole;
		grown = realloc(k->bytes, room);
		if (!grown)
			return ktr_file_refuse(f, "does not fit into memory: %zu bytes", room);
		k->bytes = grown;
		got = ktr_file_take(f, grown + k->nr_bytes, room - k->nr_bytes);
		if (got < 0)
			return -1;
		k->nr_bytes += (size_t)got;
		if (k->nr_bytes < room)
			return ktr_file_refuse(f, "is cut: %zu of %zu bytes are there", k->nr_bytes,
					       whole);
	}
	switch (ktr_file_take(f, &more, 1)) {
	case 0:
		return 0;
	case 1:
		return ktr_file_refuse(f, "goes on behind its last column, at byte %zu", whole);
	}
	return -1;
}

static int read_all(struct ktr_file *f, struct ktr *k)
{
	ssize_t got;

	k->bytes = malloc(HEADER_BYTES);
	if (!k->bytes)
		return ktr_file_refuse(f, "does not fit into memory");
	got = ktr_file_take(f, k->bytes, HEADER_BYTES);
	if (got < 0)
		return -1;
	k->nr_bytes = (size_t)got;
	if (got < HEADER_BYTES)
		return ktr_file_refuse(f, "is cut: %zd of the header's %d bytes are there", got,
				       HEADER_BYTES);
	if (check_header(f, k->bytes))
		return -1;
	k->nr_events = ktr_32(k->bytes, EVENTS);
	k->nr_objects = ktr_32(k->bytes, OBJECTS);
	k->nr_cpus = ktr_32(k->bytes, CPUS);
	k->span_ns = ktr_32(k->bytes, SPAN_LOW) | (uint64_t)ktr_32(k->bytes, SPAN_HIGH) << 32;
	return read_body(f, k,
			 HEADER_BYTES + ktr_32(k->bytes, TABLES_LEN) +
				 (size_t)k->nr_events * EVENT_BYTES);
}

/* The tables' bytes, from the first not yet read to the first column. */
struct cursor {
	unsigned char *at, *end;
};

static bool printable(const unsigned char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
			return false;
	return true;
}

/* The next string, moved down over its length so that a zero fits behind it. NULL: it is cut. */
static char *next_string(struct cursor *c, bool *clean)
{
	char *text = (char *)c->at;
	size_t len;

	if (c->end - c->at < 2)
		return NULL;
	len = ktr_16(c->at, 0);
	if ((size_t)(c->end - c->at) < 2 + len)
		return NULL;
	*clean = printable(c->at + 2, len);
	memmove(text, c->at + 2, len);
	text[len] = 0;
	c->at += 2 + len;
	return text;
}

/* A whole table as an array of strings, *@nr long. NULL: said why. */
static const char **read_table(const struct ktr_file *f, struct cursor *c, enum table t,
			       uint32_t *nr)
{
	const char **strings;
	bool clean = true;

	if (c->end - c->at < 4) {
		ktr_file_refuse(f, "is damaged: the %s table lies behind the tables' end",
				table_names[t]);
		return NULL;
	}
	*nr = ktr_32(c->at, 0);
	c->at += 4;
	if (*nr > NR_STRINGS) {
		ktr_file_refuse(f, "claims %u entries of the %s table, and %u are possible", *nr,
				table_names[t], NR_STRINGS);
		return NULL;
	}
	strings = calloc(*nr + 1, sizeof(*strings));
	if (!strings)
		ktr_file_refuse(f, "does not fit into memory");
	for (uint32_t i = 0; strings && i < *nr; i++) {
		strings[i] = next_string(c, &clean);
		if (strings[i] && clean)
			continue;
		ktr_file_refuse(f, "is damaged: entry %u of the %s table %s", i, table_names[t],
				clean ? "lies behind the tables' end" : "has control characters");
		free(strings);
		strings = NULL;
	}
	return strings;
}

/* The number in the tab-separated field @field of @text. False: there is none, or it is too big. */
static bool number(const char *text, int field, int base, uint32_t *value)
{
	unsigned long long v;
	char *stop;

	for (; field; field--) {
		text = strchr(text, '\t');
		if (!text)
			return false;
		text++;
	}
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	v = strtoull(text, &stop, base);
	*value = (uint32_t)v;
	return !errno && v <= UINT32_MAX && (*stop == 0 || *stop == '\t');
}

static void cut_at_tab(const char *text)
{
	char *tab = strchr(text, '\t');

	if (tab)
		*tab = 0;
}

static int parse_caches(const struct ktr_file *f, struct ktr *k, const char **text)
{
	k->caches = calloc(k->nr_caches + 1, sizeof(*k->caches));
	if (!k->caches)
		return ktr_file_refuse(f, "does not fit into memory");
	for (uint32_t i = 0; i < k->nr_caches; i++) {
		struct ktr_cache *c = &k->caches[i];

		if (!number(text[i], 1, 10, &c->stride) ||
		    !number(text[i], 2, 10, &c->object_size) || c->object_size > c->stride ||
		    c->stride > KTR_MAX_SIZE)
			return ktr_file_refuse(
				f, "is damaged: cache %u is '%.60s', not name, size, size", i,
				text[i]);
		c->name = text[i];
		cut_at_tab(text[i]);
	}
	return 0;
}

static int parse_gfps(const struct ktr_file *f, struct ktr *k, const char **text)
{
	k->gfps = calloc(k->nr_gfps + 1, sizeof(*k->gfps));
	if (!k->gfps)
		return ktr_file_refuse(f, "does not fit into memory");
	for (uint32_t i = 0; i < k->nr_gfps; i++)
		if (!number(text[i], 1, 16, &k->gfps[i]))
			return ktr_file_refuse(
				f, "is damaged: gfp %u is '%.60s', not names and a number", i,
				text[i]);
	return 0;
}

static int parse_tables(const struct ktr_file *f, struct ktr *k, struct cursor *c)
{
	const char **text = read_table(f, c, CACHES, &k->nr_caches);
	int err = text ? parse_caches(f, k, text) : -1;

	free(text);
	if (err)
		return -1;
	k->sites = read_table(f, c, SITES, &k->nr_sites);
	if (!k->sites)
		return -1;
	for (uint32_t i = 0; i < k->nr_sites; i++)
		cut_at_tab(k->sites[i]);
	text = read_table(f, c, GFPS, &k->nr_gfps);
	err = text ? parse_gfps(f, k, text) : -1;
	free(text);
	if (err)
		return -1;
	k->threads = read_table(f, c, THREADS, &k->nr_threads);
	if (!k->threads)
		return -1;
	k->info = read_table(f, c, INFO, &k->nr_info);
	if (!k->info)
		return -1;
	for (; c->at < c->end; c->at++)
		if (*c->at || c->end - c->at >= 8)
			return ktr_file_refuse(
				f, "is damaged: %zu bytes behind its tables belong to none",
				(size_t)(c->end - c->at));
	return 0;
}

static const uint8_t *column(const uint8_t **at, uint32_t nr, size_t width)
{
	const uint8_t *column = *at;

	*at += nr * width;
	return column;
}

static void place_columns(struct ktr *k, const uint8_t *at)
{
	uint32_t nr = k->nr_events;

	k->op = column(&at, nr, 1);
	k->flags = column(&at, nr, 1);
	k->cpu = column(&at, nr, 1);
	k->gfp = column(&at, nr, 1);
	k->thread = column(&at, nr, 2);
	k->cache = column(&at, nr, 2);
	k->site = column(&at, nr, 2);
	k->size = column(&at, nr, 4);
	k->ref = column(&at, nr, 4);
	k->dt = column(&at, nr, 4);
}

static int check_index(const struct ktr_file *f, uint32_t event, enum table t, uint32_t index,
		       uint32_t nr)
{
	if (index < nr)
		return 0;
	return ktr_file_refuse(f, "is damaged: event %u names %s %u of %u", event, table_names[t],
			       index, nr);
}

static int check_alloc(const struct ktr_file *f, const struct ktr *k, uint32_t i)
{
	const struct ktr_cache *c = &k->caches[ktr_16(k->cache, i)];
	uint32_t size = ktr_32(k->size, i);
	uint32_t whole = c->object_size ? c->object_size : c->stride;

	if (size == 0 || size > KTR_MAX_SIZE)
		return ktr_file_refuse(
			f, "is damaged: event %u allocates %u bytes, and 1 to %u are possible", i,
			size, KTR_MAX_SIZE);
	if (k->op[i] == KTR_CACHE_ALLOC && size != whole)
		return ktr_file_refuse(
			f,
			"is damaged: event %u allocates %u bytes from %.40s, whose objects "
			"have %u",
			i, size, c->name, whole);
	if (ktr_32(k->ref, i))
		return ktr_file_refuse(
			f, "is damaged: event %u allocates and names an older object", i);
	return 0;
}

static int check_free(const struct ktr_file *f, const struct ktr *k, uint32_t i,
		      uint32_t nr_objects, unsigned char *freed)
{
	uint32_t ref = ktr_32(k->ref, i);
	uint32_t object = nr_objects - ref;

	if (ref == 0)
		return ktr_file_refuse(
			f, "is damaged: event %u frees object %u, which is not allocated yet", i,
			nr_objects);
	if (ref > nr_objects)
		return ktr_file_refuse(
			f, "is damaged: event %u frees an object from before the first", i);
	if (freed[object / 8] & 1 << object % 8)
		return ktr_file_refuse(f, "is damaged: event %u frees object %u a second time", i,
				       object);
	freed[object / 8] |= 1 << object % 8;
	if (ktr_32(k->size, i))
		return ktr_file_refuse(f, "is damaged: event %u frees and has a size", i);
	return 0;
}

static int check_event(const struct ktr_file *f, const struct ktr *k, uint32_t i)
{
	if (k->op[i] >= KTR_NR_OPS)
		return ktr_file_refuse(f, "is damaged: event %u has the unknown kind %u", i,
				       k->op[i]);
	if (k->cpu[i] >= k->nr_cpus)
		return ktr_file_refuse(f, "is damaged: event %u ran on CPU %u of %u", i, k->cpu[i],
				       k->nr_cpus);
	if (check_index(f, i, CACHES, ktr_16(k->cache, i), k->nr_caches) ||
	    check_index(f, i, SITES, ktr_16(k->site, i), k->nr_sites) ||
	    check_index(f, i, GFPS, k->gfp[i], k->nr_gfps) ||
	    check_index(f, i, THREADS, ktr_16(k->thread, i), k->nr_threads))
		return -1;
	return 0;
}

static int check_totals(const struct ktr_file *f, const struct ktr *k, uint32_t nr_objects,
			uint64_t ticks)
{
	uint64_t ns = ticks * KTR_TICK_NS;

	if (nr_objects != k->nr_objects)
		return ktr_file_refuse(
			f, "is damaged: its header says %u objects, its events allocate %u",
			k->nr_objects, nr_objects);
	if (k->span_ns < ns || k->span_ns - ns >= KTR_TICK_NS)
		return ktr_file_refuse(f,
				       "is damaged: its header says %llu ns, its events take %llu",
				       (unsigned long long)k->span_ns, (unsigned long long)ns);
	return 0;
}

static int check_events(const struct ktr_file *f, const struct ktr *k, unsigned char *freed)
{
	uint32_t nr_objects = 0;
	uint64_t ticks = 0;

	for (uint32_t i = 0; i < k->nr_events; i++) {
		if (check_event(f, k, i))
			return -1;
		if (ktr_allocates(k, i) ? check_alloc(f, k, i)
					: check_free(f, k, i, nr_objects, freed))
			return -1;
		nr_objects += ktr_allocates(k, i);
		ticks += ktr_32(k->dt, i);
	}
	return check_totals(f, k, nr_objects, ticks);
}

static int check_all(const struct ktr_file *f, const struct ktr *k)
{
	unsigned char *freed = calloc(k->nr_events / 8 + 1, 1);
	int err =
		freed ? check_events(f, k, freed) : ktr_file_refuse(f, "does not fit into memory");

	free(freed);
	return err;
}

static int decode(struct ktr_file *f, struct ktr *k)
{
	struct cursor c;

	if (read_all(f, k))
		return -1;
	c.at = k->bytes + HEADER_BYTES;
	c.end = c.at + ktr_32(k->bytes, TABLES_LEN);
	if (parse_tables(f, k, &c))
		return -1;
	place_columns(k, c.end);
	return check_all(f, k);
}

int ktr_open(struct ktr *k, const char *path, char *why, size_t why_len)
{
	struct ktr_file f;
	int err;

	*k = (struct ktr){ 0 };
	err = ktr_file_open(&f, path, why, why_len);
	if (!err)
		err = decode(&f, k);
	ktr_file_close(&f);
	if (err)
		ktr_close(k);
	return err;
}

void ktr_close(struct ktr *k)
{
	free(k->bytes);
	free(k->caches);
	free(k->sites);
	free(k->gfps);
	free(k->threads);
	free(k->info);
	*k = (struct ktr){ 0 };
}
