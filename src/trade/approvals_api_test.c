#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "http/metrics.h"
#include "seal/countersign.h"
#include "store/store.h"
#include "trade/desk_fixture.h"
#include "trade/trade_api.h"

#define S STAMP_US_PER_S

static char signal_id[64], approval_id[64], seal[80];

/* A signal that risk accepts, with more members; f.who stays. */
static void send_signal(const char *more)
{
	int who = f.who;
	f.who = OWNER;
	if (f.producer[0] == '\0')
		add_producer("");
	if (post((struct send){.body = signal_with("1950.0", more)}) != 201 ||
		strcmp(text("result.status"), "pending") != 0)
		fail_msg("%s", f.ask.answer);
	snprintf(signal_id, sizeof signal_id, "%s", text("result.id"));
	snprintf(seal, sizeof seal, "%s", text("result.seal_sha256"));
	f.who = who;
}

static int decide(int who, const char *decision, const char *more)
{
	char body[1024];
	f.who = who;
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"%s\",\"consent_version\":1%s}", signal_id,
			 decision, more);
	int status = ask("POST", "/api/v1/approvals", body, NULL);
	if (status == 201)
		snprintf(approval_id, sizeof approval_id, "%s", text("result.id"));
	f.who = OWNER;
	return status;
}

static const char *status_now(void)
{
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", signal_id), 200);
	return text("result.status");
}

static bool expire_requests(struct db *db, void *self, struct err *err)
{
	return countersign_expire(f.countersign, db, 100, self, err);
}

/* --- tests --- */

static void a_signal_waits_and_is_approved(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	f.who = ANN;
	assert_int_equal(ask("GET", "/api/v1/approvals/pending", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.id"), signal_id);
	assert_true(number("result.items.0.lot_size") == 0.1 && number("result.items.0.seconds_left") == 900);
	assert_int_equal(decide(ANN, "approved", ""), 201);
	assert_string_equal(text("result.signal_status"), "approved");
	assert_string_equal(text("result.seal_sha256"), seal);
	assert_string_equal(text("result.expires_at"), "2025-01-08T19:00:00.000000Z"); /* the profile's 14,400 s */
	assert_true(number("result.approvals_needed") == 1 && number("result.approvals_have") == 1);
	assert_string_equal(status_now(), "approved");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'ready' AND lots = 10000000"), 1);
	f.who = ANN;
	assert_int_equal(ask("GET", "/api/v1/approvals/pending", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
	assert_int_equal(ask("GET", "/api/v1/approvals", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.id"), approval_id);
	f.who = BOB; /* another's */
	assert_int_equal(askf("GET", NULL, "/api/v1/approvals/%s", approval_id), 404);
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s/timeline", signal_id), 200);
	assert_string_equal(text("result.items.0.event"), "signal.created");
	assert_string_equal(text("result.items.1.event"), "approval.created");
	assert_string_equal(text("result.items.2.event"), "signal.approved"); /* because of it */
	assert_string_equal(text("result.items.2.actor"), f.principals[ANN].user_id);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM outbox WHERE topic = 'signals'"), 3);
	chain_is_sound(-1);
}

/* [trade.md 3] The codes, in their order. */
static void refusals_have_their_order(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	char other[96];
	snprintf(other, sizeof other, ",\"seal_sha256\":\"%064d\"", 0);
	decide(VIEWER, "approved", "");
	must_answer(403, "forbidden");
	decide(ANN, "maybe", "");
	must_answer(422, "invalid");
	decide(ANN, "rejected", "");
	must_answer(422, "invalid");
	assert_true(names_fault("/reason", "required"));
	f.who = ANN;
	ask("POST", "/api/v1/approvals",
		"{\"signal_id\":\"01900000-0000-7000-8000-000000000000\",\"decision\":\"approved\",\"consent_version\":9}",
		NULL);
	must_answer(404, "not_found");
	char body[256];
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":2}", signal_id);
	ask("POST", "/api/v1/approvals", body, NULL);
	must_answer(422, "consent_outdated");
	decide(ANN, "approved", other);
	must_answer(409, "seal_mismatch");
	decide(ANN, "approved", ",\"volume\":0.1");
	must_answer(422, "invalid");
	assert_true(names_fault("/volume", "range"));
	decide(ANN, "approved", ",\"volume\":0.015");
	assert_true(names_fault("/volume", "step"));
	decide(STRANGER, "approved", "");
	must_answer(404, "not_found");
	assert_int_equal(decide(ANN, "approved", ",\"volume\":0.04,\"reason\":\"half\""), 201);
	assert_int_equal(desk_count("SELECT lots FROM deliveries"), 4000000);
	decide(ANN, "rejected", ",\"reason\":\"no\"");
	must_answer(409, "already_decided");
	decide(BOB, "approved", "");
	must_answer(409, "not_pending");
	send_signal(",\"volume\":0.2");
	env_sim_advance(&f.sim, 900 * S);
	decide(ANN, "approved", "");
	must_answer(410, "expired");
}

static void one_rejection_ends_it(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	char letters[502], reason[600];
	memset(letters, 'r', sizeof letters);
	snprintf(reason, sizeof reason, ",\"reason\":\"%.500s\"", letters);
	assert_int_equal(decide(ANN, "rejected", reason), 201);
	assert_string_equal(text("result.decision"), "rejected");
	assert_string_equal(status_now(), "rejected");
	send_signal(",\"volume\":0.2");
	snprintf(reason, sizeof reason, ",\"reason\":\"%.501s\"", letters);
	decide(ANN, "rejected", reason);
	must_answer(422, "invalid");
}

static void a_quorum_of_two(void **state)
{
	(void)state;
	desk_broker(10000);
	f.who = RISK_OWNER;
	set_profile("{\"quorum\":2,\"owner_counts\":false}");
	send_signal(",\"volume\":0.1");
	assert_true(number("result.approvals_needed") == 2 && number("result.profile_version") == 1);
	decide(OWNER, "approved", "");
	must_answer(403, "four_eyes");
	assert_int_equal(decide(ANN, "approved", ",\"volume\":0.05"), 201);
	assert_string_equal(text("result.signal_status"), "pending");
	assert_true(number("result.approvals_have") == 1);
	assert_int_equal(decide(BOB, "approved", ",\"volume\":0.03,\"valid_for_seconds\":60"), 201);
	assert_string_equal(text("result.signal_status"), "approved");
	assert_int_equal(desk_count("SELECT lots FROM deliveries"), 3000000); /* the least that was asked for */
	assert_string_equal(status_now(), "approved");
	assert_string_equal(text("result.approved_until"), "2025-01-08T15:01:00.000000Z");
}

static void only_named_people_decide(void **state)
{
	(void)state;
	desk_broker(10000);
	char body[128];
	snprintf(body, sizeof body, "{\"approvers\":[\"%s\"]}", f.principals[BOB].user_id);
	f.who = RISK_OWNER;
	assert_int_equal(ask("PUT", "/api/v1/trade/settings", "{\"approvers\":[\"bob\"]}", NULL), 200);
	assert_string_equal(text("warnings.0.code"),
						"unknown_user"); /* nobody could decide, and should not have to guess */
	assert_int_equal(ask("PUT", "/api/v1/trade/settings", body, NULL), 200);
	assert_int_equal(member("warnings")->count, 0);
	send_signal(",\"volume\":0.1");
	decide(ANN, "approved", "");
	must_answer(403, "forbidden");
	f.who = ANN;
	assert_int_equal(ask("GET", "/api/v1/approvals/pending", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
	assert_int_equal(decide(BOB, "approved", ""), 201);
}

/* [trade.md 2.3] What risk refuses at the moment of approval leaves an audit row and a signal that still waits. */
static void risk_is_asked_again(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	desk_broker(7000); /* a drawdown of 30 % and a daily loss as large */
	decide(ANN, "approved", "");
	must_answer(409, "risk_refused");
	const struct json *failed = member("failed");
	assert_true(failed != NULL && failed->kind == JS_ARRAY && failed->count == 2);
	assert_string_equal(failed->items[0].text, "daily_loss");
	assert_string_equal(failed->items[1].text, "drawdown");
	assert_string_equal(status_now(), "pending");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM countersignatures"), 0);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'risk.refuse'"), 1);
	desk_broker(10000);
	f.who = TRADER;
	assert_int_equal(ask("PATCH", "/api/v1/trading/pause", "{\"reason\":\"lunch\"}", NULL), 200);
	decide(ANN, "approved", "");
	must_answer(409, "risk_refused");
	assert_string_equal(text("failed.0"), "trading_state");
	f.who = TRADER;
	assert_int_equal(ask("PATCH", "/api/v1/trading/resume", "{\"reason\":\"back\"}", NULL), 200);
	assert_int_equal(decide(ANN, "approved", ""), 201);
}

static void a_blocked_signal_is_judged_again(void **state)
{
	(void)state;
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950", ",\"volume\":0.1")}), 201);
	assert_string_equal(text("result.status"), "blocked");
	snprintf(signal_id, sizeof signal_id, "%s", text("result.id"));
	decide(ANN, "approved", "");
	must_answer(409, "not_pending");
	assert_int_equal(askf("POST", NULL, "/api/v1/signals/%s/recheck", signal_id), 200);
	assert_string_equal(text("result.status"), "blocked");
	desk_broker(10000);
	assert_int_equal(askf("POST", NULL, "/api/v1/signals/%s/recheck", signal_id), 200);
	assert_string_equal(text("result.status"), "pending");
	askf("POST", NULL, "/api/v1/signals/%s/recheck", signal_id);
	must_answer(409, "transition_refused");
	assert_int_equal(decide(ANN, "approved", ""), 201);
}

/* Sized by risk: 2 % of 10,000 over 10 x 100 is 0.2 lots. */
static void a_signal_without_volume_is_sized(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal("");
	assert_true(number("result.lots") == 0.2);
	desk_broker(9600); /* and finally at approval */
	assert_int_equal(decide(ANN, "approved", ""), 201);
	assert_int_equal(desk_count("SELECT lots FROM deliveries"), 19000000);
}

static void an_approval_is_taken_back_before_delivery(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	decide(ANN, "approved", "");
	f.who = BOB;
	assert_int_equal(askf("POST", "{\"reason\":\"x\"}", "/api/v1/approvals/%s/revoke", approval_id), 404);
	f.who = ANN;
	assert_int_equal(askf("POST", "{\"reason\":\"the news\"}", "/api/v1/approvals/%s/revoke", approval_id), 200);
	assert_string_equal(text("result.signal_status"), "cancelled");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'withdrawn'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'delivery.expire' AND meta LIKE "
								"'%\"revoked\"%'"),
					 1);
	f.who = ANN;
	askf("POST", "{\"reason\":\"again\"}", "/api/v1/approvals/%s/revoke", approval_id);
	must_answer(409, "transition_refused");
	chain_is_sound(-1);
}

static void time_ends_what_nobody_decides(void **state)
{
	(void)state;
	int64_t count = 0;
	struct err err;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	env_sim_advance(&f.sim, 900 * S - 1);
	assert_true(store_write(f.store, expire_requests, &count, &err) && count == 0);
	desk_restart(); /* and across one */
	env_sim_advance(&f.sim, 1);
	assert_true(store_write(f.store, expire_requests, &count, &err) && count == 1);
	assert_string_equal(status_now(), "expired");
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	assert_int_equal(decide(ANN, "approved", ",\"valid_for_seconds\":60"), 201);
	desk_pass(60 * S - 1);
	assert_string_equal(status_now(), "approved");
	desk_pass(1); /* the approval lapsed before a terminal came */
	assert_string_equal(status_now(), "expired");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'withdrawn'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'delivery.expire' AND meta LIKE "
								"'%\"expired\"%'"),
					 1);
	chain_is_sound(-1);
}

static void an_approval_is_extended(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	decide(ANN, "approved", ",\"valid_for_seconds\":60");
	f.who = ANN;
	askf("POST", "{}", "/api/v1/approvals/%s/extend", approval_id);
	must_answer(422, "invalid");
	assert_true(names_fault("/valid_for_seconds", "required") && names_fault("/consent_version", "required"));
	askf("POST", "{\"valid_for_seconds\":120,\"consent_version\":2}", "/api/v1/approvals/%s/extend", approval_id);
	must_answer(422, "consent_outdated");
	env_sim_advance(&f.sim, 30 * S);
	assert_int_equal(
		askf("POST", "{\"valid_for_seconds\":120,\"consent_version\":1}", "/api/v1/approvals/%s/extend", approval_id),
		201);
	assert_string_not_equal(text("result.id"), approval_id); /* a new countersignature */
	desk_pass(60 * S);
	assert_string_equal(status_now(), "approved");
	assert_string_equal(text("result.approved_until"), "2025-01-08T15:02:30.000000Z");
	desk_pass(60 * S);
	assert_string_equal(status_now(), "expired");
	f.who = ANN;
	askf("POST", "{\"valid_for_seconds\":120,\"consent_version\":1}", "/api/v1/approvals/%s/extend", approval_id);
	must_answer(410, "expired");
}

static void a_cancelled_signal_waits_no_more(void **state)
{
	(void)state;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	assert_int_equal(askf("POST", "{\"reason\":\"wrong\"}", "/api/v1/signals/%s/cancel", signal_id), 200);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM countersign_requests WHERE status = 'withdrawn'"), 1);
	decide(ANN, "approved", "");
	must_answer(409, "not_pending");
}

enum { AT_ONCE = 50 };

static void *approve_at_once(void *self)
{
	struct loopback *loopback = self;
	char body[256];
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", signal_id);
	desk_ask_as(ANN, "POST", "/api/v1/approvals", body, loopback);
	return NULL;
}

/* [trade.md 3] Of 50 at once by one person exactly one is taken. */
static void fifty_at_once_are_one(void **state)
{
	(void)state;
	pthread_t threads[AT_ONCE];
	struct loopback loopbacks[AT_ONCE] = {{NULL}};
	int made = 0, decided = 0;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	for (int i = 0; i < AT_ONCE; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, approve_at_once, &loopbacks[i]), 0);
	for (int i = 0; i < AT_ONCE; i++) {
		pthread_join(threads[i], NULL);
		made += loopbacks[i].status == 201;
		decided += loopbacks[i].status == 409 && strstr(loopbacks[i].answer, "already_decided") != NULL;
		loopback_fini(&loopbacks[i]);
	}
	assert_int_equal(made, 1);
	assert_int_equal(decided, AT_ONCE - 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM countersignatures"), 1);
	chain_is_sound(-1);
	/* [trade.md 11] forty-nine refusals are no decisions */
	struct metrics *metrics = metrics_new();
	struct buf out;
	trade_add_metrics(metrics, f.api);
	buf_init(&out, 0);
	metrics_render(metrics, &out);
	assert_non_null(strstr(buf_text(&out), "\ncountersign_approvals_total{decision=\"approved\"} 1\n"));
	assert_non_null(strstr(buf_text(&out), "\ncountersign_approval_latency_seconds_count 1\n"));
	buf_fini(&out);
	metrics_free(metrics);
}

static bool may_all(const void *principal, const char *permission)
{
	(void)principal, (void)permission;
	return true;
}

static void take_id(const struct db_rows *row, void *self)
{
	snprintf(self, 64, "%s", db_text(row, 0));
}

/* As the general door does it, by BOB. */
static bool reject_elsewhere(struct db *db, void *self, struct err *err)
{
	(void)self;
	bool found = false;
	char request_id[64];
	struct countersign_signed done;
	const struct principal *bob = &f.principals[BOB];
	const struct audit_event who = {.actor = bob->user_id, .role = "approver", .account_id = bob->account_id};
	if (!db_one(db, err, &found, take_id, request_id, "SELECT request_id FROM signals WHERE signal_id = $1",
				V_TEXT(signal_id)))
		return false;
	const struct countersign_ballot ballot = {.account_id = bob->account_id,
											  .request_id = request_id,
											  .choice = {.signer = SIGNER_PERSON,
														 .user_id = bob->user_id,
														 .seal_sha256 = seal,
														 .reason = "no",
														 .decision = COUNTERSIGN_REJECT,
														 .consent_version = 1},
											  .may = may_all,
											  .principal = bob,
											  .role = "approver",
											  .who = &who};
	return countersign_decide(f.countersign, db, &ballot, &f.arena, &done, err);
}

/* [trade.md 3, 11] By whatever door a decision comes, it is counted, in the timeline and in the audit. */
static void a_decision_by_the_general_door_counts(void **state)
{
	(void)state;
	struct err err = {.kind = ERR_NONE};
	struct metrics *metrics = metrics_new();
	struct buf out;
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	if (!store_write(f.store, reject_elsewhere, NULL, &err))
		fail_msg("%s", err.message);
	assert_string_equal(status_now(), "rejected");
	trade_add_metrics(metrics, f.api);
	buf_init(&out, 0);
	metrics_render(metrics, &out);
	assert_non_null(strstr(buf_text(&out), "\ncountersign_approvals_total{decision=\"rejected\"} 1\n"));
	assert_non_null(strstr(buf_text(&out), "\ncountersign_approval_latency_seconds_count 1\n"));
	buf_fini(&out);
	metrics_free(metrics);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'approval.create'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM signal_events WHERE event = 'approval.created'"), 1);
	chain_is_sound(-1);
}

/* [trade.md 3] What a browser calls itself is kept, up to 500 bytes; and where it came from. */
static void a_long_agent_is_cut(void **state)
{
	(void)state;
	char agent[601], body[256];
	memset(agent, 'a', sizeof agent - 1);
	agent[sizeof agent - 1] = '\0';
	const char *const headers[] = {"content-type", "application/json", "user-agent", agent, NULL};
	desk_broker(10000);
	send_signal(",\"volume\":0.1");
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", signal_id);
	f.who = ANN;
	assert_int_equal(ask("POST", "/api/v1/approvals", body, headers), 201);
	assert_int_equal(strlen(text("result.user_agent")), 500);
	assert_string_equal(text("result.ip"), "127.0.0.1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_signal_waits_and_is_approved),
		TEST(refusals_have_their_order),
		TEST(one_rejection_ends_it),
		TEST(a_quorum_of_two),
		TEST(only_named_people_decide),
		TEST(risk_is_asked_again),
		TEST(a_blocked_signal_is_judged_again),
		TEST(a_signal_without_volume_is_sized),
		TEST(an_approval_is_taken_back_before_delivery),
		TEST(time_ends_what_nobody_decides),
		TEST(an_approval_is_extended),
		TEST(a_cancelled_signal_waits_no_more),
		TEST(fifty_at_once_are_one),
		TEST(a_decision_by_the_general_door_counts),
		TEST(a_long_agent_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
