#include "trade/trade_api.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/must.h"
#include "http/router.h"
#include "seal/outbox.h"
#include "store/store.h"
#include "trade/chart_cache.h"
#include "trade/closing.h"
#include "trade/failures.h"
#include "trade/figures.h"
#include "trade/guarding.h"
#include "trade/judge.h"
#include "trade/kept_charts.h"
#include "trade/known_producers.h"
#include "trade/leases.h"
#include "trade/notices.h"
#include "trade/signal_life.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"
#include "trade/waiting.h"

struct trade_api *trade_api_open(const struct trade_api_options *options)
{
	static const char purpose[] = "countersign/trade/secrets/v1", pages[] = "countersign/trade/pages/v1";
	struct trade_api *api = calloc(1, sizeof *api);
	must(api != NULL);
	api->options = *options;
	api->began_us = env_wall_us(options->env);
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, purpose, sizeof purpose - 1, api->secret_key,
				sizeof api->secret_key);
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, pages, sizeof pages - 1, api->page_key,
				sizeof api->page_key);
	api->charts = chart_cache_new(CHART_CACHE_BYTES);
	api->kept_charts = kept_charts_new(options->store, options->charts, KEPT_CHARTS_BYTES);
	api->producers = known_producers_new(options->store);
	api->figures = figures_new();
	api->judged = judge_watch(options->store);
	api->failures = failures_new(options->store, options->audit);
	api->waiting = waiting_new(options->store, options->env);
	outbox_hook(options->outbox, waiting_wake, api->waiting);
	countersign_on(options->countersign, COUNTERSIGN_APPROVAL, signal_told, api);
	countersign_hear(options->countersign, COUNTERSIGN_APPROVAL, &signal_ears, api);
	return api;
}

const char *trade_link(const struct trade_api *api, struct arena *arena, const char *path, const char *token)
{
	return arena_printf(arena, "%s%s%s", api->serving.address != NULL ? api->serving.address : "", path, token);
}

void trade_api_serve(struct trade_api *api, const struct trade_serving *serving)
{
	api->serving = *serving;
	if (serving->mail != NULL || serving->post != NULL)
		api->notices = notices_start(api);
}

void trade_api_stop(struct trade_api *api)
{
	if (api == NULL)
		return;
	waiting_stop(api->waiting);
	kept_charts_stop(api->kept_charts);
	notices_stop(api->notices);
	api->notices = NULL;
}

void trade_api_close(struct trade_api *api)
{
	if (api == NULL)
		return;
	trade_api_stop(api);
	waiting_free(api->waiting);
	known_producers_free(api->producers);
	chart_cache_free(api->charts);
	kept_charts_free(api->kept_charts);
	figures_free(api->figures);
	failures_free(api->failures);
	free(api);
}

bool trade_due(struct trade_api *api, bool *due, struct err *err)
{
	struct db *db = store_read(api->options.store);
	int64_t now_us = env_wall_us(api->options.env);
	bool read = signal_any_due(db, now_us, due, err) && (*due || closing_any_due(db, now_us, due, err)) &&
				(*due || leases_any_due(db, now_us, due, err)) && (*due || guards_any_due(db, now_us, due, err)) &&
				(*due || notices_any_due(api, db, now_us, due, err)) &&
				(*due || replays_any_due(db, now_us, due, err)) && (*due || kept_charts_any_due(db, now_us, due, err));
	store_read_end(api->options.store, db);
	*due = read && *due;
	failures_write_due(api->failures, now_us);
	return read;
}

bool trade_work(struct db *db, void *self, struct err *err)
{
	enum { AT_ONCE = 100 /* of one transaction, so that no other write waits long */ };
	struct trade_api *api = self;
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	const struct leasing l = {api, db, &arena, &the_system, env_wall_us(api->options.env)};
	const struct closing c = {api, db, &arena, &the_system, l.now_us, NULL};
	bool done = leases_doubt_due(&l, AT_ONCE, err) && signal_expire_due(api, db, AT_ONCE, err) &&
				closing_work(api, db, AT_ONCE, err) && guards_fire_due(&c, err) && notices_work(&c, err) &&
				replays_sweep(db, l.now_us, err) && kept_charts_sweep(api->kept_charts, db, l.now_us, &arena, err);
	arena_fini(&arena);
	return done;
}

void trade_add_metrics(struct metrics *metrics, struct trade_api *api)
{
	if (api != NULL)
		figures_add(metrics, api);
}

void trade_add_routes(struct router *router, struct trade_api *api)
{
	router_add(router, producers_routes, producers_routes_count, api);
	router_add(router, ingest_routes, ingest_routes_count, api);
	router_add(router, hook_routes, hook_routes_count, api);
	router_add(router, signals_routes, signals_routes_count, api);
	router_add(router, approvals_routes, approvals_routes_count, api);
	router_add(router, approval_reads_routes, approval_reads_routes_count, api);
	router_add(router, trading_routes, trading_routes_count, api);
	router_add(router, desk_routes, desk_routes_count, api);
	router_add(router, devices_routes, devices_routes_count, api);
	router_add(router, client_routes, client_routes_count, api);
	router_add(router, snapshot_routes, snapshot_routes_count, api);
	router_add(router, accounts_routes, accounts_routes_count, api);
	router_add(router, paper_routes, paper_routes_count, api);
	router_add(router, positions_routes, positions_routes_count, api);
	router_add(router, charts_routes, charts_routes_count, api);
	router_add(router, analytics_routes, analytics_routes_count, api);
	router_add(router, exports_routes, exports_routes_count, api);
	router_add(router, strategies_routes, strategies_routes_count, api);
	router_add(router, notices_routes, notices_routes_count, api);
	router_add(router, public_routes, public_routes_count, api);
	router_add(router, signal_chart_routes, signal_chart_routes_count, api);
}
