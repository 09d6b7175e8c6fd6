#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "sign/sign_internal.h"
#include "sign/site_resolve.h"
#include "store/store.h"

/* Site resolution over HTTP: the answer waits for what was learnt to be in the cache. */

struct asking {
	struct site_resolving resolving;
	struct store_op op;
};

static bool apply_keep(struct db *db, void *self, struct err *err)
{
	return site_keep(&((const struct asking *)self)->resolving, db, err);
}

/* A cache that could not be written takes nothing away from the answer. */
static void end_keep(void *self, bool applied, const struct err *err)
{
	const struct site_resolving *r = &((const struct asking *)self)->resolving;
	(void)applied;
	(void)err;
	exchange_answer(r->x, 200, MEDIA_JSON, r->answer.envelope, r->answer.envelope_size);
}

/* All of it before anybody is asked over the network. */
static void check(void *self, struct faults *faults)
{
	const struct site_resolving *r = self;
	site_request_check(&r->request, faults);
	op_check_pins(r->api->options.packs, r->request.common.packs, &r->x->arena, faults);
}

static void handle_site(struct exchange *x)
{
	struct asking *a = arena_new(&x->arena, struct asking);
	struct err err = {.kind = ERR_INTERNAL};
	struct faults faults;
	if (a == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	struct site_resolving *r = &a->resolving;
	*r = (struct site_resolving){.x = x, .api = x->owner, .account_id = principal_of(x)->account_id};
	if (!exchange_decode_checked(x, &r->request, check, r))
		return;
	if (!site_resolve(r, &faults, &err)) {
		if (faults.count > 0)
			exchange_fail_faults(x, ERR_INVALID, &faults);
		else
			exchange_fail(x, &err);
		return;
	}
	a->op = (struct store_op){.apply = apply_keep, .done = end_keep, .self = a};
	if (r->fresh_count == 0 || r->account_id[0] == '\0') {
		end_keep(a, true, NULL);
		return;
	}
	exchange_hold(x);
	if (!store_submit(r->api->options.store, &a->op, &err))
		end_keep(a, false, &err);
}

const struct route site_routes[] = {
	ROUTE(POST, "/api/v1/sign/site", "calculation.run", EFFECT_COMPUTE, handle_site, .slash = true,
		  .aliases = ALIASES({"/signage/common/site/resolve", .slash = true},
							 {"/api/v1/signage/common/site/resolve", .slash = true}),
		  .operation = "sign.site", .summary = "What is known of a place: wind, snow, frost, elevation, with sources",
		  .body = &site_request_table, .result = &site_result_table, .body_max = OP_BODY_MAX,
		  .example = "{\"lat\":32.78,\"lon\":-96.8,\"wind_speed_override\":105}"),
};
const size_t site_routes_count = sizeof site_routes / sizeof *site_routes;
