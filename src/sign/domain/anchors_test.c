#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/rng.h"
#include "sign/domain/anchors.h"
#include "sign/domain/steel_bed.h"

static struct anchor_problem problem_of(double dia, double hef, double fc)
{
	bool listed;
	return (struct anchor_problem){
		.bolt = {.kind = ANCHOR_CAST_IN,
				 .dia_in = dia,
				 .ase_in2 = anchor_ase_in2(dia, &listed),
				 .futa_psi = 58000,
				 .hef_in = hef,
				 .abrg_in2 = anchor_head_in2(dia, true),
				 .kc = 24,
				 .np_lb = NAN,
				 .cac_in = 4 * hef,
				 .ductile = true},
		.fc_psi = fc,
		.lambda = 1,
		.cracked = true,
		.count = 1,
		.edges = {INFINITY, INFINITY, INFINITY, INFINITY, INFINITY},
	};
}

static void grid(struct anchor_problem *p, int nx, int ny, double sx, double sy)
{
	p->count = 0;
	for (int i = 0; i < nx; i++)
		for (int k = 0; k < ny; k++)
			p->points[p->count++] = (struct anchor_point){i * sx, k * sy};
}

static struct anchor_answer check(const struct anchor_problem *p)
{
	struct anchor_answer a;
	anchors_check(p, &a);
	return a;
}

/* REF: ACI 318-19 section 17.6.1.2; ASME B1.1; ASME B18.2.1; ASME B18.2.2: published areas of threads and heads */
static void threads_and_heads(void **state)
{
	(void)state;
	static const struct {
		double dia, ase, heavy, hex;
	} rows[] = {{.5, .142, .467, .291},     {.625, .226, .671, .454},  {.75, .334, .911, .654},
				{.875, .462, 1.188, .891},  {1, .606, 1.501, 1.163},   {1.25, .969, 2.237, 1.817},
				{1.5, 1.405, 3.118, 2.617}, {1.75, 1.899, 4.144, NAN}, {2, 2.498, 5.316, NAN}};
	bool listed;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		near(anchor_ase_in2(rows[i].dia, &listed), rows[i].ase, .0006);
		assert_true(listed);
		near(anchor_head_in2(rows[i].dia, true), rows[i].heavy, .001);
		if (!isnan(rows[i].hex))
			near(anchor_head_in2(rows[i].dia, false), rows[i].hex, .001);
	}
	assert_true(anchor_ase_in2(.8, &listed) < anchor_ase_in2(.875, &listed));
	anchor_ase_in2(.8, &listed);
	assert_false(listed);
}

/* [sign 9 A1] REF: ACI 318-19 section 17.6.2; ACI 318-19 section 17.6.1; ACI 318-19 section 17.6.3; ACI 318-19
 * section 17.7.1.2; ACI 318-19 section 17.7.3 */
static void one_anchor_far_from_edges(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 6, 4000);
	p.cracked = false;
	struct anchor_answer a = check(&p);
	near_share(a.breakout_n.design_lb, 19520, .0005);
	near(a.anc_in2, 324, 1e-9);
	near(a.psi_c_n, 1.25, 0);
	assert_true(isnan(a.vb_lb) && isnan(a.breakout_v.design_lb) && isnan(a.side_face.nominal_lb));
	near_share(a.pullout.design_lb, .7 * 8 * .9108 * 4000 * 1.4, .001);
	near_share(a.steel_n.design_lb, .75 * .3345 * 58000, .001);
	near_share(a.steel_v.design_lb, .65 * .6 * .3345 * 58000, .001);
	near_share(a.pryout.design_lb, .7 * 2 * a.breakout_n.nominal_lb, 1e-12);
}

/* REF: ACI 318-19 section 17.6.2; ACI 318-19 section 17.6.2.2: a group of four near an edge, by hand */
static void group_near_an_edge(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 8, 4000);
	grid(&p, 2, 2, 6, 7);
	p.edges.x1_in = 5;
	p.n_lb = 20000;
	p.ecc_n_in = 2;
	struct anchor_answer a = check(&p);
	near(a.anc_in2, (5 + 6 + 12) * (7 + 24), 1e-9);
	near(a.anco_in2, 576, 1e-9);
	near(a.psi_ed_n, .7 + .3 * 5 / 12, 1e-12);
	near(a.psi_ec_n, 1 / (1 + 2 * 2 / 24.), 1e-12);
	double nb = 24 * sqrt(4000) * pow(8, 1.5);
	near_share(a.nb_lb, nb, 1e-12);
	near_share(a.breakout_n.nominal_lb, 713 / 576. * a.psi_ed_n * a.psi_ec_n * nb, 1e-12);
	/* the two on the side of the eccentricity: N/4 + N·2·3/36 */
	near(a.pullout.demand_lb, 5000 + 20000 * 6 / 36., 1e-9);
	near(a.steel_n.demand_lb, 4 * a.pullout.demand_lb, 1e-9);
	/* headed bolts between 11 and 25 in */
	p = problem_of(1, 16, 3000);
	near_share(check(&p).nb_lb, 16 * sqrt(3000) * pow(16, 5 / 3.), 1e-12);
}

/* REF: ACI 318-19 section 17.6.2.1.2: an anchor in a narrow pier */
static void near_three_edges(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 12, 4000);
	p.edges = (struct anchor_edges){6, 6, 6, 6, INFINITY};
	struct anchor_answer a = check(&p);
	near(a.hef_in, 4, 1e-12);
	near(a.anc_in2, 144, 1e-9);
	near_share(a.breakout_n.nominal_lb, 24 * sqrt(4000) * 8, 1e-12); /* ψed: 6 = 1.5 × 4 */
	grid(&p, 2, 1, 15, 0);
	a = check(&p);
	near(a.hef_in, 5, 1e-12); /* s/3 */
	p.edges.x2_in = INFINITY;
	p.edges.y2_in = INFINITY;
	near(check(&p).hef_in, 12, 0);
}

/* REF: ACI 318-19 section 17.6.4.1; ACI 318-19 section 17.6.4.2: by hand */
static void side_face_blowout(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(1, 15, 4000);
	p.n_lb = 30000;
	p.edges.x1_in = 5;
	double single = 160 * 5 * sqrt(anchor_head_in2(1, true)) * sqrt(4000);
	near_share(check(&p).side_face.nominal_lb, single, 1e-12);
	near_share(check(&p).side_face.design_lb, .70 * single, 1e-12);
	p.edges.y1_in = 10;
	near_share(check(&p).side_face.nominal_lb, single * (1 + 10 / 5.) / 4, 1e-12);
	grid(&p, 2, 2, 12, 8); /* the row at 5 in: half of the load */
	near_share(check(&p).side_face.nominal_lb, single * (1 + 8 / 30.), 1e-12);
	near(check(&p).side_face.demand_lb, 15000, 1e-9);
	p.edges.x1_in = 6; /* hef = 2.5 ca1: not above it */
	assert_true(isnan(check(&p).side_face.nominal_lb));
	p.bolt.kind = ANCHOR_POST_INSTALLED;
	p.edges.x1_in = 3;
	assert_true(isnan(check(&p).side_face.nominal_lb));
}

/* REF: ACI 318-19 section 17.7.2; ACI 318-19 section 17.7.2.2.1; ACI 318-19 section 17.7.2.1.2; ACI 318-19
 * section 17.7.1.2.1; ACI 318-19 section 17.5.1.3: by hand */
static void shear_toward_an_edge(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 5, 4000);
	p.edges.x1_in = 4;
	p.v_lb = 3000;
	struct anchor_answer a = check(&p);
	double vb = fmin(7 * pow(5 / .75, .2) * sqrt(.75), 9) * sqrt(4000) * 8;
	near_share(a.vb_lb, vb, 1e-12);
	near_share(a.breakout_v.nominal_lb, vb, 1e-12);
	near_share(a.breakout_v.design_lb, .7 * vb, 1e-12);
	grid(&p, 2, 2, 6, 5);
	p.edges.y1_in = 3;
	p.edges.thickness_in = 5.5;
	p.cracked = false;
	a = check(&p);
	near(a.avc_in2, (3 + 5 + 6) * 5.5, 1e-9);
	near(a.avco_in2, 72, 1e-9);
	near(a.psi_ed_v, .7 + .3 * 3 / 6, 1e-12);
	near(a.psi_h_v, sqrt(6 / 5.5), 1e-12);
	near_share(a.breakout_v.nominal_lb, 77 / 72. * .85 * 1.4 * sqrt(6 / 5.5) * vb, 1e-12);
	near_share(a.steel_v.nominal_lb, 4 * .6 * p.bolt.ase_in2 * 58000, 1e-12);
	p.grout_pad = true;
	near_share(check(&p).steel_v.nominal_lb, 4 * .48 * p.bolt.ase_in2 * 58000, 1e-12);
	/* narrow and thin: section 17.7.2.1.2, the greatest of 3/1.5, 4/1.5 and 5/3 */
	p = problem_of(.75, 5, 4000);
	p.edges = (struct anchor_edges){8, INFINITY, 3, 2, 4};
	near_share(check(&p).ca1_in, 4 / 1.5, 1e-12);
	/* two anchors 3 ca1 apart are two chains: twice one, and no more when farther still */
	p = problem_of(.75, 5, 4000);
	p.edges.x1_in = 4;
	grid(&p, 1, 2, 0, 12);
	near_share(check(&p).breakout_v.nominal_lb, 2 * vb, 1e-12);
	grid(&p, 1, 2, 0, 40);
	near_share(check(&p).breakout_v.nominal_lb, 2 * vb, 1e-12);
	p.ecc_v_in = 10; /* three quarters on one of them */
	near_share(check(&p).breakout_v.nominal_lb, vb / .75, 1e-12);
}

static double on_grid(const struct anchor_problem *p, double reach, double step)
{
	struct anchor_box box = anchors_box(p);
	double area = 0;
	for (double x = box.x_low - reach + step / 2; x < box.x_high + reach; x += step)
		for (double y = box.y_low - reach + step / 2; y < box.y_high + reach; y += step) {
			bool inside = x > box.x_low - p->edges.x1_in && x < box.x_high + p->edges.x2_in &&
						  y > box.y_low - p->edges.y1_in && y < box.y_high + p->edges.y2_in;
			bool covered = false;
			for (size_t i = 0; i < p->count && !covered; i++)
				covered = fabs(x - p->points[i].x_in) < reach && fabs(y - p->points[i].y_in) < reach;
			area += inside && covered ? step * step : 0;
		}
	return area;
}

/* The union of squares, against a fine grid; layouts at random on that grid's lines, so that both are exact. */
static void area_is_the_union(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 11);
	for (int i = 0; i < 300; i++) {
		struct anchor_problem p = problem_of(.75, 4, 4000);
		bool all[ANCHORS_MAX];
		p.count = 1 + rng_below(&rng, 9);
		for (size_t k = 0; k < p.count; k++) {
			p.points[k] = (struct anchor_point){(double)rng_below(&rng, 30), (double)rng_below(&rng, 30)};
			all[k] = true;
		}
		if (i % 2)
			p.edges = (struct anchor_edges){1 + (double)rng_below(&rng, 8), INFINITY, 1 + (double)rng_below(&rng, 8),
											1 + (double)rng_below(&rng, 8), INFINITY};
		near(anchors_area_in2(&p, all, 6), on_grid(&p, 6, .25), 1e-6);
	}
}

/* Groups 3 hef apart are as good as alone; a hair nearer is one group of the same strength. */
static void groups_part_at_three_hef(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 6, 4000);
	double one = check(&p).breakout_n.nominal_lb;
	grid(&p, 3, 1, 18, 0);
	near_share(check(&p).breakout_n.nominal_lb, 3 * one, 1e-12);
	grid(&p, 3, 1, 18 - 1e-5, 0);
	near_share(check(&p).breakout_n.nominal_lb, 3 * one, 1e-5);
	grid(&p, 2, 1, 100, 0);
	p.edges.x1_in = 4; /* the weaker of two far apart decides: twice it */
	double weak = (4 + 9) * 18 / 324. * (.7 + .3 * 4 / 9) * one;
	near_share(check(&p).breakout_n.nominal_lb, 2 * weak, 1e-12);
	near(check(&p).anc_in2, 13 * 18 + 324, 1e-9);
	/* a ring of bolts: less than the rectangle about it */
	p = problem_of(.75, 4, 4000);
	p.count = 8;
	for (int i = 0; i < 8; i++)
		p.points[i] = (struct anchor_point){12 * cos(i * M_PI / 4), 12 * sin(i * M_PI / 4)};
	assert_true(check(&p).anc_in2 < 36 * 36 && check(&p).anc_in2 <= 8 * 144);
}

/*
 * One anchor near up to two edges, a group far from all.  (Between edges the failure area stops growing and the clause
 * lets deeper groups be weaker: ANc/ANco falls with hef², Nb grows with hef^1.5.)
 */
static void grows_with_depth(const struct anchor_problem *given_problem, int edges)
{
	struct anchor_problem p = *given_problem;
	if (p.count > 1)
		p.edges = (struct anchor_edges){INFINITY, INFINITY, INFINITY, INFINITY, INFINITY};
	else if (edges > 2)
		return;
	double is = check(&p).breakout_n.nominal_lb, hef = p.bolt.hef_in;
	p.bolt.hef_in *= 1.02;
	/* at 11 in the clause changes its formula, 0.6 % down */
	double slack = hef < 11 && 1.02 * hef >= 11 ? .99 : 1;
	assert_true(check(&p).breakout_n.nominal_lb > slack * is);
}

/* [sign 2.13] breakout grows with hef, f'c and edge; cracked ≤ uncracked; more than 10,000 points */
static void laws_of_breakout(void **state)
{
	(void)state;
	int points = 0;
	for (int layout = 0; layout < 4; layout++)
		for (double hef = 3; hef < 25; hef *= 1.12)
			for (double fc = 2500; fc < 9000; fc += 1300)
				for (double edge = 2; edge < 45; edge *= 1.25)
					for (int edges = 1; edges <= 4; edges++) {
						struct anchor_problem p = problem_of(.75, hef, fc);
						grid(&p, 1 + layout % 2, 1 + layout / 2, 7, 9);
						double *const sides[] = {&p.edges.x1_in, &p.edges.y1_in, &p.edges.x2_in, &p.edges.y2_in};
						for (int e = 0; e < edges; e++)
							*sides[e] = edge * (1 + .1 * e);
						struct anchor_answer is = check(&p);
						struct anchor_problem more = p;
						more.fc_psi *= 1.02;
						assert_true(check(&more).breakout_n.nominal_lb > is.breakout_n.nominal_lb);
						assert_true(check(&more).breakout_v.nominal_lb > is.breakout_v.nominal_lb);
						grows_with_depth(&p, edges);
						more = p;
						for (int e = 0; e < edges; e++)
							*(double *)((char *)&more + ((char *)sides[e] - (char *)&p)) *= 1.05;
						assert_true(check(&more).breakout_n.nominal_lb >= is.breakout_n.nominal_lb * (1 - 1e-12));
						more = p;
						more.cracked = false;
						assert_true(check(&more).breakout_n.nominal_lb >= is.breakout_n.nominal_lb);
						assert_true(check(&more).breakout_v.nominal_lb >= is.breakout_v.nominal_lb);
						assert_true(check(&more).pullout.nominal_lb >= is.pullout.nominal_lb);
						points++;
					}
	assert_true(points >= 10000);
}

/* REF: ACI 318-19 section 17.7.2.1 (c) and (d): along an edge twice the strength toward it, ψed 1 */
static void shear_along_an_edge(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 5, 4000);
	p.edges.y2_in = 3;
	p.edges.x2_in = 2;
	p.v_lb = 3000;
	struct anchor_answer a = check(&p);
	double vb = fmin(7 * pow(5 / .75, .2) * sqrt(.75), 9) * sqrt(4000) * pow(3, 1.5), steel = a.shear_ratio;
	anchors_check_parallel(&p, &a);
	near_share(a.parallel_v.nominal_lb, 2 * (4.5 + 2) * 4.5 / (4.5 * 9) * vb, 1e-12);
	near_share(a.parallel_v.ratio, 3000 / (.7 * a.parallel_v.nominal_lb), 1e-12);
	assert_true(a.parallel_v.ratio > steel && a.shear_ratio == a.parallel_v.ratio && a.interaction == a.shear_ratio);
	/* two rows of three along y1, the nearer row takes all of V; x1 is far */
	p = problem_of(.75, 5, 4000);
	grid(&p, 3, 2, 6, 5);
	p.edges.y1_in = 3;
	p.edges.x1_in = 20;
	p.v_lb = 3000;
	a = check(&p);
	anchors_check_parallel(&p, &a);
	near_share(a.parallel_v.nominal_lb, 2 * (4.5 + 12 + 4.5) / 9 * vb, 1e-12);
	/* toward x1 it is the worse: nothing changes */
	p.edges.x1_in = 3;
	a = check(&p);
	double before = a.shear_ratio;
	anchors_check_parallel(&p, &a);
	assert_true(a.shear_ratio == before && isnan(a.parallel_v.design_lb));
}

/* REF: ACI 318-19 section 17.8 */
static void interaction_of_tension_and_shear(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 8, 4000);
	double n = fmin(check(&p).steel_n.design_lb, check(&p).breakout_n.design_lb);
	double v = fmin(check(&p).steel_v.design_lb, check(&p).pryout.design_lb);
	static const double cases[][4] = {{.2, .9, .9, 1},    {.9, .2, .9, 1}, {.21, .9, 1.11, 1.2},
									  {.7, .5, 1.2, 1.2}, {0, 0, 0, 1},    {.1, .15, .15, 1}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		p.n_lb = cases[i][0] * n;
		p.v_lb = cases[i][1] * v;
		struct anchor_answer a = check(&p);
		near(a.interaction, cases[i][2], 1e-9);
		near(a.interaction_limit, cases[i][3], 0);
	}
}

/* REF: ACI 318-19 table 17.2.4.1; ACI 318-19 section 17.3.1; ACI 318-19 table 17.5.3; ACI 318-19 section 17.6.2.6; ACI
 * 318-19 section 17.10.5.4; ACI 318-19 table 17.9.5 */
static void post_installed_and_seismic(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.5, 4, 9000);
	p.bolt.kind = ANCHOR_POST_INSTALLED;
	p.bolt.kc = 17;
	p.lambda = .75;
	p.edges.x1_in = 6;
	struct anchor_answer a = check(&p);
	near_share(a.nb_lb, 17 * .6 * sqrt(8000) * 8, 1e-12);
	near_share(a.breakout_n.design_lb, .65 * a.breakout_n.nominal_lb, 1e-12);
	assert_true(isnan(a.pullout.design_lb));
	p.bolt.np_lb = 5000;
	near(check(&p).pullout.design_lb, .65 * 5000, 1e-9);
	p.cracked = false;
	a = check(&p);
	near(a.psi_c_n, 1.4, 0);
	near(a.psi_cp_n, 6 / 16., 1e-12);
	p.supplementary = true;
	near(check(&p).psi_cp_n, 1, 0);
	near_share(check(&p).breakout_n.design_lb, .75 * check(&p).breakout_n.nominal_lb, 1e-12);
	p.seismic = true;
	near_share(check(&p).breakout_n.design_lb, .75 * .75 * check(&p).breakout_n.nominal_lb, 1e-12);
	near(check(&p).pullout.design_lb, .75 * .65 * 5000, 1e-9);
	near_share(check(&p).steel_n.design_lb, .75 * check(&p).steel_n.nominal_lb, 1e-12);
	p.bolt.ductile = false;
	near_share(check(&p).steel_n.design_lb, .65 * check(&p).steel_n.nominal_lb, 1e-12);
	near_share(check(&p).steel_v.design_lb, .60 * check(&p).steel_v.nominal_lb, 1e-12);
}

/* REF: ACI 318-19 table 17.9.2; ACI 318-19 section 17.9.4; ACI 318-19 table 20.5.1.3.1 */
static void least_spacings(void **state)
{
	(void)state;
	struct anchor_problem p = problem_of(.75, 6, 4000);
	assert_true(isnan(check(&p).spacing.required_in));
	grid(&p, 2, 2, 2.5, 5);
	near(check(&p).spacing.required_in, 3, 1e-12);
	near(check(&p).spacing.available_in, 2.5, 1e-12);
	p.edges.y2_in = 1.5; /* 2 in of cover and half a bolt */
	near(check(&p).spacing.required_in, 2.375, 1e-12);
	p.bolt.kind = ANCHOR_POST_INSTALLED;
	p.edges.thickness_in = 7;
	p.edges.y2_in = 20;
	grid(&p, 2, 2, 10, 10);
	near(check(&p).spacing.required_in, 9, 1e-12);
	near(check(&p).spacing.available_in, 7, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_heads),
		cmocka_unit_test(one_anchor_far_from_edges),
		cmocka_unit_test(group_near_an_edge),
		cmocka_unit_test(near_three_edges),
		cmocka_unit_test(side_face_blowout),
		cmocka_unit_test(shear_toward_an_edge),
		cmocka_unit_test(shear_along_an_edge),
		cmocka_unit_test(area_is_the_union),
		cmocka_unit_test(groups_part_at_three_hef),
		cmocka_unit_test(laws_of_breakout),
		cmocka_unit_test(interaction_of_tension_and_shear),
		cmocka_unit_test(post_installed_and_seismic),
		cmocka_unit_test(least_spacings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
