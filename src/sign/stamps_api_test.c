#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "seal/receipt.h"
#include "sign/project_fixture.h"
#include "store/store.h"

#define PAYLOAD(wind) \
	"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":" wind \
	"},\"sign\":{\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10}}}"
#define PAT "01900000-0000-7000-8000-000000000002"

static int ask(struct project_fixture *f, const char *who, const char *method, const char *id, const char *what,
			   const char *body)
{
	return fixture_ask(f, who, method, arena_printf(&f->arena, "/projects/%s%s", id, what), body, NULL);
}

/* The seal of what was saved. */
static const char *save(struct project_fixture *f, const char *who, const char *id, const char *payload)
{
	assert_int_equal(ask(f, who, "POST", id, "/payload", payload), 201);
	return fixture_text(f, "result.seal_sha256");
}

static const char *project_new(struct project_fixture *f, const char *who)
{
	assert_int_equal(fixture_ask(f, who, "POST", "/projects", "{\"name\":\"Diner\"}", NULL), 201);
	return fixture_text(f, "result.project_id");
}

static int stamp(struct project_fixture *f, const char *who, const char *id, const char *seal, const char *more)
{
	return ask(f, who, "POST", id, "/stamp",
			   arena_printf(&f->arena, "{\"seal_sha256\":\"%s\",\"consent_version\":1,%s}", seal, more));
}
#define APPROVE "\"decision\":\"approve\""
#define REJECT "\"decision\":\"reject\",\"reason\":\"The footing stands in fill\""

static void expect_state(struct project_fixture *f, const char *id, const char *state)
{
	assert_int_equal(ask(f, "vic", "GET", id, "/stamp", NULL), 200);
	assert_string_equal(fixture_text(f, "result.state"), state);
	assert_int_equal(ask(f, "vic", "GET", id, "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.stamp"), state);
	assert_int_equal(fixture_ask(f, "vic", "GET", "/projects?limit=1", NULL, NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.stamp"), state);
	assert_int_equal(ask(f, "vic", "GET", id, "/stamp", NULL), 200);
}

static void expect_code(struct project_fixture *f, int status, int got, const char *code)
{
	assert_int_equal(got, status);
	assert_string_equal(fixture_text(f, "code"), code);
}

static int64_t number(struct project_fixture *f, const char *sql)
{
	struct db_rows rows;
	struct err err;
	struct db *db = store_read(f->store);
	assert_true(db_query(db, &rows, &err, sql));
	assert_true(db_next(&rows));
	int64_t count = db_int(&rows, 0);
	while (db_next(&rows))
		continue;
	assert_true(db_end(&rows, &err));
	store_read_end(f->store, db);
	return count;
}

static const struct key *find_key(void *self, const char *kid)
{
	(void)kid;
	return ((struct project_fixture *)self)->desk.key;
}

static void expect_receipt(struct project_fixture *f, const char *receipt, const char *seal)
{
	const struct json *payload;
	struct err err;
	assert_true(receipt_verify(&f->arena, receipt, strlen(receipt), find_key, f, &payload, &err));
	assert_string_equal(json_text(payload, "seal_sha256"), seal);
	assert_string_equal(json_text(payload, "kind"), "stamp");
	assert_string_equal(json_text(payload, "signer"), PAT);
	assert_string_equal(json_text(json_get(payload, "licence"), "number"), "12345");
}

/* Saving opens the request, a stamp is one countersignature, and the project tells of it [P-6.6, P-6.7, P-6.9]. */
static void test_stamps(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	expect_state(f, id, "none");
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	expect_state(f, id, "open");
	assert_string_equal(fixture_text(f, "result.seal_sha256"), seal);
	assert_true(fixture_number_at(f, "result.consent_version") == 1);
	const char *request = fixture_text(f, "result.request_id");
	assert_int_equal(strlen(request), 36);
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	assert_string_equal(fixture_text(f, "result.seal_sha256"), seal);
	assert_string_equal(fixture_text(f, "result.decision"), "approve");
	assert_int_equal(strlen(fixture_text(f, "result.countersignature_id")), 36);
	expect_receipt(f, fixture_text(f, "result.receipt"), seal);
	expect_state(f, id, "stamped");
	assert_string_equal(fixture_text(f, "result.request_id"), request);
	assert_string_equal(fixture_text(f, "result.signer"), PAT);
	assert_int_equal(ask(f, "ann", "GET", id, "/events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "project.stamped");
	assert_string_equal(fixture_text(f, "result.items.0.actor"), PAT);
	assert_string_equal(fixture_text(f, "result.items.0.after.seal_sha256"), seal);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersignatures"), 1);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM outbox WHERE event = 'stamp.granted'"), 1);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM audit WHERE action = 'project.stamped'"), 1);
	assert_true(fixture_chain_sound(f));
}

/* Who may not, and what is not accepted: every row of the table of errors. */
static void test_refused(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	expect_code(f, 422, stamp(f, "pat", id, "x", APPROVE), "no_payload");
	const char *seal = save(f, "max", id, PAYLOAD("115"));
	expect_code(f, 403, stamp(f, "ann", id, seal, APPROVE), "forbidden");
	expect_code(f, 403, stamp(f, "adam", id, seal, APPROVE), "forbidden");
	expect_code(f, 403, stamp(f, "vic", id, seal, APPROVE), "forbidden");
	expect_code(f, 403, stamp(f, "eve", id, seal, APPROVE), "forbidden");
	expect_code(f, 403, stamp(f, "sam", id, seal, APPROVE), "forbidden"); /* without a licence */
	expect_code(f, 403, stamp(f, "max", id, seal, APPROVE), "four_eyes"); /* saved it */
	expect_code(f, 409, stamp(f, "pat", id, "0000", APPROVE), "seal_mismatch");
	expect_code(f, 422, stamp(f, "pat", id, seal, "\"decision\":\"reject\""), "invalid");
	expect_code(f, 422, stamp(f, "pat", id, seal, "\"decision\":\"maybe\""), "invalid");
	expect_code(f, 422,
				ask(f, "pat", "POST", id, "/stamp",
					arena_printf(&f->arena, "{\"seal_sha256\":\"%s\",\"consent_version\":7," APPROVE "}", seal)),
				"consent_outdated");
	const char *own = project_new(f, "max");
	expect_code(f, 403, stamp(f, "max", own, save(f, "ann", own, PAYLOAD("115")), APPROVE), "four_eyes"); /* began it */
	expect_code(f, 404, stamp(f, "pat", "proj_01900000-0000-7000-8000-000000000001", seal, APPROVE), "not_found");
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersignatures"), 0);
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	expect_code(f, 409, stamp(f, "pat", id, seal, APPROVE), "already_decided");
	assert_int_equal(ask(f, "eve", "GET", id, "/stamp", NULL), 404);
	assert_true(fixture_chain_sound(f));
}

/* A new payload withdraws what waits and leaves a stamp on its old seal. */
static void test_goes_stale(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	save(f, "ann", id, PAYLOAD("110"));
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	expect_state(f, id, "open");
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersign_requests WHERE status = 'withdrawn'"), 1);
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "/payload", PAYLOAD("115")), 200); /* the same: nothing is written */
	expect_state(f, id, "stamped");
	const char *next = save(f, "ann", id, PAYLOAD("120"));
	expect_state(f, id, "stale");
	assert_string_equal(fixture_text(f, "result.seal_sha256"), next);
	assert_string_equal(fixture_text(f, "result.signer"), PAT);
	expect_code(f, 409, stamp(f, "pat", id, seal, APPROVE), "seal_mismatch");
	assert_int_equal(stamp(f, "pat", id, next, APPROVE), 201);
	expect_state(f, id, "stamped");
	/* Another payload of the same design is another thing to stamp. */
	assert_int_equal(ask(f, "ann", "POST", id, "/payload",
						 "{\"module\":\"signage.monument\",\"config\":{\"site\":{\"wind_speed_mph\":120},\"sign\":{"
						 "\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10}}}"),
					 201);
	assert_string_equal(fixture_text(f, "result.seal_sha256"), next);
	expect_state(f, id, "stale");
}

static void test_rejected(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	assert_int_equal(stamp(f, "pat", id, seal, REJECT), 201);
	assert_string_equal(fixture_text(f, "result.request_status"), "rejected");
	expect_state(f, id, "rejected");
	expect_code(f, 409, stamp(f, "max", id, seal, APPROVE), "transition_refused");
	assert_int_equal(ask(f, "ann", "GET", id, "/events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "project.stamp_rejected");
	save(f, "ann", id, PAYLOAD("120"));
	expect_state(f, id, "open");
}

/* The tallest and widest sign in the strongest wind: no section stands, and the design says so [sign.md 2.11]. */
#define HOPELESS \
	"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":300},\"sign\":{\"height_ft\":150," \
	"\"sign_height_ft\":60,\"sign_width_ft\":100}}}"

/* Where nothing was selected there is nothing to approve; to reject it is possible. */
static void test_nothing_selected(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	assert_int_equal(ask(f, "ann", "POST", id, "/payload", HOPELESS), 201);
	const char *seal = fixture_text(f, "result.seal_sha256");
	assert_int_equal(fixture_at(f, "result.design.selected")->kind, JS_NULL);
	expect_state(f, id, "open");
	const char *request = fixture_text(f, "result.request_id");
	expect_code(f, 422, stamp(f, "pat", id, seal, APPROVE), "invalid");
	assert_string_equal(fixture_text(f, "errors.0.pointer"), "/decision");
	assert_non_null(strstr(fixture_text(f, "detail"), "selected no structure"));
	expect_code(f, 409, stamp(f, "pat", id, "0000", APPROVE), "seal_mismatch");
	expect_code(f, 403, stamp(f, "sam", id, seal, APPROVE), "forbidden");
	expect_state(f, id, "open");
	assert_string_equal(fixture_text(f, "result.request_id"), request);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersignatures"), 0);
	assert_int_equal(stamp(f, "pat", id, seal, REJECT), 201);
	expect_state(f, id, "rejected");
	seal = save(f, "ann", id, PAYLOAD("115"));
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	assert_true(fixture_chain_sound(f));
}

static bool unseal(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE project_payloads SET seal_sha256 = NULL, request_id = NULL");
}

/* What abstained has no seal, and what has no seal cannot be stamped.  No sign.design abstains today. */
static void test_abstained(void **state)
{
	struct project_fixture *f = *state;
	struct err err;
	const char *id = project_new(f, "ann");
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	assert_true(store_write(f->store, unseal, NULL, &err));
	expect_state(f, id, "stale");
	assert_int_equal(fixture_at(f, "result.seal_sha256")->kind, JS_NULL);
	expect_code(f, 422, stamp(f, "pat", id, seal, APPROVE), "no_payload");
}

/* Expired: nobody decided within 30 days. */
static void test_expired(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	env_sim_advance(&f->env, INT64_C(30) * 86400 * 1000000);
	expect_code(f, 410, stamp(f, "pat", id, seal, APPROVE), "expired");
}

/* The PDF shows a stamp that stands, with the licence under which it was given, and no other. */
static void test_report_shows_it(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	assert_int_equal(ask(f, "ann", "POST", id, "/report?wait=1", NULL), 200);
	const char *before = fixture_text(f, "result.sha256");
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "/report?wait=1", NULL), 200);
	assert_string_not_equal(fixture_text(f, "result.sha256"), before);
	assert_false(fixture_at(f, "result.cached")->boolean);
	assert_int_equal(ask(f, "ann", "POST", id, "/report?wait=1", NULL), 200);
	assert_true(fixture_at(f, "result.cached")->boolean);
}

struct revoking {
	struct project_fixture *f;
	const char *id;
};

static bool revoke(struct db *db, void *self, struct err *err)
{
	const struct revoking *r = self;
	const struct audit_event who = {.account_id = "01900000-0000-7000-8000-00000000000a", .actor = PAT, .role = "pe"};
	struct countersign_signed done;
	return countersign_revoke(r->f->desk.countersign, db, &who, r->id, PAT, "the wrong one", &r->f->arena, &done, err);
}

/* The stamp's effect is the stamped report, once; until then it may be taken back, afterwards not [P-6.8]. */
static void test_effect(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	assert_int_equal(stamp(f, "pat", id, save(f, "ann", id, PAYLOAD("115")), APPROVE), 201);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersign_requests WHERE status = 'granted'"), 1);
	fixture_work(f);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersign_requests WHERE status = 'applied'"), 1);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM project_reports"), 1);
	expect_state(f, id, "stamped");
	assert_int_equal(ask(f, "ann", "POST", id, "/report", NULL), 200);
	assert_true(fixture_at(f, "result.cached")->boolean);
	/* taken back before the work was taken up */
	const char *other = project_new(f, "ann");
	assert_int_equal(stamp(f, "pat", other, save(f, "ann", other, PAYLOAD("115")), APPROVE), 201);
	struct revoking r = {f, fixture_text(f, "result.countersignature_id")};
	struct err err;
	assert_true(store_write(f->store, revoke, &r, &err));
	expect_state(f, other, "none");
	fixture_work(f);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersign_requests WHERE status = 'revoked'"), 1);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM project_reports"), 1);
	assert_int_equal(ask(f, "ann", "GET", other, "/events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.1.type"), "projects.report.generate.started");
	assert_string_equal(fixture_text(f, "result.items.2.type"), "project.stamp_revoked");
	assert_true(fixture_chain_sound(f));
}

/* Without its stamp no design is submitted; with it, once. */
static void test_submission_wants_it(void **state)
{
	struct project_fixture *f = *state;
	static const char *const key[] = {"Idempotency-Key", "k1", NULL}, *const other[] = {"Idempotency-Key", "k2", NULL};
	fixture_reopen(f, true, true);
	const char *id = project_new(f, "ann"), *path = arena_printf(&f->arena, "/projects/%s/submit", id);
	const char *seal = save(f, "ann", id, PAYLOAD("115"));
	assert_int_equal(ask(f, "ann", "POST", id, "/estimate", "{\"height_ft\":25}"), 200);
	expect_code(f, 409, fixture_ask(f, "ann", "POST", path, NULL, key), "not_stamped");
	assert_int_equal(stamp(f, "pat", id, seal, APPROVE), 201);
	const char *last = save(f, "ann", id, PAYLOAD("120"));
	expect_code(f, 409, fixture_ask(f, "ann", "POST", path, NULL, other), "not_stamped");
	assert_int_equal(stamp(f, "pat", id, last, APPROVE), 201);
	assert_int_equal(fixture_ask(f, "ann", "POST", path, NULL, (const char *const[]){"Idempotency-Key", "k3", NULL}),
					 202);
	fixture_work(f);
	assert_int_equal(ask(f, "ann", "GET", id, "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.status"), "submitted");
	assert_string_equal(fixture_text(f, "result.stamp"), "stamped");
	expect_code(f, 409, stamp(f, "pat", id, last, APPROVE), "read_only");
	assert_true(fixture_chain_sound(f));
}

/* A project that is taken away asks for nothing any more. */
static void test_deleted(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "ann");
	save(f, "ann", id, PAYLOAD("115"));
	assert_int_equal(ask(f, "ann", "GET", id, "", NULL), 200);
	const char *const headers[] = {"If-Match", fixture_text(f, "result.etag"), NULL};
	assert_int_equal(fixture_ask(f, "adam", "DELETE", arena_printf(&f->arena, "/projects/%s", id), NULL, headers), 204);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM countersign_requests WHERE status = 'open'"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stamps),   TEST(test_refused),          TEST(test_goes_stale),
		TEST(test_rejected), TEST(test_nothing_selected), TEST(test_abstained),
		TEST(test_expired),  TEST(test_report_shows_it),  TEST(test_submission_wants_it),
		TEST(test_deleted),  TEST(test_effect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
