#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "seal/fixture.h"
#include "store/store.h"

/* The store's side of the chain: [P-7.3] clear values beside it, and [P-7.5] that they are those it commits to. */

static bool append(struct db *db, void *self, struct err *err)
{
	struct seal_fixture *f = self;
	const struct audit_event of_nobody = {.action = AUDIT_LOGIN, .ip = "192.0.2.1", .user_agent = "curl/8"};
	const struct audit_event without = {.action = AUDIT_SERVER_START, .actor = "local"};
	return audit_append(&f->audit, db, &of_nobody, err) && audit_append(&f->audit, db, &without, err) &&
		   audit_append(&f->audit, db, &of_nobody, err);
}

static int begin(void **state)
{
	struct seal_fixture *f = calloc(1, sizeof *f);
	struct err err;
	seal_fixture_open(f, "audit", NULL, 0);
	memset(f->audit.key, 7, sizeof f->audit.key);
	assert_true(store_write(f->store, append, f, &err));
	*state = f;
	return 0;
}

static int end(void **state)
{
	seal_fixture_close(*state);
	free(*state);
	return 0;
}

static struct audit_report verify(struct seal_fixture *f)
{
	struct audit_report report;
	struct err err;
	struct db *db = store_read(f->store);
	assert_true(audit_verify(db, store_id(f->store), NULL, NULL, &report, &err));
	assert_true(audit_verify_personal(db, f->audit.key, &report, &err));
	store_read_end(f->store, db);
	return report;
}

static bool run_sql(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, self);
}

static void change(struct seal_fixture *f, const char *sql)
{
	struct err err;
	assert_true(store_write(f->store, run_sql, (void *)(uintptr_t)sql, &err));
}

static void clear_values_are_those_committed_to(void **state)
{
	struct seal_fixture *f = *state;
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit_personal"), 2); /* none where there is no value */
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit WHERE ip LIKE 'p1:%' AND length(ip) = 35"), 2);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit WHERE ip LIKE '%192%'"), 0);
	assert_true(verify(f).sound);
}

static void another_value_is_found(void **state)
{
	struct seal_fixture *f = *state;
	change(f, "UPDATE audit_personal SET ip = '192.0.2.9' WHERE seq = 3");
	struct audit_report report = verify(f);
	assert_false(report.sound);
	assert_int_equal(report.seq, 3);
	assert_string_equal(report.reason, "its address is not the one that the row commits to");
	change(f, "UPDATE audit_personal SET user_agent = 'curl/9' WHERE seq = 1");
	report = verify(f);
	assert_int_equal(report.seq, 1); /* the first bad one */
	assert_string_equal(report.reason, "its user agent is not the one that the row commits to");
}

static void a_value_that_no_row_commits_to_is_found(void **state)
{
	struct seal_fixture *f = *state;
	change(f, "UPDATE audit_personal SET seq = 2 WHERE seq = 3");
	assert_int_equal(verify(f).seq, 2);
	change(f, "UPDATE audit_personal SET seq = 9 WHERE seq = 2");
	assert_string_equal(verify(f).reason, "a personal value of a row that is not there");
}

static void under_another_key_nothing_fits(void **state)
{
	struct seal_fixture *f = *state;
	f->audit.key[0] ^= 1;
	assert_false(verify(f).sound);
}

/* [P-7.8] Who was erased has no clear values: there is nothing to compare, and the chain stays sound. */
static void what_is_gone_is_no_fault(void **state)
{
	struct seal_fixture *f = *state;
	change(f, "DELETE FROM audit_personal WHERE seq >= 1");
	assert_true(verify(f).sound);
}

static bool append_and_fail(struct db *db, void *self, struct err *err)
{
	return append(db, self, err) && err_set(err, ERR_CONFLICT, "as asked");
}

static bool append_around_a_failure(struct db *db, void *self, struct err *err)
{
	struct err ignored;
	assert_false(db_attempt(db, append_and_fail, self, &ignored));
	return append(db, self, err);
}

/* The head that the writer remembers is of what stands: not of rows that were undone, nor of a chain that was cut. */
static void a_remembered_head_is_that_of_the_table(void **state)
{
	struct seal_fixture *f = *state;
	struct err err;
	int64_t before = fixture_number(f, "SELECT MAX(seq) FROM audit");
	assert_true(store_write(f->store, append_around_a_failure, f, &err));
	int64_t rows = fixture_number(f, "SELECT MAX(seq) FROM audit") - before;
	assert_true(rows > 0 && verify(f).sound);
	assert_false(store_write(f->store, append_and_fail, f, &err));
	assert_true(store_write(f->store, append, f, &err));
	assert_int_equal(fixture_number(f, "SELECT MAX(seq) FROM audit"), before + 2 * rows);
	assert_true(verify(f).sound);
	change(f, "INSERT INTO audit_archiving (stream, to_seq) VALUES ('main', 1000)");
	change(f, "DELETE FROM audit WHERE seq > 3");
	change(f, "DELETE FROM audit_personal WHERE seq > 3");
	assert_true(store_write(f->store, append, f, &err));
	assert_int_equal(fixture_number(f, "SELECT MAX(seq) FROM audit"), 3 + rows);
	assert_true(verify(f).sound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clear_values_are_those_committed_to, begin, end),
		cmocka_unit_test_setup_teardown(another_value_is_found, begin, end),
		cmocka_unit_test_setup_teardown(a_value_that_no_row_commits_to_is_found, begin, end),
		cmocka_unit_test_setup_teardown(under_another_key_nothing_fits, begin, end),
		cmocka_unit_test_setup_teardown(what_is_gone_is_no_fault, begin, end),
		cmocka_unit_test_setup_teardown(a_remembered_head_is_that_of_the_table, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
