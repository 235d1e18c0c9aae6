/* SPDX-License-Identifier: MIT */
/*
 * From what the user wrote behind "trace:" to a file. A word with a slash, or one that ends in .ktr
 * or .ktr.zst, is a path. Any other is the name of a shipped trace, NAME.ktr.zst in the first of
 * these folders that has it: $SLABBENCH_TRACES, and relative to the program's own folder
 * ../workloads/traces (a checkout) and ../share/slabbench/traces or
 * ../share/slabbench/workloads/traces (installed). One thread.
 */
#ifndef WORKLOADS_TRACE_FIND_H
#define WORKLOADS_TRACE_FIND_H

#include <stddef.h>

/* Returns 0 with the path in @path, or -1 with a sentence in @why that lists the shipped names. */
int trace_find(const char *arg, char *path, size_t path_len, char *why, size_t why_len);

#endif
