// SPDX-License-Identifier: MIT
/* ./runner tokens: a program's allocations by AllocToken's tokens. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command.h"
#include "lib/die.h"
#include "tokens.h"

static FILE *open_report(const struct tokens_options *o)
{
	FILE *out = o->out ? fopen(o->out, "w") : stdout;

	if (!out)
		die(EXIT_USAGE, "tokens: %s cannot be written: %m", o->out);
	return out;
}

static void report(FILE *out, const struct tokens *t, const struct tokens_options *o)
{
	if (o->output == OUTPUT_CSV)
		tokens_csv(out, t);
	else if (o->output == OUTPUT_JSON)
		tokens_json(out, t, o);
	else
		tokens_table(out, t, o);
	if (fflush(out) || (out != stdout && fclose(out)))
		die(EXIT_STORAGE, "tokens: the report cannot be written: %m");
}

static int open_stored(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		die(EXIT_USAGE, "tokens: %s cannot be read: %m", path);
	return file;
}

static int show(const struct tokens_options *o)
{
	FILE *out = open_report(o);
	struct tokens t;

	tokens_read(&t, open_stored(o->read), o->read);
	report(out, &t, o);
	free(t.file);
	return EXIT_FINE;
}

/* The descriptor is open in this process only: children come by its name below /proc. */
static int run(const struct tokens_options *o)
{
	int file = memfd_create("tokens", MFD_CLOEXEC), status;
	FILE *out = open_report(o);
	struct tokens t;

	if (file < 0)
		die(EXIT_FAILED, "tokens: no memory for the counters: %m");
	status = tokens_run(o, file);
	tokens_read(&t, file, "the file of counters");
	t.status = status;
	if (!t.nr_images) {
		warn("tokens: %s did not run with our malloc: it is linked statically, has "
		     "privileges of its own, or its options are wrong",
		     o->program[0]);
		return status ? status : EXIT_UNRESOLVED;
	}
	report(out, &t, o);
	free(t.file);
	return status;
}

int command_tokens(int argc, char **argv)
{
	struct tokens_options o;

	tokens_options_parse(&o, argc, argv);
	return o.read ? show(&o) : run(&o);
}
