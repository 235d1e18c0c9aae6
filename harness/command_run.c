// SPDX-License-Identifier: MIT
/*
 * ./runner run FILE.c: a user's workload, compiled to a shared object in the run's own directory
 * and loaded by the prepare and the measured child. It is never loaded into the runner itself.
 */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "lib/die.h"
#include "paths.h"
#include "session.h"
#include "version.h"

extern char **environ;

static struct session session;
static char object[] = "/tmp/slabbench-script.XXXXXX";

static void remove_object(void)
{
	unlink(object);
}

static void make_object(void)
{
	int fd = mkstemp(object);

	if (fd < 0)
		die(EXIT_STORAGE, "no file for the compiled script in /tmp: %m");
	close(fd);
	atexit(remove_object);
}

/*
 * The compiler and the flags that built the runner, so that sites get their tokens the same way;
 * $CC replaces both. Its own messages go to stderr as they are.
 */
static void compile(const char *file)
{
	static const char form[] = "exec %s -std=gnu11 -O2 -g -shared -fPIC -D_GNU_SOURCE= "
				   "-I\"$1\" -I\"$1/share/slabbench\" -o \"$2\" \"$3\"";
	const char *cc = getenv("CC");
	char line[1024];
	char *argv[] = { (char *)"sh",	       (char *)"-c", line,	   (char *)"run",
			 (char *)paths_root(), object,	     (char *)file, NULL };
	int status = 0;
	pid_t pid;

	snprintf(line, sizeof(line), form, cc && *cc ? cc : SLABBENCH_CC " " SLABBENCH_CFLAGS);
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ))
		die(EXIT_FAILED, "/bin/sh cannot be started: %m");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		die(EXIT_USAGE, "%s does not compile; workloads/scripts/skeleton.c shows the form",
		    file);
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int command_run(int argc, char **argv)
{
	struct options *o = &session.options;
	int code = EXIT_INTERRUPTED;

	options_parse(o, "run", argc, argv);
	if (!o->file)
		die(EXIT_USAGE, "run: which file? ./runner run workloads/scripts/skeleton.c");
	if (access(o->file, R_OK))
		die(EXIT_USAGE, "run: %s cannot be read: %m", o->file);
	make_object();
	compile(o->file);
	o->workloads = base(o->file);
	session_plan(&session, "script", "run", argc, argv, object);
	if (session_measure(&session))
		code = session_report(&session);
	session_close(&session);
	return code;
}
