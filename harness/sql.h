/* SPDX-License-Identifier: MIT */
/*
 * SQLite without a return code to forget: what fails ends the program with EXIT_STORAGE, the
 * database's path and SQLite's reason. Main thread only.
 */
#ifndef HARNESS_SQL_H
#define HARNESS_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

/* End the program with what went wrong last on @db. */
__attribute__((noreturn)) void sql_die(sqlite3 *db);

/* Run statements that give no rows. */
void sql_exec(sqlite3 *db, const char *statements);
sqlite3_stmt *sql_prepare(sqlite3 *db, const char *statement);
/* The statement with its first parameter bound to @run_id. */
sqlite3_stmt *sql_for_run(sqlite3 *db, const char *statement, const char *run_id);
void sql_finish(sqlite3_stmt *stmt);

/* Parameters, counted from 1. Text must live until the statement is run. */
void sql_text(sqlite3_stmt *stmt, int index, const char *text);
void sql_int(sqlite3_stmt *stmt, int index, int64_t value);
void sql_real(sqlite3_stmt *stmt, int index, double value);

/* Step to the next row; false at the end. */
bool sql_row(sqlite3_stmt *stmt);
/* Run to the end and make ready for the next parameters. */
void sql_run(sqlite3_stmt *stmt);
/* A text column, "" for NULL; until the next step. */
const char *sql_column(sqlite3_stmt *stmt, int index);
/* A text column into a buffer, cut if need be. */
void sql_copy(sqlite3_stmt *stmt, int index, char *buf, size_t len);
/* The single integer that @statement gives, 0 if it gives none. */
int64_t sql_value(sqlite3 *db, const char *statement);

#endif
