// SPDX-License-Identifier: MIT
/*
 * The report of leaked objects. Full slabs are on no list, so the page map is walked; this happens
 * once in the life of a faulty program. slab_mutex is held.
 */
#include "shutdown.h"

#include "debug.h"
#include "frame.h"
#include "pagemap.h"
#include "report.h"
#include "track.h"

#define MAX_LINES 64u

/* Is the object with this number in use? The fresh ones are the last. */
static bool in_use(const struct frame *f, const struct debug_map *map, unsigned int index)
{
	return index < (unsigned int)f->objects - f->nr_fresh && !debug_map_is_free(map, index);
}

/* Print the objects in use of one slab; returns how many lines may still be printed. */
static unsigned int report_frame(struct kmem_cache *s, struct frame *f, unsigned int lines)
{
	char *object = (char *)frame_address(f) + s->geo.red_left_pad;
	struct debug_map map;

	report_slab(f);
	debug_fill_map(s, f, &map);
	for (unsigned int i = 0; i < f->objects; i++, object += s->geo.size) {
		if (!in_use(f, &map, i))
			continue;
		report_count();
		if (!lines)
			continue;
		report_line("Object %p @offset=%zu", (void *)object,
			    (size_t)(object - (char *)frame_address(f)));
		track_print(s, object);
		lines--;
	}
	return lines;
}

void shutdown_report(struct kmem_cache *s)
{
	unsigned int lines = MAX_LINES;
	size_t nr = 0;

	report_bug(s, "Objects remaining on __kmem_cache_shutdown()");
	for (size_t page = 0; page < pagemap_committed();) {
		uint32_t entry = pagemap_entry(page);
		struct frame *f = &slab_range.frames[page];

		if (entry_kind(entry) == PAGE_SLAB && f->cache == s) {
			nr += f->inuse;
			if (lines)
				lines = report_frame(s, f, lines);
		}
		page += (size_t)1 << entry_order(entry);
	}
	if (nr > MAX_LINES)
		report_line("... and %zu more objects", nr - MAX_LINES);
	report_end();
}
