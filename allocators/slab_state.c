// SPDX-License-Identifier: MIT
/* Asked of whichever libslab the dynamic linker found first. */
#include "slab_state.h"

#include <stdio.h>

#include "allocators/slab/slab.h"

void slab_state_version(char *buf, size_t len)
{
	char engine[48];

	slab_option_get("cached_by", engine, sizeof(engine));
	snprintf(buf, len, "%s", engine);
}

void slab_state_mode(char *buf, size_t len)
{
	char partition[16], cpus[16];

	slab_option_get("partition", partition, sizeof(partition));
	slab_option_get("cpus", cpus, sizeof(cpus));
	snprintf(buf, len, "partition=%s,cpus=%s", partition, cpus);
}

bool slab_state_use(struct alloc_slab_use *u)
{
	struct slab_usage usage;

	slab_usage(&usage);
	for (int i = 0; i < 10; i++)
		u->nr_slabs[i] = usage.decile[i];
	u->nr_objects = usage.nr_objects;
	u->nr_in_use = usage.nr_inuse;
	return usage.nr_slabs > 0;
}
