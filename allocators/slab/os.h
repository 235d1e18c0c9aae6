/* SPDX-License-Identifier: MIT */
/*
 * What libslab asks of the system; nothing else enters the kernel but the locks and report.c.
 * Any thread. Failures are -ENOMEM or NULL and change nothing. errno is not touched on success.
 */
#ifndef SLAB_OS_H
#define SLAB_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reserve @bytes of address space, aligned to @align, no access and no memory. NULL on failure. */
void *os_reserve(size_t bytes, size_t align);

/* Make a part of a reservation readable and writable; it reads as zero. 0 or -ENOMEM. */
int os_commit(void *addr, size_t bytes);

/*
 * Memory at an address where nothing is mapped and nothing was reserved; it reads as zero. 0 or
 * -ENOMEM, also if something is there.
 */
int os_claim(void *addr, size_t bytes);

/*
 * Would @bytes more of address space leave the process room under RLIMIT_AS for what it maps
 * itself, such as the stack of a thread? A quarter of the limit is room enough, and so are 64 MiB.
 */
bool os_leaves_room(size_t bytes);

/*
 * Zeroed memory that takes effect page by page as it is touched, never as huge pages: for dense
 * metadata, of which little is touched. NULL on failure. os_map_at() is as os_claim().
 */
void *os_map(size_t bytes);
int os_map_at(void *addr, size_t bytes);
void os_unmap(void *addr, size_t bytes);

/* Give the memory behind @addr back; it reads as zero afterwards. 0, or -errno and nothing changed.
 */
int os_purge(void *addr, size_t bytes);

/* Prefer the memory of this node of the system for a committed part; harmless if it fails. */
void os_bind(void *addr, size_t bytes, unsigned int system_node);
/*
 * Undo os_commit(): no access and no memory, as after os_reserve(). 0, or -ENOMEM and nothing
 * changed.
 */
int os_decommit(void *addr, size_t bytes);

/* A random number from the system, or one from addresses and the clock if it gives none. */
uint64_t os_random(void);

/* The text of a small file of the system (sysfs) with a NUL; -errno, or its length. */
int os_read_text(const char *path, char *buf, size_t len);

/* A list of the system, such as "0-3,8-11". */
struct os_range {
	unsigned int first, last;
};

/* Read one range of such a list; returns where the next one begins, NULL if there was none. */
const char *os_next_range(const char *list, struct os_range *r);

/* Take access to a part of a reservation away; its memory stays. 0 or -ENOMEM. */
int os_protect(void *addr, size_t bytes);

/* The monotonic clock: as it is, and as of the last tick (1 to 10 ms) at a fifth of the cost. */
uint64_t os_now_ns(void);
uint64_t os_now_coarse_ns(void);

/* This thread as the system numbers it, and the CPU that it runs on. */
int os_tid(void);
unsigned int os_cpu(void);

/* Threads of this process; 0 if the system does not tell (no /proc). */
unsigned int os_nr_threads(void);

/* CPUs present (not only online), as calculate_order asks; at least 1. */
unsigned int os_present_cpus(void);

/* One more than the highest number that a CPU can have; at least 1. */
unsigned int os_possible_cpus(void);

#endif
