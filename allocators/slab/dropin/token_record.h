/* SPDX-License-Identifier: MIT */
/*
 * What libslab-malloc.so writes with the option token_stats=FILE: a file of one head and a record
 * for each process image that ran with it. It is mapped shared, so what was counted is there
 * however a process ended. Numbers of a record are relaxed atomics while its process runs.
 */
#ifndef SLAB_DROPIN_TOKEN_RECORD_H
#define SLAB_DROPIN_TOKEN_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define TOKEN_RECORD_MAGIC   0x316e656b6f746273u /* "sbtoken1" in memory */
#define TOKEN_RECORD_SLOTS   256u
#define TOKEN_RECORD_IMAGES  1024u /* processes beyond are counted in the head only */
#define TOKEN_RECORD_PROGRAM 112u

/*
 * Objects and the bytes that were asked for. A realloc() that stays where it is makes no object,
 * its growth counts as bytes. Live: allocated and not freed by the same process; at its end that is
 * what is left. Peak: the most that were live at once, objects and bytes each by itself.
 */
struct token_count {
	uint64_t objects;
	uint64_t tokened; /* those of them that AllocToken calls made */
	uint64_t bytes;
	uint64_t live_objects;
	uint64_t live_bytes;
	uint64_t peak_objects;
	uint64_t peak_bytes;
};

struct token_record {
	int32_t pid; /* 0: nothing is written here */
	uint32_t nr_slots;
	char partition[16]; /* the mode: "typed" */
	char program[TOKEN_RECORD_PROGRAM];
	struct token_count all;
	struct token_count untokened; /* the part of all that no AllocToken call made */
	struct token_count slots[TOKEN_RECORD_SLOTS]; /* by set of kmalloc caches; together all */
	uint64_t reserved[20];
};
_Static_assert(sizeof(struct token_record) == 14744, "written by one program, read by another");

struct token_file {
	uint64_t magic;
	uint64_t nr_images; /* that asked for a record, also in vain */
	uint64_t reserved[510];
	struct token_record records[TOKEN_RECORD_IMAGES];
};

#endif
