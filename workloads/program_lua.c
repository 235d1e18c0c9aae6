// SPDX-License-Identifier: MIT
/*
 * The Lua interpreter: records with strings and tables are made, kept for a while in a window,
 * sorted and dropped; its collector does the rest. An operation is a record. Nothing goes by the
 * order of pairs(), which follows a seed of the interpreter's own.
 */
#include "program.h"

#define NR_RECORDS 30000

static const char script[] =
	"local function draw(n)\n"
	"	state = (state * 1103515245 + 12345) & 0x7fffffff\n"
	"	return (state >> 8) % n\n"
	"end\n"
	"local words = {}\n"
	"for i = 1, 64 do words[i] = string.rep(string.char(97 + i % 26), i % 9 + 1) end\n"
	"local function record(i)\n"
	"	local parts = {}\n"
	"	for j = 1, draw(8) + 1 do parts[j] = words[draw(64) + 1] .. i end\n"
	"	local text = table.concat(parts, ' ')\n"
	"	return { id = i, text = text, parts = parts, upper = text:upper(),\n"
	"		 later = function(n) return i + n end }\n"
	"end\n"
	"local window, sum = {}, 0\n"
	"for i = 1, records do\n"
	"	local at = draw(12000) + 1\n"
	"	local old = window[at]\n"
	"	if old then sum = (sum + #old.text + old.later(#old.parts)) % 1000000007 end\n"
	"	window[at] = record(i)\n"
	"end\n"
	"local list = {}\n"
	"for i = 1, 12000 do if window[i] then list[#list + 1] = window[i] end end\n"
	"table.sort(list, function(a, b)\n"
	"	if a.text ~= b.text then return a.text < b.text end\n"
	"	return a.id < b.id\n"
	"end)\n"
	"local digest = 0\n"
	"for i, r in ipairs(list) do\n"
	"	for c in r.upper:gmatch('%u+') do digest = (digest * 31 + #c * i) % 1000000007 "
	"end\n"
	"end\n"
	"print(sum, #list, list[1].id, digest)\n";

static void draw(struct program_input *in)
{
	program_script(in, NR_RECORDS, script);
}

static const char *const args[] = { "-", NULL };
static const char *const idle[] = { "-v", NULL };

const struct program program_lua = {
	.name = "lua5.4",
	.file = "lua5.4",
	.package = "lua5.4",
	.op = "records",
	.args = args,
	.idle = idle,
	.version = "-v",
	.draw = draw,
};
