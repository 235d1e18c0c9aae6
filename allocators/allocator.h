/* SPDX-License-Identifier: MIT */
/*
 * The contract between an allocator and everything that drives it.
 *
 * One file in this folder is one allocator: it holds ALLOCATOR(identifier) = { ... } and nothing
 * else has to be edited (the registry is generated from the file names; `_` in a file name is `-`
 * in the allocator's). A hook that is NULL means the default: the process's own malloc family,
 * which is whatever the dynamic linker found first, so a peer that is preloaded needs only its
 * names here.
 *
 * A trial is a process of its own. The parent finds @preload and puts it into LD_PRELOAD; the child
 * proves by address which object defines @symbol (by default malloc, for the default hooks) before
 * anything is measured.
 */
#ifndef ALLOCATORS_ALLOCATOR_H
#define ALLOCATORS_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kernel's values of the allocation flags that the workloads use. */
enum site_gfp {
	SITE_GFP_KERNEL = 0xcc0,
	SITE_GFP_ZERO = 0x100,
	SITE_GFP_RECLAIMABLE = 0x10,
	SITE_GFP_ACCOUNT = 0x400000,
};

#define SITE_TOKEN_UNSET UINT32_MAX

/*
 * One place in a program that allocates. Its address is the code location that the random mode
 * hashes; its token is the partition of the typed mode. Static, or alive as long as the trial.
 */
struct alloc_site {
	const char *type; /* name of the type allocated, "char[]" for plain data */
	uint32_t token; /* 0 to 15, 0 = type unknown; SITE_TOKEN_UNSET until alloc_site_resolve() */
	uint32_t gfp;	/* the kernel's flags, SITE_GFP_KERNEL if nothing special */
	bool has_pointers; /* the type contains a pointer: tokens 8 to 15 */
};

/*
 * A row of a workload's site table. Clang 22 infers the token from the type; any other compiler
 * leaves it to alloc_site_resolve(), which hashes the type's name and takes @pointers as said.
 */
#if defined(__has_builtin)
#if __has_builtin(__builtin_infer_alloc_token)
#define ALLOC_SITE_TOKEN(t)	((uint32_t)__builtin_infer_alloc_token(sizeof(t)))
#define ALLOC_SITE_TOKEN_SOURCE "clang"
#endif
#endif
#ifndef ALLOC_SITE_TOKEN
#define ALLOC_SITE_TOKEN(t)	SITE_TOKEN_UNSET
#define ALLOC_SITE_TOKEN_SOURCE "name"
#endif
#define ALLOC_SITE(t, pointers, flags)                                                             \
	{                                                                                          \
		.type = #t, .token = ALLOC_SITE_TOKEN(t), .gfp = (flags),                          \
		.has_pointers = (pointers)                                                         \
	}

/* Give @site a token if it has none: FNV-1a of the type's name, 3 bits, plus 8 for pointers. */
void alloc_site_resolve(struct alloc_site *site);

/* A kmem_cache of the allocator, or the default's record of one size. Opaque to workloads. */
struct alloc_cache;

enum alloc_cache_flags {
	ALLOC_CACHE_HWALIGN = 1,     /* SLAB_HWCACHE_ALIGN */
	ALLOC_CACHE_RECLAIMABLE = 2, /* SLAB_RECLAIM_ACCOUNT */
	ALLOC_CACHE_ACCOUNT = 4,     /* SLAB_ACCOUNT */
};

/*
 * What a workload calls. Every function may be called from any thread; an object may be freed by a
 * thread that did not allocate it, if it was handed over with release/acquire. Allocation returns
 * NULL when memory is out, never anything else. @size at free is the size asked for.
 */
struct alloc_ops {
	void *(*alloc)(size_t size, const struct alloc_site *site);
	void *(*zalloc)(size_t size, const struct alloc_site *site);
	void *(*realloc)(void *p, size_t old_size, size_t size, const struct alloc_site *site);
	void (*free)(void *p, size_t size);
	void *(*cache_alloc)(struct alloc_cache *cache);
	void *(*cache_zalloc)(struct alloc_cache *cache);
	void (*cache_free)(struct alloc_cache *cache, void *p);
	size_t (*usable)(void *p, size_t size); /* bytes the object really has, >= size */
};

/* How full the slabs are: slabs by tenth of their objects in use, (0, 10 %] to (90, 100 %]. */
struct alloc_slab_use {
	uint64_t nr_slabs[10];
	uint64_t nr_objects; /* capacity of all slabs together */
	uint64_t nr_in_use;
};

struct allocator {
	const char *name;
	const char *summary;
	const char
		*package; /* Debian package that brings it; NULL: part of the project or of libc */
	const char *
		preload[4]; /* file names to look for, the first found is preloaded; {NULL}: none */
	/* Beginnings of the environment variables that change it; a suite wants none to be set. */
	const char *env[4];
	const char *symbol; /* whose defining object is the proof; NULL: that of ops.alloc */

	/*
	 * The variable of the environment that brings it its options, for one that starts before
	 * main(). NULL: init() brings them.
	 */
	const char *options_variable;
	/* Takes the option token_stats=FILE, for ./runner tokens. */
	bool counts_tokens;

	bool is_own;	  /* what the project is about; all others are its peers */
	bool is_baseline; /* what ratios are taken to unless the user says otherwise */
	const char
		*variants[4]; /* options that a comparison runs by default; {NULL}: once without */

	/*
	 * Before the first allocation. @options is the text behind the name's colon ("" if none).
	 * @map_bytes: what one round allocates at most, for allocators that map ahead.
	 * Returns 0, or -1 with a sentence in @why (@why_len bytes). NULL: takes no options.
	 */
	int (*init)(const char *options, size_t map_bytes, char *why, size_t why_len);
	/* Version text of the library that is really mapped, "" if it does not tell. Not required.
	 */
	void (*version)(char *buf, size_t len);
	/* The mode read back from the allocator, e.g. "partition=typed". Not required. */
	void (*mode)(char *buf, size_t len);
	/* Called by one thread before each round, when nothing is live. Not required. */
	void (*round)(void);
	/* Not required; false if not available at this moment. May be called while others allocate.
	 */
	bool (*slab_use)(struct alloc_slab_use *use);
	/*
	 * The state of its caches in the layout of /proc/slabinfo (version 2.1): at most @len bytes
	 * with a NUL, returns the length of the whole text. Called in the watched round, from any
	 * thread, while others allocate. Not required.
	 */
	size_t (*slabinfo)(char *buf, size_t len);
	/* A cache of objects of one size; align 0 = the default. NULL if it cannot. Not required.
	 */
	struct alloc_cache *(*cache_create)(const char *name, size_t size, size_t align,
					    unsigned int flags);
	void (*cache_destroy)(struct alloc_cache *cache);
	/* Why the last allocation returned NULL, if it was not the system's memory. Not required.
	 */
	const char *(*exhausted)(void);
	/* The allocator does no real work: it is the harness's own cost, shown apart. */
	bool is_null;

	struct alloc_ops ops; /* NULL members: the malloc family */
};

#define ALLOCATOR(identifier) const struct allocator allocator_##identifier

/* allocators/malloc_family.c: fill NULL hooks of @a (a copy) with the process's malloc family. */
void allocator_complete(struct allocator *a);

/* allocators/registry.c: by name, by position (NULL past the end). */
const struct allocator *allocator_find(const char *name, size_t len);
const struct allocator *allocator_at(size_t index);

/* The file that @a would preload, into @path; false with the reason in @path if none is found. */
bool allocator_locate(const struct allocator *a, char *path, size_t len);

#endif
