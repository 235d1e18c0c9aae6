/* SPDX-License-Identifier: MIT */
/* Where things lie: found from the program itself, so that the working directory does not matter.
 */
#ifndef HARNESS_PATHS_H
#define HARNESS_PATHS_H

#include <stddef.h>

/* The directory above the program's: the checkout, or the installation's prefix. */
const char *paths_root(void);
/* ROOT/results/slabbench.db, or ./slabbench.db if there is no such folder. */
void paths_default_db(char *buf, size_t len);
/* Make @path and its parents; dies with EXIT_STORAGE. */
void paths_make_dir(const char *path);
/* The directory part of @path, "." if none. */
void paths_dirname(const char *path, char *buf, size_t len);
/* Remove a directory and the files directly in it; what cannot be removed stays. */
void paths_remove_dir(const char *path);

#endif
