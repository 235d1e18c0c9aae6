// SPDX-License-Identifier: MIT
/*
 * slab_alloc_traces() and slab_free_traces(): the objects in use of a debug cache, by the place
 * that a track names. The places are gathered in mapped memory under node.lock and printed without
 * it. The functions are declared in slab.h.
 */
#include <errno.h>

#include "debug.h"
#include "os.h"
#include "pagemap.h"
#include "stackdepot.h"
#include "track.h"

/* Places told apart; objects of further ones are left out. Only what is used takes memory. */
#define MAX_PLACES ((size_t)1 << 16)

/* CPUs of higher numbers are not shown. */
#define MAX_CPUS 1024u

/* Everything that the objects of one entry have in common, and the spread of the rest. */
struct place {
	uint64_t count; /* 0: the slot of the table is empty */
	uintptr_t address;
	uint64_t waste_bytes; /* of each object */
	uint32_t stack;
	int32_t min_pid, max_pid;
	uint64_t sum_age, min_age, max_age;
	uint64_t cpus[MAX_CPUS / 64];
};

struct gathering {
	struct kmem_cache *cache;
	enum track_kind kind;
	uint64_t now_ms;
	struct place *places; /* a hash table with open addressing */
	size_t nr;
};

static struct place *slot_of(struct gathering *g, const struct track *t, uint64_t waste)
{
	uint64_t key = t->address ^ (uint64_t)t->stack << 32 ^ waste;
	size_t i = hash_64(key, 16);

	for (;; i = (i + 1) % MAX_PLACES) {
		struct place *p = &g->places[i];

		if (!p->count ||
		    (p->address == t->address && p->stack == t->stack && p->waste_bytes == waste))
			return p;
	}
}

static void begin(struct gathering *g, struct place *p, const struct track *t, uint64_t waste)
{
	*p = (struct place){
		.address = t->address,
		.waste_bytes = waste,
		.stack = t->stack,
		.min_pid = t->pid,
		.max_pid = t->pid,
		.min_age = UINT64_MAX,
	};
	g->nr++;
}

static void add(struct gathering *g, void *object)
{
	const struct track *t = track_of(g->cache, object, g->kind);
	uint64_t waste = g->cache->geo.object_size - debug_orig_bytes(g->cache, object);
	uint64_t age = t->address ? g->now_ms - t->when_ms : 0;
	struct place *p = slot_of(g, t, waste);

	if (!p->count) {
		if (g->nr == MAX_PLACES - 1)
			return;
		begin(g, p, t, waste);
	}
	p->count++;
	p->sum_age += age;
	p->min_age = min_size(p->min_age, age);
	p->max_age = max_size(p->max_age, age);
	p->min_pid = t->pid < p->min_pid ? t->pid : p->min_pid;
	p->max_pid = t->pid > p->max_pid ? t->pid : p->max_pid;
	if (t->address && (uint32_t)t->cpu < MAX_CPUS)
		p->cpus[t->cpu / 64] |= 1ull << t->cpu % 64;
}

static void gather_list(struct gathering *g, struct list_head *list)
{
	struct kmem_cache *s = g->cache;
	struct debug_map map;
	struct frame *f;

	list_for_each_entry (f, list, link) {
		char *object = (char *)frame_address(f) + s->geo.red_left_pad;

		debug_fill_map(s, f, &map);
		for (unsigned int i = 0; i < f->objects; i++, object += s->geo.size)
			if (!debug_map_is_free(&map, i))
				add(g, object);
	}
}

static void gather(struct gathering *g, struct node *n)
{
	lock_acquire(&n->lock);
	g->now_ms = track_now_ms();
	gather_list(g, &n->partial);
	gather_list(g, &n->full);
	lock_release(&n->lock);
}

/* The places move to the front of the table, the one with the highest count first. */
static void sort(struct gathering *g)
{
	size_t nr = 0;

	for (size_t i = 0; i < MAX_PLACES && nr < g->nr; i++) {
		struct place p = g->places[i];
		size_t at = nr;

		if (!p.count)
			continue;
		g->places[i].count = 0;
		for (; at && g->places[at - 1].count < p.count; at--)
			g->places[at] = g->places[at - 1];
		g->places[at] = p;
		nr++;
	}
}

/* "0-3,8" */
static void print_cpus(struct text *t, const struct place *p)
{
	const char *separator = "";

	text_str(t, " cpus=");
	for (unsigned int cpu = 0; cpu < MAX_CPUS; cpu++) {
		unsigned int last = cpu;

		if (!(p->cpus[cpu / 64] >> cpu % 64 & 1))
			continue;
		while (last + 1 < MAX_CPUS && p->cpus[(last + 1) / 64] >> (last + 1) % 64 & 1)
			last++;
		text_format(t, "%s%u", separator, cpu);
		if (last > cpu)
			text_format(t, "-%u", last);
		separator = ",";
		cpu = last;
	}
}

static void print_stack(struct text *t, const struct place *p)
{
	const uintptr_t *addresses;
	unsigned int nr = stackdepot_fetch(p->stack, &addresses);

	for (unsigned int i = 0; i < nr; i++) {
		text_str(t, "        ");
		track_symbol(t, addresses[i]);
		text_str(t, "\n");
	}
	text_str(t, "\n");
}

static void print_place(struct text *t, const struct place *p)
{
	text_u64_right(t, p->count, 7);
	text_str(t, " ");
	if (p->address)
		track_symbol(t, p->address);
	else
		text_str(t, "<not-available>");
	if (p->waste_bytes)
		text_format(t, " waste=%lu/%lu", p->count * p->waste_bytes, p->waste_bytes);
	text_format(t, " age=%lu", p->min_age);
	if (p->min_age != p->sum_age)
		text_format(t, "/%lu/%lu", p->sum_age / p->count, p->max_age);
	text_format(t, " pid=%d", p->min_pid);
	if (p->min_pid != p->max_pid)
		text_format(t, "-%d", p->max_pid);
	if (p->address)
		print_cpus(t, p);
	text_str(t, "\n");
	print_stack(t, p);
}

static long print_traces(struct gathering *g, char *buf, size_t len)
{
	struct text t;

	text_init(&t, buf, len);
	for (size_t i = 0; i < g->nr; i++)
		print_place(&t, &g->places[i]);
	if (!g->nr)
		text_str(&t, "No data\n");
	return (long)t.used;
}

static long traces(struct kmem_cache *s, enum track_kind kind, char *buf, size_t len)
{
	struct gathering g = { .cache = s, .kind = kind };
	long used;

	if (!(s->flags & SLAB_STORE_USER))
		return -EINVAL;
	g.places = os_map(MAX_PLACES * sizeof(*g.places));
	if (!g.places)
		return -ENOMEM;
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		gather(&g, &s->node[i]);
	sort(&g);
	used = print_traces(&g, buf, len);
	os_unmap(g.places, MAX_PLACES * sizeof(*g.places));
	return used;
}

long slab_alloc_traces(struct kmem_cache *s, char *buf, size_t len)
{
	return traces(s, TRACK_ALLOC, buf, len);
}

long slab_free_traces(struct kmem_cache *s, char *buf, size_t len)
{
	return traces(s, TRACK_FREE, buf, len);
}
