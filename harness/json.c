// SPDX-License-Identifier: MIT
/* The JSON writer. Two levels of an object's members get a line each, the rest stays on one line.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "json.h"

void json_start(struct json *j, FILE *out)
{
	*j = (struct json){ .out = out, .first = true };
}

/* Length of the UTF-8 sequence at @s, 0 if it is none (RFC 3629: shortest form, no surrogates). */
static int sequence(const unsigned char *s)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = *s < 0x80 ? 1 : *s >> 5 == 6 ? 2 : *s >> 4 == 14 ? 3 : *s >> 3 == 30 ? 4 : 0;
	uint32_t code = len > 1 ? *s & (0x7fu >> len) : *s;

	for (int i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (len > 1 && (code < least[len] || code > 0x10ffff || (code >> 11) == 0x1b))
		return 0;
	return len;
}

static void character(FILE *out, const unsigned char *s, int len)
{
	if (len == 0)
		fputs("\\ufffd", out);
	else if (*s == '"' || *s == '\\')
		fprintf(out, "\\%c", *s);
	else if (*s < 0x20 || *s == 0x7f)
		fprintf(out, "\\u%04x", *s);
	else
		fwrite(s, 1, (size_t)len, out);
}

static void quoted(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	fputc('"', out);
	while (*s) {
		int len = sequence(s);

		character(out, s, len);
		s += len ? len : 1;
	}
	fputc('"', out);
}

static void member(struct json *j, const char *key)
{
	if (!j->first)
		fputc(',', j->out);
	if (j->lines && (j->depth == 1 || j->depth == 2))
		fprintf(j->out, "\n%*s", 2 * (j->depth - 1), "");
	j->first = false;
	if (key) {
		quoted(j->out, key);
		fputc(':', j->out);
	}
}

static void open_bracket(struct json *j, const char *key, char bracket)
{
	member(j, key);
	fputc(bracket, j->out);
	j->first = true;
	j->depth++;
}

static void close_bracket(struct json *j, char bracket)
{
	fputc(bracket, j->out);
	j->first = false;
	j->depth--;
	if (j->lines && j->depth == 0)
		fputc('\n', j->out);
}

void json_object(struct json *j, const char *key)
{
	open_bracket(j, key, '{');
}

void json_object_end(struct json *j)
{
	close_bracket(j, '}');
}

void json_array(struct json *j, const char *key)
{
	open_bracket(j, key, '[');
}

void json_array_end(struct json *j)
{
	close_bracket(j, ']');
}

void json_text(struct json *j, const char *key, const char *value)
{
	member(j, key);
	quoted(j->out, value);
}

void json_number(struct json *j, const char *key, double value)
{
	char digits[40];

	if (!isfinite(value)) {
		json_null(j, key);
		return;
	}
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, value);
		if (strtod(digits, NULL) == value)
			break;
	}
	json_raw(j, key, digits);
}

void json_int(struct json *j, const char *key, int64_t value)
{
	member(j, key);
	fprintf(j->out, "%" PRId64, value);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
	member(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_raw(j, key, value ? "true" : "false");
}

void json_null(struct json *j, const char *key)
{
	json_raw(j, key, "null");
}

void json_raw(struct json *j, const char *key, const char *value)
{
	member(j, key);
	fputs(value, j->out);
}
