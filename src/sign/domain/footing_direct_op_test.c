#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "seal/harness.h"
#include "sign/domain/footing_bed.h"
#include "sign/domain/footing_direct_op.h"
#include "sign/domain/steel_bed.h"

static struct harness *harness;

#define CALL(...) harness_call(harness, &sign_footing_direct_op, __VA_ARGS__)

static double result(const char *member)
{
	return bed_result(harness, member);
}

static double row(const char *name, const char *member)
{
	return bed_row(harness, name, member);
}

/* [sign 9 F1] [sign 9 F2] [sign 9 F3] */
static void worked_examples(void **state)
{
	(void)state;
	assert_true(CALL("{\"footing\":{\"diameter_ft\":1.5},\"loads\":{\"force_lb\":480,\"height_ft\":5},"
					 "\"soil\":{\"lateral_psf_ft\":100}}"));
	near_share(result("A_ft"), 3.488, .001);
	near_share(result("required_depth_ft"), 6.44, .001);
	near(result("min_depth_ft"), 6.5, 0);
	assert_true(CALL("{\"footing\":{\"diameter_ft\":1.5},\"loads\":{\"force_lb\":480,\"height_ft\":5},"
					 "\"soil\":{\"lateral_psf_ft\":100},\"half_inch_motion\":true}"));
	near_share(result("required_depth_ft"), 4.88, .001);
	assert_true(CALL("{\"footing\":{\"diameter_ft\":1},\"loads\":{\"force_lb\":3000,\"height_ft\":10},"
					 "\"soil\":{\"class\":4},\"trial_depth_ft\":6,\"increase\":1.33}"));
	near_share(result("s1_psf"), 399, 1e-9);
	near_share(result("A_ft"), 17.594, .001);
	assert_true(harness_noted(harness, "increase"));
	assert_true(CALL("{\"footing\":{\"diameter_ft\":2},\"loads\":{\"force_lb\":500,\"height_ft\":10},"
					 "\"soil\":{\"class\":3}}"));
	near_share(result("required_depth_ft"), 5.209, .001);
	assert_true(CALL("{\"footing\":{\"diameter_ft\":2},\"loads\":{\"force_lb\":500,\"height_ft\":10},"
					 "\"soil\":{\"class\":3},\"half_inch_motion\":true}"));
	near_share(result("required_depth_ft"), 4.031, .001);
	assert_true(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":3000,\"height_ft\":10},"
					 "\"soil\":{\"lateral_psf_ft\":300}}"));
	near_share(result("required_depth_ft"), 7.559, .001);
}

/* REF: IBC 1806.3.4; IBC 1806.1; IBC 1806.2; ASCE 7-16 section 2.4.1: published calculations of others: a flagpole
 * of 30.55 ft by IBC 1806.3.4, a constrained square of 12.60 ft. */
static void published_cases(void **state)
{
	(void)state;
	assert_true(CALL("{\"footing\":{\"diameter_ft\":6},\"loads\":{\"force_lb\":100000,\"height_ft\":62.11},"
					 "\"soil\":{\"lateral_psf_ft\":200},\"half_inch_motion\":true}"));
	near_share(result("required_depth_ft"), 30.55, .005); /* its iteration stopped at 0.3 % */
	assert_true(CALL("{\"footing\":{\"shape\":\"square\",\"diameter_ft\":10.5},\"method\":\"constrained\","
					 "\"loads\":{\"force_lb\":33700,\"height_ft\":39.4},\"soil\":{\"class\":4},\"increase\":1.33}"));
	near_share(result("b_ft"), 178.19 / 12, 1e-4);
	near_share(result("required_depth_ft"), 12.60, .001);
	near_share(result("s3_psf"), 2394, 1e-4);
	assert_true(isnan(result("A_ft")) && isnan(result("s1_psf")));
	assert_true(harness_bool(harness, "/result/cap_active"));
	assert_true(harness_noted(harness, "constrained"));
}

/*
 * REF: IBC 1807.3.2.1; IBC 1807.3.2.2: where S3 stands still and S1 still grows, the free pier needs less, and a
 * restrained one no more.  By hand, 3000 lb at 300 ft on 1.5 ft in 100 psf/ft: constrained √(4.25·3000·300/(1200·1.5))
 * = 46.10 ft; nonconstrained, S1 at 12 ft, A = 2.34·3000/(1200·1.5) = 3.9: 1.95(1 + √(1 + 4.36·300/3.9)) = 37.71 ft.
 */
static void restraint_never_asks_for_more(void **state)
{
	(void)state;
	assert_true(CALL("{\"footing\":{\"diameter_ft\":1.5},\"method\":\"constrained\",\"soil\":{\"class\":5},"
					 "\"loads\":{\"force_lb\":3000,\"height_ft\":300}}"));
	near_share(result("required_depth_ft"), 37.71, 2e-4);
	near(result("s3_psf"), 1200, 0);
	assert_true(isnan(result("A_ft")));
	assert_true(harness_noted(harness, "restraint_not_used"));
	/* By hand, 900 lb at 20 ft on 2 ft in 150 psf/ft: ∛(4.25·900·20/(2·150)) = 6.341 ft, S3 951.2 psf. */
	assert_true(CALL("{\"footing\":{\"diameter_ft\":2},\"method\":\"constrained\","
					 "\"loads\":{\"force_lb\":900,\"height_ft\":20}}"));
	near_share(result("required_depth_ft"), 6.341, 2e-4);
	near_share(result("s3_psf"), 951.2, 2e-4);
	assert_false(harness_noted(harness, "restraint_not_used"));
}

/* [sign.md 8] one body, all of its faults */
/* REF: IBC 1807.3.2.1: 12 ft of the depth at which S1 is read; the other reading is told where it differs. */
static void twelve_feet_are_told(void **state)
{
	(void)state;
	const char *format = "{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":%g,\"height_ft\":25}%s}";
	assert_true(harness_call(harness, &sign_footing_direct_op, format, 12000., ""));
	assert_float_equal(harness_number(harness, "/result/required_depth_ft"), 20.796, 6e-4);
	assert_float_equal(harness_number(harness, "/result/s1_psf"), 1039.822, 6e-4);
	assert_false(harness_bool(harness, "/result/cap_active"));
	assert_true(harness_noted(harness, "twelve_feet"));
	assert_non_null(strstr(harness_answer(harness), "ask for 29.8 ft of it"));
	assert_true(harness_call(harness, &sign_footing_direct_op, format, 1000., ""));
	assert_true(harness_number(harness, "/result/required_depth_ft") < 12);
	assert_false(harness_noted(harness, "twelve_feet"));
	assert_true(harness_call(harness, &sign_footing_direct_op, format, 12000., ",\"method\":\"constrained\""));
	assert_false(harness_noted(harness, "twelve_feet"));
}

static void all_faults_come_at_once(void **state)
{
	(void)state;
	assert_false(CALL("{\"footing\":{\"diameter_ft\":0},\"loads\":{\"force_lb\":3000},\"soil\":{\"class\":7},"
					  "\"trial_depth_ft\":2,\"surface_resistance_ignored_ft\":3}"));
	assert_true(harness_refused(harness, "/footing/diameter_ft", "range"));
	assert_true(harness_refused(harness, "/soil/class", "range"));
	assert_true(harness_refused(harness, "/loads", "need_two"));
	assert_true(harness_refused(harness, "/trial_depth_ft", "range"));
	assert_int_equal(harness_count(harness, "/errors"), 4);
}

/* Any two of P, h and M are the same question. */
static void two_of_three(void **state)
{
	(void)state;
	static const char *const loads[] = {
		"\"force_lb\":2000,\"height_ft\":15",
		"\"force_lb\":2000,\"M_pole_kipft\":30",
		"\"height_ft\":15,\"M_pole_kipft\":30",
		"\"force_lb\":2000,\"height_ft\":15,\"M_pole_kipft\":30.1",
	};
	double first = NAN;
	for (int i = 0; i < 4; i++) {
		assert_true(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{%s}}", loads[i]));
		if (i == 0)
			first = result("required_depth_ft");
		near(result("required_depth_ft"), first, 1e-9);
	}
	for (int i = 0; i < 3; i++) {
		static const char *const one[] = {"\"force_lb\":2000", "\"height_ft\":15", "\"M_pole_kipft\":30"};
		assert_false(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{%s}}", one[i]));
		assert_true(harness_refused(harness, "/loads", "need_two"));
	}
	assert_false(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2000,\"height_ft\":15,"
					  "\"M_pole_kipft\":30.2}}"));
	assert_true(harness_refused(harness, "/loads", "conflict"));
	assert_false(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":0,\"M_pole_kipft\":30}}"));
	assert_true(harness_refused(harness, "/loads/force_lb", "range"));
	assert_false(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{\"height_ft\":0,\"M_pole_kipft\":30}}"));
	assert_true(harness_refused(harness, "/loads/height_ft", "range"));
	assert_true(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":0,\"height_ft\":15}}"));
	near(result("min_depth_ft"), 3, 0);
}

/* [sign 8] */
static void mistakes_are_named(void **state)
{
	(void)state;
	assert_false(CALL("{\"footing\":{\"diameter_ft\":0},\"loads\":{\"force_lb\":1,\"height_ft\":1},"
					  "\"soil\":{\"class\":7},\"increase\":1.5,\"num_poles\":13,\"colour\":1}"));
	assert_true(harness_refused(harness, "/footing/diameter_ft", "range"));
	assert_true(harness_refused(harness, "/soil/class", "range"));
	assert_true(harness_refused(harness, "/increase", "range"));
	assert_true(harness_refused(harness, "/num_poles", "range"));
	assert_true(harness_refused(harness, "/colour", "unknown_field"));
	assert_false(CALL("{}"));
	assert_true(harness_refused(harness, "/footing", "required"));
	assert_true(harness_refused(harness, "/loads", "required"));
	assert_false(CALL("{\"footing\":{\"diameter_ft\":2},\"loads\":{\"force_lb\":9},\"trial_depth_ft\":2,"
					  "\"surface_resistance_ignored_ft\":2}"));
	assert_true(harness_refused(harness, "/trial_depth_ft", "range"));
	assert_true(harness_refused(harness, "/loads", "need_two"));
	assert_false(CALL("{\"footing\":{\"diameter_ft\":2},\"loads\":{\"force_lb\":9,\"height_ft\":1},"
					  "\"packs\":{\"soils\":\"v9\"}}"));
	assert_true(harness_refused(harness, NULL, "pack_version"));
}

/* [sign 2.14] beyond 50 ft */
static void too_deep_abstains(void **state)
{
	(void)state;
	assert_true(CALL("{\"footing\":{\"diameter_ft\":1},\"loads\":{\"force_lb\":50000,\"height_ft\":60},"
					 "\"soil\":{\"class\":5}}"));
	assert_int_equal(harness_count(harness, "/result"), -2);
	assert_true(harness_noted(harness, "abstain.depth"));
	near(harness_number(harness, "/confidence"), .5, 1e-9);
}

static void depth_to_build_rounds_up(void **state)
{
	(void)state;
	const char *body = "{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2000,\"height_ft\":15}%s}";
	assert_true(CALL(body, ""));
	double required = result("required_depth_ft"), built = result("min_depth_ft");
	assert_true(built >= required && built < required + .25);
	near(fmod(built * 4, 1), 0, 1e-9);
	near(result("min_depth_in"), built * 12, 1e-9);
	near_share(result("concrete_yards"), M_PI * 9 * built / 108, 1e-3);
	near_share(result("concrete_order_yards"), 1.1 * M_PI * 9 * built / 108, 1e-3);
	assert_true(harness_noted(harness, "frost_not_considered"));
	assert_true(CALL(body, ",\"frost_depth_ft\":11.1"));
	near(result("min_depth_ft"), 11.25, 0);
	assert_false(harness_noted(harness, "frost_not_considered"));
	assert_true(CALL(body, ",\"min_depth_ft\":10,\"depth_step_in\":7"));
	near(result("min_depth_in"), 126, 1e-9);
	assert_true(CALL(body, ",\"surface_resistance_ignored_ft\":2"));
	assert_true(result("required_depth_ft") > required + 2); /* less soil and a longer arm */
}

/* A trial depth is compared with what it gives; without one the depth to build is. */
static void trial_depth_is_judged(void **state)
{
	(void)state;
	const char *body = "{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2000,\"height_ft\":15},"
					   "\"trial_depth_ft\":%.3f}";
	assert_true(CALL("{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2000,\"height_ft\":15}}"));
	double required = result("required_depth_ft");
	near(row("lateral", "capacity"), result("min_depth_ft"), 1e-9);
	assert_true(harness_bool(harness, "/result/all_pass"));
	assert_true(CALL(body, required + .5));
	near(row("lateral", "capacity"), required + .5, .001);
	assert_true(row("lateral", "utilization") < 1 && harness_bool(harness, "/result/all_pass"));
	near(result("iterations"), 0, 0);
	assert_true(CALL(body, required - .5));
	assert_true(row("lateral", "utilization") > 1 && !harness_bool(harness, "/result/all_pass"));
}

static void rows_of_checks(void **state)
{
	(void)state;
	assert_true(CALL("{\"footing\":{\"diameter_ft\":2},\"num_poles\":2,\"loads\":{\"force_lb\":2000,\"height_ft\":12,"
					 "\"weight_lb\":3000,\"uplift_lb\":1000},\"soil\":{\"class\":5}}"));
	double built = result("min_depth_ft"), area = M_PI, pier = area * built * 150;
	near_share(row("bearing", "demand"), (1500 + pier) / area, 1e-6);
	near(row("bearing", "capacity"), 1500, 0);
	near(row("uplift", "demand"), 500, 0);
	near_share(row("uplift", "capacity"), .6 * (1500 + pier), 1e-6);
	near_share(row("pier_flexure", "demand"), 1000 * (12 + result("required_depth_ft") / 3) / .6, 1e-4);
	near_share(result("concrete_yards"), 2 * area * built / 27, 1e-3);
	assert_true(harness_noted(harness, "side_friction"));
	/* a pier too small for any cage fails in flexure and says so */
	assert_true(CALL("{\"footing\":{\"diameter_ft\":0.5},\"loads\":{\"force_lb\":100,\"height_ft\":8}}"));
	assert_false(harness_bool(harness, "/result/all_pass"));
	assert_true(harness_noted(harness, "small_diameter"));
}

/* [sign 2.13] min_depth ≥ required, through the whole operation */
static void grid_of_operations(void **state)
{
	(void)state;
	for (double p = 100; p <= 5000; p *= 2)
		for (double h = 2; h <= 50; h *= 2)
			for (int soil = 1; soil <= 5; soil++) {
				assert_true(CALL("{\"footing\":{\"diameter_ft\":2.5},\"loads\":{\"force_lb\":%f,\"height_ft\":%f},"
								 "\"soil\":{\"class\":%d}}",
								 p, h, soil));
				assert_true(result("min_depth_ft") >= result("required_depth_ft"));
			}
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(restraint_never_asks_for_more),
		cmocka_unit_test(twelve_feet_are_told),
		cmocka_unit_test(all_faults_come_at_once),
		cmocka_unit_test(worked_examples),
		cmocka_unit_test(published_cases),
		cmocka_unit_test(two_of_three),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(too_deep_abstains),
		cmocka_unit_test(depth_to_build_rounds_up),
		cmocka_unit_test(trial_depth_is_judged),
		cmocka_unit_test(rows_of_checks),
		cmocka_unit_test(grid_of_operations),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
