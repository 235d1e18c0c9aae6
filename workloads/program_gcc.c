// SPDX-License-Identifier: MIT
/*
 * A compiler: C functions with structures, loops, branches and calls to one another, to assembly
 * with -O1. The driver and the compiler proper both have the allocator in front. The compiler keeps
 * most of what it collects as garbage in pages of its own; malloc serves its bitmaps, hashes,
 * vectors and pools. An operation is a function.
 */
#include "program.h"

#define NR_FUNCTIONS  20
#define NR_STATEMENTS 12

static unsigned int below(struct program_input *in, unsigned int n)
{
	return (unsigned int)random_below(&in->random, n);
}

static void say_statement(struct program_input *in, unsigned int f)
{
	switch (below(in, 5)) {
	case 0:
		program_say(in,
			    "	for (i = 0; i < %u; i++)\n		s += n->v[i %% 8] * (i ^ "
			    "a);\n",
			    3 + below(in, 60));
		break;
	case 1:
		program_say(in,
			    "	if (a %% %u > b)\n		n->v[%u] = s + b;\n	else\n"
			    "		s -= n->v[%u];\n",
			    2 + below(in, 30), below(in, 8), below(in, 8));
		break;
	case 2:
		program_say(in,
			    "	switch ((a + s) %% 4) {\n	case 0: s += b; break;\n"
			    "	case 1: n = n->next ? n->next : n; break;\n"
			    "	default: s ^= %u; }\n",
			    below(in, 10000));
		break;
	case 3:
		program_say(in, "	s += f%u(n, s %% 100, a + %u);\n", f ? below(in, f) : 0,
			    below(in, 50));
		break;
	default:
		program_say(in,
			    "	while (s > %u && n->next) {\n		s /= 2;\n"
			    "		n = n->next;\n		n->v[s %% 8]++;\n	}\n",
			    1000 + below(in, 9000));
	}
}

static void say_function(struct program_input *in, unsigned int f)
{
	unsigned int nr = NR_STATEMENTS / 2 + below(in, NR_STATEMENTS);

	program_say(in, "long f%u(struct node *n, long a, long b)\n{\n	long s = a + %u, i;\n", f,
		    below(in, 100));
	for (unsigned int i = 0; i < nr; i++)
		say_statement(in, f);
	program_say(in, "	return s + i;\n}\n");
}

static void draw(struct program_input *in)
{
	in->ops = program_scaled(in, NR_FUNCTIONS);
	program_say(in, "struct node { struct node *next; long v[8]; };\n");
	for (uint64_t f = 0; f < in->ops; f++)
		say_function(in, (unsigned int)f);
}

static const char *const args[] = { "-x", "c", "-w", "-O1", "-S", "-o", "-", "-", NULL };
static const char *const idle[] = { "-x", "c", "-S", "-o", "-", "/dev/null", NULL };

const struct program program_gcc = {
	.name = "gcc",
	.file = "gcc",
	.package = "gcc",
	.op = "functions",
	.args = args,
	.idle = idle,
	.version = "--version",
	.draw = draw,
};
