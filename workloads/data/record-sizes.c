// SPDX-License-Identifier: MIT
/*
 * Counts the sizes that a program asks malloc for, for NAME.sizes:
 *
 *	cc -O2 -fno-builtin -shared -fPIC -o /tmp/record-sizes.so workloads/data/record-sizes.c -ldl
 *	SIZES_TO=/tmp/out LD_PRELOAD=/tmp/record-sizes.so PROGRAM...
 *	cat /tmp/out.* | awk '{ nr[$1] += $2 } END { for (s in nr) print s, nr[s] }' | sort -n
 *
 * Each process writes its own file as it ends. A realloc counts as a request of the new size.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES 65536u /* larger ones are not counted */

static uint64_t nr_requests[MOST_BYTES + 1];
static char early[65536]; /* what dlsym() itself asks for, before its answer */
static size_t early_used;

static void *(*next_malloc)(size_t size);
static void *(*next_realloc)(void *p, size_t size);
static void (*next_free)(void *p);

static void find_next(void)
{
	next_realloc = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	next_free = (void (*)(void *))dlsym(RTLD_NEXT, "free");
	next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
}

static void count(size_t size)
{
	if (size <= MOST_BYTES)
		__atomic_fetch_add(&nr_requests[size], 1, __ATOMIC_RELAXED);
}

static void *take_early(size_t size)
{
	char *p = early + early_used;

	early_used += (size + 15) & ~15ul;
	if (early_used > sizeof(early))
		abort();
	return p;
}

void *malloc(size_t size)
{
	static __thread int inside;

	if (inside)
		return take_early(size);
	if (!next_malloc) {
		inside = 1;
		find_next();
		inside = 0;
	}
	count(size);
	return next_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	size_t bytes;
	void *p = __builtin_mul_overflow(nr, size, &bytes) ? NULL : malloc(bytes);

	return p ? memset(p, 0, bytes) : NULL;
}

static int is_early(const void *p)
{
	return (const char *)p >= early && (const char *)p < early + sizeof(early);
}

void *realloc(void *p, size_t size)
{
	void *q;

	if (p && !is_early(p)) {
		count(size);
		return next_realloc(p, size);
	}
	q = malloc(size);
	if (q && p)
		memcpy(q, p, size < 64 ? size : 64);
	return q;
}

void free(void *p)
{
	if (p && !is_early(p))
		next_free(p);
}

static __attribute__((destructor)) void write_counts(void)
{
	const char *to = getenv("SIZES_TO");
	char path[4096], line[64];
	int fd;

	if (!to)
		return;
	snprintf(path, sizeof(path), "%s.%d", to, (int)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	for (unsigned int i = 0; fd >= 0 && i <= MOST_BYTES; i++) {
		int n = snprintf(line, sizeof(line), "%u %llu\n", i,
				 (unsigned long long)nr_requests[i]);

		if (nr_requests[i] && write(fd, line, (size_t)n) != n)
			break;
	}
	if (fd >= 0)
		close(fd);
}
