/*
 * Guards of a trading account [trade.md 6]: drawdown, minimum equity, gaps, spreads, stale quotes.  Pure; the service
 * runs them on each snapshot.
 */
#ifndef CS_TRADE_DOMAIN_GUARDS_H
#define CS_TRADE_DOMAIN_GUARDS_H

#include <stdbool.h>
#include <stddef.h>

struct op;

enum guard_level { GUARD_NORMAL, GUARD_WARNING, GUARD_CRITICAL };
enum guard_action { GUARD_NONE, GUARD_BLOCK, GUARD_CLOSE };

/* Reasons are bits, in the order they are told. */
enum guard_reason {
	GUARD_DRAWDOWN = 1 << 0,
	GUARD_MIN_EQUITY = 1 << 1,
	GUARD_GAP = 1 << 2,
	GUARD_SPREAD = 1 << 3,
	GUARD_QUOTE = 1 << 4,
};
enum { GUARD_REASONS = 5 };
extern const char *const guard_reason_names[GUARD_REASONS]; /* by bit */

struct guard_account {
	double equity, peak_equity; /* money */
	double min_equity;          /* money */
	double warn_pct, close_pct; /* percent of the peak */
};

struct guard_account_finding {
	double drawdown_pct, peak_equity; /* NaN drawdown: equity or peak not above zero */
	enum guard_level level;
	bool close_all;
	unsigned reasons;
};

struct guard_quote {
	double bid, ask;
	double age_seconds;      /* NaN: unknown, taken as fresh in the pure operation */
	double open, prev_close; /* NaN: unknown */
};

struct guard_quote_finding {
	double gap_pct, spread_pct; /* NaN: unknown */
	enum guard_level level;
	enum guard_action action;
	unsigned reasons;
};

void guard_check_account(const struct guard_account *account, struct guard_account_finding *finding);
void guard_check_quote(const struct guard_quote *quote, struct guard_quote_finding *finding);

extern const struct op trade_guards_op;

#endif
