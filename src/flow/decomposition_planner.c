#include "flow/decomposition_planner.h"

#include <stdatomic.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "expr/expr.h"
#include "flow/agents_internal.h"
#include "http/exchange.h"

const char *const planner_names[] = {"none", "htn", "llm", NULL};

static const char *text_of(struct arena *arena, const struct json *json)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, json);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

static const struct json *tree_of(struct arena *arena, const char *text)
{
	static const struct json_limits limits = {.depth = 64, .values = 5000000};
	const struct json *json = NULL;
	if (text != NULL)
		json_parse(arena, text, strlen(text), &limits, &json, NULL);
	return json;
}

/* --- the note --- */

static void write_library(struct jw *jw, const struct planner_result *result)
{
	jw_member_str(jw, "library_sha256", result->library_sha256);
	jw_member_int(jw, "expansions", result->expansions);
}

static void write_money(struct jw *jw, struct arena *arena, int64_t cost)
{
	jw_member_str(jw, "cost", agents_money(arena, cost));
	jw_member_int(jw, "cost_micros", cost);
}

static void note_htn(struct jw *jw, struct arena *arena, const struct decomposition_planning *p)
{
	jw_member_str(jw, "library", p->result.library_name);
	jw_member_str(jw, "library_version", p->result.library_version);
	if (p->only_keep)
		return;
	write_library(jw, &p->result);
	write_money(jw, arena, p->result.cost);
}

/* What is needed to ask again is there even before anything was. */
static void note_llm(struct jw *jw, struct arena *arena, const struct decomposition_planning *p)
{
	const struct planner_llm *llm = &p->llm;
	int64_t cost = 0;
	jw_member_str(jw, "model", llm->model);
	jw_member_int(jw, "max_tokens", llm->max_tokens);
	jw_member_str(jw, "agent_id", p->agent_id);
	jw_member_str(jw, "run_id", p->run_id);
	if (p->only_keep)
		return;
	for (size_t i = 0; i < llm->asked_count; i++)
		cost += llm->asked[i].cost_micros;
	jw_member_int(jw, "asked", (int64_t)llm->asked_count);
	jw_member_str(jw, "answer_sha256", llm->answer_sha256);
	if (llm->library != NULL)
		write_library(jw, &p->result);
	write_money(jw, arena, cost);
}

/* What was done, as it is told.  Only what was planned has a seal. */
static const char *note_of(struct arena *arena, const struct decomposition_planning *p)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "name", planner_names[p->planner]);
	if (p->planner == PLANNER_LLM)
		note_llm(&jw, arena, p);
	else
		note_htn(&jw, arena, p);
	if (!p->only_keep)
		jw_member_str(&jw, "plan_sha256", p->result.plan_sha256);
	jw_object_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

enum planner decomposition_planner(struct arena *arena, const struct decomposition_row *row)
{
	const struct json *note = tree_of(arena, row->planner);
	const char *name = note == NULL ? NULL : json_text(note, "name");
	enum planner planner = name == NULL ? PLANNER_NONE : PLANNER_HTN;
	return name != NULL && strcmp(name, planner_names[PLANNER_LLM]) == 0 ? PLANNER_LLM : planner;
}

/* --- planning --- */

static struct planner_request request_of(const struct decomposition_planning *p, const char *version)
{
	return (struct planner_request){.exprs = expr_share(p->api->options.exprs, p->account_id),
									.packs = p->api->options.packs,
									.library = p->library,
									.version = version,
									.state = p->state,
									.task = p->task,
									.params = p->params,
									.node = p->node,
									.depth = p->depth,
									.depth_max = p->depth_max,
									.nodes_max = p->nodes_max,
									.number = p->number,
									.taken = p->taken,
									.self = p->self};
}

static bool fail(struct exchange *x, const struct faults *faults, const struct err *err)
{
	if (faults->count > 0)
		exchange_fail_faults(x, ERR_INVALID, faults);
	else
		exchange_fail(x, err);
	return false;
}

static bool run_htn(struct decomposition_planning *p, const char *version)
{
	struct faults faults;
	struct err err;
	const struct planner_request request = request_of(p, version);
	faults_init(&faults, &p->x->arena);
	return planner_run(&p->x->arena, &request, &p->result, &faults, &err) || fail(p->x, &faults, &err);
}

bool decomposition_may_ask(struct agents_api *api, struct exchange *x, const char *model)
{
	struct faults faults;
	if (api->consultant.llm == NULL) {
		exchange_failf(x, ERR_NOT_IMPLEMENTED, "This server asks no models: flow.llm.base_url is not set.");
		return false;
	}
	if (model != NULL || api->consultant.model != NULL)
		return true;
	faults_init(&faults, &x->arena);
	faults_add(&faults, "/model", "required", "must name the model: flow.llm.model is not set");
	exchange_fail_faults(x, ERR_INVALID, &faults);
	return false;
}

/* The server stops, or nobody waits any more: what is under way may end, nothing new is asked. */
static bool given_up(void *self)
{
	return atomic_load(&((struct agents_api *)self)->stopping);
}

static void prepare_llm(struct decomposition_planning *p)
{
	const struct consultant *consultant = &p->api->consultant;
	p->llm =
		(struct planner_llm){.plan = request_of(p, NULL),
							 .description = p->description,
							 .strategy = p->strategy,
							 .expected = p->expected,
							 .consultant = consultant,
							 .model = p->model != NULL ? p->model : consultant->model,
							 .max_tokens = p->max_tokens != FIELD_NO_INT ? p->max_tokens : PLANNER_TOKENS,
							 .spender = {.account_id = p->account_id, .agent_id = p->agent_id, .run_id = p->run_id},
							 .given_up = given_up,
							 .self = p->api};
}

static bool run_llm(struct decomposition_planning *p)
{
	struct faults faults;
	struct err err = {.kind = ERR_NONE};
	faults_init(&faults, &p->x->arena);
	if (planner_llm_run(&p->x->arena, &p->llm, &p->result, &faults, &err))
		return true;
	if (err.kind == ERR_BUDGET_EXCEEDED)
		agents_tell_refusal(p->x, &p->llm.refusal);
	return fail(p->x, &faults, &err);
}

/* Without a state of its own, the one that stands in the goal's params. */
static const struct json *state_of(const struct decomposition_planning *p)
{
	const struct json *state = p->state;
	if (state == NULL && p->params != NULL)
		state = json_get(p->params, "state");
	return state != NULL && state->kind == JS_NULL ? NULL : state;
}

/* The planner tells all that is wrong with a library by itself, unless other faults keep it from being asked. */
static void check_library(const struct decomposition_planning *p, struct faults *faults)
{
	const struct planner_request request = request_of(p, NULL);
	if (p->library == NULL || p->library->kind == JS_NULL)
		faults_add(faults, "/library", "required", "is required by the planner htn");
	else if (faults->count > 0 && !p->only_keep)
		planner_look(&p->x->arena, &request, faults);
}

void decomposition_check(const struct decomposition_planning *p, struct faults *faults)
{
	const struct consultant *consultant = &p->api->consultant;
	const struct json *state = state_of(p);
	bool plans = p->planner == PLANNER_HTN || p->planner == PLANNER_LLM;
	if (plans && state != NULL && state->kind != JS_OBJECT)
		faults_add(faults, "/state", "type", "must be an object");
	if (p->planner == PLANNER_LLM && consultant->llm != NULL && p->model == NULL && consultant->model == NULL)
		faults_add(faults, "/model", "required", "must name the model: flow.llm.model is not set");
	if (p->planner == PLANNER_HTN)
		check_library(p, faults);
}

static bool run_any(struct decomposition_planning *p)
{
	return p->planner == PLANNER_LLM ? run_llm(p) : run_htn(p, NULL);
}

bool decomposition_plan(struct decomposition_planning *p, struct decomposition_row *row)
{
	struct arena *arena = &p->x->arena;
	bool llm = p->planner == PLANNER_LLM;
	p->state = state_of(p);
	if (llm)
		prepare_llm(p);
	if (!p->only_keep && !run_any(p))
		return false;
	row->planner = note_of(arena, p);
	row->library = llm ? NULL : text_of(arena, p->library);
	row->state = p->state != NULL ? text_of(arena, p->state) : NULL;
	if (row->planner != NULL && (llm || row->library != NULL))
		return true;
	exchange_failf(p->x, ERR_LIMIT, "no memory");
	return false;
}

/* --- planning again --- */

static bool can_replan(struct decomposition_planning *p)
{
	bool from_something = p->planner == PLANNER_LLM || (p->planner == PLANNER_HTN && p->library != NULL);
	if (!from_something || p->task == NULL)
		exchange_failf(p->x, ERR_CONFLICT,
					   !from_something ? "The decomposition was made without a planner: give the children."
									   : "The node has no name, by which a planner could take it apart.");
	return from_something && p->task != NULL;
}

static void take_model(struct decomposition_planning *p, const struct json *note)
{
	const struct json *max = json_get(note, "max_tokens");
	p->model = json_text(note, "model");
	p->agent_id = json_text(note, "agent_id");
	p->run_id = json_text(note, "run_id");
	p->max_tokens = max != NULL && max->kind == JS_INT ? max->integer : FIELD_NO_INT;
}

bool decomposition_replan(struct decomposition_planning *p, const struct decomposition_row *row)
{
	struct arena *arena = &p->x->arena;
	const struct json *note = tree_of(arena, row->planner);
	p->planner = decomposition_planner(arena, row);
	p->library = tree_of(arena, row->library);
	p->state = tree_of(arena, row->state);
	if (!can_replan(p))
		return false;
	if (p->planner == PLANNER_HTN)
		return run_htn(p, note != NULL ? json_text(note, "library_version") : NULL);
	take_model(p, note);
	if (!decomposition_may_ask(p->api, p->x, p->model))
		return false;
	prepare_llm(p);
	return run_llm(p);
}
