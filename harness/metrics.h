/* SPDX-License-Identifier: MIT */
/*
 * Every metric the harness knows: unit, direction, floors and what it means. A workload's counters
 * join them at run time. The table is copied into the database, so a reader needs no source.
 */
#ifndef HARNESS_METRICS_H
#define HARNESS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

struct metric {
	const char *name;
	const char *unit;  /* "ns", "bytes", "ratio", "count", "1/s" */
	int better;	   /* -1: less is better, 1: more, 0: neither */
	double rel_floor;  /* relative difference that does not matter */
	double abs_floor;  /* the quantum: absolute differences up to it do not matter */
	bool judged;	   /* compare gives a verdict: part of the family that is adjusted for */
	bool shown;	   /* a line of the terminal's table */
	const char *label; /* in the table: "ns/op" */
	const char *summary;
};

/* metrics.c: the table; NULL-named end. */
extern const struct metric metrics[];
const struct metric *metric_find(const char *name);

#endif
