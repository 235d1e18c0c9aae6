/* SPDX-License-Identifier: MIT */
/*
 * libslab: the Linux slab allocator (7.x rules) as a C library, under the kernel's own names.
 *
 * Threads: every function may be called from any thread unless its comment says otherwise. An
 * object may be freed by another thread than the one that allocated it, provided that it was handed
 * over with release/acquire or stronger. In a signal handler only kmalloc_nolock() and
 * kfree_nolock() are safe. Errors: out of memory is NULL; a damaged or foreign object is one report
 * on fd 2, and the program goes on where the kernel does (report.h; option panic_on_error).
 *
 * Memory: libslab never calls malloc or stdio. Slabs, large blocks and pages come from one reserved
 * address range; vmalloc, pmalloc, kfence and the tables beside have mappings of their own.
 *
 * fork(): any thread may fork at any time. fork() lets the other threads finish what they are doing
 * in slow paths and keeps them out meanwhile, microseconds as a rule. So the child has every cache
 * and object of the parent, slab_check() holds in it, and it and its children go on with all of
 * libslab, with threads and with forks of their own. What grace periods add is in rcupdate.h.
 *
 * A signal handler may fork, too, whatever of libslab it interrupted; its child may end, call exec,
 * or return and go on. Threads that wait for what was interrupted cannot be waited for: the child
 * goes on without them, and has lost what they had in hand, at most the objects of three sheaves
 * and a batch each, their charges to memory groups, and with virtual=1 the addresses of a block. If
 * two threads do this at once, the child of the first may find what the second's handler
 * interrupted half changed. glibc, which takes locks of its own, calls fork() safe in handlers only
 * in a process of one thread.
 *
 * Three more kinds of threads are not waited for without end. One that is in a function of the
 * program which libslab called (a constructor, a shrinker, reclaim) for more than 100 ms is left
 * behind, with the loss above. One that waits for libslab, but has a lock that fork() takes
 * afterwards (the name service of glibc; handlers registered before libslab is loaded), is
 * let in after 100 ms, like all others in turn; if one of those others is inside at the very moment
 * of the fork, what it was changing is half changed in the child. That is so, too, of one that does
 * not come out within 5 s. The locks of stdio need none of this: libslab takes the first of them
 * before.
 *
 * vfork(), posix_spawn(), system() and popen() call no handlers and need none. After _Fork(), or
 * clone() without CLONE_VM, which call none either, the child may use only kmalloc_nolock() and
 * kfree_nolock(), which never wait.
 */
#ifndef SLAB_SLAB_H
#define SLAB_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gfp.h" /* gfp_t, GFP_KERNEL, __get_free_pages() */
#include "overflow.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel's type name, so that kernel code compiles unchanged. */
typedef unsigned int slab_flags_t;

/* Cache flags. An unknown bit makes the creation of the cache fail. */
#define SLAB_CONSISTENCY_CHECKS 0x00001u /* check each free; no sheaves; never merged */
#define SLAB_HWCACHE_ALIGN	0x00002u /* align to cache lines where the size deserves it */
#define SLAB_PANIC		0x00004u /* abort if the cache cannot be created */
#define SLAB_TYPESAFE_BY_RCU	0x00008u /* slabs outlive readers: rcupdate.h */
#define SLAB_RECLAIM_ACCOUNT	0x00010u /* counted as reclaimable */
#define SLAB_ACCOUNT		0x00020u /* charged to the allocating thread's group: memcontrol.h */
#define SLAB_NO_MERGE		0x00040u /* never shares slabs with another cache */
#define SLAB_KMALLOC		0x00080u /* one of the kmalloc caches */
#define SLAB_NOLEAKTRACE	0x00100u /* no sheaves, as in the kernel */
#define SLAB_NO_USER_FLAGS	0x00200u /* the debug option leaves this cache alone */
#define SLAB_RED_ZONE		0x00400u /* debug Z: red zones around each object */
#define SLAB_POISON		0x00800u /* debug P: fill free objects and padding */
#define SLAB_STORE_USER		0x01000u /* debug U: who allocated and who freed */
#define SLAB_TRACE		0x02000u /* debug T: print each allocation and free */
#define SLAB_FAILSLAB		0x04000u /* debug A: allocations may be made to fail */
#define SLAB_CACHE_DMA		0x08000u
#define SLAB_CACHE_DMA32	0x10000u
#define SLAB_SKIP_KFENCE	0x20000u /* never sampled for guard pages */
#define SLAB_DEBUG_OBJECTS	0x40000u /* accepted; nothing here tracks object life times */
#define SLAB_TEMPORARY		SLAB_RECLAIM_ACCOUNT
#define SLAB_HUGE_BLOCKS	0x80000u /* objects beyond a page: packed into up to 2 MiB */
#define SLAB_FLAGS_ALL		0xfffffu

#define KMALLOC_MIN_SIZE       8u
#define KMALLOC_MAX_CACHE_SIZE 8192u	  /* above: whole pages, or further classes */
#define KMALLOC_MAX_SIZE       (4u << 20) /* 2^(MAX_PAGE_ORDER + PAGE_SHIFT) bytes */

/* What a request for no bytes returns: may be freed, must not be dereferenced. */
#define ZERO_SIZE_PTR	      ((void *)16)
#define ZERO_OR_NULL_PTR(ptr) ((uintptr_t)(ptr) <= 16)

struct kmem_cache;

/*
 * Boot.
 *
 * slab_boot() reads "key=value,key=value,..." (NULL or "" for the defaults) and returns 0, -EINVAL
 * for a bad option, -EBUSY if libslab already runs, -ENOMEM if the system gave no memory; then
 * nothing is left behind and it may be called again. It never prints: slab_boot_error() is the
 * reason in one sentence, "" after success. The first allocation boots with the defaults if nobody
 * did.
 *
 *   partition=none|random|typed   how kmalloc spreads over its sets of caches (default none)
 *   partitions=2|16|64|256        how many sets those modes have; -falloc-token-max has to say the
 *                                 same (default 16, the kernel's)
 *   classes=kernel|fine           the sizes of kmalloc's caches: 8 to 8192 by powers of two, 96 and
 *                                 192; or multiples of 16 to 128 and then eight a doubling up to
 *                                 64K, so that less than 12.5 % of a class is unused (default
 *                                 kernel)
 *   sheaves=kernel|grow           how many objects a sheaf holds: 60, 28, 12 or 4 by their size; or
 *                                 more where a load goes up and down by more than that (default
 *                                 kernel)
 *   minalign=8|16                 the least size and alignment of kmalloc's objects, the kernel's
 *                                 ARCH_KMALLOC_MINALIGN (default 8)
 *   cpus=N                        the CPU count that slab orders follow (default: CPUs present)
 *   slab_min_order=N slab_max_order=N slab_min_objects=N   as the kernel's parameters (0, 3, 0)
 *   seed=N                        the random mode's seed (default: drawn from the system)
 *   debug=LETTERS[+NAME...][;...] the kernel's slab_debug= with '+' or ':' for its ',', see
 *                                 debug_flags.h: F consistency checks, Z red zones, P poison, U who
 *                                 allocated and freed, T trace, A failslab, O not where the order
 *                                 grows, - nothing; none: FZPU; NAME may end in '*' (default -)
 *   panic_on_error=0|1            1: abort() after each report of an error (default 0)
 *   failslab=interval:N+probability:P+times:T   what letter A makes fail: one in N requests, with P
 *                                 percent, T times (1, 100, no limit; default -: nothing)
 *   slab_merge=0|1                may similar caches share slabs (default 1)
 *   page_size=4K|16K|64K          what a page is, whatever the machine has (default 4K)
 *   nodes=N                       simulate N memory nodes, 1 to 8, a CPU's node being its number
 *                                 modulo N (default: the nodes of the system)
 *   shuffle=0|1                   largest blocks in random order (SHUFFLE_PAGE_ALLOCATOR; 0)
 *   virtual=0|1                   addresses of one cache are never used by another (SLAB_VIRTUAL;
 *                                 default 0; takes address space, not memory)
 *   range=SIZE                    address space to reserve (default 64G, halved until it fits; at
 *                                 least 64M, with pages of 16K 256M, of 64K 1G)
 *   reserve=0|1                   0: map the range piece by piece as it is used, so that RLIMIT_AS
 *                                 counts little, and leave a quarter of that limit (64M at most)
 *                                 to the rest of the process (default 1; of libslab-malloc 0)
 *   engine=sheaf|cpuslab          how free objects are cached: 7.x rules, or 6.12 to 6.17 rules
 *   stats=0|1                     count events for each cache (default 0; slower)
 *   dirty=SIZE                    free memory up to which none goes back to the system (default 1M)
 *   purge=MS                      above that, it goes back when it was not needed for so many
 *                                 milliseconds (default 50) or half of them; 0: at once
 *   purge_thread=0|1              1: also while the program makes no calls, by a thread of libslab
 *                                 that ends soon after (default 1; engine=cpuslab: never)
 *   freelist_hardened=0|1         free pointers are mixed with a secret and checked when they are
 *                                 followed: CONFIG_SLAB_FREELIST_HARDENED (default 0)
 *   freelist_random=0|1           new slabs hand out their objects in a random order:
 *                                 CONFIG_SLAB_FREELIST_RANDOM (default 0)
 *   init_on_alloc=0|1             objects are zero when they are handed out (default 0)
 *   init_on_free=0|1              objects are wiped as soon as they are freed (default 0)
 *   slab_buckets=0|1              does kmem_buckets_create() make caches (default: as
 *                                 freelist_hardened, like the kernel's CONFIG_SLAB_BUCKETS)
 *   kfence=MS                     once in so many milliseconds an allocation gets guard pages
 *                                 around it, and misuse of it is reported; the kernel's interval
 *                                 is 100 (default 0: never). Installs a handler of SIGSEGV
 *   kfence_objects=N              how many such objects there may be (default 255)
 *   kfence_burst=N                further allocations each time (default 0)
 *   limit=SIZE                    memory that may be in use, from 1M; 0: all of range (default 0)
 *   warn=0|1                      print a line when pages cannot be had (default 0)
 *   vmalloc=SIZE                  address space for vmalloc, reserved at its first use (default
 *                                 64G, halved until it fits)
 *   profiling=0|1                 count bytes and objects by call site, see codetag.h (default 0)
 *   single_thread=0|1             the process has one thread: restartable sequences are used even
 *                                 where no kernel restarts them, for valgrind and other emulators.
 *                                 Refused in a process with more threads; one that starts later
 *                                 works, without sheaves, as signal handlers do. Nothing changes
 *                                 where the kernel does restart them (default 0)
 * SIZE takes K, M or G.
 */
SLAB_API int slab_boot(const char *options);
SLAB_API const char *slab_boot_error(void);

/*
 * The value in effect of an option above, or of "cached_by" (how this machine and the engine cache
 * free objects). Writes at most @len bytes with a NUL and returns the full length, -ENOENT for an
 * unknown name.
 */
SLAB_API int slab_option_get(const char *name, char *buf, size_t len);

/* What __kmem_cache_create_args() takes beyond name, size and flags. Zero means default. */
struct kmem_cache_args {
	unsigned int align;
	/* Used if use_freeptr_offset; only with RCU or a ctor; a word in the object, aligned. */
	unsigned int freeptr_offset;
	bool use_freeptr_offset;
	unsigned int useroffset; /* the part of an object that usercopy.h lets through */
	unsigned int usersize;	 /* 0: nothing */
	void (*ctor)(void *object);
	unsigned int sheaf_capacity; /* at least so many objects in a sheaf; never merged */
	unsigned int min_order;	     /* in pages: no slab is smaller; never merged */
};

/*
 * Create a cache of @size-byte objects (1 to KMALLOC_MAX_SIZE). @align 0 or a power of two, up to
 * the largest block of pages. The name, under 64 bytes, is copied. @ctor runs once per object and
 * slab life, when the slab is made, with no lock held. SLAB_HUGE_BLOCKS: objects beyond a page lie
 * in slabs of up to 2 MiB, of the size that wastes least for each; no slab is smaller, so a
 * fragmented memory fails earlier. NULL: bad argument (errno EINVAL, ENAMETOOLONG), no slab holds
 * an object with what the debug flags add (ENOSYS), or out of memory (ENOMEM). @args NULL: all
 * defaults.
 */
SLAB_API struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
					      unsigned int align, slab_flags_t flags,
					      void (*ctor)(void *object));
SLAB_API struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
						     const struct kmem_cache_args *args,
						     slab_flags_t flags);

/*
 * The same with @usersize bytes from @useroffset on that may be copied to and from the user
 * (usercopy.h). A part that reaches beyond the object is taken as none. Such a cache never shares
 * slabs with another.
 */
SLAB_API struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size,
						       unsigned int align, slab_flags_t flags,
						       unsigned int useroffset,
						       unsigned int usersize,
						       void (*ctor)(void *object));

#ifndef __cplusplus
/*
 * As in the kernel from 6.12 on, the third argument may be a struct kmem_cache_args, or NULL, and
 * the flags then are the last: kmem_cache_create("name", size, &args, flags).
 */
#define kmem_cache_create(name, size, args, ...)                                                   \
	_Generic((args),                                                                           \
		struct kmem_cache_args *: __kmem_cache_create_args,                                \
		const struct kmem_cache_args *: __kmem_cache_create_args,                          \
		void *: __kmem_cache_create_args,                                                  \
		default: kmem_cache_create)((name), (size), (args), __VA_ARGS__)

/* A cache named after a struct, of its size and alignment; and with @field for usercopy.h. */
#define KMEM_CACHE(tag, flags)                                                                     \
	__kmem_cache_create_args(#tag, sizeof(struct tag),                                         \
				 &(struct kmem_cache_args){ .align = __alignof__(struct tag) },    \
				 (flags))
#define KMEM_CACHE_USERCOPY(tag, flags, field)                                                     \
	__kmem_cache_create_args(                                                                  \
		#tag, sizeof(struct tag),                                                          \
		&(struct kmem_cache_args){ .align = __alignof__(struct tag),                       \
					   .useroffset = offsetof(struct tag, field),              \
					   .usersize = sizeof(((struct tag *)0)->field) },         \
		(flags))
#endif

/*
 * Give the cache up. The caller guarantees that nobody uses it any more. If objects are still
 * allocated, they are reported in the kernel's words and the cache stays (a merged cache only loses
 * one user). NULL is allowed.
 */
SLAB_API void kmem_cache_destroy(struct kmem_cache *s);
SLAB_API unsigned int kmem_cache_size(const struct kmem_cache *s);
SLAB_API const char *kmem_cache_name(const struct kmem_cache *s);

/*
 * Give back what the cache does not need: the sheaves of all CPUs, the slabs without objects; order
 * the others so that the fullest are used first. 1 if slabs remain, else 0.
 */
SLAB_API int kmem_cache_shrink(struct kmem_cache *s);

SLAB_API void *kmem_cache_alloc(struct kmem_cache *s, gfp_t gfp);

/*
 * An object of that memory node where possible; with __GFP_THISNODE or not at all. A node that does
 * not exist is no wish.
 */
SLAB_API void *kmem_cache_alloc_node(struct kmem_cache *s, gfp_t gfp, int node);
SLAB_API void kmem_cache_free(struct kmem_cache *s, void *object);

static inline void *kmem_cache_zalloc(struct kmem_cache *s, gfp_t gfp)
{
	return kmem_cache_alloc(s, gfp | __GFP_ZERO);
}

/*
 * Prefilled sheaves: objects taken ahead, for sections that must neither fail nor wait. A sheaf
 * belongs to its caller. prefill: @n objects at least, or NULL. refill: fill it up again, maybe as
 * another sheaf; 0 or -ENOMEM and nothing lost. alloc_from_sheaf never fails for objects that the
 * sheaf has, and is NULL when it is empty. return: give it back with what is left in it.
 */
struct slab_sheaf;
SLAB_API struct slab_sheaf *kmem_cache_prefill_sheaf(struct kmem_cache *s, gfp_t gfp,
						     unsigned int n);
SLAB_API int kmem_cache_refill_sheaf(struct kmem_cache *s, gfp_t gfp, struct slab_sheaf **sheafp,
				     unsigned int n);
SLAB_API void *kmem_cache_alloc_from_sheaf(struct kmem_cache *s, gfp_t gfp,
					   struct slab_sheaf *sheaf);
SLAB_API void kmem_cache_return_sheaf(struct kmem_cache *s, gfp_t gfp, struct slab_sheaf *sheaf);
SLAB_API unsigned int kmem_cache_sheaf_size(const struct slab_sheaf *sheaf);

/*
 * Charge an object that was allocated without a group to the group that is active in this thread
 * (memcontrol.h). False if a limit refused. True without effect for an object that is charged
 * already, and for ordinary kmalloc objects (allocate those with __GFP_ACCOUNT).
 */
SLAB_API bool kmem_cache_charge(void *object, gfp_t gfp);

/*
 * kmalloc. The call site travels as an argument: its location (the address of a static codetag,
 * which the random mode hashes) and its token (what Clang's AllocToken says of the type: 0 to 7
 * without pointers or unknown, 8 to 15 with; compile with -falloc-token-max=16). A harness that
 * stands for many call sites calls the _token functions itself, with any location.
 */
struct kmalloc_token {
	const void *location;
	unsigned long token; /* the type in bits 0 to 7, and KMALLOC_TOKEN_TAGGED */
};

#define KMALLOC_TOKEN_TYPE   0xfful
#define KMALLOC_TOKEN_TAGGED 0x100ul /* the location is a struct codetag */

/*
 * A call site in words. Nobody reads it but allocation profiling (codetag.h), when it prints; a
 * program pays 24 bytes of constants a site and no instruction.
 */
struct codetag {
	const char *filename;
	const char *function;
	unsigned int lineno;
};

#if defined(__has_builtin)
#if __has_builtin(__builtin_infer_alloc_token)
#define SLAB_INFER_TOKEN(...) ((unsigned long)__builtin_infer_alloc_token(__VA_ARGS__))
#endif
#endif
#ifndef SLAB_INFER_TOKEN
#define SLAB_INFER_TOKEN(...) 0ul
#endif

#define KMALLOC_TOKEN(...)                                                                         \
	__extension__({                                                                            \
		static const struct codetag slab_site = { __FILE__, __func__, __LINE__ };          \
		(struct kmalloc_token){ &slab_site,                                                \
					SLAB_INFER_TOKEN(__VA_ARGS__) | KMALLOC_TOKEN_TAGGED };    \
	})

/*
 * Alignment: a power-of-two size is aligned to itself, any other to the largest power of two that
 * divides it, at least 8. Size 0 gives ZERO_SIZE_PTR. Above KMALLOC_MAX_CACHE_SIZE the block is
 * PAGE_SIZE << order bytes; above KMALLOC_MAX_SIZE the answer is NULL.
 */
SLAB_API void *kmalloc_token(size_t size, gfp_t gfp, struct kmalloc_token token);

/* kmalloc on a memory node, as kmem_cache_alloc_node(). */
SLAB_API void *kmalloc_node_token(size_t size, gfp_t gfp, int node, struct kmalloc_token token);

/*
 * Size 0 frees @p and gives ZERO_SIZE_PTR; NULL or ZERO_SIZE_PTR is a kmalloc. Never moves when the
 * new size fits; otherwise copies and frees, and if that fails returns NULL with @p untouched.
 * With __GFP_ZERO (then required on every call from the first) the grown part reads as zero.
 */
SLAB_API void *krealloc_token(const void *p, size_t size, gfp_t gfp, struct kmalloc_token token);

/* Frees any object of libslab, of kmalloc or of a cache. NULL and ZERO_SIZE_PTR do nothing. */
SLAB_API void kfree(const void *p);

/* Bytes usable behind @p; 0 for NULL and ZERO_SIZE_PTR. */
SLAB_API size_t ksize(const void *p);

/* The bytes that kmalloc(@size) would provide; @size itself beyond KMALLOC_MAX_SIZE. */
SLAB_API size_t kmalloc_size_roundup(size_t size);

/* kmalloc for arrays: NULL when @n * @size overflows. */
static inline void *kmalloc_array_token(size_t n, size_t size, gfp_t gfp,
					struct kmalloc_token token)
{
	return kmalloc_token(size_mul(n, size), gfp, token);
}

#define kmalloc(size, gfp)	    kmalloc_token((size), (gfp), KMALLOC_TOKEN(size))
#define kzalloc(size, gfp)	    kmalloc_token((size), (gfp) | __GFP_ZERO, KMALLOC_TOKEN(size))
#define krealloc(p, size, gfp)	    krealloc_token((p), (size), (gfp), KMALLOC_TOKEN(size))
#define kmalloc_array(n, size, gfp) kmalloc_array_token((n), (size), (gfp), KMALLOC_TOKEN(size))
#define kcalloc(n, size, gfp)                                                                      \
	kmalloc_array_token((n), (size), (gfp) | __GFP_ZERO, KMALLOC_TOKEN(size))

/* Requests for a node. */
static inline void *kmalloc_array_node_token(size_t n, size_t size, gfp_t gfp, int node,
					     struct kmalloc_token token)
{
	return kmalloc_node_token(size_mul(n, size), gfp, node, token);
}

#define kmalloc_node(size, gfp, node) kmalloc_node_token((size), (gfp), (node), KMALLOC_TOKEN(size))
#define kzalloc_node(size, gfp, node) kmalloc_node((size), (gfp) | __GFP_ZERO, (node))
#define kmalloc_array_node(n, size, gfp, node)                                                     \
	kmalloc_array_node_token((n), (size), (gfp), (node), KMALLOC_TOKEN(size))
#define kcalloc_node(n, size, gfp, node) kmalloc_array_node((n), (size), (gfp) | __GFP_ZERO, (node))

/*
 * The whole of krealloc: as krealloc_token(), and it also moves when @p is not aligned to @align (a
 * power of two; 1 asks for nothing), which the answer then is, or when __GFP_THISNODE asks for
 * another node than the one where @p lies.
 */
SLAB_API void *krealloc_node_align_token(const void *p, size_t size, size_t align, gfp_t gfp,
					 int node, struct kmalloc_token token);

#define krealloc_node_align(p, size, align, gfp, node)                                             \
	krealloc_node_align_token((p), (size), (align), (gfp), (node), KMALLOC_TOKEN(size))
#define krealloc_node(p, size, gfp, node) krealloc_node_align((p), (size), 1, (gfp), (node))
#define krealloc_array(p, n, size, gfp)                                                            \
	krealloc_token((p), size_mul((n), (size)), (gfp), KMALLOC_TOKEN(size))

/* Overwrite all ksize(@p) bytes with zeros, in a way that no compiler leaves out, and free. */
SLAB_API void kfree_sensitive(const void *p);

/*
 * Copies. NULL if the source is NULL (of the kstr functions) or without memory. kstrndup() and
 * kmemdup_nul() end the copy with a NUL; kstrndup() copies at most @max characters.
 */
SLAB_API char *kstrdup_token(const char *s, gfp_t gfp, struct kmalloc_token token);
SLAB_API char *kstrndup_token(const char *s, size_t max, gfp_t gfp, struct kmalloc_token token);
SLAB_API void *kmemdup_token(const void *src, size_t len, gfp_t gfp, struct kmalloc_token token);
SLAB_API char *kmemdup_nul_token(const char *s, size_t len, gfp_t gfp, struct kmalloc_token token);

#define kstrdup(s, gfp)		 kstrdup_token((s), (gfp), KMALLOC_TOKEN(sizeof(char)))
#define kstrndup(s, max, gfp)	 kstrndup_token((s), (max), (gfp), KMALLOC_TOKEN(sizeof(char)))
#define kmemdup_nul(s, len, gfp) kmemdup_nul_token((s), (len), (gfp), KMALLOC_TOKEN(sizeof(char)))
#define kmemdup(src, len, gfp)	 kmemdup_token((src), (len), (gfp), KMALLOC_TOKEN(len))
#define kmemdup_array(src, n, size, gfp)                                                           \
	kmemdup_token((src), size_mul((n), (size)), (gfp), KMALLOC_TOKEN(size))

/*
 * Many objects at once, with one hold of a lock instead of one an object. kmem_cache_alloc_bulk()
 * fills @p with @n objects and is true, or leaves nothing allocated and is false (also for @n 0);
 * what is in @p is then undefined. kmem_cache_free_bulk() frees @n objects of @s, or, where @s is
 * NULL, of any caches and of kmalloc in any order; it reorders @p.
 */
SLAB_API bool kmem_cache_alloc_bulk(struct kmem_cache *s, gfp_t gfp, size_t n, void **p);
SLAB_API void kmem_cache_free_bulk(struct kmem_cache *s, size_t n, void **p);

static inline void kfree_bulk(size_t n, void **p)
{
	kmem_cache_free_bulk(NULL, n, p);
}

/*
 * kvmalloc: kmalloc, and vmalloc (vmalloc.h) where kmalloc has no block so large. kvfree() frees
 * what either gave. Above a page the first attempt neither reclaims (unless __GFP_RETRY_MAYFAIL)
 * nor warns; up to a page there is no second one, nor above INT_MAX bytes. @align is honoured by
 * the second attempt only; the first has the alignment of kmalloc.
 *
 * kvrealloc(): vrealloc() of what lies in vmalloc, else krealloc(), else a kvmalloc, a copy and a
 * kvfree; NULL leaves @p as it was.
 */
SLAB_API void *kvmalloc_node_align_token(size_t size, size_t align, gfp_t gfp, int node,
					 struct kmalloc_token token);
SLAB_API void *kvrealloc_node_align_token(const void *p, size_t size, size_t align, gfp_t gfp,
					  int node, struct kmalloc_token token);
SLAB_API void kvfree(const void *p);

/* Overwrites the first @len bytes before it frees. */
SLAB_API void kvfree_sensitive(const void *p, size_t len);

/* kvfree() for where the kernel may not sleep; here no free sleeps, so it is the same. */
SLAB_API void kvfree_atomic(const void *p);

static inline void *kvmalloc_token(size_t size, gfp_t gfp, struct kmalloc_token token)
{
	return kvmalloc_node_align_token(size, 1, gfp, NUMA_NO_NODE, token);
}

#define kvmalloc(size, gfp) kvmalloc_token((size), (gfp), KMALLOC_TOKEN(size))
#define kvzalloc(size, gfp) kvmalloc((size), (gfp) | __GFP_ZERO)
#define kvmalloc_node(size, gfp, node)                                                             \
	kvmalloc_node_align_token((size), 1, (gfp), (node), KMALLOC_TOKEN(size))
#define kvzalloc_node(size, gfp, node) kvmalloc_node((size), (gfp) | __GFP_ZERO, (node))
#define kvmalloc_array(n, size, gfp)                                                               \
	kvmalloc_token(size_mul((n), (size)), (gfp), KMALLOC_TOKEN(size))
#define kvcalloc(n, size, gfp) kvmalloc_array((n), (size), (gfp) | __GFP_ZERO)
#define kvrealloc(p, size, gfp)                                                                    \
	kvrealloc_node_align_token((p), (size), 1, (gfp), NUMA_NO_NODE, KMALLOC_TOKEN(size))

/*
 * Buckets: a set of kmalloc caches of one's own, so that objects whose size or contents a user
 * chooses share slabs with nothing else (SLAB_BUCKETS, 6.11). kmem_buckets_create() makes one cache
 * a class, "name-8" to "name-8k" (beyond with larger pages), with @flags | SLAB_NO_MERGE and the
 * part for usercopy.h that lies in the class. NULL without memory or for arguments that a cache
 * refuses (errno as kmem_cache_create()). With the option slab_buckets=0
 * it returns ZERO_SIZE_PTR, and kmem_buckets_alloc() is kmalloc(), which it also is for NULL.
 *
 * Objects are aligned to 8 bytes only, not as kmalloc() promises, and freed by kfree(). The caller
 * destroys the buckets when nobody uses them any more; objects still allocated are reported.
 */
typedef struct kmem_cache *kmem_buckets[128]; /* by class; with classes=kernel numbered as there */

SLAB_API kmem_buckets *kmem_buckets_create(const char *name, slab_flags_t flags,
					   unsigned int useroffset, unsigned int usersize,
					   void (*ctor)(void *object));
SLAB_API void kmem_buckets_destroy(kmem_buckets *b);
SLAB_API void *kmem_buckets_alloc_token(kmem_buckets *b, size_t size, gfp_t gfp,
					struct kmalloc_token token);
SLAB_API void *kmem_buckets_valloc_token(kmem_buckets *b, size_t size, gfp_t gfp,
					 struct kmalloc_token token);

#define kmem_buckets_alloc(b, size, gfp)                                                           \
	kmem_buckets_alloc_token((b), (size), (gfp), KMALLOC_TOKEN(size))
/* kvmalloc() from a set: vmalloc by its rules where the first attempt fails; freed by kvfree(). */
#define kmem_buckets_valloc(b, size, gfp)                                                          \
	kmem_buckets_valloc_token((b), (size), (gfp), KMALLOC_TOKEN(size))
/* For a wrapper: the call site is the wrapper's caller. */
#define kmem_buckets_alloc_track_caller(b, size, gfp)                                              \
	kmem_buckets_alloc_token(                                                                  \
		(b), (size), (gfp),                                                                \
		(struct kmalloc_token){ __builtin_return_address(0), SLAB_INFER_TOKEN(size) })

/*
 * For signal handlers, whatever the signal interrupted, libslab included: no lock is waited for, no
 * system call but to make memory accessible, errno is kept. kmalloc_nolock() gives NULL where it
 * would have to wait, after one more try in the next larger class; before boot; above
 * KMALLOC_MAX_CACHE_SIZE; for flags other than __GFP_ACCOUNT, ZERO, NOWARN and NOMEMALLOC; and of a
 * class with debug flags (the kernel serves those). __GFP_ACCOUNT selects the caches, but the
 * object is neither charged nor counted by site; kmem_cache_charge() may do the one later. Its
 * objects may be freed by kfree() (not in a handler) or by kfree_nolock(), which takes no others;
 * what cannot be freed at once is freed by the next slow path of an ordinary call. @node as in
 * kmalloc_node().
 */
SLAB_API void *kmalloc_nolock_token(size_t size, gfp_t gfp, int node, struct kmalloc_token token);
SLAB_API void kfree_nolock(const void *p);

#define kmalloc_nolock(size, gfp, node)                                                            \
	kmalloc_nolock_token((size), (gfp), (node), KMALLOC_TOKEN(size))

#ifdef __cplusplus
}
#endif

#include "kmalloc_obj.h" /* kmalloc by type */
#include "slabinfo.h"	 /* what is in use, and the texts of the kernel's files */

#endif
