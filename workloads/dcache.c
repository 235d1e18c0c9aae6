// SPDX-License-Identifier: MIT
/*
 * The entry cache of dcache.h. Every function belongs to the thread that owns the cache; objects
 * leave it through the hand-over log only, so that nothing here needs a lock.
 */
#include <string.h>

#include "dcache.h"
#include "digest.h"
#include "lib/bits.h"
#include "lib/random.h"

_Static_assert(sizeof(struct dentry) == 192, "a dentry has the kernel's size");
_Static_assert(sizeof(struct dinode) == 32, "an inode has the recorded blob's size");
_Static_assert(offsetof(struct external_name, name[1]) == 25, "as recorded: len + 25");

static const char dentry_operations[] = "what d_op points to";

static void defer(struct dcache *dc, void *p, size_t bytes, enum dcache_kind kind)
{
	handover_put(dc->handover, dc->t->index,
		     (struct handover_entry){ p, (uint32_t)bytes, kind });
}

/* A word of the name at a time, as in the kernel's path walk. */
static uint32_t hash_name(const struct dentry *parent, const unsigned char *name, uint32_t len)
{
	uint64_t hash = parent->d_fsdata << 8 ^ len;

	for (uint32_t i = 0; i < len; i += 8)
		hash = random_rotl((hash ^ digest_load(name + i)) * 0x9e3779b97f4a7c15u, 29);
	return (uint32_t)(hash >> 32);
}

static bool name_is_external(const struct dentry *dentry)
{
	return dentry->d_name.name != dentry->d_shortname;
}

static struct external_name *external_name(const struct qstr *name)
{
	return container_of(name->name, struct external_name, name);
}

static void name_drop(struct dcache *dc, const struct qstr *name)
{
	struct external_name *p = external_name(name);

	if (--p->count)
		return;
	p->head = (struct rcu_head){ 0 };
	dc->bytes -= external_name_bytes(name->len);
	defer(dc, p, external_name_bytes(name->len), DCACHE_NAME);
}

/* Room for a name of @len characters; NULL after wl_fail(). */
static unsigned char *name_room(struct dcache *dc, struct dentry *dentry, uint32_t len)
{
	uint32_t bytes = external_name_bytes(len);
	struct external_name *p;

	if (len < DNAME_INLINE_LEN)
		return dentry->d_shortname;
	p = wl_alloc(dc->t, bytes, dc->name_site);
	if (!p) {
		wl_fail(dc->t, WL_OUT_OF_MEMORY);
		return NULL;
	}
	p->count = 1;
	dc->bytes += bytes;
	return p->name;
}

static int name_set(struct dcache *dc, struct dentry *dentry, const struct qstr *name)
{
	unsigned char *room = name_room(dc, dentry, name->len);

	if (!room)
		return -1;
	memcpy(room, name->name, name->len);
	room[name->len] = 0;
	dentry->d_name = (struct qstr){ name->hash, name->len, room };
	return 0;
}

static void init_dentry(struct dcache *dc, struct dentry *dentry, struct dentry *parent)
{
	dentry->d_flags = 0;
	dentry->d_seq = 0;
	dentry->d_hash = (struct hlist_node){ 0 };
	dentry->d_inode = NULL;
	dentry->d_op = dentry_operations;
	dentry->d_sb = dc;
	dentry->d_time = 0;
	dentry->d_fsdata = 0;
	dentry->d_lock = 0;
	dentry->d_count = 1;
	list_init(&dentry->d_lru);
	dentry->d_sib = (struct hlist_node){ 0 };
	dentry->d_children = (struct hlist_head){ 0 };
	dentry->d_alias = (struct hlist_node){ 0 };
	dentry->d_parent = parent ? parent : dentry;
}

/* Neither hashed nor positive yet. */
static struct dentry *alloc_dentry(struct dcache *dc, struct dentry *parent,
				   const struct qstr *name)
{
	struct dentry *dentry = wl_cache_alloc(dc->t, dc->dentry_cache);

	if (!dentry) {
		wl_fail(dc->t, WL_OUT_OF_MEMORY);
		return NULL;
	}
	if (name_set(dc, dentry, name)) {
		wl_cache_free(dc->t, dc->dentry_cache, dentry);
		return NULL;
	}
	init_dentry(dc, dentry, parent);
	if (parent) {
		parent->d_count++;
		hlist_add_head(&dentry->d_sib, &parent->d_children);
	}
	dc->bytes += sizeof(*dentry);
	return dentry;
}

static struct hlist_head *bucket(struct dcache *dc, uint32_t hash)
{
	return &dc->bucket[hash >> (32 - dc->bucket_bits)];
}

static void rehash(struct dcache *dc, struct dentry *dentry)
{
	hlist_add_head(&dentry->d_hash, bucket(dc, dentry->d_name.hash));
}

static void put_inode(struct dcache *dc, struct dentry *dentry)
{
	struct dinode *inode = dentry->d_inode;

	if (!inode)
		return;
	dentry->d_inode = NULL;
	hlist_del(&dentry->d_alias);
	if (--inode->i_count == 0)
		defer(dc, inode, sizeof(*inode), DCACHE_INODE);
}

/* @dentry is unused: out of every list, what it holds is deferred, its parent is put. */
static void kill_dentry(struct dcache *dc, struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent;

	list_del(&dentry->d_lru);
	hlist_del(&dentry->d_hash);
	hlist_del(&dentry->d_sib);
	put_inode(dc, dentry);
	if (name_is_external(dentry))
		name_drop(dc, &dentry->d_name);
	dc->bytes -= sizeof(*dentry);
	defer(dc, dentry, sizeof(*dentry), DCACHE_DENTRY);
	if (parent != dentry)
		dcache_put(dc, parent);
}

void dcache_put(struct dcache *dc, struct dentry *dentry)
{
	if (--dentry->d_count)
		return;
	if (hlist_unhashed(&dentry->d_hash)) {
		kill_dentry(dc, dentry);
	} else if (dentry->d_flags & DENTRY_ON_LRU) {
		dentry->d_flags |= DENTRY_REFERENCED;
	} else {
		dentry->d_flags |= DENTRY_ON_LRU;
		list_add(&dentry->d_lru, &dc->lru);
	}
}

struct dentry *dcache_root(struct dcache *dc, uint64_t ino)
{
	struct dentry *root = alloc_dentry(dc, NULL, &(struct qstr){ 0, 1, (const void *)"/" });

	if (root && dcache_instantiate(dc, root, ino)) {
		dcache_put(dc, root);
		return NULL;
	}
	return root;
}

static struct dentry *find(struct dcache *dc, const struct dcache_name *name, uint32_t hash)
{
	struct hlist_node *node;

	for (node = bucket(dc, hash)->first; node; node = node->next) {
		struct dentry *dentry = container_of(node, struct dentry, d_hash);

		if (dentry->d_name.hash == hash && dentry->d_parent == name->parent &&
		    dentry->d_name.len == name->len &&
		    !memcmp(dentry->d_name.name, name->name, name->len))
			return dentry;
	}
	return NULL;
}

/* Not in the cache: a new entry with what the file system finds. */
static struct dentry *load(struct dcache *dc, const struct dcache_name *name, uint32_t hash)
{
	struct qstr qstr = { hash, name->len, name->name };
	struct dentry *dentry = alloc_dentry(dc, name->parent, &qstr);

	dc->nr[DCACHE_NR_LOADS]++;
	if (!dentry)
		return NULL;
	if (name->ino && dcache_instantiate(dc, dentry, name->ino)) {
		dcache_put(dc, dentry);
		return NULL;
	}
	rehash(dc, dentry);
	return dentry;
}

struct dentry *dcache_lookup(struct dcache *dc, const struct dcache_name *name)
{
	uint32_t hash = hash_name(name->parent, name->name, name->len);
	struct dentry *dentry = find(dc, name, hash);
	uint64_t ino;

	if (!dentry)
		return load(dc, name, hash);
	ino = dentry->d_inode ? dentry->d_inode->i_ino : 0;
	if (ino != name->ino) {
		wl_fail(dc->t, "a dentry came back with another file's inode");
		return NULL;
	}
	dentry->d_count++;
	dc->nr[ino ? DCACHE_NR_HITS : DCACHE_NR_NEGATIVE_HITS]++;
	dc->t->digest += digest_mix(ino ^ dentry->d_name.hash);
	return dentry;
}

int dcache_instantiate(struct dcache *dc, struct dentry *dentry, uint64_t ino)
{
	struct dinode *inode = dc->t->ops.cache_zalloc(dc->inode_cache);

	if (!inode) {
		wl_fail(dc->t, WL_OUT_OF_MEMORY);
		return -1;
	}
	inode->i_ino = ino;
	inode->i_count = 1;
	inode->i_nlink = 1;
	inode->i_check = digest_mix(ino);
	hlist_add_head(&dentry->d_alias, &inode->i_dentry);
	dentry->d_inode = inode;
	return 0;
}

void dcache_delete(struct dcache *dc, struct dentry *dentry)
{
	put_inode(dc, dentry);
}

struct name_snapshot {
	struct qstr name;
	bool external;
	unsigned char inline_name[DNAME_INLINE_LEN];
};

static void take_snapshot(struct name_snapshot *s, struct dentry *dentry)
{
	s->name = dentry->d_name;
	s->external = name_is_external(dentry);
	if (s->external) {
		external_name(&s->name)->count++;
		return;
	}
	memcpy(s->inline_name, dentry->d_shortname, s->name.len + 1);
	s->name.name = s->inline_name;
}

static void release_snapshot(struct dcache *dc, struct name_snapshot *s)
{
	dc->t->digest += digest_mix(digest_sum(s->name.name, s->name.len));
	if (s->external)
		name_drop(dc, &s->name);
}

/* A long name is shared with @target, which keeps it until it is freed. */
static void copy_name(struct dcache *dc, struct dentry *dentry, struct dentry *target)
{
	struct qstr old = dentry->d_name;
	bool old_external = name_is_external(dentry);

	dentry->d_name = target->d_name;
	if (name_is_external(target)) {
		external_name(&target->d_name)->count++;
		dc->nr[DCACHE_NR_NAMES_SHARED]++;
	} else {
		memcpy(dentry->d_shortname, target->d_shortname, target->d_name.len + 1);
		dentry->d_name.name = dentry->d_shortname;
	}
	if (old_external)
		name_drop(dc, &old);
}

void dcache_move(struct dcache *dc, struct dentry *dentry, struct dentry *target)
{
	struct dentry *old_parent = dentry->d_parent;
	struct name_snapshot old_name;

	take_snapshot(&old_name, dentry);
	dentry->d_seq++;
	hlist_del(&dentry->d_hash);
	hlist_del(&target->d_hash);
	hlist_del(&dentry->d_sib);
	copy_name(dc, dentry, target);
	dentry->d_parent = target->d_parent;
	dentry->d_parent->d_count++;
	hlist_add_head(&dentry->d_sib, &dentry->d_parent->d_children);
	rehash(dc, dentry);
	release_snapshot(dc, &old_name);
	dcache_put(dc, old_parent);
}

/* The oldest entry: used again (off the list), referenced (another turn), or gone. */
static void isolate(struct dcache *dc, struct dentry *dentry)
{
	if (dentry->d_count) {
		dentry->d_flags &= ~(uint32_t)(DENTRY_ON_LRU | DENTRY_REFERENCED);
		list_del(&dentry->d_lru);
	} else if (dentry->d_flags & DENTRY_REFERENCED) {
		dentry->d_flags &= ~(uint32_t)DENTRY_REFERENCED;
		list_move(&dentry->d_lru, &dc->lru);
	} else {
		kill_dentry(dc, dentry);
		dc->nr[DCACHE_NR_SHRUNK]++;
	}
}

static void shrink_pass(struct dcache *dc)
{
	for (unsigned int i = 0; i < DCACHE_BATCH && !list_empty(&dc->lru); i++)
		isolate(dc, list_last_entry(&dc->lru, struct dentry, d_lru));
}

void dcache_shrink(struct dcache *dc)
{
	while (dc->bytes > dc->target && !list_empty(&dc->lru))
		shrink_pass(dc);
}

void dcache_prune_all(struct dcache *dc)
{
	while (!list_empty(&dc->lru))
		shrink_pass(dc);
}

void dcache_release(struct wl_thread *t, const struct handover_entry *entry)
{
	const struct dcache *dc = t->state;
	const struct dentry *dentry = entry->p;
	const struct external_name *name = entry->p;
	const struct dinode *inode = entry->p;

	switch ((enum dcache_kind)entry->kind) {
	case DCACHE_DENTRY:
		t->digest += digest_mix((uint64_t)dentry->d_name.hash << 32 | dentry->d_name.len);
		wl_cache_free(t, dc->dentry_cache, entry->p);
		break;
	case DCACHE_INODE:
		t->digest += digest_mix(inode->i_ino + inode->i_check);
		wl_cache_free(t, dc->inode_cache, entry->p);
		break;
	case DCACHE_NAME:
		t->digest += digest_mix(digest_sum(name->name, entry->bytes - 25));
		wl_free(t, entry->p, entry->bytes);
		break;
	}
}
