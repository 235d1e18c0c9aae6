// SPDX-License-Identifier: MIT
/* Options may hold commas too: "key=value" after an arm with options belongs to that arm. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocators/allocator.h"
#include "arms.h"
#include "child.h"
#include "job.h"
#include "lib/die.h"
#include "suggest.h"

extern char **environ;

static struct arm *new_arm(struct run *run)
{
	struct arm *arm = &run->arms[run->nr_arms];

	if (run->nr_arms == RUN_MAX_ARMS)
		die(EXIT_USAGE, "more than %d allocators; name fewer with -a", RUN_MAX_ARMS);
	*arm = (struct arm){ .position = run->nr_arms++ };
	return arm;
}

static struct arm *add_known(struct run *run, const struct allocator *a, const char *options,
			     const char *path)
{
	struct arm *arm = new_arm(run);

	snprintf(arm->allocator, sizeof(arm->allocator), "%s", a->name);
	snprintf(arm->options, sizeof(arm->options), "%s", options);
	snprintf(arm->preload, sizeof(arm->preload), "%s", path);
	if (a->options_variable)
		snprintf(arm->setting, sizeof(arm->setting), "%s=%s", a->options_variable, options);
	snprintf(arm->label, sizeof(arm->label), "%s%s%s", a->name, *options ? ":" : "", options);
	arm->is_own = a->is_own;
	arm->role = a->is_null ? ARM_NULL : ARM_SUBJECT;
	arm->preloadable = !a->ops.alloc;
	return arm;
}

static bool have_label(const struct run *run, const char *label)
{
	for (int i = 0; i < run->nr_arms; i++)
		if (!strcmp(run->arms[i].label, label))
			return true;
	return false;
}

static void add_external(struct run *run, const char *word)
{
	const char *path = strchr(word, '=') + 1;
	struct arm *arm = new_arm(run);

	snprintf(arm->label, sizeof(arm->label), "%.*s", (int)(path - 1 - word), word);
	snprintf(arm->allocator, sizeof(arm->allocator), "external");
	arm->preloadable = true;
	if (access(path, R_OK) || !realpath(path, arm->preload))
		die(EXIT_USAGE, "allocator '%s': %s cannot be read", arm->label, path);
}

static const struct allocator *find(const char *word, size_t n)
{
	char name[64];
	struct suggest s = { .word = name };
	const struct allocator *a = allocator_find(word, n);

	if (a)
		return a;
	snprintf(name, sizeof(name), "%.*s", (int)n, word);
	for (size_t i = 0; (a = allocator_at(i)); i++)
		suggest_offer(&s, a->name);
	die(EXIT_USAGE, "unknown allocator '%s'%s (./runner list)", name, suggest_text(&s));
}

/* A wrong option is a user's mistake, told before anything is measured. */
static void probe(const struct arm *arm)
{
	struct job job = { .threads = 1, .rounds = 1, .scale = 1 };
	struct child child;
	char line[1100];

	snprintf(job.allocator, sizeof(job.allocator), "%s", arm->allocator);
	snprintf(job.options, sizeof(job.options), "%s", arm->options);
	if (child_spawn(&child, job_words(&job, "probe"),
			&(struct child_env){ arm->preload, arm->setting }, -1, -1))
		die(EXIT_FAILED, "the child could not be started: %m");
	while (child_read(&child, 10000, line, sizeof(line)) == CHILD_LINE) {
		if (!strncmp(line, "error ", 6))
			die(EXIT_USAGE, "allocator '%s': %s", arm->label, line + 6);
		if (!strcmp(line, "ready"))
			break;
	}
	child_go(&child);
	child_reap(&child);
}

static void add_word(struct run *run, const char *word)
{
	size_t n = strcspn(word, ":=");
	const struct allocator *a;
	char path[512];

	if (word[n] == '=') {
		add_external(run, word);
		return;
	}
	a = find(word, n);
	if (!allocator_locate(a, path, sizeof(path)))
		die(EXIT_USAGE, "allocator '%s': %s", a->name, path);
	if (word[n] == ':' && !a->init)
		die(EXIT_USAGE, "allocator '%s' takes no options", a->name);
	if (!have_label(run, word) &&
	    *add_known(run, a, word + n + (word[n] == ':'), path)->options)
		probe(&run->arms[run->nr_arms - 1]);
}

/* "x:a=1" followed by "b=2" is one arm with two options. */
static bool continues(const char *before, const char *word)
{
	const char *colon = strchr(before, ':');
	size_t n = strcspn(word, ":=/");

	return colon && word[n] == '=' && !strchr(word + n, '/') && !strchr(before, '/');
}

/* A suite names more than every machine has. */
static void offer_word(struct run *run, const char *word)
{
	const struct allocator *a = allocator_find(word, strcspn(word, ":="));
	char path[512];

	if (!a)
		run_skip(run, word, "this runner has no allocator of that name");
	else if (strchr(word, ':') && !a->init)
		run_skip(run, word, "it takes no options");
	else if (!allocator_locate(a, path, sizeof(path)))
		run_skip(run, word, path);
	else
		add_word(run, word);
}

static void add_list(struct run *run, const char *list, void (*add)(struct run *, const char *))
{
	char *copy = strdup(list), *save = NULL, arm[512] = "";

	if (!copy)
		die(EXIT_FAILED, "out of memory");
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		size_t n = strlen(arm);

		if (n && continues(arm, w)) {
			snprintf(arm + n, sizeof(arm) - n, ",%s", w);
			continue;
		}
		if (n)
			add(run, arm);
		snprintf(arm, sizeof(arm), "%s", w);
	}
	if (*arm)
		add(run, arm);
	free(copy);
}

static void add_variants(struct run *run, const struct allocator *a, const char *path)
{
	if (!a->variants[0])
		add_known(run, a, "", path);
	for (int i = 0; i < 4 && a->variants[i]; i++)
		add_known(run, a, a->variants[i], path);
}

static void add_default(struct run *run, bool want_baseline)
{
	const struct allocator *a;
	char path[512];

	for (size_t i = 0; (a = allocator_at(i)); i++) {
		if (a->is_null || a->is_baseline != want_baseline)
			continue;
		if (allocator_locate(a, path, sizeof(path)))
			add_variants(run, a, path);
		else
			run_skip(run, a->name, path);
	}
}

static void add_null(struct run *run)
{
	const struct allocator *a;

	for (size_t i = 0; (a = allocator_at(i)); i++)
		if (a->is_null)
			add_known(run, a, "", "");
}

static bool default_baseline(const struct arm *arm)
{
	const struct allocator *a = allocator_find(arm->allocator, strlen(arm->allocator));

	return a && a->is_baseline;
}

static struct arm *choose_baseline(struct run *run, const char *label)
{
	struct arm *first = NULL;

	for (int i = 0; i < run->nr_arms; i++) {
		struct arm *arm = &run->arms[i];

		if (arm->role != ARM_SUBJECT)
			continue;
		if (label ? !strcmp(arm->label, label) : default_baseline(arm))
			return arm;
		first = first ? first : arm;
	}
	if (label)
		die(EXIT_USAGE, "the baseline '%s' is not among the allocators; add it to -a",
		    label);
	if (!first)
		die(EXIT_USAGE, "no allocator to compare; name one with -a (./runner list)");
	return first;
}

static void add_control(struct run *run, struct arm *baseline)
{
	struct arm *control = new_arm(run);
	int position = control->position;

	baseline->role = ARM_BASELINE;
	*control = *baseline;
	control->position = position;
	control->role = ARM_CONTROL;
	snprintf(control->label, sizeof(control->label), "%.80s (control)", baseline->label);
}

void arms_resolve(struct run *run, const char *list, const char *baseline)
{
	add_null(run);
	if (list) {
		add_list(run, list, add_word);
	} else {
		add_default(run, true);
		add_default(run, false);
	}
	add_control(run, choose_baseline(run, baseline));
}

/* The variable that begins with one of @a's prefixes, or NULL. */
static const char *set_variable(const struct allocator *a)
{
	for (char **e = environ; *e; e++)
		for (int i = 0; i < 4 && a->env[i]; i++)
			if (!strncmp(*e, a->env[i], strlen(a->env[i])))
				return *e;
	return NULL;
}

/* As packaged is what a suite compares: an option of one allocator would speak for it. */
static void refuse_options(const struct run *run)
{
	for (int i = 0; i < run->nr_arms; i++) {
		const char *name = run->arms[i].allocator;
		const struct allocator *a = allocator_find(name, strlen(name));
		const char *set = a ? set_variable(a) : NULL;

		if (set)
			die(EXIT_USAGE,
			    "the environment sets %.*s, which changes %s; a suite compares "
			    "allocators as they are packaged: unset it",
			    (int)strcspn(set, "="), set, name);
	}
}

void arms_resolve_suite(struct run *run, const char *list, const char *own, const char *baseline)
{
	add_null(run);
	add_list(run, own ? own : list, own ? add_word : offer_word);
	refuse_options(run);
	add_control(run, choose_baseline(run, baseline));
}
