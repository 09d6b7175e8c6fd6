#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sign/domain/concrete.h"
#include "sign/domain/rebar.h"
#include "sign/domain/soil.h"
#include "sign/domain/steel_bed.h"

static const struct concrete_constants *concrete;

static struct pier_section section_of(bool square, double width_in, double fc_psi, int64_t bars, int64_t size)
{
	const struct rebar_size *bar = rebar_of(concrete, size);
	return (struct pier_section){.square = square,
								 .width_in = width_in,
								 .fc_psi = fc_psi,
								 .fy_psi = 60000,
								 .bars = bars,
								 .bar_area_in2 = bar->area_in2,
								 .bar_diameter_in = bar->diameter_in,
								 .circle_in = width_in - 2 * (3 + .375) - bar->diameter_in};
}

/* Forces by strips of the stress block and bars one by one, nothing shared with the code under test. */
static double strips(const struct pier_section *s, double turn, double c, double *moment, double *strain)
{
	enum { STRIPS = 1000 };
	double beta = s->fc_psi <= 4000 ? .85 : s->fc_psi >= 8000 ? .65 : .85 - .05 * (s->fc_psi / 1000 - 4);
	double r = s->width_in / 2, a = fmin(beta * c, s->width_in), dy = a / STRIPS, sum = 0;
	*moment = *strain = 0;
	for (int i = 0; i < STRIPS; i++) {
		double y = r - (i + .5) * dy, wide = s->square ? s->width_in : 2 * sqrt(r * r - y * y);
		sum += .85 * s->fc_psi * wide * dy;
		*moment += .85 * s->fc_psi * wide * dy * y;
	}
	for (int64_t i = 0; i < s->bars; i++) {
		double y = s->circle_in / 2 * cos(2 * M_PI * ((double)i + turn) / (double)s->bars);
		double e = .003 * (1 - (r - y) / c), stress = fmax(-60000, fmin(60000, e * 29e6));
		double share = fmin(1, fmax(0, (a - (r - y)) / s->bar_diameter_in + .5));
		sum += s->bar_area_in2 * (stress - share * .85 * s->fc_psi);
		*moment += s->bar_area_in2 * (stress - share * .85 * s->fc_psi) * y;
		*strain = fmax(*strain, -e);
	}
	return sum;
}

static double by_strips(const struct pier_section *s, double turn)
{
	double low = 1e-3, high = s->width_in, moment = 0, strain = 0;
	for (int i = 0; i < 60; i++) {
		double c = (low + high) / 2;
		if (strips(s, turn, c, &moment, &strain) > 0)
			high = c;
		else
			low = c;
	}
	double phi = .65 + .25 * (strain - 60. / 29000) / .003;
	return fmin(.9, fmax(.65, phi)) * moment / 12;
}

/* REF: ACI 318-19 section 22.2; ACI 318-19 section 22.4; ACI 318-19 section 22.2.2.1; ACI 318-19 section 20.2.2.2: a
 * second formulation */
static void flexure_is_strain_compatibility(void **state)
{
	(void)state;
	for (double width = 18; width <= 96; width += 13)
		for (double fc = 2500; fc <= 8000; fc += 1750)
			for (int64_t size = 5; size <= 11; size += 2)
				for (int64_t bars = 6; bars <= 15; bars += 3)
					for (int square = 0; square < 2; square++) {
						struct pier_section s = section_of(square, width, fc, bars, size);
						near_share(pier_flexure_lbft(&s), fmin(by_strips(&s, 0), by_strips(&s, .5)), 5e-4);
					}
}

/* By hand: 36 in square, six #8 with circle 28.25 in, tension-controlled; all but the bars next the block yield. */
static void flexure_by_hand(void **state)
{
	(void)state;
	struct pier_section s = section_of(true, 36, 4000, 6, 8);
	near(s.circle_in, 28.25, 1e-9);
	double strong = pier_flexure_lbft(&s);
	/* Whatever the position, between φ.9·As·fy with every bar at the middle's lever and every bar at the bottom's. */
	double all = 6 * .79 * 60000;
	assert_true(strong > .9 * all * (18 - 4) / 12 * .9);
	assert_true(strong < .9 * all * (18 + 28.25 / 2) / 12);
}

static void stronger_with_more_of_anything(void **state)
{
	(void)state;
	for (double width = 18; width <= 72; width += 6)
		for (int64_t bars = 6; bars <= 10; bars++)
			for (double fc = 2500; fc <= 6000; fc += 500) {
				struct pier_section s = section_of(false, width, fc, bars, 6);
				double is = pier_flexure_lbft(&s);
				struct pier_section more = s;
				more.bars++;
				assert_true(pier_flexure_lbft(&more) > is);
				more = s;
				more.fc_psi += 500;
				assert_true(pier_flexure_lbft(&more) > is);
				more = section_of(false, width + 2, fc, bars, 6);
				assert_true(pier_flexure_lbft(&more) > is);
			}
}

/* REF: ACI 318-19 section 10.6.1.1; ACI 318-19 section 10.3.1.2; ACI 318-19 section 25.2.3; ACI 318-19
 * section 25.7.2.2: and the promise of pier_reinforce */
static void chosen_bars_carry_and_fit(void **state)
{
	(void)state;
	for (double width = 1; width <= 12; width += .25)
		for (double mu = 0; mu <= 3e6; mu = mu * 1.7 + 2000)
			for (int square = 0; square < 2; square++) {
				struct pier_rebar r;
				bool enough = pier_reinforce(concrete, square, width, 3000, mu, &r);
				double ag = (square ? 1 : M_PI / 4) * 144 * width * width;
				const struct rebar_size *bar = rebar_of(concrete, r.vertical_size);
				assert_true(r.verticals >= 6);
				assert_int_equal(enough, r.phi_mn_lbft >= mu);
				if (!enough)
					continue;
				struct pier_section s = section_of(square, 12 * width, 3000, r.verticals, r.vertical_size);
				if (r.vertical_size > 10)
					s.circle_in -= .25; /* #4 ties */
				near_share(r.phi_mn_lbft, pier_flexure_lbft(&s), 1e-9);
				double steel = (double)r.verticals * bar->area_in2;
				assert_true(steel >= .005 * ag * (1 - 1e-9) && steel <= .04 * ag);
				double pitch = M_PI * s.circle_in / (double)r.verticals;
				assert_true(pitch - bar->diameter_in >= fmax(1.5, 1.5 * bar->diameter_in) - 1e-9);
				s.bars--; /* one fewer would not do */
				if (s.bars >= 6 && (double)s.bars * bar->area_in2 >= .005 * ag)
					assert_true(pier_flexure_lbft(&s) < mu);
			}
}

/* REF: ACI 318-19 table 25.4.2.3; ACI 318-19 section 25.4.2.1; ACI 318-19 section 22.5.3.1; ACI 318-19 table 25.5.2.1;
 * ACI 318-19 table 25.3.2; ACI 318-19 section 25.7.2.1 */
static void details_by_hand(void **state)
{
	(void)state;
	struct pier_rebar r = {.verticals = 12, .vertical_size = 6};
	pier_detail(concrete, 3, 8, 4000, &r);
	near(r.development_in, 60000 / (25 * sqrt(4000)) * .75, 1e-9);
	near(r.lap_in, 1.3 * r.development_in, 1e-9);
	near(r.tie_spacing_in, 12, 0); /* 16 × .75; 48 × .375 = 18; 36 */
	assert_int_equal(r.ties, 9);   /* 90 in of cage, a tie at both ends: ceil(7.5) + 1 */
	assert_int_equal(r.tie_size, 3);
	near(r.weight_lb, 12 * 7.5 * 1.502 + 9 * (M_PI * 30 + 6) / 12 * .376, 1e-9);
	r = (struct pier_rebar){.verticals = 8, .vertical_size = 7, .square = true};
	pier_detail(concrete, 2, 6, 2500, &r);
	near(r.development_in, 60000 / (20 * 50.0) * .875, 1e-9);
	near(r.tie_spacing_in, 14, 0);
	near(r.weight_lb, 8 * 5.5 * 2.044 + 6 * (4 * 18 + 6) / 12.0 * .376, 1e-9);
	r = (struct pier_rebar){.verticals = 20, .vertical_size = 11};
	pier_detail(concrete, 6, 10, 3000, &r);
	assert_int_equal(r.tie_size, 4); /* section 25.7.2.2 */
	near(rebar_development_in(rebar_of(concrete, 3), 60000, 10000), 12, 0);
}

/* REF: ACI 318-19 table 21.2.2; ACI 318-19 table 22.2.2.4.3 */
static void factors_at_their_corners(void **state)
{
	(void)state;
	double yield = 60000 / 29e6;
	near(concrete_phi(60000, 0), .65, 0);
	near(concrete_phi(60000, yield), .65, 1e-12);
	near(concrete_phi(60000, yield + .0015), .775, 1e-12);
	near(concrete_phi(60000, yield + .003), .90, 1e-12);
	near(concrete_phi(60000, .01), .90, 0);
	near(concrete_beta1(2500), .85, 0);
	near(concrete_beta1(5000), .80, 1e-12);
	near(concrete_beta1(9000), .65, 0);
	near(concrete_root(12000), 100, 0);
}

int main(void)
{
	struct packs *packs = bed_packs();
	concrete = packs_find(packs, "concrete", "v1", NULL)->data;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flexure_is_strain_compatibility),
		cmocka_unit_test(flexure_by_hand),
		cmocka_unit_test(stronger_with_more_of_anything),
		cmocka_unit_test(chosen_bars_carry_and_fit),
		cmocka_unit_test(details_by_hand),
		cmocka_unit_test(factors_at_their_corners),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	packs_free(packs);
	return failed;
}
