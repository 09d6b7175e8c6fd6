#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "trade/accounts.h"
#include "trade/deed.h"
#include "trade/devices.h"
#include "trade/producers.h"
#include "trade/rows.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/devices: register, rename, rotate, revoke terminals [trade.md 4.1].  A secret is shown once. */

struct device_request {
	const char *name, *trading_account_id;
	bool encrypt;
};
#define ENCRYPT F_BOOL(device_request, encrypt, DEFAULT(false), DOC("Bodies are {nonce, ciphertext, aad}"))
static const struct field register_fields[] = {
	F_STR(device_request, name, REQUIRED, LENGTH(1, 100), DOC("What people call it")),
	F_STR(device_request, trading_account_id, LENGTH(1, 64), DOC("Left out: the owner's primary")),
	ENCRYPT,
};
static const struct field_table register_table = FIELD_TABLE("devices.register", device_request, register_fields);
static const struct field rename_fields[] = {
	F_STR(device_request, name, LENGTH(1, 100), DOC("What people call it")),
	ENCRYPT,
};
static const struct field_table rename_table = FIELD_TABLE("devices.rename", device_request, rename_fields);

/* One change under way. */
struct change {
	struct deed deed;
	struct device_request request;
	struct device device;
	char id[ID_TEXT], owner[40], secret[SECRET_TEXT];
};

static void write_members(struct jw *jw, struct exchange *x, const void *row, int64_t now_us)
{
	const struct device *d = row;
	(void)x;
	jw_member_str(jw, "id", d->device_id);
	jw_member_str(jw, "name", d->name);
	jw_member_str(jw, "owner_id", d->owner_id);
	jw_member_str(jw, "trading_account_id", d->trading_account_id);
	jw_member_bool(jw, "online", d->polled_us != 0 && now_us - d->polled_us < DEVICE_ONLINE_S * STAMP_US_PER_S);
	jw_member_bool(jw, "encrypt", d->encrypt);
	tell_time(jw, "polled_at", d->polled_us);
	tell_time(jw, "created_at", d->created_us);
	tell_time(jw, "revoked_at", d->revoked_us);
}

static bool find(struct db *db, struct exchange *x, const char *id, void *row, bool *found, struct err *err)
{
	return device_find(db, principal_of(x)->account_id, id, &x->arena, row, found, err);
}

static bool list(struct db *db, struct exchange *x, const struct page_ask *page, void **rows, size_t *count,
				 struct err *err)
{
	struct device *devices = NULL;
	bool read =
		device_list(db, principal_of(x)->account_id, page->cursor, page->limit + 1, &x->arena, &devices, count, err);
	*rows = devices;
	return read;
}

static const char *key(struct exchange *x, const void *row)
{
	(void)x;
	return ((const struct device *)row)->device_id;
}

static const struct row_kind device_kind = {
	.what = "device", .size = sizeof(struct device), .find = find, .list = list, .key = key, .write = write_members};

static bool new_secret(struct change *c)
{
	struct trade_api *api = c->deed.api;
	c->deed.write.shown_once = true;
	secret_make(api->options.env, "", c->secret);
	c->device.secret = producer_seal_secret(api->options.env, api->secret_key, c->device.device_id, c->secret,
											&c->deed.x->arena, &c->device.secret_size);
	return c->device.secret != NULL;
}

/* With the secret, but not in what is kept for a repetition. */
static void answer_with_secret(struct deed *deed, int status)
{
	struct change *c = (struct change *)deed;
	struct telling t;
	bool drafting = deed->x->drafting;
	tell_begin(&t);
	jw_member_str(&t.jw, "secret", drafting ? NULL : c->secret);
	write_members(&t.jw, deed->x, &c->device, deed->now_us);
	if (!drafting)
		wipe(c->secret, sizeof c->secret);
	tell_end(&t, deed->x, status);
}

static void answer_registered(struct deed *deed)
{
	if (!deed->write.drafted)
		exchange_setf(deed->x, "Location", "/api/v1/devices/%s", ((const struct change *)deed)->device.device_id);
	answer_with_secret(deed, 201);
}

static void answer_rotated(struct deed *deed)
{
	answer_with_secret(deed, 200);
}

static void answer_row(struct deed *deed)
{
	rows_answer(deed->x, &device_kind, &((const struct change *)deed)->device, 200);
}

/* --- register --- */

/* The account that was named, or the owner's primary; none is fine without a name. */
static bool choose_account(struct change *c, struct db *db, bool *good, struct err *err)
{
	struct trading_account account;
	struct arena *arena = &c->deed.x->arena;
	const char *wanted = c->request.trading_account_id;
	bool found = false;
	*good = true;
	if (wanted == NULL) {
		if (!trading_account_primary(db, c->device.owner_id, arena, &account, &found, err))
			return false;
	} else if (!trading_account_find(db, c->device.account_id, wanted, arena, &account, &found, err)) {
		return false;
	}
	if (found && (wanted != NULL || !account.paper)) /* no terminal joins one on paper unasked */
		c->device.trading_account_id = account.trading_account_id;
	*good = found || wanted == NULL;
	return *good || write_refuse(&c->deed.write, ERR_NOT_FOUND, "There is no such trading account.");
}

static bool apply_register(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	const struct principal *p = principal_of(deed->x);
	bool good;
	if (p->user_id[0] == '\0' && !producer_first_user(db, p->account_id, c->owner, err))
		return false;
	c->device.owner_id = p->user_id[0] != '\0' ? p->user_id : c->owner;
	if (!choose_account(c, db, &good, err))
		return false;
	return !good ||
		   (device_insert(db, &c->device, err) && deed_audit(deed, db, AUDIT_DEVICE_REGISTER, c->id, NULL, 0, err));
}

static void handle_register(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode(x, &c->request))
		return;
	id_make(c->deed.api->options.ids, c->id);
	c->device = (struct device){.device_id = c->id,
								.account_id = principal_of(x)->account_id,
								.name = c->request.name,
								.encrypt = c->request.encrypt,
								.snapshot_seq = FIELD_NO_INT,
								.created_us = c->deed.now_us};
	if (new_secret(c))
		deed_write(&c->deed, apply_register, answer_registered);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

/* --- changes of one that is there --- */

static bool read_named(struct change *c, struct db *db, bool *found, struct err *err)
{
	if (!rows_named(&c->deed, &device_kind, db, &c->device, found, err))
		return false;
	if (!*found)
		return true;
	*found = c->device.revoked_us == 0;
	return *found || write_refuse(&c->deed.write, ERR_TRANSITION_REFUSED, "A revoked device stays revoked.");
}

static bool apply_rename(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (c->request.name != NULL)
		c->device.name = c->request.name;
	if (deed_tells(deed, "encrypt"))
		c->device.encrypt = c->request.encrypt;
	return device_update(db, &c->device, err) &&
		   deed_audit(deed, db, AUDIT_DEVICE_RENAME, c->device.device_id, NULL, 0, err);
}

static void handle_rename(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL && exchange_decode(x, &c->request))
		deed_write(&c->deed, apply_rename, answer_row);
}

static bool apply_rotate(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (!new_secret(c))
		return err_set(err, ERR_LIMIT, "no memory");
	return device_update(db, &c->device, err) &&
		   deed_audit(deed, db, AUDIT_DEVICE_ROTATE, c->device.device_id, NULL, 0, err);
}

static void handle_rotate(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL)
		deed_write(&c->deed, apply_rotate, answer_rotated);
}

static bool apply_revoke(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	c->device.revoked_us = deed->now_us;
	return device_update(db, &c->device, err) &&
		   deed_audit(deed, db, AUDIT_DEVICE_REVOKE, c->device.device_id, NULL, 0, err);
}

static void handle_revoke(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL)
		deed_write(&c->deed, apply_revoke, NULL);
}

static void handle_get(struct exchange *x)
{
	rows_get(x, &device_kind);
}

static void handle_list(struct exchange *x)
{
	rows_list(x, &device_kind);
}

static const struct field device_rows[] = {
	T_STR(id),
	T_STR(name),
	T_STR(owner_id),
	T_STR(trading_account_id, NULLABLE),
	T_BOOL(online, DOC("It has asked for orders of late")),
	T_BOOL(encrypt),
	T_TIME(polled_at, NULLABLE),
	T_TIME(created_at),
	T_TIME(revoked_at, NULLABLE),
};
static const struct field_table device_table = TOLD_TABLE("trade.device", device_rows);
static const struct field page_rows[] = {T_PAGE(&device_table)};
static const struct field_table devices_page_table = TOLD_TABLE("trade.devices", page_rows);
static const struct field secret_rows[] = {
	T_STR(secret, NULLABLE, DOC("Shown this once; null where the answer is repeated")),
	T_ALL(&device_table),
};
static const struct field_table secret_table = TOLD_TABLE("trade.device.secret", secret_rows);

static const enum err_kind change_errors[] = {ERR_NOT_FOUND, ERR_DUPLICATE, ERR_TRANSITION_REFUSED, ERR_NONE};

const struct route devices_routes[] = {
	ROUTE(POST, "/api/v1/devices/register", "trade.manage", EFFECT_WRITE, handle_register,
		  .operation = "devices.register", .summary = "Register a terminal; its secret is shown this once",
		  .body = &register_table, .result = &secret_table, .status = 201, .errors = change_errors),
	ROUTE(GET, "/api/v1/devices", "trade.read", EFFECT_READ, handle_list, .operation = "devices.list",
		  .summary = "The account's terminals, newest first", .query = &page_ask_table, .result = &devices_page_table),
	ROUTE(GET, "/api/v1/devices/{id}", "trade.read", EFFECT_READ, handle_get, .operation = "devices.get",
		  .summary = "One terminal", .result = &device_table),
	ROUTE(PATCH, "/api/v1/devices/{id}", "trade.manage", EFFECT_WRITE, handle_rename, .operation = "devices.rename",
		  .summary = "Another name, or bodies encrypted or not", .body = &rename_table, .result = &device_table,
		  .errors = change_errors),
	ROUTE(POST, "/api/v1/devices/{id}/rotate", "trade.manage", EFFECT_WRITE, handle_rotate,
		  .operation = "devices.rotate", .summary = "A new secret; the old one is void at once",
		  .result = &secret_table, .errors = change_errors),
	ROUTE(POST, "/api/v1/devices/{id}/revoke", "trade.manage", EFFECT_WRITE, handle_revoke,
		  .operation = "devices.revoke", .summary = "Shut a terminal out for ever", .status = 204,
		  .errors = change_errors),
};
const size_t devices_routes_count = sizeof devices_routes / sizeof *devices_routes;
