#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "link/circuit.h"
#include "link/client.h"
#include "people/reply.h"
#include "sign/domain/geo_grid.h"
#include "sign/domain/wind_op.h"
#include "sign/sign_internal.h"
#include "sign/site_repo.h"
#include "sign/site_resolve.h"
#include "store/store.h"

enum { DAY_S = 86400, KEPT_S = 7 * DAY_S, NOTHING_KEPT_S = 30 * 60, ANSWER_MAX = 1 << 20, TIMEOUT_MS = 5000 };

bool sign_fetch(void *self, const char *url, struct buf *body, struct err *err)
{
	(void)self;
	const struct client_request request = {.method = "GET", .url = url, .timeout_ms = TIMEOUT_MS, .limit = ANSWER_MAX};
	int status;
	return client_ask(&request, &status, body, err) &&
		   (status == 200 || err_set(err, ERR_UNAVAILABLE, "the provider answered %d", status));
}

static void add_escaped(struct buf *url, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
					 c == '.' || c == '_' || c == '~';
		if (plain)
			buf_addc(url, (char)c);
		else
			buf_addf(url, "%%%02X", c);
	}
}

static const char *time_text(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	return arena_dup(arena, text);
}

/* Ask one provider through its circuit breaker: its answer as JSON, or NULL. */
static const struct json *ask(struct site_resolving *r, struct circuit *circuit, const char *url)
{
	const struct sign_api_options *options = &r->api->options;
	const struct json *json = NULL;
	struct buf body;
	int64_t began_us = env_mono_us(options->env);
	if (!circuit_may(circuit, began_us))
		return NULL;
	buf_init(&body, ANSWER_MAX);
	bool well = options->fetch(options->fetch_self, url, &body, NULL) &&
				json_parse(&r->x->arena, buf_text(&body), body.size, &json_body_limits, &json, NULL);
	int64_t now_us = env_mono_us(options->env);
	circuit_tell_took(circuit, now_us, well, now_us - began_us);
	buf_fini(&body);
	return well ? json : NULL;
}

/* --- the cache --- */

static bool recall(struct site_resolving *r, const char *kind, const char *key, const struct json **answer,
				   int64_t *at_us)
{
	const struct sign_api_options *options = &r->api->options;
	struct site_entry entry;
	bool found = false;
	struct db *db = store_read(options->store);
	bool read =
		site_entry_find(db, r->account_id, kind, key, env_wall_us(options->env), &r->x->arena, &entry, &found, NULL);
	store_read_end(options->store, db);
	*answer = NULL;
	if (!read || !found)
		return false;
	*at_us = entry.at_us;
	if (entry.answer != NULL)
		json_parse(&r->x->arena, entry.answer, strlen(entry.answer), &json_body_limits, answer, NULL);
	return true;
}

static void keep(struct site_resolving *r, const char *kind, const char *key, const struct json *answer,
				 const char *provider, int64_t now_us)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, answer);
	r->fresh[r->fresh_count++] = (struct site_entry){
		.account_id = r->account_id,
		.kind = kind,
		.key = key,
		.answer = answer != NULL ? arena_dup(&r->x->arena, buf_text(&buf)) : NULL,
		.provider = provider,
		.at_us = now_us,
		.expires_us = now_us + (int64_t)(answer != NULL ? KEPT_S : NOTHING_KEPT_S) * 1000000,
	};
	buf_fini(&buf);
}

/* --- the geocoder: an answer of the form of Google's --- */

static double number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

static bool read_geocode(struct site_resolving *r, const struct json *answer, int64_t at_us)
{
	const struct json *results = json_get(answer, "results");
	if (results == NULL || results->kind != JS_ARRAY || results->count == 0)
		return false;
	const struct json *location = json_get(json_get(&results->items[0], "geometry"), "location");
	struct site_geocode *geocode = arena_new(&r->x->arena, struct site_geocode);
	double lat = number(location, "lat"), lon = number(location, "lng");
	if (geocode == NULL || !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180))
		return false;
	*geocode = (struct site_geocode){.lat = lat,
									 .lon = lon,
									 .address = json_text(&results->items[0], "formatted_address"),
									 .provider = "geocoder",
									 .at = time_text(&r->x->arena, at_us)};
	r->facts.geocode = geocode;
	return true;
}

static const char *geocoder_url(struct site_resolving *r)
{
	const struct sign_api_options *options = &r->api->options;
	struct buf url;
	buf_init(&url, 0);
	buf_addf(&url, "%s%caddress=", options->geocoder_url, strchr(options->geocoder_url, '?') != NULL ? '&' : '?');
	add_escaped(&url, r->request.address);
	buf_adds(&url, "&key=");
	add_escaped(&url, options->geocoder_key);
	const char *text = arena_dup(&r->x->arena, buf_text(&url));
	buf_fini(&url);
	return text;
}

static void geocode(struct site_resolving *r)
{
	const struct sign_api_options *options = &r->api->options;
	char *key = arena_alloc(&r->x->arena, 512);
	const struct json *answer;
	int64_t at_us = env_wall_us(options->env);
	if (key == NULL || r->request.address == NULL || given(r->request.lat))
		return;
	geo_normalise(r->request.address, key, 512);
	if (recall(r, "geocode", key, &answer, &at_us)) {
		read_geocode(r, answer, at_us);
		return;
	}
	if (options->geocoder_url == NULL || options->geocoder_key == NULL)
		return;
	answer = ask(r, &r->api->geocoder, geocoder_url(r));
	keep(r, "geocode", key, read_geocode(r, answer, at_us) ? answer : NULL, "geocoder", at_us);
}

/* --- the provider of hazards, asked only with `live` --- */

static double in_range(double x, double low, double high)
{
	return x >= low && x <= high ? x : NAN;
}

static bool read_hazard(struct site_resolving *r, const struct json *answer, int64_t at_us)
{
	struct site_hazard *hazard = arena_new(&r->x->arena, struct site_hazard);
	if (hazard == NULL || answer == NULL || answer->kind != JS_OBJECT)
		return false;
	*hazard = (struct site_hazard){.wind_speed_mph = in_range(number(answer, "wind_speed_mph"), 60, 300),
								   .snow_load_psf = in_range(number(answer, "snow_load_psf"), 0, 1000),
								   .frost_depth_in = in_range(number(answer, "frost_depth_in"), 0, 240),
								   .ground_elevation_ft = in_range(number(answer, "ground_elevation_ft"), -500, 15000),
								   .provider = "hazard provider",
								   .version = json_text(answer, "version"),
								   .at = time_text(&r->x->arena, at_us)};
	r->facts.hazard = hazard;
	return true;
}

static void ask_hazard(struct site_resolving *r)
{
	const struct sign_api_options *options = &r->api->options;
	double lat = r->facts.geocode != NULL ? r->facts.geocode->lat : r->request.lat;
	double lon = r->facts.geocode != NULL ? r->facts.geocode->lon : r->request.lon;
	const struct json *answer;
	int64_t at_us = env_wall_us(options->env);
	if (!r->request.live || options->hazard_url == NULL || !given(lat))
		return;
	const char *code = sign_code_names[r->request.common.code], *risk = wind_risk_names[r->request.risk_category];
	const char *key = arena_printf(&r->x->arena, "%.4f,%.4f,%s,%s", lat, lon, code, risk);
	if (key == NULL || recall(r, "hazard", key, &answer, &at_us)) {
		read_hazard(r, answer, at_us);
		return;
	}
	answer = ask(r, &r->api->hazard,
				 arena_printf(&r->x->arena, "%s%clat=%.4f&lon=%.4f&code=%s&risk_category=%s", options->hazard_url,
							  strchr(options->hazard_url, '?') != NULL ? '&' : '?', lat, lon, code, risk));
	keep(r, "hazard", key, read_hazard(r, answer, at_us) ? answer : NULL, "hazard provider", at_us);
}

/* --- the decision --- */

static const struct json *body_of(struct site_resolving *r)
{
	const struct json *body = NULL;
	struct buf buf;
	struct jw jw;
	r->request.facts = &r->facts;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, sign_site_op.input, &r->request, FIELD_INPUTS);
	if (jw_ok(&jw))
		json_parse(&r->x->arena, buf_text(&buf), buf.size, &json_body_limits, &body, NULL);
	buf_fini(&buf);
	return body;
}

bool site_resolve(struct site_resolving *r, struct faults *faults, struct err *err)
{
	char now[STAMP_TEXT];
	const struct op_context context = {.packs = r->api->options.packs, .envelope = reply_context(r->x, now)};
	geocode(r);
	ask_hazard(r);
	const struct json *body = body_of(r);
	faults_init(faults, &r->x->arena);
	return body != NULL ? op_run(&sign_site_op, &context, body, &r->x->arena, &r->answer, faults, err)
						: err_set(err, ERR_LIMIT, "no memory");
}

bool site_keep(const struct site_resolving *r, struct db *db, struct err *err)
{
	bool kept = true;
	for (size_t i = 0; kept && i < r->fresh_count; i++)
		kept = site_entry_put(db, &r->fresh[i], err);
	return kept;
}
