// SPDX-License-Identifier: MIT
/*
 * The names by which some programs reach glibc's own malloc: memory of the one must not come to the
 * other's free(). Those of the aligned ones are in aligned.c. Not where a sanitizer's malloc is in
 * place (names.h).
 */
#include "dropin.h"
#include "names.h"

#if !DROPIN_RENAMED

DROPIN_API void *__libc_malloc(size_t size);
DROPIN_API void *__libc_calloc(size_t n, size_t size);
DROPIN_API void *__libc_realloc(void *p, size_t size);
DROPIN_API void __libc_free(void *p);

void *__libc_malloc(size_t size)
{
	return dropin_alloc(size, DROPIN_HERE);
}

void *__libc_calloc(size_t n, size_t size)
{
	return dropin_zalloc(n, size, DROPIN_HERE);
}

void *__libc_realloc(void *p, size_t size)
{
	return dropin_realloc(p, size, DROPIN_HERE);
}

void __libc_free(void *p)
{
	dropin_free(p);
}

#endif
