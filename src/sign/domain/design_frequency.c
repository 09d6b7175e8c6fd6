#include <math.h>

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
