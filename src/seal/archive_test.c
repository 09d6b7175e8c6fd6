#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "seal/archive.h"
#include "seal/fixture.h"
#include "store/store.h"

/* [P-7.7] */

#define DAY_US (INT64_C(86400) * 1000000)
enum { OLD = 10, YOUNG = 5 };

static bool append(struct db *db, void *self, struct err *err)
{
	struct seal_fixture *f = self;
	const struct audit_event event = {
		.action = AUDIT_LOGIN, .actor = fixture_person(0), .ip = "192.0.2.1", .target_id = fixture_person(0)};
	return audit_append(&f->audit, db, &event, err);
}

static void append_many(struct seal_fixture *f, int count)
{
	struct err err;
	for (int i = 0; i < count; i++)
		assert_true(store_write(f->store, append, f, &err));
}

/* Ten rows, then ten days, then five. */
static int64_t fill(struct seal_fixture *f)
{
	append_many(f, OLD);
	env_sim_advance(&f->env, 10 * DAY_US);
	append_many(f, YOUNG);
	return f->env.wall_us - DAY_US;
}

static struct archive_range find(struct seal_fixture *f, int64_t before_us, int64_t most)
{
	struct archive_range range;
	struct err err;
	struct db *db = store_read(f->store);
	assert_true(archive_find(db, "main", before_us, most, &range, &err));
	store_read_end(f->store, db);
	return range;
}

struct removing {
	struct seal_fixture *f;
	struct archive_range range;
	bool unsaid; /* without the row that says so */
};

static bool remove_rows(struct db *db, void *self, struct err *err)
{
	struct removing *r = self;
	struct audit_event event = {.actor = "local"};
	if (!r->unsaid)
		return archive_remove(&r->f->audit, db, &r->range, "ab12", &event, err);
	return db_run(db, err, "INSERT INTO audit_archiving (stream, to_seq) VALUES ('main', $1)", V_INT(r->range.to)) &&
		   db_run(db, err, "DELETE FROM audit WHERE seq <= $1", V_INT(r->range.to)) &&
		   db_run(db, err, "DELETE FROM audit_archiving");
}

static struct audit_report verify(struct seal_fixture *f)
{
	struct audit_report report;
	struct err err;
	struct db *db = store_read(f->store);
	assert_true(audit_verify(db, store_id(f->store), NULL, NULL, &report, &err));
	store_read_end(f->store, db);
	return report;
}

static void only_what_is_old_enough(void **state)
{
	struct seal_fixture *f = *state;
	int64_t before_us = fill(f);
	struct archive_range range = find(f, before_us, ARCHIVE_ROWS);
	assert_int_equal(range.from, 1);
	assert_int_equal(range.to, OLD);
	assert_int_equal(range.rows, OLD);
	assert_int_equal(find(f, before_us, 3).to, 3);
	assert_int_equal(find(f, before_us - 10 * DAY_US, ARCHIVE_ROWS).rows, 0);
}

static void the_chain_goes_on(void **state)
{
	struct seal_fixture *f = *state;
	struct err err;
	struct removing r = {.f = f, .range = find(f, fill(f), ARCHIVE_ROWS)};
	assert_true(store_write(f->store, remove_rows, &r, &err));
	assert_int_equal(fixture_number(f, "SELECT MIN(seq) FROM audit"), OLD + 1);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit"), YOUNG + 1);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit_personal"), YOUNG);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit_archiving"), 0);
	struct audit_report report = verify(f);
	assert_true(report.sound);
	assert_int_equal(report.rows, YOUNG + 1);
	r.range = find(f, f->env.wall_us + DAY_US, 2); /* a second one, of what is left */
	assert_int_equal(r.range.from, OLD + 1);
	assert_true(store_write(f->store, remove_rows, &r, &err));
	assert_true(verify(f).sound);
	append_many(f, 1);
	assert_true(verify(f).sound);
}

static void rows_do_not_go_in_silence(void **state)
{
	struct seal_fixture *f = *state;
	struct err err;
	struct removing r = {.f = f, .range = find(f, fill(f), ARCHIVE_ROWS), .unsaid = true};
	assert_true(store_write(f->store, remove_rows, &r, &err));
	struct audit_report report = verify(f);
	assert_false(report.sound);
	assert_int_equal(report.seq, OLD);
	assert_string_equal(report.reason, "rows are gone up to it, and no archive says so");
}

static bool delete_plainly(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "DELETE FROM audit WHERE seq = 1");
}

static bool update_plainly(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE audit SET actor = 'x' WHERE seq = 1");
}

/* [P-7.1] no other way out */
static void the_store_refuses_all_else(void **state)
{
	struct seal_fixture *f = *state;
	struct err err;
	append_many(f, 2);
	assert_false(store_write(f->store, delete_plainly, NULL, &err));
	assert_false(store_write(f->store, update_plainly, NULL, &err));
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM audit"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_what_is_old_enough, seal_fixture_new, seal_fixture_free),
		cmocka_unit_test_setup_teardown(the_chain_goes_on, seal_fixture_new, seal_fixture_free),
		cmocka_unit_test_setup_teardown(rows_do_not_go_in_silence, seal_fixture_new, seal_fixture_free),
		cmocka_unit_test_setup_teardown(the_store_refuses_all_else, seal_fixture_new, seal_fixture_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
