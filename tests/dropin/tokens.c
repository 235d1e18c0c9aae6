// SPDX-License-Identifier: MIT
/*
 * Random operations through every entry point of both AllocToken ABIs, from several threads, with a
 * shadow beside: no two live blocks overlap, each has its alignment and lies in the set that its
 * token names, and a page goes from one set to another only when its slab holds nothing (with
 * virtual=1 never). As a unit test it makes the bytes up itself, once for each set of options;
 * built with LIBFUZZER (make fuzz) they are a fuzzer's and the options OPTIONS in the environment.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"

#include "allocators/slab/dropin/dropin.h"
#include "allocators/slab/dropin/names.h"
#include "allocators/slab/dropin/token_table.h"
#include "allocators/slab/kfence.h"
#include "allocators/slab/pagemap.h"
#include "allocators/slab/partition.h"
#include "allocators/slab/slabinfo.h"
#include "allocators/slab/virtual.h"
#include "lib/bits.h"
#include "lib/lock.h"
#include "lib/random.h"

#define NR_PLACES  192
#define NR_THREADS 3
#define SET_ANY	   UINT32_MAX /* no AllocToken call asked for the block */

void *__alloc_token_malloc(size_t size, size_t token);
void *__alloc_token_calloc(size_t n, size_t size, size_t token);
void *__alloc_token_realloc(void *p, size_t size, size_t token);
void *__alloc_token_reallocf(void *p, size_t size, size_t token);
void *__alloc_token_reallocarray(void *p, size_t n, size_t size, size_t token);
void *__alloc_token_memalign(size_t align, size_t size, size_t token);
void *__alloc_token_aligned_alloc(size_t align, size_t size, size_t token);
int __alloc_token_posix_memalign(void **out, size_t align, size_t size, size_t token);
void *__alloc_token_valloc(size_t size, size_t token);
void *__alloc_token_pvalloc(size_t size, size_t token);

/* The entries of the fast ABI by id. */
#define TABLE(name)                                                                                \
	__asm__(".pushsection .data.rel.ro, \"aw\"\n.p2align 3\nfast_" #name                       \
		":\n.irp id," TOKEN_IDS "\n.quad __alloc_token_\\id\\()_" #name                    \
		"\n.endr\n.popsection\n")
TABLE(malloc);
TABLE(calloc);
TABLE(realloc);
TABLE(reallocf);
TABLE(reallocarray);
TABLE(memalign);
TABLE(aligned_alloc);
TABLE(posix_memalign);
TABLE(valloc);
TABLE(pvalloc);
extern void *(*const fast_malloc[256])(size_t size) __attribute__((visibility("hidden")));
extern void *(*const fast_calloc[256])(size_t n, size_t size) __attribute__((visibility("hidden")));
extern void *(*const fast_realloc[256])(void *p, size_t size) __attribute__((visibility("hidden")));
extern void *(*const fast_reallocf[256])(void *p, size_t size)
	__attribute__((visibility("hidden")));
extern void *(*const fast_reallocarray[256])(void *p, size_t n, size_t size)
	__attribute__((visibility("hidden")));
extern void *(*const fast_memalign[256])(size_t align, size_t size)
	__attribute__((visibility("hidden")));
extern void *(*const fast_aligned_alloc[256])(size_t align, size_t size)
	__attribute__((visibility("hidden")));
extern int (*const fast_posix_memalign[256])(void **out, size_t align, size_t size)
	__attribute__((visibility("hidden")));
extern void *(*const fast_valloc[256])(size_t size) __attribute__((visibility("hidden")));
extern void *(*const fast_pvalloc[256])(size_t size) __attribute__((visibility("hidden")));

struct place {
	unsigned char *p;
	size_t size;
	unsigned char pattern;
	uint32_t set; /* where its slab has to be */
};

/* What is known of a page of the range. */
struct page {
	uint16_t set;	  /* + 1; 0: no block was seen there */
	uint16_t nr_live; /* blocks that begin there */
};

struct input {
	const uint8_t *p;
	size_t left;
	struct place places[NR_PLACES];
};

static struct lock shadow_lock;
static struct page pages[(size_t)256 << (20 - UNIT_SHIFT)];

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static uint8_t byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

/* Mostly small, sometimes across the border to large blocks and to mappings. */
static size_t any_size(struct input *in)
{
	uint8_t b = byte(in);
	size_t base = (size_t)1 << b % 14;

	if (b == 255)
		return (size_t)1 << (13 + byte(in) % 10);
	return b & 64 ? base * byte(in) / 128 : base + byte(in) % 24;
}

/* ---- the shadow --------------------------------------------------------------------------------
 */

/* The pages of the slab at @p: none may hold a block of another set. */
static void enter_slab(const unsigned char *p, uint32_t set)
{
	const struct frame *f = frame_of(p);
	size_t first = frame_page(f);

	for (size_t i = first; i < first + ((size_t)1 << f->order); i++) {
		if (pages[i].set && pages[i].set != set + 1) {
			require(!pages[i].nr_live, "a slab holds blocks of two sets");
			require(!slab_virtual, "with virtual=1 a page came to another set");
		}
		pages[i].set = (uint16_t)(set + 1);
	}
	pages[pagemap_page(p)].nr_live++;
}

static void enter(const struct place *o)
{
	int set = slab_partition_of(o->p);

	if (set < 0)
		return;
	require(o->set == SET_ANY || (uint32_t)set == o->set, "a block is in another token's set");
	plain_acquire(&shadow_lock);
	enter_slab(o->p, (uint32_t)set);
	plain_release(&shadow_lock);
}

static void leave(const struct place *o)
{
	if (slab_partition_of(o->p) < 0)
		return;
	plain_acquire(&shadow_lock);
	require(pages[pagemap_page(o->p)].nr_live-- > 0, "the shadow has lost a block");
	plain_release(&shadow_lock);
}

static void verify(const struct place *o, size_t size)
{
	for (size_t i = 0; i < size; i++)
		require(o->p[i] == o->pattern, "a block changed while it was in use");
}

static void check_overlap(const struct input *in, const struct place *o)
{
	for (const struct place *q = in->places; q < in->places + NR_PLACES; q++)
		require(q == o || !q->p || q->p + q->size <= o->p || o->p + o->size <= q->p,
			"two live blocks overlap");
}

/* ---- operations --------------------------------------------------------------------------------
 */

/* One call: which function, by which ABI, with what. */
struct call {
	unsigned int function;
	bool fast;
	size_t token;
	size_t size, align;
	unsigned char *old;
};

enum {
	MALLOC,
	CALLOC,
	MEMALIGN,
	ALIGNED_ALLOC,
	POSIX_MEMALIGN,
	VALLOC,
	PVALLOC,
	PLAIN,
	NR_FILLERS,
	REALLOC = NR_FILLERS,
	REALLOCF,
	REALLOCARRAY,
	PLAIN_REALLOC,
	NR_FUNCTIONS,
};

static bool is_plain(const struct call *c)
{
	return c->function == PLAIN || c->function == PLAIN_REALLOC;
}

/* A token of the default ABI may be any number. */
static struct call any_call(struct input *in, unsigned int first, unsigned int nr)
{
	uint8_t b = byte(in);
	struct call c = { .function = first + byte(in) % nr, .fast = b & 1, .align = 1 };

	c.token = byte(in);
	if (!c.fast && (b & 2))
		c.token |= (size_t)0x5bd1e995abcdef00;
	c.size = any_size(in);
	c.align = (size_t)sizeof(void *) << byte(in) % 11;
	return c;
}

static void *call_fast(const struct call *c)
{
	void *p = NULL;

	switch (c->function) {
	case MALLOC:
		return fast_malloc[c->token](c->size);
	case CALLOC:
		return fast_calloc[c->token](1, c->size);
	case MEMALIGN:
		return fast_memalign[c->token](c->align, c->size);
	case ALIGNED_ALLOC:
		return fast_aligned_alloc[c->token](c->align, c->size);
	case POSIX_MEMALIGN:
		require(!fast_posix_memalign[c->token](&p, c->align, c->size), "no memory");
		return p;
	case VALLOC:
		return fast_valloc[c->token](c->size);
	case PVALLOC:
		return fast_pvalloc[c->token](c->size);
	case REALLOC:
		return fast_realloc[c->token](c->old, c->size);
	case REALLOCF:
		return fast_reallocf[c->token](c->old, c->size);
	default:
		return fast_reallocarray[c->token](c->old, 1, c->size);
	}
}

static void *call_default(const struct call *c)
{
	void *p = NULL;

	switch (c->function) {
	case MALLOC:
		return __alloc_token_malloc(c->size, c->token);
	case CALLOC:
		return __alloc_token_calloc(c->size, 1, c->token);
	case MEMALIGN:
		return __alloc_token_memalign(c->align, c->size, c->token);
	case ALIGNED_ALLOC:
		return __alloc_token_aligned_alloc(c->align, c->size, c->token);
	case POSIX_MEMALIGN:
		require(!__alloc_token_posix_memalign(&p, c->align, c->size, c->token), "no "
											"memory");
		return p;
	case VALLOC:
		return __alloc_token_valloc(c->size, c->token);
	case PVALLOC:
		return __alloc_token_pvalloc(c->size, c->token);
	case REALLOC:
		return __alloc_token_realloc(c->old, c->size, c->token);
	case REALLOCF:
		return __alloc_token_reallocf(c->old, c->size, c->token);
	default:
		return __alloc_token_reallocarray(c->old, c->size, 1, c->token);
	}
}

static struct kmalloc_token plain(const struct call *c)
{
	return (struct kmalloc_token){ c, 0 };
}

static unsigned char *make(const struct call *c)
{
	if (c->function == PLAIN)
		return dropin_alloc(c->size, plain(c));
	if (c->function == PLAIN_REALLOC)
		return dropin_realloc(c->old, c->size, plain(c));
	return c->fast ? call_fast(c) : call_default(c);
}

static size_t promised_align(const struct call *c)
{
	switch (c->function) {
	case MEMALIGN:
	case ALIGNED_ALLOC:
	case POSIX_MEMALIGN:
		return max_size(c->align, 16);
	case VALLOC:
	case PVALLOC:
		return UNIT_BYTES;
	default:
		return 16;
	}
}

static uint32_t wanted_set(const struct call *c)
{
	if (slab_partition.mode == PARTITION_NONE)
		return 0;
	if (slab_partition.mode == PARTITION_RANDOM)
		return SET_ANY;
	return is_plain(c) ? 0 : (uint32_t)c->token & (slab_partition.nr - 1);
}

static void arrive(struct input *in, struct place *o, const struct call *c, unsigned char *p)
{
	require(p, "no memory");
	require((uintptr_t)p % promised_align(c) == 0, "a block is not aligned");
	require(dropin_usable(p) >= c->size, "a block is smaller than was asked for");
	*o = (struct place){ .p = p, .size = c->size, .set = wanted_set(c), .pattern = byte(in) };
	for (size_t i = 0; c->function == CALLOC && i < c->size; i++)
		require(!p[i], "memory of calloc() is not zero");
	check_overlap(in, o);
}

static void fill(struct input *in, struct place *o)
{
	struct call c = any_call(in, MALLOC, NR_FILLERS);

	arrive(in, o, &c, make(&c));
	memset(o->p, o->pattern, o->size);
	enter(o);
}

static void release(struct place *o)
{
	if (!o->p)
		return;
	verify(o, o->size);
	leave(o);
	dropin_free(o->p);
	o->p = NULL;
}

/* A call without a token leaves a block in its set; a large block has none. */
static uint32_t set_after(const struct call *c, const struct place *old)
{
	if (c->function != PLAIN_REALLOC || slab_partition.mode != PARTITION_TYPED)
		return wanted_set(c);
	return is_kfence_address(old->p) || slab_partition_of(old->p) >= 0 ? old->set : 0;
}

static void resize(struct input *in, struct place *o)
{
	struct call c = any_call(in, REALLOC, NR_FUNCTIONS - REALLOC);
	struct place old = *o;
	uint32_t set;
	unsigned char *p;

	leave(o);
	c.size = max_size(c.size, 1);
	c.old = o->p;
	o->p = NULL;
	set = set_after(&c, &old);
	p = make(&c);
	arrive(in, o, &c, p);
	o->set = set;
	old.p = o->p;
	verify(&old, min_size(old.size, o->size));
	memset(o->p, o->pattern, o->size);
	enter(o);
}

static void step(struct input *in)
{
	struct place *o = &in->places[byte(in) % NR_PLACES];
	uint8_t op = byte(in);

	if (!o->p)
		fill(in, o);
	else if (op < 160)
		release(o);
	else
		resize(in, o);
}

static void say(void *ctx, const char *sentence)
{
	(void)ctx;
	fprintf(stderr, "%s\n", sentence);
}

static void play(struct input *in)
{
	while (in->left)
		step(in);
	for (unsigned int i = 0; i < NR_PLACES; i++)
		release(&in->places[i]);
}

static void settle(void)
{
	require(!slab_check(say, NULL), "an equation does not hold");
	require(!slab_errors(), "a report was written");
}

/* Where the drop-in is the program's malloc it runs already, with the options of the environment.
 */
static void start(const char *options)
{
	setenv("SLAB_OPTIONS", options, 1);
	dropin_free(dropin_alloc(1, (struct kmalloc_token){ 0 }));
	if (slab_range.nr_pages <= ARRAY_SIZE(pages))
		return;
	fprintf(stderr, "OPTIONS need range=256M or less\n");
	exit(2);
}

#ifdef LIBFUZZER

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *options = getenv("OPTIONS");

	(void)argc;
	(void)argv;
	start(options ? options : "range=256M,partition=typed");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input in;

	in.p = data;
	in.left = size;
	play(&in);
	settle();
	return 0;
}

#else

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define INPUT_BYTES 30000
#else
#define INPUT_BYTES 400000
#endif

/* kfence keeps objects apart from slabs, cpuslab is the other engine, fine has other classes. */
static const char *const modes[] = {
	"range=256M,partition=typed",
	"range=256M,partition=typed,partitions=2",
	"range=256M,partition=typed,partitions=64,classes=fine",
	"range=256M,partition=typed,partitions=256",
	"range=256M,partition=typed,partitions=256,engine=cpuslab",
	"range=256M,partition=typed,partitions=64,debug=FZPU",
	"range=256M,partition=typed,virtual=1,dirty=0",
	"range=256M,partition=typed,kfence=1,init_on_free=1",
	"range=256M,partition=random",
	"range=256M,partition=none",
};

struct worker {
	pthread_t thread;
	uint8_t bytes[INPUT_BYTES];
	struct input in;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	w->in.p = w->bytes;
	w->in.left = sizeof(w->bytes);
	play(&w->in);
	return NULL;
}

static int run(const char *options)
{
	static struct worker workers[NR_THREADS];
	const char *s = getenv("SEED");
	struct random r;

	random_seed(&r, s ? strtoull(s, NULL, 0) : 23);
	start(options);
	for (int i = 0; i < NR_THREADS; i++)
		for (size_t k = 0; k < INPUT_BYTES; k++)
			workers[i].bytes[k] = (uint8_t)random_u64(&r);
	for (int i = 0; i < NR_THREADS; i++)
		require(!pthread_create(&workers[i].thread, NULL, work, &workers[i]), "no thread");
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	settle();
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	return run_dropin_modes(argv, modes, ARRAY_SIZE(modes), run);
}

#endif
