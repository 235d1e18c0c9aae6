// SPDX-License-Identifier: MIT
/* malloc, calloc, realloc, free and what comes with them in C23 and glibc. See dropin.h. */
#include <stddef.h>

#include "dropin.h"
#include "names.h"

DROPIN_API void *DROPIN_NAME(malloc)(size_t size);
DROPIN_API void *DROPIN_NAME(calloc)(size_t n, size_t size);
DROPIN_API void *DROPIN_NAME(realloc)(void *p, size_t size);
DROPIN_API void *DROPIN_NAME(reallocarray)(void *p, size_t n, size_t size);
DROPIN_API void DROPIN_NAME(free)(void *p);
DROPIN_API void DROPIN_NAME(cfree)(void *p);
DROPIN_API void DROPIN_NAME(free_sized)(void *p, size_t size);
DROPIN_API void DROPIN_NAME(free_aligned_sized)(void *p, size_t align, size_t size);
DROPIN_API size_t DROPIN_NAME(malloc_usable_size)(void *p);

void *DROPIN_NAME(malloc)(size_t size)
{
	return dropin_alloc(size, DROPIN_HERE);
}

void *DROPIN_NAME(calloc)(size_t n, size_t size)
{
	return dropin_zalloc(n, size, DROPIN_HERE);
}

void *DROPIN_NAME(realloc)(void *p, size_t size)
{
	return dropin_realloc(p, size, DROPIN_HERE);
}

void *DROPIN_NAME(reallocarray)(void *p, size_t n, size_t size)
{
	return dropin_reallocarray(p, n, size, DROPIN_HERE);
}

void DROPIN_NAME(free)(void *p)
{
	dropin_free(p);
}

/* Gone from glibc 2.26; programs from before still call it. */
void DROPIN_NAME(cfree)(void *p)
{
	dropin_free(p);
}

/* The page map knows the size. */
void DROPIN_NAME(free_sized)(void *p, size_t size)
{
	(void)size;
	dropin_free(p);
}

void DROPIN_NAME(free_aligned_sized)(void *p, size_t align, size_t size)
{
	(void)align;
	(void)size;
	dropin_free(p);
}

size_t DROPIN_NAME(malloc_usable_size)(void *p)
{
	return dropin_usable(p);
}
