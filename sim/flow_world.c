#include "sim/flow_world.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/must.h"
#include "core/rng.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/orders.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "link/outgoing.h"
#include "sim/flow_house.h"
#include "sim/flow_kids.h"
#include "sim/flow_net.h"
#include "sim/flow_operator.h"
#include "sim/flow_record.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum {
	STEPS_MAX = 128,
	ARENA = 64 << 20,
	OVER_MS = 86400000,
	IDLE_ONCE_IN = 48,
	RESTART_ONCE_IN = 4,
	ORDERS_MAX = 500
};

#define ACCOUNT "01900000-0000-7000-8000-00000000000a"

/* A run that was begun, in this life. */
struct sim_run {
	const struct plot *plot;
	bool over; /* as far as the runner says */
	bool done; /* and nobody has anything more to say to it */
};

struct sim_world {
	struct world_options options;
	struct env_sim env;
	struct rng order;
	struct id_maker ids;
	struct ir_policy policy;
	struct outgoing outgoing;
	struct store *store;
	struct runner *runner;
	struct net net;
	struct flow_part house;
	struct flow_parts parts;
	struct sim_run runs[RUNS_MAX];
	size_t runs_count;
	long steps, orders;
	bool refused; /* the disk did not take an order: it is given again */
	_Atomic bool lost;
	struct arena arena;
};

/* --- what runs ask of the house --- */

static bool op_known(void *context, const char *name, bool *effect)
{
	(void)context;
	*effect = strcmp(name, "sim.count") == 0 || strcmp(name, "sim.tell") == 0;
	return *effect || strcmp(name, "sim.echo") == 0;
}

static struct datum *echo(void *self, const char *name, struct datum *body, struct trouble *trouble)
{
	struct buf text;
	size_t size;
	const char *bytes = datum_bytes(body, &size);
	(void)self;
	(void)name;
	(void)trouble;
	buf_init(&text, 0);
	buf_addf(&text, "{\"result\":%.*s}", (int)size, bytes);
	return datum_take_buf(&text);
}

/* --- opening --- */

static void on_fatal(const char *why, void *self)
{
	struct sim_world *sim = self;
	(void)why;
	atomic_store(&sim->lost, true);
}

static bool open_store(struct sim_world *sim, struct err *err)
{
	struct store_migration steps[STEPS_MAX];
	struct store_options options = {
		.folder = sim->options.folder,
		.migrations = steps,
		.sha256_hex = sha256_hex,
		.mono_us = sim->env.env.mono_us,
		.wall_us = sim->env.env.wall_us,
		.clock = sim->env.env.self,
		.new_store_id = "01900000-0000-7000-8000-0000000000ff",
		.batch_max = 64,
		.queue_max = 1024,
		.readers = 1,
		.on_fatal = on_fatal,
		.fatal_self = sim,
		.vfs = sim->options.vfs,
		.stepped = true,
	};
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++) {
		must(options.migrations_count < STEPS_MAX);
		steps[options.migrations_count++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	}
	return store_open(&options, &sim->store, err);
}

static bool open_runner(struct sim_world *sim, struct err *err)
{
	sim->policy = (struct ir_policy){.op_known = op_known};
	sim->outgoing = (struct outgoing){.ask = net_ask, .ask_self = &sim->net};
	sim->house = house_part(&sim->net);
	sim->parts = (struct flow_parts){.items = &sim->house, .count = 1};
	const struct runner_options options = {
		.parts = &sim->parts,
		.store = sim->store,
		.env = &sim->env.env,
		.ids = &sim->ids,
		.expr = sim->options.expr,
		.outgoing = &sim->outgoing,
		.policy = &sim->policy,
		.op = echo,
		.event_source = "sim",
		.version = "sim",
		.retry_max = 1000,
		.retry_max_delay_ms = 3600000,
		.turn_rows = sim->options.turn_rows,
		.virtual_time = true,
		.stepped = true,
	};
	return runner_open(&options, &sim->runner, err);
}

static bool knows(void *self, const struct delivery *which)
{
	struct sim_record record;
	must(sim_read(self, which->run_id, &record));
	const struct effect_record *effect = record_find(&record, which->key);
	bool known = effect != NULL && effect->was_unsure;
	record_fini(&record);
	return known;
}

static const char *lineage(void *self, const char *run_id)
{
	struct sim_world *sim = self;
	struct db *db = store_read(sim->store);
	const char *text = kids_lineage(db, run_id, &sim->arena);
	store_read_end(sim->store, db);
	return text;
}

struct expr_pool *sim_expr(void)
{
	const struct expr_config config = {.cpu_ms = 60000, .wall_ms = 600000};
	struct expr_pool *pool;
	struct err err;
	must(expr_open(&config, &pool, &err));
	return pool;
}

struct sim_world *sim_open(const struct world_options *options)
{
	struct sim_world *sim = calloc(1, sizeof *sim);
	struct err err;
	must(sim != NULL);
	sim->options = *options;
	sim->net = (struct net){.ledger = options->ledger,
							.seed = options->network_seed,
							.kill_before = options->kill_before_request,
							.kill_after = options->kill_after_request,
							.knows = knows,
							.lineage = lineage,
							.self = sim};
	env_sim_init(&sim->env, options->order_seed, options->start_us > 0 ? options->start_us : SIM_START_US);
	rng_init(&sim->order, options->order_seed);
	id_maker_init(&sim->ids, &sim->env.env);
	arena_init(&sim->arena, ARENA);
	if (open_store(sim, &err) && open_runner(sim, &err))
		return sim;
	sim_close(sim);
	return NULL;
}

int sim_requests(const struct sim_world *sim)
{
	return sim->net.requests;
}

int64_t sim_now_us(const struct sim_world *sim)
{
	return runner_now_us(sim->runner);
}

long sim_steps(const struct sim_world *sim)
{
	return sim->steps;
}

void sim_close(struct sim_world *sim)
{
	runner_close(sim->runner);
	store_close(sim->store);
	id_maker_fini(&sim->ids);
	env_sim_fini(&sim->env);
	arena_fini(&sim->arena);
	free(sim);
}

/* --- runs --- */

struct beginning {
	struct sim_world *sim;
	const struct plot *plot;
	struct runner_start start;
};

static bool insert(struct db *db, void *self, struct err *err)
{
	struct beginning *begin = self;
	struct run_record record;
	bool found;
	if (!runs_get(db, begin->plot->run_id, NULL, &begin->sim->arena, &record, &found, err))
		return false;
	return found || runner_insert(begin->sim->runner, db, &begin->start, err);
}

static void note_over(void *self, bool ended)
{
	struct sim_run *run = self;
	run->over = ended;
}

static void watch(struct sim_world *sim, struct sim_run *run)
{
	run->over = run->done = false;
	runner_when_over(sim->runner, run->plot->run_id, OVER_MS, note_over, run);
}

bool sim_begin(struct sim_world *sim, const struct plot *plot)
{
	char sha256[65];
	struct err err = {.kind = ERR_NONE};
	struct definition_problems problems = {.arena = &sim->arena};
	struct definition *definition =
		runner_definition(sim->runner, plot->definition, strlen(plot->definition), sha256, &problems, &err);
	if (definition == NULL) {
		fprintf(stderr, "the definition is refused: %s %s\n%s\n", err.message,
				problems.list.count > 0 ? problems.list.items[0].message : "", plot->definition);
		abort();
	}
	struct beginning begin = {
		.sim = sim,
		.plot = plot,
		.start = {.run_id = plot->run_id,
				  .account_id = ACCOUNT,
				  .definition = definition,
				  .definition_text = plot->definition,
				  .definition_sha256 = sha256,
				  .input = "{\"n\":1}",
				  .seed = plot->seed,
				  .priority = 5},
	};
	bool good = store_write(sim->store, insert, &begin, &err);
	definition_unref(definition);
	if (good) {
		must(sim->runs_count < RUNS_MAX);
		sim->runs[sim->runs_count] = (struct sim_run){.plot = plot};
		watch(sim, &sim->runs[sim->runs_count++]);
		runner_wake(sim->runner, plot->run_id);
	}
	return good;
}

/* --- orders --- */

struct ordering {
	struct sim_world *sim;
	const char *run_id;
	struct control control;
	bool put; /* there was none that is still to be carried out, so this one is */
};

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool count(struct db *db, const char *run_id, const char *sql, int64_t *number, struct err *err)
{
	bool found;
	*number = 0;
	return db_one(db, err, &found, take_count, number, sql, V_TEXT(run_id));
}

static bool put_order(struct db *db, void *self, struct err *err)
{
	struct ordering *o = self;
	int64_t waiting;
	if (!count(db, o->run_id, "SELECT COUNT(*) FROM flow_orders WHERE run_id = $1", &waiting, err))
		return false;
	o->put = waiting == 0;
	return !o->put || orders_put(db, &o->sim->ids, o->run_id, &o->control, err);
}

static struct story open_story(struct sim_world *sim, const char *run_id)
{
	struct run_record *record = arena_new(&sim->arena, struct run_record);
	struct story story;
	struct err err;
	bool found;
	struct db *db = store_read(sim->store);
	must(record != NULL && runs_get(db, run_id, NULL, &sim->arena, record, &found, &err) && found);
	must(story_open(&story, sim->runner, db, record, &sim->arena, &err));
	store_read_end(sim->store, db);
	return story;
}

/* The row before the step began. */
static int64_t before_step(struct sim_world *sim, const char *run_id, const char *step)
{
	struct story story = open_story(sim, run_id);
	uintptr_t at = (uintptr_t)map_get(&story.steps.last, step);
	must(at > 0);
	int64_t seq = story.steps.items[at - 1].began_seq - 1;
	story_close(&story);
	return seq;
}

bool sim_restore(struct sim_world *sim, const char *run_id, const char *step, bool *ordered)
{
	struct err err;
	int64_t before = 0;
	struct ordering o = {
		.sim = sim, .run_id = run_id, .control = {.kind = CONTROL_RESTORE, .to = before_step(sim, run_id, step)}};
	struct db *db = store_read(sim->store);
	must(count(db, run_id, "SELECT COUNT(*) FROM flow_rewinds WHERE run_id = $1", &before, &err));
	store_read_end(sim->store, db);
	if (before == 0 && !store_write(sim->store, put_order, &o, &err))
		return false;
	*ordered = before == 0;
	if (*ordered) {
		runner_look(sim->runner, run_id);
		watch(sim, &sim->runs[0]);
	}
	return true;
}

/* A run is over: should it go on? */
static void tend(struct sim_world *sim, struct sim_run *run)
{
	const char *run_id = run->plot->run_id;
	struct ordering o = {.sim = sim, .run_id = run_id};
	struct sim_record record;
	struct err err;
	struct story story = open_story(sim, run_id);
	must(sim_read(sim, run_id, &record));
	if (!operator_decides(&story, &record, strtoull(run->plot->seed, NULL, 10), &sim->arena, &o.control)) {
		run->done = true;
	} else if (store_write(sim->store, put_order, &o, &err)) {
		sim->orders++;
		runner_look(sim->runner, run_id);
		watch(sim, run);
	} else {
		sim->refused = true;
	}
	record_fini(&record);
	story_close(&story);
}

/* The log is copied now and then, and sometimes begun anew. */
static void idle(struct sim_world *sim)
{
	if (rng_below(&sim->order, IDLE_ONCE_IN) == 0)
		store_idle(sim->store, rng_below(&sim->order, RESTART_ONCE_IN) == 0);
}

static bool children_rest(struct sim_world *sim)
{
	struct db *db = store_read(sim->store);
	bool rest = kids_rest(db);
	store_read_end(sim->store, db);
	return rest;
}

static bool all_done(struct sim_world *sim)
{
	bool done = true, parents = false;
	sim->refused = false;
	for (size_t i = 0; i < sim->runs_count; i++) {
		struct sim_run *run = &sim->runs[i];
		if (run->over && !run->done && run->plot->tended)
			tend(sim, run);
		done = done && run->over && (run->done || !run->plot->tended);
		parents = parents || run->plot->parent;
	}
	return done && (!parents || children_rest(sim));
}

enum sim_end sim_drive(struct sim_world *sim)
{
	for (; !all_done(sim); sim->steps++) {
		idle(sim);
		if (atomic_load(&sim->lost))
			return SIM_DISK_LOST;
		bool stuck = !runner_step(sim->runner, rng_next(&sim->order)) && !sim->refused;
		if (stuck || sim->orders > ORDERS_MAX)
			return SIM_STUCK;
	}
	return SIM_OVER;
}

/* --- judging --- */

bool sim_read(struct sim_world *sim, const char *run_id, struct sim_record *record)
{
	struct run_record run;
	struct err err = {.message = "it is not there"};
	*record = (struct sim_record){.seq = 0};
	bool found;
	struct db *db = store_read(sim->store);
	must(runs_get(db, run_id, NULL, &sim->arena, &run, &found, &err) && found);
	struct definition *definition = story_definition(sim->runner, db, &run, &sim->arena, &err);
	bool good = definition != NULL && record_read(record, db, &run, definition, &err);
	if (!good)
		fprintf(stderr, "seed %llu: run %s: its journal: %s\n", (unsigned long long)sim->options.network_seed, run_id,
				err.message);
	definition_unref(definition);
	store_read_end(sim->store, db);
	return good;
}

void sim_outcome(struct sim_world *sim, const char *run_id, struct outcome *outcome)
{
	struct sim_record record;
	must(sim_read(sim, run_id, &record));
	outcome->over = record.over;
	outcome->seq = record.seq;
	snprintf(outcome->text, sizeof outcome->text, "%s", record.text);
	record_fini(&record);
}

size_t sim_children(struct sim_world *sim, struct sim_child *children, size_t room)
{
	struct db *db = store_read(sim->store);
	size_t found = kids_list(db, children, room, &sim->arena);
	store_read_end(sim->store, db);
	return found;
}

/* --- the template --- */

static bool add_account(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, 'sim', 0)",
				  V_TEXT(ACCOUNT));
}

static bool add_kids(struct db *db, void *self, struct err *err)
{
	(void)self;
	return kids_publish(db, ACCOUNT, err);
}

void sim_template(const char *folder, bool kids)
{
	struct err err;
	struct sim_world sim = {.options = {.folder = folder}};
	env_sim_init(&sim.env, 1, SIM_START_US);
	must(open_store(&sim, &err) && store_write(sim.store, add_account, NULL, &err));
	must(!kids || store_write(sim.store, add_kids, NULL, &err));
	store_close(sim.store);
	env_sim_fini(&sim.env);
}
