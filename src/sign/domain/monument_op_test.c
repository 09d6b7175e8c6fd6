#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/monument_op.h"
#include "sign/domain/wind_op.h"
#include "sign/sign.h"

static struct harness *harness;

static double number(const char *pointer)
{
	return harness_number(harness, pointer);
}

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

#define WALL "\"wind_speed_mph\":115,\"exposure\":\"C\",\"height_ft\":6,\"sign_height_ft\":6,\"sign_width_ft\":10"

/* The parts by their own doors: one body each, the same figures. */
static void it_is_its_parts(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_wind_op, "{" WALL "}"));
	double force = number("/result/force_lb"), moment = number("/result/moment_base_lbft");
	assert_near(number("/result/arm_ft"), 3.3, 1e-9); /* s = h: 3 ft and .05 h */
	assert_true(
		harness_call(harness, &sign_footing_spread_op,
					 "{\"length_ft\":5,\"width_ft\":10,\"thickness_ft\":1.5,\"vertical_lb\":3600,\"force_lb\":%.10g,"
					 "\"height_ft\":%.10g,\"column\":{\"width_in\":120,\"depth_in\":12}}",
					 .6 * force, moment / force));
	double q_max = number("/result/q_max_psf"), sf = number("/result/sf_overturning");
	assert_true(harness_call(harness, &sign_monument_op,
							 "{" WALL ",\"weight_psf\":60,\"footing\":{\"length_ft\":5,\"thickness_ft\":1.5}}"));
	assert_near(number("/result/wind/force_lb"), force, 1e-9);
	assert_near(number("/result/footing/q_max_psf"), q_max, 2e-3);
	assert_near(number("/result/footing/sf_overturning"), sf, 2e-3);
	assert_near(number("/result/footing/width_ft"), 10, 0);
	assert_int_equal(harness_count(harness, "/result/posts"), -2);
	assert_int_equal(harness_count(harness, "/result/checks"), harness_count(harness, "/result/footing/checks"));
}

/* Brute force: nothing with less concrete passes, by the operation's own door. */
static void the_strip_is_the_least(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_monument_op, "%s", sign_monument_op.example));
	assert_true(harness_bool(harness, "/result/all_pass"));
	double length = number("/result/footing/length_ft"), thick = number("/result/footing/thickness_ft");
	for (double t = .75; t <= 3; t += .25)
		for (double l = 1; l <= 20 && l * t < length * thick - 1e-9; l += .25) {
			assert_true(harness_call(harness, &sign_monument_op,
									 "{" WALL ",\"weight_psf\":60,\"footing\":{\"length_ft\":%g,\"thickness_ft\":%g}}",
									 l, t));
			assert_true(!harness_bool(harness, "/result/all_pass") || harness_noted(harness, "shallow_footing"));
		}
}

static void more_wind_never_takes_less_concrete(void **state)
{
	(void)state;
	double before = 0;
	for (double speed = 70; speed <= 200; speed += 10) {
		assert_true(harness_call(harness, &sign_monument_op,
								 "{\"wind_speed_mph\":%g,\"height_ft\":8,\"sign_height_ft\":6,\"sign_width_ft\":12}",
								 speed));
		assert_true(harness_bool(harness, "/result/all_pass"));
		double yards = number("/result/footing/concrete_yards");
		assert_true(yards >= before);
		before = yards;
	}
}

#define POSTS \
	"\"posts\":{\"count\":2,\"spacing_ft\":6,\"plate\":{\"w_in\":14,\"l_in\":14,\"t_in\":1.25},\"column\":{\"shape\":" \
	"\"rect\",\"d_in\":6,\"b_in\":6},\"anchors\":{\"dia_in\":0.75}}"

/* Two posts by hand: half of M and V, and Case B's torsion as a couple over their spacing. */
static void posts_share_and_twist_becomes_a_couple(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_monument_op, "{" WALL ",\"level\":\"lrfd\"," POSTS "}"));
	double force = number("/result/wind/force_lb"), moment = number("/result/wind/moment_base_lbft");
	double couple = number("/result/wind/case_b/torsion_lbft") / 6, arm = moment / force;
	double v = (force / 2 + couple) / 1000, m = (moment / 2 + couple * arm) * 12 / 1000;
	assert_near(number("/result/posts/per_post/V_kip"), v, 1e-3);
	assert_near(number("/result/posts/per_post/M_kipin"), m, 2e-3);
	assert_near(number("/result/posts/per_post/T_kipin"), 0, 0);
	assert_near(number("/result/posts/per_post/P_kip"), .9 * .6 / 2, 1e-3); /* REF: ASCE 7-16 section 2.3.1 */
	double t = number("/result/posts/baseplate/t_required_in");
	assert_true(
		harness_call(harness, &sign_baseplate_op,
					 "{\"level\":\"lrfd\",\"plate\":{\"w_in\":14,\"l_in\":14,\"t_in\":1.25},\"column\":{\"shape\":"
					 "\"rect\",\"d_in\":6,\"b_in\":6},\"anchors\":{\"dia_in\":0.75},\"loads\":{\"M_kipin\":%.10g,"
					 "\"V_kip\":%.10g,\"P_kip\":0.27}}",
					 m, v));
	assert_near(number("/result/t_required_in"), t, 2e-3);
}

/* At allowable-stress level: REF: ASCE 7-16 section 2.4.1 */
static void the_level_scales_the_posts(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_monument_op, "{" WALL ",\"level\":\"lrfd\"," POSTS "}"));
	double lrfd = number("/result/posts/per_post/M_kipin"), footing = number("/result/footing/q_max_psf");
	assert_true(harness_call(harness, &sign_monument_op, "{" WALL "," POSTS "}"));
	assert_near(number("/result/posts/per_post/M_kipin"), .6 * lrfd, 2e-3);
	assert_near(number("/result/footing/q_max_psf"), footing, 1e-9);
	assert_near(number("/result/posts/per_post/P_kip"), .6 * .6 / 2, 1e-3);
}

static void faults_say_where(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &sign_monument_op,
							  "{\"wind_speed_mph\":115,\"height_ft\":6,\"sign_height_ft\":7,"
							  "\"sign_width_ft\":10}"));
	assert_true(harness_refused(harness, "/sign_height_ft", "greater_than_height"));
	assert_false(harness_call(harness, &sign_monument_op,
							  "{" WALL
							  ",\"posts\":{\"plate\":{\"w_in\":4,\"l_in\":14,\"t_in\":1},\"column\":{\"d_in\":6},"
							  "\"anchors\":{\"num_anchors\":3}}}"));
	assert_true(harness_refused(harness, "/posts/plate/w_in", "smaller_than_column"));
	assert_true(harness_refused(harness, "/posts/anchors/num_anchors", "range"));
	assert_false(harness_call(harness, &sign_monument_op,
							  "{" WALL ",\"depth_ft\":3,\"footing\":{\"length_ft\":2.9,\"thickness_ft\":1}}"));
	assert_true(harness_refused(harness, "/footing/length_ft", "narrower_than_wall"));
	/* along the wall a footing may be shorter than the wall */
	assert_true(harness_call(harness, &sign_monument_op,
							 "{" WALL ",\"footing\":{\"length_ft\":4,\"width_ft\":6,\"thickness_ft\":1}}"));
}

static void nothing_feasible_says_so(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_monument_op,
							 "{\"wind_speed_mph\":300,\"height_ft\":300,\"sign_height_ft\":300,\"sign_width_ft\":1}"));
	assert_true(harness_noted(harness, "no_feasible"));
	assert_false(harness_bool(harness, "/result/all_pass"));
	assert_true(number("/confidence") <= .6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_its_parts),
		cmocka_unit_test(the_strip_is_the_least),
		cmocka_unit_test(more_wind_never_takes_less_concrete),
		cmocka_unit_test(posts_share_and_twist_becomes_a_couple),
		cmocka_unit_test(the_level_scales_the_posts),
		cmocka_unit_test(faults_say_where),
		cmocka_unit_test(nothing_feasible_says_so),
	};
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
