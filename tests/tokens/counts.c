// SPDX-License-Identifier: MIT
/*
 * Allocations in known numbers, for what ./runner tokens says of them. Prints the two slots that
 * they go to. The argument says how the program goes on, and ends.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_THREADS 4

struct data {
	long numbers[6]; /* 48 bytes */
};
struct pointers {
	void *p[4]; /* 32 bytes */
};

static void *volatile sink;
static void *(*volatile plain_malloc)(size_t size) = malloc;

static void allocate(int nr_data, int nr_pointers)
{
	for (int i = 0; i < nr_data; i++)
		sink = malloc(sizeof(struct data));
	for (int i = 0; i < nr_pointers; i++)
		sink = malloc(sizeof(struct pointers));
}

/* 100 objects, of which at most one is live, then 10 at once. */
static void come_and_go(void)
{
	void *p[10];

	for (int i = 0; i < 100; i++)
		free(sink = malloc(sizeof(struct pointers)));
	for (int i = 0; i < 10; i++)
		p[i] = sink = malloc(sizeof(struct pointers));
	for (int i = 0; i < 10; i++)
		free(p[i]);
}

/* One object and its growth: first in place, then over classes, as a large block, as a mapping. */
static void grow(void)
{
	sink = malloc(sizeof(struct data));
	sink = realloc(sink, 2 * sizeof(struct data));
	sink = realloc(sink, 1000 * sizeof(struct data));
	sink = realloc(sink, 1000000 * sizeof(struct data));
	sink = realloc(sink, 2000000 * sizeof(struct data));
	free(sink);
}

static void *in_thread(void *arg)
{
	for (int i = 0; i < 1000; i++)
		allocate(1, 2);
	return arg;
}

static void threads(void)
{
	pthread_t t[NR_THREADS];

	for (int i = 0; i < NR_THREADS; i++)
		pthread_create(&t[i], NULL, in_thread, NULL);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(t[i], NULL);
}

/* The child frees what its parent allocated, which is not its own. */
static void with_child(void)
{
	pid_t pid;
	void *p;

	sink = p = malloc(sizeof(struct pointers));
	pid = fork();
	if (!pid) {
		free(p);
		allocate(7, 0);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	free(p);
}

static void untokened(void)
{
	for (int i = 0; i < 50; i++)
		sink = plain_malloc(64);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "slots")) {
		printf("%lu %lu\n", (unsigned long)__builtin_infer_alloc_token(sizeof(struct data)),
		       (unsigned long)__builtin_infer_alloc_token(sizeof(struct pointers)));
		return 0;
	}
	allocate(30, 20);
	if (!strcmp(how, "come"))
		come_and_go();
	if (!strcmp(how, "grow"))
		grow();
	if (!strcmp(how, "threads"))
		threads();
	if (!strcmp(how, "fork"))
		with_child();
	if (!strcmp(how, "untokened"))
		untokened();
	if (!strcmp(how, "crash"))
		raise(SIGSEGV);
	if (!strcmp(how, "kill"))
		raise(SIGKILL);
	if (!strcmp(how, "exec"))
		execl("/proc/self/exe", argv[0], "come", (char *)NULL);
	return !strcmp(how, "exit") ? 7 : 0;
}
