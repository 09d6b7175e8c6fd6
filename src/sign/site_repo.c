#include "sign/site_repo.h"

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

struct taking {
	struct arena *arena;
	struct site_entry *entry;
};

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	to->entry->answer = db_text_dup(row, 0, to->arena);
	to->entry->provider = db_text_dup(row, 1, to->arena);
	to->entry->at_us = db_int(row, 2);
	to->entry->expires_us = db_int(row, 3);
}

bool site_entry_find(struct db *db, const char *account_id, const char *kind, const char *key, int64_t now_us,
					 struct arena *arena, struct site_entry *entry, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .entry = entry};
	*entry = (struct site_entry){.account_id = account_id, .kind = kind, .key = key};
	return db_one(db, err, found, take, &to,
				  "SELECT answer, provider, at, expires_at FROM site_cache WHERE account_id = $1 AND kind = $2 "
				  "AND key = $3 AND expires_at > $4",
				  V_TEXT(account_id), V_TEXT(kind), V_TEXT(key), V_INT(now_us));
}

bool site_entry_put(struct db *db, const struct site_entry *entry, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO site_cache (account_id, kind, key, answer, provider, at, expires_at) VALUES ($1, $2, "
				  "$3, $4, $5, $6, $7) ON CONFLICT (account_id, kind, key) DO UPDATE SET answer = $4, provider = $5, "
				  "at = $6, expires_at = $7",
				  V_TEXT(entry->account_id), V_TEXT(entry->kind), V_TEXT(entry->key), V_TEXT(entry->answer),
				  V_TEXT(entry->provider), V_INT(entry->at_us), V_INT(entry->expires_us));
}
