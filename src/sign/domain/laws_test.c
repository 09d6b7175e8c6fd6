/*
 * Laws of sign.md 2.13 across the kernels, on grids of more than 100,000 points in all: what grows with what, what is
 * symmetric, and how the editions differ.  Single clauses stand in the tests beside their kernels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sign/domain/anchors.h"
#include "sign/domain/baseplate.h"
#include "sign/domain/common.h"
#include "sign/domain/footing_direct.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/poles.h"
#include "sign/domain/steel_bed.h"
#include "sign/domain/wind.h"
#include "sign/domain/wind_pack.h"

static struct packs *packs;
static long points;

#define LAW(truth) \
	do { \
		points++; \
		if (!(truth)) \
			fail_msg("line %d", __LINE__); \
	} while (0)

static const double HAIR = 1 + 1e-9; /* what rounding may do to an equality */

/* --- piers --- */

/*
 * REF: IBC 1807.3.2.1; IBC 1807.3.2.2: the depth again by halving: the least d that is not below the formula at its own
 * S, without the cubic that the kernel solves.
 */
static double formula_by_halving(const struct footing_soil *soil, bool constrained, double p, double h, double b)
{
	double low = 0, high = 4096;
	for (int i = 0; i < 60; i++) {
		double d = (low + high) / 2, s = soil->lateral_psf_ft * fmin(constrained ? d : d / 3, soil->cap_ft);
		double a = 2.34 * p / (s * b);
		double needs = constrained ? sqrt(4.25 * p * h / (s * b)) : a / 2 * (1 + sqrt(1 + 4.36 * h / a));
		if (needs > d)
			low = d;
		else
			high = d;
	}
	return high;
}

/* Where the 12 ft hold both back, the restrained formula asks for more than the free one: the lesser is enough. */
static double depth_by_halving(const struct footing_soil *soil, bool constrained, double p, double h, double b)
{
	double other = formula_by_halving(soil, false, p, h, b);
	return constrained ? fmin(other, formula_by_halving(soil, true, p, h, b)) : other;
}

static double depth(const struct footing_soil *soil, bool constrained, double p, double h, double b)
{
	return constrained ? footing_constrained(soil, p, h, b).depth_ft : footing_nonconstrained(soil, p, h, b).depth_ft;
}

static void piers(void **state)
{
	(void)state;
	for (double p = 50; p < 60000; p *= 1.7)
		for (double h = .5; h < 90; h *= 1.8)
			for (double b = .8; b < 12; b *= 1.4)
				for (double k = 100; k <= 1200; k *= 1.64)
					for (int constrained = 0; constrained <= 1; constrained++) {
						const struct footing_soil soil = {k, 12}, better = {1.1 * k, 12}, doubled = {2 * k, 12};
						double d = depth(&soil, constrained, p, h, b);
						LAW(fabs(d - depth_by_halving(&soil, constrained, p, h, b)) <= 1e-9 * d + 1e-9);
						LAW(depth(&soil, constrained, 1.1 * p, h, b) > d);
						LAW(depth(&soil, constrained, p, 1.1 * h, b) > d);
						LAW(depth(&soil, constrained, p, h, 1.1 * b) < d);
						LAW(depth(&better, constrained, p, h, b) < d);
						LAW(depth(&doubled, constrained, p, h, b) < d);
						/* only P/(k b) counts: twice the force on twice the width is the same depth */
						LAW(fabs(depth(&soil, constrained, 2 * p, h, 2 * b) - d) <= 1e-9 * d);
						LAW(depth(&soil, true, p, h, b) <= depth(&soil, false, p, h, b) * HAIR);
					}
}

/* --- poles --- */

/* REF: AISC 360-22 H1; AISC 360-22 H3.2; AISC 360-22 H3.3: every section of the catalog uses more under more */
static void poles(void **state)
{
	(void)state;
	const struct section_set set = bed_sections(packs);
	const struct section **list = test_malloc(section_room(&set) * sizeof *list);
	size_t count = section_list(&set, SECTION_A500, SECTION_ALL, list);
	const struct pole_material steel = {STEEL_E_KSI, STEEL_G_KSI, 50, 62};
	for (size_t i = 0; i < count; i++)
		for (double height = 96; height < 500; height *= 1.6)
			for (double share = .05; share < 2; share *= 2) {
				double m = share * 25 * list[i]->zx_in3;
				struct pole_frame frame = {{height, 2.1 * height, height, height}, false, 120, NULL, 0};
				struct pole_case one = {{m, m / height, .1 * m, .02 * list[i]->area_in2}, {m / height, height, 0}};
				struct pole_checks base, more;
				pole_check(list[i], &steel, &frame, &one, 1, &base);
				for (int k = 0; k < 4; k++) {
					struct pole_case other = one;
					double *const loads[] = {&other.loads.m_kipin, &other.loads.v_kip, &other.loads.t_kipin,
											 &other.loads.p_kip};
					*loads[k] *= 1.2;
					pole_check(list[i], &steel, &frame, &other, 1, &more);
					if (k != 3 || base.rows[POLE_INTERACTION].utilization <= 1)
						LAW(more.utilization >= base.utilization);
				}
				frame.lengths = (struct pole_lengths){1.1 * height, 2.31 * height, 1.1 * height, 1.1 * height};
				pole_check(list[i], &steel, &frame, &one, 1, &more);
				/* beyond 1 H1-1a lies below H1-1b, where P crosses .2 of what is available */
				if (base.rows[POLE_INTERACTION].utilization <= 1)
					LAW(more.rows[POLE_INTERACTION].utilization >= base.rows[POLE_INTERACTION].utilization / HAIR);
				LAW(more.rows[POLE_AXIAL].utilization >= base.rows[POLE_AXIAL].utilization);
			}
	test_free(list);
}

/* --- base plates --- */

static struct plate_problem plate_of(int method, double p_kip, double m_kipin)
{
	return (struct plate_problem){.shape = PLATE_RECT,
								  .d_in = 8,
								  .b_in = 8,
								  .tf_in = NAN,
								  .fy_ksi = 36,
								  .fp_max_ksi = plate_fp_max_ksi(4000, 1, true),
								  .fc_psi = 4000,
								  .edge_in = 2,
								  .dia_in = 1,
								  .fu_ksi = 58,
								  .weld_in = NAN,
								  .fexx_ksi = 70,
								  .p_kip = p_kip,
								  .m_kipin = m_kipin,
								  .lrfd = true,
								  .method = method};
}

/*
 * REF: AISC Design Guide 1 section 3.3; AISC Design Guide 1 section 3.4: thickness grows with the moment, and with the
 * load at one eccentricity; forces and moments balance when the pressure is summed over 400 strips.
 */
static void base_plates(void **state)
{
	(void)state;
	for (int method = 0; method <= 1; method++)
		for (double n = 14; n <= 26; n += 3)
			for (double w = 14; w <= 26; w += 3)
				for (double p = 2; p < 200; p *= 2.2)
					for (double m = 10; m < 4000; m *= 1.35) {
						const struct plate_size size = {w, n, 1, 4};
						struct plate_problem one = plate_of(method, p, m), more = plate_of(method, p, 1.05 * m);
						struct plate_problem both = plate_of(method, 1.05 * p, 1.05 * m);
						struct plate_answer a, b, c;
						plate_check_steel(&one, &size, &a);
						if (!a.forces.solved || a.forces.bearing_demand > a.forces.bearing_capacity)
							continue;
						double force = 0, moment = 0, strip = a.forces.y_in / 400;
						for (int i = 0; i < 400; i++) {
							double x = (i + .5) * strip, dp = (a.forces.fp_ksi - a.forces.slope_ksi_in * x) * w * strip;
							force += dp;
							moment += dp * (n / 2 - x);
						}
						double pull = fmax(a.forces.tension_kip, 0);
						LAW(fabs(force - pull - p) <= 1e-6 * (force + p));
						LAW(fabs(moment + pull * (n / 2 - 2) - m) <= 1e-4 * (fabs(moment) + m));
						plate_check_steel(&more, &size, &b);
						if (b.forces.solved)
							LAW(b.t_required_in >= a.t_required_in / HAIR);
						plate_check_steel(&both, &size, &c);
						if (c.forces.solved)
							LAW(c.t_required_in >= a.t_required_in / HAIR);
					}
}

/* --- wind: the editions --- */

static double face_force(const struct wind_site *site, double h, double s, double b)
{
	struct wind_loads loads;
	const struct wind_face face = {
		.height_ft = h, .sign_height_ft = s, .sign_width_ft = b, .area_ft2 = s * b, .solid_ratio = 1, .gust = .85};
	wind_on_face(site, &face, &loads);
	return loads.min_governs ? 0 : loads.a.force_lb;
}

/*
 * REF: ASCE 7-10 eq. 29.3-1; ASCE 7-16 eq. 26.10-1; ASCE 7-22 eq. 26.10-1; ASCE 7-22 eq. 29.3-1: 7-10 is 7-16 without
 * Ke; 7-22 is 7-16 with another Kz and with Kd in the force, so forces differ by the ratio of the Kz alone and
 * pressures q also by Kd.
 */
static void editions(void **state)
{
	(void)state;
	const struct wind_figure *figure = packs_find(packs, "wind_figure", NULL, NULL)->data;
	for (int e = 0; e < 3; e++)
		for (double h = 8; h < 500; h *= 1.18)
			for (double part = .06; part <= 1; part += .17)
				for (double ratio = .1; ratio < 60; ratio *= 1.9)
					for (double ke = .75; ke <= 1; ke += .125) {
						struct wind_site site = {.code = SIGN_ASCE7_16,
												 .exposure = e,
												 .wind_speed_mph = 130,
												 .kzt = 1,
												 .kd = .85,
												 .ke = ke,
												 .figure = figure};
						double s = part * h, b = ratio * s, f16 = face_force(&site, h, s, b),
							   q16 = wind_at(&site, h).qz_psf;
						site.code = SIGN_ASCE7_22;
						double kz = wind_kz_formula(SIGN_ASCE7_22, e, h) / wind_kz_formula(SIGN_ASCE7_16, e, h);
						double f22 = face_force(&site, h, s, b);
						LAW(fabs(wind_at(&site, h).qz_psf - q16 * kz / .85) <= 1e-9 * q16);
						if (f16 > 0 && f22 > 0)
							LAW(fabs(f22 - f16 * kz) <= 1e-9 * f16);
						site.code = SIGN_ASCE7_10;
						site.ke = 1; /* whatever the elevation: the operation sets it */
						if (f16 > 0)
							LAW(fabs(face_force(&site, h, s, b) * ke - f16) <= 1e-9 * f16);
					}
	/* What the new profile changes: less in exposure B, the more the higher; in C and D next to nothing. */
	for (double z = 15; z <= 500; z += .5) {
		double ratio[3];
		for (int e = 0; e < 3; e++)
			ratio[e] = wind_kz_formula(SIGN_ASCE7_22, e, z) / wind_kz_formula(SIGN_ASCE7_16, e, z);
		LAW(ratio[EXPOSURE_B] < .998 && ratio[EXPOSURE_B] > .93);
		LAW(fabs(ratio[EXPOSURE_C] - 1) < .02);
		LAW(fabs(ratio[EXPOSURE_D] - 1.0047) < 1e-4); /* the powers are the same: a constant */
	}
}

/* --- symmetry --- */

static struct anchor_problem group_of(int nx, int ny, double sx, double sy, const double edge[4])
{
	struct anchor_problem p = {.bolt = {.dia_in = 1,
										.ase_in2 = .606,
										.futa_psi = 58000,
										.hef_in = 9,
										.abrg_in2 = 1.5,
										.kc = 24,
										.np_lb = NAN,
										.cac_in = NAN,
										.ductile = true},
							   .fc_psi = 4000,
							   .lambda = 1,
							   .cracked = true,
							   .edges = {edge[0], edge[1], edge[2], edge[3], 30},
							   .n_lb = 10000,
							   .v_lb = 4000};
	for (int x = 0; x < nx; x++)
		for (int y = 0; y < ny; y++)
			p.points[p.count++] = (struct anchor_point){x * sx, y * sy};
	return p;
}

/* REF: ACI 318-19 section 17.6.2: mirrored and turned, a group breaks out alike; shear does when mirrored along the
 * edge */
static void anchors(void **state)
{
	(void)state;
	for (int nx = 1; nx <= 3; nx++)
		for (int ny = 1; ny <= 3; ny++)
			for (double s = 4; s < 40; s *= 1.5)
				for (double c1 = 3; c1 < 40; c1 *= 1.8)
					for (double c2 = 3; c2 < 40; c2 *= 2.1)
						for (double c3 = 3; c3 < 40; c3 *= 2.3) {
							struct anchor_answer plain, mirrored, turned, farther;
							struct anchor_problem p = group_of(nx, ny, s, 1.3 * s, (const double[]){c1, 30, c2, c3});
							anchors_check(&p, &plain);
							p = group_of(nx, ny, s, 1.3 * s, (const double[]){c1, 30, c3, c2});
							anchors_check(&p, &mirrored);
							p = group_of(ny, nx, 1.3 * s, s, (const double[]){c2, c3, c1, 30});
							anchors_check(&p, &turned);
							p = group_of(nx, ny, s, 1.3 * s, (const double[]){1.2 * c1, 30, c2, c3});
							anchors_check(&p, &farther);
							double n = plain.breakout_n.nominal_lb;
							LAW(fabs(mirrored.breakout_n.nominal_lb - n) <= 1e-9 * n);
							LAW(fabs(turned.breakout_n.nominal_lb - n) <= 1e-9 * n);
							LAW(fabs(mirrored.breakout_v.nominal_lb - plain.breakout_v.nominal_lb) <=
								1e-9 * plain.breakout_v.nominal_lb);
							LAW(farther.pryout.nominal_lb >= plain.pryout.nominal_lb / HAIR || farther.hef_in < 9);
						}
}

/* Without a moment a spread footing does not know its length from its width. */
static void spread_footings(void **state)
{
	(void)state;
	const struct concrete_constants *concrete = packs_find(packs, "concrete", NULL, NULL)->data;
	for (double l = 2; l <= 16; l += .5)
		for (double w = 2; w <= 16; w += .5)
			for (double load = 2000; load < 200000; load *= 3) {
				struct spread_problem p = {.concrete = concrete,
										   .soil_unit_pcf = 110,
										   .vertical_lb = load,
										   .self_weight = true,
										   .moment_lbft = 0,
										   .force_lb = NAN,
										   .height_ft = NAN,
										   .vertical_psf = 3000,
										   .friction = .3,
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
				struct spread_answer one, other;
				spread_check_soil(&p, &(struct spread_size){l, w, 2}, &one);
				spread_check_soil(&p, &(struct spread_size){w, l, 2}, &other);
				LAW(fabs(one.soil.q_max_psf - other.soil.q_max_psf) <= 1e-9 * one.soil.q_max_psf);
				p.moment_lbft = .1 * load * l;
				spread_check_soil(&p, &(struct spread_size){l, w, 2}, &one);
				spread_check_soil(&p, &(struct spread_size){l * 1.1, w, 2}, &other);
				if (given(one.soil.q_max_psf) && one.soil.in_kern)
					LAW(other.soil.eccentricity_ft < one.soil.eccentricity_ft);
				LAW(other.soil.sf_overturning > one.soil.sf_overturning);
			}
}

static void the_grids_are_large(void **state)
{
	(void)state;
	assert_true(points > 100000);
}

int main(void)
{
	packs = bed_packs();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(piers),
		cmocka_unit_test(poles),
		cmocka_unit_test(base_plates),
		cmocka_unit_test(editions),
		cmocka_unit_test(anchors),
		cmocka_unit_test(spread_footings),
		cmocka_unit_test(the_grids_are_large),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	packs_free(packs);
	return failed;
}
