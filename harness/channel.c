// SPDX-License-Identifier: MIT
/*
 * The child's end of the channel: lines collect in a static buffer, because stdio would allocate
 * with the allocator under test. Main thread of the child only.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel.h"
#include "lib/die.h"

static char buffer[16384];
static size_t used;
static bool alone;

void channel_alone(void)
{
	alone = true;
}

static ssize_t put(const char *p, size_t n)
{
	return alone ? write(STDOUT_FILENO, p, n) : send(CHANNEL_SOCKET, p, n, MSG_NOSIGNAL);
}

static void flush(void)
{
	size_t done = 0;

	while (done < used) {
		ssize_t n = put(buffer + done, used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(EXIT_FAILED);
		done += n;
	}
	used = 0;
}

void channel_say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	for (char *p = line; p < line + n; p++)
		if (*p == '\n')
			*p = ' ';
	line[n++] = '\n';
	if (used + n > sizeof(buffer))
		flush();
	memcpy(buffer + used, line, n);
	used += n;
}

void channel_stage(const char *word)
{
	char byte;
	ssize_t n;

	channel_say("%s", word);
	flush();
	if (alone)
		return;
	do
		n = read(CHANNEL_SOCKET, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(EXIT_FAILED);
}
