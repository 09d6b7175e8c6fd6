#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/health.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "seal/envelope.h"
#include "store/store.h"
#include "version.h"

#define HEALTH_MEDIA "application/health+json"

static const char *const told_states[] = {"healthy", "degraded", "unhealthy", "pass", "warn", "fail", NULL};
#define STATE T_ENUM(status, told_states, DOC("pass, warn and fail in " HEALTH_MEDIA))
static const struct field check_rows[] = {
	STATE,
	T_BOOL(required),
	T_NUM(latency_ms, UNIT("ms")),
	T_STR(details, LEFT_OUT, DOC("With ops.read only, as is error")),
	T_STR(error, LEFT_OUT, NULLABLE),
	T_TIME(timestamp),
};
static const struct field_table check_table = TOLD_TABLE("health.check", check_rows);
static const struct field summary_rows[] = {T_INT(total_checks), T_INT(healthy), T_INT(degraded), T_INT(unhealthy)};
static const struct field_table summary_table = TOLD_TABLE("health.summary", summary_rows);
static const struct field system_rows[] = {
	STATE,
	T_STR(service),
	T_STR(version),
	T_STR(deployment_id),
	T_INT(schema_version),
	T_INT(uptime_s, UNIT("s")),
	T_TIME(timestamp),
	T_NUM(total_latency_ms, UNIT("ms")),
	T_MAP(checks, FIELD_OBJECT, .table = &check_table),
	T_OBJECT(summary, &summary_table),
};
const struct field_table health_system_table = TOLD_TABLE("health", system_rows);
static const struct field live_rows[] = {T_STR(status, DOC("alive")), T_TIME(timestamp)};
const struct field_table health_live_table = TOLD_TABLE("live", live_rows);
static const struct field ready_rows[] = {T_STR(status, DOC("ready; 503 says not_ready, and why")), T_TIME(timestamp)};
const struct field_table health_ready_table = TOLD_TABLE("ready", ready_rows);

enum { KEPT_US = 1000000 };

/* How the states are called, and in which media type. */
struct words {
	const char *type;
	const char *states[HEALTH_STATES];
};

static const struct words own_words = {MEDIA_JSON, {"healthy", "degraded", "unhealthy"}};
static const struct words draft_words = {HEALTH_MEDIA, {"pass", "warn", "fail"}};

/* An answer for everybody, written once. */
struct text {
	_Atomic int users;
	uint64_t looks; /* of the look it tells */
	int64_t at_us;  /* monotonic */
	int status;
	char sha256[SHA256_HEX_SIZE];
	struct buf json;
};

struct health {
	struct app *app;
	struct watch_row rows[WATCHES_MAX];
	struct watches *watches;
	pthread_mutex_t lock; /* of `text` only */
	struct text *text;
};

struct health *health_open(struct app *app)
{
	struct health *health = calloc(1, sizeof *health);
	must(health != NULL && pthread_mutex_init(&health->lock, NULL) == 0);
	health->app = app;
	size_t count = health_parts(app, health->rows);
	health->watches = watches_open(health->rows, count, app, &watch_pace, app->env);
	return health;
}

static void text_unref(struct text *text)
{
	if (text == NULL || atomic_fetch_sub(&text->users, 1) > 1)
		return;
	buf_fini(&text->json);
	free(text);
}

void health_close(struct health *health)
{
	if (health == NULL)
		return;
	watches_close(health->watches);
	text_unref(health->text);
	pthread_mutex_destroy(&health->lock);
	free(health);
}

static void write_check(struct jw *jw, const struct watch_seen *seen, const struct words *words, bool details)
{
	char time[STAMP_TEXT];
	stamp_format(time, seen->at_us);
	jw_key(jw, seen->name);
	jw_object(jw);
	jw_member_str(jw, "status", words->states[seen->state]);
	jw_member_bool(jw, "required", seen->required);
	jw_member_num(jw, "latency_ms", (double)seen->latency_us / 1000);
	if (details) {
		jw_member_str(jw, "details", seen->note.details);
		jw_member_str(jw, "error", seen->note.error[0] != '\0' ? seen->note.error : NULL);
	}
	jw_member_str(jw, "timestamp", time);
	jw_object_end(jw);
}

static void write_checks(struct jw *jw, const struct watch_seen *seen, size_t count, const struct words *words,
						 bool details)
{
	int64_t counts[HEALTH_STATES] = {0};
	jw_key(jw, "checks");
	jw_object(jw);
	for (size_t i = 0; i < count; i++) {
		counts[seen[i].state]++;
		write_check(jw, &seen[i], words, details);
	}
	jw_object_end(jw);
	jw_key(jw, "summary");
	jw_object(jw);
	jw_member_int(jw, "total_checks", (int64_t)count);
	for (int state = 0; state < HEALTH_STATES; state++)
		jw_member_int(jw, own_words.states[state], counts[state]);
	jw_object_end(jw);
}

/* The looks run side by side, so the slowest is how long the whole took. */
static int64_t slowest_us(const struct watch_seen *seen, size_t count)
{
	int64_t most = 0;
	for (size_t i = 0; i < count; i++)
		most = seen[i].latency_us > most ? seen[i].latency_us : most;
	return most;
}

/* Returns the status of the answer. */
static int write_system(struct jw *jw, struct health *health, const struct words *words, bool details)
{
	const struct app *app = health->app;
	struct watch_seen seen[WATCHES_MAX];
	size_t count = watches_read(health->watches, seen);
	enum health_state state = watch_overall(seen, count);
	char now[STAMP_TEXT];
	stamp_format(now, env_wall_us(app->env));
	jw_object(jw);
	jw_member_str(jw, "status", words->states[state]);
	jw_member_str(jw, "service", "countersign");
	jw_member_str(jw, "version", APP_VERSION);
	jw_member_str(jw, "deployment_id", store_id(app->store));
	jw_member_int(jw, "schema_version", store_schema_version(app->store));
	jw_member_int(jw, "uptime_s", (env_mono_us(app->env) - app->started_us) / 1000000);
	jw_member_str(jw, "timestamp", now);
	jw_member_num(jw, "total_latency_ms", (double)slowest_us(seen, count) / 1000);
	write_checks(jw, seen, count, words, details);
	jw_object_end(jw);
	return state == HEALTH_BAD ? 503 : 200;
}

static struct text *write_text(struct health *health, uint64_t looks)
{
	struct text *text = calloc(1, sizeof *text);
	struct jw jw;
	must(text != NULL);
	*text = (struct text){.users = 1, .looks = looks, .at_us = env_mono_us(health->app->env)};
	jw_init(&jw, &text->json);
	text->status = write_system(&jw, health, &own_words, false);
	must(envelope_content_hash(buf_text(&text->json), text->json.size, text->sha256));
	return text;
}

/* The text of the last look; a new look, or a second, makes a new one. */
static struct text *current_text(struct health *health)
{
	pthread_mutex_lock(&health->lock);
	uint64_t looks = watches_looks(health->watches);
	struct text *text = health->text;
	if (text == NULL || text->looks != looks || env_mono_us(health->app->env) - text->at_us > KEPT_US) {
		text_unref(text);
		text = health->text = write_text(health, looks);
	}
	atomic_fetch_add(&text->users, 1);
	pthread_mutex_unlock(&health->lock);
	return text;
}

/* Details are for operators; the route is public, so a caller who says who they are is asked here. */
static bool may_see_details(struct exchange *x)
{
	struct err err;
	const struct app *app = x->owner;
	static const struct route as_operator = {.permission = "ops.read"};
	const struct http_hooks *hooks = &app->service.hooks;
	bool said = x->local || exchange_header(x, "authorization") != NULL || exchange_header(x, "x-api-key") != NULL;
	return said && hooks->authorise != NULL && hooks->authorise(hooks->self, x, &as_operator, &err);
}

static void answer_fresh(struct exchange *x, struct health *health, const struct words *words, bool details)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	int status = write_system(&jw, health, words, details);
	if (words == &own_words)
		reply_fact_text(x, status, buf_text(&buf), buf.size);
	else
		exchange_answer_buf(x, status, words->type, &buf);
	buf_fini(&buf);
}

/* A monitor that asks for the draft's media type looks for its members at the top: no envelope for it. */
void health_handle_system(struct exchange *x)
{
	const struct app *app = x->owner;
	bool details = may_see_details(x);
	bool draft = exchange_accepts(x, HEALTH_MEDIA) > exchange_accepts(x, "application/json");
	if (details || draft) {
		answer_fresh(x, app->health, draft ? &draft_words : &own_words, details);
		return;
	}
	struct text *text = current_text(app->health);
	reply_fact_hashed(x, text->status, buf_text(&text->json), text->json.size, text->sha256, NULL);
	text_unref(text);
}

void health_handle_live(struct exchange *x)
{
	const struct app *app = x->owner;
	char now[STAMP_TEXT], text[96];
	stamp_format(now, env_wall_us(app->env));
	int size = snprintf(text, sizeof text, "{\"status\":\"alive\",\"timestamp\":\"%s\"}", now);
	reply_fact_text(x, 200, text, (size_t)size);
}

static void write_reasons(struct jw *jw, bool draining, const struct watch_seen *seen, size_t count)
{
	jw_key(jw, "reasons");
	jw_array(jw);
	if (draining)
		jw_str(jw, "draining");
	for (size_t i = 0; i < count; i++)
		if (seen[i].required && seen[i].state == HEALTH_BAD)
			jw_str(jw, seen[i].name);
	jw_array_end(jw);
}

void health_handle_ready(struct exchange *x)
{
	struct app *app = x->owner;
	struct watch_seen seen[WATCHES_MAX];
	size_t count = watches_read(app->health->watches, seen);
	bool draining = atomic_load(&app->draining);
	bool ready = !draining && watch_overall(seen, count) != HEALTH_BAD;
	char now[STAMP_TEXT];
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	stamp_format(now, env_wall_us(app->env));
	jw_object(&jw);
	jw_member_str(&jw, "status", ready ? "ready" : "not_ready");
	if (!ready)
		write_reasons(&jw, draining, seen, count);
	jw_member_str(&jw, "timestamp", now);
	jw_object_end(&jw);
	reply_fact_text(x, ready ? 200 : 503, buf_text(&buf), buf.size);
	buf_fini(&buf);
}
