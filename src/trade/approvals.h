/*
 * Approvals in the store: countersignatures of kind `approval` as the desk sees them, with the terms that were said
 * beside them.  Runs on a connection of the caller.  Private to src/trade.
 */
#ifndef CS_TRADE_APPROVALS_H
#define CS_TRADE_APPROVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/signals.h"

struct arena;
struct db;
struct err;

/* A row; texts are the arena's. */
struct approval {
	const char *approval_id, *request_id, *signal_id, *user_id;
	bool approved;      /* else rejected */
	const char *reason; /* NULL: none */
	int64_t consent_version;
	const char *seal_sha256, *ip, *user_agent;
	int64_t created_us, expires_us, revoked_us;
	const char *signal_status;
	bool paper; /* the signal is for an account on paper */
	int64_t needed, have;
};

/* A user's own; user_id NULL: anybody's of the tenant. */
bool approval_find(struct db *db, const char *account_id, const char *user_id, const char *approval_id,
				   struct arena *arena, struct approval *approval, bool *found, struct err *err);
bool approval_list(struct db *db, const char *account_id, const char *user_id, const char *before_id, int64_t limit,
				   struct arena *arena, struct approval **approvals, size_t *count, struct err *err);

/* How long a decision stands, and a smaller size (NaN: none); before the countersignature it belongs to. */
struct approval_terms {
	const char *request_id, *user_id;
	int64_t valid_until_us;
	double lots;
};
bool approval_terms_put(struct db *db, const struct approval_terms *terms, struct err *err);

/* Ids of signals that wait for this user, the next to expire first: they have not decided, and are not shut out by four
 * eyes. */
struct waiting {
	const char *signal_id;
	int64_t expires_us;
};
bool approval_waiting(struct db *db, const char *account_id, const char *user_id, int64_t now_us, int64_t limit,
					  struct arena *arena, struct waiting **waiting, size_t *count, struct err *err);

#endif
