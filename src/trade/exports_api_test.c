#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"

#define EXPORTS "/api/v1/exports"

static char url[128], export_id[ID_TEXT];

static void closed_positions(void)
{
	desk_broker(10000);
	for (int i = 1; i <= 2; i++) {
		char sql[1024];
		snprintf(
			sql, sizeof sql,
			"INSERT INTO positions (position_id, account_id, owner_id, trading_account_id, broker_ticket, "
			"instrument, side, asked, lots, entry_price, close_price, stop_loss, profit, swap, commission, status, "
			"close_reason, close_tries, opened_at, closed_at, updated_at) SELECT "
			"'01900000-0000-7000-8000-%012d', account_id, owner_id, trading_account_id, '90%d', 'XAUUSD', 'buy', "
			"10000000, 10000000, 195000000000, 196000000000, 194000000000, %d, 0, 0, 'closed', 'manual', 0, %lld, "
			"%lld, 0 FROM trading_accounts",
			i, i, i == 1 ? 10500000 : -5000000, (long long)(f.sim.wall_us - 7200 * STAMP_US_PER_S),
			(long long)(f.sim.wall_us - (3 - i) * 3600 * STAMP_US_PER_S));
		desk_sql(sql);
	}
}

static void share(const char *body)
{
	f.who = OWNER;
	if (ask("POST", EXPORTS, body, NULL) != 201)
		fail_msg("%s", f.ask.answer);
	snprintf(url, sizeof url, "%s", text("result.share_url"));
	snprintf(export_id, sizeof export_id, "%s", text("result.id"));
}

/* [trade.md 9.5] */
static void a_file_has_every_closed_position(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/api/v1/analytics/export?format=csv", NULL, NULL), 200);
	assert_int_equal(member("result")->kind, JS_NULL); /* nothing abstains */
	closed_positions();
	assert_int_equal(ask("GET", "/api/v1/analytics/export?format=csv", NULL, NULL), 200);
	assert_string_equal(loopback_header(&f.ask, "content-type"), "text/csv; charset=utf-8");
	assert_string_equal(
		f.ask.answer,
		"trade,account,ticket,instrument,side,volume,entry_price,exit_price,stop_loss,profit,close_reason,opened_at,"
		"closed_at,kind\r\n"
		"01900000-0000-7000-8000-000000000001," DESK_ACCOUNT ",901,XAUUSD,buy,0.1,1950,1960,1940,10.5,manual,"
		"2025-01-08T13:00:00.000000Z,2025-01-08T13:00:00.000000Z,live\r\n"
		"01900000-0000-7000-8000-000000000002," DESK_ACCOUNT ",902,XAUUSD,buy,0.1,1950,1960,1940,-5,manual,"
		"2025-01-08T13:00:00.000000Z,2025-01-08T14:00:00.000000Z,live\r\n");
	assert_int_equal(ask("GET", "/api/v1/analytics/export?format=json", NULL, NULL), 200);
	assert_true(member("trades")->count == 2 && number("trades.0.profit") == 10.5);
	assert_true(number("equity.0.equity") == 10005.5);
	assert_int_equal(ask("GET", "/api/v1/analytics/export?format=png", NULL, NULL), 200);
	assert_memory_equal(f.ask.answer, "\x89PNG", 4);
	assert_int_equal(ask("GET", "/api/v1/analytics/export?format=png&from=2008-01-01T00:00:00Z", NULL, NULL), 200);
	assert_memory_equal(f.ask.answer, "\x89PNG", 4); /* 6,217 days */
	ask("GET", "/api/v1/analytics/export?format=xml", NULL, NULL);
	must_answer(422, "invalid");
	ask("GET", "/api/v1/analytics/export", NULL, NULL);
	must_answer(422, "invalid");
}

static void a_link_is_good_once_and_redacted(void **state)
{
	(void)state;
	closed_positions();
	share("{\"format\":\"csv\"}");
	assert_string_equal(text("result.expires_at"), "2025-01-09T15:00:00.000000Z");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM trade_exports WHERE LENGTH(token_sha256) = 64"), 1);
	f.who = STRANGER;                                    /* whoever has the link */
	assert_int_equal(ask("HEAD", url, NULL, NULL), 200); /* a preview gets nothing and uses nothing up */
	assert_int_equal(ask("HEAD", url, NULL, NULL), 200);
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	assert_string_equal(f.ask.answer, "trade,instrument,side,volume,profit,close_reason,opened_at,closed_at,kind\r\n"
									  "TRADE_1,XAUUSD,buy,0.1,10.5,manual,2025-01-08T13:00:00.000000Z,"
									  "2025-01-08T13:00:00.000000Z,live\r\n"
									  "TRADE_2,XAUUSD,buy,0.1,-5,manual,2025-01-08T13:00:00.000000Z,"
									  "2025-01-08T14:00:00.000000Z,live\r\n");
	assert_int_equal(ask("HEAD", url, NULL, NULL), 410);
	ask("GET", url, NULL, NULL);
	must_answer(410, "expired");
	url[strlen(url) - 1] ^= 1;
	ask("GET", url, NULL, NULL);
	must_answer(404, "not_found");
	share("{\"format\":\"json\"}");
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	static const char *const hidden[] = {"account", "ticket", "price", "stop", "901", "@", "01900000"};
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		assert_null(strstr(f.ask.answer, hidden[i]));
	chain_is_sound(-1);
}

static void a_link_ends(void **state)
{
	(void)state;
	closed_positions();
	share("{\"format\":\"json\",\"expires_in_hours\":1,\"max_accesses\":100,\"redact\":false}");
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	assert_string_equal(text("trades.0.ticket"), "901");
	env_sim_advance(&f.sim, 3600 * STAMP_US_PER_S - 1);
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	env_sim_advance(&f.sim, 1);
	ask("GET", url, NULL, NULL);
	must_answer(410, "expired");
	share("{\"format\":\"csv\",\"max_accesses\":2}");
	f.who = STRANGER;
	assert_int_equal(askf("DELETE", NULL, EXPORTS "/%s", export_id), 404);
	f.who = OWNER;
	assert_int_equal(askf("DELETE", NULL, EXPORTS "/%s", export_id), 204);
	assert_int_equal(askf("DELETE", NULL, EXPORTS "/%s", export_id), 204);
	ask("GET", url, NULL, NULL);
	must_answer(410, "expired");
	ask("POST", EXPORTS, "{\"format\":\"csv\",\"expires_in_hours\":169,\"max_accesses\":0}", NULL);
	assert_true(names_fault("/expires_in_hours", "range") && names_fault("/max_accesses", "range"));
}

/* A table of nothing can be shared; there is no picture of nothing, so no link. */
static void a_picture_of_nothing_has_no_link(void **state)
{
	(void)state;
	assert_int_equal(ask("POST", EXPORTS, "{\"format\":\"png\"}", NULL), 200);
	assert_int_equal(member("result")->kind, JS_NULL);
	assert_true(member("assumptions")->count > 0);
	assert_null(loopback_header(&f.ask, "location"));
	assert_int_equal(desk_count("SELECT COUNT(*) FROM trade_exports"), 0);
	share("{\"format\":\"csv\"}");
}

/* What was made can be found again, to be revoked: by whom, how often fetched, but not what opens it. */
static void links_are_listed(void **state)
{
	(void)state;
	closed_positions();
	share("{\"format\":\"json\",\"max_accesses\":2}");
	const char *token = strrchr(url, '/') + 1;
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	assert_int_equal(ask("GET", EXPORTS "?limit=1", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.id"), export_id);
	assert_true(member("result.items.0.open")->boolean && number("result.items.0.accesses") == 1);
	assert_string_equal(text("result.items.0.created_by"), f.principals[OWNER].user_id);
	assert_null(strstr(f.ask.answer, token));
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	assert_int_equal(askf("GET", NULL, EXPORTS "/%s", export_id), 200);
	assert_false(member("result.open")->boolean);
	share("{\"format\":\"csv\"}");
	assert_int_equal(askf("DELETE", NULL, EXPORTS "/%s", export_id), 204);
	assert_int_equal(ask("GET", EXPORTS, NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 2);
	assert_string_equal(text("result.items.0.format"), "csv"); /* the newest first */
	assert_string_equal(text("result.items.0.revoked_at"), "2025-01-08T15:00:00.000000Z");
	f.who = VIEWER;
	assert_int_equal(ask("GET", EXPORTS, NULL, NULL), 403);
	f.who = STRANGER;
	assert_int_equal(askf("GET", NULL, EXPORTS "/%s", export_id), 404);
	assert_int_equal(ask("GET", EXPORTS, NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
}

enum { RACERS = 8 };

static void *fetch(void *self)
{
	struct loopback l = {.status = 0};
	*(int *)self = desk_ask_as(STRANGER, "GET", url, NULL, &l);
	loopback_fini(&l);
	return NULL;
}

/* Eight at once, and three may. */
static void the_count_is_taken_at_once(void **state)
{
	(void)state;
	pthread_t threads[RACERS];
	int status[RACERS], good = 0, gone = 0;
	closed_positions();
	share("{\"format\":\"csv\",\"max_accesses\":3}");
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fetch, &status[i]), 0);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(threads[i], NULL);
		good += status[i] == 200;
		gone += status[i] == 410;
	}
	assert_int_equal(good, 3);
	assert_int_equal(gone, RACERS - 3);
}

/* [trade.md 9.5] Only when switched on, only what was closed long enough ago, and nobody's name. */
static void performance_is_public_when_switched_on(void **state)
{
	(void)state;
	static const char summary[] = "/api/v1/public/performance/our-desk/summary";
	static const char equity[] = "/api/v1/public/performance/our-desk/equity";
	closed_positions(); /* 2 h and 1 h ago */
	assert_int_equal(ask("GET", summary, NULL, NULL), 404);
	f.who = VIEWER;
	assert_int_equal(ask("PUT", "/api/v1/trade/public", "{\"enabled\":true,\"slug\":\"our-desk\"}", NULL), 403);
	f.who = RISK_OWNER;
	assert_int_equal(
		ask("PUT", "/api/v1/trade/public", "{\"enabled\":true,\"slug\":\"Our\",\"delay_minutes\":0}", NULL), 422);
	assert_int_equal(ask("PUT", "/api/v1/trade/public", "{\"enabled\":true,\"slug\":\"our-desk\"}", NULL), 200);
	assert_true(number("result.delay_minutes") == 1440);
	assert_int_equal(ask("GET", summary, NULL, NULL), 200);
	assert_int_equal(member("result")->kind, JS_NULL); /* nothing was closed a day ago */
	assert_int_equal(ask("PUT", "/api/v1/trade/public",
						 "{\"enabled\":true,\"slug\":\"our-desk\",\"title\":\"Desk\",\"delay_minutes\":90}", NULL),
					 200);
	assert_int_equal(ask("GET", summary, NULL, NULL), 200);
	assert_true(number("result.count") == 1);
	assert_true(number("result.final_equity") == 10010.5);
	assert_true(number("result.trades.net_profit") == 10.5);
	assert_non_null(strstr(text("result.disclaimer"), "Past performance"));
	assert_null(strstr(f.ask.answer, DESK_ACCOUNT));
	assert_null(strstr(f.ask.answer, "1950"));
	assert_null(strstr(f.ask.answer, f.principals[OWNER].user_id));
	assert_int_equal(ask("GET", equity, NULL, NULL), 200);
	assert_true(number("result.points.0.equity") == 10010.5);
	f.who = STRANGER;
	assert_int_equal(ask("PUT", "/api/v1/trade/public", "{\"enabled\":true,\"slug\":\"our-desk\"}", NULL), 409);
	f.who = RISK_OWNER;
	assert_int_equal(ask("PUT", "/api/v1/trade/public", "{\"enabled\":false,\"slug\":\"our-desk\"}", NULL), 200);
	assert_int_equal(ask("GET", summary, NULL, NULL), 404);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_has_every_closed_position),
		TEST(a_link_is_good_once_and_redacted),
		TEST(a_link_ends),
		TEST(a_picture_of_nothing_has_no_link),
		TEST(links_are_listed),
		TEST(the_count_is_taken_at_once),
		TEST(performance_is_public_when_switched_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
