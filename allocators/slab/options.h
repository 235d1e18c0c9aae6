/* SPDX-License-Identifier: MIT */
/*
 * The option string of slab_boot(): one table names every option, parses it and prints the value in
 * effect. slab.h describes the options to users.
 */
#ifndef SLAB_OPTIONS_H
#define SLAB_OPTIONS_H

#include "cache.h"
#include "classes.h"
#include "debug_flags.h"
#include "failslab.h"
#include "kfence.h"
#include "partition.h"
#include "text.h"

enum sheaf_rule { SHEAVES_KERNEL, SHEAVES_GROW };
enum slab_engine { ENGINE_SHEAF, ENGINE_CPUSLAB };

struct options {
	enum slab_engine engine;
	enum partition_mode partition;
	enum class_scheme classes;
	enum sheaf_rule sheaves;
	uint64_t partitions;
	uint64_t min_align;
	bool seed_given;
	uint64_t seed;
	uint64_t cpus;
	uint64_t slab_min_order;
	uint64_t slab_max_order;
	uint64_t slab_min_objects;
	uint64_t merge;
	struct debug_policy debug;
	struct failslab failslab;
	uint64_t panic_on_error;
	uint64_t range_bytes;
	uint64_t reserve;
	uint64_t dirty_bytes;
	uint64_t purge_ms;
	uint64_t purge_thread;
	uint64_t stats;
	uint64_t page_bytes;
	uint64_t nodes; /* 0: those of the system */
	uint64_t shuffle;
	uint64_t virtual;
	uint64_t freelist_hardened;
	uint64_t freelist_random;
	uint64_t buckets;
	uint64_t init_on_alloc;
	uint64_t init_on_free;
	uint64_t kfence_interval_ms;
	uint64_t kfence_objects;
	uint64_t kfence_burst;
	uint64_t limit_bytes; /* 0: none */
	uint64_t warn;
	uint64_t vmalloc_bytes;
	uint64_t profiling;
	uint64_t single_thread;
};

/* The defaults; asks the system for the CPUs. */
void options_default(struct options *o);

/* Read @string (NULL is "") over the defaults in @o. 0, or -EINVAL with a sentence in @why. */
int options_parse(struct options *o, const char *string, struct text *why);

/* Append the value of option @name; -ENOENT if there is none of that name. */
int options_print(const struct options *o, const char *name, struct text *t);

#endif
