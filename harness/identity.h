/* SPDX-License-Identifier: MIT */
/*
 * The proof of identity: which file defines the function that the trial is going to call, and that
 * file's build-id. Taken in the child from its own address space, never from names or environment.
 */
#ifndef HARNESS_IDENTITY_H
#define HARNESS_IDENTITY_H

#include "allocators/allocator.h"

struct identity {
	char path[512];	   /* resolved path of the object */
	char build_id[64]; /* hex, "" if the object has none */
};

/* False if the address of @a's entry belongs to no object. */
bool identity_of(const struct allocator *a, struct identity *id);

#endif
