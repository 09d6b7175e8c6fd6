/*
 * Embedded poles and piers: the formulas of IBC 1807.3, on plain structs.
 *
 * The 12 ft of 1807.3.2 are taken of the depth at which S is read: S1 at min(d/3, 12 ft), S3 at min(d, 12 ft).  The 15
 * tabular values of 1806.3.3 belong to 15 ft, so they are never reached.
 *
 * P in lb and h in ft are the lateral force and its height above the surface that resists, at allowable-stress level.
 * Thread: any.  Cost: a depth under 0.2 us.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_DIRECT_H
#define CS_SIGN_DOMAIN_FOOTING_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sign/domain/rebar.h"

struct concrete_constants;

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
	bool as_free;    /* constrained, but the nonconstrained depth is less and is taken */
};

/*
 * REF: IBC 1807.3.2.1 eq. 18-1: nonconstrained: d = .5 A (1 + √(1 + 4.36 h/A)), A = 2.34 P/(S1 b), S1 at d/3 of its
 * own answer.
 */
struct footing_depth footing_nonconstrained(const struct footing_soil *soil, double p_lb, double h_ft, double b_ft);

/*
 * REF: IBC 1807.3.2.2 eq. 18-2: constrained at grade: d = √(4.25 P h/(S3 b)), S3 at d.  Beyond about 24 ft, where S3 no
 * longer grows but S1 still does, the nonconstrained depth may be less: a restrained pier never needs more, so it is
 * taken.
 */
struct footing_depth footing_constrained(const struct footing_soil *soil, double p_lb, double h_ft, double b_ft);

/* The same with S taken at a given depth: not iterated. */
struct footing_depth footing_trial(const struct footing_soil *soil, bool constrained, double trial_ft, double p_lb,
								   double h_ft, double b_ft);

/* --- a whole pier --- */

#define PIER_ASD_WIND .6 /* REF: ASCE 7-16 section 2.4.1: what allowable-stress combinations take of the wind */

/* One lateral load of a pier: its share of a wind case, at allowable-stress level, h above grade. */
struct pier_case {
	double p_lb, h_ft;
};

/* Round or square; b_ft is what bears against the soil: the diameter, or the diagonal of a square. */
struct pier_form {
	bool square;
	double width_ft, b_ft;
};

/* What all piers of one question share. */
struct pier_site {
	const struct concrete_constants *concrete;
	struct footing_soil lateral;
	bool constrained;
	double ignored_ft; /* the soil of these feet below grade does not resist: h grows, depths count from there */
	double trial_ft;   /* NaN: S at the answer's own depth; else below grade and above ignored_ft */
	double least_ft;   /* of minimum and frost */
	double step_ft, fc_psi;
};

struct pier_answer {
	struct footing_depth depth; /* of the governing case, below the resisting surface */
	size_t governing;
	double required_ft, build_ft; /* below grade: exact; after minimum, frost and step */
	double area_ft2, volume_ft3;  /* of the pier as built */
	double mu_lbft; /* largest P (h + d/3)/.6: an upper bound of the moment below grade, at strength level */
	struct pier_rebar rebar;
	bool enough_bars;
};

/*
 * Depth, concrete and reinforcement of one pier under 1 or more loads: the deepest and the strongest that any of them
 * asks for.  The depth has no upper bound here.  Cost: about 0.1 us a load and 1 us for the bars.
 */
void pier_solve(const struct pier_site *site, const struct pier_form *form, const struct pier_case *cases, size_t count,
				struct pier_answer *answer);

#endif
