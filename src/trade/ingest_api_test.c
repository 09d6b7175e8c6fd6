#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/id.h"
#include "core/json.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/loopback.h"
#include "http/rate.h"
#include "http/router.h"
#include "http/service.h"
#include "people/idempotency.h"
#include "people/principal.h"
#include "people/roles.h"
#include "people/users.h"
#include "seal/audit.h"
#include "seal/pack.h"
#include "store/store.h"
#include "trade/domain/signature.h"
#include "trade/ip_list.h"
#include "trade/trade.h"
#include "trade/trade_api.h"

enum { PAYLOAD_ROOM = 32768 - 8 }; /* what a text in {"a":""} may have */

extern const struct embedded embedded_migrations[];

/* A server of trade without sockets: its own store, a clock that stands still, two accounts. */
struct fixture {
	struct env_sim sim;
	struct id_maker ids;
	struct store *store;
	struct packs *packs;
	struct audit audit;
	struct trade_api *api;
	struct router *router;
	struct service service;
	struct idempotency *idempotency;
	struct rates *rates;
	struct loopback ask;
	struct arena arena;
	struct principal principals[2];
	int who;
	char folder[64];
	char producer[ID_TEXT], secret[64];
};

static struct fixture f;

#define START_US INT64_C(1736348400000000) /* 2025-01-08T15:00:00Z, a Wednesday */

static bool authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	(void)self;
	if (route->self_verified)
		return trade_signed(x, err);
	x->principal = &f.principals[f.who];
	return true;
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

/* As in the product, but for the numbers: tests must not send thousands. */
static const struct rate_class classes[] = {{"trade.producer", 600, false, 60}, {"trade.refused", 60, true, 5}};

static bool add_people(struct db *db, void *self, struct err *err)
{
	(void)self;
	for (int i = 0; i < 2; i++) {
		struct principal *p = &f.principals[i];
		*p = (struct principal){.kind = PRINCIPAL_PERSON, .roles = ROLE_OWNER};
		id_make(&f.ids, p->user_id);
		id_make(&f.ids, p->account_id);
		if (!account_insert(db, p->account_id, i == 0 ? "main" : "other", START_US, err))
			return false;
	}
	return true;
}

static void open_store(void)
{
	static struct store_migration steps[16];
	size_t count = 0;
	struct err err;
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++)
		steps[count++] = (struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	const struct store_options options = {.folder = f.folder,
										  .migrations = steps,
										  .migrations_count = count,
										  .sha256_hex = sha256_hex,
										  .mono_us = f.sim.env.mono_us,
										  .wall_us = f.sim.env.wall_us,
										  .clock = f.sim.env.self,
										  .new_store_id = "00000000-0000-7000-8000-000000000000",
										  .batch_max = 256,
										  .queue_max = 256,
										  .readers = 4};
	if (!store_open(&options, &f.store, &err))
		fail_msg("%s", err.message);
	f.audit = (struct audit){.env = &f.sim.env, .store_id = store_id(f.store), .stream = "main"};
	const struct trade_api_options api = {.store = f.store,
										  .env = &f.sim.env,
										  .ids = &f.ids,
										  .audit = &f.audit,
										  .packs = f.packs,
										  .master_key = (const unsigned char *)"0123456789abcdef0123456789abcdef"};
	f.api = trade_api_open(&api);
	f.idempotency = idempotency_new(f.store, &f.sim.env, 86400 * STAMP_US_PER_S);
	f.rates = rates_new(classes, sizeof classes / sizeof *classes, &f.sim.env);
	trade_api_serve(f.api, &(struct trade_serving){.idempotency = f.idempotency, .rates = f.rates});
	f.router = router_new();
	trade_add_routes(f.router, f.api);
	f.service.router = f.router;
}

static void close_store(void)
{
	store_close(f.store);
	idempotency_free(f.idempotency);
	rates_free(f.rates);
	trade_api_close(f.api);
	router_free(f.router);
}

static int set_up(void **state)
{
	(void)state;
	f = (struct fixture){.who = 0};
	env_sim_init(&f.sim, 11, START_US);
	id_maker_init(&f.ids, &f.sim.env);
	arena_init(&f.arena, 64 << 20);
	f.packs = packs_new(trade_pack_kinds, trade_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		assert_true(packs_add(f.packs, file->bytes, file->size, false, NULL));
	strcpy(f.folder, "/tmp/trade-XXXXXX");
	assert_non_null(mkdtemp(f.folder));
	f.service = (struct service){.env = &f.sim.env, .ids = &f.ids, .version = "1", .git_sha = "ab"};
	f.service.hooks = (struct http_hooks){.authorise = authorise, .enter = enter, .finished = finished};
	http_config_init(&f.service.config);
	open_store();
	assert_true(store_write(f.store, add_people, NULL, NULL));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	char command[128];
	loopback_fini(&f.ask);
	close_store();
	packs_free(f.packs);
	arena_fini(&f.arena);
	id_maker_fini(&f.ids);
	env_sim_fini(&f.sim);
	snprintf(command, sizeof command, "rm -rf %s", f.folder);
	return system(command);
}

/* --- asking --- */

static int ask(const char *method, const char *target, const char *body, const char *const *headers)
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

/* The member of the answer at names divided by dots; NULL when there is none. */
static const struct json *member(const char *path)
{
	const struct json *json;
	char names[128], *save = NULL;
	snprintf(names, sizeof names, "%s", path);
	assert_true(json_parse(&f.arena, f.ask.answer, f.ask.answer_size, &json_body_limits, &json, NULL));
	for (char *name = strtok_r(names, ".", &save); name != NULL; name = strtok_r(NULL, ".", &save))
		json = json_get(json, name);
	return json;
}

static const char *text(const char *path)
{
	const struct json *json = member(path);
	return json != NULL && json->kind == JS_STRING ? json->text : "";
}

static void must_answer(int status, const char *code)
{
	if (f.ask.status != status || strcmp(text("code"), code) != 0)
		fail_msg("%d %s", f.ask.status, f.ask.answer);
}

static void add_producer(const char *more)
{
	char body[512];
	snprintf(body, sizeof body, "{\"name\":\"demo\"%s}", more);
	assert_int_equal(ask("POST", "/api/v1/producers", body, NULL), 201);
	snprintf(f.producer, sizeof f.producer, "%s", text("result.id"));
	snprintf(f.secret, sizeof f.secret, "%s", text("result.secret"));
	assert_int_equal(strlen(f.secret), 43);
}

/* Parts of a signed request; NULL: the right ones. */
struct send {
	const char *target, *signed_target, *body, *signed_body, *producer, *secret, *type, *idle, *key;
	int64_t shift_us; /* of the timestamp */
};

static int64_t nonce; /* so that no two requests of a test are the same by chance */

static int post(struct send s)
{
	char stamp[STAMP_TEXT], signature[SIGNATURE_TEXT];
	const char *target = s.target != NULL ? s.target : "/api/v1/signals", *body = s.body;
	const char *secret = s.secret != NULL ? s.secret : f.secret,
			   *producer = s.producer != NULL ? s.producer : f.producer;
	const char *covered = s.signed_body != NULL ? s.signed_body : body;
	stamp_format(stamp, f.sim.wall_us + s.shift_us + (s.idle == NULL ? nonce++ : 0));
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

/* A good signal but for what is given: members that replace or follow the usual ones. */
static const char *signal_with(const char *price, const char *more)
{
	return arena_printf(&f.arena,
						"{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":%s,\"stop_loss\":1940.0,"
						"\"time\":\"2025-01-08T15:00:00.%06dZ\"%s}",
						price, (int)(nonce % 1000000), more);
}

/* --- tests --- */

static void a_signal_is_taken_in_and_sealed(void **state)
{
	(void)state;
	add_producer("");
	assert_int_equal(post((struct send){.body = "{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":1950.5,\"time\":"
												"\"2025-01-08T16:00:00+01:00\",\"external_id\":\"a-1\"}"}),
					 201);
	assert_string_equal(text("result.status"), "blocked"); /* no terminal has told of an account */
	assert_string_equal(text("result.risk.decision"), "refuse");
	assert_string_equal(text("result.instrument"), "XAUUSD");
	assert_string_equal(text("result.authenticity"), "hmac");
	char content[512], sha[SHA256_HEX_SIZE];
	int size =
		snprintf(content, sizeof content,
				 "{\"confidence\":null,\"expiry\":null,\"external_id\":\"a-1\",\"instrument\":\"XAUUSD\","
				 "\"order_type\":\"market\",\"payload\":{},\"price\":1950.5,\"producer_id\":\"%s\",\"reason\":\"\","
				 "\"side\":\"buy\",\"stop_loss\":null,\"take_profit\":null,"
				 "\"time\":\"2025-01-08T15:00:00.000000Z\",\"version\":\"1.0\",\"volume\":null}",
				 f.producer);
	sha256_hex(content, (size_t)size, sha);
	assert_string_equal(text("result.seal_sha256"), sha);
	char target[128];
	snprintf(target, sizeof target, "/api/v1/signals/%s", text("result.id"));
	assert_string_equal(loopback_header(&f.ask, "location"), target);
	assert_int_equal(ask("GET", target, NULL, NULL), 200);
	f.who = 1; /* another account */
	assert_int_equal(ask("GET", target, NULL, NULL), 404);
	assert_int_equal(ask("GET", "/api/v1/signals", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
	f.who = 0;
	assert_int_equal(ask("GET", "/api/v1/signals?instrument=XAUUSD&status=blocked", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 1);
}

static void what_is_not_signed_right_is_refused(void **state)
{
	(void)state;
	add_producer("");
	const char *body = signal_with("1950.5", "");
	assert_int_equal(ask("POST", "/api/v1/signals", body, NULL), 401);
	must_answer(401, "unauthenticated");
	post((struct send){.body = body, .secret = "another"});
	must_answer(401, "signature_invalid");
	post((struct send){.body = body, .signed_body = "{}"});
	must_answer(401, "signature_invalid");
	post((struct send){.body = body, .signed_target = "/api/v1/signals/ingest"});
	must_answer(401, "signature_invalid");
	post((struct send){.body = body, .target = "/api/v1/signals?x=1", .signed_target = "/api/v1/signals"});
	must_answer(401, "signature_invalid");
	post((struct send){.body = body, .producer = "00000000-0000-7000-8000-000000000001"});
	must_answer(401, "signature_invalid");
	assert_int_equal(post((struct send){.body = body, .target = "/api/v1/signals/ingest?x=1"}), 201);
}

static void the_clock_may_be_300_s_off(void **state)
{
	(void)state;
	add_producer("");
	const int64_t s = STAMP_US_PER_S;
	assert_int_equal(post((struct send){.body = signal_with("1950", ""), .shift_us = 300 * s, .idle = "yes"}), 201);
	nonce++;
	assert_int_equal(post((struct send){.body = signal_with("1950", ""), .shift_us = -300 * s, .idle = "yes"}), 201);
	post((struct send){.body = "{}", .shift_us = 300 * s + 1, .idle = "yes"});
	must_answer(401, "timestamp_skew");
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	post((struct send){.body = "{}", .shift_us = -300 * s - 1, .idle = "yes"});
	must_answer(401, "timestamp_skew");
}

static void a_signature_is_good_once(void **state)
{
	(void)state;
	add_producer("");
	const char *body = signal_with("1950", "");
	assert_int_equal(post((struct send){.body = body, .idle = "yes"}), 201);
	const char *id = text("result.id");
	post((struct send){.body = body, .idle = "yes"});
	must_answer(409, "replayed");
	assert_string_equal(text("signal_id"), id);
	close_store(); /* and after a restart */
	open_store();
	post((struct send){.body = body, .idle = "yes"});
	must_answer(409, "replayed");
	post((struct send){.body = "{\"side\":1}", .idle = "yes"});
	must_answer(422, "invalid");
	post((struct send){.body = "{\"side\":1}", .idle = "yes"}); /* refused, and spent all the same */
	must_answer(409, "replayed");
	assert_int_equal(member("signal_id") == NULL, 1);
	env_sim_advance(&f.sim, 601 * STAMP_US_PER_S);
	post((struct send){.body = body, .shift_us = -1});
	must_answer(409, "duplicate_signal");
	assert_string_equal(text("signal_id"), id);
}

/* [P-8.5] Signed anew, the same request with the same key is answered as before; also a refusal of the op. */
static void a_key_repeats_the_answer(void **state)
{
	(void)state;
	add_producer("");
	const char *body = signal_with("1950", "");
	assert_int_equal(post((struct send){.body = body, .key = "k-1"}), 201);
	const char *id = text("result.id");
	assert_int_equal(post((struct send){.body = body, .key = "k-1"}), 201);
	assert_string_equal(text("result.id"), id);
	assert_string_equal(loopback_header(&f.ask, "idempotency-replayed"), "true");
	post((struct send){.body = signal_with("1951", ""), .key = "k-1"});
	must_answer(422, "idempotency_mismatch");
	post((struct send){.body = body, .key = "k-2"});
	must_answer(409, "duplicate_signal");
	post((struct send){.body = body, .key = "k-2"});
	must_answer(409, "duplicate_signal");
	assert_string_equal(loopback_header(&f.ask, "idempotency-replayed"), "true");
	assert_string_equal(text("signal_id"), id);
	post((struct send){.body = body, .key = "k-1", .secret = "another"}); /* who cannot sign learns nothing */
	must_answer(401, "signature_invalid");
}

/* [P-8.5] What is kept for a repetition has no secret. */
static void a_kept_answer_has_no_secret(void **state)
{
	(void)state;
	static const char *const headers[] = {"content-type", "application/json", "idempotency-key", "p-1", NULL};
	assert_int_equal(ask("POST", "/api/v1/producers", "{\"name\":\"x\"}", headers), 201);
	const char *id = text("result.id");
	assert_int_equal(strlen(text("result.secret")), 43);
	assert_non_null(loopback_header(&f.ask, "location"));
	assert_int_equal(ask("POST", "/api/v1/producers", "{\"name\":\"x\"}", headers), 201);
	assert_string_equal(text("result.id"), id);
	assert_int_equal(member("result.secret")->kind, JS_NULL);
	assert_int_equal(member("result.webhook_secret")->kind, JS_NULL);
}

static void a_producer_has_its_rate(void **state)
{
	(void)state;
	add_producer("");
	for (int i = 0; i < 60; i++)
		assert_int_equal(post((struct send){.body = "{}"}), 422);
	post((struct send){.body = "{}"});
	must_answer(429, "rate_limited");
	env_sim_advance(&f.sim, STAMP_US_PER_S / 10);
	assert_int_equal(post((struct send){.body = "{}"}), 422);
	for (int i = 0; i < 5; i++)
		assert_int_equal(post((struct send){.body = "{}", .secret = "another"}), 401);
	post((struct send){.body = "{}", .secret = "another"});
	must_answer(429, "rate_limited");
}

static void a_signal_is_there_once(void **state)
{
	(void)state;
	add_producer("");
#define AT "\"time\":\"2025-01-08T15:00:00Z\""
	const char *const rows[][2] = {
		{"{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":1950," AT ",\"external_id\":\"x\"}", "201"},
		{"{\"instrument\":\"XAUUSD\",\"side\":\"buy\",\"price\":1951," AT "}", "409"},
		{"{\"instrument\":\"GOLD\",\"side\":\"sell\",\"price\":1950," AT "}", "201"},
		{"{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":1950," AT ",\"version\":\"1.1\"}", "201"},
		{"{\"instrument\":\"EURUSD\",\"side\":\"buy\",\"price\":1," AT ",\"external_id\":\"x\"}", "409"},
		{"{\"instrument\":\"EURUSD\",\"side\":\"buy\",\"price\":1," AT ",\"external_id\":\"y\"}", "201"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (post((struct send){.body = rows[i][0]}) != atoi(rows[i][1]))
			fail_msg("%s: %d %s", rows[i][0], f.ask.status, f.ask.answer);
}

static bool names(const char *pointer, const char *code)
{
	const struct json *errors = member("errors");
	for (uint32_t i = 0; errors != NULL && i < errors->count; i++)
		if (strcmp(json_text(&errors->items[i], "pointer"), pointer) == 0 &&
			strcmp(json_text(&errors->items[i], "code"), code) == 0)
			return true;
	return false;
}

static void each_field_has_its_bounds(void **state)
{
	(void)state;
	add_producer(",\"instruments\":[\"GOLD\",\"EURUSD\"]");
	static const struct {
		const char *price, *more, *pointer, *code; /* pointer NULL: taken */
	} rows[] = {
		{"1950.55", "", NULL, NULL},
		{"1950.555", "", "/price", "price_precision"},
		{"0", "", "/price", "range"},
		{"1000000", "", "/price", "range"},
		{"\"1950\"", "", "/price", "type"},
		{"true", "", "/price", "type"},
		{"1950", ",\"entry_price\":1950", "/entry_price", "conflict"},
		{"1939", "", "/stop_loss", "stop_side"},
		{"1940.05", "", "/stop_loss", "min_stop_points"},
		{"1940.1", "", NULL, NULL},
		{"1950", ",\"take_profit\":1949", "/take_profit", "target_side"},
		{"1950", ",\"volume\":0.015", "/volume", "step"},
		{"1950", ",\"volume\":100", NULL, NULL},
		{"1950", ",\"volume\":100.01", "/volume", "range"},
		{"1950", ",\"volume\":0", "/volume", "range"},
		{"1950", ",\"confidence\":1.01", "/confidence", "range"},
		{"1950", ",\"version\":\"1.0.0.0.0\"", "/version", "format"},
		{"1950", ",\"external_id\":\"a b\"", "/external_id", "format"},
		{"1950", ",\"payload\":[]", "/payload", "type"},
		{"1950", ",\"expiry\":\"2025-01-08T15:00:04Z\"", "/expiry", "expiry_range"},
		{"1950", ",\"expiry\":\"2025-01-08T15:00:05Z\"", NULL, NULL},
		{"1950", ",\"expiry\":\"2025-01-12T19:00:00Z\"", NULL, NULL},
		{"1950", ",\"expiry\":\"2025-01-12T19:00:01Z\"", "/expiry", "expiry_range"},
		{"1950", ",\"nonsense\":1", "/nonsense", "unknown_field"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = post((struct send){.body = signal_with(rows[i].price, rows[i].more)});
		if (rows[i].pointer == NULL ? status != 201 : status != 422 || !names(rows[i].pointer, rows[i].code))
			fail_msg("%s%s: %d %s", rows[i].price, rows[i].more, status, f.ask.answer);
	}
	post((struct send){.body = "{\"instrument\":\"SILVER\",\"side\":\"buy\",\"price\":30,"
							   "\"time\":\"2025-01-08T15:05:00.1Z\"}"});
	assert_true(names("/instrument", "not_allowed") && names("/time", "time_future"));
	post((struct send){
		.body = "{\"instrument\":\"gold\",\"side\":\"buy\",\"price\":30,\"time\":\"2025-01-08T13:59:59Z\"}"});
	assert_true(names("/instrument", "format") && names("/time", "time_stale"));
	assert_int_equal(ask("GET", "/api/v1/signals/refused?limit=200", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 21);
}

static void what_is_no_signal_is_refused_by_form(void **state)
{
	(void)state;
	add_producer("");
	post((struct send){.body = "{\"a\":1,\"a\":2}"});
	must_answer(400, "json_invalid");
	post((struct send){.body = "[]"});
	must_answer(400, "json_invalid");
	post((struct send){.body = "{}", .type = "text/plain"});
	must_answer(415, "media_type");
	char *big = arena_alloc(&f.arena, 40000);
	memset(big, 'x', PAYLOAD_ROOM);
	post((struct send){.body = signal_with("1950", arena_printf(&f.arena, ",\"payload\":{\"a\":\"%s\"}", big))});
	assert_int_equal(f.ask.status, 201);
	big[PAYLOAD_ROOM] = 'x';
	post((struct send){.body = signal_with("1950", arena_printf(&f.arena, ",\"payload\":{\"a\":\"%s\"}", big))});
	must_answer(413, "payload_too_large");
}

static void a_rotated_secret_overlaps(void **state)
{
	(void)state;
	add_producer("");
	char old[64], target[128];
	strcpy(old, f.secret);
	snprintf(target, sizeof target, "/api/v1/producers/%s/rotate", f.producer);
	assert_int_equal(ask("POST", target, "{\"overlap_seconds\":60}", NULL), 200);
	snprintf(f.secret, sizeof f.secret, "%s", text("result.secret"));
	assert_string_not_equal(old, f.secret);
	assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 201);
	assert_int_equal(post((struct send){.body = signal_with("1950", ""), .secret = old}), 201);
	target[strlen(target) - strlen("/rotate")] = '\0';
	assert_int_equal(ask("GET", target, NULL, NULL), 200);
	assert_int_equal(member("result.old_secret_uses")->integer, 1);
	assert_null(strstr(f.ask.answer, f.secret));
	env_sim_advance(&f.sim, 60 * STAMP_US_PER_S);
	post((struct send){.body = signal_with("1950", ""), .secret = old});
	must_answer(401, "signature_invalid");
	assert_int_equal(ask("PATCH", target, "{\"enabled\":false}", NULL), 200);
	post((struct send){.body = signal_with("1950", "")});
	must_answer(401, "signature_invalid");
	assert_int_equal(ask("DELETE", target, NULL, NULL), 204);
	assert_int_equal(ask("GET", target, NULL, NULL), 404);
}

static void only_listed_addresses_may_call(void **state)
{
	(void)state;
	add_producer(",\"ip_allow\":[\"192.0.2.0/24\"]");
	post((struct send){.body = signal_with("1950", "")});
	must_answer(401, "signature_invalid");
	f.ask.peer = "192.0.2.77";
	assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 201);
	f.ask.peer = NULL;
	assert_int_equal(ask("POST", "/api/v1/producers", "{\"name\":\"x\",\"ip_allow\":[\"192.0.2.0/33\"]}", NULL), 422);
	assert_true(ip_list_entry_holds("2001:db8::/32", "2001:db8:1::2") && ip_list_entry_holds("::/0", "192.0.2.1"));
	assert_false(ip_list_entry_holds("2001:db8::/32", "2001:db9::") || ip_list_entry_holds("192.0.2.1", "192.0.2.2"));
}

static void standard_webhooks(void **state)
{
	(void)state;
	add_producer(",\"kind\":\"standard_webhook\"");
	const char *body = signal_with("1950", "");
	char signature[SIGNATURE_TEXT], list[128];
	const struct canonical canonical = signature_webhook(&f.arena, "msg_1", "1736348400", body, strlen(body));
	signature_make(f.secret, strlen(f.secret), canonical, signature);
	snprintf(list, sizeof list, "v1,AAAA v1,%s", signature);
	char target[128];
	snprintf(target, sizeof target, "/api/v1/signals?producer=%s", f.producer);
	const char *const headers[] = {"content-type", "application/json",  "webhook-id", "msg_1", "webhook-timestamp",
								   "1736348400",   "webhook-signature", list,         NULL};
	assert_int_equal(ask("POST", target, body, headers), 201);
	assert_string_equal(text("result.authenticity"), "standard_webhook");
	assert_int_equal(ask("POST", target, body, headers), 409);
	must_answer(409, "replayed");
	const char *const both[] = {"webhook-id", "m",           "webhook-timestamp",    "1736348400", "webhook-signature",
								list,         "x-timestamp", "2025-01-08T15:00:00Z", NULL};
	ask("POST", target, body, both);
	must_answer(401, "unauthenticated");
}

static void a_signal_can_be_cancelled_once(void **state)
{
	(void)state;
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 201);
	char target[128];
	snprintf(target, sizeof target, "/api/v1/signals/%s/cancel", text("result.id"));
	assert_int_equal(ask("POST", target, "{}", NULL), 422);
	assert_int_equal(ask("POST", target, "{\"reason\":\"wrong\"}", NULL), 200);
	assert_string_equal(text("result.status"), "cancelled");
	ask("POST", target, "{\"reason\":\"again\"}", NULL);
	must_answer(409, "transition_refused");
}

static void the_chain_is_sound(void **state)
{
	(void)state;
	struct audit_report report;
	a_signal_is_there_once(NULL);
	struct db *db = store_read(f.store);
	assert_true(audit_verify(db, store_id(f.store), NULL, NULL, &report, NULL));
	store_read_end(f.store, db);
	assert_true(report.sound && report.rows == 11); /* producer, four signals created and blocked, two refused */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_signal_is_taken_in_and_sealed),
		TEST(what_is_not_signed_right_is_refused),
		TEST(the_clock_may_be_300_s_off),
		TEST(a_signature_is_good_once),
		TEST(a_key_repeats_the_answer),
		TEST(a_kept_answer_has_no_secret),
		TEST(a_producer_has_its_rate),
		TEST(a_signal_is_there_once),
		TEST(each_field_has_its_bounds),
		TEST(what_is_no_signal_is_refused_by_form),
		TEST(a_rotated_secret_overlaps),
		TEST(only_listed_addresses_may_call),
		TEST(standard_webhooks),
		TEST(a_signal_can_be_cancelled_once),
		TEST(the_chain_is_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
