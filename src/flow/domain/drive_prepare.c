/* A task that asks somebody else: what exactly is asked, fixed in the journal before anything is sent. */
#include "flow/domain/drive.h"

#include "core/json.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_child.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/http_call.h"
#include "flow/domain/ir.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/mcp_call.h"
#include "flow/domain/openapi_call.h"
#include "flow/domain/process_call.h"

static const struct ir_value *asked(const struct ir_task *task)
{
	switch (task->type) {
	case IR_CALL:
		return &task->call.with;
	case IR_RUN_SHELL:
	case IR_RUN_SCRIPT:
		return &task->process.body;
	default:
		return NULL;
	}
}

static struct datum *request_of(const struct place *place, struct trouble *trouble)
{
	const struct ir_value *value = asked(place->task);
	if (value == NULL || value->source == NULL)
		return datum_ref(place->input);
	return place_eval(place, value, place->input, NULL, trouble);
}

static bool calls(const struct ir_task *task, enum ir_callee callee)
{
	return task->type == IR_CALL && task->call.callee == callee;
}

/* From an operation's parameters to the arguments of an HTTP call. */
static struct datum *of_openapi(const struct place *place, struct datum *with, struct trouble *trouble)
{
	const struct world *world = place->drive->world;
	const char *uri = openapi_call_document(datum_tree(with), trouble);
	const struct json *policy =
		json_get(json_get(json_get(datum_tree(with), "document"), "endpoint"), "authentication");
	struct datum *document = uri == NULL ? NULL : world->resource(world->self, place->drive->run, uri, policy, trouble);
	struct datum *request =
		document == NULL ? NULL : openapi_call_with(datum_tree(with), datum_tree(document), uri, trouble);
	datum_unref(document);
	return request;
}

/* What is asked by HTTP in the end goes into the journal as the request that it will be. */
static struct datum *as_http(const struct place *place, struct datum *with, struct trouble *trouble)
{
	bool openapi = calls(place->task, IR_OPENAPI);
	struct datum *arguments = openapi ? of_openapi(place, with, trouble) : datum_ref(with);
	struct datum *request = arguments == NULL ? NULL : http_call_request(arguments, place->input, trouble);
	datum_unref(arguments);
	datum_unref(with);
	return request;
}

static struct datum *as_mcp(const struct place *place, struct datum *with, struct trouble *trouble)
{
	struct datum *request = mcp_call_request(with, place->input, trouble);
	datum_unref(with);
	return request;
}

static struct datum *as_llm(const struct place *place, struct datum *with, struct trouble *trouble)
{
	struct datum *request = NULL;
	if (place->drive->world->llm)
		request = llm_call_request(with, trouble);
	else
		trouble_set(trouble, TROUBLE_CONFIGURATION, "No model endpoint",
					"This server asks no models: flow.llm.base_url.");
	datum_unref(with);
	return request;
}

static bool is_process(const struct ir_task *task)
{
	return task->type == IR_RUN_SHELL || task->type == IR_RUN_SCRIPT;
}

static struct datum *as_process(const struct place *place, struct datum *evaluated, struct trouble *trouble)
{
	const char *code = place->task->type == IR_RUN_SCRIPT ? place->task->process.code : NULL;
	struct datum *body = code == NULL ? datum_ref(evaluated) : process_call_code(evaluated, code);
	const struct ir_value *value = &place->task->process.names;
	struct datum *names = NULL, *request = NULL;
	bool good = value->source == NULL || (names = place_eval(place, value, place->input, NULL, trouble)) != NULL;
	if (good)
		request = process_call_request(body, names, place->task->type == IR_RUN_SCRIPT, trouble);
	datum_unref(names);
	datum_unref(body);
	datum_unref(evaluated);
	return request;
}

/* Sent before and its end not known: the same request goes by the same key, another one is another attempt. */
static void intend(struct place *place, struct datum *request)
{
	const struct unsure *unsure = run_unsure(place->drive->run, place->path);
	struct trouble trouble;
	if (unsure != NULL && place->task->at_most_once) {
		trouble_set(&trouble, TROUBLE_RUNTIME, "Effect unknown",
					"It was sent, and whether it was carried out is not known.");
		drive_fault(place, &trouble);
		return;
	}
	bool same = unsure != NULL && datum_same_text(unsure->request, request);
	struct datum *cost = NULL;
	if (same)
		datum_set(&cost, unsure->cost); /* what was kept for the same request still is */
	else if (!drive_money(place, request, &cost))
		return;
	if (!drive_gate(place, request)) { /* last: what it lets through is counted */
		datum_unref(cost);
		return;
	}
	struct row row = drive_row(place->drive, ROW_INTENT, place->frame);
	row.request = request;
	row.cost = cost;
	row.n = 1 + (same ? unsure->deliveries : place->frame->deliveries); /* more than 0: it was held back once */
	if (unsure != NULL && !same)
		row.attempt = place->frame->attempt + 1;
	drive_emit(place->drive, &row);
	datum_unref(cost);
}

static bool goes_out(const struct place *place)
{
	const struct world *world = place->drive->world;
	return world->goes_out == NULL || world->goes_out(world->self, place->task->call.name);
}

/* Nothing is sent, so nothing has to be known of it before: its result is there with the commit, or it is not. */
static void leave_to_commit(struct place *place, struct datum *request)
{
	datum_set(&place->frame->request, request);
	place->drive->in_commit = place->frame;
	place->drive->yield = true;
}

void drive_prepare(struct place *place)
{
	struct trouble trouble;
	if (place->task->type == IR_RUN_WORKFLOW) {
		drive_child(place);
		return;
	}
	struct datum *request = request_of(place, &trouble);
	if (request != NULL && (calls(place->task, IR_HTTP) || calls(place->task, IR_OPENAPI)))
		request = as_http(place, request, &trouble);
	else if (request != NULL && calls(place->task, IR_MCP))
		request = as_mcp(place, request, &trouble);
	else if (request != NULL && calls(place->task, IR_LLM))
		request = as_llm(place, request, &trouble);
	else if (request != NULL && is_process(place->task))
		request = as_process(place, request, &trouble);
	if (request == NULL || !ask_check(place->task, datum_tree(request), &trouble)) {
		drive_fault(place, &trouble);
		datum_unref(request);
		return;
	}
	if (calls(place->task, IR_EFFECT) && !goes_out(place))
		leave_to_commit(place, request);
	else
		intend(place, request);
	datum_unref(request);
}
