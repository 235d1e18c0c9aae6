// SPDX-License-Identifier: MIT
/*
 * The stack depot: a hash table of chains over an area that only grows. A stack is published by the
 * release store of its bucket's head and never changes afterwards, so lookups need no lock; adding
 * takes one. See stackdepot.h.
 */
#include "stackdepot.h"

#include <errno.h>
#include <string.h>
#include <unwind.h>

#include "lib/bits.h"
#include "lock.h"
#include "lib/random.h"
#include "os.h"

#define BUCKET_BITS 14u
#define NR_BUCKETS  (1u << BUCKET_BITS)

/* Address space for about half a million stacks of 16 addresses. */
#define AREA_BYTES ((size_t)64 << 20)

/* A handle is an offset in the area, in these units; 0 is the area's head, never a stack. */
#define HANDLE_SHIFT 3u

struct stack {
	uint32_t next; /* in its bucket; 0 ends the chain */
	uint32_t nr;
	uint64_t hash;
	uintptr_t addresses[];
};

/* What the area begins with. */
struct head {
	uint32_t buckets[NR_BUCKETS];
};

static struct depot {
	struct lock lock; /* used, nr, and the heads of chains for writing */
	char *area;	  /* NULL before stackdepot_init() */
	size_t used;
	size_t nr;
} depot;

static char *area(void)
{
	return __atomic_load_n(&depot.area, __ATOMIC_ACQUIRE);
}

static void warm_up(void)
{
	uintptr_t addresses[STACKDEPOT_FRAMES];

	stackdepot_capture(addresses, STACKDEPOT_FRAMES, NULL);
}

int stackdepot_init(void)
{
	char *p = area();

	if (p)
		return 0;
	warm_up();
	lock_acquire(&depot.lock);
	p = depot.area;
	if (!p) {
		p = os_map(AREA_BYTES);
		depot.used = sizeof(struct head);
		__atomic_store_n(&depot.area, p, __ATOMIC_RELEASE);
	}
	lock_release(&depot.lock);
	return p ? 0 : -ENOMEM;
}

void stackdepot_exit(void)
{
	if (depot.area)
		os_unmap(depot.area, AREA_BYTES);
	depot = (struct depot){ .nr = 0 };
}

static struct stack *stack_at(char *base, uint32_t handle)
{
	return (struct stack *)(void *)(base + ((size_t)handle << HANDLE_SHIFT));
}

static uint32_t *bucket(char *base, uint64_t hash)
{
	return &((struct head *)(void *)base)->buckets[hash_64(hash, BUCKET_BITS)];
}

static uint64_t hash_of(const uintptr_t *addresses, unsigned int nr)
{
	uint64_t hash = nr;

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t state = hash ^ addresses[i];

		hash = random_mix(&state);
	}
	return hash;
}

static uint32_t find(char *base, uint64_t hash, const uintptr_t *addresses, unsigned int nr)
{
	uint32_t handle = __atomic_load_n(bucket(base, hash), __ATOMIC_ACQUIRE);

	while (handle) {
		const struct stack *s = stack_at(base, handle);

		if (s->hash == hash && s->nr == nr &&
		    !memcmp(s->addresses, addresses, nr * sizeof(*addresses)))
			break;
		handle = s->next;
	}
	return handle;
}

/* The lock is held; nobody has added this stack. */
static uint32_t add(uint64_t hash, const uintptr_t *addresses, unsigned int nr)
{
	size_t bytes = sizeof(struct stack) + nr * sizeof(*addresses);
	uint32_t *head = bucket(depot.area, hash);
	uint32_t handle = (uint32_t)(depot.used >> HANDLE_SHIFT);
	struct stack *s = stack_at(depot.area, handle);

	if (depot.used + bytes > AREA_BYTES)
		return 0;
	depot.used += bytes;
	depot.nr++;
	s->next = *head;
	s->nr = nr;
	s->hash = hash;
	memcpy(s->addresses, addresses, nr * sizeof(*addresses));
	__atomic_store_n(head, handle, __ATOMIC_RELEASE);
	return handle;
}

uint32_t stackdepot_save(const uintptr_t *addresses, unsigned int nr)
{
	char *base = area();
	uint32_t handle;
	uint64_t hash;

	nr = (unsigned int)min_size(nr, STACKDEPOT_FRAMES);
	if (!base || !nr)
		return 0;
	hash = hash_of(addresses, nr);
	handle = find(base, hash, addresses, nr);
	if (handle)
		return handle;
	lock_acquire(&depot.lock);
	handle = find(base, hash, addresses, nr);
	if (!handle)
		handle = add(hash, addresses, nr);
	lock_release(&depot.lock);
	return handle;
}

unsigned int stackdepot_fetch(uint32_t handle, const uintptr_t **addresses)
{
	const struct stack *s;

	if (!handle)
		return 0;
	s = stack_at(area(), handle);
	*addresses = s->addresses;
	return s->nr;
}

struct capture {
	uintptr_t *addresses;
	unsigned int nr;
	unsigned int max;
	const void *caller;
};

/* The walk begins anew at the caller: what came before is libslab. */
static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *arg)
{
	struct capture *c = arg;
	uintptr_t ip = _Unwind_GetIP(context);

	if (!ip)
		return _URC_END_OF_STACK;
	if (c->caller && ip == (uintptr_t)c->caller) {
		c->nr = 0;
		c->caller = NULL;
	}
	if (c->nr < c->max)
		c->addresses[c->nr++] = ip;
	return c->nr == c->max && !c->caller ? _URC_END_OF_STACK : _URC_NO_REASON;
}

unsigned int stackdepot_capture(uintptr_t *addresses, unsigned int max, const void *caller)
{
	struct capture c = { .addresses = addresses, .max = max, .caller = caller };

	_Unwind_Backtrace(visit, &c);
	return c.nr;
}

size_t stackdepot_nr(void)
{
	size_t nr;

	lock_acquire(&depot.lock);
	nr = depot.nr;
	lock_release(&depot.lock);
	return nr;
}

size_t stackdepot_bytes(void)
{
	size_t used;

	lock_acquire(&depot.lock);
	used = depot.used;
	lock_release(&depot.lock);
	return used;
}
