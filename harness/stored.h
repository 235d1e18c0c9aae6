/* SPDX-License-Identifier: MIT */
/* A stored run as the commands that show one again name it: the beginning of its id, or nothing. */
#ifndef HARNESS_STORED_H
#define HARNESS_STORED_H

#include <limits.h>

#include "options.h"
#include "store.h"

struct stored {
	struct options options;
	char db[PATH_MAX];
	char id[64];
	struct store *store; /* open for reading; the caller closes it */
};

/*
 * Parse "[RUN] [OPTION...]" of the command @verb, open the database and find the run, the newest
 * complete one if none is named. Dies with a sentence on a mistake.
 */
void stored_open(struct stored *s, const char *verb, int argc, char **argv);

#endif
