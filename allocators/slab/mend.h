/* SPDX-License-Identifier: MIT */
/*
 * After a fork that could not wait for everybody (gate.h): what the others had in their hands is
 * put back where it can be told whose it is, so that the equations of types.h hold in the child.
 * That is blocks between the buddy and a cache: a slab not yet or no longer counted by its node, a
 * block not yet or no longer a slab, free memory on its way to the system. What stays lost is
 * objects, at most what a few sheaves hold for each of those threads; with virtual=1 their address
 * ranges; and what a memory group was charged for them.
 *
 * A slab nobody has an object of goes back to the buddy, one with free objects is listed, and the
 * counts of nodes, zones and limit are made anew from the page map: time in proportion to the
 * memory in use.
 */
#ifndef SLAB_MEND_H
#define SLAB_MEND_H

/* In a forked child, by the thread that forked, outside of libslab. */
void mend(void);

#endif
