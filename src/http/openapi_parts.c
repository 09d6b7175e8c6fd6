#include "http/openapi_parts.h"

#include <string.h>

#include "core/jw.h"

#define HASH "{\"type\":[\"string\",\"null\"],\"pattern\":\"^[0-9a-f]{64}$\"}"
#define NOTES "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/note\"}}"
#define TEXT_OR_NULL "{\"type\":[\"string\",\"null\"]}"

/* [P-6.1], design section 6: what every JSON answer has, with any result. */
#define ENVELOPE_PROPERTIES \
	"\"assumptions\":" NOTES ",\"warnings\":" NOTES "," \
	"\"confidence\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1}," \
	"\"trace\":{\"$ref\":\"#/components/schemas/trace\"},\"content_sha256\":" HASH ",\"inputs_sha256\":" HASH "," \
	"\"envelope_version\":{\"const\":\"1.0\"},\"timestamp\":{\"type\":\"string\",\"format\":\"date-time\"}"

#define ENVELOPE_REQUIRED \
	"\"result\",\"assumptions\",\"warnings\",\"confidence\",\"trace\",\"content_sha256\",\"inputs_sha256\"," \
	"\"envelope_version\",\"timestamp\""

static const char schemas[] =
	"{\"note\":{\"type\":\"object\",\"required\":[\"code\",\"message\"],\"properties\":{\"code\":{\"type\":\"string\"},"
	"\"message\":{\"type\":\"string\"},\"pointer\":" TEXT_OR_NULL "}},"
	"\"trace\":{\"type\":\"object\",\"required\":[\"inputs\",\"intermediates\",\"checks\",\"pack_metadata\","
	"\"code_version\",\"route\",\"request_id\"],\"properties\":{\"inputs\":{\"type\":\"object\"},"
	"\"intermediates\":{\"type\":\"object\"},\"checks\":{\"type\":\"array\"},\"pack_metadata\":{\"type\":\"object\","
	"\"additionalProperties\":{\"type\":\"object\",\"required\":[\"version\",\"sha256\"],\"properties\":{"
	"\"version\":{\"type\":\"string\"},\"sha256\":{\"type\":\"string\"}}}},"
	"\"code_version\":{\"type\":\"object\",\"required\":[\"version\",\"git_sha\"],\"properties\":{"
	"\"version\":{\"type\":\"string\"},\"git_sha\":{\"type\":\"string\"}}},"
	"\"route\":" TEXT_OR_NULL ",\"request_id\":" TEXT_OR_NULL "}},"
	"\"envelope\":{\"type\":\"object\",\"required\":[" ENVELOPE_REQUIRED
	"],\"properties\":{\"result\":{}," ENVELOPE_PROPERTIES "}},"
	"\"problem\":{\"type\":\"object\",\"required\":[\"type\",\"title\",\"status\",\"detail\",\"instance\",\"code\","
	"\"errors\",\"request_id\"," ENVELOPE_REQUIRED "],\"properties\":{\"type\":{\"type\":\"string\"},"
	"\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\",\"minimum\":400,\"maximum\":599},"
	"\"detail\":{\"type\":\"string\"},\"instance\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
	"\"errors\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"pointer\",\"code\",\"message\"],"
	"\"properties\":{\"pointer\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},"
	"\"message\":{\"type\":\"string\"}}}},\"request_id\":{\"type\":\"string\"},"
	"\"result\":{\"type\":\"null\"}," ENVELOPE_PROPERTIES "}}}";

static const char security_schemes[] =
	"{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"Access token or API key\"},"
	"\"api_key\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-API-Key\"},"
	"\"producer\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Signature\","
	"\"description\":\"HMAC-SHA-256 of a producer over the request, beside X-Producer-Id and X-Timestamp; or the three "
	"headers of "
	"Standard Webhooks\"},"
	"\"device\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Signature\","
	"\"description\":\"HMAC-SHA-256 of a terminal over the request, beside X-Device-Id, X-Nonce and X-Timestamp\"}}";

#define PARAMETER(name) "#/components/parameters/" name
/* Not required: a producer may sign the Standard Webhooks way instead. */
#define SIGNED_HEADER(name, header, text, schema) \
	"\"" name "\":{\"name\":\"" header "\",\"in\":\"header\",\"required\":false,\"description\":\"" text \
	"\",\"schema\":" schema "}"

static const char
	parameters
		[] =
			"{\"request_id\":{\"name\":\"X-Request-Id\",\"in\":\"header\",\"required\":false,"
			"\"description\":\"Taken as the request's id when it fits; else one is made\","
			"\"schema\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9._-]{1,128}$\"}},"
			"\"idempotency_key\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,"
			"\"description\":\"The same key and body again gives the first answer again\","
			"\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}},"
			"\"if_match\":{\"name\":\"If-Match\",\"in\":\"header\",\"required\":true,"
			"\"description\":\"The ETag of the version that was "
			"read\",\"schema\":{\"type\":\"string\"}}," SIGNED_HEADER(
				"producer_id", "X-Producer-Id", "Whose secret signed it",
				"{\"type\":\"string\",\"format\":\"uuid\"}") "," SIGNED_HEADER("device_id", "X-Device-Id",
																			   "Whose secret signed it",
																			   "{\"type\":\"string\",\"format\":"
																			   "\"uuid\"}") "," SIGNED_HEADER("nonce",
																											  "X-Nonce",
																											  "Never "
																											  "twice "
																											  "within "
																											  "600 s",
																											  "{\"type"
																											  "\":"
																											  "\"string"
																											  "\","
																											  "\"patter"
																											  "n\":\"^["
																											  "A-Za-z0-"
																											  "9._:-]{"
																											  "1,128}$"
																											  "\"}") "," SIGNED_HEADER("timestamp",
																																	   "X-Timestamp",
																																	   "When it was signed, at most 300 s off",
																																	   "{\"type\":\"string\",\"format\":\"date-time\"}") "}";

static const char headers[] = "{\"retry_after\":{\"description\":\"Seconds until it is worth another try\","
							  "\"schema\":{\"type\":\"integer\",\"minimum\":1}}}";

const char *const *openapi_signed_headers(const char *scheme)
{
	static const char *const none[] = {NULL};
	static const char *const producer[] = {PARAMETER("producer_id"), PARAMETER("timestamp"), NULL};
	static const char *const device[] = {PARAMETER("device_id"), PARAMETER("nonce"), PARAMETER("timestamp"), NULL};
	if (scheme != NULL && strcmp(scheme, "producer") == 0)
		return producer;
	return scheme != NULL && strcmp(scheme, "device") == 0 ? device : none;
}

static void write_text(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	jw_raw(jw, json, strlen(json));
}

void openapi_components(struct jw *jw)
{
	jw_key(jw, "components");
	jw_object(jw);
	write_text(jw, "schemas", schemas);
	write_text(jw, "securitySchemes", security_schemes);
	write_text(jw, "parameters", parameters);
	write_text(jw, "headers", headers);
	jw_object_end(jw);
}

void openapi_envelope_example(struct jw *jw, const char *result, const char *route)
{
	static const char trace[] = "{\"inputs\":{},\"intermediates\":{},\"checks\":[],\"pack_metadata\":{},"
								"\"code_version\":{\"version\":\"0.1.0\",\"git_sha\":\"0000000\"},\"route\":";
	jw_object(jw);
	write_text(jw, "result", result);
	write_text(jw, "assumptions", "[]");
	write_text(jw, "warnings", "[]");
	jw_member_int(jw, "confidence", 1);
	jw_key(jw, "trace");
	jw_raw(jw, trace, sizeof trace - 1);
	jw->comma = false;
	jw_str(jw, route);
	jw_member_str(jw, "request_id", "01a1fca7-e6a2-7205-be87-cafe4b91ff55");
	jw_object_end(jw);
	write_text(jw, "content_sha256", "null");
	write_text(jw, "inputs_sha256", "null");
	jw_member_str(jw, "envelope_version", "1.0");
	jw_member_str(jw, "timestamp", "2026-01-01T00:00:00.000000Z");
	jw_object_end(jw);
}
