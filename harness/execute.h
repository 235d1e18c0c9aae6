/* SPDX-License-Identifier: MIT */
/*
 * The run itself. A block holds every cell once and, within a cell, every arm once, one after
 * another in an order drawn from the seed: a random permutation, rotated by one place a block
 * (a cyclic Latin square) and drawn anew after as many blocks as there are arms. Each cell of each
 * block is one transaction; it is committed before the next one's children are started, or, where
 * children are parked, when the last of them has been sampled.
 */
#ifndef HARNESS_EXECUTE_H
#define HARNESS_EXECUTE_H

#include "run.h"
#include "store.h"

/* The arms of @block in @cell in running order: @order[run->nr_arms]. Same seed, same order. */
void execute_order(const struct run *run, int cell, int block, int *order);

/* Seconds the whole run will take, building and preparing aside; measured trials refine it. */
double execute_estimate_s(const struct run *run);

/* Run everything. False if interrupted: what was stored stays. */
bool execute_run(struct run *run, struct store *store, unsigned int timeout_s);

#endif
