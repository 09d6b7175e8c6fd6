#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seal/harness.h"
#include "sign/domain/price.h"
#include "sign/sign.h"

static struct harness *harness;

static void base_fee_changes_above_25_ft(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_price_op, "{\"height_ft\":25}"));
	assert_float_equal(harness_number(harness, "/result/total_usd"), 200, 0);
	assert_true(harness_call(harness, &sign_price_op, "{\"height_ft\":25.001}"));
	assert_float_equal(harness_number(harness, "/result/total_usd"), 300, 0);
	assert_string_equal(harness_text(harness, "/result/pricing_version"), "v1");
	assert_string_equal(harness_text(harness, "/result/effective_from"), "2024-01-01");
}

static void addons_add_lines(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_price_op,
							 "{\"height_ft\":40,\"addons\":[\"hard_copies\",\"calc_packet\",\"hard_copies\"]}"));
	assert_float_equal(harness_number(harness, "/result/total_usd"), 300 + 35 + 60, 0);
	assert_int_equal(harness_count(harness, "/result/line_items"), 3);
	assert_float_equal(harness_number(harness, "/result/line_items/1/quantity"), 2, 0);
	assert_float_equal(harness_number(harness, "/result/line_items/1/subtotal_usd"), 60, 0);
}

static void bad_input_names_every_fault(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":40,\"addons\":[\"gold_leaf\"]}"));
	assert_true(harness_refused(harness, "/addons/0", "unknown_addon"));
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":501,\"colour\":1,\"code\":\"ASCE7-05\"}"));
	assert_true(harness_refused(harness, "/height_ft", "range"));
	assert_true(harness_refused(harness, "/colour", "unknown_field"));
	assert_true(harness_refused(harness, "/code", "enum"));
}

static void only_lists_in_force_are_used(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":10,\"version\":\"v9\"}"));
	assert_true(harness_refused(harness, NULL, "pack_version"));
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":10,\"on_date\":\"2023-12-31\"}"));
	assert_true(harness_refused(harness, NULL, "pack_version"));
	assert_true(harness_call(harness, &sign_price_op,
							 "{\"height_ft\":10,\"version\":\"v1\",\"on_date\":\"2023-12-31\",\"preview\":true}"));
	assert_true(harness_noted(harness, "pack_not_in_force"));
	assert_float_equal(harness_number(harness, "/confidence"), .9, 0);
}

/* [sign.md 2.10] an unknown list is refused, but a preview shows the one in force and warns */
static void a_preview_shows_the_list_in_force(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":10,\"version\":\"v9\"}"));
	assert_true(harness_refused(harness, NULL, "pack_version"));
	assert_true(harness_call(harness, &sign_price_op, "{\"height_ft\":30,\"version\":\"v9\",\"preview\":true}"));
	assert_string_equal(harness_text(harness, "/result/pricing_version"), "v1");
	assert_float_equal(harness_number(harness, "/result/total_usd"), 300, 0);
	assert_true(harness_noted(harness, "pack_unknown"));
	assert_float_equal(harness_number(harness, "/confidence"), .9, 0);
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":501,\"addons\":[\"calc_packet\",\"tea\"]}"));
	assert_true(harness_refused(harness, "/height_ft", "range"));
	assert_true(harness_refused(harness, "/addons/1", "unknown_addon"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_fee_changes_above_25_ft),      cmocka_unit_test(addons_add_lines),
		cmocka_unit_test(bad_input_names_every_fault),       cmocka_unit_test(only_lists_in_force_are_used),
		cmocka_unit_test(a_preview_shows_the_list_in_force),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
