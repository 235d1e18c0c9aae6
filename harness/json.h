/* SPDX-License-Identifier: MIT */
/*
 * A careful JSON writer (RFC 8259): commas and quotes are its business, text is made valid UTF-8
 * (a broken byte becomes U+FFFD), a number that is not finite becomes null. Numbers are written
 * with the digits that read back as the same double. One writer belongs to one thread.
 */
#ifndef HARNESS_JSON_H
#define HARNESS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool first; /* no member yet in the innermost object or array */
	bool lines; /* begin a line at each member of the two outer levels */
	int depth;
};

/* Compact; set j->lines for a reader's eyes. */
void json_start(struct json *j, FILE *out);

/* @key: NULL inside an array and at the top. */
void json_object(struct json *j, const char *key);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *key);
void json_array_end(struct json *j);

void json_text(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, double value);
void json_int(struct json *j, const char *key, int64_t value);
void json_uint(struct json *j, const char *key, uint64_t value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
/* @value is JSON already. */
void json_raw(struct json *j, const char *key, const char *value);

#endif
