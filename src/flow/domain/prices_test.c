#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/domain/ops.h"
#include "flow/domain/prices.h"
#include "seal/harness.h"

static struct harness *harness;

static void a_call_is_priced_by_the_pack(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &flow_price_op, "%s", flow_price_op.example));
	/* 1200·2.5 + 300·10 + 800·1.25 = 7000 per million */
	assert_string_equal(harness_text(harness, "/result/amount"), "0.007");
	assert_float_equal(harness_number(harness, "/result/amount_micros"), 7000, 0);
	assert_int_equal(harness_count(harness, "/result/lines"), 3);
	assert_string_equal(harness_text(harness, "/result/lines/2/kind"), "cached_input");
	assert_string_equal(harness_text(harness, "/result/lines/2/amount"), "0.001");
}

/* An exact name wins over every prefix, and of prefixes the longest. */
static void the_longest_name_prices(void **state)
{
	static const struct {
		const char *model, *row;
	} rows[] = {{"gpt-4o", "gpt-4o"},           {"gpt-4o-2024-08-06", "gpt-4o"},
				{"gpt-4o-mini", "gpt-4o-mini"}, {"gpt-4o-mini-x", "gpt-4o-mini"},
				{"gpt-4-0613", "gpt-4"},        {"gpt-4.1-nano-x", "gpt-4.1-nano"}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(
			harness_call(harness, &flow_price_op, "{\"model\":\"%s\",\"tokens\":{\"input\":1}}", rows[i].model));
		assert_string_equal(harness_text(harness, "/result/model"), rows[i].row);
	}
	assert_false(harness_call(harness, &flow_price_op, "{\"model\":\"nobody-knows\",\"tokens\":{\"input\":1}}"));
	assert_true(harness_refused(harness, "/model", "unknown_model"));
	assert_false(harness_call(harness, &flow_price_op, "{\"model\":\"unknown\",\"tokens\":{\"input\":1}}"));
	assert_false(harness_call(harness, &flow_price_op,
							  "{\"model\":\"gpt-4o\",\"provider\":\"google\",\"tokens\":{\"input\":1}}"));
	assert_true(harness_refused(harness, "/model", "unknown_model"));
}

static void own_prices_take_the_packs_place(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &flow_price_op,
							 "{\"model\":\"m-1\",\"tokens\":{\"input\":1,\"output\":3,\"cache_write\":2},\"prices\":["
							 "{\"provider\":\"a\",\"model\":\"m\",\"input\":\"0.15\",\"output\":0.6,\"valid_from\":"
							 "\"2024-01-01\"},{\"provider\":\"a\",\"model\":\"m\",\"input\":9,\"output\":9,"
							 "\"valid_from\":\"2023-01-01\"}],\"currency\":\"EUR\"}"));
	/* 0.15 + 1.8 + 2·0.15 = 2.25 micro-units, rounded up once to 3 */
	assert_float_equal(harness_number(harness, "/result/amount_micros"), 3, 0);
	assert_string_equal(harness_text(harness, "/assumptions/0/code"), "price.newest");
	assert_string_equal(harness_text(harness, "/result/currency"), "EUR");
	assert_string_equal(harness_text(harness, "/result/lines/0/amount"), "0.00000015");
	assert_string_equal(harness_text(harness, "/result/lines/2/amount"), "0.0000003");
	assert_false(
		harness_call(harness, &flow_price_op,
					 "{\"model\":\"m\",\"tokens\":{},\"prices\":[{\"model\":\"m\",\"input\":-1,\"output\":\"x\","
					 "\"valid_from\":\"2024-02-30\"}]}"));
	assert_true(harness_refused(harness, "/prices/0/input", "format"));
	assert_true(harness_refused(harness, "/prices/0/output", "format"));
	assert_true(harness_refused(harness, "/prices/0/valid_from", "format"));
	assert_false(harness_call(harness, &flow_price_op, "{\"model\":\"m\",\"tokens\":{},\"prices\":[]}"));
	assert_false(harness_call(harness, &flow_price_op, "{\"model\":\"gpt-4o\",\"tokens\":{\"input\":-1}}"));
	assert_true(harness_refused(harness, "/tokens/input", "range"));
}

/* What has not begun does not count yet; the row "unknown" is only asked for by its name. */
static void prices_begin_on_their_day(void **state)
{
	struct price rows[] = {
		{"a", "m", {1, 1, -1, -1}, 100}, {"a", "m", {2, 2, 5, -1}, 200}, {"a", "unknown", {7, 7, 7, 7}, 0}};
	const struct prices prices = {.currency = "USD", .count = 3, .items = rows};
	(void)state;
	assert_null(prices_find(&prices, NULL, "m", 99));
	assert_ptr_equal(prices_find(&prices, NULL, "m", 199), &rows[0]);
	assert_ptr_equal(prices_find(&prices, "a", "mm", 200), &rows[1]);
	assert_null(prices_find(&prices, NULL, "unknown", 300));
	assert_ptr_equal(prices_unknown(&prices, 300), &rows[2]);
	assert_int_equal(price_of_kind(&rows[0], PRICE_CACHED_INPUT), 1);
	assert_int_equal(price_of_kind(&rows[1], PRICE_CACHED_INPUT), 5);
}

/* flow.md 7: of several rows the newest that has begun */
static void a_call_is_priced_by_its_day(void **state)
{
	static const struct {
		const char *at;
		double micros;
	} days[] = {{"2023-12-31T23:59:59Z", 1000000},
				{"2024-01-01T00:00:00Z", 2000000},
				{"2198-01-01T00:00:00Z", 2000000},
				{"2199-01-01T00:00:00Z", 9000000}};
	(void)state;
#define ROWS \
	"\"prices\":[{\"model\":\"m\",\"provider\":\"a\",\"input\":1,\"output\":1,\"valid_from\":\"2023-01-01\"},{" \
	"\"model\":" \
	"\"m\",\"provider\":\"a\",\"input\":2,\"output\":2,\"valid_from\":\"2024-01-01\"},{\"model\":\"m\",\"provider\":" \
	"\"a\"," \
	"\"input\":9,\"output\":9,\"valid_from\":\"2199-01-01\"}]"
	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		assert_true(harness_call(harness, &flow_price_op,
								 "{\"model\":\"m\",\"tokens\":{\"input\":1000000},\"at\":\"%s\"," ROWS "}",
								 days[i].at));
		assert_float_equal(harness_number(harness, "/result/amount_micros"), days[i].micros, 0);
	}
	assert_false(harness_call(harness, &flow_price_op,
							  "{\"model\":\"m\",\"tokens\":{},\"at\":\"2022-12-31T00:00:00Z\"," ROWS "}"));
	assert_true(harness_refused(harness, "/model", "unknown_model"));
}

static int setup(void **state)
{
	const struct pack_kind *const kinds[] = {&flow_prices_kind};
	(void)state;
	harness = harness_new(kinds, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harness_free(harness);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_priced_by_the_pack),    cmocka_unit_test(the_longest_name_prices),
		cmocka_unit_test(own_prices_take_the_packs_place), cmocka_unit_test(prices_begin_on_their_day),
		cmocka_unit_test(a_call_is_priced_by_its_day),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
