// SPDX-License-Identifier: MIT
/* Stocks of charged bytes. What leaves a stock is settled after its lock is given back. See
 * objcg.h. */
#include "objcg.h"

#include <string.h>

#include "stripe.h"
#include "text.h"

/* A stock that frees have filled beyond the one is drained to the other. */
#define STOCK_HIGH_PAGES MEMCG_CHARGE_BATCH
#define STOCK_LOW_PAGES	 (MEMCG_CHARGE_BATCH / 2)

static SPARSE struct stock {
	struct lock lock;
	struct memcg_change held; /* nr_refs is 1 while it names somebody */
} __attribute__((aligned(64))) stocks[NR_STRIPES];

static bool (*reclaim_some)(struct mem_cgroup *memcg, size_t bytes);

void objcg_set_reclaim(bool (*reclaim)(struct mem_cgroup *memcg, size_t bytes))
{
	__atomic_store_n(&reclaim_some, reclaim, __ATOMIC_RELAXED);
}

/* Take @bytes out of this CPU's stock. */
static bool consume(const struct obj_cgroup *o, size_t bytes, enum memcg_stat stat)
{
	struct stock *st = &stocks[stripe_here()];
	bool enough;

	lock_acquire(&st->lock);
	enough = st->held.objcg == o && st->held.bytes >= bytes;
	if (enough) {
		st->held.bytes -= bytes;
		st->held.stat_bytes[stat] += (int64_t)bytes;
	}
	lock_release(&st->lock);
	return enough;
}

/* The stock is @o's from now on; what it held for another is in @out. */
static void claim(struct stock *st, struct obj_cgroup *o, struct memcg_change *out)
{
	if (st->held.objcg == o)
		return;
	*out = st->held;
	st->held = (struct memcg_change){ .objcg = o, .nr_refs = 1 };
	__atomic_fetch_add(&o->nr_refs, 1, __ATOMIC_RELAXED);
}

static size_t excess_bytes(const struct stock *st)
{
	if (st->held.bytes <= STOCK_HIGH_PAGES * slab_page_bytes())
		return 0;
	return st->held.bytes - STOCK_LOW_PAGES * slab_page_bytes();
}

/* Put @bytes into this CPU's stock; the change of kind @stat goes with them. */
static void refill(struct obj_cgroup *o, size_t bytes, enum memcg_stat stat, int64_t change)
{
	struct stock *st = &stocks[stripe_here()];
	struct memcg_change other = { .objcg = NULL }, excess = { .objcg = o };

	lock_acquire(&st->lock);
	claim(st, o, &other);
	st->held.bytes += bytes;
	st->held.stat_bytes[stat] += change;
	excess.bytes = excess_bytes(st);
	st->held.bytes -= excess.bytes;
	lock_release(&st->lock);
	memcg_settle(&other);
	if (excess.bytes)
		memcg_settle(&excess);
}

static bool ask_reclaim(struct mem_cgroup *blocked, gfp_t gfp, size_t bytes)
{
	bool (*reclaim)(struct mem_cgroup * memcg, size_t bytes) =
		__atomic_load_n(&reclaim_some, __ATOMIC_RELAXED);

	struct gate_pass *me;
	bool more;

	if (!reclaim || !(gfp & __GFP_DIRECT_RECLAIM))
		return false;
	me = gate_suspend(GATE_AWAY);
	more = reclaim(blocked, bytes);
	gate_resume(me);
	return more;
}

/* Pages from the groups: at once, or after the stocks are back, or after reclaim. 0 if refused. */
static size_t charge_pages(struct obj_cgroup *o, gfp_t gfp, size_t bytes)
{
	struct mem_cgroup *blocked;
	size_t got = memcg_try_charge(o, bytes, &blocked);

	for (unsigned int i = 0; !got; i++) {
		objcg_drain();
		got = memcg_try_charge(o, bytes, &blocked);
		if (got || i == OBJCG_MAX_RETRIES || !ask_reclaim(blocked, gfp, bytes))
			break;
	}
	if (!got && (gfp & __GFP_NOFAIL))
		return memcg_force(o, bytes);
	if (!got)
		__atomic_fetch_add(&blocked->nr_refused, 1, __ATOMIC_RELAXED);
	return got;
}

bool objcg_charge(struct obj_cgroup *o, gfp_t gfp, size_t bytes, enum memcg_stat stat)
{
	size_t got;

	if (likely(consume(o, bytes, stat)))
		return true;
	got = charge_pages(o, gfp, bytes);
	if (!got)
		return false;
	refill(o, got - bytes, stat, (int64_t)bytes);
	return true;
}

void objcg_uncharge(struct obj_cgroup *o, size_t bytes, enum memcg_stat stat)
{
	refill(o, bytes, stat, -(int64_t)bytes);
}

static void drain(struct stock *st)
{
	struct memcg_change all;

	lock_acquire(&st->lock);
	all = st->held;
	st->held = (struct memcg_change){ .objcg = NULL };
	lock_release(&st->lock);
	memcg_settle(&all);
}

void objcg_drain(void)
{
	gate_enter();
	for (unsigned int i = 0; i < NR_STRIPES; i++)
		drain(&stocks[i]);
	gate_leave();
}

void objcg_tally_begin(void)
{
	struct obj_cgroup *o;

	lock_acquire(&memcg_lock);
	list_for_each_entry (o, &memcg_objcgs, all)
		o->tally_bytes = 0;
	lock_release(&memcg_lock);
}

void objcg_tally(struct obj_cgroup *o, size_t bytes)
{
	o->tally_bytes += bytes;
}

static void tally_stocks(void)
{
	for (unsigned int i = 0; i < NR_STRIPES; i++)
		if (stocks[i].held.objcg)
			objcg_tally(stocks[i].held.objcg, stocks[i].held.bytes);
}

struct listener {
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
	size_t nr; /* disagreements */
};

static void expect_equal(struct listener *l, const char *equation, size_t is, size_t should)
{
	char buf[160];
	struct text t;

	if (is == should)
		return;
	l->nr++;
	text_init(&t, buf, sizeof(buf));
	text_str(&t, equation);
	text_str(&t, " is ");
	text_u64(&t, is);
	text_str(&t, ", should be ");
	text_u64(&t, should);
	if (l->say)
		l->say(l->ctx, buf);
}

static bool pays_for(const struct mem_cgroup *memcg, const struct obj_cgroup *o)
{
	const struct mem_cgroup *m = o->memcg;

	while (m && m != memcg)
		m = m->parent;
	return m;
}

/* M2's right side. */
static size_t pages_below(const struct mem_cgroup *memcg)
{
	struct obj_cgroup *o;
	size_t nr = 0;

	list_for_each_entry (o, &memcg_objcgs, all)
		nr += pays_for(memcg, o) ? o->nr_pages : 0;
	return nr;
}

/* Each group is found by the obj_cgroup that is its own. */
static void check_one(struct listener *l, const struct obj_cgroup *o)
{
	const struct mem_cgroup *m = o->memcg;

	expect_equal(l, "M1: bytes charged through an obj_cgroup", o->tally_bytes + o->rest_bytes,
		     o->nr_pages * slab_page_bytes());
	if (m && m->objcg == o)
		expect_equal(l, "M2: pages of a group", m->nr_pages, pages_below(m));
}

size_t objcg_check(void (*say)(void *ctx, const char *sentence), void *ctx)
{
	struct listener l = { .say = say, .ctx = ctx };
	struct obj_cgroup *o;

	tally_stocks();
	lock_acquire(&memcg_lock);
	list_for_each_entry (o, &memcg_objcgs, all)
		check_one(&l, o);
	lock_release(&memcg_lock);
	return l.nr;
}
