/*
 * What sign.cantilever is asked and what it answers.  For cantilever_*.c only.
 */
#ifndef CS_SIGN_DOMAIN_CANTILEVER_REQUEST_H
#define CS_SIGN_DOMAIN_CANTILEVER_REQUEST_H

#include "sign/domain/cantilever.h"
#include "sign/domain/poles_request.h"
#include "sign/domain/wind_op.h"

struct cantilever_pole {
	double height_ft;
	const char *designation;
};

struct cantilever_members {
	int64_t count;
	double length_ft, angle_deg;
	const char *designation;
};

struct cantilever_weights {
	double sign_psf, sign_lb, arms_lb;
};

struct cantilever_ice {
	double ice_in, gust_mph;
};

struct cantilever_fatigue {
	int category, importance;
};

struct cantilever_request {
	struct wind_request wind; /* first: WIND_REQUEST_FIELDS */
	struct cantilever_pole pole;
	struct cantilever_members arms;
	double sign_offset_ft;
	struct cantilever_weights weights;
	struct cantilever_ice ice;
	struct cantilever_fatigue fatigue;
};

struct arms_result {
	const char *designation;
	int64_t count;
	double weight_lb, reach_ft, sign_offset_ft, utilization;
	bool all_pass;
	struct check_list checks;
};

struct fatigue_result {
	double stress_range_ksi, threshold_ksi;
	int category;
	bool pass;
	double natural_ksi, galloping_ksi;
};

struct cantilever_result {
	struct cantilever_reactions reactions;
	double tip_deflection_in;
	struct poles_result poles;
	struct arms_result arms;
	struct fatigue_result fatigue;
	struct wind_result wind;
	struct check_list checks;
	bool all_pass;
};

extern const struct field_table cantilever_request_table, cantilever_result_table;

#endif
