#include "sim/flow_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "core/must.h"
#include "core/rng.h"
#include "crypt/digest.h"
#include "flow/definition.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"
#include "flow/journal.h"
#include "flow/orders.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "link/outgoing.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum { STEPS_MAX = 128, ARENA = 64 << 20, START_S = 1800000000, OVER_MS = 86400000 };

#define ACCOUNT "01900000-0000-7000-8000-00000000000a"

struct sim_world {
	struct world_options options;
	struct env_sim env;
	struct rng order;
	struct id_maker ids;
	struct ir_policy policy;
	struct outgoing outgoing;
	struct store *store;
	struct runner *runner;
	size_t over;
	int requests;
	_Atomic bool lost;
	struct arena arena;
};

/* --- the network --- */

struct ledger *ledger_new(void)
{
	void *at = mmap(NULL, sizeof(struct ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(at != MAP_FAILED);
	return at;
}

void ledger_clear(struct ledger *ledger)
{
	ledger->count = 0;
	ledger->changed_request = ledger->too_many = false;
}

void ledger_free(struct ledger *ledger)
{
	munmap(ledger, sizeof *ledger);
}

static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
	return sum;
}

static const char *header(const struct outgoing_request *request, const char *name)
{
	size_t size = strlen(name);
	for (const char *const *line = request->headers; *line != NULL; line++)
		if (strncmp(*line, name, size) == 0 && strncmp(*line + size, ": ", 2) == 0)
			return *line + size + 2;
	return NULL;
}

static struct delivery *entry(struct ledger *ledger, const struct outgoing_request *request)
{
	const char *key = header(request, "Idempotency-Key"), *run = header(request, "X-Countersign-Run"),
			   *step = header(request, "X-Countersign-Step");
	must(key != NULL && run != NULL && step != NULL && strlen(key) == 64);
	uint64_t print =
		mix(mix(14695981039346656037u, request->url, strlen(request->url)), request->body, request->body_size);
	for (size_t i = 0; i < ledger->count; i++) {
		struct delivery *item = &ledger->items[i];
		if (strcmp(item->key, key) != 0)
			continue;
		ledger->changed_request = ledger->changed_request || item->request != print;
		return item;
	}
	if (ledger->count == LEDGER_MAX) {
		ledger->too_many = true;
		return &ledger->items[LEDGER_MAX - 1];
	}
	struct delivery *item = &ledger->items[ledger->count];
	*item = (struct delivery){.request = print};
	strcpy(item->key, key);
	snprintf(item->step, sizeof item->step, "%s:%s", run, step);
	ledger->count++; /* last: a process that ends here has delivered nothing */
	return item;
}

static const struct delivery *find(const struct ledger *ledger, const char *key)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->items[i].key, key) == 0)
			return &ledger->items[i];
	return NULL;
}

const char *ledger_differs(const struct ledger *calm, const struct ledger *rough, const char **step,
						   bool (*may_differ)(const void *self, const char *step), const void *self)
{
	if (calm->changed_request || rough->changed_request)
		return "a key came with two requests";
	if (calm->too_many || rough->too_many)
		return "too many requests for the ledger";
	for (size_t i = 0; i < rough->count; i++) {
		*step = rough->items[i].step;
		if (find(calm, rough->items[i].key) == NULL && (may_differ == NULL || !may_differ(self, *step)))
			return "a key that undisturbed runs do not send";
	}
	for (size_t i = 0; i < calm->count; i++) {
		const struct delivery *item = find(rough, calm->items[i].key);
		*step = calm->items[i].step;
		if ((item == NULL || item->acted != calm->items[i].acted) && (may_differ == NULL || !may_differ(self, *step)))
			return "a step that did not act as undisturbed";
	}
	return NULL;
}

enum fate { FATE_ANSWERS, FATE_REFUSES, FATE_BREAKS_BEFORE, FATE_BREAKS_AFTER };

/* Three in ten keys are refused for good; of the others a third loses its first delivery, before or after it acted. */
static enum fate fate_of(const struct sim_world *sim, const struct delivery *item)
{
	uint64_t hash = mix(sim->options.network_seed ^ 14695981039346656037u, item->key, 64) >> 16;
	if (hash % 10 < 3)
		return FATE_REFUSES;
	if (hash / 10 % 6 >= 2 || item->deliveries > 1)
		return FATE_ANSWERS;
	return hash / 10 % 6 == 0 ? FATE_BREAKS_BEFORE : FATE_BREAKS_AFTER;
}

static bool answer_request(void *self, const struct outgoing_request *request, struct outgoing_answer *answer,
						   struct err *err)
{
	struct sim_world *sim = self;
	sim->requests++;
	if (sim->requests == sim->options.kill_before_request)
		raise(SIGKILL);
	struct delivery *item = entry(sim->options.ledger, request);
	item->deliveries++;
	enum fate fate = fate_of(sim, item);
	item->acted = item->acted || fate == FATE_ANSWERS || fate == FATE_BREAKS_AFTER;
	if (sim->requests == sim->options.kill_after_request)
		raise(SIGKILL);
	if (fate == FATE_BREAKS_BEFORE || fate == FATE_BREAKS_AFTER) {
		answer->sent = true;
		return err_set(err, ERR_UNAVAILABLE, "the connection broke");
	}
	answer->status = fate == FATE_REFUSES ? 503 : 200;
	strcpy(answer->content_type, "application/json");
	buf_addf(&answer->body, "{\"n\":%llu}", (unsigned long long)(mix(7, item->key, 64) % 100));
	return true;
}

/* --- what runs ask of the house --- */

static bool op_known(void *context, const char *name, bool *effect)
{
	(void)context;
	*effect = false;
	return strcmp(name, "sim.echo") == 0;
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
		.readers = 2,
		.on_fatal = on_fatal,
		.fatal_self = sim,
		.vfs = sim->options.vfs,
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
	sim->outgoing = (struct outgoing){.ask = answer_request, .ask_self = sim};
	const struct runner_options options = {
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
		.virtual_time = true,
		.stepped = true,
	};
	return runner_open(&options, &sim->runner, err);
}

struct sim_world *sim_open(const struct world_options *options)
{
	struct sim_world *sim = calloc(1, sizeof *sim);
	struct err err;
	must(sim != NULL);
	sim->options = *options;
	env_sim_init(&sim->env, options->order_seed, (int64_t)START_S * 1000000);
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
	return sim->requests;
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

static void count_over(void *self, bool ended)
{
	if (ended)
		++*(size_t *)self;
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
		runner_when_over(sim->runner, plot->run_id, OVER_MS, count_over, &sim->over);
		runner_wake(sim->runner, plot->run_id);
	}
	return good;
}

/* --- going back --- */

struct going_back {
	struct sim_world *sim;
	const char *run_id;
	struct control control;
	bool ordered;
};

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool put_restore(struct db *db, void *self, struct err *err)
{
	struct going_back *back = self;
	int64_t before = 0;
	bool found;
	if (!db_one(db, err, &found, take_count, &before,
				"SELECT (SELECT COUNT(*) FROM flow_rewinds WHERE run_id = $1) + (SELECT COUNT(*) FROM flow_orders "
				"WHERE run_id = $1)",
				V_TEXT(back->run_id)))
		return false;
	back->ordered = before == 0;
	return !back->ordered || orders_put(db, &back->sim->ids, back->run_id, &back->control, err);
}

/* The row before the step began. */
static int64_t before_step(struct sim_world *sim, const char *run_id, const char *step)
{
	struct run_record record;
	struct story story;
	struct err err;
	bool found;
	struct db *db = store_read(sim->store);
	must(runs_get(db, run_id, NULL, &sim->arena, &record, &found, &err) && found);
	must(story_open(&story, sim->runner, db, &record, &sim->arena, &err));
	store_read_end(sim->store, db);
	uintptr_t at = (uintptr_t)map_get(&story.steps.last, step);
	must(at > 0);
	int64_t seq = story.steps.items[at - 1].began_seq - 1;
	story_close(&story);
	return seq;
}

bool sim_restore(struct sim_world *sim, const char *run_id, const char *step, bool *ordered)
{
	struct err err;
	struct going_back back = {
		.sim = sim, .run_id = run_id, .control = {.kind = CONTROL_RESTORE, .to = before_step(sim, run_id, step)}};
	if (!store_write(sim->store, put_restore, &back, &err))
		return false;
	*ordered = back.ordered;
	if (back.ordered) {
		runner_look(sim->runner, run_id);
		runner_when_over(sim->runner, run_id, OVER_MS, count_over, &sim->over);
	}
	return true;
}

enum sim_end sim_drive(struct sim_world *sim, size_t runs)
{
	while (sim->over < runs) {
		if (atomic_load(&sim->lost))
			return SIM_DISK_LOST;
		if (!runner_step(sim->runner, rng_below(&sim->order, 2) == 0))
			return SIM_STUCK;
	}
	return SIM_OVER;
}

/* --- judging --- */

struct refolding {
	struct run run;
	int64_t next_seq;
};

static bool without_gap(void *self, const struct json *json, struct err *err)
{
	struct refolding *f = self;
	const struct json *seq = json_get(json, "seq");
	bool next = seq != NULL && seq->kind == JS_INT && seq->integer == f->next_seq++;
	return next || err_set(err, ERR_INTERNAL, "a gap");
}

/* The journal leads, without a gap, to what the run's row says. */
static void check_journal(struct sim_world *sim, struct db *db, const struct run_record *record)
{
	struct err err = {.kind = ERR_NONE};
	struct refolding f = {.next_seq = 1};
	const char *text;
	size_t size;
	char sha256[65];
	struct definition_problems problems = {.arena = &sim->arena};
	must(runs_definition(db, record->definition_sha256, &sim->arena, &text, &size, &err) && text != NULL);
	struct definition *definition = runner_definition(sim->runner, text, size, sha256, &problems, &err);
	must(definition != NULL);
	run_init(&f.run, definition_ir(definition), record->run_id, record->seed);
	f.run.input = datum_text(record->input, strlen(record->input));
	bool good = runs_journal(db, record->run_id, 0, 0, without_gap, &f, &err) &&
				journal_fold(db, record->run_id, JOURNAL_TO_ITS_END, &f.run, &err);
	if (!good || strcmp(run_status_names[f.run.status], record->status) != 0 || f.run.seq != record->seq) {
		fprintf(stderr, "run %s: its journal does not lead to its row: %s\n", record->run_id, good ? "" : err.message);
		abort();
	}
	run_fini(&f.run);
	definition_unref(definition);
}

void sim_outcome(struct sim_world *sim, const char *run_id, struct outcome *outcome)
{
	struct run_record record;
	struct err err;
	bool found;
	struct db *db = store_read(sim->store);
	must(runs_get(db, run_id, NULL, &sim->arena, &record, &found, &err) && found);
	outcome->over = record.ended_us > 0;
	outcome->seq = record.seq;
	snprintf(outcome->text, sizeof outcome->text, "%s %s %s", record.status,
			 record.output == NULL ? "-" : record.output, record.error == NULL ? "-" : record.error);
	check_journal(sim, db, &record);
	store_read_end(sim->store, db);
}

/* --- folders --- */

static void each_file(const char *folder, void (*take)(const char *path, const char *name, const void *self),
					  const void *self)
{
	DIR *dir = opendir(folder);
	must(dir != NULL);
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		char path[512];
		if (entry->d_type != DT_REG)
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		take(path, entry->d_name, self);
	}
	closedir(dir);
}

static void copy_file(const char *path, const char *name, const void *to)
{
	char target[512];
	static char block[1 << 16];
	snprintf(target, sizeof target, "%s/%s", (const char *)to, name);
	int in = open(path, O_RDONLY | O_CLOEXEC), out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(in >= 0 && out >= 0);
	for (ssize_t size; (size = read(in, block, sizeof block)) > 0;)
		must(write(out, block, (size_t)size) == size);
	close(in);
	close(out);
}

static void unlink_file(const char *path, const char *name, const void *self)
{
	(void)name;
	(void)self;
	must(unlink(path) == 0);
}

void sim_copy(const char *from, const char *to)
{
	each_file(from, copy_file, to);
}

void sim_clear(const char *folder)
{
	each_file(folder, unlink_file, NULL);
}

static bool add_account(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, 'sim', 0)",
				  V_TEXT(ACCOUNT));
}

void sim_template(const char *folder)
{
	struct err err;
	struct sim_world sim = {.options = {.folder = folder}};
	env_sim_init(&sim.env, 1, (int64_t)START_S * 1000000);
	must(open_store(&sim, &err) && store_write(sim.store, add_account, NULL, &err));
	store_close(sim.store);
	env_sim_fini(&sim.env);
}
