#include "trade/limits.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "store/store.h"
#include "trade/domain/instruments.h"
#include "trade/domain/market_hours.h"
#include "trade/exact.h"

/* --- profile --- */

struct taking {
	struct arena *arena;
	void *row;
	const char *text;
};

static void take_profile(const struct db_rows *rows, void *self)
{
	struct taking *to = self;
	struct profile_row *row = to->row;
	row->version = db_int(rows, 0);
	to->text = db_text_dup(rows, 1, to->arena);
	row->created_by = db_text_dup(rows, 2, to->arena);
	row->created_us = db_int(rows, 3);
}

bool profile_current(struct db *db, const char *account_id, struct arena *arena, struct profile_row *row,
					 struct err *err)
{
	struct taking to = {.arena = arena, .row = row};
	const struct json *json;
	struct faults faults;
	bool found = false;
	*row = (struct profile_row){.version = 0};
	risk_profile_defaults(&row->profile);
	if (!db_one(db, err, &found, take_profile, &to,
				"SELECT version, profile, created_by, created_at FROM risk_profiles WHERE account_id = $1 "
				"ORDER BY version DESC LIMIT 1",
				V_TEXT(account_id)))
		return false;
	if (!found)
		return true;
	faults_init(&faults, arena);
	return (to.text != NULL && json_parse(arena, to.text, strlen(to.text), &json_body_limits, &json, err) &&
			field_decode(&risk_profile_table, json, &row->profile, arena, "", &faults)) ||
		   err_set(err, ERR_INTERNAL, "the stored risk profile cannot be read");
}

bool profile_in_force(struct db *db, const char *account_id, const struct risk_profile *platform, struct arena *arena,
					  struct profile_row *row, bool *tighter, struct err *err)
{
	if (!profile_current(db, account_id, arena, row, err))
		return false;
	bool limited = platform != NULL && risk_profile_tighten(&row->profile, platform, arena);
	if (tighter != NULL)
		*tighter = limited;
	return !arena->full || err_set(err, ERR_LIMIT, "no memory");
}

bool profile_add(struct db *db, const char *account_id, const struct profile_row *row, struct arena *arena,
				 struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &risk_profile_table, &row->profile, FIELD_INPUTS);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return (text != NULL || err_set(err, ERR_LIMIT, "no memory")) &&
		   db_run(db, err,
				  "INSERT INTO risk_profiles (account_id, version, profile, created_by, created_at) "
				  "VALUES ($1, $2, $3, $4, $5)",
				  V_TEXT(account_id), V_INT(row->version), V_TEXT(text), V_TEXT(row->created_by),
				  V_INT(row->created_us));
}

/* --- who has stopped what --- */

const char *const trading_scope_names[] = {"global", "user", "account", NULL};

static int index_of(const char *const *names, const char *name)
{
	int i = 0;
	while (strcmp(names[i], name) != 0)
		i++;
	return i;
}

static void take_state(const struct db_rows *rows, void *self)
{
	struct taking *to = self;
	*(struct trading_state_row *)to->row = (struct trading_state_row){
		.scope = index_of(trading_scope_names, db_text(rows, 0)),
		.scope_id = db_text_dup(rows, 1, to->arena),
		.state = index_of(trading_state_names, db_text(rows, 2)),
		.guarded = db_int(rows, 3) != 0,
		.reason = db_text_dup(rows, 4, to->arena),
		.changed_by = db_text_dup(rows, 5, to->arena),
		.changed_us = db_int(rows, 6),
		.closes = db_int(rows, 7) != 0,
	};
}

#define STATE_COLUMNS "scope, scope_id, state, guarded, reason, changed_by, changed_at, closes"

bool trading_state_get(struct db *db, const char *account_id, int scope, const char *scope_id, struct arena *arena,
					   struct trading_state_row *row, struct err *err)
{
	struct taking to = {.arena = arena, .row = row};
	bool found = false;
	*row = (struct trading_state_row){.scope = scope, .scope_id = scope_id, .state = STATE_ACTIVE};
	return db_one(db, err, &found, take_state, &to,
				  "SELECT " STATE_COLUMNS " FROM trading_states WHERE account_id = $1 AND scope = $2 AND scope_id = $3",
				  V_TEXT(account_id), V_TEXT(trading_scope_names[scope]), V_TEXT(scope_id));
}

bool trading_state_put(struct db *db, const char *account_id, const struct trading_state_row *row, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO trading_states (account_id, " STATE_COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
				  "ON CONFLICT (account_id, scope, scope_id) DO UPDATE SET state = excluded.state, "
				  "guarded = excluded.guarded, reason = excluded.reason, changed_by = excluded.changed_by, "
				  "changed_at = excluded.changed_at, closes = excluded.closes",
				  V_TEXT(account_id), V_TEXT(trading_scope_names[row->scope]), V_TEXT(row->scope_id),
				  V_TEXT(trading_state_names[row->state]), V_INT(row->guarded), V_TEXT(row->reason),
				  V_TEXT(row->changed_by), V_INT(row->changed_us), V_INT(row->closes));
}

bool trading_state_list(struct db *db, const char *account_id, struct arena *arena, struct trading_state_row **list,
						size_t *count, struct err *err)
{
	enum { STATES_MAX = 1000 };
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, STATES_MAX, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT " STATE_COLUMNS " FROM trading_states WHERE account_id = $1 ORDER BY scope, scope_id "
				  "LIMIT 1000",
				  V_TEXT(account_id)))
		return false;
	while (db_next(&rows)) {
		struct taking to = {.arena = arena, .row = &(*list)[(*count)++]};
		take_state(&rows, &to);
	}
	return db_end(&rows, err);
}

static void take_nothing(const struct db_rows *rows, void *self)
{
	(void)rows;
	(void)self;
}

#define SCOPES_OF \
	"account_id = $1 AND (scope = 'global' OR (scope = 'user' AND scope_id = $2) OR " \
	"(scope = 'account' AND scope_id = $3))"

bool trading_state_closes(struct db *db, const char *account_id, const char *user_id, const char *trading_account_id,
						  bool *closes, struct err *err)
{
	return db_one(db, err, closes, take_nothing, NULL,
				  "SELECT 1 FROM trading_states WHERE " SCOPES_OF " AND state = 'HALTED' AND closes <> 0 LIMIT 1",
				  V_TEXT(account_id), V_TEXT(user_id), V_TEXT(trading_account_id));
}

bool trading_state_of(struct db *db, const char *account_id, const char *user_id, const char *trading_account_id,
					  int *state, struct err *err)
{
	struct db_rows rows;
	*state = STATE_ACTIVE;
	if (!db_query(db, &rows, err, "SELECT state FROM trading_states WHERE " SCOPES_OF, V_TEXT(account_id),
				  V_TEXT(user_id), V_TEXT(trading_account_id)))
		return false;
	while (db_next(&rows)) {
		int one = index_of(trading_state_names, db_text(&rows, 0));
		*state = one > *state ? one : *state;
	}
	return db_end(&rows, err);
}

/* --- settings --- */

static void take_settings(const struct db_rows *rows, void *self)
{
	struct taking *to = self;
	*(struct trade_settings *)to->row = (struct trade_settings){.approvers = db_text_dup(rows, 0, to->arena),
																.position_size = db_exact(rows, 1),
																.guards = db_text_dup(rows, 2, to->arena),
																.row_version = db_int(rows, 3)};
}

bool settings_get(struct db *db, const char *account_id, struct arena *arena, struct trade_settings *settings,
				  struct err *err)
{
	struct taking to = {.arena = arena, .row = settings};
	bool found = false;
	*settings = (struct trade_settings){.position_size = NAN};
	return db_one(db, err, &found, take_settings, &to,
				  "SELECT approvers, position_size, guards, row_version FROM trade_settings WHERE account_id = $1",
				  V_TEXT(account_id));
}

bool settings_put(struct db *db, const char *account_id, const struct trade_settings *s, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO trade_settings (account_id, approvers, position_size, guards, row_version) "
				  "VALUES ($1, $2, $3, $4, 1) ON CONFLICT (account_id) DO UPDATE SET approvers = excluded.approvers, "
				  "position_size = excluded.position_size, guards = excluded.guards, "
				  "row_version = trade_settings.row_version + 1",
				  V_TEXT(account_id), V_TEXT(s->approvers), V_EXACT(s->position_size), V_TEXT(s->guards));
}

static const struct field guard_fields[] = {
	F_NUM(guard_config, min_equity, RANGE(0, 1e12), DEFAULT(100), SIGNIFICANT(12),
		  DOC("Below it everything is closed, in the account's currency")),
	F_NUM(guard_config, warn_pct, ABOVE(0, 100), DEFAULT(15), SIGNIFICANT(12), UNIT("%"), DOC("Drawdown that warns")),
	F_NUM(guard_config, close_pct, ABOVE(0, 100), DEFAULT(20), SIGNIFICANT(12), UNIT("%"),
		  DOC("Drawdown that closes everything")),
};
const struct field_table guard_config_table = FIELD_TABLE("trade.guards.config", guard_config, guard_fields);

struct guard_config guard_config_of(struct arena *arena, const char *text)
{
	struct guard_config config;
	const struct json *json;
	struct faults faults;
	faults_init(&faults, arena);
	field_defaults(&guard_config_table, &config);
	if (text != NULL && (!json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL) ||
						 !field_decode(&guard_config_table, json, &config, arena, "", &faults)))
		field_defaults(&guard_config_table, &config); /* it was checked when it was stored */
	return config;
}

bool listed(struct arena *arena, const char *list, const char *user_id)
{
	const struct json *json = NULL;
	if (list == NULL)
		return true;
	if (!json_parse(arena, list, strlen(list), &json_body_limits, &json, NULL) || json->kind != JS_ARRAY)
		return false;
	for (uint32_t i = 0; i < json->count; i++)
		if (json->items[i].kind == JS_STRING && strcmp(json->items[i].text, user_id) == 0)
			return true;
	return false;
}

/* --- consents --- */

static void take_version(const struct db_rows *rows, void *self)
{
	*(int64_t *)self = db_int(rows, 0);
}

bool consent_current(struct db *db, const char *account_id, int64_t *version, struct err *err)
{
	bool found = false;
	*version = CONSENT_SHIPPED;
	return db_one(db, err, &found, take_version, version,
				  "SELECT version FROM trade_consents WHERE account_id = $1 ORDER BY version DESC LIMIT 1",
				  V_TEXT(account_id));
}

/* --- news windows --- */

bool news_add(struct db *db, const char *account_id, const struct news_row *r, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO news_windows (window_id, account_id, from_at, to_at, instruments, currencies, title, "
				  "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
				  V_TEXT(r->window_id), V_TEXT(account_id), V_INT(r->from_us), V_INT(r->to_us), V_TEXT(r->instruments),
				  V_TEXT(r->currencies), V_TEXT(r->title), V_INT(r->created_us));
}

bool news_delete(struct db *db, const char *account_id, const char *window_id, bool *deleted, struct err *err)
{
	if (!db_run(db, err, "DELETE FROM news_windows WHERE account_id = $1 AND window_id = $2", V_TEXT(account_id),
				V_TEXT(window_id)))
		return false;
	*deleted = db_changed(db) == 1;
	return true;
}

bool news_list(struct db *db, const char *account_id, int64_t ends_after_us, struct arena *arena,
			   struct news_row **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	size_t room = 0;
	*count = 0;
	*list = NULL;
	if (!db_query(db, &rows, err,
				  "SELECT window_id, from_at, to_at, instruments, currencies, title, created_at FROM news_windows "
				  "WHERE account_id = $1 AND to_at > $2 ORDER BY to_at, window_id LIMIT 1000",
				  V_TEXT(account_id), V_INT(ends_after_us)))
		return false;
	while (db_next(&rows) && (*list = arena_more(arena, *list, *count, &room, sizeof **list)) != NULL)
		(*list)[(*count)++] = (struct news_row){
			.window_id = db_text_dup(&rows, 0, arena),
			.from_us = db_int(&rows, 1),
			.to_us = db_int(&rows, 2),
			.instruments = db_text_dup(&rows, 3, arena),
			.currencies = db_text_dup(&rows, 4, arena),
			.title = db_text_dup(&rows, 5, arena),
			.created_us = db_int(&rows, 6),
		};
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

static bool read_names(struct arena *arena, const char *text, size_t *count, const char ***items)
{
	const struct json *json;
	if (!json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL))
		return false;
	*items = arena_array(arena, json->count + 1, sizeof **items);
	for (uint32_t i = 0; *items != NULL && i < json->count; i++)
		(*items)[(*count)++] = json->items[i].text;
	return *items != NULL;
}

bool news_status(struct db *db, const char *account_id, const struct instrument *instrument, int64_t now_us,
				 struct arena *arena, enum risk_status *status, struct err *err)
{
	struct news_row *rows;
	size_t count;
	*status = RISK_UNKNOWN;
	if (!news_list(db, account_id, now_us, arena, &rows, &count, err))
		return false;
	*status = count > 0 ? RISK_PASS : RISK_OFF;
	for (size_t i = 0; i < count; i++) {
		struct news_window w = {.from_us = rows[i].from_us, .to_us = rows[i].to_us};
		if (!read_names(arena, rows[i].instruments, &w.instruments.count, &w.instruments.items) ||
			!read_names(arena, rows[i].currencies, &w.currencies.count, &w.currencies.items))
			return err_set(err, ERR_INTERNAL, "a stored news window cannot be read");
		if (news_window_find(&w, 1, instrument, now_us) != NULL)
			*status = RISK_FAIL;
	}
	return true;
}
