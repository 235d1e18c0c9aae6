/* SPDX-License-Identifier: MIT */
/*
 * Text into a caller's buffer without stdio and without memory. What does not fit is counted but
 * not written, so a caller can ask for the length first. The text always ends in a NUL if len > 0.
 * A struct text belongs to one thread.
 */
#ifndef SLAB_TEXT_H
#define SLAB_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *buf;
	size_t len;  /* size of buf in bytes */
	size_t used; /* length of the whole text, written or not */
};

void text_init(struct text *t, char *buf, size_t len);
void text_str(struct text *t, const char *s);
void text_u64(struct text *t, uint64_t x);

/* Right-aligned in @width columns, as %6lu. */
void text_u64_right(struct text *t, uint64_t x, unsigned width);

/* Left-aligned in @width columns, as %-17s. */
void text_str_left(struct text *t, const char *s, unsigned width);

/* Hexadecimal without 0x, with zeros in front up to @width digits. */
void text_hex(struct text *t, uint64_t x, unsigned width);

/*
 * The little of printf that reports need: %s %d %u %x %p and %%, the numbers also as %lu, %lx, %zu;
 * %02x pads with zeros to two digits. %p prints as text_ptr().
 */
void text_vformat(struct text *t, const char *format, va_list args);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As %p: 0x and hexadecimal digits. */
void text_ptr(struct text *t, const void *p);

#endif
