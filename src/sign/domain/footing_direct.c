#include "sign/domain/footing_direct.h"

#include <math.h>

#include "core/field.h"

/* The positive root of d³ − c d − 1.09 c h = 0, which the formula becomes with S1 = k d/3 and c = 7.02 P/(k b). */
static double cubic_depth(double c, double h, int64_t *iterations)
{
	double d = sqrt(c) + cbrt(1.09 * c * h); /* not below the root, so that Newton falls onto it */
	for (*iterations = 1; *iterations < 50; ++*iterations) {
		double next = d - (d * d * d - c * d - 1.09 * c * h) / (3 * d * d - c);
		if (fabs(next - d) <= 1e-13 * d)
			return next;
		d = next;
	}
	return d;
}

static double nonconstrained_formula(double a, double h)
{
	return .5 * a * (1 + sqrt(1 + 4.36 * h / a));
}

struct footing_depth footing_nonconstrained(const struct footing_soil *soil, double p, double h, double b)
{
	struct footing_depth depth = {.iterations = 0};
	if (p <= 0)
		return depth;
	depth.depth_ft = cubic_depth(7.02 * p / (soil->lateral_psf_ft * b), h, &depth.iterations);
	double at = depth.depth_ft / 3;
	depth.cap_active = at > soil->cap_ft;
	depth.s_psf = soil->lateral_psf_ft * fmin(at, soil->cap_ft);
	depth.a_ft = 2.34 * p / (depth.s_psf * b);
	if (depth.cap_active)
		depth.depth_ft = nonconstrained_formula(depth.a_ft, h);
	return depth;
}

struct footing_depth footing_constrained(const struct footing_soil *soil, double p, double h, double b)
{
	struct footing_depth depth = {.a_ft = NAN, .iterations = 1};
	if (p <= 0 || h <= 0)
		return depth;
	double moment = 4.25 * p * h / b;
	depth.depth_ft = cbrt(moment / soil->lateral_psf_ft); /* S3 grows with d, so d² S3 is a cube */
	depth.cap_active = depth.depth_ft > soil->cap_ft;
	depth.s_psf = soil->lateral_psf_ft * fmin(depth.depth_ft, soil->cap_ft);
	if (!depth.cap_active)
		return depth;
	double free_ft = footing_nonconstrained(soil, p, h, b).depth_ft;
	depth.depth_ft = sqrt(moment / depth.s_psf);
	depth.as_free = free_ft < depth.depth_ft;
	depth.depth_ft = fmin(depth.depth_ft, free_ft);
	return depth;
}

struct footing_depth footing_trial(const struct footing_soil *soil, bool constrained, double trial, double p, double h,
								   double b)
{
	double at = constrained ? trial : trial / 3;
	struct footing_depth depth = {.a_ft = NAN, .cap_active = at > soil->cap_ft};
	depth.s_psf = soil->lateral_psf_ft * fmin(at, soil->cap_ft);
	if (p <= 0)
		return depth;
	if (constrained) {
		depth.depth_ft = sqrt(4.25 * p * h / (depth.s_psf * b));
		return depth;
	}
	depth.a_ft = 2.34 * p / (depth.s_psf * b);
	depth.depth_ft = nonconstrained_formula(depth.a_ft, h);
	return depth;
}

/* --- a whole pier --- */

static struct footing_depth depth_of(const struct pier_site *site, double b_ft, double p_lb, double h_ft)
{
	if (given(site->trial_ft))
		return footing_trial(&site->lateral, site->constrained, site->trial_ft - site->ignored_ft, p_lb, h_ft, b_ft);
	return site->constrained ? footing_constrained(&site->lateral, p_lb, h_ft, b_ft)
							 : footing_nonconstrained(&site->lateral, p_lb, h_ft, b_ft);
}

static double build_depth(const struct pier_site *site, double required_ft)
{
	double least = fmax(required_ft, site->least_ft);
	return site->step_ft * ceil(least / site->step_ft - 1e-9);
}

void pier_solve(const struct pier_site *site, const struct pier_form *form, const struct pier_case *cases, size_t count,
				struct pier_answer *answer)
{
	*answer = (struct pier_answer){.required_ft = -1};
	for (size_t i = 0; i < count; i++) {
		double h_ft = cases[i].h_ft + site->ignored_ft;
		struct footing_depth depth = depth_of(site, form->b_ft, cases[i].p_lb, h_ft);
		double required_ft = depth.depth_ft > 0 ? depth.depth_ft + site->ignored_ft : 0;
		answer->mu_lbft = fmax(answer->mu_lbft, cases[i].p_lb * (h_ft + depth.depth_ft / 3) / PIER_ASD_WIND);
		if (required_ft > answer->required_ft) {
			answer->required_ft = required_ft;
			answer->depth = depth;
			answer->governing = i;
		}
	}
	answer->build_ft = build_depth(site, answer->required_ft);
	answer->area_ft2 = form->square ? form->width_ft * form->width_ft : M_PI / 4 * form->width_ft * form->width_ft;
	answer->volume_ft3 = answer->area_ft2 * answer->build_ft;
	answer->enough_bars =
		pier_reinforce(site->concrete, form->square, form->width_ft, site->fc_psi, answer->mu_lbft, &answer->rebar);
	pier_detail(site->concrete, form->width_ft, answer->build_ft, site->fc_psi, &answer->rebar);
}
