#include "app/flow_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/config.h"
#include "app/flow_host.h"
#include "app/flow_llm.h"
#include "app/migrations.h"
#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/scratch.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/feed.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/workflows.h"
#include "seal/pack.h"
#include "store/store.h"
#include "version.h"

enum {
	MIGRATIONS_MAX = 128,
	TEXT_MAX = 64 << 20,
	TIMEOUT_S = 60,
	RETRY_MAX = 1000,         /* flow.retry_max, where nothing is configured */
	RETRY_MAX_DELAY_S = 3600, /* flow.retry_max_delay_s */
	TIMEOUT_MAX_S = 31536000,
	SEED_DIGITS = 23, /* as over HTTP */
	TURNS = 2,
	EFFECTS = 16,
	BATCH = 256,
	QUEUE = 4096,
};
#define ACCOUNT "local"

const struct cli_option flow_run_options[] = {
	{"input", "FILE|JSON", "The input, as JSON or as a file that holds it (null)", false},
	{"http-map", "HOST=IP:PORT", "Ask this address in place of HOST, by plain http", true},
	{"secret", "NAME=JSON", "A secret of the workflow", true},
	{"with", "FILE", "A further definition, that runs may run", true},
	{"events", "FILE", "Events for it: a JSON list of {after_ms, event}", false},
	{"seed", "N", "The run's seed, for delays that repeat", false},
	{"virtual-time", NULL, "Timers fire at once, in order, while nothing else happens", false},
	{"timeout", "SECONDS", "Give up after so many real seconds (60)", false},
	{"store", "DIR", "Keep the run's store there", false},
	{NULL, NULL, NULL, false},
};

/* One run: everything it opens, in the order it is closed. */
struct job {
	const struct cli *cli;
	struct arena arena;
	struct app_ops ops;
	struct packs *packs;
	struct id_maker ids;
	struct expr_pool *expr;
	struct flow_host host;
	struct config config;
	bool configured; /* else nothing was said of workflows */
	struct flow_llm models;
	char folder[SCRATCH_PATH];
	const char *data;
	struct store *store;
	struct runner *runner;
	struct datum *input, *secrets, *events;
	char run_id[ID_TEXT];
	struct runner_start start;
	struct definition_problems problems;
};

/* --- what was asked --- */

static struct datum *json_argument(const char *option, const char *text, struct err *err)
{
	struct buf file;
	struct err why = {.kind = ERR_NONE};
	buf_init(&file, 0);
	bool is_file = access(text, R_OK) == 0;
	struct datum *datum = NULL;
	if (!is_file)
		datum = datum_parse(text, strlen(text), &why);
	else if (cli_read(text, TEXT_MAX, &file, &why))
		datum = datum_parse(buf_text(&file), file.size, &why);
	buf_fini(&file);
	if (datum == NULL)
		err_set(err, ERR_INVALID, "--%s: %s%s", option,
				is_file ? "" : "there is no such file, and it is no JSON: ", why.message);
	return datum;
}

static bool read_input(struct job *job, struct err *err)
{
	const char *input = cli_option(job->cli, "input");
	job->input = input == NULL ? datum_null() : json_argument("input", input, err);
	const char *events = cli_option(job->cli, "events");
	if (job->input != NULL && events != NULL)
		job->events = json_argument("events", events, err);
	return job->input != NULL && (events == NULL || job->events != NULL);
}

static bool add_secret(struct jw *jw, const char *text, struct err *err)
{
	const char *equals = strchr(text, '=');
	if (equals == NULL)
		return err_set(err, ERR_INVALID, "--secret takes NAME=JSON.");
	struct datum *value = datum_parse(equals + 1, strlen(equals + 1), err);
	if (value == NULL)
		return false;
	char name[256] = "";
	if ((size_t)(equals - text) < sizeof name)
		memcpy(name, text, (size_t)(equals - text));
	jw_key(jw, name);
	jw_json(jw, datum_tree(value));
	datum_unref(value);
	return true;
}

/* Every --NAME VALUE of the line, in order. */
static bool each_option(const struct cli *cli, const char *name,
						bool (*take)(void *self, const char *value, struct err *err), void *self, struct err *err)
{
	for (int i = 0; i < cli->options_count; i++)
		if (strcmp(cli->options[i].name, name) == 0 && !take(self, cli->options[i].value, err))
			return false;
	return true;
}

static bool take_secret(void *self, const char *value, struct err *err)
{
	return add_secret(self, value, err);
}

static bool read_secrets(struct job *job, struct err *err)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool good = each_option(job->cli, "secret", take_secret, &jw, err);
	jw_object_end(&jw);
	if (good)
		job->secrets = datum_take_buf(&text);
	buf_fini(&text);
	return good;
}

static bool take_map(void *self, const char *value, struct err *err)
{
	struct job *job = self;
	return outgoing_map(&job->host.outgoing, arena_dup(&job->arena, value), err);
}

/* --- what it runs on --- */

static bool open_store(struct job *job, struct err *err)
{
	struct store_migration steps[MIGRATIONS_MAX];
	char store_id[ID_TEXT];
	const struct env *env = env_real();
	job->data = cli_option(job->cli, "store");
	if (job->data == NULL) {
		if (!scratch_make(job->folder, "flow", err))
			return false;
		job->data = job->folder;
	}
	id_make(&job->ids, store_id);
	struct store_options options = {
		.folder = job->data,
		.sha256_hex = sha256_hex,
		.mono_us = env->mono_us,
		.wall_us = env->wall_us,
		.clock = env->self,
		.new_store_id = store_id,
		.batch_max = BATCH,
		.queue_max = QUEUE,
		.readers = TURNS + EFFECTS + 2,
	};
	options.migrations = app_migrations(steps, MIGRATIONS_MAX, &options.migrations_count);
	options.image = app_store_image();
	return store_open(&options, &job->store, err);
}

static bool open_runner(struct job *job, struct err *err)
{
	const struct runner_options options = {
		.store = job->store,
		.env = env_real(),
		.ids = &job->ids,
		.expr = job->expr,
		.outgoing = &job->host.outgoing,
		.llm = job->models.llm,
		.policy = &job->host.policy,
		.op = flow_host_op,
		.op_self = &job->host,
		.secrets = job->secrets,
		.event_source = "countersign",
		.version = APP_VERSION,
		.turns = TURNS,
		.effects = EFFECTS,
		.error_base = job->configured ? job->config.flow.error_base : NULL,
		.retry_max = job->configured ? job->config.flow.retry_max : RETRY_MAX,
		.retry_max_delay_ms = 1000 * (job->configured ? job->config.flow.retry_max_delay_s : RETRY_MAX_DELAY_S),
		.virtual_time = cli_option(job->cli, "virtual-time") != NULL,
	};
	return runner_open(&options, &job->runner, err);
}

/* Only what is said of workflows: a run needs no server and no configuration. */
static bool configure(struct job *job, struct err *err)
{
	job->configured = flow_host_configured(job->cli);
	if (!job->configured)
		return each_option(job->cli, "http-map", take_map, job, err);
	if (!config_of_cli(job->cli, &job->arena, &job->config, NULL))
		return err_set(err, ERR_INVALID, "the configuration is not valid");
	return flow_host_allow(&job->host, &job->config, &job->arena, err); /* with the option's maps */
}

static bool open_models(struct job *job, struct err *err)
{
	if (!job->configured || job->config.flow.llm.base_url == NULL)
		return true;
	return flow_llm_open(&job->models, &job->config, &job->host.outgoing, job->packs, job->store, &job->arena, err);
}

static bool open_all(struct job *job, struct err *err)
{
	app_ops_init(&job->ops);
	id_maker_init(&job->ids, env_real());
	if (!read_input(job, err) || !read_secrets(job, err) || !app_packs_open(&job->ops, NULL, &job->packs, err) ||
		!expr_open(NULL, &job->expr, err))
		return false;
	flow_host_init(&job->host, &job->ops, job->packs, job->expr);
	if (!configure(job, err))
		return false;
	job->host.policy.shell = true; /* the caller's own machine */
	return open_store(job, err) && open_models(job, err) && open_runner(job, err);
}

static void close_all(struct job *job)
{
	runner_close(job->runner);
	flow_llm_close(&job->models);
	definition_unref(job->start.definition);
	store_close(job->store);
	expr_close(job->expr);
	packs_free(job->packs);
	id_maker_fini(&job->ids);
	datum_unref(job->input);
	datum_unref(job->secrets);
	datum_unref(job->events);
	if (job->folder[0] != '\0')
		scratch_remove(job->folder);
	arena_fini(&job->arena);
}

/* --- the run --- */

static bool insert(struct db *db, void *self, struct err *err)
{
	struct job *job = self;
	return db_run(db, err,
				  "INSERT INTO accounts (account_id, name, created_at) VALUES ('local', 'local', 0) ON CONFLICT "
				  "(account_id) DO NOTHING") &&
		   runner_insert(job->runner, db, &job->start, err);
}

/* Another definition, as if it were registered and published. */
struct further {
	struct job *job;
	struct buf text;
	char sha256[65], id[ID_TEXT];
	struct definition *definition;
};

static bool insert_further(struct db *db, void *self, struct err *err)
{
	struct further *further = self;
	const struct ir *ir = definition_ir(further->definition);
	int64_t now_us = runner_now_us(further->job->runner);
	const struct json tags = {.kind = JS_NULL};
	id_make(&further->job->ids, further->id);
	const struct workflow workflow = {
		.workflow_id = further->id,
		.account_id = ACCOUNT,
		.namespace = ir->namespace,
		.name = ir->name,
		.version = ir->version,
		.state = WORKFLOW_PUBLISHED,
		.form = ir->dag ? "dag" : "dsl",
		.content_sha256 = definition_content_sha256(further->definition),
		.definition_sha256 = further->sha256,
		.tags = "null",
		.created_us = now_us,
		.updated_us = now_us,
	};
	const struct definition_text text = {
		.text = buf_text(&further->text),
		.sha256 = further->sha256,
		.content_sha256 = definition_content_sha256(further->definition),
	};
	return runs_keep_definition(db, &text, err) && workflows_insert(db, &workflow, &tags, err);
}

static bool take_with(void *self, const char *value, struct err *err)
{
	struct job *job = self;
	struct further further = {.job = job};
	buf_init(&further.text, 0);
	bool good = cli_read(value, TEXT_MAX, &further.text, err);
	if (good)
		further.definition = runner_definition(job->runner, buf_text(&further.text), further.text.size, further.sha256,
											   &job->problems, err);
	good = further.definition != NULL && resources_pin(job->runner, further.definition, &job->problems) &&
		   store_write(job->store, insert_further, &further, err);
	definition_unref(further.definition);
	buf_fini(&further.text);
	return good;
}

static bool begin(struct job *job, const char *text, size_t size, struct err *err)
{
	static char sha256[65];
	job->problems.arena = &job->arena;
	job->start = (struct runner_start){
		.definition = runner_definition(job->runner, text, size, sha256, &job->problems, err),
		.account_id = ACCOUNT,
		.definition_text = text,
		.definition_sha256 = sha256,
		.input = datum_bytes(job->input, NULL),
		.seed = cli_option(job->cli, "seed"),
		.priority = 5,
	};
	if (job->start.definition == NULL || !resources_pin(job->runner, job->start.definition, &job->problems) ||
		!each_option(job->cli, "with", take_with, job, err))
		return false;
	id_make(&job->ids, job->run_id);
	job->start.run_id = job->run_id;
	if (job->events != NULL && !feed_open(job->runner, job->run_id, job->events, err))
		return false;
	if (!store_write(job->store, insert, job, err))
		return false;
	runner_wake(job->runner, job->start.run_id);
	return true;
}

/* --- what is said of it --- */

static void write_tasks(struct jw *jw, const struct steps *steps)
{
	jw_key(jw, "tasks");
	jw_array(jw);
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		jw_object(jw);
		jw_member_str(jw, "name", step->name);
		jw_member_str(jw, "reference", step->reference);
		jw_member_str(jw, "path", step->path);
		jw_member_str(jw, "status", step_status_names[step->status]);
		jw_member_int(jw, "attempt", step->attempt);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

static void write_events(struct jw *jw, const struct steps *steps)
{
	jw_key(jw, "events");
	jw_array(jw);
	for (size_t i = 0; i < steps->count; i++)
		if (strcmp(steps->items[i].type, "emit") == 0 && steps->items[i].event != NULL)
			jw_json(jw, datum_tree(steps->items[i].event));
	jw_array_end(jw);
}

static bool write_story(struct job *job, struct db *db, const struct run_record *record, struct jw *jw, struct err *err)
{
	struct story story;
	if (!story_open(&story, job->runner, db, record, &job->arena, err))
		return false;
	jw_member_str(jw, "run_id", record->run_id);
	write_tasks(jw, &story.steps);
	write_events(jw, &story.steps);
	story_close(&story);
	return true;
}

static void add_text(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	if (json == NULL)
		jw_null(jw);
	else
		jw_raw(jw, json, strlen(json));
}

static int exit_of(const char *status)
{
	static const struct {
		const char *status;
		int code;
	} codes[] = {{"completed", 0}, {"faulted", 1}, {"cancelled", 3}, {"suspended", 3}};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(codes[i].status, status) == 0)
			return codes[i].code;
	return CLI_UNREACHABLE;
}

static int print(struct buf *out, int code)
{
	buf_addc(out, '\n');
	bool written = cli_write(stdout, buf_text(out), out->size);
	buf_fini(out);
	return written ? code : CLI_FAILED;
}

static bool write_run(struct job *job, struct db *db, struct jw *jw, int *code, struct err *err)
{
	struct run_record record;
	bool found;
	if (!runs_get(db, job->start.run_id, NULL, &job->arena, &record, &found, err) || !found)
		return false;
	jw_object(jw);
	jw_member_str(jw, "status", record.status);
	add_text(jw, "output", record.output);
	add_text(jw, "error", record.error);
	bool good = !job->cli->json || write_story(job, db, &record, jw, err);
	jw_object_end(jw);
	*code = exit_of(record.status);
	return good;
}

static int report(struct job *job)
{
	struct buf out;
	struct jw jw;
	struct err err = {.kind = ERR_INTERNAL};
	int code = CLI_FAILED;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	struct db *db = store_read(job->store);
	bool good = write_run(job, db, &jw, &code, &err);
	store_read_end(job->store, db);
	if (good)
		return print(&out, code);
	buf_fini(&out);
	return cli_fail(job->cli, CLI_FAILED, "%s", err.message);
}

static int report_refused(const struct job *job)
{
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_member_str(&jw, "status", "refused");
	add_text(&jw, "output", NULL);
	add_text(&jw, "error", NULL);
	jw_key(&jw, "problems");
	definition_problems_write(&jw, &job->problems.list);
	jw_object_end(&jw);
	return print(&out, CLI_INVALID);
}

/* Where the document is asked for that was not to be had: of /do/0/a/input/schema/resource it is /do/0/a. */
static const char *reference_of(struct arena *arena, const char *pointer)
{
	static const char *const ends[] = {"/input/schema", "/output/schema", "/export/schema", "/call", "/with/document"};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		const char *end = strstr(pointer, ends[i]);
		if (end == pointer)
			return arena_dupn(arena, pointer, strcspn(pointer + 1, "/") + 1);
		if (end != NULL)
			return arena_dupn(arena, pointer, (size_t)(end - pointer));
	}
	return pointer;
}

/* A document that is not to be had refuses a version; a run of its own faults by it [flow.md 2.1]. */
static bool is_unavailable(const struct definition_problems *problems)
{
	size_t count = 0;
	while (count < problems->list.count && strcmp(problems->list.items[count].code, "resource_unavailable") == 0)
		count++;
	return count > 0 && count == problems->list.count;
}

static int report_unavailable(struct job *job)
{
	const struct ir_problem *problem = &job->problems.list.items[0];
	struct trouble trouble;
	struct buf out;
	struct jw jw;
	(void)trouble_set(&trouble, TROUBLE_COMMUNICATION, "Resource unavailable", "%s", problem->message);
	trouble.status = job->problems.status;
	struct datum *error = trouble_datum(&trouble, NULL, reference_of(&job->arena, problem->pointer));
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_member_str(&jw, "status", "faulted");
	add_text(&jw, "output", NULL);
	add_text(&jw, "error", datum_bytes(error, NULL));
	if (job->cli->json) {
		const struct steps none = {.count = 0};
		write_tasks(&jw, &none);
		write_events(&jw, &none);
	}
	jw_object_end(&jw);
	datum_unref(error);
	return print(&out, exit_of("faulted"));
}

/* Options that are numbers; what they are good for is said by the table of options. */
static bool take_numbers(const struct cli *cli, int64_t *timeout_ms, struct err *err)
{
	const char *timeout = cli_option(cli, "timeout"), *seed = cli_option(cli, "seed");
	char *end = NULL;
	double seconds = timeout == NULL ? TIMEOUT_S : strtod(timeout, &end);
	if (timeout != NULL && (end == timeout || *end != '\0' || !(seconds > 0 && seconds <= TIMEOUT_MAX_S)))
		return err_set(err, ERR_INVALID, "--timeout: %.40s is no number of seconds above 0", timeout);
	if (seed != NULL && (*seed == '\0' || strlen(seed) > SEED_DIGITS || strspn(seed, "0123456789") != strlen(seed)))
		return err_set(err, ERR_INVALID, "--seed: %.40s is no whole number from 0", seed);
	*timeout_ms = (int64_t)(seconds * 1000);
	return true;
}

static int run(struct job *job, const struct buf *text)
{
	struct err err = {.kind = ERR_NONE};
	int64_t timeout_ms = 0;
	if (!take_numbers(job->cli, &timeout_ms, &err))
		return cli_fail(job->cli, CLI_INVALID, "%s", err.message);
	if (!open_all(job, &err))
		return cli_fail(job->cli, CLI_INVALID, "%s", err.message);
	if (!begin(job, buf_text(text), text->size, &err))
		return is_unavailable(&job->problems) ? report_unavailable(job)
			   : job->problems.list.count > 0
				   ? report_refused(job)
				   : cli_fail(job->cli, err.kind == ERR_INVALID ? CLI_INVALID : CLI_FAILED, "%s", err.message);
	runner_wait(job->runner, job->start.run_id, false, timeout_ms);
	return report(job);
}

int command_flow_run(const struct cli *cli)
{
	struct job job = {.cli = cli};
	struct buf text;
	struct err err = {.kind = ERR_NONE};
	arena_init(&job.arena, 1 << 30);
	buf_init(&text, 0);
	int code = cli_read(cli->args[0], TEXT_MAX, &text, &err) ? run(&job, &text)
															 : cli_fail(cli, CLI_INVALID, "%s", err.message);
	close_all(&job);
	buf_fini(&text);
	return code;
}
