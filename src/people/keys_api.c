#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/act.h"
#include "people/keys.h"
#include "people/listing.h"
#include "people/people_internal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/users.h"
#include "people/view.h"
#include "seal/calc.h"

/* /api/v1/keys: a person's API keys [P-4.8]. */

#define YEAR_US (INT64_C(365) * STAMP_US_PER_DAY)
enum { SCOPES_MAX = 64, KEY_DAYS = 90 };

struct key_view {
	const char *key_id, *user_id, *name, *prefix;
	const char *key; /* only in the answer that makes it */
	struct texts scopes;
	const char *created_at, *expires_at, *last_used_at;
};

static const struct field key_fields[] = {
	F_STR(key_view, key_id),
	F_STR(key_view, user_id, DOC("Whose rights it has")),
	F_STR(key_view, name),
	F_STR(key_view, prefix, DOC("The eight characters after csk_, by which it is told from others")),
	F_STRS(key_view, scopes),
	F_STR(key_view, created_at, FORMAT("date-time")),
	F_STR(key_view, expires_at, FORMAT("date-time")),
	F_STR(key_view, last_used_at, NULLABLE, FORMAT("date-time"), DOC("To the minute")),
};
static const struct field_table key_table = FIELD_TABLE("key", key_view, key_fields);

static const struct field new_key_fields[] = {
	F_STR(key_view, key_id),
	F_STR(key_view, prefix),
	F_STR(key_view, key, SECRET, NULLABLE,
		  DOC("Shown here and never again, also not in a replay; send it as Authorization: Bearer or X-API-Key")),
	F_STRS(key_view, scopes),
	F_STR(key_view, expires_at, FORMAT("date-time")),
	F_STR(key_view, user_id),
	F_STR(key_view, name),
	F_STR(key_view, created_at, FORMAT("date-time")),
};
static const struct field_table new_key_table = FIELD_TABLE("key.new", key_view, new_key_fields);

LIST_PAGE(key_page, "keys", key_view, &key_table);

static void view_key(struct arena *arena, const struct api_key *key, struct key_view *view)
{
	struct buf buf;
	struct jw jw;
	const struct json *list;
	*view = (struct key_view){
		.key_id = key->key_id,
		.user_id = key->user_id,
		.name = key->name,
		.prefix = key->prefix,
		.created_at = view_time(arena, key->created_us),
		.expires_at = view_time(arena, key->expires_us),
		.last_used_at = view_time(arena, key->last_used_us),
	};
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	permissions_write(&jw, key->scopes);
	if (json_parse(arena, buf_text(&buf), buf.size, &json_body_limits, &list, NULL)) {
		view->scopes.items = arena_array(arena, list->count, sizeof *view->scopes.items);
		for (uint32_t i = 0; view->scopes.items != NULL && i < list->count; i++)
			view->scopes.items[view->scopes.count++] = list->items[i].text;
	}
	buf_fini(&buf);
}

/* --- list --- */

struct keys_query {
	LIST_QUERY;
};
static const struct field query_fields[] = {F_LIST_QUERY(keys_query)};
static const struct field_table query_table = FIELD_TABLE("keys.query", keys_query, query_fields);

static void take_key(void *self, const struct api_key *key)
{
	struct listing *l = self;
	struct key_view *view = listing_room(l, key->key_id);
	if (view != NULL)
		view_key(&l->x->arena, key, view);
}

/* Who manages keys sees those of the account, anybody else their own. */
static bool read_keys(struct listing *l, struct db *db, struct err *err)
{
	const struct principal *principal = principal_of(l->x);
	const struct people *people = l->x->owner;
	const struct key_filter filter = {
		.account_id = l->account_id,
		.user_id = principal_may(principal, "key.manage") ? NULL : principal->user_id,
		.after = l->after,
		.now_us = env_wall_us(people->options.env),
		.limit = l->limit,
	};
	return key_list(db, &filter, &l->x->arena, take_key, l, err);
}

static void handle_list(struct exchange *x)
{
	static const struct list_kind kind = {.name = "keys",
										  .query = &query_table,
										  .page = &key_page_table,
										  .item_size = sizeof(struct key_view),
										  .read = read_keys};
	const struct people *people = x->owner;
	listing_answer(x, people->options.store, people->page_key, &kind);
}

/* --- make --- */

struct key_request {
	const char *name;
	struct texts scopes;
	const char *expires_at, *user_id;
};
static const struct field request_fields[] = {
	F_STR(key_request, name, REQUIRED, LENGTH(1, 100)),
	F_STRS(key_request, scopes, REQUIRED, COUNT(1, SCOPES_MAX), DOC("Permissions; only those that the maker has")),
	F_STR(key_request, expires_at, FORMAT("date-time"), DOC("At most a year from now; default: 90 days")),
	F_STR(key_request, user_id, LENGTH(1, 64), DOC("Whose key, for the machine's own administrator only")),
};
static const struct field_table request_table = FIELD_TABLE("keys.create", key_request, request_fields);

struct make_act {
	struct act act;
	struct key_request request;
	struct api_key key;
	char key_id[ID_TEXT], text[KEY_TEXT], prefix[KEY_PREFIX_TEXT], hash[SHA256_HEX_SIZE];
	struct user user;
};

static uint64_t read_scopes(const struct make_act *m, struct faults *faults)
{
	uint64_t set = 0;
	for (size_t i = 0; i < m->request.scopes.count; i++) {
		const char *name = m->request.scopes.items[i];
		uint64_t bit = name != NULL ? permission_bit(name) : 0;
		if (bit == 0)
			faults_add(faults, field_pointer_index(faults->arena, "/scopes", i), "enum",
					   "is no permission; GET /api/v1/auth/me lists yours");
		set |= bit;
	}
	return set;
}

static int64_t read_expiry(const struct make_act *m, struct faults *faults)
{
	const char *text = m->request.expires_at;
	const struct stamp_fault *fault;
	int64_t us;
	if (text == NULL)
		return m->act.now_us + KEY_DAYS * STAMP_US_PER_DAY;
	if (!stamp_parse(text, strlen(text), &us, &fault))
		faults_add(faults, "/expires_at", fault->code, "%s", fault->message);
	else if (us <= m->act.now_us || us > m->act.now_us + YEAR_US)
		faults_add(faults, "/expires_at", "range", "must lie in the future, at most a year from now");
	else
		return us;
	return 0;
}

/* A key never has more than its maker; so what they lack is refused by name and not left out in silence. */
static bool check_scopes(const struct make_act *m, struct err *err)
{
	uint64_t missing = m->key.scopes & ~permissions_of(m->user.roles);
	char names[PERMISSIONS_TEXT];
	return missing == 0 || err_field(err, ERR_FORBIDDEN, "/scopes", "The key cannot have what its maker has not: %s.",
									 permissions_format(missing, names));
}

static bool apply_make(struct act *act, struct db *db, struct err *err)
{
	struct make_act *m = (struct make_act *)act;
	bool found = false;
	int64_t count = 0;
	if (!user_by_id(db, m->key.user_id, &act->x->arena, &m->user, &found, err))
		return false;
	if (!found || m->user.status != USER_ACTIVE)
		return err_field(err, ERR_NOT_FOUND, "/user_id", "There is no such active user.");
	if (!check_scopes(m, err) || !key_count(db, m->key.user_id, act->now_us, &count, err))
		return false;
	if (count >= KEYS_MAX)
		return err_set(err, ERR_CONFLICT, "A person has at most %d keys; revoke one first.", KEYS_MAX);
	char scopes[PERMISSIONS_TEXT];
	const struct audit_pair meta[] = {{AUDIT_META_scopes, permissions_format(m->key.scopes, scopes)}};
	struct audit_event event = act_event(act, AUDIT_KEY_CREATE, AUDIT_SUCCESS, NULL);
	m->key.account_id = m->user.account_id;
	event.target_id = m->key.key_id;
	event.meta = meta;
	event.meta_count = 1;
	return key_insert(db, &m->key, m->hash, err) && act_audit(act, db, &event, err);
}

static void answer_make(struct act *act)
{
	struct make_act *m = (struct make_act *)act;
	struct key_view view;
	view_key(&act->x->arena, &m->key, &view);
	if (act->x->drafting) { /* what is kept for a repetition has no secret [P-8.5] */
		static const struct note once = {.code = "secret_shown_once",
										 .message = "The key was shown in the first answer and is not kept."};
		reply_fact_warned(act->x, 201, &new_key_table, &view, &once);
		return;
	}
	char text[KEY_TEXT];
	memcpy(text, m->text, sizeof text);
	wipe(m->text, sizeof m->text);
	view.key = text;
	reply_fact(act->x, 201, &new_key_table, &view); /* from here on the exchange is another's, and m with it */
	wipe(text, sizeof text);
}

/* A key makes no keys, or it would outlive its own end; the machine's administrator makes them for a person. */
static bool choose_owner(struct make_act *m)
{
	struct exchange *x = m->act.x;
	const struct principal *principal = principal_of(x);
	struct err err;
	bool local = principal->kind == PRINCIPAL_LOCAL;
	if (!local && !principal_needs_session(x))
		return false;
	m->key.user_id = m->request.user_id != NULL ? m->request.user_id : principal->user_id;
	if (local ? m->request.user_id != NULL : strcmp(m->key.user_id, principal->user_id) == 0)
		return true;
	err_field(&err, ERR_INVALID, "/user_id", local ? "Say whose key it is." : "A key is made by its owner.");
	act_fail(&m->act, &err);
	return false;
}

static void check_make(void *self, struct faults *faults)
{
	struct make_act *m = self;
	m->key.scopes = read_scopes(m, faults);
	m->key.expires_us = read_expiry(m, faults);
}

static void handle_make(struct exchange *x)
{
	struct make_act *m = act_start(x, sizeof *m);
	if (m == NULL || !exchange_decode_checked(x, &m->request, check_make, m) || !choose_owner(m))
		return;
	id_make(m->act.people->options.ids, m->key_id);
	key_make(m->act.people->options.env, m->text, m->prefix);
	secret_hash(m->text, m->hash);
	m->act.write.shown_once = true;
	m->key.key_id = m->key_id;
	m->key.name = m->request.name;
	m->key.prefix = m->prefix;
	m->key.created_us = m->act.now_us;
	act_write(&m->act, apply_make, answer_make);
}

/* --- revoke --- */

struct revoke_act {
	struct act act;
	struct api_key key;
};

static bool may_revoke(const struct principal *principal, const struct api_key *key)
{
	if (strcmp(key->user_id, principal->user_id) == 0 && principal->kind != PRINCIPAL_LOCAL)
		return true;
	return principal_may(principal, "key.manage") &&
		   ((principal->roles & ROLE_ADMIN) != 0 || strcmp(key->account_id, principal->account_id) == 0);
}

static bool apply_revoke(struct act *act, struct db *db, struct err *err)
{
	struct revoke_act *r = (struct revoke_act *)act;
	const char *key_id = exchange_param(act->x, "id");
	bool found = false;
	if (!key_find(db, key_id, act->now_us, &act->x->arena, &r->key, &found, err))
		return false;
	if (!found || !may_revoke(principal_of(act->x), &r->key))
		return err_set(err, ERR_NOT_FOUND, "There is no such key.");
	struct audit_event event = act_event(act, AUDIT_KEY_REVOKE, AUDIT_SUCCESS, NULL);
	event.target_id = r->key.key_id;
	return key_revoke(db, key_id, act->now_us, err) && act_audit(act, db, &event, err);
}

static void handle_revoke(struct exchange *x)
{
	struct revoke_act *r = act_start(x, sizeof *r);
	if (r != NULL)
		act_write(&r->act, apply_revoke, NULL);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};
static const enum err_kind make_errors[] = {ERR_PERSON_REQUIRED, ERR_CONFLICT, ERR_NOT_FOUND, ERR_NONE};

const struct route key_routes[] = {
	ROUTE(GET, "/api/v1/keys", "key.create", EFFECT_READ, handle_list, .operation = "keys.list",
		  .summary = "My API keys, or those of the account for who manages them", .query = &query_table,
		  .result = &key_page_table, .errors = list_errors),
	ROUTE(POST, "/api/v1/keys", "key.create", EFFECT_WRITE, handle_make, .operation = "keys.create",
		  .summary = "Make an API key; it is shown once",
		  .doc = "Scopes are permissions, checked at each use against what the maker may do at that moment.",
		  .body = &request_table, .result = &new_key_table, .status = 201, .errors = make_errors,
		  .example = "{\"name\":\"build server\",\"scopes\":[\"calculation.run\"]}"),
	ROUTE(DELETE, "/api/v1/keys/{id}", "key.create", EFFECT_WRITE, handle_revoke, .operation = "keys.revoke",
		  .summary = "Revoke an API key at once", .status = 204),
};
const size_t key_routes_count = sizeof key_routes / sizeof *key_routes;
