// SPDX-License-Identifier: MIT
/* Numbers and words into a buffer: the little of printf that libslab needs. See text.h. */
#include "text.h"

#include <stdbool.h>
#include <string.h>

void text_init(struct text *t, char *buf, size_t len)
{
	t->buf = buf;
	t->len = len;
	t->used = 0;
	if (len)
		buf[0] = '\0';
}

static void put(struct text *t, char c)
{
	if (t->used + 1 < t->len) {
		t->buf[t->used] = c;
		t->buf[t->used + 1] = '\0';
	}
	t->used++;
}

static void pad(struct text *t, size_t have, unsigned width)
{
	for (; have < width; have++)
		put(t, ' ');
}

void text_str(struct text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

/* The digits of @x end at @end; returns where they begin. */
static char *digits(char *end, uint64_t x, unsigned base)
{
	*end = '\0';
	do {
		*--end = "0123456789abcdef"[x % base];
		x /= base;
	} while (x);
	return end;
}

void text_u64(struct text *t, uint64_t x)
{
	char buf[24];

	text_str(t, digits(buf + sizeof(buf) - 1, x, 10));
}

void text_u64_right(struct text *t, uint64_t x, unsigned width)
{
	char buf[24];
	char *first = digits(buf + sizeof(buf) - 1, x, 10);

	pad(t, strlen(first), width);
	text_str(t, first);
}

void text_str_left(struct text *t, const char *s, unsigned width)
{
	text_str(t, s);
	pad(t, strlen(s), width);
}

void text_ptr(struct text *t, const void *p)
{
	char buf[24];

	text_str(t, "0x");
	text_str(t, digits(buf + sizeof(buf) - 1, (uintptr_t)p, 16));
}

void text_hex(struct text *t, uint64_t x, unsigned width)
{
	char buf[24];
	char *first = digits(buf + sizeof(buf) - 1, x, 16);

	for (size_t have = strlen(first); have < width; have++)
		put(t, '0');
	text_str(t, first);
}

/* What lies between the % and the letter. */
struct conversion {
	unsigned width; /* of %0Nx */
	bool is_long;
};

static uint64_t next_number(struct conversion c, va_list *args)
{
	return c.is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
}

static void put_signed(struct text *t, int x)
{
	if (x < 0)
		put(t, '-');
	text_u64(t, x < 0 ? 0 - (uint64_t)x : (uint64_t)x);
}

static void convert(struct text *t, char letter, struct conversion c, va_list *args)
{
	if (letter == 's')
		text_str(t, va_arg(*args, const char *));
	else if (letter == 'p')
		text_ptr(t, va_arg(*args, const void *));
	else if (letter == 'u')
		text_u64(t, next_number(c, args));
	else if (letter == 'x')
		text_hex(t, next_number(c, args), c.width);
	else if (letter == 'd')
		put_signed(t, va_arg(*args, int));
	else
		put(t, letter);
}

void text_vformat(struct text *t, const char *format, va_list args)
{
	va_list rest;

	va_copy(rest, args);
	for (const char *p = format; *p; p++) {
		struct conversion c = { 0 };

		if (*p != '%') {
			put(t, *p);
			continue;
		}
		for (p++; *p >= '0' && *p <= '9'; p++)
			c.width = c.width * 10 + (unsigned)(*p - '0');
		for (; *p == 'l' || *p == 'z'; p++)
			c.is_long = true;
		convert(t, *p, c, &rest);
	}
	va_end(rest);
}

void text_format(struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vformat(t, format, args);
	va_end(args);
}
