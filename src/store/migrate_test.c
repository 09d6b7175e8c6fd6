#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "store/fixture.h"

static struct store_options with(const struct store_migration *steps, size_t count)
{
	struct store_options how = fixture_options();
	how.migrations = steps;
	how.migrations_count = count;
	return how;
}

static struct store_migration steps[3];

static void add_third(const char *sql)
{
	memcpy(steps, fixture_steps, sizeof fixture_steps);
	steps[2] = (struct store_migration){3, "third", sql};
}

static void steps_are_applied_once(void **state)
{
	(void)state;
	add_third("CREATE TABLE third (id TEXT NOT NULL PRIMARY KEY) STRICT; INSERT INTO third (id) VALUES ('x');");
	for (size_t count = 1; count <= 3; count++) {
		const struct store_options how = with(steps, count);
		struct store *store = fixture_open(&how);
		assert_int_equal(store_schema_version(store), count);
		store_close(store);
	}
	const struct store_options how = with(steps, 3);
	struct store *store = fixture_open(&how);
	struct db *db = store_read(store);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM third"), 1);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM store_migrations WHERE applied_at > 0"), 3);
	store_read_end(store, db);
	store_close(store);
}

/* [P-12.2] */
static void a_failed_step_leaves_the_old_schema(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *says;
	} broken[] = {
		{"CREATE TABLE third (id TEXT NOT NULL) STRICT; CREATE TABLE oops (;) STRICT;", "syntax error"},
		{"CREATE TABLE third (id TEXT NOT NULL) STRICT; COMMIT;", "not authorized"},
		{"CREATE TABLE third (id TEXT NOT NULL) STRICT; INSERT INTO third (id) VALUES (NULL);", "NOT NULL"},
		{"CREATE TABLE third (id TEXT NOT NULL) STRICT; INSERT INTO children (id, item) VALUES ('c', 'nobody');",
		 "children"},
		{"CREATE TABLE third (id TEXT NOT NULL);", "STRICT"},
		{"CREATE TABLE third (id INTEGER NOT NULL) STRICT;", "BIGINT"},
	};
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct store_options how = with(fixture_steps, 2);
		store_close(fixture_open(&how));
		add_third(broken[i].sql);
		how = with(steps, 3);
		struct store *store;
		struct err err = {.kind = ERR_NONE};
		assert_false(store_open(&how, &store, &err));
		assert_non_null(strstr(err.message, "migration 3 (third)"));
		if (strstr(err.message, broken[i].says) == NULL)
			fail_msg("%s: %s", broken[i].sql, err.message);
		how = with(fixture_steps, 2);
		store = fixture_open(&how);
		assert_int_equal(store_schema_version(store), 2);
		struct db *db = store_read(store);
		struct db_rows rows;
		assert_false(db_query(db, &rows, &err, "SELECT id FROM third"));
		store_read_end(store, db);
		store_close(store);
	}
}

static void an_edited_or_newer_schema_is_refused(void **state)
{
	(void)state;
	struct store_options how = with(fixture_steps, 2);
	store_close(fixture_open(&how));
	struct store *store;
	struct err err = {.kind = ERR_NONE};
	how.migrations_count = 1;
	assert_false(store_open(&how, &store, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "schema version 2"));
	assert_non_null(strstr(err.message, "knows only 1"));
	add_third("");
	steps[0].sql = "CREATE TABLE items (id TEXT) STRICT;";
	how = with(steps, 2);
	assert_false(store_open(&how, &store, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "migration 1 (items)"));
}

/* A table is made anew under its name while rows refer to it; references hold again afterwards. */
static void a_step_can_rebuild_a_table(void **state)
{
	(void)state;
	struct store_options how = with(fixture_steps, 2);
	struct store *store = fixture_open(&how);
	struct err err = {.kind = ERR_NONE};
	assert_true(fixture_write(store, "a", 1, &err));
	store_close(store);
	add_third("CREATE TABLE items_new (id TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL, w DOUBLE, b BYTES) STRICT;"
			  "INSERT INTO items_new (id, n, w, b) SELECT id, n, w, b FROM items;"
			  "DROP TABLE items; ALTER TABLE items_new RENAME TO items;");
	how = with(steps, 3);
	store = fixture_open(&how);
	assert_true(fixture_write(store, "b", -1, &err)); /* the check is gone */
	struct db *db = store_read(store);
	assert_int_equal(fixture_number(db, "SELECT COUNT(*) FROM items, children WHERE item = items.id"), 2);
	store_read_end(store, db);
	assert_false(fixture_write(store, "b", 1, &err));
	store_close(store);
}

static bool orphan(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO children (id, item) VALUES ('c', 'nobody')");
}

static void references_hold_after_migrating(void **state)
{
	(void)state;
	struct store_options how = with(fixture_steps, 2);
	for (int round = 0; round < 2; round++) { /* a fresh store, and one that has nothing to do */
		struct store *store = fixture_open(&how);
		struct err err = {.kind = ERR_NONE};
		assert_false(store_write(store, orphan, NULL, &err));
		assert_int_equal(err.kind, ERR_CONFLICT);
		store_close(store);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(steps_are_applied_once),
		CASE(a_failed_step_leaves_the_old_schema),
		CASE(an_edited_or_newer_schema_is_refused),
		CASE(a_step_can_rebuild_a_table),
		CASE(references_hold_after_migrating),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
