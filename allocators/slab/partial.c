// SPDX-License-Identifier: MIT
/*
 * The partial lists (7.x rules): a slab is listed when it gets its first free object, at the tail;
 * a new one at the head; a full one is nowhere. Static functions are called with node.lock held.
 */
#include "partial.h"

#include "barn.h"
#include "debug.h"
#include "frame.h"
#include "freelist.h"
#include "pagemap.h"
#include "report.h"
#include "single.h"
#include "stat.h"

/* Slabs with more free objects than this are not put in order when a cache is shrunk. */
#define SHRINK_PROMOTE_MAX 32u

void partial_init(struct node *n)
{
	*n = (struct node){ .nr_partial = 0 };
	list_init(&n->partial);
	list_init(&n->full);
	barn_init(&n->barn);
}

static bool is_fallback(const struct kmem_cache *s, const struct frame *f)
{
	return f->order < s->geo.order + slab_page_order;
}

void partial_count_in(struct kmem_cache *s, struct node *n, const struct frame *f)
{
	n->nr_slabs++;
	n->nr_objects += f->objects;
	n->nr_fallbacks += is_fallback(s, f);
	stat_add(s, STAT_ORDER_FALLBACK, is_fallback(s, f));
}

void partial_count_out(struct kmem_cache *s, struct node *n, const struct frame *f)
{
	n->nr_slabs--;
	n->nr_objects -= f->objects;
	n->nr_fallbacks -= is_fallback(s, f);
	stat_inc(s, STAT_FREE_SLAB);
}

/* The slabs that the next @n objects come from, as many as are fetched at a time. */
static void fetch(const struct kmem_cache *s, const struct node *node, unsigned int n)
{
	struct frame *slabs[FREELIST_ABREAST], *f;
	unsigned int nr = 0, seen = 0;

	list_for_each_entry (f, &node->partial, link) {
		if (nr == FREELIST_ABREAST || seen >= n)
			break;
		slabs[nr++] = f;
		seen += frame_nr_free(f);
	}
	if (nr > 1)
		freelist_fetch(s, slabs, nr, n);
}

static unsigned int take(struct kmem_cache *s, struct node *node, void **batch, unsigned int n)
{
	unsigned int got = 0;

	for (unsigned int i = 0; got < n && !list_empty(&node->partial); i++) {
		struct frame *f = list_first_entry(&node->partial, struct frame, link);

		if (i % FREELIST_ABREAST == 0)
			fetch(s, node, n - got);
		got += frame_take(s, f, batch + got, n - got);
		if (f->inuse == f->objects)
			partial_unlist(node, f);
	}
	return got;
}

unsigned int partial_take(struct kmem_cache *s, unsigned int node, void **batch, unsigned int n)
{
	struct node *from = &s->node[node];
	unsigned int got;

	/* Seen without the lock: a slab listed at this moment may be missed, as in the kernel. */
	if (!__atomic_load_n(&from->nr_partial, __ATOMIC_RELAXED))
		return 0;
	lock_acquire(&from->lock);
	got = take(s, from, batch, n);
	lock_release(&from->lock);
	return got;
}

bool partial_has_many(const struct kmem_cache *s, unsigned int node)
{
	return __atomic_load_n(&s->node[node].nr_partial, __ATOMIC_RELAXED) > cache_min_partial(s);
}

unsigned int partial_try_take(struct kmem_cache *s, unsigned int node, void **batch, unsigned int n)
{
	struct node *from = &s->node[node];
	unsigned int got;

	if (!partial_has_many(s, node) || !lock_try(&from->lock))
		return 0;
	got = take(s, from, batch, n);
	lock_release(&from->lock);
	return got;
}

/* Uncount a slab that is on no list and remember it on @gone. */
static void discard(struct kmem_cache *s, struct node *n, struct frame *f, struct list_head *gone)
{
	partial_count_out(s, n, f);
	list_add(&f->link, gone);
}

static void give(struct kmem_cache *s, struct node *node, struct frame *f, void *object,
		 struct list_head *gone)
{
	frame_put(s, f, object);
	if (f->on_cpu)
		return;
	if (partial_is_surplus(s, node, f)) {
		if (f->on_list) {
			partial_unlist(node, f);
			stat_inc(s, STAT_FREE_REMOVE_PARTIAL);
		}
		discard(s, node, f, gone);
	} else if (!f->on_list) {
		list_add_tail(&f->link, &node->partial);
		partial_enlist(node, f);
		stat_inc(s, STAT_FREE_ADD_PARTIAL);
	}
}

static void release(struct list_head *gone)
{
	struct frame *f, *next;

	list_for_each_entry_safe (f, next, gone, link)
		frame_destroy(f);
}

static struct frame *owned_frame(struct kmem_cache *s, void *object)
{
	struct frame *f = frame_of(object);

	if (unlikely(f->cache != s))
		report_pointer(object, "page slab pointer corrupt");
	return f;
}

static void give_singly(struct kmem_cache *s, void *const *batch, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		single_free(s, owned_frame(s, batch[i]), batch[i], NULL);
}

/*
 * What lay in a sheaf for a while has left the CPU's cache: fetch the frames and the objects' free
 * pointers some steps before they are written.
 */
#define FRAMES_AHEAD  8u
#define OBJECTS_AHEAD 4u

static void look_ahead(const struct kmem_cache *s, void *const *batch, unsigned int n,
		       unsigned int i)
{
	if (i + FRAMES_AHEAD < n)
		__builtin_prefetch(frame_of(batch[i + FRAMES_AHEAD]), 1);
	if (i + OBJECTS_AHEAD < n)
		__builtin_prefetch((char *)batch[i + OBJECTS_AHEAD] + s->geo.offset, 1);
}

/* The lock is kept from object to object as long as they are of one node. */
void partial_give(struct kmem_cache *s, void *const *batch, unsigned int n)
{
	struct node *node = NULL;
	struct list_head gone;

	if (unlikely(debug_is_on(s))) {
		give_singly(s, batch, n);
		return;
	}
	list_init(&gone);
	for (unsigned int i = 0; i < n; i++) {
		struct frame *f = owned_frame(s, batch[i]);

		look_ahead(s, batch, n, i);
		if (unlikely(node != &s->node[f->node])) {
			if (node)
				lock_release(&node->lock);
			node = &s->node[f->node];
			lock_acquire(&node->lock);
		}
		give(s, node, f, batch[i], &gone);
	}
	if (node)
		lock_release(&node->lock);
	release(&gone);
}

void partial_count_new(struct kmem_cache *s, struct frame *f)
{
	struct node *n = &s->node[f->node];

	lock_acquire(&n->lock);
	f->on_cpu = true;
	partial_count_in(s, n, f);
	lock_release(&n->lock);
}

bool partial_give_one(struct kmem_cache *s, struct frame *f, void *object)
{
	struct node *n = &s->node[f->node];
	struct list_head gone;
	bool claimed;

	list_init(&gone);
	lock_acquire(&n->lock);
	claimed = f->inuse == f->objects && !f->on_cpu;
	if (claimed)
		frame_put(s, f, object);
	else
		give(s, n, f, object, &gone);
	f->on_cpu |= claimed;
	lock_release(&n->lock);
	release(&gone);
	return claimed;
}

struct frame *partial_claim(struct kmem_cache *s, unsigned int node)
{
	struct node *n = &s->node[node];
	struct frame *f = NULL;

	if (!__atomic_load_n(&n->nr_partial, __ATOMIC_RELAXED))
		return NULL;
	lock_acquire(&n->lock);
	if (!list_empty(&n->partial)) {
		f = list_first_entry(&n->partial, struct frame, link);
		partial_unlist(n, f);
		f->on_cpu = true;
	}
	lock_release(&n->lock);
	return f;
}

void *partial_take_chain(struct kmem_cache *s, struct frame *f)
{
	struct node *n = &s->node[f->node];
	void *chain;

	lock_acquire(&n->lock);
	chain = frame_take_chain(s, f);
	lock_release(&n->lock);
	return chain;
}

void partial_return(struct kmem_cache *s, struct frame *f)
{
	struct node *n = &s->node[f->node];
	struct list_head gone;

	list_init(&gone);
	lock_acquire(&n->lock);
	f->on_cpu = false;
	if (partial_is_surplus(s, n, f)) {
		discard(s, n, f, &gone);
	} else if (f->inuse < f->objects) {
		list_add(&f->link, &n->partial);
		partial_enlist(n, f);
	}
	lock_release(&n->lock);
	release(&gone);
}

static void add_new(struct kmem_cache *s, struct node *n, struct frame *f)
{
	partial_count_in(s, n, f);
	if (f->inuse < f->objects) {
		list_add(&f->link, &n->partial);
		partial_enlist(n, f);
	}
}

void partial_add_new(struct kmem_cache *s, struct frame *f)
{
	struct node *n = &s->node[f->node];

	lock_acquire(&n->lock);
	add_new(s, n, f);
	lock_release(&n->lock);
}

/* zone.lock is tried while node.lock is held: whoever holds it waits for no node.lock. */
static void *take_from_new(struct kmem_cache *s, unsigned int node)
{
	struct frame *f = frame_try_create(s, (int)node);
	void *object = NULL;

	if (f) {
		frame_take(s, f, &object, 1);
		add_new(s, &s->node[node], f);
	}
	return object;
}

void *partial_take_nolock(struct kmem_cache *s, unsigned int node)
{
	struct node *from = &s->node[node];
	void *object = NULL;

	if (!lock_try(&from->lock))
		return NULL;
	if (!take(s, from, &object, 1))
		object = take_from_new(s, node);
	lock_release(&from->lock);
	return object;
}

bool partial_give_nolock(struct kmem_cache *s, void *object)
{
	struct frame *f = owned_frame(s, object);
	struct node *node = &s->node[f->node];
	struct list_head none;
	bool may;

	if (!lock_try(&node->lock))
		return false;
	may = f->on_cpu || f->inuse > 1 || node->nr_partial < cache_min_partial(s);
	list_init(&none);
	if (may)
		give(s, node, f, object, &none);
	lock_release(&node->lock);
	return may;
}

static void take_empty(struct kmem_cache *s, struct node *n, struct list_head *gone)
{
	struct frame *f, *next;

	list_for_each_entry_safe (f, next, &n->partial, link) {
		if (f->inuse)
			continue;
		partial_unlist(n, f);
		discard(s, n, f, gone);
	}
}

/* Fewest free objects first; slabs with many stay behind. */
static void put_in_order(struct node *n)
{
	struct list_head by_free[SHRINK_PROMOTE_MAX];
	struct frame *f, *next;

	for (unsigned int i = 0; i < SHRINK_PROMOTE_MAX; i++)
		list_init(&by_free[i]);
	list_for_each_entry_safe (f, next, &n->partial, link)
		if (frame_nr_free(f) <= SHRINK_PROMOTE_MAX)
			list_move(&f->link, &by_free[frame_nr_free(f) - 1]);
	for (unsigned int i = SHRINK_PROMOTE_MAX; i-- > 0;)
		list_for_each_entry_safe (f, next, &by_free[i], link)
			list_move(&f->link, &n->partial);
}

static size_t shrink(struct kmem_cache *s, struct node *n, void (*then)(struct node *n))
{
	struct list_head gone;
	size_t left;

	list_init(&gone);
	lock_acquire(&n->lock);
	take_empty(s, n, &gone);
	if (then)
		then(n);
	left = n->nr_slabs;
	lock_release(&n->lock);
	release(&gone);
	return left;
}

static size_t shrink_nodes(struct kmem_cache *s, void (*then)(struct node *n))
{
	size_t left = 0;

	for (unsigned int i = 0; i < slab_nr_nodes; i++)
		left += shrink(s, &s->node[i], then);
	return left;
}

size_t partial_release(struct kmem_cache *s)
{
	return shrink_nodes(s, NULL);
}

size_t partial_shrink(struct kmem_cache *s)
{
	return shrink_nodes(s, put_in_order);
}

void partial_forget_counts(struct node *n)
{
	n->nr_slabs = 0;
	n->nr_objects = 0;
	n->nr_fallbacks = 0;
}

void partial_count_again(struct kmem_cache *s, struct frame *f)
{
	struct node *n = &s->node[f->node];

	n->nr_slabs++;
	n->nr_objects += f->objects;
	n->nr_fallbacks += f->order < s->geo.order + slab_page_order;
	if (f->inuse == f->objects || f->on_list || f->on_cpu || f->frozen)
		return;
	list_add_tail(&f->link, &n->partial);
	partial_enlist(n, f);
}
