/* SPDX-License-Identifier: MIT */
/*
 * How libslab takes its locks: lib/lock.h, inside the gate (gate.h), so that no lock is ever taken
 * that fork() does not know of. tests/lint/locks.sh sees that there is no other way. Thread rule,
 * errno and order of memory are those of lib/lock.h; types.h has the order of the locks.
 */
#ifndef SLAB_LOCK_H
#define SLAB_LOCK_H

#include "gate.h"
#include "lib/lock.h"

/* After a first try that failed. */
void lock_wait(struct lock *l);

static inline void lock_acquire(struct lock *l)
{
	gate_note(gate_enter(), l);
	if (__builtin_expect(!plain_try(l), 0))
		lock_wait(l);
}

/* Never waits, also not for the gate, so that signal handlers may try. */
static inline bool lock_try(struct lock *l)
{
	struct gate_pass *me = gate_try_enter();

	if (!me)
		return false;
	gate_note(me, l);
	if (plain_try(l))
		return true;
	gate_forget(me, l);
	gate_leave();
	return false;
}

static inline void lock_release(struct lock *l)
{
	plain_release(l);
	gate_forget(gate_mine, l);
	gate_leave();
}

#endif
