/*
 * Soil and the constants of foundations: packs `soils`, `footing_calibration`, `concrete`.
 */
#ifndef CS_SIGN_DOMAIN_SOIL_H
#define CS_SIGN_DOMAIN_SOIL_H

#include <stdint.h>

#include "core/field.h"
#include "seal/pack.h"

struct calc;

struct soil_class {
	int64_t number;
	const char *label;
	double vertical_psf, lateral_psf_ft, friction, cohesion_psf; /* friction or cohesion NaN */
};

struct soils {
	const char *name, *version, *effective_from, *source;
	struct {
		size_t count;
		struct soil_class *items;
	} classes;
};

struct footing_calibration {
	const char *name, *version, *effective_from, *source;
	double min_depth_in, min_diameter_in, depth_step_in, max_depth_ft;
	double half_inch_motion, cap_ft, cap_multiple, sf_overturning, sf_sliding;
};

struct rebar_size {
	int64_t size;
	double diameter_in, area_in2, weight_lb_ft;
};

struct concrete_constants {
	const char *name, *version, *effective_from, *source;
	struct {
		size_t count;
		double *items;
	} fc_psi;
	double unit_weight_pcf, cover_in, fy_psi;
	struct {
		size_t count;
		struct rebar_size *items;
	} bars;
};

extern const struct pack_kind sign_soils_kind, sign_footing_calibration_kind, sign_concrete_kind;

/* The member `soil` of a request; what is not given comes from the class. */
struct soil_request {
	int64_t number;
	double lateral_psf_ft, vertical_psf, friction, cohesion_psf;
};

extern const struct field_table soil_request_table;

/* The soil in use.  False when a pack is missing. */
bool soil_choose(struct calc *calc, const struct soil_request *request, struct soil_class *soil);

#endif
