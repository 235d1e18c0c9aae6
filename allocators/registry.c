// SPDX-License-Identifier: MIT
/* All allocators of this folder; allocators.def is generated from the file names. */
#include <string.h>

#include "allocator.h"

#define REGISTER_ALLOCATOR(id) extern const struct allocator allocator_##id;
#include "allocators.def"
#undef REGISTER_ALLOCATOR

#define REGISTER_ALLOCATOR(id) &allocator_##id,
static const struct allocator *const all[] = {
#include "allocators.def"
	NULL,
};
#undef REGISTER_ALLOCATOR

const struct allocator *allocator_at(size_t index)
{
	return index < sizeof(all) / sizeof(all[0]) ? all[index] : NULL;
}

const struct allocator *allocator_find(const char *name, size_t len)
{
	for (size_t i = 0; all[i]; i++)
		if (strlen(all[i]->name) == len && !memcmp(all[i]->name, name, len))
			return all[i];
	return NULL;
}
