/* SPDX-License-Identifier: MIT */
/* The subcommands of ./runner. Each takes its own argv (argv[0] is its name) and returns an exit
 * code. */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

int command_compare(int argc, char **argv);
int command_run(int argc, char **argv);
int command_nightly(int argc, char **argv);
int command_list(int argc, char **argv);
int command_report(int argc, char **argv);
int command_geometry(int argc, char **argv);
int command_slabinfo(int argc, char **argv);
int command_plots(int argc, char **argv);
int command_tokens(int argc, char **argv);

#endif
