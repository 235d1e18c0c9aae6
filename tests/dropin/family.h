/* SPDX-License-Identifier: MIT */
/*
 * The malloc family under test. The plain program is linked with libslab-malloc.so, so malloc is
 * the drop-in's, cmocka's too. Under a sanitizer the same objects are linked under other names
 * (names.h), and malloc is the sanitizer's.
 */
#ifndef TESTS_DROPIN_FAMILY_H
#define TESTS_DROPIN_FAMILY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocators/slab/dropin/names.h"
#include "allocators/slab/slab.h"

#if DROPIN_RENAMED
#define SYMBOL(name) __asm__("slab_" name)
#else
#define SYMBOL(name) __asm__(name)
#endif

/* Declared anew, without what the compiler knows of them and would take calls away for. */
void *family_malloc(size_t size) SYMBOL("malloc");
void *family_calloc(size_t n, size_t size) SYMBOL("calloc");
void *family_realloc(void *p, size_t size) SYMBOL("realloc");
void *family_reallocarray(void *p, size_t n, size_t size) SYMBOL("reallocarray");
void family_free(void *p) SYMBOL("free");
void family_cfree(void *p) SYMBOL("cfree");
void family_free_sized(void *p, size_t size) SYMBOL("free_sized");
void family_free_aligned_sized(void *p, size_t align, size_t size) SYMBOL("free_aligned_sized");
size_t family_usable(void *p) SYMBOL("malloc_usable_size");
int family_posix_memalign(void **out, size_t align, size_t size) SYMBOL("posix_memalign");
void *family_aligned_alloc(size_t align, size_t size) SYMBOL("aligned_alloc");
void *family_memalign(size_t align, size_t size) SYMBOL("memalign");
void *family_valloc(size_t size) SYMBOL("valloc");
void *family_pvalloc(size_t size) SYMBOL("pvalloc");
int family_trim(size_t pad) SYMBOL("malloc_trim");
struct mallinfo2 family_mallinfo2(void) SYMBOL("mallinfo2");
struct mallinfo family_mallinfo(void) SYMBOL("mallinfo");
int family_info(int options, FILE *f) SYMBOL("malloc_info");
void family_stats(void) SYMBOL("malloc_stats");
int family_mallopt(int param, int value) SYMBOL("mallopt");

#define malloc		   family_malloc
#define calloc		   family_calloc
#define realloc		   family_realloc
#define reallocarray	   family_reallocarray
#define free		   family_free
#define cfree		   family_cfree
#define free_sized	   family_free_sized
#define free_aligned_sized family_free_aligned_sized
#define malloc_usable_size family_usable
#define posix_memalign	   family_posix_memalign
#define aligned_alloc	   family_aligned_alloc
#define memalign	   family_memalign
#define valloc		   family_valloc
#define pvalloc		   family_pvalloc
#define malloc_trim	   family_trim
#define mallinfo2()	   family_mallinfo2()
#define mallinfo()	   family_mallinfo()
#define malloc_info	   family_info
#define malloc_stats	   family_stats
#define mallopt		   family_mallopt

#define MiB ((size_t)1 << 20)

/* Above this a block is a mapping of its own. */
#define HUGE KMALLOC_MAX_SIZE

/* A value that no call sets by itself. */
#define ERRNO_BEFORE 4242

static inline void print_disagreement(void *ctx, const char *sentence)
{
	(void)ctx;
	print_error("%s\n", sentence);
}

/* The equations of libslab hold; no other thread is inside. */
static inline int check_equations(void **state)
{
	(void)state;
	return (int)slab_check(print_disagreement, NULL);
}

/* NULL, and errno says why. */
#define assert_refused(call, err)                                                                  \
	do {                                                                                       \
		errno = ERRNO_BEFORE;                                                              \
		assert_null(call);                                                                 \
		assert_int_equal(errno, err);                                                      \
	} while (0)

/* Run @body in a child, what it writes on fd 2 in @text. Returns the wait status. */
static inline int run_in_child(void (*body)(void), char *text, size_t len)
{
	int fds[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fds[1], STDERR_FILENO);
		body();
		_exit(0);
	}
	close(fds[1]);
	while (used < len - 1 && (n = read(fds[0], text + used, len - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
