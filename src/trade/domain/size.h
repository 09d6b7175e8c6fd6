/*
 * Position sizing [trade.md 7]: lots for a given risk, in exact decimals, always rounded down to the step.
 */
#ifndef CS_TRADE_DOMAIN_SIZE_H
#define CS_TRADE_DOMAIN_SIZE_H

#include <stdbool.h>
#include <stdint.h>

struct op;

/* What a lot may be. */
struct lot_rules {
	double step, min_lot, max_lot; /* lots */
};

struct lots {
	double lots, lots_exact;
	bool capped;    /* by max_lot */
	bool too_small; /* under min_lot; lots is then 0 */
};

/*
 * Method `stop`: the lots that lose risk_percent of equity between price and stop_loss.  rate: one unit of the
 * instrument's currency in the account's.  All positive; price differs from stop_loss.
 */
struct lots size_by_stop(double equity, double risk_percent, double price, double stop_loss, double contract_size,
						 double rate, struct lot_rules rules);

/* trade.size */
extern const struct op trade_size_op;

#endif
