#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"
#include "trade/domain/risk_profile.h"
#include "trade/trade_internal.h"

static char signal_id[64];

static const char *send_signal(const char *volume)
{
	char more[64];
	f.who = OWNER;
	if (f.producer[0] == '\0')
		add_producer("");
	snprintf(more, sizeof more, ",\"volume\":%s", volume);
	assert_int_equal(post((struct send){.body = signal_with("1950.0", more)}), 201);
	snprintf(signal_id, sizeof signal_id, "%s", text("result.id"));
	return text("result.status");
}

static void approve(void)
{
	char body[256];
	f.who = ANN;
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", signal_id);
	assert_int_equal(ask("POST", "/api/v1/approvals", body, NULL), 201);
}

static int change(int who, const char *method, const char *verb, const char *body)
{
	f.who = who;
	return askf(method, body, "/api/v1/trading/%s", verb);
}

static void a_profile_has_versions(void **state)
{
	(void)state;
	f.who = VIEWER;
	assert_int_equal(ask("GET", "/api/v1/risk/profile", NULL, NULL), 200);
	assert_true(number("result.version") == 0 && number("result.max_order_size") == 1);
	ask("PUT", "/api/v1/risk/profile", "{}", NULL);
	must_answer(403, "forbidden");
	f.who = RISK_OWNER;
	ask("PUT", "/api/v1/risk/profile", "{}", NULL);
	must_answer(428, "precondition_required");
	/* a list of names has no unknown ones: who reads it takes each for a text */
	ask("PUT", "/api/v1/risk/profile", "{\"approver_set\":[null],\"instruments\":[\"GOLD\",null]}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/approver_set/0", "type") && names_fault("/instruments/1", "type"));
	set_profile("{\"max_order_size\":0.1,\"instruments\":[\"GOLD\"]}");
	assert_true(number("result.version") == 1 && number("result.max_order_size") == .1);
	static const char *const stale[] = {"content-type", "application/json", "if-match",
										"\"00000000000000000000000000000000\"", NULL};
	ask("PUT", "/api/v1/risk/profile", "{}", stale);
	must_answer(412, "precondition_failed");
	assert_true(f.ask.answer != NULL);
	desk_broker(10000);
	assert_string_equal(send_signal("0.1"), "pending");
	assert_true(number("result.profile_version") == 1);
	assert_string_equal(send_signal("0.11"), "blocked");
	assert_string_equal(text("result.risk.failed.0"), "order_size");
	f.who = STRANGER; /* another tenant has its own */
	assert_int_equal(ask("GET", "/api/v1/risk/profile", NULL, NULL), 200);
	assert_true(number("result.version") == 0);
}

/* A tenant may set what it likes; what holds is the tighter. */
static void the_platforms_own_profile_limits_everyone(void **state)
{
	(void)state;
	static const char limits[] = "{\"max_order_size\":0.2,\"quorum\":2}";
	const struct json *json;
	struct risk_profile house;
	struct faults faults;
	faults_init(&faults, &f.arena);
	assert_true(json_parse(&f.arena, limits, sizeof limits - 1, &json_body_limits, &json, NULL));
	assert_true(risk_profile_platform(json, &f.arena, &house, &faults));
	f.api->options.platform = &house;
	f.who = RISK_OWNER;
	set_profile("{\"max_order_size\":5,\"max_open_positions\":7}");
	assert_string_equal(text("warnings.0.code"), "platform_limits");
	assert_true(number("result.max_order_size") == 5);
	assert_int_equal(ask("GET", "/api/v1/risk/profile", NULL, NULL), 200);
	assert_string_equal(text("warnings.0.code"), "platform_limits");
	desk_broker(10000);
	assert_string_equal(send_signal("0.21"), "blocked");
	assert_string_equal(text("result.risk.failed.0"), "order_size");
	assert_string_equal(send_signal("0.2"), "pending");
	assert_true(number("result.approvals_needed") == 2);
	f.who = RISK_OWNER;
	set_profile("{\"max_order_size\":0.1,\"quorum\":3}");
	assert_int_equal(member("warnings")->count, 0);
	assert_string_equal(send_signal("0.11"), "blocked"); /* the tenant's is the tighter now */
}

static void pause_and_resume(void **state)
{
	(void)state;
	desk_broker(10000);
	assert_int_equal(change(TRADER, "PATCH", "pause", "{\"reason\":\"lunch\"}"), 200);
	assert_string_equal(text("result.state"), "REDUCING");
	change(TRADER, "PATCH", "pause", "{\"reason\":\"lunch\"}");
	must_answer(409, "transition_refused");
	assert_string_equal(send_signal("0.1"), "blocked");
	assert_string_equal(text("result.risk.failed.0"), "trading_state");
	assert_int_equal(change(VIEWER, "GET", "status", NULL), 200);
	assert_string_equal(text("result.state"), "REDUCING");
	assert_string_equal(text("result.scopes.0.reason"), "lunch");
	assert_int_equal(change(TRADER, "PATCH", "resume", "{\"reason\":\"back\"}"), 200);
	change(TRADER, "PATCH", "resume", "{\"reason\":\"back\"}");
	must_answer(409, "transition_refused");
	change(VIEWER, "PATCH", "pause", "{\"reason\":\"x\"}");
	must_answer(403, "forbidden");
	change(TRADER, "PATCH", "pause", "{\"reason\":\"x\",\"scope\":\"account\"}");
	must_answer(422, "invalid");
	assert_int_equal(
		change(TRADER, "PATCH", "pause", "{\"reason\":\"x\",\"scope\":\"account\",\"id\":\"" DESK_ACCOUNT "\"}"), 200);
	assert_string_equal(send_signal("0.2"), "blocked"); /* the strictest of global, user and account counts */
	change(STRANGER, "PATCH", "pause", "{\"reason\":\"x\",\"scope\":\"account\",\"id\":\"" DESK_ACCOUNT "\"}");
	must_answer(404, "not_found");
}

/* [trade.md 6] HALTED withdraws what is on its way. */
static void the_kill_switch(void **state)
{
	(void)state;
	desk_broker(10000);
	assert_string_equal(send_signal("0.1"), "pending");
	approve();
	change(TRADER, "POST", "kill", "{\"scope\":\"global\",\"reason\":\"stop\"}");
	must_answer(403, "forbidden");
	assert_int_equal(change(RISK_OWNER, "POST", "kill", "{\"scope\":\"global\",\"reason\":\"stop\"}"), 200);
	assert_true(number("result.deliveries_withdrawn") == 1);
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", signal_id), 200);
	assert_string_equal(text("result.status"), "cancelled");
	assert_string_equal(send_signal("0.2"), "blocked");
	change(RISK_OWNER, "PATCH", "resume", "{\"reason\":\"x\"}");
	must_answer(409, "transition_refused");
	change(TRADER, "POST", "revive", "{\"reason\":\"x\"}");
	must_answer(403, "forbidden");
	assert_int_equal(change(RISK_OWNER, "POST", "revive", "{\"reason\":\"x\"}"), 200);
	assert_string_equal(send_signal("0.3"), "pending");
	chain_is_sound(-1);
}

static void a_fixed_size(void **state)
{
	(void)state;
	desk_broker(10000);
	assert_int_equal(change(TRADER, "PUT", "size", "{\"position_size\":0.07}"), 200);
	send_signal("null");
	assert_true(number("result.lots") == .07);
	change(TRADER, "PUT", "size", "{\"position_size\":101}");
	must_answer(422, "invalid");
	assert_int_equal(change(TRADER, "PUT", "size", "{\"position_size\":null}"), 200);
	send_signal("null");
	assert_true(number("result.lots") == .2);
}

/* [trade.md 3] A new text is in force for what is asked from then on. */
static void consents_have_versions(void **state)
{
	(void)state;
	char body[256];
	desk_broker(10000);
	f.who = TRADER;
	ask("POST", "/api/v1/consents", "{\"text\":\"x\"}", NULL);
	must_answer(403, "forbidden");
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/consents", "{\"text\":\"I have read it.\"}", NULL), 201);
	assert_true(number("result.version") == 2);
	assert_int_equal(ask("GET", "/api/v1/consents", NULL, NULL), 200);
	assert_true(number("result.items.0.version") == 2 && number("result.items.1.version") == 1);
	send_signal("0.1");
	f.who = ANN;
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", signal_id);
	ask("POST", "/api/v1/approvals", body, NULL);
	must_answer(422, "consent_outdated");
	body[strlen(body) - 2] = '2';
	assert_int_equal(ask("POST", "/api/v1/approvals", body, NULL), 201);
}

static void news_windows_refuse_entries(void **state)
{
	(void)state;
	desk_broker(10000);
	f.who = RISK_OWNER;
	ask("POST", "/api/v1/blocklist",
		"{\"from\":\"2025-01-08T15:00:00Z\",\"to\":\"2025-01-08T15:00:00Z\",\"title\":\"x\"}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/to", "range") && names_fault("/instruments", "required"));
	ask("POST", "/api/v1/blocklist",
		"{\"from\":\"2025-01-08T15:00:00Z\",\"to\":\"2025-01-08T16:00:00Z\",\"title\":\"x\",\"instruments\":[\"GOLD\","
		"\"XAUSUD\"],\"currencies\":[\"USD\",\"usd\"]}",
		NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/instruments/1", "unknown_instrument") && names_fault("/currencies/1", "format"));
	assert_false(names_fault("/instruments/0", "unknown_instrument") || names_fault("/currencies/0", "format"));
	assert_int_equal(ask("POST", "/api/v1/blocklist",
						 "{\"from\":\"2025-01-08T15:00:10Z\",\"to\":\"2025-01-08T15:00:20Z\",\"currencies\":[\"USD\"],"
						 "\"title\":\"rates\"}",
						 NULL),
					 201);
	char id[64];
	snprintf(id, sizeof id, "%s", text("result.id"));
	assert_string_equal(send_signal("0.1"), "pending");
	env_sim_advance(&f.sim, 10 * STAMP_US_PER_S);
	assert_string_equal(send_signal("0.2"), "blocked");
	assert_string_equal(text("result.risk.failed.0"), "news_window");
	f.who = RISK_OWNER;
	assert_int_equal(askf("DELETE", NULL, "/api/v1/blocklist/%s", id), 204);
	assert_int_equal(askf("DELETE", NULL, "/api/v1/blocklist/%s", id), 404);
	assert_string_equal(send_signal("0.3"), "pending");
}

static void guards_are_set(void **state)
{
	(void)state;
	f.who = RISK_OWNER;
	assert_int_equal(ask("GET", "/api/v1/guards/config", NULL, NULL), 200);
	assert_true(number("result.min_equity") == 100 && number("result.close_pct") == 20);
	ask("PUT", "/api/v1/guards/config", "{\"warn_pct\":30}", NULL);
	must_answer(422, "invalid");
	assert_int_equal(ask("PUT", "/api/v1/guards/config", "{\"min_equity\":9000}", NULL), 200);
	desk_broker(8999);
	send_signal("0.1");
	assert_non_null(strstr(f.ask.answer, "min_equity"));
	const struct json *failed = member("result.risk.failed");
	assert_string_equal(failed->items[failed->count - 1].text, "min_equity");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_platforms_own_profile_limits_everyone),
		TEST(a_profile_has_versions),
		TEST(pause_and_resume),
		TEST(the_kill_switch),
		TEST(a_fixed_size),
		TEST(consents_have_versions),
		TEST(news_windows_refuse_entries),
		TEST(guards_are_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
