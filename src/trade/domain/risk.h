/*
 * The checks that every order passes [trade.md 7]: all evaluated always, in a fixed order; fail or unknown refuses.
 *
 * What is not known (NaN, NULL) makes the checks that need it unknown: fail closed.  An order that only reduces is
 * tested on trading state, instrument and size only.  Pure; no texts are parsed here.
 */
#ifndef CS_TRADE_DOMAIN_RISK_H
#define CS_TRADE_DOMAIN_RISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/domain/risk_profile.h"

struct arena;
struct instrument;
struct instruments;
struct json;

enum trading_state { STATE_ACTIVE, STATE_REDUCING, STATE_HALTED };
enum trade_side { SIDE_BUY, SIDE_SELL };
enum risk_status { RISK_PASS, RISK_FAIL, RISK_UNKNOWN, RISK_OFF };

extern const char *const trading_state_names[], *const trade_side_names[], *const risk_status_names[];

/* Prices in the instrument's currency, volumes in lots; rate: one unit of that currency in the account's. */
struct risk_order {
	const char *instrument; /* as named by whoever asks; alias allowed */
	int side;
	double price, volume, stop_loss, take_profit, rate;
	bool reduce_only;
};

struct risk_account {
	double balance, equity, free_margin, peak_equity, day_start_equity, daily_profit, leverage, age_seconds;
};

struct risk_position {
	const char *instrument;
	int side;
	double volume, price, rate;
};

struct risk_recent {
	const char *instrument;
	int side;
	double volume, price, age_seconds;
};

struct risk_quote {
	double bid, ask, age_seconds;
};

struct risk_request {
	struct risk_order order;
	struct risk_account *account; /* NULL: unknown, and so below */
	struct {
		size_t count;
		struct risk_position *items;
	} positions;
	struct {
		size_t count;
		struct risk_recent *items;
	} recent_orders;
	struct risk_quote *quote;
	struct risk_profile profile;
	double min_equity; /* money */
	int state;         /* enum trading_state; -1: unknown */
	/* found by the caller: whether the session is open now and a news window refuses entries */
	enum risk_status market, news;
};

enum { RISK_CHECKS = 21 };

struct risk_finding {
	const char *name;
	int status;
	const struct json *observed, *limit; /* numbers or texts; NULL: none */
	const char *message;
};

struct risk_decision {
	bool accept;
	struct risk_finding checks[RISK_CHECKS];
	double notional, loss_at_stop, margin_required; /* NaN: unknown */
};

/* Judge; findings' texts and values are the arena's.  False: it is full. */
bool risk_check(struct arena *arena, const struct instruments *instruments, const struct risk_request *request,
				struct risk_decision *decision);

#endif
