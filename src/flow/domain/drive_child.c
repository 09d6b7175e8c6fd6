#include "flow/domain/drive_child.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/ir.h"

/* A name of the workflow: text, once it is evaluated. */
static const char *name_of(const struct place *place, const struct ir_value *value, struct datum **held,
						   struct trouble *trouble)
{
	*held = place_eval(place, value, place->input, NULL, trouble);
	if (*held == NULL)
		return NULL;
	const struct json *json = datum_tree(*held);
	if (json->kind == JS_STRING && strlen(json->text) == json->size)
		return json->text;
	trouble_set(trouble, TROUBLE_EXPRESSION, "No name", "Namespace, name and version of a workflow are texts.");
	return NULL;
}

static struct datum *request_of(struct place *place, const struct child_spec *spec, struct datum *input)
{
	const struct world *world = place->drive->world;
	struct buf text;
	struct jw jw;
	char run_id[37];
	size_t size;
	const char *bytes = datum_bytes(input, &size);
	world->id(world->self, run_id);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "run_id", run_id);
	jw_member_str(&jw, "namespace", spec->namespace);
	jw_member_str(&jw, "name", spec->name);
	jw_member_str(&jw, "version", spec->found);
	jw_member_str(&jw, "definition_sha256", spec->sha256);
	jw_key(&jw, "input");
	jw_raw(&jw, bytes, size);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static void announce(struct place *place, const struct child_spec *spec, struct datum *input)
{
	struct row row = drive_row(place->drive, ROW_INTENT, place->frame);
	row.request = request_of(place, spec, input);
	row.n = 1;
	drive_emit(place->drive, &row);
	datum_unref(row.request);
	if (!place->task->workflow.await) /* it goes its own way: there is nothing to give but what came in */
		drive_result(place->drive, place->frame, place->frame->input, NULL, true);
}

/* False: *trouble. */
static bool begin(struct place *place, struct datum *held[4], struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	const struct world *world = place->drive->world;
	struct child_spec spec = {.version = "latest"};
	spec.namespace = name_of(place, &task->workflow.namespace, &held[0], trouble);
	if (spec.namespace == NULL)
		return false;
	spec.name = name_of(place, &task->workflow.name, &held[1], trouble);
	if (spec.name == NULL)
		return false;
	if (task->workflow.version.source != NULL)
		spec.version = name_of(place, &task->workflow.version, &held[2], trouble);
	if (spec.version == NULL)
		return false;
	held[3] = task->workflow.input.source == NULL
				  ? datum_ref(place->input)
				  : place_eval(place, &task->workflow.input, place->input, NULL, trouble);
	if (held[3] == NULL || !world->child(world->self, place->drive->run, &spec, trouble))
		return false;
	announce(place, &spec, held[3]);
	return true;
}

void drive_child(struct place *place)
{
	struct datum *held[4] = {NULL};
	struct trouble trouble;
	if (!begin(place, held, &trouble))
		drive_fault(place, &trouble);
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		datum_unref(held[i]);
}

/* --- the end --- */

/* The child's error as it is, but raised by the task that called. */
static struct datum *raised_here(const char *error, const char *instance)
{
	struct datum *given = datum_text(error, strlen(error));
	const struct json *json = datum_tree(given);
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; json->kind == JS_OBJECT && i < json->count; i++) {
		if (strcmp(json->members[i].name, "instance") == 0)
			continue;
		jw_key(&jw, json->members[i].name);
		jw_json(&jw, &json->members[i].value);
	}
	jw_member_str(&jw, "instance", instance);
	jw_object_end(&jw);
	datum_unref(given);
	return datum_take_buf(&text);
}

static struct datum *error_of(const struct drive *drive, const struct frame *frame, const struct child_end *end)
{
	struct trouble trouble;
	if (end->error != NULL)
		return raised_here(end->error, frame->reference);
	trouble_set(&trouble, TROUBLE_RUNTIME, "Sub-run ended", "Run %s was %s.", end->run_id, end->status);
	return trouble_datum(&trouble, drive->world->error_base, frame->reference);
}

void drive_child_end(struct drive *drive, struct frame *frame, const struct child_end *end)
{
	struct datum *output = NULL, *error = NULL;
	if (strcmp(end->status, "completed") != 0)
		error = error_of(drive, frame, end);
	else if (frame->task->workflow.returns == IR_RETURN_NONE || end->output == NULL)
		output = datum_null();
	else
		output = datum_text(end->output, strlen(end->output));
	drive_result(drive, frame, output, error, true);
	datum_unref(output);
	datum_unref(error);
}
