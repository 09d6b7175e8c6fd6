#include <math.h>

#include "seal/calc.h"
#include "sign/domain/design.h"

static const double G_IN_S2 = 386.089;

/* ∫ φ² over the pole, in, with φ = (z/a)²(3 − z/a)/2 up to a and straight on above it. */
static double pole_share_in(double arm_in, double length_in)
{
	double above = fmax(0, length_in / arm_in - 1), below = 33. / 140;
	return arm_in * (below + (pow(1 + 1.5 * above, 3) - 1) / 4.5);
}

/*
 * By Rayleigh's quotient with the curve that a force at the sign's height bends a cantilever into: its stiffness is
 * exact there, and the quotient is never below the true frequency, by some percent at most.
 * REF: ASCE 7-16 section 26.11.2: of a cantilever fixed at grade, across the face
 */
double design_frequency_hz(const struct design_problem *p, const struct design_face *face,
						   const struct section *section)
{
	double arm_in = 12 * face->dead_z_ft, length_in = 12 * p->height_ft, high_in = 12 * face->sign_height_ft;
	double turn = 1.5 / arm_in; /* slope of the curve at the sign, over its deflection */
	double sign_lb = p->weight_lb * (1 + turn * turn * high_in * high_in / 12);
	double pole_lb = p->poles * section->weight_lb_ft / 12 * pole_share_in(arm_in, length_in);
	double e_ksi = p->materials[section->family].e_ksi;
	double stiffness_lb_in = p->poles * 3000 * e_ksi * section->ix_in4 / pow(arm_in, 3);
	return sqrt(stiffness_lb_in * G_IN_S2 / (sign_lb + pole_lb)) / (2 * M_PI);
}

/*
 * G is that of a rigid structure; whether the selected one is can be told once it is known.
 * REF: ASCE 7-16 section 26.2; ASCE 7-16 section 26.11.5
 */
void design_tell_frequency(struct calc *calc, const struct design_problem *p, const struct design_face *face,
						   const struct section *section)
{
	double hz = design_frequency_hz(p, face, section);
	calc_factor(calc, "natural_frequency_hz", hz);
	if (hz >= 1) {
		calc_assume(calc, "natural_frequency",
					"The selected structure swings at about %.2g Hz across its face, fixed at grade, by Rayleigh.", hz);
		return;
	}
	const struct wind_flexible flexible = {hz, .01, face->depth_ft};
	double g = wind_gust_flexible(&p->wind->site, face->height_ft, face->sign_width_ft, &flexible, NULL);
	calc_warn(calc, "flexible_structure", "/support/drift_limit_ratio",
			  "The selected structure swings at about %.2g Hz: below 1 Hz it is flexible (26.2), and G is %.3g by "
			  "26.11.5 where the loads have %.3g. A larger drift_limit_ratio asks for stiffer poles.",
			  hz, g, p->wind->face.gust);
}
