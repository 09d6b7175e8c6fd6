#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "flow/agents_internal.h"
#include "flow/budget_internal.h"
#include "flow/budget_view.h"
#include "flow/cost.h"
#include "flow/cost_read.h"
#include "flow/domain/prices.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "seal/calc.h"
#include "seal/pack.h"

/* Costs: record what was spent, look what a run may still spend, prices and estimates [flow.md 7]. */

/* The shipped pack, or the installation's; one is always there. */
static const struct prices *shipped_prices(const struct agents_api *api)
{
	const struct pack *pack = packs_find(api->options.packs, "prices", NULL, NULL);
	return pack != NULL ? pack->data : NULL;
}

/* --- track --- */

struct track_request {
	const char *run_id, *execution_id, *agent_id, *workflow, *step, *provider, *model, *currency;
	int operation_type;
	const struct json *cost, *metadata;
	struct tokens_request *tokens;
};

static const struct field track_fields[] = {
	F_STR(track_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255)),
	F_STR(track_request, execution_id, LENGTH(1, 255)),
	F_STR(track_request, agent_id, LENGTH(1, 255)),
	F_STR(track_request, workflow, LENGTH(1, 255), DOC("namespace/name; that of a run of ours is known")),
	F_STR(track_request, step, LENGTH(1, 255)),
	F_ENUM(track_request, operation_type, cost_operation_names, REQUIRED),
	F_STR(track_request, provider, LENGTH(1, 100)),
	F_STR(track_request, model, LENGTH(1, 200)),
	F_STR(track_request, currency, LENGTH(3, 3), DOC("Must be that of the budgets; default theirs")),
	F_JSON(track_request, cost, DOC("From 0: decimal text or a number; or model and tokens")),
	F_OBJECT_PTR(track_request, tokens, &tokens_table, DOC("Priced by the pack where no cost is given")),
	F_JSON(track_request, metadata),
};
static const struct field_table track_table = FIELD_TABLE("cost.track", track_request, track_fields);

struct entry_view {
	const char *entry_id, *run_id, *execution_id, *workflow_execution_id, *agent_id, *workflow, *step, *operation_type,
		*provider, *model, *priced_as, *cost, *currency, *created_at;
	int64_t cost_micros;
	const struct tokens_request *tokens;
	const struct json *metadata;
};

static const struct field entry_fields[] = {
	F_STR(entry_view, entry_id),
	F_STR(entry_view, run_id, NULLABLE),
	F_STR(entry_view, execution_id, LEFT_OUT),
	F_STR(entry_view, workflow_execution_id, LEFT_OUT, DOC("On v3 paths")),
	F_STR(entry_view, agent_id, NULLABLE),
	F_STR(entry_view, workflow, NULLABLE),
	F_STR(entry_view, step, NULLABLE),
	F_STR(entry_view, operation_type),
	F_STR(entry_view, provider, NULLABLE),
	F_STR(entry_view, model, NULLABLE),
	F_STR(entry_view, priced_as, NULLABLE, DOC("The row of the prices; null: the cost was given")),
	F_OBJECT_PTR(entry_view, tokens, &tokens_table, NULLABLE),
	F_STR(entry_view, cost),
	F_INT(entry_view, cost_micros),
	F_STR(entry_view, currency),
	F_JSON(entry_view, metadata, NULLABLE),
	F_STR(entry_view, created_at, FORMAT("date-time")),
};
static const struct field_table entry_table = FIELD_TABLE("cost.entry", entry_view, entry_fields);

struct tracking {
	struct agents_write w; /* first */
	struct track_request request;
	struct spender spender;
	struct cost_item item;
	bool unknown_model;
	char entry_id[ID_TEXT];
};

static void price_it(struct tracking *t, struct faults *faults)
{
	const struct prices *prices = shipped_prices(t->w.api);
	const struct track_request *r = &t->request;
	const struct tokens tokens = tokens_of(r->tokens);
	int64_t now_us = agents_now(t->w.x);
	const struct price *price = prices_find(prices, r->provider, r->model, now_us);
	if (price == NULL) {
		t->unknown_model = true;
		price = prices_unknown(prices, now_us);
	}
	if (price == NULL) {
		faults_add(faults, "/model", "unknown_model", "has no price, and the prices have no row for unknown models");
		return;
	}
	t->item.cost = price_tokens(price, &tokens, NULL);
	t->item.priced_as = price->model;
	if (t->item.provider == NULL && strcmp(price->model, PRICE_UNKNOWN) != 0)
		t->item.provider = price->provider;
	t->spender.currency = prices->currency;
	if (t->item.cost > COST_MAX)
		faults_add(faults, "/tokens", "range", "cost more than an entry can say");
	if (r->currency != NULL && strcmp(r->currency, prices->currency) != 0)
		faults_add(faults, "/currency", "currency", "must be %s, as the prices are", prices->currency);
}

static const char *tokens_text(const struct tokens_request *t, struct arena *arena)
{
	return t == NULL
			   ? NULL
			   : arena_printf(arena, "{\"cache_write\":%lld,\"cached_input\":%lld,\"input\":%lld,\"output\":%lld}",
							  (long long)t->cache_write, (long long)t->cached_input, (long long)t->input,
							  (long long)t->output);
}

static void check_track(void *self, struct faults *faults)
{
	struct tracking *t = self;
	const struct track_request *r = &t->request;
	struct arena *arena = &t->w.x->arena;
	t->spender = (struct spender){.account_id = t->w.account_id,
								  .run_id = r->run_id != NULL ? r->run_id : r->execution_id,
								  .agent_id = r->agent_id,
								  .workflow = r->workflow,
								  .step = r->step,
								  .currency = r->currency};
	t->item =
		(struct cost_item){.operation_type = r->operation_type < 0 ? NULL : cost_operation_names[r->operation_type],
						   .provider = r->provider,
						   .model = r->model,
						   .tokens = tokens_text(r->tokens, arena),
						   .metadata = cost_object_text(r->metadata, "/metadata", arena, faults)};
	if (r->cost != NULL)
		agents_take_money(r->cost, "/cost", 0, COST_MAX, &t->item.cost, faults);
	else if (r->model != NULL && r->tokens != NULL)
		price_it(t, faults);
	else
		faults_add(faults, "/cost", "required", "is required, or model and tokens");
}

/* Without any budget a cost is in US dollars, as the shipped prices are. */
static bool change_track(struct agents_write *w, struct db *db, struct err *err)
{
	struct tracking *t = (struct tracking *)w;
	struct cover *cover = arena_new(&w->x->arena, struct cover);
	if (cover == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!cost_spender(w, db, &t->spender, err) || !cover_find(db, &t->spender, w->now_us, &w->x->arena, cover, err))
		return false;
	if (t->spender.currency == NULL)
		t->spender.currency = cover->count > 0 ? cover->rows[0].currency : "USD";
	return budget_spend(&w->api->budgets, db, &t->spender, &t->item, w->now_us, t->entry_id, err) &&
		   agents_audit(w, db, AUDIT_COST_TRACK, t->entry_id, NULL, err);
}

static void answer_track(struct agents_write *w)
{
	const struct tracking *t = (struct tracking *)w;
	struct arena *arena = &w->x->arena;
	struct entry_view view = {.entry_id = t->entry_id,
							  .run_id = t->spender.run_id,
							  .agent_id = t->spender.agent_id,
							  .workflow = t->spender.workflow,
							  .step = t->spender.step,
							  .operation_type = t->item.operation_type,
							  .provider = t->item.provider,
							  .model = t->item.model,
							  .priced_as = t->item.priced_as,
							  .tokens = t->request.tokens,
							  .cost = agents_money(arena, t->item.cost),
							  .cost_micros = t->item.cost,
							  .currency = t->spender.currency,
							  .metadata = t->request.metadata,
							  .created_at = agents_time(arena, w->now_us)};
	if (agents_v3(w->x))
		view.execution_id = view.workflow_execution_id = view.run_id;
	if (t->unknown_model)
		agents_reply_warned(w->x, 201, &entry_table, &view, "unknown_model", "/model",
							"The model has no price; it was priced as an unknown one.");
	else
		reply_fact(w->x, 201, &entry_table, &view);
}

static void handle_track(struct exchange *x)
{
	struct tracking *t = agents_start(x, sizeof *t);
	if (t != NULL && exchange_decode_checked(x, &t->request, check_track, t))
		agents_submit(&t->w, change_track, answer_track);
}

/* --- enforce --- */

struct enforce_request {
	const char *run_id, *execution_id;
};

static const struct field enforce_fields[] = {
	F_STR(enforce_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255)),
	F_STR(enforce_request, execution_id, LENGTH(1, 255)),
};
static const struct field_table enforce_table = FIELD_TABLE("cost.enforce", enforce_request, enforce_fields);

struct enforced {
	int status;
	struct {
		size_t count;
		struct budget_event_view *items;
	} events_raised;
	bool suspended, should_halt;
};

static const struct field enforced_fields[] = {
	F_ENUM(enforced, status, budget_status_names, DOC("The worst of the budgets that cover the run")),
	F_OBJECTS(enforced, events_raised, &budget_event_table, DOC("Since this was asked last, in this window")),
	F_BOOL(enforced, suspended),
	F_BOOL(enforced, should_halt, DOC("A budget is exhausted whose owner does not only want a warning")),
};
static const struct field_table enforced_table = FIELD_TABLE("cost.enforced", enforced, enforced_fields);

struct enforcing {
	struct agents_write w; /* first */
	struct enforce_request request;
	struct spender spender;
	struct enforced result;
};

/* The events of thresholds that nobody was told of yet; each is told once. */
static bool tell_raised(struct enforcing *e, struct db *db, struct budget_row *row, struct err *err)
{
	static const char *const kinds[] = {"", "budget.warning", "budget.critical", "budget.exhausted"};
	double usage = budget_usage(row->allocated, budget_used(row));
	unsigned fresh = row->raised & ~row->told;
	for (unsigned status = BUDGET_WARNING; status <= BUDGET_EXHAUSTED; status++)
		if ((fresh & 1U << status) != 0)
			e->result.events_raised.items[e->result.events_raised.count++] =
				(struct budget_event_view){.kind = kinds[status],
										   .at = agents_time(&e->w.x->arena, e->w.now_us),
										   .budget_id = row->budget_id,
										   .usage_percentage = 100 * usage};
	row->told = row->raised;
	return fresh == 0 || budget_mark(db, row, err);
}

static bool enforce_one(struct enforcing *e, struct db *db, struct budget_row *row, struct err *err)
{
	struct enforced *r = &e->result;
	double usage = budget_usage(row->allocated, budget_used(row));
	int status = (int)budget_status(usage, row->warning, row->critical);
	r->status = status > r->status ? status : r->status;
	r->should_halt = r->should_halt || (status == BUDGET_EXHAUSTED && row->on_exhausted != BUDGET_WARN);
	return budget_roll(db, row, e->w.now_us, err) && budget_raise(&e->w.api->budgets, db, row, e->w.now_us, err) &&
		   tell_raised(e, db, row, err);
}

static bool change_enforce(struct agents_write *w, struct db *db, struct err *err)
{
	enum { EVENTS_MAX = 3 * BUDGETS_COVER_MAX };
	struct enforcing *e = (struct enforcing *)w;
	struct cover *cover = arena_new(&w->x->arena, struct cover);
	e->result.events_raised.items = arena_array(&w->x->arena, EVENTS_MAX, sizeof *e->result.events_raised.items);
	if (cover == NULL || e->result.events_raised.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!cost_spender(w, db, &e->spender, err) || !cover_find(db, &e->spender, w->now_us, &w->x->arena, cover, err))
		return false;
	if (cover->count == 0)
		return err_set(err, ERR_NOT_FOUND, "No budget covers this run.");
	for (size_t i = 0; i < cover->count; i++) {
		if (!enforce_one(e, db, &cover->rows[i], err))
			return false;
		e->result.suspended = e->result.suspended || cover->rows[i].suspended;
	}
	return agents_audit(w, db, AUDIT_BUDGET_ENFORCE, e->spender.run_id, NULL, err);
}

static void answer_enforce(struct agents_write *w)
{
	const struct enforcing *e = (struct enforcing *)w;
	reply_fact(w->x, 200, &enforced_table, &e->result);
}

static void check_enforce(void *self, struct faults *faults)
{
	struct enforcing *e = self;
	e->spender.account_id = e->w.account_id;
	e->spender.run_id = e->request.run_id != NULL ? e->request.run_id : e->request.execution_id;
	if (e->spender.run_id == NULL)
		faults_add(faults, "/run_id", "required", "is required");
}

static void handle_enforce(struct exchange *x)
{
	struct enforcing *e = agents_start(x, sizeof *e);
	if (e != NULL && exchange_decode_checked(x, &e->request, check_enforce, e))
		agents_submit(&e->w, change_enforce, answer_enforce);
}

/* --- prices --- */

struct price_view {
	const char *provider, *model, *input, *output, *cached_input, *cache_write, *valid_from;
};

static const struct field price_fields[] = {
	F_STR(price_view, provider),
	F_STR(price_view, model, DOC("Exact name, or the beginning of several")),
	F_STR(price_view, input),
	F_STR(price_view, output),
	F_STR(price_view, cached_input),
	F_STR(price_view, cache_write),
	F_STR(price_view, valid_from, FORMAT("date")),
};
static const struct field_table price_table = FIELD_TABLE("cost.price", price_view, price_fields);

struct prices_view {
	const char *name, *version, *sha256, *currency, *source;
	struct {
		size_t count;
		struct price_view *items;
	} prices;
};

static const struct field prices_fields[] = {
	F_STR(prices_view, name),
	F_STR(prices_view, version),
	F_STR(prices_view, sha256),
	F_STR(prices_view, currency),
	F_STR(prices_view, source, NULLABLE),
	F_OBJECTS(prices_view, prices, &price_table, DOC("Per million tokens")),
};
static const struct field_table prices_table = FIELD_TABLE("cost.prices", prices_view, prices_fields);

static struct price_view show_price(const struct price *price, struct arena *arena)
{
	char day[STAMP_DATE_TEXT];
	stamp_format_date(day, price->from_us);
	return (struct price_view){.provider = price->provider,
							   .model = price->model,
							   .input = agents_money(arena, price_of_kind(price, PRICE_INPUT)),
							   .output = agents_money(arena, price_of_kind(price, PRICE_OUTPUT)),
							   .cached_input = agents_money(arena, price_of_kind(price, PRICE_CACHED_INPUT)),
							   .cache_write = agents_money(arena, price_of_kind(price, PRICE_CACHE_WRITE)),
							   .valid_from = arena_dup(arena, day)};
}

static void handle_prices(struct exchange *x)
{
	const struct agents_api *api = x->owner;
	const struct pack *pack = packs_find(api->options.packs, "prices", NULL, NULL);
	if (pack == NULL) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no pack of prices.");
		return;
	}
	const struct prices *prices = pack->data;
	struct prices_view view = {.name = pack->name,
							   .version = pack->version,
							   .sha256 = pack->sha256,
							   .currency = prices->currency,
							   .source = pack->source};
	view.prices.items = arena_array(&x->arena, prices->count, sizeof *view.prices.items);
	for (size_t i = 0; view.prices.items != NULL && i < prices->count; i++)
		view.prices.items[view.prices.count++] = show_price(&prices->items[i], &x->arena);
	reply_fact(x, 200, &prices_table, &view);
}

struct estimate_request {
	const char *provider, *model;
	struct tokens_request tokens;
};

static const struct field estimate_fields[] = {
	F_STR(estimate_request, provider, LENGTH(1, 100), DOC("Without: of any provider")),
	F_STR(estimate_request, model, REQUIRED, LENGTH(1, 200)),
	F_OBJECT(estimate_request, tokens, &tokens_table, REQUIRED),
};
static const struct field_table estimate_table = FIELD_TABLE("cost.estimate", estimate_request, estimate_fields);

struct estimating {
	struct estimate_request request;
	const struct prices *prices;
	const struct price *price;
	int64_t now_us;
};

static void find_price(void *self, struct faults *faults)
{
	struct estimating *e = self;
	if (e->request.model != NULL)
		e->price = prices_find(e->prices, e->request.provider, e->request.model, e->now_us);
	if (e->price == NULL)
		faults_add(faults, "/model", "unknown_model", "has no price");
}

static void handle_estimate(struct exchange *x)
{
	struct estimating e = {.prices = shipped_prices(x->owner), .now_us = agents_now(x)};
	struct price_estimate estimate;
	if (!exchange_decode_checked(x, &e.request, find_price, &e))
		return;
	const struct tokens tokens = tokens_of(&e.request.tokens);
	if (price_estimate_fill(e.prices, e.price, &tokens, &x->arena, &estimate))
		reply_fact(x, 200, &price_estimate_table, &estimate);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

/* --- routes --- */

#define COST "/api/v1/flow/cost"
#define COST_V3 "/api/v3/cost"

const struct route cost_routes[] = {
	ROUTE(POST, COST "/track", "cost.write", EFFECT_WRITE, handle_track,
		  .aliases = ALIASES({COST_V3 "/track"}, {COST_V3 "/record"}), .operation = "cost.track",
		  .summary = "Record what was spent; it counts in every budget that covers it", .body = &track_table,
		  .result = &entry_table, .status = 201,
		  .example = "{\"run_id\":\"run-1\",\"operation_type\":\"llm_inference\",\"provider\":\"openai\",\"model\":"
					 "\"gpt-4o\",\"tokens\":{\"input\":1200,\"output\":300}}"),
	ROUTE(POST, COST "/enforce", "cost.write", EFFECT_WRITE, handle_enforce, .aliases = ALIASES({COST_V3 "/enforce"}),
		  .operation = "cost.enforce", .summary = "May the run go on, and what was raised since this was asked last",
		  .body = &enforce_table, .result = &enforced_table, .example = "{\"run_id\":\"run-1\"}"),
	ROUTE(GET, COST "/prices", "flow.read", EFFECT_READ, handle_prices, .aliases = ALIASES({COST_V3 "/prices"}),
		  .operation = "cost.prices", .summary = "Prices of models in force", .result = &prices_table),
	ROUTE(POST, COST "/estimate", "flow.read", EFFECT_COMPUTE, handle_estimate,
		  .aliases = ALIASES({COST_V3 "/estimate"}), .operation = "cost.estimate",
		  .summary = "What the tokens of a call would cost", .body = &estimate_table, .result = &price_estimate_table,
		  .example = "{\"model\":\"gpt-4o\",\"tokens\":{\"input\":1200,\"output\":300}}"),
	ROUTE(GET, COST "/workflow/{run_id}", "flow.read", EFFECT_READ, cost_handle_summary,
		  .aliases = ALIASES({COST_V3 "/workflow/{run_id}"}), .operation = "cost.summary",
		  .summary = "What a run has spent, and its budget", .result = &cost_summary_table,
		  .result_else = &cost_summary_bare_table),
	ROUTE(GET, COST "/workflow/{run_id}/breakdown", "flow.read", EFFECT_READ, cost_handle_breakdown,
		  .aliases = ALIASES({COST_V3 "/workflow/{run_id}/breakdown"}), .operation = "cost.breakdown",
		  .summary = "What a run has spent, by one of its marks", .query = &cost_breakdown_query_table,
		  .result = &cost_breakdown_table),
	ROUTE(GET, COST "/workflow/{run_id}/projection", "flow.read", EFFECT_READ, cost_handle_projection,
		  .aliases = ALIASES({COST_V3 "/workflow/{run_id}/projection"}), .operation = "cost.projection",
		  .summary = "What a run will have spent in the end", .query = &cost_projection_query_table,
		  .result = &cost_projection_table),
};
const size_t cost_routes_count = sizeof cost_routes / sizeof *cost_routes;
