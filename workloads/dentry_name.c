// SPDX-License-Identifier: MIT
/*
 * dentry-name: threads create, look up, rename and unlink files in trees of their own through a
 * cache of directory entries (dcache.h) whose shrinker keeps it small. Freed dentries, inodes and
 * long names pass through batches that the threads free in turn, as RCU callbacks do.
 */
#include "dcache.h"
#include "dentry_plan.h"

#define POLL_OPS 128u /* calls between two looks at the deferred frees; a power of two */

static struct alloc_site sites[] = {
	ALLOC_SITE(struct external_name, true,
		   SITE_GFP_KERNEL | SITE_GFP_RECLAIMABLE | SITE_GFP_ACCOUNT),
};

struct dentry_run {
	struct alloc_cache *dentry_cache;
	struct alloc_cache *inode_cache;
	struct handover handover;
};

struct dentry_thread {
	struct dcache dc; /* first: dcache_release() finds it as t->state */
	const struct dentry_shard *shard;
	const struct dentry_op *ops;
	struct dentry **dir; /* [nr_dirs], held open; NULL if not made */
};

/* The entry of the call's first or second name. */
static struct dentry *look_up(struct dentry_thread *dt, const struct dentry_op *op, int which)
{
	const struct dentry_path *path = &op->path[which];
	struct dcache_name name = {
		.parent = dt->dir[path->dir],
		.name = op->names + (which ? align_up(op->path[0].len, 8) : 0),
		.len = path->len,
		.ino = path->ino,
	};

	return dcache_lookup(&dt->dc, &name);
}

static int make_dir(struct dentry_thread *dt, const struct dentry_op *op)
{
	struct dentry *dentry = look_up(dt, op, 0);

	if (!dentry)
		return -1;
	dentry->d_fsdata = op->made;
	dt->dir[op->made] = dentry;
	return 0;
}

static int stat_file(struct dentry_thread *dt, const struct dentry_op *op)
{
	struct dentry *dentry = look_up(dt, op, 0);

	if (!dentry)
		return -1;
	dcache_put(&dt->dc, dentry);
	return 0;
}

static int create_file(struct dentry_thread *dt, const struct dentry_op *op)
{
	struct dentry *dentry = look_up(dt, op, 0);
	int err;

	if (!dentry)
		return -1;
	err = dcache_instantiate(&dt->dc, dentry, op->made);
	dcache_put(&dt->dc, dentry);
	return err;
}

static int rename_file(struct dentry_thread *dt, const struct dentry_op *op)
{
	struct dentry *dentry = look_up(dt, op, 0), *target;

	if (!dentry)
		return -1;
	target = look_up(dt, op, 1);
	if (target) {
		dcache_move(&dt->dc, dentry, target);
		dcache_put(&dt->dc, target);
	}
	dcache_put(&dt->dc, dentry);
	return target ? 0 : -1;
}

static int unlink_file(struct dentry_thread *dt, const struct dentry_op *op)
{
	struct dentry *dentry = look_up(dt, op, 0);

	if (!dentry)
		return -1;
	dcache_delete(&dt->dc, dentry);
	dcache_put(&dt->dc, dentry);
	return 0;
}

static int call(struct dentry_thread *dt, const struct dentry_op *op)
{
	switch ((enum dentry_op_kind)op->kind) {
	case DENTRY_MKDIR:
		return make_dir(dt, op);
	case DENTRY_STAT:
		return stat_file(dt, op);
	case DENTRY_CREATE:
		return create_file(dt, op);
	case DENTRY_RENAME:
		return rename_file(dt, op);
	case DENTRY_UNLINK:
		return unlink_file(dt, op);
	}
	return -1;
}

static void run_calls(struct dentry_thread *dt)
{
	const struct dentry_op *op = dt->ops;
	struct dcache *dc = &dt->dc;

	for (uint32_t i = 0; i < dt->shard->nr_ops; i++) {
		if (call(dt, op))
			return;
		if (unlikely(dc->bytes > dc->target))
			dcache_shrink(dc);
		if (i % POLL_OPS == 0)
			handover_poll(dc->handover, dc->t, dcache_release);
		op = (const void *)((const char *)op + op->bytes);
	}
}

static void put_dirs(struct dentry_thread *dt)
{
	for (uint32_t i = dt->shard->nr_dirs; i-- > 0;) {
		if (dt->dir[i])
			dcache_put(&dt->dc, dt->dir[i]);
		dt->dir[i] = NULL;
	}
}

static void dentry_round(struct wl_thread *t)
{
	struct dentry_thread *dt = t->state;
	struct dcache *dc = &dt->dc;

	handover_begin(dc->handover, t->index);
	dt->dir[0] = dcache_root(dc, 1);
	if (dt->dir[0])
		run_calls(dt);
	put_dirs(dt);
	dcache_prune_all(dc);
	handover_end(dc->handover, t, dcache_release);
	for (unsigned int i = 0; i < DCACHE_NR_COUNTERS; i++) {
		t->counters[i] += dc->nr[i];
		dc->nr[i] = 0;
	}
}

static void setup_thread(struct wl_thread *t, struct dentry_run *dr)
{
	struct wl_run *run = t->run;
	const struct dentry_shard *shard =
		&((const struct dentry_image *)run->image)->shard[t->index];
	struct dentry_thread *dt = run->map(run, sizeof(*dt));

	t->state = dt;
	dt->shard = shard;
	dt->ops = (const void *)((const char *)run->image + shard->ops_at);
	dt->dir = run->map(run, shard->nr_dirs * sizeof(*dt->dir));
	dt->dc = (struct dcache){
		.t = t,
		.handover = &dr->handover,
		.dentry_cache = dr->dentry_cache,
		.inode_cache = dr->inode_cache,
		.name_site = &sites[0],
		.bucket = run->map(run, sizeof(struct hlist_head) << shard->bucket_bits),
		.bucket_bits = shard->bucket_bits,
		.target = shard->target,
	};
	list_init(&dt->dc.lru);
}

static void dentry_teardown(struct wl_run *run)
{
	struct dentry_run *dr = run->state;

	if (dr->inode_cache)
		run->cache_destroy(dr->inode_cache);
	if (dr->dentry_cache)
		run->cache_destroy(dr->dentry_cache);
}

static int dentry_setup(struct wl_run *run)
{
	const struct dentry_image *image = run->image;
	struct dentry_run *dr = run->map(run, sizeof(*dr));
	uint32_t *capacity = run->map(run, run->threads * sizeof(*capacity));

	run->state = dr;
	dr->dentry_cache = run->cache_create("dentry", sizeof(struct dentry), 0,
					     ALLOC_CACHE_RECLAIMABLE | ALLOC_CACHE_ACCOUNT);
	dr->inode_cache = run->cache_create("lsm_inode_cache", sizeof(struct dinode), 0, 0);
	if (!dr->dentry_cache || !dr->inode_cache) {
		wl_fail(&run->thread[0], "the allocator could not make the dentry caches");
		dentry_teardown(run);
		return -1;
	}
	for (unsigned int i = 0; i < run->threads; i++)
		capacity[i] = image->shard[i].nr_objects;
	handover_setup(&dr->handover, run, capacity);
	for (unsigned int i = 0; i < run->threads; i++)
		setup_thread(&run->thread[i], dr);
	return 0;
}

WORKLOAD(dentry_name) = {
	.name = "dentry-name",
	.summary = "directory entry cache: long and short names, shrinker, deferred frees",
	.op = "a dcache call",
	.takes = "tree or long: where name lengths come from",
	.sites = sites,
	.nr_sites = ARRAY_SIZE(sites),
	.counters = {
		[DCACHE_NR_HITS] = { "hit_count", "count", "lookups of a cached file" },
		[DCACHE_NR_NEGATIVE_HITS] = { "negative_hit_count", "count",
					      "lookups answered by a negative entry" },
		[DCACHE_NR_LOADS] = { "load_count", "count", "lookups that made an entry" },
		[DCACHE_NR_SHRUNK] = { "shrunk_count", "count", "entries evicted" },
		[DCACHE_NR_NAMES_SHARED] = { "name_shared_count", "count",
					     "renames that shared a long name" },
	},
	.prepare = dentry_plan,
	.setup = dentry_setup,
	.round = dentry_round,
	.teardown = dentry_teardown,
};
