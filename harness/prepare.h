/* SPDX-License-Identifier: MIT */
/*
 * Making the image of a cell. The runner does it in a process of its own (`runner prepare`), so
 * that a workload that crashes there is a sentence and not the end of the run; `runner cell` by
 * hand does it in place. The image lies in a sealed memfd that every trial of the cell maps.
 */
#ifndef HARNESS_PREPARE_H
#define HARNESS_PREPARE_H

#include "job.h"

struct prepared {
	uint64_t image_bytes, ops, alloc_bytes, round_ns;
	bool elsewhere; /* as in struct workload */
	char params[128], note[256], why[256];
	char image_hash[40];
};

/* Run the workload's prepare() here, the image into the memfd @fd. 0, or what it
 * returned, with out->why. */
int prepare_here(const struct job *job, int fd, struct prepared *out);

/* Make a memfd of @bytes at descriptor @fd (which must be free). */
void prepare_memfd(const char *name, int fd, size_t bytes);

/* `runner prepare WORD...`: image at CHANNEL_IMAGE, answers on CHANNEL_SOCKET. */
int prepare_main(int argc, char **argv);

#endif
