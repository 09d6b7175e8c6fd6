#include "trade/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/num.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "http/service.h"
#include "people/reply.h"
#include "people/roles.h"
#include "seal/envelope.h"
#include "store/store.h"
#include "trade/domain/signature.h"
#include "trade/failures.h"
#include "trade/figures.h"
#include "trade/producers.h"
#include "trade/sealing.h"
#include "trade/trade_internal.h"

enum { SKEW_S = 300, NONCE_MAX = 128 };

/* --- who --- */

struct signed_by {
	const char *device_id, *nonce, *timestamp, *signature;
	long long us;
};

static bool read_headers(const struct exchange *x, struct signed_by *by, struct err *err)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
	by->device_id = exchange_header(x, "x-device-id");
	by->nonce = exchange_header(x, "x-nonce");
	by->timestamp = exchange_header(x, "x-timestamp");
	by->signature = exchange_header(x, "x-signature");
	if (by->device_id == NULL || by->nonce == NULL || by->timestamp == NULL || by->signature == NULL)
		return err_set(err, ERR_UNAUTHENTICATED, "Sign the request: X-Device-Id, X-Nonce, X-Timestamp, X-Signature.");
	size_t size = strlen(by->nonce);
	if (size < 1 || size > NONCE_MAX || by->nonce[strspn(by->nonce, allowed)] != '\0')
		return err_set(err, ERR_UNAUTHENTICATED, "X-Nonce has 1 to %d of A-Z, a-z, 0-9 and ._:-", NONCE_MAX);
	return signature_timestamp(by->timestamp, &by->us) ||
		   err_set(err, ERR_UNAUTHENTICATED, "X-Timestamp must be like 2025-01-01T00:00:00Z.");
}

/* In every problem: a terminal corrects its clock by it.  The last word counts, for a body may have taken its time. */
static void tell_server_time(struct exchange *x, int64_t now_us)
{
	char now[STAMP_TEXT];
	stamp_format(now, now_us);
	buf_reset(&x->members);
	exchange_member(x, "server_time", arena_printf(&x->arena, "\"%s\"", now));
}

static const char *endpoint_of(const struct exchange *x)
{
	return strrchr(x->match.route->path, '/') + 1;
}

bool terminal_signed(struct exchange *x, struct err *err)
{
	struct signed_by by;
	const struct trade_api *api = x->owner;
	tell_server_time(x, env_wall_us(x->service->env)); /* also where the body is too large to be read */
	if (read_headers(x, &by, err))
		return true;
	figures_count(api->figures, COUNT_ea_errors_total, endpoint_of(x), err_code(err->kind));
	return false;
}

void terminal_astray(struct exchange *x)
{
	static const char terminals[] = "/api/v1/client/";
	if (strncmp(x->path, terminals, sizeof terminals - 1) == 0)
		tell_server_time(x, env_wall_us(x->service->env));
}

static bool find_device(struct terminal *t, const char *device_id, bool *found, struct err *err)
{
	struct store *store = t->deed.api->options.store;
	struct db *db = store_read(store);
	bool read = device_by_id(db, device_id, &t->deed.x->arena, &t->device, found, err);
	store_read_end(store, db);
	return read;
}

/* An unknown device costs the same HMAC, over a key that nobody has. */
static bool holds(const struct terminal *t, const struct signed_by *by, bool found)
{
	struct exchange *x = t->deed.x;
	char key[64] = {0};
	size_t size = 0;
	const struct canonical canonical =
		signature_device(&x->arena, method_name(x->head.method), x->head.target, buf_text(&x->body), x->body.size,
						 by->device_id, by->nonce, by->timestamp);
	bool known = found && producer_open_secret(t->deed.api->secret_key, t->device.device_id, t->device.secret,
											   t->device.secret_size, key, &size);
	bool right = signature_holds(key, size, canonical, by->signature);
	wipe(key, sizeof key);
	return known && right;
}

static void count_error(const struct terminal *t, enum err_kind kind)
{
	figures_count(t->deed.api->figures, COUNT_ea_errors_total, endpoint_of(t->deed.x), err_code(kind));
}

/* Where a refusal has answered, the exchange is nobody's any more: what counts it is taken before. */
struct counting {
	struct figures *figures;
	const char *endpoint; /* of the route's path */
};

static struct counting counting_of(const struct terminal *t)
{
	return (struct counting){t->deed.api->figures, endpoint_of(t->deed.x)};
}

static bool counted(struct counting c, bool good, enum err_kind kind)
{
	if (!good)
		figures_count(c.figures, COUNT_ea_errors_total, c.endpoint, err_code(kind));
	return good;
}

static bool refuse(struct terminal *t, enum err_kind kind, const char *why)
{
	count_error(t, kind);
	exchange_failf(t->deed.x, kind, "%s", why);
	return false;
}

/* One that nobody vouches for. */
static bool refuse_unsigned(struct terminal *t, enum err_kind kind, const char *why)
{
	failures_note(t->deed.api->failures, t->deed.x, kind, t->deed.now_us);
	return refuse(t, kind, why);
}

static bool check_device(struct terminal *t, const struct signed_by *by)
{
	bool found = false;
	struct err err;
	char address[RATE_ADDRESS_TEXT];
	if (!find_device(t, by->device_id, &found, &err)) {
		exchange_fail(t->deed.x, &err);
		return false;
	}
	if (!holds(t, by, found)) {
		rate_address_key(t->deed.x->peer, address);
		return deed_rate(&t->deed, "trade.refused", address) &&
			   refuse_unsigned(t, ERR_SIGNATURE_INVALID, "The signature does not fit the device and the request.");
	}
	return t->device.revoked_us == 0 || refuse(t, ERR_DEVICE_REVOKED, "The device was revoked.");
}

/* What follows reads it as it was before it was sealed. */
static bool open_body(struct terminal *t)
{
	struct exchange *x = t->deed.x;
	struct faults faults;
	if (!t->device.encrypt || x->body.size == 0)
		return true;
	faults_init(&faults, &x->arena);
	if (sealing_open(t->deed.api->secret_key, &t->device, &x->arena, &x->body, &faults))
		return true;
	count_error(t, ERR_INVALID);
	exchange_fail_faults(x, ERR_INVALID, &faults);
	return false;
}

static bool check(struct terminal *t, enum terminal_rate rate)
{
	struct signed_by by;
	struct err err;
	if (!read_headers(t->deed.x, &by, &err)) {
		exchange_fail(t->deed.x, &err);
		return false;
	}
	if (llabs(by.us - t->deed.now_us) > SKEW_S * STAMP_US_PER_S)
		return refuse_unsigned(t, ERR_TIMESTAMP_SKEW, "The request's time is more than 300 s off.");
	t->nonce = by.nonce;
	const struct counting c = counting_of(t);
	return check_device(t, &by) &&
		   (rate == TERMINAL_EXIT ||
			counted(c, deed_rate(&t->deed, "trade.device", t->device.device_id), ERR_RATE_LIMITED)) &&
		   open_body(t);
}

bool terminal_decode(struct terminal *t, void *query, void *body, void (*more)(void *self, struct faults *faults))
{
	struct exchange *x = t->deed.x;
	const struct counting c = counting_of(t);
	return counted(c, exchange_decode_query(x, query) && (body == NULL || exchange_decode_checked(x, body, more, t)),
				   ERR_INVALID);
}

void *terminal_start(struct exchange *x, size_t size, enum terminal_rate rate)
{
	struct terminal *t = deed_start(x, size);
	if (t == NULL)
		return NULL;
	tell_server_time(x, t->deed.now_us);
	figures_count(t->deed.api->figures, COUNT_ea_requests_total, endpoint_of(x), NULL);
	if (!check(t, rate))
		return NULL;
	t->principal = (struct principal){.kind = PRINCIPAL_DEVICE, .roles = ROLE_DEVICE};
	snprintf(t->principal.user_id, sizeof t->principal.user_id, "%s", t->device.device_id);
	snprintf(t->principal.account_id, sizeof t->principal.account_id, "%s", t->device.account_id);
	x->principal = &t->principal;
	return t;
}

/* --- the op --- */

static bool run_part(struct db *db, void *self, struct err *err)
{
	struct terminal *t = self;
	return t->part(t, db, err);
}

/* The device as it is now: another request of it may have been before this one. */
static bool read_device(struct terminal *t, struct db *db, struct err *err)
{
	bool found = false;
	struct arena *arena = &t->deed.x->arena;
	if (!device_by_id(db, t->device.device_id, arena, &t->device, &found, err))
		return false;
	if (!found || t->device.revoked_us != 0)
		return err_set(err, ERR_DEVICE_REVOKED, "The device was revoked.");
	if (t->device.trading_account_id != NULL &&
		!trading_account_find(db, t->device.account_id, t->device.trading_account_id, arena, &t->account,
							  &t->has_account, err))
		return false;
	t->may_trade = t->has_account && !t->account.paper;
	return true;
}

/* What the part refuses is undone, and answered; the nonce stays spent. */
static bool attempt(struct terminal *t, struct db *db, struct err *err)
{
	struct err why;
	if (db_attempt(db, run_part, t, &why))
		return true;
	count_error(t, why.kind);
	if (err_status(why.kind) < 500)
		return write_refuse(&t->deed.write, why.kind, "%s", why.message);
	*err = why;
	return false;
}

static bool apply(struct deed *deed, struct db *db, struct err *err)
{
	struct terminal *t = (struct terminal *)deed;
	bool fresh;
	if (!read_device(t, db, err) || !nonce_spend(db, t->device.device_id, t->nonce, deed->now_us, &fresh, err))
		return false;
	if (fresh)
		return attempt(t, db, err);
	count_error(t, ERR_NONCE_REPLAYED);
	return write_refuse(&deed->write, ERR_NONCE_REPLAYED, "The nonce was used before.");
}

static bool apply_again(struct deed *deed, struct db *db, struct err *err)
{
	struct terminal *t = (struct terminal *)deed;
	return read_device(t, db, err) && attempt(t, db, err);
}

static void answer(struct deed *deed)
{
	struct terminal *t = (struct terminal *)deed;
	t->answer(t);
}

void terminal_write(struct terminal *t, bool (*part)(struct terminal *terminal, struct db *db, struct err *err),
					void (*answered)(struct terminal *terminal))
{
	t->part = part;
	t->answer = answered;
	deed_write(&t->deed, apply, answer);
}

void terminal_again(struct terminal *t)
{
	t->deed.now_us = env_wall_us(t->deed.api->options.env);
	deed_write(&t->deed, apply_again, answer);
}

/* --- forms --- */

const char *const terminal_form_names[] = {"json", "flat", "tsv", NULL};

static void add_cell(struct buf *out, const struct json *value)
{
	char number[NUM_TEXT_MAX];
	if (value == NULL || value->kind == JS_NULL)
		return;
	if (value->kind == JS_STRING)
		for (const char *at = value->text; *at != '\0'; at++)
			buf_addc(out, (unsigned char)*at < ' ' ? ' ' : *at);
	else if (value->kind == JS_BOOL)
		buf_addc(out, value->boolean ? '1' : '0');
	else if (value->kind == JS_INT)
		buf_addf(out, "%lld", (long long)value->integer);
	else if (value->kind == JS_REAL)
		buf_add(out, number, num_format(number, value->real));
}

static void add_row(struct buf *out, const struct json *row, const char *const *columns)
{
	for (size_t i = 0; columns[i] != NULL; i++) {
		if (i > 0)
			buf_addc(out, '\t');
		if (row == NULL)
			buf_adds(out, columns[i]);
		else
			add_cell(out, json_get(row, columns[i]));
	}
	buf_addc(out, '\n');
}

static bool write_table(struct arena *arena, const struct buf *result, const char *list, const char *const *columns,
						struct buf *out)
{
	const struct json *json;
	if (!json_parse(arena, buf_text(result), result->size, &json_body_limits, &json, NULL))
		return false;
	add_row(out, NULL, columns);
	const struct json *rows = list != NULL ? json_get(json, list) : NULL;
	for (uint32_t i = 0; rows != NULL && i < rows->count; i++)
		add_row(out, &rows->items[i], columns);
	if (list == NULL)
		add_row(out, json, columns);
	return true;
}

/* The result in the form that was asked for, and the type of that. */
static bool write_form(struct exchange *x, const struct buf *result, const char *list, const char *const *columns,
					   struct buf *out, const char **type)
{
	const char *form = exchange_query(x, "form");
	char now[STAMP_TEXT];
	*type = MEDIA_JSON;
	if (form == NULL || strcmp(form, "json") == 0) {
		const struct envelope_context context = reply_context(x, now);
		return envelope_fact_text(out, buf_text(result), result->size, &context);
	}
	if (strcmp(form, "flat") == 0) {
		buf_add(out, buf_text(result), result->size);
		return true;
	}
	*type = "text/tab-separated-values; charset=utf-8";
	return write_table(&x->arena, result, list, columns, out);
}

static const struct field sealed_rows[] = {T_STR(nonce), T_STR(ciphertext), T_STR(aad)};
const struct field_table terminal_sealed_table = TOLD_TABLE("client.sealed", sealed_rows);

void terminal_answer(struct terminal *t, int status, struct telling *telling, const char *list,
					 const char *const *columns)
{
	struct exchange *x = t->deed.x;
	const char *type;
	struct buf out, sealed;
	buf_init(&out, 0);
	buf_init(&sealed, 0);
	jw_object_end(&telling->jw);
	bool written = jw_ok(&telling->jw) && write_form(x, &telling->buf, list, columns, &out, &type) && buf_ok(&out);
	if (written && t->device.encrypt) {
		const struct trade_api *api = t->deed.api;
		written = sealing_close(api->options.env, api->secret_key, &t->device, &x->arena, &out, &sealed);
		if (written)
			exchange_answer_buf(x, status, MEDIA_JSON, &sealed);
	} else if (written) {
		exchange_answer_buf(x, status, type, &out);
	}
	if (!written)
		exchange_failf(x, ERR_LIMIT, "the answer could not be written");
	buf_fini(&sealed);
	buf_fini(&out);
	buf_fini(&telling->buf);
}

const char *symbol_of(struct arena *arena, const struct trading_account *account, const char *instrument)
{
	const struct json *map = NULL;
	if (!json_parse(arena, account->symbol_map, strlen(account->symbol_map), &json_body_limits, &map, NULL))
		return instrument;
	const char *symbol = json_text(map, instrument);
	return symbol != NULL ? symbol : instrument;
}
