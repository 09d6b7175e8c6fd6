/* Listening: which event is for whom, and when enough was heard [flow.md 2.1, 3.4]. */
#include "flow/domain/drive_listen.h"

#include <string.h>

#include "core/buf.h"
#include "core/codec.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/duration.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/regex.h"

static struct place place_of(struct drive *drive, struct frame *frame)
{
	return (struct place){.drive = drive,
						  .frame = frame,
						  .block = frame->parent,
						  .task = frame->task,
						  .reference = frame->reference,
						  .path = frame->path,
						  .attempt = frame->attempt,
						  .raw = frame->raw,
						  .input = frame->input,
						  .started_us = frame->started_us};
}

/* --- filters --- */

static bool is_pattern(const struct json *json)
{
	return json->kind == JS_STRING && json->size >= 3 && json->text[0] == '/' && json->text[json->size - 1] == '/';
}

static bool pattern_found(const struct json *pattern, const struct json *value)
{
	struct regex *regex = value->kind != JS_STRING ? NULL : regex_new(pattern->text + 1, pattern->size - 2, NULL);
	bool found = regex != NULL && regex_found(regex, value->text, value->size, NULL);
	regex_free(regex);
	return found;
}

/* What comes from outside may be of any form: where an expression fails over it, the event is not meant. */
static bool expression_holds(const struct place *place, const struct ir_value *value, const struct json *attribute)
{
	struct trouble trouble;
	struct datum *in = datum_json(attribute), *answer = place_eval(place, value, in, NULL, &trouble);
	const struct json *found = answer == NULL ? NULL : datum_tree(answer);
	bool is_true = found != NULL && found->kind == JS_BOOL && found->boolean;
	bool holds = is_true || (found != NULL && attribute != NULL && json_same(found, attribute));
	datum_unref(answer);
	datum_unref(in);
	return holds;
}

static bool attribute_fits(const struct place *place, const struct ir_filter *filter, uint32_t i,
						   const struct json *event)
{
	const struct json_member *wanted = &filter->with->members[i];
	const struct json *attribute = json_get(event, wanted->name);
	if (filter->values[i].mode != IR_LITERAL)
		return expression_holds(place, &filter->values[i], attribute);
	if (attribute == NULL)
		return false;
	return is_pattern(&wanted->value) ? pattern_found(&wanted->value, attribute) : json_same(&wanted->value, attribute);
}

/* --- correlation --- */

/* Keys as they would be bound if the event were taken. */
struct keys {
	struct buf text;
	struct jw jw;
	const struct json *bound;
	bool more;
};

static const struct json *bound_key(const struct keys *keys, const char *name)
{
	return keys->bound == NULL ? NULL : json_get(keys->bound, name);
}

static void begin_keys(struct keys *keys, const struct listening *listening)
{
	*keys = (struct keys){.bound = listening->keys == NULL ? NULL : datum_tree(listening->keys)};
	buf_init(&keys->text, 0);
	jw_init(&keys->jw, &keys->text);
	jw_object(&keys->jw);
	for (uint32_t i = 0; keys->bound != NULL && i < keys->bound->count; i++) {
		jw_key(&keys->jw, keys->bound->members[i].name);
		jw_json(&keys->jw, &keys->bound->members[i].value);
	}
}

static bool expected(const struct place *place, const struct ir_correlation *one, const struct json *value)
{
	struct trouble trouble;
	struct datum *wanted = place_eval(place, &one->expect, place->input, NULL, &trouble);
	bool same = wanted != NULL && json_same(datum_tree(wanted), value);
	datum_unref(wanted);
	return same;
}

/* Does the event belong to what was heard before?  A key that nothing was said of is bound by it. */
static bool correlates(const struct place *place, const struct ir_correlation *one, struct datum *event,
					   struct keys *keys)
{
	struct trouble trouble;
	struct datum *value = place_eval(place, &one->from, event, NULL, &trouble);
	const struct json *bound = bound_key(keys, one->name);
	bool fits = value != NULL && !datum_is_null(value);
	if (fits && one->expect.source != NULL)
		fits = expected(place, one, datum_tree(value));
	else if (fits && bound != NULL)
		fits = json_same(bound, datum_tree(value));
	if (fits && bound == NULL) {
		jw_key(&keys->jw, one->name);
		jw_json(&keys->jw, datum_tree(value));
		keys->more = true;
	}
	datum_unref(value);
	return fits;
}

/* *keys: those bound afterwards, where there are more of them; else NULL. */
static bool filter_takes(const struct place *place, const struct ir_filter *filter, struct datum *event,
						 struct datum **keys)
{
	struct keys made;
	bool fits = true;
	*keys = NULL;
	for (uint32_t i = 0; fits && i < filter->with->count; i++)
		fits = attribute_fits(place, filter, i, datum_tree(event));
	begin_keys(&made, place->frame->listening);
	for (size_t i = 0; fits && i < filter->correlate_count; i++)
		fits = correlates(place, &filter->correlate[i], event, &made);
	jw_object_end(&made.jw);
	if (fits && made.more)
		*keys = datum_take_buf(&made.text);
	buf_fini(&made.text);
	return fits;
}

/* The filter of a strategy that the event fills; false: none. */
static bool strategy_takes(const struct place *place, const struct ir_strategy *strategy, size_t from,
						   struct datum *event, uint32_t *index, struct datum **keys)
{
	*keys = NULL;
	*index = (uint32_t)from;
	if (strategy->count == 0)
		return true;
	for (size_t i = 0; i < strategy->count; i++) {
		bool open = strategy->consume != IR_ALL || !place->frame->listening->filled[from + i];
		*index = (uint32_t)(from + i);
		if (open && filter_takes(place, &strategy->filters[i], event, keys))
			return true;
	}
	return false;
}

/* --- reading --- */

static struct datum *text_datum(const char *text, size_t size)
{
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	datum_add_bytes(&jw, text, size);
	return datum_take_buf(&out);
}

static struct datum *raw_of(const struct json *event, const char *raw)
{
	const struct json *data = json_get(event, "data"), *base64 = json_get(event, "data_base64");
	if (raw != NULL)
		return text_datum(raw, strlen(raw));
	if (data != NULL && data->kind == JS_STRING)
		return text_datum(data->text, data->size);
	if (data == NULL && base64 != NULL && base64->kind == JS_STRING)
		return text_datum(base64->text, base64->size);
	struct datum *text = datum_json(data);
	size_t size;
	const char *bytes = datum_bytes(text, &size);
	struct datum *answer = text_datum(bytes, size);
	datum_unref(text);
	return answer;
}

static struct datum *read_event(enum ir_read read, struct datum *event, const char *raw)
{
	if (read == IR_READ_ENVELOPE)
		return datum_ref(event);
	if (read == IR_READ_RAW)
		return raw_of(datum_tree(event), raw);
	const struct json *data = json_get(datum_tree(event), "data");
	return datum_json(data != NULL ? data : json_get(datum_tree(event), "data_base64"));
}

bool drive_listens(const struct frame *frame)
{
	return !frame->is_block && frame->listening != NULL && frame->state == FRAME_WAITING;
}

bool drive_hear(struct drive *drive, struct frame *frame, const struct heard *heard)
{
	const struct ir_strategy *to = &frame->task->listen.to;
	const struct listening *listening = frame->listening;
	struct place place = place_of(drive, frame);
	struct row row = drive_row(drive, ROW_EVENT, frame);
	struct datum *keys = NULL;
	bool until = to->until_events != NULL &&
				 strategy_takes(&place, to->until_events, listening->filters, heard->event, &row.index, &keys);
	if (!until && !strategy_takes(&place, to, 0, heard->event, &row.index, &keys))
		return false;
	row.n = heard->position;
	row.items = keys;
	row.reason = json_text(datum_tree(heard->event), "id");
	row.output = until ? NULL : read_event(frame->task->listen.read, heard->event, heard->raw);
	drive_emit(drive, &row);
	datum_unref(row.output);
	datum_unref(keys);
	return true;
}

/* --- the end of a round, and of the listening --- */

/* What an item gives: the output of its tasks, by foreach's output and export.  False: the task is at fault. */
static bool keep_round(struct place *place)
{
	const struct ir_task *task = place->task;
	struct frame *block = place->frame->first;
	struct trouble trouble;
	struct place inside = *place;
	struct row row = drive_row(place->drive, ROW_ROUND, place->frame);
	inside.block = block;
	row.index = block->round;
	row.output = task->listen.foreach_output_as.source == NULL
					 ? datum_ref(block->value)
					 : place_eval(&inside, &task->listen.foreach_output_as, block->value, NULL, &trouble);
	bool good = row.output != NULL;
	if (good && task->listen.foreach_export_as.source != NULL) {
		row.context = place_eval(&inside, &task->listen.foreach_export_as, row.output, NULL, &trouble);
		good = row.context != NULL;
	}
	if (good)
		drive_emit(place->drive, &row);
	else
		drive_fault(place, &trouble);
	datum_unref(row.output);
	datum_unref(row.context);
	return good;
}

static bool heard_enough(const struct place *place, bool *enough, struct trouble *trouble)
{
	const struct ir_strategy *to = &place->task->listen.to;
	const struct listening *listening = place->frame->listening;
	if (to->until_events != NULL) {
		*enough = listening_met(listening, to->until_events, listening->filters);
		return true;
	}
	*enough = listening_met(listening, to, 0);
	if (!*enough || to->until.source == NULL)
		return true;
	struct datum *items = listening_items(listening);
	bool good = place_condition(place, &to->until, items, enough, trouble);
	datum_unref(items);
	return good;
}

void drive_listen(struct place *place)
{
	struct trouble trouble;
	const struct frame *block = place->frame->first;
	bool enough;
	if (block != NULL && block->state == FRAME_FAILED) {
		drive_fault_datum(place, block->error);
		return;
	}
	if (block != NULL && (block->state != FRAME_ENDED || !keep_round(place)))
		return;
	if (!heard_enough(place, &enough, &trouble)) {
		drive_fault(place, &trouble);
	} else if (enough) {
		struct datum *output = listening_values(place->frame->listening);
		drive_finish(place, output, NULL);
		datum_unref(output);
	}
}

/* --- metadata.since --- */

bool drive_since(const struct place *place, int64_t *since_us, struct trouble *trouble)
{
	const struct ir_value *value = &place->task->listen.since;
	double ms;
	int64_t missed = (int64_t)(uintptr_t)map_get(&place->drive->run->missed, place->path);
	*since_us = -missed; /* after the position before; 0: from now on */
	if (value->source == NULL || missed > 0)
		return true;
	struct datum *given = place_eval(place, value, place->input, NULL, trouble);
	if (given == NULL)
		return false;
	const struct json *json = datum_tree(given);
	bool good = true;
	const struct json *position = json->kind == JS_OBJECT ? json_get(json, "position") : NULL;
	if (position != NULL && position->kind == JS_INT && position->integer >= 0)
		*since_us = -1 - position->integer;
	else if (json->kind == JS_STRING && stamp_parse(json->text, json->size, since_us, NULL))
		*since_us = *since_us > 0 ? *since_us : 1;
	else if (duration_ms(json, &ms) && ms < 1e15)
		*since_us = place->drive->now_us - (int64_t)ms * 1000;
	else
		good = trouble_set(trouble, TROUBLE_EXPRESSION, "No time",
						   "metadata.since is a time or how long ago, not “%.200s”.", datum_bytes(given, NULL));
	datum_unref(given);
	return good;
}
