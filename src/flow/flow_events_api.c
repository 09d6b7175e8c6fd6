/* POST /api/v1/flow/events: CloudEvents for those who listen [flow.md 3.4]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/cloud_event.h"
#include "flow/domain/datum.h"
#include "flow/event_batch.h"
#include "flow/events_repo.h"
#include "flow/flow_internal.h"
#include "flow/runner.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

enum { EVENTS_MAX = 1000 /* of one batch */ };

struct incoming {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct event_batch batch;
};

/* --- from the body to events --- */

static void add_attributes(const struct exchange *x, struct cloud_event_parts *parts)
{
	for (size_t i = 0; i < x->head.header_count; i++) {
		const struct header *header = &x->head.headers[i];
		if (strncmp(header->name, "ce-", 3) != 0 || header->name_size == 3 ||
			parts->count == sizeof parts->attributes / sizeof *parts->attributes)
			continue;
		parts->attributes[parts->count].name = header->name + 3;
		parts->attributes[parts->count++].value = header->value;
	}
}

/* One event whose attributes are headers.  NULL: answered. */
static const struct json *binary_event(struct exchange *x)
{
	struct cloud_event_parts parts = {
		.content_type = exchange_header(x, "content-type"), .body = buf_text(&x->body), .body_size = x->body.size};
	struct buf text;
	struct err err = {.kind = ERR_JSON_INVALID};
	const struct json *event = NULL;
	add_attributes(x, &parts);
	buf_init(&text, 0);
	if (!cloud_event_join(&parts, &text))
		exchange_failf(x, ERR_JSON_INVALID, "The data are said to be JSON and are none.");
	else if (!json_parse(&x->arena, arena_dupn(&x->arena, buf_text(&text), text.size), text.size, &datum_limits, &event,
						 &err))
		exchange_fail(x, &err);
	buf_fini(&text);
	return event;
}

static const struct json *structured_events(struct exchange *x)
{
	const struct json *json;
	return exchange_json(x, &json) ? json : NULL;
}

static const char *text_of(struct arena *arena, const struct json *json)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

static struct event_record record_of(const struct exchange *x, struct arena *arena, const struct json *event,
									 const char *raw)
{
	return (struct event_record){.account_id = principal_of(x)->account_id,
								 .event = event,
								 .text = text_of(arena, event),
								 .raw = raw,
								 .received_us = runner_now_us(((struct flow_api *)x->owner)->runner),
								 .once = true};
}

/* The body as it came is what `read: raw` shows, where it is text. */
static const char *raw_of(const struct exchange *x, const struct json *event)
{
	bool text = json_get(event, "data") != NULL && strlen(buf_text(&x->body)) == x->body.size;
	return text ? arena_dupn(&((struct exchange *)(uintptr_t)x)->arena, buf_text(&x->body), x->body.size) : NULL;
}

static bool take_events(struct incoming *in, const struct json *json, bool binary)
{
	struct exchange *x = in->x;
	struct faults faults;
	bool many = json->kind == JS_ARRAY;
	const struct json *events = many ? json->items : json;
	in->batch.count = many ? json->count : 1;
	faults_init(&faults, &x->arena);
	if (in->batch.count > EVENTS_MAX) {
		faults_add(&faults, "", "range", "%d events at a time at most", EVENTS_MAX);
		exchange_fail_faults(x, ERR_INVALID, &faults);
		return false;
	}
	in->batch.records = arena_array(&x->arena, in->batch.count + 1, sizeof *in->batch.records);
	for (size_t i = 0; i < in->batch.count && in->batch.records != NULL; i++) {
		cloud_event_check(&events[i], many ? arena_printf(&x->arena, "/%zu", i) : "", &x->arena, &faults);
		in->batch.records[i] = record_of(x, &x->arena, &events[i], binary ? raw_of(x, json) : NULL);
	}
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	else if (x->arena.full || in->batch.records == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	return faults.count == 0 && !x->arena.full && in->batch.records != NULL;
}

/* --- storing --- */

static bool apply_events(struct write *w, struct db *db, struct err *err)
{
	return event_batch_put(&((struct incoming *)w)->batch, db, err);
}

static void answer_events(struct write *w)
{
	const struct incoming *in = (struct incoming *)w;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_int(&jw, "accepted", (int64_t)in->batch.accepted);
	jw_member_int(&jw, "duplicates", (int64_t)in->batch.duplicates);
	jw_object_end(&jw);
	reply_fact_text(in->x, 202, buf_text(&text), text.size);
	buf_fini(&text);
}

static void after_events(struct write *w, bool applied)
{
	struct incoming *in = (struct incoming *)w;
	if (applied)
		event_batch_tell(&in->batch, in->api->runner);
	event_batch_fini(&in->batch);
}

static void handle_events(struct exchange *x)
{
	bool binary = exchange_header(x, "ce-specversion") != NULL;
	struct incoming *in = arena_new(&x->arena, struct incoming);
	if (in == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	in->x = x;
	in->api = x->owner;
	const struct json *json = binary ? binary_event(x) : structured_events(x);
	if (json == NULL || !take_events(in, json, binary))
		return;
	in->write = (struct write){
		.x = x, .store = in->api->options.store, .apply = apply_events, .answer = answer_events, .after = after_events};
	write_submit(&in->write);
}

static const char *const media[] = {"application/json", "application/cloudevents+json",
									"application/cloudevents-batch+json", "*/*", NULL};

static const struct field taken_rows[] = {
	T_INT(accepted),
	T_INT(duplicates, DOC("Known by source and id: they are not heard again")),
};
static const struct field_table taken_table = TOLD_TABLE("flow.events.taken", taken_rows);

const struct route flow_events_routes[] = {
	ROUTE(POST, "/api/v1/flow/events", "flow.run", EFFECT_WRITE, handle_events, .operation = "flow.events.send",
		  .summary = "CloudEvents for the runs that listen: structured, binary or a batch", .result = &taken_table,
		  .status = 202, .accepts = media, .body_max = DATUM_MAX, .json_limits = &datum_limits,
		  .example = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"https://shop.example\",\"type\":"
					 "\"com.example.order\",\"data\":{\"id\":7}}"),
};
const size_t flow_events_routes_count = sizeof flow_events_routes / sizeof *flow_events_routes;
