#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"

/* try, catch and retry [flow.md 2.4]. */

static const struct ir_field filter_fields[] = {
	{.name = "type", .want = WANT_TEXT},    {.name = "status", .want = WANT_INT},
	{.name = "title", .want = WANT_TEXT},   {.name = "detail", .want = WANT_TEXT},
	{.name = "details", .want = WANT_TEXT}, {.name = "instance", .want = WANT_TEXT},
};
static const struct ir_form filter_form = IR_FORM(filter_fields);
static const struct ir_field errors_fields[] = {{.name = "with", .want = WANT_FORM, .form = &filter_form}};
static const struct ir_form errors_form = IR_FORM(errors_fields);
static const struct ir_field catch_fields[] = {
	{.name = "errors", .want = WANT_FORM, .form = &errors_form},
	{.name = "as", .want = WANT_TEXT},
	{.name = "when", .want = WANT_EXPRESSION},
	{.name = "exceptWhen", .want = WANT_EXPRESSION},
	{.name = "retry"},
	{.name = "do", .want = WANT_LIST},
	{.name = "then", .want = WANT_TEXT},
};
static const struct ir_form catch_form = IR_FORM(catch_fields);
static const struct ir_field try_fields[] = {
	{.name = "try", .want = WANT_LIST, .flags = IR_REQUIRED},
	{.name = "catch", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &catch_form},
};
const struct ir_form ir_try_form = IR_FORM(try_fields);

/* --- retry policies --- */

static const char *const backoffs[] = {"constant", "linear", "exponential", NULL};
static const struct ir_field backoff_fields[] = {{.name = "constant"}, {.name = "linear"}, {.name = "exponential"}};
static const struct ir_form backoff_form = IR_FORM(backoff_fields);
static const struct ir_field attempt_fields[] = {
	{.name = "count", .want = WANT_INT, .min = 0, .max = 1e9},
	{.name = "duration"},
};
static const struct ir_form attempt_form = IR_FORM(attempt_fields);
static const struct ir_field limit_fields[] = {
	{.name = "attempt", .want = WANT_FORM, .form = &attempt_form},
	{.name = "duration"},
};
static const struct ir_form limit_form = IR_FORM(limit_fields);
static const struct ir_field jitter_fields[] = {
	{.name = "from", .flags = IR_REQUIRED},
	{.name = "to", .flags = IR_REQUIRED},
};
static const struct ir_form jitter_form = IR_FORM(jitter_fields);
static const struct ir_field retry_fields[] = {
	{.name = "when", .want = WANT_EXPRESSION},
	{.name = "exceptWhen", .want = WANT_EXPRESSION},
	{.name = "delay"},
	{.name = "backoff", .want = WANT_FORM, .form = &backoff_form},
	{.name = "limit", .want = WANT_FORM, .form = &limit_form},
	{.name = "jitter", .want = WANT_FORM, .form = &jitter_form},
};
const struct ir_form ir_retry_form = IR_FORM(retry_fields);

static struct ir_duration member_duration(struct ir_compiler *c, const struct ir_here *here,
										  const struct ir_place *place, const struct json *json, const char *name)
{
	const struct ir_place at = ir_at(place, name);
	return ir_duration(c, here->scope, &at, json_get(json, name));
}

static double constant(struct ir_compiler *c, const struct ir_place *place, const char *name,
					   const struct ir_duration *duration)
{
	const struct ir_place at = ir_at(place, name);
	if (duration->value.source != NULL)
		ir_problem(c, &at, "type", "must be a constant");
	return (double)duration->ms;
}

static void read_jitter(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						const struct json *json, struct retry_policy *policy)
{
	if (json == NULL)
		return;
	const struct ir_duration from = member_duration(c, here, place, json, "from");
	const struct ir_duration to = member_duration(c, here, place, json, "to");
	const struct ir_place at = ir_at(place, "to");
	policy->jitter_from_ms = constant(c, place, "from", &from);
	policy->jitter_to_ms = constant(c, place, "to", &to);
	if (from.given && to.given && policy->jitter_to_ms < policy->jitter_from_ms)
		ir_problem(c, &at, "range", "must not be less than from");
}

static void read_limit(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
					   const struct json *json, struct ir_retry *retry)
{
	const struct ir_place attempt_at = ir_at(place, "attempt");
	const struct json *attempt = ir_object(json, "attempt"), *count = json_get(attempt, "count");
	if (count != NULL && count->kind == JS_INT)
		retry->limit_count = count->integer;
	retry->attempt_duration = member_duration(c, here, &attempt_at, attempt, "duration");
	retry->limit_duration = member_duration(c, here, place, json, "duration");
}

/* A policy whose form is checked already. */
static struct ir_retry read_retry(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
								  const struct json *json)
{
	struct ir_retry retry = {.given = true, .policy = json, .max_delay_ms = -1, .limit_count = -1};
	const struct ir_place backoff = ir_at(place, "backoff"), jitter = ir_at(place, "jitter");
	const struct ir_place limit = ir_at(place, "limit");
	retry.when = ir_bare(c, here, place, json, "when");
	retry.except_when = ir_bare(c, here, place, json, "exceptWhen");
	retry.delay = member_duration(c, here, place, json, "delay");
	retry.constants.delay_ms = (double)retry.delay.ms;
	if (ir_object(json, "backoff") != NULL) {
		int kind = ir_one_of(c, &backoff, ir_object(json, "backoff"), backoffs);
		retry.constants.backoff = kind < 0 ? BACKOFF_CONSTANT : (enum backoff)kind;
	}
	read_jitter(c, here, &jitter, ir_object(json, "jitter"), &retry.constants);
	read_limit(c, here, &limit, ir_object(json, "limit"), &retry);
	return retry;
}

static const struct ir_profile *profile_named(const struct ir_profile *profiles, const char *name)
{
	while (profiles != NULL && profiles->name != NULL && strcmp(profiles->name, name) != 0)
		profiles++;
	return profiles == NULL || profiles->name == NULL ? NULL : profiles;
}

/* The house's own profiles [P-10.3], and those of the place. */
static bool profile_retry(const struct ir_policy *policy, const char *name, struct ir_retry *retry)
{
	static const struct ir_profile profiles[] = {{"fast", 3, 500, 5000},         {"standard", 3, 1000, 30000},
												 {"aggressive", 5, 2000, 60000}, {"database", 3, 1000, 10000},
												 {"external", 4, 2000, 30000},   {NULL, 0, 0, 0}};
	const struct ir_profile *found = profile_named(profiles, name);
	if (found == NULL)
		found = profile_named(policy->profiles, name);
	if (found == NULL)
		return false;
	*retry = (struct ir_retry){
		.given = true,
		.scatter = true,
		.max_delay_ms = found->max_ms,
		.limit_count = found->tries - 1,
		.delay = {.given = true, .ms = found->initial_ms},
		.constants = {.delay_ms = (double)found->initial_ms, .backoff = BACKOFF_EXPONENTIAL},
	};
	return true;
}

struct ir_retry ir_retry(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						 const struct json *json)
{
	struct ir_retry retry = {.given = false, .max_delay_ms = -1, .limit_count = -1};
	struct ir_used_place named;
	if (json == NULL)
		return retry;
	if (json->kind != JS_STRING)
		return ir_check(c, place, json, &ir_retry_form) ? read_retry(c, here, place, json) : retry;
	const struct json *used = ir_used(c, "retries", json->text);
	if (used != NULL)
		return read_retry(c, here, ir_used_at(&named, "retries", json->text), used);
	if (!profile_retry(c->policy, json->text, &retry))
		ir_problem(c, place, "unknown_reference", "there is no retry policy of this name in use.retries");
	return retry;
}

/* --- try --- */

static void read_filter(const struct json *with, struct ir_error_filter *filter)
{
	filter->type = json_get(with, "type");
	filter->status = json_get(with, "status");
	filter->title = json_get(with, "title");
	filter->detail = json_get(with, "detail") != NULL ? json_get(with, "detail") : json_get(with, "details");
	filter->instance = json_get(with, "instance");
}

void ir_body_try(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place block = ir_at(work->here.place, "try"), at = ir_at(work->here.place, "catch");
	const struct ir_place retry = ir_at(&at, "retry"), list = ir_at(&at, "do"), then = ir_at(&at, "then");
	const struct json *caught = ir_object(work->json, "catch");
	struct ir_task *task = work->task;
	struct ir_here inside = work->here;
	ir_block(c, &work->here, &block, "/try", json_get(work->json, "try"), &task->try_.block);
	read_filter(ir_object(ir_object(caught, "errors"), "with"), &task->try_.with);
	task->try_.as = ir_variable(c, &at, caught, "as", "error");
	inside.scope = ir_scope_add(c, inside.scope, task->try_.as, NULL);
	task->try_.when = ir_bare(c, &inside, &at, caught, "when");
	task->try_.except_when = ir_bare(c, &inside, &at, caught, "exceptWhen");
	task->try_.retry = ir_retry(c, &inside, &retry, json_get(caught, "retry"));
	task->try_.has_do = json_get(caught, "do") != NULL;
	task->try_.has_then = json_get(caught, "then") != NULL;
	ir_block(c, &inside, &list, "/catch/do", json_get(caught, "do"), &task->try_.catch_do);
	task->try_.catch_next = ir_next(c, &then, json_get(caught, "then"), work->names);
}
