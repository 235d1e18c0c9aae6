// SPDX-License-Identifier: MIT
/* The images are made one after another by `runner prepare` children. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cells.h"
#include "channel.h"
#include "child.h"
#include "job.h"
#include "lib/die.h"
#include "suggest.h"

#define PREPARE_TIMEOUT_MS 120000

static void take_text(char *to, size_t len, const char *rest)
{
	snprintf(to, len, "%s", rest);
}

/* Why there is no image. */
struct refusal {
	char why[256];
	bool absent; /* it cannot run on this machine, whoever asks */
};

static void take_refusal(struct refusal *r, const char *line, const char *rest)
{
	r->absent = !strncmp(line, "absent ", 7);
	if (r->absent || !strncmp(line, "error ", 6))
		take_text(r->why, sizeof(r->why), rest);
}

static void take_line(struct cell *c, const char *line, struct refusal *r)
{
	const char *rest = strchr(line, ' ');

	if (!rest)
		return;
	rest++;
	if (!strncmp(line, "image-bytes ", 12))
		c->image_bytes = strtoull(rest, NULL, 10);
	else if (!strncmp(line, "alloc-bytes ", 12))
		c->alloc_bytes = strtoull(rest, NULL, 10);
	else if (!strncmp(line, "ops ", 4))
		c->ops = strtoull(rest, NULL, 10);
	else if (!strncmp(line, "params ", 7))
		take_text(c->params, sizeof(c->params), rest);
	else if (!strncmp(line, "note ", 5))
		take_text(c->note, sizeof(c->note), rest);
	else if (!strncmp(line, "hash ", 5))
		take_text(c->image_hash, sizeof(c->image_hash), rest);
	else if (!strncmp(line, "round-ns ", 9))
		c->round_ns = strtoull(rest, NULL, 10);
	else if (!strncmp(line, "elsewhere ", 10))
		c->elsewhere = atoi(rest);
	else
		take_refusal(r, line, rest);
}

/* Reads the prepare child's answers; true if it got to "prepared". */
static bool answers(struct child *child, struct cell *c, struct refusal *r)
{
	char line[1100];

	for (;;) {
		switch (child_read(child, PREPARE_TIMEOUT_MS, line, sizeof(line))) {
		case CHILD_NOTHING:
			child_kill(child);
			take_text(r->why, sizeof(r->why), "prepare took longer than two minutes");
			return false;
		case CHILD_ENDED:
			return false;
		case CHILD_LINE:
			take_line(c, line, r);
			if (strcmp(line, "prepared") && strcmp(line, "failed"))
				continue;
			child_go(child);
			return !strcmp(line, "prepared");
		}
	}
}

static struct job job_of(const struct run *run, const struct cell *c)
{
	struct job job = {
		.threads = c->threads, .rounds = c->rounds, .seed = run->seed, .scale = c->scale
	};

	snprintf(job.workload, sizeof(job.workload), "%s", c->workload);
	snprintf(job.script, sizeof(job.script), "%s", run->script);
	snprintf(job.dir, sizeof(job.dir), "%s", run->dir);
	return job;
}

static bool prepare(const struct run *run, struct cell *c, struct refusal *r)
{
	struct job job = job_of(run, c);
	struct child child;
	char words[192];
	bool ok;

	c->image_fd = memfd_create("image", MFD_CLOEXEC);
	if (c->image_fd < 0 || child_spawn(&child, job_words(&job, "prepare"),
					   &(struct child_env){ "", "" }, c->image_fd, -1))
		die(EXIT_FAILED, "prepare could not be started: %m");
	ok = answers(&child, c, r);
	child_last_words(&child, words, sizeof(words));
	child_reap(&child);
	if (!ok && !*r->why)
		take_text(r->why, sizeof(r->why), *words ? words : "prepare crashed");
	if (ok && !c->ops) {
		take_text(r->why, sizeof(r->why), "its plan has no operations");
		ok = false;
	}
	return ok;
}

/* {"threads":1,"scale":1,"files":"20000"} of "files=20000". */
static void write_json(struct cell *c)
{
	char copy[256], *save = NULL;
	size_t len = sizeof(c->params_json);
	size_t n = snprintf(c->params_json, len, "{\"threads\":%u,\"scale\":%.6g", c->threads,
			    c->scale);

	snprintf(copy, sizeof(copy), "%s", c->params);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *value = strchr(w, '=');

		if (!value || strpbrk(w, "\"\\") || n + strlen(w) + 8 > len)
			continue;
		*value++ = '\0';
		n += snprintf(c->params_json + n, len - n, ",\"%s\":\"%s\"", w, value);
	}
	snprintf(c->params_json + n, len - n, "}");
}

static const struct workload *find(const char *word)
{
	size_t n = strcspn(word, ":");
	const struct workload *w = workload_find(word, n);
	char name[64];
	struct suggest s = { .word = name };

	if (w && word[n] == ':' && !w->takes)
		die(EXIT_USAGE, "workload '%s' takes nothing behind a colon", w->name);
	if (w)
		return w;
	snprintf(name, sizeof(name), "%.*s", (int)n, word);
	for (size_t i = 0; (w = workload_at(i)); i++)
		suggest_offer(&s, w->name);
	die(EXIT_USAGE, "unknown workload '%s'%s (./runner list)", name, suggest_text(&s));
}

/*
 * The allocators that a cell's programs cannot be given are left out of it, by name. Without the
 * baseline there would be nothing to compare with.
 */
static void leave_out_arms(struct run *run, const char *word)
{
	char why[RUN_REASON] = "not applicable to allocators with functions of their own, which no "
			       "other program calls: ";
	size_t at = strlen(why), first = at;

	for (int i = 0; i < run->nr_arms; i++) {
		const struct arm *arm = &run->arms[i];

		if (arm->preloadable || arm->role == ARM_CONTROL)
			continue;
		if (arm->role == ARM_BASELINE)
			die(EXIT_USAGE,
			    "workload '%s' cannot run on the baseline '%s', whose functions no "
			    "other program calls; name another with --baseline",
			    word, arm->label);
		if (at < sizeof(why))
			at += (size_t)snprintf(why + at, sizeof(why) - at, "%s%s",
					       at > first ? ", " : "", arm->label);
	}
	if (at > first)
		run_skip(run, word, why);
}

static void add_cell(struct run *run, const struct cells_request *r, const char *word,
		     unsigned int threads, bool must)
{
	struct cell *c = &run->cells[run->nr_cells];
	struct refusal refusal = { .why = "" };

	if (run->nr_cells == RUN_MAX_CELLS)
		die(EXIT_USAGE, "more than %d cells; name fewer with -w and -t", RUN_MAX_CELLS);
	*c = (struct cell){ .threads = threads,
			    .scale = r->scale,
			    .rounds = r->rounds,
			    .position = run->nr_cells };
	take_text(c->workload, sizeof(c->workload), word);
	if (prepare(run, c, &refusal)) {
		write_json(c);
		run->nr_cells++;
		if (c->elsewhere)
			leave_out_arms(run, word);
		return;
	}
	close(c->image_fd);
	if (must && !refusal.absent)
		die(EXIT_USAGE, "workload '%s': %s", word, refusal.why);
	run_skip(run, word, refusal.why);
}

static unsigned int parse_count(const char *word)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (*end || end == word || !n || n > CHANNEL_MAX_THREADS)
		die(EXIT_USAGE, "-t %s: thread counts are 1 to %d, separated by commas", word,
		    CHANNEL_MAX_THREADS);
	return (unsigned int)n;
}

/* Programs of their own: as many at once as threads is a question to ask for, not the usual one. */
static bool is_elsewhere(const char *word)
{
	const struct workload *w = workload_find(word, strcspn(word, ":"));

	return w && w->elsewhere;
}

static void add_threads(struct run *run, const struct cells_request *r, const char *word, bool must)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	char *copy, *save = NULL;

	if (!r->threads) {
		add_cell(run, r, word, 1, must);
		if (cpus > 1 && !is_elsewhere(word))
			add_cell(run, r, word, cpus > 64 ? 64 : (unsigned int)cpus, must);
		return;
	}
	copy = strdup(r->threads);
	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		add_cell(run, r, word, parse_count(w), must);
	free(copy);
}

static void add_default(struct run *run, const struct cells_request *r)
{
	const struct workload *w;
	char word[256];

	for (size_t i = 0; (w = workload_at(i)); i++) {
		if (w->elsewhere || w->on_request)
			continue;
		if (!w->variants[0])
			add_threads(run, r, w->name, false);
		for (int v = 0; v < 4 && w->variants[v]; v++) {
			snprintf(word, sizeof(word), "%s:%s", w->name, w->variants[v]);
			add_threads(run, r, word, false);
		}
	}
}

void cells_check(const char *workloads)
{
	char *copy = strdup(workloads ? workloads : ""), *save = NULL;

	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		find(w);
	free(copy);
}

static void add_list(struct run *run, const struct cells_request *r)
{
	char *copy = strdup(r->workloads), *save = NULL;

	for (char *w = strtok_r(copy, ",", &save); w; w = strtok_r(NULL, ",", &save))
		add_threads(run, r, w, true);
	free(copy);
}

static void add_suite(struct run *run, const struct cells_request *r)
{
	for (int i = 0; i < r->suite->nr_cells; i++) {
		const struct suite_cell *c = &r->suite->cell[i];

		find(c->workload);
		if (c->quick || !r->quick)
			add_cell(run, r, c->workload, c->threads, true);
	}
}

void cells_resolve(struct run *run, const struct cells_request *r)
{
	if (r->suite)
		add_suite(run, r);
	else if (*run->script)
		add_threads(run, r, r->workloads, true);
	else if (r->workloads)
		add_list(run, r);
	else
		add_default(run, r);
	if (!run->nr_cells && run->nr_skipped)
		die(EXIT_USAGE, "no workload can run; %s: %s",
		    run->skipped[run->nr_skipped - 1].name,
		    run->skipped[run->nr_skipped - 1].reason);
	if (!run->nr_cells)
		die(EXIT_USAGE, "no workload to run; name one with -w (./runner list)");
}

void cells_release(struct run *run)
{
	for (int i = 0; i < run->nr_cells; i++)
		close(run->cells[i].image_fd);
}
