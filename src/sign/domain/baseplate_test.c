#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/rng.h"
#include "seal/check.h"
#include "sign/domain/baseplate.h"
#include "sign/domain/steel_bed.h"

static bool near_by(double value, double expected, double share)
{
	return fabs(value - expected) <= share * fabs(expected);
}

static struct plate_problem problem_of(double p, double m)
{
	return (struct plate_problem){.shape = PLATE_W,
								  .d_in = 12.7,
								  .b_in = 12.2,
								  .tf_in = NAN,
								  .fy_ksi = 36,
								  .fp_max_ksi = plate_fp_max_ksi(4000, 4, true),
								  .fc_psi = 4000,
								  .edge_in = 1.5,
								  .dia_in = NAN,
								  .fu_ksi = 58,
								  .weld_in = NAN,
								  .fexx_ksi = 70,
								  .p_kip = p,
								  .m_kipin = m,
								  .lrfd = true};
}

/* REF: AISC 360-22 J8 */
static void bearing_strength(void **state)
{
	(void)state;
	near(plate_fp_max_ksi(4000, 4, true), 4.42, 1e-12);
	near(plate_fp_max_ksi(4000, 1, true), 2.21, 1e-12);
	near(plate_fp_max_ksi(4000, 9, true), 4.42, 1e-12);
	near(plate_fp_max_ksi(3000, 1, false), .85 * 3 / 2.31, 1e-12);
}

/* REF: AISC Design Guide 1 section 3.3; AISC Design Guide 1 section 3.3.2; AISC 360-22 F11: W12X96 on 19 in by 19 in,
 * 376 kip and 940 kip-in */
static void small_moment(void **state)
{
	(void)state;
	struct plate_problem p = problem_of(376, 940);
	struct plate_answer a;
	plate_check(&p, &(struct plate_size){19, 19, 1.5, 4}, &a);
	assert_true(a.forces.small && a.forces.solved);
	near(a.forces.e_in, 2.5, 1e-12);
	near(a.forces.e_crit_in, 9.5 - 376 / (2 * 4.42 * 19), 1e-12);
	near(a.forces.y_in, 14, 1e-12);
	near_share(a.forces.fp_ksi, 376 / (19. * 14), 1e-12);
	near(a.n_in, 4.62, 1e-12);
	near(a.m_in, 3.4675, 1e-12);
	near(a.t_required_in, 1.37, .01);
	assert_true(a.pass && a.forces.tension_kip == 0);
}

/* REF: AISC Design Guide 1 section 3.4; AISC Design Guide 1 section 3.4.3: the same column on 22 in by 22 in, 3600
 * kip-in */
static void large_moment(void **state)
{
	(void)state;
	struct plate_problem p = problem_of(376, 3600);
	struct plate_answer a;
	plate_check(&p, &(struct plate_size){22, 22, 3, 4}, &a);
	double q = 4.42 * 22, e = 3600 / 376., y = 20.5 - sqrt(20.5 * 20.5 - 2 * 376 * (e + 9.5) / q);
	assert_false(a.forces.small);
	near(a.forces.y_in, y, 1e-9);
	near(y, 4.0, .1);
	near(a.forces.tension_kip, q * y - 376, 1e-9);
	near(a.n_in, 6.12, 1e-12);
	near_share(a.t_bearing_in, sqrt(4 * 4.42 * y * (6.12 - y / 2) / (.9 * 36)), 1e-12);
	near(a.x_in, 9.5 - 6.35, 1e-12);
	near_share(a.t_tension_in, sqrt(4 * a.forces.tension_kip * 3.15 / (22 * .9 * 36)), 1e-12);
	near_share(a.forces.bearing_demand, 376 * (e + 9.5), 1e-12);
	near_share(a.forces.bearing_capacity, q * 20.5 * 20.5 / 2, 1e-12);
	p.tf_in = .9;
	plate_check(&p, &(struct plate_size){22, 22, 3, 4}, &a);
	near(a.x_in, 3.15 + .45, 1e-12);
}

/* Does the plate stand in equilibrium?  From the returned pressure and tension alone. */
static void assert_equilibrium(const struct plate_problem *p, const struct plate_size *size,
							   const struct plate_forces *f)
{
	double arm = size->l_in / 2 - p->edge_in, b = size->w_in, n = size->l_in;
	double scale = fabs(p->p_kip) + p->m_kipin / arm + 1e-9;
	if (f->lifted || f->y_in == 0) {
		double other = -p->p_kip - f->tension_kip; /* of the other line */
		near((f->tension_kip - other) * arm, p->m_kipin, 1e-9 * scale * n);
		assert_true(f->tension_kip >= other - 1e-9 * scale);
		return;
	}
	double last = f->fp_ksi - f->slope_ksi_in * f->y_in;
	double c = b * f->y_in * (f->fp_ksi + last) / 2;
	double from_edge = b * f->y_in * f->y_in * (f->fp_ksi + 2 * last) / 6 / c;
	near(c - f->tension_kip, p->p_kip, 1e-9 * scale);
	near(c * (n / 2 - from_edge) + f->tension_kip * arm, p->m_kipin, 1e-9 * scale * n);
	assert_true(f->tension_kip >= -1e-9 * scale && last >= -1e-9 * f->fp_ksi);
	assert_true(f->y_in <= n * (1 + 1e-12));
}

/* REF: AISC Design Guide 1 section 3.4; AISC Design Guide 1 appendix B: statics from what is returned; more than 10,000
 * points, both methods, pressing and pulling. */
static void plates_stand_in_equilibrium(void **state)
{
	(void)state;
	int solved = 0, cases[4] = {0};
	for (int method = 0; method < 2; method++)
		for (double pull = -200; pull <= 900; pull += 27.5)
			for (double m = 0; m < 8000; m = m * 1.5 + 10)
				for (double n = 14; n <= 38; n += 4)
					for (double w = 14; w <= 30; w += 8) {
						struct plate_problem p = problem_of(pull, m);
						const struct plate_size size = {w, n, 2, 4};
						struct plate_forces f;
						p.method = method;
						plate_stand(&p, &size, &f);
						if (!f.solved) {
							assert_true(f.bearing_demand > f.bearing_capacity * (1 - 1e-9));
							continue;
						}
						assert_equilibrium(&p, &size, &f);
						assert_true(f.fp_ksi <= p.fp_max_ksi * (1 + 1e-9) || f.bearing_demand > f.bearing_capacity);
						cases[f.small ? 0 : f.lifted ? 1 : pull < 0 ? 2 : 3]++;
						solved++;
					}
	assert_true(solved >= 10000);
	for (int i = 0; i < 4; i++)
		assert_true(cases[i] > 100);
}

/* At e_crit both cases give the same plate. */
static void cases_meet_at_the_critical_eccentricity(void **state)
{
	(void)state;
	for (int method = 0; method < 2; method++)
		for (double pull = 20; pull < 900; pull *= 1.4)
			for (double n = 16; n < 40; n += 3) {
				struct plate_problem p = problem_of(pull, 0);
				const struct plate_size size = {20, n, 2, 4};
				struct plate_answer below, above;
				struct plate_forces f;
				p.method = method;
				plate_stand(&p, &size, &f);
				if (f.e_crit_in <= n / 6)
					continue;
				p.m_kipin = pull * f.e_crit_in * (1 - 1e-9);
				plate_check_steel(&p, &size, &below);
				p.m_kipin = pull * f.e_crit_in * (1 + 1e-9);
				plate_check_steel(&p, &size, &above);
				assert_true(below.forces.small && !above.forces.small);
				near_share(above.forces.y_in, below.forces.y_in, 1e-6);
				near_share(above.forces.fp_ksi, below.forces.fp_ksi, 1e-6);
				near(above.forces.tension_kip, 0, 1e-5 * pull);
				near_share(above.t_bearing_in, below.t_bearing_in, 1e-6);
			}
}

/* The moment of the pressure over the cantilever, by strips. */
static void bending_by_strips(void **state)
{
	(void)state;
	enum { STRIPS = 4000 };
	for (int method = 0; method < 2; method++)
		for (double pull = 0; pull < 600; pull += 60)
			for (double m = 100; m < 5000; m *= 2) {
				struct plate_problem p = problem_of(pull, m);
				struct plate_answer a;
				p.method = method;
				plate_check_steel(&p, &(struct plate_size){20, 22, 2, 4}, &a);
				if (!a.forces.solved)
					continue;
				double l = fmax(a.m_in, a.n_in), moment = 0;
				for (int i = 0; i < STRIPS; i++) {
					double u = (i + .5) * l / STRIPS;
					double q = u < a.forces.y_in ? a.forces.fp_ksi - a.forces.slope_ksi_in * u : 0;
					moment += q * (l - u) * l / STRIPS;
				}
				near_share(a.t_bearing_in, sqrt(4 * moment / (.9 * 36)), 5e-3);
			}
}

/* [sign 2.13] t_required grows with M, and with P at the same e; 10,000 points */
static void laws_of_thickness(void **state)
{
	(void)state;
	int points = 0;
	for (int method = 0; method < 2; method++)
		for (double pull = 5; pull < 500; pull *= 1.2)
			for (double e = .5; e < 200; e *= 1.15)
				for (double n = 16; n <= 36; n += 4) {
					const struct plate_size size = {20, n, 2, 4};
					struct plate_problem p = problem_of(pull, pull * e), more;
					struct plate_answer is, with;
					p.method = method;
					plate_check_steel(&p, &size, &is);
					if (!is.forces.solved)
						continue;
					more = p;
					more.m_kipin *= 1.02;
					plate_check_steel(&more, &size, &with);
					assert_true(!with.forces.solved || with.t_required_in >= is.t_required_in * (1 - 1e-9));
					more.p_kip *= 1.02;
					plate_check_steel(&more, &size, &with);
					assert_true(!with.forces.solved || with.t_required_in >= is.t_required_in * (1 - 1e-9));
					points++;
				}
	assert_true(points >= 5000); /* two laws each */
}

/* REF: AISC 360-22 J2.4; AISC 360-22 J1.4: the weld as a line, by hand */
static void weld_as_a_line(void **state)
{
	(void)state;
	struct plate_problem p = problem_of(-12, 300);
	struct plate_answer a;
	p.shape = PLATE_ROUND, p.d_in = p.b_in = 8;
	p.v_kip = 5, p.t_kipin = 60, p.weld_in = .3125;
	plate_check_steel(&p, &(struct plate_size){18, 18, 2, 4}, &a);
	double normal = 300 / (M_PI * 16) + 12 / (8 * M_PI), along = 2 * 5 / (8 * M_PI) + 60 * 4 / (2 * M_PI * 64);
	near_share(a.rows[PLATE_WELD].demand, hypot(normal, along), 1e-12);
	near_share(a.rows[PLATE_WELD].capacity, .75 * .6 * 70 * .70711 * .3125, 1e-5);
	p.shape = PLATE_RECT, p.d_in = 10, p.b_in = 6, p.p_kip = 40, p.lrfd = false;
	plate_check_steel(&p, &(struct plate_size){18, 18, 2, 4}, &a);
	normal = 300 / (60 + 100 / 3.);
	along = 32 / 20. * 5 / 32 + 60 * sqrt(34) / (4096 / 6.);
	near_share(a.rows[PLATE_WELD].demand, hypot(normal, along), 1e-12);
	near_share(a.rows[PLATE_WELD].capacity, .6 * 70 * .70711 * .3125 / 2, 1e-5);
}

/* A line group's properties by summing small pieces of it. */
static void weld_properties_by_pieces(void **state)
{
	(void)state;
	enum { PIECES = 100000 };
	double s = 0, polar = 0, b = 6, d = 10, du = 2 * (b + d) / PIECES;
	for (int i = 0; i < PIECES; i++) {
		double u = (i + .5) * du, x, y;
		if (u < b)
			x = u - b / 2, y = d / 2;
		else if (u < b + d)
			x = b / 2, y = d / 2 - (u - b);
		else if (u < 2 * b + d)
			x = b / 2 - (u - b - d), y = -d / 2;
		else
			x = -b / 2, y = -d / 2 + (u - 2 * b - d);
		s += y * y * du;
		polar += (x * x + y * y) * du;
	}
	near_share(s / (d / 2), b * d + d * d / 3, 1e-6);
	near_share(polar, (b + d) * (b + d) * (b + d) / 6, 1e-6);
}

/* --- the search --- */

static bool outside(const struct plate_problem *p, const struct plate_size *s)
{
	double pitch = s->bolts > 2 ? (s->w_in - 2 * p->edge_in) / (s->bolts / 2 - 1) : INFINITY;
	return s->l_in / 2 - p->edge_in - p->d_in / 2 >= fmax(1.5, 1.5 * p->dia_in) - 1e-9 &&
		   pitch >= 4 * p->dia_in - 1e-9 && s->w_in >= p->b_in + 1 - 1e-9;
}

static double brute(const struct plate_problem *p, const struct plate_size *least)
{
	double best = INFINITY;
	for (int bolts = 4; bolts <= 8; bolts += 2)
		for (double l = 1; l <= 60; l++)
			for (double w = 1; w <= 60; w++)
				for (double t = .25; t <= 4 && w * l * t < best; t += .125) {
					const struct plate_size size = {w, l, t, bolts};
					struct plate_answer a;
					if (l < least->l_in || w < least->w_in || t < least->t_in || bolts < least->bolts ||
						!outside(p, &size))
						continue;
					plate_check(p, &size, &a);
					if (a.pass)
						best = w * l * t;
				}
	return best;
}

static void search_is_exact(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		struct plate_problem p = problem_of(i == 3 ? -10 : 4 + 3 * i, 100 + 250 * i);
		struct plate_size least = {0}, found;
		bool listed;
		p.shape = i % 2 ? PLATE_ROUND : PLATE_RECT, p.d_in = 8.625, p.b_in = i % 2 ? 8.625 : 6;
		p.dia_in = .75 + .125 * (i % 4), p.weld_in = .3125, p.v_kip = 2, p.method = i % 3 == 2;
		p.embedded = i == 5;
		p.bolt = (struct anchor_bolt){.dia_in = p.dia_in,
									  .ase_in2 = anchor_ase_in2(p.dia_in, &listed),
									  .futa_psi = 58000,
									  .hef_in = 14,
									  .abrg_in2 = anchor_head_in2(p.dia_in, true),
									  .kc = 24,
									  .np_lb = NAN,
									  .ductile = true};
		if (i == 4)
			least = (struct plate_size){15.5, 14, 1.3, 6};
		if (i == 6)
			p.weld_in = .5;
		double best = brute(&p, &least);
		assert_int_equal(plate_search(&p, &least, &found), isfinite(best));
		if (isfinite(best))
			near(found.w_in * found.l_in * found.t_in, best, 1e-9);
	}
}

/* Pressing more than the whole plate bears fails in bearing, however the moments would balance. */
static void too_much_pressure_fails(void **state)
{
	(void)state;
	for (int method = 0; method < 2; method++)
		for (double m = 0; m < 20000; m = m * 2 + 100) {
			struct plate_problem p = problem_of(4.42 * 20 * 20 * 1.01, m);
			struct plate_answer a;
			p.method = method;
			plate_check(&p, &(struct plate_size){20, 20, 4, 4}, &a);
			assert_false(a.pass);
			assert_true(a.rows[PLATE_BEARING].demand > a.rows[PLATE_BEARING].capacity);
		}
}

/*
 * REF: ACI 318-19 section 17.6.2; ACI 318-19 section 17.7.2; ACI 318-19 section 17.6.2.1.2; ACI 318-19 section
 * 17.7.2.1.2: in closed form as by the layout of every anchor, on 4,000 plates at random.
 */
static void breakouts_in_closed_form(void **state)
{
	(void)state;
	struct rng rng;
	int sheared = 0;
	rng_init(&rng, 29);
	for (int i = 0; i < 4000; i++) {
		double dia = .5 + 1.5 * rng_unit(&rng), side = 10 + 40 * rng_unit(&rng), far = side + 40 * rng_unit(&rng);
		const struct plate_size size = {side, side, 1, 4 + 4 * (int)rng_below(&rng, 3)};
		struct plate_problem p = problem_of(5, 8000);
		bool listed;
		p.fp_max_ksi = 50;
		p.v_kip = 10 * rng_unit(&rng);
		p.t_kipin = 200 * rng_unit(&rng);
		p.edge_in = 1.5 + rng_unit(&rng);
		p.dia_in = dia;
		p.embedded = true;
		p.bolt = (struct anchor_bolt){.kind = ANCHOR_CAST_IN,
									  .dia_in = dia,
									  .ase_in2 = anchor_ase_in2(dia, &listed),
									  .futa_psi = 58000,
									  .hef_in = 4 + 24 * rng_unit(&rng),
									  .abrg_in2 = anchor_head_in2(dia, true),
									  .kc = 24,
									  .np_lb = NAN,
									  .cac_in = NAN,
									  .ductile = true};
		p.block_l_in = far;
		p.block_w_in = side + 40 * rng_unit(&rng);
		p.block_t_in = p.bolt.hef_in + 4 + 80 * rng_unit(&rng);
		struct plate_answer a;
		const struct plate_breakouts most = plate_breakouts(&p, &size);
		plate_check(&p, &size, &a);
		assert_true(a.forces.solved && a.anchored && !a.forces.small);
		assert_true(near_by(1000 * most.pull_kip, a.anchors.breakout_n.design_lb, 1e-9));
		double all = plate_bolt_shear_kip(&p, &size) * size.bolts / most.shear_kip;
		assert_true(all <= a.anchors.shear_ratio * (1 + 1e-9));
		if (near_by(1000 * most.shear_kip, a.anchors.breakout_v.design_lb, 1e-9))
			sheared++;
	}
	assert_true(sheared > 3500); /* of the others the line alone is the worse */
}

/* The plate of breakouts_in_closed_form, four 1 in rods that reach 18 in deep, on a block. */
static struct plate_answer on_block(double length_in, double width_in)
{
	const struct plate_size size = {20, 20, 2, 4};
	struct plate_problem p = problem_of(5, 4000);
	struct plate_answer a;
	bool listed;
	p.fp_max_ksi = 50;
	p.v_kip = 20;
	p.edge_in = 2;
	p.dia_in = 1;
	p.embedded = true;
	p.bolt = (struct anchor_bolt){.kind = ANCHOR_CAST_IN,
								  .dia_in = 1,
								  .ase_in2 = anchor_ase_in2(1, &listed),
								  .futa_psi = 58000,
								  .hef_in = 18,
								  .abrg_in2 = anchor_head_in2(1, true),
								  .kc = 24,
								  .np_lb = NAN,
								  .cac_in = NAN,
								  .ductile = true};
	p.block_l_in = length_in;
	p.block_w_in = width_in;
	p.block_t_in = 72; /* thick: the narrow edge distance of 17.7.2.1.2 is not taken */
	plate_check(&p, &size, &a);
	assert_true(a.anchored);
	return a;
}

/* REF: ACI 318-19 section 17.7.2.1 (c): a block that is narrow across V breaks out at its sides */
static void narrow_blocks_break_out_at_their_sides(void **state)
{
	(void)state;
	struct plate_answer square = on_block(48, 48), narrow = on_block(96, 22);
	assert_true(isnan(square.anchors.parallel_v.design_lb)); /* twice the strength toward an edge as near */
	const struct anchor_limit *side = &narrow.anchors.parallel_v;
	double c = 11 - 8, vb = fmin(7 * pow(8, .2), 9) * sqrt(4000) * pow(c, 1.5); /* le is 8 da at most */
	/* both lines of two anchors, 16 in apart, further than 3 ca1: each breaks out alone */
	assert_true(near_by(side->nominal_lb, 2 * 2 * vb, 1e-9));
	assert_true(narrow.anchors.shear_ratio == side->ratio && narrow.anchors.interaction >= side->ratio);
	double before = 0;
	for (double width = 60; width >= 22; width -= 1) {
		struct plate_answer a = on_block(96, width);
		assert_true(a.anchors.shear_ratio >= before);
		before = a.anchors.shear_ratio;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(narrow_blocks_break_out_at_their_sides),
		cmocka_unit_test(bearing_strength),
		cmocka_unit_test(small_moment),
		cmocka_unit_test(large_moment),
		cmocka_unit_test(plates_stand_in_equilibrium),
		cmocka_unit_test(cases_meet_at_the_critical_eccentricity),
		cmocka_unit_test(bending_by_strips),
		cmocka_unit_test(laws_of_thickness),
		cmocka_unit_test(weld_as_a_line),
		cmocka_unit_test(weld_properties_by_pieces),
		cmocka_unit_test(search_is_exact),
		cmocka_unit_test(too_much_pressure_fails),
		cmocka_unit_test(breakouts_in_closed_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
