/* SPDX-License-Identifier: MIT */
/*
 * The records that pass between the modules of the harness: what is to be run, and what one trial
 * measured. Filled by plan.c and watch.c, stored by store.c. Owned by the parent's main thread.
 */
#ifndef HARNESS_TRIAL_H
#define HARNESS_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum trial_status {
	TRIAL_OK,
	TRIAL_FAILED,	/* exited with an error, died by a signal, or its round was void */
	TRIAL_TIMEOUT,	/* killed by the runner */
	TRIAL_MISMATCH, /* its digest differs from the cell's */
	TRIAL_INVALID,	/* the allocator that was mapped is not the one asked for */
	TRIAL_OUTGROWN, /* the null allocator's map was too small for the cell */
};

enum arm_role { ARM_SUBJECT, ARM_BASELINE, ARM_CONTROL, ARM_NULL };

/* One allocator of a run. */
struct arm {
	char label[96];	    /* as the user wrote it; the control: "libc (control)" */
	char allocator[64]; /* registry name, "external" for NAME=PATH */
	char options[192];  /* text behind the colon */
	char preload[512];  /* path put into LD_PRELOAD, "" for none */
	char setting[256];  /* NAME=VALUE for the environment, "" for none */
	enum arm_role role;
	bool preloadable; /* it is the malloc of other programs as well, or can be put there */
	bool is_own;	  /* the project's own allocator, not a peer */
	int position;
	int64_t store_id; /* arm.id in the database, 0 before it is stored */
	/* Proven by the first trial's child. */
	char path[512];
	char build_id[64];
	char version[64];
	char mode[192];
	char token[16];
};

/* One workload with parameters. */
struct cell {
	char workload[256];    /* with its argument: "trace:dentry-xfs" */
	char params[256];      /* what prepare() said, "files=20000" */
	char params_json[512]; /* {"threads":2,"scale":1,"files":"20000"} */
	char note[256];
	unsigned int threads;
	double scale;
	int position;
	int image_fd;
	uint64_t image_bytes;
	char image_hash[40]; /* hex XXH3-128 */
	uint64_t ops;
	uint64_t alloc_bytes;
	uint64_t round_ns;   /* what prepare() expects of a round, 0: goes by ops */
	bool elsewhere;	     /* other programs do the work: no memory is read, see workload.h */
	unsigned int rounds; /* timed rounds per trial */
	int64_t store_id;
	bool have_digest;
	uint64_t digest; /* of the first trial that was ok */
};

struct trial_metric {
	char name[48];
	double value;
};

struct trial_point {
	uint64_t t_ns, live_bytes, rss_bytes;
};

struct trial_bucket {
	double low_ns;
	uint64_t calls;
};

struct trial_alignment {
	uint32_t size_class, divisor;
	uint64_t requests;
};

#define TRIAL_MAX_METRICS   64
#define TRIAL_MAX_POINTS    128
#define TRIAL_MAX_BUCKETS   2048
#define TRIAL_MAX_ALIGNMENT 512
#define TRIAL_MAX_SLABINFO  65536

/* One trial: a cell on an arm in a block. */
struct trial {
	struct cell *cell;
	struct arm *arm;
	int block, position;
	uint64_t started_ns;
	enum trial_status status;
	int exit_status;
	uint64_t digest;
	char reason[256];
	char note[256];
	int nr_metrics, nr_points, nr_buckets, nr_alignment;
	struct trial_metric metric[TRIAL_MAX_METRICS];
	struct trial_point point[TRIAL_MAX_POINTS];
	struct trial_bucket bucket[TRIAL_MAX_BUCKETS];
	struct trial_alignment alignment[TRIAL_MAX_ALIGNMENT];
	bool have_slab_use;
	uint64_t slab_use[10];
	size_t slabinfo_len;
	char slabinfo[TRIAL_MAX_SLABINFO]; /* lines, as the child sent them; "": none */
};

/* "ok", "failed", ... as in schema.sql. */
const char *trial_status_name(enum trial_status status);
const char *arm_role_name(enum arm_role role);

/* Add a metric; more than TRIAL_MAX_METRICS is a bug of the caller and ends the program. */
void trial_add(struct trial *t, const char *name, double value);
/* The metric's value, or NAN. */
double trial_metric(const struct trial *t, const char *name);

#endif
