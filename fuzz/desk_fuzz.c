/*
 * What strangers send to the desk [trade.md 2.2, 4.2, 4.3]: headers that say who signs, a signal, a snapshot, and a
 * body for each route.  Headers are let through only in their form; a signal that is taken has a content that is its
 * own RFC 8785 form and is sealed the same again; a body that a route's table takes is written back and taken again.
 *
 * The first byte says which: 0 headers, one "name: value" a line; 1 a signal; 2 a snapshot; else a route's body.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/router.h"
#include "http/service.h"
#include "trade/domain/instruments.h"
#include "trade/domain/signal.h"
#include "trade/figures.h"
#include "trade/snapshots.h"
#include "trade/trade_api.h"
#include "trade/trade_internal.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 16, NOW_S = 1736348400 };

static struct router *router;
static struct trade_api api; /* refusals are counted */
static struct instrument gold = {.name = "XAUUSD",
								 .alias = "GOLD",
								 .group = "metal",
								 .session = "metals",
								 .quote = "USD",
								 .digits = 2,
								 .contract_size = 100,
								 .min_lot = .01,
								 .max_lot = 100,
								 .lot_step = .01,
								 .pip_ticks = 1,
								 .min_stop_points = 10,
								 .tick = .01};

static void end(void)
{
	router_free(router);
	figures_free(api.figures);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	router = router_new();
	api.figures = figures_new();
	trade_add_routes(router, NULL);
	atexit(end);
	return 0;
}

/* --- headers --- */

static size_t read_lines(char *text, struct header headers[HEADERS_MAX])
{
	size_t count = 0;
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL && count < HEADERS_MAX;
		 line = strtok_r(NULL, "\n", &save)) {
		char *colon = strstr(line, ": ");
		if (colon == NULL)
			continue;
		*colon = '\0';
		headers[count++] = (struct header){line, strlen(line), colon + 2, strlen(colon + 2)};
	}
	return count;
}

static void check_who(struct arena *arena, char *text)
{
	struct header headers[HEADERS_MAX];
	const struct service service = {.env = env_real()}; /* a refusal tells the time */
	struct exchange x = {.arena = *arena, .service = &service, .owner = &api};
	struct err err;
	int64_t us;
	x.head.headers = headers;
	x.head.header_count = read_lines(text, headers);
	for (size_t i = 0; i < router_count(router); i++) {
		x.match.route = router_at(router, i);
		if (!x.match.route->self_verified || route_public(x.match.route))
			continue;
		bool read = trade_signed(&x, &err);
		buf_fini(&x.members); /* what the answer would say more */
		buf_init(&x.members, 0);
		must(read || err.kind == ERR_UNAUTHENTICATED);
		if (!read)
			continue;
		const char *at = exchange_header(&x, "x-timestamp"), *nonce = exchange_header(&x, "x-nonce");
		must(at == NULL || stamp_parse(at, strlen(at), &us, NULL));
		must(strcmp(x.match.route->permission, "trade.device") != 0 || (strlen(nonce) >= 1 && strlen(nonce) <= 128));
	}
	*arena = x.arena; /* whose memory it is */
}

/* --- a signal --- */

static void check_content(struct arena *arena, const struct signal *signal)
{
	const struct json *content;
	struct buf buf, canonical;
	buf_init(&buf, 0);
	buf_init(&canonical, 0);
	signal_write_content(&buf, signal);
	must(buf_ok(&buf) && json_parse(arena, buf_text(&buf), buf.size, &json_body_limits, &content, NULL));
	must(content->kind == JS_OBJECT && content->count == 15);
	jcs_write(&canonical, content);
	must(canonical.size == buf.size && memcmp(buf_text(&canonical), buf_text(&buf), buf.size) == 0);
	buf_fini(&buf);
	buf_fini(&canonical);
}

static void check_signal(struct arena *arena, const struct json *body)
{
	struct instruments all = {.name = "instruments"};
	all.instruments.count = 1;
	all.instruments.items = &gold;
	const struct signal_rules rules = {.instruments = &all, .now_us = NOW_S * STAMP_US_PER_S};
	struct faults faults;
	struct signal signal;
	if (!signal_payload_fits(body))
		return;
	faults_init(&faults, arena);
	field_decode(&signal_request_table, body, &signal, arena, "", &faults);
	signal_check(arena, &rules, &signal, &faults);
	signal.producer_id = "01900000-0000-7000-8000-0000000000aa";
	if (faults.count == 0 && !arena->full)
		check_content(arena, &signal);
}

static void check_snapshot(struct arena *arena, const struct json *body)
{
	struct faults faults;
	struct snapshot snapshot;
	faults_init(&faults, arena);
	if (field_decode(&snapshot_table, body, &snapshot, arena, "", &faults))
		snapshot_check(&snapshot, NOW_S * STAMP_US_PER_S, &faults);
}

/* --- a body --- */

static bool take(struct arena *arena, const struct field_table *table, const struct json *body, struct buf *out)
{
	struct faults faults;
	struct jw jw;
	void *into = arena_alloc(arena, table->size);
	faults_init(&faults, arena);
	if (into == NULL || !field_decode(table, body, into, arena, "", &faults)) {
		must(into == NULL || arena->full || faults.count > 0);
		return false;
	}
	jw_init(&jw, out);
	field_write(&jw, table, into, FIELD_INPUTS | FIELD_CANONICAL);
	return jw_ok(&jw);
}

static void check_body(struct arena *arena, const struct field_table *table, const struct json *body)
{
	const struct json *again;
	struct buf first, second;
	buf_init(&first, 0);
	buf_init(&second, 0);
	if (take(arena, table, body, &first)) {
		must(json_parse(arena, buf_text(&first), first.size, &json_body_limits, &again, NULL));
		must(take(arena, table, again, &second) || arena->full);
		must(arena->full ||
			 (first.size == second.size && memcmp(buf_text(&first), buf_text(&second), first.size) == 0));
	}
	buf_fini(&first);
	buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	const struct json *body;
	if (size < 1 || size > 65536)
		return -1;
	arena_init(&arena, ARENA_REQUEST_CAP);
	char *text = arena_dupn(&arena, (const char *)data + 1, size - 1);
	must(text != NULL);
	if (data[0] == 0)
		check_who(&arena, text);
	else if (json_parse(&arena, text, size - 1, &json_body_limits, &body, NULL) && body->kind == JS_OBJECT) {
		const struct route *route = router_at(router, data[0] % router_count(router));
		if (data[0] == 1)
			check_signal(&arena, body);
		else if (data[0] == 2)
			check_snapshot(&arena, body);
		else if (route->body != NULL)
			check_body(&arena, route->body, body);
	}
	arena_fini(&arena);
	return 0;
}
