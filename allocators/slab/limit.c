// SPDX-License-Identifier: MIT
/* The limit as one atomic counter against constants. See limit.h. */
#include "limit.h"

#define MIN_FREE_KB 128u
#define MAX_FREE_KB (256u << 10)
#define UNIT_KB	    (UNIT_BYTES >> 10)

struct limit slab_limit;

/* The largest integer whose square is not above @x, bit by bit. */
static size_t int_sqrt(size_t x)
{
	size_t root = 0;

	for (size_t bit = (size_t)1 << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static size_t min_units(size_t max)
{
	size_t kb = int_sqrt(16 * max * UNIT_KB);

	kb = min_size(max_size(kb, MIN_FREE_KB), MAX_FREE_KB);
	return min_size(kb / UNIT_KB, max / 4);
}

void limit_init(size_t bytes)
{
	struct limit l = { .max = slab_range.nr_pages };

	if (bytes) {
		l.max = min_size(l.max, bytes >> UNIT_SHIFT);
		l.min = min_units(l.max);
		l.low = l.min + max_size(l.min / 4, l.max / 1000);
		l.high = 2 * l.low - l.min;
	}
	slab_limit = l;
}

bool limit_charge(size_t nr, size_t keep)
{
	struct limit *l = &slab_limit;
	size_t used = __atomic_load_n(&l->nr_used, __ATOMIC_RELAXED);

	do {
		if (used + nr + keep > l->max)
			return false;
	} while (!__atomic_compare_exchange_n(&l->nr_used, &used, used + nr, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return true;
}

void limit_uncharge(size_t nr)
{
	__atomic_fetch_sub(&slab_limit.nr_used, nr, __ATOMIC_RELAXED);
}

size_t limit_left(void)
{
	return slab_limit.max - __atomic_load_n(&slab_limit.nr_used, __ATOMIC_RELAXED);
}
