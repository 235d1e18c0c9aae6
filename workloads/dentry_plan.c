// SPDX-License-Identifier: MIT
/*
 * Draws the trees and calls of dentry-name. Every name of a directory is different; which of them
 * exist is followed through creates, renames and unlinks, about half of them at any time. Recent
 * files are preferred, so that the cache hits as often as a real one does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/data/name_lengths.h"
#include "dcache.h"
#include "dentry_plan.h"
#include "digest.h"
#include "plan.h"

#define NR_FILES     30000 /* names at scale 1, half of them files */
#define NR_DIRS	     240
#define NR_OPS	     600000
#define TARGET_BYTES (3 << 20)
#define NR_RECENT    1024 /* files that half of the calls go to */

/* Per cent of the calls; the rest are lookups of names that do not exist. */
enum { SHARE_STAT = 22, SHARE_CREATE = 28, SHARE_RENAME = 10, SHARE_UNLINK = 26 };

/* Lengths in per cent as the load generator of the recorded kernel traces draws them. */
static const struct {
	unsigned int percent, low, high;
} long_mix[] = { { 45, 4, 31 }, { 10, 32, 39 }, { 25, 40, 80 }, { 15, 81, 160 }, { 5, 161, 255 } };

/* A name in a directory: directory d > 0 is slot d - 1, the others are files or free. */
struct slot {
	uint32_t name_at; /* in draw.names */
	uint32_t ino;	  /* 0 if it does not exist */
	uint16_t dir;
	uint16_t len;
};

/* Slots that exist and that do not: a slot is in one of the two, at position where[slot]. */
struct slot_set {
	uint32_t *slot;
	uint32_t nr;
};

struct draw {
	struct random random;
	struct wl_plan *plan;
	struct dentry_shard *shard;
	uint32_t (*length)(struct draw *draw);
	uint64_t nr_lengths;
	struct plan_list names, ops;
	struct slot *slot;
	uint32_t nr_slots;
	uint64_t *seen; /* hashes of (directory, name), open addressing, 0 is free */
	size_t seen_mask;
	struct slot_set exist, absent;
	uint32_t *where;
	uint32_t next_ino;
	uint64_t alloc_bytes;
};

static uint32_t length_of_tree(struct draw *d)
{
	uint64_t k = random_below(&d->random, d->nr_lengths);
	uint32_t len = 0;

	while (k >= name_lengths[len])
		k -= name_lengths[len++];
	return len;
}

static uint32_t length_of_mix(struct draw *d)
{
	uint64_t k = random_below(&d->random, 100);
	unsigned int i = 0;

	while (k >= long_mix[i].percent)
		k -= long_mix[i++].percent;
	return (uint32_t)random_range(&d->random, long_mix[i].low, long_mix[i].high);
}

static void draw_name(struct draw *d, unsigned char *name, uint32_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

	for (uint32_t i = 0; i < len; i++)
		name[i] = (unsigned char)letters[random_below(&d->random, sizeof(letters) - 1)];
}

/* True if the name is new in @dir; it is then remembered. */
static bool is_new(struct draw *d, uint32_t dir, const unsigned char *name, uint32_t len)
{
	uint64_t hash = dir + 1;

	for (uint32_t i = 0; i < len; i++)
		hash = digest_mix(hash * 31 + name[i]);
	hash |= 1;
	for (size_t i = hash >> 32;; i++) {
		uint64_t *seen = &d->seen[i & d->seen_mask];

		if (*seen == hash)
			return false;
		if (!*seen) {
			*seen = hash;
			return true;
		}
	}
}

/* Short names run out: after eight tries at a length the next longer one is taken. */
static void add_slot(struct draw *d, uint32_t dir)
{
	uint32_t len = d->length(d), tries = 0;
	unsigned char name[256];

	do {
		if (++tries % 8 == 0 && len < 255)
			len++;
		draw_name(d, name, len);
	} while (!is_new(d, dir, name, len));
	d->slot[d->nr_slots++] = (struct slot){ .name_at = (uint32_t)d->names.bytes,
						.dir = (uint16_t)dir,
						.len = (uint16_t)len };
	memcpy(plan_append(&d->names, len), name, len);
}

static void set_add(struct draw *d, struct slot_set *set, uint32_t slot)
{
	d->where[slot] = set->nr;
	set->slot[set->nr++] = slot;
}

/* The last one takes its place. */
static void set_remove(struct draw *d, struct slot_set *set, uint32_t slot)
{
	uint32_t at = d->where[slot], last = set->slot[--set->nr];

	set->slot[at] = last;
	d->where[last] = at;
}

static uint32_t pick(struct draw *d, const struct slot_set *set)
{
	uint32_t recent = set->nr < NR_RECENT ? set->nr : NR_RECENT;

	if (plan_chance(&d->random, 50))
		return set->slot[set->nr - 1 - random_below(&d->random, recent)];
	return set->slot[random_below(&d->random, set->nr)];
}

static void appear(struct draw *d, uint32_t slot, uint32_t ino)
{
	set_remove(d, &d->absent, slot);
	set_add(d, &d->exist, slot);
	d->slot[slot].ino = ino;
}

static void vanish(struct draw *d, uint32_t slot)
{
	set_remove(d, &d->exist, slot);
	set_add(d, &d->absent, slot);
	d->slot[slot].ino = 0;
}

/* What one lookup can allocate at most, into the bounds of the plan. */
static void bound_lookup(struct draw *d, const struct slot *slot, bool inode)
{
	d->alloc_bytes += plan_rounded(sizeof(struct dentry));
	d->shard->nr_objects++;
	if (slot->len >= DNAME_INLINE_LEN) {
		d->alloc_bytes += plan_rounded(external_name_bytes(slot->len));
		d->shard->nr_objects++;
	}
	if (inode) {
		d->alloc_bytes += plan_rounded(sizeof(struct dinode));
		d->shard->nr_objects++;
	}
}

static struct dentry_path path_of(const struct slot *slot)
{
	return (struct dentry_path){ slot->ino, slot->dir, slot->len };
}

/* @to is NULL for calls with one name. */
static void emit(struct draw *d, enum dentry_op_kind kind, const struct slot *slot,
		 const struct slot *to, uint32_t made)
{
	size_t second = align_up(slot->len, 8);
	size_t bytes = sizeof(struct dentry_op) + second + align_up(to ? to->len : 0, 8);
	struct dentry_op *op = plan_append(&d->ops, bytes);

	memset(op, 0, bytes);
	op->kind = (uint16_t)kind;
	op->bytes = (uint16_t)bytes;
	op->made = made;
	op->path[0] = path_of(slot);
	memcpy(op->names, d->names.p + slot->name_at, slot->len);
	bound_lookup(d, slot, slot->ino || made);
	if (to) {
		op->path[1] = path_of(to);
		memcpy(op->names + second, d->names.p + to->name_at, to->len);
		bound_lookup(d, to, to->ino);
	}
}

static void draw_create(struct draw *d)
{
	uint32_t slot = pick(d, &d->absent);

	emit(d, DENTRY_CREATE, &d->slot[slot], NULL, d->next_ino);
	appear(d, slot, d->next_ino++);
}

static void draw_stat(struct draw *d, const struct slot_set *set)
{
	emit(d, DENTRY_STAT, &d->slot[pick(d, set)], NULL, 0);
}

/* One in eight overwrites a file. */
static void draw_rename(struct draw *d)
{
	uint32_t slot = pick(d, &d->exist);
	uint32_t to = pick(d, random_below(&d->random, 8) ? &d->absent : &d->exist);
	uint32_t ino = d->slot[slot].ino;

	if (to == slot)
		return draw_stat(d, &d->exist);
	emit(d, DENTRY_RENAME, &d->slot[slot], &d->slot[to], 0);
	vanish(d, slot);
	if (d->slot[to].ino)
		vanish(d, to);
	appear(d, to, ino);
}

static void draw_unlink(struct draw *d)
{
	uint32_t slot = pick(d, &d->exist);

	emit(d, DENTRY_UNLINK, &d->slot[slot], NULL, 0);
	vanish(d, slot);
}

/* Creates and unlinks give way to the other where one set would run dry. */
static void draw_op(struct draw *d)
{
	uint32_t k = (uint32_t)random_below(&d->random, 100), few = d->nr_slots / 8;

	if (d->exist.nr < few)
		draw_create(d);
	else if (d->absent.nr < few)
		draw_unlink(d);
	else if (k < SHARE_STAT)
		draw_stat(d, &d->exist);
	else if (k < SHARE_STAT + SHARE_CREATE)
		draw_create(d);
	else if (k < SHARE_STAT + SHARE_CREATE + SHARE_RENAME)
		draw_rename(d);
	else if (k < SHARE_STAT + SHARE_CREATE + SHARE_RENAME + SHARE_UNLINK)
		draw_unlink(d);
	else
		draw_stat(d, &d->absent);
}

/* Directories are nested as a random recursive tree: each lies in an earlier one. */
static void draw_tree(struct draw *d)
{
	uint32_t nr_dirs = d->shard->nr_dirs;

	for (uint32_t i = 1; i < nr_dirs; i++) {
		add_slot(d, (uint32_t)random_below(&d->random, i));
		d->slot[i - 1].ino = d->next_ino++;
		emit(d, DENTRY_MKDIR, &d->slot[i - 1], NULL, i);
	}
	for (uint32_t i = 0; i < d->shard->nr_files; i++) {
		set_add(d, &d->absent, d->nr_slots);
		add_slot(d, (uint32_t)random_below(&d->random, nr_dirs));
	}
	for (uint32_t i = 0; i < d->shard->nr_files / 2; i++)
		appear(d, d->absent.slot[random_below(&d->random, d->absent.nr)], d->next_ino++);
}

/* Buckets for as many entries as fit the target, as the kernel sizes its table by memory. */
static void size_shard(struct draw *d, unsigned int index)
{
	struct dentry_shard *shard = d->shard;
	double tree = d->plan->scale < 1 ? d->plan->scale : 1;
	unsigned int threads = d->plan->threads;

	shard->nr_dirs = plan_share(NR_DIRS * tree, threads, index, 8);
	shard->nr_files = plan_share(NR_FILES * tree, threads, index, 128);
	shard->nr_ops =
		shard->nr_dirs - 1 + plan_share(NR_OPS * d->plan->scale, threads, index, 64);
	shard->target = plan_share(TARGET_BYTES * tree, threads, index, 16384);
	shard->bucket_bits = bits_fls(shard->target / sizeof(struct dentry));
	shard->nr_objects = 2; /* the root and its inode */
	d->alloc_bytes = plan_rounded(sizeof(struct dentry)) + plan_rounded(sizeof(struct dinode));
}

static void draw_begin(struct draw *d)
{
	uint32_t nr_slots = d->shard->nr_dirs + d->shard->nr_files;

	d->seen_mask = ((size_t)4 << bits_fls(nr_slots)) - 1;
	d->seen = plan_alloc(d->seen_mask + 1, sizeof(*d->seen));
	d->slot = plan_alloc(nr_slots, sizeof(*d->slot));
	d->exist.slot = plan_alloc(nr_slots, sizeof(uint32_t));
	d->absent.slot = plan_alloc(nr_slots, sizeof(uint32_t));
	d->where = plan_alloc(nr_slots, sizeof(uint32_t));
	d->next_ino = 2; /* 1 is the root */
	for (uint32_t len = 0; len < ARRAY_SIZE(name_lengths); len++)
		d->nr_lengths += name_lengths[len];
}

static void draw_end(struct draw *d)
{
	d->shard->ops_at = plan_store(d->plan, &d->ops);
	d->plan->ops += d->shard->nr_ops;
	d->plan->alloc_bytes += d->alloc_bytes;
	free(d->names.p);
	free(d->seen);
	free(d->slot);
	free(d->exist.slot);
	free(d->absent.slot);
	free(d->where);
}

static void draw_shard(struct draw *d, unsigned int index)
{
	plan_random(&d->random, d->plan, index);
	size_shard(d, index);
	draw_begin(d);
	draw_tree(d);
	for (uint32_t k = d->shard->nr_dirs - 1; k < d->shard->nr_ops; k++)
		draw_op(d);
	draw_end(d);
}

static int choose_names(struct wl_plan *plan, struct draw *d)
{
	if (!strcmp(plan->arg, "") || !strcmp(plan->arg, "tree")) {
		d->length = length_of_tree;
		return 0;
	}
	if (!strcmp(plan->arg, "long")) {
		d->length = length_of_mix;
		return 0;
	}
	snprintf(plan->why, sizeof(plan->why),
		 "dentry-name takes 'tree' or 'long' behind the colon, not '%s'", plan->arg);
	return -1;
}

int dentry_plan(struct wl_plan *plan)
{
	struct dentry_image *image;
	struct draw names = { 0 };

	if (choose_names(plan, &names))
		return -1;
	image = plan->piece(plan, sizeof(*image) + plan->threads * sizeof(image->shard[0]));
	image->threads = plan->threads;
	for (unsigned int i = 0; i < plan->threads; i++) {
		struct draw d = { .plan = plan, .shard = &image->shard[i], .length = names.length };

		draw_shard(&d, i);
	}
	snprintf(plan->params, sizeof(plan->params), "names=%s files=%u target=%lluK",
		 names.length == length_of_mix ? "long" : "tree",
		 image->shard[0].nr_files * plan->threads,
		 (unsigned long long)image->shard[0].target * plan->threads / 1024);
	return 0;
}
