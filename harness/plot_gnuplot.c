// SPDX-License-Identifier: MIT
/*
 * gnuplot as a child: no shell, no start-up file of the user's, its complaints read from a pipe.
 * Main thread only, no lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plot_view.h"

extern char **environ;

/* Spawn gnuplot in @dir with its stderr on @err; 0 or an errno. */
static int spawn(pid_t *pid, const char *dir, const char *script, int err)
{
	char *argv[] = { "gnuplot", "--default-settings", (char *)script, NULL };
	posix_spawn_file_actions_t fa;
	int rc = posix_spawn_file_actions_init(&fa);

	if (rc)
		return rc;
	rc = posix_spawn_file_actions_addchdir_np(&fa, dir);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(&fa, err, 2);
	if (!rc)
		rc = posix_spawnp(pid, "gnuplot", &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

/*
 * gnuplot shows the command, a caret, and then `"FILE" line N: what`; that last line is the error.
 * Warnings have the same shape and may come before it.
 */
static bool is_complaint(const char *line)
{
	return line[0] == '"' && strstr(line, " line ") && !strstr(line, "warning:");
}

static void read_complaint(FILE *f, char *error, size_t len)
{
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (getline(&line, &size, f) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!found && (is_complaint(line) || (!error[0] && line[0])))
			snprintf(error, len, "%s", line);
		found |= is_complaint(line);
	}
	free(line);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -EIO;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

int plot_gnuplot(const char *dir, const char *name, char *error, size_t len)
{
	char script[NAME_MAX + 4];
	pid_t pid;
	FILE *f;
	int end[2], rc;

	error[0] = '\0';
	snprintf(script, sizeof(script), "%s.gp", name);
	if (pipe2(end, O_CLOEXEC))
		return -errno;
	rc = spawn(&pid, dir, script, end[1]);
	close(end[1]);
	f = rc ? NULL : fdopen(end[0], "r");
	if (f) {
		read_complaint(f, error, len);
		fclose(f);
	} else {
		close(end[0]);
	}
	return rc ? -rc : wait_for(pid);
}
