#include "flow/domain/ops.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "flow/domain/agent.h"
#include "flow/domain/money.h"
#include "seal/calc.h"

/* Operations over agent.h. */

/* --- flow.importance --- */

struct importance_item {
	double access_count, age_hours, importance;
	int memory_type;
};

static const struct field item_fields[] = {
	F_NUM(importance_item, access_count, REQUIRED, RANGE(0, 1e15)),
	F_NUM(importance_item, age_hours, REQUIRED, RANGE(0, 1e9), UNIT("h")),
	F_NUM(importance_item, importance, REQUIRED, RANGE(0, 1), DOC("As the author set it")),
	F_ENUM(importance_item, memory_type, memory_type_names, DEFAULT(MEMORY_OBSERVATION)),
};
static const struct field_table item_table = FIELD_TABLE("flow.importance.item", importance_item, item_fields);

static const struct field weights_fields[] = {
	F_NUM(importance_weights, access, REQUIRED, RANGE(0, 1)),
	F_NUM(importance_weights, recency, REQUIRED, RANGE(0, 1)),
	F_NUM(importance_weights, importance, REQUIRED, RANGE(0, 1)),
};
static const struct field_table weights_table =
	FIELD_TABLE("flow.importance.weights", importance_weights, weights_fields);

struct importance_request {
	struct {
		size_t count;
		struct importance_item *items;
	} items;
	double max_access, max_age_hours;
	struct importance_weights *weights;
};

static const struct field importance_fields[] = {
	F_OBJECTS(importance_request, items, &item_table, REQUIRED, COUNT(1, 10000)),
	F_NUM(importance_request, max_access, RANGE(1, 1e15), DEFAULT(100)),
	F_NUM(importance_request, max_age_hours, RANGE(1, 1e9), DEFAULT(24), UNIT("h")),
	F_OBJECT_PTR(importance_request, weights, &weights_table, DOC("Sum 1; default 0.3, 0.4, 0.3")),
};
static const struct field_table importance_table =
	FIELD_TABLE("flow.importance.request", importance_request, importance_fields);

struct scored {
	double score;
};

static const struct field scored_fields[] = {F_NUM(scored, score, DECIMALS(6))};
static const struct field_table scored_table = FIELD_TABLE("flow.importance.score", scored, scored_fields);

struct importance_result {
	struct {
		size_t count;
		struct scored *items;
	} items;
};

static const struct field importance_result_fields[] = {F_OBJECTS(importance_result, items, &scored_table)};
static const struct field_table importance_result_table =
	FIELD_TABLE("flow.importance.result", importance_result, importance_result_fields);

static bool run_importance(struct calc *calc, const void *input, void *output)
{
	const struct importance_request *request = input;
	struct importance_result *result = output;
	const struct importance_weights usual = {.3, .4, .3};
	const struct importance_weights *weights = request->weights != NULL ? request->weights : &usual;
	double sum = weights->access + weights->recency + weights->importance;
	if (fabs(sum - 1) > 1e-9) {
		calc_fault(calc, "/weights", "range", "must sum to 1, not %.10g", sum);
		return false;
	}
	result->items.items = arena_array(calc->arena, request->items.count, sizeof *result->items.items);
	for (size_t i = 0; result->items.items != NULL && i < request->items.count; i++) {
		const struct importance_item *item = &request->items.items[i];
		result->items.items[result->items.count++].score =
			memory_importance(weights, item->access_count, item->age_hours, item->importance,
							  (enum memory_type)item->memory_type, request->max_access, request->max_age_hours);
	}
	return true;
}

const struct op flow_importance_op = {
	.name = "flow.importance",
	.path = "/api/v1/flow/importance",
	.summary = "Importance of memories by use, age and kind",
	.doc = "The score by which memories are promoted and evicted.",
	.input = &importance_table,
	.output = &importance_result_table,
	.run = run_importance,
	.example = "{\"items\":[{\"access_count\":50,\"age_hours\":6,\"importance\":0.5,\"memory_type\":\"action\"}]}",
};

/* --- flow.agent_score --- */

struct score_request {
	double memory_usage_mb, cpu_usage_percent, completed_tasks, failed_tasks;
	int64_t working_memory_count, episodic_memory_count, active_tasks_count;
	const struct json *cost_consumed, *budget_remaining;
};

#define UNSCORED DOC("Of the heartbeat; not part of the score")

static const struct field heartbeat_fields[] = {
	F_NUM(score_request, memory_usage_mb, REQUIRED, RANGE(0, 1e9), UNIT("MB")),
	F_NUM(score_request, cpu_usage_percent, REQUIRED, RANGE(0, 100), UNIT("%")),
	F_JSON(score_request, cost_consumed, DOC("Decimal text or a number from 0; default 0")),
	F_JSON(score_request, budget_remaining, DOC("Decimal text or a number from 0; default 0")),
	F_NUM(score_request, completed_tasks, NAMED("completed_tasks_count"), ALSO("completed_tasks"), RANGE(0, 1e15),
		  DEFAULT(0)),
	F_NUM(score_request, failed_tasks, NAMED("failed_tasks_count"), ALSO("failed_tasks"), RANGE(0, 1e15), DEFAULT(0)),
	F_INT(score_request, active_tasks_count, RANGE(0, 1e15), UNSCORED),
	F_INT(score_request, working_memory_count, RANGE(0, 1e15), UNSCORED),
	F_INT(score_request, episodic_memory_count, RANGE(0, 1e15), UNSCORED),
};
static const struct field_table heartbeat_table =
	FIELD_TABLE("flow.agent_score.request", score_request, heartbeat_fields);

static const char *const scored_names[] = {"healthy", "degraded", "critical", NULL};

struct score_result {
	double score;
	int status;
};

static const struct field score_fields[] = {
	F_NUM(score_result, score),
	F_ENUM(score_result, status, scored_names),
};
static const struct field_table score_table = FIELD_TABLE("flow.agent_score.result", score_result, score_fields);

static double money_taken(struct calc *calc, const struct json *json, const char *pointer)
{
	int64_t micros = 0;
	if (json != NULL && !money_of_json(json, &micros))
		calc_fault(calc, pointer, "format", "must be an amount of money from 0, as decimal text or a number");
	return (double)micros / MONEY_UNIT;
}

static bool run_score(struct calc *calc, const void *input, void *output)
{
	const struct score_request *r = input;
	struct score_result *result = output;
	const struct heartbeat heartbeat = {.memory_usage_mb = r->memory_usage_mb,
										.cpu_usage_percent = r->cpu_usage_percent,
										.cost_consumed = money_taken(calc, r->cost_consumed, "/cost_consumed"),
										.budget_remaining = money_taken(calc, r->budget_remaining, "/budget_remaining"),
										.completed_tasks = r->completed_tasks,
										.failed_tasks = r->failed_tasks};
	if (calc->faults.count > 0)
		return false;
	result->score = agent_score(&heartbeat);
	result->status = (int)agent_status(result->score);
	return true;
}

const struct op flow_agent_score_op = {
	.name = "flow.agent_score",
	.path = "/api/v1/flow/agent_score",
	.summary = "Health score of an agent from its heartbeat",
	.doc = "0.4 resources, 0.3 budget left, 0.3 tasks that ended well.",
	.input = &heartbeat_table,
	.output = &score_table,
	.run = run_score,
	.example = "{\"memory_usage_mb\":1024,\"cpu_usage_percent\":50,\"cost_consumed\":20,\"budget_remaining\":80,"
			   "\"completed_tasks_count\":9,\"failed_tasks_count\":1}",
	.quick = true,
};

/* --- flow.estimate_children --- */

struct estimate_request {
	int strategy;
	double complexity;
	int64_t depth, max_depth;
};

static const struct field estimate_fields[] = {
	F_ENUM(estimate_request, strategy, strategy_names, REQUIRED),
	F_NUM(estimate_request, complexity, REQUIRED, RANGE(0, 1)),
	F_INT(estimate_request, depth, RANGE(0, 200), DEFAULT(0)),
	F_INT(estimate_request, max_depth, RANGE(1, 200), DEFAULT(150)),
};
static const struct field_table estimate_table =
	FIELD_TABLE("flow.estimate_children.request", estimate_request, estimate_fields);

struct estimate_result {
	int64_t children;
};

static const struct field estimate_result_fields[] = {F_INT(estimate_result, children)};
static const struct field_table estimate_result_table =
	FIELD_TABLE("flow.estimate_children.result", estimate_result, estimate_result_fields);

static bool run_estimate(struct calc *calc, const void *input, void *output)
{
	const struct estimate_request *request = input;
	struct estimate_result *result = output;
	if (request->depth > request->max_depth) {
		calc_fault(calc, "/depth", "range", "must be at most max_depth (%lld)", (long long)request->max_depth);
		return false;
	}
	result->children = estimate_children((enum strategy)request->strategy, request->complexity, (double)request->depth,
										 (double)request->max_depth);
	return true;
}

const struct op flow_estimate_children_op = {
	.name = "flow.estimate_children",
	.path = "/api/v1/flow/estimate_children",
	.summary = "Children a node will have when it is decomposed",
	.doc = "By strategy and complexity.",
	.input = &estimate_table,
	.output = &estimate_result_table,
	.run = run_estimate,
	.example = "{\"strategy\":\"adaptive\",\"complexity\":0.5,\"depth\":0,\"max_depth\":150}",
	.quick = true,
};

/* --- flow.similarity --- */

struct similarity_request {
	struct {
		size_t count;
		double *items;
	} a, b;
};

static const struct field similarity_fields[] = {
	F_NUMS(similarity_request, a, REQUIRED, COUNT(1, 4096)),
	F_NUMS(similarity_request, b, REQUIRED, COUNT(1, 4096)),
};
static const struct field_table similarity_table =
	FIELD_TABLE("flow.similarity.request", similarity_request, similarity_fields);

struct similarity_result {
	double cosine;
};

static const struct field similarity_result_fields[] = {F_NUM(similarity_result, cosine, DECIMALS(6))};
static const struct field_table similarity_result_table =
	FIELD_TABLE("flow.similarity.result", similarity_result, similarity_result_fields);

static bool run_similarity(struct calc *calc, const void *input, void *output)
{
	const struct similarity_request *request = input;
	struct similarity_result *result = output;
	if (request->a.count != request->b.count) {
		calc_fault(calc, "/b", "length", "must have as many numbers as a (%zu), not %zu", request->a.count,
				   request->b.count);
		return false;
	}
	result->cosine = cosine(request->a.items, request->b.items, request->a.count);
	return true;
}

const struct op flow_similarity_op = {
	.name = "flow.similarity",
	.path = "/api/v1/flow/similarity",
	.summary = "Cosine of two vectors",
	.doc = "From 0 to 1, as memory has it: 0 for opposites too, and when one of them has no length.",
	.input = &similarity_table,
	.output = &similarity_result_table,
	.run = run_similarity,
	.example = "{\"a\":[1,0],\"b\":[1,1]}",
};

/* --- flow.anomaly --- */

struct anomaly_request {
	struct {
		size_t count;
		double *items;
	} samples;
	double value;
};

static const struct field anomaly_fields[] = {
	F_NUMS(anomaly_request, samples, REQUIRED, COUNT(0, 100000), DOC("The last 7 days; at least 100")),
	F_NUM(anomaly_request, value, REQUIRED),
};
static const struct field_table anomaly_table = FIELD_TABLE("flow.anomaly.request", anomaly_request, anomaly_fields);

struct anomaly_result {
	double z, robust_z;
	int level;
};

static const struct field anomaly_result_fields[] = {
	F_NUM(anomaly_result, z, NULLABLE, DECIMALS(6), DOC("null when the samples do not vary")),
	F_NUM(anomaly_result, robust_z, NULLABLE, DECIMALS(6), DOC("null when more than half of the samples are equal")),
	F_ENUM(anomaly_result, level, anomaly_level_names),
};
static const struct field_table anomaly_result_table =
	FIELD_TABLE("flow.anomaly.result", anomaly_result, anomaly_result_fields);

static bool run_anomaly(struct calc *calc, const void *input, void *output)
{
	enum { SAMPLES_MIN = 100 };
	const struct anomaly_request *request = input;
	struct anomaly_result *result = output;
	struct anomaly anomaly;
	if (request->samples.count < SAMPLES_MIN) {
		calc_abstain(calc, "abstain.samples", "An anomaly is judged from at least %d samples; %zu were given.",
					 SAMPLES_MIN, request->samples.count);
		return true;
	}
	double *copy = arena_array(calc->arena, request->samples.count, sizeof *copy);
	if (copy == NULL)
		return false;
	memcpy(copy, request->samples.items, request->samples.count * sizeof *copy);
	anomaly_judge(copy, request->samples.count, request->value, &anomaly);
	*result = (struct anomaly_result){anomaly.z, anomaly.robust_z, (int)anomaly.level};
	return true;
}

static const struct json_limits anomaly_limits = {.depth = 8, .values = 200000};

const struct op flow_anomaly_op = {
	.name = "flow.anomaly",
	.path = "/api/v1/flow/anomaly",
	.summary = "Is a value unusual among samples",
	.doc = "Robust z where the median deviation allows it, else plain z; outside the range where nothing varied.",
	.input = &anomaly_table,
	.output = &anomaly_result_table,
	.run = run_anomaly,
	.example = "{\"samples\":[1,2,3],\"value\":2}",
	.limits = &anomaly_limits,
	.body_max = 4 << 20,
};

/* --- flow.cache_ttl --- */

struct ttl_request {
	double hit_rate, ttl_s;
	int64_t lookups;
};

static const struct field ttl_fields[] = {
	F_NUM(ttl_request, hit_rate, REQUIRED, RANGE(0, 1)),
	F_NUM(ttl_request, ttl_s, REQUIRED, RANGE(1, 31536000), UNIT("s")),
	F_INT(ttl_request, lookups, REQUIRED, RANGE(0, 1e15)),
};
static const struct field_table ttl_table = FIELD_TABLE("flow.cache_ttl.request", ttl_request, ttl_fields);

struct ttl_result {
	double ttl_s;
	bool applied;
};

static const struct field ttl_result_fields[] = {
	F_NUM(ttl_result, ttl_s, UNIT("s"), DOC("The old one when not applied")),
	F_BOOL(ttl_result, applied),
};
static const struct field_table ttl_result_table = FIELD_TABLE("flow.cache_ttl.result", ttl_result, ttl_result_fields);

static bool run_ttl(struct calc *calc, const void *input, void *output)
{
	enum { LOOKUPS_MIN = 200, CHANGE_MIN_S = 60 };
	const struct ttl_request *request = input;
	struct ttl_result *result = output;
	(void)calc;
	double next = cache_ttl(request->hit_rate, request->ttl_s);
	result->applied = request->lookups >= LOOKUPS_MIN && fabs(next - request->ttl_s) > CHANGE_MIN_S;
	result->ttl_s = result->applied ? next : request->ttl_s;
	return true;
}

const struct op flow_cache_ttl_op = {
	.name = "flow.cache_ttl",
	.path = "/api/v1/flow/cache_ttl",
	.summary = "Next time to live of a cache from its hit rate",
	.doc = "Changed only after 200 lookups and by more than a minute.",
	.input = &ttl_table,
	.output = &ttl_result_table,
	.run = run_ttl,
	.example = "{\"hit_rate\":0.6,\"ttl_s\":600,\"lookups\":500}",
	.quick = true,
};
