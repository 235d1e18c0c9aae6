// SPDX-License-Identifier: MIT
/*
 * Counters in a shared file, notes in a private table. fork() needs no handler: the heads of the
 * table are in pages that the system wipes in the child, the notes in pages that it leaves out
 * (madvise(2)), and a wiped head means that a new record has to be found. See token_stats.h.
 */
#include "token_stats.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allocators/slab/os.h"
#include "allocators/slab/partition.h"
#include "dropin.h"
#include "allocators/slab/lock.h"
#include "token_record.h"

#define NR_PARTS    64u
#define FIRST_NOTES 64u /* entries of a part at first; doubled when three quarters are taken */
#define PART_SHIFT  48u /* bits of the hash that choose the part */

/* 0 is an empty entry. */
struct entry {
	uintptr_t address;
	uint64_t size : 54;
	uint64_t slot : 9;
	uint64_t tokened : 1;
};

struct part {
	struct lock lock;
	uint32_t nr_used;
	uint32_t nr_entries; /* a power of two, or 0 */
	struct entry *entries;
};

/* Reads as zero in a child of fork(). */
struct heads {
	struct lock lock;
	struct token_record *record;
	struct part parts[NR_PARTS];
};

bool token_stats_on;
static struct token_file *file;
static struct heads *heads;
static SPARSE struct token_record nowhere; /* when the file has no record left */

bool token_stats_option(char *options, char *path, size_t len)
{
	static const char name[] = "token_stats=";
	char *p = options;

	*path = '\0';
	while (*p) {
		size_t n = strcspn(p, ","), whole = n + (p[n] == ',');

		if (strncmp(p, name, sizeof(name) - 1)) {
			p += whole;
			continue;
		}
		n -= sizeof(name) - 1;
		if (n >= len)
			return false;
		memcpy(path, p + sizeof(name) - 1, n);
		path[n] = '\0';
		memmove(p, p + whole, strlen(p + whole) + 1);
	}
	return true;
}

/* The name of the running program without its folders, as much as there is room for. */
static void name_program(char *name, size_t len)
{
	char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	const char *slash, *base;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	base = slash ? slash + 1 : path;
	memcpy(name, base, min_size(strlen(base), len - 1));
}

static struct token_record *claim(void)
{
	uint64_t at = __atomic_fetch_add(&file->nr_images, 1, __ATOMIC_RELAXED);
	struct token_record *r = at < TOKEN_RECORD_IMAGES ? &file->records[at] : &nowhere;

	r->nr_slots = partition_nr_used();
	strncpy(r->partition, partition_name(slab_partition.mode), sizeof(r->partition) - 1);
	name_program(r->program, sizeof(r->program));
	__atomic_store_n(&r->pid, getpid(), __ATOMIC_RELEASE);
	return r;
}

static struct token_record *record(void)
{
	struct token_record *r = __atomic_load_n(&heads->record, __ATOMIC_ACQUIRE);

	if (likely(r))
		return r;
	lock_acquire(&heads->lock);
	r = heads->record;
	if (!r) {
		r = claim();
		__atomic_store_n(&heads->record, r, __ATOMIC_RELEASE);
	}
	lock_release(&heads->lock);
	return r;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), err = 0;
	void *p;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(*file)))
		err = -errno;
	p = mmap(NULL, sizeof(*file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (!err && p == MAP_FAILED)
		err = -errno;
	close(fd);
	if (err)
		return err;
	file = p;
	__atomic_store_n(&file->magic, TOKEN_RECORD_MAGIC, __ATOMIC_RELAXED);
	return 0;
}

int token_stats_open(const char *path)
{
	int err = open_file(path);

	if (err)
		return err;
	heads = os_map(sizeof(*heads));
	if (!heads || madvise(heads, sizeof(*heads), MADV_WIPEONFORK))
		return -ENOMEM;
	record();
	token_stats_on = true;
	return 0;
}

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void raise_to(uint64_t *peak, uint64_t now)
{
	uint64_t seen = __atomic_load_n(peak, __ATOMIC_RELAXED);

	while (now > seen && !__atomic_compare_exchange_n(peak, &seen, now, true, __ATOMIC_RELAXED,
							  __ATOMIC_RELAXED))
		;
}

/* @objects and @bytes more are live, or fewer (negative). */
static void change(struct token_count *c, long objects, long bytes)
{
	uint64_t nr = (uint64_t)objects, n = (uint64_t)bytes;

	if (objects > 0)
		add(&c->objects, nr);
	if (bytes > 0)
		add(&c->bytes, n);
	nr += __atomic_fetch_add(&c->live_objects, nr, __ATOMIC_RELAXED);
	n += __atomic_fetch_add(&c->live_bytes, n, __ATOMIC_RELAXED);
	if (objects > 0)
		raise_to(&c->peak_objects, nr);
	if (bytes > 0)
		raise_to(&c->peak_bytes, n);
}

static void count(const struct token_note *n, long objects, long bytes)
{
	struct token_record *r = record();

	change(&r->all, objects, bytes);
	change(&r->slots[n->slot], objects, bytes);
	if (!n->tokened) {
		change(&r->untokened, objects, bytes);
	} else if (objects > 0) {
		add(&r->all.tokened, 1);
		add(&r->slots[n->slot].tokened, 1);
	}
}

static uint64_t hash(uintptr_t address)
{
	return (address >> 4) * 0x9e3779b97f4a7c15u;
}

static struct part *part_of(uintptr_t address)
{
	return &heads->parts[hash(address) >> PART_SHIFT & (NR_PARTS - 1)];
}

/* Where @address is, or the empty entry where it would be. */
static struct entry *find(const struct part *part, uintptr_t address)
{
	uint32_t mask = part->nr_entries - 1, i = (uint32_t)(hash(address) >> 16) & mask;

	while (part->entries[i].address && part->entries[i].address != address)
		i = (i + 1) & mask;
	return &part->entries[i];
}

static bool grow(struct part *part)
{
	struct part old = *part;
	uint32_t nr = old.nr_entries ? 2 * old.nr_entries : FIRST_NOTES;
	struct entry *new = os_map(nr * sizeof(*new));

	if (!new)
		return false;
	madvise(new, nr * sizeof(*new), MADV_DONTFORK);
	part->entries = new;
	part->nr_entries = nr;
	for (uint32_t i = 0; i < old.nr_entries; i++)
		if (old.entries[i].address)
			*find(part, old.entries[i].address) = old.entries[i];
	if (old.nr_entries)
		os_unmap(old.entries, old.nr_entries * sizeof(*new));
	return true;
}

/* False without memory: then the block is not known when it is freed. */
static bool insert(uintptr_t address, const struct token_note *n)
{
	struct part *part = part_of(address);
	bool done;

	lock_acquire(&part->lock);
	done = part->nr_used < part->nr_entries / 4 * 3 || grow(part);
	if (done) {
		*find(part, address) = (struct entry){ address, n->size, n->slot, n->tokened };
		part->nr_used++;
	}
	lock_release(&part->lock);
	return done;
}

/* What follows moves up into the hole, unless that is before the place where it would be sought. */
static void close_hole(struct part *part, uint32_t hole)
{
	uint32_t mask = part->nr_entries - 1;

	for (uint32_t i = (hole + 1) & mask; part->entries[i].address; i = (i + 1) & mask) {
		uint32_t home = (uint32_t)(hash(part->entries[i].address) >> 16) & mask;

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		part->entries[hole] = part->entries[i];
		hole = i;
	}
	part->entries[hole].address = 0;
}

static bool take(uintptr_t address, struct token_note *n)
{
	struct part *part = part_of(address);
	struct entry *e;

	lock_acquire(&part->lock);
	e = part->nr_entries ? find(part, address) : NULL;
	n->known = e && e->address;
	if (n->known) {
		n->size = e->size;
		n->slot = e->slot;
		n->tokened = e->tokened;
		close_hole(part, (uint32_t)(e - part->entries));
		part->nr_used--;
	}
	lock_release(&part->lock);
	return n->known;
}

void token_stats_add(const void *p, size_t size, struct kmalloc_token t)
{
	struct token_note n = { .size = size,
				.slot = partition_set(t),
				.tokened = t.token & DROPIN_TOKEN_GIVEN };

	if (insert((uintptr_t)p, &n))
		count(&n, 1, (long)size);
}

void token_stats_remove(const void *p)
{
	struct token_note n;

	if (take((uintptr_t)p, &n))
		count(&n, -1, -(long)n.size);
}

struct token_note token_stats_take(const void *p)
{
	struct token_note n = { .known = false };

	take((uintptr_t)p, &n);
	return n;
}

void token_stats_put(const void *p, size_t size, struct token_note note)
{
	long grown = (long)(size - note.size);

	if (!note.known)
		return;
	note.size = size;
	if (insert((uintptr_t)p, &note))
		count(&note, 0, grown);
}
