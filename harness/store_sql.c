// SPDX-License-Identifier: MIT
/* The text of the schema, of the views and of what formats 2 and 3 added, put into the program by
 * the assembler. */
#include "store_parts.h"

#define EMBED(symbol, path)                                                                        \
	__asm__(".pushsection .rodata\n"                                                           \
		".global " #symbol "\n"                                                            \
		".type " #symbol ", @object\n" #symbol ":\n"                                       \
		".incbin \"" path "\"\n"                                                           \
		".byte 0\n"                                                                        \
		".size " #symbol ", . - " #symbol "\n"                                             \
		".popsection\n")

EMBED(store_schema_sql, "results/schema.sql");
EMBED(store_views_sql, "results/views.sql");
EMBED(store_slabinfo_sql, "results/slabinfo.sql");
EMBED(store_suite_sql, "results/suite.sql");
