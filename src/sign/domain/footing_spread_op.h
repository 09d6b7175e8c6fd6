/*
 * sign.footing.spread: a footing that is checked, or searched for.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_SPREAD_OP_H
#define CS_SIGN_DOMAIN_FOOTING_SPREAD_OP_H

#include <stdint.h>

#include "seal/check.h"
#include "seal/op.h"
#include "sign/domain/common.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/soil.h"

struct arena;
struct calc;

struct spread_column {
	double width_in, depth_in;
};

struct spread_request {
	struct sign_common common;
	struct spread_size size;
	double cover_ft, soil_unit_pcf, vertical_lb;
	bool include_self_weight;
	double moment_lbft, force_lb, height_ft, uplift_lb;
	struct soil_request soil;
	double increase, sf_overturning, sf_sliding, frost_depth_ft;
	struct spread_column column;
	double fc_psi, fy_ksi, lrfd_wind_factor;
	bool search;
};

struct mat_result {
	int64_t size, count;
	double spacing_in;
	bool each_way;
	int64_t count_width;
};

struct spread_near {
	double length_ft, width_ft, thickness_ft, concrete_yards, utilization;
	bool all_pass;
};

struct spread_result {
	double dead_lb, moment_lbft, eccentricity_ft, kern_ft;
	bool in_kern;
	double q_max_psf, q_min_psf, contact_length_ft, resisting_lbft, sf_overturning, sf_sliding, concrete_yards;
	struct mat_result rebar;
	struct check_list checks;
	bool all_pass;
	double length_ft, width_ft, thickness_ft;
	struct spread_near *nearest;
};

extern const struct field_table spread_request_table, spread_result_table;
extern const struct op sign_footing_spread_op;

/* The problem of a request, with the packs' figures; the size apart.  False: a pack is missing. */
bool spread_state(struct calc *calc, const struct spread_request *request, struct spread_problem *problem);

/* The rows of an answer with their names, units and clauses; not finished. */
void spread_rows(const struct spread_answer *answer, struct arena *arena, struct check_list *checks);

#endif
