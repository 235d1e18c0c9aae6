// SPDX-License-Identifier: MIT
/* A short array of kept blocks, and of those that were given back lately. See huge_stash.h. */
#include "huge_stash.h"

#define NR_KEPT	       16u
#define NR_REMEMBERED  4u
#define MAX_BYTES      ((size_t)64 << 20)
#define MAX_BYTES_KEPT ((size_t)128 << 20)
#define KEEP_NS	       50000000u

struct kept {
	struct vmarea *area; /* NULL: a free place */
	uint64_t since_ns;
};

struct gone {
	size_t bytes;
	uint64_t when_ns;
};

static struct {
	struct kept kept[NR_KEPT];
	size_t kept_bytes;
	struct gone gone[NR_REMEMBERED]; /* a ring */
	unsigned int next_gone;
	bool keeping;
} stash;

/* The rest of a smaller one is less than what new memory would cost. */
static bool serves(size_t bytes, size_t wanted)
{
	return bytes >= wanted / 4;
}

static void set_kept_bytes(size_t bytes)
{
	__atomic_store_n(&stash.kept_bytes, bytes, __ATOMIC_RELAXED);
}

static struct vmarea *take(struct kept *k)
{
	struct vmarea *a = k->area;

	k->area = NULL;
	set_kept_bytes(stash.kept_bytes - a->bytes);
	return a;
}

/* Would a block that was given back lately have served? */
static bool is_missed(size_t bytes, uint64_t now_ns)
{
	for (unsigned int i = 0; i < NR_REMEMBERED; i++)
		if (serves(stash.gone[i].bytes, bytes) && now_ns - stash.gone[i].when_ns <= KEEP_NS)
			return true;
	return false;
}

/* Is @a the better one of two that serve? The least that suffices, else the most. */
static bool is_better(const struct vmarea *a, const struct vmarea *best, size_t bytes)
{
	if (!best)
		return true;
	if ((a->bytes >= bytes) != (best->bytes >= bytes))
		return a->bytes >= bytes;
	return a->bytes >= bytes ? a->bytes < best->bytes : a->bytes > best->bytes;
}

static bool is_usable(const struct vmarea *a, size_t bytes, size_t align)
{
	if (align == 1)
		return serves(a->bytes, bytes);
	return a->bytes >= bytes && a->start % align == 0;
}

struct vmarea *huge_stash_take(size_t bytes, size_t align, uint64_t now_ns)
{
	struct kept *best = NULL;

	for (struct kept *k = stash.kept; k < stash.kept + NR_KEPT; k++)
		if (k->area && is_usable(k->area, bytes, align) &&
		    is_better(k->area, best ? best->area : NULL, bytes))
			best = k;
	if (best)
		return take(best);
	if (is_missed(bytes, now_ns))
		stash.keeping = true;
	return NULL;
}

static void remember(size_t bytes, uint64_t now_ns)
{
	stash.gone[stash.next_gone++ % NR_REMEMBERED] = (struct gone){ bytes, now_ns };
}

static struct kept *oldest(void)
{
	struct kept *old = NULL;

	for (struct kept *k = stash.kept; k < stash.kept + NR_KEPT; k++)
		if (k->area && (!old || k->since_ns < old->since_ns))
			old = k;
	return old;
}

static struct kept *place_for(size_t bytes)
{
	if (bytes > MAX_BYTES_KEPT - stash.kept_bytes)
		return NULL;
	for (struct kept *k = stash.kept; k < stash.kept + NR_KEPT; k++)
		if (!k->area)
			return k;
	return NULL;
}

static bool is_to_be_kept(size_t bytes)
{
	return stash.keeping && bytes <= MAX_BYTES;
}

struct vmarea *huge_stash_make_room(size_t bytes)
{
	if (!is_to_be_kept(bytes) || place_for(bytes))
		return NULL;
	return take(oldest());
}

bool huge_stash_put(struct vmarea *a, uint64_t now_ns)
{
	struct kept *k = is_to_be_kept(a->bytes) ? place_for(a->bytes) : NULL;

	if (!k) {
		remember(a->bytes, now_ns);
		return false;
	}
	*k = (struct kept){ a, now_ns };
	set_kept_bytes(stash.kept_bytes + a->bytes);
	return true;
}

struct vmarea *huge_stash_expire(uint64_t now_ns)
{
	for (struct kept *k = stash.kept; k < stash.kept + NR_KEPT; k++) {
		if (!k->area || now_ns - k->since_ns <= KEEP_NS)
			continue;
		stash.keeping = false;
		return take(k);
	}
	return NULL;
}

struct vmarea *huge_stash_drop(void)
{
	for (struct kept *k = stash.kept; k < stash.kept + NR_KEPT; k++)
		if (k->area)
			return take(k);
	return NULL;
}

size_t huge_stash_bytes(void)
{
	return __atomic_load_n(&stash.kept_bytes, __ATOMIC_RELAXED);
}
