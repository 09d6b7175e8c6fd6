#include "app/app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli.h"
#include "app/events.h"
#include "app/mail.h"
#include "app/mailer.h"
#include "app/master_key.h"
#include "app/migrations.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/log.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/agents_api.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/flow_api.h"
#include "flow/spending.h"
#include "http/workers.h"
#include "link/circuits.h"
#include "people/people.h"
#include "seal/countersign.h"
#include "seal/op.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "store/blob.h"
#include "store/store.h"
#include "trade/domain/risk_profile.h"
#include "trade/trade_api.h"
#include "version.h"

enum { SECRET_MAX = 1000, MIGRATIONS_MAX = 128 };

/* Blobs in a folder of their own below the data folder; NULL: in the data folder itself. */
static bool open_blobs_in(struct app *app, const char *name, struct blobs **blobs, struct err *err)
{
	char path[4096];
	snprintf(path, sizeof path, "%.3900s%s%s", app->config.data, name != NULL ? "/" : "", name != NULL ? name : "");
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	const struct blobs_options options = {.folder = path, .min_free_bytes = app->config.store.min_free_bytes};
	return blobs_open(&options, blobs, err);
}

static bool open_blobs(struct app *app, struct err *err)
{
	return open_blobs_in(app, NULL, &app->blobs, err) && open_blobs_in(app, "files", &app->files, err) &&
		   open_blobs_in(app, "quarantine", &app->quarantine, err) && open_blobs_in(app, "charts", &app->charts, err);
}

static bool open_store(struct app *app, struct err *err)
{
	struct store_migration steps[MIGRATIONS_MAX];
	char new_id[ID_TEXT];
	id_make(&app->ids, new_id);
	struct store_options options = {
		.folder = app->config.data,
		.sha256_hex = sha256_hex,
		.mono_us = app->env->mono_us,
		.wall_us = app->env->wall_us,
		.clock = app->env->self,
		.new_store_id = new_id,
		.batch_max = (size_t)app->config.store.batch_max,
		.queue_max = (size_t)app->config.store.queue_max,
		.min_free_bytes = app->config.store.min_free_bytes,
		.readers = (int)(app->config.http.workers + app->config.http.loops + app->config.people.bcrypt_threads + 4),
	};
	options.migrations = app_migrations(steps, MIGRATIONS_MAX, &options.migrations_count);
	options.image = app_store_image();
	return store_open(&options, &app->store, err);
}

static bool mail_of_people(void *self, struct db *db, const struct people_letter *letter, struct err *err)
{
	const struct app *app = self;
	const struct mail mail = {.to = letter->to, .subject = letter->subject, .text = letter->text};
	return mailer_put(app->mailer, db, letter->mail_id, letter->account_id, &mail, err);
}

static void mail_of_people_goes(void *self, const struct people_letter *letter)
{
	const struct app *app = self;
	const struct mail mail = {.to = letter->to, .subject = letter->subject, .text = letter->text};
	mailer_go(app->mailer, letter->mail_id, &mail);
}

static void open_people(struct app *app)
{
	app->audit = (struct audit){.env = app->env,
								.store_id = store_id(app->store),
								.stream = AUDIT_STREAM,
								.memory = audit_memory_new(app->store)};
	memcpy(app->audit.key, app->keys.installation, AUDIT_KEY);
	typeof(app->config.people) *c = &app->config.people;
	const struct people_options options = {
		.store = app->store,
		.env = app->env,
		.ids = &app->ids,
		.audit = &app->audit,
		.access_keys = app->keys.rings[KEY_OF_ACCESS],
		.master_key = app->keys.master,
		.issuer = app->config.public_url,
		.registration = (enum registration)c->registration,
		.require_verified_email = c->require_verified_email,
		.bcrypt_cost = (int)c->bcrypt_cost,
		.bcrypt_threads = (int)c->bcrypt_threads,
		.bcrypt_queue = c->bcrypt_queue,
		.access_ttl_s = c->access_ttl_s,
		.refresh_ttl_s = c->refresh_ttl_s,
		.session_max_s = c->session_max_s,
		.reset_ttl_s = c->reset_ttl_s,
		.verify_ttl_s = c->verify_ttl_s,
		.lock_failures = c->lock_failures,
		.lock_s = c->lock_s,
		.max_sessions = c->max_sessions,
		.password_min = (size_t)c->password_min,
		.mail = mail_of_people,
		.mailed = mail_of_people_goes,
		.mail_self = app,
	};
	app->people = people_open(&options);
}

bool app_secret(struct app *app, const char *name, const char **secret, struct err *err)
{
	return app_secret_read(name, &app->arena, secret, err);
}

bool app_secret_read(const char *name, struct arena *arena, const char **secret, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char line[SECRET_MAX + 2] = "";
	if (name == NULL)
		return true;
	if (strncmp(name, "cred:", 5) == 0)
		name = arena_printf(arena, "%s/%s", folder != NULL ? folder : "/run/credentials", name + 5);
	FILE *file = name != NULL ? fopen(name, "re") : NULL;
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot read the key in %s: %s", name, strerror(errno));
	bool read = fgets(line, sizeof line, file) != NULL;
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	if (!read || line[0] == '\0' || strlen(line) > SECRET_MAX)
		return err_set(err, ERR_IO, "the file %s holds no key of one line, at most %d bytes", name, SECRET_MAX);
	*secret = arena_dup(arena, line);
	return true;
}

static bool open_mailer(struct app *app, struct err *err)
{
	typeof(app->config.smtp) *c = &app->config.smtp;
	struct mailer_options options = {
		.store = app->store,
		.env = app->env,
		.ids = &app->ids,
		.audit = &app->audit,
		.master_key = app->keys.master,
		.folder = app->config.data,
		.server = {.url = c->url,
				   .from = c->from,
				   .tls = app->config.mode == MODE_PRODUCTION && c->url != NULL && !mail_is_here(c->url)}};
	if (!app_secret(app, c->password_file, &options.server.password, err))
		return false;
	app->mailer = mailer_new(&options);
	return true;
}

static void open_countersign(struct app *app)
{
	app->outbox = outbox_new(app->store, app->env, &app->ids, app->config.public_url);
	const struct countersign_options options = {.env = app->env,
												.ids = &app->ids,
												.audit = &app->audit,
												.outbox = app->outbox,
												.receipt_key = app_keys_current(&app->keys, KEY_OF_RECEIPTS),
												.issuer = app->config.public_url};
	app->countersign = countersign_new(&options);
}

static void open_agents(struct app *app)
{
	app->spending = spending_new(app->env);
	const struct agents_api_options options = {.store = app->store,
											   .env = app->env,
											   .ids = &app->ids,
											   .audit = &app->audit,
											   .outbox = app->outbox,
											   .packs = app->packs,
											   .exprs = app->exprs,
											   .vector_cache_bytes = app->config.flow.vector_cache_bytes,
											   .budget_hooks = spending_hooks(app->spending)};
	app->agents = agents_api_open(&options);
	spending_serve(app->spending, agents_budgets(app->agents), app->outbox);
}

/* The platform's own limits [trade.md 7]. */
static bool read_platform_profile(struct app *app, struct err *err)
{
	enum { PROFILE_FILE_MAX = 65536 };
	const char *path = app->config.trade.profile_file;
	const struct json *json;
	struct buf text;
	struct faults faults;
	if (path == NULL)
		return true;
	faults_init(&faults, &app->arena);
	buf_init(&text, PROFILE_FILE_MAX);
	struct risk_profile *limits = arena_new(&app->arena, struct risk_profile);
	bool read = (limits != NULL || err_set(err, ERR_LIMIT, "no memory")) &&
				cli_read(path, PROFILE_FILE_MAX, &text, err) &&
				json_parse(&app->arena, buf_text(&text), text.size, &json_body_limits, &json, err);
	if (read && !risk_profile_platform(json, &app->arena, limits, &faults))
		read = err_set(err, ERR_INVALID, "%s: %s %s (%zu faults)", path, faults.first->pointer, faults.first->message,
					   faults.count);
	buf_fini(&text);
	app->platform_profile = limits;
	return read;
}

static void open_trade(struct app *app)
{
	const struct trade_api_options options = {.store = app->store,
											  .env = app->env,
											  .ids = &app->ids,
											  .audit = &app->audit,
											  .outbox = app->outbox,
											  .countersign = app->countersign,
											  .packs = app->packs,
											  .charts = app->charts,
											  .master_key = app->keys.master,
											  .platform = app->platform_profile};
	app->trade = trade_api_open(&options);
}

static bool open_exprs(struct app *app, struct err *err)
{
	typeof(app->config.flow.expr) *c = &app->config.flow.expr;
	const struct expr_config config = {.helpers = (unsigned)c->helpers,
									   .cpu_ms = (unsigned)c->cpu_ms,
									   .wall_ms = 5 * (unsigned)c->cpu_ms,
									   .memory_bytes = (size_t)c->memory_bytes};
	return expr_open(&config, &app->exprs, err);
}

bool app_open(struct app *app, const struct cli *cli, struct err *err)
{
	*app = (struct app){.env = &app->clock.env};
	clock_init(&app->clock, env_real());
	arena_init(&app->arena, ARENA_REQUEST_CAP);
	if (!config_of_cli(cli, &app->arena, &app->config, NULL)) {
		arena_fini(&app->arena);
		return err_set(err, ERR_INVALID, "the configuration is not valid");
	}
	const struct log_options log = {.env = app->env,
									.level = (enum log_level)app->config.log.level,
									.format = (enum log_format)app->config.log.format};
	log_setup(&log);
	id_maker_init(&app->ids, app->env);
	app->started_us = env_mono_us(app->env);
	app_ops_init(&app->ops);
	if (!open_store(app, err) || !open_blobs(app, err) || !master_key_settle(app->store, app->config.data, err) ||
		!app_keys_open(app->config.data, app->env, app->config.people.access_ttl_s, &app->keys, err) ||
		!app_packs_open(&app->ops, app->config.packs.folder, &app->packs, err) || !open_exprs(app, err) ||
		!read_platform_profile(app, err)) {
		app_close(app);
		return false;
	}
	open_countersign(app);
	open_people(app);
	if (!app_clock_open(app, err) || !open_mailer(app, err)) {
		app_close(app);
		return false;
	}
	open_trade(app);
	open_agents(app);
	return true;
}

void app_close(struct app *app)
{
	people_stop(app->people);
	store_close(app->store); /* what was submitted is answered, and its guesses leave */
	workers_close(app->workers);
	countersign_free(app->countersign);
	events_close(app->events);
	outbox_free(app->outbox);
	audit_memory_free(app->audit.memory);
	people_close(app->people);
	mailer_free(app->mailer);
	trade_api_close(app->trade);
	circuits_free(app->notice_hosts);
	flow_api_close(app->flow);
	breakers_free(app->breakers);
	datum_unref(app->flow_secrets);
	agents_api_close(app->agents);
	spending_free(app->spending);
	expr_close(app->exprs);
	blobs_close(app->charts);
	blobs_close(app->quarantine);
	blobs_close(app->files);
	blobs_close(app->blobs);
	app_keys_close(&app->keys);
	packs_free(app->packs);
	id_maker_fini(&app->ids);
	arena_fini(&app->arena);
	*app = (struct app){.env = NULL};
}

struct op_context app_op_context(const struct app *app)
{
	return (struct op_context){
		.packs = app->packs, .exprs = app->exprs, .envelope = {.version = APP_VERSION, .git_sha = APP_GIT_SHA}};
}
