/* SPDX-License-Identifier: MIT */
/*
 * One report in the kernel's words on fd 2, with write(2) and no memory. Any thread, any lock held:
 * a report takes none, so a report about a slab that changes under it may show old numbers.
 */
#ifndef SLAB_REPORT_H
#define SLAB_REPORT_H

#include "text.h"
#include "types.h"

/* Write a finished line, whole if the system takes it so. */
void report_emit(const struct text *t);

/* @what is wrong with @object of slab @f of cache @s. Ends the program. */
__attribute__((noreturn)) void report_object(const struct kmem_cache *s, const struct frame *f,
					     const void *object, const char *what);

/* @what is wrong with a pointer that no cache is known for. Ends the program. */
__attribute__((noreturn)) void report_pointer(const void *p, const char *what);

/* @object of @actual was freed to @s. Ends the program. */
__attribute__((noreturn)) void
report_wrong_cache(const struct kmem_cache *s, const struct kmem_cache *actual, const void *object);

/* A SLAB_PANIC cache could not be created. Ends the program. */
__attribute__((noreturn)) void report_panic(const char *name, const char *why);

/* The head of a report that the program survives; the lines that follow are the caller's. */
void report_begin(const struct kmem_cache *s, const char *what);
void report_slab(const struct frame *f);
void report_line_object(const struct frame *f, const void *object);
void report_more(size_t nr);

#endif
