/* SPDX-License-Identifier: MIT */
/*
 * A doubly linked list with a head of one pointer, for hash buckets and child lists: twice as many
 * buckets fit a cache line as with lib/list.h, and an entry leaves without knowing its head.
 * Nothing is allocated; the owner of the list guards it. An entry on no list has a NULL pprev.
 */
#ifndef WORKLOADS_HLIST_H
#define WORKLOADS_HLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/list.h"

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return !node->pprev;
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	node->next = head->first;
	node->pprev = &head->first;
	if (head->first)
		head->first->pprev = &node->next;
	head->first = node;
}

/* Does nothing to an entry that is on no list. */
static inline void hlist_del(struct hlist_node *node)
{
	if (hlist_unhashed(node))
		return;
	*node->pprev = node->next;
	if (node->next)
		node->next->pprev = node->pprev;
	node->next = NULL;
	node->pprev = NULL;
}

#endif
