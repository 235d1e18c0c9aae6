// SPDX-License-Identifier: MIT
/* Numbers and words into a buffer: the little of printf that libslab needs. See text.h. */
#include "text.h"

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
