/* SPDX-License-Identifier: MIT */
/*
 * Which machine a run was made on, and in what condition.
 *
 * Results are only compared within one machine, so its id must not change by itself: it is a hash
 * of what a reboot, a kernel update or another cgroup leaves alone (processor, counts, memory,
 * architecture, virtual or not), never of clock rates, the host's name, serial numbers or cache
 * sizes as a hypervisor tells them. Everything else that matters is a fact of the environment:
 * stored with the run, shown, and never a reason to part two runs.
 *
 * @root is put before every path that is read: "" for this machine. Main thread only.
 */
#ifndef HARNESS_MACHINE_H
#define HARNESS_MACHINE_H

#include <stdbool.h>

#define MACHINE_ID 33 /* 32 hexadecimal digits and the end */

struct machine {
	char cpu[256]; /* model names, distinct, joined with " + " */
	char arch[32];
	int cpus;     /* logical, present, online or not */
	int cores;    /* sets of hardware threads among those online */
	int nodes;    /* NUMA nodes online */
	int ram_gib;  /* rounded up to 2^k or 3 * 2^k, because the kernel keeps some */
	bool virtual; /* under a hypervisor */
};

void machine_probe(struct machine *m, const char *root);
/* XXH3-128 of the factors under a version tag. */
void machine_id(const struct machine *m, char id[MACHINE_ID]);
/* JSON; the caller frees it. */
char *machine_factors(const struct machine *m);

/* machine_env.c: kernel, command line, governor, THP, ... as JSON; the caller frees it. */
char *machine_env(const char *root);
void machine_env_id(const char *facts, char id[MACHINE_ID]);

/* machine_file.c: the first line of @root@path without its end into @buf; 0, or -1 and "". */
int machine_line(const char *root, const char *path, char *buf, int len);
/* The value behind "KEY  :" in a file such as /proc/cpuinfo or /etc/os-release; 0, or -1 and "". */
int machine_key(const char *root, const char *path, const char *key, char *buf, int len);
/* How many numbers a list such as "0-3,8" names. */
int machine_list_count(const char *list);

#endif
