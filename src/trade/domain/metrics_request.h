/*
 * The body of trade.metrics: its struct, its table, and the checks that need more than one member.
 */
#ifndef CS_TRADE_DOMAIN_METRICS_REQUEST_H
#define CS_TRADE_DOMAIN_METRICS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/domain/performance.h"

struct calc;
struct field_table;
struct json;

struct metrics_trade {
	double profit, ret, r_multiple;
	const char *entry_time, *exit_time, *instrument;
	int side;
	double entry_price, exit_price, stop_loss, volume;
};

struct metrics_request {
	struct number_list returns, equity, benchmark;
	struct {
		size_t count;
		const char **items;
	} times;
	double periods_per_year, days_per_year;
	const struct json *risk_free;
	double risk_free_annual, mar, mar_annual, var_cutoff;
	int64_t rolling_window, drawdowns;
	bool series;
	struct {
		size_t count;
		int *items;
	} buckets;
	const char *timezone;
	double start_balance;
	struct {
		size_t count;
		struct metrics_trade *items;
	} trades;
};

extern const struct field_table metrics_request_table;

/* Is every list within its cap?  False: ERR_BODY_TOO_LARGE names it. */
bool metrics_request_fits(struct calc *calc, const struct metrics_request *request);

/* `risk_free`: a number into *all, or a list into *each.  False: arena full. */
bool metrics_request_rates(struct calc *calc, const struct json *json, double *all, struct number_list *each);

/* The trades in order of exit.  NULL: arena full; faults are the calculation's. */
struct trade_row *metrics_request_trades(struct calc *calc, const struct metrics_request *request);

#endif
