/* SPDX-License-Identifier: MIT */
/*
 * A misuse of a guarded object: the report's lines as regular expressions, and the program goes on.
 */
#ifndef TESTS_MISUSE_KFENCE_CHILD_H
#define TESTS_MISUSE_KFENCE_CHILD_H

#include "child.h"

#include <regex.h>

#include "allocators/slab/kfence.h"

/* Every allocation is guarded. */
#define KFENCE_OPTIONS "kfence=1,kfence_burst=1000000,seed=3"

#define KFENCE_RULE "^={66}$"
#define FRAME	    "^ [^ ]+$"
#define NOTHING	    "^$"
#define TASK	    "by task [0-9]+ on cpu [0-9]+ at [0-9]+\\.[0-9]{6}s \\([0-9]+\\.[0-9]{6}s ago\\):$"
#define ALLOCATED   "^allocated " TASK
#define FREED	    "^freed " TASK
#define OBJECT	    "^kfence-#[0-9]+: 0x[0-9a-f]+-0x[0-9a-f]+, "
#define PROCESS	    "^CPU: [0-9]+ PID: [0-9]+ Comm: .+$"

/* The three parts of a report: its title, what it says and who did it; the object; the end. */
#define REPORT_HEAD(title, sentence)                                                               \
	KFENCE_RULE, "^BUG: KFENCE: " title " in [^ ]+$", NOTHING, sentence, FRAME, NOTHING
#define REPORT_LIVE(object)  OBJECT object, NOTHING, ALLOCATED, FRAME, NOTHING
#define REPORT_FREED(object) REPORT_LIVE(object), FREED, FRAME, NOTHING
#define REPORT_END	     PROCESS, KFENCE_RULE

/* A guarded object of @size bytes that ends where its page does (right) or begins there. */
static inline char *kfence_at(size_t size, bool right)
{
	for (;;) {
		char *p = kmalloc(size, GFP_KERNEL);

		if (!is_kfence_address(p))
			_exit(101);
		if (right ? !(((uintptr_t)p + size) & 4095) : !((uintptr_t)p & 4095))
			return p;
		kfree(p);
	}
}

static inline bool line_matches(const char *line, const char *pattern)
{
	regex_t regex;
	bool matches;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	matches = !regexec(&regex, line, 0, NULL, 0);
	regfree(&regex);
	return matches;
}

/* The lines of @text match @patterns in turn; a FRAME stands for one or more lines. */
static inline void assert_lines(const char *text, const char *const *patterns)
{
	char *copy = strdup(text), *rest = copy, *line;
	bool again = false;

	while ((line = strsep(&rest, "\n")) && rest) {
		if (again && line_matches(line, FRAME))
			continue;
		if (!*patterns || !line_matches(line, *patterns))
			fail_msg("'%s' is not '%s' in\n%s", line, *patterns, text);
		again = !strcmp(*patterns, FRAME);
		patterns++;
	}
	if (*patterns)
		fail_msg("'%s' is missing in\n%s", *patterns, text);
	free(copy);
}

/* @misuse is reported in these lines, and ends in _exit(0): the program went on. */
static inline void assert_guarded(void (*misuse)(void), const char *const *patterns)
{
	char text[16384];
	int status = child_wait(KFENCE_OPTIONS, misuse, text, sizeof(text));

	assert_lines(text, patterns);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#endif
