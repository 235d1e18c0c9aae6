/* SPDX-License-Identifier: MIT */
/*
 * The measured child: `runner cell WORD...`. One process is one trial:
 *
 *	prove which allocator is mapped	-> ready
 *	one round with the watching hooks	-> watched   (memory, addresses, waste, faults)
 *	one round with the timing hooks		              (latency of single calls)
 *	50 ms of rounds, hooks gone			              (warm-up)
 *	job.rounds rounds, hooks gone		              (time)
 *	teardown				-> drained   (what the allocator still holds)
 *
 * A workload whose work is elsewhere has no latency round, and the runner reads no memory.
 *
 * With one thread the rounds run on the main thread, so that a single-threaded program is what the
 * allocator sees.
 */
#ifndef HARNESS_CELL_H
#define HARNESS_CELL_H

int cell_main(int argc, char **argv);

/* `runner probe WORD...`: start the allocator, prove it, end. Tells a wrong option before a run. */
int cell_probe(int argc, char **argv);

#endif
