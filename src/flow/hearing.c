/* Events: from those who emit to those who listen. */
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_listen.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/events_repo.h"
#include "flow/following.h"
#include "flow/runner_internal.h"

enum { LOOK_EVENTS = 64 /* events that are read at a time */ };

/* --- of which type --- */

static bool same_type(const struct ir_strategy *strategy, const char **type)
{
	for (size_t i = 0; i < strategy->count; i++) {
		const struct json *with = strategy->filters[i].with, *wanted = json_get(with, "type");
		size_t at = 0;
		while (wanted != NULL && strcmp(with->members[at].name, "type") != 0)
			at++;
		bool plain = wanted != NULL && wanted->kind == JS_STRING && wanted->text[0] != '/' &&
					 strategy->filters[i].values[at].mode == IR_LITERAL;
		if (!plain || (*type != NULL && strcmp(*type, wanted->text) != 0))
			return false;
		*type = wanted->text;
	}
	return strategy->count > 0;
}

/* The one type that all filters name; NULL: they differ, or say it in another way. */
static const char *type_of(const struct ir_task *task)
{
	const struct ir_strategy *to = &task->listen.to;
	const char *type = NULL;
	bool same = same_type(to, &type) && (to->until_events == NULL || same_type(to->until_events, &type));
	return same ? type : NULL;
}

/* --- taking --- */

struct event {
	int64_t position;
	char *text, *raw;
};
struct events {
	struct event items[LOOK_EVENTS];
	size_t count;
};

static void take_event(void *self, int64_t position, const char *text, const char *raw)
{
	struct events *events = self;
	struct event *event = &events->items[events->count++];
	*event = (struct event){.position = position, .text = strdup(text), .raw = raw == NULL ? NULL : strdup(raw)};
	must(event->text != NULL && (raw == NULL || event->raw != NULL));
}

static bool read_events(const struct live *live, const struct subscription *s, const char *type, struct events *events)
{
	struct err err;
	struct db *db = store_read(live->runner->options.store);
	events->count = 0;
	bool good = events_after(db, live->account_id, type, s->after, LOOK_EVENTS, take_event, events, &err);
	store_read_end(live->runner->options.store, db);
	if (!good)
		log_error("flow: events cannot be read", log_str("run_id", live->run_id), log_str("error", err.message));
	return good;
}

/* One after the other, until one is taken. */
static bool offer(struct live *live, struct frame *frame, struct subscription *s, const struct events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = &events->items[i];
		struct heard heard = {
			.position = event->position, .event = datum_text(event->text, strlen(event->text)), .raw = event->raw};
		bool taken = drive_hear(&live->drive, frame, &heard);
		s->after = event->position;
		datum_unref(heard.event);
		if (taken)
			return true;
	}
	return false;
}

static bool listen_on(struct live *live, struct frame *frame, struct subscription *s)
{
	static const struct events none = {.count = 0};
	struct events events = none;
	bool taken = false;
	const char *type = type_of(frame->task);
	do {
		if (!read_events(live, s, type, &events))
			break;
		taken = offer(live, frame, s, &events);
		for (size_t i = 0; i < events.count; i++) {
			free(events.items[i].text);
			free(events.items[i].raw);
		}
	} while (!taken && events.count == LOOK_EVENTS);
	return taken;
}

bool hearing_take(struct live *live)
{
	struct following *f = &live->following;
	for (size_t i = 0; i < f->subscriptions_count; i++) {
		struct frame *frame = f->subscriptions[i].gone ? NULL : run_frame(&live->run, f->subscriptions[i].frame);
		if (frame != NULL && drive_listens(frame) && listen_on(live, frame, &f->subscriptions[i]))
			return true;
	}
	return false;
}

bool hearing_busy(const struct live *live)
{
	const struct following *f = &live->following;
	for (size_t i = 0; i < f->subscriptions_count; i++) {
		const struct frame *frame = run_frame(&live->run, f->subscriptions[i].frame);
		if (frame != NULL && !drive_listens(frame))
			return true;
	}
	return false;
}

/* --- committing --- */

static bool is_listening(const struct live *live, uint32_t number)
{
	const struct frame *frame = run_frame(&live->run, number);
	return frame != NULL && frame->listening != NULL && !run_is_over(live->run.status);
}

static bool listens(struct live *live, struct db *db, uint32_t number, int64_t since_us, struct err *err)
{
	if (!is_listening(live, number))
		return true; /* it has ended in the same turn */
	struct listener_record listener = {.run_id = live->run_id,
									   .frame = number,
									   .account_id = live->account_id,
									   .type = type_of(run_frame(&live->run, number)->task)};
	bool read = true;
	if (since_us > 0)
		read = events_before(db, live->account_id, since_us, &listener.after, err);
	else if (since_us == 0)
		read = events_last(db, live->account_id, &listener.after, err);
	else
		listener.after = -1 - since_us;
	if (!read || !listeners_put(db, &listener, err))
		return false;
	following_subscribe(live, number, listener.after);
	if (since_us != 0)
		following_notice(live, live->run_id, NOTICE_LOOK);
	return true;
}

static void take_listener(void *live, const char *run_id)
{
	following_notice(live, run_id, NOTICE_LOOK);
}

static bool emitted(struct live *live, struct db *db, struct datum *event, struct err *err)
{
	struct event_record record = {.account_id = live->account_id,
								  .event = datum_tree(event),
								  .text = datum_bytes(event, NULL),
								  .received_us = live->drive.now_us};
	return events_put(db, &record, err) &&
		   listeners_for(db, live->account_id, json_text(record.event, "type"), take_listener, live, err);
}

bool hearing_fact(struct live *live, struct db *db, const struct fact *fact, struct err *err)
{
	return fact->kind == FACT_LISTENS ? listens(live, db, fact->frame, fact->since_us, err)
									  : emitted(live, db, fact->datum, err);
}

static bool is_subscribed(const struct following *f, uint32_t frame)
{
	for (size_t i = 0; i < f->subscriptions_count; i++)
		if (f->subscriptions[i].frame == frame)
			return true;
	return false;
}

/* Where a listener that came back (by a restore, a retry) goes on: where it stood then. */
static int64_t goes_on(const struct frame *frame)
{
	const struct listening *listening = frame->listening;
	if (listening->heard > 0)
		return -1 - listening->heard;
	return listening->since != 0 ? listening->since : frame->started_us;
}

static bool subscribe_others(struct live *live, struct db *db, struct err *err)
{
	for (size_t i = 0; i < live->run.frames_count; i++) {
		const struct frame *frame = live->run.frames[i];
		if (frame->listening != NULL && !is_subscribed(&live->following, frame->number) &&
			!listens(live, db, frame->number, goes_on(frame), err))
			return false;
	}
	return true;
}

bool hearing_forget(struct live *live, struct db *db, struct err *err)
{
	struct following *f = &live->following;
	size_t kept = 0;
	for (size_t i = 0; i < f->subscriptions_count; i++) {
		if (f->subscriptions[i].gone && !listeners_drop(db, live->run_id, f->subscriptions[i].frame, err))
			return false;
		if (!f->subscriptions[i].gone)
			f->subscriptions[kept++] = f->subscriptions[i];
	}
	f->subscriptions_count = kept;
	return true;
}

bool hearing_commit(struct live *live, struct db *db, struct err *err)
{
	struct following *f = &live->following;
	size_t kept = 0;
	for (size_t i = 0; i < f->subscriptions_count; i++) {
		struct subscription *s = &f->subscriptions[i];
		bool open = is_listening(live, s->frame);
		if (!open && !listeners_drop(db, live->run_id, s->frame, err))
			return false;
		if (open && s->after != s->stored && !listeners_move(db, live->run_id, s->frame, s->after, err))
			return false;
		s->stored = s->after;
		if (open)
			f->subscriptions[kept++] = *s;
	}
	f->subscriptions_count = kept;
	return subscribe_others(live, db, err);
}
