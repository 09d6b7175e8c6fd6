#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/buf.h"
#include "core/stamp.h"
#include "seal/harness.h"
#include "trade/chart_op.h"
#include "trade/trade.h"

static struct harness *harness;

#define ROW(time, open, high, low, close) \
	"{\"time\":\"" time "\",\"open\":" #open ",\"high\":" #high ",\"low\":" #low ",\"close\":" #close "}"
#define TWO ROW("2025-01-02", 10, 12, 9, 11) "," ROW("2025-01-03", 11, 11.5, 8, 9)

static void candles_are_named_by_their_bytes(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "]}"));
	assert_string_equal(harness_text(harness, "/result/media_type"), "image/png");
	assert_float_equal(harness_number(harness, "/result/price_min"), 8, 0);
	assert_float_equal(harness_number(harness, "/result/price_max"), 12, 0);
	assert_float_equal(harness_number(harness, "/result/up"), 1, 0);
	assert_float_equal(harness_number(harness, "/result/down"), 1, 0);
	char sha[65], other[65];
	strcpy(sha, harness_text(harness, "/result/sha256"));
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "],\"width\":1200}"));
	assert_string_equal(harness_text(harness, "/result/sha256"), sha); /* the same question, the same bytes */
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "],\"theme\":\"dark\"}"));
	strcpy(other, harness_text(harness, "/result/sha256"));
	assert_string_not_equal(other, sha);
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "],\"format\":\"svg\"}"));
	assert_string_equal(harness_text(harness, "/result/media_type"), "image/svg+xml");
}

static void wrong_rows_are_named(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &trade_chart_candles_op,
							  "{\"rows\":[" ROW("2025-01-03", 10, 10.5, 9, 11) "," ROW(
								  "2025-01-03", 10, 12, 10.5, 11) "],"
																  "\"width\":199,\"sma\":[1]}"));
	assert_true(harness_refused(harness, "/width", "range") && harness_refused(harness, "/sma/0", "range"));
	assert_true(harness_refused(harness, "/rows/0/high", "range") && harness_refused(harness, "/rows/1/time", "order"));
	assert_false(
		harness_call(harness, &trade_chart_candles_op,
					 "{\"rows\":[" ROW("2025-01-03", 10, 10.5, 9, 11) "," ROW("2025-01-03", 10, 12, 10.5, 11) "]}"));
	assert_true(harness_refused(harness, "/rows/0/high", "range") && harness_refused(harness, "/rows/1/low", "range"));
	assert_true(harness_refused(harness, "/rows/1/time", "order"));
}

/* [trade.md 10] The axis is linear; a logarithmic one is asked for, and has no place for 0. */
static void an_axis_may_be_logarithmic(void **state)
{
	(void)state;
	char linear[65];
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "]}"));
	strcpy(linear, harness_text(harness, "/result/sha256"));
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "],\"scale\":\"linear\"}"));
	assert_string_equal(harness_text(harness, "/result/sha256"), linear);
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[" TWO "],\"scale\":\"log\"}"));
	assert_string_not_equal(harness_text(harness, "/result/sha256"), linear);
	assert_false(harness_call(harness, &trade_chart_candles_op,
							  "{\"rows\":[" ROW("2025-01-02", 10, 12, 0, 11) "," ROW(
								  "2025-01-03", 10, 12, -1, 11) "],\"scale\":\"log\",\"markers\":[{\"time\":"
																"\"2025-01-02\",\"side\":\"buy\",\"price\":0}]}"));
	assert_true(harness_refused(harness, "/rows/0/low", "log_scale"));
	assert_true(harness_refused(harness, "/rows/1/low", "log_scale"));
	assert_true(harness_refused(harness, "/markers/0/price", "log_scale"));
	assert_true(harness_call(harness, &trade_chart_equity_op,
							 "{\"points\":[{\"time\":\"2025-01-02\",\"equity\":1},{\"time\":\"2025-01-03\",\"equity\":"
							 "1000}],\"scale\":\"log\"}"));
	assert_false(harness_call(harness, &trade_chart_histogram_op, "{\"values\":[1],\"scale\":\"log\"}"));
	assert_true(harness_refused(harness, "/scale", "unknown_field"));
}

static void nothing_is_no_picture(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_chart_candles_op, "{\"rows\":[]}"));
	assert_true(harness_noted(harness, "abstain.no_data"));
	assert_true(harness_call(harness, &trade_chart_equity_op, "{\"points\":[]}"));
	assert_true(harness_noted(harness, "abstain.no_data"));
	assert_true(harness_call(harness, &trade_chart_histogram_op, "{\"values\":[]}"));
	assert_true(harness_noted(harness, "abstain.no_data"));
}

static bool ask_for(int rows)
{
	struct buf body;
	buf_init(&body, 0);
	for (int i = 0; i < rows; i++)
		buf_addf(&body, "%s{\"time\":\"2025-01-%02dT%02d:%02d:%02dZ\",\"open\":10,\"high\":11,\"low\":9,\"close\":10}",
				 i > 0 ? "," : "", 1 + i / 3600 / 24, i / 3600 % 24, i / 60 % 60, i % 60);
	bool done = harness_call(harness, &trade_chart_candles_op, "{\"rows\":[%s]}", buf_text(&body));
	buf_fini(&body);
	return done;
}

static void five_thousand_rows_and_no_more(void **state)
{
	(void)state;
	assert_true(ask_for(5000));
	assert_false(ask_for(5001));
	assert_true(harness_refused(harness, NULL, "body_too_large"));
}

/* [trade.md 13] over a size cap: 413 */
static void five_hundred_markers_and_no_more(void **state)
{
	(void)state;
	for (int count = 500; count <= 501; count++) {
		struct buf body;
		buf_init(&body, 0);
		for (int i = 0; i < count; i++)
			buf_addf(&body, "%s{\"time\":\"2025-01-02\",\"side\":\"buy\",\"price\":10}", i > 0 ? "," : "");
		assert_true(harness_call(harness, &trade_chart_candles_op,
								 "{\"rows\":[" ROW("2025-01-02", 10, 12, 9, 11) "],\"markers\":[%s]}",
								 buf_text(&body)) == (count == 500));
		buf_fini(&body);
	}
	assert_true(harness_refused(harness, NULL, "body_too_large"));
}

/* [trade.md 10] Only candles are bounded by the clause; a record of days may be decades long. */
static void an_equity_of_decades(void **state)
{
	(void)state;
	struct buf body;
	for (int days = 20000; days <= 20001; days++) {
		buf_init(&body, 0);
		for (int i = 0; i < days; i++) {
			char date[STAMP_DATE_TEXT];
			stamp_format_date(date, i * STAMP_US_PER_DAY);
			buf_addf(&body, "%s{\"time\":\"%s\",\"equity\":%d}", i > 0 ? "," : "", date, 100 + i % 7);
		}
		assert_true(harness_call(harness, &trade_chart_equity_op, "{\"points\":[%s]}", buf_text(&body)) ==
					(days == 20000));
		buf_fini(&body);
	}
	assert_true(harness_refused(harness, NULL, "body_too_large"));
}

static void equity_and_histogram(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &trade_chart_equity_op,
					 "{\"points\":[{\"time\":\"2025-01-02\",\"equity\":100},{\"time\":\"2025-01-03\",\"equity\":90},"
					 "{\"time\":\"2025-01-04\",\"equity\":95}],\"height\":300}"));
	assert_float_equal(harness_number(harness, "/result/up"), 1, 0);
	assert_float_equal(harness_number(harness, "/result/down"), 1, 0);
	assert_float_equal(harness_number(harness, "/result/height"), 300, 0);
	assert_true(harness_call(harness, &trade_chart_histogram_op, "{\"values\":[1,2,2,3,9],\"bins\":4}"));
	assert_float_equal(harness_number(harness, "/result/price_max"), 9, 0);
	assert_int_equal(harness_count(harness, "/result/up"), -2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candles_are_named_by_their_bytes),
		cmocka_unit_test(wrong_rows_are_named),
		cmocka_unit_test(an_axis_may_be_logarithmic),
		cmocka_unit_test(nothing_is_no_picture),
		cmocka_unit_test(five_thousand_rows_and_no_more),
		cmocka_unit_test(five_hundred_markers_and_no_more),
		cmocka_unit_test(equity_and_histogram),
		cmocka_unit_test(an_equity_of_decades),
	};
	harness = harness_new(trade_pack_kinds, trade_pack_kinds_count);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
