/* SPDX-License-Identifier: MIT */
/*
 * The allocation functions that Clang 22 calls in another form under -fsanitize=alloc-token, found
 * by compiling calls of each and asking nm. No others: strdup(), getline() and calls through
 * pointers stay what they are; free() and delete never change.
 *
 * TOKEN_ENTRY(name, arguments): NAME has so many arguments and becomes
 *
 *   __alloc_token_NAME(arguments, size_t token)       the default
 *   __alloc_token_ID_NAME(arguments)                  with -fsanitize-alloc-token-fast-abi
 *
 * Both end in token_NAME(arguments, token), which is hidden.
 */
#ifndef SLAB_DROPIN_TOKEN_TABLE_H
#define SLAB_DROPIN_TOKEN_TABLE_H

/* reallocf() is of the BSDs; with libbsd a program may call it. */
#define TOKEN_TABLE_C                                                                              \
	TOKEN_ENTRY(malloc, 1)                                                                     \
	TOKEN_ENTRY(calloc, 2)                                                                     \
	TOKEN_ENTRY(realloc, 2)                                                                    \
	TOKEN_ENTRY(reallocf, 2)                                                                   \
	TOKEN_ENTRY(reallocarray, 3)                                                               \
	TOKEN_ENTRY(memalign, 2)                                                                   \
	TOKEN_ENTRY(aligned_alloc, 2)                                                              \
	TOKEN_ENTRY(posix_memalign, 3)                                                             \
	TOKEN_ENTRY(valloc, 1)                                                                     \
	TOKEN_ENTRY(pvalloc, 1)

/* operator new and new[]: plain, nothrow, aligned, aligned nothrow. */
#define TOKEN_TABLE_NEW                                                                            \
	TOKEN_ENTRY(_Znwm, 1)                                                                      \
	TOKEN_ENTRY(_Znam, 1)                                                                      \
	TOKEN_ENTRY(_ZnwmRKSt9nothrow_t, 2)                                                        \
	TOKEN_ENTRY(_ZnamRKSt9nothrow_t, 2)                                                        \
	TOKEN_ENTRY(_ZnwmSt11align_val_t, 2)                                                       \
	TOKEN_ENTRY(_ZnamSt11align_val_t, 2)                                                       \
	TOKEN_ENTRY(_ZnwmSt11align_val_tRKSt9nothrow_t, 3)                                         \
	TOKEN_ENTRY(_ZnamSt11align_val_tRKSt9nothrow_t, 3)

/*
 * The same with a hint how hot the memory will be (__hot_cold_t, a byte), and those that also
 * return how many bytes there are. The compiler makes such calls with a memory profile; programs
 * may declare them. The hint is not used.
 */
#define TOKEN_TABLE_HINTED                                                                         \
	TOKEN_ENTRY(_Znwm12__hot_cold_t, 2)                                                        \
	TOKEN_ENTRY(_Znam12__hot_cold_t, 2)                                                        \
	TOKEN_ENTRY(_ZnwmRKSt9nothrow_t12__hot_cold_t, 3)                                          \
	TOKEN_ENTRY(_ZnamRKSt9nothrow_t12__hot_cold_t, 3)                                          \
	TOKEN_ENTRY(_ZnwmSt11align_val_t12__hot_cold_t, 3)                                         \
	TOKEN_ENTRY(_ZnamSt11align_val_t12__hot_cold_t, 3)                                         \
	TOKEN_ENTRY(_ZnwmSt11align_val_tRKSt9nothrow_t12__hot_cold_t, 4)                           \
	TOKEN_ENTRY(_ZnamSt11align_val_tRKSt9nothrow_t12__hot_cold_t, 4)                           \
	TOKEN_ENTRY(__size_returning_new, 1)                                                       \
	TOKEN_ENTRY(__size_returning_new_aligned, 2)                                               \
	TOKEN_ENTRY(__size_returning_new_hot_cold, 2)                                              \
	TOKEN_ENTRY(__size_returning_new_aligned_hot_cold, 3)

#endif
