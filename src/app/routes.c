#include "app/routes.h"

#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/files.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/agents_api.h"
#include "flow/flow_api.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "http/router.h"
#include "people/dead_letters.h"
#include "people/people.h"
#include "people/principal.h"
#include "people/roles.h"
#include "sign/sign_api.h"
#include "trade/trade_api.h"

/* Who is let through without any credential is a closed list [P-5.5]; everything else names a known permission. */
static void check_permissions(const struct router *router)
{
	for (size_t i = 0; i < router_count(router); i++) {
		const struct route *route = router_at(router, i);
		must(route_public(route) || permission_known(route->permission));
	}
}

void routes_add(struct app *app)
{
	system_api_add(app);
	app_metrics_add(app);
	ops_api_add(app);
	seals_api_add(app);
	packs_api_add(app);
	audit_api_add(app);
	audit_rows_api_add(app);
	countersign_api_add(app);
	countersignatures_api_add(app);
	policies_api_add(app);
	receipts_api_add(app);
	files_api_add(app);
	project_files_api_add(app);
	events_api_add(app);
	backup_api_add(app);
	server_keys_api_add(app);
	clock_api_add(app);
	audit_archive_api_add(app);
	docs_api_add(app);
	people_add_routes(app->router, app->people);
	dead_letters_add_routes(app->router, app->dead_letters);
	sign_api_add(app->router, app->sign);
	trade_add_routes(app->router, app->trade);
	trade_add_metrics(app->metrics, app->trade);
	flow_add_routes(app->router, app->flow);
	agents_add_routes(app->router, app->agents);
	check_permissions(app->router);
}

bool routes_authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	struct app *app = self;
	if (route->self_verified) /* [P-5.2] who it is shows when the body is read */
		return trade_signed(x, err);
	if (events_by_ticket(x, route))
		return events_authorise(app, x, route, err);
	return people_authorise(app->people, x, route, err);
}

void routes_astray(void *self, struct exchange *x)
{
	(void)self;
	trade_astray(x);
}

/* Whose bucket: a person, a key, the local user; else the address [P-8.6]. */
static void caller_key(const struct exchange *x, const struct rate_class *class, char key[RATE_ADDRESS_TEXT])
{
	const struct principal *principal = x->principal;
	if (x->local)
		snprintf(key, RATE_ADDRESS_TEXT, "local");
	else if (principal != NULL && principal->user_id[0] != '\0' && !class->by_address)
		snprintf(key, RATE_ADDRESS_TEXT, "%s", principal->user_id);
	else
		rate_address_key(x->peer, key);
}

static bool take_token(const struct app *app, struct exchange *x, const struct route *route, struct err *err)
{
	static const char *const classes[] = {
		[EFFECT_READ] = "read", [EFFECT_COMPUTE] = "compute", [EFFECT_WRITE] = "write"};
	const char *name = route->rate_class != NULL ? route->rate_class : classes[route->effect];
	const struct rate_class *class = rates_class(app->rates, name);
	char key[RATE_ADDRESS_TEXT];
	struct rate_state state;
	if (class == NULL)
		return true;
	caller_key(x, class, key);
	bool taken = rates_take(app->rates, class, key, env_mono_us(app->env), &state);
	rate_headers(x, class, &state, env_wall_us(app->env));
	return taken || err_set(err, ERR_RATE_LIMITED, "Too many requests of class %s; try again after %lld s.", name,
							(long long)state.retry_s);
}

bool routes_admit(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	struct app *app = self;
	if (atomic_load(&app->draining) && !route_public(route))
		return err_set(err, ERR_DRAINING, "The server is stopping.");
	return take_token(app, x, route, err) && files_admit(app, x, route, err);
}

void routes_log(const struct exchange *x, int status, int64_t duration_us)
{
	const struct route *route = x->match.route;
	const struct principal *principal = x->principal;
	log_info("request", log_str("request_id", x->trace.request_id),
			 log_str("route", route != NULL ? route->path : "none"), log_int("status", status),
			 log_num("dur_ms", (double)duration_us / 1e3),
			 log_str("principal", principal != NULL ? principal->user_id : NULL),
			 log_str("trace", x->trace.parent[0] != '\0' ? x->trace.parent : NULL));
}
