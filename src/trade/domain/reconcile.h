/*
 * Reconciliation: which of the positions we expect are those that the broker shows, and where they differ
 * [trade.md 5].  Pure.
 *
 * Each side is used once, in this order: by ticket; by magic, then by comment; by symbol, side, volume and entry, the
 * nearest pair of all first.  What was expected under a ticket and is gone is closed, by the reason of its last
 * out-deal.
 */
#ifndef CS_TRADE_DOMAIN_RECONCILE_H
#define CS_TRADE_DOMAIN_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* What we think is open.  Texts NULL, magic 0, numbers NaN: not known. */
struct recon_expected {
	const char *id, *ticket, *comment;
	int64_t magic;
	const char *symbol; /* the broker's spelling */
	int side;           /* enum trade_side */
	double volume;      /* lots asked for */
	double price, stop_loss, take_profit, tick;
	const char *close_reason; /* of an open close command; NULL: none */
};

/* What the broker shows. */
struct recon_position {
	const char *ticket, *symbol, *comment;
	int64_t magic;
	int side;
	double volume, price, stop_loss, take_profit; /* a level of NaN is none */
};

enum recon_deal_reason { DEAL_CLIENT, DEAL_EXPERT, DEAL_SL, DEAL_TP, DEAL_SO };
extern const char *const recon_deal_reason_names[]; /* ends with NULL */

struct recon_deal {
	const char *position_ticket;
	bool out;
	double volume, price, profit, swap, commission;
	int reason; /* enum recon_deal_reason */
	int64_t time_us;
};

/* Lots in percent of what was asked, prices in ticks or percent.  As shipped: 25, 50, 0.5; 5, 10, 2. */
struct recon_tolerances {
	double match_volume_pct, match_entry_ticks, match_entry_pct;
	double slippage_ticks, volume_pct, level_ticks;
};
extern const struct recon_tolerances recon_tolerances_shipped;

enum recon_by { BY_TICKET, BY_MAGIC, BY_COMMENT, BY_NEAREST };
extern const char *const recon_by_names[]; /* ends with NULL */

enum recon_kind { DIVERGE_ENTRY, DIVERGE_VOLUME, DIVERGE_PARTIAL, DIVERGE_TP, DIVERGE_SL, DIVERGE_KINDS };
extern const char *const recon_kind_names[]; /* ends with NULL */

struct recon_match {
	size_t expected, position; /* indexes */
	enum recon_by by;
	double entry, volume; /* of all its in-deals together, weighted by volume; without any, the position's */
};

struct recon_close {
	size_t expected;
	const char *reason;   /* a close_reason of trade.md 5 */
	double price, profit; /* of all its out-deals; NaN without any */
	int64_t time_us;      /* of the last; 0 without any */
};

struct recon_divergence {
	size_t expected, position;
	enum recon_kind kind;
	double expected_value, actual; /* NaN: none */
};

struct reconciliation {
	struct recon_match *matched;
	struct recon_close *closed;
	struct recon_divergence *divergences;
	size_t *unmatched, *missing; /* positions; expected ones without a ticket that nothing fits */
	size_t matched_count, closed_count, divergences_count, unmatched_count, missing_count;
};

struct recon_input {
	const struct recon_expected *expected;
	const struct recon_position *positions;
	const struct recon_deal *deals;
	size_t expected_count, positions_count, deals_count;
	struct recon_tolerances tolerances;
};

/* Cost: expected x positions for what ticket, magic and comment leave over.  False: the arena is full. */
bool reconcile(struct arena *arena, const struct recon_input *input, struct reconciliation *result);

#endif
