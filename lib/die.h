/* SPDX-License-Identifier: MIT */
/*
 * A user's mistake ends the program with one sentence on stderr and the exit code of its kind.
 * The sentence names the remedy. Not for measured code and not for libslab.
 */
#ifndef LIB_DIE_H
#define LIB_DIE_H

/* The exit codes are part of the command line's interface; README.md lists them. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_REGRESSION = 1, /* nightly: beyond the stored regime; geometry: a mismatch */
	EXIT_USAGE = 2,	     /* the command line or a script is wrong */
	EXIT_UNRESOLVED =
		3,	  /* the run is contaminated or its allocator was not the one asked for */
	EXIT_FAILED = 4,  /* a workload or an allocator crashed, hung or returned wrong data */
	EXIT_STORAGE = 5, /* the database is not ours, newer, damaged or cannot be written */
	EXIT_SKIP = 77,	  /* tests: cannot run here */
	EXIT_INTERRUPTED = 130,
};

/* Print "runner: SENTENCE" and exit with @code. */
__attribute__((noreturn, format(printf, 2, 3))) void die(enum exit_code code, const char *fmt, ...);

/* Print "runner: SENTENCE" and go on. */
__attribute__((format(printf, 1, 2))) void warn(const char *fmt, ...);

#endif
