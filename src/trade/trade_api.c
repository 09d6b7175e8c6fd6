#include "trade/trade_api.h"

#include <stdlib.h>

#include "core/must.h"
#include "http/router.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

struct trade_api *trade_api_open(const struct trade_api_options *options)
{
	static const char purpose[] = "countersign/trade/secrets/v1";
	struct trade_api *api = calloc(1, sizeof *api);
	must(api != NULL);
	api->options = *options;
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, purpose, sizeof purpose - 1, api->secret_key,
				sizeof api->secret_key);
	return api;
}

void trade_api_serve(struct trade_api *api, const struct trade_serving *serving)
{
	api->serving = *serving;
}

void trade_api_close(struct trade_api *api)
{
	free(api);
}

void trade_add_routes(struct router *router, struct trade_api *api)
{
	router_add(router, producers_routes, producers_routes_count, api);
	router_add(router, ingest_routes, ingest_routes_count, api);
	router_add(router, signals_routes, signals_routes_count, api);
}
