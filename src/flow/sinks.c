#include "flow/sinks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "crypt/aead.h"
#include "crypt/digest.h"
#include "link/outgoing.h"
#include "seal/outbox.h"
#include "store/store.h"

enum {
	REST_S = 1, /* between looks for what is to be tried again */
	AT_ONCE = 20,
	SEND_MS = 10000,
	ANSWER_MAX = 64 << 10,
	ARENA_CAP = 256 << 20,
	IDLE_ROWS = 500, /* of others, after which a sink's place is written though it was told nothing */
	ERROR_MAX = 300,
};

struct sinks {
	struct sinks_options options;
	unsigned char key[AEAD_KEY_SIZE];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken, changed, stop;
	_Atomic bool stopping;
	bool any, steps, events; /* what is wanted, by the thread alone */
};

/* --- secrets --- */

bool sinks_make_secret(const struct sinks *sinks, const char *sink_id, struct arena *arena, struct sink_secret *secret,
					   char text[WEBHOOK_SECRET])
{
	unsigned char key[WEBHOOK_KEY];
	unsigned char *sealed = arena_alloc(arena, sizeof key + AEAD_OVERHEAD);
	if (sealed == NULL)
		return false;
	env_random(sinks->options.env, key, sizeof key);
	aead_seal(sinks->options.env, sinks->key, sink_id, strlen(sink_id), key, sizeof key, sealed);
	webhook_secret(key, text);
	*secret = (struct sink_secret){.sealed = sealed, .size = sizeof key + AEAD_OVERHEAD};
	wipe(key, sizeof key);
	return true;
}

static bool sign(const struct sinks *s, const struct sink_record *sink, const struct sink_secret *secret,
				 const struct webhook *webhook, struct buf *signatures, struct err *err)
{
	unsigned char key[WEBHOOK_KEY];
	if (secret->size != sizeof key + AEAD_OVERHEAD)
		return err_set(err, ERR_INTERNAL, "The secret of sink %s has another size.", sink->sink_id);
	bool open = aead_open(s->key, sink->sink_id, strlen(sink->sink_id), secret->sealed, secret->size, key, err);
	if (open)
		webhook_sign(key, webhook, signatures);
	wipe(key, sizeof key);
	return open;
}

/* --- sending --- */

static bool is_stopping(void *self)
{
	const struct sinks *s = self;
	return atomic_load(&s->stopping);
}

/* One event; the status of the answer, 0 with *err set where there was none. */
static int post(struct sinks *s, const struct sink_record *sink, struct arena *arena, const struct webhook *webhook,
				const char *signatures, struct err *err)
{
	const char *const headers[] = {"Content-Type: application/cloudevents+json; charset=utf-8",
								   arena_printf(arena, "webhook-id: %s", webhook->id),
								   arena_printf(arena, "webhook-timestamp: %lld", (long long)webhook->at_s),
								   arena_printf(arena, "webhook-signature: %s", signatures), NULL};
	const struct outgoing_request request = {.method = "POST",
											 .url = sink->url,
											 .headers = headers,
											 .body = webhook->body,
											 .body_size = webhook->size,
											 .timeout_ms = SEND_MS,
											 .limit = ANSWER_MAX,
											 .given_up = is_stopping,
											 .self = s};
	struct outgoing_answer answer;
	outgoing_answer_init(&answer);
	bool answered = outgoing_ask(s->options.outgoing, &request, &answer, err);
	int status = answered ? answer.status : 0;
	outgoing_answer_fini(&answer);
	return status;
}

static int send(struct sinks *s, const struct sink_record *sink, struct arena *arena, const struct outbox_event *event,
				struct err *err)
{
	int64_t now_us = env_wall_us(s->options.env);
	struct buf body, signatures;
	buf_init(&body, 0);
	buf_init(&signatures, 0);
	if (strcmp(event->topic, SINK_EVENTS) == 0)
		buf_adds(&body, event->data);
	else
		outbox_write(s->options.outbox, event, &body);
	const struct webhook webhook = {
		.id = event->event_id, .at_s = now_us / 1000000, .body = buf_text(&body), .size = body.size};
	bool former = sink->former.sealed != NULL && now_us < sink->former_until_us;
	int status = sign(s, sink, &sink->secret, &webhook, &signatures, err) &&
						 (!former || sign(s, sink, &sink->former, &webhook, &signatures, err))
					 ? post(s, sink, arena, &webhook, buf_text(&signatures), err)
					 : 0;
	buf_fini(&body);
	buf_fini(&signatures);
	return status;
}

/* --- telling one --- */

struct telling {
	struct sinks *sinks;
	struct arena *arena;
	struct sink_record sink;
	struct outbox_event events[AT_ONCE];
	size_t count;
	int64_t newest; /* of the outbox, before it was read */
};

static void take_event(void *self, const struct outbox_event *event)
{
	struct telling *t = self;
	t->events[t->count] = *event;
	struct outbox_event *e = &t->events[t->count++];
	e->event_id = arena_dup(t->arena, event->event_id);
	e->account_id = event->account_id == NULL ? NULL : arena_dup(t->arena, event->account_id);
	e->topic = arena_dup(t->arena, event->topic);
	e->event = arena_dup(t->arena, event->event);
	e->subject = event->subject == NULL ? NULL : arena_dup(t->arena, event->subject);
	e->data = event->data == NULL ? "{}" : arena_dup(t->arena, event->data);
}

static void split(struct arena *arena, const char *text, const char *topics[OUTBOX_TOPICS_MAX + 1])
{
	size_t count = 0;
	while (*text != '\0' && count < OUTBOX_TOPICS_MAX) {
		size_t size = strcspn(text, " ");
		topics[count++] = arena_dupn(arena, text, size);
		text += size + (text[size] == ' ');
	}
	topics[count] = NULL;
}

static bool read_events(struct telling *t, struct err *err)
{
	const char *topics[OUTBOX_TOPICS_MAX + 1];
	int64_t oldest;
	split(t->arena, t->sink.topics, topics);
	const struct outbox_filter filter = {
		.after = t->sink.told_to, .account_id = t->sink.account_id, .topics = topics, .limit = AT_ONCE};
	struct db *db = store_read(t->sinks->options.store);
	bool read = outbox_span(db, &oldest, &t->newest, err) && outbox_read(db, &filter, t->arena, take_event, t, err);
	store_read_end(t->sinks->options.store, db);
	return read && (!t->arena->full || err_set(err, ERR_LIMIT, "no memory for what a sink is told"));
}

static void note_failure(struct telling *t, int status, const struct err *err)
{
	struct sink_record *sink = &t->sink;
	int64_t delay_s = webhook_delay_s(++sink->tries);
	sink->last_status = status;
	sink->last_error = status == 410 ? "The receiver wants no more (410)."
					   : status == 0 ? arena_printf(t->arena, "%.*s", ERROR_MAX, err->message)
									 : arena_printf(t->arena, "The receiver answered %d.", status);
	sink->enabled = status != 410 && delay_s > 0;
	sink->due_us = sink->enabled ? env_wall_us(t->sinks->options.env) + delay_s * 1000000 : 0;
}

static bool tell(struct telling *t, const struct outbox_event *event)
{
	struct err err = {.kind = ERR_NONE};
	int status = send(t->sinks, &t->sink, t->arena, event, &err);
	if (atomic_load(&t->sinks->stopping) && status == 0)
		return false; /* given up: the next process tells it */
	if (status < 200 || status > 299) {
		note_failure(t, status, &err);
		return false;
	}
	t->sink.told_to = event->number;
	t->sink.tries = t->sink.due_us = 0;
	t->sink.last_status = status;
	t->sink.last_error = NULL;
	t->sink.delivered++;
	t->sink.delivered_us = env_wall_us(t->sinks->options.env);
	return true;
}

static bool apply_progress(struct db *db, void *self, struct err *err)
{
	const struct telling *t = self;
	return sinks_progress(db, &t->sink, err);
}

/* Some events of one sink.  True: there may be more at once. */
static bool tell_some(struct sinks *s, const struct sink_record *sink, struct err *err)
{
	struct arena arena;
	arena_init(&arena, ARENA_CAP);
	struct telling t = {.sinks = s, .arena = &arena, .sink = *sink};
	bool good = read_events(&t, err), well = good;
	size_t told = 0;
	while (well && told < t.count) {
		well = tell(&t, &t.events[told]);
		told += well;
	}
	if (well && t.count < AT_ONCE && t.newest > t.sink.told_to)
		t.sink.told_to = t.newest;
	bool moved = t.count > 0 || t.sink.told_to - sink->told_to >= IDLE_ROWS;
	good = good && (!moved || store_write(s->options.store, apply_progress, &t, err));
	arena_fini(&arena);
	return good && well && t.count == AT_ONCE;
}

/* --- telling all --- */

struct wanted {
	struct sinks *sinks;
	struct sink_record *items;
	size_t count, room;
};

static void take_sink(void *self, const struct sink_record *sink)
{
	struct wanted *w = self;
	if (w->count == w->room) {
		w->room = w->room == 0 ? 8 : 2 * w->room;
		w->items = reallocarray(w->items, w->room, sizeof *w->items);
		must(w->items != NULL);
	}
	w->items[w->count++] = *sink;
}

static void watch(struct sinks *s, const char *topic, bool *watched, bool wants)
{
	if (wants != *watched)
		outbox_watch(s->options.outbox, topic, wants ? 1 : -1);
	*watched = wants;
}

static bool names(const char *topics, const char *topic)
{
	size_t size = strlen(topic);
	for (const char *at = topics; (at = strstr(at, topic)) != NULL; at += size)
		if ((at == topics || at[-1] == ' ') && (at[size] == '\0' || at[size] == ' '))
			return true;
	return false;
}

static bool look(struct sinks *s, struct arena *arena, struct wanted *wanted, struct err *err)
{
	bool steps = false, events = false;
	struct db *db = store_read(s->options.store);
	bool read = sinks_list(db, NULL, arena, take_sink, wanted, err);
	store_read_end(s->options.store, db);
	for (size_t i = 0; read && i < wanted->count; i++) {
		steps = steps || names(wanted->items[i].topics, "steps");
		events = events || names(wanted->items[i].topics, SINK_EVENTS);
	}
	if (!read)
		return false;
	s->any = wanted->count > 0;
	watch(s, "steps", &s->steps, steps);
	watch(s, SINK_EVENTS, &s->events, events);
	return true;
}

static void tell_all(struct sinks *s)
{
	struct arena arena;
	struct err err = {.kind = ERR_NONE};
	struct wanted wanted = {.sinks = s};
	arena_init(&arena, ARENA_CAP);
	bool good = look(s, &arena, &wanted, &err), more = false;
	for (size_t i = 0; good && i < wanted.count && !atomic_load(&s->stopping); i++)
		if (wanted.items[i].due_us <= env_wall_us(s->options.env))
			more = tell_some(s, &wanted.items[i], &err) || more;
	if (err.kind != ERR_NONE)
		log_error("flow: a sink could not be told", log_str("error", err.message));
	free(wanted.items);
	arena_fini(&arena);
	if (more)
		sinks_changed(s);
}

static bool rest(struct sinks *s)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += REST_S;
	pthread_mutex_lock(&s->lock);
	while (!s->stop && !s->changed && !(s->woken && s->any))
		if (!s->any)
			pthread_cond_wait(&s->wake, &s->lock);
		else if (pthread_cond_timedwait(&s->wake, &s->lock, &until) != 0)
			break;
	s->woken = s->changed = false;
	bool stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return !stop;
}

static void *run(void *self)
{
	struct sinks *s = self;
	pthread_setname_np(pthread_self(), "sinks");
	while (rest(s))
		tell_all(s);
	return NULL;
}

/* On the writer's thread. */
static void committed(void *self)
{
	struct sinks *s = self;
	pthread_mutex_lock(&s->lock);
	s->woken = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

/* --- life --- */

struct sinks *sinks_open(const struct sinks_options *options)
{
	static const char purpose[] = "countersign/flow/sinks/v1";
	pthread_condattr_t attr;
	struct sinks *s = calloc(1, sizeof *s);
	must(s != NULL && pthread_mutex_init(&s->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
		 pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&s->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	s->options = *options;
	s->options.master_key = NULL;
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, purpose, sizeof purpose - 1, s->key, sizeof s->key);
	s->changed = true; /* a first look */
	outbox_hook(options->outbox, committed, s);
	must(pthread_create(&s->thread, NULL, run, s) == 0);
	return s;
}

void sinks_changed(struct sinks *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->changed = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void sinks_stop(struct sinks *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stopping, true);
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	watch(s, "steps", &s->steps, false);
	watch(s, SINK_EVENTS, &s->events, false);
}

void sinks_close(struct sinks *s)
{
	if (s == NULL)
		return;
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	wipe(s->key, sizeof s->key);
	free(s);
}
