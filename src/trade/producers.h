/*
 * Producers in the store: strategy engines and the secrets they sign with.  Every function that reads or writes a
 * tenant's row takes the account; a producer's own request names none, so producer_by_id finds it by its id alone.
 */
#ifndef CS_TRADE_PRODUCERS_H
#define CS_TRADE_PRODUCERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/digest.h"

struct arena;
struct db;
struct env;
struct err;

enum producer_kind { PRODUCER_HMAC, PRODUCER_WEBHOOK, PRODUCER_URL_TOKEN };
extern const char *const producer_kind_names[];

/* A row; texts and bytes are the arena's. */
struct producer {
	const char *producer_id, *account_id, *owner_id, *name;
	int kind;
	const char *instruments, *ip_allow; /* JSON arrays of text, or NULL */
	const void *secret, *old_secret;    /* sealed, a token's SHA-256; old_secret NULL: none */
	size_t secret_size, old_secret_size;
	int64_t old_until_us, old_uses;
	bool enabled;
	int64_t created_us, updated_us;
};

bool producer_insert(struct db *db, const struct producer *producer, struct err *err);

/* Deleted ones are not found by either. */
bool producer_by_id(struct db *db, const char *producer_id, struct arena *arena, struct producer *producer, bool *found,
					struct err *err);
bool producer_find(struct db *db, const char *account_id, const char *producer_id, struct arena *arena,
				   struct producer *producer, bool *found, struct err *err);

/* One of kind url_token that is enabled, by the SHA-256 of its token: the one in force, or the one before it while its
 * overlap lasts (*old). */
bool producer_by_token(struct db *db, const unsigned char sha256[SHA256_SIZE], int64_t now_us, struct arena *arena,
					   struct producer *producer, bool *found, bool *old, struct err *err);

/* A copy whose texts and bytes are this arena's; false: there was no room for it. */
bool producer_copy(const struct producer *from, struct arena *arena, struct producer *producer);

/* The account's producers, newest first. */
bool producer_list(struct db *db, const char *account_id, const char *before_id, int64_t limit, struct arena *arena,
				   struct producer **producers, size_t *count, struct err *err);

/* Write name, instruments, ip_allow, enabled, both secrets and times. */
bool producer_update(struct db *db, const struct producer *producer, struct err *err);
bool producer_delete(struct db *db, const char *account_id, const char *producer_id, int64_t now_us, struct err *err);

/* One more use of the old secret during its overlap. */
bool producer_count_old_use(struct db *db, const char *producer_id, struct err *err);

/* A secret of SECRET_LENGTH characters sealed for the row, and back. */
const void *producer_seal_secret(const struct env *env, const unsigned char *key, const char *producer_id,
								 const char *secret, struct arena *arena, size_t *size);
bool producer_open_secret(const unsigned char *key, const char *producer_id, const void *sealed, size_t size,
						  char secret[64], size_t *secret_size);

/* Who owns what the command line makes: the account's first user.  "" when there is none. */
bool producer_first_user(struct db *db, const char *account_id, char user_id[40], struct err *err);

#endif
