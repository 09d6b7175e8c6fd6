#include "flow/run_events.h"

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
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/flow_internal.h"
#include "flow/journal.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "http/stream.h"
#include "store/store.h"

enum {
	REST_MS = 1000,
	AT_ONCE = 200,         /* rows of one read, about */
	WAITING_MAX = 1 << 18, /* bytes that wait for a peer before it is waited for */
	ROOM = 64 << 20,       /* and one row more, whatever it holds */
	LIFE_US = 600000000,
	RECORD_CAP = 64 << 20,
};

struct follower {
	struct run_events *events;
	struct stream *stream;
	char run_id[ID_TEXT], account_id[ID_TEXT];
	int64_t after;    /* the row that it has */
	int64_t until_us; /* monotonic */
	bool ended;
	_Atomic bool gone;
	struct follower *next;
};

struct run_events {
	struct store *store;
	const struct env *env;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool woken, stop;
	struct follower *arriving;
	struct follower *followers; /* the thread's own */
	_Atomic int64_t streams;
};

/* --- sending --- */

struct sending {
	struct follower *follower;
	int64_t sent;
};

static bool send_row(void *self, const struct json *row, struct err *err)
{
	struct sending *s = self;
	struct follower *f = s->follower;
	struct buf text;
	struct jw jw;
	char id[24];
	int64_t seq = json_get(row, "seq")->integer;
	(void)err;
	if (f->ended || stream_waiting(f->stream) > WAITING_MAX)
		return true; /* the rest another time */
	buf_init(&text, 0);
	jw_init(&jw, &text);
	run_row_write(&jw, row);
	snprintf(id, sizeof id, "%lld", (long long)seq);
	f->ended = !buf_ok(&text) || !stream_send(f->stream, id, json_text(row, "kind"), buf_text(&text));
	buf_fini(&text);
	f->after = seq;
	s->sent++;
	return true;
}

static void end(struct follower *f, const char *event)
{
	if (!f->ended)
		stream_end(f->stream, event);
	f->ended = true;
}

/* What the run has for it, as far as the peer takes it.  The record is read first: rows that come meanwhile are more.
 */
static bool pump(struct follower *f, struct db *db, struct arena *arena, struct err *err)
{
	struct run_record record;
	struct sending s;
	bool found;
	if (!runs_get(db, f->run_id, f->account_id, arena, &record, &found, err))
		return false;
	do {
		s = (struct sending){.follower = f};
		if (found && f->after < record.seq && !journal_rows(db, f->run_id, f->after, AT_ONCE, send_row, &s, err))
			return false;
	} while (s.sent > 0 && !f->ended);
	if (!found || (record.ended_us != 0 && f->after == record.seq))
		end(f, NULL);
	return true;
}

static void serve(struct follower *f)
{
	struct arena arena;
	struct err err;
	if (f->ended || atomic_load(&f->gone))
		return;
	arena_init(&arena, RECORD_CAP);
	struct db *db = store_read(f->events->store);
	bool read = pump(f, db, &arena, &err);
	store_read_end(f->events->store, db);
	arena_fini(&arena);
	if (!read)
		log_error("flow: rows of a run could not be read", log_str("run_id", f->run_id), log_str("why", err.message));
	if (env_mono_us(f->events->env) >= f->until_us)
		end(f, "bye");
}

/* --- the thread --- */

static void wake(struct run_events *events)
{
	pthread_mutex_lock(&events->lock);
	events->woken = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
}

void run_events_tell(struct run_events *events)
{
	if (events != NULL && atomic_load(&events->streams) > 0)
		wake(events);
}

static void on_drained(void *self)
{
	wake(((struct follower *)self)->events);
}

static void on_gone(void *self)
{
	struct follower *f = self;
	struct run_events *events = f->events;
	atomic_fetch_sub(&events->streams, 1);
	atomic_store(&f->gone, true); /* the last that this thread does with it */
	wake(events);
}

static bool rest(struct run_events *events)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += REST_MS / 1000;
	pthread_mutex_lock(&events->lock);
	while (!events->woken && !events->stop && pthread_cond_timedwait(&events->wake, &events->lock, &until) == 0)
		;
	events->woken = false;
	bool stop = events->stop;
	pthread_mutex_unlock(&events->lock);
	return !stop;
}

static void receive(struct run_events *events)
{
	pthread_mutex_lock(&events->lock);
	struct follower *arriving = events->arriving;
	events->arriving = NULL;
	pthread_mutex_unlock(&events->lock);
	while (arriving != NULL) {
		struct follower *f = arriving;
		arriving = f->next;
		f->next = events->followers;
		events->followers = f;
	}
}

static void forget_gone(struct run_events *events)
{
	for (struct follower **at = &events->followers; *at != NULL;) {
		struct follower *f = *at;
		if (!atomic_load(&f->gone)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		stream_unref(f->stream);
		free(f);
	}
}

static void *run(void *self)
{
	struct run_events *events = self;
	pthread_setname_np(pthread_self(), "run events");
	while (rest(events)) {
		receive(events);
		forget_gone(events);
		for (struct follower *f = events->followers; f != NULL; f = f->next)
			serve(f);
	}
	return NULL;
}

struct run_events *run_events_open(struct store *store, const struct env *env)
{
	pthread_condattr_t attr;
	struct run_events *events = calloc(1, sizeof *events);
	must(events != NULL && pthread_mutex_init(&events->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
		 pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&events->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	events->store = store;
	events->env = env;
	must(pthread_create(&events->thread, NULL, run, events) == 0);
	return events;
}

void run_events_stop(struct run_events *events)
{
	if (events == NULL)
		return;
	pthread_mutex_lock(&events->lock);
	events->stop = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
	pthread_join(events->thread, NULL);
}

void run_events_close(struct run_events *events)
{
	if (events == NULL)
		return;
	receive(events);
	forget_gone(events);
	if (events->followers != NULL)
		log_warn("a stream of a run did not end with the server");
	pthread_cond_destroy(&events->wake);
	pthread_mutex_destroy(&events->lock);
	free(events);
}

/* --- following --- */

static struct follower *new_follower(struct run_events *events, const struct run_record *record, int64_t after)
{
	struct follower *f = calloc(1, sizeof *f);
	must(f != NULL && strlen(record->run_id) < sizeof f->run_id && strlen(record->account_id) < sizeof f->account_id);
	f->events = events;
	strcpy(f->run_id, record->run_id);
	strcpy(f->account_id, record->account_id);
	f->after = after;
	f->until_us = env_mono_us(events->env) + LIFE_US;
	return f;
}

static void arrive(struct run_events *events, struct follower *f)
{
	pthread_mutex_lock(&events->lock);
	f->next = events->arriving;
	events->arriving = f;
	pthread_mutex_unlock(&events->lock);
	wake(events);
}

void run_events_follow(struct run_events *events, struct exchange *x, const struct run_record *record, int64_t after)
{
	if (atomic_fetch_add(&events->streams, 1) >= RUN_EVENTS_MAX) {
		atomic_fetch_sub(&events->streams, 1);
		exchange_failf(x, ERR_OVERLOADED, "%d streams of runs are open already.", RUN_EVENTS_MAX);
		return;
	}
	struct follower *f = new_follower(events, record, after);
	const struct stream_options options = {.room = ROOM, .drained = on_drained, .gone = on_gone, .self = f};
	f->stream = exchange_stream(x, &options);
	if (f->stream == NULL) {
		atomic_fetch_sub(&events->streams, 1);
		free(f);
		return;
	}
	serve(f);
	arrive(events, f);
}
