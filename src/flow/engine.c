#include "flow/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/engine_internal.h"
#include "http/workers.h"

/* --- what decisions ask --- */

static struct datum *world_eval(void *self, const struct ir_value *value, const struct scope *scope,
								struct trouble *trouble)
{
	struct engine *engine = self;
	struct scope own = *scope;
	const struct live *live =
		(const struct live *)(const void *)((const char *)scope->run - offsetof(struct live, run));
	bool secret = live->run.ir->values[value->number].secrets;
	own.secrets = secret ? engine->options.secrets : NULL;
	return definition_eval(live->definition, engine->options.expr, value, &own, trouble);
}

static struct datum *world_op(void *self, const char *name, struct datum *body, struct trouble *trouble)
{
	struct engine *engine = self;
	return engine->options.op(engine->options.op_self, name, body, trouble);
}

static void world_id(void *self, char id[37])
{
	struct engine *engine = self;
	id_make(engine->options.ids, id);
}

int64_t engine_now_us(struct engine *engine)
{
	return env_wall_us(engine->options.env) + atomic_load(&engine->skew_us);
}

/* --- definitions --- */

struct definition *engine_definition(struct engine *engine, const char *text, size_t size, char sha256[65],
									 struct definition_problems *problems, struct err *err)
{
	sha256_hex(text, size, sha256);
	pthread_mutex_lock(&engine->lock);
	struct definition *definition = map_get(&engine->definitions, sha256);
	if (definition != NULL)
		definition_ref(definition);
	pthread_mutex_unlock(&engine->lock);
	if (definition != NULL)
		return definition;
	definition =
		definition_open(text, size, DEFINITION_GUESS, engine->options.policy, engine->options.expr, problems, err);
	if (definition == NULL)
		return NULL;
	pthread_mutex_lock(&engine->lock);
	void *old = NULL;
	must(map_set(&engine->definitions, sha256, definition_ref(definition), &old));
	pthread_mutex_unlock(&engine->lock);
	definition_unref(old);
	return definition;
}

/* --- starting --- */

static void choose_seed(struct engine *engine, struct engine_start *start)
{
	uint64_t random;
	env_random(engine->options.env, &random, sizeof random);
	snprintf(start->made_seed, sizeof start->made_seed, "%llu", (unsigned long long)(random >> 11));
	start->seed = start->made_seed;
}

bool engine_insert(struct engine *engine, struct db *db, struct engine_start *start, struct err *err)
{
	const struct ir *ir = definition_ir(start->definition);
	if (start->run_id == NULL) {
		id_make(engine->options.ids, start->made_id);
		start->run_id = start->made_id;
	}
	if (start->seed == NULL)
		choose_seed(engine, start);
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
		.created_us = engine_now_us(engine),
		.created_by = start->created_by,
		.parent_run_id = start->parent_run_id,
		.parent_path = start->parent_path,
	};
	return runs_keep_definition(db, start->definition_sha256, start->definition_text, err) &&
		   runs_insert(db, &record, err);
}

void engine_wake(struct engine *engine, const char *run_id)
{
	pthread_mutex_lock(&engine->lock);
	struct live *live = live_get(engine, run_id);
	live_queue(live);
	live_put(live);
	pthread_mutex_unlock(&engine->lock);
}

static void post(struct engine *engine, const char *run_id, struct message *message)
{
	pthread_mutex_lock(&engine->lock);
	struct live *live = live_get(engine, run_id);
	if (message->kind == MESSAGE_RESULT && live->in_flight > 0) {
		live->in_flight--;
		engine->effects_under_way--;
	}
	live_post(live, message);
	live_put(live);
	pthread_mutex_unlock(&engine->lock);
}

static struct message *new_message(enum message_kind kind)
{
	struct message *message = calloc(1, sizeof *message);
	must(message != NULL);
	message->kind = kind;
	return message;
}

void engine_order(struct engine *engine, const char *run_id, enum engine_order order, const char *reason)
{
	struct message *message = new_message(MESSAGE_ORDER);
	message->order = order;
	message->reason = reason == NULL ? NULL : strdup(reason);
	post(engine, run_id, message);
}

void engine_result(struct engine *engine, const struct engine_result *result)
{
	struct message *message = new_message(MESSAGE_RESULT);
	message->frame = result->frame;
	message->deliveries = result->deliveries;
	message->output = result->output;
	message->error = result->error;
	message->definite = result->definite;
	post(engine, result->run_id, message);
}

bool engine_wait(struct engine *engine, const char *run_id, bool rest, int64_t timeout_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
	until.tv_sec += timeout_ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_mutex_lock(&engine->lock);
	struct live *live = live_get(engine, run_id);
	int status = 0;
	while (status == 0 && !live->over && !live->suspended && !(rest && live->resting && live->due_us == 0))
		status = pthread_cond_timedwait(&engine->changed, &engine->lock, &until);
	live_put(live);
	pthread_mutex_unlock(&engine->lock);
	return status == 0;
}

/* --- life --- */

static void take_up(void *self, const char *run_id, bool driven, int64_t due_us)
{
	struct engine *engine = self;
	if (due_us > 0)
		alarms_set(&engine->alarms, due_us, run_id);
	if (driven)
		return;
	struct live *live = live_get(engine, run_id);
	live_queue(live);
	live_put(live);
}

static bool take_up_all(struct engine *engine, struct err *err)
{
	struct db *db = store_read(engine->options.store);
	pthread_mutex_lock(&engine->lock);
	bool good = runs_open(db, take_up, engine, err);
	pthread_mutex_unlock(&engine->lock);
	store_read_end(engine->options.store, db);
	return good;
}

static void init(struct engine *engine, const struct engine_options *options)
{
	pthread_condattr_t monotonic;
	engine->options = *options;
	engine->world = (struct world){.self = engine,
								   .eval = world_eval,
								   .op = world_op,
								   .id = world_id,
								   .error_base = options->error_base,
								   .event_source = options->event_source,
								   .retry_max = options->retry_max,
								   .retry_max_delay_ms = options->retry_max_delay_ms};
	pthread_mutex_init(&engine->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&engine->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	map_init(&engine->live, NULL, NULL);
	map_init(&engine->definitions, NULL, NULL);
}

bool engine_open(const struct engine_options *options, struct engine **out, struct err *err)
{
	struct engine *engine = calloc(1, sizeof *engine);
	must(engine != NULL);
	init(engine, options);
	if (!workers_open(&engine->turns, options->turns, JOBS_MAX, err) ||
		!workers_open(&engine->effects, options->effects, JOBS_MAX, err) || !take_up_all(engine, err)) {
		engine_close(engine);
		return false;
	}
	must(pthread_create(&engine->timer, NULL, timer_main, engine) == 0);
	*out = engine;
	return true;
}

static void free_all(struct engine *engine)
{
	const char *key;
	size_t size;
	void *value;
	for (size_t at = 0; map_next(&engine->live, &at, &key, &size, &value);) {
		struct live *live = value;
		live->refs++;
		live_put(live);
	}
	for (size_t at = 0; map_next(&engine->definitions, &at, &key, &size, &value);)
		definition_unref(value);
	map_fini(&engine->live);
	map_fini(&engine->definitions);
	alarms_fini(&engine->alarms);
}

void engine_close(struct engine *engine)
{
	if (engine == NULL)
		return;
	pthread_mutex_lock(&engine->lock);
	engine->closing = true;
	pthread_cond_broadcast(&engine->changed);
	pthread_mutex_unlock(&engine->lock);
	if (engine->timer != 0)
		pthread_join(engine->timer, NULL);
	pthread_mutex_lock(&engine->lock);
	while (engine->turns_under_way > 0)
		pthread_cond_wait(&engine->changed, &engine->lock);
	pthread_mutex_unlock(&engine->lock);
	workers_close(engine->effects);
	workers_close(engine->turns);
	free_all(engine);
	pthread_cond_destroy(&engine->changed);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}
