// SPDX-License-Identifier: MIT
/*
 * The Python interpreter, with PYTHONMALLOC=malloc: otherwise all objects up to 512 bytes would
 * come from its own arenas and malloc would see little. Objects with attributes, dicts, lists and
 * strings are made, kept in a window, sorted and written as JSON. An operation is a record.
 */
#include "program.h"

#define NR_RECORDS 10000

static const char script[] =
	"import json\n"
	"def draw(n):\n"
	"    global state\n"
	"    state = (state * 1103515245 + 12345) & 0x7fffffff\n"
	"    return (state >> 8) % n\n"
	"class Record:\n"
	"    def __init__(self, i):\n"
	"        self.id = i\n"
	"        self.parts = [WORDS[draw(64)] + str(i) for _ in range(draw(8) + 1)]\n"
	"        self.text = ' '.join(self.parts)\n"
	"        self.sizes = {part: len(part) * i for part in self.parts}\n"
	"WORDS = [chr(97 + i % 26) * (i % 9 + 1) for i in range(64)]\n"
	"window = {}\n"
	"total = 0\n"
	"for i in range(records):\n"
	"    at = draw(6000)\n"
	"    old = window.pop(at, None)\n"
	"    if old:\n"
	"        total = (total + len(old.text) + sum(old.sizes.values())) % 1000000007\n"
	"    window[at] = Record(i)\n"
	"kept = sorted(window.values(), key=lambda r: (r.text, r.id))\n"
	"text = json.dumps([[r.id, r.parts, r.sizes] for r in kept])\n"
	"again = json.loads(text)\n"
	"digest = 0\n"
	"for c in text.encode():\n"
	"    digest = (digest * 31 + c) % 1000000007\n"
	"print(total, len(kept), kept[0].id, len(text), len(again), digest)\n";

static void draw(struct program_input *in)
{
	program_script(in, NR_RECORDS, script);
}

/* -S: what a machine has in site-packages is not the work. */
static const char *const args[] = { "-S", "-", NULL };
static const char *const idle[] = { "-S", "-c", "pass", NULL };
static const char *const env[] = { "PYTHONMALLOC=malloc", "PYTHONHASHSEED=0",
				   "PYTHONDONTWRITEBYTECODE=1", NULL };

const struct program program_python = {
	.name = "python3",
	.file = "python3",
	.package = "python3",
	.op = "records",
	.args = args,
	.idle = idle,
	.version = "--version",
	.env = env,
	.draw = draw,
};
