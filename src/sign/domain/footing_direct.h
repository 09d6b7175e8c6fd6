/*
 * Embedded poles and piers: the formulas of IBC 1807.3 and the reinforcement of a pier (ACI 318-19), on plain structs.
 *
 * P in lb and h in ft are the lateral force and its height above the surface that resists, at allowable-stress level.
 * Thread: any.  Cost: a depth under 0.2 us.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_DIRECT_H
#define CS_SIGN_DOMAIN_FOOTING_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

struct concrete_constants;
struct rebar_size;

/* What resists: lateral bearing per foot of depth with every factor, growing down to cap_ft. */
struct footing_soil {
	double lateral_psf_ft, cap_ft;
};

struct footing_depth {
	double depth_ft; /* embedment below the resisting surface */
	double s_psf;    /* S1 or S3 */
	double a_ft;     /* A of the nonconstrained formula; NaN for the constrained one */
	int64_t iterations;
	bool cap_active; /* the depth at which S was taken is below the cap */
};

/*
 * REF: IBC 1807.3.2.1 eq. 18-1: nonconstrained: d = .5 A (1 + √(1 + 4.36 h/A)), A = 2.34 P/(S1 b), S1 at d/3 of its
 * own answer.
 */
struct footing_depth footing_nonconstrained(const struct footing_soil *soil, double p_lb, double h_ft, double b_ft);

/* REF: IBC 1807.3.2.2 eq. 18-2: constrained at grade: d = √(4.25 P h/(S3 b)), S3 at d. */
struct footing_depth footing_constrained(const struct footing_soil *soil, double p_lb, double h_ft, double b_ft);

/* The same with S taken at a given depth: not iterated. */
struct footing_depth footing_trial(const struct footing_soil *soil, bool constrained, double trial_ft, double p_lb,
								   double h_ft, double b_ft);

/* A pier's reinforcement. */
struct pier_rebar {
	int64_t verticals, vertical_size, ties, tie_size;
	double tie_spacing_in, lap_in, development_in, weight_lb;
	double phi_mn_lbft; /* of the section with these bars */
};

/*
 * Choose the bars of a round or square pier of `width_ft` for a factored moment: at least .5 % of Ag and at least 6,
 * more while the moment needs them and up to 4 %; the smallest size that needs no more than 12, else the fewest bars.
 * Fills verticals, vertical_size and phi_mn_lbft.  False: no number of bars is enough; the most is given.
 */
bool pier_reinforce(const struct concrete_constants *concrete, bool square, double width_ft, double fc_psi,
					double mu_lbft, struct pier_rebar *rebar);

/* Ties #3, lap, development and weight of chosen bars in a pier of this depth.  Cost: under 50 ns. */
void pier_detail(const struct concrete_constants *concrete, double width_ft, double depth_ft, double fc_psi,
				 struct pier_rebar *rebar);

/* REF: ACI 318-19 section 22.4: φMn of a section without axial load, bars on a circle, by strain compatibility. */
double pier_flexure_lbft(const struct concrete_constants *concrete, bool square, double width_in, double fc_psi,
						 double bar_area_in2, int64_t bars, double bar_circle_in);

#endif
