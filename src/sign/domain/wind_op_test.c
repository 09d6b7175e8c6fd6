#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/steel_bed.h"
#include "sign/domain/wind_op.h"

static struct harness *harness;

static double result(const char *member)
{
	char pointer[80];
	snprintf(pointer, sizeof pointer, "/result/%s", member);
	return harness_number(harness, pointer);
}

/* REF: ASCE 7-10 eq. 29.3-1; ASCE 7-10 eq. 29.4-1 */
static void w1(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"code\":\"ASCE7-10\",\"wind_speed_mph\":155,\"exposure\":\"D\",\"height_ft\":20,"
							 "\"sign_height_ft\":3,\"sign_width_ft\":3,\"area_ft2\":7.48}"));
	near_share(result("kz"), 1.083, 1e-3);
	near_share(result("qh_psf"), 56.62, 1e-3);
	near_share(result("cf"), 1.80, 1e-9);
	near_share(result("force_lb"), 648, 1e-3);
	near_share(result("asd/force_lb"), 388.8, 1e-3);
}

/* REF: ASCE 7-16 eq. 26.10-1; ASCE 7-16 eq. 29.3-1; ASCE 7-16 figure 29.3-1 Case B; ASCE 7-16 section 26.11.1 */
static void w4(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_wind_op, "%s", sign_wind_op.example));
	near_share(result("cf"), 1.7625, 1e-3);
	near_share(result("kz"), .902, 1e-3);
	near_share(result("qh_psf"), 25.954, 1e-3);
	near_share(result("force_lb"), 3732.7, 1e-3);
	near_share(result("pressure_psf"), 38.88, 1e-3);
	near_share(result("asd/force_lb"), 2239.6, 1e-3);
	assert_float_equal(result("arm_ft"), 16, 0);
	near_share(result("moment_base_lbft"), 59723, 1e-3);
	near_share(result("case_b/torsion_lbft"), 8958.5, 1e-3);
	assert_string_equal(harness_text(harness, "/result/total/governing_case"), "B");
}

static void every_fault_is_named(void **state)
{
	(void)state;
	assert_false(
		harness_call(harness, &sign_wind_op,
					 "{\"exposure\":\"E\",\"height_ft\":10,\"sign_height_ft\":12,\"sign_width_ft\":5,\"wind\":1}"));
	assert_true(harness_refused(harness, "/wind_speed_mph", "required"));
	assert_true(harness_refused(harness, "/exposure", "enum"));
	assert_true(harness_refused(harness, "/wind", "unknown_field"));
	assert_false(harness_call(
		harness, &sign_wind_op,
		"{\"wind_speed_mph\":100,\"height_ft\":10,\"sign_height_ft\":12,\"sign_width_ft\":5,\"kzt\":1.2,"
		"\"hill\":{\"shape\":\"ridge\",\"height_ft\":20,\"half_length_ft\":50},\"ke\":1,\"ground_elevation_ft\":5,"
		"\"gust\":\"flexible\"}"));
	assert_true(harness_refused(harness, "/sign_height_ft", "greater_than_height"));
	assert_true(harness_refused(harness, "/hill", "conflict"));
	assert_true(harness_refused(harness, "/ground_elevation_ft", "conflict"));
	assert_true(harness_refused(harness, "/natural_frequency_hz", "required"));
	assert_false(harness_call(harness, &sign_wind_op,
							  "{\"wind_speed_mph\":600,\"height_ft\":10,\"sign_height_ft\":5,\"sign_width_ft\":5}"));
	assert_true(harness_refused(harness, "/wind_speed_mph", "range"));
	assert_false(harness_call(harness, &sign_wind_op,
							  "{\"wind_speed_mph\":100,\"height_ft\":10,\"sign_height_ft\":5,\"sign_width_ft\":5,"
							  "\"area_ft2\":25.1,\"kzt\":3.1,\"kd\":0.4,\"solid_ratio\":0,"
							  "\"poles\":{\"count\":13,\"shape\":\"oval\"}}"));
	assert_true(harness_refused(harness, "/kzt", "range"));
	assert_true(harness_refused(harness, "/kd", "range"));
	assert_true(harness_refused(harness, "/solid_ratio", "range"));
	assert_true(harness_refused(harness, "/poles/count", "range"));
	assert_true(harness_refused(harness, "/poles/shape", "enum"));
	assert_true(harness_refused(harness, "/poles/width_in", "required"));
	assert_false(harness_call(harness, &sign_wind_op,
							  "{\"wind_speed_mph\":100,\"height_ft\":10,\"sign_height_ft\":5,\"sign_width_ft\":5,"
							  "\"area_ft2\":25.1,\"poles\":{\"width_in\":4,\"from_ft\":6}}"));
	assert_true(harness_refused(harness, "/area_ft2", "range"));
	assert_true(harness_refused(harness, "/poles/from_ft", "range"));
	assert_false(harness_call(harness, &sign_wind_op,
							  "{\"wind_speed_mph\":100,\"height_ft\":10,\"sign_height_ft\":5,\"sign_width_ft\":5,"
							  "\"poles\":{\"width_in\":4,\"from_ft\":6,\"to_ft\":3}}"));
	assert_true(harness_refused(harness, "/poles/to_ft", "range"));
}

/* REF: ASCE 7-10 figure 29.4-1; ASCE 7-16 section 26.8.1: what the answer says besides its figures */
static void traced(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &sign_wind_op,
					 "{\"code\":\"ASCE7-10\",\"wind_speed_mph\":115,\"height_ft\":20,\"sign_height_ft\":8,"
					 "\"sign_width_ft\":12,\"hill\":{\"shape\":\"hill\",\"height_ft\":40,\"half_length_ft\":100},"
					 "\"poles\":{\"width_in\":8}}"));
	assert_string_equal(harness_text(harness, "/result/cf_source"), "ASCE 7-10 figure 29.4-1");
	double k1 = harness_number(harness, "/trace/intermediates/k1"),
		   k3 = harness_number(harness, "/trace/intermediates/k3");
	near_share(k1, 1.05 * .4, 2e-3);
	near_share(result("kzt"), (1 + k1 * k3) * (1 + k1 * k3), 2e-3);
	assert_float_equal(harness_number(harness, "/trace/intermediates/alpha"), 9.5, 0);
	assert_float_equal(harness_number(harness, "/trace/intermediates/pole_cf"), result("poles/cf"), 0);
	assert_true(harness_number(harness, "/trace/intermediates/pole_kzt") > result("kzt")); /* nearer to the ground */
	assert_true(harness_noted(harness, "kd_of_sign"));
	assert_true(harness_noted(harness, "rigid_structure"));
	near_share(result("total/force_lb"), result("force_lb") + result("poles/force_lb"), 1e-6);
	near_share(result("total/moment_base_lbft"), result("moment_base_lbft") + result("poles/moment_base_lbft"), 1e-6);
	near_share(result("asd/moment_base_lbft"), .6 * result("lrfd/moment_base_lbft"), 1e-6);
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"wind_speed_mph\":115,\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12,"
							 "\"hill\":{\"shape\":\"ridge\",\"height_ft\":10,\"half_length_ft\":20}}"));
	assert_true(harness_noted(harness, "kzt_conditions"));
	assert_float_equal(result("kzt"), 1, 0);
}

/* REF: ASCE 7-22 chapter 32; ASCE 7-22 eq. 26.10-1 */
static void notes(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"code\":\"ASCE7-10\",\"wind_speed_mph\":115,\"height_ft\":20,\"sign_height_ft\":8,"
							 "\"sign_width_ft\":12,\"ground_elevation_ft\":5000}"));
	assert_float_equal(result("ke"), 1, 0);
	assert_true(harness_noted(harness, "ke_not_in_edition"));
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"code\":\"ASCE7-22\",\"risk_category\":\"III\",\"wind_speed_mph\":115,\"height_ft\":20,"
							 "\"sign_height_ft\":8,\"sign_width_ft\":12}"));
	assert_true(harness_noted(harness, "tornado_not_checked"));
	near_share(result("qh_psf"), .00256 * result("kz") * 115 * 115, 1e-3); /* without Kd */
	near_share(result("force_lb"), result("qh_psf") * .85 * .85 * 1.7625 * 96, 1e-3);
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"wind_speed_mph\":115,\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12,"
							 "\"natural_frequency_hz\":0.5}"));
	assert_true(harness_noted(harness, "flexible_structure"));
	assert_float_equal(harness_number(harness, "/confidence"), .9, 0);
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(w1),     cmocka_unit_test(w4),    cmocka_unit_test(every_fault_is_named),
		cmocka_unit_test(traced), cmocka_unit_test(notes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
