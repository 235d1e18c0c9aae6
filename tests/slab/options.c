// SPDX-License-Identifier: MIT
/* The option table as a whole: every row can be read back and refuses nonsense with a remedy. */
#include "common.h"

#include <errno.h>

#include "allocators/slab/options.h"

#define NR_OPTIONS_MIN 25

/* Call @check for each name that the sentence about unknown options lists. */
static unsigned int for_each_option(void (*check)(const char *name))
{
	char sentence[1024], *name, *rest;
	struct options o;
	struct text why;
	unsigned int nr = 0;

	text_init(&why, sentence, sizeof(sentence));
	options_default(&o);
	assert_int_equal(options_parse(&o, "no_such=1", &why), -EINVAL);
	assert_true(why.used < sizeof(sentence));
	rest = strstr(sentence, "the options are ") + strlen("the options are ");
	while ((name = strtok_r(rest, ", ", &rest)))
		check(name), nr++;
	return nr;
}

static void has_a_value(const char *name)
{
	char value[256];
	struct options o;
	struct text t;

	text_init(&t, value, sizeof(value));
	options_default(&o);
	assert_int_equal(options_print(&o, name, &t), 0);
	assert_true(t.used > 0 && t.used < sizeof(value));
}

static void refuses_nonsense(const char *name)
{
	char string[64], sentence[1024], expected[128];
	struct options o;
	struct text why;

	text_init(&why, sentence, sizeof(sentence));
	options_default(&o);
	snprintf(string, sizeof(string), "%s=?!", name);
	snprintf(expected, sizeof(expected), "option %s cannot be '?!'; give ", name);
	assert_int_equal(options_parse(&o, string, &why), -EINVAL);
	assert_int_equal(strncmp(sentence, expected, strlen(expected)), 0);
	assert_null(strchr(sentence, '\n'));
}

static void test_every_option_has_a_value(void **state)
{
	(void)state;
	assert_true(for_each_option(has_a_value) >= NR_OPTIONS_MIN);
}

static void test_every_option_refuses_nonsense_with_a_remedy(void **state)
{
	(void)state;
	assert_true(for_each_option(refuses_nonsense) >= NR_OPTIONS_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_option_has_a_value),
		cmocka_unit_test(test_every_option_refuses_nonsense_with_a_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
