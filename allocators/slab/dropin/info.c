// SPDX-License-Identifier: MIT
/* What malloc says of itself, and giving memory back: the functions of <malloc.h> in glibc. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>

#include "allocators/slab/boot.h"
#include "allocators/slab/buddy.h"
#include "allocators/slab/cache.h"
#include "allocators/slab/os.h"
#include "allocators/slab/report.h"
#include "allocators/slab/text.h"
#include "huge.h"
#include "names.h"

DROPIN_API int DROPIN_NAME(malloc_trim)(size_t pad);
DROPIN_API struct mallinfo2 DROPIN_NAME(mallinfo2)(void);
DROPIN_API struct mallinfo DROPIN_NAME(mallinfo)(void);
DROPIN_API int DROPIN_NAME(malloc_info)(int options, FILE *f);
DROPIN_API void DROPIN_NAME(malloc_stats)(void);
DROPIN_API int DROPIN_NAME(mallopt)(int param, int value);

/* Where another malloc is the program's, as a sanitizer's, nobody starts libslab only to ask. */
static bool is_running(void)
{
	return __atomic_load_n(&slab_booted, __ATOMIC_ACQUIRE);
}

static size_t held_bytes(void)
{
	struct slab_usage u;

	slab_usage(&u);
	return u.held_bytes + huge_usage().kept_bytes;
}

/* What CPUs have at hand, slabs without objects, and free memory but @pad bytes. 1: there was some.
 */
int DROPIN_NAME(malloc_trim)(size_t pad)
{
	int saved = errno;
	size_t before;

	if (!is_running())
		return 0;
	before = held_bytes();
	huge_trim();
	cache_shrink_all();
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		zone_trim(&slab_zones[i], (pad >> UNIT_SHIFT) / slab_nr_nodes);
	errno = saved;
	return held_bytes() < before;
}

struct mallinfo2 DROPIN_NAME(mallinfo2)(void)
{
	struct huge_usage huge = huge_usage();
	struct mallinfo2 m = { .hblks = huge.nr_blocks, .hblkhd = huge.bytes };
	struct slab_usage u;

	if (!is_running())
		return m;
	slab_usage(&u);
	m.arena =
		u.slab_bytes + u.large_bytes + u.page_bytes + u.free_dirty_bytes + huge.kept_bytes;
	m.ordblks = u.nr_objects - u.nr_inuse;
	m.smblks = u.nr_cached;
	m.uordblks = u.inuse_bytes + u.large_bytes + u.page_bytes;
	m.fordblks = m.arena - min_size(m.arena, m.uordblks);
	m.keepcost = u.free_dirty_bytes + huge.kept_bytes;
	return m;
}

static int saturate(size_t x)
{
	return x > INT_MAX ? INT_MAX : (int)x;
}

/* Numbers beyond an int are the largest one; glibc's wrap around. */
struct mallinfo DROPIN_NAME(mallinfo)(void)
{
	struct mallinfo2 m = DROPIN_NAME(mallinfo2)();

	return (struct mallinfo){
		.arena = saturate(m.arena),
		.ordblks = saturate(m.ordblks),
		.smblks = saturate(m.smblks),
		.hblks = saturate(m.hblks),
		.hblkhd = saturate(m.hblkhd),
		.uordblks = saturate(m.uordblks),
		.fordblks = saturate(m.fordblks),
		.keepcost = saturate(m.keepcost),
	};
}

/* Room for caches that appear between the two questions for the text. */
#define SLACK_BYTES 16384u

/* The text is made before anything is printed: stdio allocates. */
int DROPIN_NAME(malloc_info)(int options, FILE *f)
{
	size_t len;
	char *buf;
	int n;

	if (options) {
		errno = EINVAL;
		return -1;
	}
	len = slab_slabinfo(NULL, 0) + SLACK_BYTES;
	buf = os_map(len);
	if (!buf)
		return -1;
	slab_slabinfo(buf, len);
	n = fprintf(f, "<malloc version=\"1\">\n<slabinfo><![CDATA[\n%s]]></slabinfo>\n</malloc>\n",
		    buf);
	os_unmap(buf, len);
	return n < 0 ? -1 : 0;
}

static void add_line(struct text *t, const char *what, size_t number)
{
	text_str_left(t, what, 24);
	text_u64_right(t, number, 16);
	text_str(t, "\n");
}

/* By write(2), in one piece: stderr may be closed by the time that somebody asks at exit. */
void DROPIN_NAME(malloc_stats)(void)
{
	struct mallinfo2 m = DROPIN_NAME(mallinfo2)();
	char buf[1024];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	text_str(&t, "libslab-malloc:\n");
	add_line(&t, "bytes held", m.arena + m.hblkhd);
	add_line(&t, "bytes in use", m.uordblks + m.hblkhd);
	add_line(&t, "free bytes kept", m.keepcost);
	add_line(&t, "free objects", m.ordblks);
	add_line(&t, "of them at CPUs", m.smblks);
	add_line(&t, "mappings of their own", m.hblks);
	add_line(&t, "bytes in them", m.hblkhd);
	report_emit(&t);
}

/*
 * Arenas, thresholds and the trim size are glibc's means; nothing here has to do what they are set
 * for, so to set them succeeds. What a program could tell, it is told: 0.
 */
int DROPIN_NAME(mallopt)(int param, int value)
{
	(void)value;
	switch (param) {
	case M_MXFAST:
	case M_TRIM_THRESHOLD:
	case M_TOP_PAD:
	case M_MMAP_THRESHOLD:
	case M_MMAP_MAX:
	case M_ARENA_TEST:
	case M_ARENA_MAX:
		return 1;
	default: /* M_PERTURB and M_CHECK_ACTION: options init_on_alloc, init_on_free, debug */
		return 0;
	}
}
