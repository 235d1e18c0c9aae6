/* SPDX-License-Identifier: MIT */
/*
 * A child process seen from the runner: spawned with an allocator in front, spoken to over a
 * socket, its stderr kept, always reaped. Children die with the runner. Main thread only.
 */
#ifndef HARNESS_CHILD_H
#define HARNESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int socket;
	int errors; /* memfd with what it wrote to stderr */
	char buffer[8192];
	size_t used; /* bytes in buffer */
	bool ended;  /* the socket is closed */
};

enum child_line { CHILD_LINE, CHILD_NOTHING, CHILD_ENDED };

/* What the child's environment has besides this program's; "" for none. */
struct child_env {
	const char *preload; /* LD_PRELOAD, which is not passed on */
	const char *setting; /* NAME=VALUE, instead of the NAME of this program's */
};

/*
 * Re-execute this program with @words and @env, the memfds @image_fd and @shared_fd (-1 for none)
 * passed on. 0 or -errno.
 */
int child_spawn(struct child *c, char **words, const struct child_env *env, int image_fd,
		int shared_fd);

/* The next line within @timeout_ms into @line without its newline. */
enum child_line child_read(struct child *c, int timeout_ms, char *line, size_t len);

/* Let it go on to its next stage. */
void child_go(struct child *c);

void child_kill(struct child *c);

/* Wait for its end; the exit status as 0..255, or 128 + signal. Closes everything. */
int child_reap(struct child *c);

/* The last line it wrote to stderr, "" if none. Before child_reap(). */
void child_last_words(struct child *c, char *buf, size_t len);

#endif
