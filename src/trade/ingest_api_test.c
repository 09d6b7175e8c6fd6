#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "trade/desk_fixture.h"
#include "trade/domain/signature.h"
#include "trade/ip_list.h"
#include "trade/trade_internal.h"

enum { PAYLOAD_ROOM = 32768 - 8 }; /* what a text in {"a":""} may have */

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
	f.who = STRANGER; /* another account */
	assert_int_equal(ask("GET", target, NULL, NULL), 404);
	assert_int_equal(ask("GET", "/api/v1/signals", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 0);
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/signals?instrument=XAUUSD&status=blocked", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 1);
}

/* [design 6] Whatever it holds, what is answered hashes to what is said; and the row says the same afterwards. */
static void answers_hash_to_what_they_say(void)
{
	struct buf canonical;
	char sha256[SHA256_HEX_SIZE];
	buf_init(&canonical, 0);
	jcs_write(&canonical, member("result"));
	sha256_hex(buf_text(&canonical), canonical.size, sha256);
	assert_string_equal(sha256, text("content_sha256"));
	const char *told = arena_dupn(&f.arena, buf_text(&canonical), canonical.size);
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", text("result.id")), 200);
	buf_reset(&canonical);
	jcs_write(&canonical, member("result"));
	assert_string_equal(buf_text(&canonical), told);
	buf_fini(&canonical);
}

static void every_answer_hashes_to_what_it_says(void **state)
{
	(void)state;
	static const char *const more[] = {
		"",
		",\"payload\":{\"status\":\"}\\\",{[\",\"a\":[1,{\"b\":[]},\"]\"],\"~\":\"\\\\\",\"\":null}",
		",\"external_id\":\"zz\",\"reason\":\"é\\n\\\"x\\\"\",\"confidence\":0.1,\"volume\":0.01,\"version\":\"2\"",
		",\"take_profit\":1980.25,\"expiry\":null,\"order_type\":\"limit\",\"version\":\"3\"",
	};
	add_producer("");
	for (int broker = 0; broker < 2; broker++) {
		for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
			const char *external = broker && i == 2 ? ",\"external_id\":\"yy\",\"volume\":0.01" : more[i];
			assert_int_equal(post((struct send){.body = signal_with("1950.0", external)}), 201);
			if (broker && i == 2)
				assert_string_equal(text("result.status"), "pending");
			answers_hash_to_what_they_say();
		}
		desk_broker(10000);
	}
}

/* Reports of rows before they were packed are told as they stand; one that cannot be read is none, and ends nothing. */
static void reports_of_older_rows_are_told(void **state)
{
	(void)state;
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950.0", "")}), 201);
	const char *id = arena_dup(&f.arena, text("result.id"));
	desk_sql("UPDATE signals SET risk = '{\"checks\":[],\"decision\":\"refuse\",\"failed\":[\"older\"]}', risk_packed "
			 "= NULL");
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", id), 200);
	assert_string_equal(text("result.risk.failed.0"), "older");
	desk_sql("UPDATE signals SET risk_packed = x'01'");
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", id), 200);
	assert_int_equal(member("result.risk")->kind, JS_NULL);
	desk_sql("UPDATE signals SET risk_packed = x'09'"); /* of a later version */
	assert_int_equal(ask("GET", "/api/v1/signals", NULL, NULL), 200);
	assert_int_equal(member("result.items.0.risk")->kind, JS_NULL);
}

/* A report that the first version with packed ones wrote: its words are part of the format, so it is read for ever. */
static void the_words_of_packed_reports_stay(void **state)
{
	(void)state;
	struct buf canonical;
	char sha256[SHA256_HEX_SIZE];
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950.0", "")}), 201);
	const char *id = arena_dup(&f.arena, text("result.id"));
	desk_sql("UPDATE signals SET risk_packed = "
			 "x'0128B52FFD609C092D0200405841556661696C3312009D4F410A4E7008EE042F5052D08468393284"
			 "4328F803902F69B0076B5960C103B450F0C06B194251185CCB1B089541700A546400A8F9078A8240'");
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s", id), 200);
	assert_string_equal(text("result.risk.checks.20.name"), "min_equity");
	assert_string_equal(text("result.risk.checks.20.message"), "Equity that must be there.");
	buf_init(&canonical, 0);
	jcs_write(&canonical, member("result.risk"));
	sha256_hex(buf_text(&canonical), canonical.size, sha256);
	assert_string_equal(sha256, "61c539c0f710c88e62816007d2f475b7b6ac473a85684fd5563b3acdead80aa3");
	buf_fini(&canonical);
}

/* An answer that was written before its op is told only if it stands: of a twin nothing of it is left. */
static void an_answer_ahead_of_a_refusal_is_forgotten(void **state)
{
	(void)state;
	add_producer("");
	const char *body = signal_with("1950.0", ",\"external_id\":\"one\"");
	assert_int_equal(post((struct send){.body = body}), 201);
	assert_non_null(loopback_header(&f.ask, "location"));
	assert_int_equal(post((struct send){.body = body}), 409);
	must_answer(409, "duplicate_signal");
	assert_null(loopback_header(&f.ask, "location"));
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

/* [trade.md 2.2 step 1] Each header missing, or not well formed; and a method that is not what was signed. */
static void each_header_is_needed(void **state)
{
	(void)state;
	add_producer("");
	const char *body = signal_with("1950", "");
	char stamp[STAMP_TEXT], signature[SIGNATURE_TEXT];
	stamp_format(stamp, f.sim.wall_us);
	const char *const methods[] = {"POST", "PUT"};
	for (size_t m = 0; m < 2; m++) {
		const struct canonical canonical =
			signature_producer(&f.arena, methods[m], "/api/v1/signals", stamp, f.producer, body, strlen(body));
		signature_make(f.secret, strlen(f.secret), canonical, signature);
		const char *const whole[] = {"content-type", "application/json", "x-producer-id", f.producer, "x-timestamp",
									 stamp,          "x-signature",      signature,       NULL};
		for (size_t left_out = 2; left_out < 10; left_out += 2) { /* 8: none */
			const char *some[9] = {NULL};
			size_t count = 0;
			for (size_t i = 0; whole[i] != NULL; i += 2)
				if (i != left_out) {
					some[count++] = whole[i];
					some[count++] = whole[i + 1];
				}
			int status = ask("POST", "/api/v1/signals", body, some);
			if (left_out < 8)
				must_answer(401, "unauthenticated");
			else
				assert_int_equal(status, m == 0 ? 201 : 401);
		}
	}
	static const char *const stamps[] = {"2025-01-08", "2025-01-08T15:00:00", "2025-01-08 15:00:00Z", "1736348400",
										 "2025-01-08T15:00:00.1234567Z"};
	for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
		const char *const headers[] = {"content-type", "application/json", "x-producer-id", f.producer, "x-timestamp",
									   stamps[i],      "x-signature",      signature,       NULL};
		ask("POST", "/api/v1/signals", body, headers);
		must_answer(401, "unauthenticated");
	}
}

/* [trade.md 2.4] Pages follow one another, newest first, and end. */
static void lists_come_in_pages(void **state)
{
	(void)state;
	char before[64] = "~";
	int seen = 0;
	add_producer("");
	for (int i = 0; i < 5; i++)
		assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 201);
	assert_int_equal(ask("GET", "/api/v1/signals?limit=2", NULL, NULL), 200);
	for (;;) {
		for (uint32_t i = 0; i < member("result.items")->count; i++, seen++) {
			const char *id = text(arena_printf(&f.arena, "result.items.%u.id", i));
			assert_true(strcmp(id, before) < 0);
			snprintf(before, sizeof before, "%s", id);
		}
		if (member("result.next_cursor")->kind == JS_NULL)
			break;
		assert_int_equal(askf("GET", NULL, "/api/v1/signals?limit=2&cursor=%s", text("result.next_cursor")), 200);
	}
	assert_int_equal(seen, 5);
	/* [P-8.7] a cursor is of one list, one filter and one tenant, and its page is linked to */
	assert_int_equal(ask("GET", "/api/v1/signals?limit=2&status=blocked", NULL, NULL), 200);
	const char *cursor = arena_dup(&f.arena, text("result.next_cursor"));
	const char *link = loopback_header(&f.ask, "link");
	assert_non_null(link);
	assert_non_null(strstr(link, cursor));
	assert_non_null(strstr(link, "</api/v1/signals?limit=2&status=blocked&cursor="));
	assert_int_equal(askf("GET", NULL, "/api/v1/signals?limit=1&status=blocked&cursor=%s", cursor), 200);
	static const char *const others[] = {"signals?status=pending&", "signals?", "approvals?", "signals/refused?"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		askf("GET", NULL, "/api/v1/%scursor=%s", others[i], cursor);
		must_answer(400, "cursor_invalid");
	}
	f.who = STRANGER;
	askf("GET", NULL, "/api/v1/signals?limit=2&status=blocked&cursor=%s", cursor);
	must_answer(400, "cursor_invalid");
	f.who = OWNER;
	askf("GET", NULL, "/api/v1/signals?cursor=%s", before); /* a bare id is forged */
	must_answer(400, "cursor_invalid");
	assert_int_equal(ask("GET", "/api/v1/signals?limit=201", NULL, NULL), 422);
	ask("GET", "/api/v1/signals?cursor=nonsense", NULL, NULL);
	must_answer(400, "cursor_invalid");
	assert_int_equal(ask("GET", "/api/v1/signals?side=buy", NULL, NULL), 422); /* no such filter */
}

static void the_clock_may_be_300_s_off(void **state)
{
	(void)state;
	add_producer("");
	const int64_t s = STAMP_US_PER_S;
	assert_int_equal(post((struct send){.body = signal_with("1950", ""), .shift_us = 300 * s, .idle = "yes"}), 201);
	desk_nonce++;
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
	desk_restart();
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
		if (rows[i].pointer == NULL ? status != 201 : status != 422 || !names_fault(rows[i].pointer, rows[i].code))
			fail_msg("%s%s: %d %s", rows[i].price, rows[i].more, status, f.ask.answer);
	}
	post((struct send){.body = "{\"instrument\":\"SILVER\",\"side\":\"buy\",\"price\":30,"
							   "\"time\":\"2025-01-08T15:05:00.1Z\"}"});
	assert_true(names_fault("/instrument", "not_allowed") && names_fault("/time", "time_future"));
	post((struct send){
		.body = "{\"instrument\":\"gold\",\"side\":\"buy\",\"price\":30,\"time\":\"2025-01-08T13:59:59Z\"}"});
	assert_true(names_fault("/instrument", "format") && names_fault("/time", "time_stale"));
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
	assert_int_equal(member("warnings")->count, 0);
	assert_int_equal(post((struct send){.body = signal_with("1950", ""), .secret = old}), 201);
	assert_string_equal(text("warnings.0.code"), "old_secret");
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
	a_signal_is_there_once(NULL);
	chain_is_sound(11); /* producer, four signals created and blocked, two refused */
}

/* [trade.md 2.4] */
static void a_url_is_enough_for_a_charting_service(void **state)
{
	(void)state;
	static const char *const plain[] = {"content-type", "text/plain; charset=utf-8", NULL};
	char hook[128], wrong[128];
	const char body[] = "{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":1950.5}";
	assert_int_equal(ask("POST", "/api/v1/producers",
						 "{\"name\":\"tv\",\"kind\":\"url_token\",\"ip_allow\":[\"192.0.2.0/24\"]}", NULL),
					 201);
	assert_null(member("result.secret")->text);
	snprintf(hook, sizeof hook, "%s", text("result.hook_url"));
	snprintf(f.producer, sizeof f.producer, "%s", text("result.id"));
	assert_int_equal(strlen(hook), strlen("/hooks/tv/") + 43);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM producers WHERE LENGTH(secret) = 32"), 1); /* its hash */
	assert_int_equal(askf("GET", NULL, "/api/v1/producers/%s", f.producer), 200);
	assert_null(member("result.hook_url"));
	snprintf(wrong, sizeof wrong, "%s", hook);
	wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
	assert_int_equal(ask("POST", wrong, body, plain), 404);
	assert_int_equal(ask("POST", hook, body, plain), 403); /* not from here */
	assert_int_equal(askf("PATCH", "{\"ip_allow\":[\"127.0.0.0/8\",\"::1\"]}", "/api/v1/producers/%s", f.producer),
					 200);
	assert_int_equal(ask("POST", hook, body, plain), 201);
	assert_string_equal(text("result.authenticity"), "url_token");
	assert_string_equal(text("result.time"), "2025-01-08T15:00:00.000000Z");
	const char *id = arena_dup(&f.arena, text("result.id"));
	env_sim_advance(&f.sim, 59 * STAMP_US_PER_S);
	ask("POST", hook, body, plain); /* the same minute, the same signal */
	must_answer(409, "duplicate_signal");
	assert_string_equal(text("signal_id"), id);
	env_sim_advance(&f.sim, STAMP_US_PER_S);
	assert_int_equal(ask("POST", hook, body, plain), 201);
	ask("POST", hook, "{\"side\":\"up\"}", plain);
	must_answer(422, "invalid");
	ask("POST", hook, "not json", plain);
	must_answer(400, "json_invalid");
	assert_int_equal(ask("GET", "/api/v1/signals/refused", NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, 3);
	post((struct send){.body = body, .secret = hook + 10}); /* the token is no key */
	must_answer(401, "signature_invalid");
	chain_is_sound(-1);
}

/* [trade.md 11] The first wrong one of a source has its row at once; the others are a count, a minute later. */
static void wrong_signatures_are_counted_in_the_chain(void **state)
{
	(void)state;
	static const char rows[] = "SELECT count(*) FROM audit WHERE action = 'auth.signature_failure'";
	add_producer("");
	for (int i = 0; i < 3; i++) {
		post((struct send){.body = "{}", .secret = "another"});
		must_answer(401, "signature_invalid");
	}
	desk_sql("UPDATE producers SET old_uses = 0"); /* the row was put in the queue before it */
	assert_int_equal(desk_count(rows), 1);
	desk_pass(61 * STAMP_US_PER_S);
	assert_int_equal(desk_count(rows), 2);
	assert_int_equal(desk_count("SELECT count(*) FROM audit WHERE action = 'auth.signature_failure' AND "
								"meta LIKE '%\"count\":\"2\"%'"),
					 1);
	desk_pass(61 * STAMP_US_PER_S);
	assert_int_equal(desk_count(rows), 2); /* nothing since */
	post((struct send){.body = "{}", .shift_us = 301 * STAMP_US_PER_S});
	must_answer(401, "timestamp_skew");
	desk_sql("UPDATE producers SET old_uses = 0");
	assert_int_equal(desk_count(rows), 3);
	chain_is_sound(-1);
}

/* What the store refuses is counted again, and told a minute later. */
static void wrong_signatures_outlast_a_failed_commit(void **state)
{
	(void)state;
	static const char rows[] = "SELECT count(*) FROM audit WHERE action = 'auth.signature_failure'";
	add_producer("");
	desk_sql("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END");
	for (int i = 0; i < 3; i++)
		post((struct send){.body = "{}", .secret = "another"});
	desk_pass(61 * STAMP_US_PER_S); /* one by the request, two by the clock, all refused */
	assert_int_equal(desk_count(rows), 0);
	desk_sql("DROP TRIGGER full");
	desk_pass(STAMP_US_PER_S);
	assert_int_equal(desk_count(rows), 0); /* one try a minute */
	desk_pass(60 * STAMP_US_PER_S);
	assert_int_equal(desk_count(rows), 1);
	assert_int_equal(desk_count("SELECT count(*) FROM audit WHERE action = 'auth.signature_failure' AND "
								"meta LIKE '%\"count\":\"3\"%'"),
					 1);
	desk_pass(61 * STAMP_US_PER_S);
	assert_int_equal(desk_count(rows), 1);
	chain_is_sound(-1);
}

/* A change of one member leaves the others as they are. */
static void a_change_leaves_the_rest(void **state)
{
	(void)state;
	add_producer(",\"instruments\":[\"XAUUSD\"]");
	assert_int_equal(askf("PATCH", "{\"enabled\":false}", "/api/v1/producers/%s", f.producer), 200);
	assert_int_equal(askf("PATCH", "{\"name\":\"other\"}", "/api/v1/producers/%s", f.producer), 200);
	assert_string_equal(text("result.name"), "other");
	assert_false(member("result.enabled")->boolean);
	assert_int_equal(member("result.instruments")->count, 1);
	assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 401);
	assert_int_equal(askf("PATCH", "{\"enabled\":null}", "/api/v1/producers/%s", f.producer), 200);
	assert_false(member("result.enabled")->boolean);
	assert_int_equal(askf("PATCH", "{\"enabled\":true}", "/api/v1/producers/%s", f.producer), 200);
	assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 201);
}

/* Page after page of one row shows each once, in the order of the whole list. */
static void walk(const char *path, uint32_t rows)
{
	char ids[8][ID_TEXT], cursor[512] = "";
	assert_int_equal(ask("GET", path, NULL, NULL), 200);
	assert_int_equal(member("result.items")->count, rows);
	for (uint32_t i = 0; i < rows; i++)
		snprintf(ids[i], ID_TEXT, "%s", text(arena_printf(&f.arena, "result.items.%u.id", i)));
	for (uint32_t i = 0; i < rows; i++) {
		assert_int_equal(askf("GET", NULL, "%s?limit=1%s%s", path, i > 0 ? "&cursor=" : "", cursor), 200);
		assert_int_equal(member("result.items")->count, 1);
		assert_string_equal(text("result.items.0.id"), ids[i]);
		assert_true((member("result.next_cursor")->kind == JS_STRING) == (i + 1 < rows));
		snprintf(cursor, sizeof cursor, "%s", text("result.next_cursor"));
	}
}

static void each_list_can_be_walked(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		add_producer("");
		add_device((const char *[]){"a", "b", "c", "d"}[i]);
		const char *body = arena_printf(&f.arena, "{\"login\":\"%d\",\"broker\":\"B\",\"server\":\"S\"}", i);
		assert_int_equal(ask("POST", "/api/v1/trading/accounts", body, NULL), 201);
		if (i == 2)
			assert_int_equal(askf("PUT", NULL, "/api/v1/trading/accounts/%s/primary", text("result.id")), 200);
	}
	walk("/api/v1/producers", 4);
	walk("/api/v1/devices", 4);
	walk("/api/v1/trading/accounts", 4);
	assert_int_equal(ask("GET", "/api/v1/trading/accounts", NULL, NULL), 200);
	assert_string_equal(text("result.items.0.login"), "2");
	f.who = STRANGER;
	walk("/api/v1/producers", 0);
	walk("/api/v1/trading/accounts", 0);
	f.who = OWNER;
}

/* Null in an optional member is the same as its absence. */
static void null_is_absence(void **state)
{
	(void)state;
	add_producer("");
	assert_int_equal(
		post((struct send){
			.body = signal_with("1950",
								",\"payload\":null,\"reason\":null,\"version\":null,\"order_type\":null,\"external_"
								"id\":null,\"take_profit\":null,\"volume\":null,\"expiry\":null,\"confidence\":null")}),
		201);
	assert_int_equal(member("result.payload")->kind, JS_OBJECT);
	assert_string_equal(text("result.version"), "1.0");
	assert_int_equal(ask("GET", "/api/v1/signals?instrument=GOLD", NULL, NULL), 200); /* by its alias too */
	assert_int_equal(member("result.items")->count, 1);
}

static void a_hook_is_rotated_and_switched_off(void **state)
{
	(void)state;
	char old[128], hook[128];
	assert_int_equal(ask("POST", "/api/v1/producers",
						 "{\"name\":\"tv\",\"kind\":\"url_token\",\"ip_allow\":[\"0.0.0.0/0\",\"::/0\"]}", NULL),
					 201);
	snprintf(old, sizeof old, "%s", text("result.hook_url"));
	snprintf(f.producer, sizeof f.producer, "%s", text("result.id"));
	assert_int_equal(askf("POST", "{\"overlap_seconds\":60}", "/api/v1/producers/%s/rotate", f.producer), 200);
	snprintf(hook, sizeof hook, "%s", text("result.hook_url"));
	assert_int_equal(ask("POST", old, signal_with("1950", ""), NULL), 201);
	assert_int_equal(ask("POST", hook, signal_with("1951", ",\"version\":\"2\""), NULL), 201);
	assert_int_equal(askf("GET", NULL, "/api/v1/producers/%s", f.producer), 200);
	assert_true(number("result.old_secret_uses") == 1);
	env_sim_advance(&f.sim, 60 * STAMP_US_PER_S);
	assert_int_equal(ask("POST", old, signal_with("1950", ""), NULL), 404);
	assert_int_equal(ask("POST", hook, signal_with("1950", ""), NULL), 201);
	assert_int_equal(askf("PATCH", "{\"enabled\":false}", "/api/v1/producers/%s", f.producer), 200);
	assert_int_equal(ask("POST", hook, signal_with("1950", ""), NULL), 404);
}

/* [P-3.1] A configured public_url stands before the path. */
static void a_hook_has_the_public_address(void **state)
{
	(void)state;
	f.api->serving.address = "https://cs.test";
	assert_int_equal(ask("POST", "/api/v1/producers", "{\"name\":\"tv\",\"kind\":\"url_token\"}", NULL), 201);
	assert_memory_equal(text("result.hook_url"), "https://cs.test/hooks/tv/", 25);
}

/* Without a list of its own a producer is called from the addresses of pack hook_sources only. */
static void a_hook_without_a_list_has_the_packs(void **state)
{
	(void)state;
	assert_int_equal(ask("POST", "/api/v1/producers", "{\"name\":\"tv\",\"kind\":\"url_token\"}", NULL), 201);
	assert_int_equal(ask("POST", text("result.hook_url"), signal_with("1950", ""), NULL), 403);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_signal_is_taken_in_and_sealed),
		TEST(a_hook_has_the_public_address),
		TEST(every_answer_hashes_to_what_it_says),
		TEST(reports_of_older_rows_are_told),
		TEST(the_words_of_packed_reports_stay),
		TEST(an_answer_ahead_of_a_refusal_is_forgotten),
		TEST(what_is_not_signed_right_is_refused),
		TEST(each_header_is_needed),
		TEST(lists_come_in_pages),
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
		TEST(a_url_is_enough_for_a_charting_service),
		TEST(wrong_signatures_are_counted_in_the_chain),
		TEST(wrong_signatures_outlast_a_failed_commit),
		TEST(a_change_leaves_the_rest),
		TEST(each_list_can_be_walked),
		TEST(null_is_absence),
		TEST(a_hook_is_rotated_and_switched_off),
		TEST(a_hook_without_a_list_has_the_packs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
