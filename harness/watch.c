// SPDX-License-Identifier: MIT
/* The stages of a trial, each with its part of one deadline. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "answer.h"
#include "channel.h"
#include "child.h"
#include "clock.h"
#include "job.h"
#include "lib/die.h"
#include "park.h"
#include "rss.h"
#include "timeline.h"
#include "watch.h"

#define SAMPLE_MS 1

volatile sig_atomic_t watch_interrupted;

struct watched {
	const struct run *run;
	struct trial *t;
	struct child child;
	struct rss rss;
	struct channel_shared *shared;
	int shared_fd;
	uint64_t deadline_ns;
	uint64_t begin_ns; /* of the watched round */
	struct timeline timeline;
};

/* The trial is over: keep the first reason. */
static void fail(struct watched *w, enum trial_status status, const char *why)
{
	if (w->t->status != TRIAL_OK)
		return;
	w->t->status = status;
	snprintf(w->t->reason, sizeof(w->t->reason), "%s", why);
}

static void open_shared(struct watched *w)
{
	w->shared_fd = memfd_create("live", MFD_CLOEXEC);
	if (w->shared_fd < 0 || ftruncate(w->shared_fd, sizeof(*w->shared)))
		die(EXIT_FAILED, "shared page: %m");
	w->shared =
		mmap(NULL, sizeof(*w->shared), PROT_READ | PROT_WRITE, MAP_SHARED, w->shared_fd, 0);
	if (w->shared == MAP_FAILED)
		die(EXIT_FAILED, "shared page: %m");
}

static void close_shared(struct watched *w)
{
	munmap(w->shared, sizeof(*w->shared));
	close(w->shared_fd);
}

static struct job job_of(const struct run *run, const struct trial *t)
{
	const struct cell *c = t->cell;
	struct job job = { .threads = c->threads,
			   .rounds = c->rounds,
			   .seed = run->seed,
			   .image_bytes = c->image_bytes,
			   .alloc_bytes = c->alloc_bytes,
			   .ops = c->ops,
			   .scale = c->scale };

	snprintf(job.workload, sizeof(job.workload), "%s", c->workload);
	snprintf(job.script, sizeof(job.script), "%s", run->script);
	snprintf(job.allocator, sizeof(job.allocator), "%s", t->arm->allocator);
	snprintf(job.options, sizeof(job.options), "%s", t->arm->options);
	snprintf(job.dir, sizeof(job.dir), "%s", run->dir);
	return job;
}

static void start(struct watched *w)
{
	struct child_env env = { w->t->arm->preload, w->t->arm->setting };
	struct job job = job_of(w->run, w->t);
	char why[128];
	int err;

	w->t->started_ns = clock_ns();
	err = child_spawn(&w->child, job_words(&job, "cell"), &env, w->t->cell->image_fd,
			  w->shared_fd);
	if (err) {
		snprintf(why, sizeof(why), "the child could not be started: %s", strerror(-err));
		fail(w, TRIAL_FAILED, why);
	}
}

/*
 * The child ended or gave up before the stage it owed. Its own error stands if it told one;
 * otherwise the signal and the last line of its stderr are the reason.
 */
static void post_mortem(struct watched *w)
{
	char words[160], why[256];
	int status;

	child_last_words(&w->child, words, sizeof(words));
	status = child_reap(&w->child);
	w->t->exit_status = status;
	if (status > 128)
		snprintf(why, sizeof(why), "died by signal %d%s%s", status - 128,
			 *words ? ": " : "", words);
	else
		snprintf(why, sizeof(why), "ended with status %d%s%s", status, *words ? ": " : "",
			 words);
	fail(w, TRIAL_FAILED, why);
}

static void kill_child(struct watched *w, enum trial_status status, const char *why)
{
	fail(w, status, why);
	child_kill(&w->child);
	w->t->exit_status = child_reap(&w->child);
}

static void sample(struct watched *w)
{
	int64_t live = channel_live_bytes(w->shared, w->t->cell->threads);
	struct trial_point p = { .t_ns = clock_ns() - w->begin_ns,
				 .live_bytes = live > 0 ? live : 0,
				 .rss_bytes = rss_held(&w->rss) };

	timeline_add(&w->timeline, p);
}

static bool watching(const struct watched *w)
{
	return __atomic_load_n(&w->shared->watching, __ATOMIC_ACQUIRE);
}

static void out_of_time(struct watched *w, const char *stage)
{
	char why[128];

	snprintf(why, sizeof(why), "did not get to '%s' in time", stage);
	kill_child(w, TRIAL_TIMEOUT, why);
}

/* Lines up to the word @stage. @each is called about every @step_ms while waiting. */
static bool await(struct watched *w, const char *stage, int step_ms, void (*each)(struct watched *))
{
	char line[1100];

	for (;;) {
		enum child_line got = child_read(&w->child, step_ms, line, sizeof(line));

		if (watch_interrupted) {
			kill_child(w, TRIAL_FAILED, "interrupted");
			return false;
		}
		if (got == CHILD_ENDED) {
			post_mortem(w);
			return false;
		}
		if (got == CHILD_LINE && !strcmp(line, stage))
			return true;
		if (got == CHILD_LINE && !answer_line(w->t, line)) {
			child_go(&w->child);
			post_mortem(w);
			return false;
		}
		if (each && got == CHILD_NOTHING)
			each(w);
		if (clock_ns() > w->deadline_ns) {
			out_of_time(w, stage);
			return false;
		}
	}
}

static void sample_round(struct watched *w)
{
	if (watching(w))
		sample(w);
	park_sample();
}

static void sample_parked(struct watched *w)
{
	(void)w;
	park_sample();
}

/* What was mapped is what was asked for, or the number would be about something else. */
static bool check_identity(struct watched *w)
{
	struct arm *arm = w->t->arm;
	char wanted[PATH_MAX], why[256];

	if (!*arm->preload || (realpath(arm->preload, wanted) && !strcmp(wanted, arm->path)))
		return true;
	snprintf(why, sizeof(why), "malloc is %.100s, not %.100s", arm->path, arm->preload);
	kill_child(w, TRIAL_INVALID, why);
	return false;
}

/* The null allocator's is none, and a cell that only starts other programs holds nothing itself. */
static bool has_memory(const struct watched *w)
{
	return w->t->arm->role != ARM_NULL && !w->t->cell->elsewhere;
}

static bool ready(struct watched *w)
{
	if (!await(w, "ready", 5, sample_parked) || !check_identity(w))
		return false;
	if (rss_open(&w->rss, w->child.pid)) {
		kill_child(w, TRIAL_FAILED, "its memory could not be read from /proc");
		return false;
	}
	return true;
}

static bool watched_round(struct watched *w)
{
	w->begin_ns = clock_ns();
	sample(w);
	child_go(&w->child);
	if (!await(w, "watched", SAMPLE_MS, sample_round))
		return false;
	if (has_memory(w)) {
		trial_add(w->t, "rss_peak_bytes", (double)rss_peak(&w->rss));
		timeline_finish(&w->timeline, w->t);
	}
	child_go(&w->child);
	return true;
}

/* One digest for all allocators of a cell: the first good trial's. */
static void check_digest(struct watched *w)
{
	struct cell *c = w->t->cell;
	char why[128];

	if (!c->have_digest) {
		c->digest = w->t->digest;
		c->have_digest = true;
	}
	if (w->t->digest == c->digest)
		return;
	snprintf(why, sizeof(why), "read back %016llx where the cell's other trials read %016llx",
		 (unsigned long long)w->t->digest, (unsigned long long)c->digest);
	fail(w, TRIAL_MISMATCH, why);
}

static void let_go(struct watched *w)
{
	child_go(&w->child);
	rss_close(&w->rss);
	w->t->exit_status = child_reap(&w->child);
	if (w->t->exit_status)
		fail(w, TRIAL_FAILED, "failed after its last answer");
}

static void drained(struct watched *w, bool stay)
{
	uint64_t at = clock_ns();

	check_digest(w);
	if (!has_memory(w) || w->t->status != TRIAL_OK)
		let_go(w);
	else
		park_child(&w->child, &w->rss, w->t, at, stay ? PARK_LONG : PARK_SHORT);
}

bool watch_trial(const struct run *run, struct trial *t, bool stay, unsigned int timeout_s)
{
	struct watched w = { .run = run, .t = t, .rss.statm = -1 };

	w.deadline_ns = clock_ns() + timeout_s * 1000000000ull;
	open_shared(&w);
	start(&w);
	if (t->status == TRIAL_OK && ready(&w) && watched_round(&w) &&
	    await(&w, "drained", 5, sample_parked))
		drained(&w, stay);
	else
		rss_close(&w.rss);
	timeline_free(&w.timeline);
	close_shared(&w);
	return !watch_interrupted;
}
