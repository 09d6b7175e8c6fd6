#include "trade/notices.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/must.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "crypt/digest.h"
#include "people/principal.h"
#include "people/roles.h"
#include "seal/outbox.h"
#include "store/store.h"
#include "trade/domain/notice.h"
#include "trade/domain/signature.h"
#include "trade/domain/telegram.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/producers.h"
#include "trade/signal_life.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

enum { EVENTS_AT_ONCE = 100, SILENT_AT_ONCE = 20, SEND_AT_ONCE = 20, PEOPLE_MAX = 200, FIRST_DELAY_S = 2 };
enum {
	REST_S = 30,       /* of an address that did not answer: three time-outs of a POST */
	WAIT_MAX_S = 3600, /* however long the other side asks for [P-10.3] */
};

static const char *const channel_names[] = {"email", "webhook", "telegram"};
enum channel { CHANNEL_EMAIL, CHANNEL_WEBHOOK, CHANNEL_TELEGRAM, CHANNELS };

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* --- what only the clock tells --- */

#define LAPSING \
	"FROM signals WHERE status = 'pending' AND lapse_told_at = 0 AND " \
	"expires_at - (expires_at - created_at) / 5 <= $1 AND expires_at > $1"
#define SILENT \
	"FROM devices WHERE revoked_at IS NULL AND polled_at > 0 AND offline_told_at < polled_at AND polled_at <= $1"

/* Whoever asked last before this is silent.  A server that was away has heard nobody: it waits as long first. */
static int64_t silent_before(const struct trade_api *api, int64_t now_us)
{
	int64_t before_us = now_us - DEVICE_SILENT_S * STAMP_US_PER_S;
	return before_us >= api->began_us ? before_us : 0;
}

bool notices_any_due(const struct trade_api *api, struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL,
				  "SELECT 1 FROM notice_cursor WHERE number < (SELECT COALESCE(MAX(number), 0) FROM outbox) LIMIT 1") &&
		   (*due || db_one(db, err, due, take_nothing, NULL, "SELECT 1 " LAPSING " LIMIT 1", V_INT(now_us))) &&
		   (*due ||
			db_one(db, err, due, take_nothing, NULL, "SELECT 1 " SILENT " LIMIT 1", V_INT(silent_before(api, now_us))));
}

struct ids {
	struct arena *arena;
	const char *items[EVENTS_AT_ONCE];
	size_t count;
};

static bool tell_lapsing(const struct closing *c, struct err *err)
{
	struct ids ids = {.arena = c->arena};
	struct db_rows rows;
	if (!db_query(c->db, &rows, err, "SELECT signal_id, account_id " LAPSING " ORDER BY expires_at LIMIT 50",
				  V_INT(c->now_us)))
		return false;
	for (; db_next(&rows); ids.count += 2) {
		ids.items[ids.count] = db_text_dup(&rows, 0, c->arena);
		ids.items[ids.count + 1] = db_text_dup(&rows, 1, c->arena);
	}
	if (!db_end(&rows, err))
		return false;
	for (size_t i = 0; i < ids.count; i += 2) {
		struct signal_row row;
		bool found = false;
		if (!db_run(c->db, err, "UPDATE signals SET lapse_told_at = $2 WHERE signal_id = $1", V_TEXT(ids.items[i]),
					V_INT(c->now_us)) ||
			!signal_find(c->db, ids.items[i + 1], ids.items[i], c->arena, &row, &found, err) ||
			(found && !signal_note(c->api, c->db, &row, "signal.lapsing", "system", NULL, c->now_us, err)))
			return false;
	}
	return true;
}

struct silent {
	const char *device_id, *account_id, *owner_id, *name;
};

static bool tell_one_silent(const struct closing *c, const struct silent *s, struct err *err)
{
	struct buf data;
	struct jw jw;
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "device_id", s->device_id);
	jw_member_str(&jw, "owner_id", s->owner_id);
	jw_member_str(&jw, "name", s->name);
	jw_object_end(&jw);
	struct outbox_event event = {.account_id = s->account_id,
								 .topic = "signals",
								 .event = "device.offline",
								 .subject = s->device_id,
								 .data = buf_text(&data)};
	bool told = outbox_add(c->api->options.outbox, c->db, &event, err) &&
				db_run(c->db, err, "UPDATE devices SET offline_told_at = $2 WHERE device_id = $1", V_TEXT(s->device_id),
					   V_INT(c->now_us));
	buf_fini(&data);
	return told;
}

static bool tell_silent(const struct closing *c, struct err *err)
{
	struct silent all[SILENT_AT_ONCE];
	struct db_rows rows;
	size_t count = 0;
	if (!db_query(c->db, &rows, err, "SELECT device_id, account_id, owner_id, name " SILENT " LIMIT 20",
				  V_INT(silent_before(c->api, c->now_us))))
		return false;
	for (; db_next(&rows); count++)
		all[count] = (struct silent){db_text_dup(&rows, 0, c->arena), db_text_dup(&rows, 1, c->arena),
									 db_text_dup(&rows, 2, c->arena), db_text_dup(&rows, 3, c->arena)};
	if (!db_end(&rows, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!tell_one_silent(c, &all[i], err))
			return false;
	return true;
}

/* --- from the outbox to people --- */

struct person {
	const char *user_id, *settings, *roles;
};

struct handing {
	const struct closing *c;
	struct outbox_event events[EVENTS_AT_ONCE];
	size_t count;
};

static void take_event(void *self, const struct outbox_event *event)
{
	struct handing *h = self;
	struct arena *arena = h->c->arena;
	if (h->count == EVENTS_AT_ONCE)
		return;
	struct outbox_event *e = &h->events[h->count++];
	*e = *event;
	e->account_id = event->account_id != NULL ? arena_dup(arena, event->account_id) : NULL;
	e->event = arena_dup(arena, event->event);
	e->subject = event->subject != NULL ? arena_dup(arena, event->subject) : NULL;
	e->data = arena_dup(arena, event->data != NULL ? event->data : "{}");
}

/* Who owns the object, or has the right that its kind asks for. */
static bool concerns(const struct person *p, enum notice_kind kind, const struct json *data)
{
	const char *owner = json_text(data, "owner_id"), *permission = notice_permission(kind);
	const struct principal principal = {.kind = PRINCIPAL_PERSON, .roles = roles_parse(p->roles)};
	return (owner != NULL && strcmp(owner, p->user_id) == 0) ||
		   principal_may(&principal, permission != NULL ? permission : "trade.read");
}

static bool queue(const struct closing *c, const struct outbox_event *event, const struct person *p,
				  enum channel channel, int64_t due_us, struct err *err)
{
	char id[ID_TEXT];
	id_make(c->api->options.ids, id);
	return db_run(c->db, err,
				  "INSERT INTO notices (notice_id, account_id, user_id, channel, event, outbox, subject, data, state, "
				  "tries, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0, $9, $10)",
				  V_TEXT(id), V_TEXT(event->account_id), V_TEXT(p->user_id), V_TEXT(channel_names[channel]),
				  V_TEXT(event->event), V_INT(event->number), V_TEXT(event->subject), V_TEXT(event->data),
				  V_INT(due_us), V_INT(c->now_us));
}

static bool read_wish(struct arena *arena, const char *text, struct notice_wish *wish)
{
	const struct json *json;
	struct faults faults;
	faults_init(&faults, arena);
	return json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL) &&
		   field_decode(&notice_wish_table, json, wish, arena, "", &faults);
}

static bool hand_to(const struct closing *c, const struct outbox_event *event, const struct person *p,
					enum notice_kind kind, struct err *err)
{
	struct notice_wish wish;
	if (!read_wish(c->arena, p->settings, &wish) || !notice_wanted(&wish, kind))
		return true;
	const struct zone *zone = zone_load(c->arena, wish.timezone, NULL);
	int64_t due_us = notice_due_us(&wish, zone, kind, c->now_us);
	return (!wish.email || queue(c, event, p, CHANNEL_EMAIL, due_us, err)) &&
		   (wish.webhook_url == NULL || queue(c, event, p, CHANNEL_WEBHOOK, due_us, err)) &&
		   (wish.telegram_chat_id == NULL || queue(c, event, p, CHANNEL_TELEGRAM, due_us, err));
}

static bool hand_on(const struct closing *c, const struct outbox_event *event, struct err *err)
{
	struct person people[PEOPLE_MAX];
	struct db_rows rows;
	const struct json *data = NULL;
	size_t count = 0;
	if (event->account_id == NULL ||
		!json_parse(c->arena, event->data, strlen(event->data), &json_body_limits, &data, NULL))
		return true;
	enum notice_kind kind = notice_kind_of(event->event, data);
	if (kind == NOTICE_NONE)
		return true;
	struct outbox_event named = *event; /* by the word that people chose it by */
	if (strchr(notice_kind_names[kind], '*') == NULL)
		named.event = notice_kind_names[kind];
	if (!db_query(c->db, &rows, err,
				  "SELECT s.user_id, s.settings, u.roles FROM notice_settings s JOIN users u ON u.user_id = s.user_id "
				  "WHERE s.account_id = $1 AND u.status = 'active' ORDER BY s.user_id LIMIT 200",
				  V_TEXT(event->account_id)))
		return false;
	for (; db_next(&rows); count++)
		people[count] = (struct person){db_text_dup(&rows, 0, c->arena), db_text_dup(&rows, 1, c->arena),
										db_text_dup(&rows, 2, c->arena)};
	if (!db_end(&rows, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (concerns(&people[i], kind, data) && !hand_to(c, &named, &people[i], kind, err))
			return false;
	return true;
}

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool hand_all(const struct closing *c, struct err *err)
{
	static const char *const topics[] = {"signals", NULL};
	struct handing h = {.c = c};
	int64_t after = 0, oldest, newest;
	bool begun = false;
	if (!db_one(c->db, err, &begun, take_number, &after, "SELECT number FROM notice_cursor") || !begun ||
		!outbox_span(c->db, &oldest, &newest, err))
		return !begun && err->kind == ERR_NONE;
	const struct outbox_filter filter = {.after = after, .topics = topics, .limit = EVENTS_AT_ONCE};
	if (!outbox_read(c->db, &filter, c->arena, take_event, &h, err))
		return false;
	for (size_t i = 0; i < h.count; i++)
		if (!hand_on(c, &h.events[i], err))
			return false;
	int64_t seen = h.count == EVENTS_AT_ONCE ? h.events[h.count - 1].number : newest;
	return db_run(c->db, err, "UPDATE notice_cursor SET number = $1", V_INT(seen)) &&
		   db_run(c->db, err, "DELETE FROM notices WHERE state IN ('sent', 'dead') AND due_at < $1",
				  V_INT(c->now_us - NOTICE_KEPT_DAYS * STAMP_US_PER_DAY));
}

bool notices_work(const struct closing *c, struct err *err)
{
	err->kind = ERR_NONE;
	return tell_lapsing(c, err) && tell_silent(c, err) && hand_all(c, err);
}

bool notices_begin(struct db *db, struct err *err)
{
	int64_t oldest, newest;
	return outbox_span(db, &oldest, &newest, err) &&
		   db_run(db, err, "INSERT INTO notice_cursor (one, number) VALUES (1, $1) ON CONFLICT (one) DO NOTHING",
				  V_INT(newest));
}

/* --- sending --- */

struct letter {
	const char *notice_id, *account_id, *user_id, *channel, *event, *subject_id, *data, *settings, *email;
	const void *webhook_secret, *telegram_token; /* sealed */
	size_t webhook_size, telegram_size;
	int64_t tries;
	bool active; /* its person */
};

struct sending {
	struct trade_api *api;
	struct arena *arena;
	const struct letter *letter;
	struct notice notice;
	struct notice_wish wish;
	int64_t now_us, wait_s; /* wait_s: for so long at least the other side wants to be left alone; 0: it said nothing */
	int64_t alone_us;       /* nothing was asked: its host is left alone for so long */
	bool silent;            /* no answer came at all */
};

static bool open_secret(const struct sending *s, const void *sealed, size_t size, char secret[64], struct err *err)
{
	size_t length;
	return (sealed != NULL &&
			producer_open_secret(s->api->secret_key, s->letter->user_id, sealed, size, secret, &length)) ||
		   err_set(err, ERR_INVALID, "the channel has no secret");
}

/* An answer came, whatever it says. */
static bool ask(struct sending *s, const char *url, const char *const *headers, const struct buf *body,
				struct trade_posted *posted, struct err *err)
{
	const struct trade_serving *to = &s->api->serving;
	const struct trade_post post = {.account_id = s->letter->account_id,
									.url = url,
									.headers = headers,
									.body = buf_text(body),
									.size = body->size,
									.give_up = &s->api->notices_end};
	if (!buf_ok(body))
		return err_set(err, ERR_LIMIT, "no memory");
	if (to->post == NULL)
		return err_set(err, ERR_UNAVAILABLE, "this server sends nothing");
	*posted = (struct trade_posted){.status = 0};
	bool answered = to->post(to->self, &post, posted, err);
	s->alone_us = posted->alone_us;
	s->silent = !answered && (err->kind == ERR_UNAVAILABLE || err->kind == ERR_DEADLINE);
	s->wait_s = posted->retry_after_s;
	return answered;
}

/* 2xx is taken; what is wrong for good is not tried again (ERR_INVALID). */
static bool taken(const struct trade_posted *posted, struct err *err)
{
	return (posted->status >= 200 && posted->status < 300) ||
		   err_set(err, posted->status == 410 ? ERR_INVALID : ERR_UNAVAILABLE, "it answered %d", posted->status);
}

static bool send_mail(const struct sending *s, struct err *err)
{
	const struct trade_serving *to = &s->api->serving;
	struct buf subject, text;
	if (to->mail == NULL)
		return err_set(err, ERR_UNAVAILABLE, "this server sends nothing");
	buf_init(&subject, 0);
	buf_init(&text, 0);
	notice_subject(&s->notice, &subject);
	notice_text(&s->notice, &text);
	bool sent = to->mail(to->self, s->letter->email, buf_text(&subject), buf_text(&text), err);
	buf_fini(&text);
	buf_fini(&subject);
	return sent;
}

/* One CloudEvents object [P-10.6]; `text`, the words for a person, is an extension of ours. */
static void write_event(const struct sending *s, struct buf *body)
{
	const char *public_url = s->api->serving.public_url;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	notice_text(&s->notice, &text);
	jw_init(&jw, body);
	jw_object(&jw);
	jw_member_str(&jw, "specversion", "1.0");
	jw_member_str(&jw, "id", s->letter->notice_id);
	jw_member_str(&jw, "source", public_url != NULL ? public_url : "/");
	jw_member_str(&jw, "type", s->letter->event);
	jw_member_str(&jw, "subject", s->letter->subject_id);
	tell_time(&jw, "time", s->now_us);
	jw_member_str(&jw, "datacontenttype", "application/json");
	jw_member_str(&jw, "text", buf_text(&text));
	jw_key(&jw, "data");
	jw_json(&jw, s->notice.data);
	jw_object_end(&jw);
	buf_fini(&text);
}

static bool send_webhook(struct sending *s, struct err *err)
{
	char secret[64], seconds[24], signature[SIGNATURE_TEXT];
	struct trade_posted posted;
	const char *id = s->letter->notice_id;
	struct buf body;
	if (!open_secret(s, s->letter->webhook_secret, s->letter->webhook_size, secret, err))
		return false;
	buf_init(&body, 0);
	write_event(s, &body);
	snprintf(seconds, sizeof seconds, "%lld", (long long)(s->now_us / STAMP_US_PER_S));
	const struct canonical canonical = signature_webhook(s->arena, id, seconds, buf_text(&body), body.size);
	if (canonical.text != NULL)
		signature_make(secret, strlen(secret), canonical, signature);
	wipe(secret, sizeof secret);
	const char *const headers[] = {"Content-Type: application/json", arena_printf(s->arena, "webhook-id: %s", id),
								   arena_printf(s->arena, "webhook-timestamp: %s", seconds),
								   arena_printf(s->arena, "webhook-signature: v1,%s", signature), NULL};
	bool sent = (canonical.text != NULL || err_set(err, ERR_LIMIT, "no memory")) &&
				ask(s, s->wish.webhook_url, headers, &body, &posted, err) && taken(&posted, err);
	buf_fini(&body);
	return sent;
}

static bool send_telegram(struct sending *s, struct err *err)
{
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	char token[64], url[160];
	struct trade_posted posted;
	struct buf body, text;
	if (!open_secret(s, s->letter->telegram_token, s->letter->telegram_size, token, err))
		return false;
	buf_init(&body, 0);
	buf_init(&text, 0);
	notice_text(&s->notice, &text);
	telegram_message(s->wish.telegram_chat_id, buf_text(&text), &body);
	snprintf(url, sizeof url, "https://api.telegram.org/bot%s/sendMessage", token);
	bool sent = ask(s, url, headers, &body, &posted, err) &&
				telegram_taken(s->arena, posted.status, posted.body, &s->wait_s, err);
	wipe(token, sizeof token);
	wipe(url, sizeof url);
	buf_fini(&text);
	buf_fini(&body);
	return sent;
}

static bool send_letter(struct sending *s, struct err *err)
{
	const struct letter *l = s->letter;
	const struct json *data = NULL;
	if (!l->active) /* it was when this was queued: hours ago, in quiet hours or after some tries */
		return err_set(err, ERR_INVALID, "its person is not active");
	if (!read_wish(s->arena, l->settings, &s->wish) ||
		!json_parse(s->arena, l->data, strlen(l->data), &json_body_limits, &data, err))
		return err_set(err, ERR_INVALID, "it cannot be read");
	s->notice = (struct notice){l->event, l->subject_id, s->api->serving.public_url, data, s->now_us};
	if (strcmp(l->channel, "email") == 0)
		return s->wish.email ? send_mail(s, err) : err_set(err, ERR_INVALID, "the channel was switched off");
	if (strcmp(l->channel, "webhook") == 0)
		return s->wish.webhook_url != NULL ? send_webhook(s, err)
										   : err_set(err, ERR_INVALID, "the channel was switched off");
	return s->wish.telegram_chat_id != NULL ? send_telegram(s, err)
											: err_set(err, ERR_INVALID, "the channel was switched off");
}

struct outcome {
	const struct letter *letter;
	const char *state, *error;
	int64_t tries, due_us, sent_us;
};

static bool store_outcome(struct db *db, void *self, struct err *err)
{
	const struct outcome *o = self;
	return db_run(db, err,
				  "UPDATE notices SET state = $2, tries = $6, due_at = $3, error = $4, sent_at = $5 "
				  "WHERE notice_id = $1",
				  V_TEXT(o->letter->notice_id), V_TEXT(o->state), V_INT(o->due_us), V_TEXT(o->error),
				  V_TIME(o->sent_us), V_INT(o->tries));
}

static void store(struct trade_api *api, struct outcome outcome)
{
	struct err err;
	if (!store_write(api->options.store, store_outcome, &outcome, &err))
		log_error("what became of a notification could not be stored", log_str("why", err.message));
}

/* After 2, 8, 32, … seconds, or as the other side says. */
static struct outcome outcome_of(const struct sending *s, bool sent, const struct err *why)
{
	const struct letter *l = s->letter;
	bool last = l->tries + 1 >= NOTICE_TRIES || why->kind == ERR_INVALID || why->kind == ERR_FORBIDDEN;
	if (sent)
		return (struct outcome){l, "sent", NULL, l->tries + 1, s->now_us, s->now_us};
	int64_t delay_s = (int64_t)FIRST_DELAY_S << (2 * l->tries),
			wait_s = s->wait_s < WAIT_MAX_S ? s->wait_s : WAIT_MAX_S;
	delay_s = delay_s > wait_s ? delay_s : wait_s;
	return (struct outcome){
		l, last ? "dead" : "waiting", why->message, l->tries + 1, s->now_us + delay_s * STAMP_US_PER_S, 0};
}

/*
 * Whom to leave alone for the rest of a round: Telegram, or one person's webhook, that did not answer; one person's bot
 * or webhook that asked for it.  Or else what is down would hold up, by its time-outs, what others are to be told.
 */
struct resting {
	const char *channel, *user_id; /* user_id NULL: everybody's */
	int64_t wait_s;
};

struct round {
	struct trade_api *api;
	struct arena arena;
	struct resting resting[SEND_AT_ONCE];
	size_t count;
};

static const struct resting *resting_of(const struct round *r, const struct letter *l)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->resting[i].channel, l->channel) == 0 &&
			(r->resting[i].user_id == NULL || strcmp(r->resting[i].user_id, l->user_id) == 0))
			return &r->resting[i];
	return NULL;
}

static void rest(struct round *r, const struct sending *s)
{
	const struct letter *l = s->letter;
	bool everybody = s->silent && strcmp(l->channel, "telegram") == 0;
	int64_t wait_s = s->wait_s > REST_S ? s->wait_s : REST_S;
	if (s->silent || s->wait_s > 0)
		r->resting[r->count++] =
			(struct resting){l->channel, everybody ? NULL : l->user_id, wait_s < WAIT_MAX_S ? wait_s : WAIT_MAX_S};
}

/* No try. */
static void leave_alone(const struct sending *s, int64_t wait_us)
{
	store(s->api, (struct outcome){s->letter, "waiting", "the other side is left alone for a while", s->letter->tries,
								   s->now_us + wait_us, 0});
}

static void try_letter(struct round *r, const struct letter *letter)
{
	struct trade_api *api = r->api;
	struct sending s = {.api = api, .arena = &r->arena, .letter = letter, .now_us = env_wall_us(api->options.env)};
	const struct resting *resting = resting_of(r, letter);
	struct err why = {.kind = ERR_NONE};
	if (resting != NULL) {
		leave_alone(&s, resting->wait_s * STAMP_US_PER_S);
		return;
	}
	bool sent = send_letter(&s, &why);
	if (!sent && atomic_load(&api->notices_end))
		return; /* as if it had never been tried */
	if (!sent && s.alone_us > 0) {
		leave_alone(&s, s.alone_us);
		return;
	}
	figures_count(api->figures, COUNT_notifications_total, letter->channel, sent ? "sent" : "failed");
	if (!sent) {
		rest(r, &s);
		log_warn("a notification could not be sent", log_str("channel", letter->channel),
				 log_str("notice", letter->notice_id), log_str("why", why.message));
	}
	store(api, outcome_of(&s, sent, &why));
}

static bool read_letters(struct trade_api *api, struct arena *arena, struct letter *letters, size_t *count,
						 struct err *err)
{
	struct db *db = store_read(api->options.store);
	struct db_rows rows;
	bool read = db_query(
		db, &rows, err,
		"SELECT n.notice_id, n.account_id, n.user_id, n.channel, n.event, n.subject, n.data, s.settings, u.email, "
		"s.webhook_secret, s.telegram_token, n.tries, u.status FROM notices n JOIN notice_settings s ON "
		"s.user_id = n.user_id JOIN users u ON u.user_id = n.user_id WHERE n.state = 'waiting' AND "
		"n.due_at <= $1 ORDER BY n.due_at LIMIT 20",
		V_INT(env_wall_us(api->options.env)));
	for (*count = 0; read && db_next(&rows); (*count)++) {
		struct letter *l = &letters[*count];
		const char **texts[] = {&l->notice_id,  &l->account_id, &l->user_id,  &l->channel, &l->event,
								&l->subject_id, &l->data,       &l->settings, &l->email};
		for (int i = 0; i < 9; i++)
			*texts[i] = db_text_dup(&rows, i, arena);
		const void *bytes = db_blob(&rows, 9, &l->webhook_size);
		l->webhook_secret = bytes != NULL ? arena_dupn(arena, bytes, l->webhook_size) : NULL;
		bytes = db_blob(&rows, 10, &l->telegram_size);
		l->telegram_token = bytes != NULL ? arena_dupn(arena, bytes, l->telegram_size) : NULL;
		l->tries = db_int(&rows, 11);
		l->active = strcmp(db_text(&rows, 12), "active") == 0;
	}
	read = read && db_end(&rows, err);
	store_read_end(api->options.store, db);
	return read;
}

int notices_send_due(struct trade_api *api)
{
	struct letter letters[SEND_AT_ONCE];
	struct round round = {.api = api};
	struct err err;
	size_t count = 0;
	arena_init(&round.arena, ARENA_REQUEST_CAP);
	if (!read_letters(api, &round.arena, letters, &count, &err)) {
		log_warn("notifications could not be read", log_str("why", err.message));
		count = 0;
	}
	for (size_t i = 0; i < count && !atomic_load(&api->notices_end); i++)
		try_letter(&round, &letters[i]);
	arena_fini(&round.arena);
	return (int)count;
}

/* --- the thread --- */

struct notices_thread {
	struct trade_api *api;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopped;
	pthread_t thread;
};

static void *run(void *self)
{
	struct notices_thread *t = self;
	pthread_mutex_lock(&t->lock);
	while (!t->stopped) {
		struct timespec until;
		pthread_mutex_unlock(&t->lock);
		int tried = notices_send_due(t->api);
		pthread_mutex_lock(&t->lock);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		if (tried < SEND_AT_ONCE && !t->stopped)
			pthread_cond_timedwait(&t->wake, &t->lock, &until);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

struct notices_thread *notices_start(struct trade_api *api)
{
	struct notices_thread *t = calloc(1, sizeof *t);
	pthread_condattr_t monotonic;
	must(t != NULL);
	t->api = api;
	must(pthread_mutex_init(&t->lock, NULL) == 0 && pthread_condattr_init(&monotonic) == 0);
	must(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&t->wake, &monotonic) == 0);
	pthread_condattr_destroy(&monotonic);
	must(pthread_create(&t->thread, NULL, run, t) == 0);
	return t;
}

void notices_stop(struct notices_thread *t)
{
	if (t == NULL)
		return;
	pthread_mutex_lock(&t->lock);
	t->stopped = true;
	atomic_store(&t->api->notices_end, true);
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
