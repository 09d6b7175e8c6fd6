/*
 * Spread footings under a column: soil by statics (IBC 1806, ASCE 7 2.4), concrete by ACI 318-19, on plain structs.
 *
 * Length runs in the moment's direction.  The column stands in the middle; loads are at allowable-stress level; soil
 * pressure is linear and soil takes no tension.  Dead load off the centre may bend the footing across, too: what it
 * adds is then bounded from above, not solved (spread_cross).  Searches call spread_check thousands of times.  Thread:
 * any.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_SPREAD_H
#define CS_SIGN_DOMAIN_FOOTING_SPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct concrete_constants;

#define SPREAD_ASD_DEAD .6 /* REF: ASCE 7-16 section 2.4.1: 0.6 D + 0.6 W */

struct spread_size {
	double length_ft, width_ft, thickness_ft;
};

/* A question: all but the size. */
struct spread_problem {
	const struct concrete_constants *concrete;
	double cover_ft, soil_unit_pcf; /* soil above the footing */
	double vertical_lb, uplift_lb;
	bool self_weight;                            /* add the footing and the soil on it */
	double moment_lbft;                          /* at the underside; NaN: by the force */
	double force_lb, height_ft;                  /* above grade; force NaN or 0: none */
	double cross_lbft;                           /* of dead load off the centre, across the moment; 0: none */
	double vertical_psf, friction, cohesion_psf; /* friction NaN: cohesion */
	double increase, sf_overturning, sf_sliding;
	double frost_ft;                         /* NaN: not checked */
	double column_depth_in, column_width_in; /* along the length, along the width */
	double fc_psi, fy_psi, wind_factor;      /* strength over allowable-stress level */
};

/* Linear pressure under a footing: q0 at the toe, falling by `slope` a foot, over `contact_ft` from the toe. */
struct spread_pressure {
	double q0_psf, slope_psf_ft, contact_ft;
};

/*
 * By statics: in the kern q = P/(BL)(1 ± 6e/L), outside q0 = 2P/(3B(L/2 − e)) over 3(L/2 − e).  P > 0.  Where
 * e ≥ L/2 the resultant is put at the toe itself (contact 1e-6 ft): what remains is P, at the longest arm there is.
 */
struct spread_pressure spread_pressure(double p_lb, double moment_lbft, double length_ft, double width_ft);

/* Force (lb/ft) and moment (lb-ft/ft) about a section x_ft from the toe, of the pressure between toe and section. */
double spread_pressure_force(const struct spread_pressure *pressure, double x_ft);
double spread_pressure_moment(const struct spread_pressure *pressure, double x_ft);

/*
 * What an eccentricity across multiplies the greatest pressure by, at most: 1 + 6e/B in the kern, 2/(3(1/2 − e/B))
 * beyond; infinite from B/2.  The product of both directions' factors is never below the linear pressure's own peak,
 * and at most 22 % above it.
 */
double spread_cross(double eccentricity_ft, double width_ft);

enum spread_row {
	SPREAD_BEARING,           /* psf; IBC 1806.2 */
	SPREAD_OVERTURNING,       /* safety factor; 0.6 D + 0.6 W */
	SPREAD_OVERTURNING_HOUSE, /* safety factor; D + 0.6 W */
	SPREAD_SLIDING,           /* lb; 0.6 D + 0.6 W */
	SPREAD_SLIDING_HOUSE,     /* safety factor; D + 0.6 W */
	SPREAD_UPLIFT,            /* lb; 0.6 D + 0.6 W */
	SPREAD_FROST,             /* ft; IBC 1809.5 */
	SPREAD_SOIL_ROWS,
	SPREAD_ONE_WAY = SPREAD_SOIL_ROWS, /* psi; ACI 318-19 22.5 */
	SPREAD_TWO_WAY,                    /* psi; ACI 318-19 22.6 */
	SPREAD_FLEXURE,                    /* lb-ft; ACI 318-19 13.2.7 */
	SPREAD_MINIMUM_STEEL,              /* in2; ACI 318-19 8.6.1.1 */
	SPREAD_ROWS
};

struct spread_demand {
	bool present;
	double demand, capacity;
};

/* One mat of bars at the bottom, the same size and spacing both ways. */
struct spread_mat {
	int64_t size, along_length, along_width; /* bars that run along the length, along the width */
	double spacing_in;
	double d_length_in, d_width_in; /* effective depths: bars along the length lie below */
};

struct spread_soil {
	double dead_lb, p_lb, moment_lbft, eccentricity_ft; /* eccentricity NaN: nothing presses down */
	double q_max_psf, q_min_psf, contact_ft;            /* q NaN and contact 0 where e ≥ L/2 */
	bool in_kern;
	double cross_factor;                               /* 1: nothing bends across */
	double resisting_lbft, sf_overturning, sf_sliding; /* NaN: nothing overturns, slides */
};

struct spread_answer {
	struct spread_soil soil;
	struct spread_mat mat;
	struct spread_demand rows[SPREAD_ROWS];
	double heel_lbft_ft, heel_plain_lbft_ft; /* moment that pulls on top of the heel, and what plain concrete takes */
	double punching[3]; /* vu of the column's load alone, of the moment it transfers, γv: the parts of two_way */
	double utilization; /* the highest */
	bool pass;
};

/* Soil rows only.  Cost: about 20 ns. */
void spread_check_soil(const struct spread_problem *problem, const struct spread_size *size,
					   struct spread_answer *answer);

/* All rows, with bars chosen.  Cost: about 0.5 us. */
void spread_check(const struct spread_problem *problem, const struct spread_size *size, struct spread_answer *answer);

/* For spread_check: concrete rows after the soil rows. */
void spread_check_concrete(const struct spread_problem *problem, const struct spread_size *size,
						   struct spread_answer *answer);

/* --- the search --- */

#define SPREAD_STEP_FT .25 /* 3 in, of every side */
#define SPREAD_SIDE_MIN_FT 1
#define SPREAD_SIDE_MAX_FT 60
#define SPREAD_THICKNESS_MIN_FT .5
#define SPREAD_THICKNESS_MAX_FT 10

/*
 * The passing footing of least concrete over all lengths, widths and thicknesses in steps of 3 in with an effective
 * depth of at least 6 in (ACI 318-19 section 13.3.1.2); of equals the thinnest, then the shortest.  Exact.  False:
 * none passes; `size` is then the one of a coarse grid that comes nearest.  Cost: about 1 ms.
 */
bool spread_search(const struct spread_problem *problem, struct spread_size *size);

/* What a search minds beside passing. */
struct spread_wish {
	double usd_ft3, usd_lb; /* of concrete with its hole, above 0; of bars */
	double thinnest_ft, widest_ft;
	double narrowest_ft, longest; /* least width; length over width at most; 0: any */
	double below_usd;             /* only what costs less counts */
};

/*
 * The cheapest passing footing among the same sizes, exactly; ties as above.  False: none below the price; outputs
 * untouched.  Cost: about 0.3 ms without a bound, less with one.
 */
bool spread_search_wish(const struct spread_problem *problem, const struct spread_wish *wish, struct spread_size *size,
						double *usd);

/* No footing of the search is thinner (ACI 318-19 section 13.3.1.2), and none that passes and has the wish costs less.
 */
double spread_thinnest_ft(const struct spread_problem *problem);
double spread_floor_usd(const struct spread_problem *problem, const struct spread_wish *wish);

/* Weight of the bars of a mat, 3 in short of the edges. */
double spread_mat_lb(const struct spread_problem *problem, const struct spread_size *size,
					 const struct spread_mat *mat);

/*
 * The same under a wall: the width in `size` stays, and so does a length or thickness that is no NaN there.  Of equals
 * the thinner.  False: none passes; what was free is then the largest.  Cost: under 10 ms.
 */
bool spread_search_strip(const struct spread_problem *problem, struct spread_size *size);

#endif
