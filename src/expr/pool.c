#include "expr/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/map.h"
#include "core/must.h"
#include "expr/expr.h"
#include "expr/process.h"

enum {
	HELPERS = 2,
	CPU_MS = 200,
	WALL_MS = 1000,
	MEMORY = 64 * 1024 * 1024,
	OUTPUT = 4 * 1024 * 1024,
	COMPILE_WALL_MS = 20000,          /* twice what its processor time may be: two share a core */
	WAIT_S = 10,                      /* for a free helper */
	AHEAD = 32,                       /* questions that are sent before their answers are read */
	QUESTION_MAX = 256 * 1024 * 1024, /* bytes of those: a helper has no memory for more */
};

struct expr_pool {
	struct expr_config config;
	pthread_mutex_t lock; /* of everything below but a busy process, which is its borrower's */
	pthread_cond_t freed;
	struct process *processes;
	struct expr_health health;
};

static struct expr_config complete(const struct expr_config *given)
{
	struct expr_config config = given != NULL ? *given : (struct expr_config){0};
	config.helpers = config.helpers > 0 ? config.helpers : HELPERS;
	config.cpu_ms = config.cpu_ms > 0 ? config.cpu_ms : CPU_MS;
	config.wall_ms = config.wall_ms > 0 ? config.wall_ms : WALL_MS;
	config.memory_bytes = config.memory_bytes > 0 ? config.memory_bytes : MEMORY;
	config.output_bytes = config.output_bytes > 0 ? config.output_bytes : OUTPUT;
	config.program = config.program != NULL ? config.program : "/proc/self/exe";
	return config;
}

bool expr_open(const struct expr_config *config, struct expr_pool **opened, struct err *err)
{
	struct expr_pool *pool = calloc(1, sizeof *pool);
	if (pool == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a pool");
	pool->config = complete(config);
	must(pool->config.helpers <= EXPR_HELPERS_MAX);
	pool->processes = calloc(pool->config.helpers, sizeof *pool->processes);
	if (pool->processes == NULL) {
		free(pool);
		return err_set(err, ERR_LIMIT, "no memory for a pool");
	}
	for (unsigned i = 0; i < pool->config.helpers; i++)
		process_init(&pool->processes[i], &pool->config);
	pool->health.replaced_at_us = INT64_MIN;
	must(pthread_mutex_init(&pool->lock, NULL) == 0 && pthread_cond_init(&pool->freed, NULL) == 0);
	*opened = pool;
	return true;
}

void expr_close(struct expr_pool *pool)
{
	if (pool == NULL)
		return;
	for (unsigned i = 0; i < pool->config.helpers; i++) {
		must(!pool->processes[i].busy);
		process_fini(&pool->processes[i]);
	}
	pthread_cond_destroy(&pool->freed);
	pthread_mutex_destroy(&pool->lock);
	free(pool->processes);
	free(pool);
}

void expr_restart(struct expr_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	for (unsigned i = 0; i < pool->config.helpers; i++)
		if (!pool->processes[i].busy)
			process_stop(&pool->processes[i]);
	pthread_mutex_unlock(&pool->lock);
}

void expr_health(struct expr_pool *pool, struct expr_health *health)
{
	pthread_mutex_lock(&pool->lock);
	*health = pool->health;
	health->helpers = 0;
	for (unsigned i = 0; i < pool->config.helpers; i++)
		if (pool->processes[i].busy || pool->processes[i].pid != 0)
			health->helpers++;
	pthread_mutex_unlock(&pool->lock);
}

size_t pool_output_bytes(const struct expr_pool *pool)
{
	return pool->config.output_bytes;
}

uint64_t pool_hash(const char *text, size_t size)
{
	/* Only a filter before the texts are compared, so a fixed key will do. */
	static const uint64_t seed[2] = {UINT64_C(0x636f756e74657273), UINT64_C(0x69676e2e65787072)};
	return map_hash(seed, text, size);
}

/* ---- borrowing */

/* The better the higher: it has the program, it runs, it can be started; 0: busy. */
static int fitness(const struct process *process, const struct program *program)
{
	if (process->busy)
		return 0;
	if (process->pid == 0)
		return 1;
	return process_slot(process, program->text, program->size, program->hash) < 0 ? 2 : 3;
}

static struct process *find_idle(struct expr_pool *pool, const struct program *program)
{
	struct process *best = NULL;
	int most = 0;
	for (unsigned i = 0; i < pool->config.helpers; i++) {
		int fit = fitness(&pool->processes[i], program);
		if (fit > most) {
			most = fit;
			best = &pool->processes[i];
		}
	}
	return best;
}

static struct process *borrow(struct expr_pool *pool, const struct program *program, struct err *err)
{
	struct timespec end;
	clock_gettime(CLOCK_REALTIME, &end); /* what pthread_cond_timedwait takes */
	end.tv_sec += WAIT_S;
	pthread_mutex_lock(&pool->lock);
	struct process *process = find_idle(pool, program);
	while (process == NULL) {
		if (pthread_cond_timedwait(&pool->freed, &pool->lock, &end) == ETIMEDOUT)
			break;
		process = find_idle(pool, program);
	}
	if (process != NULL)
		process->busy = true;
	pthread_mutex_unlock(&pool->lock);
	if (process == NULL)
		err_set(err, ERR_OVERLOADED, "no helper for expressions came free within %d s", WAIT_S);
	return process;
}

/* What happened while it was borrowed, for the health check. */
struct tally {
	unsigned started, replaced, evaluations, round_trips;
};

static void give_back(struct expr_pool *pool, struct process *process, const struct tally *tally)
{
	pthread_mutex_lock(&pool->lock);
	process->busy = false;
	pool->health.started += tally->started;
	pool->health.replaced += tally->replaced;
	pool->health.evaluations += tally->evaluations;
	pool->health.round_trips += tally->round_trips;
	if (tally->replaced > 0)
		pool->health.replaced_at_us = env_mono_us(env_real());
	pthread_cond_signal(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}

/* ---- asking */

enum outcome { LOADED, REFUSED, LOST };

/* LOST: *err says why; REFUSED: `problem` does. */
static enum outcome load(struct process *process, const struct program *program, struct tally *tally, int *slot,
						 char *problem, size_t room, struct err *err)
{
	struct wire_head head;
	const char *content;
	if (process->pid == 0) {
		if (!process_start(process, err))
			return LOST;
		tally->started++;
	}
	*slot = process_slot(process, program->text, program->size, program->hash);
	if (*slot >= 0) {
		process->slots[*slot].used = ++process->uses;
		return LOADED;
	}
	*slot = process_claim(process, program->text, program->size, program->hash);
	size_t begun = wire_begin(&process->out, WIRE_COMPILE, (uint32_t)*slot);
	buf_add(&process->out, program->text, program->size);
	wire_end(&process->out, begun);
	if (!process_receive(process, COMPILE_WALL_MS, &head, &content, err)) {
		tally->replaced++;
		return LOST;
	}
	if (head.op == WIRE_OK)
		return LOADED;
	process_drop(process, *slot);
	snprintf(problem, room, "%.*s", (int)head.size, content);
	return REFUSED;
}

static bool put(struct process *process, int slot, struct question *question)
{
	size_t begun = wire_begin(&process->out, WIRE_EVALUATE, (uint32_t)slot);
	if (question->write(question->self, &process->out) && process->out.size - begun <= QUESTION_MAX) {
		wire_end(&process->out, begun);
		return true;
	}
	process->out.size = begun;
	return err_set(question->err, ERR_EXPRESSION_LIMIT, "the arguments are too large or nested too deep");
}

static void understand(const struct expr_config *config, struct question *question, const struct wire_head *head,
					   const char *content)
{
	if (head->op == WIRE_OK) {
		struct json *value = arena_new(question->arena, struct json);
		question->value = value;
		question->ok = value != NULL ? wire_read(question->arena, content, head->size, value, question->err)
									 : err_set(question->err, ERR_LIMIT, "no memory for the value");
	}
	if (head->op == WIRE_FAULT)
		err_set(question->err, ERR_EXPRESSION, "%.*s", (int)head->size, content);
	else if (head->op == WIRE_LIMIT && head->size == strlen("output"))
		err_set(question->err, ERR_EXPRESSION_LIMIT, "output: more than %zu bytes", config->output_bytes);
	else if (head->op == WIRE_LIMIT)
		err_set(question->err, ERR_EXPRESSION_LIMIT, "depth: nested deeper than %d", WIRE_DEPTH_MAX);
}

/* Ask up to AHEAD of them; returns how many have their answer, fewer when the helper was lost on the last of these. */
static size_t ask_some(struct process *process, int slot, struct question *questions, size_t count, struct tally *tally)
{
	size_t sent[AHEAD], asked = 0, seen = 0;
	while (seen < count && asked < AHEAD && process->out.size < QUESTION_MAX) {
		if (put(process, slot, &questions[seen]))
			sent[asked++] = seen;
		seen++;
	}
	tally->round_trips++;
	for (size_t i = 0; i < asked; i++) {
		struct question *question = &questions[sent[i]];
		struct wire_head head;
		const char *content;
		tally->evaluations++;
		if (!process_receive(process, process->config->wall_ms, &head, &content, question->err)) {
			tally->replaced++;
			return sent[i] + 1;
		}
		understand(process->config, question, &head, content);
	}
	return seen;
}

static void fail_all(struct question *questions, size_t count, const struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (questions[i].err != NULL)
			*questions[i].err = *err;
}

void pool_ask(struct expr_pool *pool, const struct program *program, struct question *questions, size_t count)
{
	struct err err;
	struct tally tally = {0};
	char problem[160];
	int slot;
	struct process *process = borrow(pool, program, &err);
	for (size_t i = 0; i < count; i++)
		questions[i].ok = false;
	if (process == NULL) {
		fail_all(questions, count, &err);
		return;
	}
	for (size_t done = 0; done < count;) {
		enum outcome outcome = load(process, program, &tally, &slot, problem, sizeof problem, &err);
		if (outcome == REFUSED)
			err_set(&err, ERR_EXPRESSION, "%s", problem);
		if (outcome != LOADED) {
			fail_all(questions + done, count - done, &err);
			break;
		}
		done += ask_some(process, slot, questions + done, count - done, &tally);
	}
	give_back(pool, process, &tally);
}

bool pool_compile(struct expr_pool *pool, const struct program *program, bool *compiled, char *problem, size_t room,
				  struct err *err)
{
	struct tally tally = {0};
	int slot;
	struct err lost = {0};
	struct process *process = borrow(pool, program, err);
	if (process == NULL)
		return false;
	enum outcome outcome = load(process, program, &tally, &slot, problem, room, &lost);
	give_back(pool, process, &tally);
	*compiled = outcome == LOADED;
	if (outcome == LOST && lost.kind == ERR_UNAVAILABLE) {
		if (err != NULL)
			*err = lost;
		return false;
	}
	if (outcome == LOST)
		snprintf(problem, room, "it cannot be compiled within the limits (%s)", lost.message);
	return true;
}
