// SPDX-License-Identifier: MIT
/* The counting Bloom filter. See kfence_covered.h. */
#include "kfence_covered.h"

#include <errno.h>

#include "os.h"
#include "types.h"

#define NR_HASHES 2u

static struct {
	int32_t *cells;
	unsigned int order; /* log2 of the cells */
} filter;

static size_t bytes(void)
{
	return align_up(sizeof(*filter.cells) << filter.order, UNIT_BYTES);
}

int kfence_covered_create(size_t nr_objects)
{
	filter.order = bits_ilog2(nr_objects) + 2;
	filter.cells = os_map(bytes());
	return filter.cells ? 0 : -ENOMEM;
}

void kfence_covered_destroy(void)
{
	if (filter.cells)
		os_unmap(filter.cells, bytes());
	filter.cells = NULL;
}

/* The @i-th cell of @hash: a part of it that no other cell uses. */
static int32_t *cell(uint64_t hash, unsigned int i)
{
	return &filter.cells[hash >> (32 * i) & ((1u << filter.order) - 1)];
}

static void change(uint64_t hash, int32_t by)
{
	for (unsigned int i = 0; i < NR_HASHES; i++)
		__atomic_fetch_add(cell(hash, i), by, __ATOMIC_RELAXED);
}

void kfence_covered_add(uint64_t hash)
{
	change(hash, 1);
}

void kfence_covered_remove(uint64_t hash)
{
	change(hash, -1);
}

bool kfence_covered_has(uint64_t hash)
{
	for (unsigned int i = 0; i < NR_HASHES; i++)
		if (!__atomic_load_n(cell(hash, i), __ATOMIC_RELAXED))
			return false;
	return true;
}
