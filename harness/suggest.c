// SPDX-License-Identifier: MIT
/* Levenshtein distance (1965) over short words, one row at a time. */
#include <stdio.h>
#include <string.h>

#include "suggest.h"

#define MAX_WORD 64

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[MAX_WORD + 1];
	size_t la = strnlen(a, MAX_WORD), lb = strnlen(b, MAX_WORD);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned int up = row[j];

			row[j] = min3(up + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = up;
		}
	}
	return row[lb];
}

static bool begins(const char *text, const char *with)
{
	size_t n = strlen(with);

	return n >= 2 && !strncmp(text, with, n);
}

void suggest_offer(struct suggest *s, const char *candidate)
{
	unsigned int d = distance(s->word, candidate);
	unsigned int limit = 1 + strlen(candidate) / 3;

	if (begins(candidate, s->word))
		d = 1;
	if (d <= limit && (!s->best || d < s->distance)) {
		s->best = candidate;
		s->distance = d;
	}
}

const char *suggest_text(const struct suggest *s)
{
	static char text[MAX_WORD + 32];

	text[0] = '\0';
	if (s->best)
		snprintf(text, sizeof(text), "; did you mean '%.63s'?", s->best);
	return text;
}
