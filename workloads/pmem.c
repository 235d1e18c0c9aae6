// SPDX-License-Identifier: MIT
/*
 * pmem: records are built in staging buffers of the allocator, copied into a mapped file and
 * written back line by line; an index in memory finds them for updates and deletes. A copy keeps
 * the offset that its buffer has within a cache line, so the buffer's alignment decides how many
 * lines and pages are touched. Each thread has its own index and its own region of the file.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* MAP_SYNC */
#endif
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "digest.h"
#include "hlist.h"
#include "lib/bits.h"
#include "persist.h"
#include "pmem_plan.h"

#define FENCE_RECORDS 16u /* records that are made durable together */
#define PAGE	      4096u

/* The first words of a record; what follows is a function of the key. */
struct pmem_record {
	uint64_t key; /* plus one; 0 in the file: deleted */
};

static struct alloc_site sites[] = {
	ALLOC_SITE(struct pmem_record, false, SITE_GFP_KERNEL),
};

enum { NR_LINES, NR_LINES_MINIMUM, NR_PAGES_CROSSED };

struct pmem_entry {
	struct hlist_node hash;
	unsigned char *buf; /* staging copy, from the allocator */
	uint64_t offset;    /* of the durable copy in the region */
	uint64_t key;
	uint32_t bytes;
	uint32_t updates;
	uint64_t pad[2];
};

_Static_assert(sizeof(struct pmem_entry) == PMEM_ENTRY_BYTES, "the plan's bound counts on it");

struct pmem_run {
	struct alloc_cache *entry_cache;
	enum persist_kind persist;
	unsigned char *file; /* mapped; NULL if not */
	size_t file_bytes;
};

struct pmem_thread {
	struct wl_thread *t;
	struct pmem_run *pr;
	const struct pmem_shard *shard;
	const struct pmem_op *ops;
	unsigned char *region;
	struct hlist_head *bucket; /* [1 << bucket_bits], all empty between rounds */
	uint32_t unfenced;	   /* records flushed since the last fence */
};

/* Excess of a buffer over a page-aligned one. */
static uint64_t pages_crossed(const void *p, size_t bytes)
{
	return ((uintptr_t)p % PAGE + bytes - 1) / PAGE - (bytes - 1) / PAGE;
}

/* Copy @bytes from byte @at of the staging buffer to the file and start their write-back. */
static void write_back(struct pmem_thread *pt, const struct pmem_entry *e, uint32_t at,
		       uint32_t bytes)
{
	unsigned char *to = pt->region + e->offset + at;
	uint64_t *nr = pt->t->counters;

	memcpy(to, e->buf + at, bytes);
	persist_flush(pt->pr->persist, to, bytes);
	nr[NR_LINES] += persist_lines(to, bytes);
	nr[NR_LINES_MINIMUM] += (at % PERSIST_LINE + bytes + PERSIST_LINE - 1) / PERSIST_LINE;
	nr[NR_PAGES_CROSSED] += pages_crossed(e->buf + at, bytes);
	if (++pt->unfenced == FENCE_RECORDS) {
		persist_fence();
		pt->unfenced = 0;
	}
}

/* Bytes [@at, @at + @bytes) as words of a sequence; the first word of a record is its key. */
static void fill(unsigned char *p, uint32_t bytes, uint64_t word)
{
	uint32_t i;

	for (i = 0; i + 8 <= bytes; i += 8)
		digest_store(p + i, word + i);
	memcpy(p + i, &word, bytes - i);
}

static struct hlist_head *bucket(struct pmem_thread *pt, uint64_t key)
{
	return &pt->bucket[hash_64(key, pt->shard->bucket_bits)];
}

static struct pmem_entry *find(struct pmem_thread *pt, uint64_t key)
{
	struct hlist_node *node;

	for (node = bucket(pt, key)->first; node; node = node->next) {
		struct pmem_entry *e = container_of(node, struct pmem_entry, hash);

		if (e->key == key)
			return e;
	}
	wl_fail(pt->t, "a record is missing from the index");
	return NULL;
}

static struct pmem_entry *alloc_entry(struct pmem_thread *pt, const struct pmem_op *op)
{
	struct pmem_entry *e = wl_cache_alloc(pt->t, pt->pr->entry_cache);

	if (!e)
		goto fail;
	e->buf = wl_alloc(pt->t, op->bytes, &sites[0]);
	if (!e->buf)
		goto fail_entry;
	e->key = op->key;
	e->bytes = op->bytes;
	e->updates = 0;
	e->offset = (uint64_t)op->at * PERSIST_LINE + (uintptr_t)e->buf % PERSIST_LINE;
	memset(e->pad, 0, sizeof(e->pad));
	return e;

fail_entry:
	wl_cache_free(pt->t, pt->pr->entry_cache, e);
fail:
	wl_fail(pt->t, WL_OUT_OF_MEMORY);
	return NULL;
}

static int append(struct pmem_thread *pt, const struct pmem_op *op)
{
	struct pmem_entry *e = alloc_entry(pt, op);

	if (!e)
		return -1;
	fill(e->buf, e->bytes, digest_mix(e->key));
	digest_store(e->buf, e->key + 1);
	write_back(pt, e, 0, e->bytes);
	hlist_add_head(&e->hash, bucket(pt, e->key));
	return 0;
}

/* The key stays; an update of the first bytes writes behind it. */
static int update(struct pmem_thread *pt, const struct pmem_op *op)
{
	struct pmem_entry *e = find(pt, op->key);
	uint32_t at, bytes;

	if (!e)
		return -1;
	at = (uint32_t)max_size(op->at, sizeof(struct pmem_record));
	bytes = (uint32_t)min_size(op->bytes, e->bytes - at);
	fill(e->buf + at, bytes, digest_mix(e->key + ++e->updates));
	write_back(pt, e, at, bytes);
	return 0;
}

/* A deleted record's key is 0 in the file. */
static void unlink_entry(struct pmem_thread *pt, struct pmem_entry *e)
{
	unsigned char *to = pt->region + e->offset;

	digest_store(to, 0);
	persist_flush(pt->pr->persist, to, sizeof(struct pmem_record));
	hlist_del(&e->hash);
	wl_free(pt->t, e->buf, e->bytes);
	wl_cache_free(pt->t, pt->pr->entry_cache, e);
}

/* The first and last words are compared, the rest of the staging copy goes into the digest. */
static int delete (struct pmem_thread *pt, const struct pmem_op *op)
{
	struct pmem_entry *e = find(pt, op->key);
	const unsigned char *durable;
	uint32_t last;

	if (!e)
		return -1;
	durable = pt->region + e->offset;
	last = e->bytes - (uint32_t)sizeof(uint64_t);
	if (digest_load(durable) != e->key + 1 ||
	    digest_load(durable + last) != digest_load(e->buf + last))
		wl_fail(pt->t, "a record in the mapped file is not what was written");
	pt->t->digest += digest_mix(digest_sum(e->buf, e->bytes) + e->updates);
	unlink_entry(pt, e);
	return pt->t->error ? -1 : 0;
}

static int call(struct pmem_thread *pt, const struct pmem_op *op)
{
	switch ((enum pmem_op_kind)op->kind) {
	case PMEM_APPEND:
		return append(pt, op);
	case PMEM_UPDATE:
		return update(pt, op);
	case PMEM_DELETE:
		return delete (pt, op);
	}
	return -1;
}

static void drop_all(struct pmem_thread *pt)
{
	for (uint32_t i = 0; i < 1u << pt->shard->bucket_bits; i++)
		while (pt->bucket[i].first)
			unlink_entry(pt,
				     container_of(pt->bucket[i].first, struct pmem_entry, hash));
}

static void pmem_round(struct wl_thread *t)
{
	struct pmem_thread *pt = t->state;

	pt->unfenced = 0;
	for (uint32_t i = 0; i < pt->shard->nr_ops; i++) {
		if (call(pt, &pt->ops[i])) {
			drop_all(pt);
			break;
		}
	}
	persist_fence();
}

static void setup_thread(struct wl_thread *t, struct pmem_run *pr)
{
	struct wl_run *run = t->run;
	const struct pmem_shard *shard = &((const struct pmem_image *)run->image)->shard[t->index];
	struct pmem_thread *pt = run->map(run, sizeof(*pt));

	t->state = pt;
	*pt = (struct pmem_thread){
		.t = t,
		.pr = pr,
		.shard = shard,
		.ops = (const void *)((const char *)run->image + shard->ops_at),
		.region = pr->file + shard->region,
		.bucket = run->map(run, sizeof(struct hlist_head) << shard->bucket_bits),
	};
}

static void *map_shared(int fd, size_t bytes, int flags)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* MAP_SYNC succeeds on persistent memory only: a line written back is then durable. */
static unsigned char *map_file(struct wl_run *run, struct pmem_run *pr, int fd)
{
	const char *where = "the file is on persistent memory";
	unsigned char *p = NULL;
	char text[160];

#ifdef MAP_SYNC
	p = map_shared(fd, pr->file_bytes, MAP_SHARED_VALIDATE | MAP_SYNC);
#endif
	if (!p) {
		where = "the file is in the page cache, where a write-back costs what DRAM costs";
		p = map_shared(fd, pr->file_bytes, MAP_SHARED);
	}
	snprintf(text, sizeof(text), "lines are written back by %s; %s", persist_name(pr->persist),
		 where);
	run->note(run, text);
	return p;
}

/* Every page is written to, so that no round meets a fault. */
static int open_file(struct wl_run *run, struct pmem_run *pr)
{
	const struct pmem_image *image = run->image;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", run->dir, image->file);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -1;
	pr->file_bytes = image->file_bytes;
	pr->file = map_file(run, pr, fd);
	close(fd);
	for (size_t at = 0; pr->file && at < pr->file_bytes; at += PAGE)
		*(volatile unsigned char *)(pr->file + at) = 0;
	return pr->file ? 0 : -1;
}

static void pmem_teardown(struct wl_run *run)
{
	struct pmem_run *pr = run->state;

	if (pr->entry_cache)
		run->cache_destroy(pr->entry_cache);
	if (pr->file)
		munmap(pr->file, pr->file_bytes);
}

static int pmem_setup(struct wl_run *run)
{
	struct pmem_run *pr = run->map(run, sizeof(*pr));

	run->state = pr;
	pr->persist = persist_best();
	if (open_file(run, pr)) {
		wl_fail(&run->thread[0], "the workload's file cannot be mapped for writing");
		return -1;
	}
	pr->entry_cache = run->cache_create("pmem_entry", sizeof(struct pmem_entry), 0, 0);
	if (!pr->entry_cache) {
		wl_fail(&run->thread[0], "the allocator could not make the index's cache");
		pmem_teardown(run);
		return -1;
	}
	for (unsigned int i = 0; i < run->threads; i++)
		setup_thread(&run->thread[i], pr);
	return 0;
}

WORKLOAD(pmem) = {
	.name = "pmem",
	.summary = "records staged, copied to a mapped file and written back by cache line",
	.op = "a record appended, updated or deleted",
	.takes = "one of w0 to w9: a single phase, eight times as large",
	.sites = sites,
	.nr_sites = ARRAY_SIZE(sites),
	.counters = {
		[NR_LINES] = { "lines_flushed_count", "count", "cache lines written back" },
		[NR_LINES_MINIMUM] = { "lines_minimum_count", "count",
				       "lines that buffers aligned to a line would need" },
		[NR_PAGES_CROSSED] = { "pages_crossed_count", "count",
				       "page boundaries in buffers that aligned ones would not have" },
	},
	.prepare = pmem_plan,
	.setup = pmem_setup,
	.round = pmem_round,
	.teardown = pmem_teardown,
};
