#include <math.h>

#include "sign/domain/section.h"
#include "sign/domain/strength.h"

/* x^1.25 and x^1.5 by roots: a search takes them for every round section. */
static double to_five_fourths(double x)
{
	return x * sqrt(sqrt(x));
}

static double to_three_halves(double x)
{
	return x * sqrt(x);
}

/* The greater of two buckling stresses of a tube wall, at most the yield stress in shear. */
static double round_stress(const struct section *s, const struct pole_material *m, double length_in, double by_length,
						   double by_wall)
{
	double first = by_length * m->e_ksi / (sqrt(length_in / s->depth_in) * to_five_fourths(s->d_t));
	double second = by_wall * m->e_ksi / to_three_halves(s->d_t);
	return fmin(.6 * m->fy_ksi, fmax(first, second));
}

/* REF: AISC 360-22 G2.2: web shear buckling coefficient of rectangular HSS, kv = 5. */
static double tube_web_coefficient(const struct section *s, const struct pole_material *m)
{
	static const double KV = 5;
	double root = sqrt(KV * m->e_ksi / m->fy_ksi);
	if (s->h_t <= 1.10 * root)
		return 1;
	if (s->h_t <= 1.37 * root)
		return 1.10 * root / s->h_t;
	return 1.51 * root * root / (s->h_t * s->h_t);
}

/* REF: AISC 360-22 G2.1: web shear strength coefficient of W shapes without stiffeners, kv = 5.34. */
static double w_web_coefficient(const struct section *s, const struct pole_material *m)
{
	double root = sqrt(5.34 * m->e_ksi / m->fy_ksi);
	return s->h_t <= 1.10 * root ? 1 : 1.10 * root / s->h_t;
}

struct nominal strength_shear(const struct section *s, const struct pole_material *m, double shear_in)
{
	double yield_ksi = .6 * m->fy_ksi;
	if (s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE) /* REF: AISC 360-22 G5 */
		return (struct nominal){round_stress(s, m, shear_in, 1.60, .78) * s->area_in2 / 2, CLAUSE_G5_1};
	if (s->family == SECTION_W)
		return (struct nominal){yield_ksi * s->depth_in * s->tw_in * w_web_coefficient(s, m), CLAUSE_G2_1};
	double web_in2 = 2 * (s->depth_in - 3 * s->t_des_in) * s->t_des_in; /* REF: AISC 360-22 G4 */
	return (struct nominal){yield_ksi * web_in2 * tube_web_coefficient(s, m), CLAUSE_G4_1};
}

/* REF: AISC 360-22 H3.1: critical stress of a rectangular HSS, whose longer wall governs. */
static double tube_torsion_stress(const struct section *s, const struct pole_material *m)
{
	double root = sqrt(m->e_ksi / m->fy_ksi), slenderness = fmax(s->h_t, s->b_t);
	if (slenderness <= 2.45 * root)
		return .6 * m->fy_ksi;
	if (slenderness <= 3.07 * root)
		return .6 * m->fy_ksi * 2.45 * root / slenderness;
	return slenderness <= 260 ? .458 * M_PI * M_PI * m->e_ksi / (slenderness * slenderness) : 0;
}

struct nominal strength_torsion(const struct section *s, const struct pole_material *m, double length_in)
{
	if (s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE)
		return (struct nominal){round_stress(s, m, length_in, 1.23, .60) * s->c_in3, CLAUSE_H3_2};
	return (struct nominal){tube_torsion_stress(s, m) * s->c_in3, CLAUSE_H3_3};
}
