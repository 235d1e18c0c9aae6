// SPDX-License-Identifier: MIT
/*
 * A malloc that goes wrong on purpose after some thousands of calls, for the tests of the runner:
 * -DCRASH dies, -DHANG never returns, -DSCRIBBLE writes over an object that is still in use,
 * -DEMPTY returns NULL, -DNOTHING defines no malloc at all, -DDIRTY does not zero 64-byte objects
 * of calloc.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NOTHING

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

#define GOOD_CALLS 20000

static unsigned long calls;
static unsigned char *before;

static void *go_wrong(void *p, size_t size)
{
	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) < GOOD_CALLS)
		return p;
#if defined(CRASH)
	abort();
#elif defined(HANG)
	for (;;)
		pause();
#elif defined(EMPTY)
	errno = ENOMEM;
	return NULL;
#elif defined(SCRIBBLE)
	if (before && size >= 16)
		memset(before, 0x77, 16);
	before = size >= 16 ? p : NULL;
#endif
	return p;
}

void *malloc(size_t size)
{
	return go_wrong(__libc_malloc(size), size);
}

void *calloc(size_t n, size_t size)
{
	void *p = go_wrong(__libc_calloc(n, size), n * size);

#ifdef DIRTY
	if (p && n * size == 64)
		memset(p, 0x55, 64);
#endif
	return p;
}

void *realloc(void *p, size_t size)
{
	return __libc_realloc(p, size);
}

/* Nothing is ever freed, so that scribbling hurts objects and not the heap's own data. */
void free(void *p)
{
	(void)p;
}

#else
int nothing_of_malloc(void)
{
	return 0;
}
#endif
