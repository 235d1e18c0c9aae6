// SPDX-License-Identifier: MIT
/* Reading debug= and asking it for a cache. The policy is constant after boot; no lock. */
#include "debug_flags.h"

#include <errno.h>
#include <string.h>

#define SEPARATORS "+:"

/* The value of debug without letters. */
#define DEFAULT_FLAGS (SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER)

static struct debug_policy policy;

/* A part of the text: the letters of a block, or one name. */
struct part {
	const char *p;
	size_t len;
};

struct block {
	struct part letters;
	const char *names; /* behind the letters; NULL: it is for all caches */
	const char *end;
};

static struct block block_at(const char *p)
{
	const char *end = strchrnul(p, ';');
	size_t nr = strcspn(p, SEPARATORS ";");
	struct block b = { .letters = { p, nr }, .end = end };

	if (p + nr < end)
		b.names = p + nr;
	return b;
}

/* The block behind @b, or NULL. */
static const char *next_block(struct block b)
{
	return *b.end ? b.end + 1 : NULL;
}

/* Bit flags of a letter; 0 for those without any. */
static slab_flags_t letter_flags(char letter)
{
	switch (letter | 0x20) {
	case 'f':
		return SLAB_CONSISTENCY_CHECKS;
	case 'z':
		return SLAB_RED_ZONE;
	case 'p':
		return SLAB_POISON;
	case 'u':
		return SLAB_STORE_USER;
	case 't':
		return SLAB_TRACE;
	case 'a':
		return SLAB_FAILSLAB;
	default:
		return 0;
	}
}

static bool is_order_letter(char letter)
{
	return letter == 'o' || letter == 'O';
}

static slab_flags_t block_flags(struct block b)
{
	slab_flags_t flags = 0;

	if (!b.letters.len)
		return DEFAULT_FLAGS;
	for (size_t i = 0; i < b.letters.len; i++) {
		if (b.letters.p[i] == '-')
			flags = 0;
		flags |= letter_flags(b.letters.p[i]);
	}
	return flags;
}

/* -EINVAL for a letter that means nothing. */
static int check_letters(struct debug_policy *p, struct block b)
{
	for (size_t i = 0; i < b.letters.len; i++) {
		char c = b.letters.p[i];

		if (is_order_letter(c))
			p->keeps_orders = true;
		else if (c != '-' && !letter_flags(c))
			return -EINVAL;
	}
	return 0;
}

int debug_policy_parse(struct debug_policy *p, const char *value, size_t len)
{
	*p = (struct debug_policy){ .flags = 0 };
	if (len >= sizeof(p->text))
		return -EINVAL;
	memcpy(p->text, value, len);
	for (const char *at = p->text; at;) {
		struct block b = block_at(at);

		if (check_letters(p, b))
			return -EINVAL;
		if (!b.names)
			p->flags = block_flags(b);
		at = next_block(b);
	}
	return 0;
}

void debug_policy_set(const struct debug_policy *p)
{
	policy = *p;
}

static bool name_matches(struct part pattern, const char *name)
{
	const char *star = memchr(pattern.p, '*', pattern.len);

	if (star)
		return !strncmp(name, pattern.p, (size_t)(star - pattern.p));
	return strlen(name) == pattern.len && !memcmp(name, pattern.p, pattern.len);
}

static bool block_names(struct block b, const char *name)
{
	const char *p = b.names;

	while (p && p < b.end) {
		struct part pattern = { p + 1, strcspn(p + 1, SEPARATORS ";") };

		if (pattern.len && name_matches(pattern, name))
			return true;
		p += 1 + pattern.len;
	}
	return false;
}

slab_flags_t debug_flags_for(const char *name, slab_flags_t flags)
{
	slab_flags_t others = policy.flags;

	if (flags & SLAB_NO_USER_FLAGS)
		return flags;
	for (const char *at = policy.text; at;) {
		struct block b = block_at(at);

		if (block_names(b, name))
			return flags | block_flags(b);
		at = next_block(b);
	}
	if (flags & SLAB_NOLEAKTRACE)
		others &= ~SLAB_STORE_USER;
	return flags | others;
}
