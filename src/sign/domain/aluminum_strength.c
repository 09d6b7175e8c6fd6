#include <math.h>

#include "core/must.h"
#include "sign/domain/aluminum.h"
#include "sign/domain/section.h"

static const double ROUND_LIMIT = 20; /* REF: ADM 2020 B.5.4.5: Rb/t of rounds with transverse welds */
static const double SHEAR_SHARE = .6; /* REF: ADM 2020 table A.4.1: Fsy / Fty and Fsu / Ftu */

struct buckling_line aluminum_column_line(double fcy, double e)
{
	struct buckling_line line = {.b = fcy * (1 + sqrt(fcy / 1000))};
	line.d = line.b / 20 * sqrt(6 * line.b / e);
	line.c = 2 * line.b / (3 * line.d);
	return line;
}

struct buckling_line aluminum_plate_line(double fcy, double e)
{
	struct buckling_line line = {.b = fcy * (1 + cbrt(fcy / 440))};
	line.d = line.b / 20 * sqrt(6 * line.b / e);
	line.c = 2 * line.b / (3 * line.d);
	return line;
}

struct buckling_line aluminum_plate_bending_line(double fcy, double e)
{
	struct buckling_line line = {.b = 1.3 * fcy * (1 + cbrt(fcy / 340))};
	line.d = line.b / 20 * sqrt(6 * line.b / e);
	line.c = 2 * line.b / (3 * line.d);
	return line;
}

struct buckling_line aluminum_tube_line(double fcy, double e)
{
	struct buckling_line line = {.b = fcy * (1 + pow(fcy / 6500, .2))};
	line.d = line.b / 3.7 * cbrt(line.b / e);
	return line;
}

struct buckling_line aluminum_tube_bending_line(double fcy, double e)
{
	struct buckling_line line = {.b = 1.5 * fcy * (1 + pow(fcy / 6500, .2))}, other = aluminum_tube_line(fcy, e);
	line.d = line.b / 2.7 * cbrt(line.b / e);
	line.c = (line.b - other.b) / (line.d - other.d);
	return line;
}

struct buckling_line aluminum_shear_line(double fsy, double e)
{
	struct buckling_line line = {.b = fsy * (1 + cbrt(fsy / 240))};
	line.d = line.b / 20 * sqrt(6 * line.b / e);
	line.c = 2 * line.b / (3 * line.d);
	return line;
}

static bool is_round(const struct section *s)
{
	return s->family == SECTION_PIPE;
}

/* Radius at mid-thickness over wall. */
static double rb_t(const struct section *s)
{
	return (s->d_t - 1) / 2;
}

bool aluminum_covers(const struct section *section)
{
	return section->family == SECTION_HSS_SQUARE || (is_round(section) && rb_t(section) < ROUND_LIMIT);
}

double aluminum_welded_yield(const struct aluminum *aluminum, const struct section *section)
{
	return section->t_nom_in <= aluminum->welded_wall_in ? aluminum->ftyw_ksi : aluminum->ftyw_thick_ksi;
}

/* A section under way: its welded strengths and the factors of the level. */
struct work {
	const struct section *s;
	double e, fy, fu; /* welded; Fcyw = Ftyw */
	double factor, rupture_factor;
};

static struct nominal least(struct nominal a, struct nominal b)
{
	return b.value < a.value ? b : a;
}

/* REF: ADM 2020 B.5.4.2; ADM 2020 table B.4.3: a flat wall in uniform compression, k1 .50 and k2 2.04 when welded. */
static double wall_stress(const struct work *w)
{
	struct buckling_line line = aluminum_plate_line(w->fy, w->e);
	double slenderness = 1.6 * w->s->b_t;
	if (line.d * slenderness <= line.b - w->fy)
		return w->fy;
	if (slenderness < .50 * line.b / line.d)
		return line.b - line.d * slenderness;
	return 2.04 * sqrt(line.b * w->e) / slenderness;
}

/* REF: ADM 2020 B.5.4.5: a round in uniform compression. */
static double round_stress(const struct work *w)
{
	struct buckling_line line = aluminum_tube_line(w->fy, w->e);
	return fmin(w->fy, line.b - line.d * sqrt(rb_t(w->s))); /* the elastic branch lies beyond Rb/t of 20 */
}

/* REF: ADM 2020 E.2: member buckling; a weld at the one supported end makes the member weld-affected. */
static double member_stress(const struct work *w, double slenderness)
{
	struct buckling_line line = aluminum_column_line(w->fy, w->e);
	double first = (line.b - w->fy) / line.d;
	if (slenderness <= first)
		return w->fy;
	if (slenderness < line.c)
		return (line.b - line.d * slenderness) * (.85 + .15 * (line.c - slenderness) / (line.c - first));
	return .85 * M_PI * M_PI * w->e / (slenderness * slenderness);
}

/* REF: ADM 2020 E.3.1: local buckling by the weighted average; the corners of a square tube are at yield. */
static double local_buckling_kip(const struct work *w)
{
	const struct section *s = w->s;
	if (is_round(s))
		return round_stress(w) * s->area_in2;
	double walls_in2 = 4 * s->b_t * s->t_des_in * s->t_des_in;
	return wall_stress(w) * walls_in2 + w->fy * (s->area_in2 - walls_in2);
}

/* REF: ADM 2020 E.4; ADM 2020 B.5.6: where walls buckle elastically before the member does. */
static double interaction_kip(const struct work *w, double slenderness, double member_ksi)
{
	double root = sqrt(rb_t(w->s)), flat = 1.6 * w->s->b_t;
	double local_ksi = is_round(w->s) ? M_PI * M_PI * w->e / (16 * root * root * (1 + root / 35) * (1 + root / 35))
									  : M_PI * M_PI * w->e / (flat * flat);
	if (local_ksi >= member_ksi)
		return INFINITY;
	return cbrt(.85 * M_PI * M_PI * w->e / (slenderness * slenderness)) * pow(local_ksi, 2. / 3) * w->s->area_in2;
}

static struct nominal axial(const struct work *w, double kl_in)
{
	double slenderness = kl_in / w->s->ry_in, member_ksi = member_stress(w, slenderness);
	struct nominal member = {member_ksi * w->s->area_in2, CLAUSE_ADM_E2};
	struct nominal local = {local_buckling_kip(w), CLAUSE_ADM_E3};
	struct nominal both = {interaction_kip(w, slenderness, member_ksi), CLAUSE_ADM_E4};
	struct nominal governing = least(least(member, local), both);
	governing.value *= w->factor;
	return governing;
}

/* REF: ADM 2020 B.5.5.4: a round in bending. */
static double round_bending_kipin(const struct work *w)
{
	struct buckling_line upper = aluminum_tube_bending_line(w->fy, w->e), lower = aluminum_tube_line(w->fy, w->e);
	double slenderness = sqrt(rb_t(w->s));
	struct buckling_line line = slenderness <= upper.c ? upper : lower;
	return (line.b - line.d * slenderness) * w->s->sx_in3;
}

/* REF: ADM 2020 B.5.5.1: a wall in bending about its own middle, m = .65. */
static double web_stress(const struct work *w)
{
	struct buckling_line line = aluminum_plate_bending_line(w->fy, w->e);
	double slenderness = .65 * w->s->h_t;
	if (line.d * slenderness <= line.b - 1.5 * w->fy)
		return 1.5 * w->fy;
	if (slenderness < .50 * line.b / line.d)
		return line.b - line.d * slenderness;
	return 2.04 * sqrt(line.b * w->e) / slenderness;
}

/* REF: ADM 2020 F.3.1: flanges at their stress and webs at theirs. */
static double square_bending_kipin(const struct work *w)
{
	const struct section *s = w->s;
	double t = s->t_des_in, clear = s->depth_in - 2 * t;
	double webs_in4 = 2 * t * clear * clear * clear / 12, flanges_in4 = s->ix_in4 - webs_in4;
	return wall_stress(w) * flanges_in4 / ((s->depth_in - t) / 2) + web_stress(w) * webs_in4 / (clear / 2);
}

/* REF: ADM 2020 F.4; ADM 2020 F.4.2.3: lateral-torsional buckling of a closed shape, Cb = 1. */
static double lateral_kipin(const struct work *w, double yield_kipin, double unbraced_in)
{
	const struct section *s = w->s;
	struct buckling_line line = aluminum_column_line(w->fy, w->e);
	double slenderness = 2.3 * sqrt(unbraced_in * s->sx_in3 / sqrt(s->iy_in4 * s->j_in4));
	double elastic = M_PI * M_PI * w->e * s->sx_in3;
	if (slenderness >= line.c)
		return elastic / (slenderness * slenderness);
	return yield_kipin * (1 - slenderness / line.c) + elastic * slenderness / (line.c * line.c * line.c);
}

static struct nominal flexure(const struct work *w, double unbraced_in)
{
	const struct section *s = w->s;
	double yield_kipin = fmin(s->zx_in3, 1.5 * s->sx_in3) * w->fy; /* REF: ADM 2020 F.2 */
	struct nominal local = {w->factor * (is_round(s) ? round_bending_kipin(w) : square_bending_kipin(w)),
							CLAUSE_ADM_F3};
	struct nominal lateral = {w->factor * lateral_kipin(w, yield_kipin, unbraced_in), CLAUSE_ADM_F4};
	struct nominal rupture = {w->rupture_factor * s->zx_in3 * w->fu, CLAUSE_ADM_F2};
	return least(least((struct nominal){w->factor * yield_kipin, CLAUSE_ADM_F2}, rupture), least(local, lateral));
}

/* Shear yielding or buckling of a slenderness λ; `more` is 1.3 for rounds in shear (G.4). */
static double shear_stress(const struct work *w, double slenderness, double more)
{
	double fsy = SHEAR_SHARE * w->fy;
	struct buckling_line line = aluminum_shear_line(fsy, w->e);
	double fall = more > 1 ? 1.63 : 1.25;
	double inelastic = fmin(fsy, more * line.b - fall * line.d * slenderness);
	double elastic = more * M_PI * M_PI * w->e / (1.25 * slenderness * 1.25 * slenderness);
	return slenderness < line.c / 1.25 ? inelastic : fmin(fsy, elastic);
}

/* REF: ADM 2020 G.4; ADM 2020 H.2.1: the slenderness of a round in shear. */
static double round_slenderness(const struct section *s, double length_in)
{
	double rb_in = (s->depth_in - s->t_des_in) / 2;
	return 2.9 * pow(rb_t(s), 5. / 8) * sqrt(sqrt(length_in / rb_in));
}

/* REF: ADM 2020 G.2; ADM 2020 G.4: yielding and buckling, and rupture of the net webs. */
static struct nominal shear(const struct work *w, double shear_in)
{
	const struct section *s = w->s;
	double fsu = SHEAR_SHARE * w->fu;
	if (is_round(s)) {
		double stress = shear_stress(w, round_slenderness(s, shear_in), 1.3);
		return least((struct nominal){w->factor * stress * s->area_in2 / 2, CLAUSE_ADM_G4},
					 (struct nominal){w->rupture_factor * fsu * s->area_in2 / 2, CLAUSE_ADM_G4});
	}
	double t = s->t_des_in, clear = s->depth_in - 2 * t;
	return least((struct nominal){w->factor * shear_stress(w, s->h_t, 1) * 2 * s->depth_in * t, CLAUSE_ADM_G2},
				 (struct nominal){w->rupture_factor * fsu * 2 * clear * t, CLAUSE_ADM_G2});
}

/* REF: ADM 2020 H.2.1; ADM 2020 H.2.2 */
static struct nominal torsion(const struct work *w, double length_in)
{
	const struct section *s = w->s;
	bool round = is_round(s);
	enum strength_clause clause = round ? CLAUSE_ADM_H2_1 : CLAUSE_ADM_H2_2;
	double stress = shear_stress(w, round ? round_slenderness(s, length_in) : s->h_t, 1);
	double modulus_in3 = round ? s->j_in4 / (s->depth_in / 2) : s->c_in3;
	return least((struct nominal){w->factor * stress * modulus_in3, clause},
				 (struct nominal){w->rupture_factor * SHEAR_SHARE * w->fu * modulus_in3, clause});
}

void aluminum_strength(const struct section *section, const struct aluminum *aluminum,
					   const struct pole_lengths *lengths, bool lrfd, struct strength *strength)
{
	must(aluminum_covers(section));
	struct work w = {
		.s = section,
		.e = aluminum->e_ksi,
		.fy = aluminum_welded_yield(aluminum, section),
		.fu = aluminum->ftuw_ksi,
		.factor = lrfd ? aluminum->phi : 1 / aluminum->omega,
		.rupture_factor = lrfd ? aluminum->phi_rupture : 1 / aluminum->omega_rupture,
	};
	struct nominal p = axial(&w, lengths->column_in), m = flexure(&w, lengths->unbraced_in),
				   v = shear(&w, lengths->shear_in), t = torsion(&w, lengths->height_in);
	*strength = (struct strength){
		.kind = is_round(section) ? STRENGTH_ALUMINUM_ROUND : STRENGTH_ALUMINUM_FLAT,
		.axial_kip = p.value,
		.flexure_kipin = m.value,
		.shear_kip = v.value,
		.torsion_kipin = t.value,
		.axial_clause = p.clause,
		.flexure_clause = m.clause,
		.shear_clause = v.clause,
		.torsion_clause = t.clause,
	};
}
