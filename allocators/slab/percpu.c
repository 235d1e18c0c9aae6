// SPDX-License-Identifier: MIT
/*
 * Threads, their blocks of arrays, and the slots of caches. percpu_lock guards the lists and the
 * slots; a block's arrays are its thread's alone (types.h says who else, and when). See percpu.h.
 */
#include "percpu.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "os.h"
#include "partial.h"

#define SLOT_BYTES    PERCPU_SLOT_BYTES
#define BLOCK_BYTES   ((size_t)PERCPU_BLOCK_BYTES)
#define NR_SLOT_SIZES 4 /* arrays of 64, 128, 256 and 512 bytes */

/* What a block begins with; slot 0 is the array of caches without one: empty and full for ever. */
struct thread_block {
	char none[SLOT_BYTES];
	struct list_head link; /* live or idle */
	char pad[SLOT_BYTES - sizeof(struct list_head)];
};
_Static_assert(sizeof(struct thread_block) == 2 * SLOT_BYTES, "slots start on a cache line");

/* starting and ended: the thread works without arrays (a key destructor, an allocation within). */
enum thread_state { THREAD_NEW, THREAD_STARTING, THREAD_LIVE, THREAD_ENDED };

/* Never written. */
static char boot_block[BLOCK_BYTES] __attribute__((aligned(4096)));

__thread char *percpu_base __attribute__((tls_model("initial-exec"))) = boot_block;
static __thread enum thread_state thread_state __attribute__((tls_model("initial-exec")));

static struct percpu {
	struct lock lock; /* percpu_lock */
	pthread_key_t key;
	struct list_head live;
	struct list_head idle; /* blocks whose thread has ended: all arrays empty */
	size_t nr_blocks;
	struct list_head caches; /* attached, with slot > 0 */
	uint32_t next_slot;
	uint32_t free_slots[NR_SLOT_SIZES]; /* heads of chains through slot_chain; 0 ends one */
} percpu;

/* By slot / 64: the free slot of the same size that comes next. */
static uint32_t slot_chain[PERCPU_BLOCK_BYTES / SLOT_BYTES];

/* The block's array of @s; a block may belong to another thread. */
static struct array *block_array(struct thread_block *b, const struct kmem_cache *s)
{
	return (struct array *)(void *)((char *)b + s->slot);
}

/* Return the bottom @n objects, those that were not used for longest, and move the rest down. */
static void flush(struct kmem_cache *s, struct array *a, unsigned int n)
{
	unsigned int left = a->nr - n;

	if (!n)
		return;
	partial_give(s, a->objects, n);
	for (unsigned int i = 0; i < left; i++)
		__atomic_store_n(&a->objects[i], a->objects[n + i], __ATOMIC_RELAXED);
	__atomic_store_n(&a->nr, left, __ATOMIC_RELAXED);
}

static void end_thread(void *arg)
{
	struct thread_block *b = arg;
	struct kmem_cache *s;

	percpu_base = boot_block;
	thread_state = THREAD_ENDED;
	lock_acquire(&percpu.lock);
	list_for_each_entry (s, &percpu.caches, attached)
		flush(s, block_array(b, s), block_array(b, s)->nr);
	list_move(&b->link, &percpu.idle);
	lock_release(&percpu.lock);
}

int percpu_init(void)
{
	memset(&percpu, 0, sizeof(percpu));
	list_init(&percpu.live);
	list_init(&percpu.idle);
	list_init(&percpu.caches);
	percpu.next_slot = sizeof(struct thread_block);
	return -pthread_key_create(&percpu.key, end_thread);
}

void percpu_exit(void)
{
	struct thread_block *b, *next;

	list_for_each_entry_safe (b, next, &percpu.live, link)
		os_unmap(b, BLOCK_BYTES);
	list_for_each_entry_safe (b, next, &percpu.idle, link)
		os_unmap(b, BLOCK_BYTES);
	percpu_base = boot_block;
	thread_state = THREAD_NEW;
	pthread_key_delete(percpu.key);
}

/* Which of the array sizes holds @capacity objects: 0 for 64 bytes, 3 for 512. */
static unsigned int size_class(unsigned int capacity)
{
	size_t bytes = sizeof(struct array) + capacity * sizeof(void *);

	return bits_fls((bytes - 1) / SLOT_BYTES);
}

static uint32_t take_slot(unsigned int capacity)
{
	unsigned int size = size_class(capacity);
	uint32_t slot = percpu.free_slots[size];

	if (slot) {
		percpu.free_slots[size] = slot_chain[slot / SLOT_BYTES];
		return slot;
	}
	slot = percpu.next_slot;
	if (slot + (SLOT_BYTES << size) > BLOCK_BYTES)
		return 0;
	percpu.next_slot += SLOT_BYTES << size;
	return slot;
}

void percpu_attach(struct kmem_cache *s)
{
	s->slot = 0;
	list_init(&s->attached);
	if (!s->geo.capacity)
		return;
	lock_acquire(&percpu.lock);
	s->slot = take_slot(s->geo.capacity);
	if (s->slot)
		list_add_tail(&s->attached, &percpu.caches);
	lock_release(&percpu.lock);
}

static void drain(struct kmem_cache *s, struct array *a, void *ctx)
{
	(void)ctx;
	flush(s, a, a->nr);
	__atomic_store_n(&a->capacity, 0, __ATOMIC_RELAXED);
}

void percpu_drain(struct kmem_cache *s)
{
	percpu_visit(s, drain, NULL);
}

void percpu_detach(struct kmem_cache *s)
{
	unsigned int size = size_class(s->geo.capacity);

	if (!s->slot)
		return;
	lock_acquire(&percpu.lock);
	list_del(&s->attached);
	slot_chain[s->slot / SLOT_BYTES] = percpu.free_slots[size];
	percpu.free_slots[size] = s->slot;
	lock_release(&percpu.lock);
	s->slot = 0;
}

static struct thread_block *reuse_block(void)
{
	struct thread_block *b = NULL;

	lock_acquire(&percpu.lock);
	if (!list_empty(&percpu.idle)) {
		b = list_first_entry(&percpu.idle, struct thread_block, link);
		list_move(&b->link, &percpu.live);
	}
	lock_release(&percpu.lock);
	return b;
}

static struct thread_block *new_block(void)
{
	struct thread_block *b = os_map(BLOCK_BYTES);

	if (!b)
		return NULL;
	lock_acquire(&percpu.lock);
	list_add(&b->link, &percpu.live);
	percpu.nr_blocks++;
	lock_release(&percpu.lock);
	return b;
}

/* Give this thread its arrays; on failure it goes on without and tries again next time. */
static bool start_thread(void)
{
	struct thread_block *b;

	thread_state = THREAD_STARTING;
	b = reuse_block();
	if (!b)
		b = new_block();
	thread_state = THREAD_NEW;
	if (!b)
		return false;
	thread_state = THREAD_STARTING;
	if (pthread_setspecific(percpu.key, b)) {
		lock_acquire(&percpu.lock);
		list_move(&b->link, &percpu.idle);
		lock_release(&percpu.lock);
		thread_state = THREAD_NEW;
		return false;
	}
	percpu_base = (char *)b;
	thread_state = THREAD_LIVE;
	return true;
}

/* This thread's array of @s, ready for use, or NULL. */
static struct array *own_array(struct kmem_cache *s)
{
	struct array *a;

	if (!s->slot)
		return NULL;
	if (thread_state != THREAD_LIVE && (thread_state != THREAD_NEW || !start_thread()))
		return NULL;
	a = percpu_array(s->slot);
	if (!a->capacity)
		__atomic_store_n(&a->capacity, s->geo.capacity, __ATOMIC_RELAXED);
	return a;
}

static unsigned int batch_size(const struct kmem_cache *s)
{
	return (s->geo.capacity + 1) / 2;
}

unsigned int percpu_ready(struct kmem_cache *s)
{
	return own_array(s) ? batch_size(s) : 1;
}

void percpu_stock(struct kmem_cache *s, void *const *batch, unsigned int n)
{
	struct array *a = percpu_array(s->slot);
	unsigned int nr = a->nr;
	unsigned int fit = (unsigned int)min_size(n, a->capacity - nr);

	for (unsigned int i = 0; i < fit; i++)
		__atomic_store_n(&a->objects[nr + i], batch[n - 1 - i], __ATOMIC_RELAXED);
	if (fit)
		__atomic_store_n(&a->nr, nr + fit, __ATOMIC_RELAXED);
	if (n > fit)
		partial_give(s, batch, n - fit);
}

bool percpu_push_slow(struct kmem_cache *s, void *object)
{
	struct array *a = own_array(s);

	if (!a)
		return false;
	if (a->nr == a->capacity)
		flush(s, a, batch_size(s));
	return percpu_push(s->slot, object);
}

void percpu_visit(struct kmem_cache *s,
		  void (*visit)(struct kmem_cache *s, struct array *a, void *ctx), void *ctx)
{
	struct thread_block *b;

	if (!s->slot)
		return;
	lock_acquire(&percpu.lock);
	list_for_each_entry (b, &percpu.live, link)
		visit(s, block_array(b, s), ctx);
	list_for_each_entry (b, &percpu.idle, link)
		visit(s, block_array(b, s), ctx);
	lock_release(&percpu.lock);
}

size_t percpu_bytes(void)
{
	size_t bytes;

	lock_acquire(&percpu.lock);
	bytes = percpu.nr_blocks * (size_t)percpu.next_slot;
	lock_release(&percpu.lock);
	return bytes;
}
