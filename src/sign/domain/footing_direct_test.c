#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/embedded.h"
#include "seal/harness.h"
#include "seal/op.h"
#include "seal/pack.h"
#include "sign/domain/footing_direct.h"
#include "sign/domain/footing_direct_op.h"
#include "sign/domain/soil.h"
#include "sign/sign.h"

static struct harness *harness;
static struct packs *packs;
static const struct concrete_constants *concrete;

static void near_share(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected)))
		fail_msg("%.9g is not %.9g", value, expected);
}

static double result(const char *member)
{
	char pointer[80];
	snprintf(pointer, sizeof pointer, "/result/%s", member);
	return harness_number(harness, pointer);
}

/* sign.md section 9, F1 to F3.  REF: IBC 1807.3.2.1 eq. 18-1; IBC 1807.3.2.1 */
static void worked_examples(void **state)
{
	(void)state;
	static const struct {
		double p, h, b, lateral, doubled, depth;
	} rows[] = {{480, 5, 1.5, 100, 0, 6.44},
				{480, 5, 1.5, 100, 1, 4.88},
				{500, 10, 2, 200, 0, 5.209},
				{500, 10, 2, 200, 1, 4.031},
				{3000, 10, 3, 300, 0, 7.559}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &sign_footing_direct_op,
								 "{\"footing\":{\"diameter_ft\":%g},\"loads\":{\"force_lb\":%g,\"height_ft\":%g},"
								 "\"soil\":{\"lateral_psf_ft\":%g},\"half_inch_motion\":%s}",
								 rows[i].b, rows[i].p, rows[i].h, rows[i].lateral,
								 rows[i].doubled != 0 ? "true" : "false"));
		near_share(result("required_depth_ft"), rows[i].depth, 1.1e-3);
	}
	assert_true(
		harness_call(harness, &sign_footing_direct_op,
					 "{\"footing\":{\"diameter_ft\":1},\"loads\":{\"force_lb\":3000,\"height_ft\":5},\"increase\":1.33,"
					 "\"trial_depth_ft\":6,\"soil\":{\"class\":4}}"));
	near_share(result("s1_psf"), 399, 1e-9);
	near_share(result("A_ft"), 17.594, 1e-4);
	assert_false(harness_bool(harness, "/result/all_pass"));
	assert_true(harness_noted(harness, "increase"));
}

/* The depth again: bisection on d = .5A(1 + √(1 + 4.36h/A)) with S1 at d/3. */
static double by_bisection(const struct footing_soil *soil, double p, double h, double b)
{
	double low = 1e-6, high = 1000;
	for (int i = 0; i < 200; i++) {
		double d = (low + high) / 2, a = 2.34 * p / (soil->lateral_psf_ft * fmin(d / 3, soil->cap_ft) * b);
		if (d < .5 * a * (1 + sqrt(1 + 4.36 * h / a)))
			low = d;
		else
			high = d;
	}
	return low;
}

/* REF: IBC 1807.3.2.2 eq. 18-2; IBC 1807.3.2.2: S3 at d */
static void depths_agree_with_another_way_and_obey_the_laws(void **state)
{
	(void)state;
	long points = 0;
	for (double p = 50; p < 60000; p *= 1.9)
		for (double h = .5; h < 120; h *= 1.7)
			for (double b = .75; b < 12; b *= 1.35)
				for (double k = 20; k < 2500; k *= 1.8) {
					const struct footing_soil soil = {k, 12}, twice = {2 * k, 12};
					double d = footing_nonconstrained(&soil, p, h, b).depth_ft;
					near_share(d, by_bisection(&soil, p, h, b), 1e-9);
					assert_true(footing_nonconstrained(&soil, p * 1.1, h, b).depth_ft > d);
					assert_true(footing_nonconstrained(&soil, p, h * 1.1, b).depth_ft > d);
					assert_true(footing_nonconstrained(&soil, p, h, b * 1.1).depth_ft < d);
					assert_true(footing_nonconstrained(&twice, p, h, b).depth_ft < d);
					struct footing_depth c = footing_constrained(&soil, p, h, b);
					/* Past 12 ft S3 stops growing while S1, taken at a third, still grows: there the law has no ground.
					 */
					assert_true(c.depth_ft <= d || c.cap_active);
					double s3 = k * fmin(c.depth_ft, 12);
					near_share(c.depth_ft, sqrt(4.25 * p * h / (s3 * b)), 1e-9);
					points++;
				}
	assert_true(points >= 10000);
}

static void the_answer_is_its_own_trial(void **state)
{
	(void)state;
	const struct footing_soil soil = {150, 12};
	struct footing_depth d = footing_nonconstrained(&soil, 2240, 16, 3);
	near_share(footing_trial(&soil, false, d.depth_ft, 2240, 16, 3).depth_ft, d.depth_ft, 1e-9);
	d = footing_constrained(&soil, 2240, 16, 3);
	near_share(footing_trial(&soil, true, d.depth_ft, 2240, 16, 3).depth_ft, d.depth_ft, 1e-9);
	d = footing_nonconstrained(&soil, 1e6, 100, 2); /* deep: S no longer grows */
	assert_true(d.cap_active && d.s_psf == 150 * 12);
}

/* REF: ACI 318-19 section 22.4; ACI 318-19 section 22.2.2.1; ACI 318-19 table 22.2.2.4.3; ACI 318-19 table 21.2.2 */
static void flexure_by_fibres(void **state)
{
	(void)state;
	double width = 36, circle = 36 - 2 * 3.375 - .875, fc = 3000, bar = .6;
	int bars = 8;
	double best = NAN, c_low = .1, c_high = 36;
	for (int i = 0; i < 80; i++) { /* thin strips of concrete and the bars, the neutral axis by bisection */
		double c = (c_low + c_high) / 2, force = 0, moment = 0, strain_max = 0;
		int strips = 40000;
		for (int s = 0; s < strips; s++) {
			double y = 18 - (s + .5) * width / strips, chord = 2 * sqrt(18 * 18 - y * y);
			if (18 - y > .85 * c)
				break;
			force += .85 * fc * chord * width / strips;
			moment += .85 * fc * chord * width / strips * y;
		}
		for (int s = 0; s < bars; s++) {
			double y = circle / 2 * cos(2 * M_PI * (s + .5) / bars), strain = .003 * (c - (18 - y)) / c;
			double stress = fmax(-60000, fmin(60000, strain * 29e6)) - (strain > 0 && 18 - y < .85 * c ? .85 * fc : 0);
			force += bar * stress;
			moment += bar * stress * y;
			strain_max = fmax(strain_max, -strain);
		}
		if (force > 0)
			c_high = c;
		else
			c_low = c;
		double phi = fmin(fmax(.65 + .25 * (strain_max - 60000 / 29e6) / .003, .65), .90);
		best = phi * moment / 12;
	}
	near_share(pier_flexure_lbft(concrete, false, width, fc, bar, bars, circle), best, 2e-3);
	assert_true(pier_flexure_lbft(concrete, true, width, fc, bar, bars, circle) >
				best); /* a square around the circle */
}

/* REF: ACI 318-19 table 25.4.2.3; ACI 318-19 section 25.5.2.1; ACI 318-19 section 25.7.2.1 */
static void reinforcement(void **state)
{
	(void)state;
	struct pier_rebar rebar;
	for (double d = 1.5; d <= 8; d += .5) {
		assert_true(pier_reinforce(concrete, false, d, 3000, 0, &rebar));
		pier_detail(concrete, d, 10, 3000, &rebar);
		double area = 0, diameter = 0;
		for (size_t i = 0; i < concrete->bars.count; i++)
			if (concrete->bars.items[i].size == rebar.vertical_size) {
				area = concrete->bars.items[i].area_in2;
				diameter = concrete->bars.items[i].diameter_in;
			}
		assert_true(rebar.verticals >= 6);
		assert_true((double)rebar.verticals * area >= .005 * M_PI / 4 * 144 * d * d * (1 - 1e-9));
		assert_true(rebar.tie_spacing_in <= 16 * diameter && rebar.tie_spacing_in <= 18);
		near_share(rebar.development_in,
				   fmax(12, 60000 / ((rebar.vertical_size <= 6 ? 25 : 20) * sqrt(3000)) * diameter), 1e-12);
		near_share(rebar.lap_in, 1.3 * rebar.development_in, 1e-12);
		int64_t least = rebar.verticals;
		assert_true(pier_reinforce(concrete, false, d, 3000, rebar.phi_mn_lbft * 1.5, &rebar) || d < 2);
		assert_true(rebar.verticals * rebar.vertical_size >= least);
	}
}

/* REF: IBC 1806.2; ASCE 7-16 section 2.4.1 */
static void checks_and_depth_to_build(void **state)
{
	(void)state;
	assert_true(harness_call(
		harness, &sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":2240,\"M_pole_kipft\":35.84,\"weight_lb\":2000,"
		"\"uplift_lb\":500},\"frost_depth_ft\":12}"));
	assert_float_equal(result("min_depth_ft"), 12, 0); /* frost governs */
	assert_true(result("min_depth_ft") >= result("required_depth_ft"));
	assert_int_equal(harness_find(harness, "/result/checks", "name", "uplift"), 2);
	near_share(result("checks/1/demand"), 2000 / (M_PI / 4 * 9) + 12 * 150, 1e-3);
	near_share(result("concrete_yards"), M_PI * 9 * 12 / 108, 1e-3);
	assert_true(harness_call(harness, &sign_footing_direct_op,
							 "{\"footing\":{\"shape\":\"square\",\"diameter_ft\":2},\"loads\":{\"force_lb\":500,"
							 "\"height_ft\":10},\"num_poles\":2}"));
	near_share(result("b_ft"), 2 * M_SQRT2, 1e-3);
	double shared = result("required_depth_ft");
	assert_true(harness_call(
		harness, &sign_footing_direct_op,
		"{\"footing\":{\"shape\":\"square\",\"diameter_ft\":2},\"loads\":{\"force_lb\":250,\"height_ft\":10}}"));
	near_share(result("required_depth_ft"), shared, 1e-9);
}

static void it_abstains_and_refuses(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_footing_direct_op,
							 "{\"footing\":{\"diameter_ft\":0.5},\"loads\":{\"force_lb\":900000,\"height_ft\":200}}"));
	assert_true(harness_noted(harness, "abstain.depth"));
	assert_float_equal(harness_number(harness, "/confidence"), .5, 0);
	assert_false(harness_call(harness, &sign_footing_direct_op,
							  "{\"footing\":{\"diameter_ft\":0},\"loads\":{\"force_lb\":1},\"soil\":{\"class\":7}}"));
	assert_true(harness_refused(harness, "/footing/diameter_ft", "range"));
	assert_true(harness_refused(harness, "/soil/class", "range"));
	assert_false(harness_call(harness, &sign_footing_direct_op,
							  "{\"footing\":{\"diameter_ft\":2},\"loads\":{\"force_lb\":100}}"));
	assert_true(harness_refused(harness, "/loads", "need_two"));
	assert_false(harness_call(
		harness, &sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":2},\"loads\":{\"force_lb\":100,\"height_ft\":10,\"M_pole_kipft\":1.01}}"));
	assert_true(harness_refused(harness, "/loads", "conflict"));
}

static void concrete_volumes(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_concrete_op, "{\"diameter_ft\":3,\"depth_ft\":8}"));
	near_share(result("concrete_yards"), M_PI * 9 * 8 / 108, 1e-3);
	near_share(result("order_yards"), M_PI * 9 * 8 / 108 * 1.1, 1e-3);
	near_share(result("weight_lb"), M_PI * 9 / 4 * 8 * 150, 1e-5);
	assert_true(harness_call(harness, &sign_concrete_op,
							 "{\"length_ft\":6,\"width_ft\":4,\"depth_ft\":1.125,\"waste_percent\":0}"));
	assert_float_equal(result("order_yards"), 1, 0);
	assert_false(harness_call(harness, &sign_concrete_op, "{\"depth_ft\":1}"));
	assert_true(harness_refused(harness, "/diameter_ft", "required"));
	assert_false(harness_call(harness, &sign_concrete_op, "{\"depth_ft\":1,\"diameter_ft\":1,\"width_ft\":1}"));
	assert_true(harness_refused(harness, "/width_ft", "conflict"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		if (!packs_add(packs, file->bytes, file->size, false, NULL))
			abort();
	concrete = packs_find(packs, "concrete", NULL, NULL)->data;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_examples),
		cmocka_unit_test(depths_agree_with_another_way_and_obey_the_laws),
		cmocka_unit_test(the_answer_is_its_own_trial),
		cmocka_unit_test(flexure_by_fibres),
		cmocka_unit_test(reinforcement),
		cmocka_unit_test(checks_and_depth_to_build),
		cmocka_unit_test(it_abstains_and_refuses),
		cmocka_unit_test(concrete_volumes),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	packs_free(packs);
	harness_free(harness);
	return failed;
}
