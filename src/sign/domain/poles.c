#include "sign/domain/poles.h"

#include <math.h>

#include "seal/check.h"
#include "sign/domain/section.h"

/* REF: AISC 360-22 App. 8.2.1.1: α of the level. */
static double load_factor(const struct pole_frame *frame)
{
	return frame->lrfd ? 1.0 : 1.6;
}

/* check_ratio and fmax in place: a search takes a dozen of each for every section. */
static inline double ratio(double demand, double capacity)
{
	return demand <= 0 ? 0 : capacity > 0 ? demand / capacity : INFINITY;
}

static inline double larger(double a, double b)
{
	return a > b ? a : b;
}

static inline void put(struct pole_check *row, double demand, double capacity, enum strength_clause clause)
{
	double utilization = ratio(demand, capacity);
	if (utilization > row->utilization)
		*row = (struct pole_check){demand, capacity, utilization, clause};
}

/* An interaction is its own utilization, of 1. */
static void put_interaction(struct pole_check *row, double sum, enum strength_clause clause)
{
	if (isinf(sum))
		put(row, 1, 0, clause);
	else
		put(row, sum, 1, clause);
}

/* What one case asks, with the moments amplified: about the strong axis, about the other. */
struct asking {
	const struct section *section;
	const struct strength *strength;
	double weak_kipin; /* available about the weak axis */
	struct pole_loads loads;
	double amplified_kipin, amplified_weak_kipin;
};

/* REF: AISC 360-22 H1.1: the ratios of both axes add. */
static double bending(const struct asking *a)
{
	double strong = ratio(a->amplified_kipin, a->strength->flexure_kipin);
	return a->amplified_weak_kipin > 0 ? strong + ratio(a->amplified_weak_kipin, a->weak_kipin) : strong;
}

/* REF: AISC 360-22 H1.1: flexure and compression. */
static void put_flexure_and_axial(struct pole_check *row, const struct asking *a)
{
	double axial = ratio(a->loads.p_kip, a->strength->axial_kip);
	double flexure = bending(a);
	if (axial >= .2)
		put_interaction(row, axial + 8. / 9 * flexure, CLAUSE_H1_1A);
	else
		put_interaction(row, axial / 2 + flexure, CLAUSE_H1_1B);
}

/* REF: AISC 360-22 H3.2: torsion, shear, flexure and compression of HSS. */
static void put_closed(struct pole_check *row, const struct asking *a)
{
	double torsion = ratio(a->loads.t_kipin, a->strength->torsion_kipin);
	if (torsion <= .2) {
		put_flexure_and_axial(row, a);
		return;
	}
	double shear = ratio(a->loads.v_kip, a->strength->shear_kip);
	double normal = ratio(a->loads.p_kip, a->strength->axial_kip) + bending(a);
	put_interaction(row, normal + (shear + torsion) * (shear + torsion), CLAUSE_H3_6);
}

/* REF: AISC 360-22 H3.3: an open section under torsion too: normal stress at the base, shear stress at the top. */
static void put_open(struct pole_check *row, const struct asking *a)
{
	const struct section *s = a->section;
	put_flexure_and_axial(row, a);
	if (a->loads.t_kipin <= 0)
		return;
	double normal_ksi = a->loads.p_kip / s->area_in2 + a->amplified_kipin / s->sx_in3 +
						a->amplified_weak_kipin / s->sy_in3 + a->loads.t_kipin * a->strength->warping_ksi_kipin;
	put_interaction(row, normal_ksi / a->strength->normal_ksi, CLAUSE_H3_7);
	double flange_ksi = a->loads.t_kipin * a->strength->flange_shear_ksi_kipin;
	double web_ksi = a->loads.t_kipin * a->strength->web_shear_ksi_kipin + a->loads.v_kip / (s->depth_in * s->tw_in);
	put_interaction(row, larger(flange_ksi, web_ksi) / a->strength->shear_ksi, CLAUSE_H3_8);
}

/*
 * REF: ADM 2020 H.1; ADM 2020 H.3: axial force and bending, with the shear of V and T; flat walls take the squares.
 */
static void put_aluminum(struct pole_check *row, const struct asking *a)
{
	double axial = ratio(a->loads.p_kip, a->strength->axial_kip);
	double flexure = bending(a);
	double shear = ratio(a->loads.v_kip, a->strength->shear_kip) + ratio(a->loads.t_kipin, a->strength->torsion_kipin);
	put_interaction(row, axial + flexure, CLAUSE_ADM_H1);
	if (a->strength->kind == STRENGTH_ALUMINUM_ROUND)
		put_interaction(row, axial + flexure + shear * shear, CLAUSE_ADM_H3_2);
	else
		put_interaction(row, axial + flexure * flexure + shear * shear, CLAUSE_ADM_H3_1);
}

static bool is_aluminum(const struct strength *strength)
{
	return strength->kind == STRENGTH_ALUMINUM_ROUND || strength->kind == STRENGTH_ALUMINUM_FLAT;
}

/* What a frame comes to for one section. */
struct column {
	struct pole_step uniform;
	const struct pole_step *steps;
	size_t count;
	double euler_kip, euler_weak_kip;
};

static double amplify(const struct pole_frame *frame, double p_kip, double euler_kip)
{
	double share = load_factor(frame) * p_kip / euler_kip;
	return share < 1 ? 1 / (1 - share) : INFINITY;
}

/* A round has no axes: what bends it both ways is its resultant. */
static struct pole_loads about_axes(const struct section *section, struct pole_loads loads)
{
	if (section->family == SECTION_PIPE || section->family == SECTION_HSS_ROUND) {
		loads.m_kipin = loads.my_kipin > 0 ? hypot(loads.m_kipin, loads.my_kipin) : loads.m_kipin;
		loads.my_kipin = 0;
	}
	return loads;
}

/* The top moves by the moments about both axes; stepped poles are taken as stiff across as their lowest is. */
static double bends_in(const struct pole_case *one, const struct pole_frame *frame, const struct column *column,
					   double e_ksi, const struct section *section)
{
	double length_in = frame->lengths.height_in;
	double along_in = pole_deflection(column->steps, column->count, e_ksi, length_in, &one->drift);
	if (!(one->drift.across_kipin > 0))
		return along_in;
	const struct pole_drift across = {.moment_kipin = one->drift.across_kipin};
	double across_in = pole_deflection(column->steps, column->count, e_ksi, length_in, &across);
	return hypot(along_in, across_in * section->ix_in4 / section->iy_in4);
}

static void check_case(const struct pole_case *one, const struct pole_frame *frame, const struct column *column,
					   const struct pole_material *material, struct asking *a, struct pole_checks *checks)
{
	const struct strength *strength = a->strength;
	struct pole_check *rows = checks->rows;
	a->loads = about_axes(a->section, one->loads);
	double m_kipin = a->loads.m_kipin, my_kipin = a->loads.my_kipin;
	double amplification = amplify(frame, one->loads.p_kip, column->euler_kip);
	double weak = my_kipin > 0 ? amplify(frame, one->loads.p_kip, column->euler_weak_kip) : 1;
	a->amplified_kipin = m_kipin > 0 ? amplification * m_kipin : 0;
	a->amplified_weak_kipin = my_kipin > 0 ? weak * my_kipin : 0;
	put(&rows[POLE_AXIAL], one->loads.p_kip, strength->axial_kip, strength->axial_clause);
	put(&rows[POLE_FLEXURE], m_kipin, strength->flexure_kipin, strength->flexure_clause);
	put(&rows[POLE_SHEAR], one->loads.v_kip, strength->shear_kip, strength->shear_clause);
	put(&rows[POLE_TORSION], one->loads.t_kipin, strength->torsion_kipin, strength->torsion_clause);
	if (isinf(amplification) || isinf(weak))
		put(&rows[POLE_INTERACTION], 1, 0, is_aluminum(strength) ? CLAUSE_ADM_H1 : CLAUSE_H1_1A);
	else if (strength->kind == STRENGTH_OPEN)
		put_open(&rows[POLE_INTERACTION], a);
	else if (is_aluminum(strength))
		put_aluminum(&rows[POLE_INTERACTION], a);
	else
		put_closed(&rows[POLE_INTERACTION], a);
	double limit_in = frame->lengths.height_in / frame->limit_ratio;
	double bend_in = bends_in(one, frame, column, material->e_ksi, a->section);
	enum strength_clause clause = is_aluminum(strength) ? CLAUSE_ADM_DEFLECTION : CLAUSE_DEFLECTION;
	if (isinf(amplification))
		put(&rows[POLE_DEFLECTION], larger(bend_in, limit_in), 0, clause);
	else
		put(&rows[POLE_DEFLECTION], amplification * bend_in, limit_in, clause);
	checks->amplification = larger(checks->amplification, amplification);
}

static void finish(struct pole_checks *checks)
{
	checks->utilization = 0;
	for (int i = 0; i < POLE_ROWS; i++)
		checks->utilization = larger(checks->utilization, checks->rows[i].utilization);
	checks->pass = checks->utilization <= CHECK_TOLERANCE;
	checks->deflection_in = checks->rows[POLE_DEFLECTION].demand;
}

void pole_check_strength(const struct section *section, const struct pole_material *material,
						 const struct strength *strength, const struct pole_frame *frame, const struct pole_case *cases,
						 size_t count, struct pole_checks *checks)
{
	*checks = (struct pole_checks){.amplification = 1};
	for (int i = 0; i < POLE_ROWS; i++)
		checks->rows[i].utilization = -1; /* below any, so that the first case takes every row */
	struct column column = {.uniform = {frame->lengths.height_in, section->ix_in4}};
	column.steps = frame->steps != NULL ? frame->steps : &column.uniform;
	column.count = frame->steps != NULL ? frame->step_count : 1;
	/* REF: ADM 2020 C.2: .8 of the stiffness for the uncertainty of it; steel's K above 1 stands for that. */
	double stiffness = is_aluminum(strength) ? .8 : 1;
	column.euler_kip = stiffness * pole_euler(column.steps, column.count, material->e_ksi, frame->lengths.height_in);
	column.euler_weak_kip = column.euler_kip * section->iy_in4 / section->ix_in4;
	struct asking asking = {.section = section, .strength = strength};
	bool twice = false;
	for (size_t i = 0; i < count; i++)
		twice |= cases[i].loads.my_kipin > 0;
	if (twice) /* aluminium comes round and square */
		asking.weak_kipin =
			is_aluminum(strength) ? strength->flexure_kipin : strength_weak_kipin(section, material, frame->lrfd);
	for (size_t i = 0; i < count; i++)
		check_case(&cases[i], frame, &column, material, &asking, checks);
	finish(checks);
}

void pole_check(const struct section *section, const struct pole_material *material, const struct pole_frame *frame,
				const struct pole_case *cases, size_t count, struct pole_checks *checks)
{
	struct strength strength;
	strength_of(section, material, &frame->lengths, frame->lrfd, &strength);
	pole_check_strength(section, material, &strength, frame, cases, count, checks);
}

void pole_worsen(struct pole_checks *checks, const struct pole_checks *other)
{
	for (int i = 0; i < POLE_ROWS; i++)
		if (other->rows[i].utilization > checks->rows[i].utilization)
			checks->rows[i] = other->rows[i];
	checks->amplification = larger(checks->amplification, other->amplification);
	finish(checks);
}

/* ∫ (a − z)(L − z) dz from 0 to z */
static double first_moment_to(double z, double a, double length)
{
	return a * length * z - (a + length) * z * z / 2 + z * z * z / 3;
}

static double uniform_deflection(double ei_kipin2, double height_in, const struct pole_drift *drift)
{
	double a = drift->arm_in, l = height_in;
	if (!(drift->force_kip > 0))
		return drift->moment_kipin * l * l / (2 * ei_kipin2);
	double shape = a < l ? a * a * (3 * l - a) : l * l * (3 * a - l);
	return drift->force_kip * shape / (6 * ei_kipin2);
}

double pole_deflection(const struct pole_step *steps, size_t count, double e_ksi, double height_in,
					   const struct pole_drift *drift)
{
	if (count == 1)
		return uniform_deflection(steps[0].ix_in4 * e_ksi, height_in, drift);
	double from = 0, sum = 0;
	bool by_force = drift->force_kip > 0;
	double arm_in = drift->arm_in, end = by_force ? fmin(arm_in, height_in) : height_in; /* no moment above the force */
	for (size_t i = 0; i < count && from < end; i++) {
		double to = i + 1 == count ? end : fmin(steps[i].to_in, end);
		if (by_force)
			sum += drift->force_kip *
				   (first_moment_to(to, arm_in, height_in) - first_moment_to(from, arm_in, height_in)) /
				   steps[i].ix_in4;
		else
			sum += drift->moment_kipin *
				   ((height_in - from) * (height_in - from) - (height_in - to) * (height_in - to)) /
				   (2 * steps[i].ix_in4);
		from = to;
	}
	return sum / e_ksi;
}

double pole_euler(const struct pole_step *steps, size_t count, double e_ksi, double height_in)
{
	const struct pole_drift unit = {.force_kip = 1, .arm_in = height_in};
	/* The uniform pole with this stiffness bends L³ / (3 E I) under a force of 1 at its top. */
	double ei = count == 1
					? e_ksi * steps[0].ix_in4
					: height_in * height_in * height_in / 3 / pole_deflection(steps, count, e_ksi, height_in, &unit);
	return M_PI * M_PI * ei / (4 * height_in * height_in);
}

struct pole_loads pole_share(const struct pole_loads *total, int poles, double spacing_in, double height_in)
{
	struct pole_loads one = {total->m_kipin / poles, total->v_kip / poles, total->t_kipin, total->p_kip / poles,
							 total->my_kipin / poles};
	if (poles == 1 || total->t_kipin <= 0)
		return one;
	double outermost_in = (poles - 1) / 2. * spacing_in;
	double squares_in2 = spacing_in * spacing_in * poles * (poles * poles - 1) / 12.; /* Σ x² of an even line */
	double couple_kip = total->t_kipin * outermost_in / squares_in2;
	double arm_in = total->v_kip > 0 ? total->m_kipin / total->v_kip : height_in;
	one.v_kip += couple_kip;
	one.m_kipin += couple_kip * arm_in;
	one.t_kipin = 0;
	return one;
}

bool pole_check_rows(const struct pole_checks *checks, struct arena *arena, struct check_list *list)
{
	static const struct {
		const char *name, *unit;
	} texts[POLE_ROWS] = {
		[POLE_AXIAL] = {"axial", "kip"},           [POLE_FLEXURE] = {"flexure", "kip-in"},
		[POLE_SHEAR] = {"shear", "kip"},           [POLE_TORSION] = {"torsion", "kip-in"},
		[POLE_INTERACTION] = {"interaction", "1"}, [POLE_DEFLECTION] = {"deflection", "in"},
	};
	for (int i = 0; i < POLE_ROWS; i++)
		check_add(list, arena, texts[i].name, checks->rows[i].demand, checks->rows[i].capacity, texts[i].unit,
				  strength_reference(checks->rows[i].clause));
	return check_finish(list);
}
