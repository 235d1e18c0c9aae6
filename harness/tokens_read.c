// SPDX-License-Identifier: MIT
/* Records of processes, their sum, and the unevenness of the slots. See tokens.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/die.h"
#include "tokens.h"

static void read_all(struct token_file *f, int file, const char *name)
{
	size_t done = 0;
	ssize_t n;

	while (done < sizeof(*f) &&
	       (n = pread(file, (char *)f + done, sizeof(*f) - done, (off_t)done)) > 0)
		done += (size_t)n;
	if (done && (done < sizeof(*f) || f->magic != TOKEN_RECORD_MAGIC))
		die(EXIT_USAGE, "%s is no file of token_stats=FILE, or one of another version",
		    name);
}

static void add_count(struct token_count *sum, const struct token_count *c)
{
	sum->objects += c->objects;
	sum->tokened += c->tokened;
	sum->bytes += c->bytes;
	sum->live_objects += c->live_objects;
	sum->live_bytes += c->live_bytes;
	sum->peak_objects += c->peak_objects;
	sum->peak_bytes += c->peak_bytes;
}

static void add_record(struct token_record *sum, const struct token_record *r)
{
	if (r->nr_slots > sum->nr_slots)
		sum->nr_slots = r->nr_slots;
	memcpy(sum->partition, r->partition, sizeof(sum->partition));
	add_count(&sum->all, &r->all);
	add_count(&sum->untokened, &r->untokened);
	for (unsigned int i = 0; i < TOKEN_RECORD_SLOTS; i++)
		add_count(&sum->slots[i], &r->slots[i]);
}

void tokens_read(struct tokens *t, int file, const char *name)
{
	*t = (struct tokens){ .file = calloc(1, sizeof(*t->file)), .status = -1 };
	if (!t->file)
		die(EXIT_FAILED, "tokens: no memory for the counters");
	read_all(t->file, file, name);
	for (unsigned int i = 0; i < TOKEN_RECORD_IMAGES; i++) {
		struct token_record *r = &t->file->records[i];

		if (!r->pid)
			continue;
		r->partition[sizeof(r->partition) - 1] = '\0';
		r->program[sizeof(r->program) - 1] = '\0';
		if (r->nr_slots < 1 || r->nr_slots > TOKEN_RECORD_SLOTS)
			die(EXIT_USAGE, "%s is damaged: a process with %u slots", name,
			    r->nr_slots);
		add_record(&t->sum, r);
		t->nr_images++;
	}
	if (t->file->nr_images > TOKEN_RECORD_IMAGES)
		t->nr_lost = t->file->nr_images - TOKEN_RECORD_IMAGES;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of @n numbers in order: 2 sum(i x_i) / (n sum(x_i)) - (n + 1) / n, i from 1. */
static double gini(const uint64_t *sorted, unsigned int n)
{
	double sum = 0, weighted = 0;

	for (unsigned int i = 0; i < n; i++) {
		sum += (double)sorted[i];
		weighted += (i + 1.0) * (double)sorted[i];
	}
	return 2 * weighted / (n * sum) - (n + 1.0) / n;
}

struct tokens_skew tokens_skew(const struct token_record *r)
{
	struct tokens_skew s = { .share = NAN, .max_over_mean = NAN, .gini = NAN };
	uint64_t sorted[TOKEN_RECORD_SLOTS];

	for (unsigned int i = 0; i < r->nr_slots; i++) {
		sorted[i] = r->slots[i].tokened;
		s.nr_unused += !sorted[i];
		if (sorted[i] > r->slots[s.fullest].tokened)
			s.fullest = i;
	}
	if (!r->all.tokened)
		return s;
	qsort(sorted, r->nr_slots, sizeof(sorted[0]), by_number);
	s.share = (double)r->slots[s.fullest].tokened / (double)r->all.tokened;
	s.max_over_mean = s.share * r->nr_slots;
	s.gini = gini(sorted, r->nr_slots);
	return s;
}
