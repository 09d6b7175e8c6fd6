#include "seal/outbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "store/store.h"

#define KEEP_US (INT64_C(3600) * OUTBOX_KEEP_H * STAMP_US_PER_S)

struct hook {
	void (*woken)(void *self);
	void *self;
};

struct outbox {
	const struct env *env;
	struct id_maker *ids;
	char *source;
	const struct store_watch *watch;
	uint64_t seen;      /* the watch's number for which newest holds; of the writer; 0: none */
	int64_t newest;     /* number of a row */
	_Atomic bool added; /* since the last commit; stays set when that failed, which costs one call for nothing */
	struct hook hooks[OUTBOX_HOOKS_MAX];
	_Atomic size_t hooks_count;
	pthread_mutex_t watch_lock; /* of what follows */
	struct watched {
		char *topic;
		int by; /* so many */
	} watched[OUTBOX_TOPICS_MAX];
	size_t watched_count;
};

static void committed(void *self)
{
	struct outbox *outbox = self;
	if (!atomic_exchange(&outbox->added, false))
		return;
	size_t count = atomic_load(&outbox->hooks_count);
	for (size_t i = 0; i < count; i++)
		outbox->hooks[i].woken(outbox->hooks[i].self);
}

struct outbox *outbox_new(struct store *store, const struct env *env, struct id_maker *ids, const char *source)
{
	struct outbox *outbox = calloc(1, sizeof *outbox);
	must(outbox != NULL);
	outbox->env = env;
	outbox->ids = ids;
	outbox->source = strdup(source);
	must(outbox->source != NULL && pthread_mutex_init(&outbox->watch_lock, NULL) == 0);
	store_on_commit(store, committed, outbox);
	static const char *const tables[] = {"outbox", NULL};
	outbox->watch = store_watch(store, tables);
	return outbox;
}

void outbox_free(struct outbox *outbox)
{
	if (outbox == NULL)
		return;
	for (size_t i = 0; i < outbox->watched_count; i++)
		free(outbox->watched[i].topic);
	pthread_mutex_destroy(&outbox->watch_lock);
	free(outbox->source);
	free(outbox);
}

void outbox_hook(struct outbox *outbox, void (*woken)(void *self), void *self)
{
	size_t count = atomic_load(&outbox->hooks_count);
	must(count < OUTBOX_HOOKS_MAX);
	outbox->hooks[count] = (struct hook){woken, self};
	atomic_store(&outbox->hooks_count, count + 1);
}

/* With the lock held; NULL: nobody ever did. */
static struct watched *find_watched(struct outbox *outbox, const char *topic)
{
	for (size_t i = 0; i < outbox->watched_count; i++)
		if (strcmp(outbox->watched[i].topic, topic) == 0)
			return &outbox->watched[i];
	return NULL;
}

void outbox_watch(struct outbox *outbox, const char *topic, int by)
{
	pthread_mutex_lock(&outbox->watch_lock);
	struct watched *watched = find_watched(outbox, topic);
	if (watched == NULL) {
		must(outbox->watched_count < OUTBOX_TOPICS_MAX);
		watched = &outbox->watched[outbox->watched_count++];
		watched->topic = strdup(topic);
		must(watched->topic != NULL);
	}
	watched->by += by;
	must(watched->by >= 0);
	pthread_mutex_unlock(&outbox->watch_lock);
}

bool outbox_watched(struct outbox *outbox, const char *topic)
{
	pthread_mutex_lock(&outbox->watch_lock);
	const struct watched *watched = find_watched(outbox, topic);
	bool is = watched != NULL && watched->by > 0;
	pthread_mutex_unlock(&outbox->watch_lock);
	return is;
}

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

/* All ops run on one writer, so the next number is free, and a failed op gives its number back. */
static bool next_number(struct outbox *outbox, struct db *db, int64_t *number, struct err *err)
{
	if (outbox->seen == 0 || outbox->seen != db_watch(db, outbox->watch))
		return db_one(db, err, NULL, take_number, number, "SELECT COALESCE(MAX(number), 0) + 1 FROM outbox");
	*number = outbox->newest + 1;
	return true;
}

bool outbox_add(struct outbox *outbox, struct db *db, struct outbox_event *event, struct err *err)
{
	char id[ID_TEXT];
	int64_t at_us = env_wall_us(outbox->env), number = 0;
	must(event->topic[0] != '\0' && event->topic[strspn(event->topic, "abcdefghijklmnopqrstuvwxyz")] == '\0');
	if (event->event_id == NULL)
		id_make(outbox->ids, id);
	if (!next_number(outbox, db, &number, err) ||
		!db_run(db, err,
				"INSERT INTO outbox (number, event_id, account_id, topic, event, subject, effect_key, data, at) "
				"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				V_INT(number), V_TEXT(event->event_id != NULL ? event->event_id : id), V_TEXT(event->account_id),
				V_TEXT(event->topic), V_TEXT(event->event), V_TEXT(event->subject), V_TEXT(event->effect_key),
				V_TEXT(event->data != NULL ? event->data : "{}"), V_INT(at_us)))
		return false;
	outbox->seen = db_watch(db, outbox->watch);
	outbox->newest = number;
	event->number = number;
	event->at_us = at_us;
	atomic_store(&outbox->added, true);
	return true;
}

/* ",a,b,": one parameter, whatever the count, so that the statement has one form. */
static const char *join(struct arena *arena, const char *const *topics)
{
	struct buf text;
	size_t count = 0;
	buf_init(&text, 0);
	for (; topics[count] != NULL; count++)
		buf_addf(&text, ",%s", topics[count]);
	must(count <= OUTBOX_TOPICS_MAX);
	buf_addc(&text, ',');
	const char *joined = arena_dup(arena, buf_text(&text));
	buf_fini(&text);
	return joined;
}

static void give(struct db_rows *rows, struct arena *arena, void (*take)(void *self, const struct outbox_event *event),
				 void *self)
{
	while (db_next(rows)) {
		const struct outbox_event event = {
			.number = db_int(rows, 0),
			.event_id = db_text_dup(rows, 1, arena),
			.account_id = db_text_dup(rows, 2, arena),
			.topic = db_text_dup(rows, 3, arena),
			.event = db_text_dup(rows, 4, arena),
			.subject = db_text_dup(rows, 5, arena),
			.effect_key = db_text_dup(rows, 6, arena),
			.data = db_text_dup(rows, 7, arena),
			.at_us = db_int(rows, 8),
		};
		if (!arena->full)
			take(self, &event);
	}
}

bool outbox_read(struct db *db, const struct outbox_filter *filter, struct arena *arena,
				 void (*take)(void *self, const struct outbox_event *event), void *self, struct err *err)
{
	struct db_rows rows;
	must(filter->limit > 0);
	const char *topics = filter->topics != NULL ? join(arena, filter->topics) : NULL;
	if (arena->full)
		return err_set(err, ERR_LIMIT, "no memory for the events");
	if (!db_query(db, &rows, err,
				  "SELECT number, event_id, account_id, topic, event, subject, effect_key, data, at FROM outbox "
				  "WHERE number > $1 AND (CAST($2 AS TEXT) IS NULL OR account_id = $2) "
				  "AND (CAST($3 AS TEXT) IS NULL OR $3 LIKE '%,' || topic || ',%') ORDER BY number LIMIT $4",
				  V_INT(filter->after), V_TEXT(filter->account_id), V_TEXT(topics), V_INT(filter->limit)))
		return false;
	give(&rows, arena, take, self);
	if (!db_end(&rows, err))
		return false;
	return !arena->full || err_set(err, ERR_LIMIT, "no memory for the events");
}

static void take_span(const struct db_rows *row, void *self)
{
	int64_t *span = self;
	span[0] = db_int(row, 0);
	span[1] = db_int(row, 1);
}

bool outbox_span(struct db *db, int64_t *oldest, int64_t *newest, struct err *err)
{
	int64_t span[2] = {0, 0};
	if (!db_one(db, err, NULL, take_span, span,
				"SELECT COALESCE((SELECT number FROM outbox ORDER BY number LIMIT 1), 0), "
				"COALESCE((SELECT number FROM outbox ORDER BY number DESC LIMIT 1), 0)"))
		return false;
	*oldest = span[0];
	*newest = span[1];
	return true;
}

bool outbox_sweep(struct outbox *outbox, struct db *db, int64_t *dropped, struct err *err)
{
	/* numbers rise with time: up to the first row that is kept */
	if (!db_run(db, err,
				"DELETE FROM outbox WHERE number < COALESCE((SELECT number FROM outbox WHERE at >= $1 ORDER BY number "
				"LIMIT 1), (SELECT MAX(number) FROM outbox), 0)",
				V_INT(env_wall_us(outbox->env) - KEEP_US)))
		return false;
	*dropped = db_changed(db);
	return true;
}

/* REF: CloudEvents 1.0.2 section 3.1: required attributes */
void outbox_write(const struct outbox *outbox, const struct outbox_event *event, struct buf *buf)
{
	char at[STAMP_TEXT];
	struct jw jw;
	stamp_format(at, event->at_us);
	jw_init(&jw, buf);
	jw_object(&jw);
	jw_member_str(&jw, "specversion", "1.0");
	jw_member_str(&jw, "id", event->event_id);
	jw_member_str(&jw, "source", outbox->source);
	jw_member_str(&jw, "type", event->event);
	if (event->subject != NULL)
		jw_member_str(&jw, "subject", event->subject);
	jw_member_str(&jw, "time", at);
	jw_member_str(&jw, "datacontenttype", "application/json");
	jw_key(&jw, "data");
	jw_raw(&jw, event->data, strlen(event->data));
	jw_object_end(&jw);
}
