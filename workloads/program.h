/* SPDX-License-Identifier: MIT */
/*
 * A real program as a workload: what a program_NAME.c file has to tell about one. The input is text
 * that is drawn from the seed; the program reads it as its standard input and answers on its
 * standard output, which must be the same for the same input whatever malloc it has: no times, no
 * addresses, no order of hashes. The allocator under test is in front of the program (LD_PRELOAD),
 * and proven to be (program_proof.c) before anything is measured.
 */
#ifndef WORKLOADS_PROGRAM_H
#define WORKLOADS_PROGRAM_H

#include "plan.h"
#include "process.h"

#define PROGRAM_MAX_ARGS 24
#define PROGRAM_WHY	 256

/* An input while it is drawn. */
struct program_input {
	struct random random;
	double scale;
	struct plan_list text;
	uint64_t ops; /* of the whole input; what one is says struct program */
};

/* One that runs, for those that are served while they do. */
struct program_talk {
	pid_t pid;
	const char *dir; /* where it works */
	unsigned int index;
	const char *text; /* its input */
	size_t bytes;
	char *why;	 /* out: PROGRAM_WHY bytes, a sentence */
	uint64_t digest; /* out: of what it answered */
};

struct program {
	const char *name;    /* behind "program:" */
	const char *file;    /* the executable */
	const char *package; /* Debian package that brings it */
	const char *op;	     /* in the plural: "statements" */
	/*
	 * Behind the program's name, up to a NULL; "%u" anywhere in one becomes the number of the
	 * thread, for what two at once must not share.
	 */
	const char *const *args;
	/* With these it starts, and ends without work. */
	const char *const *idle;
	const char *version; /* with this alone it tells its version */
	/* "NAME=VALUE" up to a NULL, before those of the environment; NULL: none. */
	const char *const *env;
	void (*draw)(struct program_input *in);
	/*
	 * Once, before all trials: make of the input what the program works on in @dir. Its
	 * standard input is then empty. 0, or -1 with a sentence in @why (PROGRAM_WHY bytes). NULL:
	 * nothing.
	 */
	int (*make)(const char *path, const char *dir, const struct program_input *in, char *why);
	/*
	 * Give it its input while it runs, hash what it answers and tell it to end. 0, or -1 with a
	 * sentence. Its standard streams are then not its input and its answer. NULL: they are.
	 */
	int (*talk)(struct program_talk *talk);
};

/* More text at the end of the input. */
__attribute__((format(printf, 2, 3))) void program_say(struct program_input *in, const char *fmt,
						       ...);

/*
 * The input of an interpreter: "state, records = SEED, NR" with a drawn seed and @nr_records at
 * scale 1, which are the operations, and then @script.
 */
void program_script(struct program_input *in, double nr_records, const char *script);

/* How many of something that is @n at scale 1; at least 1. */
static inline uint64_t program_scaled(const struct program_input *in, double n)
{
	return n * in->scale < 1 ? 1 : (uint64_t)(n * in->scale);
}

/* program_find.c: where @p lies (@len bytes of @path); false if it is not installed. */
bool program_find(const struct program *p, char *path, size_t len);

/* The environment that all programs run in, with @p's own settings and @more (NULL: none), and with
 * @malloc in front (NULL: nothing). Pointers to strings that live as long as the process. */
struct program_env {
	char *var[512];
	char preload[600];
};
void program_environment(struct program_env *env, const struct program *p, const char *malloc,
			 const char *const *more);

/* program_run.c: what is set up once for a thread, and one run. */
struct program_seat {
	const struct program *program;
	const char *path, *dir;
	unsigned int index;
	struct program_env env;
	const char *text;
	size_t bytes;
	int in, out, err; /* memfds */
	char why[PROGRAM_WHY];
	uint64_t digest; /* of the last run's answer */
};

/* 0, or -1 with seat->why. Memory for the seat is the caller's; text, path and dir must stay. */
int program_sit(struct program_seat *seat, const char *malloc);

/* Give back what program_sit() made. */
void program_leave(struct program_seat *seat);

/*
 * Run the program at @path in @dir with other words on an input, nothing in front; the beginning of
 * its answer into @answer (PROGRAM_ANSWER bytes). 0, or -1 with a sentence in @why.
 */
#define PROGRAM_ANSWER 256
int program_command(const struct program *p, const char *path, const char *dir,
		    const char *const *words, const struct plan_list *input, char *answer,
		    char *why);

/* Run it once; 0 with the answer's digest, or -1 with seat->why. */
int program_run(struct program_seat *seat, struct wl_usage *usage);

/*
 * program_proof.c: does the program, and every library and program that it starts, take malloc from
 * @malloc? Told by the dynamic linker itself. 0, or -1 with seat->why.
 */
int program_prove(struct program_seat *seat, const char *malloc);

/* The file that holds this process's own malloc, into @path; false if it is none. */
bool program_own_malloc(char *path, size_t len);

/* The last line of what was written to the memfd @fd, for a sentence. */
void program_last_line(int fd, char *buf, size_t len);

extern const struct program program_git, program_gcc, program_lua, program_python, program_redis,
	program_sqlite3;

#endif
