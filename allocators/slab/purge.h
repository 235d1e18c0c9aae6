/* SPDX-License-Identifier: MIT */
/*
 * Memory goes back to the system although the program makes no calls (option purge_thread). A zone
 * ends its steps (buddy.h) inside calls; who frees a lot and then computes or sleeps makes none. So
 * a free that leaves dirty pages above the floor queues a work of libslab's own thread (worker.h),
 * which ends the steps of all zones and comes again while there is one to end. The kernel reports
 * free pages to a hypervisor in the same way (mm/page_reporting.c): a delayed work, queued by a
 * free.
 *
 * When as much has gone back as is still in use, the program has drained, and all caches are
 * shrunk: the objects in their sheaves hold on to many more slabs than they fill. For less it is
 * not done, because a program that goes on has to refill the sheaves.
 *
 * A program that never has so much to give back has no such thread. If the system gives none, or in
 * a forked child before its next free, memory goes back inside calls, as without the option. The
 * thread is made inside of a free, by pthread_create(), which calls malloc(): not for a library
 * that is the program's malloc.
 */
#ifndef SLAB_PURGE_H
#define SLAB_PURGE_H

#include <stdbool.h>
#include <stdint.h>

/* At boot. @purge_ns as in struct zone_policy; @caches shrinks all caches. */
void purge_init(uint64_t purge_ns, bool thread, void (*caches)(void));

#endif
