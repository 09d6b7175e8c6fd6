/* Money in a run's turn: asked for before a step, kept with its intent, settled with its result. */
#include "flow/spending.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/budget_internal.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/money.h"
#include "flow/domain/trouble.h"
#include "flow/llm.h"
#include "flow/runner_internal.h"
#include "flow/spending_internal.h"
#include "store/store.h"

enum { SCRATCH = 1 << 20, HELD_MAX = 1000 };

/* Something of this turn that its commit has to do. */
enum spend_kind { SPEND_KEEP, SPEND_RESULT, SPEND_HALT, SPEND_GO_ON };
struct spend {
	enum spend_kind kind;
	char *path;
	struct datum *cost;
	struct datum *intent; /* of a result: what its intent said; or NULL */
	struct spend *next;
};

static const struct budgets *budgets_of(const struct live *live)
{
	const struct spending *spending = live->runner->options.spending;
	return spending == NULL ? NULL : spending->budgets;
}

static int64_t now_of(const struct live *live)
{
	return env_wall_us(live->runner->options.env);
}

/* --- whose run it is --- */

static char *label(const char *labels, const char *name)
{
	struct datum *datum = datum_text(labels, strlen(labels));
	const char *text = json_text(datum_tree(datum), name);
	char *copy = text == NULL ? NULL : strdup(text);
	datum_unref(datum);
	return copy;
}

void spending_load(struct live *live, const struct run_record *record)
{
	struct buf workflow;
	buf_init(&workflow, 0);
	buf_addf(&workflow, "%s/%s", record->namespace, record->name);
	live->money = (struct live_money){.account_id = strdup(record->account_id),
									  .agent_id = label(record->labels, "agent_id"),
									  .workflow = buf_take(&workflow, NULL),
									  .holds = record->seq > 0};
	must(live->money.account_id != NULL && live->money.workflow != NULL);
}

static const char *text_of(struct datum *cost, const char *name)
{
	return cost == NULL ? NULL : json_text(datum_tree(cost), name);
}

static int64_t number_of(struct datum *cost, const char *name)
{
	const struct json *value = cost == NULL ? NULL : json_get(datum_tree(cost), name);
	return value != NULL && value->kind == JS_INT ? value->integer : 0;
}

static struct spender spender_of(const struct live *live, const char *path, struct datum *cost)
{
	const char *agent = text_of(cost, "agent");
	return (struct spender){.account_id = live->money.account_id,
							.run_id = live->run_id,
							.agent_id = agent != NULL ? agent : live->money.agent_id,
							.workflow = live->money.workflow,
							.step = path,
							.currency = text_of(cost, "currency")};
}

/* --- before a step --- */

static const char *operation_of(const struct ir_task *task)
{
	if (task->type != IR_CALL)
		return "compute";
	switch (task->call.callee) {
	case IR_LLM:
		return "llm_inference";
	case IR_WORKER:
		return "agent_execution";
	case IR_MEMORY:
		return "memory_storage";
	case IR_MCP:
		return "tool_usage";
	default:
		return "api_call";
	}
}

/* What a step may cost at most, and what is known of it. */
struct need {
	int64_t amount;
	const char *operation, *currency, *agent, *provider, *model;
};

static bool need_of_llm(const struct live *live, struct datum *request, struct need *need)
{
	const struct json *json = datum_tree(request);
	need->model = json_text(json, "model");
	need->agent = json_text(json, "budget");
	need->amount = llm_bound(live->runner->options.llm, request, &need->provider, &need->currency);
	return true;
}

static bool need_as_stated(struct datum *asked, struct need *need, struct trouble *trouble)
{
	const struct json *json = datum_tree(asked);
	need->currency = json_text(json, "currency");
	if (need->currency == NULL || json_get(json, "amount") == NULL ||
		!money_of_json(json_get(json, "amount"), &need->amount))
		return trouble_set(trouble, TROUBLE_EXPRESSION, "No cost", "metadata.cost is an amount from 0 and a currency.");
	return true;
}

static void add_text(struct jw *jw, const char *name, const char *text)
{
	if (text != NULL)
		jw_member_str(jw, name, text);
}

static struct datum *cost_of(const struct need *need)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_int(&jw, "amount_micros", need->amount);
	add_text(&jw, "currency", need->currency);
	jw_member_str(&jw, "operation_type", need->operation);
	add_text(&jw, "agent", need->agent);
	add_text(&jw, "provider", need->provider);
	add_text(&jw, "model", need->model);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static struct datum *halt_of(const struct budget_refusal *refusal, const char *path)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "budget_id", refusal->budget_id);
	jw_member_int(&jw, "amount_micros", refusal->requested);
	jw_member_int(&jw, "available_micros", refusal->available);
	jw_member_int(&jw, "allocated_micros", refusal->allocated);
	jw_member_str(&jw, "step", path);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static bool look(const struct live *live, const struct spender *spender, int64_t amount, struct budget_refusal *refusal,
				 bool *warned, struct err *err)
{
	struct db *db = store_read(live->runner->options.store);
	bool read = budget_fits(db, spender, amount, now_of(live), refusal, warned, err);
	store_read_end(live->runner->options.store, db);
	return read;
}

static enum drive_means refuse(const struct budget_refusal *refusal, const char *path, struct datum **cost,
							   struct trouble *trouble)
{
	char available[MONEY_TEXT], requested[MONEY_TEXT];
	datum_unref(*cost);
	*cost = NULL;
	if (refusal->on_exhausted == BUDGET_SUSPEND) {
		*cost = halt_of(refusal, path);
		return MEANS_SHORT;
	}
	trouble_set(trouble, TROUBLE_RUNTIME, "Budget exceeded", "The budget %s has %s left, and %s is asked for.",
				refusal->budget_id, money_format(available, refusal->available),
				money_format(requested, refusal->requested));
	return MEANS_FAULT;
}

/* The budgets, as a reader sees them, and what this turn has promised already. */
static enum drive_means ask_budgets(struct live *live, const char *path, int64_t amount, struct datum **cost,
									struct trouble *trouble)
{
	const struct spender spender = spender_of(live, path, *cost);
	struct budget_refusal refusal;
	struct err err;
	bool warned;
	if (!look(live, &spender, money_add(amount, live->money.promised), &refusal, &warned, &err)) {
		bool currency = err.kind == ERR_INVALID;
		trouble_set(trouble, currency ? TROUBLE_CONFIGURATION : TROUBLE_RUNTIME,
					currency ? "Wrong currency" : "Budgets cannot be read", "%s", err.message);
		datum_unref(*cost);
		*cost = NULL;
		return MEANS_FAULT;
	}
	refusal.requested = amount;
	if (refusal.refused)
		return refuse(&refusal, path, cost, trouble);
	live->money.promised = money_add(live->money.promised, amount);
	return MEANS_ENOUGH;
}

enum drive_means spending_afford(void *self, const struct place *place, struct datum *request, struct datum *asked,
								 struct datum **cost, struct trouble *trouble)
{
	struct live *live = (struct live *)(void *)((char *)place->drive->run - offsetof(struct live, run));
	struct need need = {.operation = operation_of(place->task)};
	bool llm = place->task->type == IR_CALL && place->task->call.callee == IR_LLM;
	(void)self;
	if (llm ? !need_of_llm(live, request, &need) : !need_as_stated(asked, &need, trouble))
		return MEANS_FAULT;
	*cost = cost_of(&need);
	if (budgets_of(live) == NULL || need.amount == 0)
		return MEANS_ENOUGH;
	return ask_budgets(live, place->path, need.amount, cost, trouble);
}

/* --- noting --- */

static void note(struct live *live, enum spend_kind kind, const struct row *row)
{
	const struct frame *frame = kind == SPEND_RESULT ? run_frame(&live->run, row->frame) : NULL;
	struct spend *spend = malloc(sizeof *spend);
	must(spend != NULL);
	*spend = (struct spend){.kind = kind, .path = row->path == NULL ? NULL : strdup(row->path)};
	datum_set(&spend->cost, row->cost);
	datum_set(&spend->intent, frame == NULL ? NULL : frame->cost);
	if (live->money.end == NULL)
		live->money.end = &live->money.noted;
	*live->money.end = spend;
	live->money.end = &spend->next;
}

void spending_note(struct live *live, const struct row *row)
{
	if (budgets_of(live) == NULL)
		return;
	if (row->kind == ROW_INTENT && row->cost != NULL && row->n == 1)
		note(live, SPEND_KEEP, row);
	else if (row->kind == ROW_RESULT && row->cost != NULL)
		note(live, SPEND_RESULT, row);
	else if (row->kind == ROW_SUSPENDED && row->cost != NULL)
		note(live, SPEND_HALT, row);
	else if (row->kind == ROW_RESUMED && live->run.halt != NULL) {
		struct row of_halt = *row;
		of_halt.cost = live->run.halt;
		note(live, SPEND_GO_ON, &of_halt);
	}
}

void spending_drop(struct live *live)
{
	while (live->money.noted != NULL) {
		struct spend *spend = live->money.noted;
		live->money.noted = spend->next;
		free(spend->path);
		datum_unref(spend->cost);
		datum_unref(spend->intent);
		free(spend);
	}
	live->money.end = NULL;
	live->money.promised = 0;
}

/* --- in the op --- */

struct held {
	const char *reservation_id, *step, *purpose;
	int64_t amount;
};

/* Reservations of ours for the run's steps: those without an end. */
static bool held_of(const struct live *live, struct db *db, struct arena *arena, struct held *held, size_t *count,
					struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT reservation_id, step, purpose, amount FROM budget_reservations WHERE account_id = $1 AND "
				  "run_id = $2 AND state = 'held' AND expires_at IS NULL AND step IS NOT NULL",
				  V_TEXT(live->money.account_id), V_TEXT(live->run_id)))
		return false;
	for (; *count < HELD_MAX && db_next(&rows); ++*count)
		held[*count] = (struct held){.reservation_id = db_text_dup(&rows, 0, arena),
									 .step = db_text_dup(&rows, 1, arena),
									 .purpose = db_text_dup(&rows, 2, arena),
									 .amount = db_int(&rows, 3)};
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

struct applying {
	struct live *live;
	struct db *db;
	struct arena arena;
	struct held held[HELD_MAX];
	size_t count;
	bool kept; /* something new is */
	int64_t now_us;
};

static struct held *find_held(struct applying *a, const char *step)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->held[i].step != NULL && strcmp(a->held[i].step, step) == 0)
			return &a->held[i];
	return NULL;
}

static bool settle(struct applying *a, struct held *held, const struct cost_item *item, struct err *err)
{
	struct reservation_row row;
	const struct budgets *budgets = budgets_of(a->live);
	bool nothing = item->cost == 0 && item->saved == 0;
	held->step = NULL;
	a->live->money.settled = true;
	if (nothing)
		return budget_release(budgets, a->db, a->live->money.account_id, held->reservation_id, a->now_us, &a->arena,
							  &row, err);
	return budget_settle(budgets, a->db, a->live->money.account_id, held->reservation_id, item, a->now_us, &a->arena,
						 &row, err);
}

/* Nobody knows what came of it: all that was kept for it counts as spent. */
static bool settle_whole(struct applying *a, struct held *held, struct err *err)
{
	const struct cost_item item = {.operation_type = held->purpose, .cost = held->amount};
	return settle(a, held, &item, err);
}

static bool keep(struct applying *a, const struct spend *spend, struct err *err)
{
	struct live *live = a->live;
	const struct spender spender = spender_of(live, spend->path, spend->cost);
	const char *operation = text_of(spend->cost, "operation_type");
	int64_t amount = number_of(spend->cost, "amount_micros");
	struct budget_reservation kept;
	struct budget_refusal refusal;
	struct held *before = find_held(a, spend->path);
	if (before != NULL && !settle_whole(a, before, err)) /* of another attempt */
		return false;
	if (amount == 0)
		return true;
	if (!budget_reserve(budgets_of(live), a->db, &spender, amount, 0, operation, a->now_us, &kept, &refusal, err))
		return false;
	if (refusal.refused && refusal.on_exhausted != BUDGET_WARN) {
		live->money.short_of = true;
		return err_set(err, ERR_CONFLICT, "The budget %s was spent meanwhile.", refusal.budget_id);
	}
	a->kept = a->kept || (!refusal.refused && kept.reservation_id[0] != '\0');
	return true;
}

static const char *json_member_text(struct applying *a, struct datum *cost, const char *name)
{
	const struct json *value = json_get(datum_tree(cost), name);
	if (value == NULL)
		return NULL;
	struct datum *datum = datum_json(value);
	const char *text = arena_dup(&a->arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

/* A budget of another currency was made meanwhile: it cannot count this, the row of what was spent is there. */
static bool spend_free(struct applying *a, const struct spender *spender, const struct cost_item *item, struct err *err)
{
	char entry_id[ID_TEXT];
	struct err own;
	if (budget_spend(budgets_of(a->live), a->db, spender, item, a->now_us, entry_id, &own))
		return true;
	if (own.kind == ERR_INVALID)
		return budget_record(budgets_of(a->live), a->db, spender, item, false, a->now_us, entry_id, err);
	*err = own;
	return false;
}

static bool take_result(struct applying *a, const struct spend *spend, struct err *err)
{
	struct spender spender = spender_of(a->live, spend->path, spend->intent);
	struct held *held = find_held(a, spend->path);
	const char *operation = text_of(spend->intent, "operation_type");
	const struct cost_item item = {.operation_type = operation != NULL ? operation : "api_call",
								   .provider = text_of(spend->cost, "provider"),
								   .model = text_of(spend->cost, "model"),
								   .priced_as = text_of(spend->cost, "priced_as"),
								   .cost = number_of(spend->cost, "amount_micros"),
								   .saved = number_of(spend->cost, "saved_micros"),
								   .tokens = json_member_text(a, spend->cost, "tokens")};
	if (held != NULL)
		return settle(a, held, &item, err);
	spender.currency = spender.currency != NULL ? spender.currency : "USD";
	return (item.cost == 0 && item.saved == 0) || spend_free(a, &spender, &item, err);
}

static bool read_budget(struct applying *a, struct datum *cost, struct budget_row *row, bool *found, struct err *err)
{
	const char *budget_id = text_of(cost, "budget_id");
	*found = false;
	return budget_id == NULL ||
		   (budget_find(a->db, a->live->money.account_id, budget_id, a->now_us, &a->arena, row, found, err) &&
			(!*found || budget_roll(a->db, row, a->now_us, err)));
}

/* The budget shows that it stops runs, if it still has not enough: a look after the commit goes by that. */
static bool halt(struct applying *a, const struct spend *spend, struct err *err)
{
	struct budget_row row;
	bool found;
	if (!read_budget(a, spend->cost, &row, &found, err))
		return false;
	if (!found || row.suspended || budget_left(&row) >= number_of(spend->cost, "amount_micros"))
		return true;
	row.suspended = true;
	return budget_mark(a->db, &row, err);
}

static bool go_on(struct applying *a, const struct spend *spend, struct err *err)
{
	struct budget_row row;
	bool found;
	if (!read_budget(a, spend->cost, &row, &found, err))
		return false;
	if (!found || !row.suspended || budget_left(&row) == 0 ||
		budget_left(&row) < number_of(spend->cost, "amount_micros"))
		return true;
	row.suspended = false;
	return budget_mark(a->db, &row, err);
}

static bool apply_one(struct applying *a, const struct spend *spend, struct err *err)
{
	switch (spend->kind) {
	case SPEND_KEEP:
		return keep(a, spend, err);
	case SPEND_RESULT:
		return take_result(a, spend, err);
	case SPEND_HALT:
		return halt(a, spend, err);
	default:
		return go_on(a, spend, err);
	}
}

/* What was kept for a step that is no longer under way, and will not be tried again under the same key. */
static bool sweep(struct applying *a, struct err *err)
{
	const struct run *run = &a->live->run;
	size_t left = 0;
	for (size_t i = 0; i < a->count; i++) {
		const char *step = a->held[i].step;
		const struct frame *frame = step == NULL || run_is_over(run->status) ? NULL : run_find(run, step);
		bool under_way = step != NULL && !run_is_over(run->status) &&
						 ((frame != NULL && frame->sent) || run_unsure(run, step) != NULL);
		left += under_way;
		if (step != NULL && !under_way && !settle_whole(a, &a->held[i], err))
			return false;
	}
	a->live->money.holds = left > 0 || a->kept;
	return true;
}

static bool apply_all(struct applying *a, struct err *err)
{
	struct live *live = a->live;
	if (live->money.holds && !held_of(live, a->db, &a->arena, a->held, &a->count, err))
		return false;
	for (const struct spend *spend = live->money.noted; spend != NULL; spend = spend->next)
		if (!apply_one(a, spend, err))
			return false;
	return sweep(a, err);
}

bool spending_apply(struct live *live, struct db *db, struct err *err)
{
	live->money.settled = live->money.short_of = false;
	if (budgets_of(live) == NULL || (live->money.noted == NULL && !live->money.holds))
		return true;
	struct applying *a = calloc(1, sizeof *a);
	must(a != NULL);
	a->live = live;
	a->db = db;
	a->now_us = now_of(live);
	arena_init(&a->arena, SCRATCH);
	bool done = apply_all(a, err);
	arena_fini(&a->arena);
	free(a);
	return done;
}

/* --- around the turn --- */

/* Is the budget that halted the run still without enough?  When its window is over it may have. */
static bool still_short(struct live *live)
{
	struct datum *why = live->run.halt;
	struct budget_row row;
	struct arena arena;
	struct err err;
	bool found = false;
	if (text_of(why, "budget_id") == NULL)
		return true;
	arena_init(&arena, SCRATCH);
	struct db *db = store_read(live->runner->options.store);
	bool read =
		budget_find(db, live->money.account_id, text_of(why, "budget_id"), now_of(live), &arena, &row, &found, &err);
	store_read_end(live->runner->options.store, db);
	live->money.due_us = read && found && row.window != BUDGET_TOTAL ? row.window_end_us : 0;
	int64_t asked = number_of(why, "amount_micros");
	bool freed = read && found && budget_left(&row) > 0 && budget_left(&row) >= asked &&
				 row.allocated == number_of(why, "allocated_micros"); /* a top-up says itself whether runs go on */
	bool stays = !read || (found && row.suspended && !freed);
	arena_fini(&arena);
	return stays;
}

void spending_turn(struct live *live)
{
	if (budgets_of(live) == NULL || live->run.status != RUN_SUSPENDED || live->run.reason == NULL ||
		strcmp(live->run.reason, "budget") != 0)
		return;
	live->money.due_us = 0;
	if (!still_short(live))
		drive_resume(&live->drive);
}

void spending_committed(struct live *live)
{
	bool halted = live->run.status == RUN_SUSPENDED && live->run.halt != NULL;
	if (budgets_of(live) == NULL)
		return;
	if (halted != live->money.halted)
		spending_keep_halted(live->runner->options.spending, live->run_id, halted);
	live->money.halted = halted;
	if (live->money.settled)
		spending_nudge(live->runner->options.spending);
	bool looks_again = halted && (live->money.noted != NULL || live->money.settled);
	if (looks_again && live->end == DRIVE_WAITS)
		live->end = DRIVE_MORE;
	spending_drop(live);
}
