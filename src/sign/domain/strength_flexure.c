#include <math.h>

#include "sign/domain/section.h"
#include "sign/domain/strength.h"

static struct nominal least(struct nominal a, struct nominal b)
{
	return b.value < a.value ? b : a;
}

/* REF: AISC 360-22 F8: rounds; D/t below .45 E/Fy. */
static struct nominal round_flexure(const struct section *s, const struct pole_material *m)
{
	double ratio = s->d_t, limit = m->e_ksi / m->fy_ksi;
	struct nominal plastic = {m->fy_ksi * s->zx_in3, CLAUSE_F8_1};
	if (ratio <= .07 * limit)
		return plastic;
	if (ratio <= .31 * limit)
		return least(plastic, (struct nominal){(.021 * m->e_ksi / ratio + m->fy_ksi) * s->sx_in3, CLAUSE_F8_2});
	if (ratio < .45 * limit)
		return least(plastic, (struct nominal){.33 * m->e_ksi / ratio * s->sx_in3, CLAUSE_F8_3});
	return (struct nominal){0, CLAUSE_NONE};
}

/* The effective section modulus when both flanges lose what the compressed one does. */
static double effective_modulus(const struct section *s, const struct pole_material *m)
{
	double t = s->t_des_in, root = sqrt(m->e_ksi / m->fy_ksi), flat = s->b_t * t;
	double effective = fmin(flat, 1.92 * t * root * (1 - .38 / s->b_t * root)); /* F7-4 */
	double lost = flat - effective, arm = (s->depth_in - t) / 2;
	return (s->ix_in4 - 2 * lost * t * (arm * arm + t * t / 12)) / (s->depth_in / 2);
}

/* REF: AISC 360-22 F7.2: flange local buckling. */
static struct nominal flange_of_tube(const struct section *s, const struct pole_material *m, double mp)
{
	double root = sqrt(m->e_ksi / m->fy_ksi), slenderness = s->b_t;
	if (slenderness <= 1.12 * root)
		return (struct nominal){mp, CLAUSE_F7_1};
	if (slenderness > 1.40 * root)
		return (struct nominal){m->fy_ksi * effective_modulus(s, m), CLAUSE_F7_3};
	double my = m->fy_ksi * s->sx_in3;
	return (struct nominal){fmin(mp, mp - (mp - my) * (3.57 * slenderness / root - 4.0)), CLAUSE_F7_2};
}

/* REF: AISC 360-22 F7.3: web local buckling; a slender web lessens the yield moment (F5-6). */
static struct nominal web_of_tube(const struct section *s, const struct pole_material *m, double mp)
{
	double root = sqrt(m->e_ksi / m->fy_ksi), slenderness = s->h_t, my = m->fy_ksi * s->sx_in3;
	if (slenderness <= 2.42 * root)
		return (struct nominal){mp, CLAUSE_F7_1};
	if (slenderness <= 5.70 * root)
		return (struct nominal){fmin(mp, mp - (mp - my) * (.305 * slenderness / root - .738)), CLAUSE_F7_6};
	if (s->b_t > 1.40 * root) /* a slender web with a slender flange has no rule */
		return (struct nominal){0, CLAUSE_NONE};
	double aw = fmin(10, 2 * s->h_t / s->b_t);
	double rpg = fmin(1, 1 - aw / (1200 + 300 * aw) * (slenderness - 5.70 * root));
	return (struct nominal){rpg * my, CLAUSE_F7_7};
}

/* REF: AISC 360-22 F7.4: lateral-torsional buckling; a square has none. */
static struct nominal lateral_of_tube(const struct section *s, const struct pole_material *m, double mp, double lb)
{
	double torsional = sqrt(s->j_in4 * s->area_in2);
	double lp = .13 * m->e_ksi * s->ry_in * torsional / mp;
	if (s->family == SECTION_HSS_SQUARE || lb <= lp)
		return (struct nominal){mp, CLAUSE_F7_1};
	double seventy = .7 * m->fy_ksi * s->sx_in3;
	double lr = 2 * m->e_ksi * s->ry_in * torsional / seventy;
	if (lb <= lr)
		return (struct nominal){fmin(mp, mp - (mp - seventy) * (lb - lp) / (lr - lp)), CLAUSE_F7_8};
	return (struct nominal){fmin(mp, 2 * m->e_ksi * torsional / (lb / s->ry_in)), CLAUSE_F7_9};
}

/* REF: AISC 360-22 F2.2: lateral-torsional buckling of a W, Cb = 1. */
static struct nominal lateral_of_w(const struct section *s, const struct pole_material *m, double mp, double lb)
{
	double lp = 1.76 * s->ry_in * sqrt(m->e_ksi / m->fy_ksi);
	if (lb <= lp)
		return (struct nominal){mp, CLAUSE_F2_1};
	double rts = sqrt(sqrt(s->iy_in4 * s->cw_in6) / s->sx_in3), stress = .7 * m->fy_ksi;
	double torsion = s->j_in4 / (s->sx_in3 * (s->depth_in - s->tf_in));
	double ratio = stress / m->e_ksi;
	double lr = 1.95 * rts / ratio * sqrt(torsion + sqrt(torsion * torsion + 6.76 * ratio * ratio));
	if (lb <= lr)
		return (struct nominal){fmin(mp, mp - (mp - stress * s->sx_in3) * (lb - lp) / (lr - lp)), CLAUSE_F2_2};
	double slenderness = lb / rts;
	double fcr =
		M_PI * M_PI * m->e_ksi / (slenderness * slenderness) * sqrt(1 + .078 * torsion * slenderness * slenderness);
	return (struct nominal){fmin(mp, fcr * s->sx_in3), CLAUSE_F2_3};
}

/* REF: AISC 360-22 F3.2: compression flange local buckling of a W. */
static struct nominal flange_of_w(const struct section *s, const struct pole_material *m, double mp)
{
	double root = sqrt(m->e_ksi / m->fy_ksi), slenderness = s->b_t;
	if (slenderness <= .38 * root)
		return (struct nominal){mp, CLAUSE_F2_1};
	if (slenderness <= root)
		return (struct nominal){mp - (mp - .7 * m->fy_ksi * s->sx_in3) * (slenderness / root - .38) / (1 - .38),
								CLAUSE_F3_1};
	double kc = fmin(.76, fmax(.35, 4 / sqrt(s->h_t)));
	return (struct nominal){.9 * m->e_ksi * kc * s->sx_in3 / (slenderness * slenderness), CLAUSE_F3_2};
}

struct nominal strength_flexure(const struct section *s, const struct pole_material *m, double unbraced_in)
{
	double mp = m->fy_ksi * s->zx_in3;
	if (s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE)
		return round_flexure(s, m);
	if (s->family != SECTION_W)
		return least(least(flange_of_tube(s, m, mp), web_of_tube(s, m, mp)), lateral_of_tube(s, m, mp, unbraced_in));
	if (s->h_t > 3.76 * sqrt(m->e_ksi / m->fy_ksi)) /* REF: AISC 360-22 B4.1b: F2 and F3 are for compact webs. */
		return (struct nominal){0, CLAUSE_NONE};
	return least(lateral_of_w(s, m, mp, unbraced_in), flange_of_w(s, m, mp));
}

/* The tube on its side. */
static struct section turned(const struct section *s)
{
	struct section t = *s;
	t.depth_in = s->width_in;
	t.width_in = s->depth_in;
	t.ix_in4 = s->iy_in4;
	t.sx_in3 = s->sy_in3;
	t.zx_in3 = s->zy_in3;
	t.b_t = s->h_t;
	t.h_t = s->b_t;
	return t;
}

/* REF: AISC 360-22 F6: a W about its weak axis. */
static double weak_of_w(const struct section *s, const struct pole_material *m)
{
	double root = sqrt(m->e_ksi / m->fy_ksi), slenderness = s->b_t;
	double mp = fmin(m->fy_ksi * s->zy_in3, 1.6 * m->fy_ksi * s->sy_in3), my = .7 * m->fy_ksi * s->sy_in3;
	if (slenderness <= .38 * root)
		return mp;
	if (slenderness <= root)
		return mp - (mp - my) * (slenderness / root - .38) / (1 - .38);
	return .69 * m->e_ksi * s->sy_in3 / (slenderness * slenderness);
}

double strength_flexure_weak(const struct section *s, const struct pole_material *m)
{
	if (s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE)
		return round_flexure(s, m).value;
	if (s->family == SECTION_W)
		return weak_of_w(s, m);
	struct section side = turned(s);
	double mp = m->fy_ksi * side.zx_in3;
	return fmin(flange_of_tube(&side, m, mp).value, web_of_tube(&side, m, mp).value);
}
