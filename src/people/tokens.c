#include "people/tokens.h"

#include "core/arena.h"
#include "store/store.h"

static const char *const purposes[] = {"verify", "reset", "invite", "change", "mfa"};

bool token_insert(struct db *db, enum token_purpose purpose, const char *hash, const struct token *token,
				  int64_t now_us, int64_t expires_us, struct err *err)
{
	return db_run(db, err, "DELETE FROM single_use_tokens WHERE (user_id = $1 AND purpose = $2) OR expires_at <= $3",
				  V_TEXT(token->user_id), V_TEXT(purposes[purpose]), V_INT(now_us)) &&
		   db_run(db, err,
				  "INSERT INTO single_use_tokens (token_hash, user_id, purpose, email_norm, detail, created_at, "
				  "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				  V_TEXT(hash), V_TEXT(token->user_id), V_TEXT(purposes[purpose]), V_TEXT(token->email_norm),
				  V_TEXT(token->detail), V_INT(now_us), V_INT(expires_us));
}

struct taking {
	struct arena *arena;
	struct token *token;
};

static void take_token(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->token = (struct token){
		.user_id = db_text_dup(row, 0, to->arena),
		.email_norm = db_text_dup(row, 1, to->arena),
		.detail = db_text_dup(row, 2, to->arena),
		.failures = db_int(row, 3),
	};
}

bool token_find(struct db *db, enum token_purpose purpose, const char *hash, int64_t now_us, struct arena *arena,
				struct token *token, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .token = token};
	return db_one(
		db, err, found, take_token, &to,
		"SELECT user_id, email_norm, detail, failures FROM single_use_tokens WHERE token_hash = $1 AND purpose "
		"= $2 AND expires_at > $3",
		V_TEXT(hash), V_TEXT(purposes[purpose]), V_INT(now_us));
}

bool token_drop(struct db *db, const char *hash, struct err *err)
{
	return db_run(db, err, "DELETE FROM single_use_tokens WHERE token_hash = $1", V_TEXT(hash));
}

bool token_count_failure(struct db *db, const char *hash, struct err *err)
{
	return db_run(db, err, "UPDATE single_use_tokens SET failures = failures + 1 WHERE token_hash = $1", V_TEXT(hash));
}

bool token_drop_all(struct db *db, const char *user_id, struct err *err)
{
	return db_run(db, err, "DELETE FROM single_use_tokens WHERE user_id = $1", V_TEXT(user_id));
}
