#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"
#include "trade/terminal_fixture.h"

/* Guards and the kill switch, from a terminal's snapshots to its close commands [trade.md 6]. */

#define S STAMP_US_PER_S

/* [trade.md 6] 20 % from the peak: entries stop, 10 s later everything is closed; once an episode. */
static void a_drawdown_closes_everything(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	good_snapshot(8000.01, shown("501", "0.1", ""));
	assert_string_equal(text("result.guards.level"), "warning");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM guard_episodes"), 0);
	env_sim_advance(&f.sim, S);
	good_snapshot(8000, shown("501", "0.1", ""));
	assert_string_equal(text("result.guards.level"), "critical");
	assert_true(member("result.guards.should_close_all")->boolean);
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/guards/status", NULL, NULL), 200);
	assert_true(member("result.items.0.armed")->boolean && number("result.items.0.closes_in_seconds") == 10);
	desk_pass(10 * S - 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 0);
	desk_pass(1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands WHERE reason = 'drawdown'"), 1);
	good_snapshot(7900, shown("501", "0.1", ""));
	desk_pass(10 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'guard.trigger'"), 1);
	/* a risk owner lets it go on, nobody else */
	f.who = OWNER;
	const struct json *account;
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	account = member("result.items.0.id");
	const char *resume =
		arena_printf(&f.arena, "{\"reason\":\"x\",\"scope\":\"account\",\"id\":\"%s\"}", account->text);
	f.who = TRADER;
	ask("PATCH", "/api/v1/trading/resume", resume, NULL);
	must_answer(403, "forbidden");
	/* a kill and its end are no way around that */
	f.who = TRADER;
	assert_int_equal(ask("POST", "/api/v1/trading/kill", resume, NULL), 200);
	ask("POST", "/api/v1/trading/revive", resume, NULL);
	must_answer(403, "forbidden");
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/revive", resume, NULL), 200);
	good_snapshot(8100, shown("501", "0.1", "")); /* 19 %: a point of recovery ends the episode */
	assert_int_equal(desk_count("SELECT COUNT(*) FROM guard_episodes"), 0);
	chain_is_sound(-1);
}

/* What a person halted and a guard would have stopped goes on by a risk owner only. */
static void a_guard_fires_while_trading_is_halted(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	const char *account =
		arena_printf(&f.arena, "{\"reason\":\"x\",\"scope\":\"account\",\"id\":\"%s\"}", text("result.items.0.id"));
	f.who = TRADER;
	assert_int_equal(ask("POST", "/api/v1/trading/kill", account, NULL), 200);
	good_snapshot(8000, shown("501", "0.1", ""));
	f.who = TRADER;
	ask("POST", "/api/v1/trading/revive", account, NULL);
	must_answer(403, "forbidden");
	assert_int_equal(ask("GET", "/api/v1/trading/status", NULL, NULL), 200);
	assert_string_equal(text("result.scopes.0.state"), "HALTED");
	assert_string_equal(text("result.scopes.0.reason"), "x");
}

static void an_armed_guard_is_cancelled(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	good_snapshot(7000, shown("501", "0.1", ""));
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	const char *body = arena_printf(&f.arena, "{\"trading_account_id\":\"%s\",\"reason\":\"a deposit was moved\"}",
									text("result.items.0.id"));
	f.who = TRADER;
	ask("POST", "/api/v1/guards/cancel", body, NULL);
	must_answer(403, "forbidden");
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/guards/cancel", body, NULL), 204);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'guard.cancel' AND meta LIKE "
								"'%drawdown%a deposit was moved%'"),
					 1);
	ask("POST", "/api/v1/guards/cancel", body, NULL);
	must_answer(409, "transition_refused");
	desk_pass(60 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 0);
}

static void a_gap_closes_its_symbol(void **state)
{
	(void)state;
	placed_at("501", "0.1");
	const char *gap = arena_printf(
		&f.arena,
		"{\"seq\":50,\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"currency\":\"USD\",\"balance\":10000,"
		"\"equity\":10000},\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":1949.9,\"ask\":1950.1,\"open\":1100,"
		"\"prev_close\":1000}]%s}",
		now(0), shown("501", "0.1", ""));
	assert_int_equal(device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = gap}), 201);
	assert_string_equal(text("result.guards.symbols.0.action"), "close");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands WHERE reason = 'market_gap'"), 1);
}

/* An order on its way when the symbol is closed has been filled: its position goes too [trade.md 6, 14]. */
static void an_order_filled_during_a_gap_is_closed(void **state)
{
	(void)state;
	leased_order();
	for (int i = 0; i < 3; i++) {
		env_sim_advance(&f.sim, S);
		const char *gap = arena_printf(
			&f.arena,
			"{\"seq\":%d,\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"currency\":\"USD\",\"balance\":10000,"
			"\"equity\":10000},\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":1949.9,\"ask\":1950.1,\"open\":1100,"
			"\"prev_close\":1000}]%s}",
			50 + i, now(0), i == 0 ? "" : shown("501", "0.1", ""));
		assert_int_equal(device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = gap}), 201);
		if (i == 0)
			ack("501");
	}
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands WHERE reason = 'market_gap'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM outbox WHERE event = 'guard.triggered'"), 1);
	assert_string_equal(position("status"), "close_requested");
}

static void an_order_filled_after_everything_closed_is_closed(void **state)
{
	(void)state;
	leased_order();
	env_sim_advance(&f.sim, S);
	good_snapshot(7900, ""); /* 21 % down: everything closes in 10 s */
	desk_pass(11 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM guard_episodes WHERE state = 'fired'"), 1);
	ack("501");
	env_sim_advance(&f.sim, S);
	good_snapshot(7900, shown("501", "0.1", ""));
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands WHERE reason = 'drawdown'"), 1);
	env_sim_advance(&f.sim, S);
	good_snapshot(7900, shown("501", "0.1", ""));
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 1);
	assert_string_equal(position("status"), "close_requested");
}

static void kill(const char *more)
{
	const char *body = arena_printf(&f.arena, "{\"scope\":\"global\",\"reason\":\"stop\"%s}", more);
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/kill", body, NULL), 200);
	f.who = OWNER;
}

/* [trade.md 6] HALTED: all open deliveries withdrawn, nothing but exits; also what a terminal has in its hands. */
static void a_kill_reaches_what_is_leased(void **state)
{
	(void)state;
	leased_order();
	kill("");
	/* the terminal starts anew and is not told to send it */
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll?redeliver=1"}), 200);
	assert_true(number("result.count") == 0);
	desk_pass(31 * S);
	good_snapshot(10000, "");
	assert_string_equal(signal_status(), "cancelled");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'withdrawn'"), 1);
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/revive", "{\"scope\":\"global\",\"reason\":\"over\"}", NULL), 200);
	assert_int_equal(poll(), 0);
	chain_is_sound(-1);
}

static void an_order_filled_after_a_kill_is_closed(void **state)
{
	(void)state;
	leased_order();
	kill(",\"close_positions\":true");
	kill("");   /* a second one takes nothing back */
	ack("501"); /* it had been sent */
	env_sim_advance(&f.sim, S);
	good_snapshot(10000, shown("501", "0.1", ""));
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands WHERE reason = 'kill_switch'"), 1);
	env_sim_advance(&f.sim, S);
	good_snapshot(10000, shown("501", "0.1", ""));
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 1);
	assert_string_equal(position("status"), "close_requested");
	chain_is_sound(-1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_drawdown_closes_everything),
		TEST(a_guard_fires_while_trading_is_halted),
		TEST(an_armed_guard_is_cancelled),
		TEST(a_kill_reaches_what_is_leased),
		TEST(an_order_filled_after_a_kill_is_closed),
		TEST(a_gap_closes_its_symbol),
		TEST(an_order_filled_during_a_gap_is_closed),
		TEST(an_order_filled_after_everything_closed_is_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
