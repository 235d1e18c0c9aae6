/* SPDX-License-Identifier: MIT */
/*
 * What restartable sequences need of the system: each thread's struct rseq known to the kernel (the
 * C library registers it since glibc 2.35; libslab does where it does not), and a fence that undoes
 * the sequence that another CPU is in (membarrier(2), Linux 5.10).
 */
#ifndef SLAB_MEMBARRIER_H
#define SLAB_MEMBARRIER_H

#include <stdbool.h>
#include <stddef.h>

/* Where each thread's struct rseq is, from its thread pointer. */
ptrdiff_t membarrier_rseq_offset(void);

/* At boot: has this thread a registered struct rseq, and does the fence work? */
bool membarrier_available(void);

/* Register this thread if nobody has; false if it has a registration already or cannot get one. */
bool membarrier_rseq_register(void);

/*
 * For a process with one thread (option single_thread): pretend that this thread runs on CPU 0, for
 * ever, though no kernel restarts its sequences. False: it has a registration, which says where it
 * runs. No thread registers itself afterwards, until membarrier_pretend_no_more().
 */
bool membarrier_pretend_cpu_0(void);
void membarrier_pretend_no_more(void);

/* When it returns no sequence that @cpu was in before has still to store. Any thread. */
void membarrier_fence(unsigned int cpu);

#endif
