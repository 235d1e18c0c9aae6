// SPDX-License-Identifier: MIT
/* The C functions of token_table.h: the plain ones with a token. See token_abi.h. */
#include "token_abi.h"

#include "aligned.h"

void *token_malloc(size_t size, size_t token);
void *token_calloc(size_t n, size_t size, size_t token);
void *token_realloc(void *p, size_t size, size_t token);
void *token_reallocf(void *p, size_t size, size_t token);
void *token_reallocarray(void *p, size_t n, size_t size, size_t token);
void *token_memalign(size_t align, size_t size, size_t token);
void *token_aligned_alloc(size_t align, size_t size, size_t token);
int token_posix_memalign(void **out, size_t align, size_t size, size_t token);
void *token_valloc(size_t size, size_t token);
void *token_pvalloc(size_t size, size_t token);

void *token_malloc(size_t size, size_t token)
{
	return dropin_alloc(size, TOKEN_HERE(token));
}

void *token_calloc(size_t n, size_t size, size_t token)
{
	return dropin_zalloc(n, size, TOKEN_HERE(token));
}

void *token_realloc(void *p, size_t size, size_t token)
{
	return dropin_realloc(p, size, TOKEN_HERE(token));
}

/* As realloc(), but without memory the block is freed. */
void *token_reallocf(void *p, size_t size, size_t token)
{
	void *new = dropin_realloc(p, size, TOKEN_HERE(token));

	if (!new &&size)
		dropin_free(p);
	return new;
}

void *token_reallocarray(void *p, size_t n, size_t size, size_t token)
{
	return dropin_reallocarray(p, n, size, TOKEN_HERE(token));
}

void *token_memalign(size_t align, size_t size, size_t token)
{
	return aligned_glibc(align, size, TOKEN_HERE(token));
}

void *token_aligned_alloc(size_t align, size_t size, size_t token)
{
	return aligned_c23(align, size, TOKEN_HERE(token));
}

int token_posix_memalign(void **out, size_t align, size_t size, size_t token)
{
	return aligned_posix(out, align, size, TOKEN_HERE(token));
}

void *token_valloc(size_t size, size_t token)
{
	return aligned_page(size, TOKEN_HERE(token));
}

void *token_pvalloc(size_t size, size_t token)
{
	return aligned_pages(size, TOKEN_HERE(token));
}

#define TOKEN_ENTRY(name, nr) TOKEN_EXPORT(name);
#include "token_table.h"
TOKEN_TABLE_C
