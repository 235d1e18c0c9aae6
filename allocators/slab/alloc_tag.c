// SPDX-License-Identifier: MIT
/*
 * Call sites and their counters: a hash table that only grows, read without a lock. Its lock guards
 * what is added: the chains' heads, the list of all, the memory they are cut from. See alloc_tag.h.
 */
#include "alloc_tag.h"

#include "os.h"
#include "text.h"

#define BUCKET_BITS 12u
#define CHUNK_BYTES ((size_t)64 << 10)
#define MAX_TEXT    512u /* a longer path is cut */

bool alloc_tag_on;

static struct {
	struct lock lock;
	char *chunk; /* not yet given out */
	size_t left_bytes;
	struct alloc_tag *first, *last; /* by the time of the first allocation */
} tags;

static SPARSE struct alloc_tag *buckets[1u << BUCKET_BITS];

void alloc_tag_init(bool profiling)
{
	__atomic_store_n(&alloc_tag_on, profiling, __ATOMIC_RELAXED);
}

/* Zeroed memory that is never given back, aligned to a cache line. */
static void *take(size_t bytes)
{
	char *p;

	bytes = align_up(bytes, 64);
	if (tags.left_bytes < bytes) {
		p = os_map(CHUNK_BYTES);
		if (!p)
			return NULL;
		tags.chunk = p;
		tags.left_bytes = CHUNK_BYTES;
	}
	p = tags.chunk;
	tags.chunk += bytes;
	tags.left_bytes -= bytes;
	return p;
}

static void write_text(struct text *t, const struct codetag *ct)
{
	text_str(t, ct->filename);
	text_str(t, ":");
	text_u64(t, ct->lineno);
	text_str(t, " func:");
	text_str(t, ct->function);
}

/* A copy, because the library that holds the codetag may be unloaded before it is printed. */
static const char *copy_text(const struct codetag *ct)
{
	struct text t;
	size_t len;
	char *p;

	text_init(&t, NULL, 0);
	write_text(&t, ct);
	len = min_size(t.used + 1, MAX_TEXT);
	p = take(len);
	if (!p)
		return NULL;
	text_init(&t, p, len);
	write_text(&t, ct);
	return p;
}

static struct alloc_tag *find(struct alloc_tag *const *bucket, const void *location)
{
	struct alloc_tag *t = __atomic_load_n(bucket, __ATOMIC_ACQUIRE);

	while (t && t->location != location)
		t = t->next;
	return t;
}

static void publish(struct alloc_tag **bucket, struct alloc_tag *t)
{
	t->next = *bucket;
	__atomic_store_n(bucket, t, __ATOMIC_RELEASE);
	__atomic_store_n(tags.last ? &tags.last->later : &tags.first, t, __ATOMIC_RELEASE);
	tags.last = t;
}

static struct alloc_tag *make(struct alloc_tag **bucket, struct kmalloc_token site)
{
	struct alloc_tag *t = take(sizeof(*t));

	if (!t)
		return NULL;
	t->location = site.location;
	if (site.token & KMALLOC_TOKEN_TAGGED)
		t->text = copy_text(site.location);
	publish(bucket, t);
	return t;
}

static __attribute__((noinline)) struct alloc_tag *find_or_make(struct alloc_tag **bucket,
								struct kmalloc_token site)
{
	struct alloc_tag *t;

	lock_acquire(&tags.lock);
	t = find(bucket, site.location);
	if (!t)
		t = make(bucket, site);
	lock_release(&tags.lock);
	return t;
}

struct alloc_tag *alloc_tag_of(struct kmalloc_token site)
{
	struct alloc_tag **bucket = &buckets[hash_64((uintptr_t)site.location, BUCKET_BITS)];
	struct alloc_tag *t = find(bucket, site.location);

	return likely(t) ? t : find_or_make(bucket, site);
}

void alloc_tag_add(struct alloc_tag *tag, size_t bytes)
{
	struct alloc_tag_counters *c = &tag->counters[stripe_here()];

	__atomic_fetch_add(&c->bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_add(&c->calls, 1, __ATOMIC_RELAXED);
}

void alloc_tag_sub(struct alloc_tag *tag, size_t bytes)
{
	struct alloc_tag_counters *c = &tag->counters[stripe_here()];

	__atomic_fetch_sub(&c->bytes, bytes, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&c->calls, 1, __ATOMIC_RELAXED);
}

struct alloc_tag_counters alloc_tag_read(const struct alloc_tag *tag)
{
	struct alloc_tag_counters sum = { 0, 0 };

	for (unsigned int i = 0; i < NR_STRIPES; i++) {
		sum.bytes += __atomic_load_n(&tag->counters[i].bytes, __ATOMIC_RELAXED);
		sum.calls += __atomic_load_n(&tag->counters[i].calls, __ATOMIC_RELAXED);
	}
	return sum;
}

const struct alloc_tag *alloc_tag_first(void)
{
	return __atomic_load_n(&tags.first, __ATOMIC_ACQUIRE);
}

const struct alloc_tag *alloc_tag_next(const struct alloc_tag *tag)
{
	return __atomic_load_n(&tag->later, __ATOMIC_ACQUIRE);
}
