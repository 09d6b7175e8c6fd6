#include "app/app.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/chain_metrics.h"
#include "app/cli.h"
#include "app/events.h"
#include "app/files.h"
#include "app/flow_llm.h"
#include "app/flow_setup.h"
#include "app/health.h"
#include "app/mail.h"
#include "app/mailer.h"
#include "app/master_key.h"
#include "app/migrations.h"
#include "app/reload.h"
#include "app/routes.h"
#include "app/sign_setup.h"
#include "app/tickets.h"
#include "app/trade_notices.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "crypt/key.h"
#include "crypt/tls.h"
#include "expr/expr.h"
#include "flow/agents_api.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/flow_api.h"
#include "flow/health_metrics.h"
#include "flow/spending.h"
#include "http/front.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/workers.h"
#include "link/ready.h"
#include "people/dead_letters.h"
#include "people/idempotency.h"
#include "people/people.h"
#include "seal/countersign.h"
#include "seal/op.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "sign/sign_api.h"
#include "store/blob.h"
#include "store/store.h"
#include "trade/trade_api.h"
#include "version.h"

enum { SECRET_MAX = 1000, MIGRATIONS_MAX = 128, WORKER_QUEUE = 1024, REFRESH_TTL_S = 604800 };

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
											  .master_key = app->keys.master};
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
		!app_packs_open(&app->ops, app->config.packs.folder, &app->packs, err) || !open_exprs(app, err)) {
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

/* --- checkpoints --- */

struct checkpointing {
	struct app *app;
	struct checkpoint_made made;
};

static void sign_checkpoint(const struct key *key, const struct chain_checkpoint *checkpoint,
							struct checkpoint_made *made)
{
	struct buf statement;
	unsigned char signature[KEY_SIGNATURE_SIZE];
	buf_init(&statement, sizeof made->statement - 1);
	chain_checkpoint_write(&statement, checkpoint);
	must(buf_ok(&statement));
	key_sign(key, buf_text(&statement), statement.size, signature);
	hex_encode(made->signature, signature, sizeof signature);
	snprintf(made->statement, sizeof made->statement, "%s", buf_text(&statement));
	buf_fini(&statement);
}

static bool apply_checkpoint(struct db *db, void *self, struct err *err)
{
	struct checkpointing *c = self;
	const struct key *key = app_keys_current(&c->app->keys, KEY_OF_CHECKPOINTS);
	if (!audit_head(db, store_id(c->app->store), AUDIT_STREAM, &c->made.seq, c->made.hash, err))
		return false;
	const struct chain_checkpoint checkpoint = {
		.store_id = store_id(c->app->store),
		.stream = AUDIT_STREAM,
		.seq = c->made.seq,
		.hash = c->made.hash,
		.key_id = key_kid(key),
		.at_us = c->made.at_us,
	};
	sign_checkpoint(key, &checkpoint, &c->made);
	return audit_add_checkpoint(db, &checkpoint, c->made.statement, c->made.signature, err);
}

static bool write_copy(const struct checkpointing *c, struct err *err)
{
	const char *folder = c->app->config.audit.checkpoint_dir;
	if (folder == NULL)
		return true;
	char path[4096];
	snprintf(path, sizeof path, "%s/%s-%s-%012lld.json", folder, store_id(c->app->store), AUDIT_STREAM,
			 (long long)c->made.seq);
	FILE *file = fopen(path, "we");
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot write the checkpoint %s: %s", path, strerror(errno));
	fprintf(file, "{\"signature\":\"%s\",\"statement\":%s}\n", c->made.signature, c->made.statement);
	bool written = fflush(file) == 0 && fsync(fileno(file)) == 0;
	written = fclose(file) == 0 && written;
	return written || err_set(err, ERR_IO, "cannot write the checkpoint %s whole", path);
}

bool app_checkpoint(struct app *app, struct checkpoint_made *made, struct err *err)
{
	struct checkpointing c = {.app = app, .made = {.at_us = env_wall_us(app->env)}};
	if (!store_write(app->store, apply_checkpoint, &c, err) || !write_copy(&c, err))
		return false;
	if (made != NULL)
		*made = c.made;
	return true;
}

bool app_checkpoint_holds(void *self, const char *key_id, const char *statement, const char *signature)
{
	const struct app *app = self;
	unsigned char bytes[KEY_SIGNATURE_SIZE];
	size_t size;
	const struct key *key = ring_find(app->keys.rings[KEY_OF_CHECKPOINTS], key_id, env_wall_us(app->env));
	return key != NULL && hex_decode(signature, strlen(signature), bytes, sizeof bytes, &size) &&
		   key_verify(key, statement, strlen(statement), bytes, size);
}

/* --- serving --- */

static bool enter(void *self, struct exchange *x)
{
	const struct app *app = self;
	return idempotency_enter(app->idempotency, x);
}

static void access_line(void *self, const struct exchange *x, int status, int64_t duration_us)
{
	struct app *app = self;
	slots_drop(&app->uploads, x);
	idempotency_leave(x);
	routes_log(x, status, duration_us);
}

static struct proxies nets_of(struct app *app, const char *const *items, size_t count)
{
	struct net *nets = arena_array(&app->arena, count + 1, sizeof *nets);
	must(nets != NULL);
	for (size_t i = 0; i < count; i++)
		must(net_parse(items[i], &nets[i])); /* the configuration was checked */
	return (struct proxies){nets, count};
}

static struct proxies metrics_readers(struct app *app)
{
	static const char *const here[] = {"127.0.0.0/8", "::1"};
	typeof(app->config.http.metrics_allow) *list = &app->config.http.metrics_allow;
	return list->count > 0 ? nets_of(app, list->items, list->count) : nets_of(app, here, 2);
}

static void fill_service(struct app *app)
{
	struct service *s = &app->service;
	const struct config *c = &app->config;
	http_config_init(&s->config);
	s->config.loops = (unsigned)c->http.loops;
	s->config.max_connections = (size_t)c->http.max_connections;
	s->config.max_per_ip = (size_t)c->http.max_connections_per_ip;
	s->config.max_body_bytes = (size_t)c->http.max_body_bytes;
	s->config.header_timeout_ms = (int)c->http.header_timeout_s * 1000;
	s->config.body_timeout_ms = (int)c->http.body_timeout_s * 1000;
	s->config.keepalive_ms = (int)c->http.keepalive_s * 1000;
	s->config.deadline_ms = (int)c->http.deadline_s * 1000;
	s->config.drain_ms = (int)c->http.drain_s * 1000;
	s->config.check_answers = c->http.check_answers;
	s->config.gate = (struct gate_limits){.target_bytes = (size_t)c->http.max_target_bytes,
										  .header_bytes = (size_t)c->http.max_header_bytes,
										  .header_lines = (size_t)c->http.max_headers};
	s->config.proxies = nets_of(app, c->http.trusted_proxies.items, c->http.trusted_proxies.count);
	app->metrics_readers = metrics_readers(app);
	app->cors = (struct cors){c->cors.allow.items, c->cors.allow.count};
	s->config.cors = &app->cors;
	s->env = app->env;
	s->ids = &app->ids;
	s->router = app->router;
	s->workers = app->workers;
	s->metrics = app->http_metrics;
	s->hooks = (struct http_hooks){
		.self = app, .authorise = routes_authorise, .admit = routes_admit, .enter = enter, .finished = access_line};
	s->version = APP_VERSION;
	s->git_sha = APP_GIT_SHA;
	s->app = app;
}

size_t app_rate_classes(const struct config *config, struct rate_class classes[RATE_CLASSES_MAX])
{
	const typeof(config->rate) *c = &config->rate;
	const typeof(config->trade) *t = &config->trade;
	const struct rate_class all[] = {
		{"read", c->read_per_min, false, 0},
		{"write", c->write_per_min, false, 0},
		{"compute", c->compute_per_min, false, 0},
		{"auth", c->auth_per_min, true, 0},
		{"upload", c->upload_per_min, false, 0},
		/* trade.md 11 has these bursts as parts of its minutes */
		{"trade.producer", t->rate_producer_per_min, false, t->rate_producer_per_min / 5},
		{"trade.refused", t->rate_refused_per_min, true, t->rate_refused_per_min / 2},
		{"trade.approval", t->rate_approval_per_min, false, t->rate_approval_per_min / 3},
		{"trade.device", t->rate_device_per_min, false, t->rate_device_per_min / 5},
		{"trade.chart", t->rate_chart_per_min, false, t->rate_chart_per_min / 4},
		{"trade.share", t->rate_share_per_min, true, 0},
	};
	const size_t count = sizeof all / sizeof *all;
	_Static_assert(sizeof all / sizeof *all <= RATE_CLASSES_MAX, "one place each");
	for (size_t i = 0; i < count; i++)
		classes[i] = all[i];
	return count;
}

static void open_rates(struct app *app)
{
	struct rate_class classes[RATE_CLASSES_MAX];
	size_t count = app_rate_classes(&app->config, classes);
	app->rates = rates_new(classes, count, app->env);
	rates_change(app->rates, classes, count, app->config.rate.enabled);
}

/* [P-8.13] */
void app_warn_of_end(const struct app *app)
{
	enum { WARN_DAYS = 21, S_PER_DAY = 86400 };
	int64_t days = tls_left_s(app->tls) / S_PER_DAY;
	if (days < WARN_DAYS)
		log_warn("the certificate of TLS ends soon", log_int("days", days), log_str("file", app->config.http.tls_cert));
}

static bool open_tls(struct app *app, struct err *err)
{
	const struct config *c = &app->config;
	if (c->http.tls_cert == NULL)
		return true;
	if (!tls_open(c->http.tls_cert, c->http.tls_key, &app->tls, err))
		return false;
	app->service.tls = (struct http_tls){.session = tls_session, .end = tls_end, .self = app->tls};
	app_warn_of_end(app);
	return true;
}

static void open_events(struct app *app)
{
	const struct events_options options = {.store = app->store,
										   .env = app->env,
										   .outbox = app->outbox,
										   .people = app->people,
										   .max_streams = app->config.sse.max_streams,
										   .buffer_bytes = (size_t)app->config.sse.buffer_bytes};
	app->events = events_open(&options);
	app->tickets = tickets_new(app->env);
}

static bool listen_all(struct app *app, struct err *err)
{
	char control[4200];
	snprintf(control, sizeof control, "unix:%s/control.sock", app->config.data);
	if (!front_listen(app->front, control, err))
		return false;
	for (size_t i = 0; i < app->config.listen.count; i++)
		if (!front_listen(app->front, app->config.listen.items[i], err))
			return false;
	return true;
}

/* By the installation's key, so that it holds over an exchange of the master key. */
static void key_idempotency(const struct app *app)
{
	static const char purpose[] = "countersign/idempotency/v1";
	unsigned char key[SHA256_SIZE];
	hmac_sha256(app->keys.installation, sizeof app->keys.installation, purpose, sizeof purpose - 1, key);
	idempotency_use_key(app->idempotency, key);
	wipe(key, sizeof key);
}

bool app_assemble(struct app *app, struct err *err)
{
	app->router = router_new();
	app->metrics = metrics_new();
	open_events(app);
	if (!sign_setup(app, err) || !flow_setup(app, err))
		return false;
	app->health = health_open(app);
	app->dead_letters = dead_letters_new(app->store, app->keys.master);
	mailer_dead_letters(app->mailer, app->dead_letters);
	trade_dead_letters(app->trade, app->dead_letters);
	flow_dead_letters(app->flow, app->dead_letters);
	routes_add(app);
	app->http_metrics = http_metrics_new(app->metrics, app->router);
	health_metrics_add(app->metrics, app->store);
	flow_api_metrics(app->flow, app->metrics, app->models->cache);
	if (!chain_metrics_open(app->store, AUDIT_STREAM, app->metrics, &app->chain_metrics, err))
		return false;
	if (!workers_open(&app->workers, (unsigned)app->config.http.workers, WORKER_QUEUE, err))
		return false;
	fill_service(app);
	open_rates(app);
	app->idempotency = idempotency_new(app->store, app->env, app->config.idempotency.ttl_s * 1000000);
	key_idempotency(app);
	const struct trade_serving trade = trade_serving_of(app);
	trade_api_serve(app->trade, &trade);
	return true;
}

bool app_serve(struct app *app, struct err *err)
{
	if (!curl_ready(err) || !app_assemble(app, err) || !open_tls(app, err) ||
		!front_open(&app->front, &app->service, err) || !listen_all(app, err))
		return false;
	app->scanner = scanner_open(app);
	mailer_start(app->mailer);
	return front_start(app->front, err);
}

void app_stop(struct app *app)
{
	struct err err;
	atomic_store(&app->draining, true);
	trade_api_stop(app->trade);
	if (app->front != NULL)
		front_stop(app->front, app->service.config.drain_ms);
	workers_stop(app->workers); /* a write that is committed later is answered where it was written */
	people_stop(app->people);   /* logins that their clients gave up are hashed all the same, and end in the front */
	scanner_close(app->scanner);
	mailer_stop(app->mailer);
	if (!app_clock_keep(app, &err))
		log_error("the clock's mark could not be stored", log_str("why", err.message));
	if (app->front != NULL)
		front_close(app->front);
	events_stop(app->events); /* its streams have ended */
	tls_close(app->tls);
	health_close(app->health);
	dead_letters_free(app->dead_letters);
	flow_end(app); /* its runs' steps are the products' */
	sign_api_close(app->sign);
	rates_free(app->rates);
	reloads_free(app->reloads);
	tickets_free(app->tickets);
	idempotency_free(app->idempotency);
	http_metrics_free(app->http_metrics);
	chain_metrics_close(app->chain_metrics);
	metrics_free(app->metrics);
	router_free(app->router);
	char control[4200];
	snprintf(control, sizeof control, "%s/control.sock", app->config.data);
	unlink(control);
}
