// SPDX-License-Identifier: MIT
/*
 * sqlite3 with a database in memory: two tables with indexes are filled in transactions, then rows
 * are changed, joined, grouped, sorted and deleted. An operation is a statement.
 */
#include "program.h"

#define NR_ITEMS     10000
#define NR_CHANGES   3000
#define NR_QUESTIONS 20
#define PER_COMMIT   500
#define NR_OWNERS    200

static void say_word(struct program_input *in)
{
	static const char *const parts[] = { "ka", "lo", "mi", "ren", "tu", "vash", "or", "el" };
	uint64_t n = random_range(&in->random, 2, 12);

	for (uint64_t i = 0; i < n; i++)
		program_say(in, "%s", parts[random_below(&in->random, ARRAY_SIZE(parts))]);
}

static void say_schema(struct program_input *in)
{
	program_say(in, "CREATE TABLE owner(id INTEGER PRIMARY KEY, name TEXT);\n"
			"CREATE TABLE item(id INTEGER PRIMARY KEY, owner INTEGER, name TEXT, "
			"size INTEGER, note TEXT);\n"
			"CREATE INDEX item_owner ON item(owner, size);\n"
			"CREATE INDEX item_name ON item(name);\n");
	for (unsigned int i = 0; i < NR_OWNERS; i++) {
		program_say(in, "INSERT INTO owner VALUES(%u, '", i);
		say_word(in);
		program_say(in, "');\n");
	}
	in->ops += 4 + NR_OWNERS;
}

static void say_item(struct program_input *in, uint64_t id)
{
	program_say(in, "INSERT INTO item VALUES(%llu, %llu, '", (unsigned long long)id,
		    (unsigned long long)random_below(&in->random, NR_OWNERS));
	say_word(in);
	program_say(in, "', %llu, '", (unsigned long long)random_below(&in->random, 100000));
	for (uint64_t i = random_below(&in->random, 20); i; i--)
		say_word(in);
	program_say(in, "');\n");
}

static void say_items(struct program_input *in, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (i % PER_COMMIT == 0)
			program_say(in, "%sBEGIN;\n", i ? "COMMIT;" : "");
		say_item(in, i);
	}
	program_say(in, "COMMIT;\n");
	in->ops += nr + 2 * ((nr + PER_COMMIT - 1) / PER_COMMIT);
}

static void say_changes(struct program_input *in, uint64_t nr, uint64_t nr_items)
{
	for (uint64_t i = 0; i < nr; i++) {
		unsigned long long id = random_below(&in->random, nr_items);

		if (i % 4 == 3)
			program_say(in, "DELETE FROM item WHERE id = %llu;\n", id);
		else
			program_say(in,
				    "UPDATE item SET size = size + %llu, note = note || name "
				    "WHERE id = %llu;\n",
				    (unsigned long long)i, id);
	}
	in->ops += nr;
}

static void say_questions(struct program_input *in, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		program_say(
			in,
			"SELECT o.name, count(*), sum(i.size), group_concat(substr(i.note, 1, 8)) "
			"FROM item i JOIN owner o ON o.id = i.owner WHERE i.owner %% %llu = 0 "
			"GROUP BY o.id ORDER BY 3, 1 LIMIT 5;\n"
			"SELECT name, length(note) FROM item WHERE name > (SELECT name FROM "
			"owner WHERE id = %llu) ORDER BY note, id LIMIT 5;\n",
			(unsigned long long)(i % 7 + 2),
			(unsigned long long)random_below(&in->random, NR_OWNERS));
	program_say(in, "SELECT count(*), sum(size), sum(length(note)) FROM item;\n");
	in->ops += 2 * nr + 1;
}

static void draw(struct program_input *in)
{
	uint64_t nr = program_scaled(in, NR_ITEMS);

	say_schema(in);
	say_items(in, nr);
	say_changes(in, program_scaled(in, NR_CHANGES), nr);
	say_questions(in, program_scaled(in, NR_QUESTIONS));
}

/* /dev/null in the place of the user's ~/.sqliterc. */
static const char *const args[] = { "-batch", "-bail", "-init", "/dev/null", ":memory:", NULL };
static const char *const idle[] = { "--version", NULL };

const struct program program_sqlite3 = {
	.name = "sqlite3",
	.file = "sqlite3",
	.package = "sqlite3",
	.op = "statements",
	.args = args,
	.idle = idle,
	.version = "--version",
	.draw = draw,
};
