/* SPDX-License-Identifier: MIT */
/*
 * Allocation by type (Linux 7.0): the caller names a type or a variable, the macro works out the
 * size and returns a pointer to that type. Included by slab.h.
 *
 *     struct point *p = kmalloc_obj(*p);
 *     struct point *row = kzalloc_objs(struct point, n, GFP_NOWAIT);
 *     struct message *m = kmalloc_flex(*m, text, length);
 *
 * Without flags it is GFP_KERNEL. A size that overflows is NULL. kmalloc_ takes memory of kmalloc,
 * freed by kfree(); kvmalloc_ that of kvmalloc, freed by kvfree(); a z clears it. The token is that
 * of the element's type, so with partition=typed pointers and data part as the compiler sees them.
 *
 * _flex: one @type whose flexible array @member has @n elements. If @member is declared
 * __counted_by(counter) and the compiler can tell (Clang 22, GCC 15, C only), the counter is set to
 * @n, and an @n that does not fit the counter is NULL; otherwise the counter is the caller's.
 *
 * Each argument is evaluated once. C, and C++ where the compiler has statement expressions.
 */
#ifndef SLAB_KMALLOC_OBJ_H
#define SLAB_KMALLOC_OBJ_H

#include "overflow.h"
#include "slab.h"

/* The first of the flags given, else GFP_KERNEL. */
#define SLAB_SECOND(a, b, ...) (b)
#define default_gfp(...)       SLAB_SECOND(0, ##__VA_ARGS__, GFP_KERNEL, 0)

/* What __counted_by names, as a pointer; a void * where there is none or the compiler is older. */
#if defined(__has_builtin) && !defined(__cplusplus)
#if __has_builtin(__builtin_counted_by_ref)
#define SLAB_FLEX_COUNTER(array) __builtin_counted_by_ref(array)
#endif
#endif

#ifdef SLAB_FLEX_COUNTER
/* clang-format off */
#define SLAB_FLEX_COUNTER_TYPE(type, member)                                                       \
	__typeof__(_Generic(SLAB_FLEX_COUNTER(((type *)NULL)->member),                             \
			    void *: (size_t)0,                                                     \
			    default: *SLAB_FLEX_COUNTER(((type *)NULL)->member)))
#define SLAB_SET_FLEX_COUNTER(p, member, n)                                                        \
	(*_Generic(SLAB_FLEX_COUNTER((p)->member),                                                 \
		   void *: &(size_t){ 0 },                                                         \
		   default: SLAB_FLEX_COUNTER((p)->member)) =                                      \
		(SLAB_FLEX_COUNTER_TYPE(__typeof__(*(p)), member))(n))
/* clang-format on */
#define SLAB_FLEX_COUNT_FITS(type, member, n)                                                      \
	((size_t)(SLAB_FLEX_COUNTER_TYPE(type, member))(n) == (n))
#else
#define SLAB_SET_FLEX_COUNTER(p, member, n)   ((void)(n))
#define SLAB_FLEX_COUNT_FITS(type, member, n) ((void)(n), 1)
#endif

/* @alloc is kmalloc_token or kvmalloc_token. */
#define SLAB_ALLOC_OBJS(alloc, type, n, gfp)                                                       \
	((type *)alloc(size_mul(sizeof(type), (n)), (gfp), KMALLOC_TOKEN(sizeof(type))))

#define SLAB_ALLOC_FLEX(alloc, type, member, count, gfp)                                           \
	__extension__({                                                                            \
		const size_t slab_n = (count);                                                     \
		type *slab_p = NULL;                                                               \
		if (SLAB_FLEX_COUNT_FITS(type, member, slab_n))                                    \
			slab_p = (type *)alloc(struct_size_t(type, member, slab_n), (gfp),         \
					       KMALLOC_TOKEN(sizeof(type)));                       \
		if (slab_p)                                                                        \
			SLAB_SET_FLEX_COUNTER(slab_p, member, slab_n);                             \
		slab_p;                                                                            \
	})

#define kmalloc_obj(type, ...) kmalloc_objs(type, 1, ##__VA_ARGS__)
#define kmalloc_objs(type, n, ...)                                                                 \
	SLAB_ALLOC_OBJS(kmalloc_token, __typeof__(type), n, default_gfp(__VA_ARGS__))
#define kmalloc_flex(type, member, n, ...)                                                         \
	SLAB_ALLOC_FLEX(kmalloc_token, __typeof__(type), member, n, default_gfp(__VA_ARGS__))

#define kzalloc_obj(type, ...)	   kzalloc_objs(type, 1, ##__VA_ARGS__)
#define kzalloc_objs(type, n, ...) kmalloc_objs(type, n, default_gfp(__VA_ARGS__) | __GFP_ZERO)
#define kzalloc_flex(type, member, n, ...)                                                         \
	kmalloc_flex(type, member, n, default_gfp(__VA_ARGS__) | __GFP_ZERO)

#define kvmalloc_obj(type, ...) kvmalloc_objs(type, 1, ##__VA_ARGS__)
#define kvmalloc_objs(type, n, ...)                                                                \
	SLAB_ALLOC_OBJS(kvmalloc_token, __typeof__(type), n, default_gfp(__VA_ARGS__))
#define kvmalloc_flex(type, member, n, ...)                                                        \
	SLAB_ALLOC_FLEX(kvmalloc_token, __typeof__(type), member, n, default_gfp(__VA_ARGS__))

#define kvzalloc_obj(type, ...)	    kvzalloc_objs(type, 1, ##__VA_ARGS__)
#define kvzalloc_objs(type, n, ...) kvmalloc_objs(type, n, default_gfp(__VA_ARGS__) | __GFP_ZERO)
#define kvzalloc_flex(type, member, n, ...)                                                        \
	kvmalloc_flex(type, member, n, default_gfp(__VA_ARGS__) | __GFP_ZERO)

#endif
