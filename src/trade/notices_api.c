#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "trade/deed.h"
#include "trade/domain/notice.h"
#include "trade/domain/signature.h"
#include "trade/notices.h"
#include "trade/producers.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/notifications: what a person wants to be told of, by which channels, and what was sent [trade.md 11]. */

struct wish_request {
	struct notice_wish wish;
	const char *telegram_token;
};
static const struct field request_fields[] = {
	F_BOOL(wish_request, wish.email, NAMED("email"), DEFAULT(false), DOC("Mail to the person's address")),
	F_STR(wish_request, wish.webhook_url, NAMED("webhook_url"), LENGTH(1, 2000),
		  DOC("Posted to, signed the Standard Webhooks way")),
	F_STR(wish_request, wish.telegram_chat_id, NAMED("telegram_chat_id"), LENGTH(1, 64), DOC("A chat of the bot")),
	F_STR(wish_request, telegram_token, LENGTH(10, 60), SECRET, DOC("Of the bot; never shown; left out: as before")),
	F_ENUMS(wish_request, wish.events, notice_kind_names, NAMED("events"), TOLD_APART, COUNT(0, NOTICE_KINDS),
			DOC("null: all of them")),
	F_STR(wish_request, wish.quiet_from, NAMED("quiet_from"), LENGTH(5, 5),
		  DOC("HH:MM; between the two only guards are told")),
	F_STR(wish_request, wish.quiet_to, NAMED("quiet_to"), LENGTH(5, 5), DOC("HH:MM")),
	F_STR(wish_request, wish.timezone, NAMED("timezone"), DEFAULT_TEXT("UTC"), LENGTH(1, 64),
		  DOC("IANA name, of the quiet hours")),
};
static const struct field_table request_table = FIELD_TABLE("notifications.settings", wish_request, request_fields);

struct setting {
	struct deed deed; /* first */
	struct wish_request request;
	const char *settings; /* the row's; NULL: none */
	const void *webhook_secret, *telegram_token;
	size_t webhook_size, telegram_size;
	bool found;
	char fresh[SECRET_TEXT]; /* of the webhook, shown this once; "": none */
};

static void take(const struct db_rows *row, void *self)
{
	struct setting *s = self;
	struct arena *arena = &s->deed.x->arena;
	s->settings = db_text_dup(row, 0, arena);
	const void *bytes = db_blob(row, 1, &s->webhook_size);
	s->webhook_secret = bytes != NULL ? arena_dupn(arena, bytes, s->webhook_size) : NULL;
	bytes = db_blob(row, 2, &s->telegram_size);
	s->telegram_token = bytes != NULL ? arena_dupn(arena, bytes, s->telegram_size) : NULL;
}

static bool read_row(struct db *db, void *self, struct err *err)
{
	struct setting *s = self;
	return db_one(db, err, &s->found, take, s,
				  "SELECT settings, webhook_secret, telegram_token FROM notice_settings WHERE user_id = $1",
				  V_TEXT(principal_of(s->deed.x)->user_id));
}

static void answer_settings(struct setting *s)
{
	struct telling t;
	char key[SECRET_TEXT * 2];
	bool drafting = s->deed.x->drafting;
	tell_begin(&t);
	tell_json(&t.jw, "settings", s->settings);
	jw_member_bool(&t.jw, "telegram", s->telegram_token != NULL);
	jw_key(&t.jw, "webhook_secret");
	if (s->fresh[0] == '\0' || drafting) {
		jw_null(&t.jw);
	} else {
		base64_encode(key, s->fresh, strlen(s->fresh));
		jw_str(&t.jw, arena_printf(&s->deed.x->arena, WEBHOOK_SECRET_PREFIX "%s", key));
		wipe(key, sizeof key);
		wipe(s->fresh, sizeof s->fresh);
	}
	tell_end(&t, s->deed.x, 200);
}

static void handle_get(struct exchange *x)
{
	struct setting *s = deed_start(x, sizeof *s);
	if (s != NULL && tell_read(x, read_row, s))
		answer_settings(s);
}

/* --- changing --- */

static void check(void *self, struct faults *faults)
{
	struct setting *s = self;
	const struct notice_wish *w = &s->request.wish;
	if ((w->quiet_from == NULL) != (w->quiet_to == NULL))
		faults_add(faults, w->quiet_from == NULL ? "/quiet_from" : "/quiet_to", "required", "both or none");
	if (w->quiet_from != NULL && notice_minute(w->quiet_from) < 0)
		faults_add(faults, "/quiet_from", "format", "must be HH:MM");
	if (w->quiet_to != NULL && notice_minute(w->quiet_to) < 0)
		faults_add(faults, "/quiet_to", "format", "must be HH:MM");
	if (w->timezone != NULL && zone_load(&s->deed.x->arena, w->timezone, NULL) == NULL)
		faults_add(faults, "/timezone", "unknown_timezone", "is no time zone");
	if (w->webhook_url != NULL && strncmp(w->webhook_url, "https://", 8) != 0 &&
		strncmp(w->webhook_url, "http://", 7) != 0)
		faults_add(faults, "/webhook_url", "format", "must be an address of https");
	const char *token = s->request.telegram_token;
	if (token != NULL && token[strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_-")] != 0)
		faults_add(faults, "/telegram_token", "format", "must be as the bot's maker told it");
}

static const void *seal(struct setting *s, const char *secret, size_t *size)
{
	const struct trade_api *api = s->deed.api;
	return producer_seal_secret(api->options.env, api->secret_key, principal_of(s->deed.x)->user_id, secret,
								&s->deed.x->arena, size);
}

/* The row's webhook is the one asked for. */
static bool same_webhook(const struct setting *s)
{
	const struct json *settings = NULL;
	if (s->settings != NULL)
		json_parse(&s->deed.x->arena, s->settings, strlen(s->settings), &json_body_limits, &settings, NULL);
	const char *url = json_text(settings, "webhook_url");
	return url != NULL && strcmp(url, s->request.wish.webhook_url) == 0;
}

/* A webhook that is new has a secret of its own: whoever had the one before could sign for it.  Without one, none. */
static void renew_secrets(struct setting *s)
{
	const struct wish_request *r = &s->request;
	s->fresh[0] = '\0';
	if (r->wish.webhook_url == NULL)
		s->webhook_secret = NULL;
	else if (s->webhook_secret == NULL || !same_webhook(s)) {
		secret_make(s->deed.api->options.env, "", s->fresh);
		s->webhook_secret = seal(s, s->fresh, &s->webhook_size);
	}
	if (r->telegram_token != NULL)
		s->telegram_token = seal(s, r->telegram_token, &s->telegram_size);
	if (r->wish.telegram_chat_id == NULL)
		s->telegram_token = NULL;
}

static struct store_value blob(const void *bytes, size_t size)
{
	return bytes != NULL ? V_BLOB(bytes, size) : V_NULL;
}

static bool write_wish(struct setting *s, struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &notice_wish_table, &s->request.wish, FIELD_RESULT);
	s->settings = jw_ok(&jw) ? arena_dupn(&s->deed.x->arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return s->settings != NULL || err_set(err, ERR_LIMIT, "no memory");
}

static bool apply_put(struct deed *deed, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)deed;
	const struct principal *who = principal_of(deed->x);
	if (!read_row(db, s, err))
		return false;
	renew_secrets(s);
	if (s->request.wish.telegram_chat_id != NULL && s->telegram_token == NULL)
		return write_refuse(&deed->write, ERR_CONFLICT, "Telegram needs the token of the bot.");
	return write_wish(s, err) && notices_begin(db, err) &&
		   db_run(db, err,
				  "INSERT INTO notice_settings (user_id, account_id, settings, webhook_secret, telegram_token, "
				  "updated_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id) DO UPDATE SET settings = "
				  "excluded.settings, webhook_secret = excluded.webhook_secret, telegram_token = "
				  "excluded.telegram_token, updated_at = excluded.updated_at",
				  V_TEXT(who->user_id), V_TEXT(who->account_id), V_TEXT(s->settings),
				  blob(s->webhook_secret, s->webhook_size), blob(s->telegram_token, s->telegram_size),
				  V_INT(deed->now_us)) &&
		   deed_audit(deed, db, AUDIT_NOTICE_SETTINGS, who->user_id, NULL, 0, err);
}

static void answer_put(struct deed *deed)
{
	answer_settings((struct setting *)deed);
}

static void handle_put(struct exchange *x)
{
	struct setting *s = deed_start(x, sizeof *s);
	if (s == NULL)
		return;
	if (principal_of(x)->user_id[0] == '\0') {
		exchange_failf(x, ERR_FORBIDDEN, "Only persons are told.");
		return;
	}
	if (!exchange_decode_checked(x, &s->request, check, s))
		return;
	s->deed.write.shown_once = true;
	deed_write(&s->deed, apply_put, answer_put);
}

/* --- what was sent --- */

struct listing {
	struct exchange *x;
	struct page_ask ask;
	struct telling t;
	char last[ID_TEXT];
	bool more;
};

static void write_notice(struct jw *jw, const struct db_rows *row)
{
	static const char *const names[] = {"id", "channel", "event", "subject", "state", "error"};
	jw_object(jw);
	for (int i = 0; i < 6; i++)
		jw_member_str(jw, names[i], db_text(row, i));
	jw_member_int(jw, "tries", db_int(row, 6));
	tell_time(jw, "created_at", db_int(row, 7));
	tell_time(jw, "sent_at", db_int(row, 8));
	jw_object_end(jw);
}

static bool read_list(struct db *db, void *self, struct err *err)
{
	struct listing *l = self;
	struct db_rows rows;
	if (!db_query(
			db, &rows, err,
			"SELECT notice_id, channel, event, subject, state, error, tries, created_at, sent_at FROM notices "
			"WHERE user_id = $1 AND (CAST($2 AS TEXT) IS NULL OR notice_id < $2) ORDER BY notice_id DESC LIMIT $3",
			V_TEXT(principal_of(l->x)->user_id), V_TEXT(l->ask.cursor), V_INT(l->ask.limit + 1)))
		return false;
	for (int64_t i = 0; db_next(&rows); i++) {
		if (i == l->ask.limit) {
			l->more = true;
			continue;
		}
		snprintf(l->last, sizeof l->last, "%s", db_text(&rows, 0));
		write_notice(&l->t.jw, &rows);
	}
	return db_end(&rows, err);
}

static void handle_list(struct exchange *x)
{
	struct listing l = {.x = x};
	if (!exchange_decode_query(x, &l.ask) || !tell_cursor_open(x, &l.ask.cursor))
		return;
	tell_list(&l.t);
	if (tell_read(x, read_list, &l))
		tell_list_end(&l.t, x, l.more ? l.last : NULL);
	else
		buf_fini(&l.t.buf);
}

static const struct field notice_rows[] = {
	T_STR(id),
	T_STR(channel, DOC("email, webhook or telegram")),
	T_STR(event),
	T_STR(subject),
	T_STR(state),
	T_STR(error, NULLABLE),
	T_INT(tries),
	T_TIME(created_at),
	T_TIME(sent_at, NULLABLE),
};
static const struct field_table notice_table = TOLD_TABLE("trade.notice", notice_rows);
static const struct field page_rows[] = {T_PAGE(&notice_table)};
static const struct field_table notices_page_table = TOLD_TABLE("trade.notices", page_rows);
static const struct field settings_rows[] = {
	T_OBJECT(settings, &notice_wish_table, NULLABLE, DOC("null: nothing was set, and nothing is sent")),
	T_BOOL(telegram, DOC("The token of a bot is kept")),
	T_STR(webhook_secret, NULLABLE, DOC("Of a webhook that is new, shown this once")),
};
static const struct field_table settings_table = TOLD_TABLE("trade.notices.settings", settings_rows);

static const enum err_kind put_errors[] = {ERR_CONFLICT, ERR_NONE};

const struct route notices_routes[] = {
	ROUTE(GET, "/api/v1/notifications", "trade.read", EFFECT_READ, handle_list, .operation = "notifications.list",
		  .summary = "What the caller was told, newest first", .query = &page_ask_table, .result = &notices_page_table),
	ROUTE(GET, "/api/v1/notifications/settings", "trade.read", EFFECT_READ, handle_get,
		  .operation = "notifications.settings", .summary = "What the caller wants to be told of",
		  .result = &settings_table),
	ROUTE(PUT, "/api/v1/notifications/settings", "trade.read", EFFECT_WRITE, handle_put,
		  .operation = "notifications.update_settings", .summary = "Channels, events and quiet hours of the caller",
		  .doc = "A webhook that is new has a webhook_secret, shown this once.", .body = &request_table,
		  .result = &settings_table, .errors = put_errors,
		  .example = "{\"email\":true,\"quiet_from\":\"22:00\",\"quiet_to\":\"07:00\"}"),
};
const size_t notices_routes_count = sizeof notices_routes / sizeof *notices_routes;
