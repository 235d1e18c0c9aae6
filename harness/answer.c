// SPDX-License-Identifier: MIT
/* One function a kind of line, in a table. What is not understood is a failure, not a guess. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"

static bool metric(struct trial *t, const char *rest)
{
	char name[48];
	double value;

	if (sscanf(rest, "%47s %lf", name, &value) != 2)
		return false;
	trial_add(t, name, value);
	return true;
}

static bool bucket(struct trial *t, const char *rest)
{
	struct trial_bucket *b = &t->bucket[t->nr_buckets];

	if (t->nr_buckets == TRIAL_MAX_BUCKETS ||
	    sscanf(rest, "%lf %" SCNu64, &b->low_ns, &b->calls) != 2)
		return false;
	t->nr_buckets++;
	return true;
}

static bool align(struct trial *t, const char *rest)
{
	struct trial_alignment *a = &t->alignment[t->nr_alignment];

	if (t->nr_alignment == TRIAL_MAX_ALIGNMENT ||
	    sscanf(rest, "%" SCNu32 " %" SCNu32 " %" SCNu64, &a->size_class, &a->divisor,
		   &a->requests) != 3)
		return false;
	t->nr_alignment++;
	return true;
}

static bool slab(struct trial *t, const char *rest)
{
	unsigned int tenth;
	uint64_t nr;

	if (sscanf(rest, "%u %" SCNu64, &tenth, &nr) != 2 || tenth > 9)
		return false;
	t->slab_use[tenth] = nr;
	t->have_slab_use = true;
	return true;
}

/* Whole lines only: what does not fit is left out. */
static bool slabinfo(struct trial *t, const char *rest)
{
	size_t n = strlen(rest) + 1;

	if (t->slabinfo_len + n + 1 > sizeof(t->slabinfo))
		return true;
	snprintf(t->slabinfo + t->slabinfo_len, n + 1, "%s\n", rest);
	t->slabinfo_len += n;
	return true;
}

static bool digest(struct trial *t, const char *rest)
{
	return sscanf(rest, "%" SCNx64, &t->digest) == 1;
}

static bool note(struct trial *t, const char *rest)
{
	size_t n = strlen(t->note);

	snprintf(t->note + n, sizeof(t->note) - n, "%s%s", n ? "; " : "", rest);
	return true;
}

#define PROVEN(name, field)                                                                        \
	static bool name(struct trial *t, const char *rest)                                        \
	{                                                                                          \
		snprintf(t->arm->field, sizeof(t->arm->field), "%s", rest);                        \
		return true;                                                                       \
	}
PROVEN(path, path)
PROVEN(build_id, build_id)
PROVEN(version, version)
PROVEN(mode, mode)
PROVEN(token, token)

static bool give_up(struct trial *t, enum trial_status status, const char *why)
{
	if (t->status == TRIAL_OK) {
		t->status = status;
		snprintf(t->reason, sizeof(t->reason), "%s", why);
	}
	return true;
}

static bool error(struct trial *t, const char *rest)
{
	return give_up(t, TRIAL_FAILED, rest);
}

static bool outgrown(struct trial *t, const char *rest)
{
	return give_up(t, TRIAL_OUTGROWN, rest);
}

static const struct {
	const char *word;
	bool (*read)(struct trial *t, const char *rest);
} kinds[] = {
	{ "metric", metric },	  { "bucket", bucket },	    { "align", align },
	{ "slab", slab },	  { "digest", digest },	    { "note", note },
	{ "path", path },	  { "build-id", build_id }, { "version", version },
	{ "mode", mode },	  { "token", token },	    { "error", error },
	{ "outgrown", outgrown }, { "slabinfo", slabinfo },
};

bool answer_line(struct trial *t, const char *line)
{
	size_t n = strcspn(line, " ");
	const char *rest = line + n + (line[n] == ' ');

	if (!strcmp(line, "failed"))
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].word) == n && !memcmp(kinds[i].word, line, n) &&
		    kinds[i].read(t, rest))
			return true;
	give_up(t, TRIAL_FAILED, "sent a line that the runner does not understand");
	return false;
}
