// SPDX-License-Identifier: MIT
/* The allocations at a multiple of something. See aligned.h. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "aligned.h"
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

int aligned_posix(void **out, size_t align, size_t size, struct kmalloc_token t)
{
	int saved = errno;
	void *p;

	if (!bits_is_pow2(align) || align % sizeof(void *))
		return EINVAL;
	p = dropin_aligned(align, size, t);
	errno = saved;
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}

void *aligned_c23(size_t align, size_t size, struct kmalloc_token t)
{
	if (!bits_is_pow2(align))
		return refuse(EINVAL);
	return dropin_aligned(align, size, t);
}

void *aligned_glibc(size_t align, size_t size, struct kmalloc_token t)
{
	if (align > SIZE_MAX / 2 + 1)
		return refuse(EINVAL);
	if (!bits_is_pow2(align))
		align = (size_t)1 << bits_fls(align);
	return dropin_aligned(align, size, t);
}

void *aligned_page(size_t size, struct kmalloc_token t)
{
	return dropin_aligned((size_t)getpagesize(), size, t);
}

void *aligned_pages(size_t size, struct kmalloc_token t)
{
	size_t page = (size_t)getpagesize();

	if (size > SIZE_MAX - page)
		return refuse(ENOMEM);
	return dropin_aligned(page, align_up(max_size(size, 1), page), t);
}

int DROPIN_NAME(posix_memalign)(void **out, size_t align, size_t size)
{
	return aligned_posix(out, align, size, DROPIN_HERE);
}

void *DROPIN_NAME(aligned_alloc)(size_t align, size_t size)
{
	return aligned_c23(align, size, DROPIN_HERE);
}

void *DROPIN_NAME(memalign)(size_t align, size_t size)
{
	return aligned_glibc(align, size, DROPIN_HERE);
}

void *DROPIN_NAME(valloc)(size_t size)
{
	return aligned_page(size, DROPIN_HERE);
}

void *DROPIN_NAME(pvalloc)(size_t size)
{
	return aligned_pages(size, DROPIN_HERE);
}

#if !DROPIN_RENAMED
/* glibc's own, as in libc_names.c. */
DROPIN_API void *__libc_memalign(size_t align, size_t size) __attribute__((alias("memalign")));
DROPIN_API void *__libc_valloc(size_t size) __attribute__((alias("valloc")));
DROPIN_API void *__libc_pvalloc(size_t size) __attribute__((alias("pvalloc")));
#endif
