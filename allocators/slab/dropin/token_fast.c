// SPDX-License-Identifier: MIT
/*
 * The fast ABI: __alloc_token_ID_NAME for each function of token_table.h and the ids 0 to 255. An
 * entry puts the id where token_NAME() has its token and jumps there: the return address stays the
 * program's. The assembler repeats them; a compiler would take seconds and keep frames.
 */
#include "names.h"
#include "token_table.h"

/* 0 to 255, as the assembler's list. */
#define DECADE(d) d "0," d "1," d "2," d "3," d "4," d "5," d "6," d "7," d "8," d "9,"
#define HUNDRED(c)                                                                                 \
	DECADE(c "0") DECADE(c "1") DECADE(c "2") DECADE(c "3") DECADE(c "4")                      \
	DECADE(c "5") DECADE(c "6") DECADE(c "7") DECADE(c "8") DECADE(c "9")
#define IDS                                                                                        \
	DECADE("") DECADE("1") DECADE("2") DECADE("3") DECADE("4") DECADE("5") DECADE("6")         \
	DECADE("7") DECADE("8") DECADE("9") HUNDRED("1")                                           \
	DECADE("20") DECADE("21") DECADE("22") DECADE("23") DECADE("24")                           \
	"250,251,252,253,254,255"

/* The argument behind the first @nr ones. */
#if defined(__x86_64__)
#define ARGUMENT_1	     "%esi"
#define ARGUMENT_2	     "%edx"
#define ARGUMENT_3	     "%ecx"
#define ARGUMENT_4	     "%r8d"
#define SET(nr, value)	     "mov $" value ", " ARGUMENT_##nr "\n"
#define JUMP(target)	     "jmp " target "\n"
#elif defined(__aarch64__)
#define SET(nr, value)	     "mov w" #nr ", #" value "\n"
#define JUMP(target)	     "b " target "\n"
#endif

#ifdef JUMP
/* clang-format off */
#define TOKEN_ENTRY(name, nr)                                                                      \
	".irp id," IDS "\n"                                                                        \
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
#ifdef SOON
	TOKEN_TABLE_NEW
	TOKEN_TABLE_HINTED
#endif
);
/* clang-format on */
#endif
