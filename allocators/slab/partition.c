// SPDX-License-Identifier: MIT
/* The partition mode and its names. Set once at boot; no lock. See partition.h. */
#include "partition.h"

#include <errno.h>
#include <string.h>

struct partition slab_partition = { .mask = PARTITION_CLOSED, .nr = NR_PARTITIONS };

static const char *const names[] = {
	[PARTITION_NONE] = "none",
	[PARTITION_RANDOM] = "random",
	[PARTITION_TYPED] = "typed",
};

static uint32_t mask_of(enum partition_mode mode, unsigned int nr)
{
	if (mode == PARTITION_NONE)
		return 0;
	return mode == PARTITION_RANDOM ? PARTITION_HASHED : nr - 1;
}

void partition_init(enum partition_mode mode, unsigned int nr, uint64_t seed)
{
	slab_partition.mode = mode;
	slab_partition.nr = nr;
	__atomic_store_n(&slab_partition.seed, seed, __ATOMIC_RELAXED);
	__atomic_store_n(&slab_partition.shift, 64 - bits_ilog2(nr), __ATOMIC_RELAXED);
}

void partition_open(void)
{
	__atomic_store_n(&slab_partition.mask, mask_of(slab_partition.mode, slab_partition.nr),
			 __ATOMIC_RELEASE);
}

const char *partition_name(enum partition_mode mode)
{
	return names[mode];
}

int partition_parse(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !memcmp(names[i], word, len))
			return (int)i;
	return -EINVAL;
}
