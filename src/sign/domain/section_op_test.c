#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "seal/harness.h"
#include "sign/domain/section_op.h"
#include "sign/sign.h"

#define near(x, expected, tolerance) near_at((x), (expected), (tolerance), __LINE__)

static void near_at(double x, double expected, double tolerance, int line)
{
	if (!(fabs(x - expected) <= tolerance))
		fail_msg("line %d: %.9g, expected %.9g", line, x, expected);
}

static struct harness *harness;

static bool call(const char *body)
{
	return harness_call(harness, &sign_sections_op, "%s", body);
}

static void designations_answer_in_the_order_asked(void **state)
{
	(void)state;
	assert_true(call("{\"designations\":[\"w8x18\",\"Pipe8STD\",\"hss5.000x0.250\",\"W8X18\"]}"));
	assert_int_equal(harness_count(harness, "/result/sections"), 4);
	assert_string_equal(harness_text(harness, "/result/sections/0/designation"), "W8X18");
	assert_string_equal(harness_text(harness, "/result/sections/0/type"), "W");
	assert_string_equal(harness_text(harness, "/result/sections/1/type"), "pipe");
	assert_string_equal(harness_text(harness, "/result/sections/2/designation"), "HSS5.000X0.250");
	assert_int_equal(harness_count(harness, "/result/unknown"), 0);
	near(harness_number(harness, "/confidence"), 1, 0);
}

static void figures_carry_six_digits(void **state)
{
	(void)state;
	assert_true(call("{\"designation\":\"W6X15\"}"));
	near(harness_number(harness, "/result/sections/0/J"), .101972, 1e-9);
	near(harness_number(harness, "/result/sections/0/A"), 4.43, 0);
	assert_int_equal(harness_count(harness, "/result/sections/0/t_des"), -2);
	assert_int_equal(harness_count(harness, "/result/sections/0/C"), -2);
	assert_true(call("{\"designation\":\"HSS4X4X3/16\"}"));
	near(harness_number(harness, "/result/sections/0/t_des"), .174375, 0);
	assert_string_equal(harness_text(harness, "/result/sections/0/source"), "computed");
}

static void unknown_ones_are_named(void **state)
{
	(void)state;
	assert_true(call("{\"designations\":[\"HSS4X4X1/4\",\"HSS99X99X9\",\"nonsense\"]}"));
	assert_int_equal(harness_count(harness, "/result/sections"), 1);
	assert_int_equal(harness_count(harness, "/result/unknown"), 2);
	assert_true(harness_noted(harness, "unknown_section"));
	near(harness_number(harness, "/confidence"), .8, 0);
	assert_true(call("{\"designation\":\"W44X335\"}"));
	assert_int_equal(harness_count(harness, "/result"), -2);
	assert_true(harness_noted(harness, "abstain.no_section_data"));
	assert_non_null(strstr(harness_answer(harness), "W44X335"));
}

static void families_filter_and_limit(void **state)
{
	(void)state;
	assert_true(call("{\"families\":[\"pipe\"],\"limit\":2000}"));
	assert_int_equal(harness_count(harness, "/result/sections"), 51);
	assert_string_equal(harness_text(harness, "/result/sections/0/designation"), "Pipe1/2STD");
	assert_true(call("{\"families\":[\"pipe\",\"HSS_square\"],\"min_Zx_in3\":20,\"max_weight_lb_ft\":40,"
					 "\"max_depth_in\":9}"));
	int count = harness_count(harness, "/result/sections");
	assert_true(count > 2);
	for (int i = 0; i < count; i++) {
		char pointer[64];
		snprintf(pointer, sizeof pointer, "/result/sections/%d/Zx", i);
		assert_true(harness_number(harness, pointer) >= 20);
		snprintf(pointer, sizeof pointer, "/result/sections/%d/W", i);
		assert_true(harness_number(harness, pointer) <= 40);
		snprintf(pointer, sizeof pointer, "/result/sections/%d/d", i);
		assert_true(harness_number(harness, pointer) <= 9);
	}
	assert_true(call("{}"));
	assert_int_equal(harness_count(harness, "/result/sections"), 100);
	assert_true(harness_noted(harness, "limited"));
	assert_true(call("{\"limit\":2000}"));
	assert_int_equal(harness_count(harness, "/result/sections"), 825);
	assert_true(call("{\"families\":[\"W\"],\"max_depth_in\":1}"));
	assert_int_equal(harness_count(harness, "/result/sections"), 0);
	assert_false(harness_noted(harness, "abstain.no_section_data"));
}

static void a1085_changes_hss_only(void **state)
{
	(void)state;
	assert_true(call("{\"designations\":[\"HSS8X8X1/4\",\"Pipe8STD\"],\"standard\":\"A1085\"}"));
	near(harness_number(harness, "/result/sections/0/t_des"), .25, 0);
	near(harness_number(harness, "/result/sections/1/t_des"), .29946, 0);
}

static void pipes_published_from_another_wall_say_so(void **state)
{
	(void)state;
	assert_true(call("{\"designation\":\"Pipe14XS\"}"));
	assert_true(harness_noted(harness, "published_wall_differs"));
	near(harness_number(harness, "/confidence"), 1, 0);
	assert_true(call("{\"designation\":\"Pipe10XS\"}"));
	assert_false(harness_noted(harness, "published_wall_differs"));
}

static void bad_input_names_every_fault(void **state)
{
	(void)state;
	assert_false(call("{\"designation\":\"W8X18\",\"designations\":[\"W8X18\"],\"families\":[\"W\"],"
					  "\"min_Zx_in3\":5}"));
	assert_true(harness_refused(harness, "/designations", "conflict"));
	assert_true(harness_refused(harness, "/families", "conflict"));
	assert_true(harness_refused(harness, "/min_Zx_in3", "conflict"));
	assert_false(call("{\"families\":[\"angle\"],\"limit\":0,\"standard\":\"A36\",\"colour\":1}"));
	assert_true(harness_refused(harness, "/families/0", "enum"));
	assert_true(harness_refused(harness, "/limit", "range"));
	assert_true(harness_refused(harness, "/standard", "enum"));
	assert_true(harness_refused(harness, "/colour", "unknown_field"));
	assert_false(call("{\"designation\":\"W8X18\",\"packs\":{\"sections\":\"v7\"}}"));
	assert_true(harness_refused(harness, NULL, "pack_version"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(designations_answer_in_the_order_asked),
		cmocka_unit_test(figures_carry_six_digits),
		cmocka_unit_test(unknown_ones_are_named),
		cmocka_unit_test(families_filter_and_limit),
		cmocka_unit_test(a1085_changes_hss_only),
		cmocka_unit_test(pipes_published_from_another_wall_say_so),
		cmocka_unit_test(bad_input_names_every_fault),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
