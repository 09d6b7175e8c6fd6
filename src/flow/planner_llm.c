#include "flow/planner_llm.h"

#include <poll.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/domain/datum.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/trouble.h"

enum { PAUSE_MS = 250 /* before an endpoint that failed is asked again; doubled each time */ };

/* --- the question --- */

static const char rules[] =
	"You take goals apart into trees of tasks that workers carry out. Answer with one JSON object and nothing else:\n"
	"{\"nodes\": [{\"node_id\": \"…\", \"parent_id\": \"…\", \"name\": \"…\", \"description\": \"…\", \"complexity\": "
	"0.2, \"duration_s\": 60, \"capability\": \"…\", \"params\": {}}], \"dependencies\": [{\"from\": \"…\", \"to\": "
	"\"…\", \"type\": \"sequential\"}]}\n"
	"node_id: unique, of letters, digits, _ and -. parent_id: of every node but the root. complexity: 0 to 1, above "
	"0.3 "
	"where a task is to be taken apart further. duration_s: seconds of work. capability (may be left out): who can do "
	"it. params (may be left out): an object. A dependency says that `to` starts after `from`; its type is sequential, "
	"parallel, conditional (with `condition`, a jq expression) or resource; none leads in a circle, none leads from a "
	"node to what lies above or below it. No other members.\n"
	"Instead, where it says more, a library of methods and operators: {\"methods\": [{\"task\", \"name\", \"when\", "
	"\"priority\", \"subtasks\": [{\"id\", \"task\", \"params\", \"after\": []}]}], \"operators\": [{\"task\", "
	"\"when\", "
	"\"effect\", \"duration_s\", \"cost\"}]}, whose when, params and effect are jq over {state, params}; the goal's "
	"name "
	"is its first task.";

static void member_json(struct jw *jw, const char *name, const struct json *json)
{
	if (json == NULL || json->kind == JS_NULL)
		return;
	jw_key(jw, name);
	jw_json(jw, json);
}

static void member_text(struct jw *jw, const char *name, const char *text)
{
	if (text != NULL)
		jw_member_str(jw, name, text);
}

/* What is to be taken apart, as JSON in a text. */
static void write_task(const struct planner_llm *llm, struct buf *buf)
{
	const struct planner_request *r = &llm->plan;
	struct jw jw;
	jw_init(&jw, buf);
	jw_object(&jw);
	jw_key(&jw, r->node == NULL ? "goal" : "node");
	jw_object(&jw);
	if (r->node != NULL)
		jw_member_str(&jw, "node_id", r->node->node_id);
	member_text(&jw, "name", r->task);
	member_text(&jw, "description", llm->description);
	member_json(&jw, "params", r->params);
	jw_object_end(&jw);
	member_json(&jw, "state", r->state);
	jw_member_str(&jw, "strategy", llm->strategy);
	jw_member_int(&jw, "expected_children", llm->expected);
	jw_member_int(&jw, "max_depth", (int64_t)(r->depth_max - r->depth));
	jw_member_int(&jw, "max_nodes", (int64_t)r->nodes_max - (r->node != NULL));
	jw_object_end(&jw);
	if (r->node != NULL)
		buf_adds(buf, "\nThe node is there already: give only what lies below it.");
}

static void write_message(struct jw *jw, const char *role, const char *content)
{
	jw_object(jw);
	jw_member_str(jw, "role", role);
	jw_member_str(jw, "content", content);
	jw_object_end(jw);
}

/* Each answer that had problems, and what they were. */
static void write_past(const struct planner_llm *llm, struct jw *jw)
{
	for (size_t i = 0; i < llm->asked_count; i++) {
		struct buf text;
		if (llm->asked[i].answer == NULL)
			continue;
		buf_init(&text, 0);
		buf_addf(&text, "That answer has problems; give the whole object again without them: %s",
				 llm->asked[i].problems);
		write_message(jw, "assistant", llm->asked[i].answer);
		write_message(jw, "user", buf_text(&text));
		buf_fini(&text);
	}
}

/* The request, whose temperature makes the same question have the same answer as far as the model can. */
static struct datum *question(const struct planner_llm *llm, struct err *err)
{
	struct buf text, task;
	struct jw jw;
	struct trouble trouble;
	buf_init(&task, 0);
	write_task(llm, &task);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "model", llm->model);
	jw_key(&jw, "messages");
	jw_array(&jw);
	write_message(&jw, "system", rules);
	write_message(&jw, "user", buf_text(&task));
	write_past(llm, &jw);
	jw_array_end(&jw);
	jw_member_int(&jw, "max_tokens", llm->max_tokens);
	jw_member_int(&jw, "temperature", 0);
	jw_key(&jw, "response_format");
	jw_object(&jw);
	jw_member_str(&jw, "type", "json_object");
	jw_object_end(&jw);
	jw_object_end(&jw);
	buf_fini(&task);
	struct datum *with = datum_take_buf(&text);
	struct datum *request = llm_call_request(with, &trouble);
	datum_unref(with);
	if (request == NULL)
		err_set(err, ERR_INVALID, "%s: %s", trouble.title, trouble.detail);
	return request;
}

/* --- the answer --- */

struct answer {
	struct task_nodes nodes;
	struct dependency_list dependencies;
};

static const struct field answer_fields[] = {
	F_OBJECTS(answer, nodes, &task_node_table, REQUIRED, COUNT(1, PLAN_NODES_MAX)),
	F_OBJECTS(answer, dependencies, &dependency_table),
};
static const struct field_table answer_table = FIELD_TABLE("decompositions.answer", answer, answer_fields);

/* Models like to put a fence, or a sentence, around what they were asked for. */
static const struct json *object_of(struct arena *arena, const char *text, struct faults *faults)
{
	static const struct json_limits limits = {.depth = 32, .values = 5000000};
	const char *from = strchr(text, '{'), *to = strrchr(text, '}');
	const struct json *json = NULL;
	struct err err;
	if (from == NULL || to == NULL || to < from)
		faults_add(faults, "/answer", "json_invalid", "holds no JSON object");
	else if (!json_parse(arena, from, (size_t)(to - from) + 1, &limits, &json, &err))
		faults_add(faults, "/answer", "json_invalid", "%s", err.message);
	return json;
}

static const char *ids_text(struct arena *arena, const struct plan_problem *problem)
{
	const char *between = strcmp(problem->code, "cycle") == 0 ? " -> " : ", ";
	struct buf buf;
	buf_init(&buf, 0);
	for (size_t i = 0; i < problem->count; i++)
		buf_addf(&buf, "%s%s", i > 0 ? between : "", problem->ids[i]);
	const char *text = buf_ok(&buf) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	return text == NULL ? "" : text;
}

static const char *node_pointer(struct arena *arena, size_t i)
{
	return field_pointer(arena, field_pointer_index(arena, "/answer/nodes", i), "node_id");
}

/* Those of the answer below the node that is there, whose id stands for no parent. */
static bool below_node(struct arena *arena, const struct task_node *node, struct answer *a)
{
	struct task_node *items = arena_array(arena, a->nodes.count + 1, sizeof *items);
	if (items == NULL)
		return false;
	items[0] = (struct task_node){.node_id = node->node_id, .name = node->name, .depth = FIELD_NO_INT};
	for (size_t i = 0; i < a->nodes.count; i++) {
		items[i + 1] = a->nodes.items[i];
		items[i + 1].depth = FIELD_NO_INT; /* it would not know */
		if (items[i + 1].parent_id == NULL)
			items[i + 1].parent_id = node->node_id;
	}
	a->nodes = (struct task_nodes){a->nodes.count + 1, items};
	return true;
}

static void look_for_names(struct arena *arena, const struct planner_request *r, const struct decomposition *d,
						   struct faults *faults)
{
	size_t skip = r->node != NULL, twice = plan_double(arena, d->input.nodes, d->input.node_count);
	if (twice != SIZE_MAX)
		faults_add(faults, node_pointer(arena, twice - (twice >= skip ? skip : 0)), "duplicate", "stands twice");
	for (size_t i = skip; r->taken != NULL && i < d->nodes.count; i++)
		if (r->taken(r->self, d->nodes.items[i].node_id))
			faults_add(faults, node_pointer(arena, i - skip), "duplicate", "is the id of another node");
}

static void name_problems(struct arena *arena, const struct plan *plan, struct faults *faults)
{
	for (size_t i = 0; i < plan->problems.count; i++)
		faults_add(faults, "/answer", plan->problems.items[i].code, "%s", ids_text(arena, &plan->problems.items[i]));
}

static const char *root_of(const struct task_nodes *nodes)
{
	for (size_t i = 0; i < nodes->count; i++)
		if (nodes->items[i].parent_id == NULL)
			return nodes->items[i].node_id;
	return NULL;
}

/* By the rules for nodes that anybody brings: shape, ids, dependencies, circles, depth and number. */
static bool check(struct arena *arena, const struct planner_request *r, const struct answer *a, struct faults *faults,
				  struct err *err)
{
	struct decomposition d = {.nodes = a->nodes, .dependencies = a->dependencies};
	struct plan plan;
	d.row.root_id = root_of(&a->nodes);
	d.row.nodes_total = (int64_t)a->nodes.count;
	d.row.max_depth = (int64_t)(r->depth_max - r->depth);
	if (a->nodes.count > r->nodes_max)
		faults_add(faults, "/answer/nodes", "count", "must have at most %zu elements",
				   r->nodes_max - (r->node != NULL));
	if (!decomposition_shape(arena, &d))
		return err_set(err, ERR_LIMIT, "no memory");
	look_for_names(arena, r, &d, faults);
	if (faults->count == 0) {
		if (!plan_check(arena, &d.input, &plan))
			return err_set(err, ERR_LIMIT, "no memory");
		name_problems(arena, &plan, faults);
	}
	return faults->count == 0 || err_set(err, ERR_INVALID, "the answer has problems");
}

static bool read_nodes(struct arena *arena, const struct planner_request *r, const struct json *json,
					   struct planner_result *result, struct faults *faults, struct err *err)
{
	struct answer a;
	if (!field_decode(&answer_table, json, &a, arena, "/answer", faults))
		return err_set(err, ERR_INVALID, "the answer has another form");
	if ((r->node != NULL && !below_node(arena, r->node, &a)) || !check(arena, r, &a, faults, err))
		return r->node != NULL && faults->count == 0 ? err_set(err, ERR_LIMIT, "no memory") : false;
	size_t skip = r->node != NULL;
	result->nodes = (struct task_nodes){a.nodes.count - skip, a.nodes.items + skip};
	result->dependencies = a.dependencies;
	return true;
}

/* A library's problems are told below /library; here it is the answer. */
static void move_faults(struct arena *arena, const struct faults *from, struct faults *to)
{
	for (const struct fault *f = from->first; f != NULL; f = f->next) {
		bool inside = strncmp(f->pointer, "/library", 8) == 0;
		faults_add(to, inside ? arena_printf(arena, "/answer%s", f->pointer + 8) : "/answer", f->code, "%s",
				   f->message);
	}
}

static bool read_library(struct arena *arena, const struct planner_request *r, const struct json *json,
						 struct planner_result *result, const char **library, struct faults *faults, struct err *err)
{
	struct planner_request request = *r;
	struct faults own;
	struct buf buf;
	struct jw jw;
	request.library = json;
	request.version = NULL;
	faults_init(&own, arena);
	bool planned = planner_run(arena, &request, result, &own, err);
	move_faults(arena, &own, faults);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, json);
	*library = arena_dup(arena, buf_text(&buf));
	buf_fini(&buf);
	return planned;
}

bool planner_llm_read(struct arena *arena, const struct planner_request *request, const char *text,
					  struct planner_result *result, const char **library, struct faults *faults, struct err *err)
{
	*result = (struct planner_result){.expansions = 0};
	*library = NULL;
	const struct json *json = object_of(arena, text, faults);
	if (json == NULL)
		return err_set(err, faults->count > 0 ? ERR_INVALID : ERR_LIMIT, "the answer is no JSON object");
	if (json_get(json, "methods") != NULL || json_get(json, "operators") != NULL)
		return read_library(arena, request, json, result, library, faults, err);
	char sha256[SHA256_HEX_SIZE];
	sha256_hex(text, strlen(text), sha256);
	return read_nodes(arena, request, json, result, faults, err) &&
		   planner_seal(arena, request, "answer_sha256", sha256, result, err);
}

/* --- asking --- */

static const char *problems_text(struct arena *arena, const struct faults *faults)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (const struct fault *f = faults->first; f != NULL; f = f->next) {
		jw_object(&jw);
		jw_member_str(&jw, "pointer", f->pointer);
		jw_member_str(&jw, "code", f->code);
		jw_member_str(&jw, "message", f->message);
		jw_object_end(&jw);
	}
	jw_array_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	return text;
}

static bool ask(struct arena *arena, struct planner_llm *llm, struct planner_asked *asked, bool *again, struct err *err)
{
	struct datum *request = question(llm, err);
	struct consulted answer;
	if (request == NULL)
		return false;
	const struct consultation consultation = {.spender = llm->spender,
											  .purpose = "decomposition",
											  .request = request,
											  .timeout_ms = PLANNER_WAIT_MS,
											  .given_up = llm->given_up,
											  .self = llm->self};
	bool answered = consult(llm->consultant, &consultation, arena, &answer, &llm->refusal, err);
	*again = answer.again;
	*asked = (struct planner_asked){.node_id = llm->plan.node == NULL ? NULL : llm->plan.node->node_id,
									.model = answer.model != NULL ? answer.model : llm->model,
									.prompt = arena_dup(arena, datum_bytes(request, NULL)),
									.answer = answered ? answer.text : NULL,
									.problems = "[]",
									.attempt = (int64_t)llm->asked_count + 1,
									.cost_micros = answer.cost_micros,
									.cached = answer.cached};
	datum_unref(request);
	return answered;
}

static bool stopped(const struct planner_llm *llm)
{
	return llm->given_up != NULL && llm->given_up(llm->self);
}

/* One more question.  *again: another one may do better. */
static bool attempt(struct arena *arena, struct planner_llm *llm, struct planner_result *result, struct faults *faults,
					bool *again, struct err *err)
{
	struct planner_asked *asked = &llm->asked[llm->asked_count];
	bool answered = ask(arena, llm, asked, again, err);
	if (!answered) {
		if (*again && llm->asked_count + 1 < PLANNER_ANSWERS)
			poll(NULL, 0, PAUSE_MS << llm->asked_count);
		llm->asked_count += asked->prompt != NULL;
		return false;
	}
	bool read = planner_llm_read(arena, &llm->plan, asked->answer, result, &llm->library, faults, err);
	asked->problems = problems_text(arena, faults);
	llm->asked_count++;
	*again = faults->count > 0;
	if (read) {
		char sha256[SHA256_HEX_SIZE];
		sha256_hex(asked->answer, strlen(asked->answer), sha256);
		llm->answer_sha256 = arena_dup(arena, sha256);
	}
	return read;
}

bool planner_llm_run(struct arena *arena, struct planner_llm *llm, struct planner_result *result, struct faults *faults,
					 struct err *err)
{
	struct faults last;
	bool again = true, planned = false;
	llm->asked_count = 0;
	faults_init(&last, arena);
	while (again && !planned && llm->asked_count < PLANNER_ANSWERS && !stopped(llm)) {
		faults_init(&last, arena);
		again = false;
		planned = attempt(arena, llm, result, &last, &again, err);
	}
	if (planned)
		return !arena->full || err_set(err, ERR_LIMIT, "no memory");
	if (stopped(llm))
		return err_set(err, ERR_DRAINING, "The server is stopping.");
	if (last.count == 0)
		return false;
	faults_add(faults, "/goal", "no_plan", "the model gave no sound plan in %zu answers", llm->asked_count);
	for (const struct fault *f = last.first; f != NULL; f = f->next)
		faults_add(faults, f->pointer, f->code, "%s", f->message);
	return err_set(err, ERR_INVALID, "there is no plan");
}
