/*
 * What operators watch of the desk [trade.md 11]: counters by a few labels and the time things took, since the start,
 * in memory.  No user, account or ticket is a label; values are names of the code and of the packs.
 *
 * What an op does is counted where it has been done; a commit that fails afterwards is counted too much by one.
 * Private to src/trade.  Thread: any.  Cost: some 100 ns.
 */
#ifndef CS_TRADE_FIGURES_H
#define CS_TRADE_FIGURES_H

#include <stdint.h>

struct figures;
struct metrics;
struct trade_api;

/* X(name, help, label, label): the counters. */
#define TRADE_COUNTERS \
	X(signals_ingested_total, "Signals taken in", "instrument", "side") \
	X(signals_refused_total, "Signals refused", "code", NULL) \
	X(signal_status_total, "Signals that came into a status", "status", NULL) \
	X(approvals_total, "Decisions of people", "decision", NULL) \
	X(approvals_lapsed_total, "Approvals that lapsed with a position open", "action", NULL) \
	X(risk_block_total, "Refusals by each rule", "rule", NULL) \
	X(guard_triggers_total, "Guards that fired", "guard", NULL) \
	X(trading_paused_total, "Times that trading was paused", NULL, NULL) \
	X(trading_resumed_total, "Times that trading was resumed", NULL, NULL) \
	X(ea_requests_total, "Requests of terminals", "endpoint", NULL) \
	X(ea_errors_total, "Requests of terminals that were refused", "endpoint", "code") \
	X(deliveries_total, "Deliveries that came into a state", "state", NULL) \
	X(mt5_snapshots_total, "Snapshots taken", NULL, NULL) \
	X(reconciliation_divergences_total, "Divergences found", "kind", NULL) \
	X(positions_closed_total, "Positions closed", "reason", NULL) \
	X(notifications_total, "Notifications tried", "channel", "result") \
	X(media_render_total, "Pictures drawn", "type", NULL) \
	X(media_cache_hits_total, "Pictures that were there", "type", NULL)

/* X(name, help): the histograms without labels, with the platform's buckets. */
#define TRADE_TIMES \
	X(signals_create_seconds, "From a signal's first byte to its answer") \
	X(ea_poll_seconds, "A terminal's poll, without what it waits") \
	X(reconciliation_seconds, "A snapshot's reconciliation and guards")

enum trade_counter {
#define X(name, ...) COUNT_##name,
	TRADE_COUNTERS
#undef X
		TRADE_COUNTERS_COUNT
};

enum trade_time {
#define X(name, ...) TIME_##name,
	TRADE_TIMES
#undef X
		TRADE_TIMES_COUNT
};

struct figures *figures_new(void);
void figures_free(struct figures *figures); /* NULL is fine */

/* One more.  Values of the counter's labels; NULL where it has none. */
void figures_count(struct figures *figures, enum trade_counter counter, const char *first, const char *second);
void figures_took(struct figures *figures, enum trade_time time, int64_t us);

/* One refusal by each of these rules, which stand in a row with ", " between. */
void figures_rules(struct figures *figures, const char *names);

/* From a signal's creation to a person's decision: buckets of 1 s to 1 h.  And a picture of that media type. */
void figures_decided(struct figures *figures, int64_t us);
void figures_drew(struct figures *figures, const char *type, int64_t us);

/* Register all with the server's metrics; the state of trading is read from the store when asked for. */
void figures_add(struct metrics *metrics, struct trade_api *api);

#endif
