#include "sign/domain/strength.h"

#include <math.h>

#include "core/must.h"
#include "sign/domain/section.h"

const double STEEL_E_KSI = 29000, STEEL_G_KSI = 11200;

static const double PHI = .90, OMEGA = 1.67;
static const double PHI_ROLLED_WEB = 1.00, OMEGA_ROLLED_WEB = 1.50;

const char *strength_reference(enum strength_clause clause)
{
	static const char *const references[STRENGTH_CLAUSES] = {
		[CLAUSE_NONE] = "AISC 360-22, not covered",
		[CLAUSE_E3_2] = "AISC 360-22 E3-2",
		[CLAUSE_E3_3] = "AISC 360-22 E3-3",
		[CLAUSE_E7_WALLS] = "AISC 360-22 E7-1, E7-3",
		[CLAUSE_E7_ROUND] = "AISC 360-22 E7-1, E7-7",
		[CLAUSE_F2_1] = "AISC 360-22 F2-1",
		[CLAUSE_F2_2] = "AISC 360-22 F2-2",
		[CLAUSE_F2_3] = "AISC 360-22 F2-3",
		[CLAUSE_F3_1] = "AISC 360-22 F3-1",
		[CLAUSE_F3_2] = "AISC 360-22 F3-2",
		[CLAUSE_F7_1] = "AISC 360-22 F7-1",
		[CLAUSE_F7_2] = "AISC 360-22 F7-2",
		[CLAUSE_F7_3] = "AISC 360-22 F7-3",
		[CLAUSE_F7_6] = "AISC 360-22 F7-6",
		[CLAUSE_F7_7] = "AISC 360-22 F7-7",
		[CLAUSE_F7_8] = "AISC 360-22 F7-8",
		[CLAUSE_F7_9] = "AISC 360-22 F7-9",
		[CLAUSE_F8_1] = "AISC 360-22 F8-1",
		[CLAUSE_F8_2] = "AISC 360-22 F8-2",
		[CLAUSE_F8_3] = "AISC 360-22 F8-3",
		[CLAUSE_G2_1] = "AISC 360-22 G2-1",
		[CLAUSE_G4_1] = "AISC 360-22 G4-1",
		[CLAUSE_G5_1] = "AISC 360-22 G5-1",
		[CLAUSE_H1_1A] = "AISC 360-22 H1-1a",
		[CLAUSE_H1_1B] = "AISC 360-22 H1-1b",
		[CLAUSE_H3_2] = "AISC 360-22 H3-1, H3-2",
		[CLAUSE_H3_3] = "AISC 360-22 H3-1, H3-3",
		[CLAUSE_H3_6] = "AISC 360-22 H3-6",
		[CLAUSE_H3_7] = "AISC 360-22 H3-7",
		[CLAUSE_H3_8] = "AISC 360-22 H3-8",
		[CLAUSE_DEFLECTION] = "Moment-area, AISC 360-22 L2",
		[CLAUSE_ADM_E2] = "ADM 2020 E.2",
		[CLAUSE_ADM_E3] = "ADM 2020 E.3.1",
		[CLAUSE_ADM_E4] = "ADM 2020 E.4-1",
		[CLAUSE_ADM_F2] = "ADM 2020 F.2",
		[CLAUSE_ADM_F3] = "ADM 2020 F.3, B.5.5",
		[CLAUSE_ADM_F4] = "ADM 2020 F.4, F.4.2.3",
		[CLAUSE_ADM_G2] = "ADM 2020 G.2",
		[CLAUSE_ADM_G4] = "ADM 2020 G.4",
		[CLAUSE_ADM_H1] = "ADM 2020 H.1",
		[CLAUSE_ADM_H2_1] = "ADM 2020 H.2.1",
		[CLAUSE_ADM_H2_2] = "ADM 2020 H.2.2",
		[CLAUSE_ADM_H3_1] = "ADM 2020 H.3-1",
		[CLAUSE_ADM_H3_2] = "ADM 2020 H.3-2",
		[CLAUSE_ADM_DEFLECTION] = "Moment-area, ADM 2020 L.3",
	};
	must(clause >= 0 && clause < STRENGTH_CLAUSES);
	return references[clause];
}

static bool is_round(const struct section *s)
{
	return s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE;
}

/* REF: AISC 360-22 E3: flexural buckling stress. */
static struct nominal buckling_stress(const struct pole_material *m, double kl_r)
{
	static const double LOG_658 = -.41855034765681975; /* ln .658 */
	double fe = M_PI * M_PI * m->e_ksi / (kl_r * kl_r);
	if (m->fy_ksi / fe <= 2.25)
		return (struct nominal){m->fy_ksi * exp(LOG_658 * m->fy_ksi / fe), CLAUSE_E3_2};
	return (struct nominal){.877 * fe, CLAUSE_E3_3};
}

/* The kinds of elements of table E7.1: imperfection factors, and the limit of slenderness over √(E/Fy). */
struct element {
	double c1, c2, limit;
};
static const struct element WALL = {.20, 1.38, 1.40};
static const struct element WEB = {.18, 1.31, 1.49};
static const struct element HALF_FLANGE = {.22, 1.49, .56};

/* REF: AISC 360-22 E7.1: the width of an element of slenderness λ that does not count, per width. */
static double lost_share(struct element e, const struct pole_material *m, double slenderness, double fn)
{
	double limit = e.limit * sqrt(m->e_ksi / m->fy_ksi);
	if (slenderness <= limit * sqrt(m->fy_ksi / fn))
		return 0;
	double root = e.c2 * limit / slenderness * sqrt(m->fy_ksi / fn); /* √(Fel/Fn) */
	return 1 - fmin(1, (1 - e.c1 * root) * root);
}

/* REF: AISC 360-22 E7.2: effective area of a round section over its area; beyond .45 E/Fy there is no rule. */
static double round_share(const struct section *s, const struct pole_material *m)
{
	double limit = m->e_ksi / m->fy_ksi;
	if (s->d_t <= .11 * limit)
		return 1;
	return s->d_t < .45 * limit ? fmin(1, .038 * limit / s->d_t + 2. / 3) : 0;
}

static double effective_area(const struct section *s, const struct pole_material *m, double fn)
{
	if (is_round(s))
		return s->area_in2 * round_share(s, m);
	double area = s->area_in2;
	if (s->family == SECTION_W) {
		area -= lost_share(HALF_FLANGE, m, s->b_t, fn) * 2 * s->width_in * s->tf_in;
		area -= lost_share(WEB, m, s->h_t, fn) * s->h_t * s->tw_in * s->tw_in;
		return area;
	}
	double t2 = s->t_des_in * s->t_des_in;
	area -= 2 * lost_share(WALL, m, s->b_t, fn) * s->b_t * t2;
	return area - 2 * lost_share(WALL, m, s->h_t, fn) * s->h_t * t2;
}

struct nominal strength_axial(const struct section *section, const struct pole_material *material, double kl_in)
{
	struct nominal fn = buckling_stress(material, kl_in / section->ry_in);
	double area = effective_area(section, material, fn.value);
	if (area < section->area_in2)
		fn.clause = is_round(section) ? CLAUSE_E7_ROUND : CLAUSE_E7_WALLS;
	return (struct nominal){fn.value * area, fn.clause};
}

/*
 * Warping of a W fixed at the base and free at the top.
 * REF: AISC 360-22 H3.3; AISC Design Guide 9: bimoment T a tanh(L/a), and the St. Venant part at the top.
 */
static void put_warping(const struct section *s, const struct pole_material *m, double length_in, double factor,
						struct strength *strength)
{
	double a = sqrt(m->e_ksi * s->cw_in6 / (m->g_ksi * s->j_in4));
	double wno = s->width_in * (s->depth_in - s->tf_in) / 4;
	double pure = (1 - 1 / cosh(length_in / a)) / s->j_in4;
	strength->kind = STRENGTH_OPEN;
	strength->warping_ksi_kipin = a * tanh(length_in / a) * wno / s->cw_in6;
	strength->flange_shear_ksi_kipin = pure * s->tf_in;
	strength->web_shear_ksi_kipin = pure * s->tw_in;
	strength->normal_ksi = factor * m->fy_ksi;
	strength->shear_ksi = factor * .6 * m->fy_ksi;
	strength->torsion_kipin = strength->normal_ksi / strength->warping_ksi_kipin;
	strength->torsion_clause = CLAUSE_H3_7;
}

/* REF: AISC 360-22 G2.1: rolled webs up to 2.24 √(E/Fy) have their own factors. */
static double shear_factor(const struct section *s, const struct pole_material *m, bool lrfd)
{
	bool rolled_web = s->family == SECTION_W && s->h_t <= 2.24 * sqrt(m->e_ksi / m->fy_ksi);
	if (rolled_web)
		return lrfd ? PHI_ROLLED_WEB : 1 / OMEGA_ROLLED_WEB;
	return lrfd ? PHI : 1 / OMEGA;
}

double strength_weak_kipin(const struct section *section, const struct pole_material *material, bool lrfd)
{
	return (lrfd ? PHI : 1 / OMEGA) * strength_flexure_weak(section, material);
}

void strength_of(const struct section *section, const struct pole_material *material,
				 const struct pole_lengths *lengths, bool lrfd, struct strength *strength)
{
	double factor = lrfd ? PHI : 1 / OMEGA;
	struct nominal axial = strength_axial(section, material, lengths->column_in);
	struct nominal flexure = strength_flexure(section, material, lengths->unbraced_in);
	struct nominal shear = strength_shear(section, material, lengths->shear_in);
	*strength = (struct strength){
		.axial_kip = factor * axial.value,
		.flexure_kipin = factor * flexure.value,
		.shear_kip = shear_factor(section, material, lrfd) * shear.value,
		.axial_clause = axial.clause,
		.flexure_clause = flexure.clause,
		.shear_clause = shear.clause,
	};
	if (section->family == SECTION_W) {
		put_warping(section, material, lengths->height_in, factor, strength);
		return;
	}
	struct nominal torsion = strength_torsion(section, material, lengths->height_in);
	strength->torsion_kipin = factor * torsion.value;
	strength->torsion_clause = torsion.clause;
}
