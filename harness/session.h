/* SPDX-License-Identifier: MIT */
/*
 * What compare, run and nightly have in common: plan, say the plan, measure, store, draw, show.
 * The database is opened before anything is measured and every block is in it before anything is
 * judged.
 */
#ifndef HARNESS_SESSION_H
#define HARNESS_SESSION_H

#include "options.h"
#include "run.h"
#include "store.h"
#include "suite.h"

struct session {
	struct options options;
	struct suite suite; /* of --suite */
	struct run run;
	struct store *store;
	char **pictures;
};

/* @verb and @argv as typed, for the command that repeats the run. @script: "" or a shared object.
 */
void session_plan(struct session *s, const char *kind, const char *verb, int argc, char **argv,
		  const char *script);
/* Measure, store and draw. False if interrupted. */
bool session_measure(struct session *s);
/* Print what was asked for on stdout; the exit code of the run. */
int session_report(struct session *s);
void session_close(struct session *s);

#endif
