#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/signature.h"

enum sign_scheme { SCHEME_PRODUCER, SCHEME_DEVICE, SCHEME_WEBHOOK, SCHEME_RAW, SCHEMES };
enum { SECRET_MAX = 512, HEX_MAX = 262144, BODY_MAX = 1 << 20 };

struct request {
	int scheme;
	const char *key_hex, *message_hex, *secret, *method, *path, *timestamp, *producer_id, *device_id, *nonce,
		*webhook_id, *body;
};

static const char *const scheme_names[] = {"producer", "device", "standard_webhook", "raw", NULL};

/* The body holds a secret: it is never logged, traced or sealed. */
#define HIDDEN(m, most, text) F_STR(request, m, LENGTH(0, most), SECRET, DOC(text))
#define PART(m, text) F_STR(request, m, LENGTH(0, 8192), DOC(text))

static const struct field request_fields[] = {
	F_ENUM(request, scheme, scheme_names, REQUIRED, DOC("What is signed, and how")),
	HIDDEN(key_hex, HEX_MAX, "Key in hexadecimal; raw"),
	HIDDEN(message_hex, HEX_MAX, "Message in hexadecimal; raw"),
	HIDDEN(secret, SECRET_MAX, "As it was shown; the key is its ASCII bytes, or what whsec_ encodes"),
	PART(method, "Of the request: producer, device"),
	PART(path, "Request target with its query: producer, device"),
	PART(timestamp, "As it will be sent; standard_webhook: Unix seconds"),
	PART(producer_id, "producer"),
	PART(device_id, "device"),
	PART(nonce, "device"),
	PART(webhook_id, "standard_webhook"),
	HIDDEN(body, BODY_MAX, "Raw body; \"\" when there is none"),
};
static const struct field_table request_table = FIELD_TABLE("trade.sign.request", request, request_fields);

struct result {
	const char *signature_hex, *canonical, *signature;
	const struct json *headers;
};

static const struct field result_fields[] = {
	F_STR(result, signature_hex, NULLABLE, LEFT_OUT, DOC("raw")),
	F_STR(result, canonical, NULLABLE, LEFT_OUT, DOC("What was signed; not raw")),
	F_STR(result, signature, DOC("base64; v1,base64 of a standard_webhook")),
	F_JSON(result, headers, NULLABLE, LEFT_OUT, DOC("What to send; not raw")),
};
static const struct field_table result_table = FIELD_TABLE("trade.sign.result", result, result_fields);

/* Which members a scheme needs; all others but `optional` ones are refused. */
static const struct {
	const char *name;
	size_t offset;
	unsigned needs, may; /* bits of schemes */
} members[] = {
#define P (1 << SCHEME_PRODUCER)
#define D (1 << SCHEME_DEVICE)
#define W (1 << SCHEME_WEBHOOK)
#define R (1 << SCHEME_RAW)
#define MEMBER(m, needs, may) \
	{ \
#m, offsetof(struct request, m), needs, may \
	}
	MEMBER(key_hex, R, 0),  MEMBER(message_hex, R, 0),       MEMBER(secret, P | D | W, 0), MEMBER(method, P | D, 0),
	MEMBER(path, P | D, 0), MEMBER(timestamp, P | D | W, 0), MEMBER(producer_id, P, W),    MEMBER(device_id, D, 0),
	MEMBER(nonce, D, 0),    MEMBER(webhook_id, W, 0),        MEMBER(body, 0, P | D | W),
#undef MEMBER
};

static void check(struct calc *calc, const void *input)
{
	const struct request *r = input;
	if (r->scheme < 0) /* unknown: nothing can be said of the members */
		return;
	unsigned bit = 1U << r->scheme;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const char *value, *pointer = field_pointer(calc->arena, "", members[i].name);
		memcpy(&value, (const char *)r + members[i].offset, sizeof value);
		if (value == NULL && (members[i].needs & bit) != 0)
			calc_fault(calc, pointer, "required", "is required by scheme %s", scheme_names[r->scheme]);
		if (value != NULL && ((members[i].needs | members[i].may) & bit) == 0)
			calc_fault(calc, pointer, "conflict", "does not belong to scheme %s", scheme_names[r->scheme]);
	}
}

static const struct json *headers(struct calc *calc, const char *const *pairs)
{
	struct buf buf;
	struct jw jw;
	const struct json *json = NULL;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	for (; *pairs != NULL; pairs += 2)
		if (pairs[1] != NULL)
			jw_member_str(&jw, pairs[0], pairs[1]);
	jw_object_end(&jw);
	json_parse(calc->arena, buf_text(&buf), buf.size, &json_body_limits, &json, NULL);
	buf_fini(&buf);
	return json;
}

static bool run_raw(struct calc *calc, const struct request *r, struct result *result)
{
	size_t room = HEX_MAX / 2, key_size, size;
	unsigned char *key = arena_alloc(calc->arena, room), *message = arena_alloc(calc->arena, room);
	unsigned char mac[SIGNATURE_SIZE];
	if (key == NULL || message == NULL)
		return false;
	if (!hex_decode(r->key_hex, strlen(r->key_hex), key, room, &key_size))
		calc_fault(calc, "/key_hex", "format", "must be pairs of hexadecimal digits");
	if (!hex_decode(r->message_hex, strlen(r->message_hex), message, room, &size))
		calc_fault(calc, "/message_hex", "format", "must be pairs of hexadecimal digits");
	if (calc->faults.count > 0)
		return false;
	hmac_sha256(key, key_size, message, size, mac);
	char *hex = arena_alloc(calc->arena, HEX_LENGTH(sizeof mac) + 1);
	char *base64 = arena_alloc(calc->arena, SIGNATURE_TEXT);
	if (hex == NULL || base64 == NULL)
		return false;
	hex_encode(hex, mac, sizeof mac);
	base64_encode(base64, mac, sizeof mac);
	result->signature_hex = hex;
	result->signature = base64;
	return true;
}

static bool make(struct calc *calc, const void *key, size_t key_size, struct canonical canonical, struct result *result)
{
	char *signature = arena_alloc(calc->arena, SIGNATURE_TEXT);
	if (canonical.text == NULL || signature == NULL)
		return false;
	signature_make(key, key_size, canonical, signature);
	result->canonical = canonical.text;
	result->signature = signature;
	return true;
}

static bool run_webhook(struct calc *calc, const struct request *r, const char *body, struct result *result)
{
	unsigned char key[SECRET_MAX];
	size_t key_size;
	if (!signature_webhook_key(r->secret, key, sizeof key, &key_size)) {
		calc_fault(calc, "/secret", "format", "must be whsec_ and base64");
		return false;
	}
	bool made = make(calc, key, key_size,
					 signature_webhook(calc->arena, r->webhook_id, r->timestamp, body, strlen(body)), result);
	if (!made)
		return false;
	result->signature = arena_printf(calc->arena, "v1,%s", result->signature);
	const char *const pairs[] = {"webhook-id",    r->webhook_id,       "webhook-timestamp",
								 r->timestamp,    "webhook-signature", result->signature,
								 "X-Producer-Id", r->producer_id,      NULL};
	result->headers = headers(calc, pairs);
	return result->signature != NULL && result->headers != NULL;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *r = input;
	struct result *result = output;
	const char *body = r->body != NULL ? r->body : "";
	if (r->scheme == SCHEME_RAW)
		return run_raw(calc, r, result);
	if (r->scheme == SCHEME_WEBHOOK)
		return run_webhook(calc, r, body, result);
	bool producer = r->scheme == SCHEME_PRODUCER;
	const struct canonical canonical =
		producer ? signature_producer(calc->arena, r->method, r->path, r->timestamp, r->producer_id, body, strlen(body))
				 : signature_device(calc->arena, r->method, r->path, body, strlen(body), r->device_id, r->nonce,
									r->timestamp);
	if (!make(calc, r->secret, strlen(r->secret), canonical, result))
		return false;
	const char *const pairs[] = {producer ? "X-Producer-Id" : "X-Device-Id",
								 producer ? r->producer_id : r->device_id,
								 "X-Timestamp",
								 r->timestamp,
								 "X-Signature",
								 result->signature,
								 producer ? NULL : "X-Nonce",
								 r->nonce,
								 NULL};
	result->headers = headers(calc, pairs);
	return result->headers != NULL;
}

const struct op trade_sign_op = {
	.name = "trade.sign",
	.path = "/api/v1/trade/sign",
	.summary = "Sign a request as a producer or a terminal does",
	.doc = "The canonical string, its HMAC-SHA256 and the headers to send.  What is sent to it is never logged or "
		   "sealed; better still, run it off line: `countersign call trade.sign`.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"scheme\":\"raw\",\"key_hex\":\"4a656665\",\"message_hex\":\"7768617420646f2079612077616e7420666f7220"
			   "6e6f7468696e673f\"}",
	.body_max = 2 << 20,
	.unsealed = true,
};
