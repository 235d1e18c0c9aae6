// SPDX-License-Identifier: MIT
/*
 * One run of a program. Input, answer and complaints are files in memory, so that no disk is in the
 * time; they are made once and used again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "program.h"

void program_say(struct program_input *in, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	memcpy(plan_append(&in->text, (size_t)n), line, (size_t)n);
}

void program_script(struct program_input *in, double nr_records, const char *script)
{
	size_t len = strlen(script);

	in->ops = program_scaled(in, nr_records);
	program_say(in, "state, records = %llu, %llu\n",
		    (unsigned long long)random_below(&in->random, 1u << 31),
		    (unsigned long long)in->ops);
	memcpy(plan_append(&in->text, len), script, len);
}

static int refuse(struct program_seat *seat, const char *what, int err)
{
	snprintf(seat->why, sizeof(seat->why), "%s: %.60s: %s", seat->program->file, what,
		 strerror(err));
	return -1;
}

static int write_all(int fd, const char *p, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, p, bytes);

		if (n < 0 && errno != EINTR)
			return -1;
		p += n > 0 ? n : 0;
		bytes -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Others are given it by make() or in a talk. */
static bool takes_input(const struct program *p)
{
	return !p->make && !p->talk;
}

int program_sit(struct program_seat *seat, const char *malloc)
{
	seat->in = memfd_create("input", MFD_CLOEXEC);
	seat->out = memfd_create("answer", MFD_CLOEXEC);
	seat->err = memfd_create("complaints", MFD_CLOEXEC);
	if (seat->in < 0 || seat->out < 0 || seat->err < 0)
		return refuse(seat, "no file in memory", errno);
	if (takes_input(seat->program) && write_all(seat->in, seat->text, seat->bytes))
		return refuse(seat, "its input could not be kept", errno);
	program_environment(&seat->env, seat->program, malloc, NULL);
	return 0;
}

void program_leave(struct program_seat *seat)
{
	close(seat->in);
	close(seat->out);
	close(seat->err);
}

void program_last_line(int fd, char *buf, size_t len)
{
	char tail[400];
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > (off_t)sizeof(tail) - 1 ? size - (off_t)sizeof(tail) + 1 : 0;
	ssize_t n = pread(fd, tail, sizeof(tail) - 1, from);
	const char *line;

	tail[n > 0 ? n : 0] = '\0';
	while (n > 0 && tail[n - 1] == '\n')
		tail[--n] = '\0';
	line = strrchr(tail, '\n');
	snprintf(buf, len, "%.*s", (int)len - 1, line ? line + 1 : tail);
}

static int empty(int fd)
{
	return ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

/* One memfd has one position: the next run reads from the start again. */
static int rewind_all(struct program_seat *seat)
{
	if (empty(seat->out) || empty(seat->err) || lseek(seat->in, 0, SEEK_SET) < 0)
		return refuse(seat, "its files could not be emptied", errno);
	return 0;
}

static int hash_answer(struct program_seat *seat)
{
	struct stat st;
	void *p;

	if (fstat(seat->out, &st) || !st.st_size) {
		snprintf(seat->why, sizeof(seat->why), "%s answered nothing", seat->program->file);
		return -1;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED | MAP_POPULATE, seat->out, 0);
	if (p == MAP_FAILED)
		return refuse(seat, "its answer could not be read", errno);
	seat->digest = XXH3_64bits(p, (size_t)st.st_size);
	munmap(p, (size_t)st.st_size);
	return 0;
}

/* The arguments with the thread's number in them, into @room. */
static void fill_args(const struct program_seat *seat, char **argv, char room[][64])
{
	int n = 0;

	argv[n++] = (char *)(uintptr_t)seat->program->file;
	for (const char *const *arg = seat->program->args; *arg && n < PROGRAM_MAX_ARGS - 1;
	     arg++) {
		const char *number = strstr(*arg, "%u");

		if (number)
			snprintf(room[n], 64, "%.*s%u%s", (int)(number - *arg), *arg, seat->index,
				 number + 2);
		argv[n] = number ? room[n] : (char *)(uintptr_t)*arg;
		n++;
	}
	argv[n] = NULL;
}

static int talk(struct program_seat *seat, pid_t pid)
{
	struct program_talk t = {
		pid, seat->dir, seat->index, seat->text, seat->bytes, seat->why, 0
	};

	if (seat->program->talk(&t)) {
		process_kill(pid);
		return -1;
	}
	seat->digest = t.digest;
	return 0;
}

static int finish(struct program_seat *seat, int status)
{
	char words[120];

	if (!status)
		return seat->program->talk ? 0 : hash_answer(seat);
	program_last_line(seat->err, words, sizeof(words));
	if (status > 128)
		snprintf(seat->why, sizeof(seat->why), "%s died by signal %d: %s",
			 seat->program->file, status - 128, words);
	else
		snprintf(seat->why, sizeof(seat->why), "%s ended with status %d: %s",
			 seat->program->file, status, words);
	return -1;
}

int program_run(struct program_seat *seat, struct wl_usage *usage)
{
	char *argv[PROGRAM_MAX_ARGS], room[PROGRAM_MAX_ARGS][64];
	/* One that is talked to says nothing that counts on its standard output. */
	struct process p = { seat->path, argv,	   seat->env.var,
			     seat->dir,	 seat->in, seat->program->talk ? seat->err : seat->out,
			     seat->err };
	pid_t pid;

	fill_args(seat, argv, room);
	if (rewind_all(seat))
		return -1;
	pid = process_start(&p);
	if (pid < 0)
		return refuse(seat, "could not be started", -pid);
	if (seat->program->talk && talk(seat, pid))
		return -1;
	return finish(seat, process_wait(pid, usage));
}

int program_command(const struct program *p, const char *path, const char *dir,
		    const char *const *words, const struct plan_list *input, char *answer,
		    char *why)
{
	struct program one = { .file = p->file, .env = p->env, .args = words };
	struct program_seat seat = {
		.program = &one, .path = path, .dir = dir, .text = input->p, .bytes = input->bytes
	};
	struct wl_usage unused = { 0 };
	int err = program_sit(&seat, NULL) || program_run(&seat, &unused) ? -1 : 0;
	ssize_t n = err ? 0 : pread(seat.out, answer, PROGRAM_ANSWER - 1, 0);

	answer[n > 0 ? n : 0] = '\0';
	if (err)
		snprintf(why, PROGRAM_WHY, "%s", seat.why);
	program_leave(&seat);
	return err;
}
