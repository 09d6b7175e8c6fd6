/* Tasks that are over at once: set, switch, raise, emit, and calls of pure operations. */
#include "flow/domain/drive.h"
#include "flow/domain/drive_data.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"

bool drive_is_leaf(const struct ir_task *task)
{
	switch (task->type) {
	case IR_SET:
	case IR_SWITCH:
	case IR_RAISE:
	case IR_EMIT:
		return true;
	case IR_CALL:
		return task->call.callee == IR_OP;
	default:
		return false;
	}
}

/* The first case that holds says where to go; without one the task's own directive does. */
static struct datum *decide_switch(struct place *place, const struct ir_next **next, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	const struct ir_case *otherwise = NULL;
	for (size_t i = 0; i < task->switch_.count; i++) {
		const struct ir_case *one = &task->switch_.cases[i];
		bool holds = false;
		if (one->when.source == NULL)
			otherwise = one;
		else if (!place_condition(place, &one->when, place->input, &holds, trouble))
			return NULL;
		if (holds) {
			*next = &one->next;
			return datum_ref(place->input);
		}
	}
	if (otherwise != NULL)
		*next = &otherwise->next;
	return datum_ref(place->input);
}

static bool add_member(struct place *place, struct jw *jw, const char *name, const struct ir_value *value,
					   const char *otherwise, struct trouble *trouble)
{
	if (value->source == NULL && otherwise == NULL)
		return true;
	jw_key(jw, name);
	if (value->source == NULL) {
		jw_str(jw, otherwise);
		return true;
	}
	struct datum *datum = place_eval(place, value, place->input, NULL, trouble);
	if (datum == NULL) {
		jw_null(jw);
		return false;
	}
	size_t size;
	const char *text = datum_bytes(datum, &size);
	jw_raw(jw, text, size);
	datum_unref(datum);
	return true;
}

/* The error that the task raises; NULL: it could not even be said. */
static struct datum *raised(struct place *place, struct trouble *trouble)
{
	const struct ir_error *raise = &place->task->raise;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool good = add_member(place, &jw, "type", &raise->type, "about:blank", trouble) &&
				add_member(place, &jw, "status", &raise->status, NULL, trouble) &&
				add_member(place, &jw, "title", &raise->title, NULL, trouble) &&
				add_member(place, &jw, "detail", &raise->detail, NULL, trouble) &&
				add_member(place, &jw, "instance", &raise->instance, place->reference, trouble);
	jw_object_end(&jw);
	if (good)
		return datum_take_buf(&text);
	buf_fini(&text);
	return NULL;
}

static void add_given(struct jw *jw, const struct json *event, const char *name, const char *otherwise)
{
	if (json_get(event, name) == NULL)
		jw_member_str(jw, name, otherwise);
}

/* The author's attributes, and those that every event has. */
static struct datum *whole_event(struct place *place, const struct json *given)
{
	const struct world *world = place->drive->world;
	struct buf text;
	struct jw jw;
	char id[37], at[STAMP_TEXT];
	world->id(world->self, id);
	stamp_format(at, place->drive->now_us);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	add_given(&jw, given, "specversion", "1.0");
	add_given(&jw, given, "id", id);
	add_given(&jw, given, "time", at);
	add_given(&jw, given, "source", world->event_source == NULL ? "countersign" : world->event_source);
	for (uint32_t i = 0; i < given->count; i++) {
		jw_key(&jw, given->members[i].name);
		jw_json(&jw, &given->members[i].value);
	}
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static struct datum *emitted(struct place *place, struct trouble *trouble)
{
	struct datum *with = place_eval(place, &place->task->emit.with, place->input, NULL, trouble), *event = NULL;
	if (with == NULL)
		return NULL;
	if (datum_tree(with)->kind == JS_OBJECT)
		event = whole_event(place, datum_tree(with));
	else
		trouble_set(trouble, TROUBLE_EXPRESSION, "No event", "The attributes of an event are an object.");
	datum_unref(with);
	return event;
}

static struct datum *computed(struct place *place, struct trouble *trouble)
{
	const struct world *world = place->drive->world;
	struct datum *body = place->task->call.with.source == NULL
							 ? datum_ref(place->input)
							 : place_eval(place, &place->task->call.with, place->input, NULL, trouble);
	if (body == NULL)
		return NULL;
	struct datum *answer = world->op(world->self, place->task->call.name, body, trouble);
	datum_unref(body);
	return answer;
}

struct datum *drive_leaf(struct place *place, struct ir_next const **next, struct trouble *trouble,
						 struct datum **error)
{
	switch (place->task->type) {
	case IR_SET:
		return place_eval(place, &place->task->set, place->input, NULL, trouble);
	case IR_SWITCH:
		return decide_switch(place, next, trouble);
	case IR_RAISE:
		*error = raised(place, trouble);
		return NULL;
	case IR_EMIT:
		return emitted(place, trouble);
	default:
		return computed(place, trouble);
	}
}
