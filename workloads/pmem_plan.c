// SPDX-License-Identifier: MIT
/*
 * Draws the phases of pmem. PMDK keeps 1 GB live and allocates 5 GB in each phase; here it is 2 MiB
 * and 2.5 MiB when all phases run one after the other, eight times that when one is asked for. The
 * two phases of large records keep their sizes and have fewer of them.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "persist.h"
#include "plan.h"
#include "pmem_plan.h"

#define MIB	    (1u << 20)
#define LIVE_BYTES  (2 * MIB)
#define TOTAL_RATIO 1.25 /* allocated in a phase, in live bytes */
#define LARGE_RATIO 4	 /* live bytes of the large phases, in those of the others */
#define ONE_FACTOR  8	 /* a phase that runs alone */
#define UPDATES	    4	 /* one update for so many appends */
#define UPDATE_MAX  256u /* bytes of an update */

typedef uint32_t draw_bytes(struct random *random, uint32_t low, uint32_t high);

static uint32_t uniform(struct random *random, uint32_t low, uint32_t high)
{
	return (uint32_t)random_range(random, low, high);
}

/* Mean of 1 MiB above @low in steps of 64 KiB: the exponential distribution without libm. */
static uint32_t exponential(struct random *random, uint32_t low, uint32_t high)
{
	uint32_t bytes = low;

	while (bytes < high && random_below(random, 16))
		bytes += MIB / 16;
	return bytes;
}

/* Sizes before, per cent deleted, sizes after (0: nothing comes after). */
static const struct phase {
	uint32_t low, high;
	unsigned int deleted;
	uint32_t low_after, high_after;
	draw_bytes *draw;
	unsigned int live_ratio;
} phases[] = {
	{ 100, 100, 0, 0, 0, uniform, 1 },
	{ 100, 100, 0, 130, 130, uniform, 1 },
	{ 100, 100, 90, 130, 130, uniform, 1 },
	{ 100, 150, 0, 200, 250, uniform, 1 },
	{ 100, 150, 90, 200, 250, uniform, 1 },
	{ 100, 200, 50, 1000, 2000, uniform, 1 },
	{ 1000, 2000, 90, 1500, 2500, uniform, 1 },
	{ 50, 150, 90, 5000, 15000, uniform, 1 },
	{ 2 * MIB, 2 * MIB, 0, 0, 0, uniform, LARGE_RATIO },
	{ 1 * MIB, 5 * MIB, 0, 0, 0, exponential, LARGE_RATIO },
};

#define NR_PHASES ARRAY_SIZE(phases)

struct record {
	uint32_t key;
	uint32_t bytes;
};

struct draw {
	struct random random;
	struct wl_plan *plan;
	struct pmem_shard *shard;
	struct record *live;
	uint32_t nr_live, room;
	uint64_t live_bytes;
	uint32_t next_key, most_live;
	uint64_t lines;	     /* of the region, used in this phase */
	uint64_t most_lines; /* in any phase */
	struct plan_list ops;
};

static void emit(struct draw *d, struct pmem_op op)
{
	memcpy(plan_append(&d->ops, sizeof(op)), &op, sizeof(op));
	d->shard->nr_ops++;
}

static void draw_delete(struct draw *d, uint32_t i)
{
	emit(d, (struct pmem_op){ .kind = PMEM_DELETE, .key = d->live[i].key });
	d->live_bytes -= d->live[i].bytes;
	d->live[i] = d->live[--d->nr_live];
}

static void delete_any(struct draw *d)
{
	draw_delete(d, (uint32_t)random_below(&d->random, d->nr_live));
}

static void add_live(struct draw *d, uint32_t bytes)
{
	if (d->nr_live == d->room) {
		d->room = 2 * d->room + 64;
		d->live = realloc(d->live, d->room * sizeof(*d->live));
		if (!d->live)
			die(EXIT_FAILED, "out of memory while a plan of work was drawn; use a "
					 "smaller --scale");
	}
	d->live[d->nr_live++] = (struct record){ d->next_key++, bytes };
	d->live_bytes += bytes;
	d->most_live = d->nr_live > d->most_live ? d->nr_live : d->most_live;
}

/*
 * A record's lines in the file are as many as its staging buffer may touch at the worst alignment,
 * so that every allocator finds the same places.
 */
static void draw_append(struct draw *d, uint32_t bytes)
{
	emit(d, (struct pmem_op){ .kind = PMEM_APPEND,
				  .key = d->next_key,
				  .bytes = bytes,
				  .at = (uint32_t)d->lines });
	d->lines += (bytes + 2 * PERSIST_LINE - 2) / PERSIST_LINE;
	d->plan->alloc_bytes += plan_rounded(bytes) + PMEM_ENTRY_BYTES;
	add_live(d, bytes);
}

static void draw_update(struct draw *d)
{
	const struct record *r = &d->live[random_below(&d->random, d->nr_live)];
	uint32_t bytes = (uint32_t)random_range(&d->random, 8, min_size(r->bytes, UPDATE_MAX));
	uint32_t at = (uint32_t)random_below(&d->random, r->bytes - bytes + 1);

	emit(d, (struct pmem_op){ .kind = PMEM_UPDATE, .key = r->key, .bytes = bytes, .at = at });
}

/* Append @total bytes of records while at most @live bytes, or one record, live. */
static void draw_fill(struct draw *d, const struct phase *phase, uint32_t low, uint32_t high,
		      uint64_t live)
{
	uint64_t total =
		(uint64_t)((double)live * TOTAL_RATIO * (d->plan->scale > 1 ? d->plan->scale : 1));

	for (uint64_t done = 0; done < total;) {
		uint32_t bytes = phase->draw(&d->random, low, high);

		while (d->nr_live && d->live_bytes + bytes > live)
			delete_any(d);
		draw_append(d, bytes);
		done += bytes;
		if (random_below(&d->random, UPDATES) == 0)
			draw_update(d);
	}
}

static void draw_phase(struct draw *d, const struct phase *phase, uint64_t live)
{
	d->lines = 0;
	live *= phase->live_ratio;
	draw_fill(d, phase, phase->low, phase->high, live);
	for (uint64_t n = (uint64_t)d->nr_live * phase->deleted / 100; n > 0; n--)
		delete_any(d);
	if (phase->low_after)
		draw_fill(d, phase, phase->low_after, phase->high_after, live);
	while (d->nr_live)
		draw_delete(d, d->nr_live - 1);
	d->most_lines = d->lines > d->most_lines ? d->lines : d->most_lines;
}

/* @only is NR_PHASES for all. Returns the bytes of the region. */
static uint64_t draw_shard(struct draw *d, unsigned int index, unsigned int only)
{
	double size = d->plan->scale < 1 ? d->plan->scale : 1;
	double factor = only < NR_PHASES ? ONE_FACTOR : 1;
	uint32_t live = plan_share(LIVE_BYTES * size * factor, d->plan->threads, index, 8192);

	plan_random(&d->random, d->plan, index);
	for (unsigned int i = 0; i < NR_PHASES; i++)
		if (only == NR_PHASES || only == i)
			draw_phase(d, &phases[i], live);
	d->shard->ops_at = plan_store(d->plan, &d->ops);
	d->shard->bucket_bits = bits_fls(d->most_live);
	d->plan->ops += d->shard->nr_ops;
	free(d->live);
	return align_up(d->most_lines * PERSIST_LINE, 4096);
}

/* Every byte is allocated, so that no page of the mapping can fail for want of room. */
static int make_file(struct wl_plan *plan, const struct pmem_image *image)
{
	int fd = plan_make_file(plan, image->file);
	int err;

	if (fd < 0)
		return -1;
	err = posix_fallocate(fd, 0, (off_t)image->file_bytes);
	close(fd);
	errno = err;
	return err ? plan_refuse_file(plan, image->file) : 0;
}

static int choose_phase(struct wl_plan *plan, unsigned int *only)
{
	const char *arg = plan->arg;

	*only = NR_PHASES;
	if (!arg[0])
		return 0;
	if (arg[0] == 'w' && isdigit((unsigned char)arg[1]) && !arg[2]) {
		*only = (unsigned int)(arg[1] - '0');
		return 0;
	}
	snprintf(plan->why, sizeof(plan->why),
		 "pmem takes one of w0 to w9 behind the colon, not '%.64s'", arg);
	return -1;
}

int pmem_plan(struct wl_plan *plan)
{
	struct pmem_image *image;
	unsigned int only;

	if (choose_phase(plan, &only))
		return -1;
	image = plan->piece(plan, sizeof(*image) + plan->threads * sizeof(image->shard[0]));
	image->threads = plan->threads;
	snprintf(image->file, sizeof(image->file), "pmem-%u-%u-%016llx.data", only, plan->threads,
		 (unsigned long long)plan->seed);
	for (unsigned int i = 0; i < plan->threads; i++) {
		struct draw d = { .plan = plan, .shard = &image->shard[i] };

		image->shard[i].region = image->file_bytes;
		image->file_bytes += draw_shard(&d, i, only);
	}
	snprintf(plan->params, sizeof(plan->params), "phases=%s file=%lluK",
		 only < NR_PHASES ? plan->arg : "w0-w9",
		 (unsigned long long)image->file_bytes / 1024);
	return make_file(plan, image);
}
