/*
 * Single-use tokens: what a mail carries, or a login that waits for its second factor.  32 random bytes, of which the
 * store keeps the SHA-256; bound to purpose, person and the address of that moment; a newer one of the same purpose
 * voids the older.  On a connection of the caller.
 */
#ifndef CS_PEOPLE_TOKENS_H
#define CS_PEOPLE_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum token_purpose { TOKEN_VERIFY, TOKEN_RESET, TOKEN_INVITE, TOKEN_CHANGE, TOKEN_MFA };

struct token {
	const char *user_id, *email_norm;
	const char *detail; /* TOKEN_CHANGE: the new address; TOKEN_MFA: the device's name; may be NULL */
	int64_t failures;
};

/* Store one by its hash. */
bool token_insert(struct db *db, enum token_purpose purpose, const char *hash, const struct token *token,
				  int64_t now_us, int64_t expires_us, struct err *err);

/* Find a live one. */
bool token_find(struct db *db, enum token_purpose purpose, const char *hash, int64_t now_us, struct arena *arena,
				struct token *token, bool *found, struct err *err);

bool token_drop(struct db *db, const char *hash, struct err *err);
bool token_count_failure(struct db *db, const char *hash, struct err *err);

/* Void all of a person's: after a change of the password. */
bool token_drop_all(struct db *db, const char *user_id, struct err *err);

#endif
