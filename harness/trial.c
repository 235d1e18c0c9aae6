// SPDX-License-Identifier: MIT
/* Names and metrics of a trial's record. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/die.h"
#include "trial.h"

const char *trial_status_name(enum trial_status status)
{
	static const char *const names[] = {
		[TRIAL_OK] = "ok",	     [TRIAL_FAILED] = "failed",
		[TRIAL_TIMEOUT] = "timeout", [TRIAL_MISMATCH] = "mismatch",
		[TRIAL_INVALID] = "invalid", [TRIAL_OUTGROWN] = "outgrown",
	};

	return names[status];
}

const char *arm_role_name(enum arm_role role)
{
	static const char *const names[] = {
		[ARM_SUBJECT] = "subject",
		[ARM_BASELINE] = "baseline",
		[ARM_CONTROL] = "control",
		[ARM_NULL] = "null",
	};

	return names[role];
}

void trial_add(struct trial *t, const char *name, double value)
{
	struct trial_metric *m = &t->metric[t->nr_metrics];

	if (t->nr_metrics == TRIAL_MAX_METRICS)
		die(EXIT_FAILED, "a trial has more than %d metrics", TRIAL_MAX_METRICS);
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->value = value;
	t->nr_metrics++;
}

double trial_metric(const struct trial *t, const char *name)
{
	for (int i = 0; i < t->nr_metrics; i++)
		if (!strcmp(t->metric[i].name, name))
			return t->metric[i].value;
	return NAN;
}
