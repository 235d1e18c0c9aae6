// SPDX-License-Identifier: MIT
/*
 * redis-server on a socket in the file system: strings, counters, lists, hashes and sorted sets are
 * written, read, grown and deleted by one client that keeps a pipeline full. The client is this
 * process, so the server's time and memory are its own; every byte it answers is in the digest.
 * Nothing is asked whose answer depends on the order of a hash table. An operation is a command.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* the state on the stack */
#include <xxhash.h>

#include "program.h"

#define NR_COMMANDS 100000
#define NR_KEYS	    15000
#define MAX_VALUE   600

/* What the server answers last. */
#define END "end-of-the-input"

/* A word of a command as the protocol has it. */
static void say_word(struct program_input *in, const char *word, size_t bytes)
{
	program_say(in, "$%zu\r\n", bytes);
	memcpy(plan_append(&in->text, bytes), word, bytes);
	program_say(in, "\r\n");
}

static void say_value(struct program_input *in)
{
	uint64_t bytes = random_range(&in->random, 4, MAX_VALUE), word = 0;
	char value[MAX_VALUE];

	for (uint64_t i = 0; i < bytes; i++) {
		word = i % 8 ? word >> 8 : random_u64(&in->random);
		value[i] = (char)('a' + word % 26);
	}
	say_word(in, value, bytes);
}

/* @words: V a value, K a member, anything else stands for itself; the key follows the first. */
static void say_command(struct program_input *in, char kind, const char *const *words)
{
	char key[32], member[32];
	int nr = 1;

	for (const char *const *w = words; *w; w++)
		nr++;
	snprintf(key, sizeof(key), "%c:%llu", kind,
		 (unsigned long long)random_below(&in->random, NR_KEYS));
	program_say(in, "*%d\r\n", nr);
	say_word(in, words[0], strlen(words[0]));
	say_word(in, key, strlen(key));
	for (const char *const *w = words + 1; *w; w++) {
		snprintf(member, sizeof(member), "m%llu",
			 (unsigned long long)random_below(&in->random, 60));
		if (!strcmp(*w, "V"))
			say_value(in);
		else
			say_word(in, strcmp(*w, "K") ? *w : member,
				 strlen(strcmp(*w, "K") ? *w : member));
	}
	in->ops++;
}

static const struct {
	char kind;
	const char *words[6];
} commands[] = {
	{ 's', { "SET", "V" } },
	{ 's', { "SET", "V" } },
	{ 's', { "GET" } },
	{ 's', { "APPEND", "V" } },
	{ 's', { "DEL" } },
	{ 'c', { "INCRBY", "7" } },
	{ 'l', { "RPUSH", "V", "V" } },
	{ 'l', { "LPOP" } },
	{ 'l', { "LRANGE", "0", "3" } },
	{ 'h', { "HSET", "K", "V" } },
	{ 'h', { "HGET", "K" } },
	{ 'h', { "HDEL", "K" } },
	{ 'z', { "ZADD", "17", "K" } },
	{ 'z', { "ZINCRBY", "3", "K" } },
	{ 'z', { "ZRANGE", "0", "5" } },
	{ 'l', { "DEL" } },
};

static void draw(struct program_input *in)
{
	static const char *const end[] = { "ECHO", NULL };
	uint64_t nr = program_scaled(in, NR_COMMANDS);

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t which = random_below(&in->random, ARRAY_SIZE(commands));

		say_command(in, commands[which].kind, commands[which].words);
	}
	program_say(in, "*2\r\n");
	say_word(in, end[0], strlen(end[0]));
	say_word(in, END, strlen(END));
}

static int give_up(struct program_talk *t, const char *what)
{
	snprintf(t->why, PROGRAM_WHY, "redis-server: %s", what);
	return -1;
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == pid;
}

/* A path of any length fits through the directory's descriptor. */
static void name_socket(const struct program_talk *t, struct sockaddr_un *to)
{
	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(to->sun_path, sizeof(to->sun_path), "/proc/%d/cwd/socket-%u", t->pid, t->index);
}

/* Until the server listens; it says so only in its log. */
static int reach(struct program_talk *t)
{
	const struct timespec pause = { .tv_nsec = 200000 };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un to;

	if (fd < 0)
		return give_up(t, "no socket could be made");
	name_socket(t, &to);
	while (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		if (has_ended(t->pid)) {
			close(fd);
			return give_up(t, "ended before it listened");
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* Where the talk stands. */
struct talk {
	struct program_talk *t;
	int fd;
	size_t sent;
	XXH3_state_t hash;
	char tail[sizeof(END) + 1]; /* the last bytes that came: the end's, in the end */
};

static bool at_end(const struct talk *k)
{
	return !memcmp(k->tail, END "\r\n", sizeof(k->tail));
}

static void keep_tail(struct talk *k, const char *p, size_t n)
{
	size_t room = sizeof(k->tail);

	if (n >= room) {
		memcpy(k->tail, p + n - room, room);
		return;
	}
	memmove(k->tail, k->tail + n, room - n);
	memcpy(k->tail + room - n, p, n);
}

static int hear(struct talk *k)
{
	char buffer[65536];
	ssize_t n = recv(k->fd, buffer, sizeof(buffer), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return give_up(k->t, "closed the connection");
	XXH3_64bits_update(&k->hash, buffer, (size_t)n);
	keep_tail(k, buffer, (size_t)n);
	return 0;
}

static int tell(struct talk *k)
{
	ssize_t n = send(k->fd, k->t->text + k->sent, k->t->bytes - k->sent, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		return give_up(k->t, "took no more commands");
	k->sent += n > 0 ? (size_t)n : 0;
	return 0;
}

static int converse(struct talk *k)
{
	while (!at_end(k)) {
		bool more = k->sent < k->t->bytes;
		struct pollfd p = { .fd = k->fd, .events = (short)(POLLIN | (more ? POLLOUT : 0)) };

		if (poll(&p, 1, -1) < 0)
			continue;
		if (((p.revents & ~POLLOUT) && hear(k)) || ((p.revents & POLLOUT) && tell(k)))
			return -1;
	}
	k->t->digest = XXH3_64bits_digest(&k->hash);
	return 0;
}

static int talk(struct program_talk *t)
{
	static const char bye[] = "*2\r\n$8\r\nSHUTDOWN\r\n$6\r\nNOSAVE\r\n";
	struct talk k = { .t = t, .fd = reach(t) };
	int err;

	if (k.fd < 0)
		return -1;
	XXH3_64bits_reset(&k.hash);
	err = converse(&k);
	if (!err && send(k.fd, bye, sizeof(bye) - 1, MSG_NOSIGNAL) < 0)
		err = give_up(t, "could not be told to end");
	close(k.fd);
	return err;
}

/* Nothing on a disk or a network, and no other redis of this machine is met. */
static const char *const args[] = { "--port",	   "0",	 "--unixsocket",       "socket-%u",
				    "--save",	   "",	 "--appendonly",       "no",
				    "--daemonize", "no", "--always-show-logo", "no",
				    NULL };
static const char *const idle[] = { "--version", NULL };

const struct program program_redis = {
	.name = "redis",
	.file = "redis-server",
	.package = "redis-server",
	.op = "commands",
	.args = args,
	.idle = idle,
	.version = "--version",
	.draw = draw,
	.talk = talk,
};
