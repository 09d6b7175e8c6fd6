/*
 * Freezing rain and snow on signs and their members: ASCE 7 chapters 10 and 7 on plain structs [sign.md 2.9].
 *
 * Ice is a glaze of one thickness all around; its weight counts as load Di, the gust that goes with it as Wi, snow as
 * S: combinations are the caller's.  In-cloud icing, hoar frost, drifts, sliding and unbalanced snow are not here.
 * Thread: any.  Cost: under .3 us.
 */
#ifndef CS_SIGN_DOMAIN_SNOW_ICE_H
#define CS_SIGN_DOMAIN_SNOW_ICE_H

#include <stdbool.h>

struct wind_site;

#define ICE_PCF 56.0 /* REF: ASCE 7-16 section 10.4.1: density of glaze, at least */

enum ice_shape { ICE_PLATE, ICE_ROUND, ICE_RECT };

/* A plate is a sign's face, upright; round and rectangular bodies are poles, and arms where they lie. */
struct ice_body {
	int shape;
	double top_ft;                                       /* above grade */
	double sign_height_ft, sign_width_ft, sign_depth_ft; /* of a plate */
	double width_in, depth_in, length_ft;                /* of the others: across the wind, along it, and their axis */
	bool horizontal;
};

struct iced_body {
	double weight_lb; /* of the ice */
	double area_ft2;  /* across the wind, ice included */
};

/* REF: ASCE 7-16 table 1.5-2: Ii of risk categories I to IV (0 to 3); 1 in 7-22, whose maps are by risk category */
double ice_importance(int code, int risk_category);

/* REF: ASCE 7-16 section 10.4.3: fz = (z/33)^.10, at most 1.4 */
double ice_height_factor(double z_ft);

/*
 * REF: ASCE 7-16 eq. 10.4-5; ASCE 7-10 eq. 10.4-5: design thickness td = t Ii fz Kzt^.35; 7-10 doubles it, since its
 * map is of 50 years.
 */
double ice_thickness(int code, int risk_category, double ice_in, double z_ft, double kzt);

/* REF: ASCE 7-16 eq. 10.4-1; ASCE 7-16 eq. 10.4-2: weight of the ice and the area that it leaves to the wind */
struct iced_body ice_on_body(const struct ice_body *body, double td_in);

/*
 * REF: ASCE 7-16 section 10.5: Cf of the iced body: of a plate by figure 29.3-1 and its iced dimensions, of the
 * others by figure 29.4-1, rounds always in the row of D√qz ≤ 2.5.
 */
double ice_cf(const struct wind_site *site, const struct ice_body *body, double td_in);

/* Is of risk categories I to IV; 1 in 7-22. */
double snow_importance(int code, int risk_category);

/* REF: ASCE 7-16 eq. 7.3-1; ASCE 7-22 eq. 7.3-1: pf = .7 Ce Ct Is pg */
double snow_flat_psf(int code, int risk_category, double ce, double ct, double pg_psf);

/* The surface on which snow lies. */
double snow_area_ft2(const struct ice_body *body);

#endif
