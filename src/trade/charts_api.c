#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/service.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/op.h"
#include "trade/chart_cache.h"
#include "trade/chart_op.h"
#include "trade/charts.h"
#include "trade/figures.h"
#include "trade/kept_charts.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/charts: pictures that are drawn once and then remembered [trade.md 10]. */

#define PNG "image/png"
#define SVG "image/svg+xml"

static int64_t now_us(const struct exchange *x)
{
	const struct trade_api *api = x->owner;
	return env_wall_us(api->options.env);
}

/* Of the question in canonical form, the operation, and who draws: another version may draw other bytes. */
static bool make_key(struct exchange *x, const struct op *op, const struct json *body, char key[SHA256_HEX_SIZE])
{
	struct buf buf;
	buf_init(&buf, 0);
	buf_addf(&buf, "%s\n%s\n%s\n", op->name, x->service->version, x->service->git_sha);
	jcs_write(&buf, body);
	bool whole = buf_ok(&buf);
	sha256_hex(buf_text(&buf), buf.size, key);
	buf_fini(&buf);
	return whole;
}

static void set_caching(struct exchange *x, const char *sha256)
{
	char etag[ETAG_TEXT];
	etag_format(etag, sha256);
	exchange_set(x, "ETag", etag);
	exchange_set(x, "Cache-Control", "private, max-age=86400, immutable");
}

static const char *type_of(const struct chart_picture *p)
{
	return strcmp(p->media_type, PNG) == 0 ? PNG : SVG;
}

/* The picture itself where it is asked for, else what it is and where. */
static void answer(struct exchange *x, const struct chart_picture *p, int status)
{
	struct buf buf;
	const char *type = type_of(p);
	if (exchange_accepts(x, type) > exchange_accepts(x, "application/json")) {
		set_caching(x, p->sha256);
		exchange_answer(x, status, type, p->bytes, p->size);
		return;
	}
	buf_init(&buf, 0);
	buf_add(&buf, p->result, strlen(p->result) - 1);
	buf_addf(&buf, ",\"url\":\"/api/v1/charts/%s.%s\"}", p->sha256, type[6] == 'p' ? "png" : "svg");
	exchange_setf(x, "Location", "/api/v1/charts/%s.%s", p->sha256, type[6] == 'p' ? "png" : "svg");
	reply_fact_text(x, status, buf_text(&buf), buf.size);
	buf_fini(&buf);
}

/* Draw it.  False: answered. */
static bool draw(struct exchange *x, const struct op *op, const struct json *body, struct chart_picture *p)
{
	const struct trade_api *api = x->owner;
	char now[STAMP_TEXT];
	const struct op_context context = {.packs = api->options.packs, .envelope = reply_context(x, now)};
	struct op_answer drawn;
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	if (!op_run(op, &context, body, &x->arena, &drawn, &faults, &err)) {
		if (faults.count > 0)
			exchange_fail_faults(x, ERR_INVALID, &faults);
		else
			exchange_fail(x, &err);
		return false;
	}
	if (drawn.abstained || drawn.attached == NULL) {
		exchange_answer(x, 200, MEDIA_JSON, drawn.envelope, drawn.envelope_size);
		return false;
	}
	char *sha256 = arena_alloc(&x->arena, SHA256_HEX_SIZE);
	if (sha256 == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return false;
	}
	sha256_hex(drawn.attached, drawn.attached_size, sha256);
	p->sha256 = sha256;
	p->media_type = drawn.attached_type;
	p->result = drawn.result;
	p->bytes = drawn.attached;
	p->size = drawn.attached_size;
	p->until_us = now_us(x) + CHART_CACHE_S * STAMP_US_PER_S;
	return true;
}

/* In memory, else on disk, and then in memory until its own end. */
static bool find(struct exchange *x, const char *key, const char *sha256, struct chart_picture *p)
{
	const struct trade_api *api = x->owner;
	const char *account_id = principal_of(x)->account_id;
	if (chart_cache_find(api->charts, account_id, key, sha256, now_us(x), &x->arena, p))
		return true;
	if (!kept_charts_find(api->kept_charts, account_id, key, sha256, now_us(x), &x->arena, p))
		return false;
	chart_cache_put(api->charts, p, now_us(x));
	return true;
}

void chart_answer(struct exchange *x, const struct op *op, const struct json *body, int status)
{
	const struct trade_api *api = x->owner;
	char key[SHA256_HEX_SIZE];
	struct chart_picture p = {.account_id = principal_of(x)->account_id, .key = key};
	if (!make_key(x, op, body, key)) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	const char *type = strrchr(op->name, '.') + 1;
	if (find(x, key, NULL, &p)) {
		figures_count(api->figures, COUNT_media_cache_hits_total, type, NULL);
		answer(x, &p, 200);
		return;
	}
	int64_t began_us = env_mono_us(api->options.env);
	if (!draw(x, op, body, &p))
		return;
	figures_drew(api->figures, type, env_mono_us(api->options.env) - began_us);
	chart_cache_put(api->charts, &p, now_us(x));
	kept_charts_put(api->kept_charts, &p); /* the answer does not wait for it */
	answer(x, &p, status);
}

static void handle_draw(struct exchange *x)
{
	const struct op *op = x->match.route->data;
	const struct json *body = NULL;
	if (op->memory_max > x->arena.cap)
		x->arena.cap = op->memory_max;
	if (exchange_json(x, &body))
		chart_answer(x, op, body, 201);
}

/* HASH.png or HASH.svg, of a picture that this tenant asked for. */
static void handle_get(struct exchange *x)
{
	const char *name = exchange_param(x, "name"), *dot = strchr(name, '.');
	struct chart_picture p;
	const char *sha256 = dot != NULL ? arena_dupn(&x->arena, name, (size_t)(dot - name)) : name;
	bool found = dot != NULL && sha256 != NULL && find(x, NULL, sha256, &p) &&
				 strcmp(dot, strcmp(p.media_type, PNG) == 0 ? ".png" : ".svg") == 0;
	if (!found) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such picture; ask for it again.");
		return;
	}
	char etag[ETAG_TEXT];
	etag_format(etag, p.sha256);
	set_caching(x, p.sha256);
	if (etag_none_match(x, etag))
		exchange_answer(x, 304, NULL, NULL, 0);
	else
		exchange_answer(x, 200, type_of(&p), p.bytes, p.size);
}

static const struct field view_rows[] = {
	T_ALL(&trade_chart_result_table),
	T_STR(url, DOC("Of the picture, for 24 hours")),
};
const struct field_table chart_view_table = TOLD_TABLE("trade.chart", view_rows);

static const char *const drawn_types[] = {"application/json", PNG, SVG, NULL};
static const char *const picture_types[] = {PNG, SVG, NULL};

#define DRAWN(name, op_) \
	ROUTE(POST, "/api/v1/charts/" name, "calculation.run", EFFECT_COMPUTE, handle_draw, .operation = "charts." name, \
		  .summary = "Draw it, or find what was drawn before", \
		  .doc = "201 with its url, or 200 if it was there; with Accept: image/png the picture itself.", \
		  .produces = drawn_types, .result = &chart_view_table, .status = 201, .status_also = 200, \
		  .rate_class = "trade.chart", .data = &(op_), .body_max = 16 << 20)

const struct route charts_routes[] = {
	DRAWN("candles", trade_chart_candles_op),
	DRAWN("equity", trade_chart_equity_op),
	DRAWN("histogram", trade_chart_histogram_op),
	ROUTE(GET, "/api/v1/charts/{name}", "calculation.run", EFFECT_READ, handle_get, .operation = "charts.get",
		  .summary = "A picture that was drawn in the last 24 hours", .produces = picture_types, .bare = true,
		  .rate_class = "trade.chart"),
};
const size_t charts_routes_count = sizeof charts_routes / sizeof *charts_routes;
