#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embedded.h"
#include "core/err.h"
#include "core/json.h"
#include "core/scratch.h"
#include "core/stamp.h"
#include "crypt/key.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "http/router.h"
#include "people/idempotency.h"
#include "people/people.h"
#include "people/roles.h"
#include "people/users.h"
#include "seal/countersign.h"
#include "seal/fixture.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "store/blob.h"
#include "store/store.h"
#include "trade/accounts.h"
#include "trade/desk_fixture.h"
#include "trade/domain/signature.h"
#include "trade/trade.h"
#include "trade/trade_api.h"

struct desk_fixture f;
int64_t desk_nonce;

static const unsigned roles[DESK_PEOPLE] = {
	[OWNER] = ROLE_OWNER,  [STRANGER] = ROLE_OWNER, [ANN] = ROLE_APPROVER,  [BOB] = ROLE_APPROVER,
	[CAT] = ROLE_APPROVER, [TRADER] = ROLE_TRADER,  [VIEWER] = ROLE_VIEWER, [RISK_OWNER] = ROLE_RISK_OWNER};

/* As the product does it, with the people of the fixture in place of tokens. */
static bool authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	const char *who = exchange_header(x, "x-who");
	(void)self;
	if (route->self_verified)
		return trade_signed(x, err);
	struct principal *principal = &f.principals[who != NULL ? atoi(who) : f.who];
	x->principal = principal;
	return principal_may(principal, route->permission) ||
		   err_set(err, ERR_FORBIDDEN, "This needs the permission %s.", route->permission);
}

static void astray(void *self, struct exchange *x)
{
	(void)self;
	trade_astray(x);
}

static bool enter(void *self, struct exchange *x)
{
	(void)self;
	return idempotency_enter(f.idempotency, x);
}

static void finished(void *self, const struct exchange *x, int status, int64_t duration_us)
{
	(void)self;
	(void)status;
	(void)duration_us;
	idempotency_leave(x);
}

/* What a client is not told is what a failing test needs. */
static void failed(void *self, const struct exchange *x, const struct err *err)
{
	(void)self;
	fprintf(stderr, "%s: %s (%s:%d)\n", x->path, err->message, err->file, err->line);
}

/* As in the product, but for the numbers: tests must not send thousands. */
static const struct rate_class classes[] = {{"trade.producer", 600, false, 60}, {"trade.refused", 60, true, 5}};

static bool add_people(struct db *db, void *self, struct err *err)
{
	(void)self;
	for (int i = 0; i < DESK_PEOPLE; i++) {
		struct principal *p = &f.principals[i];
		*p = (struct principal){.kind = PRINCIPAL_PERSON, .roles = roles[i]};
		id_make(&f.ids, p->user_id);
		if (i <= STRANGER)
			id_make(&f.ids, p->account_id);
		else
			memcpy(p->account_id, f.principals[OWNER].account_id, ID_TEXT);
		const struct user user = {.user_id = p->user_id,
								  .account_id = p->account_id,
								  .email = p->user_id,
								  .email_norm = p->user_id,
								  .roles = p->roles,
								  .status = USER_ACTIVE,
								  .created_us = DESK_START_US};
		if ((i <= STRANGER && !account_insert(db, p->account_id, i == OWNER ? "main" : "other", DESK_START_US, err)) ||
			!user_insert(db, &user, err))
			return false;
	}
	return true;
}

static void open_api(void)
{
	f.audit = (struct audit){
		.env = &f.sim.env, .store_id = store_id(f.store), .stream = "main", .memory = audit_memory_new(f.store)};
	f.outbox = outbox_new(f.store, &f.sim.env, &f.ids, "https://cs.test");
	const struct countersign_options signing = {.env = &f.sim.env,
												.ids = &f.ids,
												.audit = &f.audit,
												.outbox = f.outbox,
												.receipt_key = f.key,
												.issuer = "https://cs.test"};
	f.countersign = countersign_new(&signing);
	const struct trade_api_options api = {.store = f.store,
										  .env = &f.sim.env,
										  .ids = &f.ids,
										  .audit = &f.audit,
										  .outbox = f.outbox,
										  .countersign = f.countersign,
										  .packs = f.packs,
										  .charts = f.charts,
										  .master_key = (const unsigned char *)"0123456789abcdef0123456789abcdef"};
	f.api = trade_api_open(&api);
	f.idempotency = idempotency_new(f.store, &f.sim.env, 86400 * STAMP_US_PER_S);
	f.rates = rates_new(classes, sizeof classes / sizeof *classes, &f.sim.env);
	trade_api_serve(f.api, &(struct trade_serving){.idempotency = f.idempotency, .rates = f.rates});
	f.router = router_new();
	trade_add_routes(f.router, f.api);
	f.service.router = f.router;
}

static void open_store(void)
{
	f.store = fixture_store(f.folder, &f.sim.env);
	assert_true(blobs_open(&(struct blobs_options){.folder = f.folder}, &f.charts, NULL));
	open_api();
}

static void close_store(void)
{
	trade_api_stop(f.api);
	store_close(f.store);
	idempotency_free(f.idempotency);
	rates_free(f.rates);
	trade_api_close(f.api);
	blobs_close(f.charts);
	countersign_free(f.countersign);
	outbox_free(f.outbox);
	audit_memory_free(f.audit.memory);
	router_free(f.router);
}

void desk_restart(void)
{
	close_store();
	open_store();
}

int desk_set_up(void **state)
{
	(void)state;
	f = (struct desk_fixture){.who = OWNER};
	env_sim_init(&f.sim, 11, DESK_START_US);
	id_maker_init(&f.ids, &f.sim.env);
	arena_init(&f.arena, 64 << 20);
	f.packs = packs_new(trade_pack_kinds, trade_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		assert_true(packs_add(f.packs, file->bytes, file->size, false, NULL));
	f.key = key_new(KEY_ES256, &f.sim.env);
	assert_true(scratch_make(f.folder, "trade", NULL));
	f.service = (struct service){.env = &f.sim.env, .ids = &f.ids, .version = "1", .git_sha = "ab"};
	f.service.hooks = (struct http_hooks){
		.authorise = authorise, .astray = astray, .enter = enter, .failed = failed, .finished = finished};
	http_config_init(&f.service.config);
	f.service.config.check_answers = true;
	open_store();
	struct err err;
	if (!store_write(f.store, add_people, NULL, &err))
		fail_msg("%s", err.message);
	return 0;
}

int desk_tear_down(void **state)
{
	(void)state;
	loopback_fini(&f.ask);
	close_store();
	key_free(f.key);
	packs_free(f.packs);
	arena_fini(&f.arena);
	id_maker_fini(&f.ids);
	env_sim_fini(&f.sim);
	scratch_remove(f.folder);
	return 0;
}

/* --- asking --- */

int ask(const char *method, const char *target, const char *body, const char *const *headers)
{
	static const char *const json[] = {"content-type", "application/json", NULL};
	f.ask.method = method;
	f.ask.target = target;
	f.ask.body = body;
	f.ask.body_size = body != NULL ? strlen(body) : 0;
	f.ask.headers = headers != NULL ? headers : body != NULL ? json : NULL;
	loopback_ask(&f.service, &f.ask);
	return f.ask.status;
}

int askf(const char *method, const char *body, const char *format, ...)
{
	char target[512];
	va_list args;
	va_start(args, format);
	vsnprintf(target, sizeof target, format, args);
	va_end(args);
	return ask(method, target, body, NULL);
}

int desk_ask_as(int who, const char *method, const char *target, const char *body, struct loopback *loopback)
{
	char name[16];
	snprintf(name, sizeof name, "%d", who);
	const char *const headers[] = {"x-who", name, body != NULL ? "content-type" : NULL, "application/json", NULL};
	loopback->method = method;
	loopback->target = target;
	loopback->body = body;
	loopback->body_size = body != NULL ? strlen(body) : 0;
	loopback->headers = headers;
	loopback_ask(&f.service, loopback);
	loopback->headers = NULL;
	return loopback->status;
}

const struct json *member(const char *path)
{
	const struct json *json;
	assert_true(json_parse(&f.arena, f.ask.answer, f.ask.answer_size, &json_body_limits, &json, NULL));
	return fixture_path(json, path);
}

const char *text(const char *path)
{
	const struct json *json = member(path);
	return json != NULL && json->kind == JS_STRING ? json->text : "";
}

double number(const char *path)
{
	const struct json *json = member(path);
	return json != NULL && json_numeric(json) ? json_number(json) : NAN;
}

void must_answer(int status, const char *code)
{
	if (f.ask.status != status || strcmp(text("code"), code) != 0)
		fail_msg("not %d %s: %d %s", status, code, f.ask.status, f.ask.answer);
}

bool names_fault(const char *pointer, const char *code)
{
	const struct json *errors = member("errors");
	for (uint32_t i = 0; errors != NULL && i < errors->count; i++)
		if (strcmp(json_text(&errors->items[i], "pointer"), pointer) == 0 &&
			strcmp(json_text(&errors->items[i], "code"), code) == 0)
			return true;
	return false;
}

/* --- signals --- */

void add_producer(const char *more)
{
	char body[512];
	snprintf(body, sizeof body, "{\"name\":\"demo\"%s}", more);
	assert_int_equal(ask("POST", "/api/v1/producers", body, NULL), 201);
	snprintf(f.producer, sizeof f.producer, "%s", text("result.id"));
	snprintf(f.secret, sizeof f.secret, "%s", text("result.secret"));
	assert_int_equal(strlen(f.secret), 43);
}

int post(struct send s)
{
	char stamp[STAMP_TEXT], signature[SIGNATURE_TEXT];
	const char *target = s.target != NULL ? s.target : "/api/v1/signals", *body = s.body;
	const char *secret = s.secret != NULL ? s.secret : f.secret,
			   *producer = s.producer != NULL ? s.producer : f.producer;
	const char *covered = s.signed_body != NULL ? s.signed_body : body;
	stamp_format(stamp, f.sim.wall_us + s.shift_us + (s.idle == NULL ? desk_nonce++ : 0));
	const struct canonical canonical =
		signature_producer(&f.arena, "POST", s.signed_target != NULL ? s.signed_target : target, stamp, producer,
						   covered, strlen(covered));
	signature_make(secret, strlen(secret), canonical, signature);
	const char *const headers[] = {"content-type",
								   s.type != NULL ? s.type : "application/json",
								   "x-producer-id",
								   producer,
								   "x-timestamp",
								   stamp,
								   "x-signature",
								   signature,
								   s.key != NULL ? "idempotency-key" : NULL,
								   s.key,
								   NULL};
	return ask("POST", target, body, headers);
}

const char *signal_with(const char *price, const char *more)
{
	char stamp[STAMP_TEXT];
	stamp_format(stamp, f.sim.wall_us + desk_nonce % 1000000);
	return arena_printf(&f.arena,
						"{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":%s,\"stop_loss\":1940.0,"
						"\"time\":\"%s\"%s}",
						price, stamp, more);
}

/* --- terminals --- */

void add_device(const char *name)
{
	char body[256];
	f.who = OWNER;
	snprintf(body, sizeof body, "{\"name\":\"%s\"}", name);
	if (ask("POST", "/api/v1/devices/register", body, NULL) != 201)
		fail_msg("%s", f.ask.answer);
	snprintf(f.device, sizeof f.device, "%s", text("result.id"));
	snprintf(f.device_secret, sizeof f.device_secret, "%s", text("result.secret"));
	assert_int_equal(strlen(f.device_secret), 43);
}

int device_ask(struct device_send s)
{
	static int count;
	char stamp[STAMP_TEXT], nonce[32], signature[SIGNATURE_TEXT];
	const char *method = s.method != NULL ? s.method : s.body != NULL ? "POST" : "GET";
	const char *covered = s.signed_body != NULL ? s.signed_body : s.body != NULL ? s.body : "";
	const char *target = s.signed_target != NULL ? s.signed_target : s.target;
	const char *device = s.device != NULL ? s.device : f.device;
	const char *secret = s.secret != NULL ? s.secret : f.device_secret;
	snprintf(nonce, sizeof nonce, "n-%d", ++count);
	if (s.nonce == NULL)
		s.nonce = nonce;
	stamp_format(stamp, f.sim.wall_us + s.shift_us);
	const struct canonical canonical =
		signature_device(&f.arena, method, target, covered, strlen(covered), device, s.nonce, stamp);
	signature_make(secret, strlen(secret), canonical, signature);
	const char *const headers[] = {"x-device-id",
								   device,
								   "x-nonce",
								   s.nonce,
								   "x-timestamp",
								   stamp,
								   "x-signature",
								   signature,
								   "content-type",
								   "application/json",
								   s.if_none_match != NULL ? "if-none-match" : NULL,
								   s.if_none_match,
								   NULL};
	return ask(method, s.target, s.body, headers);
}

void approved_signal(const char *volume)
{
	char more[64], body[256];
	f.who = OWNER;
	if (f.producer[0] == '\0')
		add_producer("");
	snprintf(more, sizeof more, ",\"volume\":%s", volume);
	if (post((struct send){.body = signal_with("1950.0", more)}) != 201 ||
		strcmp(text("result.status"), "pending") != 0)
		fail_msg("%s", f.ask.answer);
	snprintf(f.signal_id, sizeof f.signal_id, "%s", text("result.id"));
	f.who = ANN;
	snprintf(body, sizeof body, "{\"signal_id\":\"%s\",\"decision\":\"approved\",\"consent_version\":1}", f.signal_id);
	if (ask("POST", "/api/v1/approvals", body, NULL) != 201)
		fail_msg("%s", f.ask.answer);
	snprintf(f.approval_id, sizeof f.approval_id, "%s", text("result.id"));
	f.who = OWNER;
}

/* --- the broker's side --- */

static bool tell_account(struct db *db, void *self, struct err *err)
{
	const struct principal *owner = &f.principals[OWNER];
	const double *equity = self;
	struct trading_account account = {
		.trading_account_id = DESK_ACCOUNT,
		.account_id = owner->account_id,
		.owner_id = owner->user_id,
		.login = "1001",
		.broker = "Broker",
		.server = "Live",
		.name = "",
		.symbol_map = "{}",
		.primary = true,
		.currency = "USD",
		.leverage = 100,
		.balance = 10000,
		.equity = *equity,
		.margin = 0,
		.free_margin = *equity,
		.trade_allowed = true,
		.peak_equity = 10000,
		.day = stamp_day_of(f.sim.wall_us),
		.day_start_equity = 10000,
		.taken_us = f.sim.wall_us,
		.last_snapshot_us = f.sim.wall_us,
		.verified_us = f.sim.wall_us,
		.created_us = f.sim.wall_us,
		.updated_us = f.sim.wall_us,
	};
	const struct quote quote = {"XAUUSD", 1949.9, 1950.1, 1950, 1949, f.sim.wall_us};
	return (trading_account_insert(db, &account, err) || err->kind == ERR_DUPLICATE) &&
		   trading_account_update(db, &account, err) && quote_put(db, account.trading_account_id, &quote, err);
}

void desk_broker(double equity)
{
	struct err err;
	if (!store_write(f.store, tell_account, &equity, &err))
		fail_msg("%s", err.message);
}

void set_profile(const char *body)
{
	assert_int_equal(ask("GET", "/api/v1/risk/profile", NULL, NULL), 200);
	const char *etag = arena_dup(&f.arena, loopback_header(&f.ask, "etag"));
	const char *const headers[] = {"content-type", "application/json", "if-match", etag, NULL};
	if (ask("PUT", "/api/v1/risk/profile", body, headers) != 200)
		fail_msg("%s", f.ask.answer);
}

/* --- the store --- */

static bool run_sql(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, self);
}

void desk_sql(const char *sql)
{
	struct err err;
	char *text_of = strdup(sql);
	bool done = store_write(f.store, run_sql, text_of, &err);
	free(text_of);
	if (!done)
		fail_msg("%s: %s", sql, err.message);
}

void desk_pass(int64_t us)
{
	struct err err;
	bool due;
	env_sim_advance(&f.sim, us);
	assert_true(trade_due(f.api, &due, &err));
	if (due && !store_write(f.store, trade_work, f.api, &err))
		fail_msg("%s", err.message);
	desk_sql("UPDATE producers SET old_uses = old_uses"); /* behind the ops that trade_due queued */
}

int64_t desk_count(const char *sql)
{
	return seal_fixture_number(f.store, sql);
}

void chain_is_sound(int64_t rows)
{
	struct audit_report report;
	struct db *db = store_read(f.store);
	assert_true(audit_verify(db, store_id(f.store), NULL, NULL, &report, NULL));
	store_read_end(f.store, db);
	assert_true(report.sound);
	if (rows >= 0)
		assert_int_equal(report.rows, rows);
}
