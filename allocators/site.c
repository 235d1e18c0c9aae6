// SPDX-License-Identifier: MIT
/* Tokens for compilers that cannot infer them: the same split as Clang's, by the type's name. */
#include "allocator.h"

static uint32_t hash(const char *s)
{
	uint32_t h = 0x811c9dc5u;

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x01000193u;
	return h ^ (h >> 16);
}

void alloc_site_resolve(struct alloc_site *site)
{
	if (site->token == SITE_TOKEN_UNSET)
		site->token = (hash(site->type) & 7) | (site->has_pointers ? 8 : 0);
}
