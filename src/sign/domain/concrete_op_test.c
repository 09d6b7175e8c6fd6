#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "seal/harness.h"
#include "sign/domain/concrete_op.h"
#include "sign/domain/steel_bed.h"

static struct harness *harness;

#define CALL(...) harness_call(harness, &sign_concrete_op, __VA_ARGS__)

static void round_and_rectangular(void **state)
{
	(void)state;
	assert_true(CALL("{\"diameter_ft\":3,\"depth_ft\":8}"));
	near(harness_number(harness, "/result/concrete_yards"), M_PI * 9 * 8 / 108, 5.1e-4);
	near(harness_number(harness, "/result/volume_cf"), M_PI * 18, 5.1e-4);
	near(harness_number(harness, "/result/order_yards"), 1.1 * M_PI * 9 * 8 / 108, 5.1e-4);
	near(harness_number(harness, "/result/weight_lb"), 150 * M_PI * 18, 5.1e-4);
	assert_true(CALL("{\"length_ft\":6,\"width_ft\":4.5,\"depth_ft\":2,\"waste_percent\":0}"));
	near(harness_number(harness, "/result/concrete_yards"), 2, 1e-9);
	near(harness_number(harness, "/result/order_yards"), 2, 1e-9);
	assert_true(CALL("{\"length\":6,\"width\":4.5,\"depth\":2}")); /* [sign.md 2.10] says these too */
	near(harness_number(harness, "/result/concrete_yards"), 2, 1e-9);
}

static void one_form_only(void **state)
{
	(void)state;
	assert_false(CALL("{\"depth_ft\":8}"));
	assert_true(harness_refused(harness, "/diameter_ft", "required"));
	assert_false(CALL("{\"diameter_ft\":3,\"length_ft\":8,\"depth_ft\":8}"));
	assert_true(harness_refused(harness, "/length_ft", "conflict"));
	assert_false(CALL("{\"diameter_ft\":3,\"width_ft\":8,\"depth_ft\":8}"));
	assert_true(harness_refused(harness, "/width_ft", "conflict"));
	assert_false(CALL("{\"width_ft\":8,\"depth_ft\":8}"));
	assert_true(harness_refused(harness, "/length_ft", "required"));
	assert_false(CALL("{\"length_ft\":8,\"depth_ft\":8}"));
	assert_true(harness_refused(harness, "/width_ft", "required"));
	assert_false(CALL("{\"diameter_ft\":0,\"waste_percent\":51}"));
	assert_true(harness_refused(harness, "/diameter_ft", "range"));
	assert_true(harness_refused(harness, "/depth_ft", "required"));
	assert_true(harness_refused(harness, "/waste_percent", "range"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {cmocka_unit_test(round_and_rectangular), cmocka_unit_test(one_form_only)};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
