/* /api/v1/flow/cache: counters of the answers of models, and what is to be forgotten [flow.md 6]. */
#include <math.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "flow/domain/money.h"
#include "flow/flow_internal.h"
#include "flow/llm.h"
#include "flow/llm_cache.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* --- figures --- */

struct level_view {
	int level;
	int64_t hits, misses, entries, bytes, evictions, saved_micros;
	double hit_rate, ttl_s;
	const char *saved;
};

static const struct field level_fields[] = {
	F_ENUM(level_view, level, llm_level_names, DOC("l1 memory, l2 store, l3 like meaning, l4 the call itself")),
	F_INT(level_view, hits, DOC("Of l4: calls that were answered")),
	F_INT(level_view, misses, DOC("Of l4: calls that were not")),
	F_NUM(level_view, hit_rate, NULLABLE, DECIMALS(6)),
	F_INT(level_view, entries, DOC("Of l2 and l3: the account's")),
	F_INT(level_view, bytes),
	F_INT(level_view, evictions),
	F_STR(level_view, saved, DOC("What its hits would have cost")),
	F_INT(level_view, saved_micros),
	F_NUM(level_view, ttl_s, DOC("In force; of l1 and l2 tuned by their hit rates"), UNIT("s")),
};
static const struct field_table level_table = FIELD_TABLE("flow.cache.level", level_view, level_fields);

struct cache_view {
	struct {
		size_t count;
		struct level_view *items;
	} levels;
};
static const struct field cache_fields[] = {F_OBJECTS(cache_view, levels, &level_table)};
static const struct field_table cache_table = FIELD_TABLE("flow.cache", cache_view, cache_fields);

/* The cache, or NULL: answered. */
static struct llm_cache *cache_of(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct llm_cache *cache = api->options.llm == NULL ? NULL : llm_answers(api->options.llm);
	if (cache == NULL)
		exchange_failf(x, ERR_NOT_FOUND, "This server asks no models: flow.llm.base_url is not set.");
	return cache;
}

static struct level_view view_of(struct arena *arena, int level, const struct llm_level_figures *f)
{
	char money[MONEY_TEXT];
	int64_t lookups = f->hits + f->misses;
	return (struct level_view){.level = level,
							   .hits = f->hits,
							   .misses = f->misses,
							   .hit_rate = lookups == 0 ? NAN : (double)f->hits / (double)lookups,
							   .entries = f->entries,
							   .bytes = f->bytes,
							   .evictions = f->evictions,
							   .saved = arena_dup(arena, money_format(money, f->saved_micros)),
							   .saved_micros = f->saved_micros,
							   .ttl_s = f->ttl_s};
}

static void handle_figures(struct exchange *x)
{
	struct llm_cache *cache = cache_of(x);
	struct llm_level_figures figures[LLM_LEVELS];
	struct cache_view view = {.levels = {.count = LLM_LEVELS}};
	struct err err;
	if (cache == NULL)
		return;
	view.levels.items = arena_array(&x->arena, LLM_LEVELS, sizeof *view.levels.items);
	if (view.levels.items == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!llm_cache_figures(cache, principal_of(x)->account_id, figures, &err)) {
		exchange_fail(x, &err);
		return;
	}
	for (int level = 0; level < LLM_LEVELS; level++)
		view.levels.items[level] = view_of(&x->arena, level, &figures[level]);
	reply_fact(x, 200, &cache_table, &view);
}

/* --- forgetting --- */

struct forget_request {
	const char *model, *tag;
	bool all;
};
static const struct field forget_fields[] = {
	F_STR(forget_request, model, LENGTH(1, 200)),
	F_STR(forget_request, tag, LENGTH(1, 200), DOC("One of metadata.cache_tags of the step that asked")),
	F_BOOL(forget_request, all, DOC("Everything of the account")),
};
static const struct field_table forget_table = FIELD_TABLE("flow.cache.forget", forget_request, forget_fields);

struct forgotten_view {
	int64_t invalidated;
};
static const struct field forgotten_fields[] = {F_INT(forgotten_view, invalidated)};
static const struct field_table forgotten_table = FIELD_TABLE("flow.cache.forgotten", forgotten_view, forgotten_fields);

static void check_forget(void *self, struct faults *faults)
{
	const struct forget_request *r = self;
	if (r->model == NULL && r->tag == NULL && !r->all && faults->count == 0)
		faults_add(faults, "/all", "required", "name a model, a tag, or say all: true");
}

static void handle_forget(struct exchange *x)
{
	struct forget_request request;
	struct forgotten_view view;
	struct llm_cache *cache = cache_of(x);
	struct err err;
	if (cache == NULL || !exchange_decode_checked(x, &request, check_forget, &request))
		return;
	const struct llm_forget forget = {
		.account_id = principal_of(x)->account_id, .model = request.model, .tag = request.tag, .level = LLM_LEVELS};
	if (llm_cache_forget(cache, &forget, &view.invalidated, &err))
		reply_fact(x, 200, &forgotten_table, &view);
	else
		exchange_fail(x, &err);
}

const struct route llm_routes[] = {
	ROUTE(GET, "/api/v1/flow/cache", "flow.read", EFFECT_READ, handle_figures, .operation = "flow.cache.get",
		  .tag = "cache", .summary = "Counters of the cache of models' answers", .result = &cache_table),
	ROUTE(POST, "/api/v1/flow/cache/invalidate", "flow.operate", EFFECT_WRITE, handle_forget,
		  .operation = "flow.cache.invalidate", .tag = "cache", .summary = "Forget answers by model, by tag, or all",
		  .body = &forget_table, .result = &forgotten_table, .example = "{\"model\":\"gpt-5-mini\"}"),
};
const size_t llm_routes_count = sizeof llm_routes / sizeof *llm_routes;
