/* The HTTP side of the server: from what app_open gave to a front that listens, and back. */
#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "app/chain_metrics.h"
#include "app/events.h"
#include "app/files.h"
#include "app/flow_llm.h"
#include "app/flow_setup.h"
#include "app/health.h"
#include "app/mailer.h"
#include "app/reload.h"
#include "app/routes.h"
#include "app/sign_setup.h"
#include "app/tickets.h"
#include "app/trade_notices.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "crypt/key.h"
#include "crypt/tls.h"
#include "flow/flow_api.h"
#include "flow/health_metrics.h"
#include "http/front.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/workers.h"
#include "link/ready.h"
#include "people/dead_letters.h"
#include "people/idempotency.h"
#include "people/people.h"
#include "sign/sign_api.h"
#include "trade/trade_api.h"
#include "version.h"

enum { WORKER_QUEUE = 1024 };

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
	s->hooks = (struct http_hooks){.self = app,
								   .authorise = routes_authorise,
								   .admit = routes_admit,
								   .astray = routes_astray,
								   .enter = enter,
								   .finished = access_line};
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
