#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/zone.h"
#include "flow/domain/cron.h"
#include "flow/domain/ir_compiler.h"
#include "flow/domain/regex.h"

/* listen, and when a workflow starts by itself: strategies of events [flow.md 2.1, 3.4]. */

static const char *const reads[] = {"data", "envelope", "raw", NULL};
static const char *const consumes[] = {"one", "any", "all", NULL};

static const struct ir_field correlation_fields[] = {
	{.name = "from", .want = WANT_EXPRESSION, .flags = IR_REQUIRED},
	{.name = "expect"},
};
static const struct ir_form correlation_form = IR_FORM(correlation_fields);
static const struct ir_field filter_fields[] = {
	{.name = "with", .want = WANT_OBJECT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "correlate", .want = WANT_OBJECT},
};
static const struct ir_form filter_form = IR_FORM(filter_fields);
static const struct ir_field strategy_fields[] = {
	{.name = "one", .want = WANT_FORM, .form = &filter_form},
	{.name = "any", .want = WANT_LIST},
	{.name = "all", .want = WANT_LIST, .flags = IR_NOT_EMPTY},
	{.name = "until"},
};
static const struct ir_form strategy_form = IR_FORM(strategy_fields);

/* --- filters --- */

static void read_correlations(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
							  const struct json *json, struct ir_filter *filter)
{
	if (json == NULL)
		return;
	filter->correlate = arena_array(c->arena, json->count, sizeof *filter->correlate);
	if (filter->correlate == NULL)
		return;
	filter->correlate_count = json->count;
	for (uint32_t i = 0; i < json->count; i++) {
		const struct ir_place at = ir_at(place, json->members[i].name);
		const struct json *one = &json->members[i].value;
		filter->correlate[i].name = json->members[i].name;
		if (!ir_check(c, &at, one, &correlation_form))
			continue;
		filter->correlate[i].from = ir_bare(c, here, &at, one, "from");
		filter->correlate[i].expect = ir_member(c, here, &at, one, "expect");
	}
}

/* An attribute's value between slashes is a regular expression [flow.md 3.4]. */
static void check_regex(struct ir_compiler *c, const struct ir_place *with, const struct json_member *member)
{
	const struct json *value = &member->value;
	char message[REGEX_MESSAGE_MAX];
	const struct ir_place at = ir_at(with, member->name);
	if (value->kind != JS_STRING || value->size < 3 || value->text[0] != '/' || value->text[value->size - 1] != '/')
		return;
	struct regex *regex = regex_new(value->text + 1, value->size - 2, message);
	if (regex == NULL)
		ir_problem(c, &at, "format", "%s", message);
	regex_free(regex);
}

/* `json` is an object by now. */
static void read_filter(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						const struct json *json, struct ir_filter *filter)
{
	const struct ir_place with = ir_at(place, "with"), correlate = ir_at(place, "correlate");
	filter->with = ir_object(json, "with");
	if (filter->with != NULL) {
		filter->values = arena_array(c->arena, filter->with->count, sizeof *filter->values);
		for (uint32_t i = 0; filter->values != NULL && i < filter->with->count; i++) {
			check_regex(c, &with, &filter->with->members[i]);
			filter->values[i] = ir_member(c, here, &with, filter->with, filter->with->members[i].name);
		}
	}
	read_correlations(c, here, &correlate, ir_object(json, "correlate"), filter);
}

static void read_filters(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						 const struct json *list, struct ir_strategy *strategy)
{
	if (list == NULL || list->kind != JS_ARRAY)
		return;
	strategy->filters = arena_array(c->arena, list->count, sizeof *strategy->filters);
	if (strategy->filters == NULL)
		return;
	strategy->count = list->count;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct ir_place item = ir_nth(place, i);
		if (ir_check(c, &item, &list->items[i], &filter_form))
			read_filter(c, here, &item, &list->items[i], &strategy->filters[i]);
	}
}

/* --- strategies --- */

static bool read_strategy(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						  const struct json *json, bool outer, struct ir_strategy *strategy);

static void read_until(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
					   const struct json *json, bool outer, struct ir_strategy *strategy)
{
	const struct json *until = json_get(json, "until");
	const struct ir_place at = ir_at(place, "until");
	if (until == NULL)
		return;
	if (!outer || strategy->consume != IR_ANY) {
		ir_problem(c, &at, "unknown_property", "only `any` listens until something, and what ends it does not");
	} else if (until->kind == JS_STRING) {
		strategy->until = ir_bare(c, here, place, json, "until");
	} else if (until->kind == JS_OBJECT) {
		strategy->until_events = arena_new(c->arena, struct ir_strategy);
		if (strategy->until_events != NULL)
			(void)read_strategy(c, here, &at, until, false, strategy->until_events);
	} else {
		ir_problem(c, &at, "type", "must be an expression or a strategy, not %s", json_kind_name(until->kind));
	}
}

static bool read_strategy(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						  const struct json *json, bool outer, struct ir_strategy *strategy)
{
	*strategy = (struct ir_strategy){.until = ir_literal(NULL)};
	if (!ir_check(c, place, json, &strategy_form))
		return false;
	int kind = ir_one_of(c, place, json, consumes);
	if (kind < 0)
		return false;
	const struct ir_place at = ir_at(place, consumes[kind]);
	strategy->consume = (enum ir_consume)kind;
	if (kind == IR_ONE) {
		strategy->filters = arena_new(c->arena, struct ir_filter);
		strategy->count = strategy->filters != NULL;
		if (strategy->count == 1 && ir_object(json, "one") != NULL)
			read_filter(c, here, &at, ir_object(json, "one"), strategy->filters);
	} else {
		read_filters(c, here, &at, json_get(json, consumes[kind]), strategy);
	}
	read_until(c, here, place, json, outer, strategy);
	return true;
}

/* --- listen --- */

static const struct ir_field to_fields[] = {
	{.name = "to", .flags = IR_REQUIRED},
	{.name = "read", .want = WANT_WORD, .words = reads},
};
static const struct ir_form to_form = IR_FORM(to_fields);
static const struct ir_field foreach_fields[] = {
	{.name = "item", .want = WANT_TEXT},
	{.name = "at", .want = WANT_TEXT},
	{.name = "do", .want = WANT_LIST},
	{.name = "output", .want = WANT_FORM, .form = &ir_output_form},
	{.name = "export", .want = WANT_FORM, .form = &ir_output_form},
};
static const struct ir_form foreach_form = IR_FORM(foreach_fields);
static const struct ir_field listen_fields[] = {
	{.name = "listen", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &to_form},
	{.name = "foreach", .want = WANT_FORM, .form = &foreach_form},
};
const struct ir_form ir_listen_form = IR_FORM(listen_fields);

static void read_foreach(struct ir_compiler *c, struct ir_work *work)
{
	const struct json *foreach = ir_object(work->json, "foreach");
	const struct ir_place at = ir_at(work->here.place, "foreach"), list = ir_at(&at, "do");
	const struct ir_place output = ir_at(&at, "output"), exported = ir_at(&at, "export");
	struct ir_task *task = work->task;
	struct ir_here inside = work->here;
	task->listen.foreach = foreach != NULL;
	task->listen.item = ir_variable(c, &at, foreach, "item", "item");
	task->listen.at = ir_variable(c, &at, foreach, "at", "index");
	if (foreach != NULL)
		inside.scope = ir_scope_add(c, inside.scope, task->listen.item, task->listen.at);
	task->listen.foreach_output_as = ir_bare(c, &inside, &output, ir_object(foreach, "output"), "as");
	task->listen.foreach_export_as = ir_bare(c, &inside, &exported, ir_object(foreach, "export"), "as");
	ir_block(c, &inside, &list, "/foreach/do", json_get(foreach, "do"), &task->listen.block);
}

void ir_body_listen(struct ir_compiler *c, struct ir_work *work)
{
	const struct json *listen = ir_object(work->json, "listen"), *to = json_get(listen, "to");
	const struct ir_place place = ir_at(work->here.place, "listen"), at = ir_at(&place, "to"),
						  until = ir_at(&at, "until");
	const struct ir_place metadata = ir_at(work->here.place, "metadata");
	struct ir_strategy *strategy = &work->task->listen.to;
	if (to != NULL && read_strategy(c, &work->here, &at, to, true, strategy) && strategy->consume == IR_ANY &&
		strategy->count == 0 && json_get(to, "until") == NULL)
		ir_problem(c, &until, "required", "listening to every event needs to end somehow");
	work->task->listen.read = (enum ir_read)ir_word_index(reads, ir_word(listen, "read"), IR_READ_DATA);
	work->task->listen.since = ir_member(c, &work->here, &metadata, work->task->metadata, "since");
	read_foreach(c, work);
}

/* --- schedule --- */

static const char *const catch_ups[] = {"one", "all", "none", NULL};
static const char *const overlaps[] = {"allow", "skip", "queue", NULL};
static const char *const triggers[] = {"every", "cron", "after", "on", NULL};
static const struct ir_field schedule_fields[] = {
	{.name = "every"},
	{.name = "cron", .want = WANT_TEXT},
	{.name = "after"},
	{.name = "on"},
	{.name = "read", .want = WANT_WORD, .words = reads},
	{.name = "tz", .want = WANT_TEXT},
	{.name = "catch_up", .want = WANT_WORD, .words = catch_ups},
	{.name = "overlap", .want = WANT_WORD, .words = overlaps},
};
static const struct ir_form schedule_form = IR_FORM(schedule_fields);

static struct ir_duration interval(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
								   const char *name)
{
	const struct ir_place at = ir_at(place, name);
	const struct ir_duration duration = ir_duration(c, NULL, &at, json_get(json, name));
	if (duration.value.source != NULL)
		ir_problem(c, &at, "type", "must be a constant: nothing can be evaluated before a run");
	return duration;
}

static void check_clock(struct ir_compiler *c, const struct ir_place *root, const struct ir_place *place,
						const struct json *json, const struct ir_schedule *schedule)
{
	const struct ir_place document = ir_at(root, "document"), metadata = ir_at(&document, "metadata");
	const struct ir_place document_tz = ir_at(&metadata, "tz");
	struct cron cron;
	struct err err;
	const struct ir_place cron_at = ir_at(place, "cron"), tz = ir_at(place, "tz");
	if (schedule->cron != NULL && !cron_parse(schedule->cron, &cron, &err))
		ir_problem(c, &cron_at, "format", "%s", err.message);
	else if (schedule->cron != NULL && !cron_comes(&cron))
		ir_problem(c, &cron_at, "range", CRON_NEVER);
	if (schedule->tz != NULL && zone_load(c->arena, schedule->tz, &err) == NULL)
		ir_problem(c, json_text(json, "tz") != NULL ? &tz : &document_tz, "unknown_timezone",
				   "must be the name of an IANA time zone, like Europe/Berlin");
}

void ir_schedule(struct ir_compiler *c, const struct ir_place *root, const struct json *json)
{
	struct ir_schedule *schedule = &c->ir->schedule;
	const struct ir_place place = ir_at(root, "schedule"), on = ir_at(&place, "on"), every = ir_at(&place, "every");
	const struct ir_here here = {.place = &place, .reference = ""};
	if (json == NULL || !ir_check(c, &place, json, &schedule_form))
		return;
	schedule->given = true;
	schedule->definition = json;
	(void)ir_one_of(c, &place, json, triggers);
	schedule->cron = json_text(json, "cron");
	schedule->tz = json_text(json, "tz") != NULL ? json_text(json, "tz") : json_text(c->ir->metadata, "tz");
	schedule->every = interval(c, &place, json, "every");
	schedule->after = interval(c, &place, json, "after");
	if (schedule->every.given && schedule->every.value.source == NULL && schedule->every.ms <= 0)
		ir_problem(c, &every, "range", "must be longer than nothing");
	schedule->read = (enum ir_read)ir_word_index(reads, ir_word(json, "read"), IR_READ_DATA);
	check_clock(c, root, &place, json, schedule);
	if (json_get(json, "on") == NULL)
		return;
	schedule->on = arena_new(c->arena, struct ir_strategy);
	if (schedule->on != NULL)
		(void)read_strategy(c, &here, &on, json_get(json, "on"), true, schedule->on);
}
