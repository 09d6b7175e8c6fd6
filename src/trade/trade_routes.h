/* The route tables of src/trade; their owner is the trade_api. */
#ifndef CS_TRADE_ROUTES_H
#define CS_TRADE_ROUTES_H

#include <stddef.h>

#include "http/router.h"

extern const struct route producers_routes[], ingest_routes[], signals_routes[], approvals_routes[],
	approval_reads_routes[], trading_routes[], desk_routes[], devices_routes[], client_routes[], snapshot_routes[],
	accounts_routes[], positions_routes[], charts_routes[], analytics_routes[], hook_routes[], exports_routes[],
	signal_chart_routes[], strategies_routes[], public_routes[], notices_routes[], paper_routes[];
extern const size_t producers_routes_count, ingest_routes_count, signals_routes_count, approvals_routes_count,
	approval_reads_routes_count, trading_routes_count, desk_routes_count, devices_routes_count, client_routes_count,
	snapshot_routes_count, accounts_routes_count, positions_routes_count, charts_routes_count, analytics_routes_count,
	hook_routes_count, exports_routes_count, signal_chart_routes_count, strategies_routes_count, public_routes_count,
	notices_routes_count, paper_routes_count;

#endif
