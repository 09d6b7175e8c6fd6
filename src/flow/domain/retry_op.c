#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/domain/duration.h"
#include "flow/domain/ops.h"
#include "flow/domain/retry.h"
#include "seal/calc.h"

/* Operations over retry.h, and budget status. */

/* --- flow.retry_delay --- */

struct retry_request {
	const struct json *policy, *seed;
	const char *path;
	int64_t n;
};

static const struct field retry_fields[] = {
	F_JSON(retry_request, policy, REQUIRED,
		   DOC("A retry policy of the workflow language: delay, backoff, jitter, limit")),
	F_JSON(retry_request, seed, REQUIRED, DOC("The run's seed; hashed as decimal text")),
	F_STR(retry_request, path, REQUIRED, LENGTH(1, 2000), DOC("Step path of the try task")),
	F_INT(retry_request, n, REQUIRED, RANGE(1, 1e6), DOC("Which retry, from 1")),
};
static const struct field_table retry_table = FIELD_TABLE("flow.retry_delay.request", retry_request, retry_fields);

struct retry_result {
	int64_t delay_ms;
};

static const struct field retry_result_fields[] = {F_INT(retry_result, delay_ms, UNIT("ms"))};
static const struct field_table retry_result_table =
	FIELD_TABLE("flow.retry_delay.result", retry_result, retry_result_fields);

static double read_duration(struct calc *calc, const struct json *json, const char *pointer, double absent)
{
	double ms = absent;
	if (json != NULL && !duration_ms(json, &ms))
		calc_fault(calc, pointer, "format", "must be a duration: ISO 8601 text or {seconds: …}");
	return ms;
}

static void read_backoff(struct calc *calc, const struct json *json, struct retry_policy *policy)
{
	static const char *const names[] = {"constant", "linear", "exponential"};
	if (json == NULL)
		return;
	for (int i = 0; i < 3; i++)
		if (json->kind == JS_OBJECT && json->count == 1 && strcmp(json->members[0].name, names[i]) == 0) {
			policy->backoff = (enum backoff)i;
			return;
		}
	calc_fault(calc, "/policy/backoff", "enum", "must be one of {constant: {}}, {linear: {}}, {exponential: {}}");
}

static struct retry_policy read_policy(struct calc *calc, const struct json *json)
{
	static const char *const members[] = {"delay", "backoff", "jitter", "limit", "when", "exceptWhen"};
	struct retry_policy policy = {.backoff = BACKOFF_CONSTANT};
	if (json->kind != JS_OBJECT) {
		calc_fault(calc, "/policy", "type", "must be an object");
		return policy;
	}
	for (uint32_t i = 0; i < json->count; i++) {
		bool known = false;
		for (size_t j = 0; j < sizeof members / sizeof *members; j++)
			known = known || strcmp(json->members[i].name, members[j]) == 0;
		if (!known)
			calc_fault(calc, field_pointer(calc->arena, "/policy", json->members[i].name), "unknown_field",
					   "is not a member of a retry policy");
	}
	const struct json *jitter = json_get(json, "jitter");
	policy.delay_ms = read_duration(calc, json_get(json, "delay"), "/policy/delay", 0);
	policy.jitter_from_ms = read_duration(calc, json_get(jitter, "from"), "/policy/jitter/from", 0);
	policy.jitter_to_ms = read_duration(calc, json_get(jitter, "to"), "/policy/jitter/to", 0);
	if (policy.jitter_to_ms < policy.jitter_from_ms)
		calc_fault(calc, "/policy/jitter/to", "range", "must not be less than from");
	read_backoff(calc, json_get(json, "backoff"), &policy);
	return policy;
}

static const char *seed_text(struct calc *calc, const struct json *seed)
{
	if (seed->kind == JS_STRING)
		return seed->text;
	if (seed->kind == JS_INT)
		return arena_printf(calc->arena, "%lld", (long long)seed->integer);
	calc_fault(calc, "/seed", "type", "must be an integer, or one as text");
	return "";
}

static bool run_retry(struct calc *calc, const void *input, void *output)
{
	enum { CAP_MS = 3600000 }; /* flow.retry_max_delay_s */
	const struct retry_request *request = input;
	struct retry_result *result = output;
	const struct retry_policy policy = read_policy(calc, request->policy);
	const char *seed = seed_text(calc, request->seed);
	if (calc->faults.count > 0 || seed == NULL)
		return false;
	result->delay_ms = retry_delay_ms(&policy, seed, request->path, request->n, CAP_MS);
	return true;
}

const struct op flow_retry_delay_op = {
	.name = "flow.retry_delay",
	.path = "/api/v1/flow/retry_delay",
	.summary = "Delay before a retry, jitter included",
	.doc = "The same run, path and number always give the same delay.",
	.input = &retry_table,
	.output = &retry_result_table,
	.run = run_retry,
	.example = "{\"policy\":{\"delay\":{\"seconds\":3},\"backoff\":{\"exponential\":{}}},\"seed\":1,\"path\":\"/do/0/"
			   "a\",\"n\":2}",
	.quick = true,
};

/* --- flow.effect_key --- */

struct key_request {
	const char *run_id, *path;
	int64_t attempt;
};

static const struct field key_fields[] = {
	F_STR(key_request, run_id, REQUIRED, LENGTH(1, 255)),
	F_STR(key_request, path, REQUIRED, LENGTH(1, 2000)),
	F_INT(key_request, attempt, REQUIRED, RANGE(1, 1e9)),
};
static const struct field_table key_table = FIELD_TABLE("flow.effect_key.request", key_request, key_fields);

struct key_result {
	const char *key;
};

static const struct field key_result_fields[] = {F_STR(key_result, key)};
static const struct field_table key_result_table = FIELD_TABLE("flow.effect_key.result", key_result, key_result_fields);

static bool run_key(struct calc *calc, const void *input, void *output)
{
	const struct key_request *request = input;
	struct key_result *result = output;
	char key[EFFECT_KEY];
	effect_key(request->run_id, request->path, request->attempt, key);
	result->key = arena_dup(calc->arena, key);
	return result->key != NULL;
}

const struct op flow_effect_key_op = {
	.name = "flow.effect_key",
	.path = "/api/v1/flow/effect_key",
	.summary = "Idempotency key of a side effect",
	.doc = "SHA-256 of run_id:path:attempt; a receiver that honours it acts once.",
	.input = &key_table,
	.output = &key_result_table,
	.run = run_key,
	.example = "{\"run_id\":\"r1\",\"path\":\"/do/0/a\",\"attempt\":1}",
	.quick = true,
};

/* --- flow.breaker --- */

static const struct field config_fields[] = {
	F_INT(breaker_config, failures, RANGE(1, 1000), DEFAULT(5)),
	F_INT(breaker_config, window, RANGE(1, BREAKER_WINDOW_MAX), DEFAULT(100)),
	F_NUM(breaker_config, window_s, RANGE(.001, 1e6), DEFAULT(120), UNIT("s")),
	F_INT(breaker_config, min_seen, RANGE(1, BREAKER_WINDOW_MAX), DEFAULT(50)),
	F_NUM(breaker_config, failure_rate, RANGE(0, 1), DEFAULT(.5)),
	F_NUM(breaker_config, slow_ms, RANGE(0, 1e9), DEFAULT(5000), UNIT("ms")),
	F_NUM(breaker_config, slow_rate, RANGE(0, 1), DEFAULT(.8)),
	F_INT(breaker_config, slow_min, RANGE(1, BREAKER_WINDOW_MAX), DEFAULT(10)),
	F_NUM(breaker_config, open_s, RANGE(0, 1e6), DEFAULT(60), UNIT("s")),
	F_INT(breaker_config, trials, RANGE(1, 1000), DEFAULT(3)),
};
static const struct field_table config_table = FIELD_TABLE("flow.breaker.config", breaker_config, config_fields);

static const struct field outcome_fields[] = {
	F_NUM(breaker_result, at_s, REQUIRED, RANGE(0, 1e12), UNIT("s")),
	F_BOOL(breaker_result, ok, REQUIRED),
	F_NUM(breaker_result, ms, RANGE(0, 1e12), DEFAULT(0), UNIT("ms")),
};
static const struct field_table outcome_table = FIELD_TABLE("flow.breaker.outcome", breaker_result, outcome_fields);

struct breaker_request {
	struct breaker_config config;
	struct {
		size_t count;
		struct breaker_result *items;
	} outcomes;
};

static const struct field breaker_fields[] = {
	F_OBJECT(breaker_request, config, &config_table),
	F_OBJECTS(breaker_request, outcomes, &outcome_table, REQUIRED, COUNT(0, 20000), DOC("In order of time")),
};
static const struct field_table breaker_table = FIELD_TABLE("flow.breaker.request", breaker_request, breaker_fields);

struct breaker_states {
	struct {
		size_t count;
		int *items;
	} states;
};

static const struct field states_fields[] = {
	F_ENUMS(breaker_states, states, breaker_state_names, DOC("After each outcome")),
};
static const struct field_table states_table = FIELD_TABLE("flow.breaker.result", breaker_states, states_fields);

static bool run_breaker(struct calc *calc, const void *input, void *output)
{
	const struct breaker_request *request = input;
	struct breaker_states *result = output;
	struct breaker *breaker = arena_new(calc->arena, struct breaker);
	size_t count = request->outcomes.count;
	result->states.items = arena_array(calc->arena, count, sizeof(int));
	if (breaker == NULL || result->states.items == NULL)
		return false;
	breaker_init(breaker, &request->config);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && request->outcomes.items[i].at_s < request->outcomes.items[i - 1].at_s) {
			calc_fault(calc, field_pointer_index(calc->arena, "/outcomes", i), "order",
					   "must not be before the one before");
			return false;
		}
		breaker_take(breaker, &request->outcomes.items[i]);
		result->states.items[result->states.count++] = (int)breaker->state;
	}
	return true;
}

const struct op flow_breaker_op = {
	.name = "flow.breaker",
	.path = "/api/v1/flow/breaker",
	.summary = "States of a circuit breaker over a list of outcomes",
	.doc = "An outcome that comes while it is open is refused and not counted.",
	.input = &breaker_table,
	.output = &states_table,
	.run = run_breaker,
	.example = "{\"outcomes\":[{\"at_s\":0,\"ok\":false,\"ms\":20},{\"at_s\":1,\"ok\":true,\"ms\":20}]}",
};
