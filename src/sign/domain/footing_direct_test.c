#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sign/domain/footing_direct.h"
#include "sign/domain/soil.h"
#include "sign/domain/steel_bed.h"

static const struct concrete_constants *concrete;

typedef struct footing_depth solver(const struct footing_soil *, double, double, double);

/* The clause as it reads: does this depth, with S at its own third, satisfy the formula?  Root by bisection. */
static double bisect(bool constrained, const struct footing_soil *soil, double p, double h, double b)
{
	double low = 1e-9, high = 1e5;
	for (int i = 0; i < 200; i++) {
		double d = (low + high) / 2;
		double s = soil->lateral_psf_ft * fmin(constrained ? d : d / 3, soil->cap_ft), a = 2.34 * p / (s * b);
		double needs = constrained ? sqrt(4.25 * p * h / (s * b)) : .5 * a * (1 + sqrt(1 + 4.36 * h / a));
		if (needs > d)
			low = d;
		else
			high = d;
	}
	return high;
}

/* REF: IBC 1807.3.2.1 eq. 18-1; IBC 1807.3.2.2 eq. 18-2; IBC 1807.3.2.1; IBC 1807.3.2.2: a second formulation, 16,000
 * points and beyond the cap */
static void depth_satisfies_its_own_formula(void **state)
{
	(void)state;
	int capped = 0;
	for (double p = 50; p < 3e5; p *= 1.7)
		for (double h = 0; h <= 100; h = h * 1.5 + 1)
			for (double b = .5; b <= 8; b *= 1.6)
				for (double k = 50; k <= 3000; k *= 1.9) {
					const struct footing_soil soil = {k, 12};
					struct footing_depth d = footing_nonconstrained(&soil, p, h, b);
					near_share(d.depth_ft, bisect(false, &soil, p, h, b), 1e-9);
					near_share(d.s_psf, k * fmin(d.depth_ft / 3, 12), 1e-9);
					near_share(d.a_ft, 2.34 * p / (d.s_psf * b), 1e-12);
					assert_int_equal(d.cap_active, d.depth_ft > 36);
					capped += d.cap_active;
					struct footing_depth c = footing_constrained(&soil, p, h, b);
					if (h > 0)
						near_share(c.depth_ft, c.as_free ? d.depth_ft : bisect(true, &soil, p, h, b), 1e-9);
					assert_true(c.depth_ft <= d.depth_ft); /* [sign 2.13], beyond the cap too */
					assert_true(!c.as_free || bisect(true, &soil, p, h, b) > d.depth_ft);
					assert_true(isnan(c.a_ft) && c.cap_active == (c.depth_ft > 12));
				}
	assert_true(capped > 100);
}

/* [sign 2.13] narrower → deeper, more P or h → deeper, better soil → shallower, ×2 never deeper, constrained ≤ */
static void laws_of_depth(void **state)
{
	(void)state;
	int points = 0;
	for (double p = 50; p < 1e5; p *= 1.6)
		for (double h = 1; h <= 60; h *= 1.6)
			for (double b = .5; b <= 8; b *= 1.5)
				for (double k = 50; k <= 2000; k *= 1.25) {
					const struct footing_soil soil = {k, 12}, better = {1.1 * k, 12}, twice = {2 * k, 12};
					solver *const solvers[] = {footing_nonconstrained, footing_constrained};
					for (int i = 0; i < 2; i++) {
						double d = solvers[i](&soil, p, h, b).depth_ft;
						assert_true(solvers[i](&soil, p, h, .95 * b).depth_ft > d);
						assert_true(solvers[i](&soil, 1.05 * p, h, b).depth_ft > d);
						assert_true(solvers[i](&soil, p, 1.05 * h, b).depth_ft > d);
						assert_true(solvers[i](&better, p, h, b).depth_ft < d);
						assert_true(solvers[i](&twice, p, h, b).depth_ft < d);
					}
					assert_true(footing_constrained(&soil, p, h, b).depth_ft <=
								footing_nonconstrained(&soil, p, h, b).depth_ft);
					points++;
				}
	assert_true(points >= 10000);
}

static void nothing_pushes_nothing_is_needed(void **state)
{
	(void)state;
	const struct footing_soil soil = {150, 12};
	near(footing_nonconstrained(&soil, 0, 10, 2).depth_ft, 0, 0);
	near(footing_constrained(&soil, 0, 10, 2).depth_ft, 0, 0);
	near(footing_constrained(&soil, 500, 0, 2).depth_ft, 0, 0);
	near(footing_trial(&soil, false, 6, 0, 10, 2).depth_ft, 0, 0);
	/* force at grade: 1 + √1 = 2, so d is A */
	struct footing_depth d = footing_nonconstrained(&soil, 500, 0, 2);
	near_share(d.depth_ft, d.a_ft, 1e-12);
}

/* A trial depth that is the answer gives itself. */
static void trial_at_the_answer_is_the_answer(void **state)
{
	(void)state;
	for (double p = 100; p < 1e5; p *= 3)
		for (double k = 100; k < 2000; k *= 3) {
			const struct footing_soil soil = {k, 12};
			double d = footing_nonconstrained(&soil, p, 12, 2.5).depth_ft;
			near_share(footing_trial(&soil, false, d, p, 12, 2.5).depth_ft, d, 1e-9);
			d = footing_constrained(&soil, p, 12, 2.5).depth_ft;
			near_share(footing_trial(&soil, true, d, p, 12, 2.5).depth_ft, d, 1e-9);
		}
}

/* Several loads: the deepest and the strongest that any asks for, as if each were alone. */
static void several_loads_take_the_worst(void **state)
{
	(void)state;
	const struct pier_site site = {.concrete = concrete,
								   .lateral = {150, 12},
								   .ignored_ft = 1,
								   .trial_ft = NAN,
								   .least_ft = 3,
								   .step_ft = .25,
								   .fc_psi = 3000};
	const struct pier_form form = {false, 3, 3};
	const struct pier_case cases[] = {{900, 30}, {4000, 5}, {2000, 14}};
	struct pier_answer all, one;
	double required = 0, mu = 0;
	pier_solve(&site, &form, cases, 3, &all);
	for (int i = 0; i < 3; i++) {
		pier_solve(&site, &form, &cases[i], 1, &one);
		required = fmax(required, one.required_ft);
		mu = fmax(mu, one.mu_lbft);
		assert_true(one.build_ft >= one.required_ft && one.build_ft < one.required_ft + .25);
	}
	near(all.required_ft, required, 0);
	near(all.mu_lbft, mu, 0);
	assert_true(all.enough_bars && all.rebar.phi_mn_lbft >= mu);
	near_share(all.volume_ft3, M_PI / 4 * 9 * all.build_ft, 1e-12);
	struct footing_depth below = footing_nonconstrained(&site.lateral, 4000, 6, 3);
	pier_solve(&site, &form, &cases[1], 1, &one);
	near(one.required_ft, below.depth_ft + 1, 1e-12);
	near_share(one.mu_lbft, 4000 * (6 + below.depth_ft / 3) / .6, 1e-12);
}

int main(void)
{
	struct packs *packs = bed_packs();
	concrete = packs_find(packs, "concrete", "v1", NULL)->data;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_satisfies_its_own_formula),  cmocka_unit_test(laws_of_depth),
		cmocka_unit_test(nothing_pushes_nothing_is_needed), cmocka_unit_test(trial_at_the_answer_is_the_answer),
		cmocka_unit_test(several_loads_take_the_worst),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	packs_free(packs);
	return failed;
}
