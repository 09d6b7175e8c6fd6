/*
 * What becomes of a signal after it was taken in: waiting for a decision, approved, delivered, over [trade.md 2.3, 3].
 *
 * A pending signal has a countersignature request (seal/countersign.h), opened in the op that stores it; the request
 * tells what became of it, in the transaction that decides, and the signal moves along.  Every move writes the signal's
 * timeline and the outbox; the audit row is the caller's where a person acts, and written here where time does.
 * Private to src/trade.  Threads: everything runs in an op.
 */
#ifndef CS_TRADE_SIGNAL_LIFE_H
#define CS_TRADE_SIGNAL_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/audit.h"
#include "seal/countersign.h"
#include "trade/judge.h"
#include "trade/signals.h"

struct trade_api;

#define SUBJECT_SIGNAL "signal"
#define SUBJECT_EXTENSION "approval_extension" /* about a signal too: its approvals stand longer */

extern const struct audit_event the_system; /* the actor where time acts */

/* Put a judgement into the row: risk, profile, account, size. */
void signal_take_judgement(struct signal_row *row, const struct judgement *judgement);

/*
 * The same in an op; with one that accepts, open the request too.  The row is
 * not written: signal_insert or signal_settle does.
 */
bool signal_judged(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
				   const struct judgement *judgement, const struct audit_event *who, int64_t now_us, struct err *err);

/*
 * Move along an edge of the table (must), with timeline and outbox.  ERR_CONFLICT: the row is in another status by now,
 * which nobody but a bug can bring about, for all moves are in ops.
 */
bool signal_go(struct trade_api *api, struct db *db, struct signal_row *row, enum signal_status to, const char *actor,
			   const char *detail, int64_t now_us, struct err *err);

/* Timeline and outbox of what is no move: "signal.created", "approval.created". */
bool signal_note(struct trade_api *api, struct db *db, const struct signal_row *row, const char *event,
				 const char *actor, const char *detail, int64_t now_us, struct err *err);

/* End a signal that was never leased: pending, blocked or approved -> cancelled.  ERR_TRANSITION_REFUSED. */
bool signal_cancel(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
				   const struct audit_event *who, const char *reason, int64_t now_us, struct err *err);

/* For countersign_on: what became of a request of kind `approval`; self is the trade_api. */
bool signal_told(void *self, struct db *db, const struct countersign_request *request, struct err *err);

/* For countersign_hear, likewise: each decision is in the timeline, in the audit and counted, by whatever door it came.
 */
extern const struct countersign_ears signal_ears;

/* Blocked and approved signals whose time is up, at most `limit`; pending ones end with their request. */
bool signal_any_due(struct db *db, int64_t now_us, bool *due, struct err *err);
bool signal_expire_due(struct trade_api *api, struct db *db, int64_t limit, struct err *err);

/* The moment at which the approvals of a signal no longer stand: the earliest of its approvers' latest. */
bool signal_approved_until(struct db *db, const struct signal_row *row, int64_t valid_s, int64_t *until_us,
						   struct err *err);

#endif
