#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"
#include "trade/trade_api.h"

#define S STAMP_US_PER_S
#define ACCOUNTS "/api/v1/trading/accounts"

static char paper[64];
static int seq;

static const char *now(void)
{
	char text_now[STAMP_TEXT];
	stamp_format(text_now, f.sim.wall_us);
	return arena_dup(&f.arena, text_now);
}

static void open_paper(const char *more)
{
	f.who = OWNER;
	const char *body = arena_printf(
		&f.arena, "{\"login\":\"p1\",\"broker\":\"Countersign\",\"server\":\"paper\",\"kind\":\"paper\"%s}", more);
	if (ask("POST", ACCOUNTS, body, NULL) != 201)
		fail_msg("%s", f.ask.answer);
	snprintf(paper, sizeof paper, "%s", text("result.id"));
}

/* One price by a bar that does not move, spread 0.2. */
static int price(const char *bid)
{
	f.who = OWNER;
	const char *body = arena_printf(&f.arena,
									"{\"instrument\":\"GOLD\",\"spread\":0.2,\"bars\":[{\"open\":%s,\"high\":%s,"
									"\"low\":%s,\"close\":%s}]}",
									bid, bid, bid, bid);
	return askf("POST", body, ACCOUNTS "/%s/bars", paper);
}

static void good_price(const char *bid)
{
	if (price(bid) != 200)
		fail_msg("%s", f.ask.answer);
}

static const char *position(const char *name)
{
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/positions?limit=1", NULL, NULL), 200);
	return text(arena_printf(&f.arena, "result.items.0.%s", name));
}

static double position_number(const char *name)
{
	position(name);
	return number(arena_printf(&f.arena, "result.items.0.%s", name));
}

static const char *signal_status(void)
{
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", f.signal_id), 200);
	return text("result.status");
}

static double account_number(const char *name)
{
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, ACCOUNTS "/%s", paper), 200);
	return number(arena_printf(&f.arena, "result.%s", name));
}

static bool is_true(const char *path)
{
	const struct json *json = member(path);
	return json != NULL && json->kind == JS_BOOL && json->boolean;
}

/* A snapshot of somebody's terminal with one quote. */
static int snapshot(const char *login, const char *bid, const char *ask_price)
{
	const char *body = arena_printf(
		&f.arena,
		"{\"seq\":%d,\"taken_at\":\"%s\",\"account\":{\"login\":\"%s\",\"currency\":\"USD\",\"leverage\":100,"
		"\"balance\":777,\"equity\":777,\"free_margin\":777},"
		"\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":%s,\"ask\":%s}]}",
		++seq, now(), login, bid, ask_price);
	return device_ask((struct device_send){.target = "/api/v1/client/snapshot", .body = body});
}

static void an_account_is_opened(void **state)
{
	(void)state;
	open_paper(",\"balance\":5000,\"currency\":\"EUR\",\"leverage\":30,\"name\":\"Try\"");
	assert_string_equal(text("result.kind"), "paper");
	assert_true(is_true("result.paper") && is_true("result.primary") && is_true("result.stale"));
	assert_true(number("result.balance") == 5000 && number("result.equity") == 5000);
	assert_true(number("result.leverage") == 30 && number("result.free_margin") == 5000);
	assert_string_equal(text("result.currency"), "EUR");
	/* for good; and a live one has no such figures */
	askf("PATCH", "{\"kind\":\"live\"}", ACCOUNTS "/%s", paper);
	must_answer(422, "invalid");
	assert_true(names_fault("/kind", "unknown_field"));
	ask("POST", ACCOUNTS, "{\"login\":\"1\",\"broker\":\"B\",\"server\":\"S\",\"balance\":1,\"leverage\":2}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/balance", "not_allowed") && names_fault("/leverage", "not_allowed"));
	assert_int_equal(ask("POST", ACCOUNTS, "{\"login\":\"1\",\"broker\":\"B\",\"server\":\"S\"}", NULL), 201);
	assert_string_equal(text("result.kind"), "live");
	assert_false(is_true("result.paper") || is_true("result.primary"));
	askf("POST", "{\"instrument\":\"GOLD\",\"bars\":[{\"open\":1,\"high\":1,\"low\":1,\"close\":1}]}",
		 ACCOUNTS "/%s/bars", text("result.id"));
	must_answer(409, "conflict");
}

static void without_a_price_everything_is_blocked(void **state)
{
	(void)state;
	open_paper("");
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950.0", ",\"volume\":0.1")}), 201);
	assert_string_equal(text("result.status"), "blocked");
}

/* From a signal to a closed position and its figures, and nothing leaves. */
static void the_whole_way(void **state)
{
	(void)state;
	open_paper("");
	good_price("1949.9");
	approved_signal("0.1");
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", f.signal_id), 200);
	assert_true(is_true("result.paper"));
	assert_string_equal(text("result.trading_account_id"), paper);
	assert_int_equal(askf("GET", NULL, "/api/v1/approvals/%s", f.approval_id), 404); /* ANN's */
	env_sim_advance(&f.sim, S);
	good_price("1950.0"); /* bought at the ask */
	assert_true(number("result.filled") == 1 && number("result.bars") == 1);
	assert_string_equal(signal_status(), "placed");
	assert_string_equal(position("status"), "open");
	assert_true(is_true("result.items.0.paper"));
	assert_string_equal(position("matched"), "ticket");
	assert_true(position_number("entry_price") == 1950.2 && position_number("volume") == 0.1);
	assert_true(position_number("slippage_points") == 20 && position_number("profit") == -2);
	assert_true(account_number("balance") == 10000 && account_number("equity") == 9998);
	assert_true(account_number("margin") == 195.02 && account_number("open_positions") == 1);
	env_sim_advance(&f.sim, S);
	good_price("1955");
	assert_true(position_number("profit") == 48 && account_number("equity") == 10048);
	/* a person closes it: at the bid of the next quote */
	f.who = OWNER;
	assert_int_equal(askf("POST", "{\"reason\":\"enough\"}", "/api/v1/positions/%s/close", position("id")), 202);
	env_sim_advance(&f.sim, S);
	good_price("1960.5");
	assert_true(number("result.closed") == 1);
	assert_string_equal(position("status"), "closed");
	assert_string_equal(position("close_reason"), "user");
	assert_true(position_number("close_price") == 1960.5 && position_number("profit") == 103);
	assert_true(account_number("balance") == 10103 && account_number("equity") == 10103);
	assert_string_equal(signal_status(), "closed");
	/* reconciled and analysed like the others, and marked */
	assert_int_equal(ask("GET", "/api/v1/reconciliation/status", NULL, NULL), 200);
	assert_true(is_true("result.paper") && number("result.total_syncs") >= 4);
	assert_int_equal(ask("GET", "/api/v1/analytics/equity", NULL, NULL), 200);
	assert_string_equal(text("result.kind"), "paper");
	assert_true(number("result.final_equity") == 10103);
	assert_int_equal(ask("GET", "/api/v1/analytics/equity?kind=live", NULL, NULL), 200);
	assert_int_equal(member("result")->kind, JS_NULL);
	assert_int_equal(ask("GET", "/api/v1/analytics/export?format=csv", NULL, NULL), 200);
	assert_non_null(strstr(f.ask.answer, ",paper\r\n"));
	assert_int_equal(desk_count("SELECT count(*) FROM executions WHERE device_id = 'paper'"), 1);
	assert_int_equal(desk_count("SELECT count(*) FROM deals"), 2);
	assert_int_equal(desk_count("SELECT count(*) FROM outbox WHERE event = 'position.closed' AND data LIKE "
								"'%\"paper\":true%'"),
					 1);
	chain_is_sound(-1);
}

/* A terminal of the owner brings prices, and is given nothing. */
static void a_terminal_brings_prices_only(void **state)
{
	(void)state;
	seq = 0;
	open_paper("");
	add_device("feed");
	assert_int_equal(member("result.trading_account_id")->kind, JS_NULL);
	assert_int_equal(snapshot("1001", "1949.9", "1950.1"), 201); /* makes an account of its own */
	approved_signal("0.1");
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll"}), 200);
	assert_true(number("result.count") == 0);
	const char *body =
		arena_printf(&f.arena, "{\"approval_id\":\"%s\",\"status\":\"placed\",\"broker_ticket\":\"1\"}", f.approval_id);
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/ack", .body = body}), 404);
	env_sim_advance(&f.sim, S);
	assert_int_equal(snapshot("1001", "1949.8", "1950.0"), 201);
	assert_string_equal(position("status"), "open");
	assert_true(position_number("entry_price") == 1950);
	assert_true(account_number("balance") == 10000);
	f.who = OWNER;
	assert_int_equal(askf("POST", "{\"reason\":\"enough\"}", "/api/v1/positions/%s/close", position("id")), 202);
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/close-commands"}), 200);
	assert_true(number("result.count") == 0);
	env_sim_advance(&f.sim, S);
	assert_int_equal(snapshot("1001", "1951.8", "1952.0"), 201);
	assert_string_equal(position("status"), "closed");
	assert_true(position_number("profit") == 18);
	assert_int_equal(desk_count("SELECT count(*) FROM trading_accounts"), 2);
	assert_int_equal(desk_count("SELECT count(*) FROM reconciliation_events WHERE kind = 'manual_trade'"), 0);
	chain_is_sound(-1);
}

/* One that is logged in as the paper account itself: the same, and what it says of money and positions is not taken. */
static void a_terminal_may_stand_in(void **state)
{
	(void)state;
	seq = 0;
	open_paper("");
	add_device("feed");
	assert_int_equal(snapshot("p1", "1949.9", "1950.1"), 201);
	assert_string_equal(text("result.trading_account_id"), paper);
	approved_signal("0.1");
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll"}), 200);
	assert_true(number("result.count") == 0);
	env_sim_advance(&f.sim, S);
	assert_int_equal(snapshot("p1", "1949.9", "1950.1"), 201);
	assert_true(number("result.reconciliation.matched") == 1);
	assert_string_equal(position("status"), "open");
	assert_true(account_number("balance") == 10000);
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/close-ack",
													 .body = "{\"command_id\":\"01900000-0000-7000-8000-000000000000\","
															 "\"status\":\"failed\",\"error\":\"x\"}"}),
					 404);
}

/* Levels, inside a bar and over a gap. */
static void stops_and_targets(void **state)
{
	(void)state;
	open_paper("");
	good_price("1949.9");
	approved_signal("0.1"); /* stop 1940 */
	env_sim_advance(&f.sim, S);
	f.who = OWNER;
	assert_int_equal(askf("POST",
						  "{\"instrument\":\"XAUUSD\",\"spread\":0.2,\"bars\":[{\"open\":1949.9,\"high\":1951,\"low\":"
						  "1949,\"close\":1950},{\"open\":1950,\"high\":1951,\"low\":1930,\"close\":1935}]}",
						  ACCOUNTS "/%s/bars", paper),
					 200);
	assert_true(number("result.filled") == 1 && number("result.closed") == 1);
	assert_true(number("result.balance") == 9899);
	assert_string_equal(position("close_reason"), "stop_loss");
	assert_true(position_number("entry_price") == 1950.1 && position_number("close_price") == 1940);
	env_sim_advance(&f.sim, 61 * S);
	good_price("1949.9");
	approved_signal("0.1");
	env_sim_advance(&f.sim, S);
	good_price("1949.9");
	good_price("1938"); /* over night, through the stop */
	assert_string_equal(position("close_reason"), "stop_loss");
	assert_true(position_number("close_price") == 1938);
	chain_is_sound(-1);
}

/* A limit waits for its price; one that is never reached expires as one that was never delivered. */
static void a_limit_waits(void **state)
{
	(void)state;
	open_paper("");
	add_producer("");
	good_price("1959.9");
	assert_int_equal(post((struct send){.body = signal_with("1950.0", ",\"volume\":0.1,\"order_type\":\"limit\"")}),
					 201);
	assert_string_equal(text("result.status"), "pending");
	snprintf(f.signal_id, sizeof f.signal_id, "%s", text("result.id"));
	f.who = ANN;
	const char *body =
		arena_printf(&f.arena, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", f.signal_id);
	assert_int_equal(ask("POST", "/api/v1/approvals", body, NULL), 201);
	assert_true(is_true("result.paper"));
	env_sim_advance(&f.sim, S);
	good_price("1955");
	assert_string_equal(signal_status(), "approved");
	good_price("1949.5");
	assert_string_equal(signal_status(), "placed");
	assert_true(position_number("entry_price") == 1950);
}

static void an_order_without_a_price_expires(void **state)
{
	(void)state;
	open_paper("");
	good_price("1949.9");
	approved_signal("0.1");
	desk_pass(901 * S);
	assert_string_equal(signal_status(), "expired");
	good_price("1949.9");
	assert_int_equal(desk_count("SELECT count(*) FROM positions"), 0);
	chain_is_sound(-1);
}

/* Half the margin gone: the position is closed for it. */
static void a_stop_out(void **state)
{
	(void)state;
	open_paper(",\"balance\":1000,\"leverage\":2");
	f.who = RISK_OWNER;
	set_profile("{\"risk_percent\":10,\"margin_buffer_pct\":0,\"max_group_share\":1,\"max_gross_exposure_x\":100,"
				"\"max_net_exposure_x\":100}");
	good_price("1949.9");
	add_producer("");
	f.who = OWNER;
	assert_int_equal(post((struct send){.body = "{}"}), 422);
	char more[] = ",\"volume\":0.01";
	assert_int_equal(post((struct send){.body = signal_with("1950.0", more)}), 201);
	assert_string_equal(text("result.status"), "pending");
	snprintf(f.signal_id, sizeof f.signal_id, "%s", text("result.id"));
	f.who = ANN;
	const char *body =
		arena_printf(&f.arena, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", f.signal_id);
	assert_int_equal(ask("POST", "/api/v1/approvals", body, NULL), 201);
	env_sim_advance(&f.sim, S);
	good_price("1949.9");
	desk_sql("UPDATE paper_positions SET stop_loss = NULL");
	desk_sql("UPDATE trading_accounts SET balance = 500000000 WHERE kind = 'paper'");
	good_price("1945.0"); /* margin 975.05, equity 495: 50.8 % */
	assert_string_equal(position("status"), "open");
	good_price("1940.0"); /* 490: 50.2 % */
	good_price("1930.0");
	assert_string_equal(position("close_reason"), "stop_out");
	assert_true(account_number("balance") < 500);
}

static void bars_are_checked(void **state)
{
	(void)state;
	open_paper("");
	f.who = OWNER;
	askf("POST",
		 "{\"instrument\":\"NONE\",\"bars\":[{\"time\":\"2025-01-01T00:00:00Z\",\"open\":2,\"high\":1,\"low\":3,"
		 "\"close\":2},{\"time\":\"2025-01-01T00:00:00Z\",\"open\":2,\"high\":2,\"low\":2,\"close\":2}]}",
		 ACCOUNTS "/%s/bars", paper);
	must_answer(422, "invalid");
	assert_true(names_fault("/instrument", "unknown_instrument") && names_fault("/bars/0/high", "range"));
	assert_true(names_fault("/bars/0/low", "range") && names_fault("/bars/1/time", "order"));
	f.who = VIEWER;
	askf("POST", "{\"instrument\":\"GOLD\",\"bars\":[]}", ACCOUNTS "/%s/bars", paper);
	must_answer(403, "forbidden");
	f.who = STRANGER;
	askf("POST", "{\"instrument\":\"GOLD\",\"bars\":[{\"open\":1,\"high\":1,\"low\":1,\"close\":1}]}",
		 ACCOUNTS "/%s/bars", paper);
	must_answer(404, "not_found");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_account_is_opened),
		TEST(without_a_price_everything_is_blocked),
		TEST(the_whole_way),
		TEST(a_terminal_brings_prices_only),
		TEST(a_terminal_may_stand_in),
		TEST(stops_and_targets),
		TEST(a_limit_waits),
		TEST(an_order_without_a_price_expires),
		TEST(a_stop_out),
		TEST(bars_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
