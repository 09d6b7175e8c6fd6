/*
 * Wind on signs: the formulas of ASCE 7 on plain structs [sign.md 2.1].
 *
 * Freestanding solid and open signs and their poles, editions 7-10, 7-16 and 7-22.  Pressures in psf, forces in lb,
 * moments in lb-ft about grade, heights in ft above grade, all at strength level (the map's ultimate wind speed).
 * Nothing here allocates, reads a pack by name or warns: wind_op.c does.  Thread: any.
 * Cost: Cases A, B and C of one sign under 1 us; one pole under 0.3 us.
 */
#ifndef CS_SIGN_DOMAIN_WIND_H
#define CS_SIGN_DOMAIN_WIND_H

#include <stdbool.h>
#include <stddef.h>

struct exposure_pack;
struct wind_figure;

enum wind_exposure { EXPOSURE_B, EXPOSURE_C, EXPOSURE_D };
enum wind_hill_shape { HILL_RIDGE, HILL_ESCARPMENT, HILL_HILL };
enum wind_hill_side { HILL_UPWIND, HILL_DOWNWIND };
enum wind_pole_shape { POLE_ROUND, POLE_SQUARE, POLE_SQUARE_DIAGONAL, POLE_HEXAGON };
enum wind_surface { SURFACE_SMOOTH, SURFACE_ROUGH, SURFACE_VERY_ROUGH };
enum wind_open_shape { OPEN_FLAT, OPEN_ROUND };

struct wind_hill {
	int shape, side;
	double height_ft, half_length_ft, distance_ft;
};

struct wind_topography {
	double k1, k2, k3;
	bool flat; /* the conditions of 26.8.1 are not met: Kzt is 1, and k1 to k3 are 0 */
};

/* Where the sign stands. */
struct wind_site {
	int code;     /* enum sign_code */
	int exposure; /* enum wind_exposure */
	double wind_speed_mph;
	double kzt;                   /* NaN: from `hill`, or 1 without one */
	const struct wind_hill *hill; /* NULL: none */
	double kd, ke;                /* ke is 1 in 7-10 */
	bool kz_table;                /* Kz from the pack's table instead of the formula */
	const struct exposure_pack *table;
	const struct wind_figure *figure;
};

#define WIND_PEAK_FACTOR 3.4 /* REF: ASCE 7-16 section 26.11.5: gQ and gv */

/* What is known of the wind at one height. */
struct wind_pressure {
	double kz, kzt;
	double qz_psf; /* without Kd in 7-22, where it belongs to the force */
};

struct wind_flexible {
	double natural_frequency_hz, damping_ratio, depth_ft; /* depth_ft: L, along the wind */
};

/* The named factors of a flexible gust. */
struct wind_gust {
	double z_bar_ft, iz, lz_ft, q, vz_ft_s, n1, rn, rh, rb, rl, r, gr, gf;
};

/* The sign's face. */
struct wind_face {
	double height_ft, sign_height_ft, sign_width_ft; /* h, s, B */
	double area_ft2;                                 /* gross As */
	double solid_ratio;                              /* ε */
	int open_shape;
	double member_width_in;
	double return_corner_ft; /* Lr */
	double gust;             /* G */
	double centroid_ft;      /* of the area above grade, where it is not the middle of s; 0: it is */
	double cf_least;         /* of a solid sign in parts: what the worst of them has alone; 0: one face */
};

struct wind_region {
	double from_ft, to_ft; /* from the windward edge */
	double cf;             /* after the reduction and corner factors */
	double pressure_psf, force_lb;
};

enum { WIND_REGIONS_MAX = 7 };

/* Force, moment and torsion of one load case. */
struct wind_case {
	double force_lb, moment_lbft, torsion_lbft;
};

struct wind_loads {
	struct wind_pressure at; /* at h; at the centroid of an open sign */
	double s_over_h, b_over_s, cf, opening_factor, area_ft2;
	bool open;
	double pressure_psf;
	bool min_governs;
	double arm_ft;
	struct wind_case a, b, c;
	double eccentricity_ft; /* of Case B */
	bool c_applies;
	double reduction_factor, return_corner_factor;
	struct wind_region regions[WIND_REGIONS_MAX];
	size_t region_count;
};

/* Poles that stand in the wind. */
struct wind_pole {
	int shape, surface;
	double count, width_in, from_ft, to_ft;
	double structure_height_ft; /* h of h/D */
};

struct wind_pole_loads {
	double kz, kzt, h_over_d, d_root_q; /* D√qz, ft·√psf */
	double cf, qz_psf, area_ft2, force_lb, arm_ft, moment_lbft;
};

/* REF: ASCE 7-16 table 26.11-1; ASCE 7-22 table 26.11-1: α and zg of the formula of Kz. */
double wind_alpha(int code, int exposure);
double wind_zg_ft(int code, int exposure);

/* REF: ASCE 7-16 table 26.10-1 note 1; ASCE 7-22 table 26.10-1: Kz at z_ft ≥ 0. */
double wind_kz_formula(int code, int exposure, double z_ft);

/* REF: ASCE 7-16 eq. 26.8-1: Kzt at z_ft by a hill; `topography` (may be NULL) gets its factors. */
double wind_kzt_hill(const struct wind_hill *hill, int exposure, double z_ft, struct wind_topography *topography);

/* REF: ASCE 7-16 section 26.9: exp(−.0000362 z). */
double wind_ke(double ground_elevation_ft);

struct wind_pressure wind_at(const struct wind_site *site, double z_ft);

/* REF: ASCE 7-16 eq. 26.11-10: G of a flexible structure, `gust` (may be NULL) gets every factor. */
double wind_gust_flexible(const struct wind_site *site, double height_ft, double width_ft,
						  const struct wind_flexible *flexible, struct wind_gust *gust);

/* Cases A, B and C on the face. */
void wind_on_face(const struct wind_site *site, const struct wind_face *face, struct wind_loads *loads);

/* The wind on poles below the sign; G as the face's. */
void wind_on_pole(const struct wind_site *site, const struct wind_pole *pole, double gust,
				  struct wind_pole_loads *loads);

#endif
