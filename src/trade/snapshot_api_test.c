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
#include "store/store.h"
#include "trade/desk_fixture.h"
#include "trade/terminal_fixture.h"
#include "trade/trade_api.h"

#define S STAMP_US_PER_S

/* From nothing to a closed position, through the doors alone. */
static void the_whole_way(void **state)
{
	(void)state;
	seq = 0;
	add_device("desk");
	good_snapshot(10000, "");
	assert_true(number("result.next_snapshot_seconds") == 10 && number("result.guards.drawdown_pct") == 0);
	assert_string_equal(text("result.guards.symbols.0.symbol"), "XAUUSD");
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	assert_true(member("result.items.0.primary")->boolean && !member("result.items.0.stale")->boolean);
	assert_true(number("result.items.0.equity") == 10000 && member("result.items.0.verified_at")->kind == JS_STRING);
	approved_signal("0.1");
	assert_int_equal(poll(), 1);
	env_sim_advance(&f.sim, S);
	ack("501");
	assert_string_equal(position("status"), "opening");
	env_sim_advance(&f.sim, S);
	good_snapshot(10000, ""); /* by the terminal's clock it may have been taken before the acknowledgement */
	assert_true(number("result.reconciliation.closed") == 0);
	assert_string_equal(position("status"), "opening");
}

/* A limit or stop order waits at the broker for its price: it is no position yet, and is not closed either. */
static void an_order_that_waits_is_not_gone(void **state)
{
	(void)state;
	static const char waiting[] = ",\"orders\":[{\"ticket\":\"501\",\"magic\":7},{\"ticket\":\"9\"}]";
	placed_at("501", "0.1");
	for (int i = 0; i < 3; i++) {
		env_sim_advance(&f.sim, 10 * S);
		good_snapshot(10000, waiting);
		assert_true(number("result.reconciliation.closed") == 0);
		assert_string_equal(position("status"), "opening");
	}
	const char *id = arena_dup(&f.arena, position("id"));
	assert_int_equal(askf("POST", "{\"reason\":\"enough\"}", "/api/v1/positions/%s/close", id), 202);
	env_sim_advance(&f.sim, 10 * S);
	good_snapshot(10000, waiting); /* it may still be filled */
	assert_string_equal(position("status"), "close_requested");
	env_sim_advance(&f.sim, 10 * S);
	good_snapshot(10000, "");
	assert_string_equal(position("status"), "closed");
	assert_string_equal(signal_status(), "closed");
	chain_is_sound(-1);
}

static void an_order_that_waited_is_filled(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	env_sim_advance(&f.sim, 10 * S);
	good_snapshot(10000, ",\"orders\":[{\"ticket\":\"501\"}]");
	env_sim_advance(&f.sim, 10 * S);
	good_snapshot(10000, shown("501", "0.1", ""));
	assert_string_equal(position("status"), "open");
	snapshot(10000, ",\"orders\":[{\"ticket\":\"x\"}]");
	must_answer(422, "invalid");
	assert_string_equal(text("errors.0.pointer"), "/orders/0/ticket");
}

static void a_position_is_seen_and_closed(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	good_snapshot(10010, shown("501", "0.1", ""));
	assert_true(number("result.reconciliation.matched") == 1 && number("result.reconciliation.divergences") == 0);
	assert_string_equal(position("status"), "open");
	assert_string_equal(position("matched"), "ticket");
	assert_true(number("result.items.0.profit") == 9.8 && number("result.items.0.slippage_points") == 2);
	assert_int_equal(ask("GET", "/api/v1/reconciliation/status", NULL, NULL), 200);
	assert_string_equal(text("result.status"), "healthy");
	assert_true(number("result.matched") == 1 && number("result.total_syncs") == 2);
	env_sim_advance(&f.sim, S);
	good_snapshot(10020, ",\"deals\":[{\"ticket\":\"9\",\"position_ticket\":\"501\",\"symbol\":\"XAUUSD\",\"side\":"
						 "\"sell\",\"entry\":\"out\",\"volume\":0.1,\"price\":1952.02,\"profit\":20,\"swap\":-0.5,"
						 "\"reason\":\"tp\"}]");
	assert_true(number("result.reconciliation.closed") == 1);
	assert_string_equal(position("status"), "closed");
	assert_string_equal(position("close_reason"), "take_profit");
	assert_true(number("result.items.0.close_price") == 1952.02 && number("result.items.0.profit") == 19.5);
	assert_string_equal(signal_status(), "closed");
	chain_is_sound(-1);
}

static void snapshots_have_an_order(void **state)
{
	(void)state;
	seq = 7;
	add_device("desk");
	good_snapshot(10000, "");
	seq = 7;
	snapshot(10000, "");
	must_answer(409, "stale_snapshot");
	seq = 6;
	snapshot(10000, "");
	must_answer(409, "stale_snapshot");
	seq = 8;
	good_snapshot(10000, "");
	/* another login */
	const char *other = arena_printf(&f.arena,
									 "{\"taken_at\":\"%s\",\"account\":{\"login\":\"1002\",\"currency\":\"USD\","
									 "\"balance\":1,\"equity\":1}}",
									 now(1));
	device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = other});
	must_answer(409, "account_mismatch");
	device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = "{\"taken_at\":\"2025-01-08T16:00:00Z\"}"});
	must_answer(422, "invalid");
	assert_true(names_fault("/account", "required"));
	device_ask((struct device_send){
		.target = TERMINAL_SNAPSHOT,
		.body =
			"{\"taken_at\":\"2025-01-08T16:00:00Z\",\"account\":{\"login\":\"1001\",\"currency\":\"USD\",\"balance\":1,"
			"\"equity\":1},\"positions\":[{\"ticket\":\"x1\",\"symbol\":\"XAUUSD\",\"side\":\"buy\",\"volume\":1,"
			"\"open_price\":1}]}"});
	assert_true(names_fault("/taken_at", "range") && names_fault("/positions/0/ticket", "format"));
}

/* [trade.md 4.1, 4.3] A revoked terminal tells nothing any more: another one of the account does. */
static void doubt_of_a_revoked_terminal_ends(void **state)
{
	(void)state;
	leased_order();
	desk_pass(30 * S);
	env_sim_advance(&f.sim, S);
	f.who = OWNER;
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/revoke", f.device), 204);
	add_device("other");
	seq = 100;
	good_snapshot(10000, ""); /* of the moment of the revocation */
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'doubt'"), 1);
	env_sim_advance(&f.sim, S);
	good_snapshot(10000, "");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'failed'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM signals WHERE status = 'failed'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'delivery.expire'"), 1);
	assert_int_equal(poll(), 0); /* nobody gets it */
	chain_is_sound(-1);
}

/* No other terminal will come: a risk owner who has looked at the broker's record says so, and the doubt is over. */
static void a_person_ends_a_doubt_that_no_terminal_can(void **state)
{
	(void)state;
	static const char why[] = "{\"reason\":\"the broker's statement has no such order\"}";
	seq = 0;
	add_device("desk");
	good_snapshot(10000, "");
	approved_signal("0.1");
	f.who = RISK_OWNER;
	askf("POST", why, "/api/v1/signals/%s/give-up", f.signal_id); /* nobody has had it */
	must_answer(409, "transition_refused");
	assert_int_equal(poll(), 1);
	desk_pass(31 * S);
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s/timeline", f.signal_id), 200);
	assert_non_null(strstr(f.ask.answer, "\"delivery.doubt\""));
	askf("POST", why, "/api/v1/signals/%s/cancel", f.signal_id);
	must_answer(409, "transition_refused");
	assert_non_null(strstr(text("detail"), "snapshot"));
	f.who = RISK_OWNER;
	askf("POST", why, "/api/v1/signals/%s/give-up", f.signal_id); /* its terminal may tell yet */
	must_answer(409, "transition_refused");
	f.who = OWNER;
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/revoke", f.device), 204);
	desk_pass(100 * 3600 * S);
	assert_string_equal(signal_status(), "approved"); /* time alone does not know */
	f.who = TRADER;
	askf("POST", why, "/api/v1/signals/%s/give-up", f.signal_id);
	must_answer(403, "forbidden");
	f.who = STRANGER;
	askf("POST", why, "/api/v1/signals/%s/give-up", f.signal_id);
	must_answer(404, "not_found");
	f.who = RISK_OWNER;
	askf("POST", "{\"reason\":\"\"}", "/api/v1/signals/%s/give-up", f.signal_id);
	must_answer(422, "invalid");
	assert_int_equal(askf("POST", why, "/api/v1/signals/%s/give-up", f.signal_id), 200);
	assert_string_equal(text("result.status"), "failed");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'delivery.expire' AND meta LIKE "
								"'%the broker''s statement%'"),
					 1);
	askf("POST", why, "/api/v1/signals/%s/give-up", f.signal_id);
	must_answer(409, "transition_refused");
	chain_is_sound(-1);
}

/* The order was there all the same: whoever sees it, it is placed. */
static void a_revoked_terminals_order_is_found(void **state)
{
	(void)state;
	char position[300];
	leased_order();
	int64_t magic = (int64_t)number("result.orders.0.magic");
	desk_pass(30 * S);
	f.who = OWNER;
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/revoke", f.device), 204);
	add_device("other");
	env_sim_advance(&f.sim, S);
	seq = 100;
	snprintf(position, sizeof position,
			 ",\"positions\":[{\"ticket\":\"77\",\"symbol\":\"XAUUSD\",\"side\":\"buy\",\"volume\":0.1,"
			 "\"open_price\":1950,\"magic\":%lld}]",
			 (long long)magic);
	good_snapshot(10000, position);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'placed'"), 1);
}

/* [trade.md 4.3] In doubt, both ways. */
static void doubt_is_resolved(void **state)
{
	(void)state;
	leased_order();
	const char *comment = text("result.orders.0.comment");
	int64_t magic = (int64_t)number("result.orders.0.magic");
	desk_pass(30 * S);
	good_snapshot(10000, ""); /* taken at the lease's end, not after it */
	assert_int_equal(poll(), 0);
	env_sim_advance(&f.sim, S);
	char device[64], secret[64];
	strcpy(device, f.device);
	strcpy(secret, f.device_secret);
	add_device("other");
	seq = 100;
	good_snapshot(10000, ""); /* another terminal cannot know that it was not sent */
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'doubt'"), 1);
	strcpy(f.device, device);
	strcpy(f.device_secret, secret);
	seq = 2;
	good_snapshot(10000, "");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'ready' AND attempts = 1"), 1);
	assert_int_equal(poll(), 1); /* once more, under the same name */
	assert_string_equal(text("result.orders.0.comment"), comment);
	assert_true((int64_t)number("result.orders.0.magic") == magic);
	desk_pass(31 * S);
	good_snapshot(10000, shown("777", "0.1", arena_printf(&f.arena, ",\"magic\":%lld", (long long)magic)));
	assert_string_equal(signal_status(), "placed");
	assert_string_equal(position("broker_ticket"), "777");
	chain_is_sound(-1);
}

static void an_order_in_doubt_that_waits_is_placed(void **state)
{
	(void)state;
	leased_order();
	int64_t magic = (int64_t)number("result.orders.0.magic");
	desk_pass(31 * S);
	good_snapshot(10000, arena_printf(&f.arena, ",\"orders\":[{\"ticket\":\"777\",\"magic\":%lld}]", (long long)magic));
	assert_string_equal(signal_status(), "placed");
	assert_string_equal(position("broker_ticket"), "777");
	assert_string_equal(position("status"), "opening");
}

static void three_tries_and_no_more(void **state)
{
	(void)state;
	seq = 0;
	add_device("desk");
	good_snapshot(10000, "");
	approved_signal("0.1");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(poll(), 1);
		desk_pass(31 * S);
		good_snapshot(10000, "");
	}
	assert_int_equal(poll(), 0);
	assert_string_equal(signal_status(), "failed");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'delivery.expire' AND meta LIKE "
								"'%not at the broker%'"),
					 1);
}

static void differences_are_kept_once(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	for (int i = 0; i < 3; i++) {
		good_snapshot(10000, shown("501", "0.06", ",\"take_profit\":1990"));
		env_sim_advance(&f.sim, S);
	}
	assert_true(number("result.reconciliation.divergences") == 3); /* volume, partial, target */
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/reconciliation/divergences", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 3);
	good_snapshot(10000, shown("501", "0.05", "")); /* a part was closed by hand */
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/reconciliation/divergences", NULL, NULL), 200);
	assert_non_null(strstr(f.ask.answer, "manual_change"));
	assert_int_equal(ask("GET", "/api/v1/reconciliation/status", NULL, NULL), 200);
	assert_string_equal(text("result.status"), "warning");
}

/* What nobody expected is told and left alone; what the broker closed for no known reason is closed. */
static void manual_trades_and_silent_ends(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	env_sim_advance(&f.sim, 4 * S);
	good_snapshot(10000, shown("600", "3", ""));
	assert_true(number("result.reconciliation.unmatched") == 1 && number("result.reconciliation.closed") == 1);
	assert_string_equal(position("close_reason"), "broker");
	assert_int_equal(member("result.items.0.profit")->kind, JS_NULL);
	assert_int_equal(ask("GET", "/api/v1/reconciliation/events", NULL, NULL), 200);
	assert_non_null(strstr(f.ask.answer, "manual_trade"));
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 0);
	env_sim_advance(&f.sim, 61 * S);
	assert_int_equal(ask("GET", "/api/v1/reconciliation/status", NULL, NULL), 200);
	assert_string_equal(text("result.status"), "stale");
}

/* A snapshot taken and a price quoted so far ahead of the server's clock. */
static void snapshot_ahead(int64_t taken_us, int64_t quoted_us)
{
	const char *body = arena_printf(
		&f.arena,
		"{\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Live\",\"currency\":"
		"\"USD\",\"leverage\":100,\"balance\":10000,\"equity\":10000,\"free_margin\":10000},\"quotes\":[{\"symbol\":"
		"\"XAUUSD\",\"bid\":1949.9,\"ask\":1950.1,\"time\":\"%s\"}]}",
		now(taken_us), now(quoted_us));
	if (device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = body}) != 201)
		fail_msg("%s", f.ask.answer);
}

/* What the rule of that name says of a signal now. */
static const char *rule(const char *name)
{
	f.who = OWNER;
	if (f.producer[0] == '\0')
		add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950.0", ",\"volume\":0.1")}), 201);
	const struct json *checks = member("result.risk.checks");
	for (uint32_t i = 0; i < checks->count; i++)
		if (strcmp(json_get(&checks->items[i], "name")->text, name) == 0)
			return json_get(&checks->items[i], "status")->text;
	return NULL;
}

/*
 * [trade.md 6] An unknown input blocks entries: a trade server's local time, told as UTC, is hours ahead, and a price
 * of such a time would look fresh for hours after the last one.
 */
static void a_clock_ahead_makes_nothing_fresh(void **state)
{
	(void)state;
	add_device("desk");
	snapshot_ahead(0, 3 * 3600 * S);
	assert_string_equal(text("result.guards.symbols.0.reasons.0"), "stale_price");
	assert_string_equal(text("result.guards.symbols.0.action"), "block");
	assert_string_equal(rule("quote_fresh"), "unknown");
	env_sim_advance(&f.sim, S);
	snapshot_ahead(0, 61 * S);
	assert_string_equal(rule("quote_fresh"), "unknown");
	env_sim_advance(&f.sim, S);
	snapshot_ahead(0, 60 * S); /* as far as two clocks may be apart */
	assert_string_equal(text("result.guards.symbols.0.action"), "none");
	assert_string_equal(rule("quote_fresh"), "pass");
	/* a terminal whose clock is 300 s ahead: its figures are as old as their arrival */
	env_sim_advance(&f.sim, S);
	snapshot_ahead(300 * S, 300 * S);
	env_sim_advance(&f.sim, 60 * S);
	assert_string_equal(rule("account_fresh"), "pass");
	env_sim_advance(&f.sim, S);
	assert_string_equal(rule("account_fresh"), "fail");
	assert_string_equal(rule("quote_fresh"), "fail");
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	assert_true(member("result.items.0.stale")->boolean);
}

static void a_symbol_has_the_brokers_name(void **state)
{
	(void)state;
	seq = 0;
	f.who = OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/accounts",
						 "{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Live\",\"symbol_map\":{\"GOLD\":"
						 "\"XAUUSD.m\"}}",
						 NULL),
					 201);
	assert_string_equal(text("result.symbol_map.XAUUSD"), "XAUUSD.m");
	ask("POST", "/api/v1/trading/accounts", "{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Live\"}", NULL);
	must_answer(409, "duplicate");
	assert_null(strstr(f.ask.answer, "UNIQUE"));
	add_device("desk");
	const char *suffixed = arena_printf(
		&f.arena,
		"{\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"currency\":\"USD\",\"leverage\":100,\"balance\":10000,"
		"\"equity\":10000,\"free_margin\":10000},\"quotes\":[{\"symbol\":\"XAUUSD.m\",\"bid\":1949.9,\"ask\":1950.1}]}",
		now(0));
	assert_int_equal(device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = suffixed}), 201);
	approved_signal("0.1");
	assert_int_equal(poll(), 1);
	assert_string_equal(text("result.orders.0.symbol"), "XAUUSD.m");
	assert_string_equal(text("result.orders.0.instrument"), "XAUUSD");
}

static void accounts_are_kept(void **state)
{
	(void)state;
	char first[64], second[64];
	f.who = OWNER;
	assert_int_equal(
		ask("POST", "/api/v1/trading/accounts", "{\"login\":\"1\",\"broker\":\"B\",\"server\":\"S\"}", NULL), 201);
	snprintf(first, sizeof first, "%s", text("result.id"));
	assert_true(member("result.primary")->boolean && member("result.stale")->boolean);
	askf("DELETE", NULL, "/api/v1/trading/accounts/%s", first);
	must_answer(409, "only_account");
	assert_int_equal(
		ask("POST", "/api/v1/trading/accounts", "{\"login\":\"2\",\"broker\":\"B\",\"server\":\"S\"}", NULL), 201);
	snprintf(second, sizeof second, "%s", text("result.id"));
	assert_false(member("result.primary")->boolean);
	assert_int_equal(askf("PUT", NULL, "/api/v1/trading/accounts/%s/primary", second), 200);
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.id"), second); /* primary first */
	assert_false(member("result.items.1.primary")->boolean);
	assert_int_equal(askf("PATCH", "{\"name\":\"main\"}", "/api/v1/trading/accounts/%s", second), 200);
	assert_int_equal(askf("DELETE", NULL, "/api/v1/trading/accounts/%s", second), 204);
	assert_int_equal(askf("GET", NULL, "/api/v1/trading/accounts/%s", first), 200);
	assert_true(member("result.primary")->boolean); /* the oldest takes its place */
	f.who = STRANGER;
	assert_int_equal(askf("GET", NULL, "/api/v1/trading/accounts/%s", first), 404);
}

static void a_person_closes_a_position(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	good_snapshot(10000, shown("501", "0.1", ""));
	char id[64];
	snprintf(id, sizeof id, "%s", position("id"));
	f.who = VIEWER;
	askf("POST", "{\"reason\":\"x\"}", "/api/v1/positions/%s/close", id);
	must_answer(403, "forbidden");
	f.who = OWNER;
	assert_int_equal(askf("POST", "{\"reason\":\"enough\"}", "/api/v1/positions/%s/close", id), 202);
	assert_string_equal(text("result.status"), "close_requested");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'position.close_request' AND meta LIKE "
								"'%\"reason\":\"enough\"%'"),
					 1);
	askf("POST", "{\"reason\":\"enough\"}", "/api/v1/positions/%s/close", id);
	must_answer(409, "transition_refused");
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/close-commands"}), 200);
	assert_string_equal(text("result.commands.0.reason"), "user");
	env_sim_advance(&f.sim, S);
	good_snapshot(10000,
				  ",\"deals\":[{\"ticket\":\"9\",\"position_ticket\":\"501\",\"symbol\":\"XAUUSD\",\"side\":"
				  "\"sell\",\"entry\":\"out\",\"volume\":0.1,\"price\":1951,\"profit\":9.8,\"reason\":\"expert\"}]");
	assert_string_equal(position("close_reason"), "user"); /* an expert's deal: by the open command */
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/close-commands"}), 200);
	assert_true(number("result.count") == 0);
}

/* [trade.md 5] Every snapshot for a day, then one a minute, after 30 days one an hour. */
static void old_snapshots_grow_thin(void **state)
{
	(void)state;
	seq = 0;
	add_device("desk");
	for (int i = 0; i < 13; i++) { /* 15:00:00 to 15:02:00 */
		good_snapshot(10000, "");
		env_sim_advance(&f.sim, 10 * S);
	}
	env_sim_advance(&f.sim, STAMP_US_PER_DAY - 130 * S - 1);
	good_snapshot(10000, "");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM account_snapshots"), 14);
	env_sim_advance(&f.sim, 200 * S);
	good_snapshot(10000, "");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM account_snapshots"), 5); /* a row for each of three minutes */
	env_sim_advance(&f.sim, 29 * STAMP_US_PER_DAY);
	good_snapshot(10000, "");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM account_snapshots"), 4); /* the three minutes are of one hour */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_whole_way),
		TEST(an_order_that_waits_is_not_gone),
		TEST(an_order_that_waited_is_filled),
		TEST(an_order_in_doubt_that_waits_is_placed),
		TEST(a_position_is_seen_and_closed),
		TEST(snapshots_have_an_order),
		TEST(doubt_is_resolved),
		TEST(doubt_of_a_revoked_terminal_ends),
		TEST(a_person_ends_a_doubt_that_no_terminal_can),
		TEST(a_revoked_terminals_order_is_found),
		TEST(three_tries_and_no_more),
		TEST(differences_are_kept_once),
		TEST(manual_trades_and_silent_ends),
		TEST(a_clock_ahead_makes_nothing_fresh),
		TEST(a_symbol_has_the_brokers_name),
		TEST(accounts_are_kept),
		TEST(a_person_closes_a_position),
		TEST(old_snapshots_grow_thin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
