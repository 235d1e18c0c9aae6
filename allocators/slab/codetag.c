// SPDX-License-Identifier: MIT
/* Call sites and what they hold, as text. Takes no lock. See codetag.h. */
#include "codetag.h"

#include <dlfcn.h>
#include <string.h>

#include "alloc_tag.h"
#include "text.h"

#define BYTES_WIDTH 12u
#define CALLS_WIDTH 8u

static void print_offset(struct text *t, const void *from, const void *to)
{
	text_str(t, "+");
	text_ptr(t, (const void *)((uintptr_t)to - (uintptr_t)from));
}

/* "libx.so+0x1234 func:name+0x10", as far as the dynamic linker knows. */
static void print_symbol(struct text *t, const void *location)
{
	const char *slash;
	Dl_info info;

	if (!dladdr(location, &info) || !info.dli_fname) {
		text_ptr(t, location);
		text_str(t, " func:?");
		return;
	}
	slash = strrchr(info.dli_fname, '/');
	text_str(t, slash ? slash + 1 : info.dli_fname);
	print_offset(t, info.dli_fbase, location);
	text_str(t, " func:");
	text_str(t, info.dli_sname ? info.dli_sname : "?");
	if (info.dli_sname)
		print_offset(t, info.dli_saddr, location);
}

static void print_site(struct text *t, const struct alloc_tag *tag)
{
	struct alloc_tag_counters sum = alloc_tag_read(tag);

	text_u64_right(t, sum.bytes, BYTES_WIDTH);
	text_str(t, " ");
	text_u64_right(t, sum.calls, CALLS_WIDTH);
	text_str(t, " ");
	if (tag->text)
		text_str(t, tag->text);
	else
		print_symbol(t, tag->location);
	text_str(t, "\n");
}

size_t slab_allocinfo(char *buf, size_t len)
{
	struct text t;

	text_init(&t, buf, len);
	text_str(&t, "allocinfo - version: 1.0\n#     <size>  <calls> <tag info>\n");
	for (const struct alloc_tag *tag = alloc_tag_first(); tag; tag = alloc_tag_next(tag))
		print_site(&t, tag);
	return t.used;
}

bool slab_allocinfo_site(const void *location, uint64_t *bytes, uint64_t *calls)
{
	for (const struct alloc_tag *tag = alloc_tag_first(); tag; tag = alloc_tag_next(tag)) {
		struct alloc_tag_counters sum = alloc_tag_read(tag);

		if (tag->location != location)
			continue;
		*bytes = sum.bytes;
		*calls = sum.calls;
		return true;
	}
	return false;
}
