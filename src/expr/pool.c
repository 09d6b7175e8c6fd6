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
#include "core/fair.h"
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
	COMPILE_WALL_MS = 20000, /* twice what its processor time may be: two share a core */
	WAIT_S = 10,             /* for a free helper */
	AHEAD = 32,              /* questions that are sent before their answers are read */
	AHEAD_FIRST = 4,         /* at first: more as long as these were quick, for nobody else can have it */
	QUICK_US = 20000,
	QUESTION_MAX = 256 * 1024 * 1024, /* bytes of those: a helper has no memory for more */
};

/* The helpers, and who waits for one. */
struct helpers {
	struct expr_config config;
	pthread_mutex_t lock; /* of everything below but a busy process, which is its borrower's */
	struct process *processes;
	struct expr_health health;
	struct fair line;
	struct map shares; /* tenant -> struct expr_pool */
};

/* What one tenant has of them. */
struct expr_pool {
	struct helpers *helpers;
	struct fair_tenant *tenant;
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

static struct expr_pool *share(struct helpers *helpers, const char *tenant)
{
	struct expr_pool *pool = map_get(&helpers->shares, tenant);
	if (pool != NULL)
		return pool;
	pool = calloc(1, sizeof *pool);
	must(pool != NULL && map_set(&helpers->shares, tenant, pool, NULL));
	*pool = (struct expr_pool){helpers, fair_tenant(&helpers->line, tenant)};
	return pool;
}

bool expr_open(const struct expr_config *config, struct expr_pool **opened, struct err *err)
{
	struct helpers *helpers = calloc(1, sizeof *helpers);
	if (helpers == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a pool");
	helpers->config = complete(config);
	must(helpers->config.helpers <= EXPR_HELPERS_MAX);
	helpers->processes = calloc(helpers->config.helpers, sizeof *helpers->processes);
	if (helpers->processes == NULL) {
		free(helpers);
		return err_set(err, ERR_LIMIT, "no memory for a pool");
	}
	for (unsigned i = 0; i < helpers->config.helpers; i++)
		process_init(&helpers->processes[i], &helpers->config);
	helpers->health.replaced_at_us = INT64_MIN;
	must(pthread_mutex_init(&helpers->lock, NULL) == 0);
	fair_init(&helpers->line);
	map_init(&helpers->shares, NULL, NULL);
	*opened = share(helpers, "");
	return true;
}

struct expr_pool *expr_share(struct expr_pool *pool, const char *tenant)
{
	struct helpers *helpers = pool->helpers;
	pthread_mutex_lock(&helpers->lock);
	struct expr_pool *found = share(helpers, tenant);
	pthread_mutex_unlock(&helpers->lock);
	return found;
}

static void free_shares(struct helpers *helpers)
{
	const char *key;
	size_t size;
	void *pool;
	for (size_t at = 0; map_next(&helpers->shares, &at, &key, &size, &pool);)
		free(pool);
	map_fini(&helpers->shares);
}

void expr_close(struct expr_pool *pool)
{
	if (pool == NULL)
		return;
	struct helpers *helpers = pool->helpers;
	for (unsigned i = 0; i < helpers->config.helpers; i++) {
		must(!helpers->processes[i].busy);
		process_fini(&helpers->processes[i]);
	}
	free_shares(helpers);
	fair_fini(&helpers->line);
	pthread_mutex_destroy(&helpers->lock);
	free(helpers->processes);
	free(helpers);
}

void expr_restart(struct expr_pool *pool)
{
	struct helpers *helpers = pool->helpers;
	pthread_mutex_lock(&helpers->lock);
	for (unsigned i = 0; i < helpers->config.helpers; i++)
		if (!helpers->processes[i].busy)
			process_stop(&helpers->processes[i]);
	pthread_mutex_unlock(&helpers->lock);
}

void expr_health(struct expr_pool *pool, struct expr_health *health)
{
	struct helpers *helpers = pool->helpers;
	pthread_mutex_lock(&helpers->lock);
	*health = helpers->health;
	health->helpers = health->busy = 0;
	for (unsigned i = 0; i < helpers->config.helpers; i++) {
		health->busy += helpers->processes[i].busy;
		if (helpers->processes[i].busy || helpers->processes[i].pid != 0)
			health->helpers++;
	}
	pthread_mutex_unlock(&helpers->lock);
}

size_t pool_output_bytes(const struct expr_pool *pool)
{
	return pool->helpers->config.output_bytes;
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

static struct process *find_idle(struct helpers *helpers, const struct program *program)
{
	struct process *best = NULL;
	int most = 0;
	for (unsigned i = 0; i < helpers->config.helpers; i++) {
		int fit = fitness(&helpers->processes[i], program);
		if (fit > most) {
			most = fit;
			best = &helpers->processes[i];
		}
	}
	return best;
}

/* One who waits for a helper. */
struct waiter {
	struct fair_item item; /* first */
	pthread_cond_t given;
	const struct program *program;
	struct process *process; /* busy for it already; NULL: not yet */
};

/* With the lock held: until one is handed over, or for WAIT_S. */
static struct process *await(const struct expr_pool *pool, const struct program *program)
{
	struct helpers *helpers = pool->helpers;
	struct waiter waiter = {.program = program};
	struct timespec end;
	int status = 0;
	clock_gettime(CLOCK_REALTIME, &end); /* what pthread_cond_timedwait takes */
	end.tv_sec += WAIT_S;
	must(pthread_cond_init(&waiter.given, NULL) == 0);
	fair_put(&helpers->line, pool->tenant, FAIR_USUAL, env_mono_us(env_real()), &waiter.item);
	helpers->health.waiting++;
	while (waiter.process == NULL && status != ETIMEDOUT)
		status = pthread_cond_timedwait(&waiter.given, &helpers->lock, &end);
	helpers->health.waiting--;
	if (waiter.process == NULL)
		fair_leave(&helpers->line, pool->tenant, &waiter.item);
	pthread_cond_destroy(&waiter.given);
	return waiter.process;
}

/* Whoever is next by tenant gets what is idle. */
static void hand_over(struct helpers *helpers)
{
	struct fair_tenant *tenant;
	struct waiter *next = (struct waiter *)(void *)fair_take(&helpers->line, env_mono_us(env_real()), &tenant);
	if (next == NULL)
		return;
	next->process = find_idle(helpers, next->program);
	must(next->process != NULL);
	next->process->busy = true;
	pthread_cond_signal(&next->given);
}

/* What happened while it was borrowed, for the health check. */
struct tally {
	unsigned started, replaced, evaluations, round_trips;
};

/* A helper that is borrowed, and since when. */
struct loan {
	const struct expr_pool *pool;
	struct process *process;
	int64_t since_us;
	struct tally tally;
};

static bool borrow(const struct expr_pool *pool, const struct program *program, struct loan *loan, struct err *err)
{
	struct helpers *helpers = pool->helpers;
	pthread_mutex_lock(&helpers->lock);
	struct process *process = find_idle(helpers, program); /* there is none while somebody waits */
	if (process != NULL)
		process->busy = true;
	else
		process = await(pool, program);
	pthread_mutex_unlock(&helpers->lock);
	*loan = (struct loan){.pool = pool, .process = process, .since_us = env_mono_us(env_real())};
	return process != NULL || err_set(err, ERR_OVERLOADED, "no helper for expressions came free within %d s", WAIT_S);
}

static void give_back(const struct loan *loan)
{
	struct helpers *helpers = loan->pool->helpers;
	const struct tally *tally = &loan->tally;
	int64_t now_us = env_mono_us(env_real());
	pthread_mutex_lock(&helpers->lock);
	loan->process->busy = false;
	helpers->health.started += tally->started;
	helpers->health.replaced += tally->replaced;
	helpers->health.evaluations += tally->evaluations;
	helpers->health.round_trips += tally->round_trips;
	if (tally->replaced > 0)
		helpers->health.replaced_at_us = now_us;
	fair_charge(loan->pool->tenant, (now_us - loan->since_us) / 1000);
	hand_over(helpers);
	pthread_mutex_unlock(&helpers->lock);
}

/* It was had for a while, and others of other tenants wait: they come first. */
static bool lend_on(struct loan *loan, const struct program *program, struct err *err)
{
	struct helpers *helpers = loan->pool->helpers;
	pthread_mutex_lock(&helpers->lock);
	bool wanted = fair_others(&helpers->line, loan->pool->tenant);
	pthread_mutex_unlock(&helpers->lock);
	if (!wanted)
		return true;
	give_back(loan);
	return borrow(loan->pool, program, loan, err);
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

/* Ask up to `ahead` of them; returns how many have their answer, fewer when the helper was lost on the last of these.
 */
static size_t ask_some(struct process *process, int slot, struct question *questions, size_t count, size_t ahead,
					   struct tally *tally)
{
	size_t sent[AHEAD], asked = 0, seen = 0;
	while (seen < count && asked < ahead && process->out.size < QUESTION_MAX) {
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

/* Ask with the helper that is borrowed: all, or as many as go before somebody else is next.  False: they have failed.
 */
static bool ask_all(struct loan *loan, const struct program *program, struct question *questions, size_t count)
{
	struct err err = {.kind = ERR_NONE};
	char problem[160];
	size_t ahead = AHEAD_FIRST;
	int slot;
	for (size_t done = 0; done < count;) {
		enum outcome outcome = load(loan->process, program, &loan->tally, &slot, problem, sizeof problem, &err);
		if (outcome == REFUSED)
			err_set(&err, ERR_EXPRESSION, "%s", problem);
		if (outcome != LOADED) {
			fail_all(questions + done, count - done, &err);
			break;
		}
		int64_t from_us = env_mono_us(env_real());
		done += ask_some(loan->process, slot, questions + done, count - done, ahead, &loan->tally);
		bool quick = env_mono_us(env_real()) - from_us < QUICK_US;
		ahead = !quick ? AHEAD_FIRST : ahead < AHEAD ? 2 * ahead : AHEAD;
		if (done < count && !lend_on(loan, program, &err)) {
			fail_all(questions + done, count - done, &err);
			return false;
		}
	}
	return true;
}

void pool_ask(struct expr_pool *pool, const struct program *program, struct question *questions, size_t count)
{
	struct err err;
	struct loan loan;
	for (size_t i = 0; i < count; i++)
		questions[i].ok = false;
	if (!borrow(pool, program, &loan, &err))
		fail_all(questions, count, &err);
	else if (ask_all(&loan, program, questions, count))
		give_back(&loan);
}

bool pool_compile(struct expr_pool *pool, const struct program *program, bool *compiled, char *problem, size_t room,
				  struct err *err)
{
	struct loan loan;
	int slot;
	struct err lost = {0};
	if (!borrow(pool, program, &loan, err))
		return false;
	enum outcome outcome = load(loan.process, program, &loan.tally, &slot, problem, room, &lost);
	give_back(&loan);
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
