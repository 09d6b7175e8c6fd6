#include <math.h>

#include "sign/domain/concrete.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/soil.h"

static const double PHI_SHEAR = .75, PHI_PLAIN = .60; /* REF: ACI 318-19 table 21.2.1 */

/* The footing under one strength combination.  Pressure is NULL-like (contact 0) where nothing presses down. */
struct factored {
	struct spread_pressure q, across;
	double p_lb, w_psf; /* all that presses down; of it the footing's own weight and its soil, spread out */
	double moment_lbft, cross_lbft;
	double twisted; /* what a lifted corner adds to either direction's line load, at most; 1: none lifts */
};

enum { COMBINATIONS = 2 };
static const double DEAD[COMBINATIONS] = {1.2, .9}; /* REF: ASCE 7-16 section 2.3.1: 1.2 D + W, 0.9 D + W */

static struct factored combine(const struct spread_problem *p, const struct spread_size *size,
							   const struct spread_soil *soil, double dead)
{
	double own = size->thickness_ft * p->concrete->unit_weight_pcf + p->cover_ft * p->soil_unit_pcf;
	struct factored f = {
		.p_lb = dead * soil->dead_lb - p->wind_factor * p->uplift_lb,
		.w_psf = p->self_weight ? dead * own : 0,
		.moment_lbft = p->wind_factor * soil->moment_lbft,
		.cross_lbft = dead * p->cross_lbft,
		.twisted = 1,
	};
	if (f.p_lb <= 0)
		return f;
	f.q = spread_pressure(f.p_lb, f.moment_lbft, size->length_ft, size->width_ft);
	f.across = spread_pressure(f.p_lb, f.cross_lbft, size->width_ft, size->length_ft);
	/* A pressure that falls both ways from one corner has a steeper line load: 3/4 over 2/3 of P per distance. */
	double shares = (f.moment_lbft / size->length_ft + f.cross_lbft / size->width_ft) / f.p_lb;
	if (f.cross_lbft > 0 && shares > 1 / 6.)
		f.twisted = 9 / 8.;
	return f;
}

/* --- what the concrete must do --- */

/* Upward force on the heel's x feet: all of the pressure but what is nearer the toe. */
static double heel_force(const struct factored *f, double length, double x)
{
	return spread_pressure_force(&f->q, length) - spread_pressure_force(&f->q, length - x);
}

/* Shear per foot of width at x from the nearest edge, toe or heel. */
static double one_way_lb_ft(const struct factored *f, double length, double x)
{
	if (x <= 0)
		return 0;
	double toe = f->twisted * spread_pressure_force(&f->q, x) - f->w_psf * x;
	double heel = f->w_psf * x - heel_force(f, length, x);
	return fmax(fabs(toe), fabs(heel));
}

static double toe_moment_lbft_ft(const struct factored *f, double x)
{
	return f->twisted * spread_pressure_moment(&f->q, x) - f->w_psf * x * x / 2;
}

/* Downward on the heel: weight less what pressure there is, about a section x from its edge. */
static double heel_moment_lbft_ft(const struct factored *f, double length, double x)
{
	double all = spread_pressure_moment(&f->q, length), near = spread_pressure_moment(&f->q, length - x);
	/* moments about the heel's edge less those about the section, taken to the section */
	double total = spread_pressure_force(&f->q, length), to_section = spread_pressure_force(&f->q, length - x);
	double about_section = x * (total - to_section) - (all - near - x * to_section);
	return f->w_psf * x * x / 2 - about_section;
}

/*
 * The other direction, averaged over the length: even across the width, or falling from the side to which dead load
 * off the centre leans.  Shear and moment per foot of length at x from that side.
 */
static double across_lb_ft(const struct factored *f, double x)
{
	return f->twisted * spread_pressure_force(&f->across, x) - f->w_psf * x;
}

static double across_lbft_ft(const struct factored *f, double x)
{
	return f->twisted * spread_pressure_moment(&f->across, x) - f->w_psf * x * x / 2;
}

/* --- bars --- */

/* Steel for a moment by the rectangular block, tension-controlled; infinite where the section is too thin. */
static double steel_for(double mu_lbft, double width_in, double d_in, double fc, double fy)
{
	double k = 1 - 2 * mu_lbft * 12 / (.9 * .85 * fc * width_in * d_in * d_in);
	if (mu_lbft <= 0)
		return 0;
	return k > 0 ? .85 * fc * width_in * d_in * (1 - sqrt(k)) / fy : INFINITY;
}

/* REF: ACI 318-19 section 22.2; ACI 318-19 table 21.2.2 */
static double flexure_lbft(double as_in2, double width_in, double d_in, double fc, double fy)
{
	/* steel beyond the balanced section adds nothing that is counted */
	double balanced = concrete_beta1(fc) * d_in * CONCRETE_CRUSH / (CONCRETE_CRUSH + fy / REBAR_E_PSI);
	as_in2 = fmin(as_in2, .85 * fc * width_in * balanced / fy);
	double a = as_in2 * fy / (.85 * fc * width_in), c = a / concrete_beta1(fc);
	double strain = CONCRETE_CRUSH * (d_in - c) / c;
	return concrete_phi(fy, strain) * as_in2 * fy * (d_in - a / 2) / 12;
}

struct mat_demand {
	double mu_length_lbft, mu_width_lbft; /* of the whole section at the column's faces */
};

static int64_t bars_across(double across_in, double spacing_in)
{
	return (int64_t)ceil(across_in / spacing_in - 1e-9) + 1;
}

/* The widest whole-inch spacing at which bars of one size are enough both ways; 0: none. */
static double spacing_for(const struct spread_problem *p, const struct spread_size *size,
						  const struct mat_demand *demand, const struct rebar_size *bar, struct spread_mat *mat)
{
	double length_in = 12 * size->length_ft, width_in = 12 * size->width_ft, h_in = 12 * size->thickness_ft;
	double cover = p->concrete->cover_in, edge = 2 * cover + bar->diameter_in;
	mat->size = bar->size;
	mat->d_length_in = h_in - cover - .5 * bar->diameter_in;
	mat->d_width_in = h_in - cover - 1.5 * bar->diameter_in;
	if (mat->d_width_in <= 0 || width_in <= edge || length_in <= edge)
		return 0;
	/* REF: ACI 318-19 section 8.6.1.1: .0018 Ag */
	double along_length = fmax(.0018 * width_in * h_in,
							   steel_for(demand->mu_length_lbft, width_in, mat->d_length_in, p->fc_psi, p->fy_psi));
	double along_width = fmax(.0018 * length_in * h_in,
							  steel_for(demand->mu_width_lbft, length_in, mat->d_width_in, p->fc_psi, p->fy_psi));
	double n_length = fmax(2, ceil(along_length / bar->area_in2 - 1e-9));
	double n_width = fmax(2, ceil(along_width / bar->area_in2 - 1e-9));
	/* REF: ACI 318-19 section 7.7.2.3: 3 h, 18 in */
	double spacing =
		fmin(fmin(3 * h_in, 18), fmin((width_in - edge) / (n_length - 1), (length_in - edge) / (n_width - 1)));
	spacing = floor(spacing + 1e-9);
	if (spacing < 1)
		return 0;
	mat->spacing_in = spacing;
	mat->along_length = bars_across(width_in - edge, spacing);
	mat->along_width = bars_across(length_in - edge, spacing);
	return spacing;
}

/* The smallest bar that is enough at a handy spacing, else the one with the widest spacing that bars still fit in. */
static bool choose_mat(const struct spread_problem *p, const struct spread_size *size, const struct mat_demand *demand,
					   struct spread_mat *best)
{
	enum { FIRST = 4, LAST = 11, HANDY_IN = 6, CLEAR_IN = 3 };
	double widest = 0;
	for (int64_t number = FIRST; number <= LAST; number++) {
		const struct rebar_size *bar = rebar_of(p->concrete, number);
		struct spread_mat mat = {0};
		double spacing = spacing_for(p, size, demand, bar, &mat);
		if (spacing > widest && spacing >= CLEAR_IN) {
			widest = spacing;
			*best = mat;
		}
		if (widest >= HANDY_IN)
			return true;
	}
	return widest > 0;
}

/* Nothing is enough: #11 at 3 in, so that the rows say by how much; 1 bar each way where not even that fits. */
static void most_mat(const struct spread_problem *p, const struct spread_size *size, struct spread_mat *mat)
{
	enum { LAST = 11, CLEAR_IN = 3 };
	const struct rebar_size *bar = rebar_of(p->concrete, LAST);
	double edge = 2 * p->concrete->cover_in + bar->diameter_in, h_in = 12 * size->thickness_ft;
	*mat = (struct spread_mat){
		.size = LAST,
		.spacing_in = CLEAR_IN,
		.along_length = bars_across(fmax(12 * size->width_ft - edge, 0), CLEAR_IN),
		.along_width = bars_across(fmax(12 * size->length_ft - edge, 0), CLEAR_IN),
		.d_length_in = fmax(h_in - p->concrete->cover_in - .5 * bar->diameter_in, .1),
		.d_width_in = fmax(h_in - p->concrete->cover_in - 1.5 * bar->diameter_in, .1),
	};
}

/* --- rows --- */

static double size_effect(double d_in)
{
	return fmin(1, sqrt(2 / (1 + d_in / 10))); /* REF: ACI 318-19 section 22.5.5.1.3 */
}

/* REF: ACI 318-19 table 22.5.5.1; ACI 318-19 section 22.5.5.1.1: row (c), without stirrups */
static double one_way_psi(double as_in2, double width_in, double d_in, double fc)
{
	double root = concrete_root(fc), ratio = as_in2 / (width_in * d_in);
	return PHI_SHEAR * fmin(8 * size_effect(d_in) * cbrt(ratio) * root, 5 * root);
}

static double bar_area(const struct spread_problem *p, const struct spread_mat *mat)
{
	return rebar_of(p->concrete, mat->size)->area_in2;
}

static void worse(struct spread_demand *row, double demand, double capacity)
{
	if (!row->present || demand * row->capacity > row->demand * capacity)
		*row = (struct spread_demand){true, fmax(demand, 0), capacity};
}

struct cantilevers {
	double length_ft, width_ft; /* from the column's faces */
};

static struct cantilevers cantilevers_of(const struct spread_problem *p, const struct spread_size *size)
{
	return (struct cantilevers){fmax(0, (size->length_ft - p->column_depth_in / 12) / 2),
								fmax(0, (size->width_ft - p->column_width_in / 12) / 2)};
}

/* REF: ACI 318-19 table 13.2.7.1; ACI 318-19 section 13.2.7.2: at d from the column's faces */
static void check_one_way(const struct spread_problem *p, const struct spread_size *size, const struct factored *f,
						  struct spread_answer *answer)
{
	const struct spread_mat *mat = &answer->mat;
	struct cantilevers reach = cantilevers_of(p, size);
	struct spread_demand *row = &answer->rows[SPREAD_ONE_WAY];
	double area = bar_area(p, mat);
	double along = one_way_lb_ft(f, size->length_ft, reach.length_ft - mat->d_length_in / 12) / (12 * mat->d_length_in);
	worse(row, along, one_way_psi((double)mat->along_length * area, 12 * size->width_ft, mat->d_length_in, p->fc_psi));
	double x_ft = fmax(0, reach.width_ft - mat->d_width_in / 12);
	double across = fabs(across_lb_ft(f, x_ft)) / (12 * mat->d_width_in);
	worse(row, across, one_way_psi((double)mat->along_width * area, 12 * size->length_ft, mat->d_width_in, p->fc_psi));
}

/* REF: ACI 318-19 table 22.6.5.2; ACI 318-19 section 22.6.4: all three, an interior column */
static double two_way_psi(const struct spread_problem *p, double d_in, double perimeter_in)
{
	double longer = fmax(p->column_depth_in, p->column_width_in),
		   shorter = fmin(p->column_depth_in, p->column_width_in);
	double factor = fmin(4, fmin(2 + 4 * shorter / longer, 2 + 40 * d_in / perimeter_in));
	return PHI_SHEAR * factor * size_effect(d_in) * concrete_root(p->fc_psi);
}

/* Jc over c of the critical section; the moment runs along b1. */
static double section_of(double d, double b1, double b2)
{
	return (d * b1 * b1 * b1 / 6 + b1 * d * d * d / 6 + d * b2 * b1 * b1 / 2) / (b1 / 2);
}

/*
 * REF: ACI 318-19 section 8.4.4.2; ACI 318-19 section 22.6.4.1: the free body inside the critical section: column load
 * and moment less what soil and weight give on that area; γv of the moment that is left goes by eccentric shear.
 */
static void check_two_way(const struct spread_problem *p, const struct spread_size *size, const struct factored *f,
						  struct spread_answer *answer)
{
	double d = (answer->mat.d_length_in + answer->mat.d_width_in) / 2;
	double b1 = p->column_depth_in + d, b2 = p->column_width_in + d, perimeter = 2 * (b1 + b2);
	double from = fmax(0, size->length_ft / 2 - b1 / 24), to = fmin(size->length_ft, size->length_ft / 2 + b1 / 24);
	double wide = fmin(b2 / 12, size->width_ft), middle = size->length_ft / 2;
	double up = spread_pressure_force(&f->q, to) - spread_pressure_force(&f->q, from);
	/* moment about the middle of the pressure inside, clockwise as the column's */
	double about_to = spread_pressure_moment(&f->q, to), about_from = spread_pressure_moment(&f->q, from);
	double arm = about_to - about_from - (to - from) * spread_pressure_force(&f->q, from);
	double turning = arm - (to - middle) * up;
	double column = f->p_lb - f->w_psf * size->length_ft * size->width_ft;
	double vu = column - wide * (up - f->w_psf * (to - from)), mu = f->moment_lbft - wide * turning;
	double gamma = 1 - 1 / (1 + 2.0 / 3 * sqrt(b1 / b2));
	double direct = fabs(vu) / (perimeter * d), turned = gamma * fabs(mu) * 12 / section_of(d, b1, b2);
	/* Across, all of the moment is taken to leave the column by shear, what the soil inside gives not deducted. */
	turned += (1 - 1 / (1 + 2.0 / 3 * sqrt(b2 / b1))) * f->cross_lbft * 12 / section_of(d, b2, b1);
	struct spread_demand before = answer->rows[SPREAD_TWO_WAY];
	worse(&answer->rows[SPREAD_TWO_WAY], direct + turned, two_way_psi(p, d, perimeter));
	if (!before.present || answer->rows[SPREAD_TWO_WAY].demand != before.demand) {
		answer->punching[0] = direct;
		answer->punching[1] = turned;
		answer->punching[2] = gamma;
	}
}

static void check_flexure(const struct spread_problem *p, const struct spread_size *size,
						  const struct mat_demand *demand, struct spread_answer *answer)
{
	const struct spread_mat *mat = &answer->mat;
	double area = bar_area(p, mat), wide = 12 * size->width_ft, length = 12 * size->length_ft;
	double along = (double)mat->along_length * area, across = (double)mat->along_width * area;
	struct spread_demand *row = &answer->rows[SPREAD_FLEXURE];
	worse(row, demand->mu_length_lbft, flexure_lbft(along, wide, mat->d_length_in, p->fc_psi, p->fy_psi));
	worse(row, demand->mu_width_lbft, flexure_lbft(across, length, mat->d_width_in, p->fc_psi, p->fy_psi));
	row = &answer->rows[SPREAD_MINIMUM_STEEL];
	worse(row, .0018 * wide * 12 * size->thickness_ft, along);
	worse(row, .0018 * length * 12 * size->thickness_ft, across);
}

/* REF: ACI 318-19 section 14.5.2.1; ACI 318-19 section 14.5.1.7: plain concrete, 2 in of it against the ground not
 * counted */
static void note_heel(const struct spread_problem *p, const struct spread_size *size, const struct factored *f,
					  double reach_ft, struct spread_answer *answer)
{
	double h = fmax(12 * size->thickness_ft - 2, 0);
	answer->heel_lbft_ft = fmax(answer->heel_lbft_ft, heel_moment_lbft_ft(f, size->length_ft, reach_ft));
	answer->heel_plain_lbft_ft = PHI_PLAIN * 5 * concrete_root(p->fc_psi) * 12 * h * h / 6 / 12;
}

void spread_check_concrete(const struct spread_problem *p, const struct spread_size *size, struct spread_answer *answer)
{
	struct cantilevers reach = cantilevers_of(p, size);
	struct factored all[COMBINATIONS];
	struct mat_demand demand = {0, 0};
	for (int i = 0; i < COMBINATIONS; i++) {
		all[i] = combine(p, size, &answer->soil, DEAD[i]);
		double along = size->width_ft * toe_moment_lbft_ft(&all[i], reach.length_ft);
		double across = size->length_ft * across_lbft_ft(&all[i], reach.width_ft);
		demand.mu_length_lbft = fmax(demand.mu_length_lbft, along);
		demand.mu_width_lbft = fmax(demand.mu_width_lbft, across);
		note_heel(p, size, &all[i], reach.length_ft, answer);
	}
	if (!choose_mat(p, size, &demand, &answer->mat))
		most_mat(p, size, &answer->mat);
	for (int i = 0; i < COMBINATIONS; i++) {
		check_one_way(p, size, &all[i], answer);
		check_two_way(p, size, &all[i], answer);
	}
	check_flexure(p, size, &demand, answer);
}
