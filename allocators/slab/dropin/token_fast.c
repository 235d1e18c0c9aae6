// SPDX-License-Identifier: MIT
/*
 * The fast ABI: __alloc_token_ID_NAME for each function of token_table.h and the ids 0 to 255. An
 * entry puts the id where token_NAME() has its token and jumps there: the return address stays the
 * program's. The assembler repeats them; a compiler would take seconds and keep frames.
 */
#include "names.h"
#include "token_table.h"

/* The argument behind the first @nr ones. */
#if defined(__x86_64__)
#define ARGUMENT_1     "%esi"
#define ARGUMENT_2     "%edx"
#define ARGUMENT_3     "%ecx"
#define ARGUMENT_4     "%r8d"
#define SET(nr, value) "mov $" value ", " ARGUMENT_##nr "\n"
#define JUMP(target)   "jmp " target "\n"
#elif defined(__aarch64__)
#define SET(nr, value) "mov w" #nr ", #" value "\n"
#define JUMP(target)   "b " target "\n"
#endif

#ifdef JUMP
/* clang-format off */
#define TOKEN_ENTRY(name, nr)                                                                      \
	".irp id," TOKEN_IDS "\n"                                                                        \
	".globl __alloc_token_\\id\\()_" #name "\n"                                                \
	".type __alloc_token_\\id\\()_" #name ", %function\n"                                      \
	".p2align 4\n"                                                                             \
	"__alloc_token_\\id\\()_" #name ":\n"                                                      \
	SET(nr, "\\id")                                                                            \
	JUMP("token_" #name)                                                                       \
	".size __alloc_token_\\id\\()_" #name ", . - __alloc_token_\\id\\()_" #name "\n"           \
	".endr\n"

__asm__(".text\n"
	TOKEN_TABLE_C
#if !DROPIN_RENAMED
	TOKEN_TABLE_NEW
	TOKEN_TABLE_HINTED
#endif
);
/* clang-format on */
#endif
