/* SPDX-License-Identifier: MIT */
/*
 * The SQLite store. Only the parent opens it; a measured child never links to the open file (every
 * descriptor is close-on-exec). One block is one IMMEDIATE transaction: after store_block()
 * returns, the block survives kill -9. A database that is not ours, newer or damaged is left
 * untouched and ends the program with EXIT_STORAGE and one sentence. Main thread only.
 */
#ifndef HARNESS_STORE_H
#define HARNESS_STORE_H

#include <sqlite3.h>

#include "run.h"

#define STORE_APPLICATION_ID 0x414c4243
#define STORE_USER_VERSION   3 /* 2: slabinfo; 3: suites */
#define STORE_OLDEST_VERSION 1 /* is read, and brought up to date before it is written to */

struct store;

/* Open @path for writing, making it (race-free, schema and WAL first, then rename) if it is absent.
 */
struct store *store_open(const char *path);
/* Open an existing @path for reading only. */
struct store *store_open_readonly(const char *path);
void store_close(struct store *s);

/* Insert the run (makes run->id), its arms, cells, skipped names, the metrics, machine and env. */
void store_begin(struct store *s, struct run *run);
/* Commit one block: all @nr trials, and what the first trials proved about the arms. */
void store_block(struct store *s, struct run *run, struct trial **trials, int nr);
/* @status: "complete", "interrupted" or "failed". */
void store_end(struct store *s, struct run *run, const char *status);

/* Runs left 'running' by a process that is gone become 'interrupted'; done by store_open(). */

/* The connection, for reports and plots that read through the views. */
sqlite3 *store_handle(struct store *s);
/* The newest complete run of @kind (NULL: any) into @id; false if there is none. */
bool store_latest(struct store *s, const char *kind, char *id, size_t len);

#endif
