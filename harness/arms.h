/* SPDX-License-Identifier: MIT */
/*
 * From the text of `-a` to the arms of a run: NAME, NAME:OPTIONS or NAME=PATH, separated by commas.
 * An allocator that was named and cannot be had ends the program; one that is only part of the
 * default list is skipped with its reason.
 */
#ifndef HARNESS_ARMS_H
#define HARNESS_ARMS_H

#include "run.h"

/*
 * Fill run->arms: the null allocator first, then those of @list (NULL: every one that is installed,
 * with its variants), the baseline twice. @baseline: label to take ratios to, NULL for the default.
 */
void arms_resolve(struct run *run, const char *list, const char *baseline);

/*
 * The same for a suite: of its @list what is absent is skipped with the reason, unless the user
 * named @own ones. Dies if the environment sets an option of one of them.
 */
void arms_resolve_suite(struct run *run, const char *list, const char *own, const char *baseline);

#endif
