#include "people/users.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "people/roles.h"
#include "store/store.h"

const char *const user_status_names[] = {"pending", "active", "inactive", "suspended", NULL};

/* Where the address begins, and its bytes without blanks around it. */
static const char *trimmed(const char *email, size_t *size)
{
	while (isspace((unsigned char)*email))
		email++;
	*size = strlen(email);
	while (*size > 0 && isspace((unsigned char)email[*size - 1]))
		--*size;
	return email;
}

const char *email_trim(struct arena *arena, const char *email)
{
	size_t size;
	if (email == NULL)
		return NULL;
	email = trimmed(email, &size);
	return arena_dupn(arena, email, size);
}

bool email_normalise(const char *email, char norm[EMAIL_MAX + 1])
{
	size_t size;
	email = trimmed(email, &size);
	if (size == 0 || size > EMAIL_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		norm[i] = (char)(email[i] >= 'A' && email[i] <= 'Z' ? email[i] + 32 : email[i]);
	norm[size] = '\0';
	const char *at = strchr(norm, '@');
	return at != NULL && at != norm && at[1] != '\0' && strchr(at + 1, '@') == NULL && strpbrk(norm, " \t\r\n") == NULL;
}

static int status_named(const char *name)
{
	for (int i = 0; user_status_names[i] != NULL; i++)
		if (strcmp(user_status_names[i], name) == 0)
			return i;
	must(false); /* the column's CHECK allows no other */
	return 0;
}

bool account_insert(struct db *db, const char *account_id, const char *name, int64_t now_us, struct err *err)
{
	return db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, $2, $3)",
				  V_TEXT(account_id), V_TEXT(name), V_INT(now_us));
}

static void take_id(const struct db_rows *row, void *self)
{
	snprintf(self, ID_TEXT, "%s", db_text(row, 0));
}

bool account_find_named(struct db *db, const char *name, char account_id[ID_TEXT], bool *found, struct err *err)
{
	return db_one(db, err, found, take_id, account_id,
				  "SELECT account_id FROM accounts WHERE name = $1 ORDER BY account_id LIMIT 1", V_TEXT(name));
}

static bool address_taken(struct err *err)
{
	if (err != NULL && err->kind == ERR_DUPLICATE)
		return err_field(err, ERR_EMAIL_TAKEN, "/email", "This e-mail address is taken.");
	return false;
}

bool user_insert(struct db *db, const struct user *user, struct err *err)
{
	char roles[ROLES_TEXT];
	if (db_run(
			db, err,
			"INSERT INTO users (user_id, account_id, email, email_norm, full_name, password_hash, roles, status, "
			"email_verified, erasure_key, licence, must_change_password, version, created_at, updated_at) VALUES ($1, "
			"$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $13)",
			V_TEXT(user->user_id), V_TEXT(user->account_id), V_TEXT(user->email), V_TEXT(user->email_norm),
			V_TEXT(user->full_name), V_TEXT(user->password_hash), V_TEXT(roles_format(user->roles, roles)),
			V_TEXT(user_status_names[user->status]), V_INT(user->email_verified),
			V_BLOB(user->erasure_key, sizeof user->erasure_key), V_TEXT(user->licence),
			V_INT(user->must_change_password), V_INT(user->created_us)))
		return true;
	return address_taken(err);
}

struct taking {
	struct arena *arena;
	struct user *user;
};

#define USER_COLUMNS \
	"user_id, account_id, email, email_norm, full_name, password_hash, roles, status, email_verified, erasure_key, " \
	"last_login_at, created_at, version, licence, must_change_password, totp_secret, totp_last_step, " \
	"totp_enabled_at, " \
	"updated_at"

static void take_key(const struct db_rows *row, int column, unsigned char key[AUDIT_KEY])
{
	size_t size;
	const void *bytes = db_blob(row, column, &size);
	must(size == AUDIT_KEY);
	memcpy(key, bytes, AUDIT_KEY);
}

static void take_seed(const struct db_rows *row, int column, struct taking *to)
{
	size_t size = 0;
	const void *bytes = db_is_null(row, column) ? NULL : db_blob(row, column, &size);
	unsigned char *copy = bytes != NULL ? arena_alloc(to->arena, size) : NULL;
	if (copy == NULL)
		return;
	memcpy(copy, bytes, size);
	to->user->totp_secret = copy;
	to->user->totp_secret_size = size;
}

static void take_user(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->user = (struct user){
		.user_id = db_text_dup(row, 0, to->arena),
		.account_id = db_text_dup(row, 1, to->arena),
		.email = db_text_dup(row, 2, to->arena),
		.email_norm = db_text_dup(row, 3, to->arena),
		.full_name = db_text_dup(row, 4, to->arena),
		.password_hash = db_text_dup(row, 5, to->arena),
		.roles = roles_parse(db_text(row, 6)),
		.status = status_named(db_text(row, 7)),
		.email_verified = db_int(row, 8) != 0,
		.last_login_us = db_int(row, 10),
		.created_us = db_int(row, 11),
		.version = db_int(row, 12),
		.licence = db_text_dup(row, 13, to->arena),
		.must_change_password = db_int(row, 14) != 0,
		.totp_last_step = db_int(row, 16),
		.totp_enabled = !db_is_null(row, 17),
		.updated_us = db_int(row, 18),
	};
	take_key(row, 9, to->user->erasure_key);
	take_seed(row, 15, to);
}

bool user_by_email(struct db *db, const char *email_norm, struct arena *arena, struct user *user, bool *found,
				   struct err *err)
{
	struct taking to = {.arena = arena, .user = user};
	return db_one(db, err, found, take_user, &to, "SELECT " USER_COLUMNS " FROM users WHERE email_norm = $1",
				  V_TEXT(email_norm));
}

bool user_by_id(struct db *db, const char *user_id, struct arena *arena, struct user *user, bool *found,
				struct err *err)
{
	struct taking to = {.arena = arena, .user = user};
	return db_one(db, err, found, take_user, &to, "SELECT " USER_COLUMNS " FROM users WHERE user_id = $1",
				  V_TEXT(user_id));
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool user_logged_in(struct db *db, const char *user_id, int64_t now_us, struct err *err)
{
	return db_run(db, err, "UPDATE users SET last_login_at = $2 WHERE user_id = $1", V_TEXT(user_id), V_INT(now_us));
}

bool user_update(struct db *db, const struct user *user, int64_t now_us, struct err *err)
{
	char roles[ROLES_TEXT];
	return db_run(
			   db, err,
			   "UPDATE users SET email = $2, email_norm = $3, full_name = $4, licence = $5, roles = $6, status = $7, "
			   "email_verified = $8, must_change_password = $9, version = version + 1, updated_at = $10 WHERE "
			   "user_id = $1",
			   V_TEXT(user->user_id), V_TEXT(user->email), V_TEXT(user->email_norm), V_TEXT(user->full_name),
			   V_TEXT(user->licence), V_TEXT(roles_format(user->roles, roles)), V_TEXT(user_status_names[user->status]),
			   V_INT(user->email_verified), V_INT(user->must_change_password), V_INT(now_us)) ||
		   address_taken(err);
}

bool user_set_password(struct db *db, const char *user_id, const char *password_hash, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE users SET password_hash = $2, must_change_password = 0, version = version + 1, updated_at = "
				  "$3 WHERE user_id = $1",
				  V_TEXT(user_id), V_TEXT(password_hash), V_INT(now_us));
}

bool user_count_role(struct db *db, const char *account_id, unsigned role, int64_t *count, struct err *err)
{
	char name[ROLES_TEXT], pattern[ROLES_TEXT + 4];
	snprintf(pattern, sizeof pattern, "%%,%s,%%", roles_format(role, name));
	return db_one(db, err, NULL, take_int, count,
				  "SELECT COUNT(*) FROM users WHERE status = 'active' AND ',' || roles || ',' LIKE $1 AND account_id = "
				  "COALESCE($2, account_id)",
				  V_TEXT(pattern), V_TEXT(account_id));
}

bool user_list(struct db *db, const char *account_id, const char *after, int64_t limit, struct arena *arena,
			   void (*take)(void *self, const struct user *user), void *self, struct err *err)
{
	struct db_rows rows;
	struct user user;
	struct taking to = {.arena = arena, .user = &user};
	if (!db_query(db, &rows, err,
				  "SELECT " USER_COLUMNS " FROM users WHERE account_id = COALESCE($1, account_id) AND user_id > $2 "
				  "ORDER BY user_id LIMIT $3",
				  V_TEXT(account_id), V_TEXT(after), V_INT(limit)))
		return false;
	while (db_next(&rows)) {
		take_user(&rows, &to);
		take(self, &user);
	}
	return db_end(&rows, err);
}
