// SPDX-License-Identifier: MIT
/* The allocations at a multiple of something, each with its own rule for what is no alignment. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "dropin.h"
#include "lib/bits.h"
#include "names.h"

DROPIN_API int DROPIN_NAME(posix_memalign)(void **out, size_t align, size_t size);
DROPIN_API void *DROPIN_NAME(aligned_alloc)(size_t align, size_t size);
DROPIN_API void *DROPIN_NAME(memalign)(size_t align, size_t size);
DROPIN_API void *DROPIN_NAME(valloc)(size_t size);
DROPIN_API void *DROPIN_NAME(pvalloc)(size_t size);

static void *refuse(int err)
{
	errno = err;
	return NULL;
}

/* POSIX: the answer is the error, errno and @out stay. */
int DROPIN_NAME(posix_memalign)(void **out, size_t align, size_t size)
{
	int saved = errno;
	void *p;

	if (!bits_is_pow2(align) || align % sizeof(void *))
		return EINVAL;
	p = dropin_aligned(align, size, DROPIN_HERE);
	errno = saved;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

/* C23: any power of two, and the size need not be its multiple. */
void *DROPIN_NAME(aligned_alloc)(size_t align, size_t size)
{
	if (!bits_is_pow2(align))
		return refuse(EINVAL);
	return dropin_aligned(align, size, DROPIN_HERE);
}

/* glibc: the next power of two. */
void *DROPIN_NAME(memalign)(size_t align, size_t size)
{
	if (align > SIZE_MAX / 2 + 1)
		return refuse(EINVAL);
	if (!bits_is_pow2(align))
		align = (size_t)1 << bits_fls(align);
	return dropin_aligned(align, size, DROPIN_HERE);
}

void *DROPIN_NAME(valloc)(size_t size)
{
	return dropin_aligned((size_t)getpagesize(), size, DROPIN_HERE);
}

/* Whole pages, at least one. */
void *DROPIN_NAME(pvalloc)(size_t size)
{
	size_t page = (size_t)getpagesize();

	if (size > SIZE_MAX - page)
		return refuse(ENOMEM);
	return dropin_aligned(page, align_up(max_size(size, 1), page), DROPIN_HERE);
}

#if !DROPIN_RENAMED
/* glibc's own, as in libc_names.c. */
DROPIN_API void *__libc_memalign(size_t align, size_t size) __attribute__((alias("memalign")));
DROPIN_API void *__libc_valloc(size_t size) __attribute__((alias("valloc")));
DROPIN_API void *__libc_pvalloc(size_t size) __attribute__((alias("pvalloc")));
#endif
