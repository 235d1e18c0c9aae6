/* SPDX-License-Identifier: MIT */
/* The lines that a measured child sends, read into its trial's record. See channel.h. */
#ifndef HARNESS_ANSWER_H
#define HARNESS_ANSWER_H

#include "trial.h"

/* False when the child says that it failed: status and reason of @t are set. */
bool answer_line(struct trial *t, const char *line);

#endif
