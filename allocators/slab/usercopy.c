// SPDX-License-Identifier: MIT
/* Where in its object does a copy lie? Reads the page map and constants of the cache; no lock. */
#include "usercopy.h"

#include <stdlib.h>

#include "boot.h"
#include "geometry.h"
#include "kfence.h"
#include "pagemap.h"
#include "report.h"
#include "text.h"

/* One copy, and what is found out about it. */
struct copy {
	uintptr_t ptr;
	size_t n;
	bool to_user;
};

/* The kernel's usercopy_abort(); @name may be NULL. Returns false for the caller to return. */
static bool refuse(const struct copy *c, const char *what, const char *name, size_t offset)
{
	char buf[256];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_str(&t, "usercopy: Kernel memory ");
	text_str(&t,
		 c->to_user ? "exposure attempt detected from " : "overwrite attempt detected to ");
	text_str(&t, what);
	if (name) {
		text_str(&t, " '");
		text_str(&t, name);
		text_str(&t, "'");
	}
	text_str(&t, " (offset ");
	text_u64(&t, offset);
	text_str(&t, ", size ");
	text_u64(&t, c->n);
	text_str(&t, ")!\n");
	report_emit(&t);
	return false;
}

/* The offered part holds the @n bytes @offset into the object. */
static bool offers(const struct kmem_cache *s, size_t offset, size_t n)
{
	return offset >= s->useroffset && offset - s->useroffset <= s->usersize &&
	       n <= s->useroffset - offset + s->usersize;
}

static bool check_slab(const struct copy *c, const struct frame *f)
{
	const struct kmem_cache *s = f->cache;
	size_t bytes = c->ptr - (uintptr_t)frame_address(f);
	size_t offset = bytes - (size_t)geometry_index(&s->geo, bytes) * s->geo.size;

	if (offset < s->geo.red_left_pad)
		return refuse(c, "SLUB object in left red zone", s->name, offset);
	offset -= s->geo.red_left_pad;
	return offers(s, offset, c->n) || refuse(c, "SLUB object", s->name, offset);
}

static bool check_large(const struct copy *c, const struct frame *f)
{
	size_t offset = c->ptr - (uintptr_t)frame_address(f);

	return c->n <= frame_bytes(f) - offset || refuse(c, "page alloc", NULL, offset);
}

static bool check_guarded(const struct copy *c)
{
	const struct kmem_cache *s = kfence_cache((const void *)c->ptr);
	size_t offset;

	if (!s)
		return refuse(c, "SLUB object not in SLUB page?!", NULL, 0);
	offset = c->ptr - (uintptr_t)kfence_object_start((const void *)c->ptr);
	return offers(s, offset, c->n) || refuse(c, "SLUB object", s->name, offset);
}

bool check_heap_object(const void *ptr, size_t n, bool to_user)
{
	struct copy c = { (uintptr_t)ptr, n, to_user };
	size_t page = pagemap_page(ptr);
	uint32_t entry;

	if (is_kfence_address(ptr))
		return check_guarded(&c);
	if (!boot_ensure() || page >= pagemap_nr_pages())
		return true;
	entry = pagemap_entry(page);
	if (entry_kind(entry) == PAGE_SLAB)
		return check_slab(&c, pagemap_frame(page, entry));
	if (entry_kind(entry) == PAGE_LARGE)
		return check_large(&c, pagemap_frame(page, entry));
	return refuse(&c, "SLUB object not in SLUB page?!", NULL, 0);
}

static bool check_address(const struct copy *c)
{
	if (c->ptr + (c->n - 1) < c->ptr)
		return refuse(c, "wrapped address", NULL, 0);
	if (ZERO_OR_NULL_PTR(c->ptr))
		return refuse(c, "null address", NULL, c->ptr);
	return true;
}

void check_object_size(const void *ptr, size_t n, bool to_user)
{
	struct copy c = { (uintptr_t)ptr, n, to_user };

	if (n && !(check_address(&c) && check_heap_object(ptr, n, to_user)))
		abort();
}
