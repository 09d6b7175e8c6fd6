/*
 * Devices in the store: terminals, the secrets they sign with, and the nonces they used.  A device's own request names
 * no account, so device_by_id finds it by its id alone.  Private to src/trade.
 */
#ifndef CS_TRADE_DEVICES_H
#define CS_TRADE_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum { NONCE_KEPT_S = 600, DEVICE_ONLINE_S = 300 };

/* A row; texts and bytes are the arena's. */
struct device {
	const char *device_id, *account_id, *owner_id, *name;
	const void *secret; /* sealed */
	size_t secret_size;
	const char *trading_account_id; /* NULL: none yet */
	int64_t snapshot_seq;           /* FIELD_NO_INT: none was told */
	int64_t snapshot_taken_us, polled_us, empty_polls, created_us, revoked_us;
	bool encrypt; /* bodies, by sealing.h */
};

/* ERR_DUPLICATE: the owner has a live one of that name. */
bool device_insert(struct db *db, const struct device *device, struct err *err);

/* Revoked ones too. */
bool device_by_id(struct db *db, const char *device_id, struct arena *arena, struct device *device, bool *found,
				  struct err *err);
bool device_find(struct db *db, const char *account_id, const char *device_id, struct arena *arena,
				 struct device *device, bool *found, struct err *err);
bool device_list(struct db *db, const char *account_id, const char *before_id, int64_t limit, struct arena *arena,
				 struct device **devices, size_t *count, struct err *err); /* newest first */

/* Write name, secret, account, times and counters.  ERR_DUPLICATE as above. */
bool device_update(struct db *db, const struct device *device, struct err *err);

/* Use a nonce: *fresh false when the device used it within NONCE_KEPT_S. */
bool nonce_spend(struct db *db, const char *device_id, const char *nonce, int64_t now_us, bool *fresh, struct err *err);

#endif
