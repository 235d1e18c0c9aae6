// SPDX-License-Identifier: MIT
/* What was counted as a table, CSV (RFC 4180) and JSON. See tokens.h. */
#include <math.h>
#include <string.h>

#include "json.h"
#include "report_text.h"
#include "tokens.h"

#define MANY_SLOTS     16 /* above, slots without an object are not listed */
#define MANY_PROCESSES 10

/* ---- table -------------------------------------------------------------------------------------
 */

static double part(uint64_t x, uint64_t of)
{
	return of ? (double)x / (double)of : NAN;
}

static void print_number(FILE *out, int width, double value, const char *unit)
{
	char text[REPORT_TEXT];

	report_text_value(text, value, unit);
	fprintf(out, " %*s", width, text);
}

static void print_row(FILE *out, const char *name, const struct token_count *c,
		      const struct token_count *all)
{
	fprintf(out, "%-9s", name);
	print_number(out, 9, (double)c->objects, "count");
	print_number(out, 7, part(c->objects, all->objects), "ratio");
	print_number(out, 9, (double)c->tokened, "count");
	print_number(out, 9, (double)c->bytes, "bytes");
	print_number(out, 7, part(c->bytes, all->bytes), "ratio");
	print_number(out, 9, (double)c->live_objects, "count");
	print_number(out, 9, (double)c->live_bytes, "bytes");
	print_number(out, 9, (double)c->peak_objects, "count");
	print_number(out, 9, (double)c->peak_bytes, "bytes");
	fputc('\n', out);
}

static void print_slots(FILE *out, const struct token_record *r)
{
	char name[24];

	fprintf(out, "%-9s %9s %7s %9s %9s %7s %9s %9s %9s %9s\n", "slot", "objects", "share",
		"tokened", "bytes", "share", "left", "bytes", "peak", "bytes");
	for (unsigned int i = 0; i < r->nr_slots; i++) {
		if (r->nr_slots > MANY_SLOTS && !r->slots[i].objects)
			continue;
		snprintf(name, sizeof(name), "%02u", i);
		print_row(out, name, &r->slots[i], &r->all);
	}
	print_row(out, "all", &r->all, &r->all);
	print_row(out, "untokened", &r->untokened, &r->all);
}

static void print_halves(FILE *out, const struct token_record *r)
{
	uint64_t upper = 0;
	char low[REPORT_TEXT], high[REPORT_TEXT];

	if (strcmp(r->partition, "typed") || !r->all.tokened || r->nr_slots < 2)
		return;
	for (unsigned int i = r->nr_slots / 2; i < r->nr_slots; i++)
		upper += r->slots[i].tokened;
	report_text_value(low, part(r->all.tokened - upper, r->all.tokened), "ratio");
	report_text_value(high, part(upper, r->all.tokened), "ratio");
	report_paragraph(out, 0, 2,
			 "of the tokened: %s without pointers or of unknown type (00 to %02u), %s "
			 "with pointers (%02u to %02u)",
			 low, r->nr_slots / 2 - 1, high, r->nr_slots / 2, r->nr_slots - 1);
}

static void print_skew(FILE *out, const struct token_record *r)
{
	struct tokens_skew s = tokens_skew(r);
	char share[REPORT_TEXT];

	if (!r->all.tokened) {
		report_paragraph(out, 0, 2,
				 "nothing was tokened: build the program with Clang 22 and "
				 "-fsanitize=alloc-token -falloc-token-max=%u",
				 r->nr_slots);
		return;
	}
	report_text_value(share, s.share, "ratio");
	report_paragraph(
		out, 0, 2,
		"skew of the tokened: slot %02u has %s, %.2f times the mean; Gini %.2f; %u "
		"of %u slots unused",
		s.fullest, share, s.max_over_mean, s.gini, s.nr_unused, r->nr_slots);
}

static void print_record(FILE *out, const struct token_record *r)
{
	print_slots(out, r);
	print_halves(out, r);
	print_skew(out, r);
}

static void print_processes(FILE *out, const struct tokens *t, bool each)
{
	int nr = 0;

	for (unsigned int i = 0; i < TOKEN_RECORD_IMAGES; i++) {
		const struct token_record *r = &t->file->records[i];

		if (!r->pid || (!each && nr++ >= MANY_PROCESSES))
			continue;
		fprintf(out, "process %d, %s: %llu objects, %llu of them tokened\n", r->pid,
			r->program, (unsigned long long)r->all.objects,
			(unsigned long long)r->all.tokened);
		if (!each)
			continue;
		print_record(out, r);
		fputc('\n', out);
	}
	if (nr > MANY_PROCESSES)
		fprintf(out, "and %d more (--each shows them all)\n", nr - MANY_PROCESSES);
}

void tokens_table(FILE *out, const struct tokens *t, const struct tokens_options *o)
{
	print_processes(out, t, o->each);
	if (t->nr_lost)
		fprintf(out, "%llu processes more were not counted\n",
			(unsigned long long)t->nr_lost);
	if (t->status > 128)
		fprintf(out, "the program was ended by signal %d (%s)\n", t->status - 128,
			strsignal(t->status - 128));
	fprintf(out, "partition=%s, %u slots%s\n\n", t->sum.partition, t->sum.nr_slots,
		t->nr_images > 1 ? ", all processes together" : "");
	print_record(out, &t->sum);
}

/* ---- CSV ---------------------------------------------------------------------------------------
 */

static void csv_text(FILE *out, const char *s)
{
	if (!strpbrk(s, ",\"\r\n")) {
		fputs(s, out);
		return;
	}
	fputc('"', out);
	for (; *s; s++)
		fprintf(out, *s == '"' ? "\"\"" : "%c", *s);
	fputc('"', out);
}

static void csv_row(FILE *out, const struct token_record *r, const char *slot,
		    const struct token_count *c)
{
	const uint64_t values[] = { c->objects,	   c->tokened,	    c->bytes,	  c->live_objects,
				    c->live_bytes, c->peak_objects, c->peak_bytes };

	fprintf(out, "%d,", r->pid);
	csv_text(out, r->program);
	fprintf(out, ",%s,%s", r->partition, slot);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fprintf(out, ",%llu", (unsigned long long)values[i]);
	fputc('\n', out);
}

void tokens_csv(FILE *out, const struct tokens *t)
{
	char slot[24];

	fputs("pid,program,partition,slot,objects,tokened,bytes,left_objects,left_bytes,"
	      "peak_objects,peak_bytes\n",
	      out);
	for (unsigned int i = 0; i < TOKEN_RECORD_IMAGES; i++) {
		const struct token_record *r = &t->file->records[i];

		for (unsigned int k = 0; r->pid && k < r->nr_slots; k++) {
			snprintf(slot, sizeof(slot), "%u", k);
			csv_row(out, r, slot, &r->slots[k]);
		}
		if (r->pid)
			csv_row(out, r, "untokened", &r->untokened);
	}
}

/* ---- JSON --------------------------------------------------------------------------------------
 */

static void json_count(struct json *j, const struct token_count *c)
{
	json_uint(j, "objects", c->objects);
	json_uint(j, "tokened", c->tokened);
	json_uint(j, "bytes", c->bytes);
	json_uint(j, "left_objects", c->live_objects);
	json_uint(j, "left_bytes", c->live_bytes);
	json_uint(j, "peak_objects", c->peak_objects);
	json_uint(j, "peak_bytes", c->peak_bytes);
}

static void json_named_count(struct json *j, const char *name, const struct token_count *c)
{
	json_object(j, name);
	json_count(j, c);
	json_object_end(j);
}

static void json_skew(struct json *j, const struct token_record *r)
{
	struct tokens_skew s = tokens_skew(r);

	json_object(j, "skew");
	json_uint(j, "fullest_slot", s.fullest);
	json_number(j, "fullest_share", s.share);
	json_number(j, "max_over_mean", s.max_over_mean);
	json_number(j, "gini", s.gini);
	json_uint(j, "unused_slots", s.nr_unused);
	json_object_end(j);
}

static void json_record(struct json *j, const struct token_record *r)
{
	json_text(j, "partition", r->partition);
	json_uint(j, "nr_slots", r->nr_slots);
	json_named_count(j, "all", &r->all);
	json_named_count(j, "untokened", &r->untokened);
	json_skew(j, r);
	json_array(j, "slots");
	for (unsigned int i = 0; i < r->nr_slots; i++) {
		json_object(j, NULL);
		json_uint(j, "slot", i);
		json_count(j, &r->slots[i]);
		json_object_end(j);
	}
	json_array_end(j);
}

static void json_processes(struct json *j, const struct tokens *t)
{
	json_array(j, "processes");
	for (unsigned int i = 0; i < TOKEN_RECORD_IMAGES; i++) {
		const struct token_record *r = &t->file->records[i];

		if (!r->pid)
			continue;
		json_object(j, NULL);
		json_int(j, "pid", r->pid);
		json_text(j, "program", r->program);
		json_record(j, r);
		json_object_end(j);
	}
	json_array_end(j);
}

void tokens_json(FILE *out, const struct tokens *t, const struct tokens_options *o)
{
	struct json j;

	json_start(&j, out);
	j.lines = true;
	json_object(&j, NULL);
	json_int(&j, "schema_version", 1);
	json_array(&j, "argv");
	for (char **word = o->program; word && *word; word++)
		json_text(&j, NULL, *word);
	json_array_end(&j);
	if (t->status < 0)
		json_null(&j, "exit_status");
	else
		json_int(&j, "exit_status", t->status);
	json_uint(&j, "processes_lost", t->nr_lost);
	json_record(&j, &t->sum);
	json_processes(&j, t);
	json_object_end(&j);
}
