// SPDX-License-Identifier: MIT
/*
 * A C program whose allocations Clang numbers: types with and without pointers, through every C
 * function that is rewritten, over all classes of size and beyond, from several threads.
 */
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include "shadow.h"

#define NR_KEPT	   64
#define NR_THREADS 3
#define NR_ROUNDS  20

#define TYPES(X)                                                                                   \
	X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)

/* What one thread holds for a while, so that slabs are shared if they can be. */
struct kept {
	void *p[NR_KEPT];
	unsigned int next;
	unsigned int nr_rounds;
};

static void drop(void *p)
{
	if (!p)
		return;
	LEAVE(p);
	free(p);
}

static void keep(struct kept *k, void *p)
{
	unsigned int i = k->next++ % NR_KEPT;

	drop(k->p[i]);
	k->p[i] = p;
}

#define CHECKED(k, p, token)                                                                       \
	do {                                                                                       \
		void *block = (p);                                                                 \
		ENTER(block, token);                                                               \
		keep(k, block);                                                                    \
	} while (0)

/* From 1 to 100000 of a type and back: in place, over classes, to large blocks, to mappings. */
#define GROW(type)                                                                                 \
	do {                                                                                       \
		static const size_t counts[] = { 1, 2, 10, 100, 1000, 100000, 50, 1 };             \
		type *p = NULL;                                                                    \
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {                  \
			if (p)                                                                     \
				LEAVE(p);                                                          \
			p = realloc(p, counts[i] * sizeof(type));                                  \
			REQUIRE(p &&malloc_usable_size(p) >= counts[i] * sizeof(type), "short");   \
			memset(p, 1, sizeof(type));                                                \
			ENTER(p, TOKEN_OF(type));                                                  \
		}                                                                                  \
		drop(p);                                                                           \
	} while (0)

/* A block of one type becomes one of another, of the same size. */
#define CHANGE(from, to)                                                                           \
	do {                                                                                       \
		from *p = malloc(sizeof(from));                                                    \
		to *q;                                                                             \
		memset(p, 7, sizeof(from));                                                        \
		ENTER(p, TOKEN_OF(from));                                                          \
		LEAVE(p);                                                                          \
		q = realloc(p, sizeof(to));                                                        \
		REQUIRE(*(unsigned char *)q == 7, "the contents are lost");                        \
		ENTER(q, TOKEN_OF(to));                                                            \
		drop(q);                                                                           \
	} while (0)

/* realloc() from a place that Clang does not see leaves the type as it is. */
static void *(*volatile plain_realloc)(void *p, size_t size) = realloc;

#define LEAVE_TYPE(type)                                                                           \
	do {                                                                                       \
		type *p = malloc(sizeof(type));                                                    \
		p = plain_realloc(p, 20 * sizeof(type));                                           \
		ENTER(p, TOKEN_OF(type));                                                          \
		drop(p);                                                                           \
	} while (0)

#define ALIGNED(k, type, call, n)                                                                  \
	do {                                                                                       \
		void *aligned = (call);                                                            \
		REQUIRE(!((uintptr_t)aligned % (n)), "not aligned");                               \
		CHECKED(k, aligned, TOKEN_OF(type));                                               \
	} while (0)

/* posix_memalign() and reallocarray() tell Clang no type: token 0. */
#define UNTYPED(k, type)                                                                           \
	do {                                                                                       \
		void *p;                                                                           \
		REQUIRE(!posix_memalign(&p, 256, sizeof(type)), "posix_memalign");                 \
		REQUIRE(!((uintptr_t)p % 256), "not aligned");                                     \
		CHECKED(k, p, 0);                                                                  \
		CHECKED(k, reallocarray(NULL, 3, sizeof(type)), 0);                                \
	} while (0)

#define ALL_WAYS(k, type)                                                                          \
	do {                                                                                       \
		CHECKED(k, malloc(sizeof(type)), TOKEN_OF(type));                                  \
		CHECKED(k, malloc((k)->next % 40 * sizeof(type)), TOKEN_OF(type));                 \
		CHECKED(k, calloc(1 + (k)->next % 300, sizeof(type)), TOKEN_OF(type));             \
		ALIGNED(k, type, memalign(64, sizeof(type)), 64);                                  \
		ALIGNED(k, type, aligned_alloc(2048, sizeof(type)), 2048);                         \
		ALIGNED(k, type, valloc(sizeof(type)), (size_t)getpagesize());                     \
		ALIGNED(k, type, pvalloc(sizeof(type)), (size_t)getpagesize());                    \
		UNTYPED(k, type);                                                                  \
		GROW(type);                                                                        \
		LEAVE_TYPE(type);                                                                  \
	} while (0)

#define X(n)                                                                                       \
	struct data_##n {                                                                          \
		unsigned char bytes[n * 13];                                                       \
	};                                                                                         \
	struct pointers_##n {                                                                      \
		struct pointers_##n *next;                                                         \
		char bytes[n * 11];                                                                \
	};                                                                                         \
	static void try_##n(struct kept *k)                                                        \
	{                                                                                          \
		ALL_WAYS(k, struct data_##n);                                                      \
		ALL_WAYS(k, struct pointers_##n);                                                  \
		CHANGE(struct data_##n, struct pointers_##n);                                      \
		CHANGE(struct pointers_##n, struct data_##n);                                      \
	}
TYPES(X)
#undef X

static void *work(void *arg)
{
	struct kept *k = arg;

	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
#define X(n) try_##n(k);
		TYPES(X)
#undef X
	}
	for (unsigned int i = 0; i < NR_KEPT; i++)
		drop(k->p[i]);
	return NULL;
}

int main(void)
{
	static struct kept kept[NR_THREADS];
	pthread_t threads[NR_THREADS];

	for (int i = 0; i < NR_THREADS; i++)
		REQUIRE(!pthread_create(&threads[i], NULL, work, &kept[i]), "no thread");
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	REQUIRE(!slab_errors(), "libslab has reported something");
	printf("%lu blocks, each in its set\n", shadow_nr_checked);
	return 0;
}
