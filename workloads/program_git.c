// SPDX-License-Identifier: MIT
/*
 * git packing a repository anew: every object is read, compared with others for deltas and written
 * as one pack to the standard output; the repository itself is only read. It is made once by `git
 * fast-import` of commits that change lines of a few files. An operation is a commit of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "program.h"

#define NR_COMMITS   200
#define NR_FILES     40
#define NR_LINES     120 /* of a file */
#define NR_CHANGED   3	 /* files of a commit */
#define FIRST_SECOND 1700000000u

/* A line of a file is a number that a commit may change; the text follows from it. */
struct tree {
	uint32_t line[NR_FILES][NR_LINES];
};

static void say_file(struct program_input *in, const uint32_t *line)
{
	struct program_input file = { .scale = 0 };

	for (int i = 0; i < NR_LINES; i++)
		program_say(&file, "line %d has value %08x and %u more\n", i, line[i],
			    line[i] % 1000);
	program_say(in, "data %zu\n", file.text.bytes);
	memcpy(plan_append(&in->text, file.text.bytes), file.text.p, file.text.bytes);
	program_say(in, "\n");
	free(file.text.p);
}

static void say_commit(struct program_input *in, struct tree *tree, uint64_t n)
{
	program_say(in,
		    "commit refs/heads/main\nmark :%llu\n"
		    "committer Nobody <nobody@example.org> %llu +0000\ndata 12\ncommit %05llu\n",
		    (unsigned long long)n + 1, (unsigned long long)(FIRST_SECOND + n),
		    (unsigned long long)(n % 100000));
	for (int i = 0; i < NR_FILES; i++) {
		uint32_t *line = tree->line[i];

		if (n && random_below(&in->random, NR_FILES) >= NR_CHANGED)
			continue;
		for (int change = 0; change < 4; change++)
			line[random_below(&in->random, NR_LINES)] =
				(uint32_t)random_u64(&in->random);
		program_say(in, "M 100644 inline dir%d/file%d.txt\n", i % 5, i);
		say_file(in, line);
	}
	program_say(in, "\n");
}

static void draw(struct program_input *in)
{
	struct tree *tree = plan_alloc(1, sizeof(*tree));

	in->ops = program_scaled(in, NR_COMMITS);
	for (int i = 0; i < NR_FILES; i++)
		for (int line = 0; line < NR_LINES; line++)
			tree->line[i][line] = (uint32_t)random_u64(&in->random);
	for (uint64_t n = 0; n < in->ops; n++)
		say_commit(in, tree, n);
	/* fast-import answers this, so that its answer is not empty. */
	program_say(in, "progress imported\ndone\n");
	free(tree);
}

static const char *const env[] = { "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
				   "GIT_DIR=.", NULL };

static int make(const char *path, const char *dir, const struct program_input *in, char *why)
{
	static const char *const init[] = { "init", "--bare", ".", NULL };
	static const char *const import[] = { "fast-import", "--done", "--force", "--quiet", NULL };
	const struct program *p = &program_git;
	char answer[PROGRAM_ANSWER];

	if (program_command(p, path, dir, init, &in->text, answer, why))
		return -1;
	return program_command(p, path, dir, import, &in->text, answer, why);
}

/* One thread, so that the deltas found do not depend on who was faster. */
static const char *const args[] = { "pack-objects",	 "--all",	"--stdout",
				    "--no-reuse-delta",	 "--threads=1", "-q",
				    "--no-reuse-object", NULL };
static const char *const idle[] = { "version", NULL };

const struct program program_git = {
	.name = "git",
	.file = "git",
	.package = "git",
	.op = "commits",
	.args = args,
	.idle = idle,
	.version = "--version",
	.env = env,
	.draw = draw,
	.make = make,
};
