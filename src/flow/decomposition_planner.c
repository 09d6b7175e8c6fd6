#include "flow/decomposition_planner.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "http/exchange.h"

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

/* What was done, as it is told.  Only what was planned has a seal. */
static const char *note_of(struct arena *arena, const struct planner_result *result, bool planned)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "name", "htn");
	jw_member_str(&jw, "library", result->library_name);
	jw_member_str(&jw, "library_version", result->library_version);
	if (planned) {
		jw_member_str(&jw, "library_sha256", result->library_sha256);
		jw_member_int(&jw, "expansions", result->expansions);
		jw_member_str(&jw, "cost", agents_money(arena, result->cost));
		jw_member_int(&jw, "cost_micros", result->cost);
		jw_member_str(&jw, "plan_sha256", result->plan_sha256);
	}
	jw_object_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

static bool run(struct decomposition_planning *p, const char *version)
{
	struct faults faults;
	struct err err;
	const struct planner_request request = {.exprs = p->api->options.exprs,
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
	faults_init(&faults, &p->x->arena);
	if (planner_run(&p->x->arena, &request, &p->result, &faults, &err))
		return true;
	if (faults.count > 0)
		exchange_fail_faults(p->x, ERR_INVALID, &faults);
	else
		exchange_fail(p->x, &err);
	return false;
}

static bool check(struct decomposition_planning *p)
{
	struct faults faults;
	faults_init(&faults, &p->x->arena);
	if (p->library == NULL || p->library->kind == JS_NULL)
		faults_add(&faults, "/library", "required", "is required by the planner htn");
	if (p->state != NULL && p->state->kind != JS_OBJECT)
		faults_add(&faults, "/state", "type", "must be an object");
	if (faults.count > 0)
		exchange_fail_faults(p->x, ERR_INVALID, &faults);
	return faults.count == 0;
}

/* Without a state of its own, the one that stands in the goal's params. */
static void take_state(struct decomposition_planning *p)
{
	if (p->state == NULL && p->params != NULL)
		p->state = json_get(p->params, "state");
	if (p->state != NULL && p->state->kind == JS_NULL)
		p->state = NULL;
}

bool decomposition_plan(struct decomposition_planning *p, struct decomposition_row *row)
{
	struct arena *arena = &p->x->arena;
	take_state(p);
	if (!check(p) || (!p->only_keep && !run(p, NULL)))
		return false;
	row->planner = note_of(arena, &p->result, !p->only_keep);
	row->library = text_of(arena, p->library);
	row->state = p->state != NULL ? text_of(arena, p->state) : NULL;
	if (row->planner != NULL && row->library != NULL)
		return true;
	exchange_failf(p->x, ERR_LIMIT, "no memory");
	return false;
}

bool decomposition_replan(struct decomposition_planning *p, const struct decomposition_row *row)
{
	struct arena *arena = &p->x->arena;
	p->library = tree_of(arena, row->library);
	p->state = tree_of(arena, row->state);
	if (p->library == NULL || p->task == NULL) {
		exchange_failf(p->x, ERR_CONFLICT,
					   p->library == NULL ? "The decomposition was made without a planner: give the children."
										  : "The node has no name, by which a planner could take it apart.");
		return false;
	}
	const struct json *note = tree_of(arena, row->planner);
	return run(p, note != NULL ? json_text(note, "library_version") : NULL);
}
