// SPDX-License-Identifier: MIT
/*
 * The child's own memory. It is mapped shared, because the kernel counts shared pages apart from
 * private ones: what the allocator holds is then resident less shared, exactly.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "cell_state.h"
#include "lib/die.h"

void *cell_map(size_t bytes)
{
	void *p = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		die(EXIT_FAILED, "the harness could not map %zu bytes: %m", bytes);
	return p;
}
