/* SPDX-License-Identifier: MIT */
/*
 * Objects in slots, one replaced after the other: what `sizes` and `larson` have in common. An op
 * names a slot and a size; the slot's object is read and freed, a new one takes its place and gets
 * its first word. Nothing else of an object is touched. Sites change with the slot, so that the
 * partitions of an allocator that has some are all in use.
 */
#ifndef WORKLOADS_CHURN_H
#define WORKLOADS_CHURN_H

#include <stdint.h>

#include "digest.h"
#include "plan.h"
#include "workload.h"

#define CHURN_MIN_BYTES 8u /* the word that is written and read */
#define CHURN_NR_SITES	8u

struct churn_op {
	uint32_t slot;
	uint32_t bytes; /* CHURN_MIN_BYTES or more */
};

struct churn_slot {
	void *p; /* NULL: empty */
	uint64_t bytes;
};

/* Four types with pointers, four without; they are names only, as sizes are drawn. */
#define CHURN_SITE(name, pointers)                                                                 \
	{                                                                                          \
		.type = name, .token = SITE_TOKEN_UNSET, .gfp = SITE_GFP_KERNEL,                   \
		.has_pointers = (pointers)                                                         \
	}

static struct alloc_site churn_sites[CHURN_NR_SITES] = {
	CHURN_SITE("struct churn_node", true),	CHURN_SITE("struct churn_list", true),
	CHURN_SITE("struct churn_tree", true),	CHURN_SITE("struct churn_table", true),
	CHURN_SITE("struct churn_text", false), CHURN_SITE("struct churn_sum", false),
	CHURN_SITE("struct churn_line", false), CHURN_SITE("struct churn_point", false),
};

/* Empty @s; the sum of what was read. */
static inline uint64_t churn_empty(struct wl_thread *t, struct churn_slot *s)
{
	uint64_t word;

	if (!s->p)
		return 0;
	word = digest_load(s->p);
	wl_free(t, s->p, s->bytes);
	s->p = NULL;
	return word;
}

/* Replace @nr objects; object i gets the word @word + i. Adds to t->digest; stops on failure. */
static inline void churn_run(struct wl_thread *t, const struct churn_op *op, uint32_t nr,
			     struct churn_slot *slots, uint64_t word)
{
	uint64_t sum = 0;

	for (const struct churn_op *end = op + nr; op < end; op++, word++) {
		struct churn_slot *s = &slots[op->slot];

		sum += churn_empty(t, s);
		s->p = wl_alloc(t, op->bytes, &churn_sites[op->slot % CHURN_NR_SITES]);
		if (unlikely(!s->p)) {
			wl_fail(t, WL_OUT_OF_MEMORY);
			break;
		}
		s->bytes = op->bytes;
		digest_store(s->p, word);
	}
	t->digest += sum;
}

static inline void churn_end(struct wl_thread *t, struct churn_slot *slots, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		t->digest += churn_empty(t, &slots[i]);
}

#endif
