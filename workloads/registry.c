// SPDX-License-Identifier: MIT
/*
 * The workloads of this folder, in the order of their file names: the build writes one line
 * REGISTER_WORKLOAD(identifier) into workloads.def for each file that defines a WORKLOAD.
 */
#include <string.h>

#include "lib/bits.h"
#include "workload.h"

#define REGISTER_WORKLOAD(identifier) extern WORKLOAD(identifier);
#include "workloads.def"
#undef REGISTER_WORKLOAD

static const struct workload *const workloads[] = {
#define REGISTER_WORKLOAD(identifier) &workload_##identifier,
#include "workloads.def"
#undef REGISTER_WORKLOAD
};

const struct workload *workload_find(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(workloads); i++)
		if (strlen(workloads[i]->name) == len && !memcmp(workloads[i]->name, name, len))
			return workloads[i];
	return NULL;
}

const struct workload *workload_at(size_t index)
{
	return index < ARRAY_SIZE(workloads) ? workloads[index] : NULL;
}
