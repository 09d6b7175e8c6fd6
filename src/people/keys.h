/*
 * API keys in the store [P-4.8]: a person's, with a set of permissions, known by the SHA-256 of its text.  Runs on a
 * connection of the caller: a reader, or the writer's inside an op.
 */
#ifndef CS_PEOPLE_KEYS_H
#define CS_PEOPLE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypt/digest.h"
#include "people/principal.h"

struct arena;
struct db;
struct env;
struct err;
struct people;

enum { KEYS_MAX = 100 /* live ones of a person */ };

/* A row; texts are the arena's. */
struct api_key {
	const char *key_id, *account_id, *user_id, *name, *prefix;
	uint64_t scopes;                              /* roles.h */
	int64_t created_us, expires_us, last_used_us; /* last_used_us 0: never */
};

/* A new key's text: csk_ PREFIX _ SECRET; `prefix` is the eight characters by which people know it. */
enum { KEY_TEXT = 4 + 8 + 1 + 43 + 1, KEY_PREFIX_TEXT = 8 + 1 };
void key_make(const struct env *env, char text[KEY_TEXT], char prefix[KEY_PREFIX_TEXT]);

bool key_insert(struct db *db, const struct api_key *key, const char *hash, struct err *err);

/* Live keys of one person, or with user_id NULL of an account, after a key_id ("" from the start). */
struct key_filter {
	const char *account_id, *user_id, *after;
	int64_t now_us, limit;
};
bool key_list(struct db *db, const struct key_filter *filter, struct arena *arena,
			  void (*take)(void *self, const struct api_key *key), void *self, struct err *err);

/* One live key by its id. */
bool key_find(struct db *db, const char *key_id, int64_t now_us, struct arena *arena, struct api_key *key, bool *found,
			  struct err *err);

bool key_count(struct db *db, const char *user_id, int64_t now_us, int64_t *count, struct err *err);
bool key_revoke(struct db *db, const char *key_id, int64_t now_us, struct err *err);

/*
 * Who a key's text stands for at this moment: its maker, as active and with the roles that they have now.
 * ERR_TOKEN_INVALID: unknown or revoked, or its maker is not active; ERR_TOKEN_EXPIRED.  Notes the use, to the minute,
 * in a write of its own.  Thread: any.  Cost: one read, about 20 us.
 */
bool key_check(struct people *people, const char *text, struct principal *principal, struct err *err);

/* The same for a key that was checked before, by its id; notes no use. */
bool key_again(struct people *people, const char *key_id, struct principal *principal, struct err *err);

#endif
