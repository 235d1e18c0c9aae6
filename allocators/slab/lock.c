// SPDX-License-Identifier: MIT
/* Waiting for a lock: a thread that sleeps does nothing, which the gate is told. See lock.h. */
#include "lock.h"

void lock_wait(struct lock *l)
{
	int saved = errno;

	if (plain_spin(l))
		return;
	while (!plain_try_or_mark(l)) {
		struct gate_pass *me = gate_suspend(GATE_WAITING);

		plain_sleep(l);
		gate_resume(me);
	}
	errno = saved;
}
