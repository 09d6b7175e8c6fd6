#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "core/utf8.h"
#include "core/zone.h"
#include "people/dead_letters.h"
#include "people/roles.h"
#include "store/store.h"
#include "trade/desk_fixture.h"
#include "trade/domain/notice.h"
#include "trade/domain/signature.h"
#include "trade/notices.h"
#include "trade/trade_internal.h"

#define SETTINGS "/api/v1/notifications/settings"
#define S STAMP_US_PER_S

/* In place of the world: what left, and what the other side answers. */
static struct world {
	int mails, posts, status;
	int64_t retry_after_s;
	bool deaf;        /* nobody answers */
	int64_t alone_us; /* its host is left alone for so long */
	const char *answer;
	char to[128], subject[256], text[1024], url[256], body[2048], headers[1024];
} world;

static bool fake_mail(void *self, const char *to, const char *subject, const char *text, struct err *err)
{
	(void)self;
	(void)err;
	world.mails++;
	snprintf(world.to, sizeof world.to, "%s", to);
	snprintf(world.subject, sizeof world.subject, "%s", subject);
	snprintf(world.text, sizeof world.text, "%s", text);
	return true;
}

static bool fake_post(void *self, const struct trade_post *post, struct trade_posted *posted, struct err *err)
{
	(void)self;
	world.posts++;
	world.headers[0] = '\0';
	for (const char *const *header = post->headers; *header != NULL; header++) {
		size_t used = strlen(world.headers);
		snprintf(world.headers + used, sizeof world.headers - used, "%s\n", *header);
	}
	snprintf(world.url, sizeof world.url, "%s", post->url);
	snprintf(world.body, sizeof world.body, "%.*s", (int)post->size, (const char *)post->body);
	*posted = (struct trade_posted){.status = world.status, .retry_after_s = world.retry_after_s};
	snprintf(posted->body, sizeof posted->body, "%s", world.answer != NULL ? world.answer : "");
	if (world.alone_us > 0) {
		posted->alone_us = world.alone_us;
		return err_set(err, ERR_UNAVAILABLE, "hooks.example.com is left alone for a while");
	}
	return !world.deaf || err_set(err, ERR_DEADLINE, "host: no answer in time");
}

static int set_up(void **state)
{
	int failed = desk_set_up(state);
	world = (struct world){.status = 200};
	f.api->serving.mail = fake_mail;
	f.api->serving.post = fake_post;
	f.api->serving.public_url = "https://cs.test";
	return failed;
}

/* The header's value, in f.arena. */
static const char *header(const char *name)
{
	const char *at = strstr(world.headers, name);
	assert_non_null(at);
	at += strlen(name) + 2;
	return arena_printf(&f.arena, "%.*s", (int)strcspn(at, "\n"), at);
}

static void wish(int who, const char *body)
{
	f.who = who;
	if (ask("PUT", SETTINGS, body, NULL) != 200)
		fail_msg("%s", f.ask.answer);
}

static void signal_that_waits(const char *more)
{
	f.who = OWNER;
	if (f.producer[0] == '\0')
		add_producer("");
	desk_broker(10000);
	if (post((struct send){.body = signal_with("1950.0", more)}) != 201 ||
		strcmp(text("result.status"), "pending") != 0)
		fail_msg("%s", f.ask.answer);
}

/* [trade.md 11] Who may decide is told, once, with a countdown and a link. */
static void who_may_decide_is_told(void **state)
{
	(void)state;
	wish(ANN, "{\"email\":true}");
	wish(VIEWER, "{\"email\":true}");
	wish(STRANGER, "{\"email\":true}"); /* another tenant */
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_int_equal(world.mails, 1);
	assert_string_equal(world.to, f.principals[ANN].user_id); /* the fixture's address */
	assert_string_equal(world.subject, "A signal waits for a decision: buy XAUUSD");
	assert_non_null(strstr(world.text, "in 15 min 0 s"));
	assert_non_null(strstr(world.text, "https://cs.test/console/signals/"));
	desk_pass(S);
	assert_int_equal(notices_send_due(f.api), 0);
	f.who = ANN;
	assert_int_equal(ask("GET", "/api/v1/notifications", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 1);
	assert_string_equal(text("result.items.0.state"), "sent");
	f.who = VIEWER;
	assert_int_equal(ask("GET", "/api/v1/notifications", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
}

/* [P-10.6] CloudEvents 1.0.2: what it asks for, our words beside it, and nothing twice. */
static void is_a_cloud_event(const char *id)
{
	const struct json *event;
	assert_true(json_parse(&f.arena, world.body, strlen(world.body), &json_body_limits, &event, NULL));
	assert_string_equal(json_text(event, "specversion"), "1.0");
	assert_string_equal(json_text(event, "id"), id);
	assert_string_equal(json_text(event, "source"), "https://cs.test");
	assert_string_equal(json_text(event, "type"), "signal.pending");
	assert_string_equal(json_text(event, "subject"), text("result.id"));
	assert_string_equal(json_text(event, "datacontenttype"), "application/json");
	assert_non_null(strstr(json_text(event, "text"), "A signal waits"));
	assert_int_equal(json_get(event, "data")->kind, JS_OBJECT);
	assert_non_null(json_text(event, "time"));
}

/* The same id on a retry, signed the Standard Webhooks way; then taken. */
static void a_webhook_is_signed_and_tried_again(void **state)
{
	(void)state;
	unsigned char key[64];
	size_t size;
	char first[64];
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\",\"events\":[\"signal.pending\"]}");
	const char *secret = text("result.webhook_secret");
	assert_memory_equal(secret, "whsec_", 6);
	assert_true(signature_webhook_key(secret, key, sizeof key, &size));
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\",\"events\":[\"signal.pending\"]}");
	assert_int_equal(member("result.webhook_secret")->kind, JS_NULL); /* shown once */
	char elsewhere[64];
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.org/y\",\"events\":[\"signal.pending\"]}");
	snprintf(elsewhere, sizeof elsewhere, "%s", text("result.webhook_secret"));
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\",\"events\":[\"signal.pending\"]}");
	secret = text("result.webhook_secret");
	assert_string_not_equal(elsewhere, secret); /* another one cannot sign for it */
	assert_true(signature_webhook_key(secret, key, sizeof key, &size));
	world.status = 503;
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 1);
	snprintf(first, sizeof first, "%s", header("webhook-id"));
	const struct canonical canonical =
		signature_webhook(&f.arena, first, header("webhook-timestamp"), world.body, strlen(world.body));
	assert_true(signature_list_holds(key, size, canonical, header("webhook-signature")));
	is_a_cloud_event(first);
	assert_int_equal(notices_send_due(f.api), 0); /* not at once */
	world.status = 200;
	env_sim_advance(&f.sim, 2 * S);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_string_equal(header("webhook-id"), first);
	env_sim_advance(&f.sim, 3600 * S);
	assert_int_equal(notices_send_due(f.api), 0);
	assert_int_equal(world.posts, 2);
}

/* [P-10.4] Behind an open breaker nothing is sent, and no try is used up. */
static void a_host_that_is_left_alone_costs_no_try(void **state)
{
	(void)state;
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\"}");
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	world.alone_us = 60 * S;
	assert_int_equal(notices_send_due(f.api), 1);
	assert_int_equal(desk_count("SELECT sum(tries) FROM notices WHERE state = 'waiting'"), 0);
	env_sim_advance(&f.sim, 59 * S);
	assert_int_equal(notices_send_due(f.api), 0);
	world.alone_us = 0;
	env_sim_advance(&f.sim, S);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_int_equal(desk_count("SELECT sum(tries) FROM notices WHERE state = 'sent'"), 1);
}

/* Retry-After of a webhook that is busy; however long it asks for, an hour is the most. */
static void a_webhook_says_when_it_is_back(void **state)
{
	(void)state;
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\"}");
	world.status = 503;
	world.retry_after_s = 100;
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 1);
	env_sim_advance(&f.sim, 99 * S);
	assert_int_equal(notices_send_due(f.api), 0);
	world.retry_after_s = 1000000;
	env_sim_advance(&f.sim, S);
	assert_int_equal(notices_send_due(f.api), 1);
	world.status = 200;
	env_sim_advance(&f.sim, 3599 * S);
	assert_int_equal(notices_send_due(f.api), 0);
	env_sim_advance(&f.sim, S);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE state = 'sent' AND tries = 3"), 1);
}

static void nobody_tries_for_ever(void **state)
{
	(void)state;
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\"}");
	world.status = 500;
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	for (int i = 0; i < 2 * NOTICE_TRIES; i++) {
		notices_send_due(f.api);
		env_sim_advance(&f.sim, 86400 * S);
	}
	assert_int_equal(world.posts, NOTICE_TRIES);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE state = 'dead'"), 1);
}

static bool suspend_ann(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE users SET status = 'suspended' WHERE user_id = $1",
				  V_TEXT(f.principals[ANN].user_id));
}

/* What was queued for a person before is not sent after. */
static void who_is_suspended_is_told_nothing(void **state)
{
	(void)state;
	struct err err;
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\"}");
	world.status = 503;
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_true(store_write(f.store, suspend_ann, NULL, &err));
	env_sim_advance(&f.sim, 2 * S);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_int_equal(world.posts, 1);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE state = 'dead'"), 1);
}

static bool give_up(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE notices SET state = 'dead'");
}

/* [P-10.6] What nobody took is a dead letter: it is sent again under the same id, or given up with a reason. */
static void what_nobody_took_is_a_dead_letter(void **state)
{
	(void)state;
	struct dead_letters *letters = dead_letters_new(f.store, (const unsigned char[32]){0});
	const char *kind, *id;
	int64_t count;
	struct err err;
	trade_dead_letters(f.api, letters);
	dead_letters_add_routes(f.router, letters);
	wish(ANN, "{\"webhook_url\":\"https://hooks.example.com/x\"}");
	world.status = 500;
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	for (int i = 0; i < NOTICE_TRIES; i++) {
		notices_send_due(f.api);
		env_sim_advance(&f.sim, 86400 * S);
	}
	assert_true(dead_letters_count(letters, 0, &kind, &count, &err));
	assert_string_equal(kind, "notification");
	assert_int_equal(count, 1);
	assert_int_equal(ask("GET", "/api/v1/dead-letters", NULL, NULL), 403);
	f.principals[STRANGER].roles = ROLE_OPERATOR; /* of another account */
	f.who = STRANGER;
	assert_int_equal(ask("GET", "/api/v1/dead-letters", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
	f.principals[OWNER].roles = ROLE_OPERATOR;
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/dead-letters", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.name"), "trade.notify.webhook");
	assert_string_equal(text("result.items.0.subject_kind"), "signal");
	assert_string_equal(text("result.items.0.error"), "it answered 500");
	assert_true(number("result.items.0.attempts") == NOTICE_TRIES);
	id = arena_dup(&f.arena, text("result.items.0.dead_letter_id"));
	f.who = STRANGER;
	assert_int_equal(askf("POST", NULL, "/api/v1/dead-letters/%s/redeliver", id), 404);
	f.who = OWNER;
	assert_int_equal(askf("POST", NULL, "/api/v1/dead-letters/%s/redeliver", id), 202);
	assert_int_equal(askf("GET", NULL, "/api/v1/dead-letters/%s", id), 404);
	world.status = 200;
	assert_int_equal(notices_send_due(f.api), 1);
	assert_string_equal(header("webhook-id"), id);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE state = 'sent' AND tries = 1"), 1);
	assert_true(store_write(f.store, give_up, NULL, &err));
	assert_int_equal(askf("DELETE", "{\"reason\":\"told by phone\"}", "/api/v1/dead-letters/%s", id), 204);
	assert_int_equal(desk_count("SELECT count(*) FROM notices"), 0);
	assert_int_equal(desk_count("SELECT count(*) FROM audit WHERE action IN ('notifications.redeliver', "
								"'notifications.drop') AND target_id IS NOT NULL"),
					 2);
	dead_letters_free(letters);
}

static void telegram_is_told_by_its_bot(void **state)
{
	(void)state;
	f.who = ANN;
	assert_int_equal(ask("PUT", SETTINGS, "{\"telegram_chat_id\":\"42\"}", NULL), 409); /* no token */
	wish(ANN, "{\"telegram_chat_id\":\"42\",\"telegram_token\":\"123456:secret-of-the-bot\"}");
	assert_null(strstr(f.ask.answer, "secret-of-the-bot"));
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_string_equal(world.url, "https://api.telegram.org/bot123456:secret-of-the-bot/sendMessage");
	assert_non_null(strstr(world.body, "\"chat_id\":\"42\""));
	assert_non_null(strstr(world.body, "A signal waits"));
	assert_int_equal(desk_count("SELECT count(*) FROM notice_settings WHERE CAST(telegram_token AS TEXT) LIKE '%bot%'"),
					 0);
}

/* One notice to Telegram was tried once; what became of it, as its person sees it. */
static void telegram_was(const char *state, const char *error)
{
	assert_int_equal(notices_send_due(f.api), 1);
	f.who = ANN;
	assert_int_equal(ask("GET", "/api/v1/notifications", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.state"), state);
	assert_string_equal(text("result.items.0.error"), error);
}

/* It asks for a pause by a member of its answer; it is not asked again before. */
static void telegram_is_left_alone_as_long_as_it_says(void **state)
{
	(void)state;
	wish(ANN, "{\"telegram_chat_id\":\"42\",\"telegram_token\":\"123456:secret-of-the-bot\"}");
	world.status = 429;
	world.answer = "{\"ok\":false,\"error_code\":429,\"description\":\"Too Many Requests: retry after 40\","
				   "\"parameters\":{\"retry_after\":40}}";
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	telegram_was("waiting", "Telegram answered 429: Too Many Requests: retry after 40");
	env_sim_advance(&f.sim, 39 * S);
	assert_int_equal(notices_send_due(f.api), 0);
	world.status = 200;
	env_sim_advance(&f.sim, 2 * S);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE state = 'sent' AND tries = 2"), 1);
}

static void what_telegram_refuses_is_told_and_not_repeated(void **state)
{
	(void)state;
	wish(ANN, "{\"telegram_chat_id\":\"42\",\"telegram_token\":\"123456:secret-of-the-bot\"}");
	world.status = 401;
	world.answer = "{\"ok\":false,\"error_code\":401,\"description\":\"Unauth\\norized\"}";
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	telegram_was("dead", "Telegram answered 401: Unauth orized");
	world.status = 502;
	world.answer = "<html>";
	signal_that_waits(",\"volume\":0.02");
	desk_pass(0);
	telegram_was("waiting", "Telegram answered 502");
}

/* What does not answer costs its time-out once in a round, however many wait for it; nobody else waits, none is lost.
 */
static void who_does_not_answer_holds_up_nobody(void **state)
{
	(void)state;
	wish(ANN, "{\"telegram_chat_id\":\"42\",\"telegram_token\":\"123456:secret-of-the-bot\"}");
	wish(OWNER, "{\"email\":true,\"telegram_chat_id\":\"43\",\"telegram_token\":\"654321:secret-of-another\"}");
	world.deaf = true;
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 3);
	assert_int_equal(world.posts, 1);
	assert_int_equal(world.mails, 1);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE channel = 'telegram' AND state = 'waiting'"), 2);
	assert_int_equal(desk_count("SELECT sum(tries) FROM notices WHERE channel = 'telegram'"), 1);
	world.deaf = false;
	env_sim_advance(&f.sim, 30 * S);
	assert_int_equal(notices_send_due(f.api), 2);
	assert_int_equal(desk_count("SELECT count(*) FROM notices WHERE state = 'sent'"), 3);
}

/* A fifth of its time is left. */
static void a_signal_about_to_end_is_told_once(void **state)
{
	(void)state;
	wish(ANN, "{\"email\":true,\"events\":[\"signal.lapsing\"]}");
	signal_that_waits(",\"volume\":0.01"); /* 900 s */
	desk_pass(719 * S);
	assert_int_equal(notices_send_due(f.api), 0);
	desk_pass(2 * S);
	desk_pass(0); /* told in one pass, handed on in the next at the latest */
	assert_int_equal(notices_send_due(f.api), 1);
	assert_string_equal(world.subject, "A signal is about to end undecided: buy XAUUSD");
	desk_pass(10 * S);
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 0);
}

static void a_silent_terminal_is_told_once_an_absence(void **state)
{
	(void)state;
	static const struct device_send poll = {.target = "/api/v1/client/poll"};
	add_device("desk");
	wish(OWNER, "{\"email\":true,\"events\":[\"device.offline\"]}");
	for (int absence = 1; absence <= 2; absence++) {
		assert_int_equal(device_ask(poll), 200);
		desk_pass(299 * S);
		desk_pass(0);
		assert_int_equal(notices_send_due(f.api), 0);
		desk_pass(2 * S);
		desk_pass(0);
		assert_int_equal(notices_send_due(f.api), 1);
		desk_pass(600 * S);
		desk_pass(0);
		assert_int_equal(notices_send_due(f.api), 0);
	}
	assert_string_equal(world.subject, "A terminal is silent: desk");
}

/* A server that was away for longer than that has heard nobody, and says so of nobody before it could have. */
static void a_server_that_was_away_calls_nobody_silent(void **state)
{
	(void)state;
	add_device("desk");
	wish(OWNER, "{\"email\":true,\"events\":[\"device.offline\"]}");
	assert_int_equal(device_ask((struct device_send){.target = "/api/v1/client/poll"}), 200);
	env_sim_advance(&f.sim, 600 * S);
	desk_restart();
	f.api->serving.mail = fake_mail;
	desk_pass(299 * S);
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 0);
	desk_pass(2 * S);
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 1);
	assert_string_equal(world.subject, "A terminal is silent: desk");
}

/* 15:00 UTC is 16:00 in Berlin. */
static void quiet_hours_keep_all_but_guards(void **state)
{
	(void)state;
	wish(ANN, "{\"email\":true,\"quiet_from\":\"15:30\",\"quiet_to\":\"16:01\",\"timezone\":\"Europe/Berlin\"}");
	signal_that_waits(",\"volume\":0.01");
	desk_pass(0);
	assert_int_equal(notices_send_due(f.api), 0);
	env_sim_advance(&f.sim, 60 * S);
	assert_int_equal(notices_send_due(f.api), 1);
	/* one that ends meanwhile does not ask for what nobody can do any more */
	wish(ANN, "{\"email\":true,\"quiet_from\":\"15:30\",\"quiet_to\":\"16:40\",\"timezone\":\"Europe/Berlin\"}");
	signal_that_waits(",\"volume\":0.02");
	desk_pass(0);
	env_sim_advance(&f.sim, 39 * 60 * S);
	assert_true(notices_send_due(f.api) >= 1);
	assert_string_equal(world.subject, "A signal waited for a decision: buy XAUUSD");
	assert_non_null(strstr(world.text, "Its time ended at 2025-01-08T15:16:00.000000Z."));
	assert_null(strstr(world.text, "in 0 min"));
	const struct notice_wish over_midnight = {.quiet_from = "22:00", .quiet_to = "07:00", .timezone = "UTC"};
	const struct zone *utc = zone_load(&f.arena, "UTC", NULL);
	const int64_t day = STAMP_US_PER_DAY, hour = 3600 * S;
	assert_int_equal(notice_due_us(&over_midnight, utc, NOTICE_POSITION, 23 * hour), day + 7 * hour);
	assert_int_equal(notice_due_us(&over_midnight, utc, NOTICE_POSITION, 6 * hour), 7 * hour);
	assert_int_equal(notice_due_us(&over_midnight, utc, NOTICE_POSITION, 7 * hour), 7 * hour);
	assert_int_equal(notice_due_us(&over_midnight, utc, NOTICE_POSITION, 22 * hour - 1), 22 * hour - 1);
	assert_int_equal(notice_due_us(&over_midnight, utc, NOTICE_GUARD, 23 * hour), 23 * hour);
}

static void settings_are_checked(void **state)
{
	(void)state;
	static const char *const wrong[] = {
		"{\"quiet_from\":\"22:00\"}",           "{\"quiet_from\":\"24:00\",\"quiet_to\":\"07:00\"}",
		"{\"timezone\":\"Mars/Olympus\"}",      "{\"webhook_url\":\"ftp://x\"}",
		"{\"events\":[\"signal.everything\"]}", "{\"telegram_token\":\"has a blank in it\"}",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(ask("PUT", SETTINGS, wrong[i], NULL), 422);
		must_answer(422, "invalid");
	}
	assert_int_equal(ask("GET", SETTINGS, NULL, NULL), 200);
	assert_int_equal(member("result.settings")->kind, JS_NULL);
}

/* What comes from outside makes no line and no member. */
static void words_are_plain(void **state)
{
	(void)state;
	static const char json[] = "{\"side\":\"buy\\r\\nBcc: x\",\"instrument\":\"A\\\"B\",\"status\":\"pending\"}";
	const struct json *data;
	struct buf subject;
	assert_true(json_parse(&f.arena, json, strlen(json), &json_body_limits, &data, NULL));
	const struct notice notice = {.event = "signal.created", .data = data};
	buf_init(&subject, 0);
	notice_subject(&notice, &subject);
	assert_string_equal(buf_text(&subject), "A signal waits for a decision: buy  Bcc: x A\"B");
	buf_fini(&subject);
	/* a long word does not end inside a character: nobody takes such a text */
	char name[160] = "{\"name\":\"a";
	for (int i = 0; i < 40; i++)
		strcat(name, "\xe2\x82\xac"); /* the euro sign */
	strcat(name, "\"}");
	assert_true(json_parse(&f.arena, name, strlen(name), &json_body_limits, &data, NULL));
	const struct notice silent = {.event = "device.offline", .data = data};
	buf_init(&subject, 0);
	notice_subject(&silent, &subject);
	assert_true(utf8_valid(buf_text(&subject), subject.size));
	buf_fini(&subject);
	assert_int_equal(notice_kind_of("guard.triggered", NULL), NOTICE_GUARD);
	assert_int_equal(notice_kind_of("position.close_failed", NULL), NOTICE_POSITION);
	assert_int_equal(notice_kind_of("divergence", NULL), NOTICE_DIVERGENCE);
	assert_int_equal(notice_kind_of("approval.lapsed", NULL), NOTICE_POSITION);
	assert_int_equal(notice_kind_of("trading.state", NULL), NOTICE_NONE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(who_may_decide_is_told),
		TEST(a_webhook_is_signed_and_tried_again),
		TEST(a_host_that_is_left_alone_costs_no_try),
		TEST(a_webhook_says_when_it_is_back),
		TEST(nobody_tries_for_ever),
		TEST(who_is_suspended_is_told_nothing),
		TEST(what_nobody_took_is_a_dead_letter),
		TEST(telegram_is_told_by_its_bot),
		TEST(telegram_is_left_alone_as_long_as_it_says),
		TEST(what_telegram_refuses_is_told_and_not_repeated),
		TEST(who_does_not_answer_holds_up_nobody),
		TEST(a_signal_about_to_end_is_told_once),
		TEST(a_silent_terminal_is_told_once_an_absence),
		TEST(a_server_that_was_away_calls_nobody_silent),
		TEST(quiet_hours_keep_all_but_guards),
		TEST(settings_are_checked),
		TEST(words_are_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
