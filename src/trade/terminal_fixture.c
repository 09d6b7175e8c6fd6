#include "trade/terminal_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"

int seq;

const char *now(int64_t ahead_us)
{
	char text_now[STAMP_TEXT];
	stamp_format(text_now, f.sim.wall_us + ahead_us);
	return arena_dup(&f.arena, text_now);
}

int snapshot(double equity, const char *more)
{
	const char *body = arena_printf(
		&f.arena,
		"{\"seq\":%d,\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Live\","
		"\"currency\":\"USD\",\"leverage\":100,\"balance\":10000,\"equity\":%.2f,\"margin\":0,\"free_margin\":%.2f},"
		"\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":1949.9,\"ask\":1950.1,\"time\":\"%s\"}]%s}",
		++seq, now(0), equity, equity, now(0), more);
	return device_ask((struct device_send){.target = TERMINAL_SNAPSHOT, .body = body});
}

void good_snapshot(double equity, const char *more)
{
	if (snapshot(equity, more) != 201)
		fail_msg("%s", f.ask.answer);
}

const char *signal_status(void)
{
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", f.signal_id), 200);
	return text("result.status");
}

int poll(void)
{
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll"}), 200);
	return (int)number("result.count");
}

void ack(const char *ticket)
{
	const char *body = arena_printf(&f.arena,
									"{\"approval_id\":\"%s\",\"status\":\"placed\",\"broker_ticket\":\"%s\","
									"\"fill_price\":1950.02}",
									f.approval_id, ticket);
	if (device_ask((struct device_send){.target = "/api/v1/client/ack", .body = body}) != 201)
		fail_msg("%s", f.ask.answer);
}

const char *shown(const char *ticket, const char *volume, const char *more)
{
	return arena_printf(&f.arena,
						",\"positions\":[{\"ticket\":\"%s\",\"symbol\":\"XAUUSD\",\"side\":\"buy\",\"volume\":%s,"
						"\"open_price\":1950.02,\"current_price\":1951,\"stop_loss\":1940,\"profit\":9.8%s}]",
						ticket, volume, more);
}

const char *position(const char *member_name)
{
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/positions?limit=1", NULL, NULL), 200);
	return text(arena_printf(&f.arena, "result.items.0.%s", member_name));
}

void leased_order(void)
{
	seq = 0;
	add_device("desk");
	good_snapshot(10000, "");
	approved_signal("0.1");
	assert_int_equal(poll(), 1);
}

void placed_at(const char *ticket, const char *volume)
{
	seq = 0;
	add_device("desk");
	good_snapshot(10000, "");
	approved_signal(volume);
	assert_int_equal(poll(), 1);
	ack(ticket);
	env_sim_advance(&f.sim, STAMP_US_PER_S);
}
