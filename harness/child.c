// SPDX-License-Identifier: MIT
/* posix_spawn with exactly the descriptors of channel.h; everything else is close-on-exec. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "child.h"

extern char **environ;

/* Do both set the same variable? */
static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=") + 1;

	return !strncmp(a, b, n);
}

/* The environment with its changes; one static copy, rebuilt by each spawn. */
static char **environment(const struct child_env *changes)
{
	static char *env[4096], preload[1024], setting[512];
	size_t n = 0;

	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", changes->preload);
	snprintf(setting, sizeof(setting), "%s", changes->setting);
	for (char **e = environ; *e && n < 4093; e++)
		if (!same_name(preload, *e) && !(*setting && same_name(setting, *e)))
			env[n++] = *e;
	if (*changes->preload)
		env[n++] = preload;
	if (*setting)
		env[n++] = setting;
	env[n] = NULL;
	return env;
}

/*
 * The sources lie above the targets, so that no dup2 overwrites a descriptor that is still needed.
 */
static int raise_fd(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 16);
}

static void place(posix_spawn_file_actions_t *a, int fd, int target)
{
	if (fd >= 0)
		posix_spawn_file_actions_adddup2(a, fd, target);
}

static void default_signals(posix_spawnattr_t *attr)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(attr);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int spawn(struct child *c, char **words, const struct child_env *env, const int *fds)
{
	posix_spawn_file_actions_t a;
	posix_spawnattr_t attr;
	int err;

	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	place(&a, fds[3], STDOUT_FILENO);
	place(&a, fds[3], STDERR_FILENO);
	place(&a, fds[0], CHANNEL_SOCKET);
	place(&a, fds[1], CHANNEL_IMAGE);
	place(&a, fds[2], CHANNEL_SHARED);
	default_signals(&attr);
	err = posix_spawn(&c->pid, "/proc/self/exe", &a, &attr, words, environment(env));
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&a);
	return -err;
}

int child_spawn(struct child *c, char **words, const struct child_env *env, int image_fd,
		int shared_fd)
{
	int pair[2], fds[4], err;

	*c = (struct child){ .pid = -1, .socket = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	c->socket = pair[0];
	c->errors = memfd_create("stderr", MFD_CLOEXEC);
	fds[0] = raise_fd(pair[1]);
	fds[1] = raise_fd(image_fd);
	fds[2] = raise_fd(shared_fd);
	fds[3] = raise_fd(c->errors);
	err = spawn(c, words, env, fds);
	for (int i = 0; i < 4; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(pair[1]);
	if (err) {
		close(c->socket);
		close(c->errors);
	}
	return err;
}

static bool take_line(struct child *c, char *line, size_t len)
{
	char *newline = memchr(c->buffer, '\n', c->used);
	size_t n;

	if (!newline)
		return false;
	n = newline - c->buffer;
	snprintf(line, len, "%.*s", (int)n, c->buffer);
	c->used -= n + 1;
	memmove(c->buffer, newline + 1, c->used);
	return true;
}

static void receive(struct child *c)
{
	ssize_t n = recv(c->socket, c->buffer + c->used, sizeof(c->buffer) - c->used, 0);

	if (n > 0)
		c->used += n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		c->ended = true;
}

enum child_line child_read(struct child *c, int timeout_ms, char *line, size_t len)
{
	struct pollfd p = { .fd = c->socket, .events = POLLIN };

	if (take_line(c, line, len))
		return CHILD_LINE;
	/* A line longer than the buffer is not of our making. */
	if (c->ended || c->used == sizeof(c->buffer))
		return CHILD_ENDED;
	if (poll(&p, 1, timeout_ms) <= 0)
		return CHILD_NOTHING;
	receive(c);
	if (take_line(c, line, len))
		return CHILD_LINE;
	return c->ended ? CHILD_ENDED : CHILD_NOTHING;
}

void child_go(struct child *c)
{
	send(c->socket, "g", 1, MSG_NOSIGNAL);
}

void child_kill(struct child *c)
{
	kill(c->pid, SIGKILL);
}

int child_reap(struct child *c)
{
	int status = 0;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(c->socket);
	close(c->errors);
	c->pid = -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void child_last_words(struct child *c, char *buf, size_t len)
{
	char tail[1024];
	off_t size = lseek(c->errors, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(tail) - 1 ? size - (off_t)sizeof(tail) + 1 : 0;
	ssize_t n = pread(c->errors, tail, sizeof(tail) - 1, from);
	char *line;

	tail[n > 0 ? n : 0] = '\0';
	while (n > 0 && tail[n - 1] == '\n')
		tail[--n] = '\0';
	line = strrchr(tail, '\n');
	snprintf(buf, len, "%s", line ? line + 1 : tail);
}
