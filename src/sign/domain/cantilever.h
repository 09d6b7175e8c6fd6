/*
 * A sign beside its pole, carried by arms: reactions, tip deflection and fatigue on plain structs [sign.md 2.9].
 *
 * x runs along the arms from the pole's axis, z up from grade; wind blows across both.  Thread: any.  Cost: under 1 us.
 */
#ifndef CS_SIGN_DOMAIN_CANTILEVER_H
#define CS_SIGN_DOMAIN_CANTILEVER_H

#include "sign/domain/poles.h"

/* Wind and weight of one combination, factored. */
struct cantilever_loads {
	double sign_lb, sign_z_ft, sign_x_ft, sign_torsion_lbft; /* wind on the sign; torsion about its own middle */
	double arms_lb, arms_z_ft, arms_x_ft;                    /* wind on all arms */
	double pole_lb, pole_lbft;                               /* wind on the pole, its moment about grade */
	double sign_weight_lb, arms_weight_lb, pole_weight_lb;
};

struct cantilever_reactions {
	double v_kip, m_wind_kipin, m_dead_kipin, m_kipin, t_kipin, p_kip;
};

/* By statics: wind across, weight along the arms, at right angles: M² = Mw² + Md². */
struct cantilever_reactions cantilever_base(const struct cantilever_loads *loads);

/* Force and moment where all arms meet the pole's axis: down, by weight, and across, by wind. */
struct cantilever_root {
	double down_kip, down_kipin, across_kip, across_kipin;
};

struct cantilever_root cantilever_arms(const struct cantilever_loads *loads);

struct cantilever_stiffness {
	double height_in, pole_ei, pole_gj; /* up to the arms; kip-in2 */
	double reach_in, arms_ei;           /* of all arms */
};

/*
 * How far the arms' tip moves: the pole bends and twists with the wind, bends and turns with the weight, the arms bend
 * both ways; the resultant, in.
 */
double cantilever_tip_in(const struct cantilever_loads *loads, const struct cantilever_stiffness *stiffness);

/* --- fatigue --- */

enum fatigue_importance { FATIGUE_I, FATIGUE_II, FATIGUE_III };

/* REF: AASHTO LTS-6 table 11.6-1: factors of a cantilevered sign */
double fatigue_natural_if(int importance);
double fatigue_galloping_if(int importance);

/* REF: AASHTO LTS-6 table 3.8.7-1: drag of a panel by its length over its width, whichever way it lies */
double fatigue_panel_cd(double height_ft, double width_ft);

/* REF: AASHTO LTS-6 section 11.7.1.2: natural wind, psf, at a yearly mean of 11.2 mph */
double fatigue_natural_psf(double cd, double importance_factor);

/* REF: AASHTO LTS-6 section 11.7.1.1: galloping, psf of the face, up and down */
double fatigue_galloping_psf(double importance_factor);

#endif
