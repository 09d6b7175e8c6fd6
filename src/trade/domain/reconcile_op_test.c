#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "seal/harness.h"
#include "trade/domain/reconcile_op.h"
#include "trade/trade.h"

/* trade.reconcile [trade.md 5, 14]: by ticket, magic, tolerance; at and over each threshold; one-to-one. */

static struct harness *harness;

static const char *text(const char *pointer)
{
	const char *t = harness_text(harness, pointer);
	return t != NULL ? t : "";
}

static void call(const char *expected, const char *positions, const char *more)
{
	if (!harness_call(harness, &trade_reconcile_op, "{\"expected\":[%s],\"positions\":[%s]%s}", expected, positions,
					  more))
		fail_msg("%s", harness_answer(harness));
}

#define EXPECTED(id, more) \
	"{\"id\":\"" id "\",\"instrument\":\"GOLD\",\"side\":\"buy\",\"volume\":1,\"price\":1950" more "}"
#define SHOWN(ticket, volume, price, more) \
	"{\"ticket\":\"" ticket "\",\"symbol\":\"XAUUSD\",\"side\":\"buy\",\"volume\":" volume \
	",\"open_price\":" price more "}"

#define TOLD(ticket) \
	"{\"ticket\":\"" ticket "\",\"position_ticket\":\"1\",\"entry\":\"in\",\"volume\":1,\"price\":1950}"

static void tickets_then_magic_then_comments(void **state)
{
	(void)state;
	call(EXPECTED("a", ",\"ticket\":\"1\"") "," EXPECTED("b", ",\"magic\":7") "," EXPECTED("c", ",\"comment\":\"CSc\""),
		 SHOWN("3", "1", "1950", ",\"comment\":\"CSc\"") "," SHOWN("2", "1", "1950", ",\"magic\":7") "," SHOWN(
			 "1", "1", "1950", ",\"magic\":7"),
		 "");
	assert_int_equal(harness_count(harness, "/result/matched"), 3);
	static const char *const rows[3][3] = {{"a", "1", "ticket"}, {"b", "2", "magic"}, {"c", "3", "comment"}};
	for (int i = 0; i < 3; i++) {
		char pointer[64];
		snprintf(pointer, sizeof pointer, "/result/matched/%d", i);
		int at = harness_find(harness, "/result/matched", "expected_id", rows[i][0]);
		assert_true(at >= 0);
		snprintf(pointer, sizeof pointer, "/result/matched/%d/ticket", at);
		assert_string_equal(text(pointer), rows[i][1]);
		snprintf(pointer, sizeof pointer, "/result/matched/%d/by", at);
		assert_string_equal(text(pointer), rows[i][2]);
	}
	assert_int_equal(harness_count(harness, "/result/unmatched"), 0);
}

/* What has the same name as another is told, each by its pointer; a deal without a ticket has no name. */
static void each_stands_once(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &trade_reconcile_op, "{\"expected\":[%s],\"positions\":[%s],\"deals\":[%s]}",
							  EXPECTED("a", "") "," EXPECTED("b", "") "," EXPECTED("a", ",\"magic\":1"),
							  SHOWN("1", "1", "1950", "") "," SHOWN("1", "2", "1951", ""),
							  TOLD("9") "," TOLD("8") "," TOLD("9")));
	assert_string_equal(text("/code"), "invalid");
	static const char *const pointers[] = {"/expected/2/id", "/positions/1/ticket", "/deals/2/ticket"};
	assert_int_equal(harness_count(harness, "/errors"), 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(harness_find(harness, "/errors", "pointer", pointers[i]) >= 0);
	call(EXPECTED("a", ""), SHOWN("1", "1", "1950", ""),
		 ",\"deals\":[{\"position_ticket\":\"1\",\"entry\":\"in\",\"volume\":0.5,\"price\":1950},"
		 "{\"position_ticket\":\"1\",\"entry\":\"in\",\"volume\":0.5,\"price\":1950}]");
}

/* Volume within 25 %, entry within max(50 ticks, 0.5 %) = 9.75; at the limit they are the same, over it not. */
static void tolerances_have_edges(void **state)
{
	(void)state;
	static const struct {
		const char *volume, *price;
		int matched;
	} rows[] = {{"1.25", "1950", 1}, {"1.26", "1950", 0}, {"0.75", "1950", 1}, {"0.74", "1950", 0},
				{"1", "1959.75", 1}, {"1", "1959.76", 0}, {"1", "1940.25", 1}, {"1", "1940.24", 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char shown[200];
		snprintf(shown, sizeof shown,
				 "{\"ticket\":\"9\",\"symbol\":\"XAUUSD\",\"side\":\"buy\",\"volume\":%s,\"open_price\":%s}",
				 rows[i].volume, rows[i].price);
		call(EXPECTED("a", ""), shown, "");
		assert_int_equal(harness_count(harness, "/result/matched"), rows[i].matched);
		assert_int_equal(harness_count(harness, "/result/missing"), !rows[i].matched);
		assert_int_equal(harness_count(harness, "/result/unmatched"), !rows[i].matched);
	}
	call(EXPECTED("a", ""),
		 "{\"ticket\":\"9\",\"symbol\":\"XAUUSD\",\"side\":\"sell\",\"volume\":1,\"open_price\":1950}", "");
	assert_int_equal(harness_count(harness, "/result/matched"), 0);
	call(EXPECTED("a", ""),
		 "{\"ticket\":\"9\",\"symbol\":\"XAUUSD.m\",\"side\":\"buy\",\"volume\":1,\"open_price\":1950}", "");
	assert_int_equal(harness_count(harness, "/result/matched"), 0);
	call(EXPECTED("a", ""),
		 "{\"ticket\":\"9\",\"symbol\":\"XAUUSD.m\",\"side\":\"buy\",\"volume\":1,\"open_price\":1950}",
		 ",\"instruments\":{\"XAUUSD\":\"XAUUSD.m\"}");
	assert_int_equal(harness_count(harness, "/result/matched"), 1);
	assert_string_equal(text("/result/matched/0/by"), "nearest");
}

/* Each side once, and the nearest pair of all first: b is nearer to 1951 than a is. */
static void the_nearest_pair_goes_first(void **state)
{
	(void)state;
	call(EXPECTED("a", "") ",{\"id\":\"b\",\"instrument\":\"XAUUSD\",\"side\":\"buy\",\"volume\":1,\"price\":1950.9}",
		 SHOWN("1", "1", "1951", "") "," SHOWN("2", "1", "1948", ""), "");
	assert_int_equal(harness_count(harness, "/result/matched"), 2);
	assert_string_equal(text("/result/matched/0/expected_id"), "b");
	assert_string_equal(text("/result/matched/0/ticket"), "1");
	assert_string_equal(text("/result/matched/1/ticket"), "2");
	call(EXPECTED("a", ""), SHOWN("1", "1", "1950", "") "," SHOWN("2", "1", "1950", ""), "");
	assert_int_equal(harness_count(harness, "/result/matched"), 1);
	assert_int_equal(harness_count(harness, "/result/unmatched"), 1);
	assert_string_equal(text("/result/unmatched/0"), "2");
}

static bool diverges(const char *kind)
{
	return harness_find(harness, "/result/divergences", "kind", kind) >= 0;
}

/* Tighter on purpose: over 5 ticks, over 10 %, less than asked, over 2 ticks. */
static void divergences_have_edges(void **state)
{
	(void)state;
#define TICKET ",\"ticket\":\"1\",\"stop_loss\":1940,\"take_profit\":1970"
	static const struct {
		const char *shown, *kind;
		bool is;
	} rows[] = {
		{SHOWN("1", "1", "1950.05", ",\"stop_loss\":1940,\"take_profit\":1970"), "entry_slippage", false},
		{SHOWN("1", "1", "1950.06", ",\"stop_loss\":1940,\"take_profit\":1970"), "entry_slippage", true},
		{SHOWN("1", "1.1", "1950", ",\"stop_loss\":1940,\"take_profit\":1970"), "volume_mismatch", false},
		{SHOWN("1", "1.11", "1950", ",\"stop_loss\":1940,\"take_profit\":1970"), "volume_mismatch", true},
		{SHOWN("1", "1.11", "1950", ",\"stop_loss\":1940,\"take_profit\":1970"), "partial_fill", false},
		{SHOWN("1", "0.99", "1950", ",\"stop_loss\":1940,\"take_profit\":1970"), "partial_fill", true},
		{SHOWN("1", "0.99", "1950", ",\"stop_loss\":1940,\"take_profit\":1970"), "volume_mismatch", false},
		{SHOWN("1", "1", "1950", ",\"stop_loss\":1940.02,\"take_profit\":1970"), "sl_mismatch", false},
		{SHOWN("1", "1", "1950", ",\"stop_loss\":1940.03,\"take_profit\":1970"), "sl_mismatch", true},
		{SHOWN("1", "1", "1950", ",\"stop_loss\":0,\"take_profit\":1970"), "sl_mismatch", true},
		{SHOWN("1", "1", "1950", ",\"stop_loss\":1940,\"take_profit\":1969.98"), "tp_mismatch", false},
		{SHOWN("1", "1", "1950", ",\"stop_loss\":1940,\"take_profit\":1969.97"), "tp_mismatch", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		call(EXPECTED("a", TICKET), rows[i].shown, "");
		if (diverges(rows[i].kind) != rows[i].is)
			fail_msg("%s %s: %s", rows[i].shown, rows[i].kind, harness_answer(harness));
	}
}

#define DEAL(position, entry, volume, price, more) \
	"{\"position_ticket\":\"" position "\",\"entry\":\"" entry "\",\"volume\":" volume ",\"price\":" price more "}"

/* A fill in two parts: 0.4 at 1950 and 0.6 at 1950.2 are 1 at 1950.12. */
static void fills_count_together(void **state)
{
	(void)state;
	call(EXPECTED("a", ",\"ticket\":\"1\""), SHOWN("1", "1", "1950.2", ""),
		 ",\"deals\":[" DEAL("1", "in", "0.4", "1950", "") "," DEAL("1", "in", "0.6", "1950.2", "") "]");
	assert_true(diverges("entry_slippage"));
	assert_true(fabs(harness_number(harness, "/result/divergences/0/actual") - 1950.12) < 1e-9);
	assert_false(diverges("partial_fill"));
}

static void what_is_gone_says_why(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"client", "manual"}, {"sl", "stop_loss"}, {"tp", "take_profit"}, {"so", "stop_out"}, {"expert", "drawdown"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char deals[400];
		snprintf(deals, sizeof deals,
				 ",\"deals\":[" DEAL(
					 "1", "out", "0.5", "1960",
					 ",\"profit\":500,\"time\":\"2025-01-08T15:00:00Z\"") ",{\"position_ticket\":\"1\",\"entry\":"
																		  "\"out\",\"volume\":0.5,\"price\":1962,"
																		  "\"profit\":600,\"swap\":-1.5,"
																		  "\"reason\":\"%s\",\"time\":\"2025-01-08T15:"
																		  "00:01Z\"}]",
				 rows[i][0]);
		call(EXPECTED("a", ",\"ticket\":\"1\",\"close_reason\":\"drawdown\""), "", deals);
		assert_string_equal(text("/result/closed/0/reason"), rows[i][1]);
		assert_true(harness_number(harness, "/result/closed/0/price") == 1961);
		assert_true(harness_number(harness, "/result/closed/0/profit") == 1098.5);
	}
	call(EXPECTED("a", ",\"ticket\":\"1\""), "", ""); /* without a deal */
	assert_string_equal(text("/result/closed/0/reason"), "broker");
	assert_int_equal(harness_count(harness, "/result/closed/0/profit"), -2);
	assert_true(harness_noted(harness, "no_deal"));
}

static void inputs_are_checked(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &trade_reconcile_op,
							  "{\"expected\":[{\"id\":\"a\",\"instrument\":\"NOPE\",\"side\":\"buy\",\"volume\":1}],"
							  "\"positions\":[]}"));
	assert_true(harness_refused(harness, "/expected/0/instrument", "unknown_instrument"));
	assert_false(harness_call(harness, &trade_reconcile_op,
							  "{\"expected\":\"x\",\"positions\":[],\"instruments\":[\"XAUUSD\"]}"));
	assert_true(harness_refused(harness, "/expected", "type") && harness_refused(harness, "/instruments", "type"));
	assert_false(harness_call(harness, &trade_reconcile_op,
							  "{\"expected\":[],\"positions\":[],\"instruments\":{\"XAUUSD\":5,\"XAGUSD\":{\"tick\":0,"
							  "\"symbol\":1,\"name\":\"x\"}}}"));
	assert_true(harness_refused(harness, "/instruments/XAUUSD", "type") &&
				harness_refused(harness, "/instruments/XAGUSD/tick", "range") &&
				harness_refused(harness, "/instruments/XAGUSD/symbol", "type") &&
				harness_refused(harness, "/instruments/XAGUSD/name", "unknown_field"));
	assert_true(harness_call(harness, &trade_reconcile_op, "{\"expected\":[],\"positions\":[]}"));
	assert_int_equal(harness_count(harness, "/result"), -2);
	assert_true(harness_noted(harness, "abstain.empty"));
}

int main(void)
{
	harness = harness_new(trade_pack_kinds, trade_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tickets_then_magic_then_comments),
		cmocka_unit_test(each_stands_once),
		cmocka_unit_test(tolerances_have_edges),
		cmocka_unit_test(the_nearest_pair_goes_first),
		cmocka_unit_test(divergences_have_edges),
		cmocka_unit_test(fills_count_together),
		cmocka_unit_test(what_is_gone_says_why),
		cmocka_unit_test(inputs_are_checked),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
