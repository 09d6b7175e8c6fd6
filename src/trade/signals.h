/*
 * Signals in the store, the signatures that were used, and the requests that were refused.
 */
#ifndef CS_TRADE_SIGNALS_H
#define CS_TRADE_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"
#include "trade/domain/signal.h"

struct arena;
struct db;
struct err;

enum { REPLAY_KEPT_S = 600, REPLAY_SKEW_S = 300 /* that a clock may be off */, REFUSED_KEPT_DAYS = 7 };

/* A row; texts are the arena's. */
struct signal_row {
	const char *signal_id, *account_id, *producer_id, *owner_id;
	const char *instrument, *side, *version, *external_id;
	int64_t time_us, expires_us;
	const char *content; /* RFC 8785 */
	const char *seal_sha256, *authenticity;
	int status;              /* enum signal_status */
	const char *risk;        /* JSON */
	const void *risk_packed; /* the same as the row keeps it, where that was made before; NULL: it was not */
	size_t risk_packed_size;
	int64_t approvals_needed, created_us, updated_us, row_version;
	const char *request_id;         /* what people decide; NULL: never was pending */
	const char *trading_account_id; /* that risk accepted it for; NULL: it did not yet */
	bool paper;                     /* that account is one on paper */
	const char *approval_id;        /* the countersignature that granted it */
	int64_t profile_version;        /* that judged it; 0: none was set */
	double price, lots;             /* lots NaN: unknown */
	int64_t accepted_us, approved_until_us;
	int64_t approvals_have; /* counted */
};

bool signal_insert(struct db *db, const struct signal_row *row, struct err *err);

bool signal_find(struct db *db, const char *account_id, const char *signal_id, struct arena *arena,
				 struct signal_row *row, bool *found, struct err *err);

/* What a list is narrowed by; NULL and 0: not. */
struct signal_filter {
	const char *account_id, *status, *instrument, *producer_id, *before_id;
	int64_t from_us, to_us, limit;
};
bool signal_list(struct db *db, const struct signal_filter *filter, struct arena *arena, struct signal_row **rows,
				 size_t *count, struct err *err);

/* A signal with the same external id, or the same decision [trade.md 2.2, step 12]; "" when there is none. */
bool signal_twin(struct db *db, const char *producer_id, const struct signal *signal, char signal_id[ID_TEXT],
				 struct err *err);

/* Write what judging and approval settle: risk, approvals_needed, request_id and all that follow it in the struct. */
bool signal_settle(struct db *db, const struct signal_row *row, struct err *err);

/* Move along an edge of the table; *moved false: it is in another status by now. */
bool signal_move(struct db *db, const char *signal_id, enum signal_status from, enum signal_status to, int64_t now_us,
				 bool *moved, struct err *err);

/* What happened to a signal, for its timeline. */
struct signal_event {
	const char *event_id, *event, *actor, *detail; /* detail may be NULL */
	int64_t at_us;
};
bool signal_event_add(struct db *db, const struct signal_row *row, const struct signal_event *event, struct err *err);
bool signal_event_list(struct db *db, const char *signal_id, struct arena *arena, struct signal_event **events,
					   size_t *count, struct err *err);

/* What is good once: a signature, which covers the time it says it was made at, or a webhook's id. */
struct spent {
	const char *producer_id;
	const char *sha256; /* of it; "": there is none */
	int64_t signed_us;  /* 0: a webhook's id, which may come back with another time */
};

/*
 * Spend it on a signal, NULL for a refusal; *seen: it was spent within REPLAY_KEPT_S, and nothing is written.  Then
 * replay_signal() says on which signal, "" for none.
 */
bool replay_spend(struct db *db, const struct spent *spent, int64_t now_us, const char *signal_id, bool *seen,
				  struct err *err);
bool replay_signal(struct db *db, const struct spent *spent, int64_t now_us, char signal_id[ID_TEXT], struct err *err);

/* Drop what can come back no more; is there any? */
bool replays_any_due(struct db *db, int64_t now_us, bool *due, struct err *err);
bool replays_sweep(struct db *db, int64_t now_us, struct err *err);

/* A verified request that was refused. */
struct refused_row {
	const char *refused_id, *account_id, *producer_id, *code, *detail, *errors, *signal_id;
	int64_t status, created_us;
};
bool refused_insert(struct db *db, const struct refused_row *row, struct err *err);
bool refused_list(struct db *db, const char *account_id, const char *before_id, int64_t limit, struct arena *arena,
				  struct refused_row **rows, size_t *count, struct err *err);

#endif
