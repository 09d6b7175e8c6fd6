/*
 * Deliveries in the store: an approved signal on its way to one terminal, once [trade.md 4.3].
 *
 *     ready -> leased -> placed | failed        leased -> doubt: the lease ended unacknowledged
 *     doubt -> placed: a later snapshot shows its magic        doubt -> ready: it does not, by the same device
 *     ready -> withdrawn: cancelled, expired, revoked, or risk refused it at the last moment
 *
 * Each move is one statement that names the state (and the fence) it starts from.  Private to src/trade.
 */
#ifndef CS_TRADE_DELIVERIES_H
#define CS_TRADE_DELIVERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct env;
struct err;
struct id_maker;

enum delivery_state {
	DELIVERY_READY,
	DELIVERY_LEASED,
	DELIVERY_DOUBT,
	DELIVERY_PLACED,
	DELIVERY_FAILED,
	DELIVERY_WITHDRAWN
};
extern const char *const delivery_state_names[]; /* ends with NULL */

enum { LEASE_S = 30, DELIVERY_ATTEMPTS = 3, COMMENT_TEXT = 27 };

/* A row; texts are the arena's. */
struct delivery {
	const char *delivery_id, *account_id, *signal_id, *trading_account_id, *approval_id, *effect_key;
	int state;
	double lots;
	int64_t magic;
	const char *comment;   /* CS and 24 hex digits of the id */
	const char *device_id; /* that has or had the lease; NULL: none */
	int64_t fence, attempts, lease_until_us, placed_us, created_us, updated_us;
};

/* Fill in id, magic and comment. */
bool delivery_name(struct delivery *delivery, const struct env *env, struct id_maker *ids, struct arena *arena);
bool delivery_insert(struct db *db, const struct delivery *delivery, struct err *err);

bool delivery_find(struct db *db, const char *account_id, const char *delivery_id, struct arena *arena,
				   struct delivery *delivery, bool *found, struct err *err);
bool delivery_of_signal(struct db *db, const char *signal_id, struct arena *arena, struct delivery *delivery,
						bool *found, struct err *err);
bool delivery_of_approval(struct db *db, const char *account_id, const char *approval_id, struct arena *arena,
						  struct delivery *delivery, bool *found, struct err *err);

/* An account's in one state, the oldest first. */
bool delivery_list(struct db *db, const char *trading_account_id, enum delivery_state state, int64_t limit,
				   struct arena *arena, struct delivery **deliveries, size_t *count, struct err *err);

/* Write state, device, attempts, lease and times, and raise the fence; only from the state and fence that were read. */
bool delivery_move(struct db *db, struct delivery *delivery, enum delivery_state to, int64_t now_us, bool *moved,
				   struct err *err);

#endif
