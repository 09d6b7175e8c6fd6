/*
 * What providers said of places, kept for a while [sign.md 4].  Every function takes the account [P-5.3].
 */
#ifndef CS_SIGN_SITE_REPO_H
#define CS_SIGN_SITE_REPO_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct site_entry {
	const char *account_id, *kind, *key;
	const char *answer; /* JSON text; NULL: the provider knew nothing, or failed */
	const char *provider;
	int64_t at_us, expires_us;
};

/* One that has not expired. */
bool site_entry_find(struct db *db, const char *account_id, const char *kind, const char *key, int64_t now_us,
					 struct arena *arena, struct site_entry *entry, bool *found, struct err *err);

/* Store it in the place of what was there. */
bool site_entry_put(struct db *db, const struct site_entry *entry, struct err *err);

#endif
