// SPDX-License-Identifier: MIT
/*
 * The first process of an arm64 machine (run.sh): threads allocate and free while their CPUs'
 * caches are emptied and signals arrive, with both engines; then the equations. Prints one line for
 * each engine that ends in "ok", and powers the machine off.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allocators/slab/slab.h"

#define NR_THREADS 6
#define NR_HELD	   200
#define SECONDS	   25

static struct kmem_cache *cache;
static bool stop;
static size_t nr_ops, nr_corrupt;
static volatile sig_atomic_t nr_signals;

static void count_signal(int sig)
{
	(void)sig;
	nr_signals++;
}

static void say(void *ctx, const char *sentence)
{
	(void)ctx;
	printf("%s\n", sentence);
}

/* Each object holds its own address while it is in use. */
static void toggle(void ***held)
{
	void **p = *held;

	if (p) {
		if (*p != (void *)p)
			__atomic_fetch_add(&nr_corrupt, 1, __ATOMIC_RELAXED);
		kmem_cache_free(cache, p);
		*held = NULL;
		return;
	}
	p = kmem_cache_alloc(cache, GFP_KERNEL);
	if (p)
		*p = (void *)p;
	*held = p;
}

static void *work(void *arg)
{
	unsigned int x = (unsigned int)(uintptr_t)arg * 7919;
	void **held[NR_HELD] = { NULL };
	size_t n;

	for (n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); n++) {
		x = x * 1103515245 + 12345;
		toggle(&held[(x >> 16) % NR_HELD]);
	}
	for (int i = 0; i < NR_HELD; i++)
		if (held[i])
			toggle(&held[i]);
	__atomic_fetch_add(&nr_ops, n, __ATOMIC_RELAXED);
	return NULL;
}

static int shrink_for_a_while(void)
{
	time_t end = time(NULL) + SECONDS;
	int nr;

	for (nr = 0; time(NULL) < end; nr++) {
		kmem_cache_shrink(cache);
		usleep(300);
	}
	return nr;
}

static int run(const char *options)
{
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { { 0, 0 }, { 0, 0 } };
	pthread_t threads[NR_THREADS];
	size_t nr_wrong;
	char engine[64];
	int nr_shrinks;

	if (slab_boot(options))
		return 1;
	slab_option_get("cached_by", engine, sizeof(engine));
	cache = kmem_cache_create("arm64", 64, 0, SLAB_NO_MERGE, NULL);
	signal(SIGALRM, count_signal);
	setitimer(ITIMER_REAL, &often, NULL);
	for (uintptr_t i = 0; i < NR_THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(i + 1));
	nr_shrinks = shrink_for_a_while();
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	setitimer(ITIMER_REAL, &never, NULL);
	nr_wrong = slab_check(say, NULL) + nr_corrupt + (size_t)kmem_cache_shrink(cache);
	printf("%s: %zu operations, %d flushes, %d signals, %zu wrong: %s\n", engine, nr_ops,
	       nr_shrinks, (int)nr_signals, nr_wrong, nr_wrong ? "FAILED" : "ok");
	return nr_wrong != 0;
}

static void run_in_a_child(const char *options)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		int failed = run(options);

		fflush(stdout);
		_exit(failed);
	}
	waitpid(pid, NULL, 0);
}

int main(void)
{
	mkdir("/sys", 0755);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	run_in_a_child("");
	run_in_a_child("engine=cpuslab");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
