/* SPDX-License-Identifier: MIT */
/*
 * The handler of SIGSEGV, which makes reports of faults in the pool and opens the page that was
 * hit, so that the access succeeds when it is tried again. Faults elsewhere are the previous
 * handler's, or end the program as they would have. Takes no lock. On the alternate stack if the
 * previous handler was.
 */
#ifndef SLAB_KFENCE_FAULT_H
#define SLAB_KFENCE_FAULT_H

/* 0 or -errno. kfence_fault_restore() puts the previous handler back. */
int kfence_fault_install(void);
void kfence_fault_restore(void);

#endif
