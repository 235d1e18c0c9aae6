// SPDX-License-Identifier: MIT
/* Jobs to words and back: one table names each field once. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "lib/die.h"

enum kind { TEXT, UINT, U64, REAL };

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset, size;
} fields[] = {
#define FIELD(name, kind)                                                                          \
	{                                                                                          \
#name, kind, offsetof(struct job, name), sizeof(((struct job *)0)->name)           \
	}
	FIELD(workload, TEXT),	 FIELD(script, TEXT),	  FIELD(allocator, TEXT),
	FIELD(options, TEXT),	 FIELD(dir, TEXT),	  FIELD(threads, UINT),
	FIELD(rounds, UINT),	 FIELD(seed, U64),	  FIELD(scale, REAL),
	FIELD(image_bytes, U64), FIELD(alloc_bytes, U64), FIELD(ops, U64),
#undef FIELD
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static void print(char *buf, size_t len, const struct field *f, const void *at)
{
	switch (f->kind) {
	case TEXT:
		snprintf(buf, len, "%s=%s", f->key, (const char *)at);
		break;
	case UINT:
		snprintf(buf, len, "%s=%u", f->key, *(const unsigned int *)at);
		break;
	case U64:
		snprintf(buf, len, "%s=%" PRIu64, f->key, *(const uint64_t *)at);
		break;
	case REAL:
		snprintf(buf, len, "%s=%.17g", f->key, *(const double *)at);
		break;
	}
}

char **job_words(const struct job *job, const char *verb)
{
	static char text[NR_FIELDS][640];
	static char *words[JOB_MAX_WORDS];
	int n = 0;

	words[n++] = (char *)"runner";
	words[n++] = (char *)verb;
	for (size_t i = 0; i < NR_FIELDS; i++) {
		const char *at = (const char *)job + fields[i].offset;

		if (fields[i].kind == TEXT && !*at)
			continue;
		print(text[i], sizeof(text[i]), &fields[i], at);
		words[n++] = text[i];
	}
	words[n] = NULL;
	return words;
}

static void set(struct job *job, const struct field *f, const char *value)
{
	char *at = (char *)job + f->offset;

	switch (f->kind) {
	case TEXT:
		if ((size_t)snprintf(at, f->size, "%s", value) >= f->size)
			die(EXIT_USAGE, "%s is longer than %zu bytes", f->key, f->size - 1);
		break;
	case UINT:
		*(unsigned int *)at = (unsigned int)strtoul(value, NULL, 10);
		break;
	case U64:
		*(uint64_t *)at = strtoull(value, NULL, 10);
		break;
	case REAL:
		*(double *)at = strtod(value, NULL);
		break;
	}
}

static void parse_word(struct job *job, const char *word)
{
	size_t n = strcspn(word, "=");

	for (size_t i = 0; i < NR_FIELDS; i++)
		if (strlen(fields[i].key) == n && !memcmp(fields[i].key, word, n) && word[n]) {
			set(job, &fields[i], word + n + 1);
			return;
		}
	die(EXIT_USAGE, "cell: unknown word '%s'; words are KEY=VALUE as `ps` shows them", word);
}

void job_parse(struct job *job, int argc, char **argv)
{
	*job = (struct job){ .allocator = "libc",
			     .dir = "/tmp",
			     .threads = 1,
			     .rounds = 3,
			     .seed = 42,
			     .scale = 1 };
	for (int i = 0; i < argc; i++)
		parse_word(job, argv[i]);
}

static const struct workload *load_script(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct workload *w = handle ? dlsym(handle, "workload_script") : NULL;

	if (!handle)
		die(EXIT_USAGE, "%s", dlerror());
	if (!w)
		die(EXIT_USAGE, "%s has no WORKLOAD(script); see workloads/scripts/skeleton.c",
		    path);
	if (!w->prepare || !w->setup || !w->round)
		die(EXIT_USAGE, "%s: prepare, setup and round are required", path);
	return w;
}

const struct workload *job_workload(const struct job *job, const char **arg)
{
	size_t n = strcspn(job->workload, ":");
	const struct workload *w;

	*arg = job->workload + n + (job->workload[n] == ':');
	if (*job->script)
		return load_script(job->script);
	w = workload_find(job->workload, n);
	if (!w)
		die(EXIT_USAGE, "unknown workload '%.*s'; ./runner list names them", (int)n,
		    job->workload);
	return w;
}
