#include "sign/sign_api.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "draw/fonts.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "seal/seals.h"
#include "sign/design_drawing.h"
#include "sign/design_report.h"
#include "sign/project_stamp.h"
#include "sign/search.h"
#include "sign/sign_internal.h"
#include "store/blob.h"
#include "store/store.h"

enum { PROVIDER_FAILURES = 5, PM_FAILURES = 3, PROVIDER_OPEN_US = 60000000 }; /* [P-10.4] */

struct sign_api *sign_api_open(const struct sign_api_options *options)
{
	struct sign_api *api = calloc(1, sizeof *api);
	must(api != NULL && pthread_mutex_init(&api->lock, NULL) == 0);
	api->options = *options;
	if (api->options.fetch == NULL)
		api->options.fetch = sign_fetch;
	circuit_init(&api->geocoder, PROVIDER_FAILURES, PROVIDER_OPEN_US);
	circuit_init(&api->hazard, PROVIDER_FAILURES, PROVIDER_OPEN_US);
	circuit_init(&api->search, PROVIDER_FAILURES, PROVIDER_OPEN_US);
	circuit_init(&api->pm, PM_FAILURES, api->options.pm_open_us > 0 ? api->options.pm_open_us : PROVIDER_OPEN_US);
	if (api->options.pm == NULL && api->options.pm_url != NULL) {
		api->options.pm = sign_pm;
		api->options.pm_self = &api->options;
	}
	if (api->options.search == NULL && api->options.search_url != NULL) {
		api->options.search = sign_search;
		api->options.search_self = &api->options;
	}
	project_stamp_listen(api);
	search_fill_start(api);
	return api;
}

void sign_api_close(struct sign_api *api)
{
	if (api == NULL)
		return;
	search_fill_stop(api);
	circuit_fini(&api->pm);
	circuit_fini(&api->search);
	fonts_free(api->fonts);
	circuit_fini(&api->geocoder);
	circuit_fini(&api->hazard);
	pthread_mutex_destroy(&api->lock);
	free(api);
}

bool sign_breaker_at(struct sign_api *api, size_t i, struct sign_breaker *breaker)
{
	struct {
		const char *dest;
		struct circuit *circuit;
	} const all[] = {
		{"geocoder", &api->geocoder}, {"hazard", &api->hazard}, {"pm", &api->pm}, {"search", &api->search}};
	if (i >= sizeof all / sizeof *all)
		return false;
	*breaker = (struct sign_breaker){.dest = all[i].dest,
									 .open = circuit_wait_us(all[i].circuit, env_mono_us(api->options.env)) > 0,
									 .opened = circuit_opened(all[i].circuit)};
	return true;
}

/* The sealed design named in the path.  False: answered. */
static bool find(struct exchange *x, struct seal *seal)
{
	const struct sign_api *api = x->owner;
	const char *sha = exchange_param(x, "seal");
	struct err err;
	bool found = false;
	if (blob_name_valid(sha)) {
		struct db *db = store_read(api->options.store);
		bool read = seal_find(db, principal_of(x)->account_id, sha, &x->arena, seal, &found, &err);
		store_read_end(api->options.store, db);
		if (!read) {
			exchange_fail(x, &err);
			return false;
		}
	}
	if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such sealed design.");
	return found;
}

static void reply(struct exchange *x, const char *type,
				  bool (*draw)(struct fonts *fonts, const struct seal *seal, const struct packs *packs,
							   struct arena *arena, struct buf *out, struct err *err))
{
	struct sign_api *api = x->owner;
	struct seal seal;
	struct buf out;
	struct err err;
	if (!find(x, &seal))
		return;
	buf_init(&out, 0);
	pthread_mutex_lock(&api->lock);
	if (api->fonts == NULL)
		api->fonts = fonts_new(&err);
	bool drawn = api->fonts != NULL && draw(api->fonts, &seal, api->options.packs, &x->arena, &out, &err);
	pthread_mutex_unlock(&api->lock);
	if (drawn) {
		exchange_set(x, "Cache-Control", "private, immutable, max-age=31536000");
		exchange_answer_buf(x, 200, type, &out);
	} else {
		exchange_fail(x, &err);
	}
	buf_fini(&out);
}

static void handle_report(struct exchange *x)
{
	reply(x, "application/pdf", design_report);
}

static void handle_elevation(struct exchange *x)
{
	reply(x, "image/svg+xml", design_elevation);
}

static void handle_drawing(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct seal seal;
	struct buf out;
	struct err err;
	if (!find(x, &seal))
		return;
	buf_init(&out, 0);
	if (design_drawing(&seal, api->options.packs, NULL, &x->arena, &out, &err)) {
		exchange_set(x, "Cache-Control", "private, immutable, max-age=31536000");
		exchange_answer_buf(x, 200, "image/vnd.dxf", &out);
	} else {
		exchange_fail(x, &err);
	}
	buf_fini(&out);
}

static const char *const dxf[] = {"image/vnd.dxf", NULL};
static const char *const pdf[] = {"application/pdf", NULL};
static const char *const svg[] = {"image/svg+xml", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/sign/designs/{seal}/report.pdf", "seal.read", EFFECT_READ, handle_report,
		  .operation = "sign.designs.report", .summary = "The four-page report of a sealed design", .produces = pdf,
		  .bare = true),
	ROUTE(GET, "/api/v1/sign/designs/{seal}/drawing.dxf", "seal.read", EFFECT_READ, handle_drawing,
		  .operation = "sign.designs.drawing", .summary = "The foundation of a sealed design for CAD", .produces = dxf,
		  .bare = true),
	ROUTE(GET, "/api/v1/sign/designs/{seal}/elevation.svg", "seal.read", EFFECT_READ, handle_elevation,
		  .operation = "sign.designs.elevation", .summary = "The elevation of a sealed design", .produces = svg,
		  .bare = true),
};

void sign_api_add(struct router *router, struct sign_api *api)
{
	router_add(router, routes, sizeof routes / sizeof *routes, api);
	router_add(router, project_routes, project_routes_count, api);
	router_add(router, project_change_routes, project_change_routes_count, api);
	router_add(router, project_event_routes, project_event_routes_count, api);
	router_add(router, payload_routes, payload_routes_count, api);
	router_add(router, estimate_routes, estimate_routes_count, api);
	router_add(router, site_routes, site_routes_count, api);
	router_add(router, report_routes, report_routes_count, api);
	router_add(router, batch_routes, 1, api);
	router_add(router, stamp_routes, stamp_routes_count, api);
	router_add(router, submission_routes, submission_routes_count, api);
	bool open = api != NULL && api->options.public_quote; /* NULL: the routes are only described */
	router_add(router, open ? quote_public_routes : quote_routes, 1, api);
}
