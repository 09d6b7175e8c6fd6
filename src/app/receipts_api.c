#include <string.h>

#include "app/app.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/reply.h"
#include "seal/receipt.h"

/* POST /api/v1/receipts/verify: anyone may ask whether a receipt is this server's [P-6.9]. */

enum { RECEIPT_MAX = 8192 /* characters */ };

struct verify_body {
	const char *receipt;
};
static const struct field body_fields[] = {F_STR(verify_body, receipt, REQUIRED, LENGTH(1, RECEIPT_MAX))};
static const struct field_table body_table = FIELD_TABLE("receipts.verify", verify_body, body_fields);

struct verify_view {
	bool valid;
	const char *reason;
	const struct json *payload;
};
static const struct field view_fields[] = {
	F_BOOL(verify_view, valid),
	F_STR(verify_view, reason, NULLABLE, DOC("Why it is not")),
	F_JSON(verify_view, payload, NULLABLE, DOC("What was signed, of a valid one")),
};
static const struct field_table view_table = FIELD_TABLE("receipts.verified", verify_view, view_fields);

static const struct key *find_key(void *self, const char *kid)
{
	const struct app *app = self;
	return ring_find(app->keys.rings[KEY_OF_RECEIPTS], kid, env_wall_us(app->env));
}

static void handle_verify(struct exchange *x)
{
	struct verify_body body;
	struct verify_view view = {.valid = false};
	struct err err;
	if (!exchange_decode(x, &body))
		return;
	view.valid = receipt_verify(&x->arena, body.receipt, strlen(body.receipt), find_key, x->owner, &view.payload, &err);
	if (!view.valid && err.kind != ERR_TOKEN_INVALID) {
		exchange_fail(x, &err);
		return;
	}
	if (!view.valid) {
		view.reason = arena_dup(&x->arena, err.message);
		view.payload = NULL;
	}
	reply_fact(x, 200, &view_table, &view);
}

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/receipts/verify", PUBLIC, EFFECT_COMPUTE, handle_verify, .operation = "receipts.verify",
		  .summary = "Is this receipt genuine?", .body = &body_table, .result = &view_table,
		  .example = "{\"receipt\":\"eyJhbGciOiJFUzI1NiJ9.e30.c2ln\"}"),
};

void receipts_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
