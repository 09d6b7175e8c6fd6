#include "flow/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/domain/cloud_event.h"
#include "flow/domain/datum.h"
#include "flow/event_batch.h"
#include "flow/events_repo.h"
#include "flow/runner_internal.h"
#include "http/workers.h"

struct feed {
	struct runner *runner;
	char run_id[ID_TEXT], account_id[ID_TEXT];
	struct datum *list;
	size_t next;
	int64_t first_us;   /* when the run first listened; 0: not yet */
	bool set;           /* the alarm for the next one */
	struct datum *text; /* of the event under way */
	struct event_record record;
	struct event_batch batch;
	struct store_op op;
};

static const struct json *event_of(const struct feed *feed, size_t i)
{
	return json_get(&datum_tree(feed->list)->items[i], "event");
}

static int64_t after_us(const struct feed *feed, size_t i)
{
	const struct json *after = json_get(&datum_tree(feed->list)->items[i], "after_ms");
	return after == NULL ? 0 : after->kind == JS_INT ? after->integer * 1000 : (int64_t)(after->real * 1000);
}

/* --- opening --- */

static void check_item(const struct json *item, const char *at, struct arena *arena, struct faults *faults)
{
	const struct json *after = json_get(item, "after_ms"), *event = json_get(item, "event");
	if (event == NULL)
		faults_add(faults, at, "required", "{after_ms, event}");
	else
		cloud_event_check(event, arena_printf(arena, "%s/event", at), arena, faults);
	if (after != NULL && after->kind != JS_INT && after->kind != JS_REAL)
		faults_add(faults, arena_printf(arena, "%s/after_ms", at), "type", "must be a number");
}

static bool check(struct datum *list, struct err *err)
{
	struct arena arena;
	struct faults faults;
	const struct json *json = datum_tree(list);
	if (json->kind != JS_ARRAY)
		return err_set(err, ERR_INVALID, "Events are a list of {after_ms, event}.");
	arena_init(&arena, 16 << 20);
	faults_init(&faults, &arena);
	for (uint32_t i = 0; i < json->count; i++)
		check_item(&json->items[i], arena_printf(&arena, "/%u", i), &arena, &faults);
	bool good = faults.count == 0;
	if (!good)
		err_set(err, ERR_INVALID, "Events: %s: %s", faults.first->pointer, faults.first->message);
	arena_fini(&arena);
	return good;
}

static void add_missing(struct jw *jw, const struct json *event, const char *name, const char *value)
{
	if (json_get(event, name) == NULL)
		jw_member_str(jw, name, value);
}

static void write_item(struct jw *jw, const struct json *item, uint32_t number)
{
	const struct json *event = json_get(item, "event");
	char id[24];
	snprintf(id, sizeof id, "%u", number);
	jw_object(jw);
	if (json_get(item, "after_ms") != NULL) {
		jw_key(jw, "after_ms");
		jw_json(jw, json_get(item, "after_ms"));
	}
	jw_key(jw, "event");
	jw_object(jw);
	for (uint32_t i = 0; i < event->count; i++) {
		jw_key(jw, event->members[i].name);
		jw_json(jw, &event->members[i].value);
	}
	add_missing(jw, event, "specversion", "1.0");
	add_missing(jw, event, "id", id);
	add_missing(jw, event, "source", "urn:countersign:flow");
	jw_object_end(jw);
	jw_object_end(jw);
}

/* Who writes a list by hand need not say what any event has. */
static struct datum *completed(struct datum *list)
{
	const struct json *json = datum_tree(list);
	struct buf text;
	struct jw jw;
	if (json->kind != JS_ARRAY)
		return datum_ref(list);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_array(&jw);
	for (uint32_t i = 0; i < json->count; i++) {
		const struct json *event = json_get(&json->items[i], "event");
		if (event != NULL && event->kind == JS_OBJECT)
			write_item(&jw, &json->items[i], i + 1);
		else
			jw_json(&jw, &json->items[i]);
	}
	jw_array_end(&jw);
	return datum_take_buf(&text);
}

bool feed_open(struct runner *runner, const char *run_id, struct datum *list, struct err *err)
{
	list = completed(list);
	if (!check(list, err)) {
		datum_unref(list);
		return false;
	}
	struct feed *feed = calloc(1, sizeof *feed);
	must(feed != NULL && strlen(run_id) < sizeof feed->run_id);
	feed->runner = runner;
	strcpy(feed->run_id, run_id);
	feed->list = list;
	runner_lock(runner);
	must(runner->feed == NULL);
	runner->feed = feed;
	runner_unlock(runner);
	return true;
}

void feed_close(struct runner *runner)
{
	struct feed *feed = runner->feed;
	if (feed == NULL)
		return;
	event_batch_fini(&feed->batch);
	datum_unref(feed->text);
	datum_unref(feed->list);
	free(feed);
	runner->feed = NULL;
}

/* --- giving --- */

static bool run_listens(const struct live *live)
{
	return live->loaded && live->following.subscriptions_count > 0;
}

void feed_settled(struct runner *runner, const struct live *live)
{
	struct feed *feed = runner->feed;
	if (feed == NULL || feed->first_us != 0 || strcmp(live->run_id, feed->run_id) != 0 || !run_listens(live))
		return;
	feed->first_us = runner_now_us(runner);
	must(strlen(live->account_id) < sizeof feed->account_id);
	strcpy(feed->account_id, live->account_id);
}

void feed_look(struct runner *runner)
{
	struct feed *feed = runner->feed;
	if (feed == NULL || feed->first_us == 0 || feed->set || feed->next >= datum_tree(feed->list)->count ||
		runner->turns_under_way + runner->effects_under_way > 0)
		return;
	feed->set = true;
	const struct alarm alarm = {.due_us = feed->first_us + after_us(feed, feed->next), .run_id = FEED_ALARM};
	alarms_set(runner, &alarm);
}

static bool apply_event(struct db *db, void *self, struct err *err)
{
	return event_batch_put(&((struct feed *)self)->batch, db, err);
}

/* Not in the writer's thread, which must not wait for the runner's lock. */
static void event_given(void *self, int worker)
{
	struct feed *feed = self;
	struct runner *runner = feed->runner;
	(void)worker;
	event_batch_tell(&feed->batch, runner);
	event_batch_fini(&feed->batch);
	runner_lock(runner);
	runner->turns_under_way--;
	runner_changed(runner);
	runner_unlock(runner);
}

static void event_stored(void *self, bool applied, const struct err *err)
{
	struct feed *feed = self;
	if (!applied)
		log_error("flow: event not stored", log_str("error", err->message));
	must(workers_push(feed->runner->turns, event_given, feed));
}

void feed_ring(struct runner *runner)
{
	struct feed *feed = runner->feed;
	struct err err;
	feed->set = false;
	runner->turns_under_way++; /* closing waits for it */
	datum_unref(feed->text);
	feed->text = datum_json(event_of(feed, feed->next++));
	feed->record = (struct event_record){.account_id = feed->account_id,
										 .event = datum_tree(feed->text),
										 .text = datum_bytes(feed->text, NULL),
										 .received_us = runner_now_us(runner),
										 .once = true};
	feed->batch = (struct event_batch){.records = &feed->record, .count = 1};
	feed->op = (struct store_op){.apply = apply_event, .done = event_stored, .self = feed};
	if (!store_submit(runner->options.store, &feed->op, &err))
		event_stored(feed, false, &err);
}
