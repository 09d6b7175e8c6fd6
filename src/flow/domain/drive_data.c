/* The values around a task: what expressions see, input, output and export, and the schemas that hold for them. */
#include "flow/domain/drive.h"

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/duration.h"
#include "flow/domain/ir.h"
#include "flow/domain/schema.h"
#include "flow/domain/trouble.h"

enum { PROBLEMS_CAP = 16 << 20 /* bytes of what is told */ };

/* --- evaluating --- */

struct scope place_scope(const struct place *place, struct datum *in, struct datum *output)
{
	struct scope scope = {
		.run = place->drive->run,
		.block = place->block,
		.task = place->task == &place->drive->run->ir->root ? NULL : place->task,
		.reference = place->reference,
		.started_us = place->started_us,
		.now_us = place->drive->now_us,
		.in = in,
		.raw = place->raw,
		.input = place->input,
		.output = output,
	};
	const struct frame *extended = extended_around(place->block);
	if (extended != NULL) { /* inside of an extension $task is the task it extends */
		scope.task = extended->task;
		scope.reference = extended->reference;
		scope.started_us = extended->started_us;
		scope.raw = extended->raw;
		scope.of_extended = true;
		scope.task_output = extended->phase == PHASE_AFTER ? extended->value : NULL;
	}
	return scope;
}

struct datum *place_eval(const struct place *place, const struct ir_value *value, struct datum *in,
						 struct datum *output, struct trouble *trouble)
{
	if (value->mode == IR_LITERAL)
		return datum_json(value->source);
	struct scope scope = place_scope(place, in, output);
	const struct world *world = place->drive->world;
	return world->eval(world->self, value, &scope, trouble);
}

bool place_condition(const struct place *place, const struct ir_value *value, struct datum *in, bool *holds,
					 struct trouble *trouble)
{
	struct datum *answer = place_eval(place, value, in, NULL, trouble);
	if (answer == NULL)
		return false;
	*holds = !datum_is_false(answer);
	datum_unref(answer);
	return true;
}

bool drive_duration(const struct place *place, const struct ir_duration *duration, struct datum *in, int64_t *ms,
					struct trouble *trouble)
{
	*ms = duration->ms;
	if (!duration->given || duration->value.source == NULL)
		return true;
	struct datum *value = place_eval(place, &duration->value, in, NULL, trouble);
	if (value == NULL)
		return false;
	double found = 0;
	bool good = duration_ms(datum_tree(value), &found) && found >= 0 && found < 1e15;
	if (!good)
		trouble_set(trouble, TROUBLE_EXPRESSION, "No duration", "“%.200s” is no duration.", datum_bytes(value, NULL));
	*ms = (int64_t)found;
	datum_unref(value);
	return good;
}

/* --- schemas --- */

/* Where a document is, and what lets us in, of an endpoint as evaluated. */
static struct datum *document_at(const struct place *place, const struct json *endpoint, struct trouble *trouble)
{
	const struct world *world = place->drive->world;
	const char *uri = endpoint->kind == JS_STRING ? endpoint->text : json_text(endpoint, "uri");
	if (uri != NULL)
		return world->resource(world->self, place->drive->run, uri, json_get(endpoint, "authentication"), trouble);
	trouble_set(trouble, TROUBLE_EXPRESSION, "No address", "The endpoint of a schema is the text of a URI.");
	return NULL;
}

static bool is_schema(const struct json *document, struct trouble *trouble)
{
	struct schema_problems problems;
	struct arena arena;
	arena_init(&arena, PROBLEMS_CAP);
	problems = (struct schema_problems){.arena = &arena};
	bool good = schema_check(document, &problems);
	if (!good)
		trouble_set(trouble, TROUBLE_CONFIGURATION, "No schema", "%s: %s", problems.items[0].pointer,
					problems.items[0].message);
	arena_fini(&arena);
	return good;
}

/* It was known at its first use only; from then on it is the same [flow.md 2.1]. */
static bool valid_elsewhere(const struct place *place, const struct ir_value *at, struct datum *value,
							struct trouble *trouble)
{
	const struct world *world = place->drive->world;
	struct datum *endpoint = place_eval(place, at, value, NULL, trouble);
	struct datum *document = endpoint == NULL ? NULL : document_at(place, datum_tree(endpoint), trouble);
	bool good = document != NULL && is_schema(datum_tree(document), trouble) &&
				world->valid(world->self, datum_tree(document), value, trouble);
	datum_unref(document);
	datum_unref(endpoint);
	return good;
}

static bool valid(const struct place *place, const struct ir_schema *schema, struct datum *value,
				  struct trouble *trouble)
{
	const struct world *world = place->drive->world;
	if (world->valid == NULL)
		return true;
	if (schema->endpoint.source != NULL)
		return valid_elsewhere(place, &schema->endpoint, value, trouble);
	return schema->document == NULL || world->valid(world->self, schema->document, value, trouble);
}

/* --- input, output, export --- */

/* output.as, then export.as; *context NULL: nothing is exported. */
bool place_output(struct place *place, struct datum *body, bool whole, struct datum **output, struct datum **context,
				  struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	*context = NULL;
	*output = whole || task->output_as.source == NULL ? datum_ref(body)
													  : place_eval(place, &task->output_as, body, body, trouble);
	if (*output == NULL || !valid(place, &task->output_schema, *output, trouble))
		return false;
	if (task->export_as.source == NULL)
		return true;
	*context = place_eval(place, &task->export_as, *output, *output, trouble);
	return *context != NULL && valid(place, &task->export_schema, *context, trouble);
}

/* `input` of a task: checked as it came, then transformed. */
struct datum *place_input(struct place *place, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	if (!valid(place, &task->input_schema, place->raw, trouble))
		return NULL;
	return task->input_from.source == NULL ? datum_ref(place->raw)
										   : place_eval(place, &task->input_from, place->raw, NULL, trouble);
}
