// SPDX-License-Identifier: MIT
/* Copies of strings and of memory into kmalloc objects. See slab.h. */
#include <string.h>

#include "slab.h"

void *kmemdup_token(const void *src, size_t len, gfp_t gfp, struct kmalloc_token token)
{
	void *copy = kmalloc_token(len, gfp, token);

	if (copy && len)
		memcpy(copy, src, len);
	return copy;
}

char *kmemdup_nul_token(const char *s, size_t len, gfp_t gfp, struct kmalloc_token token)
{
	char *copy = s ? (char *)kmalloc_token(size_add(len, 1), gfp, token) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *kstrdup_token(const char *s, gfp_t gfp, struct kmalloc_token token)
{
	return kmemdup_nul_token(s, s ? strlen(s) : 0, gfp, token);
}

char *kstrndup_token(const char *s, size_t max, gfp_t gfp, struct kmalloc_token token)
{
	return kmemdup_nul_token(s, s ? strnlen(s, max) : 0, gfp, token);
}
