// SPDX-License-Identifier: MIT
/*
 * Areas of lanes, the slots of caches in them, and which engine is in effect. percpu_lock guards
 * the lists and the slots; types.h says who may touch a lane. See percpu.h.
 */
#include "percpu.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "fault.h"
#include "membarrier.h"
#include "os.h"

#define SLOT_BYTES PERCPU_SLOT_BYTES
#define AREA_BYTES PERCPU_AREA_BYTES

/* What a thread's area begins with: slot 0 is no cache's. */
struct thread_area {
	struct list_head link; /* live or idle */
	size_t nr_forks;       /* as of its thread's process; fewer: the thread is gone */
	char pad[SLOT_BYTES - sizeof(struct list_head) - sizeof(size_t)];
};

/* starting and ended: the thread works without lanes (a key destructor, an allocation within). */
enum thread_state { THREAD_NEW, THREAD_STARTING, THREAD_LIVE, THREAD_ENDED };

struct slab_rseq slab_rseq;
__thread char *percpu_base __attribute__((tls_model("initial-exec")));
static __thread enum thread_state thread_state __attribute__((tls_model("initial-exec")));

static struct percpu {
	struct lock lock; /* percpu_lock */
	pthread_key_t key;
	void (*on_thread_end)(struct kmem_cache *s, struct lane *lane);
	struct list_head live; /* areas of threads */
	struct list_head idle; /* whose thread has ended: all lanes empty */
	size_t nr_areas;
	size_t nr_forks;	 /* from the first process to this one */
	struct list_head caches; /* attached, with slot > 0 */
	uint32_t next_slot;
	uint32_t free_slots; /* head of the chain through slot_chain; 0 ends it */
	bool alone;	     /* the lanes of CPU 0 are those of the thread that booted */
} percpu;

/* By slot / 64: the free slot that comes next. */
static SPARSE uint32_t slot_chain[PERCPU_AREA_BYTES / SLOT_BYTES];

static struct lane *lane_in(void *area, uint32_t slot)
{
	return (struct lane *)(void *)((char *)area + slot);
}

static void *cpu_area(unsigned int cpu)
{
	return slab_rseq.base + ((size_t)cpu << RSEQ_AREA_SHIFT);
}

static void end_thread(void *arg)
{
	struct thread_area *area = arg;
	struct kmem_cache *s;

	percpu_base = NULL;
	thread_state = THREAD_ENDED;
	lock_acquire(&percpu.lock);
	list_for_each_entry (s, &percpu.caches, attached)
		percpu.on_thread_end(s, lane_in(area, s->lane));
	list_move(&area->link, &percpu.idle);
	lock_release(&percpu.lock);
}

static void map_areas(unsigned int nr)
{
	struct slab_rseq r = { .offset = membarrier_rseq_offset() };

	r.base = os_map((size_t)nr << RSEQ_AREA_SHIFT);
	if (!r.base)
		return;
	r.nr_cpus = nr;
	slab_rseq = r;
}

/* Lanes of CPUs, if sequences and the fence for flushes are there. */
static void init_cpus(void)
{
	memset(&percpu, 0, sizeof(percpu));
	list_init(&percpu.live);
	list_init(&percpu.idle);
	list_init(&percpu.caches);
	percpu.next_slot = SLOT_BYTES;
	if (RSEQ_POSSIBLE && membarrier_available())
		map_areas(os_possible_cpus());
}

static void init_alone(void)
{
	if (!membarrier_pretend_cpu_0())
		return;
	map_areas(1);
	percpu_base = slab_rseq.base;
	percpu.alone = percpu_base;
	if (!percpu.alone)
		membarrier_pretend_no_more();
}

static int init_threads(void)
{
	if (slab_rseq.nr_cpus)
		return 0;
	slab_rseq.offset = membarrier_rseq_offset();
	if (fault_hit(FAULT_SYSCALL) || pthread_key_create(&percpu.key, end_thread))
		return -ENOMEM;
	return 0;
}

int percpu_init(void)
{
	init_cpus();
	return init_threads();
}

int percpu_init_alone(void)
{
	init_cpus();
	if (!slab_rseq.nr_cpus)
		init_alone();
	return init_threads();
}

void percpu_exit(void)
{
	struct thread_area *area, *next;

	if (slab_rseq.nr_cpus)
		os_unmap(slab_rseq.base, (size_t)slab_rseq.nr_cpus << RSEQ_AREA_SHIFT);
	else
		pthread_key_delete(percpu.key);
	list_for_each_entry_safe (area, next, &percpu.live, link)
		os_unmap(area, AREA_BYTES);
	list_for_each_entry_safe (area, next, &percpu.idle, link)
		os_unmap(area, AREA_BYTES);
	membarrier_pretend_no_more();
	percpu_base = NULL;
	thread_state = THREAD_NEW;
	memset(&slab_rseq, 0, sizeof(slab_rseq));
}

void percpu_on_thread_end(void (*empty)(struct kmem_cache *s, struct lane *lane))
{
	percpu.on_thread_end = empty;
}

const char *percpu_engine(void)
{
	if (percpu.alone)
		return "one thread's sheaves (rseq)";
	return slab_rseq.nr_cpus ? "per-CPU sheaves (rseq)" : "per-thread sheaves";
}

static uint32_t take_slot(void)
{
	uint32_t slot = percpu.free_slots;

	if (slot) {
		percpu.free_slots = slot_chain[slot / SLOT_BYTES];
		return slot;
	}
	slot = percpu.next_slot;
	if (slot + SLOT_BYTES > AREA_BYTES)
		return 0;
	percpu.next_slot += SLOT_BYTES;
	return slot;
}

void percpu_attach(struct kmem_cache *s)
{
	s->lane = 0;
	list_init(&s->attached);
	if (!s->geo.capacity)
		return;
	lock_acquire(&percpu.lock);
	s->lane = take_slot();
	if (s->lane)
		list_add_tail(&s->attached, &percpu.caches);
	lock_release(&percpu.lock);
}

void percpu_detach(struct kmem_cache *s)
{
	if (!s->lane)
		return;
	lock_acquire(&percpu.lock);
	list_del(&s->attached);
	slot_chain[s->lane / SLOT_BYTES] = percpu.free_slots;
	percpu.free_slots = s->lane;
	lock_release(&percpu.lock);
	s->lane = 0;
}

/* Its thread was one of a parent's. */
static bool is_orphan(const struct thread_area *area)
{
	return area->nr_forks != percpu.nr_forks;
}

/* An orphan's lanes are as good as new ones, with what is in them. */
static struct thread_area *find_unused(void)
{
	struct thread_area *area;

	if (!list_empty(&percpu.idle))
		return list_first_entry(&percpu.idle, struct thread_area, link);
	list_for_each_entry (area, &percpu.live, link)
		if (is_orphan(area))
			return area;
	return NULL;
}

static struct thread_area *reuse_area(void)
{
	struct thread_area *area;

	lock_acquire(&percpu.lock);
	area = find_unused();
	if (area) {
		area->nr_forks = percpu.nr_forks;
		list_move(&area->link, &percpu.live);
	}
	lock_release(&percpu.lock);
	return area;
}

static struct thread_area *new_area(void)
{
	struct thread_area *area = os_map(AREA_BYTES);

	if (!area)
		return NULL;
	lock_acquire(&percpu.lock);
	area->nr_forks = percpu.nr_forks;
	list_add(&area->link, &percpu.live);
	percpu.nr_areas++;
	lock_release(&percpu.lock);
	return area;
}

static void retire_area(struct thread_area *area)
{
	lock_acquire(&percpu.lock);
	list_move(&area->link, &percpu.idle);
	lock_release(&percpu.lock);
}

/* Give this thread its lanes; on failure it goes on without and tries again next time. */
static bool start_thread(void)
{
	struct thread_area *area;

	thread_state = THREAD_STARTING;
	area = reuse_area();
	if (!area)
		area = new_area();
	if (area && pthread_setspecific(percpu.key, area)) {
		retire_area(area);
		area = NULL;
	}
	thread_state = area ? THREAD_LIVE : THREAD_NEW;
	percpu_base = (char *)area;
	return area;
}

static struct lane *thread_lane(size_t slot)
{
	if (!percpu_base || !slot)
		return NULL;
	return lane_in(percpu_base, (uint32_t)slot);
}

void *percpu_pop_thread(size_t slot)
{
	struct lane *lane = thread_lane(slot);
	struct slab_sheaf *main = lane ? __atomic_load_n(&lane->main, __ATOMIC_RELAXED) : NULL;
	uint32_t nr = main ? main->size : 0;

	if (!nr)
		return NULL;
	__atomic_store_n(&main->size, nr - 1, __ATOMIC_RELAXED);
	return main->objects[nr - 1];
}

bool percpu_push_thread(size_t slot, void *object)
{
	struct lane *lane = thread_lane(slot);
	struct slab_sheaf *main = lane ? __atomic_load_n(&lane->main, __ATOMIC_RELAXED) : NULL;

	if (!main || main->size >= main->capacity)
		return false;
	__atomic_store_n(&main->objects[main->size], object, __ATOMIC_RELAXED);
	__atomic_store_n(&main->size, main->size + 1, __ATOMIC_RELAXED);
	return true;
}

static bool has_thread_lanes(void)
{
	return thread_state == THREAD_LIVE || (thread_state == THREAD_NEW && start_thread());
}

static struct lane *take_from_thread(size_t slot, struct slab_sheaf **main)
{
	struct lane *lane;

	*main = NULL;
	if (!has_thread_lanes())
		return NULL;
	lane = thread_lane(slot);
	*main = __atomic_exchange_n(&lane->main, NULL, __ATOMIC_ACQUIRE);
	return lane;
}

static unsigned int this_cpu(void)
{
	const char *rseq = (const char *)__builtin_thread_pointer() + slab_rseq.offset;

	return __atomic_load_n((const uint32_t *)(const void *)(rseq + 4), __ATOMIC_RELAXED);
}

struct lane *percpu_lane(size_t slot)
{
	unsigned int cpu;

	if (!slab_rseq.nr_cpus)
		return has_thread_lanes() ? thread_lane(slot) : NULL;
	cpu = this_cpu();
	if (unlikely(cpu >= slab_rseq.nr_cpus) && membarrier_rseq_register())
		cpu = this_cpu();
	return cpu < slab_rseq.nr_cpus ? lane_in(cpu_area(cpu), (uint32_t)slot) : NULL;
}

/* A thread whose struct rseq nobody has registered yet is registered here, once. */
struct lane *percpu_take(size_t slot, struct slab_sheaf **main)
{
	struct lane *lane;

	if (!slab_rseq.nr_cpus)
		return take_from_thread(slot, main);
	lane = rseq_take(slot, main);
	if (unlikely(!lane) && membarrier_rseq_register())
		lane = rseq_take(slot, main);
	return lane;
}

void percpu_visit(struct kmem_cache *s,
		  void (*visit)(struct kmem_cache *s, struct lane *lane, void *ctx), void *ctx)
{
	struct thread_area *area;

	if (!s->lane)
		return;
	lock_acquire(&percpu.lock);
	for (unsigned int cpu = 0; cpu < slab_rseq.nr_cpus; cpu++)
		visit(s, lane_in(cpu_area(cpu), s->lane), ctx);
	list_for_each_entry (area, &percpu.live, link)
		visit(s, lane_in(area, s->lane), ctx);
	list_for_each_entry (area, &percpu.idle, link)
		visit(s, lane_in(area, s->lane), ctx);
	lock_release(&percpu.lock);
}

typedef void visit_taken(struct kmem_cache *s, struct lane *lane, struct slab_sheaf *main);

/* CPUs that never had a sheaf are not fenced. */
static void take_from_cpu(struct kmem_cache *s, unsigned int cpu, visit_taken *visit)
{
	struct lane *lane = lane_in(cpu_area(cpu), s->lane);
	struct slab_sheaf *main = __atomic_exchange_n(&lane->main, NULL, __ATOMIC_ACQ_REL);

	if (main)
		membarrier_fence(cpu);
	visit(s, lane, main);
}

/* Whether an area's main sheaf may be taken is for @may to say. */
static void take_from_area(struct kmem_cache *s, void *area, visit_taken *visit,
			   bool (*may)(void *area))
{
	struct lane *lane = lane_in(area, s->lane);
	struct slab_sheaf *main = NULL;

	if (may(area))
		main = __atomic_exchange_n(&lane->main, NULL, __ATOMIC_ACQ_REL);
	visit(s, lane, main);
}

static void visit_all_taken(struct kmem_cache *s, visit_taken *visit, bool (*may)(void *area))
{
	struct thread_area *area;

	if (!s->lane)
		return;
	lock_acquire(&percpu.lock);
	if (percpu.alone)
		take_from_area(s, cpu_area(0), visit, may);
	else
		for (unsigned int cpu = 0; cpu < slab_rseq.nr_cpus; cpu++)
			take_from_cpu(s, cpu, visit);
	list_for_each_entry (area, &percpu.live, link)
		take_from_area(s, area, visit, may);
	lock_release(&percpu.lock);
}

static bool is_own(void *area)
{
	return area == percpu_base || is_orphan(area);
}

static bool is_any(void *area)
{
	return area;
}

void percpu_visit_taken(struct kmem_cache *s, visit_taken *visit)
{
	visit_all_taken(s, visit, is_own);
}

void percpu_drain(struct kmem_cache *s, visit_taken *visit)
{
	visit_all_taken(s, visit, is_any);
}

static int whose(void *area)
{
	return is_own(area) ? PERCPU_OWN : PERCPU_OTHER;
}

void percpu_visit_cpus(struct kmem_cache *s,
		       void (*visit)(struct kmem_cache *s, struct lane *lane, int cpu, void *ctx),
		       void *ctx)
{
	struct thread_area *area;

	if (!s->lane)
		return;
	lock_acquire(&percpu.lock);
	for (unsigned int cpu = 0; cpu < slab_rseq.nr_cpus; cpu++)
		visit(s, lane_in(cpu_area(cpu), s->lane),
		      percpu.alone ? whose(cpu_area(cpu)) : (int)cpu, ctx);
	list_for_each_entry (area, &percpu.live, link)
		visit(s, lane_in(area, s->lane), whose(area), ctx);
	lock_release(&percpu.lock);
}

/* No list is touched: a handler that interrupted somebody who has the lock may have forked. */
void percpu_fork_child(void)
{
	struct thread_area *own = (void *)percpu_base;

	percpu.nr_forks++;
	if (own)
		own->nr_forks = percpu.nr_forks;
}

size_t percpu_bytes(void)
{
	size_t bytes;

	lock_acquire(&percpu.lock);
	bytes = (percpu.nr_areas + slab_rseq.nr_cpus) * (size_t)percpu.next_slot;
	lock_release(&percpu.lock);
	return bytes;
}
