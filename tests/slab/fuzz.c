// SPDX-License-Identifier: MIT
/*
 * Operations on the whole API read from bytes; after each the equations of types.h, and whenever an
 * object is given back its contents. As a unit test it makes the bytes up itself, once for each set
 * of options; built with LIBFUZZER (make fuzz) the bytes are a fuzzer's and the options are OPTIONS
 * in the environment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"

#include "allocators/slab/fault.h"
#include "allocators/slab/rcupdate.h"
#include "allocators/slab/slab.h"
#include "allocators/slab/vmalloc.h"
#include "lib/bits.h"
#include "lib/random.h"
#include "lib/sanitizers.h"

#define NR_PLACES 96
#define NR_CACHES 6
#define NR_BULK	  40
#define ALIGN_MAX 4096

enum kind {
	NOTHING,
	KMALLOC,
	CACHE,
	KVMALLOC,
	NOLOCK,
	EXACT,
	BUCKET,
};

/* A live object; @size bytes of it are @pattern. */
struct place {
	enum kind kind;
	unsigned char *p;
	size_t size;
	unsigned char pattern;
	unsigned int cache;
};

static struct input {
	const uint8_t *p;
	size_t left;
} in;

static struct place places[NR_PLACES];
static struct kmem_cache *caches[NR_CACHES];
static unsigned int nr_live[NR_CACHES]; /* objects of each */
static unsigned int nr_caches_made;
static bool failing; /* allocations are made to fail: NULL is an answer */
static kmem_buckets *buckets;

static uint8_t byte(void)
{
	if (!in.left)
		return 0;
	in.left--;
	return *in.p++;
}

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static void say(void *ctx, const char *sentence)
{
	(void)ctx;
	fprintf(stderr, "%s\n", sentence);
}

static struct place *free_place(void)
{
	unsigned int from = byte();

	for (unsigned int i = 0; i < NR_PLACES; i++)
		if (!places[(from + i) % NR_PLACES].kind)
			return &places[(from + i) % NR_PLACES];
	return NULL;
}

/* A size of any magnitude, near powers of two more often. */
static size_t any_size(unsigned int max_shift)
{
	size_t base = (size_t)1 << byte() % (max_shift + 1);

	switch (byte() % 4) {
	case 0:
		return base;
	case 1:
		return base + byte() % 9;
	case 2:
		return base > 8 ? base - byte() % 9 : base;
	default:
		return 1 + (base * byte() >> 8);
	}
}

static gfp_t any_gfp(void)
{
	static const gfp_t bases[] = { GFP_KERNEL, GFP_KERNEL, GFP_KERNEL, GFP_ATOMIC, GFP_NOWAIT };
	uint8_t b = byte();
	gfp_t gfp = bases[b % ARRAY_SIZE(bases)];

	if (b & 8)
		gfp |= __GFP_ZERO;
	if ((b & 0x70) == 0x10)
		gfp |= __GFP_RECLAIMABLE;
	if ((b & 0x70) == 0x20)
		gfp |= __GFP_ACCOUNT;
	if ((b & 0x70) == 0x30)
		gfp |= __GFP_DMA;
	return gfp | __GFP_NOWARN;
}

static gfp_t maybe_zero(void)
{
	return byte() & 1 ? __GFP_ZERO : 0;
}

static struct kmalloc_token any_token(void)
{
	static const char sites[16];
	uint8_t b = byte();

	return (struct kmalloc_token){ &sites[b % 16], b >> 4 };
}

static void fill(struct place *o, unsigned char *p, size_t size, gfp_t gfp)
{
	for (size_t i = 0; (gfp & __GFP_ZERO) && i < size; i++)
		require(!p[i], "memory asked for as zero is not");
	o->p = p;
	o->size = size;
	o->pattern = byte();
	memset(p, o->pattern, size);
}

/* The result of an allocation into an empty place. */
static void arrived(struct place *o, enum kind kind, void *p, size_t size, gfp_t gfp)
{
	if (!p) {
		require(failing || !(gfp & __GFP_DIRECT_RECLAIM) || size > (1u << 22),
			"out of memory");
		return;
	}
	o->kind = kind;
	fill(o, p, size, gfp);
}

static void verify(const struct place *o, size_t size)
{
	for (size_t i = 0; i < size; i++)
		require(o->p[i] == o->pattern, "an object changed while it was in use");
}

static void do_kmalloc(struct place *o)
{
	size_t size = any_size(18);
	gfp_t gfp = any_gfp();
	void *p = kmalloc_token(size, gfp, any_token());

	require(!p || ((uintptr_t)p & (size_t) - (intptr_t)(size & -size) & 7) == 0, "misaligned");
	if (p && bits_is_pow2(size))
		require((uintptr_t)p % min_size(size, ALIGN_MAX) == 0, "not naturally aligned");
	require(!p || ksize(p) >= size, "ksize is below the size asked for");
	arrived(o, KMALLOC, p, size, gfp);
}

static void do_kvmalloc(struct place *o)
{
	size_t size = any_size(23);
	gfp_t gfp = GFP_KERNEL | maybe_zero();

	arrived(o, KVMALLOC, kvmalloc(size, gfp), size, gfp);
}

static void do_nolock(struct place *o)
{
	size_t size = any_size(12);
	gfp_t gfp = maybe_zero();
	void *p = kmalloc_nolock(size, gfp, NUMA_NO_NODE);

	arrived(o, NOLOCK, p, size, gfp);
}

static void do_exact(struct place *o)
{
	size_t size = any_size(18);
	gfp_t gfp = GFP_KERNEL | maybe_zero();

	arrived(o, EXACT, alloc_pages_exact(size, gfp), size, gfp);
}

static void do_bucket(struct place *o)
{
	size_t size = any_size(13);

	if (!buckets)
		buckets = kmem_buckets_create("fuzz", 0, 0, 64, NULL);
	if (buckets)
		arrived(o, BUCKET, kmem_buckets_alloc(buckets, size, GFP_KERNEL), size, GFP_KERNEL);
	else
		require(failing, "no buckets");
}

static void construct(void *object)
{
	*(uint64_t *)object = 0x1234567812345678u;
}

static slab_flags_t any_flags(void)
{
	uint8_t b = byte();
	slab_flags_t flags = 0;

	if (b & 1)
		flags |= SLAB_HWCACHE_ALIGN;
	if (b & 2)
		flags |= SLAB_RECLAIM_ACCOUNT;
	if (b & 4)
		flags |= SLAB_ACCOUNT;
	if (b & 8)
		flags |= SLAB_NO_MERGE;
	if ((b & 0x30) == 0x10)
		flags |= SLAB_TYPESAFE_BY_RCU;
	if ((b & 0xc0) == 0x40)
		flags |= SLAB_CONSISTENCY_CHECKS;
	if ((b & 0xf0) == 0x80)
		flags |= SLAB_RED_ZONE | SLAB_POISON | SLAB_STORE_USER;
	return flags;
}

static void make_cache(void)
{
	unsigned int i = byte() % NR_CACHES;
	char name[32];
	void (*ctor)(void *object) = byte() % 8 ? NULL : construct;
	size_t size = max_size(any_size(13), 8);

	if (caches[i])
		return;
	snprintf(name, sizeof(name), "fuzz-%u", nr_caches_made++);
	caches[i] =
		kmem_cache_create(name, (unsigned int)size, 1u << byte() % 8, any_flags(), ctor);
	require(caches[i] || failing, "no cache");
}

static void destroy_cache(void)
{
	unsigned int i = byte() % NR_CACHES;

	if (!caches[i] || nr_live[i])
		return;
	kmem_cache_destroy(caches[i]);
	caches[i] = NULL;
}

/* Of constructed objects only the part behind the constructed word is written. */
static void into_place(struct place *o, unsigned int i, void *p, gfp_t gfp)
{
	arrived(o, CACHE, p, kmem_cache_size(caches[i]), gfp);
	if (!p)
		return;
	o->cache = i;
	nr_live[i]++;
}

/* An object of cache @i into any empty place; without one it goes back. */
static void keep(unsigned int i, void *p)
{
	struct place *o = free_place();

	if (o)
		into_place(o, i, p, 0);
	else
		kmem_cache_free(caches[i], p);
}

static void do_cache_alloc(struct place *o)
{
	unsigned int i = byte() % NR_CACHES;
	gfp_t gfp = any_gfp() & ~__GFP_ZERO;

	if (caches[i])
		into_place(o, i, kmem_cache_alloc(caches[i], gfp), gfp);
}

static void do_bulk_alloc(void)
{
	unsigned int i = byte() % NR_CACHES;
	void *p[NR_BULK];
	size_t n = 1 + byte() % NR_BULK;

	if (!caches[i])
		return;
	if (!kmem_cache_alloc_bulk(caches[i], GFP_KERNEL, n, p)) {
		require(failing, "no bulk");
		return;
	}
	for (size_t k = 0; k < n; k++)
		keep(i, p[k]);
}

static void forget(struct place *o)
{
	if (o->kind == CACHE)
		nr_live[o->cache]--;
	*o = (struct place){ .kind = NOTHING };
}

static void do_bulk_free(void)
{
	unsigned int i = byte() % (NR_CACHES + 1);
	void *p[NR_BULK];
	size_t n = 0;

	for (unsigned int k = 0; k < NR_PLACES && n < NR_BULK; k++) {
		struct place *o = &places[k];
		bool fits = i == NR_CACHES ? o->kind == KMALLOC : o->kind == CACHE && o->cache == i;

		if (!fits)
			continue;
		verify(o, o->size);
		p[n++] = o->p;
		forget(o);
	}
	if (n)
		kmem_cache_free_bulk(i == NR_CACHES ? NULL : caches[i], n, p);
}

static void give_kmalloc_back(void *p)
{
	switch (byte() % 4) {
	case 0:
		kfree_sensitive(p);
		break;
	case 1:
		kvfree(p);
		break;
	case 2:
		kvfree_call_rcu(NULL, p);
		break;
	default:
		kfree(p);
	}
}

static void release(struct place *o)
{
	verify(o, o->size);
	switch (o->kind) {
	case NOTHING:
		return;
	case KMALLOC:
		give_kmalloc_back(o->p);
		break;
	case CACHE:
		kmem_cache_free(caches[o->cache], o->p);
		break;
	case KVMALLOC:
		kvfree(o->p);
		break;
	case NOLOCK:
		if (byte() & 1)
			kfree_nolock(o->p);
		else
			kfree(o->p);
		break;
	case EXACT:
		free_pages_exact(o->p, o->size);
		break;
	case BUCKET:
		kfree(o->p);
		break;
	}
	forget(o);
}

static void resize(struct place *o)
{
	size_t size = any_size(16);
	void *p;

	if (o->kind != KMALLOC && o->kind != KVMALLOC)
		return;
	verify(o, o->size);
	p = o->kind == KMALLOC ? krealloc(o->p, size, GFP_KERNEL)
			       : kvrealloc(o->p, size, GFP_KERNEL);
	if (!p) {
		require(failing, "out of memory");
		return;
	}
	o->p = p;
	verify(o, min_size(size, o->size));
	fill(o, p, size, 0);
}

static void prefill(void)
{
	unsigned int i = byte() % NR_CACHES;
	struct slab_sheaf *sheaf;
	unsigned int n = 1 + byte() % 100, nr_taken = byte() % n;

	if (!caches[i])
		return;
	sheaf = kmem_cache_prefill_sheaf(caches[i], GFP_KERNEL, n);
	if (!sheaf)
		return;
	for (unsigned int k = 0; k < nr_taken; k++) {
		void *p = kmem_cache_alloc_from_sheaf(caches[i], GFP_NOWAIT, sheaf);

		require(p, "a prefilled sheaf fails");
		keep(i, p);
	}
	if (byte() & 1)
		kmem_cache_refill_sheaf(caches[i], GFP_KERNEL, &sheaf, n);
	kmem_cache_return_sheaf(caches[i], GFP_KERNEL, sheaf);
}

static void disarm(void)
{
	failing = false;
	slab_fault_arm(FAULT_PAGES, 0, 0);
	slab_fault_arm(FAULT_SYSCALL, 0, 0);
}

static void fail(void)
{
	uint8_t b = byte();

	disarm();
	failing = b & 1;
	if (failing)
		slab_fault_arm(b & 2 ? FAULT_PAGES : FAULT_SYSCALL, 1 + byte() % 8, 1 + byte() % 4);
}

static void look(void)
{
	static char text[1 << 16];
	struct slab_usage u;
	unsigned int i = byte() % NR_CACHES;

	slab_usage(&u);
	require(u.nr_inuse <= u.nr_objects, "more objects in use than there are");
	slab_slabinfo(text, sizeof(text));
	if (caches[i])
		kmem_cache_validate(caches[i]);
	require(kmalloc_size_roundup(any_size(20)) > 0, "roundup");
}

static void settle(void)
{
	unsigned int i = byte() % NR_CACHES;

	if (byte() & 1)
		kvfree_rcu_barrier();
	else if (caches[i])
		kmem_cache_shrink(caches[i]);
}

static void into_empty(void (*op)(struct place *o))
{
	struct place *o = free_place();

	if (o)
		op(o);
}

static void step(void)
{
	static void (*const fillers[])(struct place *
				       o) = { do_kmalloc,     do_kmalloc,     do_kmalloc,
					      do_cache_alloc, do_cache_alloc, do_kvmalloc,
					      do_nolock,      do_exact,	      do_bucket };
	static void (*const others[])(void) = { make_cache,    make_cache,   destroy_cache,
						do_bulk_alloc, do_bulk_free, prefill,
						settle,	       look,	     fail };
	uint8_t op = byte();

	if (op < 96)
		into_empty(fillers[op % ARRAY_SIZE(fillers)]);
	else if (op < 160)
		release(&places[byte() % NR_PLACES]);
	else if (op < 180)
		resize(&places[byte() % NR_PLACES]);
	else
		others[op % ARRAY_SIZE(others)]();
	require(!slab_check(say, NULL), "an equation does not hold");
}

static void clean(void)
{
	disarm();
	for (unsigned int i = 0; i < NR_PLACES; i++)
		release(&places[i]);
	kvfree_rcu_barrier();
	for (unsigned int i = 0; i < NR_CACHES; i++) {
		kmem_cache_destroy(caches[i]);
		caches[i] = NULL;
	}
	require(!slab_check(say, NULL), "an equation does not hold in the end");
	require(!slab_errors(), "a report was written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in = (struct input){ data, size };
	while (in.left)
		step();
	clean();
	return 0;
}

static void boot(const char *options)
{
	if (!slab_boot(options))
		return;
	fprintf(stderr, "%s: %s\n", options, slab_boot_error());
	exit(2);
}

#ifdef LIBFUZZER

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *options = getenv("OPTIONS");

	(void)argc;
	(void)argv;
	boot(options ? options : "range=256M");
	return 0;
}

#else

/* Fewer where each step takes ten times as long; make fuzz is for the many. */
#define NR_INPUTS   (UNDER_TSAN ? 1 : UNDER_ASAN ? 6 : 25)
#define INPUT_BYTES 2000

static const char *const modes[] = {
	"range=256M",
	"range=256M,engine=cpuslab",
	"range=256M,debug=FZPU",
	"range=256M,nodes=3,shuffle=1",
	"range=1024M,page_size=64K",
	"range=256M,page_size=16K,virtual=1",
	"range=256M,freelist_random=1,freelist_hardened=1,init_on_alloc=1,init_on_free=1",
	"range=256M,partition=typed,profiling=1,stats=1",
	"range=256M,kfence=1,partition=random",
	"range=256M,limit=128M",
	"range=256M,classes=fine,sheaves=grow,partition=typed,partitions=256",
	"range=256M,reserve=0,sheaves=grow,minalign=16,purge=1",
	"range=256M,engine=cpuslab,classes=fine,purge=1",
};

static int run(const char *options)
{
	static uint8_t bytes[INPUT_BYTES];
	const char *s = getenv("SEED");
	struct random r;

	random_seed(&r, s ? strtoull(s, NULL, 0) : 21);
	boot(options);
	for (int i = 0; i < NR_INPUTS; i++) {
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)random_u64(&r);
		LLVMFuzzerTestOneInput(bytes, sizeof(bytes));
	}
	return 0;
}

int main(void)
{
	return run_modes(modes, ARRAY_SIZE(modes), run);
}

#endif
