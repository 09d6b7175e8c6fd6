#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "store/dialect.h"

static void common_words_pass(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"SELECT a, COALESCE(b, 0), COUNT(*) FROM t WHERE c = $1 AND d LIKE 'x%?::[' ORDER BY a LIMIT $2",
		"INSERT INTO t (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING a",
		"SELECT max(a), min(coalesce(b, c)), hex, changes, \"rowid\" FROM t -- rowid, IFNULL(a, b)",
		"SELECT 1 /* GLOB ? */ + 1, 'it''s AUTOINCREMENT'",
		"UPDATE t SET a = CASE WHEN a > $1 THEN a ELSE $1 END, b = b || 'x'",
		"SELECT a FROM t WHERE (a = $1 OR $1 IS NULL) AND (b LIKE $2 OR $2 is not null)",
		"",
	};
	struct err err;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!dialect_check(texts[i], &err))
			fail_msg("%s: %s", texts[i], err.message);
}

static void foreign_words_are_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"SELECT rowid FROM t",
		"SELECT a FROM t WHERE b = ?",
		"SELECT a FROM t WHERE b = @b",
		"SELECT a FROM t WHERE b = :b",
		"SELECT a::text FROM t",
		"SELECT a FROM t WHERE b == 1",
		"SELECT `a` FROM t",
		"SELECT [a] FROM t",
		"INSERT OR REPLACE INTO t (a) VALUES ($1)",
		"insert or ignore into t (a) values ($1)",
		"SELECT IFNULL(a, b) FROM t",
		"SELECT datetime ('now')",
		"SELECT hex(a) FROM t",
		"SELECT MAX(a, b) FROM t",
		"SELECT min(abs(a), (b)) FROM t",
		"SELECT a FROM t WHERE b GLOB 'x*'",
		"SELECT a FROM t WHERE b = 'x' COLLATE NOCASE",
		"SELECT json_extract(a, '$.b') FROM t",
		"SELECT a FROM t WHERE b = CURRENT_TIMESTAMP",
		"SELECT a->b FROM t",
		"SELECT max((SELECT max(a) FROM u), 1)",
		"SELECT a FROM t WHERE ($1 IS NULL OR a = $1)",
		"SELECT a FROM t WHERE b = $10 AND ($1 IS NOT NULL AND a = $1)",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct err err = {.kind = ERR_NONE};
		if (dialect_check(texts[i], &err))
			fail_msg("passed: %s", texts[i]);
		assert_int_equal(err.kind, ERR_INTERNAL);
	}
}

static void schemas_have_the_common_types(void **state)
{
	(void)state;
	struct err err;
	assert_true(dialect_check_schema("CREATE TABLE t (a BIGINT, b DOUBLE, c BYTES, d TEXT) STRICT; -- INTEGER", &err));
	assert_false(dialect_check_schema("CREATE TABLE t (a BIGINT);", &err));
	assert_false(dialect_check_schema("CREATE TABLE t (a BIGINT) STRICT; CREATE TABLE u (a BIGINT);", &err));
	assert_false(dialect_check_schema("CREATE TABLE t (a INTEGER) STRICT;", &err));
	assert_false(dialect_check_schema("CREATE TABLE t (a BLOB) STRICT;", &err));
	assert_false(
		dialect_check_schema("CREATE TABLE t (a TEXT REFERENCES u (a) DEFERRABLE INITIALLY DEFERRED) STRICT;", &err));
	assert_true(dialect_check("SELECT CAST(a AS INTEGER) FROM t", &err)); /* of a schema only */
}

static void types_are_translated(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	dialect_to_sqlite(&out, "CREATE TABLE t (bytes BYTES,a BIGINT NOT NULL,\n\tw DOUBLE) STRICT; -- BIGINT\n"
							"INSERT INTO t VALUES ('BYTES', \"BIGINT\", XBIGINT)");
	assert_string_equal(buf_text(&out), "CREATE TABLE t (bytes BLOB,a INTEGER NOT NULL,\n\tw REAL) STRICT; -- BIGINT\n"
										"INSERT INTO t VALUES ('BYTES', \"BIGINT\", XBIGINT)");
	buf_fini(&out);
}

static void lists_of_checks_are_comparisons(void **state)
{
	(void)state;
	static const char *const texts[][2] = {
		{"CREATE TABLE t (a TEXT CHECK (a IN ('x', 'y,)', 'z')), b BIGINT) STRICT",
		 "CREATE TABLE t (a TEXT CHECK (a = 'x' OR a = 'y,)' OR a = 'z'), b INTEGER) STRICT"},
		{"CREATE TABLE t (a TEXT CHECK (a IN ('x'))) STRICT CLUSTERED;",
		 "CREATE TABLE t (a TEXT CHECK (a = 'x')) STRICT, WITHOUT ROWID;"},
		/* more than a list of literals is left as it is */
		{"CHECK (a IN ('x', 'y') AND b)", "CHECK (a IN ('x', 'y') AND b)"},
		{"CHECK (a IN (b, 'y'))", "CHECK (a IN (b, 'y'))"},
		{"CHECK (a IN ('x',", "CHECK (a IN ('x',"},
		{"CHECK (a IN ()", "CHECK (a IN ()"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf out;
		buf_init(&out, 0);
		dialect_to_sqlite(&out, texts[i][0]);
		assert_string_equal(buf_text(&out), texts[i][1]);
		buf_fini(&out);
	}
}

/* Whatever the text, the check ends and stays inside it (the sanitizers look on). */
static void broken_texts_end(void **state)
{
	(void)state;
	static const char *const texts[] = {"'",    "'a''",  "\"", "/*", "/* *", "--",  "-",
										"max(", "max((", "$",  "é",  ";;",   "'\\'"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct buf out;
		buf_init(&out, 0);
		(void)dialect_check_schema(texts[i], NULL);
		dialect_to_sqlite(&out, texts[i]);
		assert_string_equal(buf_text(&out), texts[i]);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(common_words_pass),
		cmocka_unit_test(foreign_words_are_refused),
		cmocka_unit_test(schemas_have_the_common_types),
		cmocka_unit_test(types_are_translated),
		cmocka_unit_test(lists_of_checks_are_comparisons),
		cmocka_unit_test(broken_texts_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
