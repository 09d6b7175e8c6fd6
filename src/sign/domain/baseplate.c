#include "sign/domain/baseplate.h"

#include <math.h>
#include <string.h>

#include "core/field.h"
#include "seal/check.h"

double plate_fp_max_ksi(double fc_psi, double a2_over_a1, bool lrfd)
{
	double nominal = fmin(.85 * sqrt(a2_over_a1), 1.7) * fc_psi / 1000;
	return lrfd ? .65 * nominal : nominal / 2.31;
}

/* All pressure is one linear piece: fp at the edge, falling over its reach. */
static void press(struct plate_forces *f, double fp, double slope, double reach)
{
	f->fp_ksi = fp;
	f->slope_ksi_in = slope;
	f->y_in = reach;
}

double plate_pressure_moment(const struct plate_forces *f, double l)
{
	double u = fmin(l, f->y_in);
	return f->fp_ksi * u * (l - u / 2) - f->slope_ksi_in * u * u * (l / 2 - u / 3);
}

static void not_solved(struct plate_forces *f)
{
	f->solved = false;
	f->tension_kip = NAN;
	press(f, NAN, NAN, NAN);
}

/* --- without tension --- */

static bool stand_small_rectangular(const struct plate_problem *p, const struct plate_size *size,
									struct plate_forces *f)
{
	f->e_crit_in = size->l_in / 2 - p->p_kip / (2 * p->fp_max_ksi * size->w_in);
	/*
	 * Pressing more than the whole plate bears (e_crit < 0) is a matter of bearing however it stands: moments about
	 * the tension line would then ask the anchors to push.
	 */
	bool overloaded = f->e_crit_in < 0 && f->e_in < size->l_in / 2;
	if (!(p->p_kip > 0 && (f->e_in <= f->e_crit_in || overloaded)))
		return false;
	double y = size->l_in - 2 * f->e_in;
	press(f, p->p_kip / (y * size->w_in), 0, y);
	return true;
}

static bool stand_small_triangular(const struct plate_problem *p, const struct plate_size *size, struct plate_forces *f)
{
	double n = size->l_in, b = size->w_in, all = p->fp_max_ksi * b;
	double in_kern = p->p_kip > 0 ? (all * n / p->p_kip - 1) * n / 6 : (double)NAN;
	f->e_crit_in = in_kern <= n / 6 ? in_kern : n / 2 - 2 * p->p_kip / (3 * all);
	if (!(p->p_kip > 0) || f->e_in >= n / 2)
		return false;
	double average = p->p_kip / (b * n), reach = 3 * (n / 2 - f->e_in);
	if (f->e_in <= n / 6)
		press(f, average * (1 + 6 * f->e_in / n), 12 * average * f->e_in / (n * n), n);
	else
		press(f, 2 * p->p_kip / (reach * b), 2 * p->p_kip / (reach * reach * b), reach);
	/* In the kern there is no tension however high the pressure: the row of bearing says whether it is too high. */
	return f->fp_ksi <= p->fp_max_ksi || f->e_in <= n / 6;
}

/* --- with tension: moments about the tension line, pressing at fp,max --- */

static bool stand_large_rectangular(const struct plate_problem *p, const struct plate_size *size, double about,
									struct plate_forces *f)
{
	double q = p->fp_max_ksi * size->w_in, reach = size->l_in - p->edge_in; /* f + N/2 */
	double radicand = reach * reach - 2 * about / q;
	f->bearing_demand = about;
	f->bearing_capacity = q * reach * reach / 2;
	if (radicand < 0)
		return false;
	double y = reach - sqrt(radicand);
	press(f, p->fp_max_ksi, 0, y);
	f->tension_kip = q * y - p->p_kip;
	return true;
}

static bool stand_large_triangular(const struct plate_problem *p, const struct plate_size *size, double about,
								   struct plate_forces *f)
{
	double q = p->fp_max_ksi * size->w_in, to_line = size->l_in - p->edge_in;
	double half = q * to_line / 2, radicand = half * half - 4 * (q / 6) * about;
	double longest = fmin(1.5 * to_line, size->l_in);
	f->bearing_demand = about;
	f->bearing_capacity = half * longest - q / 6 * longest * longest;
	if (radicand < 0)
		return false;
	double a = (half - sqrt(radicand)) / (q / 3);
	if (a > longest * (1 + 1e-12))
		return false;
	press(f, p->fp_max_ksi, a > 0 ? p->fp_max_ksi / a : 0, a);
	f->tension_kip = q * a / 2 - p->p_kip;
	return true;
}

static void stand_large(const struct plate_problem *p, const struct plate_size *size, struct plate_forces *f)
{
	double arm = size->l_in / 2 - p->edge_in, about = p->m_kipin + p->p_kip * arm;
	if (about <= 0) { /* the pull is between the lines: nothing bears */
		f->lifted = p->p_kip < 0;
		f->tension_kip = p->m_kipin / (2 * arm) - p->p_kip / 2;
		f->small = !(f->tension_kip > 0);
		press(f, 0, 0, 0);
		f->bearing_demand = 0;
		f->bearing_capacity = p->fp_max_ksi;
		return;
	}
	bool triangular = p->method == PLATE_TRIANGULAR;
	if (!(triangular ? stand_large_triangular : stand_large_rectangular)(p, size, about, f))
		not_solved(f);
}

void plate_stand(const struct plate_problem *p, const struct plate_size *size, struct plate_forces *f)
{
	*f = (struct plate_forces){.solved = true, .e_in = p->p_kip > 0 ? p->m_kipin / p->p_kip : (double)NAN};
	bool triangular = p->method == PLATE_TRIANGULAR;
	f->small = (triangular ? stand_small_triangular : stand_small_rectangular)(p, size, f);
	if (f->small) {
		f->bearing_demand = f->fp_ksi;
		f->bearing_capacity = p->fp_max_ksi;
	} else {
		stand_large(p, size, f);
	}
}

/* --- rows --- */

static void row(struct plate_answer *a, enum plate_row which, double demand, double capacity)
{
	a->rows[which] = (struct plate_demand){true, demand, capacity};
}

/* REF: AISC Design Guide 1 section 3.3.2; AISC Design Guide 1 section 3.4.3; AISC 360-22 F11 */
double plate_thickness_in(const struct plate_problem *p, double moment_kipin_in)
{
	double available = p->lrfd ? .90 * p->fy_ksi : p->fy_ksi / 1.67;
	return sqrt(4 * fmax(moment_kipin_in, 0) / available);
}

static void check_thickness(const struct plate_problem *p, const struct plate_size *size, struct plate_answer *a)
{
	double along = p->shape == PLATE_ROUND ? .80 : .95, across = p->shape == PLATE_RECT ? .95 : .80;
	a->m_in = (size->l_in - along * p->d_in) / 2;
	a->n_in = (size->w_in - across * p->b_in) / 2;
	a->x_in = size->l_in / 2 - p->edge_in - p->d_in / 2 + (given(p->tf_in) ? p->tf_in / 2 : 0);
	if (!a->forces.solved) {
		a->t_bearing_in = a->t_tension_in = a->t_required_in = a->tension_per_anchor_kip = NAN;
		return;
	}
	double l = fmax(fmax(a->m_in, a->n_in), 0), tension = fmax(a->forces.tension_kip, 0);
	a->t_bearing_in = plate_thickness_in(p, plate_pressure_moment(&a->forces, l));
	a->t_tension_in = plate_thickness_in(p, tension * fmax(a->x_in, 0) / size->w_in);
	a->t_required_in = fmax(a->t_bearing_in, a->t_tension_in);
	a->tension_per_anchor_kip = tension / (size->bolts / 2);
	row(a, PLATE_BEARING_SIDE, a->t_bearing_in, size->t_in);
	row(a, PLATE_TENSION_SIDE, a->t_tension_in, size->t_in);
}

/* REF: AISC 360-22 J2.4; AISC 360-22 J1.4: fillet all around as a line; what presses bears and does not load the weld
 */
static void check_weld(const struct plate_problem *p, struct plate_answer *a)
{
	double length, section, polar, radius, factor, b = p->b_in, d = p->d_in, half = d / 2;
	if (p->shape == PLATE_ROUND) {
		length = 2 * M_PI * half, section = M_PI * half * half, polar = 2 * M_PI * half * half * half;
		radius = half, factor = 2;
	} else {
		length = 2 * (b + d), section = b * d + d * d / 3, polar = (b + d) * (b + d) * (b + d) / 6;
		radius = hypot(b, d) / 2, factor = length / (2 * d);
	}
	double normal = p->m_kipin / section + fmax(-p->p_kip, 0) / length;
	double along = factor * p->v_kip / length + p->t_kipin * radius / polar;
	double strength = .6 * p->fexx_ksi * sqrt(.5) * p->weld_in;
	if (given(p->weld_in))
		row(a, PLATE_WELD, hypot(normal, along), p->lrfd ? .75 * strength : strength / 2.0);
}

/* REF: AISC 360-22 J3.7 */
static void check_anchor_steel(const struct plate_problem *p, struct plate_answer *a)
{
	double strength = .75 * p->fu_ksi * M_PI / 4 * p->dia_in * p->dia_in;
	if (given(p->dia_in) && a->forces.solved)
		row(a, PLATE_ANCHOR_STEEL, a->tension_per_anchor_kip, p->lrfd ? .75 * strength : strength / 2.0);
}

static void judge(struct plate_answer *a)
{
	a->utilization = 0;
	for (size_t i = 0; i < PLATE_ROWS; i++)
		if (a->rows[i].present)
			a->utilization = fmax(a->utilization, check_ratio(a->rows[i].demand, a->rows[i].capacity));
	if (a->anchored) {
		double spacing = given(a->anchors.spacing.required_in)
							 ? check_ratio(a->anchors.spacing.required_in, a->anchors.spacing.available_in)
							 : 0;
		a->utilization = fmax(a->utilization, fmax(a->anchors.tension_ratio, a->anchors.shear_ratio));
		a->utilization = fmax(a->utilization, a->anchors.interaction / a->anchors.interaction_limit);
		a->utilization = fmax(a->utilization, spacing);
	}
	a->pass = a->forces.solved && a->utilization <= CHECK_TOLERANCE;
}

void plate_check_steel(const struct plate_problem *p, const struct plate_size *size, struct plate_answer *a)
{
	memset(a, 0, sizeof *a);
	plate_stand(p, size, &a->forces);
	check_thickness(p, size, a);
	row(a, PLATE_BEARING, a->forces.bearing_demand, a->forces.bearing_capacity);
	check_weld(p, a);
	check_anchor_steel(p, a);
	judge(a);
}

/* --- anchors in concrete --- */

/* One line of bolts across the plate, at x. */
static void add_line(const struct plate_problem *p, const struct plate_size *size, double x, struct anchor_problem *in)
{
	int count = size->bolts / 2;
	double pitch = count > 1 ? (size->w_in - 2 * p->edge_in) / (count - 1) : 0;
	for (int i = 0; i < count; i++)
		in->points[in->count++] = (struct anchor_point){x, i * pitch};
}

double plate_bolt_shear_kip(const struct plate_problem *p, const struct plate_size *size)
{
	struct anchor_problem all = {.count = 0};
	double arm = size->l_in / 2 - p->edge_in, middle = size->w_in / 2 - p->edge_in, farthest = 0, polar = 0;
	add_line(p, size, -arm, &all);
	add_line(p, size, arm, &all);
	for (size_t i = 0; i < all.count; i++) {
		double r = hypot(all.points[i].x_in, size->bolts > 2 ? all.points[i].y_in - middle : 0);
		farthest = fmax(farthest, r);
		polar += r * r;
	}
	return p->v_kip / size->bolts + (polar > 0 ? p->t_kipin * farthest / polar : 0);
}

static double beyond(double block_in, double outermost_in)
{
	return block_in > 0 ? fmax(block_in / 2 - outermost_in, .01) : INFINITY;
}

/* Edges of the concrete from the outermost of both lines. */
static struct anchor_edges edges_of(const struct plate_problem *p, const struct plate_size *size)
{
	double along = beyond(p->block_l_in, size->l_in / 2 - p->edge_in);
	double across = beyond(p->block_w_in, size->bolts > 2 ? size->w_in / 2 - p->edge_in : 0);
	return (struct anchor_edges){along, along, across, across, p->block_t_in > 0 ? p->block_t_in : INFINITY};
}

/* What breaks out together along a line across the plate: all its anchors, or each alone; an end is the weakest. */
struct breaking {
	double count, times; /* of one piece; pieces */
	double low_in, high_in, length_in, pitch_in;
};

static struct breaking breaking_of(const struct plate_problem *p, const struct plate_size *size, double side_in,
								   double apart_in)
{
	double count = floor(size->bolts / 2), across = count > 1 ? size->w_in - 2 * p->edge_in : 0;
	double pitch = count > 1 ? across / (count - 1) : 0;
	if (pitch < apart_in - 1e-9)
		return (struct breaking){count, 1, side_in, side_in, across, pitch};
	return (struct breaking){1, count, side_in, side_in + across, 0, 0};
}

/* REF: ACI 318-19 section 17.6.2; ACI 318-19 section 17.6.2.1.2 */
static double line_pull_lb(const struct plate_problem *p, const struct plate_size *size,
						   const struct anchor_edges *edges)
{
	double hef = p->bolt.hef_in, near = 1.5 * hef, farthest = 0;
	struct breaking b = breaking_of(p, size, edges->y1_in, 3 * hef);
	const double edge[] = {edges->x1_in + size->l_in - 2 * p->edge_in, edges->x2_in, b.low_in, b.high_in};
	int count = 0;
	for (int i = 0; i < 4; i++)
		if (edge[i] < near) {
			count++;
			farthest = fmax(farthest, edge[i]);
		}
	if (count >= 3)
		hef = fmin(hef, fmax(farthest / 1.5, b.pitch_in / 3));
	double reach = 1.5 * hef, anco = 9 * hef * hef, least = fmin(edge[1], b.low_in), n = b.count;
	double strip = (n - 1) * fmin(b.pitch_in, 2 * reach) + fmin(reach, b.low_in) + fmin(reach, b.high_in);
	double area = fmin((fmin(reach, edge[0]) + fmin(reach, edge[1])) * strip, n * anco);
	bool deep = p->bolt.kc == 24 && hef >= 11 && hef <= 25;
	double basic = (deep ? 16 * cbrt(hef * hef) : p->bolt.kc * sqrt(hef)) * hef * sqrt(p->fc_psi);
	return b.times * .70 * area / anco * (least >= reach ? 1 : .7 + .3 * least / reach) * basic;
}

/* REF: ACI 318-19 section 17.7.2; ACI 318-19 section 17.7.2.1.2 */
static double all_shear_lb(const struct plate_problem *p, const struct plate_size *size,
						   const struct anchor_edges *edges)
{
	double ca1 = edges->x1_in, ha = edges->thickness_in, da = p->bolt.dia_in;
	struct breaking b = breaking_of(p, size, edges->y1_in, 3 * ca1);
	if (b.high_in < 1.5 * ca1 && ha < 1.5 * ca1)
		ca1 = fmin(ca1, fmax(fmax(b.high_in, ha) / 1.5, b.pitch_in / 3));
	double reach = 1.5 * ca1, avco = 4.5 * ca1 * ca1;
	double wide = fmin(reach, b.low_in) + b.length_in + fmin(reach, b.high_in);
	double area = fmin(wide * fmin(reach, ha), b.count * avco);
	double long_enough = p->bolt.hef_in >= 8 * da ? 1.5157165665103982 /* 8^.2 */ : pow(p->bolt.hef_in / da, .2);
	double factor = fmin(7 * long_enough * sqrt(da), 9), edge = b.low_in >= reach ? 1 : .7 + .3 * b.low_in / reach;
	return b.times * .70 * area / avco * edge * (ha < reach ? sqrt(reach / ha) : 1) * factor * sqrt(p->fc_psi) * ca1 *
		   sqrt(ca1);
}

struct plate_breakouts plate_breakouts(const struct plate_problem *p, const struct plate_size *size)
{
	const struct anchor_edges edges = edges_of(p, size);
	return (struct plate_breakouts){line_pull_lb(p, size, &edges) / 1000, all_shear_lb(p, size, &edges) / 1000};
}

/* All anchors, without tension, where `line` is those of one side. */
static struct anchor_problem all_in_shear(const struct plate_problem *p, const struct plate_size *size,
										  const struct anchor_problem *line)
{
	struct anchor_problem all = *line;
	double arm = size->l_in / 2 - p->edge_in;
	all.count = 0;
	all.n_lb = all.ecc_n_in = 0;
	all.edges = edges_of(p, size);
	add_line(p, size, -arm, &all);
	add_line(p, size, arm, &all);
	all.v_lb = line->v_lb / (double)line->count * (double)all.count;
	return all;
}

/*
 * Shear goes to either edge, and the line that bears stands nearer to one of them: all anchors together may be the
 * worse in shear.
 */
static void check_all_in_shear(const struct anchor_problem *all, struct plate_answer *a)
{
	struct anchor_answer shear;
	anchors_check(all, &shear);
	if (shear.shear_ratio <= a->anchors.shear_ratio)
		return;
	shear.tension_ratio = a->anchors.tension_ratio;
	struct anchor_answer *out = &a->anchors;
	out->breakout_v = shear.breakout_v;
	out->pryout = shear.pryout;
	out->steel_v = shear.steel_v;
	out->shear_ratio = shear.shear_ratio;
	/* REF: ACI 318-19 section 17.8 */
	bool both = out->tension_ratio > .2 && out->shear_ratio > .2;
	out->interaction_limit = both ? 1.2 : 1;
	out->interaction = both ? out->tension_ratio + out->shear_ratio : fmax(out->tension_ratio, out->shear_ratio);
}

/*
 * The line that pulls, or all anchors where all pull or none does.  ACI is at strength level: what comes at
 * allowable-stress level is wind by 0.6.  Edges are far unless the problem says how large the concrete is.
 */
static void check_embedded(const struct plate_problem *p, const struct plate_size *size, struct plate_answer *a)
{
	double factor = p->lrfd ? 1 : 1 / .6, arm = size->l_in / 2 - p->edge_in;
	struct anchor_problem in = {
		.bolt = p->bolt,
		.fc_psi = p->fc_psi,
		.lambda = 1,
		.cracked = true,
		.count = 0,
		.edges = edges_of(p, size),
	};
	bool one_line = !a->forces.small && !a->forces.lifted;
	add_line(p, size, arm, &in);
	if (one_line) /* the other line's place is concrete here */
		in.edges.x1_in += 2 * arm;
	else
		add_line(p, size, -arm, &in);
	in.v_lb = factor * (1000 * plate_bolt_shear_kip(p, size) * (double)in.count);
	if (one_line) {
		in.n_lb = factor * 1000 * fmax(a->forces.tension_kip, 0);
	} else if (a->forces.lifted) {
		in.n_lb = factor * -1000 * p->p_kip;
		in.ecc_n_in = p->m_kipin / -p->p_kip;
	}
	anchors_check(&in, &a->anchors);
	a->anchored = true;
	if (p->block_l_in <= 0)
		return;
	const struct anchor_problem all = one_line ? all_in_shear(p, size, &in) : in;
	if (one_line)
		check_all_in_shear(&all, a);
	anchors_check_parallel(&all, &a->anchors);
}

void plate_check(const struct plate_problem *p, const struct plate_size *size, struct plate_answer *a)
{
	plate_check_steel(p, size, a);
	if (p->embedded && a->forces.solved && size->bolts <= ANCHORS_MAX) {
		check_embedded(p, size, a);
		judge(a);
	}
}
