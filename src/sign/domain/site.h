/*
 * sign.site: what is known of a place, from what was asked, what providers said and what packs hold [sign.md 4].
 *
 * The providers' words come in as `facts`, gathered by the HTTP side (site_api.c); which of override, provider and pack
 * wins is decided here, so that an answer can be computed again from its inputs.  Pure.
 */
#ifndef CS_SIGN_DOMAIN_SITE_H
#define CS_SIGN_DOMAIN_SITE_H

#include "seal/op.h"
#include "sign/domain/common.h"

/* What a geocoder said. */
struct site_geocode {
	double lat, lon;
	const char *address, *provider, *version, *at;
};

/* What a provider of hazards said; figures NaN where it said nothing. */
struct site_hazard {
	double wind_speed_mph, snow_load_psf, frost_depth_in, ground_elevation_ft;
	const char *provider, *version, *at;
};

struct site_facts {
	struct site_geocode *geocode;
	struct site_hazard *hazard;
};

struct site_request {
	struct sign_common common;
	const char *address;
	double lat, lon;
	int exposure, risk_category;
	double wind_speed_override, snow_load_override, frost_depth_override_in, ground_elevation_ft;
	bool live;
	struct site_facts *facts;
};

struct site_source {
	const char *what, *provider, *version, *at;
};

struct site_result {
	const char *address_resolved;
	double lat, lon;
	const char *geocoder;
	double wind_speed_mph;
	const char *wind_source;
	double snow_load_psf, frost_depth_in, ground_elevation_ft;
	int exposure, risk_category;
	struct {
		size_t count;
		struct site_source *items;
	} sources;
};

extern const struct field_table site_request_table; /* without facts: what a client may send */
extern const struct field_table site_result_table;
/* What the table cannot know: members that need each other. */
void site_request_check(const struct site_request *request, struct faults *faults);

extern const struct op sign_site_op; /* with facts; its route is site_api.c's */

#endif
