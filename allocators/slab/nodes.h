/* SPDX-License-Identifier: MIT */
/*
 * Which memory nodes exist, which one a thread is on, and how far they are from each other. Nodes
 * are numbered from 0 without gaps; the numbers of the system are known here alone. Constant after
 * boot; any thread.
 *
 * From the system: the nodes online that have memory, at most SLAB_MAX_NODES of them; a CPU of
 * another node counts to the nearest of these. Simulated (option nodes): node = CPU % N, and the
 * nodes lie on a line, so that each is nearest to its neighbours; all memory is the same, only the
 * accounting and the lists are apart.
 */
#ifndef SLAB_NODES_H
#define SLAB_NODES_H

#include "types.h"

/* The distances of ACPI's SLIT: to itself, and one step of a simulated line. */
#define LOCAL_DISTANCE	10u
#define REMOTE_DISTANCE 20u

/* Set slab_nr_nodes: @simulated of them, or those of the system if 0. */
void nodes_init(unsigned int simulated);

/* As nodes_init(0), from the files below @root instead of /sys/devices/system/node. */
void nodes_read(const char *root);

/* The node of a CPU, below slab_nr_nodes. */
unsigned int nodes_of_cpu(unsigned int cpu);

/* The node of the CPU that this thread is on. */
unsigned int nodes_of_this_cpu(void);

/* How far memory of @to is for CPUs of @from: LOCAL_DISTANCE and more. */
unsigned int nodes_distance(unsigned int from, unsigned int to);

/*
 * The @i-th choice (below slab_nr_nodes) for a thread of @node: @node itself, then the nearest
 * first; among equals the next in number, round the end, so that full nodes do not all turn to the
 * same one.
 */
unsigned int nodes_fallback(unsigned int node, unsigned int i);

/* Prefer this node's memory for a committed part of the range; no effect on simulated nodes. */
void nodes_bind(void *addr, size_t bytes, unsigned int node);

/* This thread's node, below slab_nr_nodes; it may be another one at once. */
static inline unsigned int nodes_here(void)
{
	return likely(slab_nr_nodes == 1) ? 0 : nodes_of_this_cpu();
}

/* Is @node this thread's? */
static inline bool nodes_is_here(unsigned int node)
{
	return slab_nr_nodes == 1 || node == nodes_here();
}

/*
 * A caller's wish: @node if it exists, else NUMA_NO_NODE, since the kernel ignores the wish for a
 * node that has no memory.
 */
static inline int nodes_wish(int node)
{
	return node >= 0 && (unsigned int)node < slab_nr_nodes ? node : NUMA_NO_NODE;
}

#endif
