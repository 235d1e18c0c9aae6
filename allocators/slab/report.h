/* SPDX-License-Identifier: MIT */
/*
 * Reports in the kernel's words on fd 2, with write(2) and no memory: the headline between rules,
 * lines, hex dumps, the FIX lines. What a report says of a slab and an object is trailer.h's. Any
 * thread, any lock held: a report takes none, so lines of two threads may alternate.
 *
 * Who survives. The kernel goes on after an error that it can repair or can refuse to carry out,
 * and so does libslab:
 *
 *   found in a debug cache (SLAB_DEBUG_FLAGS)   repaired, or the object not freed, or the slab
 *                                               taken out of service; the program goes on
 *   a free of a pointer that is no object, or   not freed; the program goes on (the kernel's
 *   is of another cache than the caller named   WARN and leak)
 *   the size asked of a pointer that is no      the program ends: no answer would be right
 *   object (ksize, krealloc)
 *   an object freed twice without debugging,    the program ends: the freelist has been damaged
 *   found when its slab takes it back           before (the kernel's BUG)
 *   a SLAB_PANIC cache that cannot be made      the program ends (the kernel's panic)
 *
 * The option panic_on_error=1 ends the program after every report. "Tainted" in a headline says
 * that another report came before this one, which may be its cause.
 */
#ifndef SLAB_REPORT_H
#define SLAB_REPORT_H

#include "text.h"
#include "types.h"

/* At boot: 1 lets report_end() end the program. */
void report_init(unsigned int panic_on_error);

/* "BUG name (Not tainted): ..." between two rules; counted in slab_errors(). NULL: no cache known.
 */
void report_bug(const struct kmem_cache *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One line of the body. */
void report_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "label address: 16 bytes in hex  the same as text", a line for each 16 bytes. */
void report_section(const char *label, const void *from, size_t bytes);

/* The body is complete: ends the program if panic_on_error=1. */
void report_end(void);

/* "FIX name: ...": how the error was repaired; counted in slab_errors(). */
void report_fix(const struct kmem_cache *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Count one error more, whose line is part of another report. */
void report_count(void);

/* "Slab 0x.. objects= used= fp= flags=" */
void report_slab(const struct frame *f);

/* @what is wrong with a pointer that no cache is known for; the caller refuses it. */
void report_foreign(const void *p, const char *what);

/* As report_foreign(), then ends the program: for what cannot be refused any more. */
__attribute__((noreturn)) void report_pointer(const void *p, const char *what);
/* Write a finished line, whole if the system takes it so. */
void report_emit(const struct text *t);

/* @what is wrong with @object of slab @f of cache @s. Ends the program. */
__attribute__((noreturn)) void report_object(const struct kmem_cache *s, const struct frame *f,
					     const void *object, const char *what);

/* A SLAB_PANIC cache could not be created: @err is -errno. Ends the program. */
__attribute__((noreturn)) void report_panic(const char *name, int err);

/* "libslab: " @who @what: a mistake of the program that damaged nothing yet. Ends the program. */
__attribute__((noreturn)) void report_mistake(const char *who, const char *what);

#endif
