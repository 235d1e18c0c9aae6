/* SPDX-License-Identifier: MIT */
/*
 * The map of libslab: every structure that two files share, with the equations that hold between
 * operations: E1 to E16 here, V1 in vmarea.h, M1 to M3 in memcg.h. slab_check() tests all but M3
 * and the second half of E11 (check.c, check_zone.c, objcg.c).
 *
 * Words. unit: 4 KiB of the reserved range, named by its index. block: 2^order units, aligned to
 * its own size. slab: a block cut into objects of one cache. frame: the metadata of a block, kept
 * at the index of its first unit. sheaf: an array of free objects of one cache. lane: the sheaves
 * of one cache that one CPU has at hand. slot: where a cache's lane begins in each CPU's area, in
 * bytes, a multiple of 64. barn: the sheaves of one cache and node that no CPU has at hand. fresh:
 * an object of a slab that was never handed out, and so was never written.
 *
 * Lock order. Take a lock only while holding locks of smaller numbers.
 *
 *    1. rcu.round       rcu.c           a grace period under way; held while waiting for readers
 *    2. worker.door     worker.c        deferred functions run; taken during fork()
 *    3. pool.mutex      pmalloc.c       one pool of pmalloc and its areas
 *    4. area_lock       pmalloc_area.c  the areas of all pools, by address
 *    5. start_lock      vmarea.c        making the range of vmalloc
 *    6. slab_boot_lock  boot.c          booting; making a kmalloc cache when it is first used
 *    7. slab_mutex      cache.c         the list of caches, their names, users and flags
 *    8. balance_lock    reclaim.c       one thread balances, as kswapd would; only ever tried
 *    9. shrinker_lock   shrinker.c      the list of shrinkers, who is in their functions
 *   10. percpu_lock     percpu.c        the lists of threads and of attached caches, slots
 *   11. kfree_cpu.lock  kvfree_batch.c  what kfree_rcu() gathered on one CPU
 *   12. rcu.lock        rcu.c           callbacks
 *   13. worker.lock     worker.c        works
 *   14. barn.lock       barn.c          one cache's full and empty sheaves on one node
 *   15. cpu_slab.lock   cpuslab.c       one CPU's partial list, and the gate to its slab
 *   16. node.lock       partial.c       one cache's slabs and what their frames say of objects
 *   17. zone.lock       buddy.c         one memory node's free blocks
 *   18. frontier_lock   frontier.c      how much of the range is committed; taken under 17
 *   19. virtual_lock    virtual.c       the stocks of address ranges
 *   20. depot.lock      stackdepot.c    adding a stack
 *   21. pool.lock       kfence_pool.c   the free list of guarded objects
 *   22. vmarea_lock     vmarea.c        the areas of vmalloc
 *   23. memcg_lock      memcg.c         the tree of memory groups and what they are charged
 *   24. stock.lock      objcg.c         one CPU's stock of charged bytes
 *   25. tags.lock       alloc_tag.c     call sites that are new
 *   26. mempool.lock    mempool.c       the reserve of one mempool
 *   27. huge_lock       dropin/huge.c   malloc's blocks that are mappings
 *
 * Under 18 to 27 no lock is taken. 14, 16 and 17 are never held together, except that partial.c
 * tries 17 under 16; under 15 each of 16 and 17 is taken. 7 is tried under 8, and by reclaim in
 * general: the thread may have it. What is deferred by kfree_nolock() needs no lock (defer.h).
 *
 * A lane needs no lock. Its fast path is a restartable sequence: the kernel undoes what a thread
 * began when it is preempted, migrated or interrupted, so that no two threads are ever inside the
 * same lane. Its slow path takes a sheaf out of the lane with one atomic exchange, which leaves
 * NULL; who took a sheaf owns it. From another CPU the exchange is followed by a fence (membarrier)
 * that undoes what a thread may have begun there. Without restartable sequences a lane belongs to
 * a thread. Locks 14 to 17 are not held while a new slab is made or while memory goes back to the
 * system, but for 15, under which slabs go back. No lock is held while a constructor runs; those
 * up to slab_mutex and balance_lock may be while a shrinker does.
 *
 * fork() and locks (gate.h). A thread holds a lock, or stands in a bracket of gate_enter(), for as
 * long as an equation does not hold because of it. The child of a fork in a signal handler lacks
 * the threads that waited for what the handler interrupted, so where a thread waits for an inner
 * lock, what its outer locks guard is as it should be, but for what it has in hand. That is so of 1
 * to 13 and of 16 to 26, which wait before they change anything or after they have; 15 has
 * cpu_slab.closed for it. What is in hand is counted anew (mend.h).
 *
 * States of a slab (the 7.x rules):
 *
 *   state     listed  inuse            comes from                      goes to
 *   isolated  no      any              a new block                     full, partial
 *   full      no      == objects       isolated, partial               partial, none
 *   partial   yes     0 < .. < objects isolated (at the list's head),  full, empty, none
 *                                      full (at its tail), empty
 *   empty     yes     0                partial                         partial, none
 *   waiting   no      0                full, partial, empty            none
 *   none      the block is back at the buddy
 *
 *   Slabs of SLAB_TYPESAFE_BY_RCU caches are waiting for a grace period (rcu_slab.h) where those of
 *   other caches become none. A waiting slab is no longer counted in its node.
 *
 *   The last object freed sends the slab to "none" if node.nr_partial, which counts the slab itself
 *   when it is listed, is at least min_partial, else to "empty". Only the thread that made a slab
 *   sees it isolated.
 */
#ifndef SLAB_TYPES_H
#define SLAB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slab.h"
#include "lib/bits.h"
#include "lib/list.h"
#include "lock.h"
#include "lib/random.h"

/*
 * Two measures of memory. A unit is 4 KiB always: the page map and the frames have one entry a
 * unit, so that the way from an address to its entry is a constant shift. A page is what the option
 * page_size says, 1, 4 or 16 units; every order that a user sees counts pages. Inside the page map,
 * the frames and the buddy an order counts units.
 */
#define UNIT_SHIFT     12
#define UNIT_BYTES     ((size_t)1 << UNIT_SHIFT)
#define MAX_PAGE_ORDER 10u
#define MAX_UNIT_ORDER (MAX_PAGE_ORDER + 4)
#define NR_UNIT_ORDERS (MAX_UNIT_ORDER + 1)

/* log2 of the units in a page: 0, 2 or 4. Set at boot (pagemap.c). */
extern unsigned int slab_page_order;

static inline size_t slab_page_bytes(void)
{
	return UNIT_BYTES << slab_page_order;
}

/* The order, in units, of the largest block. */
static inline unsigned int slab_block_order(void)
{
	return MAX_PAGE_ORDER + slab_page_order;
}

/* Memory nodes; a machine with more uses the first ones. */
#define SLAB_MAX_NODES 8u

/* The most blocks a slab can be cut into (15 bits in the kernel). */
#define MAX_OBJS_PER_PAGE 32767u

/* The longest name of a cache, with its NUL. */
#define SLAB_NAME_LEN 64

/*
 * The entry of a page in the page map: one 32-bit word, so that kfree() learns from one load which
 * lane takes the object. Bits 0 to 3 order of the block, 4 to 5 kind, 6 to 21 slot, which so needs
 * no shift. The slot is 0 unless the kind is PAGE_SLAB and frees of the cache need no more than a
 * push. Bit 22 tells pages that users took from large blocks. Bits 23 to 29, where there is a slot:
 * the class of a cache of kmalloc, for who has to know how large an object is, or 0.
 *
 * E1. All pages of a block in use carry the same entry; its order is the frame's order, its slot
 * the cache's free_slot, or 0 if the slab has extensions, its class the cache's if it has a slot.
 * Pages of a free block are PAGE_CLEAN or PAGE_DIRTY with slot, class and order 0. The frames
 * inside a block, all but its first, are FRAME_NONE.
 */
enum page_kind {
	PAGE_CLEAN = 0, /* free; reads as zero; the system holds no memory for it */
	PAGE_DIRTY = 1, /* free; may have been written since it was last given back */
	PAGE_SLAB = 2,
	PAGE_LARGE = 3, /* a kmalloc block above the largest class */
};

#define ENTRY_ORDER_MASK  0xfu
#define ENTRY_KIND_SHIFT  4
#define ENTRY_SLOT_MASK	  0x3fffc0u
#define ENTRY_PAGES	  0x400000u /* of PAGE_LARGE: pages of __get_free_pages(), not kfree()'s */
#define ENTRY_CLASS_SHIFT 23

enum frame_state {
	FRAME_NONE = 0, /* not the first page of a block, or never used */
	FRAME_FREE,	/* on a list of the zone */
	FRAME_PURGING,	/* free, off the lists while its memory goes back to the system */
	FRAME_USED,	/* a slab or a large block: the page map says which */
	FRAME_STOCKED,	/* virtual.c: addresses kept for the cache that had them, no memory */
	FRAME_RETIRED,	/* virtual.c: addresses that nobody may use again */
};

/*
 * What may be done with the contents of a page, by the kernel's names: nothing; move them; drop
 * them by shrinking the cache. A pageblock is the run of memory that is kept to one type as far as
 * possible (mobility.h): 2 MiB whatever a page is, because that is what a huge page needs free in
 * one piece on the machines that this runs on, and because with larger pages the kernel's own
 * pageblock (512 MiB for 64 KiB pages) would exceed the largest block.
 */
enum migrate_type {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	NR_MIGRATE_TYPES,
};
#define PAGEBLOCK_ORDER 9u

/*
 * One block. Dense: one a page, 64 bytes, apart from the pages, so that freeing never writes into
 * memory that is otherwise unused. order, state and nr_dirty belong to zone.lock; link and the rest
 * to the cache's node.lock while the block is a slab:
 *
 * E2. inuse + length(freelist) + nr_fresh == objects
 * E3. each freelist entry is the address of an object of this slab, no address twice, none fresh
 * E4. on_list == (inuse < objects && !on_cpu)	(nobody is inside, so no slab is isolated)
 * E15. of a waiting slab inuse == 0 and the slot in the page map is 0; their number is
 *      rcu_nr_slabs(). E2 to E4 and E8 are about the others.
 */
struct frame {
	struct list_head link; /* node.partial, a free list of the zone; if waiting an rcu_head */
	struct kmem_cache *cache;
	void *freelist;	    /* the object freed last; the chain goes through the objects */
	uint16_t inuse;	    /* objects that users or sheaves hold */
	uint16_t objects;   /* fewer than the cache's usual number after a fall-back in order */
	uint16_t nr_fresh;  /* the last nr_fresh objects were never handed out */
	uint16_t nr_cached; /* scratch of usage.c and check.c, under slab_mutex */
	uintptr_t obj_exts; /* exts.c: the vector, and its low bits; 0: none */
	union {
		uint32_t nr_dirty; /* of a free block: its units that are PAGE_DIRTY */
		uint32_t stride;   /* of a slab: bytes from one extension to the next */
	};
	uint32_t census; /* the count that nr_cached belongs to */
	uint8_t order;	 /* the block is UNIT_BYTES << order */
	uint8_t state;
	uint8_t node;	  /* whose memory this is */
	uint8_t mobility; /* of a used block: the enum migrate_type it was asked for */
	bool on_list;	  /* of node.partial; a flag because a list cannot be asked */
	bool frozen;  /* failed a consistency check: out of service, all objects count as used */
	bool on_cpu;  /* engine=cpuslab: a CPU's slab or on its partial list, so on no other list */
	bool waiting; /* of a slab: for a grace period, rcu_slab.c */
} __attribute__((aligned(64))); /* a shift finds it, and a block never shares a cache line */
_Static_assert(sizeof(struct frame) == 64, "a frame is one cache line");

/*
 * The reserved address range and its metadata. Constant after boot but for the frontier, which
 * frontier_lock guards and pagemap_committed() reads, and the types of the pageblocks, which belong
 * to the lock of their zone.
 */
struct range {
	uintptr_t base; /* aligned to the largest block */
	size_t nr_pages;
	size_t nr_committed;  /* the frontier: pages made accessible, from the base on */
	size_t nr_described;  /* pages with metadata; all of a range that is reserved */
	bool sparse;	      /* nothing is reserved beyond the frontier: option reserve */
	uint32_t *map;	      /* nr_pages entries */
	struct frame *frames; /* nr_pages frames */
	uint8_t *pageblocks;  /* nr_pages >> PAGEBLOCK_ORDER of enum migrate_type */
};
extern struct range slab_range __attribute__((visibility("hidden")));

/*
 * The page allocator of one memory node (buddy.c). Guarded by lock. All zones share the range: each
 * committed piece of the size of the largest block belongs to one of them, as its frames' node
 * says.
 *
 * E5. per zone: nr_free + nr_used + nr_purging + nr_stocked + nr_retired == nr_committed, and the
 *     sum of nr_committed over the zones is the frontier; nr_free is the sum over the free lists,
 *     nr_blocks[t][o] the length of dirty[t][o] and clean[t][o]
 * E6. a free block is aligned to its size and its buddy is not a free block of the same order; all
 *     of a block has one node
 * E7. nr_dirty == the number of PAGE_DIRTY pages in free blocks == the sum of nr_dirty over them; a
 *     block is on the dirty list of its order if its nr_dirty > 0, else on the clean one;
 *     nr_low <= nr_dirty
 * E13. a free block is on the lists of its pageblock's type; one that covers several has the same
 *      type in all
 * E14. a stocked or retired block is off the free lists and its pages are PAGE_CLEAN or, if the
 *      system refused to take the memory, PAGE_DIRTY; nr_stocked and nr_retired count their pages;
 *      a stocked one is on the list of one stock and of that list's order
 */
struct zone {
	struct lock lock;
	size_t nr_committed; /* pages made accessible for this node */
	size_t nr_free;
	size_t nr_used;
	size_t nr_purging;
	size_t nr_stocked;
	size_t nr_retired;
	size_t nr_dirty;
	size_t nr_low;	      /* the least that nr_dirty was since the step began */
	uint64_t nr_purged;   /* dirty pages given back, ever */
	size_t dirty_floor;   /* pages that may stay dirty whatever is in use */
	uint64_t step_end_ns; /* by the coarse clock: when nr_low is looked at (buddy.h) */
	size_t nr_converted;  /* pageblocks that changed their type while part of them was in use */
	size_t nr_mixed;      /* blocks taken from a pageblock of another type */
	uint8_t node;
	bool shuffle;	      /* place largest blocks at random */
	struct random random; /* for shuffling */
	size_t nr_blocks[NR_MIGRATE_TYPES][NR_UNIT_ORDERS];
	/* Apart, because a dirty page costs nothing to use again and a clean one costs a fault. */
	struct list_head dirty[NR_MIGRATE_TYPES][NR_UNIT_ORDERS];
	struct list_head clean[NR_MIGRATE_TYPES][NR_UNIT_ORDERS];
};
extern struct zone slab_zones[SLAB_MAX_NODES];

/*
 * What is in use and what it counts as (limit.h, vmstat.h); both atomic.
 *
 * E11. slab_limit.nr_used <= slab_limit.max, and equals the units of blocks from pages_alloc();
 *      outside of the reserve, that is without HIGH, MEMALLOC and reclaim, an allocation succeeds
 *      only if nr_used + min <= max afterwards
 * E12. NR_SLAB_RECLAIMABLE_B == the bytes of slabs of SLAB_RECLAIM_ACCOUNT caches;
 *      NR_SLAB_UNRECLAIMABLE_B == those of all other slabs and of large blocks
 */

/*
 * Free objects of one cache. A LIFO stack: the object freed last is the one most likely in the
 * CPU's cache. 32 bytes, as in the kernel, so that header and objects fill a kmalloc class exactly.
 *
 * E9. size <= capacity <= the cache's capacity_max; the sheaf begins color cache lines into a block
 * of kmalloc's; each object belongs to the cache, is on no freelist, not fresh, and in no sheaf
 * twice; so the objects of a slab in sheaves are <= inuse
 *
 * In a lane it is written by restartable sequences; else by its owner. Relaxed atomics, because
 * usage.c reads it from elsewhere.
 */
struct slab_sheaf {
	union {
		struct list_head link; /* barn.full or barn.empty */
		void *rcu[2];	       /* rcu_head, while it waits for a grace period */
	};
	struct kmem_cache *cache;
	uint32_t size;
	uint16_t capacity;
	uint8_t node;  /* where the objects of a sheaf that waits for a grace period go */
	uint8_t color; /* cache lines from where its memory begins (grow.h) */
	void *objects[];
};
_Static_assert(sizeof(struct slab_sheaf) == 32, "the kernel's header");

/*
 * The sheaves of one cache that one CPU has at hand. Zero memory is a valid lane. One cache line,
 * so that CPUs never share one.
 */
struct lane {
	struct slab_sheaf *main;     /* NULL: nothing at hand, or a slow path has taken it */
	struct slab_sheaf *spare;    /* NULL, or a second one; only ever exchanged */
	struct slab_sheaf *rcu_free; /* objects that wait for a grace period; only ever exchanged */
	uint64_t reserved[5];
} __attribute__((aligned(64)));

/*
 * What engine=cpuslab keeps in the place of a lane: the rules of Linux 6.12 to 6.17. The CPU owns
 * one slab and hands out its objects by restartable sequences that compare freelist, tid and slab
 * before they store; slab == NULL keeps all sequences out. Slabs on the partial list are linked by
 * frame.link.next.
 */
struct cpu_slab {
	void *freelist; /* free objects of slab; all of them count as in use there */
	uint64_t tid;	/* moves with each change of freelist, so that an old one is never taken for
			   new */
	struct frame *slab;
	struct frame *partial;
	uint32_t nr_partial;
	struct lock lock;     /* partial, and who may close and open the gate */
	struct frame *closed; /* while the gate is closed, whose freelist it is; or NULL */
	uint64_t reserved[2];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct cpu_slab) == sizeof(struct lane), "one place for both");

/* The kernel's limits, for each node and cache. */
#define MAX_FULL_SHEAVES  10u
#define MAX_EMPTY_SHEAVES 10u

/*
 * E10. nr_full == length(full), nr_empty == length(empty); a full sheaf holds at least one object,
 *      an empty one none; nr_full <= MAX_FULL_SHEAVES
 */
struct barn {
	struct lock lock;
	unsigned int nr_full;
	unsigned int nr_empty;
	struct list_head full;
	struct list_head empty;
};

/* What check.c found of a cache and node in the page map, to compare with; under slab_mutex. */
struct node_tally {
	size_t nr_objects;
	uint32_t nr_slabs;
	uint32_t nr_listed;
};

/*
 * A cache's slabs and sheaves on one memory node.
 *
 * E8. nr_partial == length(partial); nr_slabs and nr_objects equal the count and the sum of objects
 *     over the slabs of this cache and node in the page map; what is on full is full
 */
struct node {
	struct lock lock;
	unsigned int nr_partial;
	struct list_head partial; /* slabs with at least one free object */
	struct list_head full;	  /* of debug caches: slabs without, unless frozen (single.c) */
	size_t nr_slabs;
	size_t nr_objects;
	size_t nr_fallbacks; /* slabs made at the lower order because the usual one failed */
	struct barn barn __attribute__((aligned(64)));
	struct node_tally tally;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct node) == 128, "the scratch of check.c fills a line up");

/*
 * Flags that libslab sets itself, beside those of slab.h.
 */
#define SLAB_OBJECT_POISON  0x01000000u /* P, and neither RCU nor a constructor: contents too */
#define SLAB_OBJ_EXT_IN_OBJ 0x02000000u /* extensions lie in the padding of each object */
#define SLAB_NO_SHEAVES	    0x04000000u /* caches that sheaves are made of */
#define SLAB_NO_OBJ_EXT	    0x08000000u /* caches that extension vectors are made of */
#define SLAB_DEBUG_FLAGS                                                                           \
	(SLAB_CONSISTENCY_CHECKS | SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER | SLAB_TRACE)

/* Where things lie in a slab; computed by geometry.c, constant after the cache is made. */
struct geometry {
	unsigned int object_size; /* what the user asked for, or more after a merge */
	unsigned int size;	  /* from one object to the next */
	unsigned int inuse;	  /* up to where the object and its right red zone reach */
	unsigned int offset;	  /* of the free pointer, from the object */
	unsigned int align;
	unsigned int red_left_pad;
	unsigned int order;	/* the usual order of a slab */
	unsigned int objects;	/* in a slab of that order */
	unsigned int min_order; /* tried when the usual order fails */
	unsigned int min_objects;
	unsigned int min_partial;  /* slabs kept although they are empty; may be set (sysfs.h) */
	unsigned int capacity;	   /* objects in a sheaf by the kernel's rules; 0: no sheaves */
	unsigned int track_offset; /* of the alloc track, from the object; the free track follows */
	unsigned int orig_offset;  /* of the word with the size asked for; 0: not kept */
	unsigned int ext_offset; /* of the extension in the padding, from the slot; 0: not there */
	uint64_t reciprocal;	 /* 2^64 / size, rounded up: x / size without a division */
};

/*
 * The three slots tell the fast paths what they may do. slot: of the lane; 0 for caches without
 * sheaves, whose operations take node.lock or belong to the other engine. alloc_slot: the same, or
 * 0 if an allocation needs more than a pop (hooks.h). free_slot: the same, or 0 if a free needs
 * more than a push, as with hooks or several nodes.
 *
 * E16. alloc_slot and free_slot are each slot or 0; both are 0 without sheaves, alloc_slot if the
 *      cache is hooked; what kmalloc's table of slots (classes.h) has for a set and class is the
 *      alloc_slot of that cache, or 0 if there is none yet
 */
struct kmem_cache {
	uint32_t alloc_slot;
	uint32_t free_slot;
	uint32_t slot;
	uint32_t lane;	       /* where the lane is, whatever the engine keeps in it; 0: none */
	uint16_t capacity;     /* of a new sheaf (grow.h); 0: no sheaves */
	uint16_t capacity_max; /* what it may grow to */
	uint32_t missed;       /* how often sheaves were empty since it last grew, weighted */
	slab_flags_t flags;
	bool hooked;	       /* hooks.h: an allocation or a free is more than moving an object */
	uint8_t kmalloc_class; /* classes.h; 0: not one of kmalloc's */
	uint16_t kmalloc_type; /* kmalloc.h, of one of kmalloc's: the set, or what else it is for */
	struct geometry geo;
	void (*ctor)(void *object);
	unsigned int useroffset; /* the part of an object that may be copied to and from users */
	unsigned int usersize;
	uint64_t random;    /* what the hardened free pointers are mixed with; 0: they are plain */
	uint32_t *sequence; /* freelist.c: where the objects of a new slab lie, in random order */
	unsigned int align_request; /* as given: a merge candidate must satisfy it */
	unsigned int remote_ratio;  /* of 1024 looks at other nodes, how many are made (slabs.h) */
	int nr_users;		    /* creations less destructions; above 1 after a merge */
	struct list_head link;	    /* slab_caches */
	struct list_head attached;  /* percpu.c's list */
	struct list_head aliases;   /* names of later users (merge.h) */
	char name[SLAB_NAME_LEN];
	uint64_t *stats; /* stat.c: by CPU and item; NULL unless the option stats is set */
	struct list_head stock[2]; /* virtual.c: ranges of the usual and of the least order */
	struct node node[];	   /* slab_nr_nodes of them */
};

/* Memory nodes in use, 1 to SLAB_MAX_NODES. Set at boot. */
extern unsigned int slab_nr_nodes;

/*
 * Where files below the caches get memory for structures that caches serve best: set at boot by a
 * higher file. alloc() answers zeroed memory of at least @bytes, or NULL; it never charges and
 * never counts what it takes, so that it cannot come back to who asked.
 */
struct memory_source {
	void *(*alloc)(size_t bytes, gfp_t gfp);
	void (*free)(void *p);
};

/*
 * Read and written apart from any lock: a merge may raise the first two, an attribute set the
 * others, while threads allocate.
 */
static inline unsigned int geometry_inuse(const struct geometry *geo)
{
	return __atomic_load_n(&geo->inuse, __ATOMIC_RELAXED);
}

static inline unsigned int cache_object_size(const struct kmem_cache *s)
{
	return __atomic_load_n(&s->geo.object_size, __ATOMIC_RELAXED);
}

static inline unsigned int cache_remote_ratio(const struct kmem_cache *s)
{
	return __atomic_load_n(&s->remote_ratio, __ATOMIC_RELAXED);
}

static inline unsigned int cache_min_partial(const struct kmem_cache *s)
{
	return __atomic_load_n(&s->geo.min_partial, __ATOMIC_RELAXED);
}

#endif
