/* SPDX-License-Identifier: MIT */
/* The nearest match for a word that is unknown, for the sentence that says so. */
#ifndef HARNESS_SUGGEST_H
#define HARNESS_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Offer candidates one by one; the best so far is kept by pointer. A candidate counts if at most a
 * third of its letters (and at least one edit is always allowed) differ, or if it begins with
 * @word.
 */
struct suggest {
	const char *word;
	const char *best; /* NULL: none is near */
	unsigned int distance;
};

void suggest_offer(struct suggest *s, const char *candidate);
/* "; did you mean 'X'?" or "" in a static buffer. */
const char *suggest_text(const struct suggest *s);

#endif
