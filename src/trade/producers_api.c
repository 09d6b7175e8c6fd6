#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/pack.h"
#include "trade/deed.h"
#include "trade/domain/instruments.h"
#include "trade/domain/signature.h"
#include "trade/ip_list.h"
#include "trade/producers.h"
#include "trade/rows.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/producers: register, change, rotate, delete [trade.md 2.1].  A secret is shown once. */

enum { ROTATE_S = 86400, ROTATE_MAX_S = 604800 };

struct texts {
	size_t count;
	const char **items;
};

struct producer_request {
	const char *name;
	int kind;
	struct texts instruments, ip_allow;
	bool enabled;
};

#define LISTS \
	F_STRS(producer_request, instruments, TOLD_APART, COUNT(0, 1000), DOC("Which it may name; without: all")), \
		F_STRS(producer_request, ip_allow, TOLD_APART, COUNT(0, 100), DOC("Addresses or networks; without: any"))

static const struct field create_fields[] = {
	F_STR(producer_request, name, REQUIRED, LENGTH(1, 100), DOC("What people call it")),
	F_ENUM(producer_request, kind, producer_kind_names, DEFAULT(PRODUCER_HMAC), DOC("How it proves itself")),
	LISTS,
};
static const struct field_table create_table = FIELD_TABLE("producers.create", producer_request, create_fields);

static const struct field patch_fields[] = {
	F_STR(producer_request, name, LENGTH(1, 100), DOC("What people call it")),
	F_BOOL(producer_request, enabled, DEFAULT(true), DOC("Off: its requests are refused")),
	LISTS,
};
static const struct field_table patch_table = FIELD_TABLE("producers.patch", producer_request, patch_fields);

struct rotate_request {
	int64_t overlap_seconds;
};

static const struct field rotate_fields[] = {
	F_INT(rotate_request, overlap_seconds, RANGE(0, ROTATE_MAX_S), DEFAULT(ROTATE_S), UNIT("s"),
		  DOC("How long the old secret is good for")),
};
static const struct field_table rotate_table = FIELD_TABLE("producers.rotate", rotate_request, rotate_fields);

/* What is told of a producer; secrets only when they are new. */
struct shown {
	const char *id, *name;
	int kind;
	const char *secret, *webhook_secret, *hook_url;
	const char *owner_id;
	const struct json *instruments, *ip_allow;
	bool enabled;
	int64_t old_secret_uses;
	const char *old_secret_until, *created_at, *updated_at;
};

#define SHOWN_HEAD F_STR(shown, id), F_STR(shown, name), F_ENUM(shown, kind, producer_kind_names)
#define SHOWN_TAIL \
	F_STR(shown, owner_id), F_JSON(shown, instruments, NULLABLE), F_JSON(shown, ip_allow, NULLABLE), \
		F_BOOL(shown, enabled), F_INT(shown, old_secret_uses, DOC("Of the secret before the last rotation")), \
		F_STR(shown, old_secret_until, NULLABLE, FORMAT("date-time")), F_STR(shown, created_at, FORMAT("date-time")), \
		F_STR(shown, updated_at, FORMAT("date-time"))

static const struct field row_fields[] = {SHOWN_HEAD, SHOWN_TAIL};
static const struct field_table row_table = FIELD_TABLE("producers.row", shown, row_fields);

static const struct field secret_fields[] = {
	SHOWN_HEAD,
	F_STR(shown, secret, SECRET, NULLABLE, DOC("Its ASCII bytes are the key; shown this once")),
	F_STR(shown, webhook_secret, SECRET, NULLABLE, DOC("The same for Standard Webhooks")),
	F_STR(shown, hook_url, SECRET, NULLABLE, LEFT_OUT, DOC("Of a url_token: what the service calls; shown this once")),
	SHOWN_TAIL,
};
static const struct field_table secret_table = FIELD_TABLE("producers.secret", shown, secret_fields);

struct shown_list {
	struct {
		size_t count;
		struct shown *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(shown_list, items, &row_table),
	F_STR(shown_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("producers.list", shown_list, list_fields);

static const char *time_text(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	return us != 0 ? arena_dup(arena, text) : NULL;
}

static const struct json *parsed(struct arena *arena, const char *text)
{
	const struct json *json = NULL;
	if (text != NULL)
		json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL);
	return json;
}

static struct shown show(struct arena *arena, const struct producer *p)
{
	return (struct shown){
		.id = p->producer_id,
		.name = p->name,
		.kind = p->kind,
		.owner_id = p->owner_id,
		.instruments = parsed(arena, p->instruments),
		.ip_allow = parsed(arena, p->ip_allow),
		.enabled = p->enabled,
		.old_secret_uses = p->old_uses,
		.old_secret_until = time_text(arena, p->old_until_us),
		.created_at = time_text(arena, p->created_us),
		.updated_at = time_text(arena, p->updated_us),
	};
}

/* Members only: the object is begun already. */
static void write_members(struct jw *jw, struct exchange *x, const void *row, int64_t now_us)
{
	const struct shown shown = show(&x->arena, row);
	struct buf object;
	struct jw inner;
	(void)now_us;
	buf_init(&object, 0);
	jw_init(&inner, &object);
	field_write(&inner, &row_table, &shown, FIELD_RESULT);
	if (jw_ok(&inner)) {
		buf_add(jw->buf, buf_text(&object) + 1, object.size - 2);
		jw->comma = true;
	}
	buf_fini(&object);
}

static bool find(struct db *db, struct exchange *x, const char *id, void *row, bool *found, struct err *err)
{
	return producer_find(db, principal_of(x)->account_id, id, &x->arena, row, found, err);
}

static bool list(struct db *db, struct exchange *x, const struct page_ask *page, void **rows, size_t *count,
				 struct err *err)
{
	struct producer *producers = NULL;
	bool read = producer_list(db, principal_of(x)->account_id, page->cursor, page->limit + 1, &x->arena, &producers,
							  count, err);
	*rows = producers;
	return read;
}

static const char *key(struct exchange *x, const void *row)
{
	(void)x;
	return ((const struct producer *)row)->producer_id;
}

static const struct row_kind producer_kind = {.what = "producer",
											  .size = sizeof(struct producer),
											  .find = find,
											  .list = list,
											  .key = key,
											  .write = write_members};

static const char *list_text(struct arena *arena, const struct texts *texts)
{
	struct buf buf;
	struct jw jw;
	if (texts->items == NULL)
		return NULL;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (size_t i = 0; i < texts->count; i++)
		jw_str(&jw, texts->items[i]);
	jw_array_end(&jw);
	const char *text = arena_dupn(arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

/* --- one change under way --- */

struct change {
	struct deed deed;
	struct producer_request request;
	struct rotate_request rotate;
	struct producer producer;
	char id[ID_TEXT], owner[40], secret[SECRET_TEXT];
};

static void check(void *self, struct faults *faults)
{
	struct change *c = self;
	const struct pack *pack = packs_find(c->deed.api->options.packs, "instruments", NULL, NULL);
	const struct texts *names = &c->request.instruments, *networks = &c->request.ip_allow;
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i] != NULL && instrument_find(pack->data, names->items[i]) == NULL)
			faults_add(faults, field_pointer_index(faults->arena, "/instruments", i), "unknown_instrument",
					   "is not in pack instruments");
	for (size_t i = 0; i < networks->count; i++)
		if (networks->items[i] != NULL && !ip_list_valid(networks->items[i]))
			faults_add(faults, field_pointer_index(faults->arena, "/ip_allow", i), "format",
					   "must be an address or a network such as 192.0.2.0/24");
}

static bool new_secret(struct change *c)
{
	struct trade_api *api = c->deed.api;
	c->deed.write.shown_once = true;
	secret_make(api->options.env, "", c->secret);
	if (c->producer.kind == PRODUCER_URL_TOKEN) { /* it signs nothing: its hash is enough to know it again */
		unsigned char *sha = arena_alloc(&c->deed.x->arena, SHA256_SIZE);
		if (sha != NULL)
			sha256(c->secret, strlen(c->secret), sha);
		c->producer.secret = sha;
		c->producer.secret_size = SHA256_SIZE;
		return sha != NULL;
	}
	c->producer.secret = producer_seal_secret(api->options.env, api->secret_key, c->producer.producer_id, c->secret,
											  &c->deed.x->arena, &c->producer.secret_size);
	return c->producer.secret != NULL;
}

static void answer_with_secret(struct deed *deed, int status)
{
	struct change *c = (struct change *)deed;
	struct shown shown = show(&deed->x->arena, &c->producer);
	if (deed->x->drafting) { /* what is kept for a repetition has no secret */
		reply_fact(deed->x, status, &secret_table, &shown);
		return;
	}
	char base64[BASE64_LENGTH(SECRET_LENGTH) + 1], secret[SECRET_TEXT];
	base64_encode(base64, c->secret, strlen(c->secret));
	memcpy(secret, c->secret, sizeof secret);
	wipe(c->secret, sizeof c->secret);
	if (c->producer.kind == PRODUCER_URL_TOKEN) {
		shown.hook_url = trade_link(deed->api, &deed->x->arena, "/hooks/tv/", secret);
	} else {
		shown.secret = secret;
		shown.webhook_secret = arena_printf(&deed->x->arena, WEBHOOK_SECRET_PREFIX "%s", base64);
	}
	reply_fact(deed->x, status, &secret_table, &shown); /* from here on the exchange is another's, and c with it */
	wipe(secret, sizeof secret);
}

static void answer_created(struct deed *deed)
{
	const struct change *c = (const struct change *)deed;
	if (!deed->write.drafted)
		exchange_setf(deed->x, "Location", "/api/v1/producers/%s", c->producer.producer_id);
	answer_with_secret(deed, 201);
}

static void answer_rotated(struct deed *deed)
{
	answer_with_secret(deed, 200);
}

static void answer_row(struct deed *deed)
{
	const struct change *c = (const struct change *)deed;
	const struct shown shown = show(&deed->x->arena, &c->producer);
	reply_fact(deed->x, 200, &row_table, &shown);
}

static bool apply_create(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	const struct principal *principal = principal_of(deed->x);
	const struct audit_pair meta[] = {{AUDIT_META_kind, producer_kind_names[c->producer.kind]}};
	if (principal->user_id[0] == '\0' && !producer_first_user(db, principal->account_id, c->owner, err))
		return false;
	c->producer.owner_id = principal->user_id[0] != '\0' ? principal->user_id : c->owner;
	return producer_insert(db, &c->producer, err) && deed_audit(deed, db, AUDIT_PRODUCER_CREATE, c->id, meta, 1, err);
}

static void handle_create(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode_checked(x, &c->request, check, c))
		return;
	id_make(c->deed.api->options.ids, c->id);
	c->producer = (struct producer){
		.producer_id = c->id,
		.account_id = principal_of(x)->account_id,
		.name = c->request.name,
		.kind = c->request.kind,
		.instruments = list_text(&x->arena, &c->request.instruments),
		.ip_allow = list_text(&x->arena, &c->request.ip_allow),
		.enabled = true,
		.created_us = c->deed.now_us,
		.updated_us = c->deed.now_us,
	};
	if (!new_secret(c))
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		deed_write(&c->deed, apply_create, answer_created);
}

static bool read_named(struct change *c, struct db *db, bool *found, struct err *err)
{
	return rows_named(&c->deed, &producer_kind, db, &c->producer, found, err);
}

static bool apply_patch(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	const struct producer_request *r = &c->request;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	c->producer.name = r->name != NULL ? r->name : c->producer.name;
	if (deed_tells(deed, "enabled"))
		c->producer.enabled = r->enabled;
	if (r->instruments.items != NULL)
		c->producer.instruments = list_text(&deed->x->arena, &r->instruments);
	if (r->ip_allow.items != NULL)
		c->producer.ip_allow = list_text(&deed->x->arena, &r->ip_allow);
	c->producer.updated_us = deed->now_us;
	return producer_update(db, &c->producer, err) &&
		   deed_audit(deed, db, AUDIT_PRODUCER_UPDATE, c->producer.producer_id, NULL, 0, err);
}

static void handle_patch(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL && exchange_decode_checked(x, &c->request, check, c))
		deed_write(&c->deed, apply_patch, answer_row);
}

static bool apply_rotate(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	c->producer.old_secret = c->producer.secret;
	c->producer.old_secret_size = c->producer.secret_size;
	c->producer.old_until_us = deed->now_us + c->rotate.overlap_seconds * STAMP_US_PER_S;
	c->producer.old_uses = 0;
	c->producer.updated_us = deed->now_us;
	if (!new_secret(c))
		return err_set(err, ERR_LIMIT, "no memory");
	return producer_update(db, &c->producer, err) &&
		   deed_audit(deed, db, AUDIT_PRODUCER_ROTATE, c->producer.producer_id, NULL, 0, err);
}

static void handle_rotate(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL && exchange_decode(x, &c->rotate))
		deed_write(&c->deed, apply_rotate, answer_rotated);
}

static bool apply_delete(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!read_named(c, db, &found, err))
		return false;
	return !found || (producer_delete(db, c->producer.account_id, c->producer.producer_id, deed->now_us, err) &&
					  deed_audit(deed, db, AUDIT_PRODUCER_DELETE, c->producer.producer_id, NULL, 0, err));
}

static void handle_delete(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL)
		deed_write(&c->deed, apply_delete, NULL);
}

static void handle_get(struct exchange *x)
{
	rows_get(x, &producer_kind);
}

static void handle_list(struct exchange *x)
{
	rows_list(x, &producer_kind);
}

const struct route producers_routes[] = {
	ROUTE(POST, "/api/v1/producers", "trade.manage", EFFECT_WRITE, handle_create, .operation = "producers.create",
		  .summary = "Register a strategy engine; its secret is shown this once", .body = &create_table,
		  .result = &secret_table, .status = 201),
	ROUTE(GET, "/api/v1/producers", "trade.read", EFFECT_READ, handle_list, .operation = "producers.list",
		  .summary = "The account's producers, newest first", .query = &page_ask_table, .result = &list_table),
	ROUTE(GET, "/api/v1/producers/{id}", "trade.read", EFFECT_READ, handle_get, .operation = "producers.get",
		  .summary = "One producer", .result = &row_table),
	ROUTE(PATCH, "/api/v1/producers/{id}", "trade.manage", EFFECT_WRITE, handle_patch, .operation = "producers.update",
		  .summary = "Change a producer", .body = &patch_table, .result = &row_table),
	ROUTE(DELETE, "/api/v1/producers/{id}", "trade.manage", EFFECT_WRITE, handle_delete,
		  .operation = "producers.delete", .summary = "Delete a producer; its signals stay", .status = 204),
	ROUTE(POST, "/api/v1/producers/{id}/rotate", "trade.manage", EFFECT_WRITE, handle_rotate,
		  .operation = "producers.rotate", .summary = "A new secret; the old one stays good for a while",
		  .body = &rotate_table, .result = &secret_table),
};
const size_t producers_routes_count = sizeof producers_routes / sizeof *producers_routes;
