// SPDX-License-Identifier: MIT
/* A stack that is pushed one by one and taken as a whole, so no entry can come back under a push.
 */
#include "defer.h"

/* May alias, because the bytes were the user's object a moment ago. */
struct deferred {
	void *next;
} __attribute__((may_alias));

void *slab_deferred;

static void (*give_object)(const void *object);

void defer_init(void (*give)(const void *object))
{
	give_object = give;
}

void defer_push(void *object)
{
	struct deferred *d = object;
	void *head = __atomic_load_n(&slab_deferred, __ATOMIC_RELAXED);

	do
		d->next = head;
	while (!__atomic_compare_exchange_n(&slab_deferred, &head, object, true, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED));
}

void defer_drain_slow(void)
{
	void *object = __atomic_exchange_n(&slab_deferred, NULL, __ATOMIC_ACQUIRE);

	while (object) {
		void *next = ((struct deferred *)object)->next;

		give_object(object);
		object = next;
	}
}
