// SPDX-License-Identifier: MIT
/* A table of keys, each with the function that takes its values. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "lib/bits.h"
#include "suite.h"

#define MAX_WORDS 8

struct parser {
	struct suite *suite;
	const char *name;
	unsigned int line;
	char *why;
	size_t why_len;
	int nr_words;
	char *word[MAX_WORDS];
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *fmt, ...)
{
	char what[192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(p->why, p->why_len, "suite '%.64s', line %u: %s", p->name, p->line, what);
	return -1;
}

static bool parse_real(const char *word, double low, double high, double *value)
{
	char *end;

	*value = strtod(word, &end);
	return end != word && !*end && *value >= low && *value <= high;
}

static bool parse_count(const char *word, unsigned long high, unsigned int *value)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	*value = (unsigned int)n;
	return isdigit((unsigned char)*word) && !*end && n >= 1 && n <= high;
}

/* The rest of the line, words joined by a space. */
static int take_text(struct parser *p, char *to, size_t len)
{
	size_t at = 0;

	if (*to)
		return refuse(p, "'%s' is said twice", p->word[0]);
	for (int i = 1; i < p->nr_words && at < len; i++)
		at += (size_t)snprintf(to + at, len - at, "%s%s", i > 1 ? " " : "", p->word[i]);
	if (!at)
		return refuse(p, "'%s' says nothing", p->word[0]);
	return at < len ? 0 : refuse(p, "'%s' is longer than %zu bytes", p->word[0], len - 1);
}

static int take_summary(struct parser *p)
{
	return take_text(p, p->suite->summary, sizeof(p->suite->summary));
}

static int take_allocators(struct parser *p)
{
	if (p->nr_words > 2)
		return refuse(p, "allocators are one word, separated by commas");
	return take_text(p, p->suite->allocators, sizeof(p->suite->allocators));
}

static int take_rounds(struct parser *p)
{
	if (p->nr_words != 2 || !parse_count(p->word[1], 100, &p->suite->rounds))
		return refuse(p, "rounds are a number from 1 to 100");
	return 0;
}

static int take_scale(struct parser *p)
{
	if (p->nr_words != 2 || !parse_real(p->word[1], 0.001, 1000, &p->suite->scale))
		return refuse(p, "the scale is a number from 0.001 to 1000");
	return 0;
}

static int add_cell(struct parser *p, const char *threads, bool quick)
{
	struct suite *s = p->suite;
	struct suite_cell c = { .quick = quick };

	snprintf(c.workload, sizeof(c.workload), "%s", p->word[1]);
	if (!parse_count(threads, CHANNEL_MAX_THREADS, &c.threads))
		return refuse(p, "'%s' is no number of threads, 1 to %d", threads,
			      CHANNEL_MAX_THREADS);
	for (int i = 0; i < s->nr_cells; i++)
		if (s->cell[i].threads == c.threads && !strcmp(s->cell[i].workload, c.workload))
			return refuse(p, "'%s' with %u threads is there twice", c.workload,
				      c.threads);
	if (s->nr_cells == RUN_MAX_CELLS)
		return refuse(p, "more than %d cells", RUN_MAX_CELLS);
	s->cell[s->nr_cells++] = c;
	return 0;
}

/* cell WORKLOAD [T,...] [quick] */
static int take_cell(struct parser *p)
{
	bool quick = p->nr_words > 2 && !strcmp(p->word[p->nr_words - 1], "quick");
	int nr = p->nr_words - quick;
	char *save = NULL, one[] = "1";

	if (nr < 2 || nr > 3 || strlen(p->word[1]) >= sizeof(p->suite->cell->workload))
		return refuse(p, "a cell is WORKLOAD, then thread counts, then quick");
	for (char *w = strtok_r(nr == 3 ? p->word[2] : one, ",", &save); w;
	     w = strtok_r(NULL, ",", &save))
		if (add_cell(p, w, quick))
			return -1;
	return 0;
}

static const struct {
	const char *name;
	enum suite_kind kind;
	bool has_of;
} targets[] = {
	{ "mean", SUITE_MEAN, false },	     { "worst", SUITE_WORST, false },
	{ "each", SUITE_EACH, true },	     { "peak", SUITE_PEAK, false },
	{ "drained", SUITE_DRAINED, false }, { "options", SUITE_OPTIONS, true },
	{ "p999", SUITE_P999, false },	     { "crowd", SUITE_CROWD, true },
};

static int take_crowd(struct parser *p, struct suite_target *t)
{
	char *colon = strchr(t->of, ':');

	if (colon)
		*colon = '\0';
	if (!colon || !parse_count(t->of, CHANNEL_MAX_THREADS, &t->many) ||
	    !parse_count(colon + 1, CHANNEL_MAX_THREADS, &t->few) || t->few >= t->many)
		return refuse(p, "a crowd is MANY:FEW threads, as 64:2");
	*colon = ':';
	return 0;
}

static int find_target(const char *name)
{
	for (int i = 0; i < (int)ARRAY_SIZE(targets); i++)
		if (!strcmp(targets[i].name, name))
			return i;
	return -1;
}

const char *suite_kind_name(enum suite_kind kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		if (targets[i].kind == kind)
			return targets[i].name;
	return "";
}

/* target WHAT [OF] RATIO */
static int take_target(struct parser *p)
{
	struct suite_target t = { .ratio = 0 };
	int what = p->nr_words > 1 ? find_target(p->word[1]) : -1;

	if (what < 0)
		return refuse(p, "a target is mean, worst, each, peak, drained, options, p999 or "
				 "crowd");
	t.kind = targets[what].kind;
	if (p->nr_words != 3 + targets[what].has_of)
		return refuse(p, "target %s takes %s", p->word[1],
			      targets[what].has_of ? "two values" : "a ratio");
	if (!parse_real(p->word[p->nr_words - 1], 0.01, 100, &t.ratio))
		return refuse(p, "'%s' is no ratio from 0.01 to 100", p->word[p->nr_words - 1]);
	if (p->suite->nr_targets == SUITE_MAX_TARGETS)
		return refuse(p, "more than %d targets", SUITE_MAX_TARGETS);
	if (targets[what].has_of)
		snprintf(t.of, sizeof(t.of), "%s", p->word[2]);
	if (t.kind == SUITE_CROWD && take_crowd(p, &t))
		return -1;
	p->suite->target[p->suite->nr_targets++] = t;
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct parser *p);
} keys[] = {
	{ "summary", take_summary }, { "allocators", take_allocators },
	{ "rounds", take_rounds },   { "scale", take_scale },
	{ "cell", take_cell },	     { "target", take_target },
};

/* Words of the line, the last one the rest of it: a summary may be long. */
static void split(struct parser *p, char *line)
{
	char *save = NULL;

	line[strcspn(line, "#")] = '\0';
	p->nr_words = 0;
	for (char *w = strtok_r(line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save)) {
		p->word[p->nr_words++] = w;
		if (p->nr_words == MAX_WORDS - 1 && save && *save) {
			p->word[p->nr_words++] = save;
			return;
		}
	}
}

static int take_line(struct parser *p, char *line)
{
	split(p, line);
	if (!p->nr_words)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strcmp(keys[i].name, p->word[0]))
			return keys[i].take(p);
	return refuse(p,
		      "'%.40s' is no key; keys are summary, allocators, rounds, scale, cell and "
		      "target",
		      p->word[0]);
}

static int check_whole(struct parser *p)
{
	const char *missing = !*p->suite->summary      ? "summary"
			      : !*p->suite->allocators ? "allocators"
			      : !p->suite->nr_cells    ? "cell"
						       : NULL;

	if (!missing)
		return 0;
	snprintf(p->why, p->why_len, "suite '%.64s' has no line '%s'", p->name, missing);
	return -1;
}

int suite_parse(struct suite *s, const char *name, const char *text, char *why, size_t why_len)
{
	struct parser p = { .suite = s, .name = name, .why = why, .why_len = why_len };
	char line[1280];

	*s = (struct suite){ .nr_cells = 0 };
	snprintf(s->name, sizeof(s->name), "%s", name);
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		size_t n = strcspn(text, "\n");

		p.line++;
		if (n >= sizeof(line))
			return refuse(&p, "is longer than %zu bytes", sizeof(line) - 1);
		snprintf(line, sizeof(line), "%.*s", (int)n, text);
		if (take_line(&p, line))
			return -1;
	}
	return check_whole(&p);
}
