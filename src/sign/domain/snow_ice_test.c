#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "seal/harness.h"
#include "sign/domain/common.h"
#include "sign/domain/snow_ice.h"
#include "sign/domain/snow_ice_op.h"
#include "sign/domain/steel_bed.h"
#include "sign/domain/wind.h"
#include "sign/domain/wind_pack.h"

static struct harness *harness;
static struct packs *packs;
static const struct wind_figure *figure;

#define CALL(...) harness_call(harness, &sign_snow_ice_op, __VA_ARGS__)

static double result(const char *pointer)
{
	return harness_number(harness, pointer);
}

static struct wind_site site_of(double mph)
{
	return (struct wind_site){.code = SIGN_ASCE7_16,
							  .exposure = EXPOSURE_C,
							  .wind_speed_mph = mph,
							  .kzt = 1,
							  .kd = .85,
							  .ke = 1,
							  .figure = figure};
}

/* REF: ASCE 7-16 eq. 10.4-5; ASCE 7-10 eq. 10.4-5; ASCE 7-16 section 10.4.3 */
static void thickness(void **state)
{
	(void)state;
	near(ice_height_factor(33), 1, 1e-12);
	near(ice_height_factor(16.5), .93303, 1e-5);
	near(ice_height_factor(950), 1.4, .002); /* the cap is met where the clause has it end, near 900 ft */
	near(ice_height_factor(1e6), 1.4, 0);
	near(ice_thickness(SIGN_ASCE7_16, 1, .5, 33, 1), .5, 1e-12);
	near(ice_thickness(SIGN_ASCE7_16, 2, .5, 33, 1), .575, 1e-12);
	near(ice_thickness(SIGN_ASCE7_10, 1, .5, 33, 1), 1, 1e-12);
	near(ice_thickness(SIGN_ASCE7_10, 2, .5, 33, 1), 1.25, 1e-12);
	near(ice_thickness(SIGN_ASCE7_22, 3, .5, 33, 1), .5, 1e-12);
	near(ice_thickness(SIGN_ASCE7_16, 1, .5, 33, 2), .5 * 1.27456, 1e-5); /* 2^.35 */
}

/* REF: ASCE 7-16 table 1.5-2; ASCE 7-10 table 1.5-2 */
static void importance(void **state)
{
	(void)state;
	static const double ice_10[] = {.8, 1, 1.25, 1.25}, ice_16[] = {.8, 1, 1.15, 1.25}, snow[] = {.8, 1, 1.1, 1.2};
	for (int risk = 0; risk < 4; risk++) {
		near(ice_importance(SIGN_ASCE7_10, risk), ice_10[risk], 0);
		near(ice_importance(SIGN_ASCE7_16, risk), ice_16[risk], 0);
		near(ice_importance(SIGN_ASCE7_22, risk), 1, 0);
		near(snow_importance(SIGN_ASCE7_10, risk), snow[risk], 0);
		near(snow_importance(SIGN_ASCE7_16, risk), snow[risk], 0);
		near(snow_importance(SIGN_ASCE7_22, risk), 1, 0);
	}
}

/* REF: ASCE 7-16 eq. 10.4-1; ASCE 7-16 eq. 10.4-2; ASCE 7-16 section 10.4.1: rings summed, as a second formulation */
static void weight_and_area(void **state)
{
	(void)state;
	struct ice_body pole = {.shape = ICE_ROUND, .top_ft = 20, .width_in = 8.625, .length_ft = 20};
	double ring = 0, td = .75;
	for (int i = 0; i < 10000; i++)
		ring += 2 * M_PI * (8.625 / 2 + (i + .5) * td / 10000) * td / 10000;
	struct iced_body iced = ice_on_body(&pole, td);
	near_share(iced.weight_lb, ring / 144 * 20 * 56, 1e-9);
	near_share(iced.area_ft2, 10.125 / 12 * 20, 1e-12);
	struct ice_body tube = {.shape = ICE_RECT, .top_ft = 20, .width_in = 6, .depth_in = 8, .length_ft = 3};
	iced = ice_on_body(&tube, 1);
	near_share(iced.weight_lb, M_PI * 1 * (10 + 1) / 144 * 3 * 56, 1e-12); /* Dc: the diagonal */
	near_share(iced.area_ft2, 8 / 12.0 * 3, 1e-12);
	struct ice_body face = {.shape = ICE_PLATE, .top_ft = 20, .sign_height_ft = 8, .sign_width_ft = 12};
	iced = ice_on_body(&face, .6);
	near_share(iced.weight_lb, .8 * M_PI * .05 * 96 * 56, 1e-12);
	near_share(iced.area_ft2, 8.1 * 12.1, 1e-12);
	face.top_ft = 8; /* at grade the ice grows upwards only */
	near_share(ice_on_body(&face, .6).area_ft2, 8.05 * 12.1, 1e-12);
	near(ice_on_body(&face, 0).weight_lb, 0, 0);
	near_share(ice_on_body(&face, 0).area_ft2, 96, 1e-12);
}

/* REF: ASCE 7-16 section 10.5; ASCE 7-16 section 10.5.1; ASCE 7-16 section 10.5.2 */
static void coefficients(void **state)
{
	(void)state;
	const struct wind_site site = site_of(60);
	struct ice_body face = {.shape = ICE_PLATE, .top_ft = 20, .sign_height_ft = 8, .sign_width_ft = 12};
	near(ice_cf(&site, &face, 0), 1.7625, 1e-12);
	near(ice_cf(&site, &face, 6), wind_cf(figure, 9 / 20.5, 13 / 9.0), 1e-12);
	struct ice_body pole = {.shape = ICE_ROUND, .top_ft = 30, .width_in = 12, .length_ft = 30};
	near(ice_cf(&site, &pole, 0), 1.2, 1e-12); /* h/D 30, and the row of small rounds although D is 1 ft */
	near(ice_cf(&site, &pole, 12), .8 + .4 * 3 / 18, 1e-12); /* h/D 10 */
	pole.shape = ICE_RECT;
	near(ice_cf(&site, &pole, 0), 2.0, 1e-12);
}

/* REF: ASCE 7-16 eq. 7.3-1; ASCE 7-22 eq. 7.3-1 */
static void snow(void **state)
{
	(void)state;
	near(snow_flat_psf(SIGN_ASCE7_16, 2, .9, 1.2, 30), .7 * .9 * 1.2 * 1.1 * 30, 1e-12);
	near(snow_flat_psf(SIGN_ASCE7_22, 2, .9, 1.2, 30), .7 * .9 * 1.2 * 30, 1e-12);
	struct ice_body body = {.shape = ICE_PLATE, .sign_width_ft = 12, .sign_depth_ft = 1.5};
	near(snow_area_ft2(&body), 18, 1e-12);
	body = (struct ice_body){.shape = ICE_ROUND, .width_in = 12, .length_ft = 10};
	near(snow_area_ft2(&body), M_PI / 4, 1e-12);
	body.horizontal = true;
	near(snow_area_ft2(&body), 10, 1e-12);
	body = (struct ice_body){.shape = ICE_RECT, .width_in = 6, .depth_in = 12, .length_ft = 10};
	near(snow_area_ft2(&body), .5, 1e-12);
	body.horizontal = true;
	near(snow_area_ft2(&body), 10, 1e-12); /* the wind meets 6 in, the snow lies on 12 in */
}

static void one_sign(void **state)
{
	(void)state;
	assert_true(CALL("%s", sign_snow_ice_op.example));
	double td = .5 * pow(20 / 33.0, .1), high = 8 + td / 6, wide = 12 + td / 6;
	near(result("/result/td_in"), td, 6e-4);
	near(result("/result/ice_weight_lb"), .8 * M_PI * td / 12 * 96 * 56, 6e-4);
	near(result("/result/iced_area_ft2"), high * wide, 6e-4);
	double q = .00256 * wind_kz_formula(SIGN_ASCE7_16, EXPOSURE_C, 20) * .85 * 1600;
	double cf = wind_cf(figure, high / (20 + td / 12), wide / high);
	near_share(result("/result/concurrent_force_lb"), q * .85 * cf * high * wide, 1e-5);
	near(result("/result/snow_psf"), .7 * 1.2 * 25, 6e-4);
	near(result("/result/snow_lb"), .7 * 1.2 * 25 * 12, 6e-4);
	assert_true(CALL("{\"shape\":\"round\",\"diameter_in\":8.625,\"length_ft\":20,\"height_ft\":20,\"ice_in\":1}"));
	assert_int_equal(harness_count(harness, "/result/concurrent_force_lb"), -2);
	assert_int_equal(harness_count(harness, "/result/snow_psf"), -2);
	assert_true(CALL("{\"shape\":\"rect\",\"width_in\":6,\"length_ft\":20,\"height_ft\":20,\"pg_psf\":20}"));
	assert_int_equal(harness_count(harness, "/result/td_in"), -2);
	near(result("/result/snow_lb"), .7 * 1.2 * 20 / 4, 6e-4); /* square unless depth_in says otherwise */
}

/* Ice, its weight and its wind grow with t, risk, z, Kzt and the gust. */
static void laws(void **state)
{
	(void)state;
	long points = 0;
	for (int code = 0; code < 3; code++)
		for (int risk = 0; risk < 3; risk++)
			for (double z = 5; z <= 400; z *= 1.4)
				for (double kzt = 1; kzt <= 3; kzt += .4)
					for (double t = .1; t <= 3; t += .15) {
						double td = ice_thickness(code, risk, t, z, kzt);
						assert_true(ice_thickness(code, risk + 1, t, z, kzt) >= td);
						assert_true(ice_thickness(code, risk, t, z * 1.1, kzt) >= td);
						assert_true(ice_thickness(code, risk, t, z, kzt * 1.1) > td);
						assert_true(ice_thickness(SIGN_ASCE7_10, risk, t, z, kzt) >= td);
						for (int shape = ICE_PLATE; shape <= ICE_RECT; shape++) {
							struct ice_body body = {.shape = shape,
													.top_ft = z,
													.sign_height_ft = .5 * z,
													.sign_width_ft = z,
													.width_in = 8,
													.depth_in = 10,
													.length_ft = .5 * z};
							struct iced_body less = ice_on_body(&body, td), more = ice_on_body(&body, 1.1 * td);
							assert_true(more.weight_lb > less.weight_lb && more.area_ft2 > less.area_ft2);
							points++;
						}
					}
	assert_true(points >= 10000);
}

static void every_fault_is_named(void **state)
{
	(void)state;
	assert_false(CALL("{\"length_ft\":3,\"gust_mph\":40,\"ice\":1}"));
	assert_true(harness_refused(harness, "/height_ft", "required"));
	assert_true(harness_refused(harness, "/ice", "unknown_field"));
	assert_false(CALL("{\"height_ft\":10,\"length_ft\":3,\"gust_mph\":40,\"pg_psf\":20}"));
	assert_true(harness_refused(harness, "/sign_width_ft", "required"));
	assert_true(harness_refused(harness, "/sign_height_ft", "required"));
	assert_true(harness_refused(harness, "/length_ft", "conflict"));
	assert_true(harness_refused(harness, "/ice_in", "required"));
	assert_false(CALL("{\"height_ft\":10,\"shape\":\"round\",\"depth_in\":4,\"sign_width_ft\":4}"));
	assert_true(harness_refused(harness, "/width_in", "required"));
	assert_true(harness_refused(harness, "/length_ft", "required"));
	assert_true(harness_refused(harness, "/depth_in", "conflict"));
	assert_true(harness_refused(harness, "/sign_width_ft", "conflict"));
	assert_true(harness_refused(harness, "/ice_in", "required"));
	assert_false(CALL("{\"height_ft\":10,\"sign_width_ft\":4,\"sign_height_ft\":12,\"ice_in\":1}"));
	assert_true(harness_refused(harness, "/sign_height_ft", "greater_than_height"));
	assert_false(CALL("{\"height_ft\":10,\"shape\":\"round\",\"width_in\":4,\"length_ft\":12,\"ice_in\":1}"));
	assert_true(harness_refused(harness, "/length_ft", "greater_than_height"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	packs = bed_packs();
	figure = packs_find(packs, "wind_figure", NULL, NULL)->data;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thickness),
		cmocka_unit_test(importance),
		cmocka_unit_test(weight_and_area),
		cmocka_unit_test(coefficients),
		cmocka_unit_test(snow),
		cmocka_unit_test(one_sign),
		cmocka_unit_test(laws),
		cmocka_unit_test(every_fault_is_named),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	packs_free(packs);
	harness_free(harness);
	return failed;
}
