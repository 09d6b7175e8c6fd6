/*
 * Base plates by AISC Design Guide 1 and AISC 360-22, on plain structs: pressure, anchor tension, thickness, weld.
 *
 * N (l_in) runs along the moment, B (w_in) across it; bolts stand in two lines, half of them each, edge_in from the
 * ends.  Forces are at the level of `lrfd`.  The rectangular method presses evenly at fp,max over Y; the triangular one
 * linearly over A.  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_BASEPLATE_H
#define CS_SIGN_DOMAIN_BASEPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "sign/domain/anchors.h"

enum plate_shape { PLATE_ROUND, PLATE_RECT, PLATE_W };
enum plate_method { PLATE_RECTANGULAR, PLATE_TRIANGULAR };

struct plate_size {
	double w_in, l_in, t_in;
	int bolts; /* even */
};

/* A question: all but the plate. */
struct plate_problem {
	int shape;
	double d_in, b_in; /* along the moment, across */
	double tf_in;      /* flange of a W; NaN: not known */
	double fy_ksi, fp_max_ksi, fc_psi;
	double edge_in, dia_in, fu_ksi; /* dia NaN: anchors are not checked */
	double weld_in, fexx_ksi;       /* weld NaN: not checked */
	double p_kip, v_kip, m_kipin, t_kipin;
	bool lrfd;
	int method;
	bool embedded; /* check `bolt` in concrete too */
	struct anchor_bolt bolt;
	double block_l_in, block_w_in, block_t_in; /* concrete around the plate's middle, along l and w; 0: far */
};

/* How the plate stands: statics alone. */
struct plate_forces {
	bool solved; /* false: nothing holds the moment; figures below are then NaN */
	bool small;  /* no anchor pulls */
	bool lifted; /* nothing bears: all anchors pull */
	double e_in; /* NaN where nothing presses */
	double e_crit_in;
	double fp_ksi, slope_ksi_in, y_in;       /* pressure at the edge, its fall per inch, and how far it reaches */
	double tension_kip;                      /* of one line of anchors, the worse */
	double bearing_demand, bearing_capacity; /* ksi, or kip-in where fp is fp,max */
};

enum plate_row {
	PLATE_BEARING_SIDE, /* in */
	PLATE_TENSION_SIDE, /* in */
	PLATE_BEARING,      /* ksi or kip-in */
	PLATE_WELD,         /* kip/in */
	PLATE_ANCHOR_STEEL, /* kip */
	PLATE_ROWS
};

struct plate_demand {
	bool present;
	double demand, capacity;
};

struct plate_answer {
	struct plate_forces forces;
	double m_in, n_in, x_in, t_bearing_in, t_tension_in, t_required_in;
	double tension_per_anchor_kip;
	struct plate_demand rows[PLATE_ROWS];
	bool anchored; /* `anchors` is filled */
	struct anchor_answer anchors;
	double utilization;
	bool pass;
};

/* REF: AISC 360-22 J8: φ .85 f'c √(A2/A1), at most φ 1.7 f'c; φ .65, Ω 2.31. */
double plate_fp_max_ksi(double fc_psi, double a2_over_a1, bool lrfd);

/* REF: AISC Design Guide 1 section 3.3; AISC Design Guide 1 section 3.4; AISC Design Guide 1 appendix B: equilibrium.
 * Cost: about 10 ns. */
void plate_stand(const struct plate_problem *problem, const struct plate_size *size, struct plate_forces *forces);

/* Moment per inch of width (kip-in/in) of the pressure about a line l_in from the edge. */
double plate_pressure_moment(const struct plate_forces *forces, double l_in);

/* Thickness for a moment per inch of width (kip-in/in). */
double plate_thickness_in(const struct plate_problem *problem, double moment_kipin_in);

/* All rows.  Cost: about 0.1 us, with anchors in concrete about 2 us. */
void plate_check(const struct plate_problem *problem, const struct plate_size *size, struct plate_answer *answer);

/* The same but for the anchors in concrete. */
void plate_check_steel(const struct plate_problem *problem, const struct plate_size *size, struct plate_answer *answer);

/* Shear of the worst anchor by V and by torsion about the middle of all of them. */
double plate_bolt_shear_kip(const struct plate_problem *problem, const struct plate_size *size);

/* What concrete gives to anchors at most: design strengths of breakout, of the line that pulls and of all in shear. */
struct plate_breakouts {
	double pull_kip, shear_kip;
};

/*
 * As plate_check has them where one line pulls, in closed form, for searches: cast-in bolts in cracked concrete, in a
 * block of finite size.  Reads size, edge_in, fc_psi, bolt and the block.  Cost: about 0.1 us.
 */
struct plate_breakouts plate_breakouts(const struct plate_problem *problem, const struct plate_size *size);

#define PLATE_SIDE_MAX_IN 96
#define PLATE_THICKNESS_MAX_IN 4
#define PLATE_LB_IN3 .2836

/*
 * The lightest passing plate of at least `least` (sides in whole inches, thickness in eighths, 4, 6 or 8 bolts, at
 * least least->bolts), of equals the one with fewer bolts, then the thinner, then the narrower.  Bolts stand outside
 * the column with room for a wrench and 4 diameters apart.  Exact.  False: none; `size` is then the nearest of a coarse
 * grid.  Cost: about 1 ms.
 */
bool plate_search(const struct plate_problem *problem, const struct plate_size *least, struct plate_size *size);

#endif
