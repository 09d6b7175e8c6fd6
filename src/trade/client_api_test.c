#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/json.h"
#include "core/stamp.h"
#include "crypt/aead.h"
#include "http/metrics.h"
#include "store/store.h"
#include "trade/desk_fixture.h"
#include "trade/trade_api.h"

#define S STAMP_US_PER_S
#define POLL "/api/v1/client/poll"
#define ACK "/api/v1/client/ack"

static int poll(const char *query)
{
	char target[128];
	snprintf(target, sizeof target, POLL "%s", query);
	return device_ask((struct device_send){.target = target});
}

static const char *ack_body(const char *more)
{
	return arena_printf(&f.arena, "{\"approval_id\":\"%s\"%s}", f.approval_id, more);
}

#define PLACED ",\"status\":\"placed\",\"broker_ticket\":\"501\",\"fill_price\":1950.2"

static int ack(const char *more)
{
	return device_ask((struct device_send){.target = ACK, .body = ack_body(more)});
}

static const char *signal_status(void)
{
	f.who = OWNER;
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", f.signal_id), 200);
	return text("result.status");
}

static void devices_are_registered(void **state)
{
	(void)state;
	add_device("desk 1");
	assert_int_equal(member("result.trading_account_id")->kind, JS_NULL);
	ask("POST", "/api/v1/devices/register", "{\"name\":\"desk 1\"}", NULL);
	must_answer(409, "duplicate");
	assert_null(strstr(f.ask.answer, "UNIQUE"));
	desk_broker(10000);
	add_device("desk 2");
	assert_string_equal(text("result.trading_account_id"), DESK_ACCOUNT); /* the owner's primary */
	assert_int_equal(poll(""), 200);
	assert_int_equal(ask("GET", "/api/v1/devices", NULL, NULL), 200);
	assert_true(member("result.items.0.online")->boolean && !member("result.items.1.online")->boolean);
	assert_null(strstr(f.ask.answer, f.device_secret));
	env_sim_advance(&f.sim, 300 * S);
	assert_int_equal(askf("GET", NULL, "/api/v1/devices/%s", f.device), 200);
	assert_false(member("result.online")->boolean);
	assert_int_equal(askf("PATCH", "{\"name\":\"desk 3\"}", "/api/v1/devices/%s", f.device), 200);
	assert_string_equal(text("result.name"), "desk 3");
	char old[64];
	strcpy(old, f.device_secret);
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/rotate", f.device), 200);
	snprintf(f.device_secret, sizeof f.device_secret, "%s", text("result.secret"));
	device_ask((struct device_send){.target = POLL, .secret = old});
	must_answer(401, "signature_invalid");
	assert_int_equal(poll(""), 200);
	f.who = STRANGER;
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/revoke", f.device), 404);
	f.who = OWNER;
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/revoke", f.device), 204);
	poll("");
	must_answer(401, "device_revoked");
	assert_int_equal(askf("POST", NULL, "/api/v1/devices/%s/rotate", f.device), 409);
	add_device("desk 3"); /* the name of a revoked one is free */
	chain_is_sound(-1);
}

/* [trade.md 4.2] */
/* [trade.md 13] A terminal always gets server_time, also where nothing of its body was read; and once. */
static void every_problem_tells_the_time(void **state)
{
	(void)state;
	enum { LARGE = 600 << 10 };
	char *large = memset(arena_alloc(&f.arena, LARGE + 1), ' ', LARGE);
	large[LARGE] = '\0';
	add_device("desk");
	device_ask((struct device_send){.target = "/api/v1/client/snapshot", .body = large});
	must_answer(413, "body_too_large");
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	static const char *const bodies[] = {"{", "[]", "{\"status\":\"x\"}"};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		assert_true(device_ask((struct device_send){.target = ACK, .body = bodies[i]}) >= 400);
		assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
		assert_null(strstr(strstr(f.ask.answer, "server_time") + 1, "server_time"));
	}
	device_ask((struct device_send){.target = "/api/v1/client/pol"});
	must_answer(404, "not_found");
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	assert_int_equal(ask("DELETE", POLL, NULL, NULL), 405);
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	assert_int_equal(ask("GET", "/api/v1/nothing", NULL, NULL), 404); /* nobody else's business */
	assert_null(strstr(f.ask.answer, "server_time"));
}

static void requests_are_signed(void **state)
{
	(void)state;
	add_device("desk");
	assert_int_equal(ask("GET", POLL, NULL, NULL), 401);
	must_answer(401, "unauthenticated");
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	device_ask((struct device_send){.target = POLL, .nonce = "a b"});
	must_answer(401, "unauthenticated");
	device_ask((struct device_send){.target = POLL, .shift_us = 300 * S + 1});
	must_answer(401, "timestamp_skew");
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	assert_int_equal(device_ask((struct device_send){.target = POLL, .shift_us = -300 * S}), 200);
	device_ask((struct device_send){.target = POLL, .secret = "another", .nonce = "once"});
	must_answer(401, "signature_invalid");
	device_ask((struct device_send){.target = POLL "?limit=1", .signed_target = POLL, .nonce = "once"});
	must_answer(401, "signature_invalid");
	device_ask((struct device_send){.target = ACK, .body = "{}", .signed_body = "{ }", .nonce = "once"});
	must_answer(401, "signature_invalid");
	device_ask((struct device_send){.target = POLL, .device = "01900000-0000-7000-8000-000000000000"});
	must_answer(401, "signature_invalid");
	/* only a right signature burns a nonce */
	assert_int_equal(device_ask((struct device_send){.target = POLL, .nonce = "once"}), 200);
	device_ask((struct device_send){.target = POLL, .nonce = "once"});
	must_answer(401, "nonce_replayed");
	assert_string_equal(text("server_time"), "2025-01-08T15:00:00.000000Z");
	desk_restart();
	device_ask((struct device_send){.target = POLL, .nonce = "once", .shift_us = 1});
	must_answer(401, "nonce_replayed");
	device_ask((struct device_send){
		.target = ACK, .body = "{\"approval_id\":\"x\",\"status\":\"failed\",\"error\":\"e\"}", .nonce = "refused"});
	must_answer(404, "not_found");
	device_ask((struct device_send){.target = POLL, .nonce = "refused"}); /* what is refused has burnt it too */
	must_answer(401, "nonce_replayed");
	add_device("another");
	assert_int_equal(device_ask((struct device_send){.target = POLL, .nonce = "once"}), 200);
	env_sim_advance(&f.sim, 600 * S);
	assert_int_equal(device_ask((struct device_send){.target = POLL, .nonce = "once"}), 200);
}

static void an_order_is_delivered_once(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 0 && number("result.next_poll_seconds") == 10);
	approved_signal("0.1");
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 1 && number("result.next_poll_seconds") == 1);
	assert_string_equal(text("result.orders.0.approval_id"), f.approval_id);
	assert_string_equal(text("result.orders.0.instrument"), "XAUUSD");
	assert_true(number("result.orders.0.volume") == .1 && number("result.orders.0.entry_price") == 1950);
	assert_string_equal(text("result.orders.0.lease_until"), "2025-01-08T15:00:30.000000Z");
	assert_string_equal(text("result.orders.0.expiry"), "2025-01-08T15:15:00.000000Z");
	const char *delivery = text("result.orders.0.delivery_id"), *comment = text("result.orders.0.comment");
	assert_int_equal(strlen(comment), 26);
	assert_memory_equal(comment, "CS", 2);
	assert_true(number("result.orders.0.magic") > 0 && number("result.orders.0.magic") < 9007199254740992.0);
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 0 && number("result.next_poll_seconds") == 1);
	assert_int_equal(poll("?redeliver=1"), 200); /* as when it starts */
	assert_string_equal(text("result.orders.0.delivery_id"), delivery);
	assert_true(member("result.orders.0.redelivered")->boolean);
	/* two terminals of one account: the other gets nothing, now or when it starts */
	char first[64], secret[64];
	strcpy(first, f.device);
	strcpy(secret, f.device_secret);
	add_device("second");
	assert_int_equal(poll("?redeliver=1"), 200);
	assert_true(number("result.count") == 0);
	device_ask((struct device_send){.target = ACK, .body = ack_body(PLACED)});
	must_answer(409, "stale_lease");
	strcpy(f.device, first);
	strcpy(f.device_secret, secret);
	/* from here on nobody takes the approval back */
	f.who = ANN;
	askf("POST", "{\"reason\":\"x\"}", "/api/v1/approvals/%s/revoke", f.approval_id);
	must_answer(409, "already_applied");
	f.who = OWNER;
	askf("POST", "{\"reason\":\"x\"}", "/api/v1/signals/%s/cancel", f.signal_id);
	must_answer(409, "transition_refused");
	assert_int_equal(ack(PLACED), 201);
	assert_string_equal(text("result.approval_id"), f.approval_id);
	assert_string_equal(signal_status(), "placed");
	assert_int_equal(poll(""), 200);
	assert_true(number("result.next_poll_seconds") == 10);
	chain_is_sound(-1);
}

static void acknowledgements_repeat(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	ack(",\"status\":\"placed\"");
	must_answer(422, "invalid");
	assert_true(names_fault("/broker_ticket", "required"));
	ack(",\"status\":\"placed\",\"broker_ticket\":\"12a\"");
	assert_true(names_fault("/broker_ticket", "format"));
	ack(",\"status\":\"failed\"");
	assert_true(names_fault("/error", "required"));
	ack(PLACED);
	must_answer(409, "stale_lease"); /* not leased yet */
	assert_int_equal(poll(""), 200);
	ack(PLACED ",\"delivery_id\":\"01900000-0000-7000-8000-000000000000\"");
	must_answer(409, "stale_lease");
	assert_int_equal(ack(PLACED), 201);
	const char *position = text("result.position_id"), *recorded = text("result.recorded_at");
	env_sim_advance(&f.sim, 60 * S); /* the answer was lost */
	assert_int_equal(ack(PLACED), 200);
	assert_string_equal(text("result.position_id"), position);
	assert_string_equal(text("result.recorded_at"), recorded);
	ack(",\"status\":\"placed\",\"broker_ticket\":\"502\"");
	must_answer(409, "ack_conflict");
	ack(",\"status\":\"failed\",\"error\":\"no money\"");
	must_answer(409, "ack_conflict");
	assert_int_equal(desk_count("SELECT COUNT(*) FROM positions"), 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM positions WHERE status = 'opening' AND lots = 10000000 AND "
								"entry_price = 195020000000 AND broker_ticket = '501'"),
					 1);
}

static void a_refused_order_fails(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	assert_int_equal(poll(""), 200);
	assert_int_equal(ack(",\"status\":\"failed\",\"error\":\"10019 no money\""), 201);
	assert_int_equal(member("result.position_id")->kind, JS_NULL);
	assert_string_equal(signal_status(), "failed");
}

/* [trade.md 4.3] Unknown or refused is not delivered; once it is neither, it is. */
static void what_risk_refuses_stays(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	desk_broker(7000);
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 0);
	desk_broker(10000);
	env_sim_advance(&f.sim, 61 * S); /* the snapshot is old */
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 0);
	desk_broker(10000);
	f.who = TRADER;
	assert_int_equal(ask("PATCH", "/api/v1/trading/pause", "{\"reason\":\"x\"}", NULL), 200);
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 0);
	assert_int_equal(ask("PATCH", "/api/v1/trading/resume", "{\"reason\":\"x\"}", NULL), 200);
	assert_int_equal(poll(""), 200);
	assert_true(number("result.count") == 1);
}

static void a_lease_that_ends_is_in_doubt(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	assert_int_equal(poll(""), 200);
	desk_pass(30 * S - 1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'leased'"), 1);
	desk_pass(1);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM deliveries WHERE state = 'doubt'"), 1);
	assert_int_equal(poll("?redeliver=1"), 200);
	assert_true(number("result.count") == 0 && number("result.next_poll_seconds") == 1);
	ack(PLACED);
	must_answer(409, "stale_lease");
	desk_pass(900 * S); /* in doubt it does not expire either */
	assert_string_equal(signal_status(), "approved");
}

static void answers_have_three_forms(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	poll("?form=xml");
	must_answer(422, "invalid");
	assert_int_equal(poll("?form=tsv"), 200);
	assert_memory_equal(f.ask.answer, "approval_id\tdelivery_id\tsignal_id\tinstrument\t", 45);
	const char *row = strchr(f.ask.answer, '\n') + 1;
	assert_memory_equal(row, f.approval_id, 36);
	assert_non_null(strstr(row, "\tXAUUSD\tXAUUSD\tbuy\tmarket\t1950\t1940\t\t0.1\t50\t"));
	assert_string_equal(loopback_header(&f.ask, "x-next-poll-seconds"), "1");
	assert_int_equal(device_ask((struct device_send){.target = ACK "?form=flat", .body = ack_body(PLACED)}), 201);
	assert_string_equal(text("approval_id"), f.approval_id);
	assert_int_equal(device_ask((struct device_send){.target = ACK "?form=tsv", .body = ack_body(PLACED)}), 200);
	assert_memory_equal(f.ask.answer, "execution_id\tapproval_id\tposition_id\tstatus\trecorded_at\n", 55);
}

/* [trade.md head] 422 tells all that is wrong at once: what the table finds and what the acknowledgement adds. */
static void faults_are_told_at_once(void **state)
{
	(void)state;
	desk_broker(10000);
	add_device("desk");
	device_ask((struct device_send){.target = ACK,
									.body = "{\"approval_id\":\"x\",\"status\":\"placed\",\"broker_ticket\":\"12a\","
											"\"fill_price\":-1,\"time\":\"noon\",\"more\":1}"});
	must_answer(422, "invalid");
	assert_true(names_fault("/broker_ticket", "format") && names_fault("/fill_price", "range") &&
				names_fault("/time", "format") && names_fault("/more", "unknown_field"));
	assert_int_equal(member("errors")->count, 4);
	device_ask((struct device_send){.target = ACK, .body = "{\"status\":\"placed\",\"broker_ticket\":12}"});
	must_answer(422, "invalid");
	assert_true(names_fault("/approval_id", "required") && names_fault("/broker_ticket", "type"));
	assert_int_equal(member("errors")->count, 2); /* a ticket of a wrong type is not also a missing one */
	device_ask((struct device_send){.target = "/api/v1/client/close-ack",
									.body = "{\"status\":\"executed\",\"profit\":\"1\",\"time\":\"noon\"}"});
	must_answer(422, "invalid");
	assert_true(names_fault("/command_id", "required") && names_fault("/close_price", "required") &&
				names_fault("/profit", "type") && names_fault("/time", "format"));
	f.who = OWNER;
	ask("POST", "/api/v1/producers",
		"{\"name\":\"\",\"kind\":\"x\",\"instruments\":[\"NOPE\",\"GOLD\",5],\"ip_allow\":[\"192.0.2.0/33\"]}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/name", "length") && names_fault("/kind", "enum") &&
				names_fault("/instruments/0", "unknown_instrument") && names_fault("/instruments/2", "type") &&
				names_fault("/ip_allow/0", "format"));
	f.who = RISK_OWNER;
	ask("POST", "/api/v1/blocklist", "{\"from\":\"noon\",\"to\":5}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/from", "format") && names_fault("/to", "type") && names_fault("/title", "required") &&
				names_fault("/instruments", "required"));
	ask("PUT", "/api/v1/guards/config", "{\"warn_pct\":20,\"close_pct\":15,\"min_equity\":-1}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/warn_pct", "range") && names_fault("/min_equity", "range"));
	f.who = ANN;
	ask("POST", "/api/v1/approvals", "{\"decision\":\"rejected\",\"valid_for_seconds\":0}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/signal_id", "required") && names_fault("/reason", "required") &&
				names_fault("/valid_for_seconds", "range"));
	f.who = OWNER;
	ask("POST", "/api/v1/trading/accounts", "{\"login\":\"\",\"symbol_map\":{\"NOPE\":\"x\"},\"balance\":5}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/login", "length") && names_fault("/broker", "required") &&
				names_fault("/symbol_map/NOPE", "unknown_instrument") && names_fault("/balance", "not_allowed"));
}

static void an_idle_poll_is_not_modified(void **state)
{
	(void)state;
	add_device("desk");
	for (int i = 0; i < 10; i++) { /* [trade.md 4.3] 10 * (empty polls + 1), up to 60 */
		assert_int_equal(poll(""), 200);
		assert_true(number("result.next_poll_seconds") == (i < 6 ? 10 * (i + 1) : 60));
	}
	const char *etag = arena_dup(&f.arena, loopback_header(&f.ask, "etag"));
	assert_int_equal(device_ask((struct device_send){.target = POLL, .if_none_match = etag}), 304);
	desk_broker(10000);
	add_device("desk 2");
	approved_signal("0.1");
	assert_int_equal(device_ask((struct device_send){.target = POLL, .if_none_match = etag}), 200);
	assert_true(number("result.count") == 1);
}

static void must_tell(const char *metrics, const char *line)
{
	if (strstr(metrics, line) == NULL)
		fail_msg("no %s in %s", line, metrics);
}

/* [trade.md 11] What happened at the desk, by labels that name nobody. */
static void operators_see_figures(void **state)
{
	(void)state;
	struct metrics *metrics = metrics_new();
	struct buf out;
	trade_add_metrics(metrics, f.api);
	desk_broker(10000);
	add_device("desk");
	approved_signal("0.1");
	post((struct send){.body = "{}"});
	assert_int_equal(poll(""), 200);
	assert_int_equal(ack(PLACED), 201);
	device_ask((struct device_send){.target = POLL, .nonce = "n"});
	device_ask((struct device_send){.target = POLL, .nonce = "n"});
	f.who = OWNER;
	assert_int_equal(ask("PATCH", "/api/v1/trading/pause", "{\"reason\":\"lunch\"}", NULL), 200);
	buf_init(&out, 0);
	metrics_render(metrics, &out);
	const char *text_of = buf_text(&out);
	static const char *const lines[] = {
		"\ncountersign_signals_ingested_total{instrument=\"XAUUSD\",side=\"buy\"} 1\n",
		"\ncountersign_signals_refused_total{code=\"invalid\"} 1\n",
		"\ncountersign_signals_create_seconds_count 1\n",
		"\ncountersign_signal_status_total{status=\"pending\"} 1\n",
		"\ncountersign_signal_status_total{status=\"placed\"} 1\n",
		"\ncountersign_approvals_total{decision=\"approved\"} 1\n",
		"\ncountersign_approval_latency_seconds_bucket{le=\"3600\"} 1\n",
		"\ncountersign_approval_latency_seconds_count 1\n",
		"\ncountersign_trading_state{scope=\"global\"} 1\n",
		"\ncountersign_trading_state{scope=\"account\"} 0\n",
		"\ncountersign_trading_paused_total 1\n",
		"\ncountersign_trading_resumed_total 0\n",
		"\ncountersign_ea_requests_total{endpoint=\"poll\"} 3\n",
		"\ncountersign_ea_errors_total{endpoint=\"poll\",code=\"nonce_replayed\"} 1\n",
		"\ncountersign_ea_poll_seconds_count 2\n",
		"\ncountersign_deliveries_total{state=\"ready\"} 1\n",
		"\ncountersign_deliveries_total{state=\"leased\"} 1\n",
		"\ncountersign_deliveries_total{state=\"placed\"} 1\n",
		"# TYPE countersign_risk_block_total counter\n",
		"# TYPE countersign_media_render_seconds histogram\n",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		must_tell(text_of, lines[i]);
	assert_null(strstr(text_of, f.producer));
	assert_null(strstr(text_of, DESK_ACCOUNT));
	buf_fini(&out);
	metrics_free(metrics);
}

/* --- bodies that are encrypted [trade.md 4.2] --- */

static void payload_key(unsigned char key[AEAD_KEY_SIZE])
{
	static const char info[] = "countersign/payload/v1";
	hkdf_sha256(f.device_secret, strlen(f.device_secret), NULL, 0, info, sizeof info - 1, key, AEAD_KEY_SIZE);
}

static const char *base64_of(const void *bytes, size_t size)
{
	char *out = arena_alloc(&f.arena, size / 3 * 4 + 8);
	base64_encode(out, bytes, size);
	return out;
}

/* As a terminal does it; `spoil` is a byte that is changed: 1 of the nonce, 2 of the text, 3 of the data, 0 none. */
static const char *sealed(const char *plain, int spoil)
{
	unsigned char key[AEAD_KEY_SIZE], nonce[AEAD_NONCE_SIZE] = "eleven bytes", text[2048];
	char aad[64];
	size_t size = strlen(plain);
	payload_key(key);
	snprintf(aad, sizeof aad, "%s", f.device);
	gcm_encrypt(key, nonce, aad, strlen(aad), plain, size, text, text + size);
	nonce[0] ^= spoil == 1;
	text[3] ^= spoil == 2;
	aad[0] ^= spoil == 3;
	return arena_printf(&f.arena, "{\"nonce\":\"%s\",\"ciphertext\":\"%s\",\"aad\":\"%s\"}",
						base64_of(nonce, sizeof nonce), base64_of(text, size + AEAD_TAG_SIZE),
						base64_of(aad, strlen(aad)));
}

static const char *opened(void)
{
	unsigned char key[AEAD_KEY_SIZE], nonce[64], aad[64], bytes[8192];
	size_t nonce_size, aad_size, size;
	payload_key(key);
	const char *n = text("nonce"), *c = text("ciphertext"), *a = text("aad");
	assert_true(base64_decode(n, strlen(n), nonce, sizeof nonce, &nonce_size) && nonce_size == AEAD_NONCE_SIZE);
	assert_true(base64_decode(a, strlen(a), aad, sizeof aad, &aad_size));
	assert_true(base64_decode(c, strlen(c), bytes, sizeof bytes, &size) && size >= AEAD_TAG_SIZE);
	size -= AEAD_TAG_SIZE;
	char *plain = arena_alloc(&f.arena, size + 1);
	assert_true(gcm_decrypt(key, nonce, f.device, strlen(f.device), bytes, size, bytes + size, (unsigned char *)plain));
	assert_memory_equal(aad, f.device, aad_size);
	return plain;
}

static void bodies_are_encrypted_where_that_is_set(void **state)
{
	(void)state;
	static const char close_ack[] = "{\"command_id\":\"x\",\"status\":\"executed\",\"close_price\":1}";
	add_device("desk");
	assert_int_equal(askf("PATCH", "{\"encrypt\":true}", "/api/v1/devices/%s", f.device), 200);
	assert_string_equal(text("result.name"), "desk");
	assert_int_equal(device_ask((struct device_send){.target = POLL "?form=flat"}), 200);
	assert_null(strstr(f.ask.answer, "orders"));
	assert_non_null(strstr(opened(), "\"orders\":[]"));
	assert_int_equal(device_ask((struct device_send){.target = POLL "?form=tsv"}), 200);
	assert_memory_equal(opened(), "approval_id\t", 12);
	const struct device_send send = {.method = "POST", .target = "/api/v1/client/close-ack"};
	struct device_send s = send;
	s.body = sealed(close_ack, 0);
	device_ask(s);
	must_answer(404, "not_found"); /* it was read: there is no such command */
	s.body = close_ack;
	device_ask(s);
	must_answer(422, "invalid");
	for (int spoil = 1; spoil <= 3; spoil++) {
		s.body = sealed(close_ack, spoil);
		device_ask(s);
		must_answer(422, "invalid");
		assert_true(names_fault(spoil == 3 ? "/aad" : "/ciphertext", "seal"));
	}
	assert_int_equal(askf("PATCH", "{\"encrypt\":false}", "/api/v1/devices/%s", f.device), 200);
	assert_int_equal(device_ask((struct device_send){.target = POLL "?form=flat"}), 200);
	assert_int_equal(member("orders")->count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(devices_are_registered),   TEST(every_problem_tells_the_time),
		TEST(requests_are_signed),      TEST(an_order_is_delivered_once),
		TEST(acknowledgements_repeat),  TEST(a_refused_order_fails),
		TEST(what_risk_refuses_stays),  TEST(a_lease_that_ends_is_in_doubt),
		TEST(answers_have_three_forms), TEST(bodies_are_encrypted_where_that_is_set),
		TEST(faults_are_told_at_once),  TEST(an_idle_poll_is_not_modified),
		TEST(operators_see_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
