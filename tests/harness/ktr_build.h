/* SPDX-License-Identifier: MIT */
/*
 * Makes recorded traces for tests, event by event, in the layout of workloads/traces/README.md.
 *
 *	struct build b = { 0 };
 *	uint32_t object = build_kmalloc(&b, THREAD, SITE_PLAIN, GFP_KERNEL, 100);
 *	build_free(&b, OTHER, KTR_KFREE, object);
 *	build_save(&b, path);
 *
 * The bytes can be had with build_bytes() and damaged before they are written. The tables are
 *fixed.
 */
#ifndef TESTS_HARNESS_KTR_BUILD_H
#define TESTS_HARNESS_KTR_BUILD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/ktr.h"

#define BUILD_MAX_EVENTS 20000
#define BUILD_THREADS	 12
#define BUILD_HEADER	 64
#define BUILD_TICKS	 3 /* between two events */

enum build_site { SITE_PLAIN, SITE_POINTERS, SITE_FREE, NR_SITES };
enum build_gfp { GFP_KERNEL, GFP_ZERO, GFP_RECLAIMABLE, NR_GFPS };
enum build_cache { CACHE_KMALLOC, CACHE_DENTRY, CACHE_MAPLE, CACHE_LARGE, CACHE_TINY, NR_CACHES };

static const char *const build_caches[NR_CACHES] __attribute__((unused)) = {
	"kmalloc-64\t64\t0",	    "dentry\t192\t192", "maple_node\t256\t256",
	"huge_thing\t12352\t12300", "tiny_thing\t8\t5",
};
static const char *const build_sites[NR_SITES] __attribute__((unused)) = {
	"ifs_alloc.isra.0+0x8d\t0xffffffff8b9fbf0d",
	"xfs_trans_alloc+0x4c\t0xffffffff818c4b0d",
	"rcu_core+0x11\t0xffffffff81000011",
};
static const char *const build_gfps[NR_GFPS] __attribute__((unused)) = {
	"KERNEL\t0xcc0",
	"KERNEL|ZERO\t0xdc0",
	"KERNEL|RECLAIMABLE|ACCOUNT\t0x400cd0",
};

struct build_event {
	uint8_t op, flags, cpu, gfp;
	uint16_t thread, cache, site;
	uint32_t size, ref;
};

struct build {
	struct build_event event[BUILD_MAX_EVENTS];
	uint32_t nr_events, nr_objects;
};

static inline struct build_event *build_event(struct build *b, uint16_t thread, uint8_t op)
{
	struct build_event *e = &b->event[b->nr_events++];

	if (b->nr_events > BUILD_MAX_EVENTS)
		abort();
	*e = (struct build_event){ .op = op, .cpu = thread & 1, .thread = thread };
	return e;
}

/* Returns the number of the object. */
static inline uint32_t build_kmalloc(struct build *b, uint16_t thread, uint16_t site, uint8_t gfp,
				     uint32_t size)
{
	struct build_event *e = build_event(b, thread, KTR_KMALLOC);

	e->site = site;
	e->gfp = gfp;
	e->size = size;
	return b->nr_objects++;
}

static inline uint32_t build_cache_alloc(struct build *b, uint16_t thread, uint16_t cache,
					 uint8_t gfp)
{
	static const uint32_t sizes[NR_CACHES] = { 64, 192, 256, 12300, 5 };
	struct build_event *e = build_event(b, thread, KTR_CACHE_ALLOC);

	e->cache = cache;
	e->gfp = gfp;
	e->size = sizes[cache];
	return b->nr_objects++;
}

static inline void build_free(struct build *b, uint16_t thread, uint8_t op, uint32_t object)
{
	struct build_event *e = build_event(b, thread, op);

	e->site = SITE_FREE;
	e->ref = b->nr_objects - object;
}

static inline unsigned char *build_16(unsigned char *p, uint32_t v)
{
	*p++ = (unsigned char)v;
	*p++ = (unsigned char)(v >> 8);
	return p;
}

static inline unsigned char *build_32(unsigned char *p, uint32_t v)
{
	return build_16(build_16(p, v), v >> 16);
}

static inline unsigned char *build_text(unsigned char *p, const char *text)
{
	size_t len = strlen(text);

	p = build_16(p, (uint32_t)len);
	memcpy(p, text, len);
	return p + len;
}

static inline unsigned char *build_table(unsigned char *p, const char *const *text, uint32_t nr)
{
	p = build_32(p, nr);
	for (uint32_t i = 0; i < nr; i++)
		p = build_text(p, text[i]);
	return p;
}

/* The five tables, padded; returns their bytes. */
static inline uint32_t build_tables(unsigned char *start)
{
	unsigned char *p = start;
	char text[32];

	p = build_table(p, build_caches, NR_CACHES);
	p = build_table(p, build_sites, NR_SITES);
	p = build_table(p, build_gfps, NR_GFPS);
	p = build_32(p, BUILD_THREADS);
	for (int i = 0; i < BUILD_THREADS; i++) {
		snprintf(text, sizeof(text), "w\t%d\tworker", 100 + i);
		p = build_text(p, text);
	}
	p = build_32(p, 1);
	p = build_text(p, "name=built");
	while ((p - start) % 8)
		*p++ = 0;
	return (uint32_t)(p - start);
}

static inline void build_columns(const struct build *b, unsigned char *p)
{
	const struct build_event *e = b->event, *end = e + b->nr_events;

	for (e = b->event; e < end; e++)
		*p++ = e->op;
	for (e = b->event; e < end; e++)
		*p++ = e->flags;
	for (e = b->event; e < end; e++)
		*p++ = e->cpu;
	for (e = b->event; e < end; e++)
		*p++ = e->gfp;
	for (e = b->event; e < end; e++)
		p = build_16(p, e->thread);
	for (e = b->event; e < end; e++)
		p = build_16(p, e->cache);
	for (e = b->event; e < end; e++)
		p = build_16(p, e->site);
	for (e = b->event; e < end; e++)
		p = build_32(p, e->size);
	for (e = b->event; e < end; e++)
		p = build_32(p, e->ref);
	for (e = b->event; e < end; e++)
		p = build_32(p, e == b->event ? 0 : BUILD_TICKS);
}

/* The whole file; the caller frees it. */
static inline unsigned char *build_bytes(const struct build *b, size_t *len)
{
	unsigned char *p = calloc(1, BUILD_HEADER + 4096 + (size_t)b->nr_events * 22);
	uint32_t tables = build_tables(p + BUILD_HEADER);
	uint64_t span = (uint64_t)(b->nr_events ? b->nr_events - 1 : 0) * BUILD_TICKS * KTR_TICK_NS;

	memcpy(p, "KTRACE1", 8);
	build_32(p + 8, BUILD_HEADER);
	build_32(p + 12, b->nr_events);
	build_32(p + 16, b->nr_objects);
	build_32(p + 20, KTR_TICK_NS);
	build_32(p + 24, 10);
	build_32(p + 28, 2);
	build_32(p + 32, tables);
	build_32(build_32(p + 40, (uint32_t)span), (uint32_t)(span >> 32));
	build_columns(b, p + BUILD_HEADER + tables);
	*len = BUILD_HEADER + tables + (size_t)b->nr_events * 22;
	return p;
}

static inline void build_write(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(bytes, 1, len, f) != len || fclose(f)) {
		perror(path);
		abort();
	}
}

static inline void build_save(const struct build *b, const char *path)
{
	size_t len;
	unsigned char *bytes = build_bytes(b, &len);

	build_write(path, bytes, len);
	free(bytes);
}

#endif
