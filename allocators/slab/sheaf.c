// SPDX-License-Identifier: MIT
/* The slow paths of a lane. See sheaf.h. */
#include "sheaf.h"

#include <errno.h>
#include <string.h>

#include "barn.h"
#include "grow.h"
#include "nodes.h"
#include "partial.h"
#include "percpu.h"
#include "slabs.h"
#include "stat.h"

/* What a slow path has taken out of its lane. */
struct grip {
	struct lane *lane;
	struct slab_sheaf *main;
	struct slab_sheaf *spare;
};

static struct sheaf_memory memory;

static uint32_t nr_in(const struct slab_sheaf *sheaf)
{
	return sheaf ? sheaf->size : 0;
}

static bool has_room(const struct slab_sheaf *sheaf)
{
	return sheaf && sheaf->size < sheaf->capacity;
}

static void resize(struct slab_sheaf *sheaf, uint32_t size)
{
	__atomic_store_n(&sheaf->size, size, __ATOMIC_RELAXED);
}

void sheaf_push(struct slab_sheaf *sheaf, void *object)
{
	__atomic_store_n(&sheaf->objects[sheaf->size], object, __ATOMIC_RELAXED);
	resize(sheaf, sheaf->size + 1);
}

void *sheaf_pop(struct slab_sheaf *sheaf)
{
	resize(sheaf, sheaf->size - 1);
	return sheaf->objects[sheaf->size];
}

/* One color after the other, whatever the cache: those in use at a time are of many caches. */
static unsigned int next_color(unsigned int nr_colors)
{
	static unsigned int nr_made;

	return nr_colors > 1 ? __atomic_add_fetch(&nr_made, 1, __ATOMIC_RELAXED) % nr_colors : 0;
}

static struct slab_sheaf *get_colored(size_t bytes, unsigned int nr_colors, gfp_t gfp)
{
	char *block = memory.get(bytes + (size_t)(nr_colors - 1) * COLOR_BYTES, gfp);
	unsigned int color = next_color(nr_colors);
	struct slab_sheaf *sheaf;

	if (!block)
		return NULL;
	sheaf = (struct slab_sheaf *)(block + (size_t)color * COLOR_BYTES);
	sheaf->color = (uint8_t)color;
	return sheaf;
}

struct slab_sheaf *sheaf_new(struct kmem_cache *s, unsigned int capacity, gfp_t gfp)
{
	struct slab_sheaf *sheaf;

	sheaf = get_colored(sizeof(*sheaf) + capacity * sizeof(sheaf->objects[0]),
			    grow_nr_colors(s, capacity), gfp);
	if (!sheaf)
		return NULL;
	sheaf->cache = s;
	sheaf->capacity = (uint16_t)capacity;
	resize(sheaf, 0);
	stat_inc(s, STAT_SHEAF_ALLOC);
	return sheaf;
}

void sheaf_delete(struct slab_sheaf *sheaf)
{
	stat_inc(sheaf->cache, STAT_SHEAF_FREE);
	memory.put(sheaf_block(sheaf));
}

void sheaf_flush(struct slab_sheaf *sheaf)
{
	if (!sheaf->size)
		return;
	stat_add(sheaf->cache, STAT_SHEAF_FLUSH, sheaf->size);
	partial_give(sheaf->cache, sheaf->objects, sheaf->size);
	resize(sheaf, 0);
}

unsigned int sheaf_refill(struct slab_sheaf *sheaf, gfp_t gfp, unsigned int want)
{
	struct kmem_cache *s = sheaf->cache;
	unsigned int got;

	got = slabs_take(s, gfp, NUMA_NO_NODE, sheaf->objects + sheaf->size, want - sheaf->size);
	resize(sheaf, sheaf->size + got);
	stat_add(s, STAT_SHEAF_REFILL, got);
	return got;
}

/* A sheaf that found no place: its objects to the barn or to their slabs, itself to the barn. */
void sheaf_put_away_on(struct slab_sheaf *sheaf, unsigned int node)
{
	struct kmem_cache *s = sheaf->cache;
	struct barn *barn = &s->node[node].barn;

	if (sheaf->size == sheaf->capacity) {
		bool put = barn_put_full(barn, sheaf);

		stat_inc(s, put ? STAT_BARN_PUT : STAT_BARN_PUT_FAIL);
		if (put)
			return;
	}
	sheaf_flush(sheaf);
	if (!barn_put_empty(barn, sheaf))
		sheaf_delete(sheaf);
}

void sheaf_put_away(struct slab_sheaf *sheaf)
{
	sheaf_put_away_on(sheaf, nodes_here());
}

/* A sheaf into an empty place of the lane; somebody else may have filled it meanwhile. */
bool sheaf_settle(struct slab_sheaf **place, struct slab_sheaf *sheaf)
{
	struct slab_sheaf *none = NULL;

	return __atomic_compare_exchange_n(place, &none, sheaf, false, __ATOMIC_RELEASE,
					   __ATOMIC_RELAXED);
}

static bool grip_take(struct kmem_cache *s, struct grip *g)
{
	g->lane = percpu_take(s->slot, &g->main);
	if (!g->lane)
		return false;
	g->spare = __atomic_exchange_n(&g->lane->spare, NULL, __ATOMIC_ACQUIRE);
	return true;
}

static void grip_put(struct grip *g)
{
	if (g->main && !sheaf_settle(&g->lane->main, g->main)) {
		if (g->spare)
			sheaf_put_away(g->spare);
		g->spare = g->main;
	}
	if (g->spare && !sheaf_settle(&g->lane->spare, g->spare))
		sheaf_put_away(g->spare);
}

static void swap(struct grip *g)
{
	struct slab_sheaf *main = g->main;

	g->main = g->spare;
	g->spare = main;
}

static bool may_refill(gfp_t gfp)
{
	return gfp & __GFP_DIRECT_RECLAIM;
}

/*
 * @empty, or a larger one in its place if sheaves have grown since it was made and there is memory
 * at hand: nobody waits or reclaims for it, since @empty does as well.
 */
static struct slab_sheaf *up_to_date(struct slab_sheaf *empty)
{
	struct slab_sheaf *larger = NULL;

	if (unlikely(empty->capacity < grow_capacity(empty->cache)))
		larger = sheaf_new(empty->cache, grow_capacity(empty->cache), GFP_NOWAIT);
	if (likely(!larger))
		return empty;
	sheaf_delete(empty);
	return larger;
}

struct slab_sheaf *sheaf_get_empty(struct kmem_cache *s, gfp_t gfp)
{
	struct slab_sheaf *sheaf = barn_get_empty(barn_here(s));

	return sheaf ? up_to_date(sheaf) : sheaf_new(s, grow_capacity(s), gfp);
}

/* Main is empty or absent: a full one of the barn in its place, if there is one. */
static bool replace_from_barn(struct kmem_cache *s, struct grip *g)
{
	struct slab_sheaf *full = barn_replace_empty(barn_here(s), g->main);

	stat_inc(s, full ? STAT_BARN_GET : STAT_BARN_GET_FAIL);
	if (full)
		g->main = full;
	return full;
}

/* Both sheaves of @g are empty or absent: main becomes a full one of the barn, or is refilled. */
static void replace_empty(struct kmem_cache *s, struct grip *g, gfp_t gfp)
{
	grow_count_miss(s);
	if (replace_from_barn(s, g) || !may_refill(gfp))
		return;
	g->main = g->main ? up_to_date(g->main) : sheaf_get_empty(s, gfp & ~__GFP_NOFAIL);
	if (g->main)
		sheaf_refill(g->main, gfp | __GFP_NOMEMALLOC | __GFP_NOWARN, g->main->capacity);
}

/* What @from has above the first @kept goes on top of @to, which has room; neither is in a lane. */
static void move_objects(struct slab_sheaf *from, uint32_t kept, struct slab_sheaf *to)
{
	uint32_t nr = from->size - kept;

	memcpy(to->objects + to->size, from->objects + kept, nr * sizeof(to->objects[0]));
	resize(to, to->size + nr);
	resize(from, kept);
}

/* All objects of the spare, which is a smaller sheaf than main, into the empty main. */
static void gather(struct grip *g)
{
	move_objects(g->spare, 0, g->main);
	g->spare = up_to_date(g->spare);
}

/* Main is empty or absent: the spare's objects are next. */
static void use_spare(struct kmem_cache *s, struct grip *g)
{
	grow_count_swap(s);
	if (g->main)
		g->main = up_to_date(g->main);
	if (g->main && g->spare && g->spare->capacity < g->main->capacity)
		gather(g);
	else
		swap(g);
}

void *sheaf_alloc(struct kmem_cache *s, gfp_t gfp)
{
	struct grip g;
	void *object = NULL;

	if (!s->slot || !grip_take(s, &g))
		return NULL;
	if (!nr_in(g.main))
		use_spare(s, &g);
	if (!nr_in(g.main))
		replace_empty(s, &g, gfp);
	if (nr_in(g.main))
		object = sheaf_pop(g.main);
	grip_put(&g);
	return object;
}

/* The barn had no empty sheaf for main, which is full, as spare is. */
static void replace_with_new(struct kmem_cache *s, struct grip *g)
{
	struct slab_sheaf *empty = sheaf_new(s, grow_capacity(s), GFP_NOWAIT);

	if (empty && barn_put_full(barn_here(s), g->main)) {
		stat_inc(s, STAT_BARN_PUT);
		g->main = empty;
		return;
	}
	if (empty)
		sheaf_delete(empty);
	sheaf_flush(g->main);
}

/* Both sheaves of @g are full: main becomes an empty one. */
static void replace_full(struct kmem_cache *s, struct grip *g)
{
	struct slab_sheaf *empty;
	int err = barn_replace_full(barn_here(s), g->main, &empty);

	if (!err) {
		stat_inc(s, STAT_BARN_PUT);
		g->main = up_to_date(empty);
		return;
	}
	stat_inc(s, STAT_BARN_PUT_FAIL);
	if (err == -E2BIG) {
		sheaf_flush(g->spare);
		swap(g);
		g->main = up_to_date(g->main);
	} else {
		replace_with_new(s, g);
	}
}

/*
 * Main is full and the spare empty: half of the objects, those freed last, change over, and the
 * spare becomes main. Then a load that goes up and down by less than half a sheaf stays in it,
 * where a mere exchange would leave it at the edge of both.
 */
static void level(struct grip *g)
{
	move_objects(g->main, g->main->size / 2, g->spare);
	swap(g);
}

static bool is_to_level(const struct kmem_cache *s, const struct grip *g)
{
	return grow_is_on(s) && nr_in(g->main) && !g->spare->size &&
	       g->spare->capacity >= g->main->capacity;
}

static void make_room(struct kmem_cache *s, struct grip *g)
{
	if (has_room(g->spare)) {
		if (is_to_level(s, g))
			level(g);
		else
			swap(g);
	} else if (g->main && g->spare) {
		replace_full(s, g);
	} else {
		if (g->main)
			g->spare = g->main;
		g->main = sheaf_get_empty(s, GFP_NOWAIT);
	}
}

bool sheaf_free(struct kmem_cache *s, void *object)
{
	struct grip g;
	bool done;

	if (!s->slot || !grip_take(s, &g))
		return false;
	if (!has_room(g.main))
		make_room(s, &g);
	done = has_room(g.main);
	if (done)
		sheaf_push(g.main, object);
	grip_put(&g);
	return done;
}

/* Take what @sheaf, which may be absent, has of @n objects. */
static size_t pop_many(struct slab_sheaf *sheaf, size_t n, void **p)
{
	size_t got = 0;

	while (got < n && nr_in(sheaf))
		p[got++] = sheaf_pop(sheaf);
	return got;
}

static size_t push_many(struct slab_sheaf *sheaf, size_t n, void *const *p)
{
	size_t put = 0;

	while (put < n && has_room(sheaf))
		sheaf_push(sheaf, p[put++]);
	return put;
}

/* Main is empty: the spare, or a full one of the barn; nothing is fetched from slabs. */
static bool replace_at_hand(struct kmem_cache *s, struct grip *g)
{
	if (!nr_in(g->spare))
		return replace_from_barn(s, g);
	swap(g);
	return true;
}

size_t sheaf_take_bulk(struct kmem_cache *s, size_t n, void **p)
{
	struct grip g;
	size_t got;

	if (!s->slot || !grip_take(s, &g))
		return 0;
	got = pop_many(g.main, n, p);
	while (got < n && replace_at_hand(s, &g))
		got += pop_many(g.main, n - got, p + got);
	grip_put(&g);
	return got;
}

size_t sheaf_give_bulk(struct kmem_cache *s, size_t n, void *const *p)
{
	struct grip g;
	size_t put;

	if (!s->slot || !grip_take(s, &g))
		return 0;
	put = push_many(g.main, n, p);
	while (put < n) {
		make_room(s, &g);
		if (!has_room(g.main))
			break;
		put += push_many(g.main, n - put, p + put);
	}
	grip_put(&g);
	return put;
}

static void dissolve(struct slab_sheaf *sheaf)
{
	if (!sheaf)
		return;
	sheaf_flush(sheaf);
	sheaf_delete(sheaf);
}

static void empty_lane(struct kmem_cache *s, struct lane *lane, struct slab_sheaf *main)
{
	(void)s;
	dissolve(main);
	dissolve(__atomic_exchange_n(&lane->spare, NULL, __ATOMIC_ACQUIRE));
}

static void empty_barns(struct kmem_cache *s)
{
	struct list_head sheaves;
	struct slab_sheaf *sheaf, *next;

	list_init(&sheaves);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		barn_empty(&s->node[i].barn, &sheaves);
	list_for_each_entry_safe (sheaf, next, &sheaves, link)
		dissolve(sheaf);
}

void sheaf_flush_all(struct kmem_cache *s)
{
	percpu_visit_taken(s, empty_lane);
	empty_barns(s);
}

void sheaf_drain(struct kmem_cache *s)
{
	percpu_drain(s, empty_lane);
	empty_barns(s);
}

void sheaf_end_lane(struct kmem_cache *s, struct lane *lane)
{
	empty_lane(s, lane, __atomic_exchange_n(&lane->main, NULL, __ATOMIC_ACQUIRE));
}

void sheaf_init(const struct sheaf_memory *m)
{
	memory = *m;
}

struct visit {
	void (*visit)(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx);
	void *ctx;
};

static void visit_lane(struct kmem_cache *s, struct lane *lane, void *ctx)
{
	struct slab_sheaf **places[] = { &lane->main, &lane->spare };
	const struct visit *v = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct slab_sheaf *sheaf = __atomic_load_n(places[i], __ATOMIC_ACQUIRE);

		if (sheaf)
			v->visit(s, sheaf, v->ctx);
	}
}

static void visit_barn(struct kmem_cache *s, struct barn *barn, const struct visit *v)
{
	struct slab_sheaf *sheaf;

	lock_acquire(&barn->lock);
	list_for_each_entry (sheaf, &barn->full, link)
		v->visit(s, sheaf, v->ctx);
	lock_release(&barn->lock);
}

void sheaf_visit(struct kmem_cache *s,
		 void (*visit)(struct kmem_cache *s, struct slab_sheaf *sheaf, void *ctx),
		 void *ctx)
{
	struct visit v = { visit, ctx };

	if (s->slot)
		percpu_visit(s, visit_lane, &v);
	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		visit_barn(s, &s->node[i].barn, &v);
}
