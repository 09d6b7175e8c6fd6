#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/soil.h"
#include "sign/domain/steel_bed.h"

static const struct concrete_constants *concrete;

static struct spread_problem problem_of(double vertical, double moment)
{
	return (struct spread_problem){.concrete = concrete,
								   .soil_unit_pcf = 110,
								   .vertical_lb = vertical,
								   .moment_lbft = moment,
								   .force_lb = NAN,
								   .height_ft = NAN,
								   .vertical_psf = 2000,
								   .friction = .25,
								   .cohesion_psf = NAN,
								   .increase = 1,
								   .sf_overturning = 1.5,
								   .sf_sliding = 1.5,
								   .frost_ft = NAN,
								   .column_depth_in = 12,
								   .column_width_in = 12,
								   .fc_psi = 3000,
								   .fy_psi = 60000,
								   .wind_factor = 1 / .6};
}

static double q_at(const struct spread_pressure *q, double u)
{
	return u < q->contact_ft ? q->q0_psf - q->slope_psf_ft * u : 0;
}

/* --- bent both ways --- */

enum { CELLS = 160 };

/* A plane of pressure over the unit footing, where it presses, and what it comes to. */
struct plane {
	double c[3]; /* at the middle, along x, along y */
};

static double plane_at(const struct plane *plane, double x, double y)
{
	return plane->c[0] + plane->c[1] * x + plane->c[2] * y;
}

/* Force and moments of the positive part, and how they change with the plane. */
static void sum_plane(const struct plane *plane, double sums[3], double slopes[3][3])
{
	memset(sums, 0, 3 * sizeof *sums);
	memset(slopes, 0, 9 * sizeof(double));
	for (int i = 0; i < CELLS; i++)
		for (int k = 0; k < CELLS; k++) {
			double by[3] = {1, (i + .5) / CELLS - .5, (k + .5) / CELLS - .5}, q = plane_at(plane, by[1], by[2]);
			for (int r = 0; q > 0 && r < 3; r++) {
				sums[r] += q * by[r] / CELLS / CELLS;
				for (int s = 0; s < 3; s++)
					slopes[r][s] += by[r] * by[s] / CELLS / CELLS;
			}
		}
}

static void step_to(double slopes[3][3], double residual[3], double step[3])
{
	for (int i = 0; i < 3; i++)
		for (int r = i + 1; r < 3; r++) {
			double share = slopes[r][i] / slopes[i][i];
			for (int s = i; s < 3; s++)
				slopes[r][s] -= share * slopes[i][s];
			residual[r] -= share * residual[i];
		}
	for (int i = 2; i >= 0; i--) {
		step[i] = residual[i];
		for (int s = i + 1; s < 3; s++)
			step[i] -= slopes[i][s] * step[s];
		step[i] /= slopes[i][i];
	}
}

/* The linear pressure under a force of 1 at (ex, ey), soil without tension, by Newton on its plane. */
static bool solve_plane(double ex, double ey, struct plane *plane)
{
	*plane = (struct plane){{1, 12 * ex, 12 * ey}};
	for (int i = 0; i < 80; i++) {
		double sums[3], slopes[3][3], step[3];
		sum_plane(plane, sums, slopes);
		double residual[3] = {1 - sums[0], ex - sums[1], ey - sums[2]};
		if (fabs(residual[0]) + fabs(residual[1]) + fabs(residual[2]) < 1e-10)
			return true;
		step_to(slopes, residual, step);
		for (int k = 0; k < 3; k++)
			plane->c[k] += step[k];
	}
	return false;
}

/* Moment about a line at `reach` from the edge of greatest pressure, of the pressure beyond it; the width summed. */
static double beyond(const struct plane *plane, bool x_ways, double reach)
{
	double moment = 0;
	for (int i = 0; i < CELLS; i++)
		for (int k = 0; k < CELLS; k++) {
			double x = (i + .5) / CELLS - .5, y = (k + .5) / CELLS - .5, arm = (x_ways ? x : y) - (.5 - reach);
			if (arm > 0)
				moment += fmax(plane_at(plane, x, y), 0) * arm / CELLS / CELLS;
		}
	return moment;
}

/*
 * The product of both directions' factors against the true peak, and 9/8 of one direction's line load against the true
 * moment beyond a section: never below, and by no more than 22 % above.
 */
static void bent_both_ways_is_bounded(void **state)
{
	(void)state;
	int solved = 0;
	for (double ex = 0; ex <= .401; ex += .04)
		for (double ey = 0; ey <= ex + 1e-9; ey += .04) {
			struct plane plane;
			if (!solve_plane(ex, ey, &plane))
				continue;
			solved++;
			double peak = plane_at(&plane, .5, .5), bound = spread_cross(ex, 1) * spread_cross(ey, 1);
			assert_true(bound >= peak * .985); /* cells are coarse where a corner alone bears */
			assert_true(bound <= peak * 1.22);
			struct spread_pressure along = spread_pressure(1, ex, 1, 1), across = spread_pressure(1, ey, 1, 1);
			double more = ex + ey > 1 / 6. && ey > 0 ? 9 / 8. : 1;
			for (double reach = .1; reach <= .45; reach += .07) {
				assert_true(more * spread_pressure_moment(&along, reach) >= beyond(&plane, true, reach) * .985);
				assert_true(more * spread_pressure_moment(&across, reach) >= beyond(&plane, false, reach) * .985);
			}
		}
	assert_true(solved >= 60);
	near(spread_cross(0, 3), 1, 0);
	near(spread_cross(.5, 3), 2, 1e-12);
	assert_true(isinf(spread_cross(1.5, 3)));
}

/* Across, dead load turns the footing as it holds it: 1000 lb-ft against 2000 lb × 2 ft are a safety of 4. */
static void dead_load_across(void **state)
{
	(void)state;
	struct spread_problem p = problem_of(2000, 400);
	const struct spread_size size = {6, 4, 1};
	struct spread_answer plain, bent, more;
	spread_check(&p, &size, &plain);
	p.cross_lbft = 1000; /* e .5 of 4 ft: 1 + 6/8 */
	spread_check(&p, &size, &bent);
	near_share(bent.soil.q_max_psf, 1.75 * plain.soil.q_max_psf, 1e-12);
	near(bent.soil.sf_overturning, 4, 1e-12);
	near(bent.rows[SPREAD_OVERTURNING].capacity, 4, 1e-12);
	assert_true(bent.rows[SPREAD_TWO_WAY].demand > plain.rows[SPREAD_TWO_WAY].demand);
	p.cross_lbft = 4200; /* beyond the footing's side */
	spread_check(&p, &size, &more);
	assert_false(more.pass);
	assert_true(isnan(more.soil.q_max_psf));
}

/* Statics: the pressure sums to P and turns by M; partial sums agree with strips.  12,000 points and more. */
static void pressure_is_statics(void **state)
{
	(void)state;
	enum { STRIPS = 2000 };
	int points = 0;
	for (double p = 1000; p < 1e6; p *= 2.2)
		for (double length = 1; length < 40; length *= 1.7)
			for (double share = 0; share < .499; share += .033) {
				double width = 3, m = p * share * length;
				struct spread_pressure q = spread_pressure(p, m, length, width);
				near_share(width * spread_pressure_force(&q, length), p, 1e-9);
				double about_toe = spread_pressure_force(&q, length) * length - spread_pressure_moment(&q, length);
				near(width * about_toe / (p * length), .5 - share, 1e-9);
				assert_true(q_at(&q, q.contact_ft * (1 - 1e-9)) >= -1e-6 * q.q0_psf);
				for (double x = .3 * length; x <= length; x += .35 * length) {
					double force = 0, moment = 0, du = x / STRIPS;
					for (int i = 0; i < STRIPS; i++) {
						double u = (i + .5) * du;
						force += q_at(&q, u) * du;
						moment += q_at(&q, u) * (x - u) * du;
					}
					near(spread_pressure_force(&q, x), force, 2e-3 * p / width);
					near(spread_pressure_moment(&q, x), moment, 2e-3 * p / width * x);
					points++;
				}
			}
	assert_true(points >= 2000);
	/* beyond the edge: P stands at the toe */
	struct spread_pressure q = spread_pressure(900, 9000, 6, 3);
	near_share(spread_pressure_force(&q, 1), 300, 1e-9);
	near_share(spread_pressure_moment(&q, 2), 600, 1e-5);
}

/* [sign 2.13] more M → larger q_max and smaller SF; larger L → smaller q_max for the same P and M */
static void laws_of_soil(void **state)
{
	(void)state;
	int points = 0;
	for (double v = 1000; v < 1e6; v *= 1.5)
		for (double l = 1; l < 50; l *= 1.25)
			for (double share = .01; share < .48; share += .02) {
				struct spread_problem p = problem_of(v, v * share * l), more = problem_of(v, 1.02 * v * share * l);
				const struct spread_size size = {l, 5, 2}, longer = {1.05 * l, 5, 2};
				struct spread_answer is, with_more, with_longer;
				spread_check_soil(&p, &size, &is);
				spread_check_soil(&more, &size, &with_more);
				spread_check_soil(&p, &longer, &with_longer);
				assert_true(with_more.soil.q_max_psf > is.soil.q_max_psf);
				assert_true(with_more.soil.sf_overturning < is.soil.sf_overturning);
				assert_true(with_longer.soil.q_max_psf < is.soil.q_max_psf);
				assert_true(with_longer.soil.sf_overturning > is.soil.sf_overturning);
				assert_int_equal(is.soil.in_kern, share <= 1. / 6);
				points++;
			}
	assert_true(points >= 6000);
}

/* --- concrete rows by strips: nothing shared with the code under test but the chosen bars --- */

struct strips {
	double shear_psi, punch_psi, along_lbft, across_lbft, heel_lbft_ft;
};

static void sum_strips(const struct spread_problem *p, const struct spread_size *s, const struct spread_mat *mat,
					   double dead, struct strips *most)
{
	enum { STRIPS = 20000 };
	double own = p->self_weight ? 150 * s->thickness_ft + p->soil_unit_pcf * p->cover_ft : 0, w = dead * own;
	double pu = dead * (p->vertical_lb + own * s->length_ft * s->width_ft), mu = p->wind_factor * p->moment_lbft;
	struct spread_pressure q = spread_pressure(pu, mu, s->length_ft, s->width_ft);
	double d1 = mat->d_length_in / 12, d2 = mat->d_width_in / 12, d = (d1 + d2) / 2;
	double face = s->length_ft / 2 - p->column_depth_in / 24, du = s->length_ft / STRIPS;
	double b1 = p->column_depth_in / 12 + d, b2 = p->column_width_in / 12 + d;
	double toe = 0, heel = 0, moment = 0, up = 0, turn = 0, lifts = 0;
	for (int i = 0; i < STRIPS; i++) {
		double u = (i + .5) * du, net = (q_at(&q, u) - w) * du, from_middle = s->length_ft / 2 - u;
		toe += u < face - d1 ? net : 0;
		heel += u > s->length_ft - (face - d1) ? net : 0;
		moment += u < face ? net * (face - u) : 0;
		lifts -= u > s->length_ft - face ? net * (u - (s->length_ft - face)) : 0;
		up += fabs(from_middle) < b1 / 2 ? net * b2 : 0;
		turn += fabs(from_middle) < b1 / 2 ? net * b2 * from_middle : 0;
	}
	double column = pu - w * s->length_ft * s->width_ft, reach = s->width_ft / 2 - p->column_width_in / 24;
	double one = fmax(fabs(toe), fabs(heel)) / (144 * d1);
	double other = column / (s->width_ft * s->length_ft) * fmax(0, reach - d2) / (144 * d2);
	double gamma = 1 - 1 / (1 + 2. / 3 * sqrt(b1 / b2));
	double jc = d * b1 * b1 * b1 / 6 + b1 * d * d * d / 6 + d * b2 * b1 * b1 / 2;
	double punch = fabs(column - up) / (2 * (b1 + b2) * d) + gamma * fabs(mu - turn) * (b1 / 2) / jc;
	most->shear_psi = fmax(most->shear_psi, fmax(one, other));
	most->punch_psi = fmax(most->punch_psi, punch / 144);
	most->along_lbft = fmax(most->along_lbft, moment * s->width_ft);
	most->heel_lbft_ft = fmax(most->heel_lbft_ft, lifts);
	most->across_lbft = fmax(most->across_lbft, column / s->width_ft * reach * reach / 2);
}

/* REF: ACI 318-19 table 13.2.7.1; ACI 318-19 section 13.2.7.2; ACI 318-19 section 8.4.4.2; ACI 318-19 section 22.6.4.1;
 * ASCE 7-16 section 2.3.1: a second formulation */
static void concrete_demands_by_strips(void **state)
{
	(void)state;
	for (double v = 5000; v < 1e5; v *= 3)
		for (double l = 5; l < 14; l += 2.4)
			for (double share = 0; share < .45; share += .06)
				for (int self = 0; self < 2; self++) {
					struct spread_problem p = problem_of(v, 0);
					const struct spread_size size = {l, .8 * l, 1.5};
					struct strips most = {0};
					struct spread_answer a;
					p.self_weight = self;
					p.cover_ft = 1;
					p.moment_lbft = share * l * (v + self * 335 * l * .8 * l) / 1.9;
					spread_check(&p, &size, &a);
					sum_strips(&p, &size, &a.mat, 1.2, &most);
					sum_strips(&p, &size, &a.mat, .9, &most);
					/* one row shows the direction that is used up more; it is never above the worst of both */
					const struct spread_demand *one = &a.rows[SPREAD_ONE_WAY];
					assert_true(one->demand <= most.shear_psi * 1.001 + 1e-6);
					near(a.rows[SPREAD_TWO_WAY].demand, most.punch_psi, .003 * most.punch_psi + .02);
					near(a.heel_lbft_ft, most.heel_lbft_ft, .002 * most.heel_lbft_ft + 1);
					double flexure = a.rows[SPREAD_FLEXURE].demand;
					assert_true(fabs(flexure - most.along_lbft) < .002 * most.along_lbft + 1 ||
								fabs(flexure - most.across_lbft) < .002 * most.across_lbft + 1);
				}
}

/* REF: ACI 318-19 table 22.5.5.1; ACI 318-19 section 22.5.5.1.1; ACI 318-19 section 22.5.5.1.3; ACI 318-19
 * section 22.2; ACI 318-19 table 21.2.1; ACI 318-19 table 21.2.2; ACI 318-19 section 8.6.1.1; ACI 318-19
 * section 7.7.2.3: a square footing under an even load, by hand */
static void concentric_by_hand(void **state)
{
	(void)state;
	struct spread_problem p = problem_of(60000, 0);
	const struct spread_size size = {6, 6, 1.5};
	struct spread_answer a;
	spread_check(&p, &size, &a);
	assert_int_equal(a.mat.size, 5);
	assert_true(a.mat.spacing_in >= 6);
	near(a.mat.d_length_in, 18 - 3 - .3125, 1e-12);
	near(a.mat.d_width_in, 18 - 3 - .9375, 1e-12);
	double net = 1.2 * 60000 / 36, steel = (double)a.mat.along_width * .31, d = a.mat.d_width_in;
	near_share(a.rows[SPREAD_FLEXURE].demand, net * 6 * 2.5 * 2.5 / 2, 1e-9);
	double block = steel * 60000 / (.85 * 3000 * 72);
	near_share(a.rows[SPREAD_FLEXURE].capacity, .9 * steel * 60000 * (d - block / 2) / 12, 1e-9);
	near_share(a.rows[SPREAD_ONE_WAY].demand, net * (2.5 - d / 12) / (12 * d), 1e-9);
	double lambda = sqrt(2 / (1 + d / 10));
	near_share(a.rows[SPREAD_ONE_WAY].capacity, .75 * 8 * lambda * cbrt(steel / (72 * d)) * sqrt(3000), 1e-9);
	d = (a.mat.d_length_in + a.mat.d_width_in) / 2;
	double side = 12 + d, bo = 4 * side;
	near_share(a.rows[SPREAD_TWO_WAY].demand, (72000 - net * side * side / 144) / (bo * d), 1e-9);
	near_share(a.rows[SPREAD_TWO_WAY].capacity, .75 * 4 * sqrt(2 / (1 + d / 10)) * sqrt(3000), 1e-9);
	near_share(a.rows[SPREAD_MINIMUM_STEEL].demand, .0018 * 72 * 18, 1e-9);
	assert_true(a.rows[SPREAD_MINIMUM_STEEL].capacity >= a.rows[SPREAD_MINIMUM_STEEL].demand);
}

/* REF: ACI 318-19 section 14.5.2.1; ACI 318-19 section 14.5.1.7: a heel that soil has left, by hand */
static void heel_hangs_on_plain_concrete(void **state)
{
	(void)state;
	struct spread_problem p = problem_of(3000, 120000);
	struct spread_answer a;
	p.self_weight = true;
	p.cover_ft = 3;
	spread_check(&p, &(struct spread_size){11, 5, 1.5}, &a);
	assert_true(a.soil.contact_ft < 6);
	near_share(a.heel_lbft_ft, 1.2 * (225 + 330) * 5 * 5 / 2, 1e-9);
	near_share(a.heel_plain_lbft_ft, .6 * 5 * sqrt(3000) * 16 * 16 / 6, 1e-9);
}

/* REF: ACI 318-19 table 22.6.5.2; ACI 318-19 section 22.6.4: the other two of the three, a long column and a thick
 * footing around a long perimeter */
static void punching_takes_the_least_of_three(void **state)
{
	(void)state;
	struct spread_problem p = problem_of(50000, 0);
	struct spread_answer a;
	p.column_depth_in = 60;
	spread_check(&p, &(struct spread_size){12, 8, 2}, &a);
	double d = (a.mat.d_length_in + a.mat.d_width_in) / 2, lambda = sqrt(2 / (1 + d / 10));
	near_share(a.rows[SPREAD_TWO_WAY].capacity, .75 * (2 + 4 / 5.) * lambda * sqrt(3000), 1e-9);
	p.column_depth_in = p.column_width_in = 80;
	spread_check(&p, &(struct spread_size){12, 12, 1.25}, &a);
	d = (a.mat.d_length_in + a.mat.d_width_in) / 2;
	near_share(a.rows[SPREAD_TWO_WAY].capacity,
			   .75 * (2 + 40 * d / (4 * (80 + d))) * fmin(1, sqrt(2 / (1 + d / 10))) * sqrt(3000), 1e-9);
}

/* REF: IBC 1806.3.2; IBC 1806.2; ASCE 7-16 section 2.4.1 */
static void sliding_by_friction_or_cohesion(void **state)
{
	(void)state;
	struct spread_problem p = problem_of(10000, NAN);
	const struct spread_size size = {6, 5, 2};
	struct spread_answer a;
	p.force_lb = 900, p.height_ft = 6, p.cover_ft = 1;
	spread_check_soil(&p, &size, &a);
	near(a.soil.moment_lbft, 900 * 9, 1e-9);
	near(a.rows[SPREAD_SLIDING].capacity, .25 * 6000, 1e-9);
	near(a.soil.sf_sliding, 2500. / 900, 1e-9);
	p.friction = NAN, p.cohesion_psf = 130;
	spread_check_soil(&p, &size, &a);
	near_share(a.rows[SPREAD_SLIDING].capacity, 130 * 5 * a.soil.contact_ft, 1e-9);
	p.cohesion_psf = 500;
	spread_check_soil(&p, &size, &a);
	near(a.rows[SPREAD_SLIDING].capacity, 5000, 1e-9);
	p.uplift_lb = 12000;
	spread_check_soil(&p, &size, &a);
	assert_false(a.pass);
	assert_true(isnan(a.soil.eccentricity_ft) && isnan(a.soil.q_max_psf) && a.soil.contact_ft == 0);
	near(a.rows[SPREAD_UPLIFT].capacity, 6000, 1e-9);
}

/* --- the search --- */

/* REF: ACI 318-19 section 13.3.1.2: every size is asked, and the least volume with 6 in of effective depth kept */
static bool brute(const struct spread_problem *p, struct spread_size *best)
{
	double least = INFINITY;
	for (double t = .5; t <= 10; t += .25)
		for (double l = 1; l <= 60; l += .25)
			for (double b = 1; b <= 60 && l * b * t <= least; b += .25) {
				const struct spread_size size = {l, b, t};
				struct spread_answer a;
				if (l * b * t == least && (t > best->thickness_ft || (t == best->thickness_ft && l >= best->length_ft)))
					continue;
				spread_check_soil(p, &size, &a);
				if (!a.pass)
					continue;
				spread_check(p, &size, &a);
				if (a.pass && a.mat.d_width_in >= 6) {
					least = l * b * t;
					*best = size;
				}
			}
	return isfinite(least);
}

static void search_is_exact(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 7);
	for (int i = 0; i < 12; i++) {
		struct spread_problem p = problem_of(1000 + 20000 * rng_unit(&rng), NAN);
		p.force_lb = 200 + 4000 * rng_unit(&rng);
		p.height_ft = 20 * rng_unit(&rng);
		p.self_weight = i % 4 != 0;
		p.cover_ft = i % 3;
		p.vertical_psf = i % 2 ? 1500 : 3000;
		p.uplift_lb = i % 5 == 4 ? 2000 : i == 7 ? 30000 : 0;
		struct spread_size found = {0}, best = {0};
		bool any = brute(&p, &best);
		assert_int_equal(spread_search(&p, &found), any);
		if (any) {
			near(found.length_ft * found.width_ft * found.thickness_ft,
				 best.length_ft * best.width_ft * best.thickness_ft, 0);
			near(found.thickness_ft, best.thickness_ft, 0);
			near(found.length_ft, best.length_ft, 0);
		}
	}
}

/* The same with a price of bars and limits of form; what is walked past is only what its concrete alone makes dearer.
 */
static bool brute_wish(const struct spread_problem *p, const struct spread_wish *wish, double *usd)
{
	double least = wish->below_usd;
	for (double t = wish->thinnest_ft; t <= 10; t += .25)
		for (double l = 1; l <= 60; l += .25)
			for (double b = 1; b <= wish->widest_ft && wish->usd_ft3 * l * b * t < least; b += .25) {
				const struct spread_size size = {l, b, t};
				struct spread_answer a;
				if (b < wish->narrowest_ft || l > wish->longest * b)
					continue;
				spread_check_soil(p, &size, &a);
				if (!a.pass)
					continue;
				spread_check(p, &size, &a);
				double price = wish->usd_ft3 * l * b * t + wish->usd_lb * spread_mat_lb(p, &size, &a.mat);
				if (a.pass && a.mat.d_width_in >= 6)
					least = fmin(least, price);
			}
	*usd = least;
	return least < wish->below_usd;
}

/* REF: ACI 318-19 section 8.6.1.1; ACI 318-19 section 13.3.1.2: the bounds that prune lie below what they bound */
static void wishes_are_exact(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 11);
	for (int i = 0; i < 16; i++) {
		struct spread_problem p = problem_of(1000 + 9000 * rng_unit(&rng), NAN);
		p.force_lb = 200 + 3000 * rng_unit(&rng);
		p.height_ft = 25 * rng_unit(&rng);
		p.self_weight = i % 4 != 3;
		p.cover_ft = i % 5 == 4 ? 1.5 : 0;
		p.vertical_psf = i % 2 ? 1500 : 3000;
		p.uplift_lb = i % 8 == 5 ? 1500 : 0;
		p.cross_lbft = i % 7 == 6 ? 1500 : 0;
		struct spread_wish wish = {.usd_ft3 = 9.5,
								   .usd_lb = 1.1,
								   .thinnest_ft = i % 3 ? .5 : 2,
								   .widest_ft = i % 6 == 1 ? 6 : 60,
								   .narrowest_ft = 1 + i % 3,
								   .longest = 2,
								   .below_usd = INFINITY};
		struct spread_size found = {0};
		double best, usd = NAN;
		bool any = brute_wish(&p, &wish, &best);
		assert_int_equal(spread_search_wish(&p, &wish, &found, &usd), any);
		if (!any)
			continue;
		near(usd, best, 1e-9 * best);
		assert_true(spread_floor_usd(&p, &wish) <= best);
		assert_true(spread_thinnest_ft(&p) <= found.thickness_ft);
		wish.below_usd = best * (1 + 1e-9); /* with the tightest bound it is still found, and not below itself */
		assert_true(spread_search_wish(&p, &wish, &found, &usd));
		wish.below_usd = best * (1 - 1e-9);
		assert_false(spread_search_wish(&p, &wish, &found, &usd));
	}
}

static void nothing_feasible_gives_the_nearest(void **state)
{
	(void)state;
	struct spread_problem p = problem_of(1e5, 9e7);
	struct spread_size size;
	struct spread_answer a;
	assert_false(spread_search(&p, &size));
	spread_check(&p, &size, &a);
	assert_false(a.pass);
}

int main(void)
{
	struct packs *packs = bed_packs();
	concrete = packs_find(packs, "concrete", "v1", NULL)->data;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pressure_is_statics),
		cmocka_unit_test(bent_both_ways_is_bounded),
		cmocka_unit_test(dead_load_across),
		cmocka_unit_test(laws_of_soil),
		cmocka_unit_test(concrete_demands_by_strips),
		cmocka_unit_test(concentric_by_hand),
		cmocka_unit_test(heel_hangs_on_plain_concrete),
		cmocka_unit_test(punching_takes_the_least_of_three),
		cmocka_unit_test(sliding_by_friction_or_cohesion),
		cmocka_unit_test(search_is_exact),
		cmocka_unit_test(wishes_are_exact),
		cmocka_unit_test(nothing_feasible_gives_the_nearest),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	packs_free(packs);
	return failed;
}
