/* /api/v1/flow/runs/{id}/skip, /patch, /retry: people take a run in hand [flow.md 3.3]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/definition.h"
#include "flow/definition_patch.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/journal.h"
#include "flow/orders.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/system.h"
#include "flow/workflow_text.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
#include "store/store.h"

struct control_request {
	const char *step, *reason;
	const struct json *output, *input, *definition;
	bool repeat_effects;
};
#define STEP_PATH F_STR(control_request, step, REQUIRED, LENGTH(1, 4096), DOC("Step path"))
#define REASON F_STR(control_request, reason, LENGTH(1, 500))
static const struct field skip_fields[] = {
	STEP_PATH,
	F_JSON(control_request, output, DOC("What goes on in its place; left out: what came in")),
	REASON,
};
static const struct field_table skip_table = FIELD_TABLE("flow.runs.skip", control_request, skip_fields);
static const struct field patch_fields[] = {
	STEP_PATH,
	F_JSON(control_request, output, DOC("The step's output: it is done")),
	F_JSON(control_request, input, DOC("The step's input: it begins anew")),
	F_JSON(control_request, definition, DOC("The task's body, for this run only: it begins anew")),
	F_BOOL(control_request, repeat_effects, DOC("With definition: even where an effect may have been sent")),
	REASON,
};
static const struct field_table patch_table = FIELD_TABLE("flow.runs.patch", control_request, patch_fields);
static const struct field retry_fields[] = {
	F_STR(control_request, step, LENGTH(1, 4096), DOC("Step path; left out: the one at fault")),
	F_BOOL(control_request, repeat_effects, DOC("Even where an effect may have been sent that is sent at most once")),
	REASON,
};
static const struct field_table retry_table = FIELD_TABLE("flow.runs.retry", control_request, retry_fields);

struct controlling {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct control_request request;
	struct run_record record;
	struct control control;
	enum audit_action action;
	const char *patched; /* the run's definition from now on; NULL: as it is */
	char sha256[65], content_sha256[65];
};

/* The operations that the state allows on this step. */
static const char *const *ways(struct arena *arena, const struct story *story, const struct control *asked)
{
	static const struct {
		enum control_kind kind;
		const char *name;
	} kinds[] = {{CONTROL_SKIP, "skip"}, {CONTROL_PATCH_OUTPUT, "patch"}, {CONTROL_RETRY, "retry"}};
	const char **names = arena_array(arena, sizeof kinds / sizeof *kinds + 1, sizeof *names);
	size_t count = 0;
	for (size_t i = 0; names != NULL && i < sizeof kinds / sizeof *kinds; i++) {
		struct control other = *asked;
		struct control_plan plan;
		other.kind = kinds[i].kind;
		if (control_plan(&story->run, &story->steps, &other, &plan) == CONTROL_FINE)
			names[count++] = kinds[i].name;
	}
	if (names != NULL)
		names[count] = NULL;
	return names;
}

static void refuse(struct controlling *c, const struct story *story, enum control_refusal refusal,
				   const struct control_plan *plan)
{
	struct exchange *x = c->x;
	switch (refusal) {
	case CONTROL_NO_STEP:
		exchange_failf(x, ERR_NOT_FOUND, "There is no such step.");
		break;
	case CONTROL_EFFECT_SENT:
		exchange_failf(x, ERR_EFFECT_SENT, "It may have been carried out; say repeat_effects to have it done again.");
		break;
	default:
		if (plan->step == NULL)
			runs_tell_allowed(x, c->record.status, NULL);
		else
			runs_tell_allowed(x, plan->status, ways(&x->arena, story, &c->control));
		exchange_failf(x, ERR_TRANSITION_REFUSED, "The %s is %s.", plan->step == NULL ? "run" : "step",
					   plan->step == NULL ? c->record.status : plan->status);
	}
}

/* As the store has it now.  False: answered. */
static bool may(struct controlling *c)
{
	struct story story;
	struct control_plan plan;
	struct err err;
	struct db *db = store_read(c->api->options.store);
	bool read = story_open(&story, c->api->runner, db, &c->record, &c->x->arena, &err);
	store_read_end(c->api->options.store, db);
	if (!read) {
		exchange_fail(c->x, &err);
		return false;
	}
	enum control_refusal refusal = control_plan(&story.run, &story.steps, &c->control, &plan);
	if (refusal != CONTROL_FINE)
		refuse(c, &story, refusal, &plan);
	story_close(&story);
	return refusal == CONTROL_FINE;
}

static bool apply_control(struct write *w, struct db *db, struct err *err)
{
	struct controlling *c = (struct controlling *)w;
	struct audit_event event = principal_event(c->x, c->action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, c->control.reason}};
	event.target_id = c->record.run_id;
	event.meta = meta;
	event.meta_count = c->control.reason == NULL ? 0 : 1;
	const struct definition_text patched = {
		.text = c->patched, .sha256 = c->sha256, .content_sha256 = c->content_sha256};
	return (c->patched == NULL ||
			(runs_keep_definition(db, &patched, err) && resources_keep(c->api->runner, db, c->sha256, err))) &&
		   orders_put(db, c->api->options.ids, c->record.run_id, &c->control, err) &&
		   audit_append(c->api->audit, db, &event, err);
}

static void carried_out(void *self, bool ended)
{
	struct controlling *c = self;
	(void)ended;
	run_reply(c->x, c->record.run_id);
}

static void answer_control(struct write *w)
{
	struct controlling *c = (struct controlling *)w;
	if (c->x->drafting) {
		c->record.status = run_status_names[RUN_RUNNING];
		run_view_reply(c->x, 200, &c->record);
	} else {
		runner_look_then(c->api->runner, c->record.run_id, carried_out, c);
	}
}

static void after_control(struct write *w, bool applied)
{
	const struct controlling *c = (const struct controlling *)w;
	if (applied && w->drafted)
		runner_look(c->api->runner, c->record.run_id);
}

static void submit(struct controlling *c, enum control_kind kind, const struct json *value, enum audit_action action)
{
	const struct principal *principal = principal_of(c->x);
	c->action = action;
	c->control = (struct control){.kind = kind,
								  .step = c->request.step,
								  .value = value,
								  .repeat_effects = c->request.repeat_effects,
								  .reason = c->request.reason,
								  .by = principal->user_id[0] == '\0' ? NULL : principal->user_id};
	c->write = (struct write){.x = c->x,
							  .store = c->api->options.store,
							  .apply = apply_control,
							  .answer = answer_control,
							  .after = after_control};
	if (may(c))
		write_submit(&c->write);
}

/* NULL: answered. */
static struct controlling *begin(struct exchange *x)
{
	struct controlling *c = arena_new(&x->arena, struct controlling);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	*c = (struct controlling){.x = x, .api = x->owner};
	return exchange_decode(x, &c->request) && run_named(x, &c->record) ? c : NULL;
}

static void handle_skip(struct exchange *x)
{
	struct controlling *c = begin(x);
	if (c != NULL)
		submit(c, CONTROL_SKIP, c->request.output, AUDIT_RUN_SKIP);
}

/* --- another body --- */

static bool fault(struct controlling *c, const char *pointer, const char *code, const char *message)
{
	struct faults faults;
	faults_init(&faults, &c->x->arena);
	faults_add(&faults, pointer, code, "%s", message);
	exchange_fail_faults(c->x, ERR_INVALID, &faults);
	return false;
}

static bool patched_text(struct controlling *c, const char *reference)
{
	struct arena *arena = &c->x->arena;
	const char *text = NULL;
	size_t size = 0;
	struct buf patched;
	struct err err;
	struct db *db = store_read(c->api->options.store);
	bool read = runs_definition(db, c->record.definition_sha256, arena, &text, &size, &err);
	store_read_end(c->api->options.store, db);
	if (!read || text == NULL) {
		exchange_failf(c->x, ERR_INTERNAL, "The definition cannot be read.");
		return false;
	}
	buf_init(&patched, 0);
	bool there = definition_patch(arena, text, size, reference, c->request.definition, &patched);
	c->patched = there ? arena_dup(arena, buf_text(&patched)) : NULL;
	buf_fini(&patched);
	return c->patched != NULL || fault(c, "/definition", "type", "must be the body of a task of the definition itself");
}

/* Do the rows that stay also fit the definition as it will be? */
static bool fits(struct controlling *c, const struct definition *definition, int64_t to)
{
	struct run run;
	struct err err;
	run_init(&run, definition_ir(definition), c->record.run_id, c->record.seed);
	struct db *db = store_read(c->api->options.store);
	bool folds = journal_fold(db, c->record.run_id, to < 0 ? JOURNAL_TO_ITS_END : to, &run, &err);
	store_read_end(c->api->options.store, db);
	run_fini(&run);
	return folds || fault(c, "/definition", "range", "what the step has done already is not of such a task");
}

/* What is wrong is told where it stands in the body; what is wrong elsewhere, as a result, where it stands there. */
static void refuse_patched(struct controlling *c, const char *reference, const struct ir_problems *list)
{
	size_t size = strlen(reference);
	for (size_t i = 0; i < list->count; i++) {
		struct ir_problem *problem = &list->items[i];
		const char *rest = problem->pointer + size;
		if (strncmp(problem->pointer, reference, size) == 0 && (*rest == '/' || *rest == '\0'))
			problem->pointer = arena_printf(&c->x->arena, "/definition%s", rest);
		problem->line = 0; /* of a text that nobody wrote */
	}
	workflow_text_refuse(c->x, "", list);
}

/* Compile it, see that it fits, and keep its hash.  False: answered. */
static bool open_patched(struct controlling *c, const char *reference, int64_t to)
{
	struct definition_problems problems = {.arena = &c->x->arena};
	struct err err = {.kind = ERR_INTERNAL};
	struct definition *definition =
		runner_definition(c->api->runner, c->patched, strlen(c->patched), c->sha256, &problems, &err);
	if (definition == NULL) {
		if (problems.list.count > 0)
			refuse_patched(c, reference, &problems.list);
		else
			exchange_fail(c->x, &err);
		return false;
	}
	bool good = fits(c, definition, to);
	strcpy(c->content_sha256, definition_content_sha256(definition));
	definition_unref(definition);
	return good;
}

/* The reference of the step, and the row that the patch goes back to.  False: answered. */
static bool find_step(struct controlling *c, const char **reference, int64_t *to)
{
	const struct control asked = {
		.kind = CONTROL_PATCH_DEFINITION, .step = c->request.step, .repeat_effects = c->request.repeat_effects};
	struct control_plan plan;
	struct story story;
	struct err err;
	struct db *db = store_read(c->api->options.store);
	bool read = story_open(&story, c->api->runner, db, &c->record, &c->x->arena, &err);
	store_read_end(c->api->options.store, db);
	if (!read) {
		exchange_fail(c->x, &err);
		return false;
	}
	enum control_refusal refusal = control_plan(&story.run, &story.steps, &asked, &plan);
	if (refusal != CONTROL_FINE)
		refuse(c, &story, refusal, &plan);
	else
		*reference = arena_dup(&c->x->arena, plan.step->reference);
	*to = plan.to;
	story_close(&story);
	return refusal == CONTROL_FINE;
}

static void patch_definition(struct controlling *c)
{
	const char *reference = NULL;
	int64_t to;
	if (!system_leaves(c->x, &c->record) || !find_step(c, &reference, &to) || !patched_text(c, reference) ||
		!open_patched(c, reference, to))
		return;
	struct json *sha256 = arena_new(&c->x->arena, struct json);
	if (sha256 == NULL) {
		exchange_failf(c->x, ERR_LIMIT, "no memory");
		return;
	}
	sha256->kind = JS_STRING;
	sha256->text = c->sha256;
	sha256->size = strlen(c->sha256);
	submit(c, CONTROL_PATCH_DEFINITION, sha256, AUDIT_RUN_PATCH);
}

/* null is an output, too: whether a member is there is seen in the body itself. */
static void handle_patch(struct exchange *x)
{
	const struct json *body;
	struct controlling *c = begin(x);
	if (c == NULL || !exchange_json(x, &body))
		return;
	const struct json *output = json_get(body, "output"), *input = json_get(body, "input");
	if ((output != NULL) + (input != NULL) + (c->request.definition != NULL) != 1)
		fault(c, "/output", "required", "either output, input or definition");
	else if (c->request.definition != NULL)
		patch_definition(c);
	else if (output != NULL)
		submit(c, CONTROL_PATCH_OUTPUT, output, AUDIT_RUN_PATCH);
	else
		submit(c, CONTROL_PATCH_INPUT, input, AUDIT_RUN_PATCH);
}

void control_order(struct exchange *x, enum control_kind kind, const char *step, const char *reason,
				   bool repeat_effects)
{
	struct controlling *c = arena_new(&x->arena, struct controlling);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*c = (struct controlling){
		.x = x, .api = x->owner, .request = {.step = step, .reason = reason, .repeat_effects = repeat_effects}};
	if (run_named(x, &c->record))
		submit(c, kind, NULL, kind == CONTROL_SKIP ? AUDIT_RUN_SKIP : AUDIT_RUN_RETRY);
}

static void handle_retry(struct exchange *x)
{
	struct controlling *c = begin(x);
	if (c != NULL)
		submit(c, CONTROL_RETRY, NULL, AUDIT_RUN_RETRY);
}

static const struct json_limits user_data = {.depth = 500, .values = 100000};
static const enum err_kind control_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_EFFECT_SENT,
											   ERR_DEFINITION_REFUSED, ERR_NONE};

#define CONTROL(word, what) \
	ROUTE(POST, "/api/v1/flow/runs/{id}/" #word, "flow.operate", EFFECT_WRITE, handle_##word, \
		  .operation = "flow.runs." #word, .summary = what, .body = &word##_table, .result = &run_view_table, \
		  .errors = control_errors, .body_max = DATUM_MAX, .json_limits = &user_data)

const struct route control_routes[] = {
	CONTROL(skip, "Pass over a step that waits, or that the run ended with"),
	CONTROL(patch, "Give a step that waits or is at fault its output, or another input"),
	CONTROL(retry, "Go on with a run that faulted or was cancelled: the step once more"),
};
const size_t control_routes_count = sizeof control_routes / sizeof *control_routes;
