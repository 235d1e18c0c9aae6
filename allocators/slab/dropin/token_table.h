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

/* The ids of the fast ABI, 0 to 255, as a list for the assembler. */
#define TOKEN_DECADE(d) d "0," d "1," d "2," d "3," d "4," d "5," d "6," d "7," d "8," d "9,"
#define TOKEN_IDS                                                                                  \
	TOKEN_DECADE("")                                                                           \
	TOKEN_DECADE("1")                                                                          \
	TOKEN_DECADE("2")                                                                          \
	TOKEN_DECADE("3")                                                                          \
	TOKEN_DECADE("4")                                                                          \
	TOKEN_DECADE("5")                                                                          \
	TOKEN_DECADE("6")                                                                          \
	TOKEN_DECADE("7")                                                                          \
	TOKEN_DECADE("8")                                                                          \
	TOKEN_DECADE("9")                                                                          \
	TOKEN_DECADE("10")                                                                         \
	TOKEN_DECADE("11")                                                                         \
	TOKEN_DECADE("12")                                                                         \
	TOKEN_DECADE("13")                                                                         \
	TOKEN_DECADE("14")                                                                         \
	TOKEN_DECADE("15")                                                                         \
	TOKEN_DECADE("16")                                                                         \
	TOKEN_DECADE("17")                                                                         \
	TOKEN_DECADE("18")                                                                         \
	TOKEN_DECADE("19")                                                                         \
	TOKEN_DECADE("20")                                                                         \
	TOKEN_DECADE("21")                                                                         \
	TOKEN_DECADE("22")                                                                         \
	TOKEN_DECADE("23")                                                                         \
	TOKEN_DECADE("24")                                                                         \
	"250,251,252,253,254,255"

#endif
