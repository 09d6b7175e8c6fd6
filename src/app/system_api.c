#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/document.h"
#include "app/health.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/key.h"
#include "http/exchange.h"
#include "http/metrics.h"
#include "http/router.h"
#include "people/reply.h"
#include "people/roles.h"
#include "seal/pack.h"
#include "store/store.h"
#include "version.h"

/* What the server says of itself: version, metrics, its own description, its public keys, the time. */

static void handle_version(struct exchange *x)
{
	const struct app *app = x->owner;
	const struct pack *pack;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "version", APP_VERSION);
	jw_member_str(&jw, "git_sha", APP_GIT_SHA);
	jw_member_str(&jw, "build_id", APP_VERSION "+" APP_GIT_SHA);
	jw_member_str(&jw, "compiler", __VERSION__);
	jw_member_int(&jw, "schema_version", store_schema_version(app->store));
	jw_key(&jw, "packs");
	jw_object(&jw);
	for (size_t i = 0; (pack = packs_at(app->packs, i)) != NULL; i++) {
		const struct pack *next = packs_at(app->packs, i + 1);
		if (next != NULL && strcmp(next->name, pack->name) == 0)
			continue; /* the newest of a name is the last */
		jw_key(&jw, pack->name);
		jw_object(&jw);
		jw_member_str(&jw, "version", pack->version);
		jw_member_str(&jw, "sha256", pack->sha256);
		jw_object_end(&jw);
	}
	jw_object_end(&jw);
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&buf), buf.size);
	buf_fini(&buf);
}

static bool may_read_metrics(const struct app *app, const struct exchange *x)
{
	for (size_t i = 0; i < app->metrics_readers.count; i++)
		if (net_holds(&app->metrics_readers.nets[i], x->peer))
			return true;
	return x->local;
}

static void handle_metrics(struct exchange *x)
{
	const struct app *app = x->owner;
	struct buf buf;
	if (!may_read_metrics(app, x)) {
		exchange_failf(x, ERR_FORBIDDEN, "Your address is not one of http.metrics_allow.");
		return;
	}
	buf_init(&buf, 0);
	metrics_render(app->metrics, &buf);
	exchange_answer_buf(x, 200, "text/plain; version=0.0.4; charset=utf-8", &buf);
	buf_fini(&buf);
}

static void handle_openapi(struct exchange *x)
{
	const struct app *app = x->owner;
	struct buf buf;
	buf_init(&buf, 0);
	document_write(&buf, app->router, app->config.public_url);
	exchange_answer_buf(x, 200, MEDIA_JSON, &buf);
	buf_fini(&buf);
}

/* Those that were retired too, as long as they verify. */
static void write_ring(const struct key_ring *ring, int64_t now_us, struct jw *jw)
{
	const struct key *key;
	for (size_t i = 0; (key = ring_at(ring, i, now_us)) != NULL; i++)
		key_jwk(key, jw);
}

static void handle_jwks(struct exchange *x)
{
	const struct app *app = x->owner;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_key(&jw, "keys");
	jw_array(&jw);
	for (enum app_key which = 0; which < APP_KEYS; which++)
		write_ring(app->keys.rings[which], env_wall_us(app->env), &jw);
	jw_array_end(&jw);
	jw_object_end(&jw);
	exchange_set(x, "Cache-Control", "public, max-age=300");
	exchange_answer_buf(x, 200, MEDIA_JSON, &buf);
	buf_fini(&buf);
}

static void handle_time(struct exchange *x)
{
	const struct app *app = x->owner;
	int64_t now_us = env_wall_us(app->env);
	char now[STAMP_TEXT], text[96];
	stamp_format(now, now_us);
	int size = snprintf(text, sizeof text, "{\"unix_ms\":%lld,\"rfc3339\":\"%s\"}", (long long)(now_us / 1000), now);
	reply_fact_text(x, 200, text, (size_t)size);
}

/* A browser asks for HTML by name: it is shown to the reference pages. */
static void handle_root(struct exchange *x)
{
	static const char text[] = "{\"service\":\"countersign\",\"version\":\"" APP_VERSION
							   "\",\"docs\":\"/docs\",\"openapi\":\"/openapi.json\",\"health\":\"/health\"}";
	const char *accept = exchange_header(x, "accept");
	if (accept != NULL && strstr(accept, "text/html") != NULL) {
		exchange_set(x, "Location", "/docs");
		exchange_answer(x, 303, NULL, NULL, 0);
		return;
	}
	reply_fact_text(x, 200, text, sizeof text - 1);
}

static const char envelope_schema[] =
	"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"Countersign envelope 1.0\",\"type\":"
	"\"object\",\"required\":[\"result\",\"assumptions\",\"warnings\",\"confidence\",\"trace\",\"content_sha256\","
	"\"inputs_sha256\",\"envelope_version\",\"timestamp\"],\"properties\":{\"result\":{},\"assumptions\":{\"$ref\":"
	"\"#/$defs/notes\"},\"warnings\":{\"$ref\":\"#/$defs/notes\"},\"confidence\":{\"type\":\"number\",\"minimum\":0,"
	"\"maximum\":1},\"trace\":{\"type\":\"object\",\"required\":[\"inputs\",\"intermediates\",\"checks\","
	"\"pack_metadata\",\"code_version\",\"route\",\"request_id\"],\"properties\":{\"inputs\":{\"type\":\"object\"},"
	"\"intermediates\":{\"type\":\"object\"},\"checks\":{\"type\":\"array\"},\"pack_metadata\":{\"type\":\"object\","
	"\"additionalProperties\":{\"type\":\"object\",\"required\":[\"version\",\"sha256\"]}},\"code_version\":{\"type\":"
	"\"object\",\"required\":[\"version\",\"git_sha\"]},\"route\":{\"type\":[\"string\",\"null\"]},\"request_id\":{"
	"\"type\":[\"string\",\"null\"]},\"search\":{\"type\":\"object\",\"required\":[\"fallback\"]}}},\"content_sha256\":"
	"{\"type\":[\"string\",\"null\"],\"pattern\":\"^[0-9a-f]{64}$"
	"\"},"
	"\"inputs_sha256\":{\"type\":[\"string\",\"null\"],\"pattern\":\"^[0-9a-f]{64}$\"},\"envelope_version\":{\"const\":"
	"\"1.0\"},\"timestamp\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}},\"$defs\":{\"notes\":{\"type\":"
	"\"array\",\"items\":{\"type\":\"object\",\"required\":[\"code\",\"message\"],\"properties\":{\"code\":{\"type\":"
	"\"string\"},\"message\":{\"type\":\"string\"},\"pointer\":{\"type\":\"string\"}}}}}}";

static void handle_envelope_schema(struct exchange *x)
{
	exchange_answer(x, 200, "application/schema+json", envelope_schema, sizeof envelope_schema - 1);
}

static const char *const text_type[] = {"text/plain", NULL};
static const char *const health_types[] = {"application/json", "application/health+json", NULL};
static const char *const schema_type[] = {"application/schema+json", NULL};
static const struct field root_rows[] = {T_STR(service), T_STR(version), T_STR(docs), T_STR(openapi), T_STR(health)};
static const struct field_table root_table = TOLD_TABLE("root", root_rows);
static const struct field pack_rows[] = {T_STR(version), T_STR(sha256)};
static const struct field_table pack_table = TOLD_TABLE("version.pack", pack_rows);
static const struct field version_rows[] = {
	T_STR(version),
	T_STR(git_sha),
	T_STR(build_id),
	T_STR(compiler),
	T_INT(schema_version, DOC("Of the store")),
	T_MAP(packs, FIELD_OBJECT, .table = &pack_table, DOC("The newest of each name")),
};
static const struct field_table version_table = TOLD_TABLE("version", version_rows);
static const struct field time_rows[] = {T_INT(unix_ms, UNIT("ms")), T_TIME(rfc3339)};
static const struct field_table time_table = TOLD_TABLE("time", time_rows);
/* RFC 7517 and 8037 */
static const struct field jwk_rows[] = {
	T_STR(kty, DOC("EC or OKP")), T_STR(crv), T_STR(kid), T_STR(alg), T_STR(use), T_STR(x), T_STR(y, LEFT_OUT),
};
static const struct field_table jwk_table = TOLD_TABLE("jwk", jwk_rows);
static const struct field jwks_rows[] = {T_OBJECTS(keys, &jwk_table)};
static const struct field_table jwks_table = TOLD_TABLE("jwks", jwks_rows);
static const struct field document_rows[] = {
	T_STR(openapi), T_MAP(info, FIELD_JSON),  T_JSON(servers, LEFT_OUT),
	T_JSON(tags),   T_MAP(paths, FIELD_JSON), T_MAP(components, FIELD_JSON),
};
static const struct field_table document_table = TOLD_TABLE("openapi", document_rows);
/* JSON Schema's own words */
static const char any_schema[] = "{\"type\":\"object\",\"required\":[\"$schema\",\"title\",\"type\"],\"properties\":{"
								 "\"$schema\":{\"type\":\"string\"},"
								 "\"title\":{\"type\":\"string\"},\"type\":{\"type\":\"string\"}}}";

static const enum err_kind metrics_errors[] = {ERR_FORBIDDEN, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/", PUBLIC, EFFECT_READ, handle_root, .operation = "system.root",
		  .summary = "What this is; for a browser, the way to /docs", .status_also = 303, .also_empty = true,
		  .run = RUN_INLINE, .rate_class = "none", .result = &root_table),
	ROUTE(GET, "/health", PUBLIC, EFFECT_READ, health_handle_system, .operation = "system.health",
		  .summary = "Health of every part", .run = RUN_INLINE, .produces = health_types, .rate_class = "none",
		  .result = &health_system_table,
		  .aliases = ALIASES({"/healthz"}, {"/api/v1/health/system"}, {"/api/v3/health/system"})),
	ROUTE(GET, "/live", PUBLIC, EFFECT_READ, health_handle_live, .operation = "system.live",
		  .summary = "The process answers", .run = RUN_INLINE, .rate_class = "none", .result = &health_live_table,
		  .aliases =
			  ALIASES({"/health/live"}, {"/api/v1/health/live"}, {"/api/v3/health/live"}, {"/api/v4/health/live"})),
	ROUTE(GET, "/ready", PUBLIC, EFFECT_READ, health_handle_ready, .operation = "system.ready",
		  .summary = "The server takes requests", .run = RUN_INLINE, .rate_class = "none",
		  .result = &health_ready_table,
		  .aliases =
			  ALIASES({"/health/ready"}, {"/api/v1/health/ready"}, {"/api/v3/health/ready"}, {"/api/v4/health/ready"})),
	ROUTE(GET, "/version", PUBLIC, EFFECT_READ, handle_version, .operation = "system.version",
		  .summary = "Version, commit, schema and packs", .result = &version_table),
	ROUTE(GET, "/metrics", PUBLIC, EFFECT_READ, handle_metrics, .operation = "system.metrics",
		  .summary = "Metrics in the Prometheus text format", .bare = true, .produces = text_type, .rate_class = "none",
		  .errors = metrics_errors),
	ROUTE(GET, "/openapi.json", PUBLIC, EFFECT_READ, handle_openapi, .operation = "system.openapi",
		  .summary = "This API, described by OpenAPI 3.1", .bare = true, .result = &document_table),
	ROUTE(GET, "/schemas/envelope.v1.json", PUBLIC, EFFECT_READ, handle_envelope_schema,
		  .operation = "system.envelope_schema", .summary = "JSON Schema of every answer", .bare = true,
		  .produces = schema_type, .result_schema = any_schema),
	ROUTE(GET, "/.well-known/jwks.json", PUBLIC, EFFECT_READ, handle_jwks, .operation = "system.jwks",
		  .summary = "Public keys of tokens and checkpoints", .bare = true, .result = &jwks_table),
	ROUTE(GET, "/api/v1/time", PUBLIC, EFFECT_READ, handle_time, .operation = "system.time",
		  .summary = "The server's clock", .run = RUN_INLINE, .rate_class = "none", .result = &time_table),
};

void system_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
