/* SPDX-License-Identifier: MIT */
/*
 * A circular doubly linked list whose links live in the listed structure: the head is a link too,
 * so that insertion and removal have no special case. Nothing is allocated. The caller holds
 * whatever lock guards the list. An entry on no list points at itself (list_init) or is not looked
 * at.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_head {
	struct list_head *next, *prev;
};

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define list_entry(ptr, type, member)	     container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)  list_entry((head)->prev, type, member)

#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)

/* The link of an entry by arithmetic alone: at the end of a walk @pos is the head, not an entry. */
#define list_link_of(pos, member)                                                                  \
	((struct list_head *)(void *)((char *)(pos) + offsetof(__typeof__(*(pos)), member)))

#define list_next_entry(pos, member)                                                               \
	list_entry(list_link_of(pos, member)->next, __typeof__(*(pos)), member)

#define list_for_each_entry(pos, head, member)                                                     \
	for (pos = list_first_entry(head, __typeof__(*pos), member);                               \
	     list_link_of(pos, member) != (head); pos = list_next_entry(pos, member))

/* As above; the body may remove @pos. */
#define list_for_each_entry_safe(pos, tmp, head, member)                                           \
	for (pos = list_first_entry(head, __typeof__(*pos), member),                               \
	    tmp = list_next_entry(pos, member);                                                    \
	     list_link_of(pos, member) != (head); pos = tmp, tmp = list_next_entry(tmp, member))

static inline void list_init(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline void list_link(struct list_head *entry, struct list_head *prev,
			     struct list_head *next)
{
	next->prev = entry;
	entry->next = next;
	entry->prev = prev;
	prev->next = entry;
}

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	list_link(entry, head, head->next);
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	list_link(entry, head->prev, head);
}

/* The entry is left pointing at itself, so that a second removal does no harm. */
static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
	list_init(entry);
}

static inline void list_move(struct list_head *entry, struct list_head *head)
{
	list_del(entry);
	list_add(entry, head);
}

#endif
