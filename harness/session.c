// SPDX-License-Identifier: MIT
/* One run from the command line to the exit code. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arms.h"
#include "cells.h"
#include "execute.h"
#include "lib/die.h"
#include "paths.h"
#include "plot.h"
#include "report.h"
#include "session.h"
#include "watch.h"

static char scratch[512];

static void remove_scratch(void)
{
	if (*scratch)
		paths_remove_dir(scratch);
}

/* Beside the database: the same file system for every run, and not a RAM disk. */
static void make_scratch(struct run *run)
{
	char dir[PATH_MAX];

	paths_dirname(run->db, dir, sizeof(dir));
	paths_make_dir(dir);
	snprintf(scratch, sizeof(scratch), "%.480s/slabbench.XXXXXX", dir);
	if (!mkdtemp(scratch))
		die(EXIT_STORAGE, "no directory for the workloads' files in %s: %m", dir);
	atexit(remove_scratch);
	snprintf(run->dir, sizeof(run->dir), "%s", scratch);
}

static bool needs_quotes(const char *word)
{
	return !*word || word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789-_=:,./+@%")];
}

/* The command that repeats the run: the words as typed, and the seed in any case. */
static void write_command(struct run *run, const char *verb, int argc, char **argv)
{
	size_t n = snprintf(run->command, sizeof(run->command), "./runner %s", verb);
	bool seed = false;

	for (int i = 1; i < argc && n < sizeof(run->command); i++) {
		const char *q = needs_quotes(argv[i]) ? "'" : "";

		seed |= !strncmp(argv[i], "--seed", 6);
		n += snprintf(run->command + n, sizeof(run->command) - n, " %s%s%s", q, argv[i], q);
	}
	if (!seed && n < sizeof(run->command))
		snprintf(run->command + n, sizeof(run->command) - n, " --seed %llu",
			 (unsigned long long)run->seed);
}

static void say_plan(const struct run *run)
{
	double s = execute_estimate_s(run);
	int subjects = run->nr_arms - 2;

	fprintf(stderr,
		"plan: %d allocators, a second %s as control and the null row; %d cells, %d blocks:"
		" %d trials, about %d min %02d s\n",
		subjects, "baseline", run->nr_cells, run->blocks, run_nr_trials(run), (int)s / 60,
		(int)s % 60);
	for (int i = 0; i < run->nr_skipped; i++)
		fprintf(stderr, "left out: %s: %s\n", run->skipped[i].name, run->skipped[i].reason);
}

static void dry_run(const struct run *run)
{
	for (int i = 0; i < run->nr_cells; i++)
		printf("cell %s threads=%u scale=%g%s%s: %llu operations, image %.1f MiB %s\n",
		       run->cells[i].workload, run->cells[i].threads, run->cells[i].scale,
		       run->cells[i].params[0] ? " " : "", run->cells[i].params,
		       (unsigned long long)run->cells[i].ops,
		       (double)run->cells[i].image_bytes / 1048576, run->cells[i].image_hash);
	for (int i = 0; i < run->nr_arms; i++)
		printf("allocator %s %s\n", run->arms[i].label, run->arms[i].preload);
	exit(EXIT_FINE);
}

static void load_suite(struct session *s)
{
	static char text[SUITE_TEXT];
	struct options *o = &s->options;

	suite_load(&s->suite, o->suite, text);
	snprintf(s->run.suite, sizeof(s->run.suite), "%s", s->suite.name);
	s->run.suite_text = text;
	o->rounds = o->rounds ? o->rounds : s->suite.rounds ? s->suite.rounds : 2;
	o->scale = o->scale > 0 ? o->scale : s->suite.scale > 0 ? s->suite.scale : 1;
}

static void choose_arms(struct session *s)
{
	const struct options *o = &s->options;

	if (o->suite)
		arms_resolve_suite(&s->run, s->suite.allocators, o->allocators, o->baseline);
	else
		arms_resolve(&s->run, o->allocators, o->baseline);
}

static struct cells_request request_of(const struct session *s)
{
	const struct options *o = &s->options;

	return (struct cells_request){ .workloads = o->workloads,
				       .threads = o->threads,
				       .scale = o->scale,
				       .rounds = o->rounds,
				       .suite = o->suite ? &s->suite : NULL,
				       .quick = o->quick };
}

void session_plan(struct session *s, const char *kind, const char *verb, int argc, char **argv,
		  const char *script)
{
	struct options *o = &s->options;
	struct run *run = &s->run;
	struct cells_request request;

	if (o->suite)
		load_suite(s);
	run->kind = kind;
	run->seed = o->seed;
	run->blocks = o->blocks;
	run->quick = o->quick;
	snprintf(run->script, sizeof(run->script), "%s", script);
	if (o->db)
		snprintf(run->db, sizeof(run->db), "%s", o->db);
	else
		paths_default_db(run->db, sizeof(run->db));
	write_command(run, verb, argc, argv);
	choose_arms(s);
	if (!*script)
		cells_check(o->workloads);
	/* A database that cannot be used is told at once; a new one is made later. */
	if (!o->dry_run && !access(run->db, F_OK))
		s->store = store_open(run->db);
	make_scratch(run);
	request = request_of(s);
	cells_resolve(run, &request);
	say_plan(run);
	if (o->dry_run)
		dry_run(run);
	if (!s->store)
		s->store = store_open(run->db);
}

static void on_signal(int signal)
{
	(void)signal;
	watch_interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void choose_out(struct session *s)
{
	char dir[PATH_MAX];

	if (s->options.out) {
		snprintf(s->run.out, sizeof(s->run.out), "%s", s->options.out);
		return;
	}
	paths_dirname(s->run.db, dir, sizeof(dir));
	snprintf(s->run.out, sizeof(s->run.out), "%.4000s/runs/%s", dir, s->run.id);
}

bool session_measure(struct session *s)
{
	bool whole;

	catch_signals();
	store_begin(s->store, &s->run);
	choose_out(s);
	whole = execute_run(&s->run, s->store, s->options.timeout_s);
	store_end(s->store, &s->run, whole ? "complete" : "interrupted");
	cells_release(&s->run);
	if (!whole) {
		fprintf(stderr, "interrupted: the blocks that were complete are in %s, run %s\n",
			s->run.db, s->run.id);
		return false;
	}
	paths_make_dir(s->run.out);
	s->pictures = plot_run(s->store, s->run.id, s->run.out);
	return true;
}

int session_report(struct session *s)
{
	switch (s->options.output) {
	case OUTPUT_CSV:
		report_csv(stdout, s->store, s->run.id);
		break;
	case OUTPUT_MARKDOWN:
		report_markdown(stdout, s->store, s->run.id);
		break;
	case OUTPUT_JSON:
		report_json(stdout, s->store, s->run.id, s->run.db, s->pictures);
		break;
	case OUTPUT_TABLE:
		report_table(stdout, s->store, s->run.id);
		for (char **p = s->pictures; p && *p; p++)
			printf("picture %s\n", *p);
		break;
	}
	fflush(stdout);
	return report_exit_code(s->store, s->run.id);
}

void session_close(struct session *s)
{
	plot_free(s->pictures);
	if (s->store)
		store_close(s->store);
}
