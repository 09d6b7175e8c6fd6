#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/jcs.h"
#include "crypt/digest.h"
#include "seal/calc.h"
#include "seal/ops.h"

/* [P-2.2] core.jcs: the canonical form of any JSON value. */

struct jcs_request {
	const struct json *value;
};

struct jcs_result {
	const char *canonical, *sha256;
};

static const struct field request_fields[] = {
	F_JSON(jcs_request, value, REQUIRED, DOC("Any JSON value; numbers become the nearest IEEE double")),
};
static const struct field_table request_table = FIELD_TABLE("core.jcs.request", jcs_request, request_fields);

static const struct field result_fields[] = {
	F_STR(jcs_result, canonical, DOC("The RFC 8785 text")),
	F_STR(jcs_result, sha256, DOC("Lower-case hex SHA-256 of its UTF-8 bytes")),
};
static const struct field_table result_table = FIELD_TABLE("core.jcs.result", jcs_result, result_fields);

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct jcs_request *request = input;
	struct jcs_result *result = output;
	struct buf buf;
	buf_init(&buf, 0);
	jcs_write(&buf, request->value);
	char hex[SHA256_HEX_SIZE];
	sha256_hex(buf_text(&buf), buf.size, hex);
	result->canonical = arena_dupn(calc->arena, buf_text(&buf), buf.size);
	result->sha256 = arena_dup(calc->arena, hex);
	bool whole = buf_ok(&buf);
	buf_fini(&buf);
	return whole || err_set(&calc->err, ERR_LIMIT, "the value is too large");
}

/* Nesting counts the body's own level, so the value may have 63. */
static const struct json_limits limits = {.depth = 64, .values = 1000000};

const struct op core_jcs_op = {
	.name = "core.jcs",
	.path = "/api/v1/core/jcs",
	.summary = "Canonical form of a JSON value (RFC 8785) and its SHA-256",
	.doc = "Every hash in this product is taken over this form, so this operation lets anyone check one by hand.",
	.input = &request_table,
	.output = &result_table,
	.run = run,
	.example = "{\"value\":{\"b\":1,\"a\":2}}",
	.limits = &limits,
	.body_max = 1 << 20,
};
