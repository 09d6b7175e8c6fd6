/*
 * Bodies at random for snow and ice, seismic, cantilevers and monuments: each answer again by a formulation that shares
 * nothing with the operation but the packs, or by its parts through their own doors, and the laws beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/rng.h"
#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/cantilever_op.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/monument_op.h"
#include "sign/domain/section_op.h"
#include "sign/domain/seismic_op.h"
#include "sign/domain/snow_ice_op.h"
#include "sign/domain/wind_op.h"
#include "sign/sign.h"

static struct harness *harness;
static struct rng rng;

static const char *const risks[] = {"I", "II", "III", "IV"};

static double number(const char *pointer)
{
	return harness_number(harness, pointer);
}

/* What was rounded to three decimals, and a share for figures that were made of rounded ones. */
static void same(double is, double by_hand, double share, int line)
{
	if (!(fabs(is - by_hand) <= 6e-4 + share * fabs(by_hand)))
		fail_msg("line %d: %.9g, by the second way %.9g", line, is, by_hand);
}
#define SAME(is, by_hand, share) same(is, by_hand, share, __LINE__)

static double between(double low, double high)
{
	return low + (high - low) * rng_unit(&rng);
}

/* --- seismic --- */

/* REF: ASCE 7-16 section 15.4; ASCE 7-16 eq. 12.8-2; ASCE 7-16 eq. 12.8-3; ASCE 7-16 eq. 15.4-1; ASCE 7-16 eq. 15.4-2;
 * ASCE 7-16 eq. 15.4-5: as the least and the largest of straight lines in 1/T. */
static double seismic_again(double sds, double sd1, double s1, double ie, double t)
{
	const double r = 3;
	if (t < .06)
		return .30 * sds * ie;
	double least = fmax(.03, .044 * sds * ie);
	if (s1 >= .6)
		least = fmax(least, .8 * s1 * ie / r);
	return fmax(fmin(sds, sd1 / t) * ie / r, least);
}

static void seismic(void **state)
{
	(void)state;
	static const double importance[] = {1, 1, 1.25, 1.5};
	for (int i = 0; i < 1500; i++) {
		double sds = between(.05, 2.5), sd1 = between(.02, 2), s1 = between(.01, 1.2), w = between(100, 50000);
		double h = between(5, 100), t = rng_below(&rng, 4) == 0 ? between(.01, .06) : between(.06, 6);
		int risk = (int)rng_below(&rng, 4);
		const char *body = "{\"sds\":%.17g,\"sd1\":%.17g,\"s1\":%.17g,\"weight_lb\":%.17g,\"height_ft\":%.17g,"
						   "\"period_s\":%.17g,\"risk_category\":\"%s\"}";
		assert_true(harness_call(harness, &sign_seismic_op, body, sds, sd1, s1, w, h, t, risks[risk]));
		double cs = seismic_again(sds, sd1, s1, importance[risk], t), v = number("/result/v_lb");
		SAME(number("/result/cs"), cs, 0);
		SAME(v, cs * w, 0);
		SAME(number("/result/moment_lbft"), cs * w * h, 0);
		SAME(number("/result/asd_v_lb"), .7 * cs * w, 0);
		/* twice the weight is twice the shear; more of any acceleration, or less period, never less */
		assert_true(harness_call(harness, &sign_seismic_op, body, sds, sd1, s1, 2 * w, h, t, risks[risk]));
		SAME(number("/result/v_lb"), 2 * cs * w, 0);
		assert_true(
			harness_call(harness, &sign_seismic_op, body, sds * 1.1, sd1 * 1.1, s1 * 1.1, w, h, t, risks[risk]));
		assert_true(number("/result/v_lb") >= v - 1e-3);
	}
}

/* --- snow and ice --- */

/* REF: ASCE 7-16 section 10.4; ASCE 7-16 eq. 7.3-1 */
static void snow_and_ice(void **state)
{
	(void)state;
	static const double ice_by[] = {.80, 1, 1.15, 1.25}, snow_by[] = {.80, 1, 1.10, 1.20};
	for (int i = 0; i < 1000; i++) {
		double t = between(.1, 3), z = between(2, 300), kzt = between(1, 2), pg = between(5, 100);
		double wide = between(1, 40), high = between(1, fmin(20, z)), deep = between(.3, 4);
		int risk = (int)rng_below(&rng, 4);
		const char *plate = "{\"sign_width_ft\":%.17g,\"sign_height_ft\":%.17g,\"depth_ft\":%.17g,\"ice_in\":%.17g,"
							"\"pg_psf\":%.17g,\"height_ft\":%.17g,\"kzt\":%.17g,\"risk_category\":\"%s\"}";
		assert_true(harness_call(harness, &sign_snow_ice_op, plate, wide, high, deep, t, pg, z, kzt, risks[risk]));
		double td = t * ice_by[risk] * fmin(pow(z / 33, .10), 1.4) * pow(kzt, .35);
		double weight = number("/result/ice_weight_lb");
		SAME(number("/result/td_in"), td, 0);
		SAME(weight, .8 * M_PI * td / 12 * wide * high * 56, 0);
		SAME(number("/result/snow_psf"), .7 * 1.2 * snow_by[risk] * pg, 0);
		SAME(number("/result/snow_lb"), .7 * 1.2 * snow_by[risk] * pg * wide * deep, 0);
		/* no ice below grade */
		SAME(number("/result/iced_area_ft2"), (wide + td / 6) * (high + td / 12 + fmin(td / 12, z - high)), 0);
		assert_true(
			harness_call(harness, &sign_snow_ice_op, plate, wide, high, deep, 1.2 * t, pg, z, kzt, risks[risk]));
		assert_true(fabs(number("/result/ice_weight_lb") - 1.2 * weight) < 2e-3);
		/* a round pole: the ring between two circles */
		double d = between(2, 24), length = between(1, fmin(40, z));
		assert_true(harness_call(harness, &sign_snow_ice_op,
								 "{\"shape\":\"round\",\"diameter_in\":%.17g,\"length_ft\":%.17g,\"ice_in\":%.17g,"
								 "\"height_ft\":%.17g,\"kzt\":%.17g,\"risk_category\":\"%s\"}",
								 d, length, t, z, kzt, risks[risk]));
		double ring = M_PI / 4 * ((d + 2 * td) * (d + 2 * td) - d * d) / 144;
		SAME(number("/result/ice_weight_lb"), ring * length * 56, 1e-9);
	}
}

/* --- monuments --- */

/* The wall's wind, and the strip under the largest of its cases, by their own doors. */
static void monuments(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		char wall[400];
		double high = between(2, 10), wide = between(3, 19), psf = between(20, 120), area = high * wide;
		double length = floor(between(4, 10)), thick = .25 * floor(between(4, 12));
		snprintf(wall, sizeof wall,
				 "\"wind_speed_mph\":%.17g,\"exposure\":\"%c\",\"height_ft\":%.17g,\"sign_height_ft\":%.17g,"
				 "\"sign_width_ft\":%.17g",
				 between(90, 170), "BCD"[rng_below(&rng, 3)], high, high, wide);
		assert_true(harness_call(harness, &sign_wind_op, "{%s}", wall));
		double force = number("/result/total/force_lb"), moment = number("/result/total/moment_base_lbft");
		assert_true(harness_call(harness, &sign_footing_spread_op,
								 "{\"length_ft\":%.17g,\"width_ft\":%.17g,\"thickness_ft\":%.17g,\"vertical_lb\":%.17g,"
								 "\"force_lb\":%.17g,\"height_ft\":%.17g,\"column\":{\"width_in\":%.17g,"
								 "\"depth_in\":12}}",
								 length, wide, thick, psf * area, .6 * force, moment / force, 12 * wide));
		double q_max = number("/result/q_max_psf"), sf = number("/result/sf_overturning"),
			   sliding = number("/result/sf_sliding");
		assert_true(harness_call(harness, &sign_monument_op,
								 "{%s,\"weight_psf\":%.17g,\"footing\":{\"length_ft\":%.17g,\"thickness_ft\":%.17g}}",
								 wall, psf, length, thick));
		SAME(number("/result/wind/total/force_lb"), force, 0);
		if (!isnan(q_max))
			SAME(number("/result/footing/q_max_psf"), q_max, 1e-4);
		SAME(number("/result/footing/sf_overturning"), sf, 1e-3);
		SAME(number("/result/footing/sf_sliding"), sliding, 1e-3);
		/* a heavier wall is never easier turned over */
		assert_true(harness_call(harness, &sign_monument_op,
								 "{%s,\"weight_psf\":%.17g,\"footing\":{\"length_ft\":%.17g,\"thickness_ft\":%.17g}}",
								 wall, psf + 10, length, thick));
		assert_true(number("/result/footing/sf_overturning") >= sf - 1e-3);
	}
}

/* --- cantilevers --- */

/* REF: ASCE 7-16 figure 29.4-1; ASCE 7-16 eq. 29.4-1: Cf of a square member, face on */
static double square_cf(double slenderness)
{
	if (slenderness <= 7)
		return 1.3 + .1 * (fmax(slenderness, 1) - 1) / 6;
	return 1.4 + .6 * (fmin(slenderness, 25) - 7) / 18;
}

/* Statics of the whole from the wind of its parts.  REF: ASCE 7-16 section 2.4.1 */
static void cantilevers(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_sections_op, "{\"designation\":\"HSS6X6X1/4\"}"));
	double lb_ft = number("/result/sections/0/W");
	for (int i = 0; i < 200; i++) {
		char sign[400];
		double high = between(14, 30), s = between(2, 6), b = between(3, 12), reach = between(2, 10);
		double mph = between(100, 160), psf = between(5, 20);
		int arms = 1 + (int)rng_below(&rng, 4);
		snprintf(sign, sizeof sign,
				 "\"exposure\":\"C\",\"height_ft\":%.17g,\"sign_height_ft\":%.17g,\"sign_width_ft\":%.17g", high, s, b);
		assert_true(harness_call(
			harness, &sign_wind_op,
			"{\"wind_speed_mph\":%.17g,%s,\"poles\":{\"width_in\":10,\"shape\":\"square\",\"to_ft\":%.17g}}", mph, sign,
			high));
		double force = number("/result/force_lb"), arm = number("/result/arm_ft"), z = high - s / 2;
		double pole = number("/result/poles/force_lb"), pole_m = number("/result/poles/moment_base_lbft");
		double kz = 2.01 * pow(fmax(z, 15) / 900, 2 / 9.5), q = .00256 * kz * .85 * mph * mph;
		double on_arms = q * .85 * square_cf(reach / .5) * arms * reach * .5;
		const char *body = "{\"wind_speed_mph\":%.17g,%s,\"arms\":{\"count\":%d,\"length_ft\":%.17g,\"designation\":"
						   "\"HSS6X6X1/4\"},\"weights\":{\"sign_psf\":%.17g},\"pole\":{\"height_ft\":%.17g,"
						   "\"designation\":\"HSS10X10X3/8\"}}";
		assert_true(harness_call(harness, &sign_cantilever_op, body, mph, sign, arms, reach, psf, high));
		bool b_governs = harness_count(harness, "/result/wind/case_c") < 0;
		double v = number("/result/reactions/V_kip"), mw = number("/result/reactions/M_wind_kipin"),
			   md = number("/result/reactions/M_dead_kipin"), p = number("/result/reactions/P_kip");
		if (b_governs) {
			SAME(v, .6 * (force + on_arms + pole) / 1000, 1e-4);
			SAME(mw, .6 * (force * arm + on_arms * z + pole_m) * .012, 1e-4);
			SAME(number("/result/reactions/T_kipin"),
				 .6 * (force * (reach + b / 2) + number("/result/wind/case_b/torsion_lbft") + on_arms * reach / 2) *
					 .012,
				 1e-4);
		}
		SAME(md, (psf * s * b * (reach + b / 2) + arms * lb_ft * reach * reach / 2) * .012, 1e-4);
		SAME(number("/result/reactions/M_kipin"), hypot(mw, md), 1e-4);
		/* wind goes with the square of its speed where nothing is round and 16 psf does not govern; weight does not */
		if (number("/result/wind/pressure_psf") < 17)
			continue;
		assert_true(harness_call(harness, &sign_cantilever_op, body, mph * sqrt(1.5), sign, arms, reach, psf, high));
		SAME(number("/result/reactions/V_kip"), 1.5 * v, 2e-3);
		SAME(number("/result/reactions/M_wind_kipin"), 1.5 * mw, 1e-4);
		SAME(number("/result/reactions/M_dead_kipin"), md, 0);
		SAME(number("/result/reactions/P_kip"), p, 0);
	}
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	rng_init(&rng, 41);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seismic),
		cmocka_unit_test(snow_and_ice),
		cmocka_unit_test(monuments),
		cmocka_unit_test(cantilevers),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
