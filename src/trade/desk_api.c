#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/calc.h"
#include "seal/pack.h"
#include "trade/deed.h"
#include "trade/domain/instruments.h"
#include "trade/limits.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* What a tenant sets for its desk: risk profile, approvers, guards, consent texts, news windows [trade.md 1, 3, 6-8].
 */

/* One change under way; every handler below uses its part. */
struct setting {
	struct deed deed;
	struct profile_row profile;
	struct trade_settings settings;
	struct guard_config guards;
	const char *text; /* of a consent */
	int64_t version;
	struct news_row window;
	const char *const *people; /* named as approvers */
	size_t people_count;
	bool strangers; /* some of those named are nobody of the account */
	bool limited;   /* the platform's own profile is tighter than the tenant's */
	char id[ID_TEXT];
	char etag[ETAG_TEXT];
};

static struct setting *start(struct exchange *x)
{
	return deed_start(x, sizeof(struct setting));
}

static const char *account_of(const struct exchange *x)
{
	return principal_of(x)->account_id;
}

/* A list of texts as JSON, NULL for one that was not given. */
static const char *list_text(struct arena *arena, size_t count, const char *const *items)
{
	struct buf buf;
	struct jw jw;
	if (items == NULL)
		return NULL;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (size_t i = 0; i < count; i++)
		jw_str(&jw, items[i]);
	jw_array_end(&jw);
	const char *text = arena_dupn(arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

/* --- risk profile --- */

static void etag_of(const struct profile_row *row, char etag[ETAG_TEXT])
{
	char name[64], sha256[SHA256_HEX_SIZE];
	int size = snprintf(name, sizeof name, "risk:%lld:%lld", (long long)row->version, (long long)row->created_us);
	sha256_hex(name, (size_t)size, sha256);
	etag_format(etag, sha256);
}

/* --- people named --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* Is each of them of the account?  A wrong id would leave nobody to decide, and nobody would know why. */
static bool look_for_strangers(struct setting *s, struct db *db, const char *const *people, size_t count,
							   struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		bool found = false;
		if (!db_one(db, err, &found, take_nothing, NULL, "SELECT 1 FROM users WHERE account_id = $1 AND user_id = $2",
					V_TEXT(account_of(s->deed.x)), V_TEXT(people[i])))
			return false;
		s->strangers |= !found;
	}
	return true;
}

static const struct note *stranger_note(const struct setting *s)
{
	static const struct note note = {.code = "unknown_user",
									 .message = "Not everybody named is a user of the account; such a one decides "
												"nothing."};
	return s->strangers ? &note : NULL;
}

static void answer_profile(struct exchange *x, const struct profile_row *row, int status, const struct note *warning)
{
	char etag[ETAG_TEXT];
	struct buf members;
	struct jw inner;
	struct telling t;
	etag_of(row, etag);
	exchange_set(x, "ETag", etag);
	buf_init(&members, 0);
	jw_init(&inner, &members);
	field_write(&inner, &risk_profile_table, &row->profile, FIELD_RESULT);
	tell_begin(&t);
	jw_member_int(&t.jw, "version", row->version);
	if (members.size > 2) {
		buf_addc(&t.buf, ',');
		buf_add(&t.buf, buf_text(&members) + 1, members.size - 2);
	}
	jw_member_str(&t.jw, "created_by", row->created_by);
	tell_time(&t.jw, "created_at", row->created_us);
	t.jw.failed |= !jw_ok(&inner);
	buf_fini(&members);
	tell_end_warned(&t, x, status, warning);
}

/* What is told is what the tenant set; that it does not reach as far is a warning. */
static bool compare(struct setting *s)
{
	const struct risk_profile *platform = s->deed.api->options.platform;
	struct risk_profile in_force = s->profile.profile;
	s->limited = platform != NULL && risk_profile_tighten(&in_force, platform, &s->deed.x->arena);
	return true;
}

static const struct note *profile_note(const struct setting *s)
{
	static const struct note note = {.code = "platform_limits",
									 .message = "The platform's own profile is tighter in some of these; the tighter "
												"limit holds (trade.profile_file)."};
	return s->strangers ? stranger_note(s) : s->limited ? &note : NULL;
}

static bool read_profile(struct db *db, void *self, struct err *err)
{
	struct setting *s = self;
	return profile_current(db, account_of(s->deed.x), &s->deed.x->arena, &s->profile, err) && compare(s);
}

static void handle_profile_get(struct exchange *x)
{
	struct setting *s = start(x);
	if (s != NULL && tell_read(x, read_profile, s))
		answer_profile(x, &s->profile, 200, profile_note(s));
}

static bool apply_profile(struct deed *deed, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)deed;
	struct profile_row now;
	char etag[ETAG_TEXT], version[24];
	if (!profile_current(db, account_of(deed->x), &deed->x->arena, &now, err))
		return false;
	etag_of(&now, etag);
	if (!etag_if_match(deed->x, etag, err))
		return false;
	s->profile.version = now.version + 1;
	s->profile.created_by = principal_event(deed->x, AUDIT_RISK_PROFILE_UPDATE, AUDIT_SUCCESS).actor;
	s->profile.created_us = deed->now_us;
	snprintf(version, sizeof version, "%lld", (long long)s->profile.version);
	const struct audit_pair meta[] = {{AUDIT_META_version, version}};
	const struct risk_profile *p = &s->profile.profile;
	return compare(s) && look_for_strangers(s, db, p->approver_set.items, p->approver_set.count, err) &&
		   profile_add(db, account_of(deed->x), &s->profile, &deed->x->arena, err) &&
		   deed_audit(deed, db, AUDIT_RISK_PROFILE_UPDATE, account_of(deed->x), meta, 1, err);
}

static void answer_profile_put(struct deed *deed)
{
	const struct setting *s = (const struct setting *)deed;
	answer_profile(deed->x, &s->profile, 200, profile_note(s));
}

static void check_profile(void *self, struct faults *faults)
{
	const struct setting *s = self;
	const struct risk_profile *p = &s->profile.profile;
	const struct pack *pack = packs_find(s->deed.api->options.packs, "instruments", NULL, NULL);
	for (size_t i = 0; i < p->instruments.count; i++)
		if (p->instruments.items[i] != NULL && instrument_find(pack->data, p->instruments.items[i]) == NULL)
			faults_add(faults, field_pointer_index(faults->arena, "/instruments", i), "unknown_instrument",
					   "is not in pack instruments");
}

static void handle_profile_put(struct exchange *x)
{
	struct setting *s = start(x);
	if (s != NULL && exchange_decode_checked(x, &s->profile.profile, check_profile, s))
		deed_write(&s->deed, apply_profile, answer_profile_put);
}

/* --- approvers --- */

struct approvers_request {
	struct {
		size_t count;
		const char **items;
	} approvers;
};
static const struct field approvers_fields[] = {
	F_STRS(approvers_request, approvers, TOLD_APART, COUNT(0, 100), DOC("Users; null: all with trade.approve")),
};
static const struct field_table approvers_table = FIELD_TABLE("trade.settings", approvers_request, approvers_fields);

static bool read_settings(struct db *db, void *self, struct err *err)
{
	struct setting *s = self;
	return settings_get(db, account_of(s->deed.x), &s->deed.x->arena, &s->settings, err);
}

static void answer_settings(struct exchange *x, const struct trade_settings *settings, const struct note *warning)
{
	struct telling t;
	tell_begin(&t);
	tell_json(&t.jw, "approvers", settings->approvers);
	tell_exact(&t.jw, "position_size", settings->position_size);
	tell_end_warned(&t, x, 200, warning);
}

static void handle_settings_get(struct exchange *x)
{
	struct setting *s = start(x);
	if (s != NULL && tell_read(x, read_settings, s))
		answer_settings(x, &s->settings, NULL);
}

static bool apply_settings(struct deed *deed, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)deed;
	const char *approvers = s->settings.approvers;
	if (!read_settings(db, s, err))
		return false;
	s->settings.approvers = approvers;
	return look_for_strangers(s, db, s->people, s->people_count, err) &&
		   settings_put(db, account_of(deed->x), &s->settings, err) &&
		   deed_audit(deed, db, AUDIT_TRADING_SETTINGS, account_of(deed->x), NULL, 0, err);
}

static void answer_settings_put(struct deed *deed)
{
	const struct setting *s = (const struct setting *)deed;
	answer_settings(deed->x, &s->settings, stranger_note(s));
}

static void handle_settings_put(struct exchange *x)
{
	struct approvers_request request;
	struct setting *s = start(x);
	if (s == NULL || !exchange_decode(x, &request))
		return;
	s->people = request.approvers.items;
	s->people_count = request.approvers.count;
	s->settings.approvers = list_text(&x->arena, request.approvers.count, request.approvers.items);
	deed_write(&s->deed, apply_settings, answer_settings_put);
}

/* --- guards --- */

static void handle_guards_get(struct exchange *x)
{
	struct setting *s = start(x);
	if (s == NULL || !tell_read(x, read_settings, s))
		return;
	s->guards = guard_config_of(&x->arena, s->settings.guards);
	reply_fact(x, 200, &guard_config_table, &s->guards);
}

static bool apply_guards(struct deed *deed, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)deed;
	struct buf buf;
	struct jw jw;
	if (!read_settings(db, s, err))
		return false;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &guard_config_table, &s->guards, FIELD_INPUTS);
	s->settings.guards = arena_dupn(&deed->x->arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return settings_put(db, account_of(deed->x), &s->settings, err) &&
		   deed_audit(deed, db, AUDIT_TRADING_SETTINGS, account_of(deed->x), NULL, 0, err);
}

static void answer_guards(struct deed *deed)
{
	reply_fact(deed->x, 200, &guard_config_table, &((const struct setting *)deed)->guards);
}

static void check_guards(void *self, struct faults *faults)
{
	const struct guard_config *g = self;
	if (g->warn_pct > g->close_pct)
		faults_add(faults, "/warn_pct", "range", "must be at most close_pct, %.15g", g->close_pct);
}

static void handle_guards_put(struct exchange *x)
{
	struct setting *s = start(x);
	if (s != NULL && exchange_decode_checked(x, &s->guards, check_guards, &s->guards))
		deed_write(&s->deed, apply_guards, answer_guards);
}

/* --- consents --- */

struct consent_request {
	const char *text;
};
static const struct field consent_fields[] = {
	F_STR(consent_request, text, REQUIRED, LENGTH(1, 10000), DOC("What people agree to when they approve")),
};
static const struct field_table consent_table = FIELD_TABLE("consents.create", consent_request, consent_fields);

static const char shipped_consent[] =
	"I have seen the order whose seal I sign. I decide on it myself, I answer for the decision, and I know that an "
	"approved order is sent to the market without asking again until the approval expires.";

static void write_consent(struct jw *jw, int64_t version, const char *text, int64_t created_us)
{
	jw_object(jw);
	jw_member_int(jw, "version", version);
	jw_member_str(jw, "text", text);
	tell_time(jw, "created_at", created_us);
	jw_object_end(jw);
}

struct consents {
	struct exchange *x;
	struct telling *t;
};

static bool read_consents(struct db *db, void *self, struct err *err)
{
	const struct consents *c = self;
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT version, text, created_at FROM trade_consents WHERE account_id = $1 ORDER BY version DESC",
				  V_TEXT(account_of(c->x))))
		return false;
	while (db_next(&rows))
		write_consent(&c->t->jw, db_int(&rows, 0), db_text(&rows, 1), db_int(&rows, 2));
	return db_end(&rows, err);
}

static void handle_consents_get(struct exchange *x)
{
	struct telling t;
	struct consents c = {x, &t};
	tell_list(&t);
	if (!tell_read(x, read_consents, &c)) {
		buf_fini(&t.buf);
		return;
	}
	write_consent(&t.jw, CONSENT_SHIPPED, shipped_consent, 0);
	tell_list_end(&t, x, NULL);
}

static bool apply_consent(struct deed *deed, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)deed;
	char version[24];
	if (!consent_current(db, account_of(deed->x), &s->version, err))
		return false;
	s->version++;
	snprintf(version, sizeof version, "%lld", (long long)s->version);
	const struct audit_pair meta[] = {{AUDIT_META_version, version}};
	return db_run(db, err,
				  "INSERT INTO trade_consents (account_id, version, text, created_by, created_at) "
				  "VALUES ($1, $2, $3, $4, $5)",
				  V_TEXT(account_of(deed->x)), V_INT(s->version), V_TEXT(s->text),
				  V_TEXT(principal_event(deed->x, AUDIT_CONSENT_CREATE, AUDIT_SUCCESS).actor), V_INT(deed->now_us)) &&
		   deed_audit(deed, db, AUDIT_CONSENT_CREATE, account_of(deed->x), meta, 1, err);
}

static void answer_consent(struct deed *deed)
{
	const struct setting *s = (const struct setting *)deed;
	struct telling t;
	tell_begin(&t);
	jw_member_int(&t.jw, "version", s->version);
	jw_member_str(&t.jw, "text", s->text);
	tell_time(&t.jw, "created_at", deed->now_us);
	tell_end(&t, deed->x, 201);
}

static void handle_consent_post(struct exchange *x)
{
	struct consent_request request;
	struct setting *s = start(x);
	if (s == NULL || !exchange_decode(x, &request))
		return;
	s->text = request.text;
	deed_write(&s->deed, apply_consent, answer_consent);
}

/* --- news windows --- */

struct window_request {
	const char *from, *to, *title;
	struct {
		size_t count;
		const char **items;
	} instruments, currencies;
};
static const struct field window_fields[] = {
	F_STR(window_request, from, REQUIRED, FORMAT("date-time")),
	F_STR(window_request, to, REQUIRED, FORMAT("date-time"), DOC("No longer inside")),
	F_STRS(window_request, instruments, COUNT(0, 100), DOC("These, or")),
	F_STRS(window_request, currencies, COUNT(0, 100), DOC("all that have one of these")),
	F_STR(window_request, title, REQUIRED, LENGTH(1, 200)),
};
static const struct field_table window_table = FIELD_TABLE("blocklist.create", window_request, window_fields);

static void write_window(struct jw *jw, const struct news_row *row)
{
	jw_member_str(jw, "id", row->window_id);
	tell_time(jw, "from", row->from_us);
	tell_time(jw, "to", row->to_us);
	tell_json(jw, "instruments", row->instruments);
	tell_json(jw, "currencies", row->currencies);
	jw_member_str(jw, "title", row->title);
	tell_time(jw, "created_at", row->created_us);
}

struct windows {
	struct exchange *x;
	struct news_row *rows;
	size_t count;
	int64_t now_us;
};

static bool read_windows(struct db *db, void *self, struct err *err)
{
	struct windows *w = self;
	return news_list(db, account_of(w->x), w->now_us, &w->x->arena, &w->rows, &w->count, err);
}

static void handle_windows_get(struct exchange *x)
{
	const struct trade_api *api = x->owner;
	struct windows w = {.x = x, .now_us = env_wall_us(api->options.env)};
	struct telling t;
	if (!tell_read(x, read_windows, &w))
		return;
	tell_list(&t);
	for (size_t i = 0; i < w.count; i++) {
		jw_object(&t.jw);
		write_window(&t.jw, &w.rows[i]);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, NULL);
}

static bool apply_window(struct deed *deed, struct db *db, struct err *err)
{
	struct setting *s = (struct setting *)deed;
	return news_add(db, account_of(deed->x), &s->window, err) &&
		   deed_audit(deed, db, AUDIT_BLOCKLIST_ADD, s->id, NULL, 0, err);
}

static void answer_window(struct deed *deed)
{
	struct telling t;
	tell_begin(&t);
	write_window(&t.jw, &((const struct setting *)deed)->window);
	tell_end(&t, deed->x, 201);
}

/* False: a fault was added, or there is none to read. */
static bool read_time(struct faults *faults, const char *pointer, const char *text, int64_t *us)
{
	const struct stamp_fault *fault;
	if (text == NULL || stamp_parse(text, strlen(text), us, &fault))
		return text != NULL;
	faults_add(faults, pointer, fault->code, "%s", fault->message);
	return false;
}

struct posted_window {
	const struct instruments *instruments;
	struct window_request request;
	struct news_row row;
};

/* A window of a name that nothing has refuses nothing, and nobody would know. */
static void check_names(const struct posted_window *w, struct faults *faults)
{
	const struct window_request *r = &w->request;
	for (size_t i = 0; i < r->instruments.count; i++)
		if (r->instruments.items[i] != NULL && instrument_find(w->instruments, r->instruments.items[i]) == NULL)
			faults_add(faults, field_pointer_index(faults->arena, "/instruments", i), "unknown_instrument",
					   "is not in pack instruments");
	for (size_t i = 0; i < r->currencies.count; i++) {
		const char *text = r->currencies.items[i];
		if (text != NULL && (strlen(text) != 3 || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3))
			faults_add(faults, field_pointer_index(faults->arena, "/currencies", i), "format",
					   "must be three capital letters, such as USD");
	}
}

static void check_window(void *self, struct faults *faults)
{
	struct posted_window *w = self;
	bool from = read_time(faults, "/from", w->request.from, &w->row.from_us);
	bool to = read_time(faults, "/to", w->request.to, &w->row.to_us);
	if (from && to && w->row.to_us <= w->row.from_us)
		faults_add(faults, "/to", "range", "must be after from");
	if (w->request.instruments.count + w->request.currencies.count == 0)
		faults_add(faults, "/instruments", "required", "name instruments or currencies");
	check_names(w, faults);
}

static void handle_window_post(struct exchange *x)
{
	static const char *const none[1];
	const struct trade_api *api = x->owner;
	struct posted_window w = {.instruments = packs_find(api->options.packs, "instruments", NULL, NULL)->data};
	const struct window_request *r = &w.request;
	struct setting *s = start(x);
	if (s == NULL || !exchange_decode_checked(x, &w.request, check_window, &w))
		return;
	id_make(s->deed.api->options.ids, s->id);
	s->window = w.row;
	s->window.window_id = s->id;
	s->window.instruments =
		list_text(&x->arena, r->instruments.count, r->instruments.items != NULL ? r->instruments.items : none);
	s->window.currencies =
		list_text(&x->arena, r->currencies.count, r->currencies.items != NULL ? r->currencies.items : none);
	s->window.title = r->title;
	s->window.created_us = s->deed.now_us;
	deed_write(&s->deed, apply_window, answer_window);
}

static bool apply_window_delete(struct deed *deed, struct db *db, struct err *err)
{
	const char *id = exchange_param(deed->x, "id");
	bool deleted = false;
	if (id_valid(id) && !news_delete(db, account_of(deed->x), id, &deleted, err))
		return false;
	return deleted ? deed_audit(deed, db, AUDIT_BLOCKLIST_DELETE, id, NULL, 0, err)
				   : write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such window.");
}

static void handle_window_delete(struct exchange *x)
{
	struct setting *s = start(x);
	if (s != NULL)
		deed_write(&s->deed, apply_window_delete, NULL);
}

static const struct field profile_rows[] = {
	T_INT(version),
	T_ALL(&risk_profile_table),
	T_STR(created_by, NULLABLE),
	T_TIME(created_at, NULLABLE),
};
static const struct field_table profile_table = TOLD_TABLE("risk.profile", profile_rows);
static const struct field settings_rows[] = {
	T_STRS(approvers, TOLD_APART, DOC("Users; null: all with trade.approve")),
	T_NUM(position_size, NULLABLE, UNIT("lots")),
};
static const struct field_table settings_table = TOLD_TABLE("trade.settings", settings_rows);
static const struct field agreed_rows[] = {
	T_INT(version),
	T_STR(text),
	T_TIME(created_at, NULLABLE, DOC("null: the one that is shipped")),
};
static const struct field_table agreed_table = TOLD_TABLE("trade.consent", agreed_rows);
static const struct field consents_rows[] = {T_PAGE(&agreed_table)};
static const struct field_table consents_table = TOLD_TABLE("trade.consents", consents_rows);
static const struct field news_rows[] = {
	T_STR(id), T_TIME(from), T_TIME(to), T_STRS(instruments), T_STRS(currencies), T_STR(title), T_TIME(created_at),
};
static const struct field_table news_table = TOLD_TABLE("trade.news", news_rows);
static const struct field windows_rows[] = {T_PAGE(&news_table)};
static const struct field_table windows_table = TOLD_TABLE("trade.blocklist", windows_rows);

const struct route desk_routes[] = {
	ROUTE(GET, "/api/v1/risk/profile", "trade.read", EFFECT_READ, handle_profile_get, .operation = "risk.profile",
		  .summary = "The limits in force, with their version", .result = &profile_table),
	ROUTE(PUT, "/api/v1/risk/profile", "trade.risk", EFFECT_WRITE, handle_profile_put,
		  .operation = "risk.update_profile", .summary = "A new version of the limits; what is left out is as shipped",
		  .body = &risk_profile_table, .result = &profile_table),
	ROUTE(GET, "/api/v1/trade/settings", "trade.read", EFFECT_READ, handle_settings_get, .operation = "trade.settings",
		  .summary = "Who may approve, and a fixed size", .result = &settings_table),
	ROUTE(PUT, "/api/v1/trade/settings", "trade.risk", EFFECT_WRITE, handle_settings_put,
		  .operation = "trade.update_settings", .summary = "Narrow who may approve", .body = &approvers_table,
		  .result = &settings_table),
	ROUTE(GET, "/api/v1/guards/config", "trade.read", EFFECT_READ, handle_guards_get, .operation = "guards.config",
		  .summary = "What the guards go by", .result = &guard_config_table),
	ROUTE(PUT, "/api/v1/guards/config", "trade.risk", EFFECT_WRITE, handle_guards_put,
		  .operation = "guards.update_config", .summary = "Set what the guards go by", .body = &guard_config_table,
		  .result = &guard_config_table),
	ROUTE(GET, "/api/v1/consents", "trade.read", EFFECT_READ, handle_consents_get, .operation = "consents.list",
		  .summary = "Consent texts by version, the one in force first", .result = &consents_table),
	ROUTE(POST, "/api/v1/consents", "trade.risk", EFFECT_WRITE, handle_consent_post, .operation = "consents.create",
		  .summary = "A new consent text; from now on it is in force", .body = &consent_table, .result = &agreed_table,
		  .status = 201, .example = "{\"text\":\"I have seen the order.\"}"),
	ROUTE(GET, "/api/v1/blocklist", "trade.read", EFFECT_READ, handle_windows_get, .operation = "blocklist.list",
		  .summary = "News windows that are not over", .result = &windows_table),
	ROUTE(POST, "/api/v1/blocklist", "trade.risk", EFFECT_WRITE, handle_window_post, .operation = "blocklist.create",
		  .summary = "Refuse entries for a while", .body = &window_table, .result = &news_table, .status = 201),
	ROUTE(DELETE, "/api/v1/blocklist/{id}", "trade.risk", EFFECT_WRITE, handle_window_delete,
		  .operation = "blocklist.delete", .summary = "Take a news window out", .status = 204),
};
const size_t desk_routes_count = sizeof desk_routes / sizeof *desk_routes;
