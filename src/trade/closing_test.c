#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/arena.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"
#include "trade/terminal_fixture.h"

/* Closing: what asks for it, the commands a terminal is given, and what it answers [trade.md 3, 5, 6]. */

#define S STAMP_US_PER_S
#define CLOSES "/api/v1/client/close-commands"
#define CLOSE_ACK "/api/v1/client/close-ack"

static const char *command_id(void)
{
	assert_int_equal(device_ask((struct device_send){.target = CLOSES}), 200);
	assert_true(number("result.count") == 1);
	return text("result.commands.0.id");
}

static int close_ack(const char *command, const char *more)
{
	return device_ask((struct device_send){.target = CLOSE_ACK,
										   .body = arena_printf(&f.arena, "{\"command_id\":\"%s\"%s}", command, more)});
}

static void an_open_position(void)
{
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	assert_int_equal(poll(), 1);
	ack("501");
}

/* [trade.md 3] The approval lapses over an open position: it is closed, whatever state trading is in. */
static void a_lapsed_approval_closes(void **state)
{
	(void)state;
	an_open_position();
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/kill", "{\"scope\":\"global\",\"reason\":\"stop\"}", NULL), 200);
	desk_pass(14400 * S - 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 0);
	desk_restart();
	desk_pass(1);
	const char *command = command_id();
	assert_string_equal(text("result.commands.0.reason"), "approval_expired");
	assert_string_equal(text("result.commands.0.broker_ticket"), "501");
	assert_true(number("result.commands.0.volume") == .1 && number("result.commands.0.attempt") == 1);
	close_ack(command, ",\"status\":\"executed\"");
	must_answer(422, "invalid");
	assert_int_equal(close_ack(command, ",\"status\":\"executed\",\"close_price\":1955.5,\"profit\":53"), 201);
	assert_int_equal(close_ack(command, ",\"status\":\"executed\",\"close_price\":1955.5,\"profit\":53"), 200);
	close_ack(command, ",\"status\":\"executed\",\"close_price\":1955.6,\"profit\":53");
	must_answer(409, "ack_conflict");
	assert_string_equal(signal_status(), "closed");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM positions WHERE status = 'closed' AND "
								"close_reason = 'approval_expired' AND profit = 53000000"),
					 1);
	chain_is_sound(-1);
}

/* [trade.md 6] Exits are always allowed: no state, limit, rate or pause blocks a close command or its answer. */
static void exits_pass_in_every_state(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *body;
	} stops[] = {
		{"PATCH", "/api/v1/trading/pause", "{\"reason\":\"r\"}"},
		{"PATCH", "/api/v1/trading/pause", "{\"scope\":\"account\",\"id\":\"" DESK_ACCOUNT "\",\"reason\":\"r\"}"},
		{"POST", "/api/v1/trading/kill", "{\"scope\":\"account\",\"id\":\"" DESK_ACCOUNT "\",\"reason\":\"r\"}"},
		{"POST", "/api/v1/trading/kill", "{\"scope\":\"global\",\"reason\":\"r\"}"},
		{"PUT", "/api/v1/trading/size", "{\"position_size\":0.01}"},
	};
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
		desk_tear_down(state);
		desk_set_up(state);
		an_open_position();
		f.who = OWNER;
		if (ask(stops[i].method, stops[i].path, stops[i].body, NULL) != 200)
			fail_msg("%s", f.ask.answer);
		desk_sql("UPDATE devices SET snapshot_taken_at = 1"); /* a stale account is no reason either */
		f.who = TRADER;
		assert_int_equal(ask("GET", "/api/v1/positions?status=open", NULL, NULL), 200);
		const char *id = arena_dup(&f.arena, text("result.items.0.id"));
		assert_int_equal(askf("POST", "{\"reason\":\"enough\"}", "/api/v1/positions/%s/close", id), 202);
		const char *command = command_id();
		assert_int_equal(close_ack(command, ",\"status\":\"executed\",\"close_price\":1955.5"), 201);
		assert_int_equal(desk_count("SELECT COUNT(*) FROM positions WHERE status = 'closed'"), 1);
	}
}

static void an_approval_may_lapse_and_nothing_close(void **state)
{
	(void)state;
	an_open_position();
	f.who = RISK_OWNER;
	set_profile("{\"on_lapse\":\"keep\"}");
	desk_pass(14400 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 0);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'approval.lapse'"), 1);
	desk_pass(10 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'approval.lapse'"), 1); /* once */
}

static void an_approval_may_lapse_and_somebody_is_told(void **state)
{
	(void)state;
	an_open_position();
	f.who = RISK_OWNER;
	set_profile("{\"on_lapse\":\"alert\"}");
	desk_pass(14400 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands"), 0);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'approval.lapse'"), 1);
	desk_pass(10 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM outbox WHERE event = 'approval.lapsed'"), 1);
}

/* [trade.md 5] 0.5 s, 2 s, 8 s; then it is over. */
static void closing_is_tried_again(void **state)
{
	(void)state;
	an_open_position();
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/kill",
						 "{\"scope\":\"global\",\"reason\":\"stop\",\"close_positions\":true}", NULL),
					 200);
	assert_true(number("result.positions_closing") == 1);
	static const int64_t pauses[] = {500000, 2000000, 8000000};
	for (int i = 0; i < 3; i++) {
		assert_int_equal(close_ack(command_id(), ",\"status\":\"failed\",\"error\":\"off quotes\""), 201);
		desk_pass(pauses[i] - 1);
		assert_int_equal(desk_count("SELECT COUNT(*) FROM close_commands WHERE state = 'open'"), 0);
		desk_pass(1);
	}
	const char *command = command_id();
	assert_true(number("result.commands.0.attempt") == 4);
	assert_int_equal(close_ack(command, ",\"status\":\"failed\",\"error\":\"off quotes\""), 201);
	desk_pass(60 * S);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM positions WHERE status = 'close_failed'"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM outbox WHERE event = 'position.close_failed'"), 1);
}

static void a_part_closes_and_the_rest_is_asked_for(void **state)
{
	(void)state;
	an_open_position();
	f.who = RISK_OWNER;
	assert_int_equal(ask("POST", "/api/v1/trading/kill",
						 "{\"scope\":\"global\",\"reason\":\"stop\",\"close_positions\":true}", NULL),
					 200);
	assert_int_equal(close_ack(command_id(), ",\"status\":\"executed\",\"close_price\":1955,\"close_volume\":0.04"),
					 201);
	desk_pass(S);
	const char *command = command_id();
	assert_true(number("result.commands.0.volume") == .06);
	assert_int_equal(close_ack(command, ",\"status\":\"executed\",\"close_price\":1955"), 201);
	assert_string_equal(signal_status(), "closed");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_lapsed_approval_closes),
		TEST(exits_pass_in_every_state),
		TEST(an_approval_may_lapse_and_nothing_close),
		TEST(an_approval_may_lapse_and_somebody_is_told),
		TEST(closing_is_tried_again),
		TEST(a_part_closes_and_the_rest_is_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
