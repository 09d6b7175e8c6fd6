#include "sign/domain/site.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "seal/calc.h"
#include "seal/pack.h"
#include "sign/domain/geo_grid.h"
#include "sign/domain/wind_op.h"

enum { SOURCES_MAX = 8 };

static const struct field geocode_fields[] = {
	F_NUM(site_geocode, lat, REQUIRED, RANGE(-90, 90)),
	F_NUM(site_geocode, lon, REQUIRED, RANGE(-180, 180)),
	F_STR(site_geocode, address),
	F_STR(site_geocode, provider, REQUIRED),
	F_STR(site_geocode, version),
	F_STR(site_geocode, at),
};
static const struct field_table geocode_table = FIELD_TABLE("sign.site.geocode", site_geocode, geocode_fields);

static const struct field hazard_fields[] = {
	F_NUM(site_hazard, wind_speed_mph, RANGE(60, 300)),
	F_NUM(site_hazard, snow_load_psf, RANGE(0, 1000)),
	F_NUM(site_hazard, frost_depth_in, RANGE(0, 240)),
	F_NUM(site_hazard, ground_elevation_ft, RANGE(-500, 15000)),
	F_STR(site_hazard, provider, REQUIRED),
	F_STR(site_hazard, version),
	F_STR(site_hazard, at),
};
static const struct field_table hazard_table = FIELD_TABLE("sign.site.hazard", site_hazard, hazard_fields);

static const struct field facts_fields[] = {
	F_OBJECT_PTR(site_facts, geocode, &geocode_table),
	F_OBJECT_PTR(site_facts, hazard, &hazard_table),
};
static const struct field_table facts_table = FIELD_TABLE("sign.site.facts", site_facts, facts_fields);

#define REQUEST_FIELDS \
	F_STR(site_request, address, LENGTH(1, 300), DOC("Street address, or city and state, or ZIP code")), \
		F_NUM(site_request, lat, RANGE(-90, 90), UNIT("deg"), DOC("With lon, instead of an address")), \
		F_NUM(site_request, lon, RANGE(-180, 180), UNIT("deg")), \
		F_ENUM(site_request, exposure, wind_exposure_names, DEFAULT(1)), \
		F_ENUM(site_request, risk_category, wind_risk_names, DEFAULT(1)), \
		F_NUM(site_request, wind_speed_override, RANGE(60, 300), UNIT("mph")), \
		F_NUM(site_request, snow_load_override, RANGE(0, 1000), UNIT("psf")), \
		F_NUM(site_request, frost_depth_override_in, RANGE(0, 240), UNIT("in")), \
		F_NUM(site_request, ground_elevation_ft, RANGE(-500, 15000), UNIT("ft")), \
		F_BOOL(site_request, live, DEFAULT(0), DOC("Ask the configured provider of hazards over the network")), \
		SIGN_COMMON_FIELDS(site_request, SIGN_ASD)

static const struct field request_fields[] = {REQUEST_FIELDS};
const struct field_table site_request_table = FIELD_TABLE("sign.site.request", site_request, request_fields);

static const struct field op_fields[] = {REQUEST_FIELDS,
										 F_OBJECT_PTR(site_request, facts, &facts_table, DOC("What providers said"))};
static const struct field_table op_table = FIELD_TABLE("sign.site.inputs", site_request, op_fields);

static const struct field source_fields[] = {
	F_STR(site_source, what),
	F_STR(site_source, provider),
	F_STR(site_source, version, NULLABLE),
	F_STR(site_source, at, NULLABLE),
};
static const struct field_table source_table = FIELD_TABLE("sign.site.source", site_source, source_fields);

static const struct field result_fields[] = {
	F_STR(site_result, address_resolved, NULLABLE),
	F_NUM(site_result, lat, NULLABLE, DECIMALS(6), UNIT("deg")),
	F_NUM(site_result, lon, NULLABLE, DECIMALS(6), UNIT("deg")),
	F_STR(site_result, geocoder, NULLABLE, DOC("Who found the place; override: the request")),
	F_NUM(site_result, wind_speed_mph, UNIT("mph")),
	F_STR(site_result, wind_source),
	F_NUM(site_result, snow_load_psf, NULLABLE, UNIT("psf")),
	F_NUM(site_result, frost_depth_in, NULLABLE, UNIT("in")),
	F_NUM(site_result, ground_elevation_ft, NULLABLE, UNIT("ft")),
	F_ENUM(site_result, exposure, wind_exposure_names),
	F_ENUM(site_result, risk_category, wind_risk_names),
	F_OBJECTS(site_result, sources, &source_table),
};
const struct field_table site_result_table = FIELD_TABLE("sign.site.result", site_result, result_fields);

/* One question under way. */
struct finding {
	struct calc *calc;
	const struct site_request *request;
	const struct site_geocode *geocode;
	const struct site_hazard *hazard;
	struct site_result *result;
};

static void add_source(struct finding *f, const char *what, const char *provider, const char *version, const char *at)
{
	if (f->result->sources.count < SOURCES_MAX)
		f->result->sources.items[f->result->sources.count++] = (struct site_source){what, provider, version, at};
}

/* --- where --- */

static bool by_centroid(struct finding *f)
{
	const struct pack *places = packs_find(f->calc->packs, "places", json_text(f->calc->pins, "places"), NULL);
	if (places == NULL || f->request->address == NULL ||
		!geo_places_find(places->tree, f->request->address, &f->result->lat, &f->result->lon))
		return false;
	calc_pack(f->calc, "places");
	f->result->geocoder = "places";
	add_source(f, "geocode", "pack places", places->version, places->effective_from);
	calc_warn(f->calc, "geocode_centroid", "/address",
			  "The place is the middle of its ZIP code or city, from pack places.");
	return true;
}

static bool locate(struct finding *f)
{
	struct site_result *r = f->result;
	r->address_resolved = f->request->address;
	if (given(f->request->lat)) {
		r->lat = f->request->lat;
		r->lon = f->request->lon;
		r->geocoder = "override";
		add_source(f, "geocode", "override", NULL, NULL);
		return true;
	}
	if (f->geocode == NULL)
		return by_centroid(f);
	r->lat = f->geocode->lat;
	r->lon = f->geocode->lon;
	r->geocoder = f->geocode->provider;
	if (f->geocode->address != NULL)
		r->address_resolved = f->geocode->address;
	add_source(f, "geocode", f->geocode->provider, f->geocode->version, f->geocode->at);
	return true;
}

/* --- figures --- */

/* The first installed pack of this kind that covers the place. */
static const struct pack *grid_value(struct finding *f, const char *prefix, double *value)
{
	const struct pack *pack;
	for (size_t i = 0; given(f->result->lat) && (pack = packs_at(f->calc->packs, i)) != NULL; i++) {
		const struct pack *newest = packs_find(f->calc->packs, pack->name, json_text(f->calc->pins, pack->name), NULL);
		if (pack != newest || strncmp(pack->name, prefix, strlen(prefix)) != 0 ||
			!geo_grid_find(pack->tree, sign_code_names[f->request->common.code],
						   wind_risk_names[f->request->risk_category], f->result->lat, f->result->lon, value))
			continue;
		calc_pack(f->calc, pack->name);
		return pack;
	}
	return NULL;
}

struct figure {
	const char *what, *prefix;
	double override, provider;
	double *to;
};

/* Where the figure is from, or NULL: nobody knows. */
static const char *find_figure(struct finding *f, const struct figure *figure)
{
	const struct pack *pack;
	if (given(figure->override)) {
		*figure->to = figure->override;
		add_source(f, figure->what, "override", NULL, NULL);
		return "override";
	}
	pack = grid_value(f, figure->prefix, figure->to);
	if (pack != NULL) {
		const char *name = arena_printf(f->calc->arena, "pack %s", pack->name);
		add_source(f, figure->what, name, pack->version, pack->effective_from);
		return name;
	}
	if (f->hazard == NULL || !given(figure->provider))
		return NULL;
	*figure->to = figure->provider;
	add_source(f, figure->what, f->hazard->provider, f->hazard->version, f->hazard->at);
	return f->hazard->provider;
}

static void find_others(struct finding *f)
{
	const struct site_hazard nothing = {.snow_load_psf = NAN, .frost_depth_in = NAN, .ground_elevation_ft = NAN};
	const struct site_hazard *h = f->hazard != NULL ? f->hazard : &nothing;
	const struct figure figures[] = {
		{.what = "snow",
		 .prefix = "snowgrid_",
		 .override = f->request->snow_load_override,
		 .provider = h->snow_load_psf,
		 .to = &f->result->snow_load_psf},
		{.what = "frost",
		 .prefix = "frostgrid_",
		 .override = f->request->frost_depth_override_in,
		 .provider = h->frost_depth_in,
		 .to = &f->result->frost_depth_in},
		{.what = "elevation",
		 .prefix = "elevationgrid_",
		 .override = f->request->ground_elevation_ft,
		 .provider = h->ground_elevation_ft,
		 .to = &f->result->ground_elevation_ft},
	};
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
		if (find_figure(f, &figures[i]) == NULL)
			calc_assume(f->calc, arena_printf(f->calc->arena, "%s_unknown", figures[i].what),
						"Nothing is known of %s here: it is left open, not taken as zero.", figures[i].what);
}

void site_request_check(const struct site_request *request, struct faults *faults)
{
	if (given(request->lat) != given(request->lon))
		faults_add(faults, given(request->lat) ? "/lon" : "/lat", "required", "lat and lon go together");
	if (request->address == NULL && !given(request->lat) && !given(request->lon))
		faults_add(faults, "/address", "required", "give an address, or lat and lon");
}

static void check(struct calc *calc, const void *input)
{
	site_request_check(input, &calc->faults);
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct site_request *request = input;
	struct site_result *result = output;
	struct finding f = {.calc = calc, .request = request, .result = result};
	if (request->facts != NULL) {
		f.geocode = request->facts->geocode;
		f.hazard = request->facts->hazard;
	}
	result->sources.items = arena_array(calc->arena, SOURCES_MAX, sizeof *result->sources.items);
	if (result->sources.items == NULL)
		return err_set(&calc->err, ERR_LIMIT, "no memory");
	result->exposure = request->exposure;
	result->risk_category = request->risk_category;
	bool located = locate(&f);
	const struct figure wind = {.what = "wind",
								.prefix = "windgrid_",
								.override = request->wind_speed_override,
								.provider = f.hazard != NULL ? f.hazard->wind_speed_mph : NAN,
								.to = &result->wind_speed_mph};
	result->wind_source = find_figure(&f, &wind);
	if (result->wind_source == NULL && !located)
		calc_abstain(calc, "abstain.geocode", "geocoding failed: give lat and lon or a wind speed");
	else if (result->wind_source == NULL)
		calc_abstain(calc, "abstain.wind",
					 "no wind speed is known for this place: give wind_speed_override, or install a pack windgrid_*");
	if (!located && result->wind_source != NULL)
		calc_warn(calc, "not_located", "/address", "The address was not found; only what was given is told.");
	find_others(&f);
	return true;
}

const struct op sign_site_op = {
	.name = "sign.site",
	.path = "/api/v1/sign/site",
	.summary = "What is known of a place: wind, snow, frost, elevation, each with its source",
	.input = &op_table,
	.output = &site_result_table,
	.check = check,
	.run = run,
	.example = "{\"lat\":32.78,\"lon\":-96.8,\"wind_speed_override\":105}",
};
