/* SPDX-License-Identifier: MIT */
/*
 * The dictionary of a compiled trace: which call sites, caches and classes (a size from a site, or
 * a cache) its events name, numbered in the order of first use. One thread, the one that compiles.
 */
#ifndef WORKLOADS_TRACE_DICT_H
#define WORKLOADS_TRACE_DICT_H

#include <stdint.h>

#include "ktr.h"
#include "trace_image.h"
#include "workload.h"

/* Numbers of the recording that are used, and the new ones they get. */
struct trace_used {
	uint32_t *index; /* by old number: the new one + 1, 0 if unused */
	uint32_t *list;	 /* by new number: the old one */
	uint32_t nr;
};

struct trace_dict {
	const struct ktr *k;
	struct trace_used caches; /* old: the recorded index */
	struct trace_used sites;  /* old: recorded site and gfp together */
	struct trace_class *classes;
	uint32_t nr_classes;
	uint32_t *hash; /* of classes + 1 */
	unsigned int hash_bits;
};

/* Returns 0, or -1 when memory is out; trace_dict_free() is due in both cases. */
int trace_dict_init(struct trace_dict *d, const struct ktr *k);
void trace_dict_free(struct trace_dict *d);

/* The class of event @i, an allocation. UINT32_MAX: there are more than an operation can name. */
uint32_t trace_dict_class(struct trace_dict *d, uint32_t i);

/* Write classes, caches and sites as pieces of the image that begins with @image. */
void trace_dict_write(const struct trace_dict *d, struct wl_plan *plan, struct trace_image *image);

#endif
