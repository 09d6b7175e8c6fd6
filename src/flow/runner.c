#include "flow/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/breakers.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/schema.h"
#include "flow/domain/secrets.h"
#include "flow/effects.h"
#include "flow/feed.h"
#include "flow/flow.h"
#include "flow/oauth.h"
#include "flow/runner_internal.h"
#include "flow/scheduler.h"
#include "flow/spending.h"
#include "http/workers.h"
#include "link/outgoing_caller.h"

enum {
	SCHEMA_ARENA_CAP = 16 << 20, /* bytes of what is told */
	EFFECTS_IDLE = 4,            /* threads for calls that are there before any is needed */
	STEPS_MAX = 1000000,         /* of a run [flow.md 3.5] */
};

/* --- what decisions ask --- */

static struct datum *world_eval(void *self, const struct ir_value *value, const struct scope *scope,
								struct trouble *trouble)
{
	struct runner *runner = self;
	struct scope own = *scope;
	const struct live *live =
		(const struct live *)(const void *)((const char *)scope->run - offsetof(struct live, run));
	const struct ir *ir = live->run.ir;
	struct datum *secrets = NULL, *answer = NULL;
	if (!ir->values[value->number].secrets ||
		secrets_of(ir->secrets, value->source, runner->options.secrets, &secrets, trouble)) {
		own.secrets = secrets;
		answer = definition_eval(live->definition, live_exprs(live), value, &own, trouble);
	}
	datum_unref(secrets);
	return answer;
}

/* What a schema says of a value; the first fault is told [flow.md 2.5]. */
static bool world_valid(void *self, const struct json *schema, struct datum *value, struct trouble *trouble)
{
	struct arena arena;
	(void)self;
	arena_init(&arena, SCHEMA_ARENA_CAP);
	struct schema_problems problems = {.arena = &arena};
	bool holds = schema_validate(schema, datum_tree(value), &problems);
	if (!holds)
		(void)trouble_set(trouble, TROUBLE_VALIDATION, "Schema does not hold", "%s: %s",
						  *problems.items[0].pointer != '\0' ? problems.items[0].pointer : "the value",
						  problems.items[0].message);
	arena_fini(&arena);
	return holds;
}

static struct datum *world_op(void *self, const char *name, struct datum *body, struct trouble *trouble)
{
	struct runner *runner = self;
	return runner->options.op(runner->options.op_self, name, body, trouble);
}

static struct live *live_of(const struct run *run)
{
	return (struct live *)(uintptr_t)((const char *)run - offsetof(struct live, run));
}

/* `self` may be a replay. */
static struct datum *world_resource(void *self, const struct run *run, const char *uri,
									const struct json *authentication, struct trouble *trouble)
{
	const struct resource resource = {uri, authentication};
	struct live *live = live_of(run);
	(void)self;
	live->documents = true;
	return resource_pin(live->runner, definition_sha256(live->definition), &resource, trouble);
}

static bool world_child(void *self, const struct run *run, struct child_spec *spec, struct trouble *trouble)
{
	(void)self;
	return child_find(live_of(run), spec, trouble);
}

static bool world_goes_out(void *self, const char *name)
{
	struct runner *runner = self;
	void *product;
	const struct flow_effect *effect = effects_find(runner->options.parts, name, &product);
	return effect == NULL || effect->carry_out != NULL; /* one that is not there says so */
}

static void world_id(void *self, char id[37])
{
	struct runner *runner = self;
	id_make(runner->options.ids, id);
}

struct tally *runner_tally(struct runner *runner)
{
	return &runner->tally;
}

int64_t runner_now_us(struct runner *runner)
{
	return env_wall_us(runner->options.env) + atomic_load(&runner->skew_us);
}

/* --- definitions --- */

static void drop_definitions(struct map *map)
{
	const char *key;
	size_t size;
	void *value;
	for (size_t at = 0; map_next(map, &at, &key, &size, &value);)
		definition_unref(value);
	map_fini(map);
}

/* With the lock held.  Two generations: what was not asked for while one of them filled is forgotten. */
static void keep_definition(struct runner *runner, const char *sha256, struct definition *definition)
{
	void *old = NULL;
	if (runner->definitions.count >= DEFINITIONS_MAX) {
		drop_definitions(&runner->definitions_before);
		runner->definitions_before = runner->definitions;
		map_init(&runner->definitions, NULL, NULL);
	}
	must(map_set(&runner->definitions, sha256, definition_ref(definition), &old));
	definition_unref(old);
}

/* With the lock held: a reference, or NULL. */
static struct definition *kept_definition(struct runner *runner, const char *sha256)
{
	struct definition *definition = map_get(&runner->definitions, sha256);
	if (definition != NULL)
		return definition_ref(definition);
	definition = map_get(&runner->definitions_before, sha256);
	if (definition == NULL)
		return NULL;
	definition_ref(definition);
	keep_definition(runner, sha256, definition);
	return definition;
}

struct definition *runner_kept_definition(struct runner *runner, const char *sha256)
{
	runner_lock(runner);
	struct definition *definition = kept_definition(runner, sha256);
	runner_unlock(runner);
	return definition;
}

struct pinning {
	struct runner *runner;
	const char *sha256;
};

static struct datum *pin(void *self, const struct ir_resource *wanted, struct trouble *trouble)
{
	const struct pinning *pinning = self;
	const struct resource resource = {wanted->uri, wanted->authentication, wanted->kind == IR_SCRIPT};
	return resource_pin(pinning->runner, pinning->sha256, &resource, trouble);
}

struct definition *runner_definition(struct runner *runner, const char *text, size_t size, char sha256[65],
									 struct definition_problems *problems, struct err *err)
{
	sha256_hex(text, size, sha256);
	struct definition *definition = runner_kept_definition(runner, sha256);
	if (definition != NULL)
		return definition;
	struct pinning pinning = {runner, sha256};
	const struct definition_source source = {.get = pin, .self = &pinning};
	definition = definition_open(text, size, DEFINITION_GUESS, runner->options.policy, &source, runner->options.expr,
								 problems, err);
	if (definition == NULL)
		return NULL;
	runner_lock(runner);
	keep_definition(runner, sha256, definition);
	runner_unlock(runner);
	return definition;
}

/* --- starting --- */

static void choose_seed(struct runner *runner, struct runner_start *start)
{
	uint64_t random;
	env_random(runner->options.env, &random, sizeof random);
	snprintf(start->made_seed, sizeof start->made_seed, "%llu", (unsigned long long)(random >> 11));
	start->seed = start->made_seed;
}

bool runner_insert(struct runner *runner, struct db *db, struct runner_start *start, struct err *err)
{
	const struct ir *ir = definition_ir(start->definition);
	if (start->run_id == NULL) {
		id_make(runner->options.ids, start->made_id);
		start->run_id = start->made_id;
	}
	if (start->seed == NULL)
		choose_seed(runner, start);
	start->created_us = runner_now_us(runner);
	const struct run_record record = {
		.run_id = start->run_id,
		.account_id = start->account_id,
		.namespace = ir->namespace,
		.name = ir->name,
		.version = ir->version,
		.definition_sha256 = start->definition_sha256,
		.seed = start->seed,
		.labels = start->labels == NULL ? "{}" : start->labels,
		.input = start->input,
		.priority = start->priority,
		.created_us = start->created_us,
		.created_by = start->created_by,
		.parent_run_id = start->parent_run_id,
		.parent_path = start->parent_path,
		.forked_from = start->forked_from,
	};
	const struct definition_text text = {
		.text = start->definition_text,
		.sha256 = start->definition_sha256,
		.content_sha256 = definition_content_sha256(start->definition),
	};
	return runs_keep_definition(db, &text, err) && resources_keep(runner, db, start->definition_sha256, err) &&
		   runs_insert(db, &record, err) && spending_start(runner, db, start, err);
}

void runner_begin(struct runner *runner, const struct runner_start *start)
{
	runner_lock(runner);
	struct live *live = live_get(runner, start->run_id);
	live_expect(live, fair_tenant(&runner->turn_line, start->account_id), start->priority);
	live_queue(live);
	live_put(live);
	runner_unlock(runner);
}

void runner_wake(struct runner *runner, const char *run_id)
{
	runner_lock(runner);
	struct live *live = live_get(runner, run_id);
	if (live->turning)
		live->wanted = true; /* this turn may have looked already */
	live_queue(live);
	live_put(live);
	runner_unlock(runner);
}

static void post(struct runner *runner, const char *run_id, struct message *message)
{
	runner_lock(runner);
	struct live *live = live_get(runner, run_id);
	if (message->kind == MESSAGE_RESULT && live->in_flight > 0)
		live->in_flight--;
	live_post(live, message);
	live_put(live);
	runner_unlock(runner);
}

static struct message *new_message(enum message_kind kind)
{
	struct message *message = calloc(1, sizeof *message);
	must(message != NULL);
	message->kind = kind;
	return message;
}

void runner_order(struct runner *runner, const char *run_id, enum runner_order order, const char *reason,
				  void (*told)(void *self, bool ended), void *self)
{
	struct message *message = new_message(MESSAGE_ORDER);
	message->order = order;
	message->reason = reason == NULL ? NULL : strdup(reason);
	message->told = told;
	message->self = self;
	post(runner, run_id, message);
}

void runner_halt(struct runner *runner, const char *run_id, const char *budget_id, int64_t allocated_micros)
{
	char text[128];
	struct message *message = new_message(MESSAGE_ORDER);
	int size = snprintf(text, sizeof text, "{\"budget_id\":\"%.36s\",\"allocated_micros\":%lld}", budget_id,
						(long long)allocated_micros);
	message->order = RUNNER_HALT;
	message->output = datum_text(text, (size_t)size);
	post(runner, run_id, message);
}

void runner_look_then(struct runner *runner, const char *run_id, void (*told)(void *self, bool ended), void *self)
{
	struct message *message = new_message(MESSAGE_LOOK);
	message->told = told;
	message->self = self;
	post(runner, run_id, message);
}

void runner_look(struct runner *runner, const char *run_id)
{
	runner_look_then(runner, run_id, NULL, NULL);
}

void runner_result(struct runner *runner, const struct runner_result *result)
{
	struct message *message = new_message(MESSAGE_RESULT);
	message->frame = result->frame;
	message->attempt = result->attempt;
	message->path = strdup(result->path);
	must(message->path != NULL);
	message->deliveries = result->deliveries;
	message->output = result->output;
	message->error = result->error;
	message->answer = result->answer;
	message->cost = result->cost;
	message->definite = result->definite;
	message->hold_us = result->hold_us;
	post(runner, result->run_id, message);
}

void runner_when_over(struct runner *runner, const char *run_id, int64_t timeout_ms,
					  void (*told)(void *self, bool ended), void *self)
{
	runner_lock(runner);
	struct live *live = live_get(runner, run_id);
	waiter_add(live, false, timeout_ms, told, self);
	live_queue(live); /* it may be over already: then nothing else would say so */
	live_put(live);
	runner_unlock(runner);
}

bool runner_wait(struct runner *runner, const char *run_id, bool rest, int64_t timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
	until.tv_sec += timeout_ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	runner_lock(runner);
	struct live *live = live_get(runner, run_id);
	int status = 0;
	live_queue(live); /* it may be over and forgotten: then nothing else would say so */
	runner_unlock(runner);
	runner_lock(runner);
	while (status == 0 && !live->over && !live->suspended && !(rest && live->resting && live->due_us == 0))
		status = pthread_cond_timedwait(&runner->changed, &runner->lock, &until);
	live_put(live);
	runner_unlock(runner);
	return status == 0;
}

/* --- life --- */

static void take_up(void *self, const struct run_open *open)
{
	struct runner *runner = self;
	struct alarm alarm = {.due_us = open->due_us, .priority = open->priority};
	must(strlen(open->run_id) < sizeof alarm.run_id);
	strcpy(alarm.run_id, open->run_id);
	alarm.tenant = fair_tenant(&runner->turn_line, open->account_id);
	if (open->due_us > 0)
		alarms_set(runner, &alarm);
	if (open->driven)
		return;
	struct live *live = live_get(runner, open->run_id);
	live_expect(live, alarm.tenant, open->priority);
	live_queue(live);
	live_put(live);
}

static bool take_up_all(struct runner *runner, struct err *err)
{
	struct db *db = store_read(runner->options.store);
	runner_lock(runner);
	bool good = runs_open(db, take_up, runner, err) && spending_take_up(runner, db, err);
	runner_unlock(runner);
	store_read_end(runner->options.store, db);
	return good;
}

static bool take_up_others(struct runner *runner, struct err *err)
{
	struct db *db = store_read(runner->options.store);
	bool good = following_open(runner, db, err);
	store_read_end(runner->options.store, db);
	return good;
}

static void init(struct runner *runner, const struct runner_options *options)
{
	pthread_condattr_t monotonic;
	runner->options = *options;
	if (options->turn_rows == 0)
		runner->options.turn_rows = TURN_ROWS;
	runner->world = (struct world){.self = runner,
								   .eval = world_eval,
								   .valid = world_valid,
								   .op = world_op,
								   .child = world_child,
								   .goes_out = world_goes_out,
								   .id = world_id,
								   .resource = world_resource,
								   .llm = options->llm != NULL,
								   .afford = spending_afford,
								   .gate = breaking_gate,
								   .error_base = options->error_base,
								   .event_source = options->event_source,
								   .retry_max = options->retry_max,
								   .steps_max = STEPS_MAX,
								   .retry_max_delay_ms = options->retry_max_delay_ms};
	pthread_mutex_init(&runner->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&runner->changed, &monotonic);
	pthread_cond_init(&runner->rung, &monotonic);
	list_init(&runner->waiters);
	runner->late_us = INT64_MAX;
	pthread_condattr_destroy(&monotonic);
	fair_init(&runner->turn_line);
	fair_init(&runner->effect_line);
	map_init(&runner->live, NULL, NULL);
	map_init(&runner->definitions, NULL, NULL);
	map_init(&runner->definitions_before, NULL, NULL);
	map_init(&runner->pins, NULL, NULL);
	runner->oauth = oauth_new();
	if (options->secrets != NULL)
		(void)datum_tree(options->secrets); /* made before threads read it */
}

bool runner_open(const struct runner_options *options, struct runner **out, struct err *err)
{
	struct runner *runner = calloc(1, sizeof *runner);
	must(runner != NULL);
	init(runner, options);
	*out = runner; /* steps of runs that are taken up may need it */
	if (!workers_open(&runner->turns, options->turns, JOBS_MAX, err) ||
		!workers_open_up_to(&runner->effects, options->effects < EFFECTS_IDLE ? options->effects : EFFECTS_IDLE,
							options->effects, JOBS_MAX, err) ||
		(!options->stepped && !outgoing_caller_open(options->outgoing, &runner->caller, err)) ||
		!resources_load(runner, err) || !take_up_all(runner, err) || !take_up_others(runner, err)) {
		runner_close(runner);
		*out = NULL;
		return false;
	}
	must(options->stepped || pthread_create(&runner->timer, NULL, timer_main, runner) == 0);
	spending_attach(options->spending, runner);
	breakers_serve(options->breakers, breaking_told, runner);
	scheduler_look(runner);
	return true;
}

static void free_all(struct runner *runner)
{
	const char *key;
	size_t size;
	void *value;
	waiters_drop(runner);
	for (size_t at = 0; map_next(&runner->live, &at, &key, &size, &value);) {
		struct live *live = value;
		live->refs++;
		live_put(live);
	}
	drop_definitions(&runner->definitions);
	drop_definitions(&runner->definitions_before);
	resources_free(runner);
	oauth_free(runner->oauth);
	map_fini(&runner->live);
	alarms_fini(&runner->alarms);
	fair_fini(&runner->turn_line);
	fair_fini(&runner->effect_line);
	feed_close(runner);
}

static bool step_timer(struct runner *runner)
{
	runner_lock(runner);
	bool rang = alarms_step(runner);
	runner_unlock(runner);
	return rang;
}

bool runner_step(struct runner *runner, uint64_t choice)
{
	struct workers *lines[2] = {runner->turns, runner->effects}, *some[2];
	size_t count = 0, commits = store_queued(runner->options.store) > 0;
	for (size_t i = 0; i < 2; i++)
		if (workers_waiting(lines[i]) > 0)
			some[count++] = lines[i];
	if (count + commits == 0)
		return step_timer(runner);
	size_t chosen = choice % (count + commits);
	if (chosen < count)
		workers_step(some[chosen]);
	else
		must(store_step(runner->options.store));
	return true;
}

/* What a stepped runner has begun is ended; the store may have a thread of its own all the same. */
static void end_turns(struct runner *runner)
{
	while (runner->turns_under_way > 0)
		if (workers_waiting(runner->turns) > 0 || !store_step(runner->options.store))
			workers_step(runner->turns);
}

void runner_close(struct runner *runner)
{
	if (runner == NULL)
		return;
	spending_attach(runner->options.spending, NULL);
	breakers_serve(runner->options.breakers, NULL, NULL);
	runner_lock(runner);
	runner->closing = true;
	atomic_store(&runner->stopping, true);
	runner_changed(runner);
	timer_hurry(runner);
	runner_unlock(runner);
	if (runner->timer != 0)
		pthread_join(runner->timer, NULL);
	runner_lock(runner);
	while (runner->turns_under_way + runner->effects_under_way > 0 && !runner->options.stepped)
		pthread_cond_wait(&runner->changed, &runner->lock);
	runner_unlock(runner);
	if (runner->options.stepped)
		end_turns(runner);
	outgoing_caller_close(runner->caller);
	workers_close(runner->effects);
	workers_close(runner->turns);
	free_all(runner);
	pthread_cond_destroy(&runner->changed);
	pthread_cond_destroy(&runner->rung);
	pthread_mutex_destroy(&runner->lock);
	free(runner);
}
