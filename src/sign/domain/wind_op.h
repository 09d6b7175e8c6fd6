/*
 * sign.wind as other operations use it: the request and result of the operation, and what they are made from.
 */
#ifndef CS_SIGN_DOMAIN_WIND_OP_H
#define CS_SIGN_DOMAIN_WIND_OP_H

#include <stdbool.h>

#include "sign/domain/common.h"
#include "sign/domain/wind.h"

struct calc;
struct op;

extern const char *const wind_exposure_names[], *const wind_risk_names[];

enum wind_gust_kind { WIND_RIGID, WIND_FLEXIBLE };

struct wind_poles_request {
	int64_t count;
	int shape, surface;
	double width_in, from_ft, to_ft; /* to_ft NaN: h − s */
};

struct wind_request {
	struct sign_common common;
	double wind_speed_mph;
	int exposure, risk_category;
	double height_ft, sign_height_ft, sign_width_ft, area_ft2, solid_ratio;
	int open_shape;
	double member_width_in, return_corner_ft, kzt;
	struct wind_hill *hill;
	double kd, ke, ground_elevation_ft;
	int kz_method, gust;
	double g, natural_frequency_hz, damping_ratio, depth_ft;
	struct wind_poles_request *poles;
	double centroid_ft, cf_least; /* as struct wind_face; no members of a body */
};

struct wind_b_result {
	double force_lb, eccentricity_ft, torsion_lbft;
};

struct wind_c_result {
	bool applies;
	double reduction_factor, return_corner_factor;
	struct {
		size_t count;
		struct wind_region *items;
	} regions;
	double force_lb, moment_base_lbft, torsion_lbft;
};

struct wind_poles_result {
	double cf, qz_psf, area_ft2, force_lb, arm_ft, moment_base_lbft;
};

struct wind_level_result {
	double force_lb, moment_base_lbft, torsion_lbft, pressure_psf;
};

struct wind_total_result {
	double force_lb, moment_base_lbft, torsion_lbft;
	int governing_case;
};

struct wind_result {
	double kz, kzt, ke, kd, g, qh_psf, s_over_h, b_over_s, cf;
	const char *cf_source;
	double opening_factor, area_ft2, pressure_psf, force_lb;
	bool min_governs;
	double arm_ft, moment_base_lbft;
	struct wind_b_result case_b;
	struct wind_c_result *case_c;
	struct wind_poles_result *poles;
	struct wind_total_result total;
	struct wind_level_result lrfd, asd;
};

/* What a result was made from; searches go on from it. */
struct wind_setup {
	struct wind_site site;
	struct wind_face face;
	struct wind_loads loads;
	struct wind_pole_loads poles;
	bool has_poles;
};

extern const struct field_table wind_hill_table, wind_request_table, wind_result_table;
extern const struct op sign_wind_op;

/* The defaults that hang on other members: Kzt, elevation, area, how far poles reach. */
void wind_complete(struct wind_request *request);

/* The faults that no table knows, pointers below `pointer`. */
void wind_check(struct calc *calc, const struct wind_request *request, const char *pointer);

/*
 * Decide a request: notes, factors, and the result.  `pointer` is put before the pointers of faults ("" for the
 * operation itself).  False: refused.
 */
bool wind_decide(struct calc *calc, const struct wind_request *request, const char *pointer, struct wind_setup *setup,
				 struct wind_result *result);

#endif
