// SPDX-License-Identifier: MIT
/*
 * Rare writes: is it allowed, then through an alias. The pool's mutex is held from the one to the
 * other, so that the area cannot become read-only between. See pmalloc.h.
 */
#include <errno.h>
#include <string.h>

#include "pmalloc_area.h"
#include "pmalloc_map.h"
#include "text.h"
#include "warn.h"
#include "lib/bits.h"

/* A write to come. */
struct edit {
	const char *name; /* of the function, for the sentence */
	const char *dst;
	size_t n;
	const void *src;
	int byte;
	void (*apply)(char *alias, const struct edit *e);
};

/* Aligned values are written at once: another thread reads the old or the new one. */
static void copy(char *to, const struct edit *e)
{
	void *at = to;
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
	} value;

	if (e->n > sizeof(value) || !bits_is_pow2(e->n) || (uintptr_t)to % e->n) {
		memcpy(to, e->src, e->n);
		return;
	}
	memcpy(&value, e->src, e->n);
	if (e->n == sizeof(value.u8))
		__atomic_store_n((uint8_t *)at, value.u8, __ATOMIC_RELEASE);
	else if (e->n == sizeof(value.u16))
		__atomic_store_n((uint16_t *)at, value.u16, __ATOMIC_RELEASE);
	else if (e->n == sizeof(value.u32))
		__atomic_store_n((uint32_t *)at, value.u32, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint64_t *)at, value.u64, __ATOMIC_RELEASE);
}

static void fill(char *to, const struct edit *e)
{
	memset(to, e->byte, e->n);
}

static int through_alias(const struct edit *e)
{
	size_t page = pmalloc_map_page();
	uintptr_t start = align_down((uintptr_t)e->dst, page);
	size_t bytes = align_up((uintptr_t)e->dst + e->n, page) - start;
	char *alias = pmalloc_map_alias((void *)start, bytes);

	if (!alias)
		return -ENOMEM;
	e->apply(alias + ((uintptr_t)e->dst - start), e);
	pmalloc_map_unalias(alias, bytes);
	return 0;
}

/* NULL if allowed, else why not and what to do. The pool's mutex is held. */
static const char *objection(const struct edit *e, const struct pmalloc_area *a)
{
	size_t from = (size_t)(e->dst - a->base);

	if (from < a->offset || e->n > a->bytes - from)
		return "it goes beyond what the pool handed out; check address and length";
	if (a->state == AREA_OPEN)
		return "the pool is not protected; write directly or call pmalloc_protect_pool()";
	if (a->state == AREA_READ_ONLY)
		return "it is read-only for good; make the pool with PMALLOC_MODE_WR";
	return NULL;
}

/* "WARNING: wr_memcpy of 8 bytes at 0x..: reason" */
static int refuse(const struct edit *e, const char *reason)
{
	char buf[256];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_str(&t, "WARNING: ");
	text_str(&t, e->name);
	text_str(&t, " of ");
	text_u64(&t, e->n);
	text_str(&t, " bytes at ");
	text_ptr(&t, e->dst);
	text_str(&t, ": ");
	text_str(&t, reason);
	text_str(&t, "\n");
	warn_emit(&t);
	return -EPERM;
}

static int write_rarely(const struct edit *e)
{
	struct pmalloc_area *a;
	const char *reason;
	int err = 0;

	if (!e->n)
		return 0;
	a = pmalloc_area_find(e->dst);
	if (!a)
		return refuse(e, "it is in no pool; allocate it with pmalloc()");
	lock_acquire(&a->pool->mutex);
	reason = objection(e, a);
	if (!reason)
		err = through_alias(e);
	lock_release(&a->pool->mutex);
	return reason ? refuse(e, reason) : err;
}

int wr_memset(const void *dst, int c, size_t n)
{
	struct edit e = { .name = "wr_memset", .dst = dst, .n = n, .byte = c, .apply = fill };

	return write_rarely(&e);
}

int wr_memcpy(const void *dst, const void *src, size_t n)
{
	struct edit e = { .name = "wr_memcpy", .dst = dst, .n = n, .src = src, .apply = copy };

	return write_rarely(&e);
}
