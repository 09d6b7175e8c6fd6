/*
 * Anchors in concrete by ACI 318-19 chapter 17, strength level, on plain structs.
 *
 * Points stand in a plane: x runs from edge x1 to edge x2, y from y1 to y2; V acts toward x1.  Anchors are headed
 * cast-in bolts, or post-installed torque-controlled expansion anchors of category 1.  Anchors whose failure squares
 * do not overlap (3 hef and more apart) are groups of their own.  Eccentricities are along x for tension and along y
 * for shear, along the other axis where the anchors stand in one line across it.  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_ANCHORS_H
#define CS_SIGN_DOMAIN_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>

enum { ANCHORS_MAX = 64 };

enum anchor_kind { ANCHOR_CAST_IN, ANCHOR_POST_INSTALLED };

struct anchor_point {
	double x_in, y_in;
};

/* From the outermost anchors; infinite: far. */
struct anchor_edges {
	double x1_in, x2_in, y1_in, y2_in, thickness_in;
};

struct anchor_bolt {
	int kind; /* enum anchor_kind */
	double dia_in, ase_in2, futa_psi, hef_in;
	double abrg_in2; /* of the head */
	double kc;       /* 24 cast-in, 17 post-installed */
	double np_lb;    /* NaN: by the head; post-installed: none */
	double cac_in;   /* post-installed: critical edge distance */
	bool ductile;
};

struct anchor_problem {
	struct anchor_bolt bolt;
	double fc_psi, lambda;
	bool cracked, supplementary, grout_pad, seismic;
	struct anchor_point points[ANCHORS_MAX];
	size_t count; /* at least 1 */
	struct anchor_edges edges;
	double n_lb, v_lb, ecc_n_in, ecc_v_in;
};

/* One limit: NaN strengths are limits that do not apply. */
struct anchor_limit {
	double nominal_lb, design_lb;
	double demand_lb; /* what of the load this limit sees */
	double ratio;     /* demand over design; 0 where it does not apply */
};

struct anchor_spacing {
	double required_in, available_in; /* the pair that is used up most; NaN: nothing is near */
	const char *what, *reference;
};

struct anchor_answer {
	struct anchor_limit steel_n, breakout_n, pullout, side_face, steel_v, breakout_v, pryout;
	struct anchor_limit parallel_v; /* only after anchors_check_parallel */
	double nb_lb, anco_in2, anc_in2, psi_ec_n, psi_ed_n, psi_c_n, psi_cp_n, hef_in;
	double vb_lb, avco_in2, avc_in2, psi_ec_v, psi_ed_v, psi_c_v, psi_h_v, ca1_in;
	double tension_ratio, shear_ratio, interaction, interaction_limit;
	struct anchor_spacing spacing;
};

/* All limits.  Cost: about 1 us for 4 anchors; grows with the square of their number. */
void anchors_check(const struct anchor_problem *problem, struct anchor_answer *answer);

/*
 * After anchors_check: breakout at the edges y1 and y2, along which V acts: twice the strength of as much shear toward
 * the edge, all of V on the row nearest it.  Where that is worse than all of the shear so far it is filled in as
 * parallel_v, and the shear's ratio and the interaction follow.
 */
void anchors_check_parallel(const struct anchor_problem *problem, struct anchor_answer *answer);

/*
 * Area of the union of squares of half side `reach_in` about the points, clipped to the concrete.  Exact.  The edges
 * count from the outermost of `all` points.
 */
double anchors_area_in2(const struct anchor_problem *problem, const bool *in_group, double reach_in);

/* REF: ACI 318-19 section 17.6.1.2; ASME B1.1: effective area of a coarse thread, exact for listed diameters. */
double anchor_ase_in2(double dia_in, bool *listed);

/* REF: ASME B18.2.1; ASME B18.2.2: heads, F = 1.5 da + 1/8 (heavy hex), 1.5 da (hex), .866 F² less the shaft. */
double anchor_head_in2(double dia_in, bool heavy);

/* --- between anchors_*.c --- */

/* Distances of a point to the edges: x1, x2, y1, y2; by the box of all. */
struct anchor_to_edges {
	double c[4];
};

/* Least x, greatest x, least y, greatest y of all points. */
struct anchor_box {
	double x_low, x_high, y_low, y_high;
};

struct anchor_box anchors_box(const struct anchor_problem *problem);
struct anchor_to_edges anchors_to_edges(const struct anchor_problem *problem, const struct anchor_box *box,
										size_t point);

/* Shares of a load on each anchor, summing to 1, for an eccentricity along x (or y). */
void anchors_shares(const struct anchor_problem *problem, double ecc_in, bool along_x, double *shares);

/* Label points by group: |Δx| and |Δy| below `reach_in`, however many steps between.  Returns the number of groups. */
size_t anchors_groups(const struct anchor_problem *problem, double reach_in, size_t *group);

/* Nominal breakout of all in tension (or for pryout): the total load at which the first group breaks out. */
double anchors_breakout(const struct anchor_problem *problem, const double *shares, struct anchor_answer *answer);

void anchors_check_side_face(const struct anchor_problem *problem, const double *shares, struct anchor_answer *answer);
void anchors_check_shear(const struct anchor_problem *problem, struct anchor_answer *answer);
void anchors_check_spacing(const struct anchor_problem *problem, struct anchor_answer *answer);
void anchors_interact(struct anchor_answer *answer);

/* REF: ACI 318-19 table 17.2.4.1; ACI 318-19 section 17.3.1: λa, and √f'c within its limits. */
double anchors_lambda(const struct anchor_problem *problem);
double anchors_root(const struct anchor_problem *problem);

#endif
