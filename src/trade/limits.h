/*
 * What a tenant set for trading, in the store: the risk profile by version, who has stopped what, who may approve, a
 * fixed size, news windows.  Runs on a connection of the caller.  Private to src/trade.
 */
#ifndef CS_TRADE_LIMITS_H
#define CS_TRADE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/domain/risk.h"

struct arena;
struct db;
struct err;
struct field_table;
struct instrument;

/* The profile in force; version 0 and the defaults when none was set.  Texts are the arena's. */
struct profile_row {
	int64_t version;
	struct risk_profile profile;
	const char *created_by;
	int64_t created_us;
};
bool profile_current(struct db *db, const char *account_id, struct arena *arena, struct profile_row *row,
					 struct err *err);

/* The same, and no looser than the platform's own; `platform` NULL: there is none.  *tighter: it limits more; or NULL.
 */
bool profile_in_force(struct db *db, const char *account_id, const struct risk_profile *platform, struct arena *arena,
					  struct profile_row *row, bool *tighter, struct err *err);

bool profile_add(struct db *db, const char *account_id, const struct profile_row *row, struct arena *arena,
				 struct err *err);

/* --- who has stopped what --- */

enum trading_scope { SCOPE_GLOBAL, SCOPE_USER, SCOPE_ACCOUNT };
extern const char *const trading_scope_names[]; /* ends with NULL */

struct trading_state_row {
	int scope;            /* enum trading_scope */
	const char *scope_id; /* "" for global */
	int state;            /* enum trading_state */
	bool guarded;         /* a critical guard did it: only a risk_owner resumes */
	const char *reason, *changed_by;
	int64_t changed_us;
	bool closes; /* a kill that closes positions; also those filled after it, until it is revived */
};
bool trading_state_get(struct db *db, const char *account_id, int scope, const char *scope_id, struct arena *arena,
					   struct trading_state_row *row, struct err *err); /* without a row: ACTIVE */
bool trading_state_put(struct db *db, const char *account_id, const struct trading_state_row *row, struct err *err);
bool trading_state_list(struct db *db, const char *account_id, struct arena *arena, struct trading_state_row **rows,
						size_t *count, struct err *err);

/* The most restrictive of global, user and account (NULL: there is none). */
bool trading_state_of(struct db *db, const char *account_id, const char *user_id, const char *trading_account_id,
					  int *state, struct err *err);

/* Is one of them halted by a kill that closes positions? */
bool trading_state_closes(struct db *db, const char *account_id, const char *user_id, const char *trading_account_id,
						  bool *closes, struct err *err);

/* --- settings --- */

struct trade_settings {
	const char *approvers; /* JSON list of user ids; NULL: everybody with trade.approve */
	double position_size;  /* lots for signals that name none; NaN: sized by risk */
	const char *guards;    /* JSON; NULL: as shipped */
	int64_t row_version;
};
bool settings_get(struct db *db, const char *account_id, struct arena *arena, struct trade_settings *settings,
				  struct err *err);
bool settings_put(struct db *db, const char *account_id, const struct trade_settings *settings, struct err *err);

/* What the account's guards go by [trade.md 6]. */
struct guard_config {
	double min_equity, warn_pct, close_pct;
};
extern const struct field_table guard_config_table;
struct guard_config guard_config_of(struct arena *arena, const char *json); /* NULL: as shipped */

/* Is the user in a JSON list of ids?  NULL list: everybody is. */
bool listed(struct arena *arena, const char *list, const char *user_id);

/* --- consents --- */

enum { CONSENT_SHIPPED = 1 };
bool consent_current(struct db *db, const char *account_id, int64_t *version, struct err *err);

/* --- news windows --- */

struct news_row {
	const char *window_id;
	int64_t from_us, to_us;
	const char *instruments, *currencies; /* JSON lists */
	const char *title;
	int64_t created_us;
};
bool news_add(struct db *db, const char *account_id, const struct news_row *row, struct err *err);
bool news_delete(struct db *db, const char *account_id, const char *window_id, bool *deleted, struct err *err);
bool news_list(struct db *db, const char *account_id, int64_t ends_after_us, struct arena *arena,
			   struct news_row **rows, size_t *count, struct err *err);

/* RISK_OFF without any window ahead, RISK_FAIL inside one of the instrument's, else RISK_PASS. */
bool news_status(struct db *db, const char *account_id, const struct instrument *instrument, int64_t now_us,
				 struct arena *arena, enum risk_status *status, struct err *err);

#endif
