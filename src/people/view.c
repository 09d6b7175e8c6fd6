#include "people/view.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "people/people.h"
#include "people/roles.h"

static const struct field me_fields[] = {
	F_STR(me, user_id),
	F_STR(me, account_id),
	F_STR(me, email, NULLABLE),
	F_STR(me, full_name, NULLABLE),
	F_STRS(me, roles),
	F_STRS(me, permissions),
	F_ENUM(me, status, user_status_names),
	F_BOOL(me, email_verified),
	F_BOOL(me, totp_enabled),
	F_STR(me, created_at, FORMAT("date-time")),
	F_STR(me, last_login_at, NULLABLE, FORMAT("date-time")),
};
const struct field_table me_table = FIELD_TABLE("auth.me", me, me_fields);

static const struct field user_fields[] = {
	F_STR(user_view, user_id),
	F_STR(user_view, account_id),
	F_STR(user_view, email, NULLABLE),
	F_STR(user_view, full_name, NULLABLE),
	F_STRS(user_view, roles),
	F_ENUM(user_view, status, user_status_names),
	F_BOOL(user_view, email_verified),
	F_BOOL(user_view, totp_enabled),
	F_BOOL(user_view, must_change_password),
	F_JSON(user_view, licence, NULLABLE, DOC("{state, number, expires} of a professional engineer")),
	F_INT(user_view, version),
	F_STR(user_view, created_at, FORMAT("date-time")),
	F_STR(user_view, updated_at, FORMAT("date-time")),
	F_STR(user_view, last_login_at, NULLABLE, FORMAT("date-time")),
};
const struct field_table user_table = FIELD_TABLE("user", user_view, user_fields);

/* Names written by `write` as a JSON array, read back as texts of the arena. */
static struct texts take_names(struct arena *arena, unsigned roles, void (*write)(struct jw *jw, unsigned roles))
{
	struct texts texts = {0};
	struct buf buf;
	struct jw jw;
	const struct json *list;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	write(&jw, roles);
	if (json_parse(arena, buf_text(&buf), buf.size, &json_body_limits, &list, NULL)) {
		texts.items = arena_array(arena, list->count, sizeof *texts.items);
		for (uint32_t i = 0; texts.items != NULL && i < list->count; i++)
			texts.items[texts.count++] = list->items[i].text;
	}
	buf_fini(&buf);
	return texts;
}

const char *view_time(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	if (us == 0)
		return NULL;
	stamp_format(text, us);
	return arena_dup(arena, text);
}

void me_view(struct arena *arena, const struct user *user, struct me *me)
{
	*me = (struct me){
		.user_id = user->user_id,
		.account_id = user->account_id,
		.email = user->email,
		.full_name = user->full_name,
		.roles = take_names(arena, user->roles, roles_write),
		.permissions = take_names(arena, user->roles, role_permissions),
		.status = user->status,
		.email_verified = user->email_verified,
		.totp_enabled = user->totp_enabled,
		.created_at = view_time(arena, user->created_us),
		.last_login_at = view_time(arena, user->last_login_us),
	};
}

void user_view(struct arena *arena, const struct user *user, struct user_view *view)
{
	*view = (struct user_view){
		.user_id = user->user_id,
		.account_id = user->account_id,
		.email = user->email,
		.full_name = user->full_name,
		.roles = take_names(arena, user->roles, roles_write),
		.status = user->status,
		.email_verified = user->email_verified,
		.totp_enabled = user->totp_enabled,
		.must_change_password = user->must_change_password,
		.version = user->version,
		.created_at = view_time(arena, user->created_us),
		.updated_at = view_time(arena, user->updated_us),
		.last_login_at = view_time(arena, user->last_login_us),
	};
	if (user->licence != NULL)
		json_parse(arena, user->licence, strlen(user->licence), &json_body_limits, &view->licence, NULL);
}

void people_user_etag(const char *user_id, int64_t version, char etag[ETAG_TEXT])
{
	char text[80], hex[SHA256_HEX_SIZE];
	int size = snprintf(text, sizeof text, "user:%.40s:%lld", user_id, (long long)version);
	sha256_hex(text, (size_t)size, hex);
	etag_format(etag, hex);
}

void user_etag(const struct user *user, char etag[ETAG_TEXT])
{
	people_user_etag(user->user_id, user->version, etag);
}

void view_take_time(const char *text, const char *pointer, int64_t *us, struct faults *faults)
{
	const struct stamp_fault *fault;
	if (text != NULL && !stamp_parse(text, strlen(text), us, &fault))
		faults_add(faults, pointer, fault->code, "%s", fault->message);
}
