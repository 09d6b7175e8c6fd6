#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "store/fixture.h"
#include "store/fulltext.h"

static const struct store_migration steps[] = {{1, "words", "CREATE FULLTEXT words;"}};

static struct store *opened(void)
{
	struct store_options how = fixture_options();
	how.migrations = steps;
	how.migrations_count = 1;
	return fixture_open(&how);
}

struct change {
	const char *group, *id, *text; /* text NULL: drop */
};

static bool apply(struct db *db, void *self, struct err *err)
{
	const struct change *c = self;
	return c->text != NULL ? fulltext_put(db, "words", c->group, c->id, c->text, err)
						   : fulltext_drop(db, "words", c->id, err);
}

static void put(struct store *store, const char *group, const char *id, const char *text)
{
	struct err err;
	struct change change = {group, id, text};
	if (!store_write(store, apply, &change, &err))
		fail_msg("%s", err.message);
}

struct found {
	char ids[100];
	double last;
};

static void take(void *self, const char *id, double score)
{
	struct found *found = self;
	assert_true(score > 0 && score <= found->last);
	found->last = score;
	snprintf(found->ids + strlen(found->ids), sizeof found->ids - strlen(found->ids), "%s ", id);
}

static void must_find(struct store *store, const char *group, const char *words, size_t limit, const char *wanted)
{
	struct found found = {.last = 1e9};
	struct err err;
	struct db *db = store_read(store);
	if (!fulltext_search(db, "words", group, words, limit, take, &found, &err))
		fail_msg("%s", err.message);
	store_read_end(store, db);
	assert_string_equal(found.ids, wanted);
}

static void words_are_found_in_their_group(void **state)
{
	(void)state;
	struct store *store = opened();
	put(store, "g-1", "a-1", "The gate opens at six");
	put(store, "g-1", "a-2", "the GATE is closed; the gate is old, the gate");
	put(store, "g-1", "a-3", "nothing of that kind");
	put(store, "g-2", "b-1", "another gate");
	must_find(store, "g-1", "gate", 10, "a-2 a-1 ");
	must_find(store, "g-1", "gate", 1, "a-2 ");
	must_find(store, "g-1", "kind, opens?", 10, "a-3 a-1 ");
	must_find(store, "g-2", "gate", 10, "b-1 ");
	must_find(store, "g-3", "gate", 10, "");
	must_find(store, "g-1", "xg1 a 1", 10, "");
	store_close(store);
}

/* Case and diacritics do not count, in any script that has them. */
static void words_are_folded(void **state)
{
	(void)state;
	struct store *store = opened();
	put(store, "g", "a", "Ein CAFÉ in Łódź");
	put(store, "g", "b", "Мир");
	must_find(store, "g", "cafe", 10, "a ");
	must_find(store, "g", "caf\xc3\xa9", 10, "a ");
	must_find(store, "g", "мир", 10, "b ");
	store_close(store);
}

static void what_is_dropped_is_gone(void **state)
{
	(void)state;
	struct store *store = opened();
	put(store, "g", "a-1", "gate");
	put(store, "g", "a-11", "gate");
	put(store, NULL, "a-1", NULL);
	put(store, NULL, "a-1", NULL);
	must_find(store, "g", "gate", 10, "a-11 ");
	store_close(store);
}

/* What people type is words, whatever it is to the engine. */
static void a_question_has_no_syntax(void **state)
{
	static const char *const questions[] = {"\"",  "a AND",  "NEAR(", "body : x", "*",       "",
											"- -", "doc:xa", "^a",    "owner",    "\xff\xff"};
	(void)state;
	struct store *store = opened();
	put(store, "g", "a", "gate");
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		must_find(store, "g", questions[i], 10, "");
	char many[2000] = "";
	for (int i = 0; i < 200; i++)
		strcat(many, "word ");
	must_find(store, "g", many, 10, "");
	store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_are_found_in_their_group, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(words_are_folded, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(what_is_dropped_is_gone, fixture_new, fixture_free),
		cmocka_unit_test_setup_teardown(a_question_has_no_syntax, fixture_new, fixture_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
