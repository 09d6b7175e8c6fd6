#include "sign/domain/cantilever.h"

#include <math.h>

struct cantilever_reactions cantilever_base(const struct cantilever_loads *l)
{
	struct cantilever_reactions r = {
		.v_kip = (l->sign_lb + l->arms_lb + l->pole_lb) / 1000,
		.m_wind_kipin = (l->sign_lb * l->sign_z_ft + l->arms_lb * l->arms_z_ft + l->pole_lbft) * 12 / 1000,
		.m_dead_kipin = (l->sign_weight_lb * l->sign_x_ft + l->arms_weight_lb * l->arms_x_ft) * 12 / 1000,
		.t_kipin = (l->sign_lb * l->sign_x_ft + l->sign_torsion_lbft + l->arms_lb * l->arms_x_ft) * 12 / 1000,
		.p_kip = (l->sign_weight_lb + l->arms_weight_lb + l->pole_weight_lb) / 1000,
	};
	r.m_kipin = hypot(r.m_wind_kipin, r.m_dead_kipin);
	return r;
}

struct cantilever_root cantilever_arms(const struct cantilever_loads *l)
{
	return (struct cantilever_root){
		.down_kip = (l->sign_weight_lb + l->arms_weight_lb) / 1000,
		.down_kipin = (l->sign_weight_lb * l->sign_x_ft + l->arms_weight_lb * l->arms_x_ft) * 12 / 1000,
		.across_kip = (l->sign_lb + l->arms_lb) / 1000,
		.across_kipin = (l->sign_lb * l->sign_x_ft + l->sign_torsion_lbft + l->arms_lb * l->arms_x_ft) * 12 / 1000,
	};
}

/* The tip of a uniform cantilever under a force and a moment at its fixed end. */
static double bend(double ei, double length_in, double force_kip, double moment_kipin)
{
	const struct pole_step step = {length_in, 1};
	const struct pole_drift drift = {force_kip, force_kip > 0 ? moment_kipin / force_kip : 0, moment_kipin};
	return length_in > 0 ? pole_deflection(&step, 1, ei, length_in, &drift) : 0;
}

double cantilever_tip_in(const struct cantilever_loads *loads, const struct cantilever_stiffness *s)
{
	struct cantilever_reactions base = cantilever_base(loads);
	struct cantilever_root root = cantilever_arms(loads);
	double across = bend(s->pole_ei, s->height_in, base.v_kip, base.m_wind_kipin) +
					base.t_kipin * s->height_in / s->pole_gj * s->reach_in +
					bend(s->arms_ei, s->reach_in, root.across_kip, root.across_kipin);
	double along = base.m_dead_kipin * s->height_in * s->height_in / (2 * s->pole_ei);
	double down = base.m_dead_kipin * s->height_in / s->pole_ei * s->reach_in +
				  bend(s->arms_ei, s->reach_in, root.down_kip, root.down_kipin);
	return sqrt(across * across + along * along + down * down);
}

/* REF: AASHTO LTS-6 table 11.6-1: cantilevered sign, natural wind gusts */
double fatigue_natural_if(int importance)
{
	static const double factors[] = {[FATIGUE_I] = 1, [FATIGUE_II] = .85, [FATIGUE_III] = .70};
	return factors[importance];
}

/* REF: AASHTO LTS-6 table 11.6-1: cantilevered sign, galloping */
double fatigue_galloping_if(int importance)
{
	static const double factors[] = {[FATIGUE_I] = 1, [FATIGUE_II] = .70, [FATIGUE_III] = .40};
	return factors[importance];
}

/* REF: AASHTO LTS-6 table 3.8.7-1: sign panel, linear between the rows */
double fatigue_panel_cd(double height_ft, double width_ft)
{
	static const double rows[][2] = {{1, 1.12}, {2, 1.19}, {5, 1.20}, {10, 1.23}, {15, 1.30}};
	enum { ROWS = sizeof rows / sizeof *rows };
	double ratio = fmax(height_ft, width_ft) / fmin(height_ft, width_ft);
	for (int i = 1; i < ROWS; i++)
		if (ratio <= rows[i][0])
			return rows[i - 1][1] +
				   (rows[i][1] - rows[i - 1][1]) * (ratio - rows[i - 1][0]) / (rows[i][0] - rows[i - 1][0]);
	return rows[ROWS - 1][1];
}

/* REF: AASHTO LTS-6 section 11.7.1.2 */
double fatigue_natural_psf(double cd, double importance_factor)
{
	return 5.2 * cd * importance_factor;
}

/* REF: AASHTO LTS-6 section 11.7.1.1 */
double fatigue_galloping_psf(double importance_factor)
{
	return 21 * importance_factor;
}
