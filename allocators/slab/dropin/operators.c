// SPDX-License-Identifier: MIT
/*
 * operator new and delete in all their forms, under the names that the Itanium C++ ABI gives them
 * where size_t is an unsigned long. An align_val_t is a size_t, a reference an address. A build
 * with a sanitizer has that sanitizer's operators instead (names.h).
 */
#include "dropin.h"
#include "names.h"
#include "new.h"

#if !DROPIN_RENAMED

#define OPERATOR(name) __asm__(name) DROPIN_API
void *new_single(size_t size) OPERATOR("_Znwm");
void *new_single_nothrow(size_t size, const void *nothrow) OPERATOR("_ZnwmRKSt9nothrow_t");
void *new_single_aligned(size_t size, size_t align) OPERATOR("_ZnwmSt11align_val_t");
void *new_single_aligned_nothrow(size_t size, size_t align, const void *nothrow)
	OPERATOR("_ZnwmSt11align_val_tRKSt9nothrow_t");
void *new_array(size_t size) OPERATOR("_Znam");
void *new_array_nothrow(size_t size, const void *nothrow) OPERATOR("_ZnamRKSt9nothrow_t");
void *new_array_aligned(size_t size, size_t align) OPERATOR("_ZnamSt11align_val_t");
void *new_array_aligned_nothrow(size_t size, size_t align, const void *nothrow)
	OPERATOR("_ZnamSt11align_val_tRKSt9nothrow_t");
void delete_single(void *p) OPERATOR("_ZdlPv");
void delete_single_nothrow(void *p, const void *nothrow) OPERATOR("_ZdlPvRKSt9nothrow_t");
void delete_single_aligned(void *p, size_t align) OPERATOR("_ZdlPvSt11align_val_t");
void delete_single_aligned_nothrow(void *p, size_t align, const void *nothrow)
	OPERATOR("_ZdlPvSt11align_val_tRKSt9nothrow_t");
void delete_single_sized(void *p, size_t size) OPERATOR("_ZdlPvm");
void delete_single_sized_aligned(void *p, size_t size, size_t align)
	OPERATOR("_ZdlPvmSt11align_val_t");
void delete_array(void *p) OPERATOR("_ZdaPv");
void delete_array_nothrow(void *p, const void *nothrow) OPERATOR("_ZdaPvRKSt9nothrow_t");
void delete_array_aligned(void *p, size_t align) OPERATOR("_ZdaPvSt11align_val_t");
void delete_array_aligned_nothrow(void *p, size_t align, const void *nothrow)
	OPERATOR("_ZdaPvSt11align_val_tRKSt9nothrow_t");
void delete_array_sized(void *p, size_t size) OPERATOR("_ZdaPvm");
void delete_array_sized_aligned(void *p, size_t size, size_t align)
	OPERATOR("_ZdaPvmSt11align_val_t");

void *new_single(size_t size)
{
	return dropin_new(size, DROPIN_HERE);
}

void *new_single_nothrow(size_t size, const void *nothrow)
{
	(void)nothrow;
	return dropin_new_nothrow(size, DROPIN_HERE);
}

void *new_single_aligned(size_t size, size_t align)
{
	return dropin_new_aligned(align, size, DROPIN_HERE);
}

void *new_single_aligned_nothrow(size_t size, size_t align, const void *nothrow)
{
	(void)nothrow;
	return dropin_new_aligned_nothrow(align, size, DROPIN_HERE);
}

void *new_array(size_t size)
{
	return dropin_new(size, DROPIN_HERE);
}

void *new_array_nothrow(size_t size, const void *nothrow)
{
	(void)nothrow;
	return dropin_new_nothrow(size, DROPIN_HERE);
}

void *new_array_aligned(size_t size, size_t align)
{
	return dropin_new_aligned(align, size, DROPIN_HERE);
}

void *new_array_aligned_nothrow(size_t size, size_t align, const void *nothrow)
{
	(void)nothrow;
	return dropin_new_aligned_nothrow(align, size, DROPIN_HERE);
}

void delete_single(void *p)
{
	dropin_free(p);
}

void delete_single_nothrow(void *p, const void *nothrow)
{
	(void)nothrow;
	dropin_free(p);
}

void delete_single_aligned(void *p, size_t align)
{
	(void)align;
	dropin_free(p);
}

void delete_single_aligned_nothrow(void *p, size_t align, const void *nothrow)
{
	(void)align;
	(void)nothrow;
	dropin_free(p);
}

void delete_single_sized(void *p, size_t size)
{
	(void)size;
	dropin_free(p);
}

void delete_single_sized_aligned(void *p, size_t size, size_t align)
{
	(void)size;
	(void)align;
	dropin_free(p);
}

void delete_array(void *p)
{
	dropin_free(p);
}

void delete_array_nothrow(void *p, const void *nothrow)
{
	(void)nothrow;
	dropin_free(p);
}

void delete_array_aligned(void *p, size_t align)
{
	(void)align;
	dropin_free(p);
}

void delete_array_aligned_nothrow(void *p, size_t align, const void *nothrow)
{
	(void)align;
	(void)nothrow;
	dropin_free(p);
}

void delete_array_sized(void *p, size_t size)
{
	(void)size;
	dropin_free(p);
}

void delete_array_sized_aligned(void *p, size_t size, size_t align)
{
	(void)size;
	(void)align;
	dropin_free(p);
}

#endif
